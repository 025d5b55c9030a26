"""What every promise needs: the databases it speaks of, and a line with its figure."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.cast import Cast
from tests.orders.proving import assert_ledger_proves_itself

figures: list[str] = []
# `make promises` runs everything at full size; otherwise durations and sizes are small.
FULL = os.environ.get("PROMISES_FULL") == "1"


@pytest.fixture
def full() -> bool:
    """Whether this is the run at full size."""
    return FULL


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """`figure("1,000 events, 0 lost")` prints "promise 7: …" at the end of the run."""
    number = request.node.path.name.removeprefix("test_p").split("_")[0].lstrip("0")

    def note(text: str) -> None:
        figures.append(f"promise {number}: {text}")

    return note


@pytest.fixture
def proven_ledger(request: pytest.FixtureRequest, cast: Cast) -> Iterator[None]:
    """Whatever happened at once, every sum follows from its rows in the end; a control is meant to break it."""
    yield
    if not request.node.name.startswith("test_control"):
        assert_ledger_proves_itself()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    for line in sorted(figures, key=lambda line: int(line.split()[1].rstrip(":"))):
        terminalreporter.write_line(line)
