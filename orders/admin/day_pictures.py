"""The figures of today in words, and as pictures that the server draws."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from django.utils import timezone

from orders.admin import display
from orders.reading.today import Counts, Day, read_day
from ordersite.backoffice.moments import write_moment
from vendors.hours import moment

# A picture's own units: it is stretched to the place that it has.
HEIGHT, WIDTH, SLOT, GAP = 100, 240, 10, 2


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a bar: what it counts, and where it stands."""

    kind: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Today:
    """What the first page tells of today; `sales` is empty for who may not see money."""

    day: Day
    at: str
    acceptance: str
    sales: list[dict[str, str]]
    hours: list[tuple[str, Counts]]
    blocks: list[Block]
    most: int
    refusing: list[tuple[str, Counts, Block]]


def hour_blocks(day: Day) -> tuple[list[Block], int]:
    """A bar for each hour, kept orders below, refused ones on top; and the most orders of an hour."""
    most = max((counts.orders for counts in day.hours.values()), default=0)
    blocks = []
    for hour, counts in sorted(day.hours.items()):
        below = 0
        parts = {"kept": counts.kept, "lost": counts.lost - counts.refused, "refused": counts.refused}
        for kind, count in parts.items():
            if count:
                below += count
                y, height = HEIGHT * (1 - below / most), HEIGHT * count / most
                blocks.append(Block(kind, hour * SLOT + GAP / 2, round(y, 2), SLOT - GAP, round(height, 2)))
    return blocks, most


def refusing_blocks(day: Day) -> list[tuple[str, Counts, Block]]:
    """The vendors that refused most, each with a bar beside that of the first."""
    most = max((counts.refused for _, counts in day.refusing), default=0)
    return [
        (name, counts, Block("refused", 0, 0, round(WIDTH * counts.refused / most, 2), HEIGHT))
        for name, counts in day.refusing
    ]


def sales_in_words(day: Day) -> list[dict[str, str]]:
    """By currency, the parts that add up."""
    return [
        {name: display.money(getattr(sales, name), currency) for name in ("sales", "ordered", "lost", "given_back")}
        for currency, sales in sorted(day.sales.items())
    ]


def draw_today(orders: Any, zone: Any, *, with_money: bool) -> Today:
    """The figures of these orders, of the day that it is by the zone's clock."""
    now: datetime = timezone.now()
    date = now.astimezone(zone).date()
    start, end = (moment(date + timedelta(days=days), time.min, zone) for days in (0, 1))
    day = read_day(orders, start, end, zone)
    blocks, most = hour_blocks(day)
    return Today(
        day=day,
        at=write_moment(now, zone, "H:i"),
        acceptance=display.span(day.acceptance) if day.acceptance is not None else "",
        sales=sales_in_words(day) if with_money else [],
        hours=[(f"{hour:02}:00", day.hours[hour]) for hour in sorted(day.hours)],
        blocks=blocks,
        most=most,
        refusing=refusing_blocks(day),
    )
