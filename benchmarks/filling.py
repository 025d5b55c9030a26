"""Orders in plenty: those that were really placed are multiplied by SQL, each with all of its rows.

Every column that is not named here is copied, so that a new one needs nothing, and every moment keeps its distance from
the placing. The copies are spread over vendors, customers and the last 90 days up to yesterday; all but the newest
thousand are made after orders that were handed over.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

BATCH = 50_000
OPEN = 1000
# When copy g was placed: evenly over the days, the newest last.
AT = "date_trunc('day', now()) - interval '1 minute' - (%(count)s - g) * interval '90 days' / %(count)s"
HASH = "md5({salt} || g::text) || md5(g::text || {salt})"
CUSTOMER = "(SELECT min(id) FROM accounts_customer) + (g * 7919) %% (SELECT count(*) FROM accounts_customer)"

# Accepted orders are put back before each slice, so that there is something to accept.
REOPEN = """UPDATE orders_order SET status = 0, previous_status = NULL, accepted_at = NULL, estimated_at = NULL,
due_at = NULL, label_id = NULL WHERE id = ANY(%s)"""

# Table → how its rows `t` are found of an order `o`. What refers to another of these tables comes after it.
TABLES: dict[str, str] = {
    "orders_purchase": "o.purchase_id = t.id",
    "orders_order": "o.id = t.id",
    "orders_line": "o.id = t.order_id",
    "orders_lineoption": "o.id = (SELECT order_id FROM orders_line WHERE id = t.line_id)",
    "orders_payment": "o.purchase_id = t.purchase_id",
    "orders_paymentshare": "o.id = t.order_id",
    "orders_orderevent": "o.id = t.order_id",
    "orders_feedentry": "o.id = t.order_id",
    "orders_posting": "o.id = t.order_id",
    "orders_entry": "o.id = (SELECT order_id FROM orders_posting WHERE id = t.posting_id)",
}
REFERENCES = {
    "purchase_id": "orders_purchase",
    "order_id": "orders_order",
    "line_id": "orders_line",
    "payment_id": "orders_payment",
    "share_id": "orders_paymentshare",
    "event_id": "orders_orderevent",
    "posting_id": "orders_posting",
}
# Columns that a copy has of its own.
OWN: dict[str, dict[str, str]] = {
    "orders_purchase": {
        "uuid": "gen_random_uuid()",
        "customer_id": CUSTOMER,
        "placed_by_id": f"(SELECT user_id FROM accounts_customer WHERE id = {CUSTOMER})",
        "placed_by_key": f"'user:' || (SELECT user_id FROM accounts_customer WHERE id = {CUSTOMER})",
        "tracking_hash": HASH.format(salt="'purchase'"),
    },
    "orders_order": {
        "uuid": "gen_random_uuid()",
        "customer_id": CUSTOMER,
        "number": "g",
        "number_day": f"({AT})::date",
        "tracking_hash": HASH.format(salt="'order'"),
        # The worker closes what was handed over, a day later; here it is done.
        "closed_at": f"CASE WHEN t.sample_closed THEN {AT} + interval '1 hour' END",
        "due_at": "NULL",
        "contact_email": "'customer' || g %% 200 || '@example.org'",
    },
    "orders_payment": {"token": "md5('payment' || g::text)"},
    # Copies of one sample, whose stream is the vendor's, come one after the other.
    "orders_feedentry": {
        "position": "100 + g / %(samples)s * %(orders_feedentry_each)s + t.sample_row",
        # The worker forgets at once that an order which was answered was not shown.
        "unseen_since": f"CASE WHEN NOT t.sample_closed AND t.unseen_since IS NOT NULL THEN {AT} END",
    },
}


def fill(count: int, *, say: Callable[[str], None]) -> None:
    """Multiplies the orders that stand in the database until there are `count`.

    There stand as many that are open as were handed over, one of each at each vendor.
    """
    with connection.cursor() as cursor:
        values = take_samples(cursor)
        copies = count - 2 * values["samples"]
        values |= {"count": copies, "closed": max(0, copies - OPEN)}
        statements = [copying(cursor, table) for table in TABLES]
        # The rows fit by their making: without triggers the foreign keys are not looked up twelve times an order.
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("SET synchronous_commit = off")
        with without_indexes(cursor, say=say if count > BATCH else lambda _: None):
            for first in range(1, copies + 1, BATCH):
                until = min(copies, first + BATCH - 1)
                for statement in statements:
                    cursor.execute(statement, {**values, "first": first, "until": until})
                if count > BATCH:
                    say(f"  {until:,} of {count:,} orders")
        for table in TABLES:
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")
            cursor.execute(f"DROP TABLE sample_{table}")
        cursor.execute(
            "UPDATE orders_counter c SET value = f.last FROM"
            " (SELECT 'stream:' || stream AS name, max(position) AS last FROM orders_feedentry GROUP BY stream) f"
            " WHERE c.name = f.name"
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


def take_samples(cursor: Any) -> dict[str, int]:
    """A table beside each, with its rows of the orders that stand, counted within their order from 0.

    A reference in it is the count of the row that is meant. Returns the last id of each table, how many rows an order
    has there at most, and how many orders stand that are open.
    """
    values = {}
    for table, its_order in TABLES.items():
        cursor.execute(
            f"CREATE TEMPORARY TABLE sample_{table} AS SELECT t.*, o.placed_at AS sample_placed_at,"
            " o.delivered_at IS NOT NULL AS sample_closed,"
            " dense_rank() OVER (PARTITION BY o.delivered_at IS NULL ORDER BY o.id) - 1 AS sample,"
            " row_number() OVER (PARTITION BY o.id ORDER BY t.id) - 1 AS sample_row"
            f" FROM {table} t JOIN orders_order o ON {its_order}"
        )
        cursor.execute(f"SELECT max(id), max(sample_row) + 1 FROM sample_{table}")
        values[f"{table}_last"], values[f"{table}_each"] = cursor.fetchone()
        for column in column_types(cursor, table):
            if named := REFERENCES.get(column):
                cursor.execute(
                    f"UPDATE sample_{table} t SET {column} = (SELECT s.sample_row FROM sample_{named} s"
                    f" WHERE s.id = t.{column})"
                )
    cursor.execute("SELECT count(*) FROM sample_orders_order WHERE NOT sample_closed")
    (values["samples"],) = cursor.fetchone()
    return values


def column_types(cursor: Any, table: str) -> dict[str, str]:
    cursor.execute(
        "SELECT attname, format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0"
        " AND NOT attisdropped AND attgenerated = '' ORDER BY attnum",
        [table],
    )
    return dict(cursor.fetchall())


def copying(cursor: Any, table: str) -> str:
    """INSERT … SELECT of a table's sample rows, once for each copy. Ids follow from the copy's number."""
    own = OWN.get(table, {})

    def value(column: str, kind: str) -> str:
        if column in own:
            return own[column]
        if named := table if column == "id" else REFERENCES.get(column):
            row = "t.sample_row" if column == "id" else f"t.{column}"
            return f"%({named}_last)s + (g - 1) * %({named}_each)s + 1 + {row}"
        return f'{AT} + (t."{column}" - t.sample_placed_at)' if kind.startswith("timestamp") else f't."{column}"'

    chosen = {column: value(column, kind) for column, kind in column_types(cursor, table).items()}
    names = ", ".join(f'"{column}"' for column in chosen)
    return (
        f"INSERT INTO {table} ({names}) SELECT {', '.join(chosen.values())} "
        f"FROM generate_series(%(first)s::bigint, %(until)s::bigint) g "
        f"JOIN sample_{table} t ON t.sample_closed = (g <= %(closed)s) AND t.sample = g %% %(samples)s"
    )
