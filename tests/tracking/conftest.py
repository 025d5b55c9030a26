"""A server per test that asks for one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cast import Cast
from tests.tracking.live import Server, serving


@pytest.fixture
def live_cast(transactional_db: None, cast: Cast) -> Cast:
    """The cast, committed, so that another process sees it."""
    return cast


@pytest.fixture
def server(live_cast: Cast, tmp_path: Path) -> Iterator[Server]:
    """`manage.py serve` without Redis: hints of this process do not reach it, its own look every second does."""
    with serving(tmp_path, REDIS_URL="") as running:
        yield running
