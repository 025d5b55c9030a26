"""Promise 29, at a real server: who sends the worst that there is slows nobody else down by more than three times."""

import contextlib
import http.client
import itertools
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
DRAWN = 100  # different calls of each connection
JSON = {"Content-Type": "application/json"}


Call = tuple[str, str, bytes | None]


def send(port: int, calls: list[Call], token: str) -> None:
    """Calls without a pause, by one connection, until the process is ended."""
    headers = {**JSON, **({"Authorization": f"Bearer {token}"} if token else {})}
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=30, source_address=("127.0.0.2", 0))
    for method, path, body in itertools.cycle(calls):
        try:
            client.request(method, path, body, headers)
            client.getresponse().read()
        except (OSError, http.client.HTTPException):
            client.close()


def drawn(kind: Callable[[random.Random], Call], seed: int) -> list[Call]:
    """Calls to be sent, which are made beforehand: the server shall compute, and not who attacks it beside it."""
    draw = random.Random(seed)
    return [kind(draw) for _ in range(DRAWN)]


def hostile_body(draw: random.Random) -> Call:
    return "POST", draw.choice(POSTS), bodies(draw)


def hostile_page(draw: random.Random) -> Call:
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
        bodies_of = [drawn(hostile_body, seed) for seed in range(CONNECTIONS)]
        pages_of = [drawn(hostile_page, seed) for seed in range(CONNECTIONS)]
        does: dict[str, Callable[[int], None]] = {
            "bodies": lambda seed: send(server.port, bodies_of[seed], token if seed % 2 else ""),
            "pages and queries": lambda seed: send(server.port, pages_of[seed], token),
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
