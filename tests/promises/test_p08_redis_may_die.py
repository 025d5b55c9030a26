"""Promise 8: with Redis down every request is answered and every event arrives in order within 2 s of its commit."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cast import make_cast
from tests.promises.redis_of_our_own import own_redis
from tests.promises.traffic import Traffic, p99
from tests.tracking.live import happen, jwt, make_order, serving, told

pytestmark = [pytest.mark.postgres, pytest.mark.redis, pytest.mark.timed, pytest.mark.django_db(transaction=True)]


def test_redis_down(tmp_path: Path, settings: Any, full: bool, figure: Callable[[str], None]) -> None:
    before, down, after = (3.0, 30.0, 10.0) if full else (1.0, 4.0, 2.0)
    cast = make_cast()
    order = make_order(cast.vendor, cast.customer_row)
    arrived: list[tuple[int, float]] = []
    is_over = threading.Event()

    def read(socket: Any) -> None:
        while not is_over.is_set():
            try:
                arrived.append((told(socket, 0.5)["position"], time.monotonic()))
            except TimeoutError:
                continue

    with (
        own_redis(tmp_path, settings) as redis,
        serving(tmp_path, "--no-worker", REDIS_URL=redis.url, THROTTLE_CALLER="0") as server,
        server.connect(f"/ws/vendors/{cast.vendor.pk}?since=0", token=jwt(cast.owner)) as socket,
    ):
        time.sleep(0.5)
        reader = threading.Thread(target=read, args=(socket,))
        traffic = [Traffic(server.port, f"/api/v1/vendors/{cast.vendor.pk}", jwt(cast.owner)) for _ in range(2)]
        for thread in (reader, *traffic):
            thread.start()
        committed: list[float] = []

        def work(seconds: float) -> None:
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                happen(order)
                committed.append(time.monotonic())
                time.sleep(0.02)

        work(before)
        redis.kill()
        work(down)
        redis.start()
        work(after)
        time.sleep(2.5)
        for one in traffic:
            one.stop()
        is_over.set()
        reader.join(5)
    assert [position for position, _ in arrived] == list(range(1, len(committed) + 1))
    delays = [at - committed[position - 1] for position, at in arrived]
    statuses = [status for one in traffic for _, _, status in one.answers]
    assert set(statuses) == {200}
    assert max(delays) < 2
    figure(
        f"Redis down for {down:.0f} s: {len(statuses)} requests without a 5xx, {len(arrived)} events in order, "
        f"the slowest {max(delays):.2f} s after its commit (p99 {p99(delays):.2f} s)"
    )
