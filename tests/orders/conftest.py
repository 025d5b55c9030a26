"""What tests of orders may use besides."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from orders.services.moving.timers import run_due
from tests.cast import Cast
from tests.orders.online import Provider, running_provider, takes_online


@pytest.fixture
def provider(cast: Cast, settings: Any) -> Iterator[Provider]:
    """The fake provider on a free port; both vendors of the cast take its method."""
    takes_online(cast.vendor, cast.other_vendor)
    with running_provider(settings) as server:
        yield server


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """`later(minutes=5)` runs the timers as of then; how many orders changed. Time only goes on."""
    real, passed = timezone.now, [timedelta()]

    def run(**more: float) -> int:
        passed[0] += timedelta(**more)
        with monkeypatch.context() as patched:
            patched.setattr(timezone, "now", lambda: real() + passed[0])
            return run_due()

    return run
