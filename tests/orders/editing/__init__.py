"""What the tests of editing items share: an order to change, the calls, and what its payments come to."""

from typing import Any

from django.utils import timezone
from rest_framework.test import APIClient

from orders.models import Line, Order, Payment, PaymentShare
from orders.services.paying.receiving import mark_paid
from ordersite.accounts.callers import SYSTEM
from tests.cast import Cast
from tests.orders.money import Api
from tests.orders.shopping import ORDERS, cart, place_order


def ordered(cast: Cast, api: Api, **fields: Any) -> Order:
    """A pizza of 12.00 and two sodas of 2.50, collected: 17.00, with a service fee of 0.67 17.67."""
    items = [{"product": cast.products["pizza"].pk}, {"product": cast.products["soda"].pk, "quantity": 2}]
    return place_order(api(cast.customer), cart(cast, **{"items": items, **fields}))


def line_of(order: Order, name: str) -> Line:
    return Line.objects.get(order=order, name=name)


def add(client: APIClient, order: Order, **item: Any) -> Any:
    return client.post(f"{ORDERS}/{order.pk}/items", item)


def change(client: APIClient, order: Order, line: Line, **item: Any) -> Any:
    return client.put(f"{ORDERS}/{order.pk}/items/{line.pk}", {"product": line.product_id, **item})


def remove(client: APIClient, order: Order, line: Line, query: str = "") -> Any:
    return client.delete(f"{ORDERS}/{order.pk}/items/{line.pk}{query}")


def edit(cast: Cast, client: APIClient, order: Order, action: str, **fields: Any) -> Any:
    """One of three changes of `ordered`: a cake is added, two more sodas are taken, or there is none."""
    soda = line_of(order, "Soda")
    if action == "add":
        return add(client, order, product=cast.products["cake"].pk, **fields)
    if action == "change":
        return change(client, order, soda, quantity=4, **fields)
    return remove(client, order, soda)


def owed(order: Order) -> int:
    """What the order's payments come to, less what was given back."""
    return sum(share.amount - share.refunded for share in PaymentShare.objects.filter(order=order))


def pay(order: Order) -> None:
    """All that is not paid online comes in."""
    for payment in Payment.objects.filter(purchase=order.purchase_id, provider="fake", state="unpaid"):
        mark_paid(payment_id=payment.pk, caller=SYSTEM, now=timezone.now())
