"""Bookings: a service at a time, of which only so many are taken at once (docs/requirements.md, rows 1, 9 and 10)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.utils import timezone

from orders.checkout import BookedTime, Cart
from orders.lifecycle.table import Fulfilment
from orders.models import Booking, Order
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Conflict, Fault, Invalid, Path, blaming_field
from ordersite.core.fields import Field
from vendors.bookable import levels_of, most_at_once, starts
from vendors.hours import DAY, Period, moment
from vendors.models import Service, Vendor
from vendors.services.bookable import spans_for
from vendors.services.menus import menu_of
from vendors.services.openings import LONGEST_CLOSING, is_too_far, last_day

# How an order goes whose service takes place there.
FULFILMENTS = {Booking.Place.CUSTOMER: Fulfilment.DELIVERY, Booking.Place.VENDOR: Fulfilment.EAT_IN}
# What a booking may last at most (Service.duration_minutes).
LONGEST = timedelta(days=1)
# Where a time is refused, so many free ones are named, of those within so many days.
NAMED, DAYS_LOOKED_AT = 3, 8


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeTime:
    """A time at which a service can be booked, and how often still."""

    starts_at: datetime
    ends_at: datetime
    left: int


def start_of(
    service: Service,
    place: Booking.Place,
    at: datetime | None,
    now: datetime,
    *,
    besides: Sequence[Period],
    way: Path,
) -> datetime:
    """When it begins: at the time that is wished for, which was checked, else at the first free one.

    `way` leads to its `at`.
    """
    if at is None:
        return first_free(service, place, now, besides=besides, way=way)
    check_start(service, place, at, now, Field.AT, way)
    with blaming_field(Field.AT, at=way):
        check_free(service, place, at, at + length_of(service), now, besides=besides)
    return at


def length_of(service: Service) -> timedelta:
    return timedelta(minutes=service.duration_minutes)


def starts_of(service: Service, place: Booking.Place, *, first: datetime, days: int) -> list[datetime]:
    """When it may start, free or not, from `first` to the end of the days-th of the vendor's days."""
    vendor = service.vendor
    return starts(
        spans_for(service, menu_of(vendor).spans),
        vendor.zone,
        FULFILMENTS[place].slug,
        first=first,
        days=days,
        step=vendor.slot_minutes,
        lasting=service.duration_minutes,
    )


def check_start(
    service: Service, place: Booking.Place, at: datetime, now: datetime, field: Field, way: Path = ()
) -> None:
    """Raises Invalid at the field, with the next free times, for a time at which it never starts."""
    vendor = service.vendor
    if at <= now:
        code = FaultCode.PAST_BOOKING
    elif is_too_far(vendor, at, now):
        code = FaultCode.TOO_FAR_BOOKING
    elif vendor.paused_until and vendor.paused_until > at:
        code = FaultCode.PAUSED_BOOKING
    elif at not in starts_of(service, place, first=at, days=1)[:1]:
        code = FaultCode.NO_SUCH_TIME
    else:
        return
    found = next_free_times(service, place, at, now)
    said = {
        "name": service.name,
        "vendor": vendor.name,
        "days": vendor.preorder_days,
        "free": name_times(found, vendor),
    }
    raise Invalid(code, field, at=way, told={"next": [one.isoformat() for one in found]}, **said)


def check_free(
    service: Service,
    place: Booking.Place,
    start: datetime,
    end: datetime,
    now: datetime,
    *,
    besides: Sequence[Period] = (),
    moving: int | None = None,
) -> None:
    """Raises Conflict slot_full, with the next free times, where all of the capacity is taken; one statement.

    `besides` are times that are taken with it and not yet written, `moving` the order whose own booking counts not.
    """
    taken = levels_of([*held_times(service.pk, start, end, moving), *besides])
    if most_at_once(taken, start, end) < service.capacity:
        return
    found = next_free_times(service, place, start, now)
    free, extra = name_times(found, service.vendor), {"next": [one.isoformat() for one in found]}
    raise Conflict(FaultCode.SLOT_FULL_SERVICE, name=service.name, free=free, extra=extra)


def held_times(service_id: int, start: datetime, end: datetime, moving: int | None = None) -> list[Period]:
    """The bookings that run within the time."""
    rows = Booking.objects.filter(
        # The first bound is for the index, which knows no ends.
        service=service_id,
        is_held=True,
        starts_at__gt=start - LONGEST,
        starts_at__lt=end,
        ends_at__gt=start,
    )
    if moving is not None:
        rows = rows.exclude(order=moving)
    return list(rows.values_list("starts_at", "ends_at"))


def free_times(
    service: Service,
    place: Booking.Place,
    *,
    first: datetime,
    days: int,
    now: datetime,
    besides: Sequence[Period] = (),
) -> list[FreeTime]:
    """When it can be booked, from `first` to the end of the days-th of the vendor's days; one statement.

    None in the past or in a pause, and none later than the vendor takes orders for; `besides` are taken too.
    """
    vendor, length = service.vendor, length_of(service)
    soonest = max(now, vendor.paused_until or now)
    starting = starts_of(service, place, first=first, days=days)
    found = [at for at in starting if soonest <= at and at > now and not is_too_far(vendor, at, now)]
    if not found:
        return []
    levels = levels_of([*held_times(service.pk, found[0], found[-1] + length), *besides])
    times = (
        FreeTime(starts_at=at, ends_at=at + length, left=service.capacity - most_at_once(levels, at, at + length))
        for at in found
    )
    return [time for time in times if time.left > 0]


def next_free_times(service: Service, place: Booking.Place, at: datetime, now: datetime) -> list[datetime]:
    """The first free times from `at` on; from now on where that lies beyond what is taken orders for."""
    first = max(at, now, service.vendor.paused_until or now)
    if is_too_far(service.vendor, first, now):
        first = now
    free = free_times(service, place, first=first, days=DAYS_LOOKED_AT, now=now)
    return [time.starts_at for time in free[:NAMED]]


def first_free(
    service: Service, place: Booking.Place, now: datetime, *, besides: Sequence[Period], way: Path
) -> datetime:
    """The first free time of the days that orders are taken for, of three months at most.

    A statement for each eight days that are full. Raises Conflict slot_full at the `at` where there is none.
    """
    vendor = service.vendor
    soonest = max(now, vendor.paused_until or now)
    today = now.astimezone(vendor.zone).date()
    days = min((last_day(vendor, now) - today).days, LONGEST_CLOSING) + 1
    for number in range(0, days, DAYS_LOOKED_AT):
        first = max(soonest, moment(today + number * DAY, time.min, vendor.zone))
        free = free_times(service, place, first=first, days=DAYS_LOOKED_AT, now=now, besides=besides)
        if free:
            return free[0].starts_at
    code = FaultCode.SLOT_FULL_AHEAD if days > 1 else FaultCode.SLOT_FULL_TODAY
    raise Conflict(code, Field.AT, at=way, name=service.name, days=days - 1, extra={"next": []})


def name_times(times: list[datetime], vendor: Vendor) -> Fault:
    """The free times as a sentence's part, as the vendor's clock shows them."""
    if not times:
        return Fault(FaultCode.FREE_NONE)
    return Fault(FaultCode.FREE_NEXT, times=[f"{at.astimezone(vendor.zone):%a %d %b %H:%M}" for at in times])


def times_of(service: Service, bookings: Sequence[BookedTime]) -> list[Period]:
    """When those of the bookings run that are of the service."""
    return [(one.starts_at, one.ends_at) for one in bookings if one.service.pk == service.pk]


def hold_services(carts: Sequence[Cart]) -> None:
    """Locks the services whose first free time is asked for, before it is chosen: nobody else takes it meanwhile."""
    ids = {cart.service.service for cart in carts if cart.service and cart.service.at is None}
    if ids:
        list(Service.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk").values_list("pk"))


def take_times(bookings: Sequence[BookedTime]) -> None:
    """Takes the times of one checkout, in the order in which everybody locks services."""
    taken: list[BookedTime] = []
    for booking in sorted(bookings, key=lambda one: one.service.pk):
        take_time(booking, besides=times_of(booking.service, taken))
        taken.append(booking)


def take_time(booking: BookedTime, *, besides: Sequence[Period] = ()) -> None:
    """Holds the service's row until the transaction ends; raises Conflict slot_full where its time is taken.

    Who comes at the same moment waits, and then counts the booking that `write_booking` has written.
    """
    service = booking.service
    if not lock_service(service):
        raise Conflict(FaultCode.NOT_OFFERED_ANY_MORE, Field.SERVICE, at=booking.at, name=service.name)
    place = Booking.Place(booking.place)
    with blaming_field(Field.AT, at=booking.at):
        check_free(service, place, booking.starts_at, booking.ends_at, timezone.now(), besides=besides)


def lock_service(service: Service) -> bool:
    """Locks its row and reads its capacity again; whether it is still offered."""
    row = Service.objects.select_for_update(no_key=True).filter(pk=service.pk).values_list("capacity", "is_active")
    service.capacity, is_active = row.first() or (0, False)
    return is_active


def write_booking(order: Order, booking: BookedTime) -> None:
    """Keeps with the order what is booked; the service's name stays when it is changed."""
    row = Booking(
        order=order,
        service=booking.service,
        service_name=booking.service.name,
        starts_at=booking.starts_at,
        ends_at=booking.ends_at,
        place=booking.place,
    )
    row.save(force_insert=True)


def booking_with_vendor(order: Order) -> Booking:
    return Booking.objects.select_related("service__vendor").get(order=order)


def move_booking(order: Order, *, at: datetime, now: datetime) -> None:
    """Books another time for the order, which the caller has locked, and frees the one before.

    Raises as placing does, and then keeps the one before.
    """
    booking = booking_with_vendor(order)
    service, place = booking.service, Booking.Place(booking.place)
    check_start(service, place, at, now, Field.DELIVER_AT)
    lock_service(service)
    end = at + length_of(service)
    check_free(service, place, at, end, now, moving=order.pk)
    booking.starts_at, booking.ends_at = at, end
    booking.save(update_fields=["starts_at", "ends_at"])


def release_time(order: Order) -> None:
    """The order has closed without success: its time is free again."""
    Booking.objects.filter(order=order).update(is_held=False)


def retake_time(order: Order) -> None:
    """The order is open again: takes its time back; raises Conflict slot_full where that is taken meanwhile."""
    booking = booking_with_vendor(order)
    if booking.is_held:
        return
    lock_service(booking.service)
    check_free(booking.service, Booking.Place(booking.place), booking.starts_at, booking.ends_at, timezone.now())
    booking.is_held = True
    booking.save(update_fields=["is_held"])
