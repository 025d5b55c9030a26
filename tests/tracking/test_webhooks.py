"""Webhooks as the worker delivers them: to a receiver on loopback, turn by turn."""

import json
import socket
import threading
import time
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from standardwebhooks import Webhook, WebhookVerificationError

from orders.models import Order, OutboxMessage, WebhookDelivery, WebhookEndpoint
from orders.services.outgoing import deliveries
from ordersite.accounts.models import Mail, User
from tests.cast import Cast
from tests.orders.online import notice, place_online, running_provider, takes_online
from tests.orders.shopping import cart, place_order
from tests.tracking.receiver import TAKEN, Receiver, receiving
from tracking import retention
from tracking.mails import send_due
from tracking.webhooks import delivering, sending
from tracking.webhooks.delivering import call_endpoint

HOOKS = "/api/v1/webhooks"
ALL = ["order.placed", "order.status", "order.payment", "vendor.paused"]


@pytest.fixture(autouse=True)
def exact_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deliveries, "JITTER", 0)


@pytest.fixture
def receiver() -> Any:
    with receiving() as server:
        yield server


def endpoint(client: Any, receiver: Receiver, **fields: Any) -> tuple[WebhookEndpoint, Webhook]:
    """An endpoint that leads to the receiver, and what verifies its signatures."""
    answer = client.post(HOOKS, {"url": receiver.url, "types": ALL, **fields}).json()
    return WebhookEndpoint.objects.get(pk=answer["id"]), Webhook(answer["secret"])


def deliver(row: WebhookEndpoint) -> int:
    """What the worker does in a round; how many calls."""
    deliveries.pass_on()
    return call_endpoint(row.pk, 50) if row.pk in deliveries.due_endpoints() else 0


def answers(receiver: Receiver, status: int, **headers: str) -> None:
    receiver.answer = lambda received: (status, {name.replace("_", "-"): text for name, text in headers.items()})


def bodies(receiver: Receiver) -> list[dict[str, Any]]:
    return [json.loads(received.body) for received in receiver.calls]


def accept(client: Any, order: Order) -> None:
    answer = client.post(f"/api/v1/orders/{order.pk}/transitions", {"to": 7, "prepared_in": 10})
    assert answer.status_code == 200, answer.json()


def test_an_order_is_told_signed_and_logged(cast: Cast, api: Any, receiver: Receiver) -> None:
    row, webhook = endpoint(api(cast.owner), receiver, merchant=cast.merchant.pk)
    order = place_order(api(cast.customer), cart(cast))
    accept(api(cast.owner), order)
    assert (deliver(row), deliver(row)) == (2, 0)
    ids = {"order": order.pk, "uuid": str(order.uuid), "purchase": str(order.purchase.uuid), "vendor": cast.vendor.pk}
    none = {"milestone": None, "from": None, "to": None}
    accepted = {"from": {"code": 0, "name": "pending"}, "to": {"code": 7, "name": "accepted_by_business"}}
    placed, moved = bodies(receiver)
    assert placed["data"] == {**ids, **none, "version": 1, "kind": "placed", "to": {"code": 0, "name": "pending"}}
    assert moved["data"] == {**ids, **none, "version": 2, "kind": "status", "milestone": "accepted", **accepted}
    assert (placed["type"], moved["type"]) == ("order.placed", "order.status")
    for received in receiver.calls:
        assert webhook.verify(received.body, received.headers)
        assert received.headers["content-type"] == "application/json"
        with pytest.raises(WebhookVerificationError):
            webhook.verify(received.body.replace("order", "ordre"), received.headers)
        old = {**received.headers, "webhook-timestamp": str(int(time.time()) - 301)}
        with pytest.raises(WebhookVerificationError, match="too old"):
            webhook.verify(received.body, old)
    log = api(cast.owner).get(f"{HOOKS}/{row.pk}/deliveries").json()
    assert [(one["webhook_id"], one["type"], one["subject"], one["state"]) for one in log["results"]] == [
        (received.id, kind, f"order:{order.pk}", "delivered")
        for received, kind in zip(reversed(receiver.calls), ("order.status", "order.placed"), strict=True)
    ]
    assert [(one["tries"], one["answered"], one["next_try_at"]) for one in log["results"]] == [(1, 204, None)] * 2
    row.refresh_from_db()
    assert row.delivered_at is not None


def test_each_owner_is_told_what_it_may_see(cast: Cast, api: Any, receiver: Receiver) -> None:
    makers: dict[str, tuple[Any, dict[str, Any]]] = {
        "merchant": (cast.owner, {"merchant": cast.merchant.pk}),
        "other merchant": (cast.other_owner, {"merchant": cast.other_merchant.pk}),
        "customer": (cast.customer, {}),
        "stranger": (cast.stranger, {}),
        "site": (cast.staff, {"site": True}),
    }
    rows = {name: endpoint(api(user), receiver, **fields)[0] for name, (user, fields) in makers.items()}
    place_order(api(cast.customer), cart(cast))
    api(cast.owner).patch(f"/api/v1/vendors/{cast.vendor.pk}", {"paused_until": "2099-01-01T00:00:00Z"})
    deliveries.pass_on()
    told = {
        name: list(WebhookDelivery.objects.filter(endpoint=row).order_by("pk").values_list("message__type", flat=True))
        for name, row in rows.items()
    }
    both = ["order.placed", "vendor.paused"]
    assert told == {"merchant": both, "other merchant": [], "customer": both[:1], "stranger": [], "site": both}


def test_a_vendor_is_told_of_an_order_once_it_is_paid(
    cast: Cast, api: Any, client: Client, receiver: Receiver, settings: Any
) -> None:
    takes_online(cast.vendor)
    rows = [
        endpoint(api(cast.owner), receiver, merchant=cast.merchant.pk)[0],
        endpoint(api(cast.staff), receiver, site=True)[0],
    ]

    def told() -> list[list[tuple[str, int]]]:
        columns = ("message__type", "message__event__number")
        return [list(row.deliveries.order_by("pk").values_list(*columns)) for row in rows]

    with running_provider(settings) as provider:
        payment = place_online(api(cast.customer), cast)
        client.get(f"/pay/{payment.token}")
        payment.refresh_from_db()
        deliveries.pass_on()
        assert told() == [[], [("order.placed", 1)]]
        provider.pay(payment.reference)
        notice(payment.reference)
    deliveries.pass_on()
    assert told() == [[("order.placed", 2), ("order.payment", 2)], [("order.placed", 1), ("order.payment", 2)]]


FAILURES = [(500, "answered 500"), (404, "answered 404"), (301, "answered 301"), (204, "")]


@pytest.mark.parametrize(("status", "failure"), FAILURES)
def test_an_answer_decides(cast: Cast, api: Any, receiver: Receiver, status: int, failure: str) -> None:
    row, _ = endpoint(api(cast.customer), receiver)
    api(cast.customer).post(f"{HOOKS}/{row.pk}/test")
    answers(receiver, status, Location="http://127.0.0.1:9/inside")
    assert deliver(row) == 1
    told = WebhookDelivery.objects.get()
    row.refresh_from_db()
    assert (told.answered, told.failure, told.tries) == (status, failure, 1)
    assert (told.state, row.failing_since is None) == (("waiting", False) if failure else ("delivered", True))
    assert len(receiver.calls) == 1
    assert (json.loads(receiver.calls[0].body)["type"], json.loads(receiver.calls[0].body)["data"]) == (
        "webhook.test",
        {},
    )


def test_tries_come_at_their_times_with_the_same_id_and_end(
    cast: Cast, api: Any, receiver: Receiver, clock: Any
) -> None:
    row, webhook = endpoint(api(cast.customer), receiver)
    api(cast.customer).post(f"{HOOKS}/{row.pk}/test")
    answers(receiver, 500)
    waited = []
    while deliver(row):
        told = WebhookDelivery.objects.get()
        if told.due_at is None:
            break
        waited.append((told.due_at - timezone.now()).total_seconds())
        assert deliver(row) == 0
        clock.now += timedelta(seconds=waited[-1])
    assert waited == [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400]
    assert (told.tries, told.state, len(receiver.calls)) == (10, "failed", 10)
    assert len({received.id for received in receiver.calls}) == 1
    assert len({received.headers["webhook-timestamp"] for received in receiver.calls}) == 10
    clock.now += timedelta(days=9)
    assert deliver(row) == 0
    # It stays switched on, and says from when on a replay sends what was given up.
    (shown,) = api(cast.customer).get(HOOKS).json()["results"]
    assert (shown["enabled"], parse_datetime(shown["missed_since"])) == (True, told.message.created_at)
    answers(receiver, 204)
    assert api(cast.customer).post(f"{HOOKS}/{row.pk}/replay", {"since": shown["missed_since"]}).status_code == 200
    assert deliver(row) == 1
    row.refresh_from_db()
    assert row.missed_since is None


def test_what_an_endpoint_takes_is_noted_once_a_minute(
    cast: Cast, api: Any, receiver: Receiver, clock: Any, django_assert_max_num_queries: Any
) -> None:
    """A delivery that is taken costs two statements, and the endpoint's row is left alone; a failure is noted."""
    row, _ = endpoint(api(cast.customer), receiver)

    def send(seconds: int, queries: int, status: int = 204) -> Any:
        clock.now += timedelta(seconds=seconds)
        api(cast.customer).post(f"{HOOKS}/{row.pk}/test")
        answers(receiver, status)
        (leased,) = deliveries.lease_deliveries(row.pk, 50)
        with django_assert_max_num_queries(queries) as asked:
            assert deliveries.begin_try(leased)
            delivering.try_once(leased)
        assert len(asked) == queries
        row.refresh_from_db()
        return row.delivered_at, row.failing_since

    first = send(0, 6)[0]
    assert first == clock.now
    assert send(59, 2) == (first, None)
    assert send(2, 6) == (clock.now, None)
    failed = send(1, 7, 500)
    assert failed[1] == clock.now
    assert send(1, 6)[1] is None


def test_what_is_taken_after_a_failure_of_the_same_turn_ends_the_failing(
    cast: Cast, api: Any, receiver: Receiver, clock: Any
) -> None:
    row, _ = endpoint(api(cast.customer), receiver)
    api(cast.customer).post(f"{HOOKS}/{row.pk}/test")
    assert deliver(row) == 1  # it is noted that it takes what is sent, for a minute
    for _ in range(2):
        api(cast.customer).post(f"{HOOKS}/{row.pk}/test")
    receiver.answer = lambda received: (500, {}) if len(receiver.calls) == 2 else TAKEN
    assert deliver(row) == 2
    row.refresh_from_db()
    assert [one.state for one in row.deliveries.order_by("pk")] == ["delivered", "waiting", "delivered"]
    assert (row.failing_since, row.delivered_at) == (None, clock.now)


def test_what_another_worker_delivers_meanwhile_keeps_it_switched_on(
    cast: Cast, api: Any, receiver: Receiver, clock: Any
) -> None:
    """It does not know of the failure, and so leaves the endpoint as it is."""
    row, _ = endpoint(api(cast.customer), receiver)
    customer, path = api(cast.customer), f"{HOOKS}/{row.pk}/test"

    def fail(**later: int) -> tuple[Any, str]:
        clock.now += timedelta(**later)
        answers(receiver, 500)
        customer.post(path)
        deliver(row)
        row.refresh_from_db()
        return row.failing_since, row.disabled_why

    customer.post(path)
    assert deliver(row) == 1
    customer.post(path)
    (others,) = deliveries.lease_deliveries(row.pk, 50)
    began = clock.now
    assert fail() == (began, "")
    clock.now += timedelta(seconds=1)
    answers(receiver, 204)
    assert deliveries.begin_try(others)
    assert delivering.try_once(others).is_delivered
    row.refresh_from_db()
    assert row.failing_since == began
    assert fail(days=5) == (clock.now, "")
    again = clock.now
    assert fail(days=4) == (again, "")
    assert fail(days=1)[1] == "failing"


def test_what_is_given_back_untried_stays_before_what_came_later(
    cast: Cast, api: Any, receiver: Receiver, clock: Any
) -> None:
    """A turn takes five, and ends with the first, which is told to wait."""
    row, _ = endpoint(api(cast.customer), receiver)
    for _ in range(7):
        api(cast.customer).post(f"{HOOKS}/{row.pk}/test")
        clock.now += timedelta(seconds=1)
    answers(receiver, 503)
    assert call_endpoint(row.pk, 5) == 1
    answers(receiver, 204)
    clock.now += timedelta(seconds=1)
    assert call_endpoint(row.pk, 50) == 6
    messages = row.deliveries.order_by("pk").values_list("message__uuid", flat=True)
    assert [received.id for received in receiver.calls] == [f"msg_{uuid.hex}" for uuid in messages]


def test_tries_of_many_are_spread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deliveries, "JITTER", 0.1)
    now = timezone.now()
    waits = [(deliveries.next_try(2, 0, now) - now).total_seconds() for _ in range(200)]
    assert 270 <= min(waits) < 290 < 310 < max(waits) <= 330


@pytest.mark.parametrize(
    ("status", "after", "seconds"),
    [
        (429, "120", 120),
        (503, "7200", 7200),
        (429, "1", 5),
        (500, "7200", 5),
        (503, "soon", 5),
        (429, "9" * 20, 86_400),
    ],
)
def test_retry_after_is_kept(
    cast: Cast, api: Any, receiver: Receiver, clock: Any, status: int, after: str, seconds: int
) -> None:
    row, _ = endpoint(api(cast.customer), receiver)
    api(cast.customer).post(f"{HOOKS}/{row.pk}/test")
    answers(receiver, status, Retry_After=after)
    deliver(row)
    assert WebhookDelivery.objects.get().due_at == timezone.now() + timedelta(seconds=seconds)


def test_410_switches_off_and_tells_the_owner_once(cast: Cast, api: Any, receiver: Receiver) -> None:
    User.objects.filter(pk=cast.owner.pk).update(language="fr")
    row, _ = endpoint(api(cast.owner), receiver, merchant=cast.merchant.pk)
    for _ in range(3):
        place_order(api(cast.customer), cart(cast))
    answers(receiver, 410)
    assert (deliver(row), deliver(row)) == (1, 0)
    row.refresh_from_db()
    assert (row.disabled_why, row.disabled_at is None) == ("gone", False)
    assert [one.state for one in row.deliveries.all()] == ["failed"] * 3
    send_due()
    [told] = [one for one in mail.outbox if one.to == [cast.owner.email]]
    assert told.subject == "Un point d’accès webhook a été désactivé"
    assert receiver.url in told.body
    place_order(api(cast.customer), cart(cast))
    assert deliver(row) == 0
    owner = api(cast.owner)
    for path, body in (("test", None), ("replay", {"since": "2026-01-01T00:00:00Z"})):
        refused = owner.post(f"{HOOKS}/{row.pk}/{path}", body)
        assert (refused.status_code, refused.json()["code"]) == (409, "webhook_disabled")
    # Switched on again, what it missed comes when it is asked for.
    receiver.answer = lambda received: TAKEN
    on = owner.patch(f"{HOOKS}/{row.pk}", {"enabled": True}).json()
    assert deliver(row) == 0
    replayed = owner.post(f"{HOOKS}/{row.pk}/replay", {"since": on["missed_since"]})
    assert replayed.json() == {"deliveries": 4, "next_since": None}
    assert deliver(row) == 4
    assert len({received.id for received in receiver.calls}) == 4
    assert owner.get(HOOKS).json()["results"][0]["missed_since"] is None
    assert owner.post(f"{HOOKS}/{row.pk}/replay", {"since": on["missed_since"]}).json()["deliveries"] == 0


def test_five_days_of_failures_switch_off_one_success_does_not(
    cast: Cast, api: Any, receiver: Receiver, clock: Any
) -> None:
    row, _ = endpoint(api(cast.customer), receiver)

    def fails(**later: int) -> WebhookEndpoint:
        clock.now += timedelta(**later)
        api(cast.customer).post(f"{HOOKS}/{row.pk}/test")
        deliver(row)
        row.refresh_from_db()
        return row

    answers(receiver, 500)
    fails()
    assert fails(days=4).disabled_at is None
    answers(receiver, 200)
    assert fails(days=2).failing_since is None
    answers(receiver, 500)
    assert fails(hours=1).failing_since == timezone.now()
    assert fails(days=4).disabled_at is None
    assert fails(days=1, seconds=1).disabled_why == "failing"
    assert Mail.objects.get().recipient == cast.customer.email


def test_sending_one_again(cast: Cast, api: Any, receiver: Receiver) -> None:
    row, webhook = endpoint(api(cast.customer), receiver)
    order = place_order(api(cast.customer), cart(cast))
    assert deliver(row) == 1
    told = WebhookDelivery.objects.get()
    answer = api(cast.customer).post(f"{HOOKS}/{row.pk}/deliveries/{told.pk}/redeliver")
    assert (answer.status_code, answer.json()["state"], answer.json()["tries"]) == (200, "waiting", 0)
    assert deliver(row) == 1
    first, second = receiver.calls
    assert (first.id, first.body) == (second.id, second.body)
    assert json.loads(first.body)["data"]["order"] == order.pk
    missing = api(cast.customer).post(f"{HOOKS}/{row.pk}/deliveries/{told.pk + 1}/redeliver")
    assert (missing.status_code, missing.json()["code"]) == (404, "not_found")


def test_a_replay_has_a_bound_and_says_where_to_go_on(
    cast: Cast, api: Any, receiver: Receiver, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Messages that were given up, and such as came while the endpoint was switched off, by the time they happened."""
    monkeypatch.setattr(deliveries, "MOST_REPLAYED", 2)
    row, _ = endpoint(api(cast.customer), receiver)
    customer, path = api(cast.customer), f"{HOOKS}/{row.pk}"
    for switched in (None, False):
        if switched is not None:
            deliveries.pass_on()
            customer.patch(path, {"enabled": switched})
        for _ in range(2):
            clock.now += timedelta(hours=1)
            place_order(customer, cart(cast))
    clock.now += timedelta(hours=1)
    order = place_order(customer, cart(cast))
    deliveries.pass_on()
    on = customer.patch(path, {"enabled": True}).json()
    third, fifth = (order.placed_at - timedelta(hours=2), order.placed_at)
    since, answered = on["missed_since"], []
    while since:
        replayed = customer.post(f"{path}/replay", {"since": since}).json()
        since = replayed["next_since"]
        row.refresh_from_db()
        answered.append((replayed["deliveries"], since and parse_datetime(since), row.missed_since))
        assert row.deliveries.filter(due_at__isnull=False).count() == sum(count for count, *_ in answered)
    assert answered == [(2, third, third), (2, fifth, fifth), (1, None, None)]
    assert deliver(row) == 5
    assert len({received.id for received in receiver.calls}) == 5


def test_what_is_about_to_be_deleted_is_not_replayed(
    cast: Cast, api: Any, receiver: Receiver, clock: Any, settings: Any
) -> None:
    row, _ = endpoint(api(cast.customer), receiver)
    customer, path = api(cast.customer), f"{HOOKS}/{row.pk}"
    first = place_order(customer, cart(cast))
    deliveries.pass_on()
    customer.patch(path, {"enabled": False})
    clock.now += timedelta(minutes=2)
    place_order(customer, cart(cast))
    deliveries.pass_on()
    clock.now = first.placed_at + settings.KEEP_OUTBOX
    since = customer.patch(path, {"enabled": True}).json()["missed_since"]
    assert customer.post(f"{path}/replay", {"since": since}).json() == {"deliveries": 1, "next_since": None}
    row.refresh_from_db()
    assert (row.missed_since, deliver(row)) == (None, 1)
    clock.now += timedelta(seconds=1)
    assert retention.prune_outbox() == 2  # the order and its purchase
    left = set(OutboxMessage.objects.values_list("created_at", flat=True))
    assert left == {first.placed_at + timedelta(minutes=2)}


def test_both_secrets_sign_after_a_rotation(cast: Cast, api: Any, receiver: Receiver) -> None:
    row, old = endpoint(api(cast.customer), receiver)
    new = Webhook(api(cast.customer).post(f"{HOOKS}/{row.pk}/secret").json()["secret"])
    api(cast.customer).post(f"{HOOKS}/{row.pk}/test")
    deliver(row)
    WebhookEndpoint.objects.update(previous_until=timezone.now())
    api(cast.customer).post(f"{HOOKS}/{row.pk}/test")
    deliver(row)
    both, one = receiver.calls
    assert (len(both.headers["webhook-signature"].split()), len(one.headers["webhook-signature"].split())) == (2, 1)
    for webhook in (old, new):
        webhook.verify(both.body, both.headers)
    new.verify(one.body, one.headers)
    with pytest.raises(WebhookVerificationError):
        old.verify(one.body, one.headers)


def test_a_slow_answer_is_cut_however_it_drips(
    cast: Cast, api: Any, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A byte comes sooner than any single read may take, and after 30 s the answer would be whole."""
    monkeypatch.setattr(sending, "TIMEOUT", 0.5)
    answer, sent = b"HTTP/1.1 204 No Content\r\nX: " + b"x" * 570 + b"\r\n\r\n", []
    with socket.create_server(("127.0.0.1", 0)) as server:
        row, _ = endpoint(api(cast.customer), receiver, url=f"http://127.0.0.1:{server.getsockname()[1]}/")
        api(cast.customer).post(f"{HOOKS}/{row.pk}/test")

        def drip() -> None:
            with server.accept()[0] as client, suppress(OSError):  # whoever calls hangs up
                for byte in answer:
                    time.sleep(0.05)
                    client.sendall(bytes([byte]))
                    sent.append(byte)

        dripping = threading.Thread(target=drip)
        dripping.start()
        deliver(row)
        dripping.join()
    told = WebhookDelivery.objects.get()
    assert (told.failure, told.answered) == ("timeout", None)
    assert len(sent) < len(answer)


def test_a_connection_that_comes_when_the_time_is_up_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is not there yet cannot be cut: it could drip for as long as it likes."""
    monkeypatch.setattr(sending, "TIMEOUT", 0.2)
    connect, received = socket.create_connection, list[bytes]()

    def connect_late(*args: Any) -> socket.socket:
        found = connect(*args)
        time.sleep(0.5)
        return found

    monkeypatch.setattr("tracking.webhooks.sending.socket.create_connection", connect_late)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def listen() -> None:
            with server.accept()[0] as client:
                received.append(client.recv(65_536))

        listening = threading.Thread(target=listen)
        listening.start()
        outcome = sending.send_webhook(f"http://127.0.0.1:{server.getsockname()[1]}/", "{}", {})
        listening.join()
    assert (outcome.answered, outcome.failure, received) == (None, "timeout", [b""])


def test_an_answer_without_an_end_is_not_read_to_its_time_limit() -> None:
    """It would keep the worker's processor busy, which the deadlines of orders share."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def go_on() -> None:
            client = server.accept()[0]
            with client, suppress(OSError):
                client.recv(65_536)
                while True:
                    client.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)

        endless = threading.Thread(target=go_on)
        endless.start()
        outcome = sending.send_webhook(f"http://127.0.0.1:{server.getsockname()[1]}/", "{}", {})
        endless.join()
    assert (outcome.answered, outcome.failure) == (None, "AnswerTooLong")


@pytest.mark.parametrize("broken", ["body_and_headers", "secrets_of"])
def test_what_cannot_be_made_is_a_failed_try(
    cast: Cast, api: Any, receiver: Receiver, clock: Any, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    def fail(*args: Any) -> Any:
        raise ValueError("the key is another")

    monkeypatch.setattr(delivering, broken, fail)
    row, _ = endpoint(api(cast.customer), receiver)
    api(cast.customer).post(f"{HOOKS}/{row.pk}/test")
    assert deliver(row) == 1
    told = WebhookDelivery.objects.get()
    row.refresh_from_db()
    assert (told.failure, told.answered, told.tries) == ("ValueError", None, 1)
    assert (told.due_at, row.failing_since) == (timezone.now() + timedelta(seconds=5), timezone.now())
    assert receiver.calls == []
    for wait in (*deliveries.WAITS[1:], deliveries.LEASE.total_seconds()):
        clock.now += timedelta(seconds=wait)
        deliver(row)
    told.refresh_from_db()
    assert (told.tries, told.state) == (10, "failed")


def test_of_two_workers_one_has_a_delivery(cast: Cast, api: Any, receiver: Receiver, clock: Any) -> None:
    row, _ = endpoint(api(cast.customer), receiver)
    api(cast.customer).post(f"{HOOKS}/{row.pk}/test")
    (mine,) = deliveries.lease_deliveries(row.pk, 50)
    assert deliveries.lease_deliveries(row.pk, 50) == []
    clock.now += timedelta(seconds=61)
    (theirs,) = deliveries.lease_deliveries(row.pk, 50)
    assert not deliveries.begin_try(mine)
    assert deliveries.begin_try(theirs)
    deliveries.note_outcome(mine, deliveries.TryOutcome(500))
    assert WebhookDelivery.objects.get().tries == 1
    deliveries.note_outcome(theirs, deliveries.TryOutcome(200))
    assert WebhookDelivery.objects.get().state == "delivered"


def test_who_is_deactivated_is_told_nothing_not_even_what_waits(cast: Cast, api: Any, receiver: Receiver) -> None:
    row, _ = endpoint(api(cast.customer), receiver)
    api(cast.customer).post(f"{HOOKS}/{row.pk}/test")
    User.objects.filter(pk=cast.customer.pk).update(is_active=False)
    assert deliver(row) == 0
    assert receiver.calls == []
    User.objects.filter(pk=cast.customer.pk).update(is_active=True)
    assert deliver(row) == 1


def test_of_a_deleted_order_nobody_is_told(cast: Cast, api: Any, receiver: Receiver) -> None:
    """Neither by what waits, nor by what was not passed on yet, a replay or sending again."""
    makers = ((cast.customer, {}), (cast.owner, {"merchant": cast.merchant.pk}), (cast.staff, {"site": True}))
    rows = [endpoint(api(user), receiver, **fields)[0] for user, fields in makers]
    gone, kept = (place_order(api(cast.customer), cart(cast)) for _ in range(2))
    deliveries.pass_on()
    assert api(cast.customer).post(f"/api/v1/orders/{gone.pk}/transitions", {"to": 16}).status_code == 200
    assert api(cast.staff).delete(f"/api/v1/orders/{gone.pk}").status_code == 204
    assert [deliver(row) for row in rows] == [1, 1, 1]
    assert {body["data"]["order"] for body in bodies(receiver)} == {kept.pk}
    waited = WebhookDelivery.objects.filter(message__event__order=gone)
    assert set(waited.values_list("message__type", "due_at", "tries", "failure")) == {
        ("order.placed", None, 0, "its order was deleted")
    }
    for (user, _), row in zip(makers, rows, strict=True):
        replayed = api(user).post(f"{HOOKS}/{row.pk}/replay", {"since": gone.placed_at.isoformat()})
        assert replayed.json()["deliveries"] == 0
        again = api(user).post(f"{HOOKS}/{row.pk}/deliveries/{waited.get(endpoint=row).pk}/redeliver")
        assert (again.status_code, again.json()["code"]) == (404, "not_found")
        assert deliver(row) == 0
    assert len(receiver.calls) == 3


def test_old_messages_go_with_their_deliveries(cast: Cast, api: Any, receiver: Receiver) -> None:
    row, _ = endpoint(api(cast.customer), receiver)
    for _ in range(2):
        place_order(api(cast.customer), cart(cast))
    deliveries.pass_on()
    kept = OutboxMessage.objects.filter(type="order.placed").latest("pk")
    old = timezone.now() - timedelta(days=31)
    OutboxMessage.objects.exclude(pk=kept.pk).update(created_at=old)
    sent_again = OutboxMessage.objects.filter(type="order.placed").earliest("pk")
    WebhookDelivery.objects.exclude(message=sent_again).update(due_at=None)
    assert (retention.prune_outbox(), retention.prune_outbox()) == (2, 0)
    assert set(OutboxMessage.objects.all()) == {sent_again, kept}
    assert deliver(row) == 1
    assert retention.prune_outbox() == 1
    assert (OutboxMessage.objects.get(), WebhookDelivery.objects.get().message) == (kept, kept)
