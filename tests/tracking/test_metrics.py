"""GET /metrics: who may read it, what it says, and what that costs."""

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from orders.models import FeedEntry, Order, OutboxMessage, WebhookEndpoint
from ordersite.accounts.mails import queue_mail
from ordersite.accounts.models import Mail
from ordersite.core.metrics import DESCRIBED
from tests.cast import Cast
from tests.orders.shopping import cart, place_order
from tests.tracking.counted import clear_values
from tracking import waiting
from tracking.metrics import readings
from tracking.metrics.pool import note_pool
from tracking.worker import WORK

HERE: dict[str, Any] = {"REMOTE_ADDR": "127.0.0.1"}
TOKEN = "a-token-of-twenty-or-more"
# Whatever is due there was there before: these only delete what is old, or go by what others count.
WITHOUT_ROWS = {
    "unseen orders",  # ordersite_unseen_orders
    "vendors that answer nothing",
    "mark of the feed",
    "what is in stock again",
    "times of stages",
    "proof of the ledger",
}


@pytest.fixture(autouse=True)
def nothing_kept(db: None) -> Iterator[None]:
    clear_values()
    readings.readings.kept.clear()
    yield
    readings.readings.kept.clear()


def samples(**headers: str) -> dict[tuple[str, ...], float]:
    """Every sample by its name and the values of its labels, in their order."""
    answer = Client().get("/metrics", headers=headers, **HERE)
    assert answer.status_code == 200
    found: list[Sample] = []
    for family in text_string_to_metric_families(answer.content.decode()):
        found += family.samples
    return {(one.name, *(one.labels[name] for name in sorted(one.labels))): one.value for one in found}


FROM: dict[str, tuple[dict[str, Any], dict[str, str], str, int]] = {
    "this machine": (HERE, {}, "", 200),
    "this machine, IPv6": ({"REMOTE_ADDR": "::1"}, {}, "", 200),
    "this machine, IPv4 in IPv6": ({"REMOTE_ADDR": "::ffff:127.0.0.1"}, {}, "", 200),
    "another machine": ({"REMOTE_ADDR": "10.0.0.7"}, {}, "", 404),
    "a socket of the file system": ({"REMOTE_ADDR": ""}, {}, "", 404),
    **{
        f"a proxy on this machine, by {name}": (HERE, {name: "127.0.0.1"}, "", 404)
        for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via", "X-Forwarded-Proto", "X-Forwarded-Host")
    },
    "the token, from anywhere": ({"REMOTE_ADDR": "10.0.0.7"}, {"Authorization": f"Bearer {TOKEN}"}, TOKEN, 200),
    "the token, by a proxy": (HERE, {"Authorization": f"bearer {TOKEN}", "X-Forwarded-For": "8.8.8.8"}, TOKEN, 200),
    "another token": (HERE, {"Authorization": f"Bearer {TOKEN}x"}, TOKEN, 404),
    "a token in another script": (HERE, {"Authorization": "Bearer ünlesbar"}, TOKEN, 404),
    "the token by another scheme": (HERE, {"Authorization": f"Basic {TOKEN}"}, TOKEN, 404),
    "this machine without the token": (HERE, {}, TOKEN, 404),
    "an empty token": ({"REMOTE_ADDR": "10.0.0.7"}, {"Authorization": "Bearer "}, "", 404),
}


@pytest.mark.parametrize(("where", "headers", "token", "status"), FROM.values(), ids=FROM)
def test_who_may_read(where: dict[str, Any], headers: dict[str, str], token: str, status: int, settings: Any) -> None:
    settings.METRICS_TOKEN = token
    answer = Client().get("/metrics", headers=headers, **where)
    assert answer.status_code == status
    assert (b"ordersite_" in answer.content) == (status == 200)
    if status == 200:
        assert "no-store" in answer["Cache-Control"]
        assert answer["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    else:
        assert Client().get("/nowhere", **where).content.count(b"<") == answer.content.count(b"<")


def test_it_is_only_read() -> None:
    assert Client().post("/metrics", **HERE).status_code == 405


def test_requests_are_counted_by_the_template_of_their_route(cast: Cast, api: Any) -> None:
    for code in ("one-secret", "another-secret"):
        assert Client().get(f"/t/{code}").status_code == 404
    api(cast.customer).get("/api/v1/orders")
    Client().get("/no/such/place")
    Client().generic("BREW", "/healthz")
    found = samples()
    counted = {name[1:]: count for name, count in found.items() if name[0] == "ordersite_request_seconds_count"}
    assert counted == {
        ("GET", "/t/<str:code>", "404"): 2,
        ("GET", "/api/v1/orders", "200"): 1,
        ("GET", "unknown", "404"): 1,
        ("other", "/healthz", "405"): 1,
    }
    assert found["ordersite_request_seconds_bucket", "+Inf", "GET", "/t/<str:code>", "404"] == 2
    assert "secret" not in str(found)


def test_what_waits_is_told_with_its_age(cast: Cast, api: Any) -> None:
    past = timezone.now() - timedelta(seconds=90)
    order = place_order(api(cast.customer), cart(cast))
    OutboxMessage.objects.update(created_at=past)
    Order.objects.filter(pk=order.pk).update(due_at=past)
    FeedEntry.objects.filter(unseen_since__isnull=False).update(unseen_since=past)
    queue_mail("text", "somebody@example.com", subject="s", text="t")
    # The server was not there for the one, and has put off three to two addresses.
    for address in ("full@example.com", "full@example.com", "away@example.com"):
        queue_mail("text", address, subject="s", text="t")
    Mail.objects.update(asked_at=past, due_at=timezone.now() + timedelta(hours=1), tries=1)
    Mail.objects.filter(recipient="somebody@example.com").update(tries=0)
    endpoints = [
        WebhookEndpoint.objects.create(url="https://x.example", secret_sealed="", **fields)
        for fields in ({"failing_since": past}, {"failing_since": past, "disabled_at": past}, {})
    ]
    for row in endpoints:  # what is due to one that fails waits for its server, not for the worker
        row.deliveries.create(message=OutboxMessage.objects.earliest("pk"), due_at=past)
    found = samples()
    for kind, count in {
        "outbox": OutboxMessage.objects.count(),
        "order_timers": 1,
        "mails": 1,
        "mails_put_off": 2,
        "payments": 0,
        "webhook_endpoints": 1,
    }.items():
        assert found["ordersite_waiting", kind] == count
        assert (90 <= found["ordersite_waiting_seconds", kind] < 900) == (count > 0)
    assert found["ordersite_open_orders", "pending", "pending"] == 1
    assert (found["ordersite_unseen_orders",], found["ordersite_stuck_orders", "overdue"]) == (1, 1)
    assert 90 <= found["ordersite_unseen_orders_seconds",] < 900
    for state in ("working", "failing", "off"):
        assert found["ordersite_webhook_endpoints", state] == 1
    assert 90 <= found["ordersite_webhook_endpoint_failing_seconds",] < 900


def test_it_costs_the_same_however_many_there_are(
    cast: Cast, api: Any, django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    kinds = sum(len(work.waits) for work in WORK)
    for count in (0, 3):
        for _ in range(count):
            place_order(api(cast.customer), cart(cast))
        readings.readings.kept.clear()
        with django_assert_num_queries(kinds + 4):
            samples()
    with django_assert_num_queries(0):  # what was read is told again
        assert samples()["ordersite_open_orders", "pending", "pending"] == 3
    monkeypatch.setattr(waiting, "MOST", 2)
    readings.readings.kept.clear()
    assert samples()["ordersite_waiting", "outbox"] == 2


def test_without_a_database_the_rest_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(now: Any) -> Iterator[Any]:
        raise OperationalError("gone")

    monkeypatch.setattr(readings, "READINGS", (readings.read_unseen, fail))
    Client().get("/healthz")
    found = samples()
    assert found["ordersite_database_up",] == 0
    assert ("ordersite_unseen_orders",) not in found
    assert found["ordersite_request_seconds_count", "GET", "/healthz", "200"] == 1


def test_every_kind_of_work_says_what_waits_for_it() -> None:
    """What neither has rows that are due nor deletes what is old is named here, with what tells of it."""
    deletes = ("prune", "delete", "erase")
    prunes = {work.name for work in WORK if any(word in getattr(work.run, "__name__", "") for word in deletes)}
    assert {work.name for work in WORK if not work.waits} - prunes == WITHOUT_ROWS
    names = [one.name for work in WORK for one in work.waits]
    assert len(names) == len(set(names))


def test_all_that_is_told_is_described() -> None:
    answer = Client().get("/metrics", **HERE).content.decode()
    told = {family.name for family in text_string_to_metric_families(answer)}
    assert told == {name.removesuffix("_total") for name in DESCRIBED}


def test_a_pool_is_told_by_its_states() -> None:
    class Pool:
        def get_stats(self) -> dict[str, int]:
            return {"pool_size": 4, "pool_available": 1, "requests_waiting": 7, "usage_ms": 5}

    note_pool(Pool())
    found = samples()
    assert [found["ordersite_database_pool", state] for state in ("open", "free", "waiting")] == [4, 1, 7]


def test_a_reading_is_kept_for_a_while(cast: Cast, api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert samples()["ordersite_open_orders", "pending", "pending"] == 0
    place_order(api(cast.customer), cart(cast))
    assert samples()["ordersite_open_orders", "pending", "pending"] == 0
    later = time.monotonic() + readings.KEPT
    monkeypatch.setattr("ordersite.core.kept_answers.time.monotonic", lambda: later)
    assert samples()["ordersite_open_orders", "pending", "pending"] == 1
