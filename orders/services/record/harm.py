"""What a change of a vendor's settings does to orders under way that it can serve all the same."""

from collections.abc import Collection, Iterable
from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.dispatch import receiver
from django.utils import timezone

from orders.lifecycle.table import OPEN, Fulfilment
from orders.models import WAITING, Order, PaymentStatus
from vendors.models import Vendor
from vendors.services.announcing import DeliveryBefore, harm_asked
from vendors.services.menus import read_zones
from vendors.zones import zone_for

# So many orders a sentence names, and addresses.
MOST_NAMED = 20
MOST_ADDRESSES = 5
# How far back, and how many, deliveries are looked at when zones change.
WEEKS = 4
MOST_DELIVERIES = 1000
# What says where it delivers: a circle is around its point.
WHERE = {"delivery_zones", "lat", "lng"}
# Money that is still to come by the order's own method.
TO_BE_PAID = (PaymentStatus.UNPAID, PaymentStatus.FAILED, PaymentStatus.PROOF_PENDING)


@receiver(harm_asked)
def name_harmed_orders(
    vendor_id: int, changed: Collection[str], before: DeliveryBefore, sees_orders: bool, **_: Any
) -> list[str]:
    """A sentence for each kind of harm, naming the orders, and addresses to who may see orders.

    Must run after the change was written.
    """
    if not {"time_zone", "payment_methods", *WHERE} & set(changed):
        return []
    vendor = Vendor.objects.only("time_zone", "payment_methods", "lat", "lng").get(pk=vendor_id)
    orders = Order.objects.filter(WAITING, vendor=vendor_id, status__in=sorted(OPEN)).order_by("pk")
    lines = []
    if "time_zone" in changed and (found := name(orders.exclude(deliver_at=None))):
        lines.append(f"Orders agreed for a time, whose hour by the vendor's clock would be another: {found}.")
    if "payment_methods" in changed:
        unpaid = orders.filter(payment_status__in=TO_BE_PAID).exclude(payment_method__in=vendor.payment_methods)
        if found := name(unpaid):
            lines.append(f"Orders still to be paid by a method that would not be taken any more: {found}.")
    if WHERE & set(changed) and (left := addresses_left(vendor, before)):
        some = ", ".join(left[:MOST_ADDRESSES]) + (" …" if len(left) > MOST_ADDRESSES else "")
        told = f"{len(left)}, to {some}" if sees_orders else f"{len(left)}"
        lines.append(f"Deliveries of the last {WEEKS} weeks to where no zone would be any more: {told}.")
    return lines


def addresses_left(vendor: Vendor, before: DeliveryBefore) -> list[str]:
    """Where orders of the last weeks went, within the zones of before and outside those of now; the newest first."""
    since = timezone.now() - timedelta(weeks=WEEKS)
    delivered = Order.objects.filter(vendor=vendor, placed_at__gte=since, deleted_at=None, lat__isnull=False)
    rows = delivered.filter(fulfilment=Fulfilment.DELIVERY).order_by("-placed_at", "-id")
    now, found = read_zones(vendor.pk), []
    deliveries: Iterable[tuple[str, Any, Any]] = rows.values_list("address", "lat", "lng")[:MOST_DELIVERIES]
    for address, lat, lng in deliveries:
        was_within = zone_for(before.zones, before.lat, before.lng, lat, lng)
        if was_within and not zone_for(now, vendor.lat, vendor.lng, lat, lng):
            found.append(address or f"{lat:.5f}, {lng:.5f}")
    return found


def name(orders: QuerySet[Order]) -> str:
    """The first of them by their numbers, and whether there are more."""
    ids = list(orders.values_list("pk", flat=True)[: MOST_NAMED + 1])
    named = ", ".join(f"#{pk}" for pk in ids[:MOST_NAMED])
    return f"{named} and more" if len(ids) > MOST_NAMED else named
