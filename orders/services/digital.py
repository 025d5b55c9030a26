"""Digital orders: nobody makes or carries them, so that they go from paid to completed by themselves."""

from django.utils import timezone

from orders.deadlines import DUE_COLUMNS, PAID_IN, set_due
from orders.lifecycle import Actor, Status
from orders.models import Kind, Order, OrderEvent
from orders.services.codes import issue_codes
from orders.services.events import record_event
from orders.services.standing import get_order
from orders.services.transitions import Wish, transition
from ordersite.accounts.callers import SYSTEM


def fulfil(*, order_id: int) -> None:
    """Accepts a paid digital order, issues its codes and completes it, in the caller's transaction.

    Where codes are missing it waits as accepted, and the timer tries again (orders.deadlines.codes_timer). An order
    that is none of this, or is done, is left alone.
    """
    order = get_order(caller=SYSTEM, order_id=order_id, lock=True)
    if order.kind != Kind.DIGITAL or order.payment_status not in PAID_IN:
        return
    if order.status == Status.PENDING:
        order = transition(order_id=order_id, caller=SYSTEM, wish=Wish(name="accept"))
    if order.status != Status.ACCEPTED_BY_BUSINESS:
        return
    told = order.codes_missing if order.codes_tried_at else None
    if issue_codes(order=order, now=timezone.now()):
        transition(order_id=order_id, caller=SYSTEM, wish=Wish(name="complete"))
    else:
        wait(order, told=told)


def wait(order: Order, *, told: int | None) -> None:
    """Sets the time of the next try, and tells every party how many codes are missing, unless that was told already."""
    set_due(order, timezone.now())
    if told == order.codes_missing:
        order.save(update_fields=DUE_COLUMNS)
        return
    count = order.codes_missing
    order.version += 1
    order.save(update_fields=[*DUE_COLUMNS, "version"])
    record_event(
        order,
        kind=OrderEvent.Kind.DELAY,
        actor=SYSTEM.key,
        role=Actor.SYSTEM,
        reason="One code is not available yet: the order waits for it."
        if count == 1
        else f"{count} codes are not available yet: the order waits for them.",
        data={"codes_missing": count},
        created_at=order.codes_tried_at,
    )
