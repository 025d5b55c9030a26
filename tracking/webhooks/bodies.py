"""What a webhook says: its type, when it happened, and ids. Whoever is told reads the rest by the API."""

import json
from datetime import datetime
from typing import Any

from orders.fields import status_as_json
from orders.models import OrderEvent, OutboxMessage
from ordersite.core.times import rfc3339


def body_of(message: OutboxMessage) -> str:
    """The body, the same at every try; below 20 kB."""
    event = message.event
    data = message.data if event is None else {**order_data(event), **message.data}
    told = {"type": message.type, "timestamp": rfc3339(message.created_at, "milliseconds"), "data": data}
    return json.dumps(told, separators=(",", ":"), ensure_ascii=False)


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
