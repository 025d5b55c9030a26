"""What the tests of Ordering's dialect share: its paths, an order as its clients send one, its refusals."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from rest_framework.test import APIClient

from tests.cast import Cast
from tests.orders.shopping import NEAR

Api = Callable[..., APIClient]
ORDERS = "/dialects/ordering/orders"


def order_of(cast: Cast, product: str = "pizza", **fields: Any) -> dict[str, Any]:
    """An order of one product, fetched now and paid in cash."""
    return {
        "paymethod_id": 1,
        "business_id": cast.vendor.pk,
        "delivery_type": 2,
        "delivery_datetime": at(datetime.now(UTC)),
        "location": {**NEAR},
        "products": [{"id": cast.products[product].pk, "quantity": 1}],
        **fields,
    }


def at(moment: datetime) -> str:
    """As their clients write a time."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def one(pk: int) -> str:
    return f"{ORDERS}/{pk}"


def result_of(response: Any) -> Any:
    """What was answered, which must be no error."""
    body = response.json()
    assert (response.status_code, body["error"]) == (200, False), body
    return body["result"]


def refused(response: Any, status: int, *told: str) -> None:
    """A refusal in their shape; `told` stand in its sentences, in this order."""
    body = response.json()
    assert (response.status_code, body["error"], set(body)) == (status, True, {"error", "result"}), body
    assert isinstance(body["result"], list)
    for sentence, part in zip(body["result"], told, strict=False):
        assert part in sentence, body["result"]
    assert len(body["result"]) >= max(1, len(told))
