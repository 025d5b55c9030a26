"""When a service can be booked. Pure: spans and bookings in, times out."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from vendors.hours import DAY, Period, beyond, moment, periods
from vendors.menu import Span

# How many bookings run from each moment on at which their number changes, in order.
Levels = Sequence[tuple[datetime, int]]


def starts(
    spans: Sequence[Span], zone: ZoneInfo, fulfilment: str, *, first: datetime, days: int, step: int, lasting: int
) -> list[datetime]:
    """When something of so many minutes may start, in UTC, from `first` to the end of the days-th of the vendor's days.

    The times lie `step` minutes apart from each opening's own beginning (a vendor always open: from each midnight).
    All of the duration lies within opening, where what touches is one, also beyond midnight.
    """
    if days <= 0 or beyond(first):
        return []
    today = first.astimezone(zone).date()
    limit = moment(today + days * DAY, time.min, zone)
    # What begins on the last day lasts a day at most, and may be in the opening of the day after.
    joined = periods(spans, zone, fulfilment, today - DAY, days + 3)
    grid, length = timedelta(minutes=step), timedelta(minutes=lasting)
    found: set[datetime] = set()
    # From yesterday's opening on, which may last past midnight.
    for day in (today + number * DAY for number in range(-1, days)):
        for begins, ends in openings_of_day(spans, zone, fulfilment, day):
            until = next((end for start, end in joined if start <= begins < end), None)
            at = begins
            if at < first:
                at += -((first - at) // -grid) * grid
            while at < min(ends, limit) and (until is None or at + length <= until):
                found.add(at)
                at += grid
    return sorted(found)


def openings_of_day(spans: Sequence[Span], zone: ZoneInfo, fulfilment: str, day: date) -> list[Period]:
    """The opening that begins on the day, apart from the days beside it: so its grid does not hang on who asks."""
    if spans:
        return periods(spans, zone, fulfilment, day, 1)
    return [(moment(day, time.min, zone), moment(day + DAY, time.min, zone))]


def levels_of(booked: Iterable[Period]) -> Levels:
    """How many of the bookings run at once, from when to when."""
    changes: Counter[datetime] = Counter()
    for start, end in booked:
        changes[start] += 1
        changes[end] -= 1
    running, found = 0, []
    for at in sorted(changes):
        running += changes[at]
        found.append((at, running))
    return found


def most_at_once(levels: Levels, start: datetime, end: datetime) -> int:
    """The most bookings that run at any one moment of the time: two that follow each other need one place only."""
    index = bisect_right(levels, start, key=lambda level: level[0])
    most = levels[index - 1][1] if index else 0
    while index < len(levels) and levels[index][0] < end:
        most = max(most, levels[index][1])
        index += 1
    return most
