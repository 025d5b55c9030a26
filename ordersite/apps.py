import sqlite3
from typing import Any

from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate


class OrdersiteConfig(AppConfig):
    """Binds the project: deployment checks are registered here."""

    name = "ordersite"
    verbose_name = "ordersite"

    def ready(self) -> None:
        from ordersite import checks  # noqa: F401  registers itself
        from ordersite.accounts.roles import keep_roles

        # After django.contrib.auth's own receiver, which makes the permissions: this app is ready last.
        post_migrate.connect(keep_roles, dispatch_uid="ordersite.accounts.roles")
        connection_created.connect(take_many_parameters)


def take_many_parameters(connection: Any, **kwargs: Any) -> None:
    """Lets SQLite take as many parameters a statement as it can, as Django 6.0 does by itself; 5.2 counts with 999.

    Rows that are written together then go in one statement, as on PostgreSQL.
    """
    if connection.vendor == "sqlite":
        limit = connection.connection.getlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER)
        connection.features.max_query_params = limit
