"""Webhooks in Kesk's shape (row 111): its names, its envelope, its words, its signature."""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from django.db.models import Q

from orders.dialects.kesk.rendering import number
from orders.dialects.kesk.words import words_then
from orders.lifecycle.table import CALLED_OFF, DRIVER_LEFT, SUCCESS, UNCLAIMED, Status
from orders.models import WebhookDelivery
from orders.reading.order_view import OrderView
from orders.reading.webhooks import read_order_told
from orders.services.outgoing.formats import DRIVER_NAMED, WebhookFormat, status_becomes
from ordersite.core.times import rfc3339

SIGNATURE = "X-Kesk-Signature"
# What staff rejects after one of these has failed, it has not cancelled.
FAILED_BEFORE = [*DRIVER_LEFT, Status.DELIVERY_FAILED_BY_DRIVER]
TELLS: Mapping[str, Q] = {
    "order.created": Q(type="order.placed"),
    "order.updated": Q(type__in=["order.status", "order.milestone"]),
    "order.cancelled": status_becomes(*CALLED_OFF) & ~Q(event__from_status__in=FAILED_BEFORE),
    "order.completed": status_becomes(*SUCCESS) & ~Q(event__from_status__in=[*SUCCESS, *UNCLAIMED]),
    "delivery.assigned": DRIVER_NAMED,
    "delivery.picked_up": status_becomes(Status.PICK_UP_COMPLETED_BY_DRIVER),
    "delivery.in_transit": status_becomes(Status.DRIVER_ON_WAY),
    "delivery.completed": status_becomes(Status.DELIVERY_COMPLETED_BY_DRIVER),
    "payment.successful": Q(type="order.payment", event__data__has_key="paid"),
    "payment.failed": Q(type="order.payment", event__reason_code="payment_failed"),
    "payment.refunded": Q(type="order.refunded"),
}


def write_envelope(delivery: WebhookDelivery) -> dict[str, Any]:
    """Its envelope; a test has no data."""
    event = delivery.message.event
    return {
        "id": delivery.webhook_id,
        "type": delivery.type,
        "created_at": rfc3339(delivery.message.created_at),
        "data": webhook_data(read_order_told(delivery.endpoint, event), event.number) if event else {},
    }


def webhook_data(order: OrderView, version: int) -> dict[str, Any]:
    """An order as it read with this version of it; whole amounts without digits, as JavaScript writes numbers.

    Consumers that sign what they have parsed and written anew come to the same text.
    """
    words = [word for event, word in words_then(order) if event.number <= version]
    total = number(order.total, order.currency)
    return {
        "order_id": order.pk,
        "status": str(words[-1]).lower(),
        "total": int(total) if total == int(total) else total,
        "currency": order.currency,
    }


def signature_header(secret: str, body: str) -> Mapping[str, str]:
    """HMAC-SHA256 of the body with the secret as it was told, in hexadecimal digits."""
    return {SIGNATURE: hmac.new(secret.encode(), body.encode(), hashlib.sha256).hexdigest()}


FORMAT = WebhookFormat(
    name="kesk",
    title="Kesk's: its envelope, words and signature",
    names=TELLS,
    write=write_envelope,
    headers=signature_header,
)
