"""What webhooks send, in the OpenAPI document: each type with its schema, and an example that was really made.

`WRITE=1 pytest tests/orders/outgoing/test_webhook_document.py` writes the examples.
"""

import json
import os
from datetime import timedelta
from typing import Any

import jsonschema
import pytest
from drf_spectacular.generators import SchemaGenerator

from orders.models import Order, OutboxMessage, Posting, WebhookEndpoint
from orders.services.money.payouts import reverse_movement
from orders.services.moving import sightings
from orders.services.moving.timers import run_due
from orders.services.outgoing.deliveries import messages_for, send_test
from orders.services.record.outbox import TEST, TYPES
from ordersite.accounts.callers import SYSTEM
from ordersite.core.crypto import encrypt
from ordersite.demo.examples import path_of
from tests.cast import Cast
from tests.orders.gift_cards import gift_cart, make_gift_card, stock
from tests.orders.money import settled
from tests.orders.money.test_ledgers import payouts_of
from tests.orders.rows import make_order
from tests.orders.shopping import ORDERS, cart, fill_wallet, place_order
from tracking.webhooks.bodies import standard_body

UUIDS = {"uuid": "7b1f4d8e-3c52-4a0b-9e61-5d2a8c90f317", "purchase": "c3a9e6d2-18f4-4b7a-a5d0-92e7f1b64c08"}
IDS = {"order": 17, "vendor": 3, "payout": 118, "driver": 8}


def shown(body: dict[str, Any]) -> dict[str, Any]:
    """A body as the document shows it: with ids that are the same each time."""
    data = {
        name: UUIDS.get(name) or (IDS.get(name, value) if value is not None else None)
        for name, value in body["data"].items()
    }
    if "orders" in data:
        data["orders"] = list(range(17, 17 + len(data["orders"])))
    return {**body, "data": data}


def act(answer: Any) -> Any:
    assert answer.status_code in (200, 201, 204), answer.json()
    return answer


def tell_everything(cast: Cast, api: Any, clock: Any) -> dict[str, dict[str, Any]]:
    """Has something of each type happen, by the doors that people use; the first body of each type."""
    customer, owner, staff = api(cast.customer), api(cast.owner), api(cast.staff)
    fill_wallet(cast.customer_row, 100_000)
    order = place_order(customer, cart(cast, payment_method="wallet"))
    clock.now += timedelta(seconds=70)
    assert sightings.tell_unseen() == 1
    path = f"{ORDERS}/{order.pk}"
    act(owner.post(f"{path}/transitions", {"to": 7, "prepared_in": 10}))
    act(owner.patch(path, {"prepared_in": 30, "reason_code": "too_busy"}))
    act(owner.post(f"{path}/start-preparing"))
    act(owner.post(f"{path}/items", {"product": cast.products["soda"].pk, "quantity": 1}))
    act(customer.patch(path, {"driver_tip": {"amount": "1.00", "currency": "EUR"}}))
    act(staff.post(f"{path}/refunds", {"amount": {"amount": "1.00", "currency": "EUR"}, "reason": "Cold"}))
    act(customer.post(f"{path}/problems", {"reason": "missing_item"}))
    carried = make_order(cast, 7, stood="accepted")
    act(owner.patch(f"{ORDERS}/{carried.pk}", {"driver": cast.driver_row.pk}))
    card = make_gift_card(cast)
    stock(card, "AAAA-BBBB-CCCC-DDDD")
    place_order(customer, gift_cart(card, 1, type="digital"))
    act(owner.patch(f"/api/v1/vendors/{cast.vendor.pk}", {"paused_until": "2026-01-14T12:00:00Z"}))
    settled(cast)
    act(staff.post(payouts_of(cast), {}))
    reverse_movement(
        posting_id=Posting.objects.get(kind=Posting.Kind.PAYOUT).pk, caller=SYSTEM, reason="Sent back by the bank"
    )
    send_test(
        WebhookEndpoint.objects.create(user=cast.customer, url="http://127.0.0.1:9/", secret_sealed=encrypt("whsec_"))
    )
    found: dict[str, dict[str, Any]] = {}
    for message in OutboxMessage.objects.order_by("pk"):
        found.setdefault(message.type, standard_body(message))
    return found


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    found: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return found


def strict(schema: Any, schemas: dict[str, Any]) -> Any:
    """A schema of OpenAPI 3.0 as JSON Schema says it: with what it refers to, and null as a type."""
    if isinstance(schema, list):
        return [strict(one, schemas) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return strict(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    told = {name: strict(value, schemas) for name, value in schema.items() if name != "nullable"}
    return {"anyOf": [told, {"type": "null"}]} if schema.get("nullable") is True else told


def test_each_type_has_its_schema_and_an_example_that_was_made(
    cast: Cast, api: Any, clock: Any, document: dict[str, Any]
) -> None:
    made = tell_everything(cast, api, clock)
    assert set(made) == {*TYPES, TEST} == set(document["x-webhooks"])
    examples = {name: shown(made[name]) for name in document["x-webhooks"]}
    if "WRITE" in os.environ:
        path_of("webhooks").write_text(json.dumps(examples, indent=1) + "\n")
    schemas = document["components"]["schemas"]
    for name, item in document["x-webhooks"].items():
        content = item["post"]["requestBody"]["content"]["application/json"]
        told = strict(content["schema"], schemas)
        jsonschema.validate(made[name], told)
        assert content["example"] == examples[name]
        # It refuses what is none of it, so that it says something.
        for wrong in ({**made[name], "type": "other"}, {**made[name], "data": {**made[name]["data"], "more": 1}}):
            with pytest.raises(jsonschema.ValidationError):
                jsonschema.validate(wrong, told)


def test_nobodys_name_and_no_code_is_told(cast: Cast, api: Any, clock: Any) -> None:
    told = json.dumps(list(tell_everything(cast, api, clock).values()))
    order = Order.objects.earliest("pk")
    for secret in ("AAAA-BBBB", cast.customer_row.name, order.contact_name, order.tracking_code, "14.50", "missing it"):
        assert secret not in told


def test_the_codes_are_told_of_once_they_are_there(
    cast: Cast, api: Any, django_capture_on_commit_callbacks: Any
) -> None:
    """An order that waits for codes tells nothing of them; its customer's endpoint and the vendor's hear of it."""
    fill_wallet(cast.customer_row, 10_000)
    card = make_gift_card(cast)
    order = place_order(api(cast.customer), gift_cart(card, 1, type="digital"))
    rows = OutboxMessage.objects.filter(type="code.issued")
    assert (order.codes_missing, rows.count()) == (1, 0)
    with django_capture_on_commit_callbacks(execute=True):
        stock(card, "AAAA-BBBB-CCCC-DDDD")
    assert run_due() == 1
    order.refresh_from_db()
    message = rows.get()
    assert (order.status, order.codes_missing, message.vendor_id) == (1, 0, cast.vendor.pk)
    assert message.event is not None
    assert (message.event.visible_to, message.event.to_status) == ("everybody", 1)


def test_a_purchase_is_told_to_its_customer_and_the_site_not_to_its_vendors(cast: Cast, api: Any) -> None:
    place_order(api(cast.customer), cart(cast))
    owners: dict[str, dict[str, Any]] = {
        "merchant": {"merchant": cast.merchant},
        "customer": {"user": cast.customer},
        "stranger": {"user": cast.stranger},
        "site": {},
    }
    told = {
        name: list(
            messages_for(WebhookEndpoint(types=["purchase.placed"], **owner)).values_list("data__orders", flat=True)
        )
        for name, owner in owners.items()
    }
    bought = [[Order.objects.get().pk]]
    assert told == {"merchant": [], "customer": bought, "stranger": [], "site": bought}
