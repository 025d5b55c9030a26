"""Migrations there and back, for the tests of what they make of standing rows."""

from typing import Any

from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

# The models of today read the tables of today.
NEWEST_ORDERS = MigrationLoader(None).graph.leaf_nodes("orders")[0]


def migrate(to: tuple[str, str]) -> Any:
    """Brings the tables to a migration; the models as they were then."""
    executor = MigrationExecutor(connection)
    executor.migrate([to])
    return MigrationExecutor(connection).loader.project_state([to]).apps


def migrate_to_newest() -> None:
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())
