"""Addresses in the back-office: of an order, on a page of its own, and saved ones beside their customer."""

from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from rest_framework.test import APIClient

from orders.admin import destination
from orders.checkout import Place
from orders.lifecycle.table import Fulfilment
from orders.models import Order, OrderEvent
from orders.services.editing.order_fields import change_order
from ordersite.accounts.callers import caller_of_user
from ordersite.accounts.models import Address
from tests.cast import Cast
from tests.office import form_of
from tests.office import send as send_form
from tests.orders.admin.test_phone_orders import said
from tests.orders.back_office import place_order
from tests.orders.shopping import FAR, NEAR, assert_nothing_changed
from tests.places.fake_geocoder import FakeGeocoder, nominatim
from tests.places.test_changing import HAUTE, switch_off

pytestmark = pytest.mark.django_db
PLACE = Place(address="Naamsestraat 1", **NEAR)


@pytest.fixture
def order(cast: Cast) -> Order:
    return place_order(cast, fulfilment=Fulfilment.DELIVERY, place=PLACE, lines=2)


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
        assert (response.status_code, said(response)) == (302, ["The address was changed."])
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
                "The new address is outside the delivery zone that was paid for: cancel the order and place a new one."
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
            assert said(response)[0].startswith(
                "The address and its location change together, and no location is known"
            )
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

    @pytest.mark.parametrize(
        ("meanwhile", "told"),
        [
            ({"comment": "Ring twice"}, "comment: – → Ring twice"),
            ({"address_notes": "Bell 9"}, "address notes: – → Bell 9"),
            ({"address": "Rue Haute 126"}, "address: Naamsestraat 1 → Rue Haute 126; location: "),
        ],
    )
    def test_a_conflict_says_what_changed_and_a_second_saving_goes_through(
        self, cast: Cast, office: Client, order: Order, meanwhile: dict[str, Any], told: str
    ) -> None:
        shown = form_of(office.get(path(order)))
        other = APIClient()
        other.force_authenticate(cast.staff)
        assert other.patch(f"/api/v1/orders/{order.pk}", meanwhile, format="json").status_code == 200
        order.refresh_from_db()
        with assert_nothing_changed(order):
            page = office.post(path(order), {**shown, "address": "Rue Haute 118"})
        assert said(page)[0].startswith(f"Changed meanwhile: {told}")
        assert "now Pending" not in said(page)[0]
        assert "Current address" in page.content.decode()
        assert order.address in page.content.decode()
        # What was typed is kept; what was not, follows the order.
        sent = form_of(page)
        assert (sent["address"], sent["address_notes"]) == ("Rue Haute 118", order.address_notes)
        assert office.post(path(order), sent).status_code == 302
        assert now(order) == ("Rue Haute 118", *HAUTE.values())
        assert (order.version, order.address_notes) == (3, meanwhile.get("address_notes", ""))

    def test_what_was_not_typed_follows_the_order(self, cast: Cast, office: Client, order: Order) -> None:
        shown = form_of(office.get(path(order)))
        send(office, order, address="Rue Haute 118")
        page = office.post(path(order), {**shown, "address_notes": "Bell 3"})
        sent = form_of(page)
        assert (sent["address"], sent["lat"], sent["address_notes"]) == ("Rue Haute 118", "50.8396", "Bell 3")
        assert office.post(path(order), sent).status_code == 302
        assert (*now(order), order.address_notes) == ("Rue Haute 118", *HAUTE.values(), "Bell 3")

    def test_faster_by_a_hair(self, cast: Cast, office: Client, order: Order, monkeypatch: Any) -> None:
        """Somebody changes it while the geocoder is asked."""
        sent = {**form_of(office.get(path(order))), "address": "Rue Haute 118"}
        real = destination.look_up_destination  # type: ignore[attr-defined]

        def slow(order_id: int, *args: Any) -> Any:
            with transaction.atomic():
                caller = caller_of_user(cast.staff)
                change_order(order_id=order_id, caller=caller, fields={"comment": "Ring"})
            return real(order_id, *args)

        with monkeypatch.context() as patch:
            patch.setattr(destination, "look_up_destination", slow)
            page = office.post(path(order), sent)
        assert said(page) == [
            "Changed meanwhile: comment: – → Ring. Nothing was done; this page shows the order as it is."
        ]
        assert now(order) == ("Naamsestraat 1", *NEAR.values())
        assert office.post(path(order), form_of(page)).status_code == 302
        assert now(order) == ("Rue Haute 118", *HAUTE.values())

    @pytest.mark.parametrize("fields", [{}, {"keep_point": "on"}])
    def test_nothing_typed_is_nothing_changed(self, office: Client, order: Order, fields: dict[str, Any]) -> None:
        with assert_nothing_changed(order):
            response = office.post(path(order), {**form_of(office.get(path(order))), **fields})
        assert said(response) == ["Nothing was changed: the order already has these values."]
        assert OrderEvent.objects.filter(order=order).count() == 1

    def test_what_has_no_address_to_change_says_why(self, cast: Cast, office: Client, order: Order) -> None:
        sent = form_of(office.get(path(order)))
        collected, deleted = place_order(cast), place_order(cast, fulfilment=Fulfilment.DELIVERY, place=PLACE, lines=2)
        Order.objects.filter(pk=deleted.pk).update(deleted_at=deleted.placed_at)
        Order.objects.filter(pk=order.pk).update(status=2, closed_at=order.placed_at)
        for one, why in (
            (collected, "has no delivery address, because it is not delivered (pickup)."),
            (deleted, "is deleted: its address can no longer be changed."),
            (order, "is closed: its address can no longer be changed."),
        ):
            one.refresh_from_db()
            with assert_nothing_changed(one):
                for response in (office.get(path(one)), office.post(path(one), {**sent, "address": "Rue Haute 118"})):
                    assert response["Location"] == f"/admin/orders/order/{one.pk}/change/"
                    assert said(response)[-1] == f"Order #{one.pk} {why}"
        assert office.get("/admin/orders/order/987654/address/")["Location"] == "/admin/orders/order/"

    def test_not_by_strangers(self, cast: Cast, office: Client, order: Order) -> None:
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
        assert "The address has changed: set its location again" in response.content.decode()
        for wrong in ({"lat": "500"}, {"lat": ""}):
            assert self.post(office, saved, **wrong).status_code == 200
        assert row() == ("Naamsestraat 1", *NEAR.values())
        response = self.post(office, saved, address="Meir 1", **FAR)
        assert response.status_code == 302, [part.formset.errors for part in response.context["inline_admin_formsets"]]
        assert row() == ("Meir 1", *FAR.values())
        assert self.post(office, saved, address="Meir 2", lat="", lng="").status_code == 302
        assert row() == ("Meir 2", None, None)
