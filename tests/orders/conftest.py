"""What tests of orders may use besides."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.cast import Cast
from tests.orders.online import Provider, running_provider, takes_online


@pytest.fixture
def provider(cast: Cast, settings: Any) -> Iterator[Provider]:
    """The fake provider on a free port; both vendors of the cast take its method."""
    takes_online(cast.vendor, cast.other_vendor)
    with running_provider(settings) as server:
        yield server
