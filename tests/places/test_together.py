"""A text and a point that come together are one place: where the text is known to be clearly another, it is refused."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from rest_framework.test import APIClient

from ordersite.accounts.models import Address
from ordersite.places import lookup
from tests.cast import Cast, make_manager
from tests.orders.kinds import make_package_type, make_service, package_cart, service_cart, tomorrow
from tests.orders.shopping import ORDERS, QUOTE, assert_nothing_changed, cart, place, place_order, refused
from tests.places.fake_geocoder import FakeGeocoder, nominatim
from vendors.models import DeliveryZone
from vendors.services.vendors import bump_menu_version

Api = Callable[..., APIClient]
pytestmark = pytest.mark.django_db
ADDRESSES = "/api/v1/me/addresses"
# The vendor is at 50.85, 4.35; its zone Inner goes to 800 m, Near to 3000 m, and nothing to Ganshoren.
HERE = {"lat": 50.851, "lng": 4.351}  # 132 m away: Inner
HAUTE = {"lat": 50.8396, "lng": 4.3496}  # Rue Haute 118, 1157 m away: Near
TO_HAUTE = 1271  # from HERE
OUTSIDE = "Rue de l'Église 1, 1082 Brussels"  # 4456 m away
UNKNOWN, SEVERAL = "Naamsestraat 1", "Kerkstraat 1"


@pytest.fixture(autouse=True)
def inner(cast: Cast) -> DeliveryZone:
    DeliveryZone.objects.update(position=1)
    zone = DeliveryZone.objects.create(vendor=cast.vendor, name="Inner", radius=800, fee=100, position=0)
    bump_menu_version(cast.vendor.pk)
    return zone


def order_to(cast: Cast, address: Any, location: Any = HERE, **fields: Any) -> dict[str, Any]:
    return cart(cast, **{"delivery_type": "delivery", "address": address, "location": location, **fields})


@pytest.mark.parametrize("address", ["Rue Haute 118", OUTSIDE])
def test_another_zone_or_none_is_refused(cast: Cast, api: Api, address: str) -> None:
    for path in (ORDERS, QUOTE):
        with assert_nothing_changed():
            answer = api(cast.customer).post(path, order_to(cast, address))
        told = refused(answer, 400, "/location", "other_place")
        assert len(told["places"]) == 1
    if address != OUTSIDE:
        assert told["detail"] == (
            "The address is at 50.8396, 4.3496 (Rue Haute 118, 1000 Brussels), but the location 50.851, 4.351"
            f" is {TO_HAUTE} m away from it: send the address alone, or the address of that location."
        )
        assert (told["places"][0]["location"], told["metres"]) == (HAUTE, TO_HAUTE)


@pytest.mark.parametrize(
    ("address", "location"),
    [
        (UNKNOWN, HERE),
        (SEVERAL, HERE),
        ("Rue Haute 118", HAUTE),
        # The same zone, though 1 km away from each other.
        ("Rue Haute 118", {"lat": 50.832, "lng": 4.3496}),
        # Closer than 500 m, beyond the border of two zones.
        ("Rue du Marché au Charbon 1", {"lat": 50.8427, "lng": 4.3505}),
    ],
)
def test_all_else_is_taken_as_sent(cast: Cast, api: Api, address: str, location: dict[str, float]) -> None:
    order = place(api(cast.customer), order_to(cast, address, location))["orders"][0]
    assert (order["address"], order["location"]) == (address, location)


def test_a_guest_and_several_parts(cast: Cast, api: Api) -> None:
    guest = {"name": "Gina", "phone": "+32470123456", "address": "Rue Haute 118", "location": HERE}
    with assert_nothing_changed():
        refused(api().post(ORDERS, order_to(cast, None, None, guest=guest)), 400, "/guest/location", "other_place")
    part = {name: value for name, value in order_to(cast, UNKNOWN).items() if name != "payment_method"}
    body = {"payment_method": "cash", "vendors": [part, {**part, "address": "Rue Haute 118"}]}
    with assert_nothing_changed():
        refused(api(cast.customer).post(ORDERS, body), 400, "/vendors/1/location", "other_place")


def test_a_service_and_a_saved_address(cast: Cast, api: Api) -> None:
    body = service_cart(
        make_service(cast.vendor, at_customer=True), tomorrow(cast), "customer", address="Rue Haute 118", location=HERE
    )
    with assert_nothing_changed():
        refused(api(cast.customer).post(ORDERS, body), 400, "/location", "other_place")
    saved = Address.objects.create(customer=cast.customer_row, address="Rue Haute 118", **HERE)
    with assert_nothing_changed():
        answer = api(cast.customer).post(ORDERS, order_to(cast, saved.pk, None))
        told = refused(answer, 400, "/address", "other_place")
    assert told["detail"].endswith(f"away from it: set the point of /me/addresses/{saved.pk} right.")
    Address.objects.update(**HAUTE)
    assert place(api(cast.customer), order_to(cast, saved.pk, None))["orders"][0]["location"] == HAUTE


def test_a_packages_text_does_not_walk_away_from_its_point(cast: Cast, api: Api) -> None:
    """Changed as it is placed: another text beside the point that stands is the same place, or refused."""
    order = place_order(api(cast.customer), package_cart(make_package_type(cast.vendor)))
    here = {"lat": order.lat, "lng": order.lng}
    client, path = api(cast.customer), f"{ORDERS}/{order.pk}"
    with assert_nothing_changed(order):
        refused(client.patch(path, {"address": OUTSIDE, "location": here}), 400, "/location", "other_place")
    assert client.patch(path, {"address": UNKNOWN, "location": here}).status_code == 200


@pytest.mark.parametrize("kind", ["zone", "package"])
def test_without_a_geocoder_a_customers_text_does_not_walk_away_either(
    cast: Cast, api: Api, settings: Any, kind: str
) -> None:
    body = package_cart(make_package_type(cast.vendor)) if kind == "package" else order_to(cast, "Nieuwstraat 1")
    order = place_order(api(cast.customer), body)
    here = {"lat": order.lat, "lng": order.lng}
    settings.GEOCODER_URL = ""
    with assert_nothing_changed(order):
        answer = api(cast.customer).patch(f"{ORDERS}/{order.pk}", {"address": OUTSIDE, "location": here})
        refused(answer, 400, "/location", "other_place")
    same = api(cast.customer).patch(f"{ORDERS}/{order.pk}", {"address": order.address, "location": here})
    assert same.status_code == 200


def test_a_package_goes_by_the_distance_alone(cast: Cast, api: Api) -> None:
    box = make_package_type(cast.vendor)
    far = {"lat": 50.86, "lng": 4.351}  # 2270 m from Rue Haute 118
    for stop in ("pickup", "dropoff"):
        with assert_nothing_changed():
            body = package_cart(box, package={stop: {"address": "Rue Haute 118", "location": far}})
            refused(api(cast.customer).post(ORDERS, body), 400, f"/package/{stop}/location", "other_place")
        body = package_cart(box, package={stop: {"address": "Rue Haute 118", "location": HERE}})
        assert api(cast.customer).post(QUOTE, body).status_code == 200


def test_what_staff_send_is_a_pin_by_hand(cast: Cast, api: Api) -> None:
    """Staff, and a vendor's people with the right to place orders for it."""
    by_staff = order_to(cast, "Rue Haute 118", customer=cast.customer_row.pk)
    assert place(api(cast.staff), by_staff)["orders"][0]["location"] == HERE
    by_manager = order_to(cast, "Rue Haute 118", guest={"name": "Gina", "phone": "+32470123456"})
    assert place(api(make_manager(cast.vendor)), by_manager)["orders"][0]["location"] == HERE
    order = place_order(api(cast.customer), order_to(cast, UNKNOWN))
    changed = api(cast.staff).patch(f"{ORDERS}/{order.pk}", {"address": "Rue Haute 118", "location": HERE})
    assert (changed.status_code, changed.json()["address"]) == (200, "Rue Haute 118")


def test_a_change_of_an_order(cast: Cast, api: Api) -> None:
    order = place_order(api(cast.customer), order_to(cast, UNKNOWN))
    path, both = f"{ORDERS}/{order.pk}", {"address": "Rue Haute 118", "location": {"lat": 50.8511, "lng": 4.351}}
    with assert_nothing_changed(order):
        refused(api(cast.customer).patch(path, both), 400, "/location", "other_place")
        assert api(cast.stranger).patch(path, both).status_code == 404
    assert api(cast.customer).patch(path, {**both, "address": SEVERAL}).status_code == 200


def test_saved_addresses_know_no_zone(cast: Cast, api: Api) -> None:
    client = api(cast.customer)
    far = {"lat": 50.86, "lng": 4.351}
    with assert_nothing_changed():
        body = {"address": "Rue Haute 118", "location": far}
        told = refused(client.post(ADDRESSES, body), 400, "/location", "other_place")
        assert told["places"][0]["location"] == HAUTE
    assert not Address.objects.exists()
    saved = client.post(ADDRESSES, {"address": "Rue Haute 118", "location": HERE})
    assert (saved.status_code, saved.json()["location"]) == (201, HERE)
    path = f"{ADDRESSES}/{saved.json()['id']}"
    refused(client.patch(path, {"address": "Rue Haute 118", "location": far}), 400, "/location", "other_place")
    assert Address.objects.values_list("lat", "lng").get() == tuple(HERE.values())
    assert client.patch(path, {"address": UNKNOWN, "location": far}).status_code == 200


class TestAnotherServer:
    @pytest.fixture
    def server(self, fake: FakeGeocoder, settings: Any) -> FakeGeocoder:
        settings.GEOCODER_URL = f"nominatim+http://{fake.host}"
        fake.answers["/search"] = [nominatim("Rue Haute 118", **HAUTE)]
        return fake

    @pytest.mark.parametrize("trouble", ["off", "slow", "broken", "none", "several"])
    def test_without_one_answer_it_is_taken_as_sent(
        self, cast: Cast, api: Api, server: FakeGeocoder, settings: Any, trouble: str
    ) -> None:
        if trouble == "off":
            settings.GEOCODER_URL = ""
        elif trouble == "slow":
            settings.GEOCODER_TIMEOUT, server.slow = 0.2, 0.5
        elif trouble == "broken":
            server.status = 500
        else:
            rows = [nominatim("Rue Haute 118", **HAUTE), nominatim("Rue Haute 118", 50.84, 4.39)]
            server.answers["/search"] = rows if trouble == "several" else []
        order = place(api(cast.customer), order_to(cast, "Rue Haute 118"))["orders"][0]
        assert order["location"] == HERE

    @pytest.mark.django_db(transaction=True)
    def test_it_is_asked_before_the_transaction(
        self, cast: Cast, api: Api, server: FakeGeocoder, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        within: list[bool] = []
        real = lookup.choose_places
        monkeypatch.setattr(
            lookup, "choose_places", lambda *args: (within.append(connection.in_atomic_block), real(*args))[1]
        )
        refused(api(cast.customer).post(ORDERS, order_to(cast, "Rue Haute 118")), 400, "/location", "other_place")
        order = place_order(api(cast.customer), order_to(cast, "Rue X 118", HAUTE))
        # Both lie in the zone that was paid for.
        both = {"address": "Rue Y 118", "location": HERE}
        assert api(cast.customer).patch(f"{ORDERS}/{order.pk}", both).status_code == 200
        api(cast.customer).post(ADDRESSES, {"address": "Rue Z 118", "location": HERE})
        assert within == [False] * len(server.asked)
        assert len(server.asked) == 4

    def test_staff_ask_nobody(self, cast: Cast, api: Api, server: FakeGeocoder) -> None:
        place(api(cast.staff), order_to(cast, "Rue Haute 118", customer=cast.customer_row.pk))
        assert server.asked == []

    def test_who_has_used_up_its_look_ups_does_not_pass_by_the_check(
        self, cast: Cast, api: Api, server: FakeGeocoder, settings: Any
    ) -> None:
        settings.THROTTLE_PLACES = 2
        client = api(cast.customer)
        assert [client.get("/api/v1/places", {"q": f"Street {number}"}) for number in range(3)][-1].status_code == 429
        for path in (ORDERS, QUOTE, ADDRESSES):
            body = (
                order_to(cast, OUTSIDE)
                if path != ADDRESSES
                else {"label": "Home", "address": OUTSIDE, "location": HERE}
            )
            with assert_nothing_changed():
                answer = client.post(path, body)
            assert (answer.status_code, answer.json()["code"], answer["Retry-After"]) == (429, "throttled", "60")
