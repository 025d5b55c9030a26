"""Orders in plenty: those that were really placed are multiplied by SQL, each with all of its rows.

Every column that is not named here is copied, so that a new one needs nothing. The copies are spread over vendors,
customers and the last 90 days up to yesterday; all but the newest thousand are closed.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

BATCH = 50_000
OPEN = 1000
CLOSED = "CASE WHEN g <= %(closed)s THEN {closed} ELSE {open} END"
# When copy g was placed: evenly over the days, the newest last.
AT = "date_trunc('day', now()) - interval '1 minute' - (%(count)s - g) * interval '90 days' / %(count)s"
HASH = "md5({salt} || g::text) || md5(g::text || {salt})"
CUSTOMER = "(SELECT min(id) FROM accounts_customer) + (g * 7919) %% (SELECT count(*) FROM accounts_customer)"

# Accepted orders are put back before each slice, so that there is something to accept.
REOPEN = """UPDATE orders_order SET status = 0, previous_status = NULL, accepted_at = NULL, estimated_at = NULL,
due_at = NULL, label_id = NULL WHERE id = ANY(%s)"""

# Table → columns that a copy has of its own. Ids follow from the copy's number, so that no row must be looked up.
TABLES: dict[str, dict[str, str]] = {
    "orders_purchase": {
        "id": "%(purchases)s + g",
        "uuid": "gen_random_uuid()",
        "customer_id": CUSTOMER,
        "placed_by_id": f"(SELECT user_id FROM accounts_customer WHERE id = {CUSTOMER})",
        "placed_by_key": f"'user:' || (SELECT user_id FROM accounts_customer WHERE id = {CUSTOMER})",
        "tracking_hash": HASH.format(salt="'purchase'"),
        "placed_at": AT,
    },
    "orders_order": {
        "id": "%(orders)s + g",
        "uuid": "gen_random_uuid()",
        "purchase_id": "%(purchases)s + g",
        "customer_id": CUSTOMER,
        "status": CLOSED.format(closed="11", open="0"),
        "number": "g",
        "number_day": f"({AT})::date",
        "tracking_hash": HASH.format(salt="'order'"),
        "placed_at": AT,
        "visible_at": AT,
        "status_changed_at": AT,
        "delivered_at": CLOSED.format(closed=AT, open="NULL"),
        "closed_at": CLOSED.format(closed=AT, open="NULL"),
        "due_at": "NULL",
        "contact_email": "'customer' || g %% 200 || '@example.org'",
    },
    "orders_line": {"id": "%(lines)s + (g - 1) * 3 + t.position", "order_id": "%(orders)s + g"},
    "orders_lineoption": {
        "id": "%(options)s + (g - 1) * 3 + line.position",
        "line_id": "%(lines)s + (g - 1) * 3 + line.position",
    },
    "orders_payment": {
        "id": "%(payments)s + g",
        "purchase_id": "%(purchases)s + g",
        "token": "md5('payment' || g::text)",
        "created_at": AT,
    },
    "orders_paymentshare": {
        "id": "%(shares)s + g",
        "payment_id": "%(payments)s + g",
        "order_id": "%(orders)s + g",
    },
    "orders_orderevent": {"id": "%(events)s + g", "order_id": "%(orders)s + g", "created_at": AT},
    "orders_feedentry": {
        "id": "%(entries)s + g",
        "event_id": "%(events)s + g",
        "order_id": "%(orders)s + g",
        "position": "t.position + 10 + g",
        "created_at": AT,
    },
}
OFFSETS = dict(
    zip(("purchases", "orders", "lines", "options", "payments", "shares", "events", "entries"), TABLES, strict=True)
)
# Which of the placed orders a row belongs to; copy g is made after order 1 + g modulo their number.
OWNER = {
    "orders_purchase": "JOIN orders_order o ON o.purchase_id = t.id",
    "orders_order": "JOIN orders_order o ON o.id = t.id",
    "orders_lineoption": "JOIN orders_line line ON line.id = t.line_id JOIN orders_order o ON o.id = line.order_id",
    "orders_payment": "JOIN orders_order o ON o.purchase_id = t.purchase_id",
}


def fill(count: int, *, say: Callable[[str], None]) -> None:
    """Multiplies the orders that stand in the database until there are `count`."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), max(id) FROM orders_order")
        standing, last = cursor.fetchone()
        offsets = {}
        for name, table in OFFSETS.items():
            cursor.execute(f"SELECT max(id) FROM {table}")
            offsets[name] = cursor.fetchone()[0]
        copies = count - standing
        values = {**offsets, "count": copies, "closed": max(0, copies - OPEN), "standing": standing, "last": last}
        # The rows fit by their making: without triggers the foreign keys are not looked up twelve times an order.
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("SET synchronous_commit = off")
        with without_indexes(cursor, say=say if count > BATCH else lambda _: None):
            for first in range(1, copies + 1, BATCH):
                until = min(copies, first + BATCH - 1)
                for table, own in TABLES.items():
                    cursor.execute(copying(cursor, table, own), {**values, "first": first, "until": until})
                if count > BATCH:
                    say(f"  {until + standing:,} of {count:,} orders")
        for table in TABLES:
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")
        cursor.execute(
            "UPDATE orders_counter c SET value = (SELECT max(position) FROM orders_feedentry f "
            "WHERE 'stream:' || f.stream = c.name) WHERE c.name LIKE 'stream:%'"
        )
        cursor.execute("RESET session_replication_role")
        cursor.execute("ANALYZE")


@contextmanager
def without_indexes(cursor: Any, *, say: Callable[[str], None]) -> Iterator[None]:
    """Drops the indexes of the tables, and what is unique but the ids, and builds them anew at the end.

    An order stands in some thirty, most of them in no order of their own: row by row 200,000 took nine minutes.
    """
    cursor.execute(
        "SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE contype = 'u' AND conrelid = ANY(%s::regclass[])",
        [list(TABLES)],
    )
    constraints = cursor.fetchall()
    # Within a transaction, as a test's, no table is altered for which foreign keys are still to be looked up.
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    for table, name, _ in constraints:
        cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    cursor.execute(
        "SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i"
        " WHERE NOT i.indisprimary AND i.indrelid = ANY(%s::regclass[])",
        [list(TABLES)],
    )
    indexes = cursor.fetchall()
    for name, _ in indexes:
        cursor.execute(f"DROP INDEX {name}")
    yield
    say(f"  {len(constraints)} unique constraints, {len(indexes)} indexes")
    cursor.execute("SET maintenance_work_mem = '512MB'")
    for table, name, definition in constraints:
        cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
    for _, definition in indexes:
        cursor.execute(definition)
    cursor.execute("RESET maintenance_work_mem")


def copying(cursor: Any, table: str, own: dict[str, str]) -> str:
    """INSERT … SELECT of a table's rows of the placed orders, once for each copy."""
    columns = [column.name for column in connection.introspection.get_table_description(cursor, table)]
    chosen = ", ".join(own.get(column, f't."{column}"') for column in columns)
    names = ", ".join(f'"{column}"' for column in columns)
    owner = OWNER.get(table, "JOIN orders_order o ON o.id = t.order_id")
    return (
        f"INSERT INTO {table} ({names}) SELECT {chosen} "
        f"FROM generate_series(%(first)s::bigint, %(until)s::bigint) g "
        f"JOIN {table} t ON true {owner} "
        "WHERE o.id = %(last)s - g %% %(standing)s"
    )
