"""The live feed against a raw `websockets` server: 500 sockets, 200 events at once, and 3 events a second; with
`--boards 2` beside as many vendor boards in Chromium. Besides, 600 tablets that come back at once, alone and behind as
many sockets that have gone.

    python -m benchmarks.feed            # needs DATABASE_URL (PostgreSQL) and REDIS_URL; makes its own database

Writers, server and readers are three processes. Readers parse frames by hand, so that both servers are measured and
not the client library. Latency is from the event's commit to its arrival; CPU is the server process's own.
"""

import argparse
import asyncio
import contextlib
import functools
import json
import logging
import multiprocessing
import os
import socket
import statistics
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import django
from playwright.sync_api import expect
from websockets.asyncio.server import broadcast, serve
from websockets.typing import Subprotocol

from benchmarks.own_site import own_site
from benchmarks.servers import cpu_seconds, memory_mb
from tests.tracking.readers import readers


def raw_server(port: int, started: Any, conn: Any) -> None:
    """The plainest server: every text that comes by the pipe goes to everybody."""

    async def run() -> None:
        loop = asyncio.get_running_loop()
        clients: set[Any] = set()

        async def handler(client: Any) -> None:
            clients.add(client)
            try:
                await client.wait_closed()
            finally:
                clients.discard(client)

        loop.add_reader(conn.fileno(), lambda: broadcast(clients, conn.recv()))
        async with serve(handler, "127.0.0.1", port, compression=None, subprotocols=[Subprotocol("ordersite.v1")]):
            started.set()
            await asyncio.Future()

    asyncio.run(run())


def measure_feed(
    name: str, pid: int, port: int, path: str, token: str, sockets: int, count: int, send: Callable[[], list[float]]
) -> dict[str, float]:
    """One run: starts the readers, sends, gathers."""
    out: Any = multiprocessing.Queue()
    ready = multiprocessing.Event()
    process = multiprocessing.Process(target=readers, args=(port, path, token, sockets, count, 90, out, ready))
    process.start()
    assert ready.wait(90), "the readers could not connect"
    before = cpu_seconds(pid)
    sent = send()
    arrivals = out.get(timeout=120)
    process.join()
    used = cpu_seconds(pid) - before
    delivered = sum(map(len, arrivals))
    delays = sorted(at - sent[number] for times in arrivals for number, at in enumerate(times))
    took = max(max(times) for times in arrivals if times) - sent[0]
    result = {
        "lost": sockets * count - delivered,
        "p50_ms": 1000 * statistics.median(delays),
        "p99_ms": 1000 * delays[int(len(delays) * 0.99) - 1],
        "per_second": delivered / took,
        "cpu_us": 1e6 * used / delivered,
    }
    print(name, " ".join(f"{key}={value:.1f}" for key, value in result.items()), flush=True)
    return result


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--sockets", type=int, default=500)
    parser.add_argument("--events", type=int, default=200)
    parser.add_argument("--tablets", type=int, default=600)
    parser.add_argument("--slow", type=int, default=30, help="Events of the run with 3 a second.")
    parser.add_argument(
        "--rounds", type=int, default=0, help="Of --events more, each with the server's memory after it."
    )
    parser.add_argument("--boards", type=int, default=0, help="Of the vendor, in a browser, at each run of ours.")
    options = parser.parse_args()
    with own_site("feed") as directory:
        measure_sockets(directory, os.environ["REDIS_URL"], options)


def measure_sockets(directory: Path, redis_url: str, options: argparse.Namespace) -> None:
    django.setup()
    from django.core.management import call_command  # noqa: PLC0415  needs the apps
    from django.db import transaction  # noqa: PLC0415

    from orders.models import Order  # noqa: PLC0415
    from tests.cast import make_cast  # noqa: PLC0415
    from tests.tracking.live import happen, jwt, make_order, serving  # noqa: PLC0415
    from tracking.feed.entries import event_entry  # noqa: PLC0415
    from vendors.models import Vendor  # noqa: PLC0415

    call_command("migrate", verbosity=0, run_syncdb=True)
    cast = make_cast()
    token = jwt(cast.staff)

    def new_order() -> Order:
        """Of a vendor of its own, so that every run begins at position 1."""
        vendor = Vendor.objects.get(pk=cast.vendor.pk)
        vendor.pk, vendor.uuid = None, uuid.uuid4()
        vendor.save()
        return make_order(vendor, cast.customer_row)

    def at_once(order: Order, count: int) -> list[float]:
        with transaction.atomic():
            for _ in range(count):
                happen(order, kind="status", from_status=0, to_status=7)
        return [time.time()] * count

    def one_by_one(order: Order, count: int, pause: float) -> list[float]:
        sent = []
        for _ in range(count):
            happen(order, kind="status", from_status=0, to_status=7)
            sent.append(time.time())
            time.sleep(pause)
        return sent

    def in_a_row(order: Order, count: int) -> list[float]:
        return one_by_one(order, count, 0)

    results: dict[str, dict[str, float]] = {}
    with serving(directory, "--no-worker", REDIS_URL=redis_url) as server:
        pid = server.process.pid
        for label, count, send in (
            ("burst", options.events, at_once),
            ("stream", options.events, in_a_row),
            ("slow", options.slow, lambda order, count: one_by_one(order, count, 0.333)),
            *((f"round {number}", options.events, in_a_row) for number in range(1, options.rounds + 1)),
        ):
            order = new_order()
            with open_boards(options.boards, server.port, order.vendor_id, cast.owner) as boards:
                results[label] = measure_feed(
                    f"feed {label}",
                    pid,
                    server.port,
                    f"/ws/vendors/{order.vendor_id}?since=0",
                    token,
                    options.sockets,
                    count,
                    functools.partial(send, order, count),
                )
                for board in boards:
                    expect(board.page.locator("#board")).to_have_attribute("data-drawn", str(count), timeout=60_000)
                    assert board.faults == []
            memory = memory_mb([pid])
            print(
                f"server after {label}", " ".join(f"{key}_mb={value:.0f}" for key, value in memory.items()), flush=True
            )
        alone, behind = (admission(server, cast, options.tablets, dead) for dead in (0, options.tablets))
        for label, admitted in (("tablets", alone), ("tablets behind the dead", behind)):
            print(f"feed {label}", " ".join(f"{key}={value:.2f}" for key, value in admitted.items()), flush=True)
    texts = [
        event_entry(n, order.pk, (n, "status", 0, 7, "everybody", order.placed_at), public=False).text
        for n in range(1, max(options.events, options.slow) + 1)
    ]
    for label, count, pause in (("burst", options.events, 0.0), ("slow", options.slow, 0.333)):
        results[f"raw {label}"] = with_raw(options.sockets, count, pause, texts, label)
    ratio = results["burst"]["per_second"] / results["raw burst"]["per_second"]
    slow = results["slow"]["p99_ms"] / results["raw slow"]["p99_ms"]
    print(
        json.dumps(
            {
                "burst_against_raw": round(ratio, 2),
                "slow_p99_against_raw": round(slow, 2),
                "admission_cpu_ms": round(alone["cpu_ms"], 2),
                "tablets_slowest_s": round(max(alone["slowest_s"], behind["slowest_s"]), 2),
            }
        )
    )


@contextlib.contextmanager
def open_boards(count: int, port: int, vendor_id: int, user: Any) -> Iterator[list[Any]]:
    """So many boards of the vendor, each in a browser session of its own, once each has drawn what there is."""
    from benchmarks.pages import chromium, open_page  # noqa: PLC0415  needs the apps

    if not count:
        yield []
        return
    with chromium() as browser:
        boards = [open_page(browser, f"http://127.0.0.1:{port}", f"/board/{vendor_id}", user) for _ in range(count)]
        for board in boards:
            board.page.locator("#board[data-drawn]").wait_for()
            board.page.get_by_role("button", name="Start shift").click()
        yield boards


def admission(server: Any, cast: Any, tablets: int, dead: int) -> dict[str, float]:
    """Each signed in by itself, three events behind: the seconds until it had them, and the server's CPU a socket."""
    from ordersite.accounts.models import User  # noqa: PLC0415  needs the apps
    from tests.tracking.live import happen, jwt, make_order, since  # noqa: PLC0415
    from tests.tracking.returning import come_back  # noqa: PLC0415
    from tracking.feed.entries import last_positions  # noqa: PLC0415
    from vendors.models import Member  # noqa: PLC0415

    order = make_order(cast.vendor, cast.customer_row)
    users = User.objects.bulk_create(User(email=f"{dead}.{n}@example.org", password="!") for n in range(tablets))  # noqa: S106
    Member.objects.bulk_create(Member(user=user, merchant=cast.merchant, all_vendors=True) for user in users)
    for _ in range(10):
        happen(order)
    stream = f"vendor:{order.vendor_id}"
    last = last_positions([stream])[stream]
    path, tokens = f"/ws/vendors/{order.vendor_id}?{since(last - 3)}", [jwt(user) for user in users]
    before = cpu_seconds(server.process.pid)
    took = come_back(server.port, path, tokens, dead=dead, until=b'"position":%d,"order"' % last)
    time.sleep(1)  # the last ones have gone
    used = cpu_seconds(server.process.pid) - before
    return {
        "served": len(took),
        "slowest_s": max(took),
        "p50_s": statistics.median(took),
        "cpu_ms": 1000 * used / tablets,
    }


def with_raw(sockets: int, count: int, pause: float, texts: list[str], label: str) -> dict[str, float]:
    """The same by the raw server, fed through a pipe."""
    logging.disable(logging.INFO)
    inside, outside = multiprocessing.Pipe(duplex=False)
    started = multiprocessing.Event()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = multiprocessing.Process(target=raw_server, args=(port, started, inside), daemon=True)
    process.start()
    assert started.wait(10), "the plain server does not start"

    def send() -> list[float]:
        sent = []
        for text in texts[:count]:
            sent.append(time.time())
            outside.send(text)
            if pause:
                time.sleep(pause)
        return sent

    try:
        assert process.pid is not None
        return measure_feed(f"raw {label}", process.pid, port, "/", "", sockets, count, send)
    finally:
        process.terminate()
        process.join()


if __name__ == "__main__":
    main()
