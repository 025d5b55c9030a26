"""What tests of placing share: carts of the cast's menu, counting of every table, the ledger's sums."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.apps import apps
from django.db import connection
from django.db.models import Sum
from rest_framework.test import APIClient

from orders.models import Account, Entry, Order
from orders.services.money.wallets import top_up
from ordersite.accounts.models import Customer
from tests.cast import Cast

ORDERS = "/api/v1/orders"
QUOTE = "/api/v1/orders/quote"
NEAR: dict[str, Any] = {"lat": 50.851, "lng": 4.351}
FAR = {"lat": 51.2, "lng": 4.4}
# Counts tries, of right and wrong requests alike.
NOT_COUNTED = {"web.Attempt", "accounts.BrowserSession"}


def eur(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "EUR"}


def cart(cast: Cast, product: str = "pizza", *, delivery_type: str | int = "pickup", **fields: Any) -> dict[str, Any]:
    """A cart of one product, collected and paid in cash; a field that is None is left out."""
    body: dict[str, Any] = {
        "vendor": cast.vendor.pk,
        "items": [{"product": cast.products[product].pk}],
        "delivery_type": delivery_type,
        "payment_method": "cash",
    }
    if delivery_type in ("delivery", 1):
        body |= {"address": "Naamsestraat 1", "location": NEAR}
    return {name: value for name, value in {**body, **fields}.items() if value is not None}


def place(client: APIClient, body: dict[str, Any], **headers: str) -> dict[str, Any]:
    """Places a cart, which must succeed; the answer."""
    response = client.post(ORDERS, body, headers={name.replace("_", "-"): value for name, value in headers.items()})
    assert response.status_code == 201, response.json()
    answer: dict[str, Any] = response.json()
    return answer


def place_order(client: APIClient, body: dict[str, Any]) -> Order:
    return Order.objects.get(pk=place(client, body)["orders"][0]["id"])


def fill_wallet(customer: Customer, amount: int, currency: str = "EUR") -> None:
    top_up(customer_id=customer.pk, currency=currency, amount=amount, actor="test")


def balance_of(customer: Customer, currency: str = "EUR") -> int:
    return Account.objects.get(kind="wallet", customer=customer, currency=currency).balance or 0


def sums() -> dict[str, int]:
    """What each account holds by its entries, those with nothing left out; all entries must sum to zero."""
    rows = Entry.objects.values("account__name").annotate(held=Sum("amount"))
    held = {row["account__name"]: row["held"] for row in rows if row["held"]}
    assert sum(held.values()) == 0
    return held


def row_counts() -> dict[str, int]:
    """How many rows every table holds."""
    tables = {m._meta.label: m._meta.db_table for m in apps.get_models() if m._meta.label not in NOT_COUNTED}
    one = " UNION ALL ".join(f"SELECT '{label}', count(*) FROM {table}" for label, table in tables.items())
    with connection.cursor() as cursor:
        cursor.execute(one)
        return dict(cursor.fetchall())


@contextmanager
def assert_nothing_changed(order: Order | None = None) -> Iterator[None]:
    """No table gains or loses a row, no wallet and no counter moves, and the order keeps its version."""

    def state() -> Any:
        counters = list(apps.get_model("orders", "Counter").objects.order_by("name").values_list("name", "value"))
        stock = list(apps.get_model("vendors", "Stock").objects.order_by("pk").values_list("pk", "quantity"))
        wallets = list(Account.objects.order_by("name").values_list("name", "balance"))
        one = Order.objects.filter(pk=order.pk).values().get() if order else None
        return row_counts(), counters, stock, wallets, one

    before = state()
    yield
    assert state() == before


def refused(response: Any, status: int, pointer: str, code: str) -> dict[str, Any]:
    """Asserts a problem whose first fault is this one; the body."""
    body: dict[str, Any] = response.json()
    assert response.status_code == status, body
    assert response["Content-Type"] == "application/problem+json"
    assert (body["errors"][0]["pointer"], body["errors"][0]["code"]) == (pointer, code), body["errors"]
    return body
