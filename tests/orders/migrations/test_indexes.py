"""Indexes that migrations take away: on PostgreSQL concurrently, there and back."""

import re

import pytest
from django.db import connection

from orders.models import Order
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
        return {(table, re.search(r"\((\w+) \w+_pattern_ops", sql)[1]) for table, sql in cursor.fetchall()}  # type: ignore[index]


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
