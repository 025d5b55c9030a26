"""Whether an order that is under way keeps its time: in words on its row, and asked of the database."""

from datetime import datetime, timedelta

from django.db.models import Case, CharField, Q, QuerySet, TextChoices, Value, When

from orders.admin.display import badge, promised_time, span
from orders.lifecycle.due_moments import AWAITS_PAYMENT, answerable_since, awaits_payment
from orders.lifecycle.table import OPEN, Status
from orders.models import Order
from orders.reading.today import PROMISED
from orders.reading.troubles import UNANSWERED, answerable_by

# So long before it would be delayed an order is at risk: of its promised time, and of being answered in time.
NEAR, NEARLY_UNANSWERED = timedelta(minutes=10), UNANSWERED / 2
UNDER_WAY = Q(status__in=sorted(OPEN)) & ~AWAITS_PAYMENT


class Timing(TextChoices):
    """Of an order that is open, and not still to be paid first."""

    IN_TIME = "in_time", "In time"
    AT_RISK = "at_risk", "At risk"
    DELAYED = "delayed", "Delayed"


TONES = {Timing.IN_TIME: "success", Timing.AT_RISK: "pause", Timing.DELAYED: "trouble"}


def with_timing(orders: QuerySet[Order], now: datetime) -> QuerySet[Order]:
    """The orders, each with its `timing`, empty where it is not under way."""
    return orders.alias(promised=PROMISED).annotate(
        timing=Case(
            When(~UNDER_WAY, then=Value("")),
            When(is_past(now, now - UNANSWERED), then=Value(Timing.DELAYED.value)),
            When(is_past(now + NEAR, now - NEARLY_UNANSWERED), then=Value(Timing.AT_RISK.value)),
            default=Value(Timing.IN_TIME.value),
            output_field=CharField(),
        )
    )


def is_past(promise: datetime, answer: datetime) -> Q:
    """Whether what was promised is before the one moment, or it could be answered by the other and was not."""
    return Q(promised__lt=promise) | (Q(status=Status.PENDING) & answerable_by(answer))


def timing_of(order: Order, now: datetime) -> Timing | None:
    """The same of an order at hand; None where it is not under way."""
    if order.is_closed or awaits_payment(order):
        return None
    since = answerable_since(order) if order.status == Status.PENDING else None
    promised = promised_time(order)
    for timing, near, waited in (
        (Timing.DELAYED, timedelta(0), UNANSWERED),
        (Timing.AT_RISK, NEAR, NEARLY_UNANSWERED),
    ):
        if (promised and promised < now + near) or (since and since <= now - waited):
            return timing
    return Timing.IN_TIME


def timing_badge(order: Order, now: datetime) -> str:
    """The badge of its timing, with how long is left until what was promised; empty where it is not under way."""
    timing = timing_of(order, now)
    if timing is None:
        return ""
    promised = promised_time(order)
    left = f" · {span(promised - now)}" if promised and timing != Timing.DELAYED else ""
    return badge(TONES[timing], f"{timing.label}{left}")
