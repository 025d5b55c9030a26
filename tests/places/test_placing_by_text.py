"""Orders by addresses without points: looked up before the transaction, by every door that takes an address."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from orders.models import Order
from ordersite.accounts.models import Address
from tests.cast import Cast, make_clerk, make_manager
from tests.dialects.kesk import calling as kesk
from tests.orders.kinds import make_package_type, make_service, package_cart, service_cart, tomorrow
from tests.orders.shopping import (
    NEAR,
    ORDERS,
    QUOTE,
    assert_nothing_changed,
    cart,
    eur,
    place,
    place_order,
    refused,
)
from tests.places.fake_geocoder import FakeGeocoder, nominatim

Api = Callable[..., APIClient]
pytestmark = pytest.mark.django_db
GUEST = {"name": "Gina Guest", "phone": "+32470123456"}
HAUTE = {"lat": 50.8396, "lng": 4.3496}
SABLON = {"lat": 50.8405, "lng": 4.3554}
# Metres from Burger Bar (50.85, 4.35), and from one to the other.
TO_HAUTE, BETWEEN = 1157, 419


def by_text(cast: Cast, address: Any = "Rue Haute 118", **fields: Any) -> dict[str, Any]:
    """A delivery to an address without its point."""
    return cart(cast, **{"delivery_type": "delivery", "address": address, "location": None, **fields})


def test_a_delivery_by_its_address_alone(cast: Cast, api: Api) -> None:
    quote = api(cast.customer).post(QUOTE, by_text(cast)).json()
    assert (quote["distance"], quote["delivery_zone"]["id"], quote["total"]) == (TO_HAUTE, cast.zone.pk, eur("14.50"))
    order = place(api(cast.customer), by_text(cast))["orders"][0]
    assert (order["address"], order["location"], order["distance"]) == ("Rue Haute 118", HAUTE, TO_HAUTE)
    assert (order["delivery_zone"], order["delivery_fee"]) == (cast.zone.pk, eur("2.50"))


def test_a_guests_address(cast: Cast, api: Api) -> None:
    body = by_text(cast, None, guest={**GUEST, "address": "Hoogstraat 118"})
    order = place(api(), body)["orders"][0]
    assert (order["address"], order["location"]) == ("Hoogstraat 118", HAUTE)
    body = by_text(cast, "Rue Haute 118", guest={**GUEST, "address": "Elsewhere 5"})
    assert place(api(), body)["orders"][0]["location"] == HAUTE


def test_a_saved_address_without_a_point(cast: Cast, api: Api) -> None:
    saved = Address.objects.create(customer=cast.customer_row, address="Rue Haute 118", address_notes="Bell 2")
    order = place(api(cast.customer), by_text(cast, saved.pk))["orders"][0]
    assert (order["address"], order["address_notes"], order["location"]) == ("Rue Haute 118", "Bell 2", HAUTE)
    by_staff = by_text(cast, saved.pk, customer=cast.customer_row.pk)
    assert place(api(cast.staff), by_staff)["orders"][0]["location"] == HAUTE
    foreign = Address.objects.create(customer=cast.stranger_row, address="Rue Haute 118")
    with assert_nothing_changed():
        refused(api(cast.customer).post(ORDERS, by_text(cast, foreign.pk)), 400, "/address", "unknown")


def test_nobody_is_told_where_another_customer_lives(cast: Cast, api: Api) -> None:
    """Staff with PLACE_ORDERS everywhere order for a customer; all others are refused before it is looked up."""
    saved = Address.objects.create(customer=cast.customer_row, address="Kerkstraat 1")
    body = by_text(cast, saved.pk, customer=cast.customer_row.pk)
    manager, clerk = make_manager(cast.vendor), make_clerk("orders.view_order", "accounts.act_everywhere")
    for name, client in {
        "guest": api(),
        "stranger": api(cast.stranger),
        "owner": api(cast.owner),
        "manager": api(manager),
        "clerk": api(clerk),
    }.items():
        with assert_nothing_changed():
            answer = client.post(ORDERS, body | ({"guest": GUEST} if name == "guest" else {}))
        told = answer.json()
        remedy = ": leave `customer` out."
        if name in ("owner", "manager"):
            remedy = " that is not yours: send `guest` with a name and a phone."
        assert (answer.status_code, told["code"]) == (403, "forbidden"), name
        assert told["detail"] == f"Only staff can order for a customer{remedy}", name
        assert "places" not in told
        # Nor of an address that it names without the customer.
        with assert_nothing_changed():
            answer = client.post(ORDERS, by_text(cast, saved.pk, guest=GUEST if name == "guest" else None))
        refused(answer, 400, "/address", "unknown")
    with assert_nothing_changed():
        told = refused(api(cast.staff).post(ORDERS, body), 400, "/address", "several_places")
    assert len(told["places"]) > 1


def test_a_saved_address_keeps_its_own_point(cast: Cast, api: Api) -> None:
    """Another point beside it would be its text at another place, and another fee; one within 15 m sets it right."""
    saved = Address.objects.create(customer=cast.customer_row, address="Rue Haute 118", **HAUTE)
    client, near = api(cast.customer), {"lat": 50.8397, "lng": 4.3496}
    for path in (ORDERS, QUOTE):
        for kind in ("delivery", "pickup"):
            with assert_nothing_changed():
                answer = client.post(path, by_text(cast, saved.pk, delivery_type=kind, location=NEAR))
            refused(answer, 400, "/location", "saved_address")
    order = place(client, by_text(cast, saved.pk, location=near))["orders"][0]
    assert (order["address"], order["location"]) == ("Rue Haute 118", near)
    part = {name: value for name, value in by_text(cast, saved.pk, location=NEAR).items() if name != "payment_method"}
    with assert_nothing_changed():
        answer = client.post(ORDERS, {"payment_method": "cash", "vendors": [part, part]})
    refused(answer, 400, "/vendors/0/location", "saved_address")
    saved.refresh_from_db()
    assert {"lat": saved.lat, "lng": saved.lng} == HAUTE


def test_each_of_several_parts(cast: Cast, api: Api) -> None:
    parts = [by_text(cast), by_text(cast, "Place du Grand Sablon 12")]
    body: dict[str, Any] = {
        "payment_method": "cash",
        "vendors": [{name: part[name] for name in part if name != "payment_method"} for part in parts],
    }
    orders = place(api(cast.customer), body)["orders"]
    assert [order["location"] for order in orders] == [HAUTE, SABLON]
    body["vendors"][1]["address"] = "Kerkstraat 1"
    with assert_nothing_changed():
        refused(api(cast.customer).post(ORDERS, body), 400, "/vendors/1/address", "several_places")


def test_a_service_at_the_customers(cast: Cast, api: Api) -> None:
    service = make_service(cast.vendor, at_customer=True)
    body = service_cart(service, tomorrow(cast), "customer", address="Rue Haute 118", location=None)
    order = place(api(cast.customer), body)["orders"][0]
    assert (order["location"], order["distance"]) == (HAUTE, TO_HAUTE)


def stops(pickup: str = "Rue Haute 118", dropoff: str = "Place du Grand Sablon 12") -> dict[str, Any]:
    return {"pickup": {"address": pickup}, "dropoff": {"address": dropoff, "location": None}}


def test_a_package_by_two_addresses(cast: Cast, api: Api) -> None:
    box = make_package_type(cast.vendor)
    order = place(api(cast.customer), package_cart(box, package=stops()))["orders"][0]
    # A kilometre begun, and three kilograms begun.
    assert (order["distance"], order["delivery_fee"]) == (BETWEEN, eur("1.10"))
    assert (order["package"]["pickup"]["location"], order["package"]["dropoff"]["location"]) == (HAUTE, SABLON)
    assert order["package"]["pickup"]["address"] == "Rue Haute 118"
    for where, wrong in (("pickup", stops(pickup="Kerkstraat 1")), ("dropoff", stops(dropoff="Kerkstraat 1"))):
        with assert_nothing_changed():
            answer = api(cast.customer).post(ORDERS, package_cart(box, package=wrong))
            refused(answer, 400, f"/package/{where}/address", "several_places")
    for where, wrong in (("pickup", stops(pickup="Nowhere 1")), ("dropoff", stops(dropoff="Nowhere 1"))):
        with assert_nothing_changed():
            answer = api(cast.customer).post(ORDERS, package_cart(box, package=wrong))
            refused(answer, 400, f"/package/{where}/location", "required")


def test_an_address_that_means_several_places(cast: Cast, api: Api) -> None:
    texts = ["Rue de l'Église 1, 1060 Brussels", "Rue de l'Église 1, 1082 Brussels"]
    with assert_nothing_changed():
        answer = api(cast.customer).post(ORDERS, by_text(cast, "Rue de l'Eglise 1"))
    body = refused(answer, 400, "/address", "several_places")
    assert body["detail"] == (
        f"This may mean several places: {texts[0]}; {texts[1]}. Send one of these, or its location."
    )
    assert body["places"] == [
        {"text": texts[0], "location": {"lat": 50.8274, "lng": 4.3452}},
        {"text": texts[1], "location": {"lat": 50.865, "lng": 4.2912}},
    ]
    order = place(api(cast.customer), by_text(cast, texts[0]))["orders"][0]
    assert order["location"] == {"lat": 50.8274, "lng": 4.3452}


@pytest.mark.parametrize("geocoder", ["local", "", "photon+http://127.0.0.1:9"])
def test_an_address_that_nobody_knows(cast: Cast, api: Api, settings: Any, geocoder: str) -> None:
    settings.GEOCODER_URL = geocoder
    with assert_nothing_changed():
        answer = api(cast.customer).post(ORDERS, by_text(cast, "Nowhere 1"))
    body = refused(answer, 400, "/location", "required")
    assert body["detail"] == ('A delivery needs a location, and this address has none: send {"lat": …, "lng": …}.')


def test_what_was_found_may_lie_outside(cast: Cast, api: Api) -> None:
    with assert_nothing_changed():
        answer = api(cast.customer).post(ORDERS, by_text(cast, "12 Lamb's Conduit Street, London"))
    refused(answer, 400, "/location", "outside_delivery_zone")


class TestAnotherServer:
    @pytest.fixture
    def server(self, fake: FakeGeocoder, settings: Any) -> FakeGeocoder:
        settings.GEOCODER_URL = f"nominatim+http://{fake.host}"
        fake.answers["/search"] = [nominatim("Rue Haute 118", **HAUTE)]
        return fake

    @pytest.mark.django_db(transaction=True)
    def test_it_is_asked_before_the_transaction(self, cast: Cast, api: Api, server: FakeGeocoder) -> None:
        order = place(api(cast.customer), by_text(cast))["orders"][0]
        assert (order["location"], len(server.asked)) == (HAUTE, 1)
        assert server.asked[0][1]["viewbox"] == "4.0500,50.5500,4.6500,51.1500"

    def test_what_is_collected_asks_nobody(self, cast: Cast, api: Api, server: FakeGeocoder) -> None:
        place(api(cast.customer), cart(cast, address="Rue Haute 118"))
        assert server.asked == []

    def test_a_call_that_is_repeated_is_answered_without_it(
        self, cast: Cast, api: Api, server: FakeGeocoder, settings: Any
    ) -> None:
        first = place(api(cast.customer), by_text(cast), Idempotency_Key="key-of-a-delivery")
        settings.GEOCODER_URL = ""
        again = api(cast.customer).post(ORDERS, by_text(cast), headers={"Idempotency-Key": "key-of-a-delivery"})
        assert (again.status_code, again["Idempotency-Replayed"], again.json()) == (201, "true", first)
        named = by_text(cast, external_code="mine", location=HAUTE)
        placed = place(api(cast.customer), named)
        again = api(cast.customer).post(ORDERS, named | {"location": None})
        assert (again.status_code, again.json()["orders"][0]["id"]) == (200, placed["orders"][0]["id"])

    def test_many_parts_wait_no_longer_than_one(
        self, cast: Cast, api: Api, server: FakeGeocoder, settings: Any
    ) -> None:
        settings.GEOCODER_TIMEOUT, server.slow = 0.5, 0.3
        part = {name: value for name, value in by_text(cast).items() if name != "payment_method"}
        parts = [{**part, "address": f"Rue Haute {number}"} for number in range(10)]
        refused(api().post(QUOTE, {"vendors": parts}), 400, "/vendors/2/location", "required")
        assert len(server.asked) == 2

    def test_guests_ask_so_often_from_one_address(
        self, cast: Cast, api: Api, server: FakeGeocoder, settings: Any
    ) -> None:
        settings.THROTTLE_PLACES = 2
        for number in range(1, 4):
            answer = api().post(QUOTE, by_text(cast, f"Rue Haute {number}"))
            assert answer.status_code == (200 if number < 3 else 429)
        assert len(server.asked) == 2


class TestDialects:
    def test_kesk_by_a_saved_address_without_a_point(self, cast: Cast, api: Api) -> None:
        where = kesk.address(cast.customer_row, lat=None, lng=None)
        Address.objects.filter(pk=where.pk).update(address="Rue Haute 118")
        client = api(cast.customer)
        fee = client.post(
            f"{kesk.BASE}/order/delivery-fee-summary", {"vendor_id": cast.vendor.pk, "delivery_address_id": where.pk}
        )
        assert (fee.status_code, fee.json()["data"]["distance"]) == (200, TO_HAUTE)
        answer = client.post(kesk.ORDERS, kesk.order_of(cast, delivery_address_id=where.pk))
        assert answer.status_code == 201
        address = answer.json()["data"]["delivery_address"]
        assert (address["address"], address["latitude"]) == ("Rue Haute 118", HAUTE["lat"])

    def test_kesk_asks_for_a_fee_at_one_place(self, cast: Cast, api: Api) -> None:
        where = kesk.address(cast.customer_row, **HAUTE)
        body = {"vendor_id": cast.vendor.pk, "delivery_address_id": where.pk}
        path = f"{kesk.BASE}/order/delivery-fee-summary"
        elsewhere = {"latitude": NEAR["lat"], "longitude": NEAR["lng"]}
        kesk.refused(api(cast.customer).post(path, body | elsewhere), 400, "delivery_address_id")
        same = {"latitude": HAUTE["lat"], "longitude": HAUTE["lng"]}
        assert api(cast.customer).post(path, body | same).json()["data"]["distance"] == TO_HAUTE

    def test_kesk_sends_a_package_by_two_texts(self, cast: Cast, api: Api) -> None:
        box = make_package_type(cast.vendor, max_side=None)
        body = {
            "type": "package",
            "vendor_id": cast.vendor.pk,
            "package_type_id": box.pk,
            "pickup_address": "Rue Haute 118",
            "dropoff_address": "Place du Grand Sablon 12",
            "weight": 2.001,
            "recipient_name": "Rita",
            "recipient_phone": "+32470123457",
            "payment_gateway_method_id": 1,
        }
        assert api(cast.customer).post(kesk.ORDERS, body).status_code == 201
        order = Order.objects.get()
        assert (order.distance, order.delivery_fee, order.lat) == (BETWEEN, 110, SABLON["lat"])
        assert (order.package.pickup_lat, order.package.pickup_lng) == (HAUTE["lat"], HAUTE["lng"])
        quote = api(cast.customer).post(f"{kesk.BASE}/order/summary", body)
        assert quote.status_code == 200
        for name in ("pickup_address", "dropoff_address"):
            for text, why in (
                ("Kerkstraat 1", "This may mean several places: "),
                ("Nowhere 1", "The fee depends on the distance, and this address has no location: send {"),
            ):
                with assert_nothing_changed():
                    error = kesk.refused(api(cast.customer).post(kesk.ORDERS, body | {name: text}), 400, name)
                assert error["message"].startswith(f"{name}: {why}")

    @pytest.mark.parametrize("geocoder", ["local", ""])
    @pytest.mark.parametrize("text", ["Kerkstraat 1", "Nowhere 1"])
    def test_kesk_sends_a_package_for_a_flat_fee_wherever_it_is(
        self, cast: Cast, api: Api, settings: Any, geocoder: str, text: str
    ) -> None:
        """An address that nobody knows, or that may be one of several, is kept as its text."""
        settings.GEOCODER_URL = geocoder
        box = make_package_type(cast.vendor, per_km=0, max_distance=None, max_side=None)
        saved = kesk.address(cast.customer_row, lat=None, lng=None)
        Address.objects.filter(pk=saved.pk).update(address=text)
        package = {
            "package_type_id": box.pk,
            "vendor_location_id": cast.vendor.pk,
            "weight": "0.5",
            "recipient_name": "Rita",
            "recipient_phone": "+32470123457",
            "payment_method": "cash",
        }
        for pickup in ({"pickup_address": text}, {"pickup_location_id": saved.pk}):
            body = {**package, **pickup, "dropoff_address": f"  {text} "}
            summary = api(cast.customer).post(f"{kesk.BASE}/order/summary", body).json()["data"]
            assert (summary["total"], summary["vendors"][0]["distance"]) == (3.2, None)
            data = kesk.placed(api(cast.customer), body)
            there = {"address": text, "notes": "", "latitude": None, "longitude": None}
            assert (data["total"], data["package"]["pickup"], data["package"]["dropoff"]) == (3.2, there, there)
        if geocoder:
            known = kesk.placed(
                api(cast.customer),
                {**package, "pickup_address": "Rue Haute 118", **{"dropoff_address": {"address": text}}},
            )
            assert known["package"]["pickup"]["latitude"] == HAUTE["lat"]
            several = package_cart(box, package={"pickup": {"address": "Kerkstraat 1"}})
            with assert_nothing_changed():
                refused(api(cast.customer).post(ORDERS, several), 400, "/package/pickup/address", "several_places")

    def test_the_shop_platform(self, cast: Cast, api: Api) -> None:
        body = {
            "currency": "EUR",
            "items": [{"productId": cast.products["pizza"].pk, "quantity": 1}],
            "address": "Rue Haute 118",
            "paymentMethod": "cash",
        }
        answer = api(cast.customer).post("/dialects/shop/System/Orders", body)
        assert answer.status_code == 201, answer.json()
        order = Order.objects.get()
        assert (order.fulfilment, order.address, order.lat, order.lng) == (1, "Rue Haute 118", *HAUTE.values())


def test_the_point_of_a_pickup_is_not_sought(cast: Cast, api: Api) -> None:
    order = place_order(api(cast.customer), cart(cast, address="Rue Haute 118"))
    assert (order.address, order.lat) == ("Rue Haute 118", None)
