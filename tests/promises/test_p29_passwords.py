"""Promise 29, of passwords: four connections that try them slow nobody else down, and are soon told to wait."""

import os
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.cast import Cast
from tests.tracking.live import Server, serving

pytestmark = [pytest.mark.slow, pytest.mark.timed]

SECONDS = 4
PAUSE = 0.05  # seconds between two tries of a connection: a refusal costs no hash
MOST_HASHES = 30
SECONDS_OF_CONTROL = 2
# Hashes that run at once without the gate: on every core many times more than a call can wait for.
HASHES_OF_CONTROL = 6 * (os.cpu_count() or 1)
LONGEST = 60  # seconds until the address is told to wait


def call(server: Server, path: str, body: bytes | None = None) -> int:
    request = urllib.request.Request(f"http://127.0.0.1:{server.port}{path}", body)
    request.add_header("Content-Type", "application/json")
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            answer.read()
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        refused.read()
        return int(refused.code)


def bound(alone: float) -> float:
    """Milliseconds that a call may take beside guesses.

    Beside a hash there is one core less, and one more that asks: 10 ms are given for what a busy machine adds.
    """
    return 3 * alone + 10


def p95(server: Server, path: str, seconds: float = SECONDS) -> float:
    """Milliseconds of a call that somebody makes again and again."""
    took, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        began = time.monotonic()
        assert call(server, path) == 200
        took.append(1000 * (time.monotonic() - began))
    return sorted(took)[int(0.95 * len(took))]


@contextmanager
def guessing(server: Server, connections: int) -> Iterator[Counter[int]]:
    """Connections that try passwords of accounts that are not there meanwhile; the statuses of their answers."""
    answers: Counter[int] = Counter()
    stop = threading.Event()

    def guess(number: int) -> None:
        tries = 0
        while not stop.is_set():
            tries += 1
            body = f'{{"email": "user{number}-{tries}@example.org", "password": "guess"}}'.encode()
            with suppress(OSError):  # no answer within the time of a call: of many hashes at once
                answers[call(server, "/api/v1/auth/token", body)] += 1
            stop.wait(PAUSE)

    threads = [threading.Thread(target=guess, args=(number,)) for number in range(connections)]
    for thread in threads:
        thread.start()
    try:
        yield answers
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_four_connections_that_try_passwords(transactional_db: None, cast: Cast, tmp_path: Path) -> None:
    path = f"/api/v1/vendors/{cast.vendor.pk}"
    with serving(tmp_path, THROTTLE_ANONYMOUS="0", REDIS_URL="") as server:
        call(server, path)
        alone = p95(server, path)
        with guessing(server, 4) as answers:
            beside = p95(server, path)
            end = time.monotonic() + LONGEST
            while not answers[429] and time.monotonic() < end:
                time.sleep(0.1)
    print(f"promise 29: p95 {alone:.0f} ms alone, {beside:.0f} ms beside {sum(answers.values())} guesses: {answers}")
    assert set(answers) <= {401, 429, 503}
    assert answers[401] <= MOST_HASHES
    assert answers[429] > 0
    assert beside <= bound(alone)


def test_control_without_the_gate_hashes_keep_others_waiting(
    transactional_db: None, cast: Cast, tmp_path: Path
) -> None:
    path = f"/api/v1/vendors/{cast.vendor.pk}"
    command = ("-m", "tests.controls.serve_at_once")
    with serving(tmp_path, command=command, THROTTLE_ANONYMOUS="0", REDIS_URL="") as server:
        call(server, path)
        alone = p95(server, path, SECONDS_OF_CONTROL)
        with guessing(server, HASHES_OF_CONTROL) as answers:
            beside = p95(server, path, SECONDS_OF_CONTROL)
    print(f"promise 29, control: p95 {alone:.0f} ms alone, {beside:.0f} ms beside {answers}")
    assert set(answers) <= {401}
    assert beside > bound(alone)
