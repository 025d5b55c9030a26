"""What everybody in the simulation shares: the people, the orders that are its own, the clock."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from time import monotonic
from typing import Any

from orders.lifecycle.table import OPEN
from ordersite.demo import sites
from ordersite.demo.simulation.measuring import Measure
from ordersite.demo.simulation.people import Household
from ordersite.demo.simulation.routes import Spot
from ordersite.demo.simulation.visitor import Visitor

MINUTE = 60.0  # seconds
MOST_FAULTS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulationPlan:
    """What is played: so many orders a minute, for so many minutes (None: without end), so much faster than real."""

    url: str
    rate: float = 1.0
    minutes: float | None = None
    speed: float = 8.0
    seed: int = 1
    most_open: int = 30
    shoppers: int = 1  # who place orders beside each other


@dataclass(slots=True)
class Town:
    """Who acts, and which orders are open; threads share it."""

    plan: SimulationPlan
    households: Sequence[Household]
    drivers: Sequence[str]
    ended: threading.Event = field(default_factory=threading.Event)
    is_stopping: bool = False  # no order is to be placed any more
    shoppers: int = field(init=False)  # who still place orders
    is_giving_up: bool = False  # staff cancel what is still open
    moved_at: float = field(default_factory=monotonic)  # when an order last was placed or moved on
    open_orders: dict[int, int] = field(default_factory=dict)  # ids, with the number of the household of each
    vendors: dict[int, Spot] = field(default_factory=dict)
    vendor_names: dict[int, str] = field(default_factory=dict)
    placed: int = 0
    closed: int = 0
    given_up: int = 0  # cancelled by staff, of those that are closed
    missed: int = 0  # placings that the site refused
    last_missed: str = ""
    faults: list[str] = field(default_factory=list)
    connections: threading.local = field(default_factory=threading.local)
    visitors: dict[str, Visitor] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    measure: Measure | None = None

    def __post_init__(self) -> None:
        self.shoppers = self.plan.shoppers

    def visitor(self, email: str) -> Visitor:
        with self.lock:
            if email not in self.visitors:
                note = self.measure.note_call if self.measure else None
                self.visitors[email] = Visitor(self.plan.url, email, self.connections, self.ended.wait, note)
            return self.visitors[email]

    def customer_of(self, order_id: int) -> Visitor:
        return self.visitor(self.households[self.open_orders[order_id]].email)

    def kitchen_of(self, vendor_name: str) -> Visitor:
        return self.visitor(KITCHENS[vendor_name])

    def seconds(self, random: Random, low: float, high: float) -> float:
        """A time between these minutes of the simulation, in real seconds."""
        return random.uniform(low, high) * MINUTE / self.plan.speed

    def random_of(self, name: object) -> Random:
        """Chance of its own for each who acts, so that a seed draws the same whoever is first."""
        return Random(f"{self.plan.seed}:{name}")

    @property
    def is_over(self) -> bool:
        return not self.shoppers and not self.open_orders

    def add(self, order_id: int, household: int) -> None:
        with self.lock:
            self.open_orders[order_id] = household
            self.placed += 1
            if self.measure:
                self.measure.note_placed(order_id)
            self.moved_at = monotonic()

    def end_placing(self) -> None:
        with self.lock:
            self.shoppers -= 1

    def close(self, order_id: int) -> None:
        with self.lock:
            if self.open_orders.pop(order_id, None) is not None:
                self.closed += 1
                self.moved_at = monotonic()

    def note_move(self) -> None:
        self.moved_at = monotonic()

    def note_missed(self, text: str) -> None:
        self.missed, self.last_missed = self.missed + 1, text

    def note_fault(self, text: str) -> None:
        with self.lock:
            if len(self.faults) < MOST_FAULTS:
                self.faults.append(text)


# Who works at which vendor that makes what it sells.
KITCHENS: Mapping[str, str] = {
    vendor["name"]: merchant["owner"]
    for merchant in sites.MERCHANTS
    if merchant["owner"]
    for vendor in merchant["vendors"]
    if "codes" not in vendor
}


def is_under_way(order: Mapping[str, Any]) -> bool:
    return order["status"]["code"] in OPEN


def allowed_of(order: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """What its reader may do with the order, by name."""
    return {row["name"]: row for row in order["allowed_transitions"]}


def spot_of(location: Mapping[str, float] | None) -> Spot | None:
    return Spot(location["lat"], location["lng"]) if location else None
