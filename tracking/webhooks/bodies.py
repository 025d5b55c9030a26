"""What a webhook says: its type, when it happened, and ids. Whoever is told reads the rest by the API."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from orders.fields import status_as_json
from orders.models import OrderEvent, OutboxMessage, WebhookDelivery
from orders.services.outgoing.formats import webhook_formats
from ordersite.core.times import rfc3339


def body_and_headers(row: WebhookDelivery, secrets: Sequence[str]) -> tuple[str, Mapping[str, str]]:
    """The body of a delivery in its endpoint's format, and the headers that this format has besides ours.

    `secrets` are those that sign now, the newest first. In a foreign format an order is read as it is now.
    """
    format = webhook_formats()[row.endpoint.format]
    written = format.write(row)
    body = as_text(standard_body(row.message) if written is None else written)
    return body, format.headers(secrets[0], body)


def as_text(body: Any) -> str:
    """As JavaScript's JSON.stringify writes it: without spaces, each letter as it is."""
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False)


def standard_body(message: OutboxMessage) -> dict[str, Any]:
    """The body in our own format, the same at every try; below 20 kB."""
    event = message.event
    # A purchase has an event too, of the first of its orders, which says whose it is.
    told_of = event if event is not None and message.subject.startswith("order:") else None
    data = {**order_data(told_of), **message.data} if told_of else message.data
    return {"type": message.type, "timestamp": rfc3339(message.created_at, "milliseconds"), "data": data}


def order_data(event: OrderEvent) -> dict[str, Any]:
    """Which order, and which of its versions: of two, the higher one came later, in whatever order they arrive."""
    order = event.order
    return {
        "order": order.pk,
        "uuid": str(order.uuid),
        "purchase": str(order.purchase.uuid),
        "vendor": order.vendor_id,
        "version": event.number,
        "kind": event.kind,
        "milestone": event.milestone or None,
        "from": None if event.from_status is None else status_as_json(event.from_status),
        "to": None if event.to_status is None else status_as_json(event.to_status),
    }


def timestamp_of(moment: datetime) -> str:
    """The `webhook-timestamp`: whole seconds since 1970, in UTC."""
    return str(int(moment.timestamp()))
