"""Promise 9: with Redis frozen (SIGSTOP) no request is slower than the same run's p99 + 1.5 s."""

import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cast import make_cast
from tests.promises.redis_of_our_own import own_redis
from tests.promises.traffic import Traffic, p99
from tests.tracking.live import happen, jwt, make_order, serving

pytestmark = [pytest.mark.postgres, pytest.mark.redis, pytest.mark.timed, pytest.mark.django_db(transaction=True)]


def test_redis_frozen(tmp_path: Path, settings: Any, full: bool, figure: Callable[[str], None]) -> None:
    before, frozen, after = (5.0, 20.0, 5.0) if full else (1.5, 4.0, 1.5)
    cast = make_cast()
    order = make_order(cast.vendor, cast.customer_row)
    changes: list[float] = []
    with (
        own_redis(tmp_path, settings) as redis,
        # The throttle counts every request in Redis; its limit is out of reach.
        serving(tmp_path, "--no-worker", REDIS_URL=redis.url, THROTTLE_CALLER="100000000") as server,
    ):
        traffic = [Traffic(server.port, f"/api/v1/vendors/{cast.vendor.pk}", jwt(cast.owner)) for _ in range(4)]
        for one in traffic:
            one.start()

        def work(seconds: float) -> None:
            """Changes of an order, each of which wakes readers through Redis."""
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                began = time.monotonic()
                happen(order)
                changes.append(time.monotonic() - began)
                time.sleep(0.05)

        work(before)
        redis.process.send_signal(signal.SIGSTOP)
        try:
            work(frozen)
        finally:
            redis.process.send_signal(signal.SIGCONT)
        work(after)
        for one in traffic:
            one.stop()
    assert {status for one in traffic for _, _, status in one.answers} == {200}
    took = [seconds for one in traffic for _, seconds, _ in one.answers]
    for what in (took, changes):
        assert max(what) < p99(what) + 1.5
    figure(
        f"Redis frozen for {frozen:.0f} s: {len(took)} requests, p99 {1000 * p99(took):.0f} ms, slowest "
        f"{1000 * max(took):.0f} ms; {len(changes)} changes, slowest {1000 * max(changes):.0f} ms"
    )
