"""When a service may start, and how many bookings run at once: pure."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vendors.bookable import levels_of, most_at_once, starts
from vendors.menu import Span

BRUSSELS = ZoneInfo("Europe/Brussels")
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def span(opens: str, closes: str, *, weekday: int | None = None, on: date | None = None, fulfilment: str = "") -> Span:
    return Span(weekday, on, not opens, clock(opens), clock(closes), fulfilment)


def clock(text: str) -> time | None:
    return time.fromisoformat(text) if text else None


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BRUSSELS)


def times(spans: list[Span], first: str, days: int = 1, *, step: int = 30, lasting: int = 60) -> list[str]:
    """The starts as the vendor's clock shows them, the day of the month before."""
    found = starts(spans, BRUSSELS, "eat_in", first=local(first), days=days, step=step, lasting=lasting)
    assert found == sorted(found)
    return [f"{at.astimezone(BRUSSELS):%d %H:%M}" for at in found]


MORNING = [span("09:00", "11:00", weekday=0)]


def test_the_whole_duration_lies_within_opening() -> None:
    assert times(MORNING, "2026-06-01T00:00") == ["01 09:00", "01 09:30", "01 10:00"]
    assert times(MORNING, "2026-06-01T00:00", lasting=120) == ["01 09:00"]
    assert times(MORNING, "2026-06-01T00:00", lasting=121) == []


def test_shorter_than_the_grid_ends_with_the_opening() -> None:
    assert times(MORNING, "2026-06-01T00:00", step=50, lasting=20) == ["01 09:00", "01 09:50", "01 10:40"]


def test_the_grid_begins_with_the_opening_wherever_one_asks_from() -> None:
    odd = [span("09:10", "12:00", weekday=0)]
    assert times(odd, "2026-06-01T09:11") == ["01 09:40", "01 10:10", "01 10:40"]
    assert times(odd, "2026-06-01T10:10")[0] == "01 10:10"
    assert times(odd, "2026-06-01T10:10:01")[0] == "01 10:40"


def test_nights_go_on_after_midnight() -> None:
    night = [span("22:00", "02:00", weekday=0)]
    assert times(night, "2026-06-01T22:00") == ["01 22:00", "01 22:30", "01 23:00", "01 23:30"]
    assert times(night, "2026-06-02T00:00") == ["02 00:00", "02 00:30", "02 01:00"]


def test_what_touches_is_one_opening_with_a_grid_of_each_day() -> None:
    around = [span("00:00", "00:00", weekday=day) for day in range(7)]
    assert times(around, "2026-06-01T22:30", step=50) == ["01 22:30", "01 23:20"]
    assert times(around, "2026-06-02T00:00", step=50)[:2] == ["02 00:00", "02 00:50"]
    assert times([span("09:00", "10:00", weekday=0), span("10:00", "11:00", weekday=0)], "2026-06-01T00:00")[1:] == [
        "01 09:30",
        "01 10:00",
    ]


def test_without_spans_it_is_always_open() -> None:
    found = times([], "2026-06-01T00:00", days=2)
    assert len(found) == 96
    assert (found[0], found[-1]) == ("01 00:00", "02 23:30")


def test_a_date_and_a_fulfilment_go_before_a_weekday() -> None:
    holiday = [*MORNING, span("", "", on=date(2026, 6, 1))]
    assert times(holiday, "2026-06-01T00:00", days=8) == ["08 09:00", "08 09:30", "08 10:00"]
    eating = [*MORNING, span("18:00", "19:00", weekday=0, fulfilment="eat_in")]
    assert times(eating, "2026-06-01T00:00") == ["01 18:00"]


@pytest.mark.parametrize(("day", "count"), [("2026-03-29", 44), ("2026-10-25", 48), ("2026-10-26", 46)])
def test_days_on_which_the_clock_changes(day: str, count: int) -> None:
    around = [span("00:00", "23:59", weekday=number) for number in range(7)]
    found = starts(around, BRUSSELS, "eat_in", first=local(f"{day}T00:00"), days=1, step=30, lasting=60)
    assert len(found) == len(set(found)) == count


def test_a_moment_near_the_calendars_ends_has_none() -> None:
    assert starts([], BRUSSELS, "eat_in", first=datetime.max.replace(tzinfo=UTC), days=3, step=30, lasting=60) == []
    assert starts([], BRUSSELS, "eat_in", first=NOON, days=0, step=30, lasting=60) == []


def test_bookings_that_follow_each_other_need_one_place() -> None:
    levels = levels_of([(NOON, NOON + HOUR), (NOON + HOUR, NOON + 2 * HOUR)])
    assert most_at_once(levels, NOON + HOUR / 2, NOON + 3 * HOUR / 2) == 1
    assert most_at_once(levels, NOON + 2 * HOUR, NOON + 3 * HOUR) == 0
    assert most_at_once([], NOON, NOON + HOUR) == 0


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 12))), st.integers(0, 40), st.integers(1, 12))
def test_most_at_once_is_what_counting_each_minute_gives(
    booked: list[tuple[int, int]], begin: int, length: int
) -> None:
    minute = timedelta(minutes=1)
    levels = levels_of((NOON + start * minute, NOON + (start + lasting) * minute) for start, lasting in booked)
    counted = max(
        sum(start <= at < start + lasting for start, lasting in booked) for at in range(begin, begin + length)
    )
    assert most_at_once(levels, NOON + begin * minute, NOON + (begin + length) * minute) == counted
