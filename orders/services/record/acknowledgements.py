"""Which changes of an order its kitchen has to acknowledge: what others change or cancel once it could see it."""

from orders.kinds import rules_of
from orders.lifecycle.table import CALLED_OFF, Actor
from orders.models import ItemChange, Order, OrderEvent

# The fields, as events name them, that change what a kitchen makes, for when, and for where.
KITCHEN_FIELDS = ("comment", "deliver_at", "address", "address_notes", "location", "number")


def must_be_acknowledged(event: OrderEvent) -> bool:
    """Whether an event tells a kitchen what it does not know: by anybody but the vendor, whose own act it is not."""
    if event.role == Actor.VENDOR:
        return False
    if event.kind == OrderEvent.Kind.ITEMS:
        return event.data.get("state") != ItemChange.State.WAITING
    if event.kind == OrderEvent.Kind.STATUS:
        return event.to_status in CALLED_OFF
    if report_of(event) is not None:
        return True
    return any(name in event.data.get("new", ()) for name in KITCHEN_FIELDS)


def report_of(event: OrderEvent) -> int | None:
    """The number of the report that an event says was made, or settled (services.moving.problem_reports)."""
    if event.kind != OrderEvent.Kind.NOTE:
        return None
    number: int | None = event.number if "problem" in event.data else event.data.get("of_version")
    return number


def note_unacknowledged(order: Order, event: OrderEvent) -> None:
    """Remembers the first event that its kitchen has not acknowledged, while the order is there and visible.

    A problem concerns it whenever it is reported, and settled: mostly when the order has left.
    """
    if order.unacknowledged_from is not None or not must_be_acknowledged(event):
        return
    was_visible = order.visible_at is not None and order.visible_at < event.created_at
    has_left = order.picked_up_at is not None or order.delivered_at is not None
    is_made_here = not has_left and not rules_of(order).is_issued
    if was_visible and (is_made_here or report_of(event) is not None):
        order.unacknowledged_from = event.number
