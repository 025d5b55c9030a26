"""What every promise needs: the databases it speaks of, and a line with its figure."""

import os
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings

figures: list[str] = []
# `make promises` runs everything at full size; otherwise durations and sizes are small.
FULL = os.environ.get("PROMISES_FULL") == "1"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skips what has no database or Redis to run on, and says so."""
    for item in items:
        if item.get_closest_marker("postgres") and not settings.DATABASE_URL:
            item.add_marker(pytest.mark.skip(reason="needs PostgreSQL: set DATABASE_URL"))
        if item.get_closest_marker("redis") and not settings.REDIS_URL:
            item.add_marker(pytest.mark.skip(reason="needs Redis: set REDIS_URL"))


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


def pytest_terminal_summary(terminalreporter: Any) -> None:
    for line in sorted(figures, key=lambda line: int(line.split()[1].rstrip(":"))):
        terminalreporter.write_line(line)
