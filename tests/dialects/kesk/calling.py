"""What tests of Kesk's calls share."""

import base64
import io
from collections.abc import Callable
from typing import Any

from PIL import Image
from rest_framework.test import APIClient

from orders.models import Order
from ordersite.accounts.models import Address, Customer
from tests.cast import Cast
from tests.orders.shopping import NEAR
from vendors.models import Vendor
from vendors.services.vendors import bump_menu_version

Api = Callable[..., APIClient]
BASE = "/dialects/kesk/v1"
ORDERS = f"{BASE}/orders"


def address(customer: Customer, **point: float) -> Address:
    """A saved address, near Burger Bar unless another point is said."""
    return Address.objects.create(customer=customer, address="Naamsestraat 1", **{**NEAR, **point})


def order_of(cast: Cast, product: str = "pizza", **fields: Any) -> dict[str, Any]:
    """A product, collected and paid in cash; a field that is None is sent as null."""
    return {
        "type": "regular",
        "vendor_id": cast.vendor.pk,
        "items": [{"product_id": cast.products[product].pk}],
        "payment_gateway_method_id": 1,
        **fields,
    }


def take_transfers(cast: Cast) -> None:
    """Every vendor takes transfers too."""
    Vendor.objects.update(payment_methods=["cash", "wallet", "transfer"])
    for vendor in (cast.vendor, cast.other_vendor):
        bump_menu_version(vendor.pk)


def png(colour: str = "red") -> bytes:
    raw = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(raw, "PNG")
    return raw.getvalue()


def as_text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def placed(client: APIClient, body: dict[str, Any], path: str = ORDERS) -> dict[str, Any]:
    """Places an order, which must succeed; its data."""
    response = client.post(path, body)
    assert response.status_code == 201, response.json()
    assert response.json()["success"] is True
    data: dict[str, Any] = response.json()["data"]
    return data


def refused(response: Any, status: int, field: str, code: str = "invalid_request") -> dict[str, Any]:
    """Asserts a refusal in Kesk's shape that names this field first; the error."""
    body = response.json()
    assert response.status_code == status, body
    assert (set(body), body["success"]) == ({"success", "error"}, False)
    error: dict[str, Any] = body["error"]
    assert (error["code"], [row["field"] for row in error["details"]][:1]) == (code, [field] if field else []), error
    return error


def url(order: Order) -> str:
    return f"{ORDERS}/{order.pk}"
