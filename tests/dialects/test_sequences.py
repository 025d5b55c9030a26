"""Whole lives of an order at three dialects, as clients that were written from their pages make them, with mistakes.

A step that is refused, and one that repeats what has happened, changes nothing.
"""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from rest_framework.test import APIClient

from orders.models import Order
from tests.cast import Cast
from tests.dialects.kesk import calling as kesk
from tests.dialects.ordering import asking
from tests.dialects.shop import calling as shop
from tests.orders.shopping import NEAR, assert_nothing_changed

Api = Callable[..., APIClient]


@dataclass(frozen=True)
class Step:
    """Who sends what, how it is answered, and the number of the order's status after it."""

    who: str
    call: str  # method and the rest of the order's path
    body: Any
    answer: int
    status: int
    repeats: bool = False


def live(cast: Cast, api: Api, path: str, order: Order, steps: Sequence[Step]) -> None:
    """Makes the steps, each as it is expected."""
    for step in steps:
        method, _, rest = step.call.partition(" ")
        same = step.answer >= 400 or step.repeats
        with assert_nothing_changed(order) if same else nullcontext():
            answer = getattr(api(getattr(cast, step.who)), method)(f"{path}{rest}", step.body)
            assert answer.status_code == step.answer, (step, answer.content)
        order.refresh_from_db()
        assert order.status == step.status, step


def test_a_parcel_of_the_shops(cast: Cast, api: Api) -> None:
    ids = {number: shop.label_of(number).pk for number in (7, 9, 11)}
    body = shop.body_of(cast, customer=shop.WALK_IN, address="Naamsestraat 1", location={**NEAR}, paymentMethod="cash")
    order = shop.created(api(cast.owner).post(shop.ORDERS, body))
    line, soda = order.lines.get().pk, cast.products["soda"].pk
    parcel = {"trackingNumber": "3S1", "carrier": "Post"}
    steps = [
        Step("owner", "patch /done", {}, 403, 0),
        Step("stranger", "get", None, 404, 0),
        Step("customer", "patch /cancel", {}, 404, 0),
        Step("other_owner", "patch /status", {"statusId": ids[7]}, 404, 0),
        Step("owner", "patch /status", {"statusId": ids[11]}, 409, 0),
        Step("owner", "patch /sent", {}, 409, 0),
        Step("owner", "post /tracking", parcel, 200, 0),
        Step("owner", "post /tracking", parcel, 200, 0, repeats=True),
        Step("owner", "patch /status", {"statusId": ids[7]}, 200, 7),
        Step("owner", "patch /status", {"statusId": str(ids[7])}, 200, 7, repeats=True),
        Step("owner", "put /item", {"itemId": line, "quantity": "2", "productId": 0}, 200, 7),
        Step("owner", "post /item", {"productId": soda, "quantity": 1, "options": []}, 201, 7),
        Step("owner", "post /item", {"productId": cast.tea.pk, "quantity": 1}, 400, 7),
        Step("other_owner", f"delete /item/{line}", None, 404, 7),
        Step("owner", f"delete /item/{line}", None, 200, 7),
        Step("owner", f"delete /item/{line}", None, 404, 7),
        Step("owner", "patch /sent", {"value": "true"}, 200, 9),
        Step("owner", "patch /sent", {}, 200, 9, repeats=True),
        Step("owner", "patch /status", {"statusId": ids[7]}, 200, 9, repeats=True),
        Step("owner", "patch /cancel", {}, 409, 9),
        Step("owner", "patch /paid", {}, 200, 9),
        Step("owner", "patch /paid", {}, 200, 9, repeats=True),
        Step("owner", "patch /delivered", None, 200, 11),
        Step("owner", "patch /delivered", None, 200, 11, repeats=True),
        Step("owner", "patch /done", {}, 200, 1),
        Step("owner", "patch /sent", {}, 200, 1, repeats=True),
        Step("owner", "patch /cancel", {}, 409, 1),
        Step("owner", "post /item", {"productId": soda, "quantity": 1}, 409, 1),
        Step("owner", "post /history", {"text": "Called"}, 201, 1),
    ]
    live(cast, api, shop.at(order), order, steps)
    shown = api(cast.owner).get(shop.at(order)).json()
    assert [item["productId"] for item in shown["items"]] == [soda]
    assert shop.flags(shown) == {"paid", "done", "sent", "delivered"}


def test_a_delivery_of_orderings(cast: Cast, api: Api) -> None:
    sent = asking.order_of(cast, delivery_type="1", driver_id=0, offer_id=0, location={**NEAR})
    pk = asking.result_of(api(cast.customer).post(asking.ORDERS, sent))["id"]
    steps = [
        Step("customer", "put", {"status": 7}, 403, 0),
        Step("customer", "put", {"comment": "Second door"}, 403, 0),
        Step("other_owner", "put", {"status": 7}, 404, 0),
        Step("owner", "put", {"status": 11}, 409, 0),
        Step("owner", "put", {"status": 13}, 403, 0),
        Step("owner", "put", {"status": 99}, 400, 0),
        Step("owner", "put", {"status": "7", "prepared_in": "20", "driver_id": 0}, 200, 7),
        Step("owner", "put", {"status": 7}, 200, 7, repeats=True),
        Step("owner", "put", {"comment": "Second door", "offer_id": 0, "cash": "0", "location": {}}, 200, 7),
        Step("owner", "put", {"status": 4}, 200, 4),
        Step("driver", "put", {"status": 9}, 404, 4),
        Step("staff", "put", {"driver_id": cast.driver.pk}, 200, 4),
        Step("driver", "put", {"status": 8}, 200, 8),
        Step("driver", "put", {"status": 9}, 200, 9),
        Step("driver", "put", {"status": 8.0}, 200, 9, repeats=True),
        Step("customer", "put", {"status": 16}, 409, 9),
        Step("driver", "put", {"status": 11}, 200, 11),
        Step("driver", "put", {"status": 11}, 200, 11, repeats=True),
        Step("driver", "put", {"status": 12}, 403, 11),
        Step("staff", "put", {"status": 1}, 200, 1),
        Step("owner", "put", {"comment": "Third door"}, 409, 1),
        Step("owner", "delete", None, 403, 1),
    ]
    order = Order.objects.get(pk=pk)
    live(cast, api, asking.one(pk), order, steps)
    shown = asking.result_of(api(cast.staff).get(asking.one(pk), {"mode": "dashboard"}))
    before = order.version
    asking.result_of(api(cast.staff).put(asking.one(pk), shown))
    order.refresh_from_db()
    assert (order.version, order.comment) == (before, "Second door")


def test_a_delivery_of_keskes(cast: Cast, api: Api) -> None:
    none: dict[str, Any] = dict.fromkeys(("service_id", "package_type_id", "pickup_location_id"), 0) | {
        "pickup_address": {}
    }
    sent = kesk.order_of(cast, delivery_address_id=kesk.address(cast.customer_row).pk, **none)
    order = Order.objects.get(pk=kesk.placed(api(cast.customer), sent)["id"])
    steps = [
        Step("customer", "put", {"status": "Accepted"}, 403, 0),
        Step("other_owner", "put", {"status": "Accepted"}, 404, 0),
        Step("owner", "put", {"status": "Delivered"}, 409, 0),
        Step("owner", "put", {"status": "Sent"}, 400, 0),
        Step("owner", "put", {"status": "accepted", "driver_id": 0, "payment_method": ""}, 200, 7),
        Step("owner", "put", {"status": "ACCEPTED"}, 200, 7, repeats=True),
        Step("owner", "put", {"status": "Preparing", "reason": {}}, 200, 7),
        Step("owner", "put", {"status": "Ready"}, 200, 4),
        Step("owner", "put", {"status": "Enroute"}, 409, 4),
        Step("driver", "put", {"status": "Enroute"}, 404, 4),
        Step("staff", "put", {"driver_id": cast.driver_row.pk}, 200, 4),
        Step("driver", "put", {"status": "Enroute"}, 200, 9),
        Step("owner", "put", {"status": "Accepted"}, 200, 9, repeats=True),
        Step("customer", "put", {"status": "Cancelled"}, 409, 9),
        Step("driver", "put", {"status": "Delivered", "payment_status": "Paid"}, 200, 11),
        Step("driver", "put", {"status": "Delivered", "payment_status": "Paid"}, 200, 11, repeats=True),
        Step("customer", "put", {"status": "Cancelled"}, 409, 11),
    ]
    live(cast, api, kesk.url(order), order, steps)
    read = api(cast.staff).get(kesk.url(order)).json()["data"]
    before = order.version
    assert api(cast.staff).put(kesk.url(order), read).status_code == 200
    order.refresh_from_db()
    assert (order.version, read["payment_status"]) == (before, "Paid")
