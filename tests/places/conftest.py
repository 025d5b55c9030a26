"""A geocoder on this machine."""

from collections.abc import Iterator

import pytest

from tests.places.fake_geocoder import FakeGeocoder


@pytest.fixture
def fake() -> Iterator[FakeGeocoder]:
    server = FakeGeocoder()
    yield server
    server.stop()
