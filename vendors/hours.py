"""When a vendor is open. Pure: spans in, moments out.

A span that closes at or before it opens ends on the next day. The rows of a date replace those of its weekday, and
among a day's rows those of a fulfilment replace the general ones. A vendor without any span is always open.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from vendors.menu import Span

DAY = timedelta(days=1)
# A week and a day: every weekday comes by once whatever today has left of its own.
DAYS_AHEAD = 8
WEEK_MINUTES = 7 * 24 * 60
Period = tuple[datetime, datetime]


def spans_of_day(spans: Sequence[Span], fulfilment: str, day: date) -> list[Span]:
    """The spans that begin on this day and hold for the fulfilment."""
    fitting = [span for span in spans if span.fulfilment in ("", fulfilment)]
    rows = [span for span in fitting if span.date == day] or [span for span in fitting if span.weekday == day.weekday()]
    own = [span for span in rows if span.fulfilment]
    return [span for span in own or rows if not span.closed]


def moment(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The UTC moment at which a clock on the vendor's wall shows this; `at.fold` says which where it does so twice.

    A time that the clock skips in spring is the moment of the skip.
    """
    local = datetime.combine(day, at, tzinfo=zone)
    utc = local.astimezone(UTC)
    if utc.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None):
        return utc
    # In a gap, fold 0 uses the offset before it and so lands after it, fold 1 the other way round.
    early, late = local.replace(fold=1).astimezone(UTC), local.replace(fold=0).astimezone(UTC)
    before = early.astimezone(zone).utcoffset()
    while late - early > timedelta(seconds=1):
        middle = early + (late - early) / 2
        if middle.astimezone(zone).utcoffset() == before:
            early = middle
        else:
            late = middle
    return late.replace(microsecond=0)


def openings(
    spans: Sequence[Span], zone: ZoneInfo, fulfilment: str, first: date, days: int
) -> Iterator[tuple[datetime, datetime, Span]]:
    """The opening that begins on these days, span by span, as (from, to, span) with moments in UTC."""
    for day in (first + number * DAY for number in range(days)):
        for span in spans_of_day(spans, fulfilment, day):
            if span.opens is None or span.closes is None:
                continue
            last = day if span.closes > span.opens else day + DAY
            # Where autumn shows a time twice, it opens at the first and closes at the second.
            yield moment(day, span.opens, zone), moment(last, span.closes.replace(fold=1), zone), span


def periods(spans: Sequence[Span], zone: ZoneInfo, fulfilment: str, first: date, days: int) -> list[Period]:
    """The opening that begins on these days, as (from, to) in UTC, in order; what touches is one."""
    return joined([(start, end) for start, end, _ in openings(spans, zone, fulfilment, first, days)])


def joined(found: Sequence[Period]) -> list[Period]:
    """The periods in order, those that touch as one."""
    whole: list[Period] = []
    for start, end in sorted(found):
        if whole and start <= whole[-1][1]:
            whole[-1] = (whole[-1][0], max(whole[-1][1], end))
        elif start < end:
            whole.append((start, end))
    return whole


def grids(spans: Sequence[Span], zone: ZoneInfo, fulfilment: str, first: date, days: int) -> list[Period]:
    """The same opening as what slots are cut from: each begins with a span and lasts until the next, or to closing.

    So where a slot begins does not depend on the day from which one looks, for a vendor that never closes either.
    """
    found = [(start, end) for start, end, _ in openings(spans, zone, fulfilment, first, days)]
    begins = sorted({start for start, _ in found})
    cut: list[Period] = []
    for start, end in joined(found):
        starts = [begin for begin in begins if start <= begin < end]
        cut.extend(zip(starts, [*starts[1:], end], strict=True))
    return cut


def overlap(one: Span, other: Span) -> bool:
    """Whether two spans of one delivery type are open at the same time; a date's and a weekday's never are."""
    if one.fulfilment != other.fulfilment or (one.date is None) != (other.date is None):
        return False
    if one.opens is None or one.closes is None or other.opens is None or other.closes is None:
        return False
    # Of weekdays Sunday night goes on into Monday.
    shifts = (0,) if one.date else (-WEEK_MINUTES, 0, WEEK_MINUTES)
    (start, end), (begin, last) = minutes_of(one), minutes_of(other)
    return any(start < last + shift and begin + shift < end for shift in shifts)


def contradict(one: Span, other: Span) -> bool:
    """Whether one of them closes a date for a delivery type that the other opens: the opening would count."""
    is_same = one.date is not None and (one.date, one.fulfilment) == (other.date, other.fulfilment)
    return is_same and one.closed != other.closed


def first_clash(spans: Sequence[Span]) -> int | None:
    """The place of a span that cannot stand beside another one of them: both are open then, or contradict each other.

    As `overlap` and `contradict` say of two; the cost does not grow with the pairs.
    """
    days: dict[tuple[date, str], bool] = {}
    lines: dict[tuple[str, bool], list[tuple[int, int, int]]] = {}
    for place, span in enumerate(spans):
        if span.date is not None and days.setdefault((span.date, span.fulfilment), span.closed) != span.closed:
            return place
        if span.opens is not None and span.closes is not None:
            lines.setdefault((span.fulfilment, span.date is None), []).append((*minutes_of(span), place))
    for (_, is_weekly), found in lines.items():
        found.sort()
        # After Sunday night comes Monday again.
        first, end, place = found[0]
        after = [(first + WEEK_MINUTES, end + WEEK_MINUTES, place)] if is_weekly else []
        for one, other in pairwise([*found, *after]):
            if other[0] < one[1]:
                return max(one[2], other[2])
    return None


def minutes_of(span: Span) -> tuple[int, int]:
    """Where a span with times begins and ends, in minutes since the first day of all."""
    day = span.date.toordinal() if span.date else span.weekday or 0
    opens, closes = span.opens or time.min, span.closes or time.min
    start, end = opens.hour * 60 + opens.minute, closes.hour * 60 + closes.minute
    return day * 1440 + start, (day if closes > opens else day + 1) * 1440 + end


def open_until(spans: Sequence[Span], zone: ZoneInfo, fulfilment: str, at: datetime) -> datetime | None:
    """When the opening ends that lasts at this moment, in UTC; None where it is closed, or does not close in a week."""
    if beyond(at):
        return None
    found = periods(spans, zone, fulfilment, at.astimezone(zone).date() - DAY, DAYS_AHEAD + 1)
    end = next((end for start, end in found if start <= at < end), None)
    return end if end is not None and end - at < (DAYS_AHEAD - 1) * DAY else None


def beyond(at: datetime) -> bool:
    """Whether the moment is too near the calendar's ends to calculate with: a client may send any."""
    return not 1 < at.year < 9999


class Calendar:
    """A vendor's hours, of which many moments are asked: each day's opening is computed once a fulfilment."""

    def __init__(self, spans: Sequence[Span], zone: ZoneInfo) -> None:
        self.spans = spans
        self.zone = zone
        self.known: dict[tuple[str, date], list[Period]] = {}
        self.variants: dict[int, Calendar] = {}

    def variant(self, key: int, spans: Sequence[Span]) -> "Calendar":
        """The calendar of something that has spans of its own (a service, by its id), kept for who asks next."""
        return self.variants.setdefault(key, Calendar(spans, self.zone))

    def opening_on(self, fulfilment: str, day: date) -> list[Period]:
        """The opening that begins on this day."""
        key = fulfilment, day
        if key not in self.known:
            self.known[key] = periods(self.spans, self.zone, fulfilment, day, 1)
        return self.known[key]

    def is_open(self, fulfilment: str, at: datetime) -> bool:
        """Whether it is open for this fulfilment at this moment; at the moment of closing it is not."""
        if not self.spans:
            return True
        if beyond(at):
            return False
        today = at.astimezone(self.zone).date()
        return any(start <= at < end for day in (today - DAY, today) for start, end in self.opening_on(fulfilment, day))

    def next_opening(self, fulfilment: str, at: datetime, *, days: int = DAYS_AHEAD) -> datetime | None:
        """When it is open next, in UTC: `at` itself where it is open then, None where not within so many days."""
        if self.is_open(fulfilment, at):
            return at.astimezone(UTC)
        if beyond(at):
            return None
        today = at.astimezone(self.zone).date()
        starts = (start for number in range(days + 1) for start, _ in self.opening_on(fulfilment, today + number * DAY))
        return next((start for start in starts if start > at), None)


def is_open(spans: Sequence[Span], zone: ZoneInfo, fulfilment: str, at: datetime) -> bool:
    """Whether the vendor is open for this fulfilment at this one moment: Calendar.is_open."""
    return Calendar(spans, zone).is_open(fulfilment, at)


def next_opening(
    spans: Sequence[Span], zone: ZoneInfo, fulfilment: str, at: datetime, *, days: int = DAYS_AHEAD
) -> datetime | None:
    """When the vendor is open next after this one moment: Calendar.next_opening."""
    return Calendar(spans, zone).next_opening(fulfilment, at, days=days)


def slots(
    spans: Sequence[Span], zone: ZoneInfo, fulfilment: str, *, first: datetime, days: int, minutes: int
) -> list[datetime]:
    """The starts of slots of so many minutes, in UTC, from `first` to the end of the days-th of the vendor's days.

    Each opening is cut from its own beginning (a vendor always open: each day from midnight), anew where its hours
    name a beginning within; what is left at the end and too short for a slot is none.
    """
    if days <= 0 or beyond(first):
        return []
    today = first.astimezone(zone).date()
    midnights = [moment(today + number * DAY, time.min, zone) for number in range(days + 1)]
    # From yesterday's opening on, which may last past midnight.
    opening = (
        grids(spans, zone, fulfilment, today - DAY, days + 1)
        if spans
        else list(zip(midnights, midnights[1:], strict=False))
    )
    step = timedelta(minutes=minutes)
    found: list[datetime] = []
    for start, end in opening:
        slot = start
        if slot < first:
            slot += -((first - slot) // -step) * step
        while slot + step <= end and slot < midnights[-1]:
            found.append(slot)
            slot += step
    return found
