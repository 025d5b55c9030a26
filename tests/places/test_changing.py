"""Address and point of a delivery change together, in orders and in saved addresses."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from orders.models import Order, OrderEvent
from ordersite.accounts.models import Address
from tests.cast import Cast
from tests.orders.kinds import make_package_type, package_cart
from tests.orders.shopping import (
    FAR,
    NEAR,
    ORDERS,
    assert_nothing_changed,
    cart,
    eur,
    place_order,
    refused,
)
from tests.places.fake_geocoder import FakeGeocoder, nominatim
from vendors.models import DeliveryZone
from vendors.services.vendors import bump_menu_version

Api = Callable[..., APIClient]
pytestmark = pytest.mark.django_db
HAUTE = {"lat": 50.8396, "lng": 4.3496}
TO_HAUTE = 1157
LONDON = "12 Lamb's Conduit Street, London"
# Metres from NEAR: 14 and 17 to the north.
WITHIN, BEYOND = {"lat": 50.85113, "lng": 4.351}, {"lat": 50.85115, "lng": 4.351}
ADDRESSES = "/api/v1/me/addresses"


@pytest.fixture
def order(cast: Cast, api: Api) -> Order:
    """A delivery to Naamsestraat 1, at NEAR."""
    return place_order(api(cast.customer), cart(cast, delivery_type="delivery", address_notes="Bell 1"))


def patch(client: APIClient, order: Order, **fields: Any) -> Any:
    return client.patch(f"{ORDERS}/{order.pk}", fields)


def changed(client: APIClient, order: Order, **fields: Any) -> dict[str, Any]:
    response = patch(client, order, **fields)
    assert response.status_code == 200, response.json()
    answer: dict[str, Any] = response.json()
    return answer


def switch_off(zone: DeliveryZone) -> None:
    DeliveryZone.objects.filter(pk=zone.pk).update(is_active=False)
    bump_menu_version(zone.vendor_id)


class TestOrders:
    @pytest.mark.parametrize("role", ["customer", "staff"])
    def test_a_text_brings_its_point(self, cast: Cast, api: Api, order: Order, role: str) -> None:
        answer = changed(api(getattr(cast, role)), order, address="Rue Haute 118")
        assert (answer["address"], answer["location"], answer["distance"]) == ("Rue Haute 118", HAUTE, TO_HAUTE)
        assert (answer["delivery_fee"], answer["version"], answer["address_notes"]) == (eur("2.50"), 2, "Bell 1")
        assert OrderEvent.objects.get(order=order, number=2).data == {
            "old": {"address": "Naamsestraat 1", "location": NEAR},
            "new": {"address": "Rue Haute 118", "location": HAUTE},
        }

    @pytest.mark.parametrize("role", ["customer", "staff"])
    @pytest.mark.parametrize(
        ("fields", "pointer", "code"),
        [
            ({"address": "Meir 1, Antwerp"}, "/location", "required"),
            ({"address": LONDON}, "/address", "other_zone"),
            ({"address": "Kerkstraat 1"}, "/address", "several_places"),
            ({"address": "Rue Haute 118", "location": FAR}, "/location", "other_zone"),
            ({"location": FAR}, "/location", "other_zone"),
            ({"location": {"lat": 50.862, "lng": 4.385}}, "/address", "required"),
            ({"address": True}, "/address", "invalid"),
            ({"address": 987_654}, "/address", "unknown"),
            ({"address": ["x"]}, "/address", "invalid"),
            ({"address": "x" * 301}, "/address", "max_length"),
        ],
    )
    def test_what_is_refused(
        self, cast: Cast, api: Api, order: Order, role: str, fields: dict[str, Any], pointer: str, code: str
    ) -> None:
        with assert_nothing_changed(order):
            refused(patch(api(getattr(cast, role)), order, **fields), 400, pointer, code)

    def test_no_geocoder_no_text_alone(self, cast: Cast, api: Api, order: Order, settings: Any) -> None:
        settings.GEOCODER_URL = ""
        for fields, pointer in (({"address": "Rue Haute 118"}, "/location"), ({"location": HAUTE}, "/address")):
            with assert_nothing_changed(order):
                refused(patch(api(cast.customer), order, **fields), 400, pointer, "required")
        answer = changed(api(cast.customer), order, address="Rue Haute 118", location=HAUTE)
        assert (answer["address"], answer["location"], answer["distance"]) == ("Rue Haute 118", HAUTE, TO_HAUTE)

    def test_a_point_that_moves_brings_its_address(self, cast: Cast, api: Api, order: Order) -> None:
        answer = changed(api(cast.customer), order, location={"lat": 50.83961, "lng": 4.3496})
        assert (answer["address"], answer["location"]["lat"]) == ("Rue Haute 116, 1000 Brussels", 50.83961)

    @pytest.mark.parametrize("role", ["customer", "staff"])
    def test_a_point_that_is_set_right_keeps_its_address(self, cast: Cast, api: Api, order: Order, role: str) -> None:
        answer = changed(api(getattr(cast, role)), order, location=WITHIN)
        assert (answer["address"], answer["location"]) == ("Naamsestraat 1", WITHIN)
        beyond = {"lat": WITHIN["lat"] + 0.00015, "lng": WITHIN["lng"]}
        assert changed(api(getattr(cast, role)), order, location=beyond)["address"] != "Naamsestraat 1"

    def test_staff_set_a_point_right_though_its_zone_is_switched_off(self, cast: Cast, api: Api, order: Order) -> None:
        switch_off(cast.zone)
        with assert_nothing_changed(order):
            refused(patch(api(cast.customer), order, location=WITHIN), 400, "/location", "other_zone")
            refused(patch(api(cast.staff), order, location=BEYOND), 400, "/location", "other_zone")
            refused(patch(api(cast.staff), order, address="Rue Haute 118"), 400, "/address", "other_zone")
        answer = changed(api(cast.staff), order, location=WITHIN)
        assert (answer["location"], answer["delivery_zone"], answer["delivery_fee"]) == (
            WITHIN,
            cast.zone.pk,
            eur("2.50"),
        )
        assert (answer["address"], answer["total"]) == ("Naamsestraat 1", eur("14.50"))
        cast.zone.delete()
        assert changed(api(cast.staff), order, location=NEAR)["location"] == NEAR

    @pytest.mark.parametrize(
        "fields",
        [
            {},
            {"address": "Naamsestraat 1"},
            {"address": "Naamsestraat 1A"},
        ],
    )
    def test_staff_set_a_point_right_by_15_m_in_sum(
        self, cast: Cast, api: Api, order: Order, fields: dict[str, Any]
    ) -> None:
        """However often, and with whatever text: measured from where the order went by the rule for everybody."""
        client, second = api(cast.staff), {"lat": WITHIN["lat"] + 0.00004, "lng": WITHIN["lng"]}
        changed(client, order, address="Naamsestraat 2", location=NEAR)
        switch_off(cast.zone)
        changed(client, order, location=WITHIN, **fields)
        # Words that are set right with the point as it stands are no new beginning.
        changed(client, order, address="Naamsestraat 3", location=WITHIN)
        order.refresh_from_db()
        with assert_nothing_changed(order):
            refused(patch(client, order, location=second, **fields), 400, "/location", "other_zone")
        assert changed(client, order, location=NEAR, **fields)["location"] == NEAR

    def test_nobody_is_asked_about_what_the_caller_may_not_see(
        self, cast: Cast, api: Api, order: Order, fake: FakeGeocoder, settings: Any
    ) -> None:
        settings.GEOCODER_URL = f"nominatim+http://{fake.host}"
        for user, status in ((cast.stranger, 404), (cast.other_owner, 404)):
            for fields in ({"address": "Rue Haute 118"}, {"location": HAUTE}):
                with assert_nothing_changed(order):
                    assert patch(api(user), order, **fields).status_code == status
        assert fake.asked == []

    @pytest.mark.parametrize("role", ["customer", "staff"])
    def test_many_short_steps_lead_no_farther_than_one(self, cast: Cast, api: Api, order: Order, role: str) -> None:
        at = dict(NEAR)
        for _ in range(3):
            at = {**at, "lat": at["lat"] + 0.00004}  # 4 or 5 metres
            answer = changed(api(getattr(cast, role)), order, location=at)
            assert (answer["address"], answer["location"]) == ("Naamsestraat 1", at)
        order.refresh_from_db()
        assert (order.anchor_lat, order.anchor_lng) == (NEAR["lat"], NEAR["lng"])
        back = changed(api(getattr(cast, role)), order, location=NEAR)
        assert (back["address"], back["location"]) == ("Naamsestraat 1", NEAR)
        changed(api(getattr(cast, role)), order, location=at)
        answer = changed(api(getattr(cast, role)), order, location={**at, "lat": at["lat"] + 0.00005})
        assert answer["address"] != "Naamsestraat 1"
        order.refresh_from_db()
        assert (order.anchor_lat, order.anchor_lng) == (None, None)

    def test_a_saved_address_by_its_id(self, cast: Cast, api: Api, order: Order) -> None:
        saved = Address.objects.create(
            customer=cast.customer_row, address="Hoogstraat 118", address_notes="Code 7", **HAUTE
        )
        for client in (api(cast.customer), api(cast.staff)):
            answer = changed(client, order, address=saved.pk)
            assert (answer["address"], answer["address_notes"]) == ("Hoogstraat 118", "Code 7")
            assert (answer["location"], answer["distance"], answer["version"]) == (HAUTE, TO_HAUTE, 2)
        answer = changed(api(cast.customer), order, address=saved.pk, address_notes="Code 8")
        assert (answer["address_notes"], answer["version"]) == ("Code 8", 3)
        foreign = Address.objects.create(customer=cast.stranger_row, address="Elsewhere", **HAUTE)
        far = Address.objects.create(customer=cast.customer_row, address="Meir 1", **FAR)
        order.refresh_from_db()
        with assert_nothing_changed(order):
            refused(patch(api(cast.customer), order, address=foreign.pk), 400, "/address", "unknown")
            refused(patch(api(cast.staff), order, address=foreign.pk), 400, "/address", "unknown")
            refused(patch(api(cast.customer), order, address=far.pk), 400, "/address", "other_zone")
            both = patch(api(cast.customer), order, address=far.pk, location=NEAR)
            refused(both, 400, "/location", "saved_address")

    def test_a_saved_address_without_a_point(self, cast: Cast, api: Api, order: Order) -> None:
        saved = Address.objects.create(customer=cast.customer_row, address="Rue Haute 118")
        assert changed(api(cast.customer), order, address=saved.pk)["location"] == HAUTE
        unknown = Address.objects.create(customer=cast.customer_row, address="Nowhere 1")
        refused(patch(api(cast.customer), order, address=unknown.pk), 400, "/address", "no_point")

    def test_what_is_sent_as_it_stands_changes_nothing(self, cast: Cast, api: Api, order: Order) -> None:
        switch_off(cast.zone)
        with assert_nothing_changed(order):
            for fields in ({"address": "Naamsestraat 1"}, {"location": NEAR}):
                changed(api(cast.customer), order, **fields)

    def test_the_fee_of_a_package_goes_by_its_distance(self, cast: Cast, api: Api) -> None:
        order = place_order(api(cast.customer), package_cart(make_package_type(cast.vendor)))
        with assert_nothing_changed(order):
            refused(patch(api(cast.staff), order, address="Rue Haute 118"), 400, "/address", "other_zone")
            refused(patch(api(cast.customer), order, address="Meir 2", location=NEAR), 400, "/location", "other_zone")
        point = {"lat": FAR["lat"] + 0.0001, "lng": FAR["lng"]}
        answer = changed(api(cast.staff), order, address="Meir 2", location=point)
        assert (answer["address"], answer["location"], answer["distance"]) == ("Meir 2", point, order.distance)

    def test_what_is_collected_has_a_text_alone(self, cast: Cast, api: Api) -> None:
        order = place_order(api(cast.customer), cart(cast))
        answer = changed(api(cast.customer), order, address="Nowhere 1")
        assert (answer["address"], answer["location"]) == ("Nowhere 1", None)

    @pytest.mark.django_db(transaction=True)
    def test_another_server_is_asked_before_the_transaction(
        self, cast: Cast, api: Api, settings: Any, fake: FakeGeocoder
    ) -> None:
        order = place_order(api(cast.customer), cart(cast, delivery_type="delivery"))
        settings.GEOCODER_URL = f"nominatim+http://{fake.host}"
        fake.answers["/search"] = [nominatim("Rue Haute 118", **HAUTE)]
        fake.answers["/reverse"] = nominatim("Rue X 1", 50.852, 4.352)
        assert changed(api(cast.customer), order, address="Rue Haute 118")["location"] == HAUTE
        assert changed(api(cast.customer), order, location={"lat": 50.852, "lng": 4.352})["address"] == "Rue X 1"
        changed(api(cast.customer), order, comment="Ring", address="Rue Y 1", location=NEAR)
        # Both together: whether they are one place.
        assert [path for path, _ in fake.asked] == ["/search", "/reverse", "/search"]

    def test_ordering_sends_a_point_and_perhaps_a_text(self, cast: Cast, api: Api, order: Order) -> None:
        path = f"/dialects/ordering/orders/{order.pk}"

        def put(**point: Any) -> Any:
            return api(cast.staff).put(path, {"location": point})

        assert put(lat=50.83961, lng=4.3496).json()["result"]["location"]["address"] == "Rue Haute 116, 1000 Brussels"
        # Where no address is known the point is its own text.
        assert put(lat=50.862, lng=4.385).json()["result"]["location"]["address"] == "50.862, 4.385"
        answer = put(address="Rue Blaes 152", **NEAR).json()["result"]["location"]
        assert (answer["address"], answer["lat"]) == ("Rue Blaes 152", NEAR["lat"])


class TestSavedAddresses:
    @pytest.fixture
    def saved(self, cast: Cast) -> Address:
        return Address.objects.create(customer=cast.customer_row, address="Naamsestraat 1", **NEAR)

    def test_a_new_one_finds_its_point(self, cast: Cast, api: Api) -> None:
        answer = api(cast.customer).post(ADDRESSES, {"address": "Rue Haute 118"})
        assert (answer.status_code, answer.json()["location"]) == (201, HAUTE)
        for body in ({"address": "Nowhere 1"}, {"address": "Rue Haute 118", "location": None}):
            assert api(cast.customer).post(ADDRESSES, body).json()["location"] is None
        with assert_nothing_changed():
            refused(api(cast.customer).post(ADDRESSES, {"address": "Kerkstraat 1"}), 400, "/address", "several_places")

    def test_text_and_point_together(self, cast: Cast, api: Api, saved: Address) -> None:
        client, path = api(cast.customer), f"{ADDRESSES}/{saved.pk}"

        def now(**fields: Any) -> tuple[str, Any]:
            response = client.patch(path, fields)
            assert response.status_code == 200, response.json()
            return response.json()["address"], response.json()["location"]

        assert now(label="Work") == ("Naamsestraat 1", NEAR)
        assert now(address="Naamsestraat 1") == ("Naamsestraat 1", NEAR)
        assert now(location=WITHIN) == ("Naamsestraat 1", WITHIN)
        assert now(address="Rue Haute 118") == ("Rue Haute 118", HAUTE)
        assert now(address="Meir 1", location=FAR) == ("Meir 1", FAR)
        before = Address.objects.filter(pk=saved.pk).values().get()
        refused(client.patch(path, {"address": "Nowhere 1"}), 400, "/location", "required")
        refused(client.patch(path, {"address": "Kerkstraat 1"}), 400, "/address", "several_places")
        refused(client.patch(path, {"location": {"lat": 50.0, "lng": 4.0}}), 400, "/address", "required")
        assert Address.objects.filter(pk=saved.pk).values().get() == before
        assert now(location={"lat": 50.83961, "lng": 4.3496})[0] == "Rue Haute 116, 1000 Brussels"
        assert now(address="Nowhere 1", location=None) == ("Nowhere 1", None)
        assert now(address="Nowhere 2") == ("Nowhere 2", None)
        assert now(location=FAR) == ("Nowhere 2", FAR)
        assert now(location=None) == ("Nowhere 2", None)

    def test_no_way_leads_a_point_away_from_its_text(self, cast: Cast, api: Api, saved: Address) -> None:
        """Not many short steps, and not taking it away in between."""
        client, path = api(cast.customer), f"{ADDRESSES}/{saved.pk}"
        lat = NEAR["lat"]
        for step in range(3):
            lat += 0.00004
            answer = client.patch(path, {"location": {"lat": lat, "lng": NEAR["lng"]}}).json()
            assert (answer["address"], answer["location"]["lat"]) == ("Naamsestraat 1", lat), step
        assert client.patch(path, {"location": None}).json()["location"] is None
        refused(client.patch(path, {"location": {"lat": 50.0, "lng": 4.0}}), 400, "/address", "required")
        assert client.patch(path, {"location": WITHIN}).json()["address"] == "Naamsestraat 1"
        further = {"lat": WITHIN["lat"] + 0.00005, "lng": NEAR["lng"]}
        assert client.patch(path, {"location": further}).json()["address"] != "Naamsestraat 1"

    def test_anothers_is_not_there(self, cast: Cast, api: Api, saved: Address) -> None:
        for fields in ({"address": "Rue Haute 118"}, {"location": FAR}, {"address": "Kerkstraat 1"}):
            assert api(cast.stranger).patch(f"{ADDRESSES}/{saved.pk}", fields).status_code == 404
        assert Address.objects.filter(pk=saved.pk).values_list("address", "lat").get() == ("Naamsestraat 1", 50.851)

    @pytest.mark.django_db(transaction=True)
    def test_another_server_is_asked_before_the_transaction(
        self, cast: Cast, api: Api, settings: Any, fake: FakeGeocoder
    ) -> None:
        settings.GEOCODER_URL = f"nominatim+http://{fake.host}"
        fake.answers["/search"] = [nominatim("Rue Haute 118", **HAUTE)]
        answer = api(cast.customer).post(ADDRESSES, {"address": "Rue Haute 118"})
        path = f"{ADDRESSES}/{answer.json()['id']}"
        assert api(cast.customer).patch(path, {"address": "Rue Haute 118 bis"}).json()["location"] == HAUTE
        assert len(fake.asked) == 2
