"""What is reckoned with a vendor's settings is reckoned anew when they change: timers, and what it can serve."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.dispatch import receiver
from django.utils import timezone

from orders.deadlines import DUE_COLUMNS, awaits_payment, is_made, set_due
from orders.lifecycle import OPEN, Fulfilment, Status
from orders.models import Kind, Order, Unserved
from vendors.hours import is_open
from vendors.menu import Span
from vendors.models import Vendor
from vendors.services.announcing import UnservedOrder, vendor_changed
from vendors.services.bookable import places_of, spans_for
from vendors.services.menus import menu_of
from vendors.services.openings import spans_of

BATCH = 500


@receiver(vendor_changed)
def reckon_vendor(vendor_id: int, **_: Any) -> list[UnservedOrder]:
    """Reckons all orders of a vendor anew that wait for something; returns those that it cannot serve.

    Orders are locked by id, a batch a statement, as everywhere. Must run in the transaction of what has changed.
    """
    now, found = timezone.now(), []
    vendor = Vendor.objects.prefetch_related("opening_hours").get(pk=vendor_id)
    spans = spans_of(vendor)
    for orders in waiting_orders(vendor):
        changed = []
        for order in orders:
            before = [getattr(order, name) for name in DUE_COLUMNS]
            order.unserved = why_unserved(order, spans, now)
            # Until when an order is to be paid was agreed on placing.
            if not awaits_payment(order):
                set_due(order, now)
            if [getattr(order, name) for name in DUE_COLUMNS] != before:
                changed.append(order)
        Order.objects.bulk_update(changed, DUE_COLUMNS)
        found += [named(order) for order in orders if order.unserved]
    return found


def waiting_orders(vendor: Vendor) -> Iterator[Sequence[Order]]:
    """The vendor's orders that are open, or for which a timer waits, locked, in batches."""
    # A failed delivery is closed, and waits to be tried again where the vendor has a deadline for that.
    standing = OPEN if vendor.retry_minutes is None else OPEN | {Status.DELIVERY_FAILED_BY_DRIVER}
    waiting = Order.objects.filter(Q(status__in=sorted(standing)) | Q(due_at__isnull=False), vendor=vendor)
    waiting = waiting.filter(deleted_at__isnull=True).select_related("terms")
    waiting = waiting.prefetch_related("booking__service__hours").select_for_update(of=("self",)).order_by("pk")
    last = 0
    while orders := list(waiting.filter(pk__gt=last)[:BATCH]):
        for order in orders:
            order.vendor = vendor
        yield orders
        last = orders[-1].pk


def why_unserved(order: Order, spans: Sequence[Span], now: datetime) -> str:
    """Why the vendor cannot serve an order that waits, as its settings stand; empty where it can."""
    vendor = order.vendor
    if is_made(order):
        return ""
    if not vendor.is_active:
        return Unserved.SWITCHED_OFF
    if order.kind == Kind.DIGITAL:
        return ""
    fulfilment = Fulfilment(order.fulfilment).slug
    if order.kind == Kind.REGULAR and fulfilment not in vendor.fulfilments:
        return Unserved.NOT_OFFERED
    if order.kind == Kind.SERVICE:
        service = order.booking.service
        if not service.is_active or order.booking.place not in places_of(service):
            return Unserved.NOT_OFFERED
        spans = spans_for(service, spans)
    if order.deliver_at is None or order.deliver_at <= now:
        return ""
    if not is_open(spans, vendor.zone, fulfilment, order.deliver_at):
        return Unserved.CLOSED
    # What is accepted is worked on in a pause too.
    paused = vendor.paused_until is not None and order.deliver_at < vendor.paused_until
    return Unserved.PAUSED if paused and order.status in (Status.PENDING, Status.PREORDER) else ""


def why_unserved_now(order: Order, now: datetime) -> str:
    """The same for an order at hand, whose vendor was just read: what was marked before may be no more, or new."""
    return why_unserved(order, menu_of(order.vendor).spans, now)


def named(order: Order) -> UnservedOrder:
    return UnservedOrder(
        id=order.pk,
        number=order.number,
        delivery_type=Fulfilment(order.fulfilment).slug,
        deliver_at=order.deliver_at,
        reason=order.unserved,
    )
