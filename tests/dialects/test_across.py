"""One order through five doors: placed, pulled, moved, sent and watched, each in its own words, to the same cent."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rest_framework.test import APIClient

from ordersite.accounts.models import Address
from tests.cast import Cast
from tests.orders.shopping import NEAR
from tests.tracking.live import Server, jwt, serving, told
from vendors.models import Vendor

Api = Callable[..., APIClient]
pytestmark = pytest.mark.slow


@pytest.fixture
def live_cast(transactional_db: None, cast: Cast) -> Cast:
    """The cast, committed, so that another process sees it."""
    return cast


@pytest.fixture
def server(live_cast: Cast, tmp_path: Path) -> Iterator[Server]:
    with serving(tmp_path, REDIS_URL="") as running:
        yield running


def test_one_order_through_every_door(live_cast: Cast, api: Api, server: Server) -> None:
    cast = live_cast
    Vendor.objects.filter(pk=cast.vendor.pk).update(confirm_accepts=True)
    home = Address.objects.create(customer=cast.customer_row, address="Naamsestraat 1", **NEAR)
    client, owner = api(cast.customer), api(cast.owner)
    till = api(cast.owner, x_tenant=str(cast.merchant.uuid))
    with server.connect(f"/ws/vendors/{cast.vendor.pk}?since=0", token=jwt(cast.owner)) as socket:
        # Kesk: a customer's app orders a pizza for 12.00, delivered for 2.50.
        placed = client.post(
            "/dialects/kesk/v1/orders",
            {
                "type": "regular",
                "vendor_id": cast.vendor.pk,
                "items": [{"product_id": cast.products["pizza"].pk}],
                "delivery_address_id": home.pk,
                "payment_gateway_method_id": 1,
                "total": 14.5,
            },
        )
        assert placed.status_code == 201, placed.json()
        order_id = placed.json()["data"]["id"]
        # Kaddy: the till pulls it and confirms it, which accepts it here.
        (pulled,) = till.get("/dialects/kaddy/v1/orders").json()
        assert (pulled["total"], pulled["order_type"], pulled["delivery_cost"]) == ("14.50", "delivery", "2.50")
        assert till.post(f"/dialects/kaddy/v1/orders/{pulled['id']}/confirm").json() == {"success": True}
        # Ordering: the business says that it is ready.
        moved = owner.put(f"/dialects/ordering/orders/{order_id}", {"status": 4})
        assert moved.status_code == 200, moved.json()
        # The shop: it goes by a parcel carrier.
        sent = owner.post(
            f"/dialects/shop/System/Orders/{order_id}/tracking", {"trackingNumber": "P-1", "carrier": "B"}
        )
        assert sent.status_code in (200, 201), sent.json()
        # Everybody sees the same order, in its own words.
        native = client.get(f"/api/v1/orders/{order_id}").json()
        assert (native["status"]["code"], native["total"]["amount"], native["tracking_number"]) == (4, "14.50", "P-1")
        kesk = client.get(f"/dialects/kesk/v1/orders/{order_id}").json()["data"]
        assert (kesk["status"].lower(), kesk["total"]) == ("ready", 14.5)
        ordering = owner.get(f"/dialects/ordering/orders/{order_id}?mode=dashboard").json()["result"]
        assert (ordering["status"], ordering["delivery_type"], ordering["total"]) == (4, 1, 14.5)
        shop = owner.get(f"/dialects/shop/System/Orders/{order_id}").json()
        assert (shop["trackingNumber"], shop["price"]) == ("P-1", "14.50")
        kaddy = till.get(f"/dialects/kaddy/v1/orders/{pulled['id']}").json()
        assert kaddy["total"] == "14.50"
        # The socket told each step once, in order.
        heard = [told(socket, 10) for _ in range(5)]
    assert [entry["position"] for entry in heard] == [1, 2, 3, 4, 5]
    assert {entry["order"] for entry in heard} == {order_id}
    assert [(entry["from"], entry["to"]) for entry in heard if entry["kind"] == "status"] == [(0, 7), (7, 4)]
    assert heard[0]["kind"] == "placed"
