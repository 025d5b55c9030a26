"""Money that cannot be minted, doubled or lost: each case once went wrong, or is its neighbour. Exact values."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from orders.models import Order, Payment, PaymentShare, Refund
from orders.services.money.payouts import Purse, hand_in
from orders.services.moving.timers import run_due
from orders.services.paying import due_payments, payment_access, payment_checks
from ordersite.accounts.callers import SYSTEM
from tests.cast import Cast
from tests.orders.editing import add, line_of, remove
from tests.orders.money import COLLECTED, DELIVERED, Api, delivery, held, pickup, set_terms, step, walk
from tests.orders.online import Provider, notice, order_of, place_online
from tests.orders.proving import assert_ledger_proves_itself
from tests.orders.several import baker, cart_for_both, make_bakery
from tests.orders.shopping import ORDERS, assert_nothing_changed, cart, eur, fill_wallet, place, place_order, sums
from vendors.models import Offer, Vendor
from vendors.services.offers import refresh_offer_flags
from vendors.services.vendors import bump_menu_version


@pytest.fixture(autouse=True)
def terms(cast: Cast) -> Iterator[None]:
    """Ten percent commission and a service fee of 0.50; 60.00 in the customer's wallet. The ledger holds in the end."""
    set_terms(cast)
    fill_wallet(cast.customer_row, 6000)
    yield
    assert_ledger_proves_itself()


def refund(client: APIClient, order: Order, **body: Any) -> Any:
    return client.post(f"{ORDERS}/{order.pk}/refunds", body)


def approve(client: APIClient, order: Order, payment: Payment | None = None) -> Any:
    payment = payment or Payment.objects.get(shares__order=order)
    return client.post(f"{ORDERS}/{order.pk}/payments/{payment.pk}/approve")


def say(client: APIClient, order: Order, payment: Payment, act: str, reason: str = "Looked at") -> Any:
    return client.post(f"{ORDERS}/{order.pk}/payments/{payment.pk}/{act}", {"reason": reason})


def set_tip(client: APIClient, order: Order, amount: str) -> Any:
    return client.patch(f"{ORDERS}/{order.pk}", {"driver_tip": eur(amount)})


def set_method(client: APIClient, order: Order, method: str) -> Any:
    return client.patch(f"{ORDERS}/{order.pk}", {"payment_method": method})


def shown(client: APIClient, order: Order) -> dict[str, Any]:
    answer: dict[str, Any] = client.get(f"{ORDERS}/{order.pk}").json()
    return answer


def refused(answer: Any, status: int, code: str) -> None:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.json()


# --- who profits does not attest ----------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["cash", "transfer"])
def test_what_a_vendor_attests_never_becomes_what_the_platform_owes(cast: Cast, api: Api, method: str) -> None:
    """It moves between the customer and the vendor: refunded by hand alone, from the vendor's own hands."""
    Vendor.objects.filter(pk=cast.vendor.pk).update(transfers_to="vendor", payment_methods=["cash", "transfer"])
    bump_menu_version(cast.vendor.pk)
    order = pickup(cast, api, payment_method=method)
    assert approve(api(cast.owner), order).status_code == 200
    attested = held(cast, wallet=6000, funding=-6000, cash=-1250, clearing=1250)
    assert sums() == attested
    for client in (api(cast.owner), api(cast.staff)):
        with assert_nothing_changed(order):
            refused(refund(client, order, amount=eur("5.00"), to="wallet"), 409, "by_hand_only")
    walk(cast, api, order, *COLLECTED)
    assert sums() == held(cast, wallet=6000, funding=-6000, cash=-1250, vendor=1080, platform=170)
    row = refund(api(cast.staff), order, amount=eur("12.50")).json()["refunds"][0]
    assert (row["to"], row["state"]) == ("source", "by_hand")
    assert sums() == held(cast, wallet=6000, funding=-6000)


def test_a_transfer_goes_to_the_platform_unless_the_vendor_is_set_otherwise(cast: Cast, api: Api) -> None:
    Vendor.objects.filter(pk=cast.vendor.pk).update(payment_methods=["transfer"])
    bump_menu_version(cast.vendor.pk)
    order = pickup(cast, api, payment_method="transfer")
    with assert_nothing_changed(order):
        assert approve(api(cast.owner), order).status_code == 403
    assert approve(api(cast.staff), order).status_code == 200
    assert sums() == held(cast, wallet=6000, funding=-7250, clearing=1250)
    assert refund(api(cast.owner), order, amount=eur("2.00"), to="wallet").status_code == 201


def test_a_transfer_for_several_vendors_always_goes_to_the_platform(cast: Cast, api: Api) -> None:
    bakery = make_bakery(cast, transfers_to="vendor")
    Vendor.objects.filter(pk=cast.vendor.pk).update(transfers_to="vendor", payment_methods=["transfer"])
    bump_menu_version(cast.vendor.pk)
    placed = place(api(cast.customer), cart_for_both(cast, bakery, payment_method="transfer"))
    orders = [Order.objects.get(pk=one["id"]) for one in placed["orders"]]
    for user, order in ((cast.owner, orders[0]), (baker(cast), orders[1])):
        with assert_nothing_changed(order):
            assert approve(api(user), order).status_code == 403
    assert approve(api(cast.staff), orders[0]).status_code == 200
    assert sums() == held(cast, wallet=6000, funding=-6000 - 2032, clearing=2032)


def test_cash_of_a_driver_fills_a_wallet_once_it_is_handed_in_the_oldest_first(cast: Cast, api: Api) -> None:
    first, second = (delivery(cast, api, payment_method="cash") for _ in range(2))
    for order in (first, second):
        walk(cast, api, order, *DELIVERED)
    purse = Purse(currency="EUR", driver_id=cast.driver_row.pk)
    hand_in(purse=purse, amount=1799, caller=SYSTEM)
    for order in (first, second):
        with assert_nothing_changed(order):
            refused(refund(api(cast.staff), order, amount=eur("1.00"), to="wallet"), 409, "by_hand_only")
    hand_in(purse=purse, amount=1, caller=SYSTEM)
    assert refund(api(cast.staff), first, amount=eur("18.00"), to="wallet").status_code == 201
    with assert_nothing_changed(second):
        refused(refund(api(cast.staff), second, amount=eur("1.00"), to="wallet"), 409, "by_hand_only")
    # What is given back by hand of the second leaves the driver's hands, and does not count as handed in.
    assert refund(api(cast.staff), second, amount=eur("3.00")).status_code == 201
    assert sums()[f"cash:driver-{cast.driver_row.pk}:EUR"] == -1500
    hand_in(purse=purse, amount=1500, caller=SYSTEM)
    assert refund(api(cast.staff), second, amount=eur("15.00"), to="wallet").status_code == 201
    assert sums() == held(cast, wallet=9300, funding=-9300)


# --- what came in is a posting ------------------------------------------------------------------------------------


def test_cash_that_was_received_is_known_to_every_other_path(cast: Cast, api: Api) -> None:
    """44.65 marked as received by the owner, 30.00 to the wallet, cancelled: 30.00 came from nothing."""
    order = pickup(cast, api)
    assert approve(api(cast.owner), order).status_code == 200
    assert sums() == held(cast, wallet=6000, funding=-6000, cash=-1250, clearing=1250)
    refused(set_method(api(cast.customer), order, "wallet"), 409, "already_paid")
    assert add(api(cast.customer), order, product=cast.products["soda"].pk).status_code == 201
    assert shown(api(cast.customer), order)["owed"] == eur("2.50")
    assert remove(api(cast.customer), order, line_of(order, "Soda")).status_code == 200
    assert shown(api(cast.customer), order)["owed"] == eur("0.00")
    walk(cast, api, order, "customer cancel_by_customer")
    assert list(Refund.objects.values_list("state", "amount")) == [("by_hand", 1250)]
    assert sums() == held(cast, wallet=6000, funding=-6000)


def test_what_was_received_before_the_success_stays_received_when_it_is_undone(cast: Cast, api: Api) -> None:
    early, late = pickup(cast, api), pickup(cast, api)
    assert approve(api(cast.owner), early).status_code == 200
    for order in (early, late):
        walk(cast, api, order, *COLLECTED, "owner undo_collect")
    early.refresh_from_db()
    late.refresh_from_db()
    assert (early.payment_status, late.payment_status) == ("paid", "unpaid")
    assert sums() == held(cast, wallet=6000, funding=-6000, cash=-1250, clearing=1250)


def test_cash_handed_in_and_then_cancelled_is_given_back_by_hand(cast: Cast, api: Api) -> None:
    order = delivery(cast, api, payment_method="cash")
    walk(cast, api, order, *DELIVERED)
    hand_in(purse=Purse(currency="EUR", driver_id=cast.driver_row.pk), amount=1800, caller=SYSTEM)
    walk(cast, api, order, "staff cancel_by_staff")
    assert list(Refund.objects.values_list("state", "amount")) == [("by_hand", 1800)]
    # The driver holds nothing and is owed nothing.
    assert sums() == held(cast, wallet=6000, funding=-6000)


def test_cash_still_in_the_driver_s_hands_goes_back_from_them(cast: Cast, api: Api) -> None:
    order = delivery(cast, api, payment_method="cash")
    walk(cast, api, order, *DELIVERED, "staff cancel_by_staff")
    assert sums() == held(cast, wallet=6000, funding=-6000)
    assert list(Refund.objects.values_list("state", "amount")) == [("by_hand", 1800)]


def test_only_who_carried_it_has_the_tip_and_the_cash(cast: Cast, api: Api) -> None:
    """Dora was named and never accepted; it went by a parcel carrier."""
    order = delivery(cast, api, payment_method="cash")
    assert api(cast.owner).patch(f"{ORDERS}/{order.pk}", {"driver": cast.courier_row.pk}).status_code == 200
    given = {"tracking_number": "BE1", "carrier": "bpost"}
    assert api(cast.owner).post(f"{ORDERS}/{order.pk}/tracking-number", given).status_code in (200, 201)
    walk(cast, api, order, "owner accept", "owner mark_ready", "owner pick_up", "owner deliver")
    assert sums() == held(cast, wallet=6000, funding=-6000, cash=-1800, vendor=1630, platform=170)


# --- asked of the order's share -----------------------------------------------------------------------------------


def test_nothing_was_received_for_the_cancelled_order_of_a_purchase(cast: Cast, api: Api) -> None:
    bakery = make_bakery(cast)
    placed = place(api(cast.customer), cart_for_both(cast, bakery, payment_method="cash", delivery_type="pickup"))
    pizza, loaf = (Order.objects.get(pk=one["id"]) for one in placed["orders"])
    walk(cast, api, pizza, "customer cancel_by_customer")
    for name in ("accept", "mark_ready", "collect"):
        body = {"transition": name, "reason_code": "mistake"}
        assert api(baker(cast)).post(f"{ORDERS}/{loaf.pk}/transitions", body).status_code == 200
    with assert_nothing_changed(pizza):
        refused(refund(api(cast.staff), pizza, amount=eur("0.01")), 409, "not_paid")
    payment = Payment.objects.get()
    assert (payment.state, shown(api(cast.staff), pizza)["payments"][0]["status"]) == ("paid", "unpaid")


def test_cash_of_several_vendors_is_received_order_by_order(cast: Cast, api: Api) -> None:
    bakery = make_bakery(cast)
    placed = place(api(cast.customer), cart_for_both(cast, bakery, payment_method="cash", delivery_type="pickup"))
    pizza, loaf = (Order.objects.get(pk=one["id"]) for one in placed["orders"])
    assert approve(api(cast.owner), pizza).status_code == 200
    assert sums() == held(cast, wallet=6000, funding=-6000, cash=-1250, clearing=1250)
    loaf.refresh_from_db()
    assert (loaf.payment_status, Payment.objects.get().state) == ("unpaid", "unpaid")
    assert approve(api(cast.staff), loaf).status_code == 200
    assert Payment.objects.get().state == "paid"


def test_another_method_gives_back_what_is_kept(cast: Cast, api: Api) -> None:
    """Wallet 12.50, 9.00 given back, then cash, then cancelled: 12.50 in all."""
    order = pickup(cast, api, payment_method="wallet")
    assert refund(api(cast.owner), order, amount=eur("9.00")).status_code == 201
    answer = set_method(api(cast.customer), order, "cash").json()
    assert (answer["payment_status"], answer["owed"]) == ("unpaid", eur("3.50"))
    assert sums() == held(cast, wallet=6000, funding=-6000)
    shares = list(PaymentShare.objects.order_by("payment_id").values_list("amount", "received", "refunded"))
    assert shares == [(900, 900, 900), (350, 0, 0)]
    walk(cast, api, order, "customer cancel_by_customer")
    assert sums() == held(cast, wallet=6000, funding=-6000)


def test_another_method_and_back_again(cast: Cast, api: Api) -> None:
    order = pickup(cast, api, payment_method="wallet")
    assert refund(api(cast.owner), order, amount=eur("9.00")).status_code == 201
    for method in ("cash", "wallet"):
        assert set_method(api(cast.customer), order, method).status_code == 200
    assert sums() == held(cast, wallet=5650, funding=-6000, clearing=350)
    walk(cast, api, order, *COLLECTED)
    assert sums() == held(cast, wallet=5650, funding=-6000, vendor=302, platform=48)


# --- what is not paid holds nothing up ----------------------------------------------------------------------------


def test_a_tip_that_is_never_paid_starves_nobody(cast: Cast, api: Api, provider: Provider) -> None:
    order = delivery(cast, api, payment_method="fake", driver_tip=eur("2.00"))
    pay(provider, order)
    assert set_tip(api(cast.customer), order, "1000.00").status_code == 200
    told = shown(api(cast.customer), order)
    assert (told["payment_status"], told["owed"]) == ("paid", eur("998.00"))
    walk(cast, api, order, *DELIVERED)
    assert sums() == held(cast, wallet=6000, funding=-7700, vendor=1330, driver=200, platform=170)
    pay(provider, order)
    assert sums() == held(cast, wallet=6000, funding=-107_500, vendor=1330, driver=100_000, platform=170)


def test_an_item_that_is_never_paid_leaves_the_tip_that_was(cast: Cast, api: Api, provider: Provider) -> None:
    order = delivery(cast, api, payment_method="fake", driver_tip=eur("2.00"))
    pay(provider, order)
    assert add(api(cast.customer), order, product=cast.products["soda"].pk).status_code == 201
    later = timezone.now() - timedelta(hours=5)
    Order.objects.filter(pk=order.pk).update(placed_at=later)
    assert run_due() == 0
    walk(cast, api, order, *DELIVERED)
    # 15.00 of 17.50 were paid for; of the platform's 1.95 that is 1.67.
    assert sums() == held(cast, wallet=6000, funding=-7700, vendor=1333, driver=200, platform=167)


def pay(provider: Provider, order: Order) -> None:
    """Pays the newest payment of the order at its provider, which tells us."""
    payment = Payment.objects.filter(shares__order=order).latest("pk")
    APIClient().get(f"/pay/{payment.token}")
    payment.refresh_from_db()
    provider.pay(payment.reference)
    assert notice(payment.reference).status_code == 200


# --- told and taken by one rule -----------------------------------------------------------------------------------


def test_cancelling_costs_a_part_of_what_is_paid_and_not_given_back(cast: Cast, api: Api) -> None:
    """50 % of 25.00 with 15.00 given back: 5.00."""
    set_terms(cast, cancel_fee_accepted=5000, service_fee=0)
    order = pickup(cast, api, payment_method="wallet", items=[{"product": cast.products["cake"].pk}])
    assert refund(api(cast.staff), order, amount=eur("15.00")).status_code == 201
    walk(cast, api, order, "owner accept")
    assert shown(api(cast.customer), order)["cancel_cost"] == eur("5.00")
    walk(cast, api, order, "customer cancel_by_customer")
    assert sums() == held(cast, wallet=5500, funding=-6000, vendor=450, platform=50)


def test_cancelling_with_a_rise_that_is_not_paid_costs_of_what_is(cast: Cast, api: Api, provider: Provider) -> None:
    set_terms(cast, cancel_fee_accepted=5000, service_fee=0)
    order = order_of(place_online(api(cast.customer), cast))
    pay(provider, order)
    assert add(api(cast.customer), order, product=cast.products["soda"].pk).status_code == 201
    walk(cast, api, order, "owner accept")
    assert shown(api(cast.customer), order)["cancel_cost"] == eur("6.00")
    walk(cast, api, order, "customer cancel_by_customer")
    assert sums() == held(cast, wallet=6000, funding=-6600, vendor=540, platform=60)


@pytest.mark.parametrize("method", ["wallet", "fake"])
def test_a_tip_is_not_lowered_below_what_was_given_back(cast: Cast, api: Api, provider: Provider, method: str) -> None:
    order = delivery(cast, api, payment_method=method)
    if method == "fake":
        pay(provider, order)
    assert refund(api(cast.staff), order, amount=eur("17.00")).status_code == 201
    with assert_nothing_changed(order):
        refused(set_tip(api(cast.customer), order, "1.99"), 409, "refunded")
    assert set_tip(api(cast.customer), order, "2.00").status_code == 200
    assert shown(api(cast.customer), order)["total"] == eur("17.00")


# --- money that may be here ---------------------------------------------------------------------------------------


def test_photos_for_two_vendors_of_which_one_is_rejected(cast: Cast, api: Api) -> None:
    bakery = make_bakery(cast)
    Vendor.objects.filter(pk=cast.vendor.pk).update(payment_methods=["transfer"])
    bump_menu_version(cast.vendor.pk)
    body = cart_for_both(cast, bakery, payment_method="transfer", delivery_type="pickup")
    placed = place(api(cast.customer), body)
    pizza, loaf = (Order.objects.get(pk=one["id"]) for one in placed["orders"])
    Payment.objects.update(state="proof_pending")
    Order.objects.update(payment_status="proof_pending")
    walk(cast, api, loaf, "staff cancel_by_staff")
    loaf.refresh_from_db()
    assert (loaf.payment_status, Payment.objects.get().amount) == ("proof_pending", 1583)
    assert approve(api(cast.staff), pizza).status_code == 200
    assert list(Refund.objects.values_list("order", "state", "amount")) == [(loaf.pk, "by_hand", 333)]
    assert sums() == held(cast, wallet=6000, funding=-7250, clearing=1250)


@pytest.mark.parametrize("act", ["approve", "refuse"])
def test_a_rejected_order_with_photos_stays_among_those_to_check(cast: Cast, api: Api, act: str) -> None:
    Vendor.objects.filter(pk=cast.vendor.pk).update(payment_methods=["transfer"])
    bump_menu_version(cast.vendor.pk)
    order = pickup(cast, api, payment_method="transfer")
    Payment.objects.update(state="proof_pending")
    Order.objects.update(payment_status="proof_pending")
    walk(cast, api, order, "staff cancel_by_staff")
    payment = Payment.objects.get()
    assert payment.state == "proof_pending"
    refused(set_method(api(cast.customer), order, "cash"), 409, "order_closed")
    assert say(api(cast.staff), order, payment, act).status_code == 200
    payment.refresh_from_db()
    order.refresh_from_db()
    if act == "approve":
        assert list(Refund.objects.values_list("state", "amount")) == [("by_hand", 1250)]
        assert order.payment_status == "refunded"
    else:
        assert (payment.state, order.payment_status, Refund.objects.count()) == ("failed", "failed", 0)
    assert sums() == held(cast, wallet=6000, funding=-6000)


def test_photos_that_wait_are_not_dropped_by_another_method(cast: Cast, api: Api) -> None:
    Vendor.objects.filter(pk=cast.vendor.pk).update(payment_methods=["transfer", "cash"])
    bump_menu_version(cast.vendor.pk)
    order = pickup(cast, api, payment_method="transfer")
    Payment.objects.update(state="proof_pending")
    Order.objects.update(payment_status="proof_pending")
    with assert_nothing_changed(order):
        refused(set_method(api(cast.customer), order, "cash"), 409, "payment_pending")


# --- another amount came in ---------------------------------------------------------------------------------------


@pytest.fixture
def disputed(cast: Cast, api: Api, provider: Provider) -> Order:
    """An eat-in pizza that is paid (12.50), and a soda besides (2.50), for which the amount of `came` came in."""
    order = pickup(cast, api, payment_method="fake", delivery_type="eat_in")
    pay(provider, order)
    assert add(api(cast.customer), order, product=cast.products["soda"].pk).status_code == 201
    return order


def pay_amiss(provider: Provider, order: Order, value: str, currency: str = "EUR") -> Payment:
    payment = Payment.objects.filter(shares__order=order).latest("pk")
    APIClient().get(f"/pay/{payment.token}")
    payment.refresh_from_db()
    provider.ledger.payments[payment.reference]["amount"] = {"value": value, "currency": currency}
    provider.pay(payment.reference)
    assert notice(payment.reference).status_code == 200
    payment.refresh_from_db()
    assert payment.is_disputed
    return payment


@pytest.mark.parametrize(
    ("act", "came", "owed", "waived", "kept", "back", "asked"),
    [
        ("approve", "2.00", "0.00", "0.50", 1450, [], []),
        ("approve", "3.25", "0.00", "0.00", 1500, [("pending", 75)], []),
        ("refuse", "2.00", "2.50", "0.00", 1250, [("pending", 200)], [250]),
        ("waive", "2.00", "0.00", "2.50", 1250, [("pending", 200)], []),
    ],
)
def test_staff_say_where_another_amount_goes(
    cast: Cast,
    api: Api,
    provider: Provider,
    disputed: Order,
    act: str,
    came: str,
    owed: str,
    waived: str,
    kept: int,
    back: list[tuple[str, int]],
    asked: list[int],
) -> None:
    payment = pay_amiss(provider, disputed, came)
    with assert_nothing_changed(disputed):
        for client in (api(cast.owner), api(cast.customer)):
            assert say(client, disputed, payment, act).status_code == 403
    answer = say(api(cast.staff), disputed, payment, act)
    assert answer.status_code == 200, answer.json()
    told = shown(api(cast.customer), disputed)
    assert (told["owed"], told["waived"]) == (eur(owed), eur(waived))
    assert list(Refund.objects.values_list("state", "amount")) == back
    assert list(Payment.objects.filter(state="unpaid").values_list("amount", flat=True)) == asked
    walk(cast, api, disputed, "owner accept", "owner complete")
    books = sums()
    assert books[f"vendor:{cast.vendor.pk}:EUR"] + books["platform::EUR"] == kept
    assert "clearing::EUR" not in books


def test_money_of_another_currency_is_given_back_at_the_provider(
    cast: Cast, api: Api, provider: Provider, disputed: Order
) -> None:
    payment = pay_amiss(provider, disputed, "2.50", "USD")
    with assert_nothing_changed(disputed):
        refused(say(api(cast.staff), disputed, payment, "approve"), 409, "other_currency")
    assert say(api(cast.staff), disputed, payment, "refuse").status_code == 200
    payment.refresh_from_db()
    assert (payment.state, payment.reference, Refund.objects.count()) == ("failed", "", 0)
    assert shown(api(cast.customer), disputed)["owed"] == eur("2.50")


def test_a_disputed_payment_stays_with_an_order_that_is_closed(cast: Cast, api: Api, provider: Provider) -> None:
    order = order_of(place_online(api(cast.customer), cast))
    payment = pay_amiss(provider, order, "9.99")
    walk(cast, api, order, "customer cancel_by_customer")
    payment.refresh_from_db()
    assert payment.is_disputed
    assert say(api(cast.staff), order, payment, "approve").status_code == 200
    assert list(Refund.objects.values_list("state", "amount")) == [("pending", 999)]
    assert sums() == held(cast, wallet=6000, funding=-6000)


def test_staff_waive_what_nobody_will_pay(cast: Cast, api: Api, provider: Provider, disputed: Order) -> None:
    payment = Payment.objects.get(state="unpaid")
    with assert_nothing_changed(disputed):
        answer = api(cast.staff).post(f"{ORDERS}/{disputed.pk}/payments/{payment.pk}/waive", {"reason": " "})
        assert answer.status_code == 400
        assert say(api(cast.owner), disputed, payment, "waive").status_code == 403
    assert say(api(cast.staff), disputed, payment, "waive").status_code == 200
    told = shown(api(cast.customer), disputed)
    assert (told["owed"], told["waived"], told["total"]) == (eur("0.00"), eur("2.50"), eur("15.00"))
    with assert_nothing_changed(disputed):
        refused(say(api(cast.staff), disputed, payment, "waive"), 409, "nothing_due")


# --- a close that is taken back -----------------------------------------------------------------------------------


def test_what_goes_to_a_provider_waits_for_the_undo_time(cast: Cast, api: Api, provider: Provider) -> None:
    order = order_of(place_online(api(cast.customer), cast))
    pay(provider, order)
    walk(cast, api, order, "owner reject")
    assert due_payments.run_due_payments() == 0
    walk(cast, api, order, "owner undo_reject")
    assert list(Refund.objects.values_list("state", "due_at")) == [("taken_back", None)]
    assert sums() == held(cast, wallet=6000, funding=-7250, clearing=1250)


def test_after_the_money_has_left_undo_and_retry_are_not_offered(
    cast: Cast, api: Api, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = delivery(cast, api, payment_method="fake")
    pay(provider, order)
    walk(cast, api, order, *DELIVERED[:-1], "driver fail_delivery")
    offered = {one["name"] for one in shown(api(cast.staff), order)["allowed_transitions"]}
    assert {"retry_delivery", "correct_delivery", "look_for_driver", "complete"} <= offered
    Vendor.objects.update(undo_minutes=0)
    past = timezone.now() - timedelta(seconds=1)
    Refund.objects.update(due_at=past)
    Order.objects.filter(pk=order.pk).update(money_leaves_at=past)
    for user in (cast.staff, cast.driver, cast.owner):
        offered = {one["name"] for one in shown(api(user), order)["allowed_transitions"]}
        assert not offered & {"retry_delivery", "correct_delivery", "look_for_driver", "complete"}
        with assert_nothing_changed(order):
            assert step(cast, api, order, "staff retry_delivery").json()["guard"] == "money"
    assert due_payments.run_due_payments() == 1


def test_reopening_asks_for_a_new_payment_with_its_own_time(cast: Cast, api: Api, provider: Provider) -> None:
    order = order_of(place_online(api(cast.customer), cast))
    late = timezone.now() - timedelta(minutes=31)
    Order.objects.filter(pk=order.pk).update(placed_at=late, due_at=late)
    Payment.objects.update(expires_at=late, due_at=None)
    assert run_due() == 1
    walk(cast, api, order, "staff reopen")
    order.refresh_from_db()
    assert order.due_at is not None
    assert order.due_at > timezone.now() + timedelta(minutes=29)
    assert run_due() == 0
    pay(provider, order)
    walk(cast, api, order, *COLLECTED)


def test_a_guest_s_refund_that_fails_is_given_by_hand(cast: Cast, api: Api, provider: Provider, client: Client) -> None:
    body = cart(
        cast, payment_method="fake", guest={"name": "Gina", "email": "gina@example.org", "phone": "+3225551234"}
    )
    order = place_order(api(), body)
    pay(provider, order)
    assert refund(api(cast.staff), order).status_code == 201
    provider.refuses_with = 422
    assert due_payments.run_due_payments() == 1
    row = Refund.objects.get()
    assert row.state == "failed"
    client.force_login(cast.staff)
    assert "no wallet" in client.post(f"/admin/orders/refund/{row.pk}/to-wallet/", follow=True).content.decode()
    assert client.post(f"/admin/orders/refund/{row.pk}/done/").status_code == 302
    row.refresh_from_db()
    assert row.state == "done"


# --- the platform's gift ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("back", "vendor", "platform"),
    [("0.00", 2160, -1710), ("1.00", 2072, -1722), ("3.00", 1896, -1746), ("4.49", 1764, -1763)],
)
def test_nobody_gains_by_a_refund_of_what_the_platform_gave(
    cast: Cast, api: Api, back: str, vendor: int, platform: int
) -> None:
    """24.00 of items, 20.00 off borne by the platform, 0.50 fee; every refund costs both, in proportion to the sale."""
    set_terms(cast)
    Offer.objects.create(
        name="Hello", vendor=cast.vendor, kind="amount", amount=2000, currency="EUR", borne_by="platform", code="HELLO"
    )
    refresh_offer_flags()
    items = [{"product": cast.products["pizza"].pk, "quantity": 2}]
    order = pickup(cast, api, payment_method="wallet", items=items, offer="HELLO")
    walk(cast, api, order, *COLLECTED)
    whole = sums()
    if back != "0.00":
        assert refund(api(cast.staff), order, amount=eur(back)).status_code == 201
    books = sums()
    vendor_name = f"vendor:{cast.vendor.pk}:EUR"
    assert (books[vendor_name], books["platform::EUR"]) == (vendor, platform)
    assert books[vendor_name] <= whole[vendor_name]
    assert books["platform::EUR"] <= whole["platform::EUR"]


# --- cancel too ---------------------------------------------------------------------------------------------------


def test_who_refunds_may_cancel_too(cast: Cast, api: Api) -> None:
    order = pickup(cast, api, payment_method="wallet")
    walk(cast, api, order, "owner accept")
    answer = refund(api(cast.owner), order, amount=eur("2.00"), cancel=True)
    assert answer.status_code == 201, answer.json()
    assert [row["amount"] for row in answer.json()["refunds"]] == [eur("2.00"), eur("10.50")]
    assert answer.json()["order"]["status"]["name"] == "rejected_by_business"
    assert sums() == held(cast, wallet=6000, funding=-6000)


def test_given_back_and_still_open_is_a_decision_for_staff(cast: Cast, api: Api, client: Client) -> None:
    order = pickup(cast, api, payment_method="wallet")
    walk(cast, api, order, "owner accept")
    assert refund(api(cast.staff), order).status_code == 201
    client.force_login(cast.staff)
    page = client.get("/admin/").content.decode()
    assert "Refunded, and still open" in page


# --- an offer that several orders share ---------------------------------------------------------------------------


def buy_both(cast: Cast, api: Api, method: str, loaves: int, **offer: Any) -> tuple[Order, Order]:
    """A cake for 25.00 here and loaves at 3.33 next door, with the site's offer TEN: 10.00 off from 30.00."""
    set_terms(cast, service_fee=0)
    bakery = make_bakery(cast)
    values = {"name": "Ten", "kind": "amount", "amount": 1000, "minimum": 3000, "currency": "EUR", "code": "TEN"}
    Offer.objects.create(**{**values, "borne_by": "vendor", **offer})
    refresh_offer_flags()
    vendors = [
        {"vendor": cast.vendor.pk, "items": [{"product": cast.products["cake"].pk}]},
        {"vendor": bakery.pk, "items": [{"product": bakery.products.get().pk, "quantity": loaves}]},
    ]
    body = {"vendors": vendors, "delivery_type": "pickup", "payment_method": method, "offer": "TEN"}
    cake, loaf = (Order.objects.get(pk=one["id"]) for one in place(api(cast.customer), body)["orders"])
    return cake, loaf


@pytest.mark.parametrize("method", ["wallet", "fake"])
@pytest.mark.parametrize(
    ("loaves", "offer", "cost", "left"),
    [
        # 25.00 alone are below 30.00: 5.56 of the discount are lost, taken from the 15.54 that come back.
        (6, {}, "5.56", "25.00"),
        # 7.90 would be lost, and 4.56 come back: no more than that is taken.
        (2, {}, "4.56", "21.66"),
        # 10.00 off from 20.00 still hold, and all of them are the rest's now: it costs 4.44 less.
        (6, {"minimum": 2000}, "0.00", "15.00"),
        (6, {"kind": "percentage", "amount": None, "rate": 1000}, "2.50", "25.00"),
    ],
)
def test_the_customer_cancels_one_of_two_and_the_rest_is_reckoned_anew(
    cast: Cast,
    api: Api,
    provider: Provider,
    method: str,
    loaves: int,
    offer: dict[str, Any],
    cost: str,
    left: str,
) -> None:
    cake, loaf = buy_both(cast, api, method, loaves, **offer)
    if method == "fake":
        pay(provider, cake)
    assert shown(api(cast.customer), loaf)["cancel_cost"] == eur(cost)
    walk(cast, api, loaf, "customer cancel_by_customer")
    told = shown(api(cast.customer), cake)
    assert (told["total"], told["owed"], told["payment_status"]) == (eur(left), eur("0.00"), "paid")
    assert told["total"] == told["payments"][0]["amount"] or method == "fake"
    books, minor = sums(), round(float(left) * 100)
    wallet, funding = books.get(f"wallet:{cast.customer_row.pk}:EUR", 0), books["funding::EUR"]
    assert (books["clearing::EUR"], -funding - wallet) == (minor, minor)
    walk(cast, api, cake, *COLLECTED)
    assert "clearing::EUR" not in sums()


@pytest.mark.parametrize("who", ["staff cancel_by_staff", "owner reject"])
def test_others_cancel_one_of_two_and_the_rest_keeps_its_part(cast: Cast, api: Api, who: str) -> None:
    cake, loaf = buy_both(cast, api, "wallet", 6)
    gone, rest = (loaf, cake) if who.startswith("staff") else (cake, loaf)
    before = rest.total
    walk(cast, api, gone, who)
    rest.refresh_from_db()
    assert (rest.total, rest.version) == (before, 1)


def test_unpaid_the_rest_only_owes_more(cast: Cast, api: Api) -> None:
    cake, loaf = buy_both(cast, api, "cash", 6)
    walk(cast, api, loaf, "customer cancel_by_customer")
    told = shown(api(cast.customer), cake)
    assert (told["total"], told["owed"], told["discount"]) == (eur("25.00"), eur("25.00"), eur("0.00"))


# --- what an attacker tried ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("fall", ["item", "tip"])
def test_a_rise_that_is_being_paid_is_not_paid_out_of_what_is_paid(
    cast: Cast, api: Api, provider: Provider, fall: str
) -> None:
    """Paid, raised, the page opened and left, lowered again: the fall is not given back while the rise may come in."""
    order = delivery(cast, api, payment_method="fake", driver_tip=eur("2.00"))
    pay(provider, order)
    client = api(cast.customer)
    if fall == "item":
        assert add(client, order, product=cast.products["soda"].pk, quantity=4).status_code == 201
    else:
        assert set_tip(client, order, "15.00").status_code == 200
    payment = Payment.objects.filter(shares__order=order).latest("pk")
    APIClient().get(f"/pay/{payment.token}")
    with assert_nothing_changed(order):
        if fall == "item":
            refused(remove(client, order, line_of(order, "Soda")), 409, "payment_pending")
        else:
            refused(set_tip(client, order, "2.00"), 409, "payment_pending")


def test_what_a_vendor_attests_is_no_tip_that_the_platform_owes(cast: Cast, api: Api) -> None:
    order = delivery(cast, api, payment_method="cash", driver_tip=eur("1000.00"))
    assert approve(api(cast.owner), order).status_code == 200
    walk(cast, api, order, *DELIVERED)
    assert sums() == held(cast, wallet=6000, funding=-6000, cash=-101_500, vendor=101_330, platform=170)


def test_what_its_own_courier_says_that_he_took_is_in_the_vendor_s_hands(cast: Cast, api: Api) -> None:
    order = delivery(cast, api, payment_method="cash")
    assert api(cast.owner).patch(f"{ORDERS}/{order.pk}", {"driver": cast.courier_row.pk}).status_code == 200
    walk(cast, api, order, "owner accept", "courier accept_by_driver", "owner mark_ready", "courier pick_up")
    walk(cast, api, order, "courier deliver")
    assert sums() == held(cast, wallet=6000, funding=-6000, cash=-1800, vendor=1630, platform=170)


def test_a_rise_that_is_not_paid_takes_nothing_of_what_the_platform_gave(
    cast: Cast, api: Api, provider: Provider
) -> None:
    Offer.objects.create(
        name="Hello", vendor=cast.vendor, kind="amount", amount=2000, currency="EUR", borne_by="platform", code="HELLO"
    )
    refresh_offer_flags()
    items = [{"product": cast.products["pizza"].pk, "quantity": 2}]
    order = pickup(cast, api, payment_method="fake", items=items, offer="HELLO")
    pay(provider, order)
    assert add(api(cast.customer), order, product=cast.products["cake"].pk).status_code == 201
    walk(cast, api, order, *COLLECTED)
    assert sums()[f"vendor:{cast.vendor.pk}:EUR"] >= 2160


def test_more_than_an_order_costs_is_not_taken_again_with_its_close(cast: Cast, api: Api, provider: Provider) -> None:
    order = order_of(place_online(api(cast.customer), cast))
    payment = pay_amiss(provider, order, "99.99")
    walk(cast, api, order, "customer cancel_by_customer")
    assert say(api(cast.staff), order, payment, "approve").status_code == 200
    order.refresh_from_db()
    assert order.refunded == order.total
    walk(cast, api, order, "staff reopen")
    assert shown(api(cast.customer), order)["owed"] in (eur("0.00"), eur("12.50"))


def test_an_order_whose_money_may_be_here_is_not_deleted(cast: Cast, api: Api, provider: Provider) -> None:
    order = order_of(place_online(api(cast.customer), cast))
    pay_amiss(provider, order, "9.99")
    walk(cast, api, order, "customer cancel_by_customer")
    with assert_nothing_changed(order):
        refused(api(cast.staff).delete(f"{ORDERS}/{order.pk}"), 409, "payment_pending")


def test_a_disputed_order_that_is_reopened_waits_for_staff(cast: Cast, api: Api, provider: Provider) -> None:
    order = order_of(place_online(api(cast.customer), cast))
    pay_amiss(provider, order, "9.99")
    walk(cast, api, order, "customer cancel_by_customer")
    late = timezone.now() - timedelta(hours=1)
    Payment.objects.update(expires_at=late)
    Order.objects.update(placed_at=late)
    walk(cast, api, order, "staff reopen")
    assert run_due() == 0
    order.refresh_from_db()
    assert order.status == 0


def test_one_of_several_that_comes_back_has_what_is_left_of_the_offer(cast: Cast, api: Api) -> None:
    cake, loaf = buy_both(cast, api, "wallet", 6, minimum=2000)
    walk(cast, api, loaf, "customer cancel_by_customer", "staff reopen")
    for order in (cake, loaf):
        order.refresh_from_db()
    assert (cake.discount, loaf.discount) == (1000, 0)
    assert sums() == held(cast, wallet=6000 - cake.total - loaf.total, funding=-6000, clearing=cake.total + loaf.total)


def test_a_sibling_that_was_refunded_does_not_hold_up_a_cancelling(cast: Cast, api: Api) -> None:
    cake, loaf = buy_both(cast, api, "wallet", 6, minimum=2000)
    assert refund(api(cast.staff), cake).status_code == 201
    assert shown(api(cast.customer), loaf)["cancel_cost"] == eur("0.00")
    walk(cast, api, loaf, "customer cancel_by_customer")
    assert sums() == held(cast, wallet=6000, funding=-6000)


def test_what_is_waived_of_one_order_is_still_asked_of_the_other(cast: Cast, api: Api, provider: Provider) -> None:
    cake, loaf = buy_both(cast, api, "fake", 6)
    payment = pay_amiss(provider, cake, "1.00")
    assert say(api(cast.staff), cake, payment, "waive").status_code == 200
    told, other = shown(api(cast.customer), cake), shown(api(cast.customer), loaf)
    assert (told["owed"], told["payment_status"], other["owed"]) == (eur("0.00"), "paid", eur("15.54"))
    walk(cast, api, cake, "owner accept")


def test_a_refund_taken_back_moves_the_same_accounts(cast: Cast, api: Api) -> None:
    order = delivery(cast, api, payment_method="cash")
    walk(cast, api, order, *DELIVERED)
    assert refund(api(cast.staff), order, amount=eur("5.00")).status_code == 201
    hand_in(purse=Purse(currency="EUR", driver_id=cast.driver_row.pk), amount=1300, caller=SYSTEM)
    walk(cast, api, order, "staff cancel_by_staff", "staff reopen")
    assert sums() == held(cast, wallet=6000, funding=-7300, clearing=1300)


def test_a_cancelled_order_is_not_asked_for_after_a_try_that_failed(cast: Cast, api: Api, provider: Provider) -> None:
    """Its part stayed while the provider might have been paid with it; the next try is for the other one alone."""
    cake, loaf = buy_both(cast, api, "fake", 6)
    payment = Payment.objects.get()
    APIClient().get(f"/pay/{payment.token}")
    walk(cast, api, loaf, "staff cancel_by_staff")
    payment.refresh_from_db()
    assert payment.amount == 3498
    provider.pay(payment.reference, "failed")
    assert notice(payment.reference).status_code == 200
    payment.refresh_from_db()
    assert (payment.state, payment.amount, payment.shares.get().order_id) == ("failed", 1944, cake.pk)
    pay(provider, cake)
    assert sums() == held(cast, wallet=6000, funding=-7944, clearing=1944)


def test_what_came_in_for_two_counts_for_both(cast: Cast, api: Api, provider: Provider) -> None:
    """30.00 instead of 34.98: divided by what each costs, the rest is waived of each."""
    cake, loaf = buy_both(cast, api, "fake", 6)
    payment = pay_amiss(provider, cake, "30.00")
    assert say(api(cast.staff), loaf, payment, "approve").status_code == 200
    told = [shown(api(cast.customer), order) for order in (cake, loaf)]
    assert [one["waived"] for one in told] == [eur("2.77"), eur("2.21")]
    assert [one["payment_status"] for one in told] == ["paid", "paid"]
    assert sums() == held(cast, wallet=6000, funding=-9000, clearing=3000)


def test_a_vendor_s_word_counts_by_the_payment_as_it_is_locked(
    cast: Cast, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the vendor says that the cash is there, the customer changes to a transfer to the platform."""
    Vendor.objects.filter(pk=cast.vendor.pk).update(payment_methods=["cash", "transfer"])
    bump_menu_version(cast.vendor.pk)
    order, lock = pickup(cast, api), payment_access.lock_payment_of

    def lock_late(*args: Any) -> Any:
        assert set_method(api(cast.customer), order, "transfer").status_code == 200
        return lock(*args)

    monkeypatch.setattr(payment_checks, "lock_payment_of", lock_late)
    assert approve(api(cast.owner), order).status_code == 403
    assert sums() == held(cast, wallet=6000, funding=-6000)
