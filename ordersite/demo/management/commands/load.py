"""Plays orders at any site and tells how it bears them (docs/scaling.md)."""

import math
import threading
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from ordersite.demo import loading
from ordersite.demo.management.commands.simulate import MOST, MOST_SPEED, require_within
from ordersite.demo.replay.client import CallRefused
from ordersite.demo.simulation.listening import open_listeners
from ordersite.demo.simulation.measuring import Measure
from ordersite.demo.simulation.people import driver_email, find_households, settle_customers, settle_drivers
from ordersite.demo.simulation.run import count_stuck, play_out, take_up, told_to_stop, visitors_of
from ordersite.demo.simulation.schedule import Schedule
from ordersite.demo.simulation.town import SimulationPlan, Town

MOST_RATE, MOST_SECONDS = 6000.0, 86_400.0
RATE_OF_ONE = 60.0  # orders a minute of one who places them one after the other
THREADS = 24
OPENS_WITHIN = 30.0  # seconds for the boards' sockets
TOLD_WITHIN = 10.0  # seconds, after the last order was closed
NOBODY = "Nobody there has these logins: load the demo on that site and make them by “manage.py load --settle”."


class Command(BaseCommand):
    help = (
        "Lets customers, kitchens and drivers act at --rate by the API of a site that may be anywhere, and reports how "
        "long calls took and how late the feed told. The site needs the demo and, by --settle there, those who act."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--settle", action="store_true", help="Only make those who act, in this site's database.")
        parser.add_argument("--url", default=settings.SITE_URL, help="The site; by default the local one.")
        parser.add_argument("--rate", type=float, default=60.0, help="Orders a minute.")
        parser.add_argument("--seconds", type=float, default=60.0, help="For how long orders are placed and counted.")
        parser.add_argument("--speed", type=float, default=100.0, help="How many times faster than real they are made.")
        parser.add_argument("--seed", type=int, default=1, help="Another one draws other orders and times.")

    def handle(self, *, settle: bool, seed: int, **options: Any) -> None:
        if settle:
            self.settle()
        else:
            self.play(seed, options)

    def play(self, seed: int, options: dict[str, Any]) -> None:
        plan = SimulationPlan(
            url=options["url"],
            rate=(rate := require_within("--rate", options["rate"], MOST_RATE)),
            minutes=require_within("--seconds", options["seconds"], MOST_SECONDS) / 60,
            speed=require_within("--speed", options["speed"], MOST_SPEED),
            seed=seed,
            most_open=MOST,
            shoppers=math.ceil(rate / RATE_OF_ONE),
        )
        ended = threading.Event()
        try:
            with told_to_stop() as is_told:
                town, measure, schedule = self.prepare(plan, ended)
                play_out(town, schedule, THREADS, is_told)
        except CallRefused as refused:
            raise CommandError(f"{refused} {NOBODY if refused.status == 401 else ''}".strip()) from refused
        self.tell(town, measure)
        ended.set()

    def settle(self) -> None:
        if not settings.DEVELOPMENT:
            raise CommandError("Their password is public: use it where ENVIRONMENT is development.")
        if not loading.is_loaded():
            raise CommandError("Load the demo first: manage.py load_demo.")
        for settle, numbers in zip((settle_customers, settle_drivers), visitors_of(MOST_RATE), strict=True):
            settle(numbers)

    def prepare(self, plan: SimulationPlan, ended: threading.Event) -> tuple[Town, Measure, Schedule]:
        """All signed in, and the boards open, so that none of it is measured."""
        customers, drivers = visitors_of(plan.rate)
        measure = Measure()
        town = Town(plan, (), [driver_email(number) for number in drivers], measure=measure)
        town.households = find_households(customers, town.visitor)
        for email in town.drivers:
            town.visitor(email).ask("/drivers/me")
        schedule = Schedule(town)
        take_up(town, schedule)
        for board in open_listeners(town, measure, ended):
            if not board.opened.wait(OPENS_WITHIN):
                raise CallRefused("; ".join(town.faults) or "The sockets of the boards do not open.")
        connection.close()
        measure.begin()
        return town, measure, schedule

    def tell(self, town: Town, measure: Measure) -> None:
        """Raises CommandError where an order is stuck, or the feed has not told of it."""
        measure.wait_until_told(TOLD_WITHIN)
        for line in measure.report():
            self.stdout.write(line)
        if town.missed:
            self.stdout.write(f"{town.missed} could not be placed; the last: {town.last_missed}")
        for fault in town.faults:
            self.stderr.write(fault)
        stuck, untold = count_stuck(town), len(measure.untold())
        self.stdout.write(f"{town.placed} placed, {town.closed} closed, {stuck} stuck, {untold} untold")
        if stuck or untold:
            raise CommandError("Orders are still open, or the feed has not told of them.")
