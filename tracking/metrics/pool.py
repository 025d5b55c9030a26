"""How the database connections of a process that pools them are used: looked at now and then, by a thread."""

import threading
import time
from typing import Any

from django.conf import settings
from django.db import connection

from ordersite.core.metrics import sum_gauge

EVERY = 5.0  # seconds
# By the name that psycopg's pool gives to each.
STATES = {"pool_size": "open", "pool_available": "free", "requests_waiting": "waiting"}
POOL = sum_gauge(
    "ordersite_database_pool",
    "Connections of the pools of processes that have one: open, free of those, and calls that wait for one.",
    "state",
)


def watch_pool() -> None:
    """Begins to look, in processes that have a pool."""
    if "pool" in settings.DATABASES["default"].get("OPTIONS", {}):
        threading.Thread(target=look_now_and_then, name="pool", daemon=True).start()


def look_now_and_then() -> None:
    while True:
        time.sleep(EVERY)
        note_pool(getattr(connection, "pool"))  # noqa: B009  PostgreSQL's alone has one


def note_pool(pool: Any) -> None:
    stats = pool.get_stats()
    for name, state in STATES.items():
        POOL.labels(state).set(stats.get(name, 0))
