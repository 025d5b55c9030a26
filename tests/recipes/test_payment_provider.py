"""The recipe "Where a payment provider is added", followed with a toy: signed notices in JSON, money held first."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from orders.models import OrderEvent, Payment, Posting
from orders.services.paying.due_payments import run_due_payments
from orders.services.paying.providers import PROVIDERS, available_methods, provider_of
from orders.services.paying.providers.observed import observe_provider
from tests.cast import Cast
from tests.orders.money import COLLECTED, walk
from tests.orders.online import order_of, place_online, takes_online
from tests.orders.proving import assert_ledger_proves_itself
from tests.orders.shopping import assert_nothing_changed, sums
from tests.recipes.toy_provider import SIGNATURE, ToyProvider
from vendors.payment_methods import PAYMENT_METHODS

Api = Callable[..., APIClient]
NOTICES = "/api/v1/payments/notices/toy"


@pytest.fixture
def toy(cast: Cast, monkeypatch: pytest.MonkeyPatch, settings: Any) -> ToyProvider:
    """The provider of the method fake, beside Mollie's."""
    settings.MOLLIE_API_KEY = "test_key"
    toy = ToyProvider("a secret")
    monkeypatch.setitem(PROVIDERS, "toy", lambda: toy)
    monkeypatch.setitem(PAYMENT_METHODS, "fake", replace(PAYMENT_METHODS["fake"], provider="toy"))
    takes_online(cast.vendor)
    return toy


@pytest.fixture
def payment(cast: Cast, api: Api, client: Client, toy: ToyProvider) -> Payment:
    """A pizza for 12.00, begun at the toy."""
    payment = place_online(api(cast.customer), cast)
    assert client.get(f"/pay/{payment.token}")["Location"] == "https://toy.example/toy-1"
    assert toy.notice_url.endswith(NOTICES)
    payment.refresh_from_db()
    return payment


def send_notice(body: bytes, signature: str | None) -> Any:
    headers = {} if signature is None else {SIGNATURE: signature}
    return APIClient(headers=headers).generic("POST", NOTICES, body, content_type="application/json")  # type: ignore[arg-type]


def read(payment: Payment) -> Payment:
    payment.refresh_from_db()
    return payment


def test_two_providers_stand_side_by_side(toy: ToyProvider) -> None:
    assert {"mollie", "fake"} <= available_methods()
    assert provider_of("fake") is observe_provider(toy)
    assert provider_of("mollie").name == "mollie"


def test_an_order_is_paid_by_a_signed_notice(toy: ToyProvider, payment: Payment) -> None:
    toy.pay(payment.reference)
    body, signature = toy.notice(payment.reference)
    for _ in range(3):
        assert send_notice(body, signature).status_code == 200
    assert (read(payment).state, order_of(payment).payment_status) == ("paid", "paid")
    assert (Posting.objects.count(), OrderEvent.objects.filter(kind="payment").count()) == (1, 1)
    assert sums() == {"funding::EUR": -1200, "clearing::EUR": 1200}
    assert len(toy.keys) == 1


def test_what_it_holds_is_taken_when_the_order_is_completed(
    cast: Cast, api: Api, toy: ToyProvider, payment: Payment, settings: Any
) -> None:
    settings.PAYMENT_CAPTURE = "completion"
    toy.pay(payment.reference)
    assert send_notice(*toy.notice(payment.reference)).status_code == 200
    assert (read(payment).state, Posting.objects.count(), toy.keys) == ("authorised", 0, [])
    walk(cast, api, order_of(payment), *COLLECTED)
    assert (run_due_payments(), run_due_payments()) == (1, 0)
    assert (read(payment).state, order_of(payment).payment_status, len(toy.keys)) == ("paid", "paid", 1)
    assert_ledger_proves_itself()


def test_what_it_holds_is_let_go_when_the_order_is_refused(
    cast: Cast, api: Api, toy: ToyProvider, payment: Payment, settings: Any
) -> None:
    settings.PAYMENT_CAPTURE = "completion"
    toy.pay(payment.reference)
    send_notice(*toy.notice(payment.reference))
    walk(cast, api, order_of(payment), "owner reject")
    assert (run_due_payments(), run_due_payments()) == (1, 0)
    assert (toy.payments[payment.reference].state, read(payment).state, toy.keys) == ("cancelled", "failed", [])
    assert_ledger_proves_itself()


def test_a_notice_without_the_signature_is_refused_and_changes_nothing(toy: ToyProvider, payment: Payment) -> None:
    toy.pay(payment.reference)
    body, signature = toy.notice(payment.reference)
    asked = dict(toy.payments)
    with assert_nothing_changed():
        for sent, signed in ((body, None), (body, ""), (body, "0" * 64), (body + b" ", signature), (b"{}", signature)):
            answer = send_notice(sent, signed)
            assert (answer.status_code, answer.json()["code"]) == (400, "bad_signature")
            assert "signature" in answer.json()["detail"]
    assert (toy.payments, read(payment).state) == (asked, "unpaid")
    assert send_notice(body, signature).status_code == 200
    assert read(payment).state == "paid"


def test_a_signed_notice_is_not_believed_either(toy: ToyProvider, payment: Payment) -> None:
    assert send_notice(*toy.notice(payment.reference)).status_code == 200
    assert (read(payment).state, Posting.objects.count()) == ("unpaid", 0)
    assert send_notice(*toy.notice("toy-99")).status_code == 200


def test_a_refund_goes_to_the_payments_own_provider(cast: Cast, api: Api, toy: ToyProvider, payment: Payment) -> None:
    toy.pay(payment.reference)
    send_notice(*toy.notice(payment.reference))
    order = order_of(payment)
    assert api(cast.staff).post(f"/api/v1/orders/{order.pk}/refunds", {}, format="json").status_code == 201
    assert run_due_payments() == 1
    assert toy.payments[payment.reference].refunded == 1200
    assert (read(payment).state, payment.refunds.get().state) == ("refunded", "done")
