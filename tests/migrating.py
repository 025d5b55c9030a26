"""Migrations there and back, for the tests of what they make of standing rows."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

# The models of today read the tables of today.
NEWEST_ORDERS = MigrationLoader(None).graph.leaf_nodes("orders")[0]


@contextmanager
def seldom_collecting() -> Iterator[None]:
    """Leaves what stands out of garbage collections, and makes them rare: 29 % of the CPU that migrations took, as the
    models of each state are made anew and forgotten."""
    thresholds = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        gc.unfreeze()


@seldom_collecting()
def migrate(to: tuple[str, str]) -> Any:
    """Brings the tables to a migration; the models as they were then."""
    executor = MigrationExecutor(connection)
    executor.migrate([to])
    return MigrationExecutor(connection).loader.project_state([to]).apps


@seldom_collecting()
def migrate_to_newest() -> None:
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())
