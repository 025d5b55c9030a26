"""GET /vendors/{id}/services and /vendors/{id}/package-types."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from tests.cast import Cast
from tests.orders.kinds import make_package_type, make_service
from vendors.models import Vendor

Api = Callable[..., APIClient]
pytestmark = pytest.mark.django_db


def path(vendor: Vendor, what: str) -> str:
    return f"/api/v1/vendors/{vendor.pk}/{what}"


def rows(response: Any) -> list[dict[str, Any]]:
    assert response.status_code == 200, response.json()
    found: list[dict[str, Any]] = response.json()["results"]
    return found


def test_services_are_public(cast: Cast, api: Api) -> None:
    cut = make_service(cast.vendor, (0, "09:00", "17:00"), description="With a wash", at_customer=True)
    make_service(cast.vendor, name="Old", is_active=False)
    make_service(cast.other_vendor, name="Tasting")
    assert rows(api().get(path(cast.vendor, "services"))) == [
        {
            "id": cut.pk,
            "name": "Hair cut",
            "description": "With a wash",
            "price": {"amount": "40.00", "currency": "EUR"},
            "tax_rate": "21.00",
            "duration_minutes": 60,
            "capacity": 1,
            "places": ["vendor", "customer"],
            "hours": [{"weekday": 0, "opens": "09:00", "closes": "17:00"}],
        }
    ]
    assert rows(api(cast.customer).get(path(cast.other_vendor, "services")))[0]["places"] == ["vendor"]


def test_package_types_are_public(cast: Cast, api: Api) -> None:
    box = make_package_type(cast.other_vendor, max_side=None)
    make_package_type(cast.other_vendor, is_active=False)
    assert rows(api().get(path(cast.vendor, "package-types"))) == []
    assert rows(api().get(path(cast.other_vendor, "package-types"))) == [
        {
            "id": box.pk,
            "name": "Box",
            "description": "",
            "price": {"amount": "3.00", "currency": "USD"},
            "tax_rate": "21.00",
            "per_km": {"amount": "0.50", "currency": "USD"},
            "per_kg": {"amount": "0.20", "currency": "USD"},
            "max_weight": 10_000,
            "max_side": None,
            "max_distance": 50_000,
        }
    ]


@pytest.mark.parametrize("what", ["services", "package-types"])
def test_in_their_order_and_in_pages(cast: Cast, api: Api, what: str) -> None:
    make = make_service if what == "services" else make_package_type
    for position, name in enumerate(["Beta", "Alpha", "Gamma"]):
        make(cast.vendor, name=name, position=3 - position)
    assert [row["name"] for row in rows(api().get(path(cast.vendor, what)))] == ["Gamma", "Alpha", "Beta"]
    second = api().get(path(cast.vendor, what) + "?ordering=-name&per_page=2&page=2")
    assert [row["name"] for row in rows(second)] == ["Alpha"]
    assert second.json()["count"] == 3


@pytest.mark.parametrize("what", ["services", "package-types", "services/1/times"])
def test_vendors_switched_off_show_nothing(cast: Cast, api: Api, what: str) -> None:
    make_service(cast.vendor, pk=1)
    Vendor.objects.filter(pk=cast.vendor.pk).update(is_active=False)
    assert api().get(path(cast.vendor, what)).status_code == 404
    assert api(cast.other_owner).get(path(cast.vendor, what)).status_code == 404
    assert api(cast.owner).get(path(cast.vendor, what)).status_code == 200
    assert api().get(f"/api/v1/vendors/{10**17}/{what}").status_code == 404


@pytest.mark.parametrize(("what", "statements"), [("services", 4), ("package-types", 3)])
def test_the_same_statements_for_fifteen(cast: Cast, api: Api, what: str, statements: int) -> None:
    make = make_service if what == "services" else make_package_type
    for number in range(15):
        make(cast.vendor, name=f"Number {number}")
        if number in (0, 14):
            with CaptureQueriesContext(connection) as queries:
                assert len(rows(api().get(path(cast.vendor, what)))) == number + 1
            assert len(queries) == statements
