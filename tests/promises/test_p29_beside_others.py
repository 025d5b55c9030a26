"""Promise 29, at a real server: who sends the worst that there is slows nobody else down by more than three times."""

import contextlib
import http.client
import multiprocessing
import random
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.cast import Cast
from tests.promises.test_p29_no_call_costs_more_than_its_share import LISTS, POSTS, bodies, filled
from tests.tracking.live import Server, jwt, serving
from tests.tracking.test_floods import FLOODS, flood, opened

pytestmark = [pytest.mark.slow, pytest.mark.timed]

SECONDS, SECONDS_FULL = 3, 20
TIMES = 3
SLACK = 10  # milliseconds that a busy machine adds, as beside guessed passwords
CONNECTIONS = 4
JSON = {"Content-Type": "application/json"}


def send(port: int, calls: Callable[[random.Random], tuple[str, str, bytes | None]], token: str, seed: int) -> None:
    """Calls without a pause, by one connection, until the process is ended."""
    draw, headers = random.Random(seed), {**JSON, **({"Authorization": f"Bearer {token}"} if token else {})}
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=30, source_address=("127.0.0.2", 0))
    while True:
        method, path, body = calls(draw)
        try:
            client.request(method, path, body, headers)
            client.getresponse().read()
        except (OSError, http.client.HTTPException):
            client.close()


def hostile_body(draw: random.Random) -> tuple[str, str, bytes | None]:
    return "POST", draw.choice(POSTS), bodies(draw)


def hostile_page(draw: random.Random) -> tuple[str, str, bytes | None]:
    return "GET", filled(draw, draw.choice(LISTS)).replace(" ", "%20"), None


def hostile_frames(server: Any, seed: int) -> None:
    """Sockets, refused and not, that send frames of each kind as long as they may."""
    kinds = list(FLOODS.values())
    while True:
        with contextlib.suppress(OSError, AssertionError), opened(server, "/ws/nothing", "") as client:
            flood(client, kinds[seed % len(kinds)], 1)
        seed += 1


class Port:
    """What another process knows of the server."""

    def __init__(self, port: int) -> None:
        self.port = port


def call(server: Server, path: str) -> float:
    """Milliseconds of a call by somebody else."""
    began = time.monotonic()
    assert server.get(path)[0] == 200
    return 1000 * (time.monotonic() - began)


def p95(server: Server, path: str, seconds: float) -> float:
    took, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        took.append(call(server, path))
    return sorted(took)[int(0.95 * len(took))]


@pytest.mark.parametrize("kind", ["bodies", "pages and queries", "frames"])
def test_nobody_waits_for_who_does_the_worst(
    transactional_db: None, cast: Cast, tmp_path: Path, full: bool, figure: Callable[[str], None], kind: str
) -> None:
    path, seconds = f"/api/v1/vendors/{cast.vendor.pk}", SECONDS_FULL if full else SECONDS
    with serving(tmp_path, THROTTLE_ANONYMOUS="0", THROTTLE_CALLER="0", THROTTLE_TILL="0", REDIS_URL="") as server:
        token = jwt(cast.customer)
        does: dict[str, Callable[[int], None]] = {
            "bodies": lambda seed: send(server.port, hostile_body, token if seed % 2 else "", seed),
            "pages and queries": lambda seed: send(server.port, hostile_page, token, seed),
            "frames": partial(hostile_frames, Port(server.port)),
        }
        server.get("/api/v1/schema?format=json")  # made once in a process: who asks first waits for it
        p95(server, path, 1)
        alone = p95(server, path, seconds)
        attackers = [multiprocessing.Process(target=does[kind], args=(seed,)) for seed in range(CONNECTIONS)]
        for attacker in attackers:
            attacker.start()
        try:
            time.sleep(0.5)
            beside = p95(server, path, seconds)
        finally:
            for attacker in attackers:
                attacker.kill()
                attacker.join()
        figure(f"{kind} by {CONNECTIONS} connections: others' p95 {alone:.1f} ms alone, {beside:.1f} ms beside them")
        assert beside <= TIMES * alone + SLACK
        assert server.get("/healthz")[0] == 200
