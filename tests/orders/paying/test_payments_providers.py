"""The providers behind their protocol: Mollie's SDK against a real server that speaks the same."""

import logging
import socket
from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from orders.services.paying.providers import available_methods, provider_of
from orders.services.paying.providers.mollie import Mollie
from orders.services.paying.providers.protocol import PaymentRequest, ProviderError, RefundState, Sequence, State
from ordersite.web.problems import as_problem
from tests.cast import Cast
from tests.orders.online import Provider, started, takes_online
from tests.orders.shopping import ORDERS, QUOTE, assert_nothing_changed, cart, place_order, refused

KEY = "test_a_very_secret_key"


@pytest.fixture
def server() -> Provider:
    server = started()
    server.forget()
    return server


@pytest.fixture
def mollie(server: Provider) -> Mollie:
    return Mollie("fake", api_key=KEY, endpoint=server.url)


def wish(**fields: Any) -> PaymentRequest:
    given = {
        "amount": 1250,
        "currency": "EUR",
        "description": "Order #1: Burger Bar",
        "redirect_url": "http://here.example/return",
        "notice_url": "http://here.example/notice",
        "key": "key-1",
    }
    return PaymentRequest(**{**given, **fields})


def test_a_payment_is_made_once_a_key_and_paid(mollie: Mollie, server: Provider) -> None:
    made = mollie.begin(wish())
    assert (made.state, made.amount, made.currency, made.refunded) == (State.UNPAID, 1250, "EUR", 0)
    assert made.checkout_url == f"{server.url}/checkout/{made.reference}"
    assert mollie.begin(wish()) == made
    assert mollie.begin(wish(key="key-2")).reference != made.reference
    server.pay(made.reference)
    paid = mollie.look_up(made.reference)
    assert (paid.state, paid.checkout_url, paid.label) == (State.PAID, "", "Mastercard •••• 6787")
    assert server.notices == [("http://here.example/notice", made.reference)]


def test_money_is_held_and_taken_once_a_key(mollie: Mollie, server: Provider) -> None:
    made = mollie.begin(wish(captures_later=True))
    server.pay(made.reference)
    held = mollie.look_up(made.reference)
    assert (held.state, held.amount, held.captured) == (State.AUTHORISED, 1250, 0)
    take: dict[str, Any] = {"amount": 500, "currency": "EUR"}
    taken = mollie.capture(made.reference, key="c-1", **take)
    assert (taken.state, taken.amount, taken.captured) == (State.PAID, 500, 500)
    assert mollie.capture(made.reference, key="c-1", **take) == taken
    with pytest.raises(ProviderError) as refused:
        mollie.capture(made.reference, amount=751, currency="EUR", key="c-2")
    assert refused.value.is_final
    # Another amount by the same key is no second capture.
    with pytest.raises(ProviderError):
        mollie.capture(made.reference, amount=100, currency="EUR", key="c-1")
    assert mollie.look_up(made.reference) == taken


def test_money_that_is_held_is_let_go(mollie: Mollie, server: Provider) -> None:
    made = mollie.begin(wish(captures_later=True))
    with pytest.raises(ProviderError):
        mollie.release(made.reference, key="r-0")
    server.pay(made.reference)
    assert mollie.release(made.reference, key="r-1").state == State.CANCELLED
    assert mollie.release(made.reference, key="r-1").state == State.CANCELLED
    with pytest.raises(ProviderError):
        mollie.capture(made.reference, amount=1, currency="EUR", key="c-1")


@pytest.mark.parametrize(
    ("status", "state"), [("failed", State.FAILED), ("canceled", State.CANCELLED), ("expired", State.EXPIRED)]
)
def test_a_payment_ends_otherwise(mollie: Mollie, server: Provider, status: str, state: State) -> None:
    made = mollie.begin(wish())
    server.pay(made.reference, status)
    assert mollie.look_up(made.reference).state == state
    # What has ended stays so.
    server.pay(made.reference)
    assert mollie.look_up(made.reference).state == state


def test_amounts_have_their_currency_s_digits(mollie: Mollie) -> None:
    for currency, amount in (("JPY", 300), ("EUR", 5), ("KWD", 12_345)):
        made = mollie.begin(wish(amount=amount, currency=currency, key=currency))
        assert (made.amount, made.currency) == (amount, currency)


def test_a_payment_is_refunded_in_parts_and_never_beyond(mollie: Mollie, server: Provider) -> None:
    made = mollie.begin(wish())
    refund = {"currency": "EUR", "description": "Refund"}
    with pytest.raises(ProviderError):
        mollie.refund(made.reference, amount=500, key="r-0", **refund)
    server.pay(made.reference)
    first = mollie.refund(made.reference, amount=500, key="r-1", **refund)
    assert mollie.refund(made.reference, amount=500, key="r-1", **refund) == first
    assert (first.state, mollie.look_up(made.reference).refunded) == (RefundState.SENT, 500)
    with pytest.raises(ProviderError) as refused:
        mollie.refund(made.reference, amount=751, key="r-2", **refund)
    assert "refuses" in as_problem(refused.value).detail
    assert (refused.value.is_final, refused.value.status) == (True, 409)
    assert refused.value.reason == "The provider answered 422: The amount is higher than the maximum"
    mollie.refund(made.reference, amount=750, key="r-3", **refund)
    assert mollie.look_up(made.reference).refunded == 1250
    assert mollie.find_refund(made.reference, "r-1") == first
    assert mollie.find_refund(made.reference, "r-2") is None
    server.finish_refund(made.reference, first.reference)
    assert mollie.look_up_refund(made.reference, first.reference).state == RefundState.DONE
    server.finish_refund(made.reference, first.reference, "failed")
    assert mollie.look_up_refund(made.reference, first.reference).state == RefundState.FAILED


def test_a_kept_method_is_charged_until_it_is_forgotten(mollie: Mollie, server: Provider) -> None:
    customer = mollie.add_customer("c-1")
    assert mollie.add_customer("c-1") == customer
    first = mollie.begin(wish(sequence=Sequence.FIRST, customer=customer))
    server.pay(first.reference)
    first = mollie.look_up(first.reference)
    assert (first.customer, first.mandate[:4]) == (customer, "mdt_")
    again = wish(key="k-2", sequence=Sequence.AGAIN, customer=customer, mandate=first.mandate)
    charged = mollie.begin(again)
    assert (charged.state, mollie.begin(again)) == (State.PAID, charged)
    assert mollie.find_charge(customer, "k-2") == charged
    assert mollie.find_charge(customer, "k-3") is None
    mollie.forget_method(customer, first.mandate)
    mollie.forget_method(customer, first.mandate)
    with pytest.raises(ProviderError) as refused:
        mollie.begin(wish(key="k-4", sequence=Sequence.AGAIN, customer=customer, mandate=first.mandate))
    assert refused.value.is_final


@pytest.mark.parametrize("status", [400, 401, 404, 409, 410, 422, 429, 500, 502, 503])
def test_refusals_are_one_error_and_those_that_may_pass_are_told_apart(
    mollie: Mollie, server: Provider, status: int
) -> None:
    server.refuses_with = status
    with pytest.raises(ProviderError) as refused:
        mollie.look_up("tr_1")
    assert refused.value.is_final == (status in (400, 404, 410, 422))
    assert refused.value.status == (409 if refused.value.is_final else 503)


def test_what_cannot_be_reached_or_read_is_the_same_error_and_nothing_secret_is_logged(
    mollie: Mollie, server: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    server.loses_answers = 1
    with pytest.raises(ProviderError) as lost:
        mollie.begin(wish())
    assert "try again" in as_problem(lost.value).detail
    with pytest.raises(ProviderError) as unknown:
        mollie.look_up("sub_no-payment")
    made = mollie.begin(wish())
    server.ledger.payments[made.reference]["status"] = "a new one"
    with pytest.raises(ProviderError) as unread:
        mollie.look_up(made.reference)
    server.ledger.payments[made.reference]["amount"] = {"value": "1.5", "currency": "JPY"}
    with pytest.raises(ProviderError):
        mollie.look_up(made.reference)
    server.refuses_with = 401
    with pytest.raises(ProviderError):
        mollie.look_up(made.reference)
    assert [error.value.is_final for error in (lost, unknown, unread)] == [False, True, False]
    assert lost.value.retry_after == 30
    assert len(caplog.records) == 5
    assert KEY not in caplog.text
    assert "Bearer" not in caplog.text


def test_a_server_that_hangs_is_left_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orders.services.paying.providers.mollie.TIMEOUT", (0.2, 0.2))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        hanging = Mollie("fake", api_key=KEY, endpoint=f"http://127.0.0.1:{silent.getsockname()[1]}")
        with pytest.raises(ProviderError) as left:
            hanging.look_up("tr_1")
    assert "cannot be reached" in as_problem(left.value).detail


def test_the_time_limits_are_below_ten_seconds() -> None:
    connect, read = Mollie("mollie", api_key=KEY).client.timeout
    assert (connect + read, Mollie("mollie", api_key=KEY).client.retry) == (9, 0)


def test_mollie_is_told_no_notice_address_that_it_cannot_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[dict[str, Any]] = []
    mollie = Mollie("mollie", api_key=KEY)

    def create(data: dict[str, Any], **rest: Any) -> Any:
        told.append(data)
        raise ValueError

    monkeypatch.setattr(mollie.client.payments, "create", create)
    for url in ("http://localhost:8000/n", "http://127.0.0.1/n", "https://orders.example.com/n", ""):
        with pytest.raises(ProviderError):
            mollie.begin(wish(notice_url=url))
    assert [data.get("webhookUrl") for data in told] == [None, None, "https://orders.example.com/n", None]


def test_methods_are_there_where_they_are_set_up(settings: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    settings.MOLLIE_API_KEY = settings.FAKE_PAYMENTS_URL = ""
    assert available_methods() == {"cash", "wallet", "transfer"}
    with pytest.raises(ProviderError) as missing:
        provider_of("mollie")
    assert not missing.value.is_final
    settings.MOLLIE_API_KEY = KEY
    assert available_methods() == {"cash", "wallet", "transfer", "mollie"}
    assert provider_of("mollie") is provider_of("mollie")
    settings.FAKE_PAYMENTS_URL = "http://127.0.0.1:1"
    assert available_methods() == {"cash", "wallet", "transfer", "mollie", "fake"}


def test_a_method_that_is_not_set_up_cannot_be_chosen(cast: Cast, api: Callable[..., APIClient], settings: Any) -> None:
    takes_online(cast.vendor)
    settings.FAKE_PAYMENTS_URL = ""
    client, order = api(cast.customer), place_order(api(cast.customer), cart(cast))
    with assert_nothing_changed(order):
        for path in (ORDERS, QUOTE):
            answer = client.post(path, cart(cast, payment_method="fake"))
            refused(answer, 400, "/payment_method", "not_available")
        answer = client.patch(f"{ORDERS}/{order.pk}", {"payment_method": "fake"})
        refused(answer, 400, "/payment_method", "not_available")
