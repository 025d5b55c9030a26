"""Estimates by stage: the rules alone, without a database."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.estimates import KEPT, NEEDED, Outcomes, Pace, Stage, StageTimes, quantile, scaled, unscaled

NOON = datetime(2026, 1, 14, 12, tzinfo=UTC)
LONG_AGO = NOON - timedelta(days=2)


def learnt(seconds: list[float], *, until: datetime = NOON) -> tuple[StageTimes, Pace]:
    """What is known after these times of one vendor, an order every ten minutes, the last one before `until`."""
    site, vendor = StageTimes(), Pace()
    for back, took in zip(range(len(seconds), 0, -1), seconds, strict=True):
        site.learn(vendor, took, until.timestamp() - back * 600)
    return site, vendor


def spread(minutes: float, count: int, seed: int = 1) -> list[float]:
    random = Random(seed)
    return [minutes * 60 * random.lognormvariate(0, 0.3) for _ in range(count)]


def told(site: StageTimes, vendor: Pace | None, *, waited: float = 0) -> tuple[float, float | None]:
    """The range in minutes from now, for an order that has waited so many."""
    found = site.expect(vendor, stage=Stage.ACCEPTED, begun=NOON - timedelta(minutes=waited), now=NOON)
    assert found is not None
    assert found.stage == "accepted"
    until = (found.until - NOON).total_seconds() / 60 if found.until else None
    return (found.since - NOON).total_seconds() / 60, until


def test_nothing_is_told_before_enough_is_known() -> None:
    site, vendor = learnt(spread(20, 2 * NEEDED - 1))
    assert len(site.outcomes.beyond) == NEEDED - 1
    assert site.expect(vendor, stage=Stage.ACCEPTED, begun=NOON, now=NOON) is None
    site, vendor = learnt(spread(20, 2 * NEEDED))
    assert site.expect(vendor, stage=Stage.ACCEPTED, begun=NOON, now=NOON) is not None


def test_the_range_is_where_four_of_five_were() -> None:
    times = spread(20, 400)
    low, high = told(*learnt(times, until=LONG_AGO))
    assert high is not None
    assert low == pytest.approx(quantile(sorted(times), 0.1) / 60, rel=0.08)
    assert high == pytest.approx(quantile(sorted(times), 0.9) / 60, rel=0.08)


def test_a_new_vendor_is_told_the_site_s_and_a_known_one_its_own() -> None:
    site, slow, quick = StageTimes(), Pace(), Pace()
    for number, (long, short) in enumerate(zip(spread(40, 300), spread(10, 300, seed=2), strict=True)):
        at = LONG_AGO.timestamp() - 86_400 + number * 60
        site.learn(slow, long, at)
        site.learn(quick, short, at)
    middles = {
        name: sum(part or 0 for part in told(site, pace)) / 2
        for name, pace in {"slow": slow, "new": None, "empty": Pace(), "quick": quick}.items()
    }
    assert middles["new"] == middles["empty"]
    assert middles["quick"] * 1.25 < middles["new"] < middles["slow"] / 1.25
    assert middles["slow"] == pytest.approx(40, rel=0.3)
    assert middles["quick"] == pytest.approx(10, rel=0.3)


def test_the_last_hours_weigh() -> None:
    usual, rush = spread(20, 200), spread(40, 8, seed=2)
    calm = told(*learnt(usual, until=LONG_AGO))
    busy = told(*learnt([*usual, *rush]))
    assert busy[0] > calm[0] * 1.2
    # Two days later nothing is left of the rush but its eight orders among the others.
    later = told(*learnt([*usual, *rush], until=LONG_AGO))
    assert calm[0] * 0.9 < later[0] < calm[0] * 1.1


def test_who_has_waited_is_told_what_is_left() -> None:
    site, vendor = learnt(spread(20, 400))
    _, fresh = told(site, vendor)
    low, high = told(site, vendor, waited=25)
    assert fresh
    assert high
    assert low >= 0
    assert 0 < high < fresh
    # Nobody took so long: that it is late is all there is to say.
    assert told(site, vendor, waited=200) == (0, None)


def test_a_time_that_was_asked_for_may_be_met_early() -> None:
    random = Random(3)
    site, vendor = learnt([random.gauss(-120, 300) for _ in range(300)], until=LONG_AGO)
    begun = NOON + timedelta(hours=2)
    found = site.expect(vendor, stage=Stage.SCHEDULED, begun=begun, now=NOON)
    assert found
    assert found.until
    early, late = ((moment - begun).total_seconds() / 60 for moment in (found.since, found.until))
    # Two minutes early, and 1.28 times five minutes to both sides.
    assert (early, late) == pytest.approx((-8.4, 4.4), abs=1.5)


def test_an_outcome_outside_moves_its_level_alone() -> None:
    outcomes = Outcomes(beyond=[float(value) for value in range(100)])
    outcomes.add(-1.0)
    assert (outcomes.low, outcomes.high) == pytest.approx((0.1 - 0.0045, 0.9 - 0.0005))
    outcomes.add(1000.0)
    assert (outcomes.low, outcomes.high) == pytest.approx((0.1 - 0.004, 0.9 + 0.004))


def test_what_is_kept_has_a_bound() -> None:
    site, vendor = learnt([1200.0] * (KEPT + 200))
    assert len(site.outcomes.beyond) == KEPT
    assert len(vendor.earlier) <= 8
    assert vendor.weight == 120


@given(st.floats(-86_400, 86_400))
def test_scaled_and_back(seconds: float) -> None:
    assert unscaled(scaled(seconds)) == pytest.approx(seconds, abs=1e-6)


@given(
    st.lists(st.floats(-43_200, 86_400), min_size=80, max_size=120),
    st.floats(-3_600, 100_000),
)
def test_a_range_is_never_in_the_past_nor_upside_down(times: list[float], waited: float) -> None:
    site, vendor = learnt(times)
    found = site.expect(vendor, stage=Stage.PLACED, begun=NOON - timedelta(seconds=waited), now=NOON)
    assert found is not None
    assert found.since >= NOON
    assert found.until is None or found.until >= found.since
