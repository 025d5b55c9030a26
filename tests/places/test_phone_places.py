"""An order by phone to an address as people say it: looked up, chosen among several, or its zone chosen by hand."""

from typing import Any

import pytest
from django.test import Client

from orders.models import Order, OrderEvent
from ordersite.accounts.models import Address
from tests.cast import Cast
from tests.orders.admin.test_phone_orders import of_phone, path, placed, send
from tests.orders.shopping import assert_nothing_changed
from tests.places.fake_geocoder import FakeGeocoder, nominatim

HAUTE = (50.8396, 4.3496)


def delivery(cast: Cast, **fields: Any) -> dict[str, Any]:
    """What the browser sends for a pizza, brought to an address without its point."""
    return {**of_phone(cast, pizza=1), "delivery_type": "delivery", "address": "Rue Haute 118", **fields}


def shown(response: Any, name: str) -> Any:
    return response.context["form"][name].value()


def test_by_the_address_alone(cast: Cast, office: Client) -> None:
    form = delivery(cast)
    page = send(office, path(cast), form)
    assert (page.context["quote"].total, shown(page, "lat"), shown(page, "lng")) == (1450, "50.8396", "4.3496")
    order = placed(office, path(cast), form)
    assert (order.address, order.lat, order.lng, order.distance, order.total) == ("Rue Haute 118", *HAUTE, 1157, 1450)


def test_a_point_goes_with_the_address_that_it_was_found_for(cast: Cast, office: Client) -> None:
    first = send(office, path(cast), delivery(cast))
    back = {name: shown(first, name) for name in ("lat", "lng", "located")}
    assert shown(send(office, path(cast), delivery(cast, **back)), "lat") == "50.8396"
    order = placed(office, path(cast), delivery(cast, **back, address="Place du Grand Sablon 12"))
    assert (order.address, order.lat, order.lng) == ("Place du Grand Sablon 12", 50.8405, 4.3554)
    # A point that was set by hand stays, whatever the address.
    by_hand = delivery(cast, **back | {"lat": "50.84", "lng": "4.35"}, address="Nowhere 1")
    order = placed(office, path(cast), {**by_hand, "key": of_phone(cast)["key"]})
    assert (order.address, order.lat, order.lng) == ("Nowhere 1", 50.84, 4.35)


def test_one_of_several_is_chosen(cast: Cast, office: Client) -> None:
    form = delivery(cast, address="Kerkstraat 1")
    with assert_nothing_changed():
        page = send(office, path(cast), form)
    assert page.context["form"].errors["address"] == ["This may mean several places: choose one of them."]
    assert page.context["quote"] is None
    texts = [text for _, text in page.context["choices"]]
    assert texts == ["Rue de l'Église 1, 1060 Brussels", "Rue de l'Église 1, 1082 Brussels"]
    assert page.content.decode().count('type="radio" name="chosen_place"') == 2
    value = page.context["choices"][0][0]
    page = send(office, path(cast), {**form, "chosen_place": value})
    assert (shown(page, "address"), shown(page, "lat")) == (texts[0], "50.8274")
    order = placed(office, path(cast), {**form, "chosen_place": value})
    assert (order.address, order.lat, order.lng) == (texts[0], 50.8274, 4.3452)
    for nonsense in ("x", "1|2", "nan|inf|x", "99|4|x", "|||"):
        page = send(office, path(cast), {**form, "chosen_place": nonsense})
        assert list(page.context["form"].errors) == ["address"]


def test_nobody_knows_it_so_the_zone_is_chosen_by_hand(cast: Cast, office: Client) -> None:
    form = delivery(cast, address="Mill at the brook")
    with assert_nothing_changed():
        page = send(office, path(cast), form)
    assert page.context["form"].errors["address"] == [
        "This address has no location yet: put the pin on the map, or type the coordinates. Or choose a zone by hand."
    ]
    order = placed(office, path(cast), {**form, "delivery_zone": str(cast.zone.pk)})
    assert (order.address, order.lat, order.delivery_zone_id, order.delivery_fee, order.total) == (
        "Mill at the brook",
        None,
        cast.zone.pk,
        250,
        1450,
    )
    assert OrderEvent.objects.get(order=order).data == {"zone_by_hand": "Near"}
    shown = office.get(f"/admin/orders/order/{order.pk}/change/").content.decode()
    assert "Delivery zone chosen by hand: Near" in shown
    page = send(office, path(cast), {**form, "delivery_zone": "987654"})
    assert list(page.context["form"].errors) == ["delivery_zone"]
    # Collected, it has no zone.
    order = placed(office, path(cast), {**of_phone(cast, pizza=1), "delivery_zone": str(cast.zone.pk)})
    assert (order.delivery_zone_id, order.total) == (None, 1200)


def test_a_saved_address_without_a_point(cast: Cast, office: Client) -> None:
    saved = Address.objects.create(customer=cast.customer_row, address="Rue Haute 118")
    form = delivery(cast, address="", saved_address=saved.pk)
    order = placed(office, path(cast, cast.customer_row), form)
    assert (order.address, order.lat, order.lng) == ("Rue Haute 118", *HAUTE)


def test_a_saved_address_that_means_several_places(cast: Cast, office: Client) -> None:
    """The one that is chosen goes on as a typed address; the saved one stays as it is."""
    saved = Address.objects.create(customer=cast.customer_row, address="Kerkstraat 1")
    where = path(cast, cast.customer_row)
    form = delivery(cast, address="", saved_address=saved.pk)
    value, text = send(office, where, form).context["choices"][0]
    page = send(office, where, {**form, "chosen_place": value})
    assert (shown(page, "address"), shown(page, "saved_address")) == (text, "")
    order = placed(office, where, {**form, "chosen_place": value})
    assert (order.address, order.lat, order.lng) == (text, 50.8274, 4.3452)
    saved.refresh_from_db()
    assert (saved.address, saved.lat) == ("Kerkstraat 1", None)


@pytest.mark.django_db(transaction=True)
def test_another_server_is_asked_before_the_transaction(
    cast: Cast, office: Client, settings: Any, fake: FakeGeocoder
) -> None:
    settings.GEOCODER_URL = f"nominatim+http://{fake.host}"
    fake.answers["/search"] = [nominatim("118, Rue Haute", *HAUTE)]
    assert placed(office, path(cast), delivery(cast)).lat == HAUTE[0]
    assert (len(fake.asked), Order.objects.count()) == (1, 1)
