"""Promise 27: no status without its fact. Random walks with noise, doubled and late reports: none flips back, none is
set from outside the fence, and what is told twice changes nothing.

The walks are simulated without a database, by the fences, the decision and the order's own methods; what becomes of
them is checked by arithmetic of the test's own.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import NamedTuple

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from orders.lifecycle import geofences
from orders.lifecycle.decisions import Asker, Outcome, decide, remember
from orders.lifecycle.geofences import FENCES, Watch, Whose, watch_order
from orders.lifecycle.positions import Fix, believe
from orders.lifecycle.table import NAMES, Actor, Fulfilment, Status
from orders.models import Order
from tests.clock import NOON
from tests.orders.walking import FULL
from vendors.models import Vendor

EXAMPLES = 3000 if FULL else 25
VENDOR, HOME = (50.85, 4.35), (50.864, 4.35)
DEGREE = math.pi * 6_371_008.8 / 180
RADII = {fence.name: fence.metres for fence in FENCES}
# Which status comes after which, where fences alone set them.
RANKS = {Status(18): 1, Status(3): 2, Status(23): 3, Status(19): 4, Status(20): 1, Status(21): 2}
BY_CHANGE = {fence.change: fence for fence in FENCES}
# What people do meanwhile.
HANDS: dict[str, Actor] = {
    "mark_ready": Actor.VENDOR,
    "undo_ready": Actor.VENDOR,
    "driver_arrive": Actor.DRIVER,
    "driver_wait": Actor.DRIVER,
    "pick_up": Actor.DRIVER,
}


class Step(NamedTuple):
    """So many seconds later a device is so many metres further, as far as it knows, or somebody does something."""

    seconds: int
    metres: int  # towards the customer
    noise: int
    accuracy: int
    hand: str


@dataclass
class Walk:
    """An order, what its fences remember, and what they made of it: the change, and the fixes believed so far."""

    order: Order
    whose: Whose
    watches: dict[str, Watch] = field(default_factory=dict)
    believed: list[Fix] = field(default_factory=list)
    made: list[tuple[str, list[Fix]]] = field(default_factory=list)

    def report(self, fixes: list[Fix], now: datetime) -> None:
        """As services.moving.positions does, but for what it writes."""
        answers = believe(fixes, self.believed[-1] if self.believed else None, now)
        new = sorted((fix for fix, why in zip(fixes, answers, strict=True) if why is None), key=lambda fix: fix.at)
        for fix in new:
            self.believed.append(fix)
            make = self.maker(now)
            self.watches = watch_order(self.order, self.whose, [fix], self.watches, RADII, make)

    def maker(self, now: datetime) -> Callable[[str], bool]:
        def make(name: str) -> bool:
            if not self.change(name, Actor.GEOFENCE, now):
                return False
            self.made.append((name, list(self.believed)))
            return True

        return make

    def change(self, name: str, actor: Actor, now: datetime) -> bool:
        asker = Asker(actors=frozenset({actor}), now=now, driver_id=1)
        if decide(self.order, asker, to=NAMES[name], name=name).outcome != Outcome.TAKE:
            return False
        getattr(self.order, name)(now=now)
        remember(self.order, name, actor)
        return True


def begin(whose: Whose) -> Walk:
    driver = whose == Whose.DRIVER
    order = Order(
        vendor=Vendor(lat=VENDOR[0], lng=VENDOR[1]),
        fulfilment=Fulfilment.DELIVERY if driver else Fulfilment.CURBSIDE,
        status=Status.ACCEPTED_BY_DRIVER if driver else Status.ACCEPTED_BY_BUSINESS,
        accepted_at=NOON,
        placed_at=NOON,
        driver_accepted_at=NOON if driver else None,
        driver_id=1 if driver else None,
        lat=HOME[0],
        lng=HOME[1],
    )
    return Walk(order, whose)


def steps() -> st.SearchStrategy[list[Step]]:
    step = st.builds(
        Step,
        seconds=st.integers(1, 60),
        metres=st.integers(-150, 350),
        noise=st.integers(-120, 120),
        accuracy=st.integers(1, 130),
        hand=st.sampled_from(["", "", "", "", *HANDS]),
    )
    return st.lists(step, min_size=20, max_size=40)


def fixes_of(walk: Sequence[Step]) -> Iterator[tuple[Step, Fix]]:
    """What the device tells at each step; it begins 700 m before the vendor, and passes it on the way to the home."""
    at, metres = NOON, -700
    for step in walk:
        at += timedelta(seconds=step.seconds)
        metres += step.metres
        lat = VENDOR[0] + (metres + step.noise) / DEGREE
        yield step, Fix(lat=lat, lng=VENDOR[1], accuracy=float(step.accuracy), at=at)


def play(whose: Whose, walk: Sequence[Step], *, doubled: bool = False) -> Walk:
    """The whole walk; `doubled` sends each report twice, and with each the two before it, late."""
    played, sent = begin(whose), list[Fix]()
    for step, fix in fixes_of(walk):
        if step.hand:
            played.change(step.hand, HANDS[step.hand], fix.at - timedelta(milliseconds=500))
        sent.append(fix)
        played.report([fix], fix.at)
        if doubled:
            played.report([fix], fix.at)
            played.report(sent[-3:], fix.at)
    return played


def away(fix: Fix, point: tuple[float, float]) -> float:
    """Metres on the plane: all is within a few kilometres of each other."""
    north, east = (fix.lat - point[0]) * DEGREE, (fix.lng - point[1]) * DEGREE * math.cos(math.radians(point[0]))
    return math.hypot(north, east)


def has_its_fact(name: str, believed: Sequence[Fix]) -> bool:
    """Whether the last fixes say that the line was crossed; a metre is for rounding."""
    fence = BY_CHANGE[name]
    point, radius = HOME if fence.name.endswith("near_customer") else VENDOR, fence.metres
    last = believed[-1]
    if name == "depart":
        return all(away(fix, point) - fix.accuracy >= 1.25 * radius - 1 for fix in believed[-2:])
    if away(last, point) + last.accuracy <= radius + 1:
        return True
    stays = []
    for fix in reversed(believed):
        if away(fix, point) > radius + 1:
            break
        stays.append(fix)
    return len(stays) > 1 and stays[0].at - stays[-1].at >= timedelta(seconds=20)


def check(played: Walk) -> None:
    names = [name for name, _ in played.made]
    ranks = [RANKS[NAMES[name]] for name in names]
    assert ranks == sorted(set(ranks)), names
    for name, believed in played.made:
        assert has_its_fact(name, believed), (name, believed[-3:])


@pytest.mark.parametrize("whose", list(Whose))
def test_random_walks(whose: Whose, figure: Callable[[str], None]) -> None:
    seen: dict[str, int] = {}

    @settings(max_examples=EXAMPLES, derandomize=not FULL, database=None, phases=[Phase.generate])
    @given(walk=steps())
    def walked(walk: list[Step]) -> None:
        played = play(whose, walk)
        check(played)
        again = play(whose, walk, doubled=True)
        assert (again.made, again.watches) == (played.made, played.watches)
        for name, _ in played.made:
            seen[name] = seen.get(name, 0) + 1

    walked()
    expected = {fence.change for fence in FENCES if fence.whose == whose}
    assert set(seen) == expected, seen
    figure(f"{EXAMPLES} walks of a {whose}: {sum(seen.values())} changes, each with its fact, none twice, none back")


def test_control_without_the_accuracy_it_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fence that takes every fix for exact, and the first for enough, sets a status from outside."""
    real = geofences.watch_fix

    def careless(watch: Watch, fence: geofences.Fence, order: Order, away: int, metres: int, fix: Fix) -> tuple:
        return real(watch, fence, order, max(0, away - round(fix.accuracy)), metres, fix)

    monkeypatch.setattr(geofences, "watch_fix", careless)
    with pytest.raises(AssertionError):
        test_random_walks(Whose.DRIVER, print)


def test_control_without_memory_it_flips(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fences that forget what they have done make a change again once the kitchen has moved the status."""
    real = geofences.watch_fix

    def forgetful(watch: Watch, fence: geofences.Fence, *rest: object) -> tuple:
        return real(replace(watch, is_done=False), fence, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(geofences, "watch_fix", forgetful)
    with pytest.raises(AssertionError):
        test_random_walks(Whose.DRIVER, print)
