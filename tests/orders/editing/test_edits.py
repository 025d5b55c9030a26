"""Items added, changed and removed after placing: amounts, tax, payment, stock, offer and history follow."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from orders.models import OfferUse, Order, OrderEvent, Payment, Refund
from orders.services.capacity.offer_terms import save_offer
from tests.cast import Cast
from tests.orders.editing import add, change, edit, line_of, ordered, owed, pay, remove
from tests.orders.money import COLLECTED, Api, held, set_terms, walk
from tests.orders.shopping import (
    ORDERS,
    assert_nothing_changed,
    eur,
    fill_wallet,
    place,
    refused,
    sums,
)
from vendors.models import Offer, Product, Stock, Vendor
from vendors.services.offers import refresh_offer_flags
from vendors.services.vendors import bump_menu_version, import_menu


@pytest.fixture(autouse=True)
def terms(cast: Cast) -> None:
    """A tenth is the platform's, and 0.50 with one percent for the service; the wallet holds 100.00."""
    set_terms(cast, service_fee_rate=100, payment_methods=["cash", "wallet", "fake"])
    refresh_offer_flags()
    fill_wallet(cast.customer_row, 10_000)


# --- amounts and payments -----------------------------------------------------------------------------------------

# With tax included, and added (17.67 and 18.69 before): subtotal, service fee, tax, total; and the sodas left.
AMOUNTS = {
    "add": ((4200, 92, 238, 4292), (4200, 92, 252, 4544), 8),  # 68 + 28 + 142; 72 + 30 + 150
    "change": ((2200, 72, 125, 2272), (2200, 72, 132, 2404), 6),  # 68 + 57; 72 + 60
    "remove": ((1200, 62, 68, 1262), (1200, 62, 72, 1334), 10),
}


METHODS = [("cash", True), ("wallet", True), ("wallet", False), ("fake, not paid", True), ("fake", True)]
# Each change and each method once; all pairs take their time.
QUICK = {("add", "fake", True), ("remove", "fake", True), ("change", "wallet", False), ("change", "cash", True)}
QUICK |= {("remove", "fake, not paid", True), ("add", "wallet", True)}
CASES = [(action, *method) for action in AMOUNTS for method in METHODS]


@pytest.mark.parametrize(
    ("action", "method", "included"),
    [pytest.param(*case, marks=() if case in QUICK else pytest.mark.slow) for case in CASES],
)
def test_everything_follows(cast: Cast, api: Api, action: str, method: str, included: bool) -> None:
    """The customer changes its own order before it is accepted; then the order lives on, to the vendor's share."""
    set_terms(cast, prices_include_tax=included)
    order = ordered(cast, api, payment_method=method.split(",")[0])
    if method == "fake":
        pay(order)
        order.refresh_from_db()
    before = 1767 if included else 1869
    subtotal, fee, tax, total = AMOUNTS[action][0 if included else 1]
    response = edit(cast, api(cast.customer), order, action)
    assert response.status_code == (201 if action == "add" else 200), response.json()
    body = response.json()
    told = body["change"]
    assert (told["number"], told["action"], told["state"], told["actor"]) == (1, action, "applied", "customer")
    assert [told[name]["amount"] for name in ("old_total", "new_total", "difference")] == [
        f"{amount / 100:.2f}" for amount in (before, total, total - before)
    ]
    taxes = {"tax_included": tax if included else 0, "tax_added": 0 if included else tax}
    amounts = {"subtotal": subtotal, "service_fee": fee, "total": total, "discount": 0, "delivery_fee": 0, **taxes}
    for shown in (body["amounts"], body["order"]):
        assert {name: shown[name] for name in amounts} == {name: eur(f"{a / 100:.2f}") for name, a in amounts.items()}
    version = order.version
    order.refresh_from_db()
    assert {name: getattr(order, name) for name in amounts} == amounts
    assert (order.version, response["ETag"]) == (version + 1, f'"{version + 1}"')
    assert (order.commission, order.purchase.total, owed(order)) == (subtotal // 10, total, total)
    assert sum(line.tax for line in order.lines.all()) == tax
    assert Stock.objects.get(pk=cast.products["soda"].pk).quantity == AMOUNTS[action][2]
    assert sum(line.stock_taken for line in order.lines.all()) == 10 - AMOUNTS[action][2]

    states = list(Payment.objects.filter(purchase=order.purchase).order_by("pk").values_list("state", "amount"))
    if method == "wallet":
        assert states == [("paid", total)]
        assert sums() == held(cast, wallet=10_000 - total, clearing=total, funding=-10_000)
    elif method != "fake":
        assert states == [("unpaid", total)]
        assert sums() == held(cast, wallet=10_000, funding=-10_000)
    elif total > before:
        assert states == [("paid", before), ("unpaid", total - before)]
        assert body["order"]["payments"][1]["checkout_url"]
        # What is paid stays paid; what is owed besides is told apart.
        rise = eur(f"{(total - before) / 100:.2f}")
        assert (order.payment_status, OrderEvent.objects.get(order=order, number=3).data["to_pay"]) == ("paid", rise)
        assert body["order"]["owed"] == rise
    else:
        assert states == [("partly_refunded", before)]
        assert list(Refund.objects.values_list("amount", "state")) == [(before - total, "pending")]
        assert (order.payment_status, order.refunded) == ("paid", 0)

    pay(order)
    walk(cast, api, order, *COLLECTED)
    platform = subtotal // 10 + fee
    shares = {"vendor": total - platform, "platform": platform}
    if method == "wallet":
        assert sums() == held(cast, wallet=10_000 - total, funding=-10_000, **shares)
    elif method == "cash":
        assert sums() == held(cast, wallet=10_000, funding=-10_000, cash=-total, **shares)
    else:
        assert sums() == held(cast, wallet=10_000, funding=-10_000 - total, **shares)


def test_a_wallet_that_holds_too_little_changes_nothing(cast: Cast, api: Api) -> None:
    order = ordered(cast, api, payment_method="wallet")
    client = api(cast.customer)
    with assert_nothing_changed(order):
        answer = add(client, order, product=cast.products["cake"].pk, quantity=4)
    assert (answer.status_code, answer.json()["code"]) == (409, "insufficient_funds")
    assert answer.json()["balance"] == eur("82.33")


def test_cash_that_no_longer_suffices_is_forgotten_and_told(cast: Cast, api: Api) -> None:
    order = ordered(cast, api, cash=eur("20.00"))
    soda = line_of(order, "Soda")
    assert change(api(cast.customer), order, soda, quantity=1).json()["order"]["cash"] == eur("20.00")
    assert change(api(cast.customer), order, soda, quantity=5).json()["order"]["cash"] is None
    data = OrderEvent.objects.filter(order=order).latest("number").data
    assert (data["old"]["cash"], data["new"]["cash"]) == (eur("20.00"), None)


def test_a_further_payment_shrinks_before_money_goes_back(cast: Cast, api: Api) -> None:
    """Paid 17.67; a cake for 25.25 more is not paid yet. Without it nothing is owed; without a soda 2.53 go back."""
    order = ordered(cast, api, payment_method="fake")
    pay(order)
    client = api(cast.customer)
    edit(cast, client, order, "add")
    answer = remove(client, order, line_of(order, "Cake")).json()["order"]
    assert (answer["payment_status"], answer["payments"][1]["amount"]) == ("paid", eur("0.00"))
    assert answer["payments"][1]["checkout_url"] is None
    assert not Refund.objects.exists()
    change(client, order, line_of(order, "Soda"), quantity=3)
    assert owed(order) == 1767 + 253
    # 2.53 not paid yet, and 5.05 of what is paid.
    assert remove(client, order, line_of(order, "Soda")).status_code == 200
    assert (owed(order), Refund.objects.get().amount) == (1262, 505)
    order.refresh_from_db()
    assert (order.total, order.payment_status) == (1262, "paid")


def test_a_further_payment_holds_nothing_up(cast: Cast, api: Api) -> None:
    """The time to pay that ran from placing is over; the order is not cancelled for what was added since."""
    order = ordered(cast, api, payment_method="fake")
    pay(order)
    long_ago = timezone.now() - timedelta(hours=2)
    Order.objects.filter(pk=order.pk).update(placed_at=long_ago)
    edit(cast, api(cast.customer), order, "add")
    order.refresh_from_db()
    assert Payment.objects.get(purchase=order.purchase, state="unpaid").expires_at is None
    assert order.due_at is None
    walk(cast, api, order, *COLLECTED)


def test_what_is_owed_after_accepting_has_no_deadline_and_is_divided_when_it_comes(cast: Cast, api: Api) -> None:
    order = ordered(cast, api, payment_method="fake")
    pay(order)
    walk(cast, api, order, "owner accept")
    number = edit(cast, api(cast.owner), order, "change").json()["change"]["number"]
    assert api(cast.customer).post(f"{ORDERS}/{order.pk}/changes/{number}/accept").status_code == 200
    payment = Payment.objects.get(purchase=order.purchase, state="unpaid")
    assert (payment.amount, payment.expires_at) == (505, None)
    walk(cast, api, order, "owner mark_ready", "owner collect")
    # 2.92 of 22.72 are the platform's: of the 17.67 that came in 2.27.
    assert sums() == held(cast, wallet=10_000, funding=-11_767, vendor=1540, platform=227)
    pay(order)
    assert sums() == held(cast, wallet=10_000, funding=-12_272, vendor=1980, platform=292)


def test_cancelled_with_a_rise_not_paid(cast: Cast, api: Api) -> None:
    order = ordered(cast, api, payment_method="fake")
    pay(order)
    edit(cast, api(cast.customer), order, "add")
    walk(cast, api, order, "customer cancel_by_customer")
    order.refresh_from_db()
    assert (order.payment_status, order.refunded) == ("refunded", 1767)
    assert sums() == held(cast, wallet=10_000, funding=-10_000)
    assert list(Payment.objects.order_by("pk").values_list("state", flat=True)) == ["refunded", "failed"]
    assert Stock.objects.get(pk=cast.products["soda"].pk).quantity == 10


def test_a_payment_under_way_refuses(cast: Cast, api: Api) -> None:
    order = ordered(cast, api, payment_method="fake")
    Payment.objects.filter(purchase=order.purchase).update(reference="tr_1")
    with assert_nothing_changed(order):
        for action in AMOUNTS:
            answer = edit(cast, api(cast.customer), order, action)
            assert (answer.status_code, answer.json()["code"]) == (409, "payment_pending")


# --- prices -------------------------------------------------------------------------------------------------------


def test_lines_that_stay_keep_their_price_and_fees_stay(cast: Cast, api: Api) -> None:
    """The menu became dearer: what stays, and less of the same, costs what it did; more of it is new."""
    order = ordered(cast, api, delivery_type="delivery", driver_tip=eur("3.00"), payment_method="wallet")
    Product.objects.filter(vendor=cast.vendor).update(price=5000)
    Product.objects.filter(pk=cast.products["soda"].pk).update(is_available=False)
    cast.zone.fee, cast.zone.minimum = 900, 9000
    cast.zone.save()
    bump_menu_version(cast.vendor.pk)
    client = api(cast.owner)
    assert change(client, order, line_of(order, "Soda"), quantity=1).json()["change"]["difference"] == eur("-2.52")
    order.refresh_from_db()
    assert (order.subtotal, order.delivery_fee, order.driver_tip, order.total) == (1450, 250, 300, 2065)
    pizza = line_of(order, "Pizza")
    answer = change(client, order, pizza, quantity=2, comment="sliced").json()
    assert (answer["change"]["state"], answer["change"]["difference"]) == ("waiting", eur("88.88"))
    answer = change(client, order, pizza, quantity=1, comment="sliced").json()
    assert (answer["change"]["state"], answer["change"]["difference"]) == ("applied", eur("0.00"))
    # Sold out: less of it, not more.
    refused(change(client, order, line_of(order, "Soda"), quantity=2), 400, "/product", "unavailable")


def test_less_of_a_line_with_halves_is_exact(cast: Cast, api: Api) -> None:
    """Three pizzas with olives on one half, 50.5 each: 37.515, half up 37.52; two are 25.01."""
    olives = {"option": cast.options["Olives"].pk, "position": "left"}
    items = [{"product": cast.products["pizza"].pk, "quantity": 3, "options": [olives]}]
    order = ordered(cast, api, items=items)
    line = order.lines.get()
    assert line.total == 3752
    answer = change(api(cast.owner), order, line, quantity=2, options=[olives]).json()
    row = answer["order"]["items"][0]
    assert (row["id"], row["quantity"], row["total"]) == (line.pk, 2, eur("25.01"))
    assert (row["options"][0]["position"], row["options"][0]["total"]) == ("left", eur("1.01"))
    data = OrderEvent.objects.filter(order=order).latest("number").data
    assert data == {
        "change": 1,
        "action": "change",
        "state": "applied",
        "old": {"item": "3 × Pizza (Olives on the left half)", "amount": eur("37.52"), "total": eur("38.40")},
        "new": {"item": "2 × Pizza (Olives on the left half)", "amount": eur("25.01"), "total": eur("25.76")},
    }


def test_the_whole_new_item_with_its_choices(cast: Cast, api: Api) -> None:
    order = ordered(cast, api)
    line, options, extras = line_of(order, "Pizza"), cast.options, cast.extras
    item = {
        "product": cast.products["burger"].pk,
        "quantity": 2,
        "options": [{"option": options["Large"].pk}, {"option": options["Mayonnaise"].pk, "quantity": 2}],
        "extras": [{"extra": extras["Bacon"].pk}],
        "without": [cast.ingredients["Onion"].pk],
        "substitute": "remove",
        "comment": "well done",
    }
    answer = api(cast.customer).put(f"{ORDERS}/{order.pk}/items/{line.pk}", item).json()
    row = answer["order"]["items"][0]
    # 8.50 + 2.00 + 2 × 0.60 + 1.20 = 12.90
    assert (row["id"], row["name"], row["quantity"], row["total"]) == (line.pk, "Burger", 2, eur("25.80"))
    assert row["ticket"] == ["2 × Mayonnaise", "Large", "Bacon", "No Onion"]
    assert (row["substitute"], row["comment"], row["discount"]) == ("remove", "well done", eur("0.00"))
    new = answer["change"]["new_item"]
    assert (answer["change"]["item"], new["quantity"], set(new) - set(item)) == (line.pk, 2, set())
    data = OrderEvent.objects.filter(order=order).latest("number").data
    assert data["new"]["item"] == "2 × Burger (2 × Mayonnaise, Large, Bacon, No Onion)"


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"product": "cake"}, "/product", "mixed"),  # sold as codes by now
    ({"product": 987_654_321}, "/product", "unknown"),
    ({"product": "burger"}, "/options", "minimum"),
    ({"product": "soda", "quantity": 5}, "/quantity", "max_per_order"),
    ({"product": "soda", "quantity": 0}, "/quantity", "min_value"),
    ({"product": "pizza", "options": [{"option": "Large"}]}, "/options/0/option", "unknown"),
    ({"product": "pizza", "substitute": {"product": "pizza"}}, "/substitute", "unknown"),
    ({"product": "pizza", "extras": [{"extra": 5}]}, "/extras/0/extra", "unknown"),
    ({"product": "pizza", "quote": "maybe"}, "/quote", "invalid"),
    ({"product": "pizza", "reason": "x" * 301}, "/reason", "max_length"),
    ({"product": "pizza", "price": 1}, "/price", "unknown_field"),
    ({}, "/product", "required"),
]


@pytest.mark.parametrize(("item", "pointer", "code"), WRONG)
def test_a_rule_that_is_broken_is_named(cast: Cast, api: Api, item: dict[str, Any], pointer: str, code: str) -> None:
    def real(value: Any) -> Any:
        if isinstance(value, list):
            return [real(one) for one in value]
        if isinstance(value, dict):
            return {name: real(one) for name, one in value.items()}
        return (
            cast.products[value].pk if value in cast.products else cast.options[value].pk if value == "Large" else value
        )

    order = ordered(cast, api)
    Product.objects.filter(pk=cast.products["cake"].pk).update(is_digital=True)
    bump_menu_version(cast.vendor.pk)
    with assert_nothing_changed(order):
        refused(add(api(cast.owner), order, **real(item)), 400, pointer, code)
        if code != "max_per_order":
            url = f"{ORDERS}/{order.pk}/items/{line_of(order, 'Soda').pk}"
            refused(api(cast.owner).put(url, real(item)), 400, pointer, code)


def test_an_unknown_substitute_is_refused_also_where_the_price_is_kept(cast: Cast, api: Api) -> None:
    order = ordered(cast, api)
    with assert_nothing_changed(order):
        answer = change(api(cast.owner), order, line_of(order, "Soda"), substitute={"product": cast.tea.pk})
        refused(answer, 400, "/substitute", "unknown")


def test_more_than_there_is(cast: Cast, api: Api) -> None:
    order = ordered(cast, api)
    Stock.objects.filter(pk=cast.products["soda"].pk).update(quantity=1)
    with assert_nothing_changed(order):
        answer = change(api(cast.customer), order, line_of(order, "Soda"), quantity=4)
    assert (answer.status_code, answer.json()["code"]) == (409, "out_of_stock")
    assert change(api(cast.customer), order, line_of(order, "Soda"), quantity=3).status_code == 200
    assert Stock.objects.get(pk=cast.products["soda"].pk).quantity == 0


def test_an_order_keeps_one_item_and_what_was_given_back_stays(cast: Cast, api: Api) -> None:
    order = ordered(cast, api, payment_method="wallet")
    pizza, soda, staff = line_of(order, "Pizza"), line_of(order, "Soda"), api(cast.staff)
    staff.post(f"{ORDERS}/{order.pk}/refunds", {"items": [{"item": pizza.pk, "quantity": 1}]})
    order.refresh_from_db()
    with assert_nothing_changed(order):
        for answer in (remove(staff, order, pizza), change(staff, order, pizza, quantity=3)):
            assert (answer.status_code, answer.json()["code"]) == (409, "item_refunded")
    staff.post(f"{ORDERS}/{order.pk}/refunds", {"amount": eur("1.00")})
    order.refresh_from_db()
    with assert_nothing_changed(order):
        answer = remove(staff, order, soda)
        assert (answer.status_code, answer.json()["code"]) == (409, "refunded")
        assert answer.json()["refunded"] == eur("13.00")
    assert change(staff, order, soda, quantity=1).json()["order"]["total"] == eur("15.15")
    walk(cast, api, order, *COLLECTED)
    # 1.45 and 0.65 of 15.15 are the platform's: of the 2.15 that are left 0.30.
    assert sums() == held(cast, wallet=9785, funding=-10_000, vendor=185, platform=30)
    other = ordered(cast, api, items=[{"product": cast.products["pizza"].pk}])
    with assert_nothing_changed(other):
        answer = remove(staff, other, other.lines.get())
    assert (answer.status_code, answer.json()["code"]) == (409, "last_item")


# --- offers and slots ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("borne_by", ["vendor", "platform"])
def test_a_percentage_follows_down_to_its_minimum(cast: Cast, api: Api, borne_by: str) -> None:
    save_offer(offer=Offer(name="Autumn", kind="percentage", rate=1000, minimum=1500, borne_by=borne_by))
    order = ordered(cast, api, payment_method="wallet")
    assert order.discount == 170
    client = api(cast.customer)
    remove(client, order, line_of(order, "Soda"))
    order.refresh_from_db()
    assert (order.discount, order.total, OfferUse.objects.get().amount) == (0, 1262, 0)
    change(client, order, line_of(order, "Pizza"), quantity=2)
    order.refresh_from_db()
    # 24.00 - 2.40, and 0.50 with 0.22 for the service.
    assert (order.discount, order.total, OfferUse.objects.get().amount) == (240, 2232, 240)
    assert (order.platform_discount, order.lines.get().discount) == (240 if borne_by == "platform" else 0, 240)
    assert order.platform_share == (216 + 72 if borne_by == "vendor" else 240 + 72 - 240)
    walk(cast, api, order, *COLLECTED)
    assert sums() == held(
        cast, wallet=7768, funding=-10_000, vendor=2232 - order.platform_share, platform=order.platform_share
    )


def test_of_an_offer_that_several_orders_share_the_others_keep_their_parts(cast: Cast, api: Api) -> None:
    other = Vendor.objects.create(
        merchant=cast.other_merchant,
        type=cast.vendor.type,
        name="Boxes",
        fulfilments=["pickup"],
        payment_methods=["cash"],
    )
    products = [{"name": "Box", "price": 800}, {"name": "Lid", "price": 200}]
    import_menu(vendor=other, menu={"categories": [{"name": "All", "products": products}]})
    save_offer(offer=Offer(name="Five off", kind="amount", amount=500))
    parts = [
        {"vendor": cast.vendor.pk, "items": [{"product": cast.products["pizza"].pk}]},
        {"vendor": other.pk, "items": [{"product": Product.objects.get(name=name).pk} for name in ("Box", "Lid")]},
    ]
    body = {"vendors": parts, "delivery_type": "pickup", "payment_method": "cash"}
    first, second = (Order.objects.get(pk=row["id"]) for row in place(api(cast.customer), body)["orders"])
    assert (first.discount, second.discount, first.total, second.total) == (273, 227, 986, 773)
    assert remove(api(cast.customer), second, line_of(second, "Lid")).status_code == 200
    second.refresh_from_db()
    assert (second.discount, second.total, second.purchase.total, owed(second)) == (227, 573, 1559, 573)
    assert Payment.objects.get().amount == 1559


def test_a_slot_follows_what_its_orders_are_worth(cast: Cast, api: Api) -> None:
    Vendor.objects.filter(pk=cast.vendor.pk).update(slot_value=5000)
    bump_menu_version(cast.vendor.pk)
    order = ordered(cast, api)
    assert (order.slot_hold.value, order.slot_hold.slot.value) == (1767, 1767)
    edit(cast, api(cast.customer), order, "change")
    order = Order.objects.get(pk=order.pk)
    assert (order.slot_hold.value, order.slot_hold.slot.value) == (2272, 2272)
