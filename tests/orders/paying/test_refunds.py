"""Giving money back: how much, by whom, where to, and what becomes of the shares of vendor, driver and platform."""

from typing import Any

import pytest

from orders.lifecycle.table import Fulfilment
from orders.models import Line, Order, OrderEvent, Payment, Refund
from orders.services.money import ledger
from ordersite.accounts.models import Customer
from tests.cast import Cast
from tests.orders.money import (
    COLLECTED,
    DELIVERED,
    Api,
    delivery,
    driven,
    held,
    keep_waiting,
    pickup,
    set_terms,
    settled,
    step,
    walk,
)
from tests.orders.rows import add_line, make_order
from tests.orders.shopping import ORDERS, assert_nothing_changed, eur, fill_wallet, place, refused, sums
from vendors.models import Vendor
from vendors.services.vendors import import_menu


@pytest.fixture(autouse=True)
def terms(cast: Cast) -> None:
    set_terms(cast)
    fill_wallet(cast.customer_row, 6000)


def refund(client: Any, order: Order, body: dict[str, Any] | None = None, **headers: str) -> Any:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post(f"{ORDERS}/{order.pk}/refunds", body or {}, headers=sent)


def pointers(answer: Any) -> list[str]:
    """The fields that a refusal names."""
    return [row["pointer"] for row in answer.json()["errors"]]


def online_order(cast: Cast, **fields: Any) -> Order:
    """An order of 15.00 that was paid online, and what came in for it."""
    order = make_order(
        cast, 7, Fulfilment.PICKUP, payment_method="fake", payment_status="paid", stood="accepted", **fields
    )
    amounts = {ledger.funding("EUR"): -order.total, ledger.clearing("EUR"): order.total}
    ledger.post("payment", amounts, actor="test", order=order, share=order.shares.get())
    return order


# --- how much ---------------------------------------------------------------------------------------------------


def test_the_whole_goes_back_and_everything_follows(cast: Cast, api: Api) -> None:
    order = delivery(cast, api)
    walk(cast, api, order, *DELIVERED)
    assert sums() == held(cast, wallet=4200, vendor=1330, driver=300, platform=170, funding=-6000)
    response = refund(api(cast.staff), order, {"reason": "Never came"})
    answer = response.json()
    assert response.status_code == 201, answer
    row = answer["refunds"][0]
    assert {name: row[name] for name in ("amount", "to", "state", "reason")} == {
        "amount": eur("18.00"),
        "to": "wallet",
        "state": "done",
        "reason": "Never came",
    }
    assert (answer["order"]["payment_status"], answer["order"]["version"]) == ("refunded", 8)
    assert response["ETag"] == '"8"'
    assert sums() == held(cast, wallet=6000, funding=-6000)
    event = OrderEvent.objects.get(order=order, number=8)
    assert (event.kind, event.role, event.reason) == ("payment", "staff", "Never came")
    assert event.data == {"refund": {"amount": eur("18.00"), "to": "source"}}
    assert api(cast.customer).get(f"{ORDERS}/{order.pk}/refunds").json() == {"results": [row]}


def test_an_amount_after_settling_is_borne_in_proportion(cast: Cast, api: Api) -> None:
    """Of 12.00 (without the tip) the platform has 1.70: of 7.00 that are left it keeps 0.99, the vendor the rest."""
    order = driven(cast)
    answer = refund(api(cast.staff), order, {"amount": eur("5.00")}).json()
    assert (answer["order"]["payment_status"], answer["refunds"][0]["amount"]) == ("partly_refunded", eur("5.00"))
    assert sums() == held(cast, wallet=5000, vendor=601, driver=300, platform=99, funding=-6000)
    # Of the 10.00 that are left the driver's tip goes last.
    assert refund(api(cast.staff), order, {"amount": eur("7.00")}).status_code == 201
    assert sums() == held(cast, wallet=5700, driver=300, funding=-6000)
    assert refund(api(cast.staff), order, {"amount": eur("1.00")}).status_code == 201
    assert sums() == held(cast, wallet=5800, driver=200, funding=-6000)


def test_what_was_given_back_before_settling_is_not_divided(cast: Cast, api: Api) -> None:
    order = pickup(cast, api, payment_method="wallet")
    assert refund(api(cast.staff), order, {"amount": eur("2.50")}).status_code == 201
    assert sums() == held(cast, wallet=5000, clearing=1000, funding=-6000)
    walk(cast, api, order, *COLLECTED)
    # 1.70 of 12.50 is the platform's: of 10.00 it is 1.36.
    assert sums() == held(cast, wallet=5000, vendor=864, platform=136, funding=-6000)


def test_more_than_is_left_is_refused(cast: Cast, api: Api) -> None:
    order = settled(cast)
    assert refund(api(cast.staff), order, {"amount": eur("14.00")}).status_code == 201
    for body in ({"amount": eur("1.01")}, {"amount": eur("15.00")}):
        with assert_nothing_changed(order):
            answer = refund(api(cast.staff), order, body)
        assert (answer.status_code, answer.json()["code"]) == (409, "refund_too_large")
        assert (answer.json()["refundable"], pointers(answer)) == (eur("1.00"), ["/amount"])
    assert refund(api(cast.staff), order).json()["refunds"][0]["amount"] == eur("1.00")
    answer = refund(api(cast.staff), order)
    assert (answer.json()["code"], answer.json()["refundable"]) == ("refund_too_large", eur("0.00"))
    assert pointers(answer) == []


def test_what_is_not_paid_is_not_given_back(cast: Cast, api: Api) -> None:
    order = pickup(cast, api)
    with assert_nothing_changed(order):
        answer = refund(api(cast.staff), order)
    assert (answer.status_code, answer.json()["code"]) == (409, "not_paid")


def test_lines_by_unit_amount_and_whole(cast: Cast, api: Api) -> None:
    """Three for 10.00 after a discount of 0.20: 3.27 a unit, the last one 3.26; another line by amount, then whole."""
    order = settled(cast)
    three, one = add_line(order, cast.products["soda"], 3), add_line(order, cast.products["cake"])
    Line.objects.filter(pk=three.pk).update(total=1000, discount=20)
    Line.objects.filter(pk=one.pk).update(total=500)
    client = api(cast.staff)
    for left in (653, 326, 0):
        assert refund(client, order, {"items": [{"item": three.pk, "quantity": 1}]}).status_code == 201
        three.refresh_from_db()
        assert 980 - three.refunded == left
    wishes: list[tuple[str, dict[str, Any]]] = [("quantity", {"quantity": 1}), ("amount", {"amount": eur("0.01")})]
    for field, wish in (*wishes, ("item", {})):
        with assert_nothing_changed(order):
            answer = refund(client, order, {"items": [{"item": three.pk, **wish}]})
        assert (answer.status_code, answer.json()["code"]) == (409, "refund_too_large")
        assert (answer.json()["refundable"], answer.json()["item"]) == (eur("0.00"), three.pk)
        assert pointers(answer) == [f"/items/0/{field}"]
    assert refund(client, order, {"items": [{"item": one.pk, "amount": eur("1.50")}]}).status_code == 201
    answer = refund(client, order, {"items": [{"item": one.pk}]}).json()
    assert answer["refunds"][0]["amount"] == eur("3.50")
    event = OrderEvent.objects.filter(order=order).latest("number")
    assert event.data["refund"] == {
        "amount": eur("3.50"),
        "to": "source",
        "items": [{"item": one.pk, "amount": eur("3.50")}],
    }
    order.refresh_from_db()
    assert (order.refunded, order.total) == (1480, 1500)


def test_several_lines_at_once_with_their_added_tax(cast: Cast, api: Api) -> None:
    """Where tax is added a line cost that too; together they are never more than what is left of the order."""
    order = settled(cast, tax_added=90)
    lines = [add_line(order, cast.products[name]) for name in ("soda", "pizza")]
    Line.objects.filter(pk=lines[0].pk).update(tax=15)
    wish: dict[str, Any] = {"items": [{"item": lines[0].pk}, {"item": lines[1].pk, "quantity": 1}]}
    assert refund(api(cast.staff), order, {"amount": eur("0.36")}).status_code == 201
    # 2.50 + 0.15 + 12.00 = 14.65, and 14.64 are left.
    with assert_nothing_changed():
        answer = refund(api(cast.staff), order, wish)
    assert (answer.status_code, answer.json()["refundable"]) == (409, eur("14.64"))
    wish["items"][1] = {"item": lines[1].pk, "amount": eur("11.99")}
    assert refund(api(cast.staff), order, wish).json()["refunds"][0]["amount"] == eur("14.64")
    assert list(Line.objects.filter(order=order).values_list("refunded", flat=True)) == [265, 1199]


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"amount": eur("0.00")}, "/amount", "min_value"),
        ({"amount": {"amount": "1.00", "currency": "USD"}}, "/amount", "currency"),
        ({"amount": eur("1.00"), "items": [{"item": 1}]}, "/amount", "both"),
        ({"items": []}, "/items", "empty"),
        ({"items": [{"item": 1, "quantity": 1, "amount": eur("1.00")}]}, "/items/0/amount", "both"),
        ({"items": [{"item": 999_999}]}, "/items/0/item", "unknown"),
        ({"items": [{"item": "LINE", "quantity": 2}]}, "/items/0/quantity", "max_value"),
        ({"items": [{"item": "LINE", "quantity": 0}]}, "/items/0/quantity", "min_value"),
        ({"items": [{"item": "LINE"}, {"item": "LINE"}]}, "/items/1/item", "duplicate"),
        ({"items": [{"item": "LINE", "amount": {"amount": "1", "currency": "JPY"}}]}, "/items/0/amount", "currency"),
        ({"to": "bank"}, "/to", "invalid_choice"),
        ({"reason": "x" * 301}, "/reason", "max_length"),
        ({"all": True}, "/all", "unknown_field"),
    ],
)
def test_refunds_that_are_refused(cast: Cast, api: Api, body: dict[str, Any], pointer: str, code: str) -> None:
    order = settled(cast)
    line = add_line(order, cast.products["soda"])
    for item in body.get("items", []):
        if item["item"] == "LINE":
            item["item"] = line.pk
    with assert_nothing_changed(order):
        refused(refund(api(cast.staff), order, body), 400, pointer, code)


# --- what closing costs -----------------------------------------------------------------------------------------

FEES = {"cancel_fee_accepted": 2000, "cancel_fee_preparing": 5000, "cancel_fee_prepared": 10_000, "no_show_fee": 8000}


def cancel_cost(cast: Cast, api: Api, order: Order) -> Any:
    return api(cast.customer).get(f"{ORDERS}/{order.pk}").json()["cancel_cost"]


def test_what_cancelling_costs_is_told_beforehand_and_kept(cast: Cast, api: Api) -> None:
    """Of 15.00 (without the tip) nothing, 20 %, 50 % and all: by how far it has come. The shares are of the 18.00."""
    set_terms(cast, cancel_until=Vendor.CancelUntil.PICKED_UP, **FEES)
    steps: list[str] = []
    stages = [
        ("", "0.00", 0, 0),
        ("accept", "3.00", 266, 34),
        ("start", "7.50", 665, 85),
        ("mark_ready", "15.00", 1330, 170),
    ]
    for stage, cost, vendor, platform in stages:
        order = delivery(cast, api)
        steps += [stage] if stage else []
        for one in steps:
            if one == "start":
                assert api(cast.owner).post(f"{ORDERS}/{order.pk}/start-preparing").status_code == 200
            else:
                walk(cast, api, order, f"owner {one}")
        assert cancel_cost(cast, api, order) == eur(cost)
        answer = step(cast, api, order, "customer cancel_by_customer").json()
        kept = vendor + platform
        assert (answer["payment_status"], answer["cancel_cost"]) == (
            "partly_refunded" if kept else "refunded",
            eur("0.00"),
        )
        assert sums() == held(
            cast, wallet=6000 - kept, funding=-6000, **({"vendor": vendor, "platform": platform} if kept else {})
        )
        refund(api(cast.staff), order)
        assert sums() == held(cast, wallet=6000, funding=-6000)


def test_who_does_not_come_pays_the_no_show_fee(cast: Cast, api: Api) -> None:
    set_terms(cast, **FEES)
    order = pickup(cast, api, payment_method="wallet")
    walk(cast, api, order, "owner accept", "owner mark_ready")
    keep_waiting(order)
    walk(cast, api, order, "owner mark_not_collected")
    assert sums() == held(cast, wallet=5000, vendor=864, platform=136, funding=-6000)
    # Staff give half of it back: vendor and platform keep their shares of the rest.
    assert refund(api(cast.staff), order, {"amount": eur("5.00")}).status_code == 201
    assert sums() == held(cast, wallet=5500, vendor=432, platform=68, funding=-6000)


def test_others_cancelling_and_cash_cost_nothing(cast: Cast, api: Api) -> None:
    set_terms(cast, **FEES)
    order = pickup(cast, api, payment_method="wallet")
    walk(cast, api, order, "owner accept", "staff cancel_by_staff")
    assert sums() == held(cast, wallet=6000, funding=-6000)
    order = pickup(cast, api)
    walk(cast, api, order, "owner accept")
    assert cancel_cost(cast, api, order) == eur("0.00")
    walk(cast, api, order, "customer cancel_by_customer")
    assert sums() == held(cast, wallet=6000, funding=-6000)


# --- a mistaken final status ------------------------------------------------------------------------------------


def test_a_close_taken_back_takes_the_money_again_once(cast: Cast, api: Api) -> None:
    """What staff gave back before stays given back; what the close gave back, and what it cost, is undone."""
    set_terms(cast, **FEES)
    order = pickup(cast, api, payment_method="wallet")
    assert refund(api(cast.staff), order, {"amount": eur("2.50")}).status_code == 201
    open_sums = held(cast, wallet=5000, clearing=1000, funding=-6000)
    assert sums() == open_sums
    walk(cast, api, order, "owner accept", "customer cancel_by_customer")
    closed_sums = held(cast, wallet=5800, vendor=173, platform=27, funding=-6000)
    assert sums() == closed_sums
    walk(cast, api, order, "staff reopen", "staff reopen")
    assert sums() == open_sums
    order.refresh_from_db()
    assert (order.refunded, order.payment_status) == (250, "partly_refunded")
    walk(cast, api, order, "owner accept", "customer cancel_by_customer")
    assert sums() == closed_sums
    walk(cast, api, order, "staff reopen", *COLLECTED)
    assert sums() == held(cast, wallet=5000, vendor=864, platform=136, funding=-6000)
    states = list(Refund.objects.filter(order=order).values_list("state", "amount"))
    assert states == [("done", 250), ("taken_back", 800), ("taken_back", 800)]


def test_a_success_taken_back_leaves_what_was_refunded(cast: Cast, api: Api) -> None:
    order = settled(cast)
    assert refund(api(cast.staff), order, {"amount": eur("5.00")}).status_code == 201
    walk(cast, api, order, "staff undo_collect")
    assert sums() == held(cast, wallet=5000, clearing=1000, funding=-6000)
    walk(cast, api, order, "staff collect")
    assert sums() == held(cast, wallet=5000, vendor=887, platform=113, funding=-6000)


def test_cash_that_was_given_back_keeps_the_success(cast: Cast, api: Api) -> None:
    order = settled(cast, "cash")
    walk(cast, api, order, "staff undo_collect", "staff collect")
    assert refund(api(cast.staff), order, {"amount": eur("5.00")}).status_code == 201
    order.refresh_from_db()
    with assert_nothing_changed(order):
        answer = step(cast, api, order, "staff undo_collect")
    assert (answer.status_code, answer.json()["code"]) == (409, "refunded")


def test_money_that_has_left_the_house_is_not_taken_again(cast: Cast, api: Api) -> None:
    order = online_order(cast)
    walk(cast, api, order, "staff cancel_by_staff")
    assert sums() == held(cast, wallet=6000, funding=-6000)
    # Nobody has told the provider yet: it need never know.
    walk(cast, api, order, "staff reopen")
    assert sums() == held(cast, wallet=6000, clearing=1500, funding=-7500)
    assert Refund.objects.values_list("state", "due_at").get() == ("taken_back", None)
    walk(cast, api, order, "staff cancel_by_staff")
    Refund.objects.filter(state="pending").update(state="sent", attempts=1)
    # By now only a new payment brings it back.
    answer = step(cast, api, order, "staff reopen")
    assert (answer.status_code, answer.json()["payment_status"], answer.json()["owed"]) == (200, "unpaid", eur("15.00"))
    paid, asked = answer.json()["payments"]
    assert (paid["status"], paid["refunded"], asked["status"], asked["amount"]) == (
        "refunded",
        eur("15.00"),
        "unpaid",
        eur("15.00"),
    )
    assert sums() == held(cast, wallet=6000, funding=-6000)


# --- several vendors, one payment -------------------------------------------------------------------------------


@pytest.fixture
def bakery(cast: Cast) -> Vendor:
    """A vendor of the other merchant, with a box for 8.00."""
    vendor = Vendor.objects.create(
        merchant=cast.other_merchant,
        type=cast.vendor.type,
        name="Bakery",
        fulfilments=["pickup"],
        payment_methods=["cash", "wallet"],
    )
    import_menu(
        vendor=vendor,
        menu={"categories": [{"name": "All", "products": [{"name": "Box", "price": 800, "tax_rate": 600}]}]},
    )
    return vendor


def both(cast: Cast, api: Api, bakery: Vendor, method: str) -> list[Order]:
    """A pizza of 12.50 with its fee, and a box of 8.00, paid together."""
    parts = [
        {"vendor": cast.vendor.pk, "items": [{"product": cast.products["pizza"].pk}]},
        {"vendor": bakery.pk, "items": [{"product": bakery.products.get().pk}]},
    ]
    body = {"vendors": parts, "delivery_type": "pickup", "payment_method": method}
    return [Order.objects.get(pk=order["id"]) for order in place(api(cast.customer), body)["orders"]]


def test_of_a_purchase_one_order_goes_back_alone(cast: Cast, api: Api, bakery: Vendor) -> None:
    pizza, box = both(cast, api, bakery, "wallet")
    assert refund(api(cast.staff), box).json()["refunds"][0]["amount"] == eur("8.00")
    answer = refund(api(cast.staff), pizza, {"amount": eur("12.51")})
    assert (answer.status_code, answer.json()["refundable"]) == (409, eur("12.50"))
    states = [Order.objects.get(pk=order.pk).payment_status for order in (pizza, box)]
    assert states == ["paid", "refunded"]
    assert sums() == held(cast, wallet=4750, clearing=1250, funding=-6000)


def test_cash_of_one_order_goes_back_while_the_other_is_open(cast: Cast, api: Api, bakery: Vendor) -> None:
    pizza, box = both(cast, api, bakery, "cash")
    walk(cast, api, pizza, *COLLECTED)
    answer = refund(api(cast.staff), pizza, {"amount": eur("2.50")}).json()
    assert answer["order"]["payment_status"] == "partly_refunded"
    assert sums() == held(cast, wallet=6000, cash=-1000, vendor=864, platform=136, funding=-6000)
    assert (Payment.objects.get().state, Payment.objects.get().refunded) == ("unpaid", 250)
    walk(cast, api, box, "staff accept", "staff mark_ready", "staff collect")
    assert (Payment.objects.get().state, Payment.objects.get().refunded) == ("partly_refunded", 250)


# --- by whom ----------------------------------------------------------------------------------------------------


def test_a_vendor_gives_back_what_the_order_brings_it(cast: Cast, api: Api) -> None:
    order = driven(cast)
    with assert_nothing_changed(order):
        for body in ({}, {"amount": eur("10.31")}):
            answer = refund(api(cast.owner), order, body)
            assert (answer.status_code, answer.json()["refundable"]) == (409, eur("10.30"))
    assert refund(api(cast.owner), order, {"amount": eur("6.00")}).status_code == 201
    # 6.00 of the 12.00 are left, of which 0.85 is the platform's.
    answer = refund(api(cast.owner), order, {"amount": eur("5.16")})
    assert (answer.status_code, answer.json()["refundable"]) == (409, eur("5.15"))
    assert OrderEvent.objects.filter(order=order).latest("number").role == "vendor"


def test_only_the_vendor_and_staff_give_back(cast: Cast, api: Api) -> None:
    order = driven(cast)
    with assert_nothing_changed(order):
        for user in (cast.customer, cast.driver):
            assert refund(api(user), order).status_code == 403
        for user in (cast.stranger, cast.other_owner, cast.other_driver):
            assert refund(api(user), order).status_code == 404
        assert refund(api(), order).status_code == 404
    url = f"{ORDERS}/{order.pk}/refunds"
    for user in (cast.customer, cast.owner, cast.staff):
        assert api(user).get(url).json() == {"results": []}
    assert api(cast.driver).get(url).status_code == 403
    assert api(cast.other_owner).get(url).status_code == 404


def test_it_is_repeated_without_harm_and_a_stale_one_is_refused(cast: Cast, api: Api) -> None:
    order = settled(cast)
    answers = [
        refund(api(cast.staff), order, {"amount": eur("1.00")}, Idempotency_Key="r-1", If_Match='"1"') for _ in "123"
    ]
    assert {answer.status_code for answer in answers} == {201}
    assert answers[0].json() == answers[2].json()
    with assert_nothing_changed():
        answer = refund(api(cast.staff), order, {"amount": eur("1.00")}, If_Match='"1"')
    assert (answer.status_code, answer.json()["current"]["version"]) == (412, 2)
    assert Refund.objects.get().amount == 100


# --- where to ---------------------------------------------------------------------------------------------------


def test_what_was_paid_online_waits_to_be_sent_or_fills_the_wallet(cast: Cast, api: Api) -> None:
    order = online_order(cast)
    assert sums() == held(cast, wallet=6000, clearing=1500, funding=-7500)
    sent = refund(api(cast.staff), order, {"amount": eur("5.00")}).json()["refunds"][0]
    assert (sent["to"], sent["state"], sent["done_at"]) == ("source", "pending", None)
    kept = refund(api(cast.staff), order, {"amount": eur("4.00"), "to": "wallet"}).json()["refunds"][0]
    assert (kept["to"], kept["state"]) == ("wallet", "done")
    assert sums() == held(cast, wallet=6400, clearing=600, funding=-7000)
    assert Refund.objects.filter(due_at__isnull=False).count() == 1


def test_cash_of_a_vendor_goes_back_by_hand(cast: Cast, api: Api) -> None:
    order = settled(cast, "cash")
    assert sums() == held(cast, wallet=6000, cash=-1500, vendor=1330, platform=170, funding=-6000)
    by_hand = refund(api(cast.staff), order, {"amount": eur("3.00")}).json()["refunds"][0]
    assert (by_hand["to"], by_hand["state"]) == ("source", "by_hand")
    # The vendor gave 3.00 back: it holds 12.00, of which the platform's part is 1.36.
    assert sums() == held(cast, wallet=6000, cash=-1200, vendor=1064, platform=136, funding=-6000)
    # What the vendor says that it took never becomes what the platform owes.
    for client in (api(cast.staff), api(cast.owner)):
        with assert_nothing_changed(order):
            answer = refund(client, order, {"amount": eur("2.00"), "to": "wallet"})
        assert (answer.status_code, answer.json()["code"]) == (409, "by_hand_only")
        assert (answer.json()["refundable"], pointers(answer)) == (eur("0.00"), ["/to"])


def test_a_guest_has_no_wallet(cast: Cast, api: Api) -> None:
    guest = Customer.objects.create(name="Gina")
    order = settled(cast, "cash", customer=guest)
    with assert_nothing_changed(order):
        answer = refund(api(cast.staff), order, {"to": "wallet"})
    assert (answer.status_code, answer.json()["code"], pointers(answer)) == (409, "no_wallet", ["/to"])
