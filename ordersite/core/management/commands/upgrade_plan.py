"""`manage.py upgrade_plan`: whether the new version's migrations run while the version before serves."""

import sys
from typing import Any

from django.core.management.base import BaseCommand
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

from ordersite.core.online_migrations import recorded


def reasons_to_stop(loader: MigrationLoader, keys: list[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Why all processes have to stop for some of these migrations."""
    old = recorded(loader.graph)
    why = {
        key: "it was written to run while nothing else does"
        if key in old
        else getattr(loader.graph.nodes[key], "stops_site_because", "")
        for key in keys
    }
    return {key: reason for key, reason in why.items() if reason}


class Command(BaseCommand):
    help = "Says whether migrations are due, and whether they run beside the version before; fails where they do not."

    def handle(self, *args: Any, **options: Any) -> None:
        executor = MigrationExecutor(connection)
        due = [(one.app_label, one.name) for one, _ in executor.migration_plan(executor.loader.graph.leaf_nodes())]
        stops = reasons_to_stop(executor.loader, due)
        for key in due:
            self.stdout.write(f"{'.'.join(key)}: {stops.get(key, 'runs beside the version before')}")
        if stops:
            self.stdout.write("Stop all processes, then migrate.")
            sys.exit(1)
        first = "Migrate, then replace" if due else "No migrations: replace"
        self.stdout.write(f"{first} the processes one at a time.")
