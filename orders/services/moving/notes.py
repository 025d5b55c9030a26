"""Records beside an order's changes: notes in its history, and deleting (docs/requirements.md, rows 69 and 62)."""

from orders.lifecycle.table import Actor
from orders.models import OrderEvent
from orders.services.money.shares import may_be_here, shares_of
from orders.services.record.order_update import update_order
from ordersite.accounts.callers import Caller
from ordersite.accounts.rights import Right
from ordersite.web.problems import Conflict, Forbidden

WRITERS = (Actor.STAFF, Actor.VENDOR, Actor.COMPANY, Actor.DRIVER)


def add_note(*, order_id: int, caller: Caller, text: str, visible_to: str) -> OrderEvent:
    """A manual record in the history, by staff, the vendor and who carries the order, not who merely could."""
    denied = "Only the vendor, staff and the driver or company that holds the order can add notes: accept it first."
    with update_order(order_id, caller, roles=WRITERS, denied=denied) as update:
        if update.access.is_only_a_candidate:
            raise Forbidden("forbidden", denied)
        if visible_to == OrderEvent.VisibleTo.STAFF and update.role != Actor.STAFF:
            detail = "Only staff can add notes that only staff can read."
            raise Forbidden("forbidden", detail, pointer="/visible_to")
        return update.tell(OrderEvent.Kind.NOTE, reason=text, visible_to=visible_to)


def delete_order(*, order_id: int, caller: Caller, version: int | None = None) -> None:
    """Takes a closed order out of every list, by staff; history and money stay. An open one is a Conflict."""
    with update_order(
        order_id,
        caller,
        version=version,
        roles=(Actor.STAFF,),
        right=Right.DELETE_ORDERS,
        denied="Only staff can delete orders.",
    ) as update:
        order, extra = update.order, update.access.refusal_extra
        if not order.is_closed:
            raise Conflict("order_open", "The order is still open: cancel it first.", extra=extra())
        if may_be_here(shares_of(order)):
            detail = "A payment may have come in: decide that first, or wait until it is known."
            raise Conflict("payment_pending", detail, extra=extra())
        order.deleted_at = update.now
        update.tell(OrderEvent.Kind.NOTE, reason="Deleted", visible_to=OrderEvent.VisibleTo.STAFF)
