"""Promise 29, at a real server: who sends the worst that there is slows nobody else down by more than three times."""

import contextlib
import http.client
import itertools
import multiprocessing
import random
import time
from collections.abc import Callable, Iterator
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
# Without turns a call shares the interpreter with all of these: many more than TIMES.
CONNECTIONS_OF_CONTROL, SECONDS_OF_CONTROL = 24, 2
DRAWN = 400  # different calls, of all connections together
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


def drawn(kind: Callable[[random.Random], Call], connections: int) -> list[list[Call]]:
    """Each connection's calls, which are made beforehand: the server shall compute, and not who attacks beside it."""
    return [[kind(draw) for _ in range(DRAWN // connections)] for draw in map(random.Random, range(connections))]


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


@contextlib.contextmanager
def attacked(attacks: list[Callable[[], None]]) -> Iterator[None]:
    """Runs each attack in a process of its own meanwhile."""
    attackers = [multiprocessing.Process(target=attack) for attack in attacks]
    for attacker in attackers:
        attacker.start()
    try:
        time.sleep(0.5)
        yield
    finally:
        for attacker in attackers:
            attacker.kill()
            attacker.join()


def send_bodies(server: Server, connections: int, token: str) -> list[Callable[[], None]]:
    """Hostile bodies by so many connections, half of them signed in."""
    calls = drawn(hostile_body, connections)
    return [partial(send, server.port, mine, token if seed % 2 else "") for seed, mine in enumerate(calls)]


def send_pages(server: Server, connections: int, token: str) -> list[Callable[[], None]]:
    return [partial(send, server.port, mine, token) for mine in drawn(hostile_page, connections)]


def send_frames(server: Server, connections: int, token: str) -> list[Callable[[], None]]:
    return [partial(hostile_frames, Port(server.port), seed) for seed in range(connections)]


def compare(
    directory: Path,
    cast: Cast,
    attacks: Callable[[Server, int, str], list[Callable[[], None]]],
    connections: int,
    seconds: float,
    **options: Any,
) -> tuple[float, float]:
    """The p95 of somebody else's calls, alone and beside the attacks."""
    path = f"/api/v1/vendors/{cast.vendor.pk}"
    with serving(
        directory, THROTTLE_ANONYMOUS="0", THROTTLE_CALLER="0", THROTTLE_TILL="0", REDIS_URL="", **options
    ) as server:
        sent = attacks(server, connections, jwt(cast.customer))
        server.get("/api/v1/schema?format=json")  # made once in a process: who asks first waits for it
        p95(server, path, 1)
        alone = p95(server, path, seconds)
        with attacked(sent):
            beside = p95(server, path, seconds)
        assert server.get("/healthz")[0] == 200
    return alone, beside


KINDS = {"bodies": send_bodies, "pages and queries": send_pages, "frames": send_frames}


@pytest.mark.parametrize("kind", KINDS)
def test_nobody_waits_for_who_does_the_worst(
    transactional_db: None, cast: Cast, tmp_path: Path, full: bool, figure: Callable[[str], None], kind: str
) -> None:
    alone, beside = compare(tmp_path, cast, KINDS[kind], CONNECTIONS, SECONDS_FULL if full else SECONDS)
    figure(f"{kind} by {CONNECTIONS} connections: others' p95 {alone:.1f} ms alone, {beside:.1f} ms beside them")
    assert beside <= TIMES * alone + SLACK


def test_control_without_turns_bodies_keep_others_waiting(
    transactional_db: None, cast: Cast, tmp_path: Path, figure: Callable[[str], None]
) -> None:
    command = ("-m", "tests.controls.serve_at_once")
    alone, beside = compare(tmp_path, cast, send_bodies, CONNECTIONS_OF_CONTROL, SECONDS_OF_CONTROL, command=command)
    figure(f"control, without turns: others' p95 {alone:.1f} ms alone, {beside:.1f} ms beside the bodies")
    assert beside > TIMES * alone + SLACK
