"""Records beside an order's changes: notes in its history, and taking it out of the lists."""

from django.utils import timezone

from orders.lifecycle import Actor
from orders.models import OrderEvent
from orders.services.events import record_event
from orders.services.shares import may_be_here, shares_of
from orders.services.standing import get_order, standing_of
from ordersite.accounts.callers import Caller
from ordersite.accounts.rights import Right
from ordersite.web.problems import Conflict, Forbidden
from ordersite.web.views import refuse_stale


def add_note(*, order_id: int, caller: Caller, text: str, visible_to: str) -> OrderEvent:
    """A manual record in the history (row 69), by staff, the vendor and who carries the order, not who merely could."""
    order = get_order(caller=caller, order_id=order_id, lock=True)
    standing = standing_of(caller, order)
    writers = (Actor.STAFF, Actor.VENDOR, Actor.COMPANY, Actor.DRIVER)
    role = next((actor for actor in writers if actor in standing.actors), None)
    if role is None or standing.is_only_a_candidate:
        detail = "Only the vendor, staff and the driver that holds the order can add notes: accept it first."
        raise Forbidden("forbidden", detail)
    if visible_to == OrderEvent.VisibleTo.STAFF and role != Actor.STAFF:
        raise Forbidden("forbidden", "Only staff can add notes that only staff can read.")
    order.version += 1
    order.save(update_fields=["version"])
    return record_event(
        order,
        kind=OrderEvent.Kind.NOTE,
        actor=caller.key,
        role=role,
        reason=text,
        visible_to=visible_to,
        app_id=caller.app_id,
        created_at=standing.now,
    )


def delete_order(*, order_id: int, caller: Caller, version: int | None = None) -> None:
    """Takes a closed order out of every list, by staff; history and money stay. An open one is a Conflict."""
    order = get_order(caller=caller, order_id=order_id, lock=True)
    standing = standing_of(caller, order)
    refuse_stale(order.version, version, standing.refusal_extra() if version is not None else {})
    if Actor.STAFF not in standing.acting(Right.DELETE_ORDERS):
        raise Forbidden("forbidden", "Only staff can delete orders.")
    if not order.is_closed:
        raise Conflict("order_open", "The order is still open: cancel it first.", extra=standing.refusal_extra())
    if may_be_here(shares_of(order)):
        detail = "A payment may have come in: decide that first, or wait until it is known."
        raise Conflict("payment_pending", detail, extra=standing.refusal_extra())
    order.deleted_at = timezone.now()
    order.version += 1
    order.save(update_fields=["deleted_at", "version"])
    record_event(
        order,
        kind=OrderEvent.Kind.NOTE,
        actor=caller.key,
        role=Actor.STAFF,
        reason="Deleted",
        visible_to=OrderEvent.VisibleTo.STAFF,
        app_id=caller.app_id,
        created_at=standing.now,
    )
