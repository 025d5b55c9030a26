"""The figures of a day: the orders that vendors could see, by hour and by vendor; one statement, of that day's orders.

What adds up, by currency, in minor units: sales = ordered - lost (orders without success, whole) - given back (of the
others).
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import Any

from django.db.models import Case, Count, DurationField, ExpressionWrapper, F, Q, QuerySet, Sum, When
from django.db.models.functions import Coalesce, ExtractHour

from orders.lifecycle.due_moments import ANSWERABLE_SINCE
from orders.lifecycle.table import FAILURE, SUCCESS, Fulfilment, Status
from orders.models import Order

# What the customer was told: as estimated, or as asked for.
PROMISED = Coalesce("estimated_at", "deliver_at")
# When it was there: a delivery at its customer's; what is fetched is in time where it was ready.
ARRIVED = Case(When(fulfilment=Fulfilment.DELIVERY, then=F("delivered_at")), default=F("prepared_at"))
REFUSED = Q(status=Status.REJECTED_BY_BUSINESS)
LOST = Q(status__in=sorted(FAILURE))
TIMED = Q(status__in=sorted(SUCCESS), promised__isnull=False, arrived__isnull=False)
# Accepted before it could be answered (a preorder, say), it has waited for nothing.
WAITED = Q(accepted_at__gte=ANSWERABLE_SINCE)
MOST_VENDORS = 8


@dataclass(slots=True)
class Counts:
    """Of some orders: all, those that ended without success, and of these those that their vendor refused."""

    orders: int = 0
    lost: int = 0
    refused: int = 0

    def add(self, row: Mapping[str, Any]) -> None:
        self.orders += row["orders"]
        self.lost += row["lost"]
        self.refused += row["refused"]

    @property
    def kept(self) -> int:
        return self.orders - self.lost


@dataclass(slots=True)
class Sales:
    """Of the orders in one currency, minor units."""

    ordered: int = 0
    lost: int = 0
    given_back: int = 0

    @property
    def sales(self) -> int:
        return self.ordered - self.lost - self.given_back


@dataclass(slots=True, kw_only=True)
class Day:
    """The figures of a day, by its clock's hours."""

    zone: tzinfo
    total: Counts = field(default_factory=Counts)
    hours: dict[int, Counts] = field(default_factory=lambda: defaultdict(Counts))
    # By id: the name, and its orders.
    vendors: dict[int, tuple[str, Counts]] = field(default_factory=dict)
    sales: dict[str, Sales] = field(default_factory=lambda: defaultdict(Sales))
    answered: int = 0
    waited: timedelta = timedelta(0)
    timed: int = 0
    on_time: int = 0

    @property
    def acceptance(self) -> timedelta | None:
        """How long an order waited for its answer, on average; None where none was accepted."""
        return self.waited / self.answered if self.answered else None

    @property
    def on_time_share(self) -> int | None:
        """Per cent of what was promised and has arrived, rounded down: 100 is all of it; None of nothing."""
        return 100 * self.on_time // self.timed if self.timed else None

    @property
    def refusing(self) -> list[tuple[str, Counts]]:
        """The vendors that refused most, with all of their orders."""
        found = [(name, counts) for name, counts in self.vendors.values() if counts.refused]
        return sorted(found, key=lambda pair: (-pair[1].refused, pair[0]))[:MOST_VENDORS]


def read_day(orders: QuerySet[Order], start: datetime, end: datetime, zone: tzinfo) -> Day:
    """Adds up those of the orders that were placed from `start` until `end`, and are not deleted."""
    placed = orders.filter(placed_at__gte=start, placed_at__lt=end, deleted_at__isnull=True, visible_at__isnull=False)
    by_group = (
        placed.order_by()
        .alias(promised=PROMISED, arrived=ARRIVED)
        .values("vendor", "vendor__name", "currency", hour=ExtractHour("placed_at", tzinfo=zone))
    )
    waited = ExpressionWrapper(F("accepted_at") - ANSWERABLE_SINCE, output_field=DurationField())
    rows = by_group.annotate(
        orders=Count("pk"),
        refused=Count("pk", filter=REFUSED),
        lost=Count("pk", filter=LOST),
        ordered_amount=Sum("total"),
        lost_amount=Sum("total", filter=LOST),
        given_back=Sum("refunded", filter=~LOST),
        answered=Count("pk", filter=WAITED),
        waited=Sum(waited, filter=WAITED),
        timed=Count("pk", filter=TIMED),
        on_time=Count("pk", filter=TIMED & Q(arrived__lte=F("promised"))),
    )
    day = Day(zone=zone)
    for row in rows:
        _, of_vendor = day.vendors.setdefault(row["vendor"], (row["vendor__name"], Counts()))
        for counts in (day.total, day.hours[row["hour"]], of_vendor):
            counts.add(row)
        sales = day.sales[row["currency"]]
        sales.ordered += row["ordered_amount"]
        sales.lost += row["lost_amount"] or 0
        sales.given_back += row["given_back"] or 0
        day.answered += row["answered"]
        day.waited += row["waited"] or timedelta(0)
        day.timed += row["timed"]
        day.on_time += row["on_time"]
    return day
