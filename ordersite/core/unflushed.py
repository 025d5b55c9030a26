"""Transactions that need not outlive a crash: what they did is done again."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def atomic_unflushed() -> Iterator[None]:
    """A transaction whose commit waits neither for the disk nor for a standby; on SQLite an ordinary one."""
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL synchronous_commit = off")
        yield
