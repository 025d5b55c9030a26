"""Saved cards and accounts: kept with a payment, charged by the worker, forgotten; and wallets filled by a payment."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from orders.models import OrderEvent, Payment, Posting, SavedMethod
from orders.services.paying import due_payments, saved_charges, saved_methods
from tests.cast import Cast
from tests.orders.online import Provider, due_now, notice, order_of, place_online
from tests.orders.shopping import ORDERS, assert_nothing_changed, balance_of, cart, eur, refused, sums

Api = Callable[..., APIClient]
METHODS, TOP_UPS = "/api/v1/me/payment-methods", "/api/v1/wallet/top-ups"


def read(payment: Payment) -> Payment:
    payment.refresh_from_db()
    return payment


def pay(client: Client, provider: Provider, payment: Payment) -> None:
    client.get(f"/pay/{payment.token}")
    provider.pay(read(payment).reference)
    assert notice(payment.reference).status_code == 200
    assert read(payment).state == "paid"


@pytest.fixture
def saved(cast: Cast, api: Api, client: Client, provider: Provider) -> SavedMethod:
    """Clara's card, kept with the payment of a pizza."""
    pay(client, provider, place_online(api(cast.customer), cast, save_payment_method=True))
    return SavedMethod.objects.get()


def test_a_method_is_kept_once_it_was_paid_with(
    cast: Cast, api: Api, client: Client, provider: Provider, saved: SavedMethod
) -> None:
    body = api(cast.customer).get(METHODS).json()
    assert [{**row, "created_at": ""} for row in body["results"]] == [
        {"id": saved.pk, "payment_method": "fake", "label": "Mastercard •••• 6787", "created_at": ""}
    ]
    # Nothing of the customer is told to the provider, and one customer there keeps all methods.
    assert [set(one) for one in provider.ledger.customers.values()] == [{"resource", "id", "metadata"}]
    pay(client, provider, place_online(api(cast.customer), cast, save_payment_method=True))
    assert SavedMethod.objects.filter(provider_customer=saved.provider_customer).count() == 2
    assert len(provider.ledger.customers) == 1
    assert api(cast.stranger).get(METHODS).json() == {"results": []}


def test_one_that_failed_or_was_not_to_be_kept_is_not(cast: Cast, api: Api, client: Client, provider: Provider) -> None:
    pay(client, provider, place_online(api(cast.customer), cast))
    payment = place_online(api(cast.customer), cast, save_payment_method=True)
    client.get(f"/pay/{payment.token}")
    provider.pay(read(payment).reference, "failed")
    notice(payment.reference)
    assert not SavedMethod.objects.exists()


def test_it_is_charged_by_the_worker_once(cast: Cast, api: Api, provider: Provider, saved: SavedMethod) -> None:
    payment = place_online(api(cast.customer), cast, saved_payment_method=saved.pk)
    made = len(provider.ledger.payments)
    assert (payment.state, payment.due_at is not None) == ("unpaid", True)
    assert due_payments.run_due_payments() == 1
    assert (read(payment).state, payment.attempt, payment.due_at) == ("paid", 1, None)
    assert (order_of(payment).payment_status, order_of(payment).visible_at is not None) == ("paid", True)
    charged = provider.ledger.payments[payment.reference]
    assert (charged["sequenceType"], charged["mandateId"], charged["amount"]["value"]) == (
        "recurring",
        saved.mandate,
        "12.00",
    )
    assert due_payments.run_due_payments() == 0
    saved_charges.charge_saved(payment.pk)
    assert len(provider.ledger.payments) == made + 1
    assert OrderEvent.objects.filter(order=order_of(payment), kind="payment").count() == 1


def test_a_charge_that_is_refused_leaves_it_to_be_paid_on_its_page(
    cast: Cast, api: Api, client: Client, provider: Provider, saved: SavedMethod
) -> None:
    provider.ledger.declines = True
    payment = place_online(api(cast.customer), cast, saved_payment_method=saved.pk)
    assert due_payments.run_due_payments() == 1
    assert (read(payment).state, payment.failure) == ("failed", "The card was declined.")
    # A method that the provider has forgotten is refused at once.
    provider.ledger.mandates[saved.provider_customer].clear()
    other = place_online(api(cast.customer), cast, saved_payment_method=saved.pk)
    assert due_payments.run_due_payments() == 1
    assert (read(other).state, other.reference, other.due_at) == ("failed", "", None)
    assert "no suitable mandates" in other.failure
    for each in (payment, other):
        pay(client, provider, each)
        assert read(each).attempt == 2
    assert provider.ledger.payments[other.reference]["sequenceType"] == "oneoff"


def test_a_charge_whose_answer_was_lost_is_found_again_and_not_made_twice(
    cast: Cast, api: Api, client: Client, provider: Provider, saved: SavedMethod
) -> None:
    payment = place_online(api(cast.customer), cast, saved_payment_method=saved.pk)
    made = len(provider.ledger.payments)
    provider.loses_answers = 1
    assert due_payments.run_due_payments() == 0
    assert read(payment).reference.startswith("charging-")
    # The provider forgets keys after a while.
    provider.kept.clear()
    # Whoever opens the page meanwhile waits, and does not pay besides; nor is the method forgotten.
    assert b"<h1>One moment</h1>" in client.get(f"/pay/{payment.token}").content
    assert api(cast.customer).delete(f"{METHODS}/{saved.pk}").json()["code"] == "payment_pending"
    assert due_payments.run_due_payments() == 0
    due_now(payment)
    assert due_payments.run_due_payments() == 1
    assert read(payment).state == "paid"
    assert len(provider.ledger.payments) == made + 1


@pytest.mark.parametrize("arrived", [True, False])
def test_a_charge_that_was_broken_off_before_its_order_closed(
    cast: Cast, api: Api, provider: Provider, saved: SavedMethod, arrived: bool
) -> None:
    payment = place_online(api(cast.customer), cast, saved_payment_method=saved.pk)
    made = len(provider.ledger.payments)
    if arrived:
        provider.loses_answers = 1
    else:
        provider.refuses_with = 500
    due_payments.run_due_payments()
    provider.refuses_with = 0
    body = {"transition": "cancel_by_customer", "reason_code": "changed_mind"}
    answer = api(cast.customer).post(f"{ORDERS}/{order_of(payment).pk}/transitions", body)
    assert (answer.status_code, read(payment).state) == (200, "failed")
    due_now(payment)
    due_payments.run_due_payments()
    # What was charged goes back; what was not is not charged any more.
    assert (read(payment).state, payment.refunded) == (("refunded", 1200) if arrived else ("failed", 0))
    assert (payment.reference == "", payment.due_at) == (not arrived, None)
    assert len(provider.ledger.payments) == made + arrived


def test_who_opens_the_page_first_has_it_charged(
    cast: Cast, api: Api, client: Client, provider: Provider, saved: SavedMethod
) -> None:
    payment = place_online(api(cast.customer), cast, saved_payment_method=saved.pk)
    assert b"<h1>Paid</h1>" in client.get(f"/pay/{payment.token}").content
    assert due_payments.run_due_payments() == 0
    assert read(payment).state == "paid"


def test_it_is_forgotten_by_the_provider_and_by_us(
    cast: Cast, api: Api, provider: Provider, saved: SavedMethod
) -> None:
    path = f"{METHODS}/{saved.pk}"
    with assert_nothing_changed():
        for user in (cast.stranger, cast.staff, cast.owner, cast.driver):
            assert api(user).delete(path).status_code == 404
        assert api().delete(path).status_code == 401
        provider.refuses_with = 503
        assert api(cast.customer).delete(path).json()["code"] == "provider_unavailable"
    provider.refuses_with = 0
    assert api(cast.customer).delete(path).status_code == 204
    assert provider.ledger.mandates[saved.provider_customer] == []
    assert api(cast.customer).get(METHODS).json() == {"results": []}
    assert api(cast.customer).delete(path).status_code == 404
    # A payment that should have been charged to it waits for its page.
    body = cart(cast, payment_method="fake", saved_payment_method=saved.pk)
    refused(api(cast.customer).post(ORDERS, body), 400, "/saved_payment_method", "unknown")


def test_the_list_costs_the_same_however_long(
    cast: Cast, api: Api, provider: Provider, saved: SavedMethod, django_assert_num_queries: Any
) -> None:
    SavedMethod.objects.bulk_create(
        SavedMethod(
            customer=cast.customer_row, provider="fake", provider_customer="cst_1", mandate=f"mdt_{n}", label="x"
        )
        for n in range(30)
    )
    client = api(cast.customer)
    with django_assert_num_queries(2):
        assert len(client.get(METHODS).json()["results"]) == 31


class TestTopUps:
    """Wallets that their customers fill."""

    BODY = {"amount": eur("25.00"), "payment_method": "fake"}

    def test_it_fills_the_wallet_once_it_is_paid(
        self, cast: Cast, api: Api, client: Client, provider: Provider
    ) -> None:
        answer = api(cast.customer).post(TOP_UPS, self.BODY)
        assert answer.status_code == 201
        told = answer.json()["payment"]
        payment = Payment.objects.get(pk=told["id"])
        assert {name: told[name] for name in ("status", "amount", "method", "checkout_url")} == {
            "status": "unpaid",
            "amount": eur("25.00"),
            "method": "fake",
            "checkout_url": f"http://testserver/pay/{payment.token}",
        }
        assert (sums(), provider.calls) == ({}, [])
        client.get(f"/pay/{payment.token}")
        assert provider.ledger.payments[read(payment).reference]["description"] == "Wallet top-up"
        provider.pay(payment.reference)
        assert b"for your wallet" in client.get(f"/pay/{payment.token}/return").content
        for _ in range(3):
            notice(payment.reference)
        assert balance_of(cast.customer_row) == 2500
        assert sums() == {"funding::EUR": -2500, f"wallet:{cast.customer_row.pk}:EUR": 2500}
        entry = api(cast.customer).get("/api/v1/wallet/entries").json()["results"][0]
        assert (entry["kind"], entry["amount"], entry["order"]) == ("top_up", eur("25.00"), None)

    def test_another_amount_does_not_fill_it(self, cast: Cast, api: Api, client: Client, provider: Provider) -> None:
        answer = api(cast.customer).post(TOP_UPS, self.BODY).json()
        payment = Payment.objects.get(pk=answer["payment"]["id"])
        client.get(f"/pay/{payment.token}")
        provider.ledger.payments[read(payment).reference]["amount"]["value"] = "2500.00"
        provider.pay(payment.reference)
        notice(payment.reference)
        assert (read(payment).state, Posting.objects.count()) == ("unpaid", 0)

    def test_by_a_saved_method(self, cast: Cast, api: Api, provider: Provider, saved: SavedMethod) -> None:
        body = {**self.BODY, "saved_payment_method": saved.pk}
        assert api(cast.customer).post(TOP_UPS, body).status_code == 201
        assert due_payments.run_due_payments() == 1
        assert balance_of(cast.customer_row) == 2500

    def test_it_is_repeated_without_harm_and_expires(
        self, cast: Cast, api: Api, client: Client, provider: Provider
    ) -> None:
        for _ in range(3):
            answer = api(cast.customer).post(TOP_UPS, self.BODY, headers={"Idempotency-Key": "t-1"})
            assert answer.status_code == 201
        payment = Payment.objects.get()
        Payment.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        assert b"<h1>Nothing to pay</h1>" in client.get(f"/pay/{payment.token}").content

    def test_a_user_who_was_no_customer_becomes_one(self, cast: Cast, api: Api, provider: Provider) -> None:
        assert api(cast.driver).post(TOP_UPS, self.BODY).status_code == 201
        assert Payment.objects.get().customer.user_id == cast.driver.pk

    @pytest.mark.parametrize(
        ("fields", "pointer", "code"),
        [
            ({"amount": eur("0.00")}, "/amount", "min_value"),
            ({"amount": eur("-1.00")}, "/amount", "min_value"),
            ({"payment_method": "cash"}, "/payment_method", "not_online"),
            ({"payment_method": "wallet"}, "/payment_method", "not_online"),
            ({"payment_method": "mollie"}, "/payment_method", "not_available"),
            ({"payment_method": "paypal"}, "/payment_method", "invalid_choice"),
            ({"saved_payment_method": 999_999}, "/saved_payment_method", "unknown"),
            ({"text": "x"}, "/text", "unknown_field"),
        ],
    )
    def test_what_is_refused(
        self, cast: Cast, api: Api, provider: Provider, fields: dict[str, Any], pointer: str, code: str
    ) -> None:
        with assert_nothing_changed():
            refused(api(cast.customer).post(TOP_UPS, {**self.BODY, **fields}), 400, pointer, code)

    def test_another_s_method_is_unknown(self, cast: Cast, api: Api, provider: Provider, saved: SavedMethod) -> None:
        with assert_nothing_changed():
            body = {**self.BODY, "saved_payment_method": saved.pk}
            refused(api(cast.stranger).post(TOP_UPS, body), 400, "/saved_payment_method", "unknown")
        assert saved_methods.methods_of(cast.stranger_row.pk).count() == 0
