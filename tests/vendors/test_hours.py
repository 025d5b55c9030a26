"""When a vendor is open: days, nights, dates, fulfilments, changes of the clock."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vendors.hours import is_open, moment, next_opening, slots
from vendors.menu import Span

BRUSSELS = ZoneInfo("Europe/Brussels")
MONDAY = date(2026, 6, 1)


def span(
    opens: str = "", closes: str = "", *, weekday: int | None = None, on: date | None = None, fulfilment: str = ""
) -> Span:
    return Span(
        weekday=weekday,
        date=on,
        closed=not opens,
        opens=time.fromisoformat(opens) if opens else None,
        closes=time.fromisoformat(closes) if closes else None,
        fulfilment=fulfilment,
    )


def local(text: str, zone: ZoneInfo = BRUSSELS) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


LUNCH_AND_NIGHT = (span("11:00", "14:00", weekday=0), span("18:00", "02:00", weekday=0))


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-06-01T10:59", False),
        ("2026-06-01T11:00", True),
        ("2026-06-01T13:59", True),
        ("2026-06-01T14:00", False),
        ("2026-06-01T23:59", True),
        ("2026-06-02T01:59", True),
        ("2026-06-02T02:00", False),
        ("2026-06-02T11:30", False),
        ("2026-06-01T01:00", False),
    ],
)
def test_days_and_nights(at: str, expected: bool) -> None:
    assert is_open(LUNCH_AND_NIGHT, BRUSSELS, "delivery", local(at)) is expected


def test_no_span_is_always_open() -> None:
    at = local("2026-06-01T03:00")
    assert is_open((), BRUSSELS, "delivery", at)
    assert next_opening((), BRUSSELS, "delivery", at) == at


def test_closing_when_it_opens_is_a_whole_day() -> None:
    spans = (span("06:00", "06:00", weekday=0),)
    assert is_open(spans, BRUSSELS, "pickup", local("2026-06-02T05:59"))
    assert not is_open(spans, BRUSSELS, "pickup", local("2026-06-02T06:00"))


def test_a_date_replaces_its_weekday() -> None:
    spans = (*LUNCH_AND_NIGHT, span("15:00", "16:00", on=MONDAY), span(on=MONDAY + timedelta(7)))
    assert is_open(spans, BRUSSELS, "pickup", local("2026-06-01T15:30"))
    assert not is_open(spans, BRUSSELS, "pickup", local("2026-06-01T12:00"))
    assert not is_open(spans, BRUSSELS, "pickup", local("2026-06-08T12:00"))
    assert is_open(spans, BRUSSELS, "pickup", local("2026-06-15T12:00"))


def test_a_fulfilments_rows_replace_the_general_ones_of_that_day() -> None:
    spans = (*LUNCH_AND_NIGHT, span("12:00", "13:00", weekday=0, fulfilment="delivery"))
    assert not is_open(spans, BRUSSELS, "delivery", local("2026-06-01T11:30"))
    assert is_open(spans, BRUSSELS, "delivery", local("2026-06-01T12:30"))
    assert is_open(spans, BRUSSELS, "pickup", local("2026-06-01T11:30"))


def test_a_date_closed_for_one_fulfilment_stays_open_for_the_others() -> None:
    spans = (*LUNCH_AND_NIGHT, span(on=MONDAY, fulfilment="delivery"))
    assert not is_open(spans, BRUSSELS, "delivery", local("2026-06-01T12:00"))
    assert is_open(spans, BRUSSELS, "pickup", local("2026-06-01T12:00"))


def test_next_opening() -> None:
    assert next_opening(LUNCH_AND_NIGHT, BRUSSELS, "pickup", local("2026-06-01T15:00")) == local("2026-06-01T18:00")
    assert next_opening(LUNCH_AND_NIGHT, BRUSSELS, "pickup", local("2026-06-02T03:00")) == local("2026-06-08T11:00")
    assert next_opening(LUNCH_AND_NIGHT, BRUSSELS, "pickup", local("2026-06-01T12:00")) == local("2026-06-01T12:00")
    assert next_opening((span(on=MONDAY),), BRUSSELS, "pickup", local("2026-06-01T12:00")) is None
    later = (span("10:00", "11:00", on=MONDAY + timedelta(30)),)
    assert next_opening(later, BRUSSELS, "pickup", local("2026-06-01T12:00")) is None


def test_a_skipped_time_is_the_moment_of_the_skip() -> None:
    # 29 March 2026: 02:00 becomes 03:00 in Brussels.
    assert moment(date(2026, 3, 29), time(2, 30), BRUSSELS) == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
    assert moment(date(2026, 3, 29), time(3, 30), BRUSSELS) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    spans = (span("01:00", "02:30", weekday=6),)
    assert is_open(spans, BRUSSELS, "pickup", datetime(2026, 3, 29, 0, 59, tzinfo=UTC))
    assert not is_open(spans, BRUSSELS, "pickup", datetime(2026, 3, 29, 1, 0, tzinfo=UTC))


def test_the_doubled_hour_of_autumn_is_open_twice() -> None:
    # 25 October 2026: 03:00 becomes 02:00 in Brussels.
    spans = (span("02:15", "02:45", weekday=6),)
    opens = [
        is_open(spans, BRUSSELS, "pickup", datetime(2026, 10, 25, hour, minute, tzinfo=UTC))
        for hour, minute in ((0, 14), (0, 15), (0, 50), (1, 44), (1, 45))
    ]
    assert opens == [False, True, True, True, False]


def test_slots_across_midnight_and_the_end_of_the_last_day() -> None:
    found = slots(LUNCH_AND_NIGHT, BRUSSELS, "pickup", first=local("2026-06-01T13:10"), days=1, minutes=60)
    assert found == [local(f"2026-06-01T{hour}:00") for hour in range(18, 24)]
    found = slots(LUNCH_AND_NIGHT, BRUSSELS, "pickup", first=local("2026-06-01T23:30"), days=2, minutes=30)
    assert found == [local(f"2026-06-0{text}") for text in ("1T23:30", "2T00:00", "2T00:30", "2T01:00", "2T01:30")]


@pytest.mark.parametrize(("day", "count"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-06-01", 24)])
def test_a_day_has_as_many_slots_as_hours(day: str, count: int) -> None:
    first = local(f"{day}T00:00")
    always = slots((), BRUSSELS, "pickup", first=first, days=1, minutes=60)
    all_day = tuple(span("00:00", "00:00", weekday=number) for number in range(7))
    assert len(always) == count
    assert slots(all_day, BRUSSELS, "pickup", first=first, days=1, minutes=60) == always


def test_the_ends_of_the_calendar_are_closed() -> None:
    for at in (datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)):
        assert not is_open(LUNCH_AND_NIGHT, BRUSSELS, "pickup", at)
        assert next_opening(LUNCH_AND_NIGHT, BRUSSELS, "pickup", at) is None
        assert slots(LUNCH_AND_NIGHT, BRUSSELS, "pickup", first=at, days=3, minutes=15) == []


minutes_of_day = st.integers(0, 24 * 60 - 1).map(lambda number: time(number // 60, number % 60))
weekly = st.builds(
    lambda weekday, opens, closes, fulfilment: Span(weekday, None, False, opens, closes, fulfilment),
    st.integers(0, 6),
    minutes_of_day,
    minutes_of_day,
    st.sampled_from(["", "", "delivery"]),
)
zones = st.sampled_from(["Europe/Brussels", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"])
moments = st.datetimes(datetime(2024, 1, 1), datetime(2028, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))


@given(st.lists(weekly, min_size=1, max_size=6), zones, moments)
def test_next_opening_is_open_and_nothing_before_it_is(spans: list[Span], name: str, at: datetime) -> None:
    zone = ZoneInfo(name)
    found = next_opening(spans, zone, "delivery", at)
    if found is None:
        # Where the clock changes, a span may be skipped altogether.
        assert name != "UTC" or not any(row.fulfilment in ("", "delivery") for row in spans)
        return
    assert found >= at
    assert is_open(spans, zone, "delivery", found)
    if found > at:
        for part in range(20):
            assert not is_open(spans, zone, "delivery", at + (found - at) * part / 20)


@given(st.lists(weekly, min_size=1, max_size=6), zones, moments, st.sampled_from([15, 30, 60]))
def test_slots_lie_within_opening(spans: list[Span], name: str, first: datetime, minutes: int) -> None:
    zone = ZoneInfo(name)
    found = slots(spans, zone, "pickup", first=first, days=3, minutes=minutes)
    assert found == sorted(set(found))
    last_day = first.astimezone(zone).date() + timedelta(2)
    for slot in found:
        assert slot >= first
        assert slot.astimezone(zone).date() <= last_day
        assert is_open(spans, zone, "pickup", slot)
        assert is_open(spans, zone, "pickup", slot + timedelta(minutes=minutes) - timedelta(seconds=1))


@given(weekly, zones, moments)
def test_a_plain_week_follows_the_clock_on_the_wall(row: Span, name: str, at: datetime) -> None:
    wall = at.astimezone(ZoneInfo(name))
    assert row.opens is not None
    assert row.closes is not None
    now, overnight = wall.time(), row.closes <= row.opens
    if wall.utcoffset() != (wall - timedelta(1)).utcoffset() or wall.utcoffset() != (wall + timedelta(1)).utcoffset():
        return  # the days of a change have tests of their own
    same_day = row.weekday == wall.weekday() and row.opens <= now and (overnight or now < row.closes)
    day_after = overnight and (row.weekday or 0) == (wall.weekday() - 1) % 7 and now < row.closes
    expected = (same_day or day_after) and row.fulfilment in ("", "delivery")
    assert is_open([row], ZoneInfo(name), "delivery", at) is expected
