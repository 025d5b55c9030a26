"""Waiting for other people's servers."""

from django.db import connection


def release_connection() -> None:
    """Gives this thread's connection of the database back, before it waits for somebody else's server.

    One that waits as long as that server likes would keep others from the few that a process has. Inside a transaction
    there is nothing to give back.
    """
    if not connection.in_atomic_block:
        connection.close()
