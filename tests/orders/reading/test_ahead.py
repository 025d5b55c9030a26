"""expand=ahead: what a driver may do after steps of its own, told beforehand and kept by the decision itself."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from orders.models import Order, OrderEvent
from tests.cast import Cast
from tests.orders.rows import make_order
from tests.orders.shopping import ORDERS

Api = Callable[..., APIClient]
READY = "accepted prepared driver_accepted"


def told_ahead(client: APIClient, order: Order) -> dict[tuple[str, ...], list[Any]]:
    body = client.get(f"{ORDERS}/{order.pk}?expand=ahead").json()
    return {tuple(one["after"]): one["allowed_transitions"] for one in body["ahead"]}


def names(allowed: list[Any]) -> set[str]:
    return {one["name"] for one in allowed if not one["by_name"]}


@pytest.mark.parametrize(
    ("stood", "status"), [(READY, 8), (READY.replace("prepared ", ""), 8), (READY, 9), (READY, 12)]
)
def test_what_is_told_ahead_is_what_is_allowed_then(cast: Cast, api: Api, stood: str, status: int) -> None:
    """Each run of steps is walked by the API; what may be done at its end is what was told before its beginning."""
    driver = api(cast.driver)
    ahead = told_ahead(driver, make_order(cast, status, stood=stood, driver=cast.driver_row))
    assert ahead or status == 12
    for after, allowed in ahead.items():
        order = make_order(cast, status, stood=stood, driver=cast.driver_row)
        for name in after:
            body = driver.post(f"{ORDERS}/{order.pk}/transitions", {"transition": name}).json()
            assert body.get("status"), (after, body)
        assert body["allowed_transitions"] == allowed, after


def test_the_vendors_part_is_not_run_ahead_of(cast: Cast, api: Api) -> None:
    driver = api(cast.driver)
    waiting = make_order(cast, 8, stood=READY.replace("prepared ", ""), driver=cast.driver_row)
    assert set(told_ahead(driver, waiting)) == {("driver_arrive",)}
    assert "pick_up" not in names(told_ahead(driver, waiting)["driver_arrive",])
    ready = told_ahead(driver, make_order(cast, 8, stood=READY, driver=cast.driver_row))
    assert "pick_up" in names(ready["driver_arrive",])
    assert "deliver" in names(ready["driver_arrive", "pick_up"])
    assert not names(ready["driver_arrive", "pick_up", "deliver"])


def test_it_is_told_of_one_order_and_changes_none(cast: Cast, api: Api) -> None:
    driver, order = api(cast.driver), make_order(cast, 8, stood=READY, driver=cast.driver_row)
    before = Order.objects.filter(pk=order.pk).values().get()
    told_ahead(driver, order)
    assert Order.objects.filter(pk=order.pk).values().get() == before
    assert OrderEvent.objects.get(order=order).kind == "placed"
    moved = driver.post(f"{ORDERS}/{order.pk}/transitions?expand=ahead", {"transition": "driver_arrive"}).json()
    assert ["pick_up"] in [one["after"] for one in moved["ahead"]]
    refused = driver.get("/api/v1/drivers/me/orders?expand=ahead")
    assert refused.status_code == 400
    assert refused.json()["errors"][0] == {
        "pointer": "?expand",
        "code": "unknown",
        "detail": "Send any of items, events, separated by commas.",
    }
    assert "ahead" not in driver.get(f"{ORDERS}/{order.pk}").json()
    # Who may make no step is told of none.
    assert api(cast.stranger).get(f"{ORDERS}/{order.pk}?expand=ahead").status_code == 404
    assert api(cast.customer).get(f"{ORDERS}/{order.pk}?expand=ahead").json()["ahead"] == []
