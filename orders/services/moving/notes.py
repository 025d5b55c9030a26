"""Records beside an order's changes: notes in its history, and deleting (docs/requirements.md, rows 69 and 62)."""

from orders.lifecycle.table import Actor
from orders.models import OrderEvent
from orders.services.money.shares import may_be_here, shares_of
from orders.services.record.order_update import update_order
from ordersite.accounts.callers import Caller
from ordersite.accounts.rights import Right
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Conflict, Forbidden
from ordersite.core.fields import Field

WRITERS = (Actor.STAFF, Actor.VENDOR, Actor.COMPANY, Actor.DRIVER)


def add_note(*, order_id: int, caller: Caller, text: str, visible_to: str) -> OrderEvent:
    """A manual record in the history, by staff, the vendor and who carries the order, not who merely could."""
    with update_order(order_id, caller, roles=WRITERS, denied=FaultCode.FORBIDDEN_NOTES) as update:
        if update.access.is_only_a_candidate:
            raise Forbidden(FaultCode.FORBIDDEN_NOTES)
        if visible_to == OrderEvent.VisibleTo.STAFF and update.role != Actor.STAFF:
            raise Forbidden(FaultCode.FORBIDDEN_STAFF_NOTES, Field.VISIBLE_TO)
        return update.tell(OrderEvent.Kind.NOTE, reason=text, visible_to=visible_to)


def delete_order(*, order_id: int, caller: Caller, version: int | None = None) -> None:
    """Takes a closed order out of every list, by staff; history and money stay. An open one is a Conflict."""
    with update_order(
        order_id,
        caller,
        version=version,
        roles=(Actor.STAFF,),
        right=Right.DELETE_ORDERS,
        denied=FaultCode.FORBIDDEN_DELETE,
    ) as update:
        order, extra = update.order, update.access.refusal_extra
        if not order.is_closed:
            raise Conflict(FaultCode.ORDER_OPEN, extra=extra())
        if may_be_here(shares_of(order)):
            raise Conflict(FaultCode.PAYMENT_PENDING_UNKNOWN, extra=extra())
        order.deleted_at = update.now
        update.tell(OrderEvent.Kind.NOTE, reason="Deleted", visible_to=OrderEvent.VisibleTo.STAFF)
