"""Replays past orders forward, and prints how the estimates of each stage kept what they promise.

    python -m benchmarks.estimates                  the orders of the database that the settings name
    python -m benchmarks.estimates --drawn 8000     times as `manage.py simulate --history` draws them
    python -m benchmarks.estimates past.csv         any orders: vendor, placed, accepted, ready, picked_up, delivered

Each order is told its range when it comes to a stage, by what had ended before, and learnt from when it ends. Beside it
stands the plain way: the range between the tenth and the ninetieth percentile of all that the vendor's orders took at
that stage so far (of all vendors' while it had fewer than 30). The first orders only warm up.
"""

import argparse
import csv
import os
import statistics
import sys
from bisect import insort
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from operator import itemgetter
from pathlib import Path
from random import Random
from typing import TextIO

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ordersite.settings")
django.setup()

from orders.estimates import NEEDED, OUTSIDE, Pace, Stage, StageTimes, quantile  # noqa: E402
from orders.kinds import names_where  # noqa: E402
from orders.lifecycle.table import Status  # noqa: E402
from orders.models import Order, OrderEvent  # noqa: E402
from ordersite.demo.past_times import draw_times  # noqa: E402

COLUMNS = ("vendor", "placed", "accepted", "ready", "picked_up", "delivered")
DRAWN_VENDORS = 12
MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class PastOrder:
    """Who made it, when it came to each stage, and when what is estimated happened."""

    vendor: str
    way: str
    stages: tuple[tuple[Stage, datetime], ...]
    end: datetime


@dataclass(slots=True)
class Score:
    """What one way of estimating told at one stage."""

    kept: list[bool] = field(default_factory=list)
    widths: list[float] = field(default_factory=list)  # seconds
    errors: list[float] = field(default_factory=list)  # of the middle, seconds

    def add(self, low: float, high: float, took: float) -> None:
        self.kept.append(low <= took <= high)
        self.widths.append(high - low)
        self.errors.append(abs((low + high) / 2 - took))


Scores = dict[tuple[str, Stage, str], Score]


def past_order(vendor: str, moments: Sequence[datetime | None]) -> PastOrder | None:
    """Of placed, accepted, ready, picked up, near and delivered; what was not picked up by a driver ends ready.

    None where it did not come to its end, or its times do not follow one another.
    """
    placed, accepted, ready, picked_up, near, delivered = moments
    end = delivered if picked_up else ready
    if placed is None or end is None:
        return None
    reached = zip(
        (Stage.PLACED, Stage.ACCEPTED, Stage.READY, Stage.PICKED_UP, Stage.NEAR),
        (placed, accepted, ready, picked_up, near),
        strict=True,
    )
    stages = tuple((stage, moment) for stage, moment in reached if moment and (picked_up or moment < end))
    if any(moment > end for _, moment in stages):
        return None
    return PastOrder(vendor, "delivery" if picked_up else "collection", stages, end)


def read_csv(file: TextIO) -> Iterator[PastOrder | None]:
    """Rows with RFC 3339 times; `near` may stand too, and what was collected has no `picked_up`."""
    reader = csv.DictReader(file)
    if missing := set(COLUMNS) - set(reader.fieldnames or ()):
        sys.exit(f"The file has no column {', '.join(sorted(missing))}.")
    names = ("placed", "accepted", "ready", "picked_up", "near", "delivered")
    for number, row in enumerate(reader, start=2):
        try:
            moments = [aware(text) if (text := (row.get(name) or "").strip()) else None for name in names]
        except ValueError as error:
            sys.exit(f"Line {number}: {error}")
        yield past_order(row["vendor"], moments)


def aware(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def read_database() -> Iterator[PastOrder | None]:
    """The orders that were to come as soon as they could, of the kinds that are estimated."""
    nears = dict(
        OrderEvent.objects.filter(to_status=Status.DRIVER_ALMOST_ARRIVED_TO_CUSTOMER)
        .order_by("number")
        .values_list("order_id", "created_at")
    )
    orders = Order.objects.filter(
        deliver_at=None, deleted_at=None, kind__in=names_where(lambda kind: kind.takes_usual_time)
    )
    columns = ("visible_at", "accepted_at", "prepared_at", "picked_up_at", "delivered_at")
    for pk, vendor, *moments in orders.order_by("placed_at", "pk").values_list("pk", "vendor_id", *columns).iterator():
        yield past_order(str(vendor), [*moments[:4], nears.get(pk), moments[4]])


def draw(count: int, seed: int) -> Iterator[PastOrder | None]:
    until = datetime(2026, 11, 1, tzinfo=UTC)
    for one in draw_times(Random(seed), range(DRAWN_VENDORS), count, until=until):
        moments = (one.placed, one.accepted, one.ready, one.picked_up, one.near, one.delivered)
        yield past_order(str(one.vendor), moments)


def replay_forward(orders: Sequence[PastOrder], warm_up: int) -> Scores:
    """Tells and learns in the order in which it happened; at the same moment it learns first."""
    scores: Scores = defaultdict(Score)
    site: dict[tuple[str, Stage], StageTimes] = defaultdict(StageTimes)
    vendors: dict[tuple[str, Stage, str], Pace] = defaultdict(Pace)
    plain: dict[tuple[str, Stage, str], list[float]] = defaultdict(list)
    begins = [(moment, 1, number, stage) for number, order in enumerate(orders) for stage, moment in order.stages]
    ends = [(order.end, 0, number, None) for number, order in enumerate(orders)]
    for now, _, number, at in sorted([*begins, *ends], key=itemgetter(0, 1, 2)):
        order = orders[number]
        if at is None:
            for stage, moment in order.stages:
                took = (order.end - moment).total_seconds()
                site[order.way, stage].learn(vendors[order.way, stage, order.vendor], took, order.end.timestamp())
                for vendor in (order.vendor, ""):
                    insort(plain[order.way, stage, vendor], took)
        elif number >= warm_up:
            took = (order.end - now).total_seconds()
            pace = vendors[order.way, at, order.vendor]
            told = site[order.way, at].expect(pace, stage=at, begun=now, now=now)
            if told and told.until:
                low, high = ((moment - now).total_seconds() for moment in (told.since, told.until))
                scores[order.way, at, "ours"].add(low, high, took)
                past = plain[order.way, at, order.vendor]
                past = past if len(past) >= NEEDED else plain[order.way, at, ""]
                scores[order.way, at, "plain"].add(quantile(past, OUTSIDE), quantile(past, 1 - OUTSIDE), took)
    return scores


def print_scores(scores: Scores) -> None:
    print("| orders | stage | | estimates | kept | median width, minutes | median error of the middle, minutes |")
    print("| --- | --- | --- | ---: | ---: | ---: | ---: |")
    for way, stage, who in sorted(scores, key=lambda key: (key[0] != "delivery", list(Stage).index(key[1]), key[2])):
        score = scores[way, stage, who]
        kept = sum(score.kept) / len(score.kept)
        width, error = (statistics.median(values) / MINUTE for values in (score.widths, score.errors))
        print(f"| {way} | {stage} | {who} | {len(score.kept):,} | {kept:.3f} | {width:.1f} | {error:.1f} |")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.estimates", description=__doc__)
    parser.add_argument("file", nargs="?", type=Path)
    parser.add_argument("--drawn", type=int, metavar="N")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--warm-up", type=int, default=1000, help="orders")
    chosen = parser.parse_args()
    if chosen.file:
        with chosen.file.open(newline="", encoding="utf-8") as file:
            found = list(read_csv(file))
    else:
        found = list(draw(chosen.drawn, chosen.seed) if chosen.drawn else read_database())
    orders = sorted((order for order in found if order), key=lambda order: order.stages[0][1])
    print(f"{len(orders):,} orders, the first {chosen.warm_up:,} to warm up; {len(found) - len(orders):,} did not end.")
    print_scores(replay_forward(orders, chosen.warm_up))


if __name__ == "__main__":
    main()
