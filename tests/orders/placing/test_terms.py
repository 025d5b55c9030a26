"""The terms of placing stay with the order, whatever vendor, zone and offer ask for since."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from orders.models import AgreedTerms, Line, Order, Refund
from orders.services.capacity.offer_terms import save_offer
from orders.services.moving.timers import run_due
from orders.services.placing import terms
from tests.cast import Cast
from tests.dialects.shop.calling import empty_order
from tests.orders.editing import add, change, line_of, remove
from tests.orders.money import DELIVERED, Api, held, keep_waiting, set_terms, step, walk
from tests.orders.several import cart_for_both, make_bakery
from tests.orders.shopping import (
    NEAR,
    ORDERS,
    assert_nothing_changed,
    cart,
    eur,
    fill_wallet,
    place,
    place_order,
    refused,
    sums,
)
from vendors.models import DeliveryZone, Offer, Product, Vendor
from vendors.services.offers import refresh_offer_flags
from vendors.services.vendors import bump_menu_version

POLICY = {"cancel_fee_accepted": 2000, "cancel_fee_preparing": 5000, "cancel_fee_prepared": 10_000, "no_show_fee": 8000}
AMOUNTS = ("subtotal", "discount", "delivery_fee", "service_fee", "tax_included", "tax_added", "total")
SHARES = ("commission", "platform_discount", "platform_share")

# Every term, and what becomes of it after placing.
VENDOR: dict[str, Any] = {
    "prices_include_tax": False,
    "fee_tax_rate": 2100,
    "service_fee": 300,
    "service_fee_rate": 2000,
    "commission_rate": 5000,
    "cancel_until": Vendor.CancelUntil.ACCEPTED,
    "cancel_fee_accepted": 9000,
    "cancel_fee_preparing": 9000,
    "cancel_fee_prepared": 9000,
    "no_show_fee": 10_000,
    "collect_minutes": 1,
}
ZONE: dict[str, Any] = {"name": "Elsewhere", "fee": 900, "minimum": 9900, "free_from": None}
OFFER: dict[str, Any] = {"rate": 9000, "most": 1, "minimum": 9900, "borne_by": "platform"}
CHANGES = {
    **{f"vendor.{name}": (Vendor, {name: value}) for name, value in VENDOR.items()},
    **{f"zone.{name}": (DeliveryZone, {name: value}) for name, value in ZONE.items()},
    **{f"offer.{name}": (Offer, {name: value}) for name, value in OFFER.items()},
    "offer.kind": (Offer, {"kind": "amount", "rate": None, "amount": 700}),
}
# All at once is quick; each alone takes its time.
CASES = ["everything", *(pytest.param(name, marks=pytest.mark.slow) for name in CHANGES)]


def alter(case: str) -> None:
    """The term becomes another one, for every vendor, zone or offer."""
    for name, (model, values) in CHANGES.items():
        if case in ("everything", name):
            model._default_manager.update(**values)
    for vendor_id in Vendor.objects.values_list("pk", flat=True):
        bump_menu_version(vendor_id)


@pytest.fixture(autouse=True)
def agreed(cast: Cast) -> None:
    """Commission 10 %, service 0.50; delivery 2.50, free from 30.00, at least 10.00; 10 % off, 5.00 at most."""
    set_terms(cast, cancel_until=Vendor.CancelUntil.PICKED_UP, collect_minutes=60, **POLICY)
    DeliveryZone.objects.filter(pk=cast.zone.pk).update(free_from=3000)
    bump_menu_version(cast.vendor.pk)
    save_offer(offer=Offer(name="Tenth", kind="percentage", rate=1000, most=500, minimum=1000))
    fill_wallet(cast.customer_row, 50_000)


def ordered(cast: Cast, api: Api, **fields: Any) -> Order:
    """A pizza of 12.00 and a cake of 25.00, delivered free of charge: 37.00 − 3.70 + 0.50 = 33.80, from the wallet."""
    items = [{"product": cast.products[name].pk} for name in ("pizza", "cake")]
    body = {"items": items, "delivery_type": "delivery", "payment_method": "wallet", **fields}
    return place_order(api(cast.customer), cart(cast, **body))


def told(order: Order) -> list[int]:
    order = Order.objects.get(pk=order.pk)
    return [getattr(order, name) for name in (*AMOUNTS, *SHARES)]


# --- every term -----------------------------------------------------------------------------------------------------

# Who does what, the amounts after it, and how the delivered order is divided.
EDITS: dict[str, tuple[list[int], dict[str, int]]] = {
    # 12.00 − 1.20 + 2.50 + 0.50: below 30.00 the customer pays the delivery.
    "customer": ([1200, 120, 250, 50, 61, 0, 1380, 108, 0, 158], {"vendor": 1222, "platform": 158}),
    # 12.00 − 1.20 + 0.50: what the vendor takes away leaves the delivery free.
    "owner": ([1200, 120, 0, 50, 61, 0, 1130, 108, 0, 158], {"vendor": 972, "platform": 158}),
    # 39.50 − 3.95 + 0.50, consented to.
    "staff": ([3950, 395, 0, 50, 201, 0, 3605, 356, 0, 406], {"vendor": 3199, "platform": 406}),
}


def make_edit(cast: Cast, api: Api, order: Order, who: str, **quote: Any) -> dict[str, Any]:
    client = api(getattr(cast, who))
    if who == "staff":
        answer = add(client, order, product=cast.products["soda"].pk, **quote)
    else:
        answer = remove(client, order, line_of(order, "Cake"), "?quote=true" if quote else "")
    assert answer.status_code in (200, 201), answer.json()
    return dict(answer.json())


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("who", EDITS)
def test_an_edit_keeps_every_term_and_its_quote_tells_it(cast: Cast, api: Api, who: str, case: str) -> None:
    order = ordered(cast, api)
    assert told(order) == [3700, 370, 0, 50, 188, 0, 3380, 333, 0, 383]
    alter(case)
    amounts, shares = EDITS[who]
    with assert_nothing_changed(order):
        quoted = make_edit(cast, api, order, who, quote=True)
    body = make_edit(cast, api, order, who)
    for answer in (quoted, body):
        assert [answer["amounts"][name] for name in AMOUNTS] == [eur(f"{a / 100:.2f}") for a in amounts[:7]]
    if who == "staff":
        assert body["change"]["state"] == "waiting"
        assert api(cast.customer).post(f"{ORDERS}/{order.pk}/changes/1/accept").status_code == 200
    assert told(order) == amounts
    walk(cast, api, order, *DELIVERED)
    assert sums() == held(cast, wallet=50_000 - amounts[6], funding=-50_000, **shares)


# The steps before, who closes it and how, and what of 33.80 is kept.
CLOSINGS: dict[str, tuple[list[str], str, int]] = {
    "new": ([], "customer cancel_by_customer", 0),
    "accepted": (["accept"], "customer cancel_by_customer", 676),
    "preparing": (["accept", "start"], "customer cancel_by_customer", 1690),
    "prepared": (["accept", "start", "mark_ready"], "customer cancel_by_customer", 3380),
    "no show": (["accept", "mark_ready"], "owner mark_not_collected", 2704),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("closing", CLOSINGS)
def test_closing_costs_what_was_agreed(cast: Cast, api: Api, closing: str, case: str) -> None:
    steps, last, kept = CLOSINGS[closing]
    order = ordered(cast, api, delivery_type="pickup")
    alter(case)
    for name in steps:
        if name == "start":
            assert api(cast.owner).post(f"{ORDERS}/{order.pk}/start-preparing").status_code == 200
        else:
            walk(cast, api, order, f"owner {name}")
    if closing != "no show":
        assert api(cast.customer).get(f"{ORDERS}/{order.pk}").json()["cancel_cost"] == eur(f"{kept / 100:.2f}")
    if closing == "no show":
        keep_waiting(order)
    walk(cast, api, order, last)
    refunds = list(Refund.objects.filter(order=order).values_list("amount", flat=True))
    assert refunds == ([3380 - kept] if kept < 3380 else [])


def test_the_time_to_collect_stays(cast: Cast, api: Api) -> None:
    order = ordered(cast, api, delivery_type="pickup")
    Vendor.objects.update(collect_minutes=1)
    walk(cast, api, order, "owner accept", "owner mark_ready")
    order.refresh_from_db()
    assert order.due_at == order.estimated_at + timedelta(minutes=60)
    long_ago = timezone.now() - timedelta(minutes=61)
    due = {"due_at": timezone.now() - timedelta(minutes=1)}
    Order.objects.filter(pk=order.pk).update(prepared_at=long_ago, estimated_at=long_ago, **due)
    assert run_due() == 1
    assert Order.objects.get(pk=order.pk).status == 17


def test_a_policy_that_became_milder_does_not_hold_either(cast: Cast, api: Api) -> None:
    set_terms(cast, cancel_until=Vendor.CancelUntil.ACCEPTED)
    order = ordered(cast, api)
    set_terms(cast, cancel_until=Vendor.CancelUntil.PICKED_UP)
    walk(cast, api, order, "owner accept")
    order.refresh_from_db()
    with assert_nothing_changed(order):
        answer = step(cast, api, order, "customer cancel_by_customer")
    assert (answer.status_code, answer.json()["guard"]) == (409, "window")


def test_what_is_new_comes_at_the_price_of_today(cast: Cast, api: Api) -> None:
    order = ordered(cast, api)
    Product.objects.update(price=500, tax_rate=2100)
    bump_menu_version(cast.vendor.pk)
    alter("everything")
    body = add(api(cast.customer), order, product=cast.products["soda"].pk).json()
    # 37.00 + 5.00 − 4.20 + 0.50, and 0.78 of the new item is tax beside the 1.89 of the others.
    assert (body["amounts"]["total"], body["amounts"]["discount"]) == (eur("38.30"), eur("4.20"))
    assert Line.objects.get(order=order, name="Soda").tax_rate == 2100


# --- orders without items, and by hand ------------------------------------------------------------------------------


def test_an_order_without_items_is_filled_on_the_terms_of_its_placing(cast: Cast, api: Api) -> None:
    order = empty_order(cast, api, address="Naamsestraat 1", location=NEAR)
    assert told(order)[:7] == [0] * 7
    alter("everything")
    body = add(api(cast.owner), order, product=cast.products["pizza"].pk).json()
    assert (body["change"]["state"], body["amounts"]["total"]) == ("applied", eur("15.00"))
    assert (body["amounts"]["delivery_fee"], body["amounts"]["service_fee"]) == (eur("2.50"), eur("0.50"))


def test_what_was_entered_by_hand_has_no_service_fee(cast: Cast, api: Api) -> None:
    custom = [{"name": "Party", "amount": eur("100.00")}]
    body = cart(cast, items=None, custom=custom, customer=cast.customer_row.pk)
    order = Order.objects.get(pk=place(api(cast.staff), body)["orders"][0]["id"])
    assert (order.total, order.terms.service_fee, order.terms.service_fee_rate) == (9500, 0, 0)
    body = add(api(cast.staff), order, product=cast.products["pizza"].pk).json()
    assert body["amounts"]["service_fee"] == eur("0.00")


# --- minimum and free delivery --------------------------------------------------------------------------------------


def test_the_customers_own_change_keeps_free_from_both_ways(cast: Cast, api: Api) -> None:
    """30.80 with free delivery from 30.00: without the cake the delivery is paid, with it again it is free."""
    Offer.objects.all().delete()
    refresh_offer_flags()
    order, client = ordered(cast, api), api(cast.customer)
    assert told(order)[:4] == [3700, 0, 0, 50]
    remove(client, order, line_of(order, "Cake"))
    assert told(order)[:7] == [1200, 0, 250, 50, 68, 0, 1500]
    # What leaves the sum as it is leaves the fee.
    change(client, order, line_of(order, "Pizza"), comment="sliced")
    assert told(order)[6] == 1500
    add(client, order, product=cast.products["cake"].pk)
    assert told(order)[:7] == [3700, 0, 0, 50, 210, 0, 3750]
    order.refresh_from_db()
    assert sums() == held(cast, wallet=50_000 - 3750, clearing=3750, funding=-50_000)


def test_the_vendors_and_staffs_changes_leave_the_fee(cast: Cast, api: Api) -> None:
    order = ordered(cast, api)
    for user, name, product in ((cast.owner, "Cake", "pizza"), (cast.staff, "Pizza", "soda")):
        line = order.lines.filter(name=name).first()
        answer = change(api(user), order, line, product=cast.products[product].pk).json()
        assert (answer["change"]["state"], answer["amounts"]["delivery_fee"]) == ("applied", eur("0.00"))
    # What the vendor proposed is the vendor's also where the customer consents.
    number = add(api(cast.owner), order, product=cast.products["soda"].pk).json()["change"]["number"]
    assert api(cast.customer).post(f"{ORDERS}/{order.pk}/changes/{number}/accept").status_code == 200
    assert told(order)[:3] == [1700, 170, 0]
    # Nor do they waive a fee that was paid.
    paid = ordered(cast, api, items=[{"product": cast.products["pizza"].pk}])
    walk(cast, api, paid, "owner accept")
    number = add(api(cast.owner), paid, product=cast.products["cake"].pk).json()["change"]["number"]
    assert api(cast.customer).post(f"{ORDERS}/{paid.pk}/changes/{number}/accept").status_code == 200
    assert told(paid)[:3] == [3700, 370, 250]


def test_below_the_minimum_only_the_customer_is_refused(cast: Cast, api: Api) -> None:
    items = [{"product": cast.products["soda"].pk, "quantity": 4}]
    order, client = ordered(cast, api, items=items), api(cast.customer)
    soda = line_of(order, "Soda")
    with assert_nothing_changed(order):
        for quote in (False, True):
            answer = change(client, order, soda, quantity=3, quote=quote)
            error = refused(answer, 400, "/items", "below_minimum")["errors"][0]
            assert error["minimum"] == eur("10.00")
    # Less by the vendor stands, and what the customer then adds is not refused for being too little.
    assert change(api(cast.owner), order, soda, quantity=2).status_code == 200
    assert change(client, order, soda, quantity=3).status_code == 200
    with assert_nothing_changed(Order.objects.get(pk=order.pk)):
        refused(change(client, order, soda, quantity=1), 400, "/items", "below_minimum")


# --- a substitute ---------------------------------------------------------------------------------------------------


def with_substitute(cast: Cast, api: Api, **fields: Any) -> Order:
    """A cake of 25.00 and a pizza of 12.00, in whose place a soda of 2.50 may come; collected, accepted."""
    pizza = {"product": cast.products["pizza"].pk, "substitute": {"product": cast.products["soda"].pk}}
    items = [{"product": cast.products["cake"].pk}, {**pizza, **fields}]
    order = ordered(cast, api, items=items, delivery_type="pickup")
    walk(cast, api, order, "owner accept")
    return order


def cost(cast: Cast, product: str, price: int) -> None:
    Product.objects.filter(pk=cast.products[product].pk).update(price=price)
    bump_menu_version(cast.vendor.pk)


def missing(cast: Cast, api: Api, order: Order, name: str = "Pizza", **body: Any) -> dict[str, Any]:
    url = f"{ORDERS}/{order.pk}/items/{line_of(order, name).pk}/missing"
    response = api(cast.owner).post(url, body)
    assert response.status_code == 200, response.json()
    return dict(response.json()["change"])


@pytest.mark.parametrize(
    ("price", "state"), [(100, "applied"), (250, "applied"), (251, "waiting"), (1100, "waiting"), (50_000, "waiting")]
)
def test_a_consent_holds_for_the_price_that_was_shown(cast: Cast, api: Api, price: int, state: str) -> None:
    order = with_substitute(cast, api)
    assert Line.objects.get(order=order, name="Pizza").substitute_price == 250_000
    cost(cast, "soda", price)
    before = told(order)
    with assert_nothing_changed(Order.objects.get(pk=order.pk)):
        assert missing(cast, api, order, quote=True)["state"] == state
    done = missing(cast, api, order)
    assert (done["state"], done["action"], done["new_item"]["product"]) == (state, "change", cast.products["soda"].pk)
    if state == "waiting":
        assert told(order) == before
        if price < 50_000:
            assert api(cast.customer).post(f"{ORDERS}/{order.pk}/changes/1/accept").status_code == 200
            assert told(order)[0] == 2500 + price
    else:
        assert told(order)[0] == 2500 + price


def test_a_substitute_of_many_and_of_what_had_choices(cast: Cast, api: Api) -> None:
    """So many times the price that was shown: what was chosen for the item goes with it."""
    burger = {"product": cast.products["burger"].pk, "quantity": 2, "options": [{"option": cast.options["Large"].pk}]}
    order = with_substitute(cast, api, **burger, extras=[{"extra": cast.extras["Bacon"].pk}])
    cost(cast, "soda", 251)
    assert missing(cast, api, order, "Burger")["state"] == "waiting"
    cost(cast, "soda", 250)
    done = missing(cast, api, order, "Burger")
    assert (done["state"], done["new_item"]["options"], told(order)[0]) == ("applied", [], 2500 + 500)


def test_less_of_the_item_keeps_the_consent_and_the_vendors_choice_is_none(cast: Cast, api: Api) -> None:
    order = with_substitute(cast, api, quantity=2)
    cost(cast, "soda", 300)
    wish = {"substitute": {"product": cast.products["soda"].pk}}
    assert change(api(cast.owner), order, line_of(order, "Pizza"), **wish).status_code == 200
    assert line_of(order, "Pizza").substitute_price == 250_000
    # Another one that the vendor names was never shown: the customer is asked where the item becomes dearer.
    wish = {"substitute": {"product": cast.products["cake"].pk}}
    assert change(api(cast.owner), order, line_of(order, "Pizza"), **wish).status_code == 200
    assert line_of(order, "Pizza").substitute_price is None
    assert missing(cast, api, order)["state"] == "waiting"


def test_the_customer_chooses_anew_at_the_price_of_then(cast: Cast, api: Api) -> None:
    items = [{"product": cast.products["pizza"].pk, "substitute": {"product": cast.products["soda"].pk}}]
    order = ordered(cast, api, items=items, delivery_type="pickup")
    cost(cast, "cake", 1300)
    wish = {"substitute": {"product": cast.products["cake"].pk}}
    assert change(api(cast.customer), order, line_of(order, "Pizza"), **wish).status_code == 200
    assert line_of(order, "Pizza").substitute_price == 1300_000
    assert missing(cast, api, order)["state"] == "applied"


@pytest.mark.parametrize("wish", ["remove", "soda"])
def test_what_is_missing_and_makes_the_order_dearer_is_asked(cast: Cast, api: Api, wish: str) -> None:
    """20.00 off from 30.00: without the pizza of 12.00 the cake alone costs 25.00, eight more than both."""
    Offer.objects.update(kind="amount", rate=None, most=None, amount=2000, minimum=3000)
    substitute = "remove" if wish == "remove" else {"product": cast.products["soda"].pk}
    order = with_substitute(cast, api, substitute=substitute)
    assert told(order)[6] == 1750
    done = missing(cast, api, order)
    after = {"remove": "25.50", "soda": "28.00"}[wish]
    assert (done["state"], done["new_total"]) == ("waiting", eur(after))
    assert told(order)[6] == 1750
    # And the change lapses where the customer would pay another difference by now.
    add(api(cast.owner), order, product=cast.products["cake"].pk)
    assert api(cast.customer).post(f"{ORDERS}/{order.pk}/changes/2/accept").status_code == 200
    total = told(order)[6]
    answer = api(cast.customer).post(f"{ORDERS}/{order.pk}/changes/1/accept")
    assert (answer.status_code, answer.json()["code"]) == (409, "change_lapsed")
    assert told(order)[6] == total


# --- an offer that several orders share -----------------------------------------------------------------------------


def test_a_shared_offer_keeps_its_terms(cast: Cast, api: Api) -> None:
    Offer.objects.update(kind="amount", rate=None, most=None, amount=500, minimum=0)
    bakery = make_bakery(cast)
    rows = place(api(cast.customer), cart_for_both(cast, bakery))["orders"]
    first, second = (Order.objects.get(pk=row["id"]) for row in rows)
    # 5.00 over 12.00 and 3.33.
    assert (first.discount, second.discount) == (391, 109)
    Offer.objects.update(amount=100, minimum=9900, borne_by="platform")
    assert add(api(cast.customer), first, product=cast.products["soda"].pk).status_code == 201
    # The other keeps its part, and this one what is left of the whole.
    assert (told(first)[1], told(second)[1]) == (391, 109)
    assert told(first)[8] == 0


# --- rows -----------------------------------------------------------------------------------------------------------


def test_orders_on_the_same_terms_share_a_row(cast: Cast, api: Api, django_capture_on_commit_callbacks: Any) -> None:
    first, second = ordered(cast, api), ordered(cast, api)
    assert first.terms_id == second.terms_id
    assert not terms.held
    with django_capture_on_commit_callbacks(execute=True):
        ordered(cast, api)
    assert list(terms.held.values()) == [first.terms_id]
    set_terms(cast, no_show_fee=1)
    other = ordered(cast, api)
    assert other.terms_id != first.terms_id
    assert AgreedTerms.objects.count() == 2
    set_terms(cast, no_show_fee=8000)
    assert ordered(cast, api).terms_id == first.terms_id


def test_a_row_that_was_rolled_back_is_not_remembered(cast: Cast, api: Api) -> None:
    with assert_nothing_changed():
        response = api(cast.stranger).post(ORDERS, cart(cast, payment_method="wallet"))
        assert (response.status_code, response.json()["code"]) == (409, "insufficient_funds")
    assert not terms.held


def test_a_process_holds_only_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terms, "MOST_HELD", 2)
    for number in range(4):
        terms.hold_ids({(1, str(number)): number})
    assert terms.held == {(1, "2"): 2, (1, "3"): 3}
