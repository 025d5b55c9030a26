"""Which port `make run` proposes where its own is busy; the demo's payments take the next one."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ordersite.web import ports

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def taken() -> Iterator[int]:
    """A port somebody listens on, and the second after it too: 0 and 2 are taken, 1 is between them."""
    held: list[socket.socket] = []
    for first in range(20_000, 30_000, 7):
        if all(ports.is_free_port(first + step) for step in range(5)):
            for step in (0, 2):
                held.append(socket.create_server((ports.LOCAL, first + step)))
            break
    yield first
    for one in held:
        one.close()


def test_the_next_port_is_free_and_so_is_the_one_after_it(taken: int) -> None:
    assert [ports.is_free_port(taken + step) for step in range(3)] == [False, True, False]
    assert [ports.next_free_port(taken + step) for step in range(-1, 3)] == [taken + 3] * 4


def test_after_the_last_port_they_begin_anew() -> None:
    assert ports.FIRST <= ports.next_free_port(ports.LAST) < ports.LAST


@pytest.mark.parametrize("typed", ["", "0", "-1", "65536", "80a", "٨٠٠٠"])
def test_what_is_no_port_is_told_before_anything_is_installed(typed: str) -> None:
    assert say(typed) == f'PORT is "{typed}": send a number from 1 to 65535.'


def test_a_busy_port_is_told_with_a_free_one(taken: int) -> None:
    told = f"Port {taken} is in use. This one is free: make run PORT={taken + 3}"
    assert say(str(taken)) == told
    assert say(str(taken + 3)) == ""


def say(typed: str) -> str:
    """What the script says, run without the site's packages as `make` runs it."""
    command = [sys.executable, "-I", "ordersite/web/ports.py", typed]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == (1 if done.stderr else 0)
    return done.stderr.strip()


def test_a_port_that_needs_rights_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "port_error", lambda port, host=ports.LOCAL: PermissionError() if port == 80 else None)
    told = "Port 80 needs rights that you do not have. This one is free: make run PORT=8000"
    assert ports.port_fault("80") == told
