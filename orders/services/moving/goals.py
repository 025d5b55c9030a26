"""Orders moved on by clients that know no names of changes, and no steps between: "sent" and "delivered"."""

from collections.abc import Sequence
from enum import StrEnum

from orders.lifecycle.table import SUCCESS, Fulfilment, Status
from orders.models import Order
from orders.services.moving.transitions import Wish, all_or_nothing, move_on
from orders.services.record.access import OrderAccess, access_of, get_order
from ordersite.accounts.callers import Caller


class Goal(StrEnum):
    """How far an order is to come."""

    SENT = "sent"
    DELIVERED = "delivered"


ACCEPTED = Status.ACCEPTED_BY_BUSINESS
READY = Status.PREPARATION_COMPLETED
ON_WAY = Status.PICK_UP_COMPLETED_BY_DRIVER
# The milestone that a step writes: one that stands is not made again.
WRITES = {ACCEPTED: "accepted_at", READY: "prepared_at", ON_WAY: "picked_up_at"}
TO_COLLECT: dict[Goal, Sequence[Status]] = {
    Goal.SENT: (ACCEPTED, READY),
    Goal.DELIVERED: (ACCEPTED, READY, Status.PICKUP_COMPLETED_BY_CUSTOMER),
}
CODES = (ACCEPTED, Status.COMPLETED)
# The steps to each goal, in their order (docs/requirements.md, rows 67 and 68).
STEPS: dict[Fulfilment, dict[Goal, Sequence[Status]]] = {
    Fulfilment.DELIVERY: {
        Goal.SENT: (ACCEPTED, READY, ON_WAY),
        Goal.DELIVERED: (ACCEPTED, READY, ON_WAY, Status.DELIVERY_COMPLETED_BY_DRIVER),
    },
    Fulfilment.PICKUP: TO_COLLECT,
    Fulfilment.EAT_IN: {Goal.SENT: (ACCEPTED, READY), Goal.DELIVERED: (ACCEPTED, READY, Status.COMPLETED)},
    Fulfilment.CURBSIDE: TO_COLLECT,
    Fulfilment.DRIVE_THRU: TO_COLLECT,
    Fulfilment.DIGITAL: {Goal.SENT: CODES, Goal.DELIVERED: CODES},
}


def has_reached(order: Order, goal: Goal) -> bool:
    """Whether the order is sent (ready, where its customer comes for it), or delivered."""
    if order.status in SUCCESS:
        return True
    steps = STEPS[Fulfilment(order.fulfilment)][goal]
    return goal == Goal.SENT and all(is_made_already(order, step) for step in steps)


def is_made_already(order: Order, step: Status) -> bool:
    return step in WRITES and getattr(order, WRITES[step]) is not None


def reach_goal(*, order_id: int, caller: Caller, goal: Goal, reason: str, proof: str = "") -> Order:
    """Makes every step that is left to the goal, each checked and each an event; none where it is reached.

    Raises what the first refused step raises, and then none of them is made. `reason` is given where a step asks for
    one, `proof` where the vendor requires one.
    """
    with all_or_nothing(order_id=order_id, caller=caller):
        order = get_order(caller=caller, order_id=order_id, lock=True)
        if has_reached(order, goal):
            return order
        for step in STEPS[Fulfilment(order.fulfilment)][goal]:
            if not is_made_already(order, step):
                order = make_step(access_of(caller, order), step, reason, proof=proof)
    return order


def move_to(*, order_id: int, caller: Caller, to: Status, reason: str) -> Order:
    """One change of status, with the reason only where it asks for one; raises as `transition`."""
    return make_step(access_of(caller, get_order(caller=caller, order_id=order_id, lock=True, to=to)), to, reason)


def make_step(access: OrderAccess, to: Status, reason: str, name: str = "", proof: str = "") -> Order:
    """The same for an order that is locked already."""
    reason = reason if access.asks_reason(to) else ""
    return move_on(access, Wish(to=to, name=name, reason=reason, code=proof, proof=proof))
