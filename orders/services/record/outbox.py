"""What is told outside is written here, in the transaction of its change; the worker passes it on (services.outgoing).

An order's events come by themselves (record.events); what happens to no order, or beside its event, by `tell_outside`.
"""

from collections.abc import Mapping
from typing import Any

from orders.models import OrderEvent, OutboxMessage
from ordersite.core.inserts import insert_rows

# What endpoints can be told of; docs/webhooks.md and the OpenAPI document list them.
TYPES: dict[str, str] = {
    "order.placed": "An order has come; its vendor is told once it may see it: at once, or when it is paid online.",
    "order.status": "Its status changed, `from` one `to` another.",
    "order.milestone": "A step without a status of its own: preparing has begun, it is settled.",
    "order.items": "Its items changed, or a change of them was asked, accepted or refused.",
    "order.payment": "A payment, tip or way to pay changed.",
    "order.refunded": "Money was given back while the order stayed as it is.",
    "order.delay": "A promised time changed.",
    "order.unseen": "No device of its vendor has shown it in time.",
    "driver.assigned": "Its driver was named, has changed or was taken off.",
    "vendor.paused": "A vendor takes no orders for a while, or takes them again.",
}
# Sent when somebody asks for it, whatever types were chosen.
TEST = "webhook.test"

BY_KIND = {
    OrderEvent.Kind.PLACED: "order.placed",
    OrderEvent.Kind.STATUS: "order.status",
    OrderEvent.Kind.MILESTONE: "order.milestone",
    OrderEvent.Kind.ITEMS: "order.items",
    OrderEvent.Kind.PAYMENT: "order.payment",
    OrderEvent.Kind.DELAY: "order.delay",
}


def type_of(event: OrderEvent) -> str | None:
    """The type that tells an event of its kind; None for what is not told outside, such as notes and positions."""
    if event.kind == OrderEvent.Kind.PAYMENT and "refund" in event.data:
        return "order.refunded"
    return BY_KIND.get(OrderEvent.Kind(event.kind))


def messages_of(event: OrderEvent, *, appears: bool, names_driver: bool) -> list[OutboxMessage]:
    """What an event, that is written already, tells outside.

    `appears`: its vendor may see the order only since this event, and is told that it was placed. `names_driver`: its
    driver is another since this event, whatever kind it is of: a driver who takes what was offered changes the status.
    """
    name = type_of(event)
    messages = [about_order(name, event)] if name else []
    if appears:
        messages.insert(0, about_order("order.placed", event, for_vendor_only=True))
    if names_driver:
        messages.append(about_order("driver.assigned", event))
    return messages


def about_order(name: str, event: OrderEvent, *, for_vendor_only: bool = False) -> OutboxMessage:
    order = event.order
    is_vendors = order.visible_at is not None and event.visible_to != OrderEvent.VisibleTo.STAFF
    return OutboxMessage(
        type=name,
        subject=f"order:{order.pk}",
        event=event,
        vendor_id=order.vendor_id if is_vendors else None,
        for_vendor_only=for_vendor_only,
        created_at=event.created_at,
    )


def tell_unseen_outside(event: OrderEvent) -> None:
    """Tells that no device has shown an order; in the transaction that wrote the event which says so."""
    insert_rows([about_order("order.unseen", event)])


def tell_outside(name: str, *, subject: str, vendor_id: int | None, data: Mapping[str, Any]) -> None:
    """Tells what happened to no order; must run in the transaction of the change."""
    insert_rows([OutboxMessage(type=name, subject=subject, vendor_id=vendor_id, data=data)])
