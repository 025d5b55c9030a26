"""Digital orders: nobody makes or carries them, so that they go from paid to completed by themselves."""

from orders.kinds import rules_of
from orders.lifecycle.table import FAILURE, Actor, Status
from orders.lifecycle.timers import set_due
from orders.models import Order, OrderEvent, PaymentStatus
from orders.services.capacity.codes import issue_codes
from orders.services.moving.transitions import Wish, change_status, move_on
from orders.services.record.access import access_of, get_order
from orders.services.record.order_update import OrderUpdate, update_locked
from ordersite.accounts.callers import SYSTEM


def issue_if_paid(order: Order) -> bool:
    """An order whose codes are issued once it is paid goes on by itself; whether this is one."""
    if not rules_of(order).is_issued or order.status in FAILURE:
        return False
    fulfil_order(order_id=order.pk)
    return True


def fulfil_order(*, order_id: int) -> None:
    """Accepts a paid digital order, issues its codes and completes it, in the caller's transaction.

    Where codes are missing it waits as accepted, and a timer tries again (lifecycle.due_moments.issue_again_at).
    An order that is none of this, or is done, is left alone.
    """
    access = access_of(SYSTEM, get_order(caller=SYSTEM, order_id=order_id, lock=True))
    order = access.order
    if not rules_of(order).is_issued or not PaymentStatus(order.payment_status).is_kept:
        return
    if order.status == Status.PENDING:
        move_on(access, Wish(name="accept"))
    if order.status != Status.ACCEPTED_BY_BUSINESS:
        return
    with update_locked(access_of(SYSTEM, order), role=Actor.SYSTEM) as update:
        told = order.codes_missing if order.codes_tried_at else None
        if issue_codes(order=order, now=update.now):
            change_status(update, Wish(name="complete"))
        else:
            wait_for_codes(update, told=told)


def wait_for_codes(update: OrderUpdate, *, told: int | None) -> None:
    """Sets the time of the next try, and tells every party how many codes are missing, unless that was told already."""
    count = update.order.codes_missing
    if told == count:
        set_due(update.order, update.now)
        return
    update.tell(
        OrderEvent.Kind.DELAY,
        reason="One code is not available yet: the order waits for it."
        if count == 1
        else f"{count} codes are not available yet: the order waits for them.",
        data={"codes_missing": count},
    )
