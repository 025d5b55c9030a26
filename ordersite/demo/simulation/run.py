"""Plays: places orders for a time, brings them to their end, and counts what is stuck."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic, sleep

from django.db import connection

from ordersite.demo.replay.client import CallRefused
from ordersite.demo.simulation.driving import Rider
from ordersite.demo.simulation.life import Life
from ordersite.demo.simulation.people import MOST, settle_customers, settle_drivers
from ordersite.demo.simulation.schedule import Schedule
from ordersite.demo.simulation.shopping import WATCHES_EVERY, Shoppers, is_usable
from ordersite.demo.simulation.town import MINUTE, SimulationPlan, Town, spot_of

# Of the people, these are those of `make run`; whoever else simulates beside it has the others.
RESIDENTS = range(1, 4)
# Seconds without any change, once no more orders are placed: then staff cancel what is left; then it is stuck.
PATIENCE, LEAVES_AFTER = 240.0, 360.0


@dataclass(slots=True)
class Overseer:
    """Ends the placing at its time or when it is told to, and all of it where nothing moves any more."""

    town: Town
    has_to_stop: Callable[[], bool]
    until: float

    def step(self) -> float | None:
        town, now = self.town, monotonic()
        if not town.is_stopping and (now >= self.until or self.has_to_stop()):
            town.is_stopping = True
            if town.measure:
                town.measure.end()
            town.note_move()
        if town.is_over:
            return None
        still = now - town.moved_at
        town.is_giving_up = town.is_giving_up or (town.is_stopping and still > PATIENCE)
        if town.is_giving_up and still > LEAVES_AFTER:
            town.ended.set()
            return None
        return WATCHES_EVERY


def visitors_of(rate: float) -> tuple[range, range]:
    """The numbers of as many customers and drivers as this rate needs, none of whom lives there."""
    first = RESIDENTS.stop
    drivers = max(3, min(MOST, round(2 * rate)))
    return range(first, first + 8), range(first, min(MOST + 1, first + drivers))


def simulate(
    plan: SimulationPlan,
    customers: range,
    drivers: range,
    threads: int,
    has_to_stop: Callable[[], bool] = lambda: False,
) -> Town:
    """Plays until the plan's time is over or has to be, and every order of its people is closed or stuck.

    Raises CallRefused where the site cannot be reached, or does not know who signs in.
    """
    town = Town(plan, settle_customers(customers), settle_drivers(drivers))
    connection.close()
    schedule = Schedule(town)
    take_up(town, schedule)
    play_out(town, schedule, threads, has_to_stop)
    return town


def play_out(town: Town, schedule: Schedule, threads: int, has_to_stop: Callable[[], bool]) -> None:
    """Lets all act until the plan's time is over or has to be, and every order is closed or stuck."""
    minutes = town.plan.minutes
    until = monotonic() + minutes * MINUTE if minutes is not None else float("inf")
    schedule.add(Overseer(town, has_to_stop, until))
    for number in range(town.plan.shoppers):
        schedule.add(Shoppers(town, schedule, number))
    for number, email in enumerate(town.drivers):
        schedule.add(Rider(town, email), seconds=number * 0.2)
    schedule.start(threads)
    town.ended.wait()


@contextmanager
def told_to_stop() -> Iterator[Callable[[], bool]]:
    """Whether Ctrl+C or SIGTERM has come meanwhile, which then ends nothing by itself."""
    signals: list[int] = []
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = {number: signal.signal(number, lambda given, _: signals.append(given)) for number in numbers}
    try:
        yield lambda: bool(signals)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def take_up(town: Town, schedule: Schedule) -> None:
    """Goes on with what an earlier run has left open, and learns where the vendors are."""
    for number, household in enumerate(town.households):
        customer = town.visitor(household.email)
        if number == 0:
            for vendor in customer.ask("/vendors?city=Brussels&per_page=100")["results"]:
                if is_usable(vendor) and (spot := spot_of(vendor["location"])):
                    town.vendors[vendor["id"]] = spot
                    town.vendor_names[vendor["id"]] = vendor["name"]
        for order in customer.ask("/orders?group=open&per_page=100")["results"]:
            town.add(order["id"], number)
            schedule.add(Life(town, order["id"], order["vendor"]["name"]))


def count_stuck(town: Town) -> int:
    """The open orders of the simulation's customers, as the site tells."""
    stuck = 0
    for household in town.households:
        customer = town.visitor(household.email)
        customer.wait = sleep
        try:
            stuck += customer.ask("/orders?group=open")["count"]
        except CallRefused as refused:
            town.note_fault(str(refused))
            return max(stuck, len(town.open_orders), 1)
    return stuck
