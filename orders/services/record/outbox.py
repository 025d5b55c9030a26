"""What is told outside is written here, in the transaction of its change; the worker passes it on (services.outgoing).

An order's events come by themselves (record.events); what happens to no order, or beside its event, by `tell_outside`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import F, Q
from django.utils import timezone

from orders.kinds import rules_of
from orders.lifecycle.table import FAILURE, SUCCESS, Status
from orders.models import Order, OrderEvent, OutboxMessage, PaymentShare, PaymentStatus
from orders.services.record.acknowledgements import report_of
from ordersite.core.inserts import insert_rows
from vendors.payment_methods import find_method

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
    "order.problem": "Its customer reported that something is wrong with it, or staff has settled a report.",
    "driver.assigned": "Its driver was named, has changed or was taken off.",
    "code.issued": "The codes of a digital order are there for its customer; they are read by the API alone.",
    "purchase.placed": "One or several orders were placed together; the site and its customer are told.",
    "purchase.paid": "Nothing of a purchase is owed any more; the site and its customer are told.",
    "vendor.paused": "A vendor takes no orders for a while, or takes them again.",
    "payout.created": "What is owed to a vendor or driver was paid out; a vendor is told of its own, the site of all.",
    "payout.reversed": "A payout was taken back.",
}
# In the data of an event of a payment: what came in by it.
BROUGHT = "paid"
CASH_BEFORE = Q(kind=OrderEvent.Kind.PAYMENT, data__has_key=BROUGHT)
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
    if report_of(event) is not None:
        return "order.problem"
    return BY_KIND.get(OrderEvent.Kind(event.kind))


def problem_told_by(event: OrderEvent) -> dict[str, Any]:
    """What a message tells of an event besides what all tell: which problem was reported, or settled."""
    report = report_of(event)
    if report is None:
        return {}
    settled = event.data.get("settled")
    return {"report": report, "reason": settled or event.data["problem"], "settled": bool(settled)}


def hands_out_codes(event: OrderEvent) -> bool:
    """Whether the codes of a digital order are there with this event; it waits where some are missing."""
    order = event.order
    is_done = event.to_status == Status.COMPLETED and rules_of(order).is_issued
    return is_done and order.codes_tried_at is not None and order.codes_missing == 0


def messages_of(
    event: OrderEvent, *, appears: bool, names_driver: bool, placed_together: Sequence[int] = ()
) -> list[OutboxMessage]:
    """What an event tells outside, to be written with it.

    `placed_together`: the orders of the purchase, of which this event is the first. `appears`: its vendor may see the
    order only since this event, and is told that it was placed. `names_driver`: its driver is another since this event,
    whatever kind it is of: a driver who takes what was offered changes the status.
    """
    name = type_of(event)
    messages = [about_order(name, event, data=problem_told_by(event))] if name else []
    if appears:
        messages.insert(0, about_order("order.placed", event, for_vendor_only=True))
    if names_driver:
        messages.append(about_order("driver.assigned", event))
    if hands_out_codes(event):
        messages.append(about_order("code.issued", event))
    if placed_together:
        messages.append(about_purchase("purchase.placed", event, placed_together))
    if pays_purchase(event, is_placed=bool(placed_together)):
        messages.append(about_purchase("purchase.paid", event, placed_together or orders_beside(event.order)))
    return messages


def pays_purchase(event: OrderEvent, *, is_placed: bool) -> bool:
    """Whether money came in with this event, and nothing of its purchase is owed any more; a statement only then.

    `is_placed`: with the placing, where all orders are paid by one payment. Cash comes in with the success of an order,
    or before, which has an event of its own.
    """
    order = event.order
    if is_placed:
        return PaymentStatus(order.payment_status).is_received
    if order.status in FAILURE or not (BROUGHT in event.data or brings_cash(event)):
        return False
    owed = PaymentShare.objects.filter(order__purchase=order.purchase_id, received__lt=F("amount"))
    return not owed.exclude(order__status__in=sorted(FAILURE)).exists()


def brings_cash(event: OrderEvent) -> bool:
    if event.to_status not in SUCCESS or event.from_status in SUCCESS:
        return False
    method = find_method(event.order.payment_method)
    is_received = PaymentStatus(event.order.payment_status).is_received
    return method.is_on_handover and is_received and not event.order.events.filter(CASH_BEFORE).exists()


def orders_beside(order: Order) -> list[int]:
    """The orders of the same purchase."""
    return list(Order.objects.filter(purchase=order.purchase_id).order_by("pk").values_list("pk", flat=True))


def about_purchase(name: str, event: OrderEvent, orders: Sequence[int]) -> OutboxMessage:
    """For no vendor: each sees its own order alone. The event, of one of the orders, says whose it is."""
    purchase = str(event.order.purchase.uuid)
    return OutboxMessage(
        type=name,
        subject=f"purchase:{purchase}",
        event=event,
        data={"purchase": purchase, "orders": list(orders)},
        created_at=event.created_at,
    )


def about_order(
    name: str, event: OrderEvent, *, for_vendor_only: bool = False, data: Mapping[str, Any] | None = None
) -> OutboxMessage:
    order = event.order
    is_vendors = order.visible_at is not None and event.visible_to != OrderEvent.VisibleTo.STAFF
    return OutboxMessage(
        type=name,
        subject=f"order:{order.pk}",
        event=event,
        vendor_id=order.vendor_id if is_vendors else None,
        for_vendor_only=for_vendor_only,
        data=data or {},
        created_at=event.created_at,
    )


def tell_unseen_outside(event: OrderEvent) -> None:
    """Tells that no device has shown an order; in the transaction that wrote the event which says so."""
    insert_rows([about_order("order.unseen", event)])


def tell_outside(name: str, *, subject: str, vendor_id: int | None, data: Mapping[str, Any]) -> None:
    """Tells what happened to no order; must run in the transaction of the change."""
    now = timezone.now()
    insert_rows([OutboxMessage(type=name, subject=subject, vendor_id=vendor_id, data=data, created_at=now)])
