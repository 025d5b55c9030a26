"""`manage.py rotate_codes`: every digital code encrypted with the newest of ENCRYPTION_KEYS."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from orders.models import Code
from orders.services.capacity.code_imports import rotate_batch

NAMED = 20


class Command(BaseCommand):
    help = (
        "Encrypts all digital codes anew with the newest of ENCRYPTION_KEYS. May run while orders come in, and twice."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises CommandError (the process ends with 1) where a code cannot be read with any of the keys."""
        total, done, after = Code.objects.count(), 0, 0
        unreadable: list[int] = []
        while (batch := rotate_batch(after=after)) is not None:
            after, done = batch.last, done + batch.count
            unreadable += batch.unreadable
            self.stdout.write(f"{done} of {total} codes")
        if unreadable:
            named = ", ".join(map(str, unreadable[:NAMED]))
            raise CommandError(
                f"{len(unreadable)} codes can be read with none of the keys, and were left as they are: {named}."
                " Put the key that they were encrypted with back into ENCRYPTION_KEYS."
            )
        self.stdout.write(self.style.SUCCESS(f"{done} codes stand under the newest key and need no other."))
