"""When what happens to an order by itself is due, and from when its vendor can answer: a function for each moment.

The rows of `TIMERS` name them (orders.lifecycle.timers); people are told by them too.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db.models import Count, F, Min, Q
from django.db.models.functions import Coalesce

from orders.kinds import rules_of
from orders.lifecycle.decisions import search_is_stopped
from orders.lifecycle.guards import ChangeAttempt, begins_at, is_paid
from orders.lifecycle.table import ANSWERED_BY_DRIVER, Actor, Fulfilment, Status
from orders.models import AWAITED_PAYMENT, OPEN_PAYMENT, Order, PaymentStatus
from vendors.payment_methods import AWAITED_METHODS, find_method
from vendors.services.openings import next_taking

DueTime = Callable[[Order, datetime], datetime | None]

# How long after a try codes that were missing are looked for once more.
CODES_AGAIN = timedelta(minutes=1)
NOT_BEGUN = (Status.PENDING, Status.PREORDER)
# `awaits_payment` and `answerable_since` asked of the database.
AWAITS_PAYMENT = Q(status__in=NOT_BEGUN, payment_status__in=AWAITED_PAYMENT, payment_method__in=AWAITED_METHODS)
ANSWERABLE_SINCE = Coalesce("answer_from", "visible_at")


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


def awaits_answer(order: Order) -> bool:
    """Whether it waits for its vendor's people to see and answer it; codes are issued by themselves."""
    if order.status != Status.PENDING or order.visible_at is None or order.deleted_at is not None:
        return False
    return not awaits_payment(order) and not rules_of(order).is_issued


def pay_by(order: Order, now: datetime) -> datetime | None:
    """By when what is not paid must be: the payment's own time, which begins anew where the order is reopened.

    None once the customer has done its part: staff look at the photos, or at another amount that came in for it.
    """
    if order.payment_status == PaymentStatus.PROOF_PENDING:
        return None
    if order.pk:
        owed = order.shares.filter(amount__gt=F("received"), is_extra=False, payment__state__in=OPEN_PAYMENT)
        found = owed.aggregate(first=Min("payment__expires_at"), disputed=Count("payment__disputed_amount"))
        if found["disputed"]:
            return None
        if found["first"] is not None:
            return found["first"]
    setting = find_method(order.payment_method).minutes
    return order.placed_at + timedelta(minutes=getattr(order.vendor, setting)) if setting else None


def release_at(order: Order, now: datetime) -> datetime:
    """Without a time it was moved to "as soon as can be"."""
    return begins_at(order) or seen_since(order)


def accept_at(order: Order, now: datetime) -> datetime | None:
    """When it is accepted by itself, where the vendor wants that."""
    if not order.vendor.auto_accept or order.visible_at is None:
        return None
    return acceptable_from(order, max(counts_from(order), now))


def answer_by(order: Order, now: datetime) -> datetime | None:
    """Until when the vendor must answer; None where it accepts by itself before that, or can do so now."""
    if order.visible_at is None or not order.vendor.accept_minutes:
        return None
    until = counts_from(order) + timedelta(minutes=order.vendor.accept_minutes)
    accepting = accept_at(order, now)
    return until if accepting is None or (now < accepting and until < accepting) else None


def remind_at(order: Order, now: datetime) -> datetime | None:
    """When its vendor is reminded that an order waits for an answer: once before each end of the time for that."""
    minutes, until = order.vendor.remind_minutes, answer_by(order, now)
    if minutes is None or until is None:
        return None
    begun = counts_from(order)
    if order.reminded_at is not None and order.reminded_at >= begun:
        return None
    return max(begun, until - timedelta(minutes=minutes))


def waiting_at(order: Order) -> datetime | None:
    """When a driver who stands at the vendor counts as waiting: nothing is ready for it."""
    minutes, since = order.vendor.waiting_minutes, order.driver_at_business_at
    if minutes is None or since is None or order.prepared_at is not None:
        return None
    return since + timedelta(minutes=minutes)


def counts_from(order: Order) -> datetime:
    """From when on the vendor's time to answer runs."""
    return order.answer_from or seen_since(order)


def acceptable_from(order: Order, at: datetime) -> datetime | None:
    """The first moment from `at` on to accept it; None where the vendor cannot serve it, or opens after its time."""
    if order.unserved:
        return None
    opening = opening_for(order, at)
    if opening is None or opening == at:
        return opening
    return opening if order.deliver_at is None or opening <= order.deliver_at else None


def driver_answers_by(order: Order) -> datetime | None:
    """Until when a driver who is named may answer, from when it can; None where none is asked."""
    if order.named_at is None or order.status not in ANSWERED_BY_DRIVER:
        return None
    since = max(order.named_at, order.accepted_at or order.named_at)
    return since + timedelta(seconds=order.vendor.driver_answer_seconds)


def without_driver(due_at: Callable[[Order], datetime | None]) -> DueTime:
    """The same while a driver is needed to carry it; one who is named is asked first, until its seconds are over."""

    def due(order: Order, now: datetime) -> datetime | None:
        at = due_at(order) if needs_driver(order) else None
        return max(at, driver_answers_by(order) or at) if at else None

    return due


def needs_driver(order: Order) -> bool:
    """Whether it is for a driver to deliver it, and none has accepted."""
    if order.fulfilment != Fulfilment.DELIVERY or order.driver_accepted_at is not None:
        return False
    return not order.self_delivery and not order.tracking_number


def may_search(order: Order) -> bool:
    """Whether a driver may be looked for without being asked to: no company holds it, and nobody stopped the search."""
    return order.company_accepted_at is None and not search_is_stopped(order)


def add_minutes(order: Order, since: datetime, minutes: int = 0) -> datetime:
    """So many minutes later, counted at the earliest from when the work for the agreed time begins."""
    return max(since, begins_at(order) or since) + timedelta(minutes=minutes)


def search_again_at(order: Order) -> datetime | None:
    """Ready was taken back while it was searched: nothing is given up from there, so the search is taken up again."""
    if order.search_started_at is None or order.company_accepted_at is not None or not order.vendor.search_minutes:
        return None
    return add_minutes(order, order.status_changed_at)


def search_at(order: Order) -> datetime | None:
    """When the search begins, where the vendor has it begin by itself."""
    if order.search_started_at is not None or not order.vendor.auto_search or not may_search(order):
        return None
    return add_minutes(order, order.status_changed_at)


def found_by(order: Order) -> datetime | None:
    """Until when the search must have found a driver."""
    minutes = order.vendor.search_minutes
    if order.search_started_at is None or order.company_accepted_at is not None or not minutes:
        return None
    return add_minutes(order, order.search_started_at, minutes)


def search_another_at(order: Order) -> datetime | None:
    """When another driver is looked for, after one has left."""
    minutes = order.vendor.driver_left_minutes
    if order.driver_left_at is None or minutes is None or not may_search(order):
        return None
    return add_minutes(order, order.driver_left_at, minutes)


def decide_by(order: Order) -> datetime | None:
    """Until when somebody must decide what happens, after a driver has left."""
    minutes = order.vendor.decide_minutes
    if order.driver_left_at is None or minutes is None:
        return None
    return add_minutes(order, order.driver_left_at, minutes)


def retry_by(order: Order, now: datetime) -> datetime | None:
    """Until when a failed delivery must be tried again. One whose time was over before there was any stays as it is."""
    if order.vendor.retry_minutes is None:
        return None
    until = order.status_changed_at + timedelta(minutes=order.vendor.retry_minutes)
    return until if order.due_at is not None or until >= now else None


def served_at(order: Order, now: datetime) -> datetime | None:
    """When what is eaten at the vendor's counts as completed: some time after it is ready, once it is paid."""
    minutes = order.vendor.served_minutes
    if minutes is None or order.prepared_at is None:
        return None
    if not is_paid(order, ChangeAttempt(actor=Actor.SYSTEM, now=order.prepared_at)):
        return None
    return max(order.prepared_at, order.deliver_at or order.prepared_at) + timedelta(minutes=minutes)


def settle_at(order: Order) -> datetime | None:
    """When an order that was handed over is settled."""
    if order.closed_at is not None:
        return None
    return (order.delivered_at or seen_since(order)) + timedelta(minutes=order.vendor.settle_minutes)


def issue_at(order: Order, now: datetime) -> datetime | None:
    """Codes are looked for at once when it is paid."""
    return seen_since(order) if PaymentStatus(order.payment_status).is_kept else None


def issue_again_at(order: Order, now: datetime) -> datetime | None:
    """Codes that were missing are looked for again and again until the vendor's time for them is over."""
    if not PaymentStatus(order.payment_status).is_kept:
        return None
    # Codes that have come in meanwhile are tried at once: the import takes the time of the last try away.
    again = order.codes_tried_at + CODES_AGAIN if order.codes_tried_at else seen_since(order)
    return again if again < issued_by(order, now) else None


def issued_by(order: Order, now: datetime) -> datetime:
    """Until when every code must be there; then the money goes back."""
    return (order.accepted_at or seen_since(order)) + timedelta(minutes=order.vendor.code_minutes)
