"""`python -m benchmarks.scaling`: the same calls by 1, 2 and 4 processes of each kind: is the CPU of a call flat?

Web processes answer placings and one order, workers deliver webhooks (`benchmarks.outgoing`), socket processes tell
events (`benchmarks.sockets`). Each count of web processes is measured in turns with the others, two clients a process.
What a call costs in CPU hardly moves with what else the machine does; rates do, and end at its cores.

Besides, what must wait: placings of one vendor beside those of eight, with how many of PostgreSQL's sessions wait for
a lock at a moment; and the CPU that passes while a placing holds its vendor's counters, since those take turns.
Needs DATABASE_URL (PostgreSQL) and REDIS_URL; makes databases of its own.
"""

import argparse
import contextlib
import os
import statistics
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import django
import psycopg

from benchmarks.__main__ import databases, prepare
from benchmarks.load import Request, Sample, drive, http_calls
from benchmarks.report import machine, median, report_table
from benchmarks.servers import OURS, backends_cpu, cpu_seconds, family, granian, run_module

ORDERS = 1000
HELD = 200  # placings of which is told what passes while they hold their counters
GLANCE = 0.02  # seconds between two looks at who waits


def scaling_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scaling", description=__doc__)
    parser.add_argument("--web", type=int, nargs="*", default=[1, 2, 4])
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2, 3])
    parser.add_argument("--sockets", type=int, nargs="*", default=[1, 2, 4])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3.0, help="of a slice of calls")
    parser.add_argument("--held", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


@contextlib.contextmanager
def waiting_sessions(url: str) -> Iterator[list[int]]:
    """How many sessions of the database wait for a lock, looked at again and again within the block."""
    seen: list[int] = []
    is_over = threading.Event()

    def look() -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            while not is_over.wait(GLANCE):
                seen.extend(
                    connection.execute(
                        "SELECT count(*) FROM pg_stat_activity"
                        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
                    ).fetchone()
                    or ()
                )

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        is_over.set()
        thread.join()


def measure_web(url: str, counts: list[int], rounds: int, seconds: float) -> None:
    with databases(url, [ORDERS], "scaling") as urls, contextlib.ExitStack() as stack:
        site = urls[ORDERS]
        calls = prepare(ORDERS, site)["calls"]
        placing = [Request(**one) for one in calls["place"]["ours"]]
        busy = [one for one in placing if one.body["vendor"] == placing[0].body["vendor"]]
        kinds = {
            "one order read": [Request(**one) for one in calls["detail"]["ours"]],
            "placing, at eight vendors": placing,
            "placing, at one vendor": busy,
        }
        servers = [stack.enter_context(granian(OURS, DATABASE_URL=site)) for _ in range(max(counts))]
        ports = [port for port, _ in servers]
        pids = [pid for _, parent in servers for pid in family(parent)]
        samples: dict[tuple[str, int], list[Sample]] = defaultdict(list)
        waits: dict[tuple[str, int], list[int]] = defaultdict(list)
        drive(http_calls(ports, placing), clients=max(counts), seconds=seconds)
        for _ in range(rounds):
            for what, requests in kinds.items():
                for count in counts:
                    before, backends = sum(map(cpu_seconds, pids)), backends_cpu(site)
                    with waiting_sessions(site) as seen:
                        sample = drive(http_calls(ports[:count], requests), clients=2 * count, seconds=seconds)
                        after = backends_cpu(site)  # its own session looks on, and is in neither
                    if sample.failures:
                        raise RuntimeError(f"{what}: {sample.failures[0]}")
                    sample.cpu = sum(map(cpu_seconds, pids)) - before
                    sample.database_cpu = sum(after[pid] - used for pid, used in backends.items() if pid in after)
                    samples[what, count].append(sample)
                    waits[what, count] += seen
        rows = []
        for (what, count), found in samples.items():
            own, first = median(found, lambda one: one.cpu_ms), median(samples[what, counts[0]], lambda one: one.cpu_ms)
            rows.append(
                [
                    what,
                    str(count),
                    f"{own:.1f}",
                    f"{own / first:.2f}",
                    f"{median(found, lambda one: one.database_ms):.1f}",
                    f"{median(found, lambda one: one.per_second):.0f}",
                    f"{statistics.mean(waits[what, count] or [0]):.2f}",
                ]
            )
        report_table(
            ["call", "web processes", "CPU ms", "÷ first", "PostgreSQL's CPU ms", "a second", "sessions that wait"],
            rows,
        )
        held = run_module("scaling", "--held", DATABASE_URL=site)
        print(f"\n{held.splitlines()[-1]}", flush=True)


def measure_held() -> None:
    """In a process with the settings of a filled database: from the counters' statement to the commit."""
    django.setup()
    from django.db import connection, transaction  # noqa: PLC0415  needs the apps

    from benchmarks.site import place_requests  # noqa: PLC0415
    from benchmarks.statements import statements_of  # noqa: PLC0415

    own: list[float] = []
    of_database: list[float] = []

    def watch(execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        if "orders_counter" in str(sql) and not is_held:
            is_held.append(True)
            pid = connection.connection.info.backend_pid
            used, of_it = time.thread_time(), cpu_seconds(pid)

            def committed() -> None:
                own.append(time.thread_time() - used)
                of_database.append(cpu_seconds(pid) - of_it)

            transaction.on_commit(committed)
        return result

    placing = place_requests()[0]
    for number in range(HELD):
        is_held: list[bool] = []
        with connection.execute_wrapper(watch):
            statements_of([placing[number % len(placing)]])
    held, waited = (1000 * statistics.mean(times) for times in (own, of_database))
    print(
        f"From a placing's numbering to its commit: {held:.1f} ms of its own CPU and {waited:.1f} ms of PostgreSQL's"
        f" (means of {len(own)}), so that one vendor can place {1000 / (held + waited):.0f} a second at most."
    )


def measure_workers(counts: list[int]) -> None:
    print(run_module("outgoing", "--slow", "3", "--workers", *map(str, counts)), flush=True)


def measure_socket_processes(counts: list[int]) -> None:
    print(run_module("sockets", *map(str, counts)), flush=True)


def main() -> None:
    chosen = scaling_options()
    os.environ |= {"THROTTLE_CALLER": "0", "THROTTLE_ANONYMOUS": "0", "THROTTLE_TILL": "0", "LOG_LEVEL": "WARNING"}
    os.environ["DJANGO_SETTINGS_MODULE"] = "ordersite.settings"
    if chosen.held:
        measure_held()
        return
    if chosen.web:
        with tempfile.TemporaryDirectory() as directory:
            os.environ["DATA_DIR"] = directory
            measure_web(os.environ["DATABASE_URL"], chosen.web, chosen.rounds, chosen.seconds)
    if chosen.workers:
        measure_workers(chosen.workers)
    if chosen.sockets:
        measure_socket_processes(chosen.sockets)
    print(f"\n{machine()}; load {os.getloadavg()[0]:.0f}")


if __name__ == "__main__":
    main()
