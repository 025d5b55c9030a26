"""Staff choose a zone by hand: its fee counts wherever the place is; nobody else may."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from orders.models import Order, OrderEvent
from tests.cast import Cast
from tests.orders.kinds import make_service, service_cart, tomorrow
from tests.orders.shopping import (
    FAR,
    NEAR,
    ORDERS,
    QUOTE,
    assert_nothing_changed,
    cart,
    eur,
    place,
    refused,
)
from vendors.models import DeliveryZone
from vendors.services.vendors import bump_menu_version

Api = Callable[..., APIClient]
pytestmark = pytest.mark.django_db
GUEST = {"name": "Gina Guest", "phone": "+32470123456"}


@pytest.fixture
def wide(cast: Cast) -> DeliveryZone:
    zone = DeliveryZone.objects.create(vendor=cast.vendor, name="Wide", radius=4000, fee=700, minimum=1300, position=9)
    bump_menu_version(cast.vendor.pk)
    return zone


def body(cast: Cast, zone: int, **fields: Any) -> dict[str, Any]:
    """Two pizzas for 24.00 to an address that no geocoder knows."""
    items = [{"product": cast.products["pizza"].pk, "quantity": 2}]
    fields = {"guest": GUEST, "address": "Mill at the brook", "location": None, "items": items, **fields}
    return cart(cast, **{"delivery_type": "delivery", "delivery_zone": zone, **fields})


@pytest.mark.parametrize(("location", "distance"), [(None, None), (FAR, 39_075)])
def test_staff_choose_it(
    cast: Cast, api: Api, wide: DeliveryZone, location: dict[str, float] | None, distance: int | None
) -> None:
    sent = body(cast, wide.pk, location=location)
    quote = api(cast.staff).post(QUOTE, {name: sent[name] for name in sent if name != "guest"})
    assert (quote.status_code, quote.json()["total"]) == (200, eur("31.00"))
    order = place(api(cast.staff), sent)["orders"][0]
    assert (order["delivery_zone"], order["delivery_fee"], order["total"]) == (wide.pk, eur("7.00"), eur("31.00"))
    assert (order["address"], order["location"], order["distance"]) == ("Mill at the brook", location, distance)
    assert OrderEvent.objects.get(order=order["id"]).data == {"zone_by_hand": "Wide"}


def test_a_zone_that_holds_the_point_is_not_by_hand(cast: Cast, api: Api, wide: DeliveryZone) -> None:
    order = place(api(cast.staff), body(cast, wide.pk, location=NEAR))["orders"][0]
    assert (order["delivery_zone"], order["delivery_fee"]) == (wide.pk, eur("7.00"))
    assert OrderEvent.objects.get(order=order["id"]).data == {}


def test_for_a_service_too(cast: Cast, api: Api, wide: DeliveryZone) -> None:
    service = make_service(cast.vendor, at_customer=True)
    where = {"address": "Mill at the brook", "location": None, "delivery_zone": wide.pk, "guest": GUEST}
    order = place(api(cast.staff), service_cart(service, tomorrow(cast), "customer", **where))["orders"][0]
    assert (order["delivery_fee"], order["total"]) == (eur("7.00"), eur("47.00"))
    assert OrderEvent.objects.get(order=order["id"]).data == {"zone_by_hand": "Wide"}


@pytest.mark.parametrize("role", ["customer", "owner", None])
def test_nobody_else(cast: Cast, api: Api, wide: DeliveryZone, role: str | None) -> None:
    client = api(getattr(cast, role)) if role else api()
    fields: dict[str, Any] = {"guest": None} if role == "customer" else {}
    with assert_nothing_changed():
        refused(client.post(ORDERS, body(cast, wide.pk, **fields)), 400, "/location", "required")
        answer = client.post(ORDERS, body(cast, wide.pk, location=FAR, **fields))
        refused(answer, 400, "/location", "outside_delivery_zone")


def test_its_rules_hold(cast: Cast, api: Api, wide: DeliveryZone) -> None:
    foreign = cast.other_vendor.delivery_zones.get()
    with assert_nothing_changed():
        refused(api(cast.staff).post(ORDERS, body(cast, foreign.pk)), 400, "/delivery_zone", "unknown")
        refused(api(cast.staff).post(ORDERS, body(cast, wide.pk, address=None)), 400, "/address", "required")
        little = body(cast, wide.pk, items=[{"product": cast.products["pizza"].pk}])
        assert api(cast.staff).post(ORDERS, little).json()["errors"][0]["code"] == "below_minimum"


def test_its_point_is_set_later_by_staff(cast: Cast, api: Api, wide: DeliveryZone) -> None:
    answer = place(api(cast.staff), body(cast, wide.pk))
    order = Order.objects.get(pk=answer["orders"][0]["id"])
    guest = api(order_token=answer["purchase"]["guest_token"])
    path = f"{ORDERS}/{order.pk}"
    with assert_nothing_changed(order):
        refused(guest.patch(path, {"address": "Elsewhere"}), 400, "/location", "required")
        refused(guest.patch(path, {"location": FAR}), 400, "/location", "other_zone")
    changed = api(cast.staff).patch(path, {"location": FAR}).json()
    assert (changed["address"], changed["location"], changed["distance"], changed["delivery_fee"]) == (
        "Mill at the brook",
        FAR,
        39_075,
        eur("7.00"),
    )
