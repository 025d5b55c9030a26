"""What the database says, read when Prometheus asks: what waits, which orders are open, which stand still.

A fixed number of statements, each on an index and of rows that are open or due: it costs the same with a million orders
that are done. What was read is told again for KEPT seconds.
"""

import logging
from collections.abc import Iterable, Iterator
from datetime import datetime

from django.db import DatabaseError, InterfaceError
from django.db.models import Count, Min, Q
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from orders.lifecycle.table import DRIVER_LEFT, GROUPS, OPEN, Status
from orders.models import FAILING, Order, WebhookEndpoint
from orders.reading.troubles import tallies
from orders.services.record.unseen_entries import unseen_entries
from ordersite.core.kept_answers import KeptAnswers
from ordersite.core.metrics import DESCRIBED, describe_metric
from tracking.worker import WORK

logger = logging.getLogger(__name__)

KEPT = 5.0  # seconds


def gauge(name: str, meaning: str, *labels: str) -> str:
    """Puts a gauge of the database's on the list; its name."""
    describe_metric(name, "gauge", f"{meaning} Of the whole site, from the database.", *labels)
    return name


UP = gauge("ordersite_database_up", "1 where the database answered, else 0, and none of the others is there.")
WAITING = gauge("ordersite_waiting", "Rows that wait for the worker, by kind; 10000 at most.", "kind")
WAITING_SECONDS = gauge("ordersite_waiting_seconds", "How long the oldest of them has waited; 0 for none.", "kind")
ORDERS = gauge("ordersite_open_orders", "Orders that are not closed, by status and its group.", "group", "status")
STUCK = gauge("ordersite_stuck_orders", "Orders that somebody should look at, as in the back-office.", "trouble")
STUCK_SECONDS = gauge("ordersite_stuck_orders_seconds", "How long the oldest has been so; 0 for none.", "trouble")
UNSEEN = gauge("ordersite_unseen_orders", "Orders that wait for their vendor and that no device of it has shown yet.")
UNSEEN_SECONDS = gauge("ordersite_unseen_orders_seconds", "How long the oldest could have been shown; 0 for none.")
ENDPOINTS = gauge("ordersite_webhook_endpoints", "Webhook endpoints: working, failing, or off (switched off).", "state")
FAILING_SECONDS = gauge("ordersite_webhook_endpoint_failing_seconds", "How long the one has failed that fails longest.")


def group_of(status: Status) -> str:
    """The group that an open status is counted in."""
    if status in DRIVER_LEFT:
        return "driver_left"
    return "pending" if status in GROUPS["pending"] else "in_progress"


def age(since: datetime | None, now: datetime) -> float:
    return max((now - since).total_seconds(), 0.0) if since else 0.0


def gauge_family(name: str) -> GaugeMetricFamily:
    described = DESCRIBED[name]
    return GaugeMetricFamily(name, described.meaning, labels=described.labels)


def read_waiting(now: datetime) -> Iterator[Metric]:
    counts, ages = gauge_family(WAITING), gauge_family(WAITING_SECONDS)
    for waiting in (waiting for work in WORK for waiting in work.waits):
        count, oldest = waiting.tally(now)
        counts.add_metric([waiting.name], count)
        ages.add_metric([waiting.name], age(oldest, now))
    yield from (counts, ages)


def count_open_orders(now: datetime) -> Iterator[Metric]:
    rows = Order.objects.filter(deleted_at__isnull=True, status__in=sorted(OPEN)).order_by()
    found = dict(rows.values_list("status").annotate(count=Count("pk")))
    counts = gauge_family(ORDERS)
    for status in sorted(OPEN):
        counts.add_metric([group_of(status), status.slug], found.get(status, 0))
    yield counts
    stuck, ages = gauge_family(STUCK), gauge_family(STUCK_SECONDS)
    for tally in tallies({Order: Order.objects.all()}, now):
        stuck.add_metric([tally.trouble.slug], tally.count)
        ages.add_metric([tally.trouble.slug], age(tally.oldest, now))
    yield from (stuck, ages)


def read_unseen(now: datetime) -> Iterator[Metric]:
    found = unseen_entries(unseen_since__lte=now).aggregate(count=Count("pk"), oldest=Min("unseen_since"))
    count, seconds = gauge_family(UNSEEN), gauge_family(UNSEEN_SECONDS)
    count.add_metric([], found["count"])
    seconds.add_metric([], age(found["oldest"], now))
    yield from (count, seconds)


def read_endpoints(now: datetime) -> Iterator[Metric]:
    """There are few of them, beside what they are sent."""
    is_off = Q(disabled_at__isnull=False)
    found = WebhookEndpoint.objects.aggregate(
        every=Count("pk"),
        off=Count("pk", filter=is_off),
        failing=Count("pk", filter=FAILING),
        since=Min("failing_since", filter=FAILING),
    )
    counts, seconds = gauge_family(ENDPOINTS), gauge_family(FAILING_SECONDS)
    counts.add_metric(["working"], found["every"] - found["off"] - found["failing"])
    counts.add_metric(["failing"], found["failing"])
    counts.add_metric(["off"], found["off"])
    seconds.add_metric([], age(found["since"], now))
    yield from (counts, seconds)


READINGS = (read_waiting, count_open_orders, read_unseen, read_endpoints)


class Readings:
    """What was read last. Of several that ask at once one reads, and the others are told the same."""

    def __init__(self) -> None:
        self.kept: KeptAnswers[list[Metric]] = KeptAnswers(KEPT)

    def collect(self) -> Iterable[Metric]:
        return self.kept.get("", take_readings)


def take_readings() -> list[Metric]:
    """All readings; where the database fails, that alone."""
    up = gauge_family(UP)
    try:
        now = timezone.now()
        found = [metric for read in READINGS for metric in read(now)]
    except (DatabaseError, InterfaceError) as error:
        logger.warning("the database's metrics cannot be read: %s", type(error).__name__)
        found = []
    up.add_metric([], 1 if found else 0)
    return [up, *found]


readings = Readings()
