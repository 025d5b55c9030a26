"""The slot that a moment lies in, and its caps."""

from dataclasses import replace
from datetime import UTC, timedelta

import pytest

from tests.vendors.test_hours import BRUSSELS, LUNCH_AND_NIGHT, local, span
from vendors.hours import slots
from vendors.menu import Span
from vendors.slots import Caps, caps_at, is_capped, slot_at

LUNCH = span("11:00", "14:10", weekday=0)
NIGHT = span("18:00", "02:00", weekday=0)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-06-01T11:00", "2026-06-01T11:00"),
        ("2026-06-01T11:14:59.999999", "2026-06-01T11:00"),
        ("2026-06-01T11:15", "2026-06-01T11:15"),
        ("2026-06-01T14:05", "2026-06-01T14:00"),
        # Ordered just before closing: ready after it.
        ("2026-06-01T14:30", "2026-06-01T14:00"),
        ("2026-06-01T18:01", "2026-06-01T18:00"),
        ("2026-06-02T01:50", "2026-06-02T01:45"),
        ("2026-06-02T02:00", "2026-06-02T01:45"),
        # Days to prepare, and ready on a closed one.
        ("2026-06-05T12:00", "2026-06-02T01:45"),
    ],
)
def test_the_slot_of_a_moment(at: str, expected: str) -> None:
    found = slot_at((LUNCH, NIGHT), BRUSSELS, "pickup", local(at), 15)
    assert found == local(expected).astimezone(UTC)


def test_slots_are_cut_anew_where_another_span_begins() -> None:
    spans = (span("11:05", "14:10", weekday=0), span("14:10", "16:00", weekday=0), span("15:00", "15:20", weekday=0))
    for at, expected in {"14:09": "14:05", "14:12": "14:10", "15:00": "15:00", "15:59": "15:45"}.items():
        found = slot_at(spans, BRUSSELS, "pickup", local(f"2026-06-01T{at}"), 15)
        assert found == local(f"2026-06-01T{expected}")


def test_a_vendor_never_open_has_no_slot() -> None:
    closed = (replace(span(on=local("2026-06-01T00:00").date()), closed=True),)
    assert slot_at(closed, BRUSSELS, "pickup", local("2026-06-01T12:00"), 15) is None


ALWAYS = tuple(span("09:00", "09:00", weekday=day) for day in range(7))
SUNDAY_NIGHT = (span("23:50", "04:20", weekday=6),)


@pytest.mark.parametrize("spans", [(), LUNCH_AND_NIGHT, (LUNCH, NIGHT), SUNDAY_NIGHT, ALWAYS])
@pytest.mark.parametrize("first", ["2026-03-26T00:00", "2026-06-01T00:00", "2026-10-22T00:00"])
@pytest.mark.parametrize("minutes", [7, 15, 60])
def test_every_slot_to_order_for_is_the_slot_of_all_its_moments(
    spans: tuple[Span, ...], first: str, minutes: int
) -> None:
    """Also in the weeks in which the clock changes."""
    found = slots(spans, BRUSSELS, "pickup", first=local(first), days=8, minutes=minutes)
    assert len(found) > 40 / minutes
    last = timedelta(minutes=minutes) - timedelta(microseconds=1)
    for start in found[::11]:
        for at in (start, start + last / 2, start + last):
            assert slot_at(spans, BRUSSELS, "pickup", at, minutes) == start


def test_caps_stand_on_the_span_or_the_vendor() -> None:
    usual = Caps(orders=9, value=9000)
    spans = (
        replace(LUNCH, slot_orders=5),
        replace(NIGHT, slot_value=4000),
        replace(span("11:00", "14:10", weekday=0, fulfilment="eat_in"), slot_orders=0),
        span("10:00", "12:00", weekday=1),
    )
    expected = {
        ("2026-06-01T12:00", "pickup"): Caps(orders=5, value=9000),
        ("2026-06-01T12:00", "eat_in"): Caps(orders=0, value=9000),
        ("2026-06-02T01:45", "delivery"): Caps(orders=9, value=4000),
        ("2026-06-02T10:00", "delivery"): usual,
    }
    assert {key: caps_at(spans, BRUSSELS, key[1], local(key[0]).astimezone(UTC), usual) for key in expected} == expected
    assert caps_at((), BRUSSELS, "pickup", local("2026-06-01T12:00"), usual) == usual


def test_where_spans_overlap_the_tightest_counts() -> None:
    spans = (
        replace(LUNCH, slot_orders=5, slot_value=100),
        replace(span("12:00", "15:00", weekday=0), slot_orders=3, slot_value=200),
    )
    for at, caps in {"11:45": Caps(5, 100), "12:00": Caps(3, 100), "14:30": Caps(3, 200)}.items():
        assert caps_at(spans, BRUSSELS, "pickup", local(f"2026-06-01T{at}"), Caps()) == caps


def test_what_is_capped() -> None:
    assert not is_capped((LUNCH,), Caps())
    assert is_capped((LUNCH,), Caps(orders=0))
    assert is_capped((LUNCH, replace(NIGHT, slot_value=0)), Caps())


@pytest.mark.parametrize(
    ("caps", "orders", "value", "holds"),
    [
        (Caps(), 10**9, 10**12, True),
        (Caps(orders=2), 2, 10**12, True),
        (Caps(orders=2), 3, 0, False),
        (Caps(value=100), 10**9, 100, True),
        (Caps(value=100), 1, 101, False),
        (Caps(orders=0), 1, 0, False),
    ],
)
def test_what_caps_hold(caps: Caps, orders: int, value: int, holds: bool) -> None:
    assert caps.hold(orders, value) is holds
