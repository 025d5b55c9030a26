from typing import Any

from django.core.management.base import BaseCommand

from orders.services.record.epochs import begin_epoch


class Command(BaseCommand):
    help = "Begins a new epoch of the feeds, after a backup was brought back: every reader begins afresh."

    def handle(self, **options: Any) -> None:
        self.stdout.write(f"The feeds' epoch is now {begin_epoch()}: every reader begins afresh within 5 seconds.")
