"""Whether a vendor takes orders now, from its hours and its pause."""

from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from vendors.hours import is_open, next_opening, slots
from vendors.menu import Span
from vendors.models import OpeningHours, Vendor


def spans_of(vendor: Vendor) -> list[Span]:
    """The vendor's hours, from `opening_hours` as they were prefetched."""
    return [span_of(row) for row in vendor.opening_hours.all()]


def span_of(row: OpeningHours) -> Span:
    return Span(
        weekday=row.weekday,
        date=row.date,
        closed=row.closed,
        opens=row.opens,
        closes=row.closes,
        fulfilment=row.fulfilment,
    )


def is_paused(vendor: Vendor, at: datetime) -> bool:
    return vendor.paused_until is not None and at < vendor.paused_until


def takes_orders(vendor: Vendor, at: datetime) -> dict[str, bool]:
    """For each fulfilment that the vendor offers: open, and not paused."""
    spans, paused = spans_of(vendor), is_paused(vendor, at)
    return {name: not paused and is_open(spans, vendor.zone, name, at) for name in vendor.fulfilments}


def next_takes_orders(vendor: Vendor, at: datetime) -> dict[str, datetime | None]:
    """For each fulfilment when it takes orders next: now where it does, None where not within eight days."""
    spans = spans_of(vendor)
    start = vendor.paused_until if vendor.paused_until and is_paused(vendor, at) else at
    return {name: next_opening(spans, vendor.zone, name, start) for name in vendor.fulfilments}


def open_vendor_ids(vendors: QuerySet[Vendor], fulfilment: str, at: datetime) -> list[int]:
    """Those that take orders now, for this fulfilment or, where it is empty, for any; two statements."""
    rows = (
        vendors.filter(Q(paused_until=None) | Q(paused_until__lte=at))
        .only("fulfilments", "time_zone", "paused_until")
        .prefetch_related("opening_hours")
    )
    found = ((row.pk, takes_orders(row, at)) for row in rows)
    return [pk for pk, taking in found if (taking.get(fulfilment) if fulfilment else any(taking.values()))]


def slots_of(vendor: Vendor, fulfilment: str, *, first: datetime, now: datetime) -> list[datetime]:
    """The starts of slots from `first` to the end of its day that can still be ordered for, in UTC.

    None sooner than the vendor can prepare, none in a pause, none later than it takes preorders for.
    """
    soonest = now + timedelta(minutes=vendor.preparation_minutes + vendor.rush_minutes)
    if vendor.paused_until:
        soonest = max(soonest, vendor.paused_until)
    latest = now + timedelta(days=vendor.preorder_days)
    found = slots(spans_of(vendor), vendor.zone, fulfilment, first=first, days=1, minutes=vendor.slot_minutes)
    return [slot for slot in found if soonest <= slot <= latest]
