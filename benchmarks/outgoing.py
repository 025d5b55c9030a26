"""What is told outside, through the outbox to webhook endpoints: with one worker and with three.

    python -m benchmarks.outgoing            # needs DATABASE_URL (PostgreSQL) and REDIS_URL; makes its own database

The receiver is a process of its own on loopback, which answers at once. `burst`: so many events are there when the
workers begin. `stream`: three a second; the delay is from an event's commit to its arrival. CPU is the workers' own,
and PostgreSQL's with what the telling of the events takes of it.
"""

import argparse
import json
import multiprocessing
import os
import re
import socketserver
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import django

from benchmarks.own_site import own_site
from benchmarks.report import machine
from benchmarks.servers import ROOT, backends_cpu, cpu_seconds

PAUSE = 1 / 3  # seconds between two events of the stream
PATIENCE = 300.0  # seconds


class PlainReceiver(socketserver.StreamRequestHandler):
    """The plainest there is: reads one call, notes when it came, answers 204."""

    def handle(self) -> None:
        length = 0
        while (line := self.rfile.readline()) not in (b"\r\n", b""):
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        body = self.rfile.read(length)
        self.wfile.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        found = re.search(rb'"sent":([0-9.]+)', body)
        if found:
            self.server.came.append((float(found[1]), time.time()))  # type: ignore[attr-defined]


class PlainServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 200


def receive(ports: Any, wanted: Any, came: Any) -> None:
    """Serves, and for each number that is asked for gives as many arrivals, once they are there."""
    with PlainServer(("127.0.0.1", 0), PlainReceiver) as server:
        server.came = []  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        ports.put(server.server_address[1])
        while count := wanted.get():
            while len(server.came) < count:  # type: ignore[attr-defined]
                time.sleep(0.01)
            came.put(server.came[:])  # type: ignore[attr-defined]
            server.came.clear()  # type: ignore[attr-defined]


@contextmanager
def running_workers(count: int) -> Iterator[list[int]]:
    """So many workers as they run in earnest; their process ids."""
    env = {**os.environ, "LOG_LEVEL": "WARNING"}
    started = [
        subprocess.Popen([sys.executable, "manage.py", "worker"], cwd=ROOT, env=env, stdout=subprocess.DEVNULL)
        for _ in range(count)
    ]
    try:
        yield [process.pid for process in started]
    finally:
        for process in started:
            process.kill()
            process.wait()


def measure_outgoing(options: argparse.Namespace) -> None:
    django.setup()
    from django.core.management import call_command  # noqa: PLC0415  needs the apps

    from orders.models import WebhookEndpoint  # noqa: PLC0415
    from orders.services.outgoing.endpoints import make_secret  # noqa: PLC0415
    from orders.services.record.outbox import tell_outside  # noqa: PLC0415
    from ordersite.core.crypto import encrypt  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    ports, wanted, came = (multiprocessing.Queue() for _ in range(3))
    receiver = multiprocessing.Process(target=receive, args=(ports, wanted, came), daemon=True)
    receiver.start()
    port = ports.get(timeout=30)
    for number in range(options.endpoints):
        WebhookEndpoint.objects.create(
            url=f"http://127.0.0.1:{port}/{number}", types=["vendor.paused"], secret_sealed=encrypt(make_secret())
        )

    def tell() -> None:
        tell_outside("vendor.paused", subject="vendor:1", vendor_id=None, data={"sent": time.time()})

    def arrivals(count: int) -> list[tuple[float, float]]:
        wanted.put(count * options.endpoints)
        found: list[tuple[float, float]] = came.get(timeout=PATIENCE)
        return found

    for workers in options.workers:
        with running_workers(workers) as pids:
            tell()
            arrivals(1)  # they are there, and every endpoint has shown that it takes what is sent
            time.sleep(2)
            before, backends = sum(cpu_seconds(pid) for pid in pids), backends_cpu(os.environ["DATABASE_URL"])
            for _ in range(options.events):
                tell()
            told = time.time()
            found = arrivals(options.events)
            took = max(at for _, at in found) - min(sent for sent, _ in found)
            used = sum(cpu_seconds(pid) for pid in pids) - before
            after = backends_cpu(os.environ["DATABASE_URL"])
            of_database = sum(now - backends.get(pid, 0.0) for pid, now in after.items())
            burst = {
                "told_s": told - min(sent for sent, _ in found),
                "events_per_second": options.events / took,
                "deliveries_per_second": len(found) / took,
                "cpu_ms": 1000 * used / len(found),
                "database_ms": 1000 * of_database / len(found),
            }
            for _ in range(options.slow):
                tell()
                time.sleep(PAUSE)
            delays = sorted(at - sent for sent, at in arrivals(options.slow))
            stream = {
                "p50_ms": 1000 * statistics.median(delays),
                "p99_ms": 1000 * delays[int(len(delays) * 0.99) - 1],
            }
        figures = {name: round(value, 2) for name, value in {**burst, **stream}.items()}
        print(f"outgoing, {workers} workers:", json.dumps(figures), flush=True)
    wanted.put(0)
    receiver.join(10)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.outgoing", description=__doc__)
    parser.add_argument("--events", type=int, default=200, help="of the burst")
    parser.add_argument("--slow", type=int, default=30, help="events of the stream")
    parser.add_argument("--endpoints", type=int, default=10)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 3])
    options = parser.parse_args()
    with own_site("outgoing"):
        measure_outgoing(options)
    print(machine())


if __name__ == "__main__":
    main()
