"""What tests of online payments share: the fake provider on a free port, orders that wait for it, notices."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from django.utils import timezone
from rest_framework.test import APIClient

from orders.models import Order, Payment
from ordersite.demo.fake_ledger import Ledger
from ordersite.demo.fake_provider import FakeProvider
from tests.cast import Cast
from tests.orders.shopping import cart, place
from vendors.models import Vendor
from vendors.services.vendors import bump_menu_version

NOTICES = "/api/v1/payments/notices/fake"
PATIENCE = 5.0  # seconds that calls wait for others of their kind; the site waits a little longer for an answer


class Provider(FakeProvider):
    """The fake provider, which keeps its notices until the test delivers them."""

    def __init__(self) -> None:
        super().__init__()
        self.forget()
        self.start()

    def forget(self) -> None:
        """As newly started."""
        self.notices: list[tuple[str, str]] = []
        self.ledger, self.kept, self.calls = Ledger(), {}, []
        self.refuses_with, self.delay, self.loses_answers, self.refund_takes = 0, 0.0, 0, None
        self.gathers = 0

    def answer_once(self, method: str, path: list[str], raw: bytes, key: str) -> tuple[int, dict[str, Any]]:
        """Before it answers the first of a call it waits until the call was made `gathers` times."""
        until = time.monotonic() + PATIENCE
        while self.asked(f"{method} {'/'.join(path)}") < self.gathers and time.monotonic() < until:
            time.sleep(0.01)
        return super().answer_once(method, path, raw, key)

    def notify(self, payment: dict[str, Any]) -> None:
        """At once, without a thread: a test looks at the list right after."""
        if url := payment.get("webhookUrl"):
            self.notices.append((url, payment["id"]))

    def asked(self, call: str) -> int:
        """How often a call was made, such as "POST payments"."""
        return self.calls.count(call)


@cache
def started() -> Provider:
    """One for all tests of a process: to stop it takes longer than most of them."""
    return Provider()


@contextmanager
def running_provider(settings: Any) -> Iterator[Provider]:
    """The provider of the method fake, for as long as the block runs."""
    server = started()
    server.forget()
    settings.FAKE_PAYMENTS_URL = server.url
    yield server


def takes_online(*vendors: Vendor) -> None:
    """The vendors take the method fake besides."""
    for vendor in vendors:
        Vendor.objects.filter(pk=vendor.pk).update(payment_methods=[*vendor.payment_methods, "fake"])
        bump_menu_version(vendor.pk)


def place_online(client: APIClient, cast: Cast, **fields: Any) -> Payment:
    """An order of a pizza for 12.00 that waits to be paid online; its payment."""
    answer = place(client, cart(cast, payment_method="fake", **fields))
    return Payment.objects.get(pk=answer["purchase"]["payments"][0]["id"])


def order_of(payment: Payment) -> Order:
    return Order.objects.get(purchase=payment.purchase_id)


def notice(reference: str, client: APIClient | None = None) -> Any:
    """A notice as the provider sends it."""
    return (client or APIClient()).post(NOTICES, f"id={reference}", content_type="application/x-www-form-urlencoded")


def due_now(payment: Payment) -> None:
    """The worker's time for the payment has come."""
    Payment.objects.filter(pk=payment.pk).update(due_at=timezone.now())
