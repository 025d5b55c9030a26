"""When an order changes by itself, and by what: the one place where times are reckoned (docs/times.md).

An order, its vendor's settings and the moment go in; nothing is written here: an order's update reckons its times and
saves them (services.record).
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta

from django.db.models import Count, F, Min, Q
from django.db.models.functions import Coalesce

from orders.kinds import rules_of
from orders.lifecycle.decisions import search_is_stopped
from orders.lifecycle.guards import Attempt, begins_at, collect_until, company_until, is_paid
from orders.lifecycle.table import ANSWERED_BY_DRIVER, Actor, Fulfilment, Status
from orders.models import AWAITED_PAYMENT, OPEN_PAYMENT, Order, PaymentStatus, Unserved
from vendors.payment_methods import AWAITED_METHODS, find_method
from vendors.services.openings import next_taking

# How long after a try codes that were missing are looked for once more.
CODES_AGAIN = timedelta(minutes=1)
NOT_BEGUN = (Status.PENDING, Status.PREORDER)
# `awaits_payment` and `answerable_since` asked of the database.
AWAITS_PAYMENT = Q(status__in=NOT_BEGUN, payment_status__in=AWAITED_PAYMENT, payment_method__in=AWAITED_METHODS)
ANSWERABLE_SINCE = Coalesce("answer_from", "visible_at")
BEFORE_SEARCH = (Status.ACCEPTED_BY_BUSINESS, Status.PREPARATION_COMPLETED)
COLLECTED = (Fulfilment.PICKUP, Fulfilment.CURBSIDE, Fulfilment.DRIVE_THRU)
# What a timer does that is no change of status: a driver who does not answer is named no more.
LAPSE = "lapse"
# The columns that `set_due` writes.
DUE_COLUMNS = ("answer_from", "unserved", "due_at")
# When, by which transition, with which reason.
Timer = tuple[datetime, str, str]


def set_due(order: Order, now: datetime) -> None:
    """Reckons from when on its vendor can answer an order, and when it changes by itself next."""
    if is_made(order) or (order.accepted_at and order.unserved == Unserved.PAUSED):
        order.unserved = ""
    order.answer_from = answer_from(order, now)
    timer = timer_of(order, now)
    order.due_at = timer[0] if timer else None


def is_made(order: Order) -> bool:
    """Whether nothing is left for the vendor to make, whatever its settings say: closed, picked up or prepared.

    A package or service is `prepared` with being accepted: nothing of it is made by then.
    """
    if order.is_closed or order.picked_up_at is not None:
        return True
    return order.prepared_at is not None and not rules_of(order).skips_preparing


def timer_of(order: Order, now: datetime) -> Timer | None:
    """When the order changes by itself, by which transition and with which reason; None where nothing waits."""
    if order.awaits_items:
        # Nobody can answer or pay it before it has some.
        return None
    if awaits_payment(order):
        if order.payment_status == PaymentStatus.PROOF_PENDING:
            # The customer has done its part: staff look at the photos.
            return None
        until = pay_by(order)
        return (until, "cancel_by_staff", "not_paid") if until else None
    table = DIGITAL_DUE if rules_of(order).is_issued else DUE
    reckon = table.get(Status(order.status))
    timers = [due_for_driver(order), reckon(order, now) if reckon else None]
    return min(filter(None, timers), key=lambda timer: timer[0], default=None)


def seen_since(order: Order) -> datetime:
    """Since when the order stands as it does, for those who may see it."""
    return max(order.status_changed_at, order.visible_at or order.status_changed_at)


def answer_from(order: Order, now: datetime) -> datetime | None:
    """From when on the vendor can answer an order, where that is another moment than when it could first see it.

    At the earliest when it is open and not paused. What has begun runs on: a pause or closing that begins later does
    not stop it.
    """
    if order.status != Status.PENDING or order.visible_at is None or awaits_payment(order):
        return None
    begun = order.answer_from is None and seen_since(order) < now
    if begun or (order.answer_from is not None and order.answer_from <= now):
        return order.answer_from
    return first_answer(order, now)


def first_answer(order: Order, now: datetime) -> datetime | None:
    """The same for an order that can be answered only now; None where that is when it is first seen."""
    opening = now if rules_of(order).is_issued else opening_for(order, now) or now
    return opening if opening != order.visible_at else None


def opening_for(order: Order, at: datetime) -> datetime | None:
    """The first moment from `at` on at which the vendor takes orders of this fulfilment."""
    return next_taking(order.vendor, Fulfilment(order.fulfilment).slug, at)


def awaits_payment(order: Order) -> bool:
    """Whether an order that is to be paid beforehand is not paid, and nobody works on it yet: AWAITS_PAYMENT."""
    if order.status not in NOT_BEGUN or not find_method(order.payment_method).is_awaited:
        return False
    return PaymentStatus(order.payment_status).is_awaited


def answerable_since(order: Order) -> datetime | None:
    """Since (or from) when its vendor can answer a pending order; None where it cannot: ANSWERABLE_SINCE."""
    return None if awaits_payment(order) else order.answer_from or order.visible_at


def pay_by(order: Order) -> datetime | None:
    """By when what is not paid must be: the payment's own time, which begins anew where the order is reopened.

    None while staff look at another amount that came in for it.
    """
    if order.pk:
        owed = order.shares.filter(amount__gt=F("received"), is_extra=False, payment__state__in=OPEN_PAYMENT)
        found = owed.aggregate(first=Min("payment__expires_at"), disputed=Count("payment__disputed_amount"))
        if found["disputed"]:
            return None
        if found["first"] is not None:
            return found["first"]
    setting = find_method(order.payment_method).minutes
    return order.placed_at + timedelta(minutes=getattr(order.vendor, setting)) if setting else None


def due_for_release(order: Order, now: datetime) -> Timer:
    """Without a time it was moved to "as soon as can be"."""
    return begins_at(order) or seen_since(order), "release_preorder", ""


def due_for_answer(order: Order, now: datetime) -> Timer | None:
    """Accepted by itself where the vendor wants that and is open, refused where nobody answers in time."""
    vendor = order.vendor
    if order.visible_at is None:
        return None
    since = order.answer_from or seen_since(order)
    accepting = due_for_accepting(order, max(since, now)) if vendor.auto_accept else None
    if vendor.accept_minutes:
        until = since + timedelta(minutes=vendor.accept_minutes)
        if accepting is None or (now < accepting and until < accepting):
            return until, "reject", "no_answer"
    return (accepting, "accept", "") if accepting else None


def due_for_accepting(order: Order, at: datetime) -> datetime | None:
    """When it is accepted by itself; None where it cannot be served, or the vendor opens after the agreed time."""
    if order.unserved:
        return None
    opening = opening_for(order, at)
    if opening is None or opening == at:
        return opening
    return opening if order.deliver_at is None or opening <= order.deliver_at else None


def due_for_carrier(order: Order, now: datetime) -> Timer | None:
    """What happens where nobody comes to carry a delivery; looking for another goes before giving up.

    A driver who is named is asked first, until its seconds are over.
    """
    timer = min(waits_for_carrier(order), key=lambda one: one[0], default=None)
    named = due_for_driver(order)
    if timer and named and timer[0] < named[0]:
        return named[0], *timer[1:]
    return timer


def waits_for_carrier(order: Order) -> Iterator[Timer]:
    """Who is waited for to carry it, until when: the company that holds it, else the driver that the search finds; who
    decides, since its driver left. Minutes run from then, but not before the work for the agreed time begins.
    """
    if not needs_driver(order):
        return
    vendor, begins, left = order.vendor, begins_at(order), order.driver_left_at

    def after(since: datetime, minutes: int) -> datetime:
        return max(since, begins or since) + timedelta(minutes=minutes)

    may_search = order.company_accepted_at is None and not search_is_stopped(order)
    if until := company_until(order):
        yield until, "look_for_driver", "no_driver"
    elif order.company_accepted_at is None and (started := order.search_started_at):
        if vendor.search_minutes and order.status == Status.ACCEPTED_BY_BUSINESS:
            # Ready was taken back: nothing is given up from there, so the search is taken up again.
            yield after(order.status_changed_at, 0), "look_for_driver", ""
        elif vendor.search_minutes:
            yield after(started, vendor.search_minutes), "cancel_by_staff", "no_driver"
    elif may_search and vendor.auto_search and order.status in BEFORE_SEARCH:
        yield after(order.status_changed_at, 0), "look_for_driver", ""
    if left and may_search and vendor.driver_left_minutes is not None:
        yield after(left, vendor.driver_left_minutes), "look_for_driver", "driver_unavailable"
    if left and vendor.decide_minutes is not None and order.status != Status.ACCEPTED_BY_BUSINESS:
        yield after(left, vendor.decide_minutes), "cancel_by_staff", "no_driver"


def needs_driver(order: Order) -> bool:
    """Whether it is for a driver to deliver it, and none has accepted."""
    if order.fulfilment != Fulfilment.DELIVERY or order.driver_accepted_at is not None:
        return False
    return not order.self_delivery and not order.tracking_number


def due_for_retrying(order: Order, now: datetime) -> Timer | None:
    """A failed delivery that is not tried again in time is rejected; its money is back since it failed.

    One whose time was over before there was any stays as it is.
    """
    minutes = order.vendor.retry_minutes
    if minutes is None:
        return None
    until = order.status_changed_at + timedelta(minutes=minutes)
    return (until, "cancel_by_staff", "no_answer") if order.due_at is not None or until >= now else None


def due_for_serving(order: Order) -> Timer | None:
    """What is eaten at the vendor's counts as completed some time after it is ready, once it is paid."""
    minutes = order.vendor.served_minutes
    if order.fulfilment != Fulfilment.EAT_IN or minutes is None or order.prepared_at is None:
        return None
    if not is_paid(order, Attempt(actor=Actor.SYSTEM, now=order.prepared_at)):
        return None
    ready = max(order.prepared_at, order.deliver_at or order.prepared_at)
    return ready + timedelta(minutes=minutes), "complete", ""


def due_for_driver(order: Order) -> Timer | None:
    """A driver who is named answers within the vendor's seconds, from when it can; else it is named no more."""
    if order.named_at is None or order.status not in ANSWERED_BY_DRIVER:
        return None
    since = max(order.named_at, order.accepted_at or order.named_at)
    return since + timedelta(seconds=order.vendor.driver_answer_seconds), LAPSE, "no_answer"


def due_for_collecting(order: Order, now: datetime) -> Timer | None:
    """Not collected in time; never where the customer has come for it, at whatever status it stands since."""
    until = collect_until(order) if order.fulfilment in COLLECTED else None
    return (until, "mark_not_collected", "not_collected") if until else None


def due_once_prepared(order: Order, now: datetime) -> Timer | None:
    return due_for_carrier(order, now) or due_for_collecting(order, now) or due_for_serving(order)


def due_for_settling(order: Order, now: datetime) -> Timer | None:
    vendor = order.vendor
    if order.closed_at is not None:
        return None
    done = order.delivered_at or seen_since(order)
    return done + timedelta(minutes=vendor.settle_minutes), "complete" if vendor.settled_completes else "close", ""


def due_for_codes(order: Order, now: datetime) -> Timer | None:
    """Codes are looked for at once when it is paid."""
    return (seen_since(order), "issue_codes", "") if PaymentStatus(order.payment_status).is_kept else None


def due_for_missing_codes(order: Order, now: datetime) -> Timer:
    """They are looked for again and again until the vendor's time for them is over; then the money goes back."""
    since = seen_since(order)
    deadline = (order.accepted_at or since) + timedelta(minutes=order.vendor.code_minutes)
    # Codes that have come in meanwhile are tried at once: the import takes the time of the last try away.
    again = order.codes_tried_at + CODES_AGAIN if order.codes_tried_at else since
    if PaymentStatus(order.payment_status).is_kept and again < deadline:
        return again, "issue_codes", ""
    return deadline, "cancel_by_staff", "codes_unavailable"


Reckoner = Callable[[Order, datetime], Timer | None]
# What happens by itself in each status; nothing does in the others.
DUE: Mapping[Status, Reckoner] = {
    Status.PREORDER: due_for_release,
    Status.PENDING: due_for_answer,
    Status.ACCEPTED_BY_BUSINESS: due_for_carrier,
    Status.LOOKING_FOR_DRIVER: due_for_carrier,
    Status.PREPARATION_COMPLETED: due_once_prepared,
    Status.ACCEPTED_BY_DRIVER_COMPANY: due_for_carrier,
    Status.CANCELED_BY_DRIVER: due_for_carrier,
    Status.PICK_UP_FAILED_BY_DRIVER: due_for_carrier,
    Status.DELIVERY_FAILED_BY_DRIVER: due_for_retrying,
    Status.CUSTOMER_ALMOST_ARRIVED_TO_BUSINESS: due_for_collecting,
    Status.DELIVERY_COMPLETED_BY_DRIVER: due_for_settling,
    Status.PICKUP_COMPLETED_BY_CUSTOMER: due_for_settling,
}
DIGITAL_DUE: Mapping[Status, Reckoner] = {
    Status.PENDING: due_for_codes,
    Status.ACCEPTED_BY_BUSINESS: due_for_missing_codes,
}
