"""Several processes count together, whatever becomes of one of them."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.cast import Cast
from tests.tracking.live import ROOT, Server, greet, happen, jwt, make_order, serving, told

# Counts a call and holds a gauge with each line that it is sent, and answers with what all have counted.
CHILD = """
import os, sys
os.environ |= {"ORDERSITE_PROCESS": "wsgi", "DJANGO_SETTINGS_MODULE": "ordersite.settings"}
import django; django.setup()
from ordersite.core import metrics
gauge = metrics.sum_gauge("ordersite_test_gauge", "Of a test.", "kind")
latest = metrics.latest_gauge("ordersite_test_latest", "Of a test.", "kind")
def count():
    metrics.OUTSIDE_CALLS.labels("somebody", "ok").observe(0.2)
def told():
    found = {}
    for metric in metrics.shared_metrics():
        found |= {one.name: one.value for one in metric.samples if one.labels.get("le") in (None, "0.25")}
    return [found.get(f"ordersite_{name}", 0) for name in (
        "outside_call_seconds_count", "outside_call_seconds_bucket", "test_gauge", "test_latest")]
for line in sys.stdin:
    word, _, value = line.strip().partition(" ")
    if word == "count": count()
    if word == "hold": gauge.labels("a").inc(); latest.labels("a").set(float(value))
    if word == "fork":
        pid = os.fork()
        if not pid:
            count(); gauge.labels("a").inc(); os._exit(0)
        os.waitpid(pid, 0)
    print(*map(int, told()), metrics.FILES.number(), flush=True)
"""


class Child:
    def __init__(self, directory: Path) -> None:
        env = os.environ | {"DATA_DIR": str(directory), "ENVIRONMENT": "development", "LOG_LEVEL": "ERROR"}
        env = {name: value for name, value in env.items() if name not in ("DATABASE_URL", "REDIS_URL")}
        self.process = subprocess.Popen(
            [sys.executable, "-c", CHILD], cwd=ROOT, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def do(self, line: str) -> tuple[int, ...]:
        """Calls; 0.25 s or less of them; sockets that are held; the latest; and the number of its files."""
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()
        return tuple(map(int, self.process.stdout.readline().split()))

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


@contextmanager
def children(directory: Path, count: int) -> Iterator[list[Child]]:
    made = [Child(directory) for _ in range(count)]
    try:
        for one in made:
            one.do("look")
        yield made
    finally:
        for one in made:
            if one.process.poll() is None:
                one.kill()


@pytest.mark.slow
def test_whoever_is_asked_adds_up_what_all_have_counted(tmp_path: Path) -> None:
    with children(tmp_path, 2) as (first, second):
        assert {first.do("look")[4], second.do("look")[4]} == {1, 2}
        first.do("count")
        first.do("hold 7")
        second.do("count")
        assert second.do("hold 5")[:4] == first.do("look")[:4] == (2, 2, 2, 7)
        # Killed: what it has counted stays, what it held does not.
        held = first.do("look")[4]
        first.kill()
        assert second.do("look")[:4] == (2, 2, 1, 7)
        # The next takes its files, and goes on from there.
        with children(tmp_path, 1) as (third,):
            assert third.do("count") == (3, 3, 1, 7, held)
            # A child of a process counts by itself, and holds nothing of its parent's.
            assert third.do("fork") == (4, 4, 1, 7, held)
            third.do("count")
            assert second.do("look")[:4] == (5, 5, 1, 7)
    assert len(list((tmp_path / "metrics").glob("histogram_*.db"))) == 3
    # All have ended: the first one begins from nothing.
    with children(tmp_path, 1) as (first,):
        assert first.do("look") == (0, 0, 0, 0, 1)


@pytest.mark.slow
def test_many_at_once_lose_nothing(tmp_path: Path) -> None:
    with children(tmp_path, 4) as made:
        for one in made:
            one.process.stdin.write("count\n" * 200)
            one.process.stdin.flush()
        for one in made:
            for _ in range(200):
                one.process.stdout.readline()
        until = time.monotonic() + 60
        while made[0].do("look")[0] < 800 and time.monotonic() < until:
            time.sleep(0.1)
        assert [one.do("look")[:2] for one in made] == [(800, 800)] * 4
        assert sorted(one.do("look")[4] for one in made) == [1, 2, 3, 4]


def scraped(server: Server) -> dict[tuple[str, ...], float]:
    status, text = server.get("/metrics")
    assert status == 200
    families = text_string_to_metric_families(text.decode())
    return {(one.name, *sorted(one.labels.values())): one.value for family in families for one in family.samples}


def eventually(look: Any, wanted: Any) -> None:
    until = time.monotonic() + 60
    while look() != wanted:
        assert time.monotonic() < until, look()
        time.sleep(0.1)


@pytest.mark.slow
def test_a_served_site_tells_of_its_sockets_and_its_worker(live_cast: Cast, tmp_path: Path) -> None:
    order = make_order(live_cast.vendor, live_cast.customer_row)
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    header = {"traceparent": f"00-{trace}-00f067aa0ba902b7-01"}
    with serving(tmp_path, REDIS_URL="", LOG_REQUESTS="on", LOG_FORMAT="json") as server:
        path = f"/ws/vendors/{live_cast.vendor.pk}"
        with server.connect(path, token=jwt(live_cast.owner), additional_headers=header) as socket:
            greet(socket)
            happen(order)
            told(socket)
            found = scraped(server)
            assert found["ordersite_sockets", "vendor"] == 1
            assert found["ordersite_feed_lag_seconds_count", "vendor"] == 1
            assert 0 < found["ordersite_feed_lag_seconds_sum", "vendor"] < 60
        eventually(lambda: scraped(server)["ordersite_sockets", "vendor"], 0)
        assert scraped(server)["ordersite_sockets_ended_total", "gone"] == 1
        eventually(lambda: ("ordersite_work_done_timestamp_seconds", "timers of orders") in scraped(server), True)
    lines = [json.loads(line) for line in server.log().splitlines() if line.startswith("{")]
    (ended,) = [line for line in lines if line["message"] == "socket"]
    assert (ended["stream"], ended["actor"]) == (f"vendor:{live_cast.vendor.pk}", f"user:{live_cast.owner.pk}")
    assert ended["trace_id"] == trace
    assert {line["route"] for line in lines if line["message"] == "request"} >= {"/healthz", "/metrics"}
