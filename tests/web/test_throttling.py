"""Ordinary throttles: by caller or address, in Redis or in the process."""

from collections.abc import Callable
from typing import Any

import pytest
import redis
from rest_framework.test import APIClient

from ordersite.accounts.models import User
from ordersite.core import call_counts
from ordersite.core.redis import Breaker
from ordersite.web.throttling import client_address, network_of

ME, TOKEN = "/api/v1/me", "/api/v1/auth/token"
pytestmark = pytest.mark.django_db
Api = Callable[..., APIClient]


class FakeRedis:
    """Counts what it is asked; fails while `broken`."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.asked: list[tuple[Any, ...]] = []
        self.broken = False

    def execute_command(self, command: str, *args: Any) -> int:
        self.asked.append((command, *args))
        if self.broken:
            raise redis.ConnectionError
        if command == "INCR":
            self.counts[args[0]] = self.counts.get(args[0], 0) + 1
            return self.counts[args[0]]
        return 1


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, settings: Any) -> FakeRedis:
    server = FakeRedis()
    settings.REDIS_URL = "redis://fake"
    monkeypatch.setattr("ordersite.core.redis.client", lambda: server)
    monkeypatch.setattr(call_counts, "breaker", Breaker())
    return server


def anonymous(**extra: Any) -> int:
    return int(APIClient(**extra).post(TOKEN, {}).status_code)


def test_addresses_are_counted_apart(settings: Any) -> None:
    settings.THROTTLE_ANONYMOUS = 2
    assert [anonymous() for _ in range(3)] == [400, 400, 429]
    assert anonymous(REMOTE_ADDR="192.0.2.1") == 400
    response = APIClient().post(TOKEN, {})
    assert response.json()["code"] == "throttled"
    assert 1 <= int(response["Retry-After"]) <= 61


def test_a_client_does_not_choose_its_address(settings: Any) -> None:
    settings.THROTTLE_ANONYMOUS = 1
    assert anonymous(HTTP_X_FORWARDED_FOR="192.0.2.1") == 400
    assert anonymous(HTTP_X_FORWARDED_FOR="192.0.2.2") == 429
    settings.TRUSTED_PROXIES = 1
    assert anonymous(HTTP_X_FORWARDED_FOR="192.0.2.9, 192.0.2.3") == 400
    assert anonymous(HTTP_X_FORWARDED_FOR="192.0.2.8, 192.0.2.3") == 429


def test_a_known_caller_has_a_count_of_its_own(api: Api, settings: Any) -> None:
    ann = User.objects.create_user("ann@example.org", "x")
    settings.THROTTLE_ANONYMOUS, settings.THROTTLE_CALLER = 1, 2
    assert [api(ann).get(ME).status_code for _ in range(3)] == [200, 200, 429]
    assert anonymous() == 400


def test_nought_switches_it_off(settings: Any) -> None:
    settings.THROTTLE_ANONYMOUS = 0
    assert {anonymous() for _ in range(5)} == {400}


def test_redis_counts_where_it_is(fake: FakeRedis, settings: Any) -> None:
    settings.THROTTLE_ANONYMOUS = 2
    assert [anonymous() for _ in range(3)] == [400, 400, 429]
    assert [command for command, *_ in fake.asked] == ["INCR", "EXPIRE", "INCR", "INCR"]
    assert call_counts.windows.counts == {}


def test_a_broken_redis_is_left_alone_and_the_process_counts(
    fake: FakeRedis, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.THROTTLE_ANONYMOUS = 2
    clock = [100.0]
    monkeypatch.setattr("ordersite.core.redis.time.monotonic", lambda: clock[0])
    fake.broken = True
    assert [anonymous() for _ in range(3)] == [400, 400, 429]
    assert len(fake.asked) == 1
    fake.broken = False
    clock[0] += 5.1
    assert anonymous() == 400
    assert len(fake.asked) == 3


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unknown", "unknown"),
        ("", ""),
    ],
)
def test_a_network_of_one_customer_is_one_address(address: str, network: str, rf: Any, settings: Any) -> None:
    assert network_of(address) == network
    assert client_address(rf.get("/", REMOTE_ADDR=address)) == network
    settings.TRUSTED_PROXIES = 1
    assert client_address(rf.get("/", HTTP_X_FORWARDED_FOR=f"1.2.3.4, {address}")) == (network or "1.2.3.4")
