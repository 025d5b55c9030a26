"""Through PgBouncer in transaction mode, where each transaction may have another session, all goes on as it does."""

import json
import urllib.error
import urllib.request
from collections import Counter as Count
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from orders.models import FeedEntry, Order, OrderEvent
from tests.cast import Cast
from tests.orders.proving import assert_ledger_proves_itself
from tests.orders.shopping import ORDERS, cart
from tests.promises.crowd import together
from tests.tracking.live import Server, jwt, serving, told
from tests.web.pooler import LIMITS, SESSIONS, Pooler
from tests.web.test_production import GOOD, run
from vendors.models import Vendor

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
PLACED = 40
AT_ONCE = 4 * SESSIONS


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Pooler]]:
    running = []

    def begin(**options: Any) -> Pooler:
        running.append(Pooler(tmp_path, **options))
        return running[-1]

    yield begin
    for pooler in running:
        pooler.stop()


def post(server: Server, path: str, body: dict[str, Any], token: str) -> int:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"http://127.0.0.1:{server.port}{path}", json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code


def place_many(server: Server, cast: Cast) -> Count[int]:
    """How often each status was answered, of PLACED orders and as many lists, AT_ONCE at a time."""
    body, customer, owner = cart(cast), jwt(cast.customer), jwt(cast.owner)
    orders = [lambda: post(server, ORDERS, body, customer)] * PLACED
    lists = [lambda: server.get(f"{ORDERS}?mode=dashboard&vendor={cast.vendor.pk}", token=owner)[0]] * PLACED
    return Count(together([call for pair in zip(orders, lists, strict=True) for call in pair], at_once=AT_ONCE))


def test_orders_timers_lists_and_the_feed(cast: Cast, tmp_path: Path, start: Callable[..., Pooler]) -> None:
    """A server with its worker, on fewer sessions than it has connections."""
    Vendor.objects.filter(pk=cast.vendor.pk).update(auto_accept=False, accept_minutes=10, unseen_seconds=None)
    env = start().environment(tmp_path, REDIS_URL="", THROTTLE_CALLER="0")
    with serving(tmp_path, **env) as server:
        with server.connect(f"/ws/vendors/{cast.vendor.pk}?since=0", token=jwt(cast.owner)) as socket:
            assert place_many(server, cast) == {201: PLACED, 200: PLACED}
            assert [told(socket)["position"] for _ in range(PLACED)] == list(range(1, PLACED + 1))
            long_ago = timezone.now() - timedelta(minutes=20)
            Order.objects.update(due_at=long_ago, visible_at=long_ago, status_changed_at=long_ago)
            # Nobody has answered any: the worker ends each, once.
            assert [told(socket)["position"] for _ in range(PLACED)] == list(range(PLACED + 1, 2 * PLACED + 1))
        # Read with a cursor of the session, where there is one.
        period = f"from={timezone.now() - timedelta(days=1):%Y-%m-%d}&to={timezone.now() + timedelta(days=1):%Y-%m-%d}"
        status, _ = server.get(f"/api/v1/vendors/{cast.vendor.pk}/statement?{period}", token=jwt(cast.owner))
        assert status == 200
    assert set(OrderEvent.objects.filter(role="system").values_list("order").distinct().order_by()) == set(
        Order.objects.values_list("pk")
    )
    assert OrderEvent.objects.count() == 2 * PLACED
    assert sorted(Order.objects.values_list("number", flat=True)) == list(range(1, PLACED + 1))
    assert FeedEntry.objects.filter(stream=f"vendor:{cast.vendor.pk}").count() == 2 * PLACED
    assert_ledger_proves_itself()


def test_control_what_is_prepared_is_in_another_session(
    cast: Cast, tmp_path: Path, start: Callable[..., Pooler]
) -> None:
    """Where the pooler is not named, statements are prepared in one session and run in another."""
    env = start(ignores=True).environment(tmp_path, REDIS_URL="", THROTTLE_CALLER="0")
    with serving(tmp_path, "--no-worker", **{**env, "DATABASE_POOLER": ""}) as server:
        answered = place_many(server, cast)
    assert answered[201] < PLACED
    assert set(answered) > {201}
    assert max(answered) >= 500


@pytest.mark.parametrize(
    ("options", "named", "reason"),
    [
        ({}, "", "DATABASE_URL leads to a pooler. Set DATABASE_POOLER=transaction and DATABASE_DIRECT_URL"),
        ({"ignores": True}, "", "DATABASE_URL leads to a pooler. Set DATABASE_POOLER=transaction"),
        (
            {"limits": LIMITS.replace("SET statement_timeout = 15000; ", "")},
            "transaction",
            "The database's sessions have no statement_timeout. Give the pooler's database "
            "connect_query='SET statement_timeout = 15000'",
        ),
        ({}, "transaction", ""),
    ],
    ids=["not named", "not named, and takes options", "without a limit", "in order"],
)
def test_a_start_is_refused_in_one_sentence(
    options: dict[str, Any], named: str, reason: str, tmp_path: Path, start: Callable[..., Pooler]
) -> None:
    env = start(**options).environment(tmp_path)
    for process in ("wsgi", "asgi"):
        ended = run(["-c", f"import ordersite.{process}"], tmp_path, **{**GOOD, **env, "DATABASE_POOLER": named})
        assert ended.returncode == bool(reason)
        assert reason in ended.stderr
        assert ended.stderr.count("Traceback") == bool(reason)


def test_commands_go_past_the_pooler(tmp_path: Path, start: Callable[..., Pooler]) -> None:
    pooler = start()
    env = pooler.environment(tmp_path)
    pooler.stop()
    ended = run(["manage.py", "check", "--database", "default"], tmp_path, **env)
    assert (ended.returncode, ended.stderr) == (0, "")
