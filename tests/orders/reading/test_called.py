"""An order has one name that people say: the kitchen, the driver and the customer are told the same."""

from typing import Any

import pytest

from orders.lifecycle.table import Fulfilment
from orders.models import NumberSeries
from tests.cast import Cast
from tests.orders.rows import make_order

pytestmark = pytest.mark.django_db
ORDERS = "/api/v1/orders"


@pytest.mark.parametrize(
    ("fulfilment", "locker", "letter"),
    [
        (Fulfilment.DELIVERY, "", "D"),
        (Fulfilment.PICKUP, "", "P"),
        (Fulfilment.EAT_IN, "", "P"),
        (Fulfilment.PICKUP, "Locker 3", "L"),
        (Fulfilment.DIGITAL, "", "E"),
    ],
)
@pytest.mark.parametrize("has_series", [True, False])
def test_every_door_calls_it_the_same(
    cast: Cast, api: Any, fulfilment: Fulfilment, locker: str, letter: str, has_series: bool
) -> None:
    series = NumberSeries.of(fulfilment, locker) if has_series else None
    order = make_order(cast, 0, fulfilment, locker=locker, number=71, number_series=series)
    staff, customer = api(cast.staff), api(cast.customer)
    told = [
        staff.get(f"{ORDERS}?mode=dashboard").json()["results"][0],
        staff.get(f"{ORDERS}?mode=dashboard&expand=items").json()["results"][0],
        customer.get(f"{ORDERS}/{order.pk}").json(),
        api(None).post("/api/v1/track", {"code": order.tracking_code}).json(),
    ]
    assert {(one["number"], one["called"]) for one in told} == {(71, f"{letter}71")}
    found = staff.get(f"{ORDERS}?mode=dashboard&q={letter.lower()}71").json()["results"]
    assert [one["id"] for one in found] == [order.pk]
