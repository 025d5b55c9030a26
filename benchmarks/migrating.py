"""`python -m benchmarks.migrating [--orders 100000]`: how long migrations keep writers waiting on full tables.

A database of its own beside DATABASE_URL's is filled; then all migrations after those of RUN_BESIDE_SINCE go back and
forward again, one by one, while a row of each large table is written every few milliseconds. How long a write waited
for a lock is told by PostgreSQL itself: a write that is long without one waited for the machine. For comparison it
tells how long the same writes took at most before.
"""

import argparse
import os
import re
import tempfile
import threading
import time

import django
import psycopg

from benchmarks.__main__ import databases, prepare
from benchmarks.filling import TABLES
from benchmarks.report import machine

OTHERS = ("vendors_vendor", "vendors_product", "accounts_customer", "accounts_user", "orders_outboxmessage")
ACQUIRED = re.compile(r"acquired \w+ on .* after ([\d.]+) ms")
PAUSE = 0.005  # seconds between two writes
ALONE = 20.0  # seconds of writes before any migration


class Writing(threading.Thread):
    """Writes a row of each table in turn."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self.url, self.is_over, self.worst, self.locked = url, threading.Event(), 0.0, 0.0

    def run(self) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.add_notice_handler(self.hear)
            connection.execute("SET log_lock_waits = on")
            connection.execute("SET deadlock_timeout = '5ms'")  # waits that are longer are told
            connection.execute("SET client_min_messages = log")
            while not self.is_over.wait(PAUSE):
                for table in (*TABLES, *OTHERS):
                    at = time.monotonic()
                    connection.execute(f"UPDATE {table} SET id = id WHERE id = (SELECT max(id) FROM {table})")
                    self.worst = max(self.worst, time.monotonic() - at)

    def hear(self, told: psycopg.errors.Diagnostic) -> None:
        if found := ACQUIRED.search(told.message_primary or ""):
            self.locked = max(self.locked, float(found[1]))

    def longest(self) -> tuple[float, float]:
        """The longest write, and the longest wait for a lock, since it was asked last, in milliseconds."""
        found = 1000 * self.worst, self.locked
        self.worst = self.locked = 0.0
        return found


def migrate_back_and_forward(writing: Writing) -> None:
    from django.db import connection  # noqa: PLC0415  needs the apps
    from django.db.migrations.executor import MigrationExecutor  # noqa: PLC0415

    from ordersite.core.online_migrations import RUN_BESIDE_SINCE, recorded  # noqa: PLC0415

    graph = MigrationExecutor(connection).loader.graph
    old = recorded(graph)
    plan = dict.fromkeys(key for leaf in graph.leaf_nodes() for key in graph.forwards_plan(leaf))
    newer = [key for key in plan if key not in old and key[0] in RUN_BESIDE_SINCE]
    for key in reversed(newer):
        before = [parent.key for parent in graph.node_map[key].parents if parent.key[0] == key[0]]
        step("back", key, before, writing)
    for key in newer:
        step("forward", key, [key], writing)


def step(way: str, key: tuple[str, str], to: list[tuple[str, str]], writing: Writing) -> None:
    from django.db import connection  # noqa: PLC0415  needs the apps
    from django.db.migrations.executor import MigrationExecutor  # noqa: PLC0415

    writing.longest()
    began = time.monotonic()
    MigrationExecutor(connection).migrate(to)
    took, (write, locked) = time.monotonic() - began, writing.longest()
    print(f"| {way} | {'.'.join(key)} | {took:.1f} | {write:.0f} | {locked:.0f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.migrating", description=__doc__)
    parser.add_argument("--orders", type=int, default=100_000)
    chosen = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as directory,
        databases(os.environ["DATABASE_URL"], [chosen.orders], "migrating") as urls,
    ):
        url = urls[chosen.orders]
        os.environ |= {"DJANGO_SETTINGS_MODULE": "ordersite.settings", "DATA_DIR": directory, "DATABASE_URL": url}
        prepare(chosen.orders, url)
        django.setup()
        writing = Writing(url)
        writing.start()
        time.sleep(ALONE)
        print(f"\n{chosen.orders:,} orders; {machine()}; the longest write in {ALONE:.0f} s without migrations")
        print(f"took {writing.longest()[0]:.0f} ms\n")
        print("| way | migration | s | longest write meanwhile, ms | longest wait for a lock, ms |")
        print("| --- | --- | ---: | ---: | ---: |")
        migrate_back_and_forward(writing)
        writing.is_over.set()
        writing.join()


if __name__ == "__main__":
    main()
