"""Who is named to drive: ids can be guessed, so naming somebody tells nothing of it before it has accepted."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from orders.lifecycle.table import Status
from orders.models import Order
from tests.cast import Cast
from tests.orders.rows import make_order
from vendors.models import Driver

pytestmark = pytest.mark.django_db
Api = Callable[..., APIClient]


@pytest.fixture
def order(cast: Cast) -> Order:
    return make_order(cast, status=Status(7), stood="accepted", driver=None)


def seen(cast: Cast, api: Api, who: Any, order: Order) -> list[dict[str, Any]]:
    """The driver as each of the doors tells it."""
    client = api(who)
    native = client.get(f"/api/v1/orders/{order.pk}").data["driver"]
    kesk = client.get(f"/dialects/kesk/v1/orders/{order.pk}").json()["data"]["driver"]
    mode = {"mode": "dashboard"} if who in (cast.staff, cast.owner) else {}
    ordering = client.get(f"/dialects/ordering/orders/{order.pk}", mode).json()["result"]["driver"]
    return [native, kesk, ordering]


def test_naming_a_driver_tells_nothing_until_it_has_accepted(cast: Cast, api: Api, order: Order) -> None:
    answer = api(cast.owner).patch(f"/api/v1/orders/{order.pk}", {"driver": cast.driver_row.pk}, format="json")
    assert answer.status_code == 200, answer.data
    assert answer.data["driver"] == {"id": cast.driver_row.pk, "name": "", "phone": ""}
    for who in (cast.owner, cast.customer):
        assert [(one["name"], one["phone"]) for one in seen(cast, api, who, order)] == [("", "")] * 3
    listed = api(cast.owner).get("/api/v1/orders?mode=dashboard").data["results"]
    assert [row["driver"]["name"] for row in listed if row["id"] == order.pk] == [""]
    for who in (cast.staff, cast.driver):
        assert {one["name"] for one in seen(cast, api, who, order)} == {"Dora Driver"}
    assert api(cast.driver).post(f"/api/v1/orders/{order.pk}/transitions", {"to": 8}, format="json").status_code == 200
    for who in (cast.owner, cast.customer):
        assert {one["name"] for one in seen(cast, api, who, order)} == {"Dora Driver"}


def test_a_vendors_own_courier_is_told_at_once(cast: Cast, api: Api, order: Order) -> None:
    answer = api(cast.owner).patch(f"/api/v1/orders/{order.pk}", {"driver": cast.courier_row.pk}, format="json")
    assert answer.data["driver"]["name"] == "Carl Courier"


def test_a_driver_of_others_is_refused_like_one_that_does_not_exist(cast: Cast, api: Api, order: Order) -> None:
    theirs = Driver.objects.create(user=cast.stranger, name="Theo", phone="+3225550177", vendor=cast.other_vendor)
    answers = []
    for driver_id in (theirs.pk, cast.company_driver_row.pk, 10**6):
        answer = api(cast.owner).patch(f"/api/v1/orders/{order.pk}", {"driver": driver_id}, format="json")
        answers.append((answer.status_code, answer.data["errors"]))
    assert answers[0] == answers[1] == answers[2]
    assert answers[0][0] == 400
    order.refresh_from_db()
    assert order.driver_id is None
