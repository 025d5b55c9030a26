"""What is called outside is counted by what came of it, and told the trace that it belongs to."""

import re
import smtplib
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone
from requests import Session

from orders.models import WebhookDelivery
from orders.services.outgoing import deliveries
from orders.services.paying.due_payments import run_due_payments
from orders.services.paying.providers import provider_of
from orders.services.paying.providers.protocol import ProviderError
from ordersite.accounts.mails import queue_mail
from ordersite.core.metrics import REGISTRY
from ordersite.core.tracing import traced
from ordersite.places.lookup import find_places, pause
from tests.cast import Cast
from tests.orders.online import due_now, place_online, running_provider, takes_online
from tests.orders.shopping import cart, place_order
from tests.places.fake_geocoder import FakeGeocoder, nominatim
from tests.tracking.counted import clear_values
from tests.tracking.receiver import receiving
from tracking import mails
from tracking.webhooks.delivering import call_endpoint

GIVEN = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
SHAPE = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]")


@pytest.fixture(autouse=True)
def nothing_counted() -> None:
    clear_values()


def counted(metric: str, *labels: str) -> dict[tuple[str, ...], int]:
    """How many there were, by the labels."""
    found = {}
    for family in REGISTRY.collect():
        for one in family.samples:
            if one.name == f"{metric}_count":
                found[tuple(one.labels[label] for label in labels)] = int(one.value)
    return found


def outside() -> dict[tuple[str, ...], int]:
    return counted("ordersite_outside_call_seconds", "service", "outcome")


def work() -> dict[tuple[str, ...], int]:
    return counted("ordersite_work_item_seconds", "kind", "outcome")


def test_a_webhook_is_counted_and_traced(cast: Cast, api: Any) -> None:
    with receiving() as receiver:
        made = api(cast.customer).post("/api/v1/webhooks", {"url": receiver.url, "types": ["order.placed"]}).json()
        place_order(api(cast.customer, traceparent=GIVEN), cart(cast))
        for status in (204, 500):
            receiver.answer = lambda received, status=status: (status, {})
            deliveries.pass_on()
            call_endpoint(made["id"], 50)
            WebhookDelivery.objects.update(due_at=timezone.now(), delivered_at=None)
    call_endpoint(made["id"], 50)  # nobody listens there any more
    assert outside() == {("webhooks", "ok"): 1, ("webhooks", "refused"): 1, ("webhooks", "failed"): 1}
    assert work() == {("webhook", "ok"): 1, ("webhook", "failed"): 2}
    first, second = (received.headers["traceparent"] for received in receiver.calls)
    # They go on with the trace of the placing, each a step of its own.
    assert SHAPE.fullmatch(first)
    assert {first[:36], second[:36]} == {GIVEN[:36]}
    assert len({first, second, GIVEN}) == 3


def test_a_payment_provider_is_counted_and_traced(
    cast: Cast, api: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    plain = Session.request

    def listen(self: Any, method: str, url: str, **named: Any) -> Any:
        sent.append(named["headers"].get("traceparent", ""))
        return plain(self, method, url, **named)

    monkeypatch.setattr("requests.Session.request", listen)
    takes_online(cast.vendor)
    with running_provider(settings) as provider:
        payment = place_online(api(cast.customer), cast)
        with traced(GIVEN) as trace:
            assert api().get(f"/pay/{payment.token}").status_code == 303
        assert (outside(), sent) == ({("fake", "ok"): 1}, sent[:1])
        assert SHAPE.fullmatch(sent[0])
        assert trace.trace_id not in sent[0]  # the request began one of its own
        payment.refresh_from_db()
        due_now(payment)
        run_due_payments()
        assert work() == {("payment", "ok"): 1}
        for status, outcome in ((503, "failed"), (422, "refused")):
            provider.refuses_with = status
            with pytest.raises(ProviderError):
                provider_of("fake").look_up(payment.reference)
            assert outside()["fake", outcome] == 1
    assert outside()["fake", "ok"] == 2


@pytest.fixture
def geocoder(settings: Any) -> Iterator[FakeGeocoder]:
    fake = FakeGeocoder()
    settings.GEOCODER_URL = f"nominatim+http://{fake.host}"
    yield fake
    fake.stop()


def test_the_geocoder_is_counted_and_traced(geocoder: FakeGeocoder) -> None:
    geocoder.answers["/search"] = [nominatim("Here", 50.8, 4.3)]
    with traced(GIVEN) as trace:
        assert find_places("Somewhere 1") is not None
    geocoder.status = 404
    find_places("Somewhere 2")
    geocoder.status = 503
    find_places("Somewhere 3")
    assert pause.until > 0
    assert geocoder.traces == [trace.header, None, None]
    assert outside() == {("geocoder", "ok"): 1, ("geocoder", "refused"): 1, ("geocoder", "failed"): 1}


class Server(BaseEmailBackend):
    """Takes nobody's mails but one's."""

    def send_messages(self, messages: Any) -> int:
        if messages[0].to != ["somebody@example.com"]:
            raise smtplib.SMTPRecipientsRefused({messages[0].to[0]: (550, b"no such box")})
        return 1


def test_the_mail_server_is_counted(db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.Server"
    queue_mail("text", "somebody@example.com", about="order:17", subject="s", text="t")
    queue_mail("text", "nobody@example.com", subject="s", text="t")
    assert mails.send_due() == 2
    assert work() == {("mail", "sent"): 1, ("mail", "bounced"): 1}
    assert outside() == {("mail_server", "ok"): 2, ("mail_server", "refused"): 1}  # one to open the connection

    def hang_up(self: Server) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr(Server, "open", hang_up)
    queue_mail("text", "somebody@example.com", subject="s", text="t")
    assert mails.send_due() == 0
    assert outside()["mail_server", "failed"] == 1
