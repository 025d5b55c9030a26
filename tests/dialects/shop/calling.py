"""What the tests of the shop's calls share: paths, bodies, and what a refusal looks like."""

from collections.abc import Callable
from typing import Any

from rest_framework.test import APIClient

from orders.models import Order, StatusLabel
from tests.cast import Cast
from vendors.models import Vendor
from vendors.services.vendors import bump_menu_version

Api = Callable[..., APIClient]
ORDERS = "/dialects/shop/System/Orders"
STATUSES = f"{ORDERS}/Statuses"
FLAGS = ("paid", "done", "canceled", "sent", "delivered")
CALLS = {"paid": "paid", "done": "done", "canceled": "cancel", "sent": "sent", "delivered": "delivered"}
WALK_IN = {"name": "Wanda Walker", "phone": "+3225550177"}


def at(order: Order, rest: str = "") -> str:
    return f"{ORDERS}/{order.pk}{rest}"


def body_of(cast: Cast, **fields: Any) -> dict[str, Any]:
    """A pizza; a field that is None is left out."""
    body = {"currency": "EUR", "items": [{"productId": cast.products["pizza"].pk, "quantity": 1}], **fields}
    return {name: value for name, value in body.items() if value is not None}


def created(response: Any) -> Order:
    assert response.status_code == 201, response.json()
    return Order.objects.get(pk=response.json()["id"])


def empty_order(cast: Cast, api: Api, **fields: Any) -> Order:
    """An order of a walk-in without items, by the vendor's owner."""
    body = body_of(cast, items=None, customer=WALK_IN, **fields)
    return created(api(cast.owner).post(ORDERS, body))


def set_flag(client: APIClient, order: Order, flag: str, body: Any = None) -> Any:
    return client.patch(at(order, f"/{CALLS[flag]}"), body)


def flags(body: dict[str, Any]) -> set[str]:
    return {flag for flag in FLAGS if body[flag]}


def label_of(status: int) -> StatusLabel:
    """What an order of this status reads as by itself."""
    return StatusLabel.objects.filter(core_status=status).first() or StatusLabel.objects.create(
        name=f"Status {status}", core_status=status
    )


def set_vendor(cast: Cast, **fields: Any) -> None:
    Vendor.objects.filter(pk=cast.vendor.pk).update(**fields)
    bump_menu_version(cast.vendor.pk)


def refused(response: Any, status: int, code: str, field: str = "") -> dict[str, Any]:
    """Asserts the shop's error shape; the error."""
    assert response.status_code == status, response.content
    body = response.json()
    assert list(body) == ["error"]
    error: dict[str, Any] = body["error"]
    assert set(error) - {"allowedStatuses"} == {"code", "message", "fields"}
    assert (error["code"], error["fields"][0]["field"] if error["fields"] else "") == (code, field), error
    return error
