"""When an order changes by itself, and by what: TIMERS is the table (docs/lifecycle.md, docs/times.md).

An order, its vendor's settings and the moment go in; nothing is written here: an order's update computes its times and
saves them (services.record), and the worker makes what is due (services.moving.timers).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db.models import Q

from orders.kinds import rules_of
from orders.lifecycle.due_moments import (
    NOT_BEGUN,
    DueTime,
    accept_at,
    answer_by,
    answer_from,
    awaits_payment,
    decide_by,
    driver_answers_by,
    found_by,
    issue_again_at,
    issue_at,
    issued_by,
    pay_by,
    release_at,
    remind_at,
    retry_by,
    search_again_at,
    search_another_at,
    search_at,
    served_at,
    settle_at,
    waiting_at,
    without_driver,
)
from orders.lifecycle.guards import collect_until, company_until
from orders.lifecycle.searching import set_offers_due
from orders.lifecycle.table import ANSWERED_BY_DRIVER, DRIVER_LEFT, Fulfilment, Status
from orders.models import Order, Unserved

# What a timer does that is no change of status: a driver who does not answer is named no more, drivers are asked, an
# order is settled as it stands, codes are looked for, a vendor is reminded of an order.
LAPSE, OFFER, CLOSE, ISSUE_CODES, REMIND = "lapse", "offer", "close", "issue_codes", "remind"
# What refuses an order that its vendor did not answer.
ANSWER_DEADLINE = "answer_deadline"
# The columns that `set_due` writes.
DUE_COLUMNS = ("answer_from", "unserved", "offers_at", "asked", "due_at")


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
