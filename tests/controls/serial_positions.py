"""Control of promise 7: positions from a sequence, as a serial column would give them, without a lock until commit."""

from collections.abc import Iterable
from functools import partial
from typing import Any

from django.db import connection, transaction

RAISE = (
    "INSERT INTO orders_counter (name, value) VALUES (%s, %s) "
    "ON CONFLICT (name) DO UPDATE SET value = greatest(orders_counter.value, excluded.value)"
)


def draw_from_a_sequence(names: Iterable[str], *_: Any, **__: Any) -> tuple[dict[str, list[int]], bool]:
    """In the place of orders.services.record.events.draw_beside; readers are told the highest committed position."""
    drawn = {}
    for name in sorted(set(names)):
        with connection.cursor() as cursor:
            cursor.execute("SELECT nextval('control_positions')")
            drawn[name] = [int(cursor.fetchone()[0])]
        transaction.on_commit(partial(tell_highest, name, drawn[name][0]))
    return drawn, False


def tell_highest(name: str, position: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(RAISE, [name, position])
