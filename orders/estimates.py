"""How long an order still takes: learnt by stage from the orders before it, told as a range. No database here.

What an order took from a stage to its end is one observation, on a scale on which times of all sizes spread alike
(`scaled`). For each stage there is a `Pace` of the site and one of each vendor: a vendor with few orders is told the
site's, and how much slower or quicker than usual the last two hours went moves both. What is left, divided by the usual
spread, is kept for the site's last KEPT orders (`Outcomes`).

The range is cut out of these by two levels, which start at 0.1 and 0.9 and are moved by each order that ends: below the
range the lower one falls, inside it rises, and likewise above. So the share that is promised holds in the long run,
whatever the times do; this is adaptive conformal inference, with the two ends apart.
"""

import math
from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Self

PROMISED = 0.8  # of the orders end inside the range that was told
OUTSIDE = (1 - PROMISED) / 2  # on each side
STEP = 0.005  # by which an outcome moves a level
KEPT = 400  # outcomes
NEEDED = 30  # outcomes before anything is told
LEFT = 8  # outcomes that took longer than an order has waited: with fewer of them nobody knows its end
USUAL = 120.0  # orders that a usual time is made of: older ones fade
SITE = 12.0  # orders of a vendor that weigh as much as the site
LATELY = 8.0  # orders of the last hours that weigh as much as the usual time
FADING = 3600.0  # seconds in which the weight of a recent order falls to a third
APART, EARLIER = 600.0, 8  # seconds between two states that are remembered, and how many are
UNIT = 300.0  # seconds, up to which a scaled time grows like the time itself


class Stage(StrEnum):
    """Since when the time that is left is counted."""

    SCHEDULED = "scheduled"  # the time asked for
    PLACED = "placed"
    ACCEPTED = "accepted"
    READY = "ready"
    PICKED_UP = "picked_up"
    NEAR = "near"


def scaled(seconds: float) -> float:
    """Like a logarithm for long times, and defined for what comes before its time too."""
    return math.asinh(seconds / UNIT)


def unscaled(value: float) -> float:
    return math.sinh(value) * UNIT


@dataclass(slots=True)
class Pace:
    """What is usual at one stage: mean and variance of scaled times, and what the last hours were beyond it."""

    weight: float = 0.0
    mean: float = 0.0
    variance: float = 0.0
    recent: float = 0.0  # sum of what the last orders took beyond the mean
    recent_weight: float = 0.0
    recent_at: float = 0.0  # POSIX seconds
    # The same as it was before: [POSIX second, recent, recent_weight], the oldest first.
    earlier: list[list[float]] = field(default_factory=list)

    @classmethod
    def read(cls, kept: dict[str, Any] | None) -> Self:
        """From what `asdict` gave; empty where nothing was kept."""
        return cls(**(kept or {}))

    def add(self, value: float, at: float) -> None:
        """Learns a scaled time of an order that ended at this POSIX second."""
        self.weight = min(self.weight + 1, USUAL)
        beyond = value - self.mean
        self.mean += beyond / self.weight
        self.variance += (beyond * (value - self.mean) - self.variance) / self.weight
        if not self.earlier or at - self.earlier[-1][0] >= APART:
            self.earlier = [
                *self.earlier[1 - EARLIER :],
                [round(at), round(self.recent, 4), round(self.recent_weight, 4)],
            ]
        fading = faded(at - self.recent_at)
        self.recent = self.recent * fading + (value - self.mean)
        self.recent_weight = self.recent_weight * fading + 1
        self.recent_at = max(self.recent_at, at)

    def lately(self, at: float, otherwise: float) -> float:
        """How much beyond the mean orders took in the hours before; where few came, `otherwise` weighs.

        Of a past moment (as far as EARLIER reaches) what was known then.
        """
        since, recent, weight = self.recent_at, self.recent, self.recent_weight
        for known in reversed(self.earlier):
            if since <= at:
                break
            since, recent, weight = known
        fading = faded(at - since)
        return (recent * fading + otherwise * LATELY) / (weight * fading + LATELY)


def faded(seconds: float) -> float:
    return math.exp(-max(0.0, seconds) / FADING)


@dataclass(slots=True)
class Outcomes:
    """What the site's last orders took at one stage, in spreads beyond what was usual, and where the range is cut."""

    beyond: list[float] = field(default_factory=list)
    turn: int = 0  # where in the full list the oldest stands
    low: float = OUTSIDE
    high: float = 1 - OUTSIDE

    def add(self, value: float) -> None:
        """Moves the levels by whether the outcome lies outside the range, and keeps it."""
        if len(self.beyond) >= NEEDED:
            ordered = sorted(self.beyond)
            self.low = moved(self.low, OUTSIDE - (value < quantile(ordered, self.low)))
            self.high = moved(self.high, (value > quantile(ordered, self.high)) - OUTSIDE)
        if len(self.beyond) < KEPT:
            self.beyond.append(round(value, 4))
        else:
            self.beyond[self.turn] = round(value, 4)
            self.turn = (self.turn + 1) % KEPT


def moved(level: float, by: float) -> float:
    return min(1.0, max(0.0, level + STEP * by))


def quantile(ordered: list[float], level: float) -> float:
    """That of a sorted list, between its values."""
    place = level * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


@dataclass(frozen=True, slots=True)
class Range:
    """When an order is expected, by what is told at its stage; `until` is empty where it takes longer than is known."""

    since: datetime
    until: datetime | None
    stage: Stage


@dataclass(slots=True)
class StageTimes:
    """The site at one stage."""

    pace: Pace = field(default_factory=Pace)
    outcomes: Outcomes = field(default_factory=Outcomes)

    @classmethod
    def read(cls, kept: dict[str, Any] | None) -> Self:
        return cls(Pace.read(kept["pace"]), Outcomes(**kept["outcomes"])) if kept else cls()

    def usual(self, vendor: Pace | None, at: float) -> tuple[float, float]:
        """What is to be expected of a vendor at this POSIX second: a scaled time, and its spread."""
        site = self.pace
        here = vendor or Pace()
        share = here.weight / (here.weight + SITE)
        mean = site.mean + share * (here.mean - site.mean)
        variance = site.variance + share * (here.variance - site.variance)
        return mean + here.lately(at, site.lately(at, 0.0)), math.sqrt(max(variance, 0.01))

    def learn(self, vendor: Pace, seconds: float, at: float) -> None:
        """Learns what an order took that ended at this POSIX second: its outcome by what was told at its stage."""
        value = scaled(seconds)
        mean, spread = self.usual(vendor, at - seconds)
        if self.pace.weight >= NEEDED:
            self.outcomes.add((value - mean) / spread)
        vendor.add(value, at)
        self.pace.add(value, at)

    def expect(self, vendor: Pace | None, *, stage: Stage, begun: datetime, now: datetime) -> Range | None:
        """When an order ends that has stood at this stage since `begun`; None where too little is known.

        Of what the others took only that counts which is longer than it has waited.
        """
        if len(self.outcomes.beyond) < NEEDED:
            return None
        mean, spread = self.usual(vendor, now.timestamp())
        ordered = sorted(self.outcomes.beyond)
        waited = (scaled((now - begun).total_seconds()) - mean) / spread
        past = bisect_right(ordered, waited)
        if len(ordered) - past < LEFT:
            return Range(since=now, until=None, stage=stage)
        gone = past / len(ordered)
        low, high = (
            begun + timedelta(seconds=unscaled(mean + spread * quantile(ordered, gone + (1 - gone) * level)))
            for level in (self.outcomes.low, self.outcomes.high)
        )
        return Range(since=max(low, now), until=max(high, now), stage=stage)
