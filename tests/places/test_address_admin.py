"""Addresses in the back-office: of an order, on a page of its own, and saved ones beside their customer."""

from typing import Any

import pytest
from django.test import Client

from orders.checkout import Place
from orders.lifecycle import Fulfilment
from orders.models import Order, OrderEvent
from ordersite.accounts.models import Address
from tests.cast import Cast
from tests.office import send as send_form
from tests.orders.back_office import place_order
from tests.orders.shopping import FAR, NEAR, assert_nothing_changed
from tests.orders.test_phone_orders import said
from tests.places.fake_geocoder import FakeGeocoder, nominatim
from tests.places.test_changing import HAUTE, switch_off

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(cast: Cast) -> Client:
    client = Client()
    client.force_login(cast.staff)
    return client


@pytest.fixture
def order(cast: Cast) -> Order:

    place = Place(address="Naamsestraat 1", **NEAR)
    return place_order(cast, fulfilment=Fulfilment.DELIVERY, place=place, lines=2)


def path(order: Order) -> str:
    return f"/admin/orders/order/{order.pk}/address/"


def send(client: Client, order: Order, **fields: Any) -> Any:
    """What the browser sends: what the page shows, with these changes."""
    form = client.get(path(order)).context["form"]
    shown = {name: form[name].value() for name in ("version", "address", "address_notes", "lat", "lng")}
    shown = {name: "" if value is None else value for name, value in shown.items()}
    return client.post(path(order), {**shown, **fields})


def now(order: Order) -> tuple[str, float | None, float | None]:
    order.refresh_from_db()
    return order.address, order.lat, order.lng


class TestOrders:
    def test_a_text_brings_its_point(self, cast: Cast, office: Client, order: Order) -> None:
        page = office.get(f"/admin/orders/order/{order.pk}/change/").content.decode()
        assert f'href="{path(order)}"' in page
        response = send(office, order, address="Rue Haute 118", address_notes="Bell 3")
        assert (response.status_code, said(response)) == (302, ["The address is changed."])
        assert now(order) == ("Rue Haute 118", *HAUTE.values())
        assert (order.address_notes, order.distance, order.version) == ("Bell 3", 1157, 2)
        event = OrderEvent.objects.latest("number")
        assert (event.role, event.actor) == ("staff", cast.staff.caller_key)

    def test_the_pin_is_set_right_though_the_zone_is_switched_off(
        self, cast: Cast, office: Client, order: Order
    ) -> None:
        switch_off(cast.zone)
        with assert_nothing_changed(order):
            response = send(office, order, lat="50.8513")
            assert said(response) == [
                "The new place lies outside the delivery zone that was paid for: cancel, and order anew."
            ]
        assert send(office, order, lat="50.8511").status_code == 302
        assert now(order) == ("Naamsestraat 1", 50.8511, 4.351)

    def test_a_pin_that_moves_counts_with_the_address_beside_it(self, office: Client, order: Order) -> None:
        assert send(office, order, lat="50.8515").status_code == 302
        assert now(order) == ("Naamsestraat 1", 50.8515, 4.351)
        assert send(office, order, address="Nowhere 1", lat="50.852").status_code == 302
        assert now(order) == ("Nowhere 1", 50.852, 4.351)

    def test_words_are_set_right_and_the_point_stays(self, office: Client, order: Order) -> None:
        with assert_nothing_changed(order):
            response = send(office, order, address="Naamsestraat 1A")
            assert said(response)[0].startswith("Address and point change together, and no point is known")
        assert send(office, order, address="Naamsestraat 1A", keep_point="on").status_code == 302
        assert now(order) == ("Naamsestraat 1A", *NEAR.values())

    def test_one_of_several_is_chosen(self, office: Client, order: Order) -> None:
        with assert_nothing_changed(order):
            page = send(office, order, address="Kerkstraat 1")
        assert page.context["form"].errors["address"] == ["This may mean several places: choose one of them."]
        value, text = page.context["choices"][0]
        assert send(office, order, address="Kerkstraat 1", chosen_place=value).status_code == 302
        assert now(order) == (text, 50.8274, 4.3452)

    @pytest.mark.parametrize(
        ("fields", "name"),
        [
            ({"lat": "91"}, "lat"),
            ({"lat": ""}, "lat"),
            ({"address": ""}, "address"),
            ({"address": "x" * 301}, "address"),
        ],
    )
    def test_nonsense(self, office: Client, order: Order, fields: dict[str, Any], name: str) -> None:
        with assert_nothing_changed(order):
            assert name in send(office, order, **fields).context["form"].errors

    def test_who_was_faster_is_not_overwritten(self, office: Client, order: Order) -> None:
        Order.objects.filter(pk=order.pk).update(version=5)
        with assert_nothing_changed(order):
            response = send(office, order, address="Rue Haute 118", version="4")
        assert said(response)[0].startswith("Changed meanwhile")

    def test_not_what_is_collected_and_not_by_strangers(self, cast: Cast, office: Client, order: Order) -> None:
        collected = place_order(cast)
        assert office.get(path(collected)).status_code == 302
        client = Client()
        client.force_login(cast.customer)
        assert client.get(path(order)).status_code == 302
        assert client.post(path(order), {"address": "x", "version": 1}).status_code == 302
        assert now(order) == ("Naamsestraat 1", *NEAR.values())

    @pytest.mark.django_db(transaction=True)
    def test_another_server_is_asked_before_the_transaction(
        self, office: Client, order: Order, settings: Any, fake: FakeGeocoder
    ) -> None:
        settings.GEOCODER_URL = f"nominatim+http://{fake.host}"
        fake.answers["/search"] = [nominatim("Rue Haute 118", **HAUTE)]
        assert send(office, order, address="Rue Haute 118").status_code == 302
        assert now(order) == ("Rue Haute 118", *HAUTE.values())


class TestSavedAddresses:
    def post(self, office: Client, saved: Address, **fields: Any) -> Any:
        where = f"/admin/accounts/customer/{saved.customer_id}/change/"
        return send_form(office, where, **{f"addresses-0-{name}": value for name, value in fields.items()})

    def test_text_and_point_together(self, cast: Cast, office: Client) -> None:
        saved = Address.objects.create(customer=cast.customer_row, address="Naamsestraat 1", **NEAR)

        def row() -> tuple[str, float | None, float | None]:
            saved.refresh_from_db()
            return saved.address, saved.lat, saved.lng

        response = self.post(office, saved, address="Meir 1")
        assert response.status_code == 200
        assert "The address has changed, so its point does too" in response.content.decode()
        for wrong in ({"lat": "500"}, {"lat": ""}):
            assert self.post(office, saved, **wrong).status_code == 200
        assert row() == ("Naamsestraat 1", *NEAR.values())
        response = self.post(office, saved, address="Meir 1", **FAR)
        assert response.status_code == 302, [part.formset.errors for part in response.context["inline_admin_formsets"]]
        assert row() == ("Meir 1", *FAR.values())
        assert self.post(office, saved, address="Meir 2", lat="", lng="").status_code == 302
        assert row() == ("Meir 2", None, None)
