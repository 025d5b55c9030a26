"""When a vendor's settings change, what follows from them is computed again: timers, and what it can serve."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q
from django.dispatch import receiver
from django.utils import timezone

from orders.kinds import KINDS, names_where
from orders.lifecycle.due_moments import NOT_BEGUN
from orders.lifecycle.table import OPEN, Fulfilment
from orders.lifecycle.timers import orders_by_setting
from orders.models import UNSERVED, WAITING, Order
from orders.services.record.order_update import save_timers
from orders.services.record.servability import compute_due_times, vendor_now
from vendors.models import Vendor
from vendors.services.announcing import UnservedOrder, vendor_changed
from vendors.services.openings import calendar_of

BATCH = 500

# What is left to make, or is marked though nothing is left.
UNMADE = Q(prepared_at__isnull=True) | Q(kind__in=names_where(lambda kind: kind.skips_preparing))
SERVED = Q(status__in=sorted(OPEN)) & (Q(UNMADE, picked_up_at__isnull=True) | Q(unserved__gt=""))
# Which of the orders that wait the vendor may not be able to serve any more, or again, when a setting changes.
SERVABLE: Mapping[str, Q] = {
    "is_active": SERVED,
    "fulfilments": SERVED,
    "time_zone": SERVED,
    "opening_hours": SERVED,
    **{kind.offered_by: SERVED & Q(kind=kind.name) for kind in KINDS.values() if kind.offered_by},
    "delivery_zones": SERVED & Q(fulfilment=Fulfilment.DELIVERY),
    "paused_until": Q(status__in=NOT_BEGUN),
}


def touched_orders() -> dict[str, Q]:
    """Which of the orders that wait each setting of a vendor counts for; what is not here touches none."""
    touched = orders_by_setting()
    for name, orders in SERVABLE.items():
        touched[name] = touched.get(name, Q()) | orders
    return touched


@receiver(vendor_changed)
def update_due_times(vendor_id: int, changed: Collection[str], **_: Any) -> list[UnservedOrder]:
    """Computes again the times of the orders that what has changed touches; returns all that the vendor cannot serve.

    Orders are locked by id, as everywhere; none where no setting that counts for them has changed. Must run in
    the transaction of the change, after it was written.
    """
    by_setting = touched_orders()
    touched = [by_setting[name] for name in sorted(by_setting.keys() & changed)]
    if touched:
        update_waiting_orders(vendor_now(vendor_id), reduce(or_, touched), timezone.now())
    marked = Order.objects.filter(UNSERVED, vendor=vendor_id, deleted_at__isnull=True).order_by("pk")
    return [describe_unserved(order) for order in marked.only("number", "fulfilment", "deliver_at", "unserved")]


def update_waiting_orders(vendor: Vendor, touched: Q, now: datetime) -> None:
    calendar = calendar_of(vendor)
    for orders in waiting_orders(vendor, touched):
        for order in orders:
            compute_due_times(order, calendar, now)
        save_timers(orders)


def waiting_orders(vendor: Vendor, touched: Q) -> Iterator[Sequence[Order]]:
    """Those of the vendor's orders that are open, or for which a timer may wait, and that are touched, in batches.

    All that wait are locked first, by id: a change of one that was under way with the settings from before is waited
    for, and decides whether the order is touched.
    """
    lock_waiting(vendor)
    waiting = Order.objects.filter(WAITING, touched, vendor=vendor).order_by("pk")
    waiting = waiting.select_related("terms", "delivery_zone", "package__package_type")
    waiting = waiting.prefetch_related("booking__service__hours")
    last, found = 0, BATCH
    while found == BATCH:
        orders = list(waiting.filter(pk__gt=last)[:BATCH])
        for order in orders:
            order.vendor = vendor
        yield orders
        last, found = orders[-1].pk if orders else last, len(orders)


def lock_waiting(vendor: Vendor) -> None:
    list(Order.objects.filter(WAITING, vendor=vendor).select_for_update().order_by("pk").values_list("pk", flat=True))


def describe_unserved(order: Order) -> UnservedOrder:
    return UnservedOrder(
        id=order.pk,
        number=order.number,
        delivery_type=Fulfilment(order.fulfilment).slug,
        deliver_at=order.deliver_at,
        reason=order.unserved,
    )
