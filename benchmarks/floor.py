"""The floor of placing: the same rows by plain psycopg in one transaction, values at hand, one statement a table."""

import secrets
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

TABLES = (
    "orders_purchase",
    "orders_order",
    "orders_line",
    "orders_lineoption",
    "orders_payment",
    "orders_paymentshare",
    "orders_orderevent",
    "orders_feedentry",
)
WHERE = {
    "orders_purchase": "id = (SELECT purchase_id FROM orders_order WHERE id = %(id)s)",
    "orders_order": "id = %(id)s",
    "orders_lineoption": "line_id IN (SELECT id FROM orders_line WHERE order_id = %(id)s)",
    "orders_payment": "purchase_id = (SELECT purchase_id FROM orders_order WHERE id = %(id)s)",
}
Rows = dict[str, tuple[list[str], list[list[Any]]]]


def read_rows(connection: "psycopg.Connection[Any]", order_id: int) -> Rows:
    """An order's rows as they stand, but for their ids."""
    found: Rows = {}
    for table in TABLES:
        cursor = connection.execute(
            f"SELECT * FROM {table} WHERE {WHERE.get(table, 'order_id = %(id)s')} ORDER BY id", {"id": order_id}
        )
        columns = [column.name for column in cursor.description or ()]
        at = columns.index("id")
        rows = [
            [Jsonb(value) if isinstance(value, dict) else value for place, value in enumerate(row) if place != at]
            for row in cursor.fetchall()
        ]
        found[table] = ([column for column in columns if column != "id"], rows)
    return found


def floor_calls(url: str, order_ids: list[int]) -> Callable[[int, int], Callable[[], None]]:
    """Makes a client's call: a connection of its own, the rows of one placed order written anew each time."""

    def make(number: int, clients: int) -> Callable[[], None]:
        connection = psycopg.connect(url, autocommit=True)
        rows = read_rows(connection, order_ids[number % len(order_ids)])
        return lambda: write_order_rows(connection, rows)

    return make


def insert(connection: "psycopg.Connection[Any]", rows: Rows, table: str, **own: Any) -> list[int]:
    """One statement; `own` are columns that differ, a list where they differ by row. Returns the ids."""
    columns, given = rows[table]
    values = []
    for number, row in enumerate(given):
        for column, value in zip(columns, row, strict=True):
            if column in own:
                value = own[column][number] if isinstance(own[column], list) else own[column]
            values.append(value)
    names = ", ".join(f'"{column}"' for column in columns)
    one = f"({', '.join(['%s'] * len(columns))})"
    sql = f"INSERT INTO {table} ({names}) VALUES {', '.join([one] * len(given))} RETURNING id"
    return [row[0] for row in connection.execute(sql, values).fetchall()]


def write_order_rows(connection: "psycopg.Connection[Any]", rows: Rows) -> None:
    now, code = datetime.now(UTC), secrets.token_hex(32)
    with connection.transaction():
        (purchase,) = insert(connection, rows, "orders_purchase", uuid=uuid.uuid4(), tracking_hash=code, placed_at=now)
        (order,) = insert(
            connection,
            rows,
            "orders_order",
            uuid=uuid.uuid4(),
            purchase_id=purchase,
            tracking_hash=code,
            number=secrets.randbelow(2**31),
            placed_at=now,
        )
        lines = insert(connection, rows, "orders_line", order_id=order)
        insert(connection, rows, "orders_lineoption", line_id=lines)
        token = secrets.token_hex(16)
        (payment,) = insert(connection, rows, "orders_payment", purchase_id=purchase, token=token)
        insert(connection, rows, "orders_paymentshare", payment_id=payment, order_id=order)
        (event,) = insert(connection, rows, "orders_orderevent", order_id=order)
        insert(connection, rows, "orders_feedentry", event_id=event, order_id=order, position=secrets.randbits(62))
