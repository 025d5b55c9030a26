"""Whether a vendor takes orders now, from its hours and its pause; and its slots to order for."""

from collections.abc import Sequence
from datetime import date, datetime

from django.db.models import Q, QuerySet

from vendors.hours import DAY, Calendar, beyond, is_open, next_opening, slots
from vendors.menu import Span
from vendors.models import OpeningHours, Vendor
from vendors.services.menus import menu_of
from vendors.slots import Caps

# Who is closed for longer than so many days is not waited for.
LONGEST_CLOSING = 90


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
        slot_orders=row.slot_orders,
        slot_value=row.slot_value,
    )


def is_paused(vendor: Vendor, at: datetime) -> bool:
    return vendor.paused_until is not None and at < vendor.paused_until


def repeat_date(first: OpeningHours, last: date) -> None:
    """Repeats a date's row on each day after it up to the last one; a day that is closed already stays as it is."""
    days = [first.date + number * DAY for number in range(1, (last - first.date).days + 1)] if first.date else []
    standing = OpeningHours.objects.filter(
        vendor=first.vendor_id, date__in=days, closed=True, fulfilment=first.fulfilment
    )
    closed = set(standing.values_list("date", flat=True))
    columns = {
        field.attname: getattr(first, field.attname) for field in OpeningHours._meta.fields if not field.primary_key
    }
    OpeningHours.objects.bulk_create([OpeningHours(**{**columns, "date": day}) for day in days if day not in closed])


def takes_orders(vendor: Vendor, at: datetime) -> dict[str, bool]:
    """For each fulfilment that the vendor offers: open, and not paused."""
    spans, paused = spans_of(vendor), is_paused(vendor, at)
    return {name: not paused and is_open(spans, vendor.zone, name, at) for name in vendor.fulfilments}


def next_takes_orders(vendor: Vendor, at: datetime) -> dict[str, datetime | None]:
    """For each fulfilment when it takes orders next: now where it does, None where not within eight days."""
    spans = spans_of(vendor)
    start = vendor.paused_until if vendor.paused_until and is_paused(vendor, at) else at
    return {name: next_opening(spans, vendor.zone, name, start) for name in vendor.fulfilments}


def calendar_of(vendor: Vendor) -> Calendar:
    """The vendor's hours: by `opening_hours` where they were prefetched, which whoever has just changed them must do.

    Else by the held menu. One that was prefetched keeps its calendar, so that many orders cost what one does.
    """
    if "opening_hours" not in getattr(vendor, "_prefetched_objects_cache", {}):
        return Calendar(menu_of(vendor).spans, vendor.zone)
    kept = vendor.__dict__
    if "calendar" not in kept:
        kept["calendar"] = Calendar(spans_of(vendor), vendor.zone)
    calendar: Calendar = kept["calendar"]
    return calendar


def next_taking(vendor: Vendor, fulfilment: str, at: datetime) -> datetime | None:
    """The first moment from `at` on at which it is open for this and not paused; None where not within three months."""
    start = vendor.paused_until if vendor.paused_until and is_paused(vendor, at) else at
    return calendar_of(vendor).next_opening(fulfilment, start, days=LONGEST_CLOSING)


def open_vendor_ids(vendors: QuerySet[Vendor], fulfilment: str, at: datetime) -> list[int]:
    """Those that take orders now, for this fulfilment or, where it is empty, for any; two statements."""
    rows = (
        vendors.filter(Q(paused_until=None) | Q(paused_until__lte=at))
        .only("fulfilments", "time_zone", "paused_until")
        .prefetch_related("opening_hours")
    )
    found = ((row.pk, takes_orders(row, at)) for row in rows)
    return [pk for pk, taking in found if (taking.get(fulfilment) if fulfilment else any(taking.values()))]


def earliest(vendor: Vendor, now: datetime) -> datetime:
    """The first moment that an order placed or changed now may be for: preparing takes so long, rush included."""
    return now + vendor.lead(now)


def last_day(vendor: Vendor, now: datetime) -> date:
    """The last day, by the vendor's own calendar, that orders are taken for; `preorder_days` 0 is today."""
    return now.astimezone(vendor.zone).date() + vendor.preorder_days * DAY


def is_too_far(vendor: Vendor, at: datetime, now: datetime) -> bool:
    """Whether the moment lies on a day that the vendor takes no orders for yet."""
    return beyond(at) or at.astimezone(vendor.zone).date() > last_day(vendor, now)


def slots_of(
    vendor: Vendor, spans: Sequence[Span], fulfilment: str, *, first: datetime, now: datetime, days: int = 1
) -> list[datetime]:
    """The starts of slots from `first` to the end of its day (or a later one) that it takes orders for, in UTC.

    None sooner than the vendor can prepare, none in a pause, none later than it takes preorders for.
    """
    soonest = earliest(vendor, now)
    if vendor.paused_until:
        soonest = max(soonest, vendor.paused_until)
    found = slots(spans, vendor.zone, fulfilment, first=first, days=days, minutes=vendor.slot_minutes)
    return [slot for slot in found if soonest <= slot and not is_too_far(vendor, slot, now)]


def usual_caps(vendor: Vendor) -> Caps:
    """The vendor's own caps, which hold where a span has none."""
    return Caps(orders=vendor.slot_orders, value=vendor.slot_value)
