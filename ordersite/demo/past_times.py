"""Times of past orders, drawn as a real place has them: rushes, quick and slow kitchens, bad evenings, and mishaps."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

# Orders an hour by hour of the day, of one vendor.
BY_HOUR = dict(zip(range(11, 23), (2, 6, 5, 2, 1, 1, 2, 5, 8, 7, 4, 2), strict=True))
COLLECTED = 0.2  # of the orders


@dataclass(frozen=True, slots=True, kw_only=True)
class PastTimes:
    """When an order came to each stage; what is collected has no driver's."""

    vendor: int
    placed: datetime
    accepted: datetime
    ready: datetime
    picked_up: datetime | None = None
    near: datetime | None = None
    delivered: datetime  # or collected


def draw_times(random: Random, vendors: Sequence[int], count: int, *, until: datetime) -> Iterator[PastTimes]:
    """So many orders by the time of placing; all have ended by `until`."""
    days = math.ceil(count / (sum(BY_HOUR.values()) * len(vendors)) * 1.3) + 1
    kitchens = {vendor: random.lognormvariate(0, 0.3) for vendor in vendors}
    drifts = {vendor: random.gauss(0, 0.004) for vendor in vendors}
    midnight = until.replace(hour=0, minute=0, second=0, microsecond=0)
    found: list[PastTimes] = []
    for day in range(days + 1):
        weather = random.lognormvariate(0, 0.15)
        for vendor in vendors:
            pace = kitchens[vendor] * random.lognormvariate(0, 0.12) * math.exp(drifts[vendor] * day)
            begins = midnight - timedelta(days=days - day)
            found += draw_day(random, vendor, begins, pace=pace, weather=weather)
    found = sorted((one for one in found if one.delivered < until), key=lambda one: one.placed)
    yield from found[-count:]


def draw_day(random: Random, vendor: int, midnight: datetime, *, pace: float, weather: float) -> Iterator[PastTimes]:
    """A vendor's orders of one day: bad weather brings more of them, and what is in work slows the next one down."""
    moments = sorted(
        midnight + timedelta(hours=hour + random.random())
        for hour, rate in BY_HOUR.items()
        for _ in range(int(rate * weather + random.random()))
    )
    busy: list[datetime] = []
    for placed in moments:
        busy = [ready for ready in busy if ready > placed]
        times = draw_one(random, vendor, placed, pace=pace * (1 + 0.08 * len(busy)), roads=weather)
        busy.append(times.ready)
        yield times


def draw_one(random: Random, vendor: int, placed: datetime, *, pace: float, roads: float) -> PastTimes:
    """One order; `pace` and `roads` are how many times slower than usual kitchen and roads are."""

    def after(moment: datetime, minutes: float, spread: float) -> datetime:
        wrong = 2.5 if random.random() < 0.02 else 1
        return moment + timedelta(minutes=minutes * wrong * random.lognormvariate(0, spread))

    accepted = after(placed, 1.2 * pace, 0.7)
    ready = after(accepted, 14 * pace, 0.35)
    if random.random() < COLLECTED:
        collected = after(ready, 6, 0.8)
        return PastTimes(vendor=vendor, placed=placed, accepted=accepted, ready=ready, delivered=collected)
    picked_up = after(ready, 4 * roads, 0.6)
    near = after(picked_up, 8 * roads, 0.45)
    delivered = after(near, 2, 0.5)
    return PastTimes(
        vendor=vendor,
        placed=placed,
        accepted=accepted,
        ready=ready,
        picked_up=picked_up,
        near=near,
        delivered=delivered,
    )
