"""The back-office's pages of bookings and packages, and what an order's page shows of them."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from orders.models import Booking
from tests.cast import Cast
from tests.orders.kinds import make_package_type, make_service, package_cart, service_cart, tomorrow
from tests.orders.shopping import place

Api = Callable[..., APIClient]
pytestmark = pytest.mark.django_db
BOOKINGS, PACKAGES = "/admin/orders/booking/", "/admin/orders/package/"


def found(office: Client, path: str, query: str) -> list[int]:
    return [row.order_id for row in office.get(path, {"q": query}).context["cl"].result_list]


def test_bookings_and_packages_are_found_and_only_shown(cast: Cast, office: Client, api: Api) -> None:
    client = api(cast.customer)
    cut, wash = make_service(cast.vendor), make_service(cast.vendor, name="Wash")
    first, second = (place(client, service_cart(one, tomorrow(cast)))["orders"][0]["id"] for one in (cut, wash))
    boxed = place(client, package_cart(make_package_type(cast.vendor)))["orders"][0]["id"]
    assert found(office, BOOKINGS, "") == [second, first]
    assert found(office, BOOKINGS, "hair") == found(office, BOOKINGS, f"#{first}") == [first]
    Booking.objects.filter(order=first).update(is_held=False)
    assert found(office, BOOKINGS, "hair") == []
    assert found(office, PACKAGES, str(boxed)) == found(office, PACKAGES, "") == [boxed]
    assert found(office, PACKAGES, "box") == []
    day = tomorrow(cast)
    shown = f"{day:%a} {day.day} {day:%b %Y} 10:00"
    assert shown in office.get(f"{BOOKINGS}{first}/change/").content.decode()
    assert "Second bell" in office.get(f"{PACKAGES}{boxed}/change/").content.decode()
    for path in (f"{BOOKINGS}{first}", f"{PACKAGES}{boxed}"):
        assert office.post(f"{path}/change/", {"place": "customer"}).status_code == 403
        assert office.post(f"{path}/delete/", {"post": "yes"}).status_code == 403
    booked = office.get(f"/admin/orders/order/{first}/change/").content.decode()
    assert "Hair cut, " in booked
    assert "at the vendor&#x27;s, free again" in booked
    carried = office.get(f"/admin/orders/order/{boxed}/change/").content.decode()
    assert "Box, 2001 g, 300 × 400 × 200 mm" in carried
    assert "m from the pick-up" in carried


def test_lists_take_the_same_statements(cast: Cast, office: Client, api: Api) -> None:
    cut, box = make_service(cast.vendor, capacity=9), make_package_type(cast.vendor)

    def statements() -> list[int]:
        taken = []
        for path in (BOOKINGS, PACKAGES, f"{BOOKINGS}?q=hair"):
            with CaptureQueriesContext(connection) as queries:
                assert office.get(path).status_code == 200
            taken.append(len(queries))
        return taken

    def order_both() -> None:
        place(api(cast.customer), service_cart(cut, tomorrow(cast)))
        place(api(cast.customer), package_cart(box))

    order_both()
    statements()
    few = statements()
    for _ in range(4):
        order_both()
    assert statements() == few
