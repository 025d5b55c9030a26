"""The same sockets at 1, 2 and 4 processes: what telling them costs in CPU, as `benchmarks.scaling` prints it.

    python -m benchmarks.sockets 1 2 4      # needs DATABASE_URL (PostgreSQL) and REDIS_URL; makes its own database

Each process reads each event of a stream once and tells the sockets that it holds, so that the whole costs as much
more as there are processes that read. CPU is the processes' own; the readers parse frames by hand, in one process each.
"""

import argparse
import contextlib
import multiprocessing
import os
import statistics
import time
import uuid
from pathlib import Path
from typing import Any

import django

from benchmarks.own_site import own_site
from benchmarks.report import report_table
from benchmarks.servers import cpu_seconds
from tests.tracking.readers import readers


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sockets")
    parser.add_argument("counts", type=int, nargs="+", help="Of processes, each count measured by itself.")
    parser.add_argument("--sockets", type=int, default=400, help="Shared by the processes.")
    parser.add_argument("--events", type=int, default=200)
    parser.add_argument("--pause", type=float, default=0.05, help="Seconds between two events.")
    options = parser.parse_args()
    redis_url = os.environ["REDIS_URL"]
    with own_site("sockets") as directory:
        django.setup()
        make_stage()
        rows = []
        for count in options.counts:
            used, delays, lost = measure_processes(directory, redis_url, count, options)
            rows.append(
                [
                    str(count),
                    f"{1e6 * sum(used) / (options.sockets * options.events):.1f}",
                    f"{1e3 * statistics.mean(used) / options.events:.2f}",
                    f"{1e3 * statistics.median(delays):.0f}",
                    f"{1e3 * delays[int(len(delays) * 0.99) - 1]:.0f}",
                    str(lost),
                ]
            )
        report_table(
            ["socket processes", "CPU µs a delivery", "CPU ms an event, each", "p50 ms", "p99 ms", "lost"],
            rows,
        )


def make_stage() -> None:
    from django.core.management import call_command  # noqa: PLC0415  needs the apps

    from tests.cast import make_cast  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    make_cast()


def measure_processes(
    directory: Path, redis_url: str, count: int, options: argparse.Namespace
) -> tuple[list[float], list[float], int]:
    """CPU seconds of each process, seconds from each commit to its arrivals in order, deliveries that did not come."""
    from ordersite.accounts.models import Customer, User  # noqa: PLC0415  needs the apps
    from tests.tracking.live import happen, jwt, make_order, serving  # noqa: PLC0415
    from vendors.models import Vendor  # noqa: PLC0415

    vendor = Vendor.objects.earliest("pk")
    vendor.pk, vendor.uuid = None, uuid.uuid4()
    vendor.save()  # one of its own: its stream begins at 1
    order = make_order(vendor, Customer.objects.earliest("pk"))
    path, token = f"/ws/vendors/{vendor.pk}?since=0", jwt(User.objects.get(email="stella.staff@example.org"))
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(serving(directory, "--no-worker", REDIS_URL=redis_url)) for _ in range(count)]
        out: Any = multiprocessing.Queue()
        for server in servers:
            ready = multiprocessing.Event()
            arguments = (server.port, path, token, options.sockets // count, options.events, 90, out, ready)
            process = multiprocessing.Process(target=readers, args=arguments)
            process.start()
            stack.callback(process.join)
            if not ready.wait(90):
                raise RuntimeError("The readers could not connect within 90 s.")
        before = [cpu_seconds(server.process.pid) for server in servers]
        sent = []
        for _ in range(options.events):
            happen(order, kind="status", from_status=0, to_status=7)
            sent.append(time.time())
            time.sleep(options.pause)
        arrivals = [times for _ in servers for times in out.get(timeout=120)]
        used = [cpu_seconds(server.process.pid) - at for server, at in zip(servers, before, strict=True)]
    delays = sorted(at - sent[number] for times in arrivals for number, at in enumerate(times))
    return used, delays, options.sockets * options.events - len(delays)


if __name__ == "__main__":
    main()
