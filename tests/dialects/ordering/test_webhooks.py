"""Row 110: webhooks in Ordering's shape: its hooks, and for each the order as its API shows it."""

import json
from typing import Any

import pytest
from standardwebhooks import Webhook

from orders.dialects.ordering.webhooks import TELLS
from tests.cast import Cast
from tests.dialects.calling import HOOKS, deliver_all
from tests.orders.shopping import cart, place_order
from tests.tracking.receiver import receiving

pytestmark = pytest.mark.django_db
ORDERS = "/api/v1/orders"


@pytest.mark.rows(110, call="POST /api/v1/webhooks")
def test_a_consumer_of_orderings_reads_the_order(cast: Cast, api: Any) -> None:
    owner = api(cast.owner)
    with receiving() as receiver:
        asked = {"url": receiver.url, "types": list(TELLS), "format": "ordering", "merchant": cast.merchant.pk}
        added = owner.post(HOOKS, asked).json()
        order = place_order(api(cast.customer), cart(cast))
        assert deliver_all(added["id"]) == 1
        owner.post(f"{ORDERS}/{order.pk}/transitions", {"to": 7, "prepared_in": 10})
        assert deliver_all(added["id"]) == 2
        shown = owner.get(f"/dialects/ordering/orders/{order.pk}", {"mode": "dashboard"}).json()["result"]
        placed, *accepted = (json.loads(received.body) for received in receiver.calls)
        for received in receiver.calls:
            Webhook(added["secret"]).verify(received.body, received.headers)
        assert len({received.id for received in receiver.calls}) == 3
    # The order itself, not in an envelope, as the merchant's people read it.
    assert (placed["id"], placed["status"], placed["total"]) == (order.pk, 0, 12.0)
    assert (placed["business_id"], placed["customer"]["name"]) == (cast.vendor.pk, cast.customer_row.name)
    assert accepted == [shown, shown]
    assert (shown["status"], shown["prepared_in"]) == (7, 10)
    log = owner.get(f"{HOOKS}/{added['id']}/deliveries").json()["results"]
    assert [row["type"] for row in reversed(log)] == [
        "orders_register",
        "orders_accepted_business",
        "orders_status_updated",
    ]


@pytest.mark.rows(110, call="POST /api/v1/webhooks")
def test_each_owner_reads_the_order_as_it_may(cast: Cast, api: Any) -> None:
    owners: dict[str, tuple[Any, dict[str, Any]]] = {
        "merchant": (cast.owner, {"merchant": cast.merchant.pk}),
        "customer": (cast.customer, {}),
        "site": (cast.staff, {"site": True}),
        "stranger": (cast.stranger, {}),
        "other merchant": (cast.other_owner, {"merchant": cast.other_merchant.pk}),
    }
    with receiving() as receiver:
        asked = {"url": receiver.url, "types": ["orders_register"], "format": "ordering"}
        added = {name: api(user).post(HOOKS, asked | more).json() for name, (user, more) in owners.items()}
        order = place_order(api(cast.customer), cart(cast))
        told = {name: deliver_all(row["id"]) for name, row in added.items()}
        assert told == {"merchant": 1, "customer": 1, "site": 1, "stranger": 0, "other merchant": 0}
        for received, user in zip(receiver.calls, (cast.owner, cast.customer, cast.staff), strict=True):
            mode = {} if user is cast.customer else {"mode": "dashboard"}
            shown = api(user).get(f"/dialects/ordering/orders/{order.pk}", mode).json()["result"]
            assert json.loads(received.body) == shown
