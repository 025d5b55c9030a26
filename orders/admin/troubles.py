"""What is stuck: the panel on the first page and the list filter say the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Aggregate, Count, F, Min, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from orders.admin.display import UNANSWERED
from orders.lifecycle.table import Status
from orders.lifecycle.timers import ANSWERABLE_SINCE, AWAITS_PAYMENT
from orders.models import (
    HELD,
    REFUNDED_OPEN,
    UNSERVED,
    UNSETTLED,
    WAITS_FOR_STAFF,
    Code,
    Order,
    Payment,
    ProblemReport,
    Refund,
)
from orders.services.moving.sightings import told_unseen_orders
from vendors.models import Product

# The worker looks every second: a timer that is due for longer than this has been refused, or nobody runs it.
OVERDUE = timedelta(minutes=1)
# A driver's page reports every few seconds while it holds an order. Who has told nothing for a day drives without it.
SILENT, WITHOUT_PAGE = timedelta(minutes=10), timedelta(days=1)
WATCHED = (
    Status.PENDING,
    Status.PREPARATION_COMPLETED,
    Status.CANCELED_BY_DRIVER,
    Status.PICK_UP_FAILED_BY_DRIVER,
    Status.LOOKING_FOR_DRIVER,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """One way to be stuck: a condition on orders that are not deleted, and the time since when it holds."""

    slug: str
    label: str
    hint: str
    since: str | Coalesce | Subquery
    severe: bool = False

    def condition(self, now: datetime) -> Q:
        return CONDITIONS[self.slug](now)


def answerable_by(moment: datetime) -> Q:
    """Whether it could be answered by then (orders.lifecycle.timers.answerable_since)."""
    return ~AWAITS_PAYMENT & (Q(answer_from__lte=moment) | Q(answer_from__isnull=True, visible_at__lte=moment))


def driven_in_silence(now: datetime) -> Q:
    """Whether a driver has accepted it, and its device has told no position since SILENT."""
    silent = Q(driver__position__at__lte=now - SILENT, driver__position__at__gt=now - WITHOUT_PAGE)
    return HELD & Q(driver_accepted_at__lte=now - SILENT) & silent


REPORTS = ProblemReport.objects.filter(UNSETTLED).order_by("created_at")
CONDITIONS = {
    "unanswered": lambda now: Q(status=Status.PENDING) & answerable_by(now - UNANSWERED),
    "unseen": lambda now: Q(status=Status.PENDING, pk__in=told_unseen_orders()),
    "exception": lambda now: Q(status__in=(Status.CANCELED_BY_DRIVER, Status.PICK_UP_FAILED_BY_DRIVER)),
    "searching": lambda now: Q(status=Status.LOOKING_FOR_DRIVER),
    "ready": lambda now: Q(status=Status.PREPARATION_COMPLETED),
    "silent": driven_in_silence,
    "overdue": lambda now: Q(due_at__lte=now - OVERDUE),
    "codes": lambda now: Q(status=Status.ACCEPTED_BY_BUSINESS, codes_missing__gt=0),
    "reported": lambda now: Q(pk__in=REPORTS.order_by().values("order")),
    "refunded": lambda now: REFUNDED_OPEN,
    "cannot_serve": lambda now: UNSERVED,
}
# Each of these has an index of its own, and those of a group are counted by one statement; the others by their status.
COUNTED_APART = (("unseen",), ("silent",), ("overdue",), ("codes",), ("reported",), ("refunded", "cannot_serve"))
TROUBLES = (
    Trouble(
        slug="unanswered",
        label="Not accepted for 10 minutes",
        hint="Call the vendor, or accept for it.",
        since=ANSWERABLE_SINCE,
        severe=True,
    ),
    Trouble(
        slug="unseen",
        label="Not seen by the vendor",
        hint="No device of the vendor has shown it: call the vendor.",
        since="visible_at",
        severe=True,
    ),
    Trouble(
        slug="exception",
        label="In exception",
        hint="The driver gave the order back, or the pick-up failed: look for another driver, or cancel.",
        since="status_changed_at",
        severe=True,
    ),
    Trouble(
        slug="searching",
        label="Looking for a driver",
        hint="If it takes too long, assign a driver by hand.",
        since="status_changed_at",
    ),
    Trouble(
        slug="ready",
        label="Ready and waiting",
        hint="Ready, but nobody has picked it up yet.",
        since="status_changed_at",
    ),
    Trouble(
        slug="silent",
        label="Driver silent for 10 minutes",
        hint="The device of its driver tells no position any more: call the driver.",
        since="driver__position__at",
    ),
    Trouble(
        slug="overdue",
        label="Overdue timers",
        hint="A change that should happen by itself is late: check that the worker is running.",
        since="due_at",
        severe=True,
    ),
    Trouble(
        slug="codes",
        label="Codes missing",
        hint="Import codes. After the vendor's deadline the order is cancelled and refunded.",
        since="accepted_at",
        severe=True,
    ),
    Trouble(
        slug="cannot_serve",
        label="Cannot be served",
        hint="The vendor has since closed or stopped offering it: call the customer, then move the order or cancel it.",
        since="placed_at",
        severe=True,
    ),
    Trouble(
        slug="reported",
        label="Reported by the customer",
        hint="The customer says that something is wrong: see to it, then settle the report on the order's page.",
        since=Subquery(REPORTS.filter(order=OuterRef("pk")).values("created_at")[:1]),
    ),
    Trouble(
        slug="refunded",
        label="Refunded, and still open",
        hint="The whole amount was refunded: cancel the order, or tell the vendor what to do with it.",
        since="status_changed_at",
    ),
)
# How many products that run low on codes the first page names.
LOW_PRODUCTS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many orders a trouble has, and since when the oldest."""

    trouble: Trouble
    count: int
    oldest: datetime | None


def counts_of(troubles: Sequence[Trouble], now: datetime) -> dict[str, Aggregate]:
    """How many orders each of them has, and since when the oldest."""
    counts: dict[str, Aggregate] = {}
    for trouble in troubles:
        condition = trouble.condition(now)
        counts[trouble.slug] = Count("pk", filter=condition)
        counts[f"{trouble.slug}_since"] = Min(trouble.since, filter=condition)
    return counts


def tallies(orders: QuerySet[Order], now: datetime | None = None) -> list[Tally]:
    """Counts these orders by trouble: in one statement on the index by status, and one a group of COUNTED_APART."""
    now = now or timezone.now()
    apart = {slug for group in COUNTED_APART for slug in group}
    alive = orders.filter(deleted_at__isnull=True).order_by()
    watched = [trouble for trouble in TROUBLES if trouble.slug not in apart]
    found = alive.filter(status__in=WATCHED).aggregate(**counts_of(watched, now))
    for group in COUNTED_APART:
        troubles = [trouble for trouble in TROUBLES if trouble.slug in group]
        any_of = Q(*(trouble.condition(now) for trouble in troubles), _connector=Q.OR)
        found |= alive.filter(any_of).aggregate(**counts_of(troubles, now))
    return [
        Tally(trouble=trouble, count=found[trouble.slug], oldest=found[f"{trouble.slug}_since"]) for trouble in TROUBLES
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundTally:
    """How many refunds of a state need somebody, and since when the oldest."""

    state: Refund.State
    hint: str
    count: int
    oldest: datetime | None


NEEDS_SOMEBODY = {
    Refund.State.FAILED: "The payment provider could not refund it: refund it to the wallet, or by hand.",
    Refund.State.BY_HAND: "Pay the money back, then mark it as done.",
}


def refund_tallies(refunds: QuerySet[Refund]) -> list[RefundTally]:
    """Counts those of the refunds that need somebody, in one statement on their index by state."""
    rows = refunds.filter(state__in=NEEDS_SOMEBODY).order_by().values("state")
    counted = rows.annotate(count=Count("pk"), oldest=Min("created_at"))
    found = {row["state"]: (row["count"], row["oldest"]) for row in counted}
    tallied = []
    for state, hint in NEEDS_SOMEBODY.items():
        count, oldest = found.get(state, (0, None))
        tallied.append(RefundTally(state=state, hint=hint, count=count, oldest=oldest))
    return tallied


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentTally:
    """How many payments wait for somebody to say what came in, and since when the oldest."""

    count: int
    oldest: datetime | None


def payments_to_check() -> PaymentTally:
    """Counts the payments that wait for staff, in one statement on their indexes."""
    waiting = Payment.objects.filter(WAITS_FOR_STAFF).order_by()
    return PaymentTally(**waiting.aggregate(count=Count("pk"), oldest=Min("created_at")))


def low_on_codes(sold: QuerySet[Product]) -> list[Product]:
    """Those of the products with fewer free codes than they should have, each with its `free`, the emptiest first."""
    free = Code.objects.filter(product=OuterRef("pk"), line__isnull=True).order_by().values("product")
    counted = Coalesce(Subquery(free.annotate(count=Count("pk")).values("count")), 0)
    products = sold.filter(is_digital=True, low_codes__gt=0).annotate(free=counted)
    low = products.filter(free__lt=F("low_codes")).select_related("vendor")
    return list(low.order_by("free", "pk")[:LOW_PRODUCTS])
