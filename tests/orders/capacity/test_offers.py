"""Offers: what each kind takes off, who bears it, when it holds, and that its uses come back."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from orders.models import OfferUse, Order
from orders.pricing import Discount
from orders.services.capacity import offers
from orders.services.capacity.offer_terms import save_offer
from orders.services.capacity.offers import discount_for, take_offers
from ordersite.accounts.models import User
from ordersite.accounts.registration import register
from tests.cast import Cast
from tests.orders.shopping import (
    ORDERS,
    QUOTE,
    assert_nothing_changed,
    cart,
    eur,
    fill_wallet,
    place,
    place_order,
    refused,
    sums,
)
from vendors.models import Offer, Product, Vendor
from vendors.services.offers import refresh_offer_flags
from vendors.services.vendors import import_menu

Api = Callable[..., APIClient]
NOW = timezone.now


@transaction.atomic
def make_offer(kind: str = "percentage", **fields: Any) -> Offer:
    """A tenth off everything, site-wide, borne by the vendor and given by itself, unless said otherwise."""
    needs: dict[str, Any] = {"percentage": {"rate": 1000}, "amount": {"amount": 500}}.get(kind, {})
    return save_offer(offer=Offer(**{"name": "Autumn", "kind": kind, **needs, **fields}))


def make_vendor(cast: Cast, name: str, price: int) -> Vendor:
    """One more vendor in EUR that delivers for 3.00, with one product."""
    vendor = Vendor.objects.create(
        merchant=cast.other_merchant,
        type=cast.vendor.type,
        name=name,
        lat=50.85,
        lng=4.35,
        fulfilments=["delivery", "pickup"],
        payment_methods=["cash", "wallet"],
        commission_rate=1000,
    )
    products = [{"name": "Box", "price": price, "tax_rate": 2100}]
    zones = [{"name": "Near", "radius": 3000, "fee": 300}]
    import_menu(vendor=vendor, menu={"categories": [{"name": "All", "products": products}], "zones": zones})
    return vendor


@pytest.fixture(autouse=True)
def terms(cast: Cast) -> None:
    """The platform takes a tenth; no offer stands."""
    Vendor.objects.update(commission_rate=1000)
    refresh_offer_flags()


def several(cast: Cast, *vendors: Vendor, **fields: Any) -> dict[str, Any]:
    """A pizza of 12.00, and a box of each vendor, all collected."""
    parts: list[dict[str, Any]] = [{"vendor": cast.vendor.pk, "items": [{"product": cast.products["pizza"].pk}]}]
    for vendor in vendors:
        parts.append({"vendor": vendor.pk, "items": [{"product": Product.objects.get(vendor=vendor).pk}]})
    return {"vendors": parts, "delivery_type": "pickup", "payment_method": "cash", **fields}


def discounts(response: Any) -> list[int]:
    """What was taken off each order of a placing that succeeded."""
    assert response.status_code == 201, response.json()
    orders = Order.objects.filter(pk__in=[order["id"] for order in response.json()["orders"]]).order_by("pk")
    return [order.discount for order in orders]


# --- what it takes off, and who bears it -----------------------------------------------------------------------------

# Of 12.00 with 2.50 for delivery: kind, its fields, what is off, and the platform's share (a tenth of the items) where
# the vendor bears it. Where the platform does, its share is 1.20 less what is off.
KINDS = [
    ("percentage", {"rate": 1000}, 120, 108),
    ("percentage", {"rate": 1255}, 151, 105),  # 150.6, half up; 104.9, half up
    ("percentage", {"rate": 10_000}, 1200, 0),
    ("percentage", {"rate": 5000, "most": 250}, 250, 95),
    ("amount", {"amount": 500}, 500, 70),
    ("amount", {"amount": 500, "most": 499}, 499, 70),  # 70.1
    ("amount", {"amount": 9900}, 1200, 0),
    ("free_delivery", {}, 250, 120),
    ("free_delivery", {"most": 100}, 100, 120),
]


@pytest.mark.parametrize(("kind", "fields", "off", "commission"), KINDS)
@pytest.mark.parametrize("borne_by", ["vendor", "platform"])
def test_each_kind(
    cast: Cast, api: Api, kind: str, fields: dict[str, Any], off: int, commission: int, borne_by: str
) -> None:
    offer = make_offer(kind, borne_by=borne_by, **fields)
    order = place_order(api(cast.customer), cart(cast, delivery_type="delivery"))
    assert (order.offer_id, order.subtotal, order.delivery_fee, order.discount) == (offer.pk, 1200, 250, off)
    assert order.total == 1450 - off
    by_platform = off if borne_by == "platform" else 0
    assert order.platform_discount == by_platform
    assert order.commission == (120 if by_platform else commission)
    assert order.platform_share == order.commission - by_platform
    # The vendor's part: all of what it would have without the offer, where the platform bears it.
    assert order.total - order.platform_share == (1330 if by_platform else 1450 - off - commission)
    use = OfferUse.objects.get()
    assert (use.order_id, use.customer_id, use.amount, use.is_held) == (order.pk, cast.customer_row.pk, off, True)


@pytest.mark.parametrize(
    ("kind", "fields", "subtotals", "fees", "expected"),
    [
        ("percentage", {"rate": 1000}, [1005], [0], [101]),  # 100.5
        ("percentage", {"rate": 1000}, [1004], [0], [100]),
        ("percentage", {"rate": 333}, [100, 100, 100], [0, 0, 0], [4, 3, 3]),  # 9.99 once, not three times 3.33
        ("percentage", {"rate": 5000, "most": 100}, [300, 900], [0, 0], [25, 75]),
        ("amount", {"amount": 1000}, [1200, 1801], [0, 0], [400, 600]),  # 399.86, 600.13
        ("amount", {"amount": 1000}, [400, 400, 400], [0, 0, 0], [334, 333, 333]),
        ("amount", {"amount": 1}, [700, 800], [0, 0], [0, 1]),
        ("amount", {"amount": 1000}, [300, 400], [0, 0], [300, 400]),
        ("amount", {"amount": 1000}, [0, 0], [250, 0], [0, 0]),
        ("free_delivery", {}, [1200, 1801], [250, 300], [250, 300]),
        ("free_delivery", {"most": 330}, [1200, 1801], [250, 300], [150, 180]),
        ("free_delivery", {}, [1200], [0], [0]),
    ],
)
def test_it_is_reckoned_once_and_divided_without_a_remainder(
    kind: str, fields: dict[str, Any], subtotals: list[int], fees: list[int], expected: list[int]
) -> None:
    for borne_by in ("vendor", "platform"):
        offer = Offer(kind=kind, borne_by=borne_by, **fields)
        name = "delivery" if kind == "free_delivery" else "items"
        assert discount_for(offer, subtotals=subtotals, delivery_fees=fees) == [
            Discount(**{name: off}, by_platform=borne_by == "platform") for off in expected
        ]


def test_it_lowers_the_tax(cast: Cast, api: Api) -> None:
    make_offer(rate=5000)
    order = place_order(api(cast.customer), cart(cast))
    assert (order.total, order.tax_included) == (600, 34)  # 6 % in 6.00


def test_the_platform_bears_it_to_the_last_cent(cast: Cast, api: Api) -> None:
    """Ten of twelve off, by the platform: the vendor is owed what it would be, and every account adds up."""
    make_offer("amount", amount=1000, borne_by="platform")
    fill_wallet(cast.customer_row, 2000)
    order = place_order(api(cast.customer), cart(cast, payment_method="wallet"))
    assert order.total == 200
    walk(api, order, (cast.owner, "accept"), (cast.owner, "mark_ready"), (cast.owner, "collect"))
    assert sums() == {
        "funding::EUR": -2000,
        f"wallet:{cast.customer_row.pk}:EUR": 1800,
        f"vendor:{cast.vendor.pk}:EUR": 1080,
        "platform::EUR": -880,
    }


@pytest.mark.parametrize("method", ["cash", "wallet"])
def test_what_costs_nothing_is_paid_for_by_the_platform(cast: Cast, api: Api, method: str) -> None:
    make_offer(rate=10_000, borne_by="platform")
    order = place_order(api(cast.customer), cart(cast, payment_method=method))
    assert order.total == 0
    walk(api, order, (cast.owner, "accept"), (cast.owner, "mark_ready"), (cast.owner, "collect"))
    settled = {f"vendor:{cast.vendor.pk}:EUR": 1080, "platform::EUR": -1080}
    assert sums() == settled
    walk(api, order, (cast.staff, "cancel_by_staff"))
    assert sums() == {}
    walk(api, order, (cast.staff, "reopen"))
    assert sums() == {}


def walk(api: Api, order: Order, *steps: tuple[Any, str]) -> None:
    for user, name in steps:
        body = {"transition": name, "reason_code": "mistake"}
        response = api(user).post(f"{ORDERS}/{order.pk}/transitions", body)
        assert response.status_code == 200, response.json()


# --- several vendors -------------------------------------------------------------------------------------------------


def test_an_amount_is_given_once_to_a_purchase(cast: Cast, api: Api) -> None:
    boxes, more = make_vendor(cast, "Boxes", 1801), make_vendor(cast, "More boxes", 100)
    offer = make_offer("amount", amount=1000, code="TEN")
    response = api(cast.customer).post(ORDERS, several(cast, boxes, more, offer="ten"))
    # Of 31.01: 386.97, 580.78, 32.25.
    assert discounts(response) == [387, 581, 32]
    purchase = response.json()["purchase"]
    assert purchase["total"] == eur("21.01")
    assert [order["offer"]["id"] for order in response.json()["orders"]] == [offer.pk] * 3
    assert sorted(OfferUse.objects.values_list("amount", flat=True)) == [32, 387, 581]


def test_a_minimum_counts_all_that_it_is_for(cast: Cast, api: Api) -> None:
    boxes = make_vendor(cast, "Boxes", 1801)
    make_offer("amount", amount=1000, code="TEN", minimum=3001)
    assert discounts(api(cast.customer).post(ORDERS, several(cast, boxes, offer="TEN"))) == [400, 600]
    own = make_offer(rate=2000, code="BOX", vendor=boxes, minimum=1802)
    with assert_nothing_changed():
        response = api(cast.customer).post(ORDERS, several(cast, boxes, offer="BOX"))
        refused(response, 400, "/offer", "below_minimum")
    assert own.name in response.json()["detail"]


def test_a_vendors_code_is_for_its_orders_only(cast: Cast, api: Api) -> None:
    boxes = make_vendor(cast, "Boxes", 1801)
    offer = make_offer(rate=2000, code="BOX", vendor=boxes)
    response = api(cast.customer).post(ORDERS, several(cast, boxes, offer="box"))
    assert discounts(response) == [0, 360]
    assert [order["offer"] for order in response.json()["orders"]] == [None, {"id": offer.pk, "name": "Autumn"}]
    make_offer(rate=500, vendor=cast.vendor)  # the other one's, given by itself
    assert discounts(api(cast.customer).post(ORDERS, several(cast, boxes, offer="box"))) == [60, 360]


def test_a_carts_own_code_goes_before_the_checkouts(cast: Cast, api: Api) -> None:
    boxes = make_vendor(cast, "Boxes", 1801)
    make_offer("amount", amount=1000, code="TEN")
    make_offer(rate=2000, code="BOX", vendor=boxes)
    body = several(cast, boxes, offer="TEN")
    body["vendors"][1]["offer"] = "BOX"
    # All ten are taken off the one that has no code of its own.
    assert discounts(api(cast.customer).post(ORDERS, body)) == [1000, 360]
    body["vendors"][0]["offer"] = "BOX"
    with assert_nothing_changed():
        body["offer"] = ""
        refused(api(cast.customer).post(ORDERS, body), 400, "/vendors/0/offer", "other_vendor")
    body["offer"], body["vendors"][0]["offer"] = "BOX", "TEN"
    with assert_nothing_changed():
        body["vendors"][1]["offer"] = "TEN"
        refused(api(cast.customer).post(ORDERS, body), 400, "/offer", "not_asked_for")
    body["offer"] = ""
    assert discounts(api(cast.customer).post(ORDERS, body)) == [400, 600]


def test_each_order_gets_the_best_that_is_given_by_itself(cast: Cast, api: Api) -> None:
    boxes = make_vendor(cast, "Boxes", 1801)
    ten = make_offer("amount", amount=1000, minimum=2000)
    fifth = make_offer(rate=2500, vendor=boxes)
    client = api(cast.customer)
    # 4.00 and 6.00 of ten, against 4.50 at Boxes.
    assert discounts(client.post(ORDERS, several(cast, boxes))) == [400, 600]
    Offer.objects.filter(pk=fifth.pk).update(rate=4000)
    # 7.20 at Boxes; of the pizza alone ten do not hold.
    assert discounts(client.post(ORDERS, several(cast, boxes))) == [0, 720]
    Offer.objects.filter(pk=ten.pk).update(minimum=1200)
    assert discounts(client.post(ORDERS, several(cast, boxes))) == [1000, 720]
    small = make_offer(rate=100)
    Offer.objects.filter(pk=ten.pk).update(minimum=5000)
    assert discounts(client.post(ORDERS, several(cast, boxes))) == [12, 720]
    assert Order.objects.filter(offer=small).count() == 1


def test_free_delivery_is_for_what_is_delivered(cast: Cast, api: Api) -> None:
    boxes = make_vendor(cast, "Boxes", 1801)
    make_offer("free_delivery", code="FREE")
    place_of = {"address": "Naamsestraat 1", "location": {"lat": 50.851, "lng": 4.351}}
    body = several(cast, boxes, offer="FREE", **place_of)
    body["vendors"][1]["delivery_type"] = "delivery"
    response = api(cast.customer).post(ORDERS, body)
    assert discounts(response) == [0, 300]
    assert [bool(order["offer"]) for order in response.json()["orders"]] == [False, True]
    assert discounts(api(cast.customer).post(ORDERS, {**body, "delivery_type": "delivery"})) == [250, 300]


# --- when it holds ---------------------------------------------------------------------------------------------------

HOUR = timedelta(hours=1)
DO_NOT_HOLD = [
    ({"is_active": False}, "expired"),
    ({"ends_at": -HOUR}, "expired"),
    ({"starts_at": HOUR}, "not_started"),
    ({"minimum": 1201}, "below_minimum"),
    ({"max_uses": 1, "uses": 1}, "used_up"),
    ({"max_uses_per_customer": 1, "used": True}, "used_up_by_you"),
    ({"currency": "USD"}, "currency"),
    ({"kind": "free_delivery"}, "nothing_off"),
]
HOLD = [
    {},
    {"ends_at": HOUR},
    {"starts_at": -HOUR},
    {"minimum": 1200},
    {"max_uses": 2, "uses": 1},
    {"max_uses_per_customer": 2, "used": True},
]


def prepare(cast: Cast, api: Api, given: dict[str, Any]) -> Offer:
    """An offer with these fields; `used` once by this customer, dates counted from now."""
    moments = {name: NOW() + given[name] for name in ("starts_at", "ends_at") if name in given}
    fields = {**given, **moments}
    uses, used = fields.pop("uses", 0), fields.pop("used", False)
    offer = make_offer(**fields)
    if used:
        place(api(cast.customer), cart(cast, offer=offer.code))
    Offer.objects.filter(pk=offer.pk).update(uses=uses)
    return offer


@pytest.mark.parametrize(("given", "code"), DO_NOT_HOLD)
def test_a_code_that_does_not_hold_is_refused(cast: Cast, api: Api, given: dict[str, Any], code: str) -> None:
    prepare(cast, api, {**given, "code": "TEN-1"})
    for path in (ORDERS, QUOTE):
        with assert_nothing_changed():
            response = api(cast.customer).post(path, cart(cast, offer="ten-1"))
            refused(response, 400, "/offer", code)
        assert response.json()["detail"].startswith("Autumn ")


@pytest.mark.parametrize(("given", "code"), DO_NOT_HOLD)
def test_one_given_by_itself_that_does_not_hold_is_not_given(
    cast: Cast, api: Api, given: dict[str, Any], code: str
) -> None:
    prepare(cast, api, given)
    order = place_order(api(cast.customer), cart(cast))
    assert (order.offer, order.discount, order.total) == (None, 0, 1200)


@pytest.mark.parametrize(
    ("given", "code"), [*((given, "TEN-1") for given in HOLD), *((given, "") for given in HOLD[:3])]
)
def test_it_holds(cast: Cast, api: Api, given: dict[str, Any], code: str) -> None:
    offer = prepare(cast, api, {**given, "code": code})
    body = cart(cast, offer=f" {code.lower()} ")
    assert api(cast.customer).post(QUOTE, body).json()["total"] == eur("10.80")
    order = place_order(api(cast.customer), {**body, "total": eur("10.80")})
    assert (order.offer, order.discount, order.total) == (offer, 120, 1080)


def test_codes_that_are_not_one(cast: Cast, api: Api) -> None:
    make_offer(code="OTHER", vendor=cast.other_vendor, currency="USD")
    make_offer()
    client = api(cast.customer)
    for code, fault in (("NOSUCH", "unknown"), ("ß", "unknown"), ("%", "unknown"), ("OTHER", "other_vendor")):
        with assert_nothing_changed():
            refused(client.post(ORDERS, cart(cast, offer=code)), 400, "/offer", fault)
    # An empty code is none: what is given by itself is.
    assert place_order(client, cart(cast, offer=" ")).discount == 120


def test_a_guest_gets_none_that_is_counted_by_customer(cast: Cast, api: Api) -> None:
    offer = make_offer(code="ONCE", max_uses_per_customer=1)
    body = {**cart(cast, offer="ONCE"), "guest": {"name": "Gina", "phone": "+32470123456"}}
    with assert_nothing_changed():
        refused(api().post(ORDERS, body), 400, "/offer", "guest")
        refused(api().post(QUOTE, cart(cast, offer="ONCE")), 400, "/offer", "guest")
    Offer.objects.filter(pk=offer.pk).update(code="")
    refresh_offer_flags()
    del body["offer"]
    assert discounts(api().post(ORDERS, body)) == [0]


def test_who_is_not_confirmed_gets_none_that_is_counted_by_customer(cast: Cast, api: Api) -> None:
    """Somebody may register as often as it likes."""
    offer = make_offer(code="ONCE", max_uses_per_customer=1)
    fields = {"email": "nele@example.org", "password": "a-long-enough-passphrase", "name": "Nele", "phone": ""}
    client = api(token=register(**fields, address="192.0.2.1")[1].access)
    with assert_nothing_changed():
        refused(client.post(ORDERS, cart(cast, offer="ONCE")), 400, "/offer", "guest")
        refused(client.post(QUOTE, cart(cast, offer="ONCE")), 400, "/offer", "guest")
    Offer.objects.filter(pk=offer.pk).update(code="")
    refresh_offer_flags()
    assert discounts(client.post(ORDERS, cart(cast))) == [0]
    User.objects.filter(unconfirmed_email="nele@example.org").update(email="nele@example.org")
    assert discounts(client.post(ORDERS, cart(cast))) == [120]
    assert discounts(client.post(ORDERS, cart(cast))) == [0]
    assert place_order(api(cast.customer), cart(cast)).discount == 120


def test_the_best_is_given_and_of_equals_the_first(cast: Cast, api: Api) -> None:
    tenth = make_offer(rate=1000)
    equal, best = make_offer("amount", amount=120), make_offer("amount", amount=121, vendor=cast.vendor)
    make_offer(rate=9000, code="NOT-SENT")
    make_offer(rate=9000, vendor=cast.other_vendor, currency="USD")
    client = api(cast.customer)
    assert place_order(client, cart(cast)).offer == best
    # The code that was sent goes before a better one.
    Offer.objects.filter(pk=equal.pk).update(code="EQUAL")
    assert place_order(client, cart(cast, offer="EQUAL")).offer == equal
    Offer.objects.filter(pk=equal.pk).update(code="")
    Offer.objects.filter(pk=best.pk).update(is_active=False)
    assert place_order(client, cart(cast)).offer == tenth


# --- what it costs ---------------------------------------------------------------------------------------------------


def test_statements(cast: Cast, api: Api, django_capture_on_commit_callbacks: Any) -> None:
    client = api(cast.customer)

    def taken(**fields: Any) -> int:
        with django_capture_on_commit_callbacks(execute=True):
            place(client, cart(cast, **fields))  # once for what the process keeps
        with CaptureQueriesContext(connection) as queries:
            place(client, cart(cast, **fields))
        return len(queries)

    plain = taken()
    offer = make_offer(code="TEN")
    assert taken() == plain  # a code that nobody sends costs nothing
    assert taken(offer="TEN") == plain + 2
    Offer.objects.filter(pk=offer.pk).update(max_uses=10)
    assert taken(offer="TEN") == plain + 3
    Offer.objects.filter(pk=offer.pk).update(max_uses_per_customer=10)
    assert taken(offer="TEN") == plain + 5
    make_offer()
    assert taken() == plain + 2


# --- uses come back --------------------------------------------------------------------------------------------------


def uses(offer: Offer) -> int:
    return Offer.objects.get(pk=offer.pk).uses


def test_a_use_comes_back_with_the_close_and_is_taken_again(cast: Cast, api: Api) -> None:
    offer = make_offer(code="ONE", max_uses=1, max_uses_per_customer=1)
    client = api(cast.customer)
    order = place_order(client, cart(cast, offer="ONE"))
    assert uses(offer) == 1
    with assert_nothing_changed():
        refused(api(cast.stranger).post(ORDERS, cart(cast, offer="ONE")), 400, "/offer", "used_up")
    walk(api, order, (cast.owner, "reject"))
    assert uses(offer) == 0
    assert not OfferUse.objects.get(order=order).is_held
    walk(api, order, (cast.staff, "reopen"))
    assert uses(offer) == 1
    walk(api, order, (cast.customer, "cancel_by_customer"))
    assert uses(offer) == 0
    place(api(cast.stranger), cart(cast, offer="ONE"))
    order.refresh_from_db(fields=["version"])
    with assert_nothing_changed(order):
        body = {"transition": "reopen", "reason_code": "mistake"}
        response = api(cast.staff).post(f"{ORDERS}/{order.pk}/transitions", body)
        assert (response.status_code, response.json()["code"]) == (409, "offer_used_up")
    assert uses(offer) == 1


def test_an_unlimited_one_is_only_noted(cast: Cast, api: Api) -> None:
    offer = make_offer()
    order = place_order(api(cast.customer), cart(cast))
    walk(api, order, (cast.owner, "reject"))
    assert (uses(offer), OfferUse.objects.get().is_held) == (0, False)
    walk(api, order, (cast.staff, "reopen"))
    assert (uses(offer), OfferUse.objects.get().is_held) == (0, True)


def test_by_customer_only_what_is_held_counts(cast: Cast, api: Api) -> None:
    make_offer(code="ONCE", max_uses_per_customer=1)
    client, body = api(cast.customer), cart(cast, offer="ONCE")
    order = place_order(client, body)
    with assert_nothing_changed():
        refused(client.post(ORDERS, body), 400, "/offer", "used_up_by_you")
    place(api(cast.stranger), body)
    walk(api, order, (cast.owner, "reject"))
    place(client, body)
    response = api(cast.staff).post(
        f"{ORDERS}/{order.pk}/transitions", {"transition": "reopen", "reason_code": "mistake"}
    )
    assert (response.status_code, response.json()["code"]) == (409, "offer_used_up")


def test_a_purchase_uses_it_once(cast: Cast, api: Api) -> None:
    boxes = make_vendor(cast, "Boxes", 1801)
    offer = make_offer("amount", amount=1000, code="TEN", max_uses=1, max_uses_per_customer=1)
    response = api(cast.customer).post(ORDERS, several(cast, boxes, offer="TEN"))
    assert discounts(response) == [400, 600]
    first, second = (Order.objects.get(pk=order["id"]) for order in response.json()["orders"])
    assert uses(offer) == 1
    walk(api, first, (cast.owner, "reject"))
    assert uses(offer) == 1  # the other order has it still
    walk(api, first, (cast.staff, "reopen"))
    walk(api, second, (cast.other_owner, "reject"))
    assert uses(offer) == 1
    walk(api, first, (cast.owner, "reject"))
    assert uses(offer) == 0
    walk(api, second, (cast.staff, "reopen"))
    walk(api, first, (cast.staff, "reopen"))
    assert uses(offer) == 1


def test_a_limit_that_is_set_meanwhile_is_kept_to(cast: Cast, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    make_offer(code="TEN")
    tries = []

    def take(*, given: Any, customer: Any) -> None:
        tries.append(given[0].offer.max_uses)
        if len(tries) == 1:
            # In the placing's own transaction, which begins anew and takes this back.
            Offer.objects.update(max_uses=1)
        take_offers(given=given, customer=customer)

    monkeypatch.setattr(offers, "take_offers", take)
    assert place_order(api(cast.customer), cart(cast, offer="TEN")).discount == 120
    assert tries == [None, None]
    assert OfferUse.objects.count() == Order.objects.count() == 1


# --- in lists --------------------------------------------------------------------------------------------------------


def test_orders_are_found_by_their_offer(cast: Cast, api: Api) -> None:
    place(api(cast.customer), cart(cast))
    offer = make_offer(code="TEN")
    order = place_order(api(cast.customer), cart(cast, offer="TEN"))
    for user, mode in ((cast.customer, {}), (cast.owner, {"mode": "dashboard"}), (cast.staff, {"mode": "dashboard"})):
        page = api(user).get(ORDERS, {**mode, "offer": str(offer.pk)}).json()
        assert [row["id"] for row in page["results"]] == [order.pk]
    assert api(cast.customer).get(ORDERS, {"offer": str(offer.pk + 1)}).json()["count"] == 0
    assert api(cast.stranger).get(ORDERS, {"offer": str(offer.pk)}).json()["count"] == 0
    refused(api(cast.customer).get(ORDERS, {"offer": "TEN"}), 400, "?offer", "invalid")
