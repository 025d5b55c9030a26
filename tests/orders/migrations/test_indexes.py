"""Indexes that migrations build and take away: on PostgreSQL concurrently, there and back."""

import re

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from orders.models import Order
from ordersite.core.online_migrations import ONLINE, AddIndexOnline, AddUniqueOnline
from tests.cast import Cast
from tests.migrating import migrate, migrate_to_newest
from tests.orders.rows import make_order

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
BEFORE = [("orders", "0076_day_reports"), ("web", "0002_tries_under_way"), ("accounts", "0018_customer_name_words")]
HASHES = [
    ("accounts_apitoken", "token_hash"),
    ("accounts_mail", "recipient"),
    ("orders_deliveryproof", "photo"),
    ("orders_order", "tracking_hash"),
    ("orders_payment", "token"),
    ("orders_paymentproof", "photo"),
    ("orders_purchase", "guest_token_hash"),
    ("orders_purchase", "tracking_hash"),
    ("web_attempt", "key"),
    ("web_idempotencykey", "scope"),
]


def indexed_for_like() -> set[tuple[str, str]]:
    """Tables and columns that have a second index, for LIKE."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename, indexdef FROM pg_indexes WHERE indexdef LIKE '%pattern_ops%'")
        return {(table, re.search(r"\((\w+) \w+_pattern_ops", sql)[1]) for table, sql in cursor.fetchall()}


def indexes_of_orders() -> set[str]:
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, Order._meta.db_table)
    columns = {"driver_id", "company_id", "label_id"}
    return {name for name, one in found.items() if one["index"] and one["columns"] and one["columns"][0] in columns}


KEPT = {"order_by_driver", "order_by_company", "order_driver", "order_company", "order_label", "order_carried"}


def test_they_are_gone_and_come_back(cast: Cast) -> None:
    order = make_order(cast, 7, driver=cast.driver_row)
    is_postgres = connection.vendor == "postgresql"
    try:
        assert indexes_of_orders() == KEPT
        assert not is_postgres or not indexed_for_like().intersection(HASHES)
        for before in BEFORE:
            migrate(before)
        assert {"order_of_driver", "order_of_company"} < indexes_of_orders()
        assert len(indexes_of_orders()) == 6  # with the three of the foreign keys, and order_carried
        assert not is_postgres or indexed_for_like().issuperset(HASHES)
    finally:
        migrate_to_newest()
    assert indexes_of_orders() == KEPT
    assert Order.objects.get(driver=cast.driver_row) == order


def definitions() -> dict[str, tuple[str, bool]]:
    """Of each index the SQL that makes it, and whether it serves anybody."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, pg_get_indexdef(oid), indisvalid FROM pg_class JOIN pg_index ON indexrelid = oid"
            " WHERE relnamespace = 'public'::regnamespace"
        )
        return {name: (sql, valid) for name, sql, valid in cursor.fetchall()}


def name_of(build: AddIndexOnline | AddUniqueOnline) -> str:
    return str(build.index.name if isinstance(build, AddIndexOnline) else build.constraint.name)


def leave_half_built(name: str) -> None:
    """As a build leaves it that was broken off: the name is taken, and the index serves nobody."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_indexes WHERE indexname = %s", [name])
        table = cursor.fetchone()[0]
        cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}")
        cursor.execute(f"DROP INDEX IF EXISTS {name}")
        cursor.execute(f"CREATE INDEX {name} ON {table} ((1))")
        cursor.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = %s::regclass", [name])


@pytest.mark.postgres
def test_what_was_left_half_built_is_built_anew() -> None:
    """A migration whose build was broken off is run again from its beginning, on the tables of today."""
    loader, standing, names = MigrationLoader(None), definitions(), set[str]()
    newest = loader.project_state()
    for migration in loader.disk_migrations.values():
        operations = migration.operations
        built = {name_of(one) for one in operations if isinstance(one, AddIndexOnline | AddUniqueOnline)}
        # What was taken away since cannot be looked at; in the first ones there is more, so they cannot be run again.
        if not built or not built <= standing.keys() or not all(isinstance(one, ONLINE) for one in operations):
            continue
        names |= built
        for name in built:
            leave_half_built(name)
            assert definitions()[name] != standing[name]
        with connection.schema_editor(atomic=migration.atomic) as editor:
            for operation in operations:
                operation.database_forwards(migration.app_label, editor, newest, newest)
    assert names >= {"order_unserved", "number_once_a_vendor_series_and_day", "audit_of_key", "vendor_name_words"}
    assert definitions() == standing
