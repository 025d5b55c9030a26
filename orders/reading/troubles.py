"""What waits for somebody, and since when: one table for the first page, the lists' filters and the metrics."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import (
    Count,
    DurationField,
    Exists,
    ExpressionWrapper,
    F,
    IntegerField,
    Min,
    Model,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.functions import Cast, Coalesce, Greatest
from django.db.models.lookups import LessThanOrEqual
from django.utils import timezone

from orders.lifecycle.due_moments import ANSWERABLE_SINCE, AWAITS_PAYMENT
from orders.lifecycle.table import OPEN, Status
from orders.lifecycle.timers import ANSWER_DEADLINE, TIMERS
from orders.models import (
    FAILING,
    HELD,
    REFUNDED_OPEN,
    UNSERVED,
    UNSETTLED,
    WAITS_FOR_STAFF,
    BulkChange,
    BulkChangeItem,
    Code,
    Order,
    Payment,
    PaymentStatus,
    ProblemReport,
    Refund,
    WebhookEndpoint,
)
from orders.services.bulk.bulk_changes import AT_ONCE
from orders.services.moving.sightings import told_unseen_orders
from ordersite.accounts.models import Mail
from vendors.models import Product

# So long before an order is refused for want of an answer, somebody should answer it.
NEAR_DEADLINE = timedelta(minutes=3)
# How long an order that could be answered may wait for it.
UNANSWERED = timedelta(minutes=10)
# The worker looks every second: a timer that is due for longer than this has been refused, or nobody runs it.
OVERDUE = timedelta(minutes=1)
# A driver's page reports every few seconds while it holds an order. Who has told nothing for a day drives without it.
SILENT, WITHOUT_PAGE = timedelta(minutes=10), timedelta(days=1)
# How long what ended badly, and waits for nothing more by itself, is told of.
TOLD_FOR = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """One way to wait for somebody: a condition on a model's rows, and the time since when it holds.

    Of orders, deleted ones are left out besides (`rows_in_trouble`).
    """

    slug: str
    condition: Callable[[datetime], Q]
    since: str | Coalesce | Subquery
    model: type[Model] = Order


def in_status(*statuses: Status) -> Callable[[datetime], Q]:
    return lambda now: Q(status__in=statuses)


def answerable_by(moment: datetime) -> Q:
    """Whether it could be answered by then (orders.lifecycle.due_moments.answerable_since)."""
    return ~AWAITS_PAYMENT & (Q(answer_from__lte=moment) | Q(answer_from__isnull=True, visible_at__lte=moment))


# When the vendor's time to answer ends (orders.lifecycle.due_moments.answer_by); empty where it has no end.
ANSWER_BY = Coalesce("answer_from", Greatest("status_changed_at", "visible_at")) + ExpressionWrapper(
    Cast("vendor__accept_minutes", IntegerField()) * Value(timedelta(minutes=1)), output_field=DurationField()
)
(DEADLINE,) = (timer for timer in TIMERS if timer.name == ANSWER_DEADLINE)


def near_deadline(now: datetime) -> Q:
    """Whether it is refused within NEAR_DEADLINE unless somebody answers it. A timer is due by then: by its index."""
    accepts_itself = Q(vendor__auto_accept=True, unserved="")
    due = Q(due_at__lte=now + NEAR_DEADLINE, visible_at__isnull=False)
    return (
        DEADLINE.orders & due & ~AWAITS_PAYMENT & ~accepts_itself & Q(LessThanOrEqual(ANSWER_BY, now + NEAR_DEADLINE))
    )


def driven_in_silence(now: datetime) -> Q:
    """Whether a driver has accepted it, and its device has told no position since SILENT."""
    silent = Q(driver__position__at__lte=now - SILENT, driver__position__at__gt=now - WITHOUT_PAGE)
    return HELD & Q(driver_accepted_at__lte=now - SILENT) & silent


def refused_in_bulk(now: datetime) -> Q:
    """Whether the worker has ended it within TOLD_FOR and some orders were refused: of a small one its page said so."""
    refused = BulkChangeItem.objects.filter(bulk=OuterRef("pk"), outcome=BulkChangeItem.Outcome.REFUSED)
    return Q(Exists(refused), created_at__gt=now - TOLD_FOR, ended_at__isnull=False, total__gt=AT_ONCE)


REPORTS = ProblemReport.objects.filter(UNSETTLED).order_by("created_at")
TROUBLES = (
    Trouble(slug="deadline", condition=near_deadline, since=ANSWERABLE_SINCE),
    Trouble(
        slug="unanswered",
        condition=lambda now: Q(status=Status.PENDING) & answerable_by(now - UNANSWERED),
        since=ANSWERABLE_SINCE,
    ),
    Trouble(
        slug="unseen",
        condition=lambda now: Q(status=Status.PENDING, pk__in=told_unseen_orders()),
        since="visible_at",
    ),
    Trouble(slug="driver_canceled", condition=in_status(Status.CANCELED_BY_DRIVER), since="status_changed_at"),
    Trouble(slug="pick_up_failed", condition=in_status(Status.PICK_UP_FAILED_BY_DRIVER), since="status_changed_at"),
    Trouble(slug="searching", condition=in_status(Status.LOOKING_FOR_DRIVER), since="status_changed_at"),
    Trouble(
        slug="not_ready",
        condition=in_status(Status.ORDER_NOT_READY, Status.DRIVER_WAITING_FOR_ORDER),
        since="status_changed_at",
    ),
    Trouble(slug="ready", condition=in_status(Status.PREPARATION_COMPLETED), since="status_changed_at"),
    Trouble(slug="silent", condition=driven_in_silence, since="driver__position__at"),
    Trouble(slug="overdue", condition=lambda now: Q(due_at__lte=now - OVERDUE), since="due_at"),
    Trouble(
        slug="codes",
        condition=lambda now: Q(status=Status.ACCEPTED_BY_BUSINESS, codes_missing__gt=0),
        since="accepted_at",
    ),
    Trouble(slug="cannot_serve", condition=lambda now: UNSERVED, since="placed_at"),
    Trouble(
        slug="reported",
        condition=lambda now: Q(pk__in=REPORTS.order_by().values("order")),
        since=Subquery(REPORTS.filter(order=OuterRef("pk")).values("created_at")[:1]),
    ),
    Trouble(
        slug="payment_failed",
        condition=lambda now: Q(payment_status=PaymentStatus.FAILED, status__in=sorted(OPEN)),
        since="placed_at",
    ),
    Trouble(slug="refunded", condition=lambda now: REFUNDED_OPEN, since="status_changed_at"),
    Trouble(slug="to_check", model=Payment, condition=lambda now: WAITS_FOR_STAFF, since="created_at"),
    Trouble(
        slug="refund_failed",
        model=Refund,
        condition=lambda now: Q(state=Refund.State.FAILED),
        since="created_at",
    ),
    Trouble(
        slug="refund_by_hand",
        model=Refund,
        condition=lambda now: Q(state=Refund.State.BY_HAND),
        since="created_at",
    ),
    Trouble(slug="webhook_failing", model=WebhookEndpoint, condition=lambda now: FAILING, since="failing_since"),
    Trouble(
        slug="mail_undelivered",
        model=Mail,
        condition=lambda now: Q(state__in=(Mail.State.BOUNCED, Mail.State.GIVEN_UP), asked_at__gt=now - TOLD_FOR),
        since="asked_at",
    ),
    Trouble(slug="bulk_refused", model=BulkChange, condition=refused_in_bulk, since="ended_at"),
)
TROUBLE_BY_SLUG = {trouble.slug: trouble for trouble in TROUBLES}
# How many products that run low on codes the first page names.
LOW_PRODUCTS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many rows a trouble has, and since when the oldest."""

    trouble: Trouble
    count: int
    oldest: datetime | None


def rows_in_trouble(trouble: Trouble, rows: QuerySet[Any], now: datetime) -> QuerySet[Any]:
    """Those of these rows of its model that are in trouble."""
    found = rows.filter(trouble.condition(now))
    return found.filter(deleted_at__isnull=True) if trouble.model is Order else found


def tallies(shown: Mapping[type[Model], QuerySet[Any]], now: datetime | None = None) -> list[Tally]:
    """Counts the troubles of these models' rows: in one statement, each part of which looks into an index."""
    now = now or timezone.now()
    asked = [trouble for trouble in TROUBLES if trouble.model in shown]
    if not asked:
        return []
    parts = [
        rows_in_trouble(trouble, shown[trouble.model], now)
        .order_by()
        .values(slug=Value(trouble.slug))
        .annotate(count=Count("pk"), oldest=Min(trouble.since))
        .values_list("slug", "count", "oldest")
        for trouble in asked
    ]
    found = {slug: (count, oldest) for slug, count, oldest in parts[0].union(*parts[1:], all=True)}
    none: tuple[int, datetime | None] = (0, None)
    counted = [(trouble, *found.get(trouble.slug, none)) for trouble in asked]
    return [Tally(trouble=trouble, count=count, oldest=oldest) for trouble, count, oldest in counted]


def low_on_codes(sold: QuerySet[Product]) -> list[Product]:
    """Those of the products with fewer free codes than they should have, each with its `free`, the emptiest first."""
    free = Code.objects.filter(product=OuterRef("pk"), line__isnull=True).order_by().values("product")
    counted = Coalesce(Subquery(free.annotate(count=Count("pk")).values("count")), 0)
    products = sold.filter(is_digital=True, low_codes__gt=0).annotate(free=counted)
    low = products.filter(free__lt=F("low_codes")).select_related("vendor")
    return list(low.order_by("free", "pk")[:LOW_PRODUCTS])
