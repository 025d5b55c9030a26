"""One whole life per kind over HTTP, from placing to payout: everybody has what they should, ledgers sum to zero."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from orders.models import Account, Order, Payment
from orders.services.capacity.offer_terms import save_offer
from orders.services.moving.timers import run_due
from orders.services.paying.due_payments import run_due_payments as run_payments
from tests.cast import Cast
from tests.orders.gift_cards import FIRST, SECOND, make_gift_card, stock
from tests.orders.kinds import make_package_type, make_service, package_cart, service_cart, tomorrow
from tests.orders.money import set_terms
from tests.orders.online import Provider, order_of
from tests.orders.proving import assert_ledger_proves_itself
from tests.orders.several import cart_for_both, make_bakery
from tests.orders.shopping import ORDERS, balance_of, cart, eur, fill_wallet, place, sums
from vendors.models import Offer, Vendor

Api = Callable[..., APIClient]


@pytest.fixture
def shop(cast: Cast) -> Vendor:
    """Burger Bar, which leaves the platform ten percent and a service fee of 0.50."""
    set_terms(cast)
    return cast.vendor


def move(client: APIClient, order_id: int, *names: str, **fields: Any) -> dict[str, Any]:
    """Changes of status, each of which must succeed; the order after the last."""
    for name in names:
        response = client.post(f"{ORDERS}/{order_id}/transitions", {"transition": name, **fields})
        assert response.status_code == 200, response.json()
    answer: dict[str, Any] = response.json()
    return answer


def settle() -> None:
    """A day later: the worker closes what was delivered."""
    Order.objects.filter(due_at__isnull=False).update(due_at=timezone.now() - timedelta(seconds=1))
    Order.objects.update(delivered_at=timezone.now() - timedelta(days=2))
    run_due()
    assert not Order.objects.filter(closed_at=None).exists()


@pytest.fixture(autouse=True)
def ledger_proves_itself(cast: Cast) -> Iterator[None]:
    """Whatever happened, every sum follows from its rows in the end."""
    yield
    assert_ledger_proves_itself()


def pay_out(api: Api, cast: Cast, vendor: Vendor) -> dict[str, str]:
    """Staff pay out all that the vendor is owed; how much that was."""
    response = api(cast.staff).post(f"/api/v1/vendors/{vendor.pk}/payouts", {})
    assert response.status_code == 201, response.json()
    amount: dict[str, str] = response.json()["amount"]
    return amount


def owed(cast: Cast) -> dict[str, int]:
    """The accounts' sums with the cast's ids left out of their names."""
    names = {
        f"wallet:{cast.customer_row.pk}:EUR": "wallet",
        f"vendor:{cast.vendor.pk}:EUR": "vendor",
        f"cash:{cast.vendor.pk}:EUR": "vendor's cash",
        f"driver:driver-{cast.driver_row.pk}:EUR": "driver",
        f"cash:driver-{cast.driver_row.pk}:EUR": "driver's cash",
        "platform::EUR": "platform",
        "clearing::EUR": "clearing",
        "funding::EUR": "outside",
    }
    return {names.get(name, name): held for name, held in sums().items()}


def test_food_paid_online_delivered_and_paid_out(
    cast: Cast, api: Api, client: Client, provider: Provider, shop: Vendor
) -> None:
    """Pizza 12.00 + delivery 2.50 + service 0.50 + tip 3.00 = 18.00."""
    body = cart(cast, delivery_type="delivery", payment_method="fake", driver_tip=eur("3.00"), total=eur("18.00"))
    placed = place(api(cast.customer), body)
    payment = Payment.objects.get(pk=placed["purchase"]["payments"][0]["id"])
    assert client.get(f"/pay/{payment.token}").status_code == 303
    payment.refresh_from_db()
    provider.pay(payment.reference)
    client.get(f"/pay/{payment.token}/return")
    order_id = order_of(payment).pk
    move(api(cast.owner), order_id, "accept", "look_for_driver")
    move(api(cast.driver), order_id, "accept_by_driver")
    move(api(cast.owner), order_id, "mark_ready")
    move(api(cast.driver), order_id, "pick_up", "deliver")
    settle()
    # Commission 1.20 and the fee are the platform's, the tip the driver's, the rest the vendor's.
    assert owed(cast) == {"outside": -1800, "platform": 170, "driver": 300, "vendor": 1330}
    assert pay_out(api, cast, shop) == eur("13.30")
    assert owed(cast) == {"outside": -470, "platform": 170, "driver": 300}


def test_food_paid_in_cash_to_the_driver(cast: Cast, api: Api, shop: Vendor) -> None:
    placed = place(api(cast.customer), cart(cast, delivery_type="delivery", driver_tip=eur("3.00")))
    order_id = placed["orders"][0]["id"]
    move(api(cast.owner), order_id, "accept", "look_for_driver")
    move(api(cast.driver), order_id, "accept_by_driver")
    move(api(cast.owner), order_id, "mark_ready")
    move(api(cast.driver), order_id, "pick_up", "deliver")
    settle()
    assert owed(cast) == {"driver's cash": -1800, "platform": 170, "driver": 300, "vendor": 1330}
    # The driver has 18.00 in hand, of which the tip is its own.
    balance = api(cast.driver).get("/api/v1/drivers/me/balance").json()
    assert balance["balances"] == [{"owed": eur("3.00"), "cash": eur("-18.00"), "net": eur("-15.00")}]


def test_a_package(cast: Cast, api: Api, shop: Vendor) -> None:
    """The box 3.00, 39 km at 0.50 and 3 kg at 0.20, service 0.50: 23.60."""
    fill_wallet(cast.customer_row, 5000)
    box = make_package_type(shop)
    placed = place(api(cast.customer), package_cart(box, payment_method="wallet"))
    order = placed["orders"][0]
    assert (order["kind"], order["delivery_type"], order["total"]) == ("package", "delivery", eur("23.60"))
    assert order["package"]["recipient_name"] == "Rita Recipient"
    order_id = order["id"]
    answer = move(api(cast.owner), order_id, "accept")
    assert answer["milestones"]["prepared"]
    move(api(cast.owner), order_id, "look_for_driver")
    move(api(cast.driver), order_id, "accept_by_driver", "driver_arrive", "pick_up", "deliver")
    settle()
    assert owed(cast) == {"outside": -5000, "wallet": 2640, "platform": 80, "vendor": 2280}
    assert balance_of(cast.customer_row) == 2640


def test_a_service_at_the_vendors(cast: Cast, api: Api, shop: Vendor) -> None:
    """A hair cut for 40.00 and the service fee of 0.50."""
    fill_wallet(cast.customer_row, 5000)
    cut = make_service(shop)
    placed = place(api(cast.customer), service_cart(cut, tomorrow(cast), payment_method="wallet"))
    order = placed["orders"][0]
    assert (order["kind"], order["delivery_type"], order["total"]) == ("service", "eat_in", eur("40.50"))
    assert order["status"]["name"] == "preorder"
    order_id = order["id"]
    Order.objects.filter(pk=order_id).update(due_at=timezone.now() - timedelta(seconds=1), deliver_at=timezone.now())
    run_due()
    move(api(cast.owner), order_id, "accept", "complete")
    settle()
    assert owed(cast) == {"outside": -5000, "wallet": 950, "platform": 450, "vendor": 3600}


def test_digital_codes(cast: Cast, api: Api, shop: Vendor) -> None:
    """Two gift cards for 25.00 each and the service fee of 0.50: issued at once."""
    fill_wallet(cast.customer_row, 6000)
    card = make_gift_card(cast)
    stock(card, FIRST, SECOND)
    body = {"vendor": shop.pk, "items": [{"product": card.pk, "quantity": 2}], "payment_method": "wallet"}
    order = place(api(cast.customer), body)["orders"][0]
    assert (order["kind"], order["status"]["name"], order["total"]) == ("digital", "completed", eur("50.50"))
    codes = api(cast.customer).get(f"{ORDERS}/{order['id']}/codes").json()["codes"]
    assert sorted(row["code"] for row in codes) == [FIRST, SECOND]
    assert owed(cast) == {"outside": -6000, "wallet": 950, "platform": 550, "vendor": 4500}


def test_two_vendors_with_an_offer_of_the_platform_one_of_them_refuses(cast: Cast, api: Api, shop: Vendor) -> None:
    """Pizza 14.50 + 0.50 and loaf 5.32, less 2.00 that the platform gives: 18.32; the bakery refuses its part."""
    bakery = make_bakery(cast, commission_rate=1000)
    save_offer(offer=Offer(name="Two off", code="TWO", kind="amount", amount=200, currency="EUR", borne_by="platform"))
    fill_wallet(cast.customer_row, 5000)
    placed = place(api(cast.customer), cart_for_both(cast, bakery, offer="two", total=eur("18.32")))
    pizza, loaf = placed["orders"]
    # 2.00 by 12.00 : 3.33.
    assert [order["discount"] for order in placed["orders"]] == [eur("1.57"), eur("0.43")]
    move(api(cast.other_owner), loaf["id"], "reject", reason_code="out_of_stock")
    assert balance_of(cast.customer_row) == 5000 - 1832 + 489
    move(api(cast.owner), pizza["id"], "accept", "look_for_driver")
    move(api(cast.driver), pizza["id"], "accept_by_driver")
    move(api(cast.owner), pizza["id"], "mark_ready")
    move(api(cast.driver), pizza["id"], "pick_up", "deliver")
    settle()
    # Burger Bar has its full 14.50 less 1.20 commission; the platform gets 1.70 and gives 1.57.
    assert owed(cast) == {"outside": -5000, "wallet": 3657, "vendor": 1330, "platform": 13}


def test_an_order_by_phone_paid_by_its_link_and_refunded_in_part(
    cast: Cast, api: Api, client: Client, provider: Provider, shop: Vendor
) -> None:
    """Staff enter a cake by hand for 30.00; the guest pays by the link, and gets 5.00 back afterwards."""
    body = {
        "vendor": shop.pk,
        "custom": [{"name": "Cake for twenty", "amount": eur("30.00")}],
        "delivery_type": "pickup",
        "payment_method": "fake",
        "guest": {"name": "Greet", "phone": "+32470123458"},
    }
    placed = place(api(cast.staff), body)
    order = placed["orders"][0]
    assert (order["total"], order["items"][0]["product"]) == (eur("30.00"), None)
    link = api(cast.staff).post(f"{ORDERS}/{order['id']}/payment-link", {}).json()["url"]
    assert client.get(link).status_code == 303
    payment = Payment.objects.get()
    provider.pay(payment.reference)
    client.get(f"{link}/return")
    move(api(cast.owner), order["id"], "accept", "mark_ready", "collect")
    refund = api(cast.staff).post(f"{ORDERS}/{order['id']}/refunds", {"amount": eur("5.00"), "reason": "Too dry"})
    assert refund.status_code == 201, refund.json()
    run_payments()
    payment.refresh_from_db()
    assert provider.ledger.payments[payment.reference]["amountRefunded"]["value"] == "5.00"
    settle()
    # 25.00 remain, of which the platform has ten percent.
    assert owed(cast) == {"outside": -2500, "platform": 250, "vendor": 2250}


def test_every_wallet_holds_what_its_entries_sum_to(cast: Cast, api: Api, shop: Vendor) -> None:
    fill_wallet(cast.customer_row, 5000)
    place(api(cast.customer), cart(cast, payment_method="wallet"))
    held = sums()
    for wallet in Account.objects.filter(kind="wallet"):
        assert held.get(wallet.name, 0) == wallet.balance


def test_unpaid_it_expires_and_frees_what_it_held(cast: Cast, api: Api, provider: Provider, shop: Vendor) -> None:
    soda = cast.products["soda"]
    body = cart(cast, "soda", payment_method="fake", items=[{"product": soda.pk, "quantity": 3}])
    order_id = place(api(cast.customer), body)["orders"][0]["id"]
    soda.stock.refresh_from_db()
    assert soda.stock.quantity == 7
    late = timezone.now() - timedelta(minutes=31)
    Order.objects.filter(pk=order_id).update(placed_at=late, due_at=late)
    Payment.objects.update(expires_at=late)
    assert run_due() == 1
    body = api(cast.customer).get(f"{ORDERS}/{order_id}").json()
    assert (body["status"]["name"], body["payment_status"]) == ("rejected", "failed")
    payment = body["payments"][0]
    assert (payment["failure"], payment["checkout_url"]) == ("The order was closed before it was paid.", None)
    soda.stock.refresh_from_db()
    assert soda.stock.quantity == 10
    assert sums() == {}
