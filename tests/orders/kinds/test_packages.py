"""Packages: what they cost, what is refused, and one's whole life (docs/requirements.md, rows 1, 8 and 10)."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from orders.models import Order, Package
from orders.services.moving.timers import run_due
from tests.cast import Cast
from tests.orders.kinds import make_package_type, package_cart
from tests.orders.shopping import (
    FAR,
    NEAR,
    ORDERS,
    QUOTE,
    assert_nothing_changed,
    balance_of,
    eur,
    fill_wallet,
    place,
    refused,
    sums,
)
from vendors.models import PackageType, Vendor

Api = Callable[..., APIClient]
pytestmark = pytest.mark.django_db
GUEST = {"name": "Gina Guest", "phone": "+32470123456"}
METRES = 38_958  # from NEAR to FAR


@pytest.fixture
def box(cast: Cast) -> PackageType:
    return make_package_type(cast.vendor)


def test_the_fee_goes_by_distance_and_weight(box: PackageType, api: Api) -> None:
    body = api().post(QUOTE, package_cart(box)).json()
    assert (body["subtotal"], body["delivery_fee"], body["total"]) == (eur("3.00"), eur("20.10"), eur("23.10"))
    assert body["distance"] == METRES
    assert [(item["product"], item["name"], item["total"]) for item in body["items"]] == [(None, "Box", eur("3.00"))]


@pytest.mark.parametrize(
    ("weight", "dropoff", "fee"),
    [
        (1, NEAR, "0.20"),
        (1000, NEAR, "0.20"),
        (1001, NEAR, "0.40"),
        (10_000, {"lat": 50.852, "lng": 4.351}, "2.50"),
        (1000, {"lat": 50.85999, "lng": 4.351}, "0.70"),
        (1000, {"lat": 50.86, "lng": 4.351}, "1.20"),
    ],
)
def test_each_kilometre_and_kilogram_begun_counts(
    box: PackageType, api: Api, weight: int, dropoff: dict[str, float], fee: str
) -> None:
    changed = {"weight": weight, "dropoff": {"address": "There", "location": dropoff}}
    assert api().post(QUOTE, package_cart(box, package=changed)).json()["delivery_fee"] == eur(fee)


def test_placing_keeps_what_is_carried(box: PackageType, cast: Cast, api: Api) -> None:
    answer = place(api(cast.customer), package_cart(box, comment="Fragile"))
    row = answer["orders"][0]
    assert (row["kind"], row["delivery_type"], row["status"]["code"]) == ("package", "delivery", 0)
    assert (row["total"], row["distance"], row["delivery_zone"]) == (eur("23.10"), METRES, None)
    assert (row["address"], row["location"]) == ("Meir 1", FAR)
    assert row["package"] == {
        "package_type": box.pk,
        "name": "Box",
        "pickup": {"address": "Naamsestraat 1", "address_notes": "Second bell", "location": NEAR},
        "dropoff": {"address": "Meir 1", "address_notes": "", "location": FAR},
        "recipient_name": "Rita Recipient",
        "recipient_phone": "+32470123457",
        "weight": 2001,
        "width": 300,
        "length": 400,
        "height": 200,
    }
    assert row["booking"] is None
    # What was ordered stays, also when the type is changed and deleted.
    box.delete()
    shown = api(cast.customer).get(f"{ORDERS}/{row['id']}").json()
    assert shown["package"] == {**row["package"], "package_type": None}


@pytest.mark.parametrize(
    ("changed", "pointer", "code"),
    [
        ({"weight": 10_001}, "/package/weight", "too_heavy"),
        ({"length": 601}, "/package/length", "too_large"),
        ({"height": None}, "/package/height", "required"),
        ({"package_type": 987_654}, "/package/package_type", "unknown"),
        ({"weight": 0}, "/package/weight", "min_value"),
        ({"weight": "heavy"}, "/package/weight", "invalid"),
        ({"recipient_phone": "soon"}, "/package/recipient_phone", "invalid"),
        ({"recipient_name": None}, "/package/recipient_name", "required"),
        ({"pickup": {"address": "Here"}}, "/package/pickup/location", "required"),
        ({"dropoff": {"location": NEAR}}, "/package/dropoff/address", "required"),
        ({"colour": "red"}, "/package/colour", "unknown_field"),
    ],
)
def test_what_is_refused(
    box: PackageType, cast: Cast, api: Api, changed: dict[str, Any], pointer: str, code: str
) -> None:
    with assert_nothing_changed():
        refused(api(cast.customer).post(ORDERS, package_cart(box, package=changed)), 400, pointer, code)


def test_limits_are_named(box: PackageType, cast: Cast, api: Api) -> None:
    both = {"weight": 10_001, "width": 601}
    errors = api().post(QUOTE, package_cart(box, package=both)).json()["errors"]
    assert [(row["pointer"], row["most"]) for row in errors] == [("/package/weight", 10_000), ("/package/width", 600)]
    PackageType.objects.update(max_distance=METRES)
    assert api().post(QUOTE, package_cart(box)).status_code == 200
    PackageType.objects.update(max_distance=METRES - 1)
    body = refused(api().post(QUOTE, package_cart(box)), 400, "/package/dropoff/location", "too_far")
    assert body["detail"] == f"Box is carried {METRES - 1} m at most, but this is {METRES} m: choose closer addresses."


def test_without_limits_no_sides_need_be_told(cast: Cast, api: Api) -> None:
    plain = make_package_type(cast.vendor, max_weight=None, max_side=None, max_distance=None)
    bare = dict.fromkeys(("width", "length", "height"))
    assert api().post(QUOTE, package_cart(plain, package=bare)).status_code == 200


def test_a_price_beyond_what_an_order_holds_is_refused(cast: Cast, api: Api) -> None:
    dear = make_package_type(cast.vendor, per_km=10**12)
    refused(api().post(QUOTE, package_cart(dear)), 400, "/package", "too_large")


def test_types_of_others_and_types_switched_off_are_unknown(box: PackageType, cast: Cast, api: Api) -> None:
    foreign = make_package_type(cast.other_vendor)
    other = package_cart(box, package={"package_type": foreign.pk})
    refused(api().post(QUOTE, other), 400, "/package/package_type", "unknown")
    PackageType.objects.update(is_active=False)
    refused(api().post(QUOTE, package_cart(box)), 400, "/package/package_type", "unknown")


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [({"delivery_type": "pickup"}, "/delivery_type"), ({"type": "service"}, "/type")],
)
def test_a_package_is_delivered_and_is_a_package(
    box: PackageType, api: Api, fields: dict[str, Any], pointer: str
) -> None:
    body = api().post(QUOTE, package_cart(box, **fields)).json()
    assert body["errors"][0]["pointer"] == pointer
    assert api().post(QUOTE, package_cart(box, type="package", delivery_type=1)).status_code == 200


def test_a_package_goes_alone(box: PackageType, cast: Cast, api: Api) -> None:
    mixed = package_cart(box, items=[{"product": cast.products["soda"].pk}])
    assert api().post(QUOTE, mixed).json()["errors"][0]["code"] == "mixed"


def test_a_paused_carrier_takes_none(box: PackageType, cast: Cast, api: Api) -> None:
    Vendor.objects.filter(pk=cast.vendor.pk).update(paused_until="2099-01-01T00:00Z")
    assert api().post(ORDERS, package_cart(box, guest=GUEST)).json()["code"] == "vendor_paused"
    assert Package.objects.count() == 0


def test_whoever_could_carry_it_learns_no_more_than_a_first_name(box: PackageType, cast: Cast, api: Api) -> None:
    order = Order.objects.get(pk=place(api(cast.customer), package_cart(box))["orders"][0]["id"])
    for target in (7, 22):
        assert api(cast.owner).post(f"{ORDERS}/{order.pk}/transitions", {"to": target}).status_code == 200
    shown = api(cast.driver).get(f"{ORDERS}/{order.pk}").json()["package"]
    assert (shown["recipient_name"], shown["recipient_phone"]) == ("Rita", "")
    assert shown["pickup"] == {"address": "Naamsestraat 1", "address_notes": "", "location": NEAR}
    api(cast.driver).post(f"{ORDERS}/{order.pk}/transitions", {"to": 8})
    shown = api(cast.driver).get(f"{ORDERS}/{order.pk}").json()["package"]
    assert (shown["recipient_name"], shown["recipient_phone"]) == ("Rita Recipient", "+32470123457")


def test_a_whole_life(box: PackageType, cast: Cast, api: Api) -> None:
    """Placed from a wallet, carried by a driver, settled: everybody has what is theirs."""
    Vendor.objects.filter(pk=cast.vendor.pk).update(commission_rate=1000, settle_minutes=0)
    fill_wallet(cast.customer_row, 5000)
    body = package_cart(box, payment_method="wallet", driver_tip=eur("1.00"))
    order = place(api(cast.customer), body)["orders"][0]
    assert (order["total"], balance_of(cast.customer_row)) == (eur("24.10"), 2590)
    path = f"{ORDERS}/{order['id']}/transitions"
    accepted = api(cast.owner).post(path, {"to": 7}).json()
    assert accepted["milestones"]["prepared"] == accepted["milestones"]["accepted"] is not None
    for user, target in ((cast.owner, 22), (cast.driver, 8), (cast.driver, 3), (cast.driver, 9), (cast.driver, 11)):
        answer = api(user).post(path, {"to": target})
        assert answer.status_code == 200, (target, answer.json())
    assert run_due() == 1
    assert Order.objects.get(pk=order["id"]).closed_at is not None
    # Of the 3.00 the platform takes a tenth; the fee of 20.10 is the vendor's, the tip the driver's.
    assert sums() == {
        f"wallet:{cast.customer_row.pk}:EUR": 2590,
        "funding::EUR": -5000,
        f"vendor:{cast.vendor.pk}:EUR": 2280,
        f"driver:driver-{cast.driver_row.pk}:EUR": 100,
        "platform::EUR": 30,
    }


def test_a_detail_takes_one_statement_more(
    box: PackageType, cast: Cast, api: Api, django_assert_num_queries: Any
) -> None:
    order = place(api(cast.customer), package_cart(box))["orders"][0]
    with django_assert_num_queries(6):
        api(cast.customer).get(f"{ORDERS}/{order['id']}")


# --- without points --------------------------------------------------------------------------------------------------

NOWHERE = {"pickup": {"address": "Nowhere 1"}, "dropoff": {"address": "Nowhere 2", "address_notes": "Attic"}}


@pytest.fixture
def flat(cast: Cast) -> PackageType:
    return make_package_type(cast.vendor, per_km=0, max_distance=None)


@pytest.mark.parametrize("geocoder", ["local", ""])
@pytest.mark.parametrize(
    "stops",
    [
        NOWHERE,
        {**NOWHERE, "pickup": {"address": "Naamsestraat 1", "location": NEAR}},
        {**NOWHERE, "dropoff": {"address": "Meir 1", "location": FAR}},
    ],
)
def test_a_flat_fee_needs_no_points(
    flat: PackageType, cast: Cast, api: Api, settings: Any, geocoder: str, stops: dict[str, Any]
) -> None:
    settings.GEOCODER_URL = geocoder
    quoted = api().post(QUOTE, package_cart(flat, package=stops)).json()
    assert (quoted["delivery_fee"], quoted["total"], quoted["distance"]) == (eur("0.60"), eur("3.60"), None)
    row = place(api(cast.customer), package_cart(flat, package=stops))["orders"][0]
    shown = {name: {"address_notes": "", "location": None, **stop} for name, stop in stops.items()}
    assert {name: row["package"][name] for name in shown} == shown
    assert (row["address"], row["location"]) == (shown["dropoff"]["address"], shown["dropoff"]["location"])
    assert (row["distance"], row["delivery_fee"], row["total"]) == (None, eur("0.60"), eur("3.60"))
    # With both points it costs the same.
    known = place(api(cast.customer), package_cart(flat))["orders"][0]
    assert (known["distance"], known["total"]) == (METRES, eur("3.60"))


@pytest.mark.parametrize(
    ("terms", "why"),
    [
        ({"per_km": 1, "max_distance": None}, "The fee depends on the distance"),
        ({"per_km": 0, "max_distance": 500}, "Box is carried 500 m at most"),
    ],
)
@pytest.mark.parametrize("stop", ["pickup", "dropoff"])
def test_what_goes_by_distance_needs_both(
    cast: Cast, api: Api, settings: Any, terms: dict[str, Any], why: str, stop: str
) -> None:
    settings.GEOCODER_URL = ""
    box = make_package_type(cast.vendor, **terms)
    with assert_nothing_changed():
        answer = api(cast.customer).post(ORDERS, package_cart(box, package={stop: NOWHERE[stop]}))
        body = refused(answer, 400, f"/package/{stop}/location", "required")
        lost = {stop: {"location": NEAR}}
        refused(api().post(ORDERS, package_cart(box, package=lost)), 400, f"/package/{stop}/address", "required")
    assert body["errors"][0]["detail"] == f'{why}, and this address has no location: send {{"lat": …, "lng": …}}.'


def test_a_whole_life_without_points(flat: PackageType, cast: Cast, api: Api, settings: Any) -> None:
    """Offered, its address changed, carried, followed, and shown at every door."""
    settings.GEOCODER_URL = ""
    placed = place(api(cast.customer), package_cart(flat, package=NOWHERE))
    order = Order.objects.get()
    path, office = f"{ORDERS}/{order.pk}", Client()
    office.force_login(cast.staff)
    answer = api(cast.customer).patch(path, {"address": "Nowhere 3"})
    assert (answer.status_code, answer.json()["address"], answer.json()["location"]) == (200, "Nowhere 3", None)
    answer = api(cast.customer).patch(path, {"location": FAR})
    assert (answer.status_code, answer.json()["address"], answer.json()["location"]) == (200, "Nowhere 3", FAR)
    Order.objects.update(lat=None, lng=None)
    assert office.get(f"/admin/orders/order/{order.pk}/change/").status_code == 200
    assert office.get(f"/admin/orders/order/{order.pk}/address/").status_code == 200
    for target in (7, 22):
        assert api(cast.owner).post(f"{path}/transitions", {"to": target}).status_code == 200
    [offer] = api(cast.driver).get("/api/v1/drivers/me/offers").json()["results"]
    assert (offer["pickup"], offer["distance"]) == ({"address": "Nowhere 1", "location": None}, None)
    for target in (8, 3, 9):
        assert api(cast.driver).post(f"{path}/transitions", {"to": target}).status_code == 200
    assert api().post("/api/v1/track", {"code": placed["purchase"]["tracking_code"]}).status_code == 200
    assert api(cast.driver).post(f"{path}/transitions", {"to": 11}).status_code == 200
    till = {"X-Tenant": str(cast.merchant.uuid)}
    for door in (f"ordering/orders/{order.pk}?mode=dashboard", f"shop/System/Orders/{order.pk}"):
        assert api(cast.owner).get(f"/dialects/{door}").status_code == 200
    assert api(cast.owner).get(f"/dialects/kaddy/v1/orders/{order.uuid}", headers=till).status_code == 200
