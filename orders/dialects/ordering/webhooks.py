"""Webhooks in Ordering's shape (row 110): its hooks, and for each the order as its API shows it."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Q

from orders.dialects.ordering.outputs import show
from orders.lifecycle.table import Status
from orders.models import WebhookDelivery
from orders.reading.webhooks import read_order_told
from orders.services.outgoing.formats import DRIVER_NAMED, WebhookFormat, status_becomes

TELLS: Mapping[str, Q] = {
    "orders_register": Q(type="order.placed"),
    "orders_status_updated": Q(type="order.status"),
    "orders_update_driver": DRIVER_NAMED,
    "orders_pending": status_becomes(Status.PENDING),
    "orders_completed": status_becomes(Status.COMPLETED),
    "orders_rejected": status_becomes(Status.REJECTED),
    "orders_rejected_business": status_becomes(Status.REJECTED_BY_BUSINESS),
    "orders_rejected_driver": status_becomes(Status.CANCELED_BY_DRIVER),
    "orders_accepted_business": status_becomes(Status.ACCEPTED_BY_BUSINESS),
    "orders_accepted_driver": status_becomes(Status.ACCEPTED_BY_DRIVER),
    "orders_pickup_completed_driver": status_becomes(Status.PICK_UP_COMPLETED_BY_DRIVER),
    "orders_pickup_failed_driver": status_becomes(Status.PICK_UP_FAILED_BY_DRIVER),
    "orders_delivery_completed_driver": status_becomes(Status.DELIVERY_COMPLETED_BY_DRIVER),
    "orders_delivery_failed_driver": status_becomes(Status.DELIVERY_FAILED_BY_DRIVER),
}


def write_order(delivery: WebhookDelivery) -> dict[str, Any] | None:
    """The order as it is now, not in an envelope; a test is ours."""
    event = delivery.message.event
    return show(read_order_told(delivery.endpoint, event)) if event else None


FORMAT = WebhookFormat(
    name="ordering",
    title="Ordering's: the order as Ordering's API shows it",
    names=TELLS,
    write=write_order,
)
