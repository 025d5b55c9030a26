"""What tests of printing share."""

from collections.abc import Callable
from typing import Any

from rest_framework.test import APIClient

from orders.models import Order, PrintJob
from tests.cast import Cast
from tests.orders.shopping import ORDERS, cart, place_order
from vendors.models import Vendor

Api = Callable[..., APIClient]


def jobs_path(cast: Cast, job: int | None = None, act: str = "") -> str:
    whole = f"/api/v1/vendors/{cast.vendor.pk}/print-jobs"
    return f"{whole}/{job}/{act}" if job else whole


def printing_vendor(cast: Cast) -> None:
    """From now on the vendor prints a ticket by itself when it accepts."""
    Vendor.objects.filter(pk=cast.vendor.pk).update(prints_tickets=True)


def accepted(cast: Cast, api: Api, **fields: Any) -> Order:
    """An order that the vendor has accepted, which prints by itself."""
    printing_vendor(cast)
    order = place_order(api(cast.customer), cart(cast, **fields))
    move(api, cast.owner, order, transition="accept")
    return order


def move(api: Api, user: Any, order: Order, **wish: Any) -> None:
    answer = api(user).post(f"{ORDERS}/{order.pk}/transitions", wish)
    assert answer.status_code == 200, answer.json()


def papers(order: Order) -> list[tuple[str, int, str, str, bool]]:
    """The jobs of an order: kind, number, reason, state, whether marked as a possible double."""
    rows = PrintJob.objects.filter(order=order).order_by("pk")
    return list(rows.values_list("kind", "number", "reason", "state", "may_double"))


def only_job(order: Order) -> PrintJob:
    return PrintJob.objects.get(order=order)
