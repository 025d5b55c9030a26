"""Tills that pull orders: what they have not confirmed yet waits for them (docs/requirements.md, rows 40 and 73)."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from orders.lifecycle.table import FAILURE, OPEN, Actor, Fulfilment, Status
from orders.models import Order, OrderEvent
from orders.services.moving.transitions import Wish, move_on
from orders.services.record.access import with_parties
from orders.services.record.order_update import update_order
from ordersite.accounts.callers import Caller
from ordersite.accounts.rights import Right
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Conflict, NotFound
from ordersite.core.prepared import Given, Prepared
from vendors.models import Vendor
from vendors.permissions import member_vendors


def vendors_of_till(caller: Caller, merchant_uuid: str) -> list[int]:
    """The vendors of a merchant for which the caller may pull orders: those it works at, to staff all. May be none."""
    vendors = Vendor.objects.all() if caller.may_everywhere(Right.VIEW_ORDERS) else member_vendors(caller)
    return list(vendors.filter(merchant__uuid=merchant_uuid).values_list("pk", flat=True))


def till_orders(vendor_ids: Sequence[int]) -> QuerySet[Order]:
    """What tills of these vendors may see; digital orders never show there."""
    orders = Order.objects.filter(vendor__pk__in=vendor_ids, visible_at__isnull=False, deleted_at__isnull=True)
    return orders.exclude(fulfilment=Fulfilment.DIGITAL)


def one_till_order(vendors: int) -> QuerySet[Order]:
    """The query of `find_till_order` for so many vendors."""
    given: list[Any] = [Given(f"vendor{number}", Vendor._meta.pk) for number in range(vendors)]
    return with_parties(till_orders(given)).filter(uuid=Given("uuid", Order._meta.get_field("uuid")))


# Kept: Django took four fifths of the call's CPU to put it together; one order took 17.3 ms, and 9.3 kept.
ONE_TILL_ORDER = Prepared(one_till_order)


def find_till_order(vendor_ids: list[int], order_uuid: UUID) -> Order | None:
    """One of their tills' orders, confirmed or not, with its parties."""
    vendors = {f"vendor{number}": pk for number, pk in enumerate(vendor_ids)}
    found = ONE_TILL_ORDER.rows(len(vendor_ids), uuid=order_uuid, **vendors)
    return found[0] if found else None


def unconfirmed_orders(vendor_ids: list[int]) -> QuerySet[Order]:
    """The open orders that no till has confirmed, preorders too, oldest first."""
    waiting = till_orders(vendor_ids).filter(pos_confirmed_at__isnull=True, status__in=sorted(OPEN))
    return waiting.order_by("placed_at", "pk")


def confirm_order(*, order_id: int, caller: Caller) -> Order:
    """The till has the order: it leaves the queue; where the vendor chose so, that accepts it too.

    Twice is harmless. Must run in a transaction; raises NotFound, Forbidden, Conflict for one that was cancelled or
    failed, and what accepting raises.
    """
    with update_order(
        order_id, caller, roles=(Actor.VENDOR, Actor.STAFF), denied=FaultCode.FORBIDDEN_CONFIRM
    ) as update:
        order, access = update.order, update.access
        if order.visible_at is None:
            raise NotFound()
        if order.status in FAILURE:
            now = Status(order.status).label.lower()
            raise Conflict(FaultCode.ORDER_CLOSED_PREPARE, now=now, extra=access.refusal_extra())
        if order.pos_confirmed_at is not None:
            return order
        order.pos_confirmed_at = update.now
        update.tell(OrderEvent.Kind.NOTE, reason="Confirmed by the till", visible_to=OrderEvent.VisibleTo.BUSINESS)
    if order.vendor.confirm_accepts and order.status == Status.PENDING:
        return move_on(access, Wish(name="accept"))
    return order
