"""`python -m benchmarks.pruning`: rows come as at so many orders a minute, and the worker's pruning goes on beside.

On a database of its own beside DATABASE_URL's (PostgreSQL), with settings under which rows grow old within seconds. It
prints, for each table, what came and what went, and whether its size stays as it is; how much of its one thread the
pruning needs, its longest batch; and how long the writer waited at most; from the CPU of a row, which hardly moves with
what else the machine does, up to which rate it keeps up. The tables are vacuumed beside, as autovacuum does where it
is on, and its CPU is told. Then, with vacuum off, what a batch costs where a million dead rows lie before it.
"""

import argparse
import dataclasses
import os
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from datetime import timedelta
from typing import Any

import django
import psycopg
from django.conf import settings

from benchmarks.own_site import own_site
from benchmarks.report import machine
from benchmarks.servers import ROOT, backends_cpu

VENDORS, DRIVERS, ENDPOINTS = 2000, 4000, 50
TICK = 0.5  # seconds between two inserts
DEAD = 1_000_000

# What one order leaves behind: eight events, each told to its vendor and half of them to a driver, and outside to an
# endpoint; six calls with a key; two tries that were counted; three mails.
STREAM = f"CASE WHEN g %% 3 = 0 THEN 'driver:' || g / 3 %% {DRIVERS} ELSE 'vendor:' || g %% {VENDORS} END"
ROWS = "generate_series(%(first)s::bigint, %(last)s::bigint) g"
TABLES: dict[str, tuple[int, str]] = {
    "orders_feedentry": (
        12,
        "INSERT INTO orders_feedentry (stream, position, event_id, order_id, created_at)"
        f" SELECT {STREAM}, g, 1, 1, now() FROM {ROWS}",
    ),
    "orders_outboxmessage": (
        8,
        "INSERT INTO orders_outboxmessage (id, uuid, type, subject, for_vendor_only, data, created_at, told_at)"
        " SELECT g, gen_random_uuid(), 'order.status', 'order:' || g, false,"
        f" jsonb_build_object('status', 5, 'version', g), now(), now() FROM {ROWS}",
    ),
    "orders_webhookdelivery": (
        8,
        "INSERT INTO orders_webhookdelivery (endpoint_id, message_id, foreign_type, created_at, tries, tried_at,"
        " answered, failure, milliseconds, delivered_at)"
        f" SELECT 1 + g %% {ENDPOINTS}, g, '', now(), 1, now(), 200, '', 35, now()"
        f" FROM {ROWS}",
    ),
    "web_idempotencykey": (
        6,
        "INSERT INTO web_idempotencykey (scope, fingerprint, status, answer, created_at)"
        " SELECT encode(sha256(g::text::bytea), 'hex'), md5(g::text) || md5(g::text), 201,"
        f" (SELECT string_agg(md5(g::text || i), '') FROM generate_series(1, 60) i), now() FROM {ROWS}",
    ),
    "web_attempt": (
        2,
        "INSERT INTO web_attempt (key, count, expires_at)"
        f" SELECT 'guest:' || md5(g::text), 1, now() + %(keep)s FROM {ROWS}",
    ),
    "accounts_mail": (
        3,
        "INSERT INTO accounts_mail (uuid, kind, recipient, about, data, state, error, tries, created_at, asked_at,"
        " sent_at) SELECT gen_random_uuid(), 'order_placed', 'customer' || g || '@example.org', 'order:' || g, '{}',"
        f" 'sent', '', 1, now(), now(), now() FROM {ROWS}",
    ),
}


def pruning_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pruning", description=__doc__)
    parser.add_argument("--orders-a-minute", type=int, default=10_000, help="ten times what is expected")
    parser.add_argument("--seconds", type=int, default=300)
    parser.add_argument("--keep", type=int, default=30, help="seconds after which a row is old")
    return parser.parse_args()


class Writer(threading.Thread):
    """Writes what so many orders a minute leave behind, on a connection of its own, in step with the clock."""

    def __init__(self, url: str, rate: int, keep: timedelta, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self.url, self.rate, self.keep, self.stop = url, rate, keep, stop
        self.written = dict.fromkeys(TABLES, 0)
        self.waits: list[float] = []
        self.behind, self.backend = 0.0, 0

    def run(self) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            self.backend = connection.info.backend_pid
            # Orders and events that these rows name are not there.
            connection.execute("SET session_replication_role = replica")
            began = time.monotonic()
            while not self.stop.wait(TICK):
                orders = int((time.monotonic() - began) * self.rate / 60)
                for table, (per_order, sql) in TABLES.items():
                    first, last = self.written[table] + 1, orders * per_order
                    at = time.monotonic()
                    connection.execute(sql, {"first": first, "last": last, "keep": self.keep})
                    self.waits.append(time.monotonic() - at)
                    self.written[table] = last
                self.behind = time.monotonic() - began - orders * 60 / self.rate


def sizes(connection: psycopg.Connection[Any]) -> dict[str, tuple[int, int]]:
    """Rows and bytes of each table, its indexes and what lies apart included."""
    return {
        table: connection.execute(
            f"SELECT (SELECT count(*) FROM {table}), pg_total_relation_size('{table}')"
        ).fetchone()
        for table in TABLES
    }


def measure_pruning(url: str, chosen: argparse.Namespace) -> None:
    from tracking.worker import WORK, Repeater, Work, repeat  # noqa: PLC0415  needs the apps

    stop, keep = threading.Event(), timedelta(seconds=chosen.keep)
    batches: dict[str, list[float]] = defaultdict(list)
    rows: Counter[str] = Counter()
    cpu = 0.0

    def timed(work: Work) -> Work:
        def run() -> int:
            nonlocal cpu
            at, used = time.monotonic(), time.thread_time()
            count = work.run()
            batches[work.name].append(time.monotonic() - at)
            rows[work.name] += count
            cpu += time.thread_time() - used
            return count

        return dataclasses.replace(work, run=run, every=1)

    works = [work for work in WORK if work.prunes and work.every < 3600]
    repeaters = [Repeater(timed(work)) for work in works]
    writer = Writer(url, chosen.orders_a_minute, keep, stop)
    pruner = threading.Thread(target=repeat, args=(repeaters, stop), daemon=True)
    began = time.monotonic()
    writer.start()
    pruner.start()
    seen: list[dict[str, tuple[int, int]]] = []
    with psycopg.connect(url, autocommit=True) as connection, psycopg.connect(url, autocommit=True) as vacuuming:
        while time.monotonic() - began < chosen.seconds:
            time.sleep(min(10.0, chosen.seconds / 20))
            seen.append(sizes(connection))
            for table in TABLES:
                vacuuming.execute(f"VACUUM {table}")
        elapsed = time.monotonic() - began
        spent = backends_cpu(url)
        vacuum = spent.pop(vacuuming.info.backend_pid, 0.0)
        of_database = sum(spent.values()) - sum(
            spent.get(pid, 0.0) for pid in (writer.backend, connection.info.backend_pid)
        )
    stop.set()
    writer.join()
    pruner.join()
    with psycopg.connect(url, autocommit=True) as connection:
        left = sizes(connection)
    middle, end = seen[len(seen) // 3 : len(seen) * 2 // 3], seen[len(seen) * 2 // 3 :]
    print(f"{chosen.orders_a_minute:,} orders a minute, rows kept {chosen.keep} s, {elapsed:.0f} s; {machine()}\n")
    print("| table | written a second | pruned a second | rows that stay | MB, middle third | MB, last third |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for table in TABLES:
        written, stay = writer.written[table], statistics.median(one[table][0] for one in end)
        mb = [statistics.mean(one[table][1] for one in part) / 1e6 for part in (middle, end)]
        print(
            f"| `{table}` | {written / elapsed:,.0f} | {(written - left[table][0]) / elapsed:,.0f} | {stay:,.0f} |"
            f" {mb[0]:.0f} | {mb[1]:.0f} |"
        )
    print("\n| work | rows in all | batches | of the time | ms a thousand rows | longest batch, ms |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for name, took in batches.items():
        each = f"{1e6 * sum(took) / rows[name]:.0f}" if rows[name] else ""
        print(
            f"| {name} | {rows[name]:,} | {len(took)} | {sum(took) / elapsed:.0%} | {each} | {max(took) * 1000:.0f} |"
        )
    pruned = sum(writer.written[table] - left[table][0] for table in TABLES)
    per_row, vacuum_of_row = (1e6 * used / pruned for used in (cpu + of_database, vacuum))
    per_order = per_row / 1e6 * sum(count for count, _ in TABLES.values())
    print(f"\nIts CPU: {cpu:.1f} s of its own and {of_database:.1f} s of PostgreSQL's, {per_row:.0f} µs a row, and")
    print(f"{vacuum_of_row:.0f} µs by vacuum. So {chosen.orders_a_minute:,} orders a minute ask for")
    print(f"{per_order * chosen.orders_a_minute / 60:.0%} of a core; one is full at {60 / per_order:,.0f}.")
    print(f"The writer's longest statement took {max(writer.waits) * 1000:.0f} ms, its median")
    print(f"{statistics.median(writer.waits) * 1000:.0f} ms; at the end it was {writer.behind:.1f} s behind.")


def measure_dead_rows(url: str) -> None:
    """What a batch costs where vacuum has not come by for so long that a million dead rows lie before it."""
    from tracking.retention import BATCH, prune_feed  # noqa: PLC0415  needs the apps

    def timed_prune() -> float:
        at = time.monotonic()
        prune_feed()
        return 1000 * (time.monotonic() - at)

    last = DEAD + 3 * BATCH
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("TRUNCATE orders_feedentry")
        connection.execute("ALTER TABLE orders_feedentry SET (autovacuum_enabled = off)")
        connection.execute("SET session_replication_role = replica")
        connection.execute(TABLES["orders_feedentry"][1], {"first": 1, "last": last})
        connection.execute(
            "UPDATE orders_feedentry SET created_at = now() - make_interval(secs => %s - position)", [last]
        )
        connection.execute("VACUUM FULL ANALYZE orders_feedentry")
        alone = timed_prune()
        oldest = "SELECT id FROM orders_feedentry ORDER BY created_at LIMIT %s"
        connection.execute(f"DELETE FROM orders_feedentry WHERE id IN ({oldest})", [DEAD])
        first, then = timed_prune(), timed_prune()
    print(
        f"\nA batch of feed entries takes {alone:.0f} ms; behind {DEAD:,} dead rows {first:.0f} once, then {then:.0f}."
    )


def main() -> None:
    chosen = pruning_options()
    with own_site("pruning"):
        url = os.environ["DATABASE_URL"]
        subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity", "0"], cwd=ROOT, check=True)
        os.environ["ORDERSITE_PROCESS"] = "worker"
        django.setup()
        from django.db import connection  # noqa: PLC0415  needs the apps

        from orders.models import WebhookEndpoint  # noqa: PLC0415
        from vendors.models import Merchant  # noqa: PLC0415

        keep = timedelta(seconds=chosen.keep)
        settings.KEEP_IDEMPOTENCY_KEYS = settings.KEEP_FEED = settings.KEEP_OUTBOX = settings.KEEP_MAILS = keep
        merchant = Merchant.objects.create(name="Merchant")
        WebhookEndpoint.objects.bulk_create(
            WebhookEndpoint(id=1 + number, merchant=merchant, url=f"https://example.org/{number}")
            for number in range(ENDPOINTS)
        )
        measure_pruning(url, chosen)
        settings.KEEP_FEED = timedelta()
        measure_dead_rows(url)
        connection.close_pool()  # type: ignore[attr-defined]


if __name__ == "__main__":
    main()
