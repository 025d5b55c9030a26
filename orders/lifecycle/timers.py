"""When an order changes by itself, and by what: TIMERS is the table (docs/lifecycle.md, docs/times.md).

An order, its vendor's settings and the moment go in; nothing is written here: an order's update computes its times and
saves them (services.record), and the worker makes what is due (services.moving.timers).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import Count, F, Min, Q
from django.db.models.functions import Coalesce

from orders.kinds import rules_of
from orders.lifecycle.decisions import search_is_stopped
from orders.lifecycle.guards import ChangeAttempt, begins_at, collect_until, company_until, is_paid
from orders.lifecycle.searching import set_offers_due
from orders.lifecycle.table import ANSWERED_BY_DRIVER, DRIVER_LEFT, Actor, Fulfilment, Status
from orders.models import AWAITED_PAYMENT, OPEN_PAYMENT, Order, PaymentStatus, Unserved
from vendors.payment_methods import AWAITED_METHODS, find_method
from vendors.services.openings import next_taking

# How long after a try codes that were missing are looked for once more.
CODES_AGAIN = timedelta(minutes=1)
NOT_BEGUN = (Status.PENDING, Status.PREORDER)
# `awaits_payment` and `answerable_since` asked of the database.
AWAITS_PAYMENT = Q(status__in=NOT_BEGUN, payment_status__in=AWAITED_PAYMENT, payment_method__in=AWAITED_METHODS)
ANSWERABLE_SINCE = Coalesce("answer_from", "visible_at")
# What a timer does that is no change of status: a driver who does not answer is named no more, drivers are asked, an
# order is settled as it stands, codes are looked for, a vendor is reminded of an order.
LAPSE, OFFER, CLOSE, ISSUE_CODES, REMIND = "lapse", "offer", "close", "issue_codes", "remind"
# What refuses an order that its vendor did not answer.
ANSWER_DEADLINE = "answer_deadline"
# The columns that `set_due` writes.
DUE_COLUMNS = ("answer_from", "unserved", "offers_at", "asked", "due_at")

DueTime = Callable[[Order, datetime], datetime | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timer:
    """One thing that happens to an order by itself, in these statuses and delivery types.

    `due` says when for an order that stands so, None where it does not happen to it. Then the system makes `change`:
    one of the life cycle, or LAPSE, OFFER, CLOSE, ISSUE_CODES or REMIND. `settings` are the vendor's that `due` reads,
    and `where` which orders it can be due for, beyond status and delivery type: their times are computed again when a
    setting changes.
    """

    name: str
    statuses: tuple[Status, ...]
    fulfilments: tuple[Fulfilment, ...]
    due: DueTime
    change: str
    reason: str = ""
    settings: tuple[str, ...] = ()
    where: Q = Q()
    # Runs while the order is to be paid beforehand; the others run only when it is not.
    awaits_payment: bool = False

    @property
    def orders(self) -> Q:
        """The orders that it can be due for."""
        return Q(status__in=self.statuses, fulfilment__in=self.fulfilments) & self.where


class Due(NamedTuple):
    """What an order does next by itself, and when."""

    at: datetime
    timer: Timer


def set_due(order: Order, now: datetime) -> None:
    """Sets from when on its vendor can answer an order, and when it changes by itself next."""
    if is_made(order) or (order.accepted_at and order.unserved == Unserved.PAUSED):
        order.unserved = ""
    order.answer_from = answer_from(order, now)
    set_offers_due(order, now)
    due = find_due(order, now)
    order.due_at = due.at if due else None


def is_made(order: Order) -> bool:
    """Whether nothing is left for the vendor to make, whatever its settings say: closed, picked up or prepared.

    A package or service is `prepared` with being accepted: nothing of it is made by then.
    """
    if order.is_closed or order.picked_up_at is not None:
        return True
    return order.prepared_at is not None and not rules_of(order).skips_preparing


def find_due(order: Order, now: datetime) -> Due | None:
    """What the order does next by itself, and when; None where nothing waits. Of two at a time the table's first."""
    if order.awaits_items:
        # Nobody can answer or pay it before it has some.
        return None
    status, fulfilment, unpaid = order.status, order.fulfilment, awaits_payment(order)
    first: Due | None = None
    for timer in TIMERS:
        if timer.awaits_payment == unpaid and status in timer.statuses and fulfilment in timer.fulfilments:
            at = timer.due(order, now)
            if at is not None and (first is None or at < first.at):
                first = Due(at, timer)
    return first


def orders_by_setting() -> dict[str, Q]:
    """The orders whose timers read a setting of their vendor, by its name."""
    found: dict[str, Q] = {}
    for timer in TIMERS:
        for setting in timer.settings:
            orders = timer.orders & AGREED if setting in LEAD else timer.orders
            found[setting] = found.get(setting, Q()) | orders
    return found


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


FOOD = (Fulfilment.DELIVERY, Fulfilment.PICKUP, Fulfilment.EAT_IN, Fulfilment.CURBSIDE, Fulfilment.DRIVE_THRU)
DELIVERED = (Fulfilment.DELIVERY,)
COLLECTED = (Fulfilment.PICKUP, Fulfilment.CURBSIDE, Fulfilment.DRIVE_THRU)
# A driver is needed, and the system may look for one, or give up.
SEARCHABLE = (Status.ACCEPTED_BY_BUSINESS, Status.PREPARATION_COMPLETED, *sorted(DRIVER_LEFT))
GIVEN_UP = (Status.LOOKING_FOR_DRIVER, Status.PREPARATION_COMPLETED, *sorted(DRIVER_LEFT))
# The settings behind `begins_at`, which count only where a time is agreed.
LEAD = ("preparation_minutes", "rush_minutes", "rush_until")
AGREED = Q(deliver_at__isnull=False)
SEARCHED = Q(search_started_at__isnull=False, driver_accepted_at__isnull=True)
LEFT_BY_DRIVER = Q(driver_left_at__isnull=False)

# Where two are due at the same moment the first happens.
TIMERS: tuple[Timer, ...] = (
    Timer(
        name="payment_deadline",
        statuses=NOT_BEGUN,
        fulfilments=tuple(Fulfilment),
        awaits_payment=True,
        due=pay_by,  # it was agreed on placing: no setting moves it
        change="cancel_by_staff",
        reason="not_paid",
    ),
    Timer(
        name="preorder_release",
        statuses=(Status.PREORDER,),
        fulfilments=FOOD,
        due=release_at,
        change="release_preorder",
        settings=LEAD,
    ),
    Timer(
        name="automatic_acceptance",
        statuses=(Status.PENDING,),
        fulfilments=FOOD,
        due=accept_at,
        change="accept",
        settings=("auto_accept", "opening_hours", "paused_until", "time_zone"),
    ),
    Timer(
        name="reminder",
        statuses=(Status.PENDING,),
        fulfilments=FOOD,
        due=remind_at,
        change=REMIND,
        settings=("remind_minutes", "accept_minutes", "auto_accept", "opening_hours", "paused_until", "time_zone"),
    ),
    Timer(
        name=ANSWER_DEADLINE,
        statuses=(Status.PENDING,),
        fulfilments=FOOD,
        due=answer_by,
        change="reject",
        reason="no_answer",
        settings=("accept_minutes", "auto_accept", "opening_hours", "paused_until", "time_zone"),
    ),
    Timer(
        name="driver_answer_deadline",
        statuses=tuple(sorted(ANSWERED_BY_DRIVER)),
        fulfilments=DELIVERED,
        due=lambda order, now: driver_answers_by(order),
        change=LAPSE,
        reason="no_answer",
        settings=("driver_answer_seconds",),
        where=Q(named_at__isnull=False),
    ),
    Timer(
        name="company_deadline",
        statuses=(*SEARCHABLE, Status.ACCEPTED_BY_DRIVER_COMPANY),
        fulfilments=DELIVERED,
        due=without_driver(company_until),
        change="look_for_driver",
        reason="no_driver",
        settings=("company_minutes", *LEAD),
        where=Q(company_accepted_at__isnull=False, driver_accepted_at__isnull=True),
    ),
    Timer(
        name="search_again",
        statuses=(Status.ACCEPTED_BY_BUSINESS,),
        fulfilments=DELIVERED,
        due=without_driver(search_again_at),
        change="look_for_driver",
        settings=("search_minutes", *LEAD),
        where=SEARCHED,
    ),
    Timer(
        name="automatic_search",
        statuses=(Status.ACCEPTED_BY_BUSINESS, Status.PREPARATION_COMPLETED),
        fulfilments=DELIVERED,
        due=without_driver(search_at),
        change="look_for_driver",
        settings=("auto_search", *LEAD),
    ),
    Timer(
        name="search_deadline",
        statuses=GIVEN_UP,
        fulfilments=DELIVERED,
        due=without_driver(found_by),
        change="cancel_by_staff",
        reason="no_driver",
        settings=("search_minutes", *LEAD),
        where=SEARCHED,
    ),
    Timer(
        name="driver_offers",
        statuses=(Status.LOOKING_FOR_DRIVER, Status.PREPARATION_COMPLETED, Status.ACCEPTED_BY_BUSINESS),
        fulfilments=DELIVERED,
        due=lambda order, now: order.offers_at,
        change=OFFER,
        settings=("dispatch",),
        where=SEARCHED,
    ),
    Timer(
        name="search_for_another",
        statuses=SEARCHABLE,
        fulfilments=DELIVERED,
        due=without_driver(search_another_at),
        change="look_for_driver",
        reason="driver_unavailable",
        settings=("driver_left_minutes", *LEAD),
        where=LEFT_BY_DRIVER,
    ),
    Timer(
        name="decision_deadline",
        statuses=GIVEN_UP,
        fulfilments=DELIVERED,
        due=without_driver(decide_by),
        change="cancel_by_staff",
        reason="no_driver",
        settings=("decide_minutes", *LEAD),
        where=LEFT_BY_DRIVER,
    ),
    Timer(
        name="driver_waiting",
        statuses=(Status.DRIVER_IN_BUSINESS,),
        fulfilments=DELIVERED,
        due=lambda order, now: waiting_at(order),
        change="driver_wait",
        settings=("waiting_minutes",),
        where=Q(prepared_at__isnull=True),
    ),
    Timer(
        name="retry_deadline",
        statuses=(Status.DELIVERY_FAILED_BY_DRIVER,),
        fulfilments=DELIVERED,
        due=retry_by,  # its money is back since it failed
        change="cancel_by_staff",
        reason="no_answer",
        settings=("retry_minutes",),
        # What had failed for good stays so: only times that run are computed again.
        where=Q(due_at__isnull=False),
    ),
    Timer(
        name="collection_deadline",
        statuses=(Status.PREPARATION_COMPLETED, Status.CUSTOMER_ALMOST_ARRIVED_TO_BUSINESS),
        fulfilments=COLLECTED,
        due=lambda order, now: collect_until(order),
        change="mark_not_collected",
        reason="not_collected",
        settings=("collect_minutes",),
    ),
    Timer(
        name="serving_time",
        statuses=(Status.PREPARATION_COMPLETED,),
        fulfilments=(Fulfilment.EAT_IN,),
        due=served_at,
        change="complete",
        settings=("served_minutes",),
    ),
    Timer(
        name="settlement",
        statuses=(Status.DELIVERY_COMPLETED_BY_DRIVER, Status.PICKUP_COMPLETED_BY_CUSTOMER),
        fulfilments=(*DELIVERED, *COLLECTED),
        due=lambda order, now: None if order.vendor.settled_completes else settle_at(order),
        change=CLOSE,
        settings=("settle_minutes",),
    ),
    Timer(
        name="completing_settlement",
        statuses=(Status.DELIVERY_COMPLETED_BY_DRIVER, Status.PICKUP_COMPLETED_BY_CUSTOMER),
        fulfilments=(*DELIVERED, *COLLECTED),
        due=lambda order, now: settle_at(order) if order.vendor.settled_completes else None,
        change="complete",
        settings=("settle_minutes",),
    ),
    Timer(
        name="codes",
        statuses=(Status.PENDING,),
        fulfilments=(Fulfilment.DIGITAL,),
        due=issue_at,
        change=ISSUE_CODES,
    ),
    Timer(
        name="codes_again",
        statuses=(Status.ACCEPTED_BY_BUSINESS,),
        fulfilments=(Fulfilment.DIGITAL,),
        due=issue_again_at,
        change=ISSUE_CODES,
        settings=("code_minutes",),
    ),
    Timer(
        name="code_deadline",
        statuses=(Status.ACCEPTED_BY_BUSINESS,),
        fulfilments=(Fulfilment.DIGITAL,),
        due=issued_by,
        change="cancel_by_staff",
        reason="codes_unavailable",
        settings=("code_minutes",),
    ),
)
