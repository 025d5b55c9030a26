"""`manage.py restore_histories`: puts all archived histories of orders back into the log."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from orders.services.record.archive import restore_oldest

BATCH = 100  # orders


class Command(BaseCommand):
    help = "Puts all archived histories of orders back into the log; may run while orders come in, and again."

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises CommandError while the worker archives them."""
        if settings.ARCHIVE_AFTER is not None:
            raise CommandError("ARCHIVE_AFTER is set: unset it, or the worker archives them again.")
        done = 0
        while count := restore_oldest(BATCH):
            done += count
        self.stdout.write(self.style.SUCCESS(f"{done} histories are back in the log."))
