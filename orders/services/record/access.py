"""An order with what the caller is to it and may do with it: what every service that changes one begins with."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import OuterRef, QuerySet
from django.utils import timezone

from orders.lifecycle.decisions import (
    Ahead,
    Allowed,
    Asker,
    Outcome,
    allowed_changes,
    changes_ahead,
    decide_preparing,
)
from orders.lifecycle.table import Actor, Status
from orders.models import Order, OrderEvent
from orders.services.record.driver_offers import refuse_missed_offer
from orders.services.record.locks import lock_bought_together, lock_limited_driver
from orders.visibility import actors_for
from ordersite.accounts.callers import Caller
from ordersite.accounts.models import Customer
from ordersite.accounts.rights import Right
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Conflict, NotFound, Stale
from ordersite.core.ids import gather_ids
from ordersite.core.prepared import Given, Prepared
from vendors.models import Vendor

CARRIERS = frozenset({Actor.DRIVER, Actor.COMPANY})


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderAccess:
    """An order with what one caller is to it, and may do with it."""

    order: Order
    caller: Caller
    readers: frozenset[Actor]  # as whom the caller reads the order
    company_ids: frozenset[int]
    now: datetime

    @property
    def actors(self) -> frozenset[Actor]:
        """As whom the caller may move the order and change it."""
        return self.acting(Right.MOVE_ORDERS)

    @property
    def may_force(self) -> bool:
        """Whether the caller may go past the life cycle's actors and guards, where that can be done."""
        return Actor.STAFF in self.actors and self.caller.may(Right.FORCE_ORDERS)

    @property
    def carries_only(self) -> bool:
        """Whether the order concerns the reader as who carries it, or could, and as nobody else."""
        return bool(self.readers) and self.readers <= CARRIERS

    @property
    def is_only_a_candidate(self) -> bool:
        """Whether the order is merely on offer to the reader, who has neither accepted it nor was named for it."""
        held_by_company = Actor.COMPANY in self.readers and self.order.company_id is not None
        return self.carries_only and self.order.driver_id is None and not held_by_company

    def acting(self, right: Right) -> frozenset[Actor]:
        """As whom the caller may do what asks staff for this right."""
        if Actor.STAFF in self.readers and not self.caller.may(right):
            return self.readers - {Actor.STAFF}
        return self.readers

    def role_among(self, roles: Iterable[Actor], right: Right = Right.MOVE_ORDERS) -> Actor | None:
        """The first of these roles in which the caller may act; None where it has none of them."""
        actors = self.acting(right)
        return next((role for role in roles if role in actors), None)

    def allowed(self) -> list[Allowed]:
        """What the caller may do now."""
        return allowed_changes(self.order, self.asker(is_offered=True))

    def ahead(self) -> list[Ahead]:
        """What the caller may do after steps of its own, which it could make without a link."""
        return list(changes_ahead(self.order, self.asker(is_offered=True)))

    def asks_reason(self, to: Status) -> bool:
        """Whether the change to this status, where the caller may make it, asks it for a reason."""
        return any(one.to == to and "reason" in one.requires for one in self.allowed())

    def asker(self, **given: Any) -> Asker:
        """The caller as who asks for a change, with what is given for it."""
        return Asker(
            actors=self.actors,
            now=self.now,
            driver_id=self.caller.driver_id,
            company_ids=self.company_ids,
            may_force=self.may_force,
            **given,
        )

    def refusal_extra(self) -> dict[str, Any]:
        """What every refusal tells: where the order stands, and what may be done instead."""
        return {
            "order_status": Status(self.order.status),
            "version": self.order.version,
            "allowed_transitions": [
                {"name": one.name, "to": one.to, "requires": one.requires, "by_name": one.by_name}
                for one in self.allowed()
            ],
            "may_start_preparing": self.may_start_preparing(),
        }

    def refuse_stale(self, version: int | None) -> None:
        """Raises Stale where the caller saw another version, but one since which only its driver has moved."""
        if version is not None and version != self.order.version and self.has_changed_since(version):
            raise Stale(FaultCode.STALE, version=self.order.version, extra={"current": self.refusal_extra()})

    def has_changed_since(self, version: int) -> bool:
        """Whether any version since this one was made by something else than its driver's moving."""
        moved = OrderEvent.objects.filter(order=self.order, number__gt=version, kind=OrderEvent.Kind.POSITION)
        return moved.count() != self.order.version - version

    def may_start_preparing(self) -> bool:
        """Whether the caller may write the milestone preparation_started, which is no change of status."""
        return decide_preparing(self.order, self.actors)[0] == Outcome.TAKE


RELATED = ("vendor", "purchase", "customer", "driver", "company", "label", "offer", "terms")


def refuse_erased_buyer(order: Order) -> None:
    """Raises Conflict where the customer of an order, which is locked, was erased while it called.

    What is kept for it after that would name it for ever; who erases it waits for its orders.
    """
    if Customer.objects.filter(pk=order.customer_id).exclude(erased_at=None).exists():
        raise Conflict(FaultCode.CUSTOMER_ERASED)


def with_parties(orders: QuerySet[Order]) -> QuerySet[Order]:
    """Reads with the orders their parties, and what the rules ask of them."""
    serving = Vendor.companies.through.objects.filter(vendor=OuterRef("vendor"))
    return orders.select_related(*RELATED).annotate(**{"serving_company_ids": gather_ids(serving, "company")})


def one_order(lock: bool) -> QuerySet[Order]:
    """The query of `get_order`."""
    orders = with_parties(Order.objects.filter(deleted_at__isnull=True))
    if lock:
        orders = orders.select_for_update(of=("self",))
    return orders.filter(pk=Given("order", Order._meta.pk))


ONE_ORDER = Prepared(one_order)


def get_order(*, caller: Caller, order_id: int, lock: bool = False, to: Status | None = None) -> Order:
    """The order with its parties, if the caller may see it; raises NotFound. One statement, `lock` holds its row.

    `to` is where it is to be moved: what must be locked before it is (lock_bought_together, lock_limited_driver).

    Whoever has no stake in an order (orders.visibility) does not see it. Who was offered it, and would change it when
    that is over, is told so by Conflict.
    """
    if lock and to == Status.CANCELED_BY_CUSTOMER:
        lock_bought_together(order_id)
    elif lock and to == Status.ACCEPTED_BY_DRIVER and caller.driver_id:
        lock_limited_driver(order_id, caller.driver_id)
    found = ONE_ORDER.rows(lock, order=order_id)
    if not found:
        raise NotFound()
    order = found[0]
    if lock:
        forget_stale_parties(order)
    if not actors_for(caller, order):
        raise (refuse_missed_offer(caller, order) if lock else None) or NotFound()
    return order


def forget_stale_parties(order: Order) -> None:
    """After a wait for the lock PostgreSQL reads the row anew, but not what was joined to it: that is read again."""
    for name in ("driver", "company", "label"):
        party = order._state.fields_cache.get(name)
        if (party.pk if party else None) != getattr(order, f"{name}_id"):
            del order._state.fields_cache[name]


def access_of(caller: Caller, order: Order, now: datetime | None = None) -> OrderAccess:
    """What the caller is to an order that `get_order` read."""
    companies = {caller.company_id} if caller.company_id else set()
    if order.company_id in caller.dispatched_ids:
        companies.add(order.company_id)
    return OrderAccess(
        order=order,
        caller=caller,
        readers=actors_for(caller, order),
        company_ids=frozenset(companies),
        now=now or timezone.now(),
    )


def access_as(role: Actor, caller: Caller, order: Order, now: datetime) -> OrderAccess:
    """The same in one role that was checked already, for an order that follows what the caller has changed."""
    return OrderAccess(order=order, caller=caller, readers=frozenset({role}), company_ids=frozenset(), now=now)


def access_of_public(order: Order) -> OrderAccess:
    """That of somebody who only has the order's tracking code."""
    return OrderAccess(order=order, caller=Caller(), readers=frozenset(), company_ids=frozenset(), now=timezone.now())
