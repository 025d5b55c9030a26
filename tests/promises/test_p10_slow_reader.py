"""Promise 10: a reader that stalls is cut within 5 s of its queue's overflow, harms nobody, and resumes complete."""

import multiprocessing
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from websockets.exceptions import ConnectionClosed

from orders.models import Order
from tests.cast import Cast, make_cast
from tests.promises.traffic import p99
from tests.tracking.live import Server, happen_often, jwt, make_order, serving, since, told
from tests.tracking.readers import readers

pytestmark = [pytest.mark.postgres, pytest.mark.redis, pytest.mark.timed, pytest.mark.django_db(transaction=True)]
OTHERS = 20
BATCH = 10  # events a transaction
EVENT = 110  # bytes on the wire, at the least


def write(order: Order, count: int) -> list[float]:
    """The time of each event's commit."""
    committed: list[float] = []
    while len(committed) < count:
        happen_often(order, BATCH)
        committed += [time.time()] * BATCH
        time.sleep(0.01)
    return committed


def delays_of_others(server: Server, cast: Cast, order: Order, count: int) -> tuple[list[float], list[float]]:
    """Writes while OTHERS read: how long each delivery took, and when each event was committed."""
    out: Any = multiprocessing.Queue()
    ready = multiprocessing.Event()
    path = f"/ws/vendors/{order.vendor_id}?since=0"
    process = multiprocessing.Process(
        target=readers, args=(server.port, path, jwt(cast.staff), OTHERS, count, 300, out, ready)
    )
    process.start()
    assert ready.wait(60)
    committed = write(order, count)
    arrivals = out.get(timeout=320)
    process.join()
    assert [len(times) for times in arrivals] == [count] * OTHERS
    return [at - committed[number] for times in arrivals for number, at in enumerate(times)], committed


def stalled_socket(port: int) -> socket.socket:
    """Takes a few kilobytes and then nothing."""
    small = socket.socket()
    small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    small.connect(("127.0.0.1", port))
    return small


def is_established(server_port: int, client_port: int) -> bool:
    """Whether the server still holds its end."""
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, local, remote, state, *_ = line.split()
        if (int(local[-4:], 16), int(remote[-4:], 16)) == (server_port, client_port):
            return state == "01"
    return False


def test_a_stalled_reader(tmp_path: Path, full: bool, figure: Callable[[str], None]) -> None:
    cast = make_cast()
    count, queue = (5000, 1000) if full else (1500, 200)
    # What fits before the queue overflows: the buffers of the client, the server's kernel and its transport.
    fits = queue + (3 * 65_536 + 4 * 4096) // EVENT if full else queue + (65_536 + 8 * 4096) // EVENT
    assert fits < count
    alone, beside = make_order(cast.vendor, cast.customer_row), make_order(cast.other_vendor, cast.customer_row)
    env = {"FEED_QUEUE": str(queue), "FEED_SEND_BUFFER": "4096", "REDIS_URL": settings.REDIS_URL}
    with serving(tmp_path, "--no-worker", **env) as server:
        usual, _ = delays_of_others(server, cast, alone, count)
        raw = stalled_socket(server.port)
        path = f"/ws/vendors/{cast.other_vendor.pk}?since=0"
        cut: list[float] = []

        with server.connect(path, token=jwt(cast.staff), sock=raw, max_queue=1, ping_interval=None) as stalled:
            client_port = raw.getsockname()[1]

            def watch() -> None:
                while is_established(server.port, client_port):
                    time.sleep(0.05)
                cut.append(time.time())

            watcher = threading.Thread(target=watch)
            watcher.start()
            harmed, committed = delays_of_others(server, cast, beside, count)
            watcher.join(10)
            assert cut, "the stalled reader still holds its socket"
            seen = []
            try:
                while True:
                    seen.append(told(stalled, 2)["position"])
            except (ConnectionClosed, TimeoutError):
                pass
        with server.connect(f"/ws/vendors/{cast.other_vendor.pk}?{since(seen[-1])}", token=jwt(cast.staff)) as again:
            while seen[-1] < count:
                seen.append(told(again, 10)["position"])
    assert seen == list(range(1, count + 1))
    lasted = cut[0] - committed[fits - 1]
    assert lasted < 5
    assert p99(harmed) < 1.5 * p99(usual) + 0.005
    figure(
        f"{count} events: a stalled reader cut {max(lasted, 0):.1f} s after its queue was full at the latest, "
        f"resumed complete; {OTHERS} others' p99 {1000 * p99(harmed):.0f} ms, without it {1000 * p99(usual):.0f} ms"
    )
