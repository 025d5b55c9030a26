"""Runs the timers that are due; several workers share them."""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from django.db import OperationalError, connection, transaction
from django.utils import timezone

from orders.lifecycle.table import Actor
from orders.lifecycle.timers import ANSWER_DEADLINE, CLOSE, ISSUE_CODES, LAPSE, OFFER, REMIND, Timer, find_due, set_due
from orders.models import Order, OrderEvent
from orders.services.moving import digital, dispatch
from orders.services.moving.sightings import note_unanswered
from orders.services.moving.transitions import Wish, transition
from orders.services.record.access import access_of
from orders.services.record.events import carriers_of
from orders.services.record.order_update import move_timers, save_timers, update_locked
from orders.services.record.servability import why_unserved_now
from ordersite.accounts.callers import SYSTEM
from ordersite.core.faults import Refusal
from ordersite.core.work_items import work_item

logger = logging.getLogger(__name__)

RETRY = timedelta(minutes=5)


def run_due(limit: int = 100) -> int:
    """Makes the changes whose time has come, each in its own transaction; returns how many orders it changed."""
    now = timezone.now()
    due = Order.objects.filter(due_at__lte=now, deleted_at__isnull=True).order_by("due_at", "pk")
    return sum(run_one(order_id, now) for order_id in list(due.values_list("pk", flat=True)[:limit]))


def run_one(order_id: int, now: datetime) -> bool:
    """The same as run_timer, with its line in the log."""
    with work_item("timer", order=order_id) as item:
        is_done = run_timer(order_id, now)
        if not is_done:
            item.outcome = "left"
        return is_done


def run_timer(order_id: int, now: datetime) -> bool:
    """Makes one order's change; False where another worker has it, or it is refused and waits."""
    try:
        with transaction.atomic():
            order = lock_due(order_id, now)
            if order is None:
                return False
            due = find_due(order, now)
            if due and due.timer.change == "accept":
                # A change of the vendor's that was made at the same moment as the order has not marked it.
                order.unserved = why_unserved_now(order, now)
                due = find_due(order, now)
            if due is None or due.at > now:
                set_due(order, now)
                save_timers([order])
                return False
            ACTS.get(due.timer.change, make_timed_change)(order, due.timer, now)
            return True
    except Refusal as problem:
        logger.warning("a timer was refused: %s", problem.code, extra={"order": order_id})
    except OperationalError:
        raise
    except Exception:
        # One order that cannot be changed must not hold up the timers of all that are due after it.
        logger.exception("a timer failed", extra={"order": order_id})
    # Tried again later instead of at every turn: what refuses it (an empty stock, say) may pass.
    move_timers(Order.objects.filter(pk=order_id, due_at__lte=now), due_at=now + RETRY)
    return False


def lock_due(order_id: int, now: datetime) -> Order | None:
    """The order, locked, if its timer is still due and no other worker holds it."""
    orders = Order.objects.select_related("vendor", "terms").filter(pk=order_id, due_at__lte=now)
    skip = connection.features.has_select_for_update_skip_locked
    return orders.select_for_update(of=("self",), skip_locked=skip).first()


def make_timed_change(order: Order, timer: Timer, now: datetime) -> None:
    """Makes the timer's change of status."""
    transition(order_id=order.pk, caller=SYSTEM, wish=Wish(name=timer.change, reason_code=timer.reason))
    if timer.name == ANSWER_DEADLINE:
        note_unanswered(order, now)


def settle_order(order: Order, timer: Timer, now: datetime) -> None:
    """Settles an order that was handed over: writes `closed` and leaves its status, which is final."""
    with update_locked(access_of(SYSTEM, order, now), role=Actor.SYSTEM) as update:
        order.closed_at = now
        update.tell(OrderEvent.Kind.MILESTONE, milestone="closed")


def release_driver(order: Order, timer: Timer, now: datetime) -> None:
    """The driver who was named has not answered: as if nobody were named. It sees this as its last event."""
    with update_locked(access_of(SYSTEM, order, now), role=Actor.SYSTEM) as update:
        driver_id, left = order.driver_id, carriers_of(order)
        order.driver = order.named_at = None
        update.tell(
            OrderEvent.Kind.DRIVER,
            left=left,
            reason_code=timer.reason,
            data={"old": {"driver": driver_id}, "new": {"driver": None}},
        )


def issue_waiting_codes(order: Order, timer: Timer, now: datetime) -> None:
    """Looks for the codes of a digital order, and goes on with it as far as they are there."""
    digital.fulfil_order(order_id=order.pk)


def remind_vendor(order: Order, timer: Timer, now: datetime) -> None:
    """Tells those who work on the order that it waits for an answer still: their boards ring once more."""
    with update_locked(access_of(SYSTEM, order, now), role=Actor.SYSTEM) as update:
        order.reminded_at = now
        update.tell(OrderEvent.Kind.NOTE, transition=timer.change, visible_to=OrderEvent.VisibleTo.BUSINESS)


# How a timer makes what is no change of the life cycle's table.
ACTS: Mapping[str, Callable[[Order, Timer, datetime], None]] = {
    CLOSE: settle_order,
    LAPSE: release_driver,
    OFFER: dispatch.make_offers,
    ISSUE_CODES: issue_waiting_codes,
    REMIND: remind_vendor,
}
