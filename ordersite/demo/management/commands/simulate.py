"""Plays what happens at the demo's vendors: live, by the API; or their past, into the database."""

import math
from argparse import ArgumentParser
from random import Random
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from ordersite.demo import history, loading
from ordersite.demo.progress import Progress
from ordersite.demo.replay.client import CallRefused
from ordersite.demo.simulation.run import count_stuck, simulate, told_to_stop, visitors_of
from ordersite.demo.simulation.town import SimulationPlan, Town

MOST = 100_000
MOST_RATE, MOST_MINUTES, MOST_SPEED = 600.0, 1440.0, 1000.0
THREADS = 8


class Command(BaseCommand):
    help = (
        "Lets customers, kitchens and drivers act at the demo by the API of a site that is served, until --minutes are "
        "over or Ctrl+C; then what is open is brought to its end. With --history it writes closed orders of past days "
        "instead, for estimates and lists; nothing else should write meanwhile."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--history", type=int, metavar="N", help="How many past orders to write.")
        parser.add_argument("--seed", type=int, default=1, help="Another one draws other orders and times.")
        parser.add_argument("--url", default=settings.SITE_URL, help="The site; by default the local one.")
        parser.add_argument("--rate", type=float, default=6.0, help="Orders a minute.")
        parser.add_argument("--minutes", type=float, default=10.0, help="For how long orders are placed.")
        parser.add_argument("--speed", type=float, default=8.0, help="How many times faster than real they are made.")
        parser.add_argument("--most-open", type=int, default=200, help="With so many open, no more are placed.")

    def handle(self, *, seed: int, **options: Any) -> None:
        if not settings.DEVELOPMENT:
            raise CommandError("Its orders are not real: use it where ENVIRONMENT is development.")
        if not loading.is_loaded():
            raise CommandError("Load the demo first: manage.py load_demo.")
        if options["history"] is not None:
            self.write_past(options["history"], seed)
        else:
            self.play(
                SimulationPlan(
                    url=options["url"],
                    rate=require_within("--rate", options["rate"], MOST_RATE),
                    minutes=require_within("--minutes", options["minutes"], MOST_MINUTES),
                    speed=require_within("--speed", options["speed"], MOST_SPEED),
                    seed=seed,
                    most_open=round(require_within("--most-open", options["most_open"], MOST)),
                )
            )

    def write_past(self, count: int, seed: int) -> None:
        if not 1 <= count <= MOST:
            raise CommandError(f"Name a number of orders from 1 to {MOST}.")
        with Progress("Playing the past", count, self.stderr) as progress:
            history.write_history(count, Random(seed), progress.step)  # noqa: S311  times of a demo

    def play(self, plan: SimulationPlan) -> None:
        try:
            with told_to_stop() as is_told:
                town = simulate(plan, *visitors_of(plan.rate), THREADS, is_told)
        except CallRefused as refused:
            raise CommandError(f"{refused} The site must run on the same database as this command.") from refused
        self.tell(town)

    def tell(self, town: Town) -> None:
        """Raises CommandError where an order is stuck."""
        stuck = count_stuck(town)
        if town.missed:
            self.stdout.write(f"{town.missed} could not be placed; the last: {town.last_missed}")
        if town.given_up:
            self.stdout.write(f"{town.given_up} were cancelled by staff, since nobody moved them on.")
        for fault in town.faults:
            self.stderr.write(fault)
        self.stdout.write(f"{town.placed} placed, {town.closed} closed, {stuck} stuck")
        if stuck:
            raise CommandError("Orders of the simulation are still open.")


def require_within(name: str, given: float, most: float) -> float:
    """The number; raises CommandError unless it is above 0 and at most `most`."""
    if not (math.isfinite(given) and 0 < given <= most):
        raise CommandError(f"{name}: name a number above 0, at most {most:g}.")
    return given
