"""What a kitchen does with its tickets beside moving orders on: ticks, acknowledging, and bringing a ticket back.

Each act is an event of the order that the business alone sees, so that every tablet learns of it by the same feed.
"""

from typing import Any

from orders.lifecycle.board import Column, column_of, is_moved_on, undoing_step
from orders.lifecycle.table import Actor
from orders.models import Line, Order, OrderEvent
from orders.services.moving.transitions import Wish, change_status
from orders.services.record.acknowledgements import must_be_acknowledged
from orders.services.record.order_update import OrderUpdate, update_order
from ordersite.accounts.callers import Caller
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Conflict, Invalid, NotFound
from ordersite.core.fields import Field

KITCHEN = (Actor.VENDOR, Actor.STAFF)
# The life cycle asks for a reason where something is taken back; a recall is one.
RECALLED = "mistake"


def tick_line(*, order_id: int, line_id: int, caller: Caller, ticked: bool = True, version: int | None = None) -> Order:
    """Ticks a line off, or takes its tick back; what stands already is not written again.

    Must run in a transaction. Raises NotFound, Stale, Forbidden, and Conflict for an order that the kitchen is done
    with.
    """
    with update_order(order_id, caller, version=version, roles=KITCHEN, denied=FaultCode.FORBIDDEN_KITCHEN) as update:
        order = update.order
        line = Line.objects.filter(order=order, pk=line_id).first()
        if line is None:
            raise NotFound(FaultCode.NOT_FOUND_ITEM)
        if order.is_closed and order.recalled_at is None:
            raise Conflict(FaultCode.ORDER_CLOSED_TICKS, extra=update.access.refusal_extra())
        if (line.ticked_at is not None) != ticked:
            line.ticked_at, line.ticked_by = (update.now, caller.key) if ticked else (None, "")
            line.save(update_fields=["ticked_at", "ticked_by"])
            tell_kitchen(update, item=line.pk, name=line.name, ticked=ticked)
    return order


def acknowledge(*, order_id: int, caller: Caller, version: int) -> Order:
    """The kitchen has seen what others changed up to this version of the order; twice is harmless.

    Must run in a transaction. Raises NotFound, Forbidden, and Invalid for a version that is not there yet.
    """
    with update_order(order_id, caller, roles=KITCHEN, denied=FaultCode.FORBIDDEN_KITCHEN) as update:
        order = update.order
        if version > order.version:
            raise Invalid(FaultCode.VERSION_AHEAD, Field.VERSION, version=order.version)
        if order.unacknowledged_from is not None and order.unacknowledged_from <= version:
            later = OrderEvent.objects.filter(order=order, number__gt=version).order_by("number")
            order.unacknowledged_from = next((event.number for event in later if must_be_acknowledged(event)), None)
            tell_kitchen(update, acknowledged=version)
    return order


def recall(*, order_id: int, caller: Caller, version: int | None = None) -> Order:
    """Brings the ticket of an order that was moved on back among those that are prepared, with its old clock.

    What is ready is not ready any more, where the life cycle lets the caller say so; else, as of what was handed over,
    only the ticket is shown again, and the order stays as it is. What is there already is not brought back twice. Must
    run in a transaction; raises NotFound, Stale, Forbidden, and Conflict for what was not moved on, or too long ago.
    """
    with update_order(order_id, caller, version=version, roles=KITCHEN, denied=FaultCode.FORBIDDEN_KITCHEN) as update:
        order, access = update.order, update.access
        if is_moved_on(order, update.now):
            undo = undoing_step(access.allowed())
            if undo is not None:
                change_status(update, Wish(name=undo.name, reason_code=RECALLED))
            else:
                order.recalled_at = update.now
                tell_kitchen(update, recalled=True)
        elif column_of(order, update.now) != Column.PREPARING or (order.is_closed and order.recalled_at is None):
            raise Conflict(FaultCode.NOT_MOVED_ON, extra=access.refusal_extra())
    return order


def put_away(*, order_id: int, caller: Caller, version: int | None = None) -> Order:
    """Takes a ticket that was only shown again off its place; the order stays as it is. Twice is harmless.

    Must run in a transaction; raises NotFound, Stale and Forbidden.
    """
    with update_order(order_id, caller, version=version, roles=KITCHEN, denied=FaultCode.FORBIDDEN_KITCHEN) as update:
        if update.order.recalled_at is not None:
            update.order.recalled_at = None
            tell_kitchen(update, recalled=False)
    return update.order


def tell_kitchen(update: OrderUpdate, **what: Any) -> None:
    """The event of an act that is the business's own."""
    update.tell(OrderEvent.Kind.NOTE, visible_to=OrderEvent.VisibleTo.BUSINESS, data={"kitchen": what})
