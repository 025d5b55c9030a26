"""Row 111: webhooks in Kesk's shape, as Kesk's pages for developers show it: envelope, words, X-Kesk-Signature."""

import hashlib
import hmac
import json
from typing import Any

import pytest
from django.utils import timezone

from orders.dialects.kesk.webhooks import TELLS
from orders.models import Order, OutboxMessage, WebhookDelivery, WebhookEndpoint
from orders.services.outgoing import deliveries
from tests.cast import Cast
from tests.dialects.calling import HOOKS, deliver_all
from tests.orders.rows import make_order
from tests.orders.shopping import cart, place_order
from tests.tracking.receiver import Received, receiving

pytestmark = pytest.mark.django_db
ORDERS = "/api/v1/orders"


def verified(received: Received, secret: str) -> dict[str, Any]:
    """As a consumer of Kesk's does it: it parses the body, writes it anew as JavaScript does, and signs that."""
    body: dict[str, Any] = json.loads(received.body)
    written = json.dumps(body, separators=(",", ":"), ensure_ascii=False)
    wanted = hmac.new(secret.encode(), written.encode(), hashlib.sha256).hexdigest()
    assert hmac.compare_digest(wanted, received.headers["x-kesk-signature"])
    return body


@pytest.mark.rows(111, call="POST /api/v1/webhooks")
def test_a_consumer_of_kesks_reads_it_unchanged(cast: Cast, api: Any, clock: Any) -> None:
    owner = api(cast.owner)
    with receiving() as receiver:
        asked = {"url": receiver.url, "types": list(TELLS), "format": "kesk", "merchant": cast.merchant.pk}
        added = owner.post(HOOKS, asked).json()
        assert (added["format"], added["types"]) == ("kesk", sorted(TELLS))
        order = place_order(api(cast.customer), cart(cast))
        assert deliver_all(added["id"]) == 1
        owner.post(f"{ORDERS}/{order.pk}/transitions", {"to": 7, "prepared_in": 10})
        owner.post(f"{ORDERS}/{order.pk}/transitions", {"to": 5, "reason_code": "closed"})
        assert deliver_all(added["id"]) == 3
        owner.post(f"{HOOKS}/{added['id']}/test")
        assert deliver_all(added["id"]) == 1
        bodies = [verified(received, added["secret"]) for received in receiver.calls]
    data = {"order_id": order.pk, "total": 12, "currency": "EUR"}
    at = "2026-01-14T11:00:00Z"
    told = [(body.pop("id"), body) for body in bodies]
    assert [body for _, body in told] == [
        {"type": "order.created", "created_at": at, "data": data | {"status": "pending"}},
        {"type": "order.updated", "created_at": at, "data": data | {"status": "accepted"}},
        {"type": "order.cancelled", "created_at": at, "data": data | {"status": "cancelled"}},
        {"type": "order.updated", "created_at": at, "data": data | {"status": "cancelled"}},
        {"type": "webhook.test", "created_at": at, "data": {}},
    ]
    assert receiver.calls[0].body.startswith('{"id":"evt_')
    # As JavaScript would write it again: no spaces, 12.00 as 12.
    shown = f'{{"order_id":{order.pk},"status":"pending","total":12,"currency":"EUR"}}'
    assert receiver.calls[0].body.endswith(f',"data":{shown}}}')
    assert [received.id for received in receiver.calls] == [one for one, _ in told]
    assert len({one for one, _ in told}) == 5
    log = owner.get(f"{HOOKS}/{added['id']}/deliveries").json()["results"]
    assert [(row["webhook_id"], row["type"]) for row in reversed(log)][:4] == [
        (one, body["type"]) for one, body in told[:4]
    ]
    # The same again has the same id.
    first = WebhookDelivery.objects.earliest("pk")
    with receiving() as receiver:
        owner.patch(f"{HOOKS}/{added['id']}", {"url": receiver.url})
        owner.post(f"{HOOKS}/{added['id']}/deliveries/{first.pk}/redeliver")
        assert deliver_all(added["id"]) == 1
        assert receiver.calls[0].id == told[0][0]


STEPS = [
    ({"type": "order.status", "to": 9}, {"order.updated", "delivery.picked_up"}),
    ({"type": "order.status", "to": 23}, {"order.updated", "delivery.in_transit"}),
    ({"type": "order.status", "to": 11}, {"order.updated", "order.completed", "delivery.completed"}),
    ({"type": "order.status", "to": 1, "from": 11}, {"order.updated"}),
    ({"type": "order.status", "to": 15}, {"order.updated", "order.completed"}),
    ({"type": "order.status", "to": 16}, {"order.updated", "order.cancelled"}),
    ({"type": "order.status", "to": 2, "from": 12}, {"order.updated"}),
    ({"type": "order.milestone"}, {"order.updated"}),
    ({"type": "order.payment", "data": {"paid": {"amount": "1.00"}}}, {"payment.successful"}),
    ({"type": "order.payment", "data": {"tip": 1}}, set()),
    ({"type": "order.payment", "reason_code": "payment_failed"}, {"payment.failed"}),
    ({"type": "order.refunded"}, {"payment.refunded"}),
    ({"type": "driver.assigned"}, {"delivery.assigned"}),
    ({"type": "driver.assigned", "driver": None}, set()),
    ({"type": "order.delay"}, set()),
]


@pytest.mark.rows(111, call="POST /api/v1/webhooks")
@pytest.mark.parametrize(("happened", "names"), STEPS)
def test_what_happens_is_told_by_each_of_kesks_names(cast: Cast, happened: dict[str, Any], names: set[str]) -> None:
    order = make_order(cast, 8, driver=happened.get("driver", cast.driver_row))
    event = order.events.create(
        number=9,
        kind="status" if "to" in happened else "note",
        from_status=happened.get("from"),
        to_status=happened.get("to"),
        reason_code=happened.get("reason_code", ""),
        data=happened.get("data", {}),
        actor="test",
        role="system",
    )
    told = OutboxMessage.objects.create(
        type=happened["type"], subject=f"order:{order.pk}", event=event, vendor=cast.vendor
    )
    row = WebhookEndpoint.objects.create(
        merchant=cast.merchant, url="http://127.0.0.1:9/", types=sorted(TELLS), format="kesk", secret_sealed=""
    )
    deliveries.pass_on()
    assert set(row.deliveries.filter(message=told).values_list("foreign_type", flat=True)) == names


def test_names_of_another_format_are_refused(cast: Cast, api: Any) -> None:
    client = api(cast.customer)
    for kind, wrong in (("kesk", "order.placed"), ("ordering", "order.created"), ("standard", "orders_register")):
        answer = client.post(HOOKS, {"url": "http://127.0.0.1:9/", "types": [wrong], "format": kind})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/types")
        assert answer.json()["errors"][0]["code"] == "unknown"
    assert not WebhookEndpoint.objects.exists()
    added = client.post(HOOKS, {"url": "http://127.0.0.1:9/", "types": ["order.created"], "format": "kesk"}).json()
    refused = client.patch(f"{HOOKS}/{added['id']}", {"types": ["order.placed"]})
    assert (refused.status_code, WebhookEndpoint.objects.get().types) == (400, ["order.created"])
    assert not Order.objects.exists()


def test_a_replay_tells_names_that_were_chosen_since(cast: Cast, api: Any) -> None:
    """Of messages that were told by another name too; each name once."""
    client = api(cast.owner)
    asked = {"url": "http://127.0.0.1:9/", "types": ["order.created"], "format": "kesk", "merchant": cast.merchant.pk}
    path = f"{HOOKS}/{client.post(HOOKS, asked).json()['id']}"
    order = place_order(api(cast.customer), cart(cast))
    assert (
        api(cast.owner).post(f"{ORDERS}/{order.pk}/transitions", {"to": 5, "reason_code": "closed"}).status_code == 200
    )
    deliveries.pass_on()
    assert list(WebhookDelivery.objects.values_list("foreign_type", flat=True)) == ["order.created"]
    since = order.placed_at.isoformat()
    for types, told in (
        (["order.created"], 0),
        (["order.created", "order.cancelled"], 1),
        (["order.updated", "order.cancelled"], 1),
        (["order.updated", "order.cancelled"], 0),
    ):
        WebhookDelivery.objects.update(delivered_at=timezone.now(), due_at=None)
        assert client.patch(path, {"types": types}).status_code == 200
        assert client.post(f"{path}/replay", {"since": since}).json()["deliveries"] == told
    names = WebhookDelivery.objects.order_by("pk").values_list("foreign_type", flat=True)
    assert list(names) == ["order.created", "order.cancelled", "order.updated"]
