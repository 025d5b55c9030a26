"""Plays what happens at the demo's vendors: so far their past."""

from argparse import ArgumentParser
from random import Random
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from ordersite.demo import history, loading
from ordersite.demo.progress import Progress

MOST = 100_000


class Command(BaseCommand):
    help = (
        "Writes closed orders of past days to the demo, for estimates and lists. Nothing else should write meanwhile."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--history", type=int, required=True, metavar="N", help="How many orders.")
        parser.add_argument("--seed", type=int, default=1, help="Another one draws other times.")

    def handle(self, *, seed: int, **options: Any) -> None:
        count = options["history"]
        if not settings.DEVELOPMENT:
            raise CommandError("Its orders are not real: use it where ENVIRONMENT is development.")
        if not 1 <= count <= MOST:
            raise CommandError(f"Name a number of orders from 1 to {MOST}.")
        if not loading.is_loaded():
            raise CommandError("Load the demo first: manage.py load_demo.")
        with Progress("Playing the past", count, self.stderr) as progress:
            history.write_history(count, Random(seed), progress.step)  # noqa: S311  times of a demo
