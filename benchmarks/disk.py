"""`python -m benchmarks.disk [--orders 300]`: what an order's life takes of PostgreSQL's disk, by table and index.

On a database of its own beside DATABASE_URL's. Each order of three lines is placed by the API to be collected, paid in
cash, accepted, begun, told ready and handed over, each call with a key; an endpoint is told of it, and mails are
queued. What other rows took before is subtracted, and so is the first page of each index.

Then what the orders' histories take in the log and in the archive: as they are, and as those of deliveries whose
drivers were followed.
"""

import argparse
import os
import subprocess
import sys
from datetime import timedelta

import django
from django.db.models import F
from django.utils import timezone

from benchmarks.own_site import own_site
from benchmarks.report import machine
from benchmarks.servers import ROOT

# Heap with what lies apart, then each index without its first page, which says where the others are.
HEAPS = "SELECT relname, '', pg_table_size(relid) FROM pg_stat_user_tables"
INDEXES = "SELECT relname, indexrelname, greatest(pg_relation_size(indexrelid) - 8192, 0) FROM pg_stat_user_indexes"
Sizes = dict[tuple[str, str], int]
HISTORIES = ("orders_orderevent", "orders_archivedhistory")
# How often followers are told that a driver has moved, on a way of a quarter of an hour (every 15 s at most).
FOLLOWED = 60
YEAR = timedelta(days=365)
# Gone after a time (docs/decisions/tables-that-stay-small.md).
PRUNED = {
    "accounts_mail",
    "orders_feedentry",
    "orders_outboxmessage",
    "orders_webhookdelivery",
    "web_attempt",
    "web_idempotencykey",
}


def sizes_on_disk() -> tuple[Sizes, dict[str, int]]:
    """Bytes by table and index, and rows by table."""
    from django.apps import apps  # noqa: PLC0415  needs the apps
    from django.db import connection  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute(f"{HEAPS} UNION ALL {INDEXES}")
        found = {(table, index): size for table, index, size in cursor.fetchall()}
    return found, {model._meta.db_table: model._default_manager.count() for model in apps.get_models()}


def measure_disk(count: int) -> None:
    from benchmarks.site import WholeLife, bearer_for, in_our_words, make_people, place_requests  # noqa: PLC0415  needs the apps
    from orders.models import WebhookEndpoint  # noqa: PLC0415
    from orders.services.outgoing.deliveries import pass_on  # noqa: PLC0415
    from ordersite.accounts.models import User  # noqa: PLC0415
    from vendors.models import Merchant  # noqa: PLC0415

    make_people()
    WebhookEndpoint.objects.create(merchant=Merchant.objects.get(), url="https://example.org/")
    placing, _ = place_requests()
    life = WholeLife(bearer_for(User.objects.get(email="owner@example.org")))
    life.live(placing[0]["token"], in_our_words(placing[0]["body"]))
    before, rows_before = sizes_on_disk()
    for number in range(count):
        one = placing[number % len(placing)]
        life.live(one["token"], in_our_words(one["body"]))
    while pass_on():
        pass
    after, rows_after = sizes_on_disk()
    rows = {table: (rows_after[table] - rows_before[table]) / count for table in rows_after}
    grown = {name: (size - before.get(name, 0)) / count for name, size in after.items()}
    print(f"{count:,} orders of three lines, from being placed to being handed over; {machine()}\n")
    for heading, tables in (("kept", rows.keys() - PRUNED), ("pruned", PRUNED)):
        print_tables(heading, sorted(table for table in tables if rows[table] > 0), rows, grown)
    measure_archive()


def measure_archive() -> None:
    """Prints what a history takes before and after it is archived, with indexes."""
    from orders.models import Order  # noqa: PLC0415  needs the apps
    from orders.services.record.archive import archive_histories, restore_oldest  # noqa: PLC0415

    print("| a history | bytes, in the log | bytes, archived |\n| --- | ---: | ---: |")
    for name, positions in (("collected", 0), (f"delivered, its driver told of {FOLLOWED} times", FOLLOWED)):
        while restore_oldest(1000):
            pass
        make_old(positions)
        count, before = Order.objects.count() - 1, history_bytes()
        while archive_histories(timezone.now() - YEAR / 2, 100):
            pass
        # One stays in the log: that of its last event.
        rest = before / (count + 1)
        print(f"| {name} | {rest:,.0f} | {(history_bytes() - rest) / count:,.0f} |")


def make_old(positions: int) -> None:
    """Moves all that happened into the year before, with so many reports of a driver's moving for each order."""
    from orders.models import FeedEntry, Order, OrderEvent, OutboxMessage, WebhookDelivery  # noqa: PLC0415

    for rows in (FeedEntry, WebhookDelivery, OutboxMessage):
        rows.objects.all().delete()
    OrderEvent.objects.bulk_create(
        OrderEvent(
            order=order, number=order.version + number, kind="position", actor="user:12345", role="driver", app_id="app"
        )
        for order in Order.objects.all()
        for number in range(1, positions + 1)
    )
    long_ago = timezone.now() - YEAR
    Order.objects.update(status_changed_at=long_ago, due_at=None)
    OrderEvent.objects.update(created_at=long_ago + F("number") * timedelta(seconds=15, microseconds=123_457))


def history_bytes() -> int:
    """Of both tables with their indexes: of copies, in which nothing was deleted, without what an empty one takes."""
    from django.db import connection  # noqa: PLC0415  needs the apps

    size = 0
    with connection.cursor() as cursor:
        for table in HISTORIES:
            cursor.execute(f"CREATE TABLE copied (LIKE {table} INCLUDING ALL)")
            cursor.execute("SELECT pg_total_relation_size('copied')")
            size -= cursor.fetchone()[0]
            cursor.execute(f"INSERT INTO copied SELECT * FROM {table} ORDER BY 1")  # noqa: S608  of HISTORIES
            cursor.execute("SELECT pg_total_relation_size('copied')")
            size += cursor.fetchone()[0]
            cursor.execute("DROP TABLE copied")
    return size


def print_tables(heading: str, tables: list[str], rows: dict[str, float], grown: dict[tuple[str, str], float]) -> None:
    """A row for each table, one for each of its indexes, and their sum: of one order."""
    print(f"| {heading} | rows | bytes, heap | bytes, indexes |\n| --- | ---: | ---: | ---: |")
    heaps = {table: grown[table, ""] for table in tables}
    for table in tables:
        indexes = {index: size for (of, index), size in grown.items() if of == table and index}
        print(f"| `{table}` | {rows[table]:.1f} | {heaps[table]:,.0f} | {sum(indexes.values()):,.0f} |")
        for index, size in sorted(indexes.items(), key=lambda one: -one[1]):
            if size >= 1:
                print(f"| · `{index}` | | | {size:,.0f} |")
    of_indexes = sum(size for (table, index), size in grown.items() if table in heaps and index)
    print(f"| all | | {sum(heaps.values()):,.0f} | {of_indexes:,.0f} |\n")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.disk", description=__doc__)
    parser.add_argument("--orders", type=int, default=300)
    chosen = parser.parse_args()
    os.environ |= {"THROTTLE_CALLER": "0", "THROTTLE_ANONYMOUS": "0", "ALLOWED_HOSTS": "testserver"}
    with own_site("disk"):
        subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity", "0"], cwd=ROOT, check=True)
        django.setup()
        from django.db import connection  # noqa: PLC0415  needs the apps

        measure_disk(chosen.orders)
        connection.close()


if __name__ == "__main__":
    main()
