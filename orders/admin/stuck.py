"""What is stuck: the panel on the first page and the list filter say the same."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Aggregate, Count, Min, Q
from django.utils import timezone

from orders.lifecycle import Status
from orders.models import Order

UNANSWERED = timedelta(minutes=10)
# The worker looks every second: a timer that is due for longer than this has been refused, or nobody runs it.
OVERDUE = timedelta(minutes=1)
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
    since: str
    severe: bool = False

    def condition(self, now: datetime) -> Q:
        return CONDITIONS[self.slug](now)


CONDITIONS = {
    "unanswered": lambda now: Q(status=Status.PENDING, visible_at__lte=now - UNANSWERED),
    "exception": lambda now: Q(status__in=(Status.CANCELED_BY_DRIVER, Status.PICK_UP_FAILED_BY_DRIVER)),
    "searching": lambda now: Q(status=Status.LOOKING_FOR_DRIVER),
    "ready": lambda now: Q(status=Status.PREPARATION_COMPLETED),
    "overdue": lambda now: Q(due_at__lte=now - OVERDUE),
}
TROUBLES = (
    Trouble(
        slug="unanswered",
        label="Not accepted for 10 minutes",
        hint="Call the vendor, or accept for it.",
        since="visible_at",
        severe=True,
    ),
    Trouble(
        slug="exception",
        label="In exception",
        hint="The driver quit, or the pick-up failed: look for another, or cancel.",
        since="status_changed_at",
        severe=True,
    ),
    Trouble(
        slug="searching",
        label="Looking for a driver",
        hint="Name one by hand where it takes too long.",
        since="status_changed_at",
    ),
    Trouble(
        slug="ready",
        label="Ready and waiting",
        hint="Prepared, and nobody has come for it yet.",
        since="status_changed_at",
    ),
    Trouble(
        slug="overdue",
        label="Overdue timers",
        hint="The automatic change is late: see whether the worker runs.",
        since="due_at",
        severe=True,
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many orders a trouble has, and since when the oldest."""

    trouble: Trouble
    count: int
    oldest: datetime | None


def tallies(now: datetime | None = None) -> list[Tally]:
    """Counts every trouble in two statements: one on the index by status, one on that of the timers."""
    now = now or timezone.now()
    by_status: dict[str, Aggregate] = {}
    for trouble in TROUBLES:
        if trouble.slug != "overdue":
            condition = trouble.condition(now)
            by_status[trouble.slug] = Count("pk", filter=condition)
            by_status[f"{trouble.slug}_since"] = Min(trouble.since, filter=condition)
    alive = Order.objects.filter(deleted_at__isnull=True).order_by()
    found = alive.filter(status__in=WATCHED).aggregate(**by_status)
    overdue = alive.filter(CONDITIONS["overdue"](now))
    found |= overdue.aggregate(overdue=Count("pk"), overdue_since=Min("due_at"))
    return [
        Tally(trouble=trouble, count=found[trouble.slug], oldest=found[f"{trouble.slug}_since"]) for trouble in TROUBLES
    ]
