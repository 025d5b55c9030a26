"""How an order changes. Nobody else raises a version, saves an order or writes an event.

tests/orders/record/test_writers.py refuses other writers.

    with update_order(order_id, caller, version=version, roles=STAFF, denied=FaultCode.FORBIDDEN_DELETE) as update:
        update.order.deleted_at = update.now
        update.tell(OrderEvent.Kind.NOTE, reason="Deleted")

At the end of the block the columns that were set are saved, with the times that follow from them and the next version,
and what was told becomes the event of that version, with its entries in the feeds. Where nothing was told nothing may
be set but TIMER_COLUMNS; where the block raises nothing is written.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Model, QuerySet
from django.utils import timezone

from orders.lifecycle.due_moments import answerable_since, awaits_answer
from orders.lifecycle.table import Actor, Status
from orders.lifecycle.timers import DUE_COLUMNS, set_due
from orders.models import Line, Order, OrderEvent, Payment, PaymentShare, Purchase
from orders.services.record.access import OrderAccess, access_of, get_order
from orders.services.record.acknowledgements import note_unacknowledged
from orders.services.record.archive import restore_history
from orders.services.record.driver_offers import withdraw_offers
from orders.services.record.events import write_event
from orders.services.record.lines import keep_rows
from orders.services.record.locks import lock_purchase
from orders.services.record.servability import recompute_due_times
from ordersite.accounts.callers import Caller
from ordersite.accounts.rights import Right
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Forbidden
from ordersite.core.inserts import insert_together

# What may change without a new version: it follows from the time and the vendor's settings, no party changes it.
TIMER_COLUMNS = frozenset({*DUE_COLUMNS, "codes_tried_at"})


@dataclass(slots=True, kw_only=True)
class OrderUpdate:
    """One change of an order that this transaction has locked."""

    access: OrderAccess
    waited: bool  # before the change, for its vendor's settings (Order.waits)
    awaited_answer: bool  # before the change
    role: Actor | None = None  # in which the caller makes the change
    event: OrderEvent | None = None
    left: Sequence[str] = ()

    @property
    def order(self) -> Order:
        return self.access.order

    @property
    def caller(self) -> Caller:
        return self.access.caller

    @property
    def now(self) -> datetime:
        return self.access.now

    def tell(self, kind: str, *, left: Sequence[str] = (), **fields: Any) -> OrderEvent:
        """The event that tells the change; it is written with it.

        `left` are streams of parties that the change takes off the order: they see this one event as their last.
        """
        assert self.role is not None, "a role is set before anything is told"
        self.left = left
        self.event = make_event(self.access, self.role, kind=kind, **fields)
        return self.event

    def write(self) -> None:
        """Writes what was set and told so far; the end of the block writes what comes after it."""
        order, event, self.event = self.order, self.event, None
        columns = order.columns_set()
        if event is None:
            if not TIMER_COLUMNS.issuperset(columns):
                raise RuntimeError(f"Order {order.pk} changes without an event: {', '.join(columns)}.")
            save_set(order)
            return
        # Payments and the like move its times too, without a column of its own; notes and positions move none.
        if columns or event.kind not in (OrderEvent.Kind.NOTE, OrderEvent.Kind.POSITION):
            set_due(order, self.now)
        if "status" in columns:
            order.recalled_at = None
        self.left = [*self.left, *withdraw_offers([order], self.now)]
        order.version += 1
        event.number = order.version
        note_unacknowledged(order, event)
        save_set(order)
        since = None if self.awaited_answer else unseen_since(order)
        self.awaited_answer = awaits_answer(order)
        write_told(
            event,
            left=self.left,
            holds=order.waits and not self.waited,
            unseen_since=since,
            appears="visible_at" in columns,
            names_driver="driver_id" in columns,
        )


@contextmanager
def update_order(
    order_id: int,
    caller: Caller,
    *,
    version: int | None = None,
    roles: Sequence[Actor] = (),
    right: Right = Right.MOVE_ORDERS,
    denied: FaultCode | None = None,
    to: Status | None = None,
    changes_total: bool = False,
) -> Iterator[OrderUpdate]:
    """Locks an order and opens a change of it, for the caller in the first of these roles that it has.

    `version` is the one that the caller saw. `to` and `changes_total` say what is locked before the order: its purchase
    where its total may change, all that was bought together where its customer cancels it. Must run in a transaction;
    raises NotFound, Stale and Forbidden (`denied` says who may).
    """
    if changes_total:
        lock_purchase(order_id)
    access = access_of(caller, get_order(caller=caller, order_id=order_id, lock=True, to=to))
    with update_locked(access, version=version) as update:
        if roles:
            update.role = access.role_among(roles, right)
            if update.role is None:
                assert denied is not None, "roles come with what refuses the others"
                raise Forbidden(denied)
        yield update


@contextmanager
def update_locked(
    access: OrderAccess, *, version: int | None = None, role: Actor | None = None
) -> Iterator[OrderUpdate]:
    """The same for an order that this transaction has locked already; its history is in the log from here on."""
    order = access.order
    restore_history(order)
    access.refuse_stale(version)
    update = OrderUpdate(access=access, waited=order.waits, awaited_answer=awaits_answer(order), role=role)
    yield update
    update.write()


# --- placing ------------------------------------------------------------------------------------------------------


def insert_orders(
    purchase: Purchase,
    payment: Payment,
    orders: Sequence[Order],
    lines: Sequence[Line],
    shares: Sequence[PaymentShare],
) -> None:
    """Writes a purchase, unless it stands already, with its payment and its orders in their first version.

    `tell_placed` tells it once all that is theirs stands.
    """
    insert_together([purchase] if purchase.pk is None else [], [payment], orders, lines, shares)
    for order in orders:
        order.mark_stored()


def tell_placed(
    access: OrderAccess,
    role: Actor,
    *,
    data: Mapping[str, Any],
    positions: Mapping[str, int],
    placed_together: Sequence[int] = (),
    beside: Sequence[Model] = (),
) -> None:
    """The event of the first version, which the order keeps; `positions` in the feeds were drawn, by counter name.

    `placed_together` are the orders of the purchase, told with the first of them. `beside` are rows of another model
    that the same statement writes.
    """
    order = access.order
    event = make_event(access, role, kind=OrderEvent.Kind.PLACED, to_status=order.status, data=data)
    write_told(
        event, positions=positions, unseen_since=unseen_since(order), placed_together=placed_together, beside=beside
    )
    keep_rows(order, "events", [event])


# --- timers -------------------------------------------------------------------------------------------------------


def save_timers(orders: Sequence[Order]) -> None:
    """Saves when many locked orders change by themselves, which was computed again, by one statement.

    Raises RuntimeError where another column was set: it would not be saved.
    """
    changed = [order for order in orders if order.columns_set()]
    withdraw_offers(changed, timezone.now())
    for order in changed:
        if other := set(order.columns_set()).difference(DUE_COLUMNS):
            raise RuntimeError(f"Order {order.pk} changes without an event: {', '.join(sorted(other))}.")
    Order.objects.bulk_update(changed, DUE_COLUMNS)


def move_timers(orders: QuerySet[Order], **times: datetime | None) -> int:
    """Has the timers of these orders act, or remember, at other times, by one statement; returns of how many orders."""
    assert times.keys() <= TIMER_COLUMNS, "parties are told of all else"
    return orders.update(**times)


# --- shared by all of them ----------------------------------------------------------------------------------------


def make_event(access: OrderAccess, role: Actor, **fields: Any) -> OrderEvent:
    """The event of the order's present version, by the caller in this role."""
    order, caller = access.order, access.caller
    return OrderEvent(
        order=order,
        number=order.version,
        actor=caller.key,
        actor_name=caller.device_name,
        role=role,
        app_id=caller.app_id,
        created_at=access.now,
        **fields,
    )


def write_told(event: OrderEvent, *, left: Sequence[str] = (), holds: bool = False, **drawn: Any) -> None:
    """Writes the event; an order whose vendor has changed since it was read with it has its times computed again."""
    if write_event(event, also=left, holds=holds, **drawn):
        recompute_due_times(event.order, event.created_at)
        save_set(event.order)


def unseen_since(order: Order) -> datetime | None:
    """From when on a device of its vendor should show an order; None where it waits for no answer."""
    return answerable_since(order) if awaits_answer(order) else None


def save_set(order: Order) -> None:
    if columns := order.columns_set():
        order.save(update_fields=columns)
        order.mark_stored()
