"""Where a vendor's board shows an order, and by when its kitchen is to have it ready. No database here."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from orders.kinds import rules_of
from orders.lifecycle.decisions import Allowed
from orders.lifecycle.guards import begins_at
from orders.lifecycle.table import FAILURE, OPEN, Status
from orders.models import Order


class Column(StrEnum):
    """A column of the board."""

    SCHEDULED = "scheduled"
    NEW = "new"
    PREPARING = "preparing"
    READY = "ready"
    HANDED_OVER = "handed_over"


# The column of each status; None where the milestones say it: kitchen and courier work side by side.
COLUMNS: Mapping[Status, Column | None] = {
    Status.PENDING: Column.NEW,
    Status.PREORDER: Column.SCHEDULED,
    Status.ACCEPTED_BY_BUSINESS: None,
    Status.PREPARATION_COMPLETED: Column.READY,
    Status.DRIVER_IN_BUSINESS: None,
    Status.CANCELED_BY_DRIVER: None,
    Status.ACCEPTED_BY_DRIVER: None,
    Status.PICK_UP_FAILED_BY_DRIVER: None,
    Status.ORDER_NOT_READY: None,
    Status.DRIVER_ALMOST_ARRIVED_TO_BUSINESS: None,
    Status.CUSTOMER_ALMOST_ARRIVED_TO_BUSINESS: None,
    Status.CUSTOMER_ARRIVED_TO_BUSINESS: None,
    Status.LOOKING_FOR_DRIVER: None,
    Status.DRIVER_WAITING_FOR_ORDER: None,
    Status.ACCEPTED_BY_DRIVER_COMPANY: None,
    Status.PICK_UP_COMPLETED_BY_DRIVER: Column.HANDED_OVER,
    Status.DRIVER_ON_WAY: Column.HANDED_OVER,
    Status.DRIVER_ALMOST_ARRIVED_TO_CUSTOMER: Column.HANDED_OVER,
    Status.COMPLETED: Column.HANDED_OVER,
    Status.DELIVERY_COMPLETED_BY_DRIVER: Column.HANDED_OVER,
    Status.DELIVERY_FAILED_BY_DRIVER: Column.HANDED_OVER,
    Status.PICKUP_COMPLETED_BY_CUSTOMER: Column.HANDED_OVER,
    Status.NOT_PICKED_BY_CUSTOMER: Column.HANDED_OVER,
    # Cancelled: it stays where it was until that is acknowledged.
    Status.REJECTED: None,
    Status.REJECTED_BY_BUSINESS: None,
    Status.CANCELED_BY_CUSTOMER: None,
}


# How long an order that was handed over stays on the board.
LATELY = timedelta(hours=2)


def column_of(order: Order, now: datetime) -> Column:
    """Where the board shows the order now; a ticket that was recalled is back among those that are prepared."""
    if order.recalled_at is not None:
        return Column.PREPARING
    return COLUMNS[Status(order.status)] or column_by_milestones(order, now)


def column_by_milestones(order: Order, now: datetime) -> Column:
    if order.accepted_at is None:
        return Column.NEW
    if waits_for_its_time(order, now):
        return Column.SCHEDULED
    return Column.PREPARING if order.prepared_at is None else Column.READY


def waits_for_its_time(order: Order, now: datetime) -> bool:
    """Whether an accepted order is for later, so that nobody has to begin yet."""
    begins = begins_at(order)
    untouched = order.preparation_started_at is None and (order.prepared_at is None or rules_of(order).skips_preparing)
    return untouched and begins is not None and now < begins


def ready_by(order: Order) -> datetime:
    """By when the kitchen is to have it ready.

    Accepted: the time that was told, less the way where both were told. Before that the agreed time, else the vendor's
    usual minutes after it could first see the order.
    """
    if order.accepted_at is not None and order.estimated_at is not None:
        way = (order.delivered_in or 0) - (order.prepared_in or 0) if order.prepared_in and order.delivered_in else 0
        return order.estimated_at - timedelta(minutes=max(0, way))
    seen = order.visible_at or order.placed_at
    return order.deliver_at or seen + order.vendor.lead(seen)


# The usual way of an order through a kitchen: the first of these that may be done now is its next step.
READY_STEP = "mark_ready"
NEXT_STEPS = (
    "accept",
    READY_STEP,
    "pick_up",
    "look_for_driver",
    "collect",
    "deliver",
    "complete",
)
# The change by which a recall takes back what was said too early. Money hangs on handing over: that is not taken back.
RECALL = "undo_ready"


def next_step(allowed: Iterable[Allowed]) -> Allowed | None:
    """The step that one tap makes: the usual next one, unless it asks for something or goes past the rules."""
    by_name = {one.name: one for one in allowed if not one.requires and not one.forced}
    return next((by_name[name] for name in NEXT_STEPS if name in by_name), None)


def undoing_step(allowed: Iterable[Allowed]) -> Allowed | None:
    """The change by which a recall takes the last step back; None where it only shows the ticket again."""
    return next((one for one in allowed if one.name == RECALL and not one.forced), None)


def is_moved_on(order: Order, now: datetime) -> bool:
    """Whether the kitchen is done with an order that it may want back: ready, or handed over lately."""
    if order.status in FAILURE or column_of(order, now) not in (Column.READY, Column.HANDED_OVER):
        return False
    return order.status in OPEN or now - order.status_changed_at <= LATELY
