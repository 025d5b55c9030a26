"""The first page of a list is read by a kept statement: it shows what the query shows that is made for other pages."""

from typing import Any

import pytest
from django.test import override_settings

from orders.models import Order
from ordersite.accounts.models import User
from tests.cast import Cast
from tests.orders.rows import make_order

pytestmark = pytest.mark.django_db

CALLS = {
    "staff": "mode=dashboard",
    "staff, of a vendor": "mode=dashboard&vendor={vendor}",
    "owner, of a vendor": "mode=dashboard&vendor={vendor}",
    "customer": "ordering=-placed_at",
}


def caller_named(cast: Cast, name: str) -> User:
    user: User = getattr(cast, name.split(",")[0])
    return user


def answer(client: Any, query: str) -> dict[str, Any]:
    response = client.get(f"/api/v1/orders?{query}")
    assert response.status_code == 200, response.content
    body: dict[str, Any] = response.json()
    return body


@pytest.mark.parametrize("who", CALLS)
def test_the_kept_page_shows_what_the_query_shows(cast: Cast, api: Any, who: str) -> None:
    """Among them orders of another vendor, deleted ones, and some that their vendor does not see yet."""
    orders = [make_order(cast, status) for status in (0, 7, 1, 4)]
    others = make_order(cast, 7, vendor=cast.other_vendor)
    Order.objects.filter(pk=orders[0].pk).update(deleted_at=orders[0].placed_at)
    Order.objects.filter(pk=orders[1].pk).update(visible_at=None)
    client, query = api(caller_named(cast, who)), CALLS[who].format(vendor=cast.vendor.pk)
    for extra in ("", "&cursor="):
        if extra and "ordering" in query:
            continue
        for _ in range(2):  # made, then kept
            kept, made = (answer(client, f"{query}{extra}{size}") for size in ("", "&per_page=16"))
            assert kept == made
        shown = {row["id"] for row in kept["results"]}
        assert orders[0].pk not in shown
        assert (orders[1].pk in shown) == (who != "owner, of a vendor")
        assert {orders[2].pk, orders[3].pk} <= shown
        assert (others.pk in shown) == ("vendor" not in query)


@pytest.mark.parametrize("who", CALLS)
def test_a_kept_count_ends_where_pages_end(cast: Cast, api: Any, who: str) -> None:
    for _ in range(3):
        make_order(cast, 7)
    client, query = api(caller_named(cast, who)), CALLS[who].format(vendor=cast.vendor.pk)
    exact = answer(client, query)["count"]
    assert exact >= 3
    with override_settings(MAX_LIST_DEPTH=2):
        response = client.get(f"/api/v1/orders?{query}")
    assert (response.json()["count"], response["Count-Exact"]) == (2, "false")
