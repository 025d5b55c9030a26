"""Wallets: top-ups by staff, balances, entries, and the ledger behind them."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from rest_framework.test import APIClient

from orders.models import Account, Entry, Posting
from ordersite.accounts.models import Customer
from tests.cast import Cast
from tests.orders.shopping import (
    ORDERS,
    assert_nothing_changed,
    cart,
    eur,
    fill_wallet,
    place_order,
    refused,
    sums,
)
from vendors.models import Vendor

Api = Callable[..., APIClient]
TOP_UPS, WALLET, ENTRIES = "/api/v1/wallet/top-ups", "/api/v1/wallet", "/api/v1/wallet/entries"


def test_staff_top_up_and_the_customer_reads_it(cast: Cast, api: Api) -> None:
    body = {"customer": cast.customer_row.pk, "amount": eur("25.50"), "text": "By bank"}
    response = api(cast.staff).post(TOP_UPS, body)
    assert (response.status_code, response.json()) == (201, {"balances": [eur("25.50")]})
    yen = {"customer": cast.customer_row.pk, "amount": {"amount": "300", "currency": "JPY"}}
    assert api(cast.staff).post(TOP_UPS, yen).json()["balances"] == [
        eur("25.50"),
        {"amount": "300", "currency": "JPY"},
    ]
    assert api(cast.customer).get(WALLET).json()["balances"][0] == eur("25.50")
    page = api(cast.customer).get(ENTRIES).json()
    assert page["count"] == 2
    assert {name: page["results"][1][name] for name in ("kind", "amount", "balance", "order", "text")} == {
        "kind": "top_up",
        "amount": eur("25.50"),
        "balance": eur("25.50"),
        "order": None,
        "text": "By bank",
    }
    assert Posting.objects.earliest("pk").actor == cast.staff.caller_key
    name = f"wallet:{cast.customer_row.pk}"
    assert sums() == {f"{name}:EUR": 2550, "funding::EUR": -2550, f"{name}:JPY": 300, "funding::JPY": -300}


def test_nobody_reads_another_s(cast: Cast, api: Api) -> None:
    fill_wallet(cast.customer_row, 1000)
    for user in (cast.stranger, cast.owner, cast.staff, cast.driver):
        assert api(user).get(WALLET).json() == {"balances": []}
        assert api(user).get(ENTRIES).json()["count"] == 0
    assert api().get(WALLET).status_code == api().get(ENTRIES).status_code == 401


def test_a_top_up_is_repeated_without_harm(cast: Cast, api: Api) -> None:
    body = {"customer": cast.customer_row.pk, "amount": eur("5.00")}
    for _ in range(3):
        assert api(cast.staff).post(TOP_UPS, body, headers={"Idempotency-Key": "t-1"}).status_code == 201
    assert api(cast.customer).get(WALLET).json()["balances"] == [eur("5.00")]


@pytest.mark.parametrize(
    ("fields", "pointer", "code"),
    [
        ({"amount": eur("0.00")}, "/amount", "min_value"),
        ({"amount": eur("-5.00")}, "/amount", "min_value"),
        ({"amount": eur("0.001")}, "/amount", "invalid"),
        ({"amount": {"amount": "5.00", "currency": "XXX"}}, "/amount", "currency"),
        ({"customer": 999_999}, "/customer", "unknown"),
        ({"text": "x" * 201}, "/text", "max_length"),
        ({"balance": 5}, "/balance", "unknown_field"),
    ],
)
def test_top_ups_that_are_refused(cast: Cast, api: Api, fields: dict[str, Any], pointer: str, code: str) -> None:
    body = {"customer": cast.customer_row.pk, "amount": eur("5.00"), **fields}
    with assert_nothing_changed():
        refused(api(cast.staff).post(TOP_UPS, body), 400, pointer, code)


def test_only_staff_top_up(cast: Cast, api: Api) -> None:
    body = {"customer": cast.customer_row.pk, "amount": eur("5.00")}
    with assert_nothing_changed():
        for user in (cast.customer, cast.owner, cast.driver, cast.dispatcher):
            assert api(user).post(TOP_UPS, body).status_code == 403
        assert api().post(TOP_UPS, body).status_code == 401


def test_a_guest_has_no_wallet(cast: Cast, api: Api) -> None:
    guest = Customer.objects.create(name="Gina")
    with assert_nothing_changed():
        body = {"customer": guest.pk, "amount": eur("5.00")}
        refused(api(cast.staff).post(TOP_UPS, body), 400, "/customer", "unknown")


def test_the_database_keeps_wallets_above_zero_and_others_without_a_balance(cast: Cast) -> None:
    fill_wallet(cast.customer_row, 1000)
    for kind, balance in (("wallet", -1), ("funding", 5)):
        with pytest.raises(IntegrityError), transaction.atomic():
            Account.objects.filter(kind=kind).update(balance=balance)


class TestLife:
    """Where the money of an order is at each end of its life; 60.00 are put in."""

    @pytest.fixture(autouse=True)
    def terms(self, cast: Cast) -> None:
        Vendor.objects.filter(pk=cast.vendor.pk).update(commission_rate=1000, service_fee=50)
        fill_wallet(cast.customer_row, 6000)

    def walk(self, cast: Cast, api: Api, order_id: int, *steps: str) -> None:
        for step in steps:
            who, name = step.split(" ")
            body = {"transition": name, "reason_code": "mistake"}
            response = api(getattr(cast, who)).post(f"{ORDERS}/{order_id}/transitions", body)
            assert response.status_code == 200, response.json()

    def names(self, cast: Cast, **held: int) -> dict[str, int]:
        owners = {
            "wallet": f"wallet:{cast.customer_row.pk}:EUR",
            "vendor": f"vendor:{cast.vendor.pk}:EUR",
            "driver": f"driver:driver-{cast.driver_row.pk}:EUR",
            "cash_driver": f"cash:driver-{cast.driver_row.pk}:EUR",
            "cash_vendor": f"cash:{cast.vendor.pk}:EUR",
        }
        named = {owners.get(name, f"{name}::EUR"): amount for name, amount in held.items()}
        return {"funding::EUR": -6000, **named}

    DELIVERED = (
        "owner accept",
        "owner look_for_driver",
        "driver accept_by_driver",
        "owner mark_ready",
        "driver pick_up",
        "driver deliver",
    )

    def test_a_wallet_order_is_divided_and_can_be_taken_back(self, cast: Cast, api: Api) -> None:
        body = cart(cast, delivery_type="delivery", payment_method="wallet", driver_tip=eur("3.00"))
        order = place_order(api(cast.customer), body)
        # 12.00 + 2.50 + 0.50 + 3.00; the platform's: 10 % of 12.00, and the fee.
        assert (order.total, order.platform_share) == (1800, 170)
        assert sums() == self.names(cast, wallet=4200, clearing=1800)
        self.walk(cast, api, order.pk, *self.DELIVERED)
        divided = self.names(cast, wallet=4200, vendor=1330, driver=300, platform=170)
        assert sums() == divided
        self.walk(cast, api, order.pk, "driver undo_delivery")
        assert sums() == self.names(cast, wallet=4200, clearing=1800)
        self.walk(cast, api, order.pk, "driver deliver", "staff fail_delivery")
        assert sums() == self.names(cast, wallet=6000)
        self.walk(cast, api, order.pk, "staff correct_delivery")
        assert sums() == divided
        self.walk(cast, api, order.pk, "staff cancel_by_staff")
        assert sums() == self.names(cast, wallet=6000)
        self.walk(cast, api, order.pk, "staff reopen")
        assert sums() == self.names(cast, wallet=4200, clearing=1800)
        assert (
            Entry.objects.count()
            == 2 * Posting.objects.count() + 2 * Posting.objects.filter(kind__in=("settlement", "reversal")).count()
        )

    def test_cash_is_with_the_driver(self, cast: Cast, api: Api) -> None:
        body = cart(cast, delivery_type="delivery", driver_tip=eur("3.00"))
        order = place_order(api(cast.customer), body)
        self.walk(cast, api, order.pk, *self.DELIVERED)
        assert sums() == self.names(cast, wallet=6000, cash_driver=-1800, vendor=1330, driver=300, platform=170)
        answer = api(cast.customer).get(f"{ORDERS}/{order.pk}").json()
        assert (answer["payment_status"], answer["payments"][0]["status"]) == ("paid", "paid")
        self.walk(cast, api, order.pk, "driver undo_delivery")
        assert sums() == self.names(cast, wallet=6000)
        answer = api(cast.customer).get(f"{ORDERS}/{order.pk}").json()
        assert (answer["payment_status"], answer["payments"][0]["paid_at"]) == ("unpaid", None)

    def test_cash_is_with_the_vendor_that_hands_over(self, cast: Cast, api: Api) -> None:
        order = place_order(api(cast.customer), cart(cast, driver_tip=eur("1.00")))
        self.walk(cast, api, order.pk, "owner accept", "owner mark_ready", "owner collect")
        assert sums() == self.names(cast, wallet=6000, cash_vendor=-1350, vendor=1180, platform=170)

    def test_what_was_given_back_and_spent_cannot_be_taken_again(self, cast: Cast, api: Api) -> None:
        order = place_order(api(cast.customer), cart(cast, payment_method="wallet"))
        self.walk(cast, api, order.pk, "owner reject")
        place_order(
            api(cast.customer),
            cart(cast, items=[{"product": cast.products["cake"].pk, "quantity": 2}], payment_method="wallet"),
        )
        order.refresh_from_db(fields=["version"])
        with assert_nothing_changed(order):
            body = {"transition": "reopen", "reason_code": "mistake"}
            response = api(cast.staff).post(f"{ORDERS}/{order.pk}/transitions", body)
        assert (response.status_code, response.json()["code"]) == (409, "insufficient_funds")
