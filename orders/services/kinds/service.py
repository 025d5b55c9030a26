"""Services: a time of the vendor's that is booked (docs/requirements.md, rows 1, 9 and 10)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from orders.checkout import BookedTime, Cart, Draft, ServiceWish, terms_of
from orders.destinations import away, find_zone, is_by_hand
from orders.models import Booking, Kind, Order
from orders.pricing import fee_of, single_line
from orders.services.capacity import bookings
from orders.services.capacity.order_times import check_pause, is_later
from orders.services.kinds.base import CartAtVendor, KindHandler
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Invalid, Path, Step
from ordersite.core.fields import Field
from ordersite.core.money import MAX_MINOR, as_json
from vendors.models import Service, Vendor
from vendors.services.bookable import places_of, services_at


class ServiceHandler(KindHandler):
    """Booked for a time of its own hours, which takes the place of the capacity that it has then."""

    name = Kind.SERVICE

    def hold(self, carts: Sequence[Cart]) -> None:
        bookings.hold_services(carts)

    def check(self, wanted: CartAtVendor) -> Draft:
        """Refuses a time that cannot be with the `next` free ones.

        Raises Conflict slot_full for one that is taken, and where the first free one is asked for and there is none.
        """
        cart, vendor, menu, place, now = wanted.cart, wanted.vendor, wanted.menu, wanted.place, wanted.now
        at, wish = (*cart.at, Step(Field.SERVICE)), cart.service
        if wish is None:
            raise Invalid(FaultCode.REQUIRED_SERVICE, Field.SERVICE, at=cart.at)
        service = find_service(wish, vendor, at)
        where = Booking.Place(wish.place)
        fulfilment = bookings.FULFILMENTS[where]
        if cart.fulfilment not in (None, fulfilment):
            told = {"place": where, "wanted": fulfilment.slug}
            raise Invalid(FaultCode.NOT_OFFERED_FOR_SERVICE, Field.DELIVERY_TYPE, at=cart.at, **told)
        if cart.deliver_at not in (None, wish.at):
            raise Invalid(FaultCode.DELIVER_AT, Field.DELIVER_AT, at=cart.at)
        zone = find_zone(cart, vendor, menu, place) if where == Booking.Place.CUSTOMER else None
        if zone and service.price < zone.minimum:
            least = as_json(zone.minimum, vendor.currency)
            raise Invalid(
                FaultCode.BELOW_MINIMUM_SERVICE, Field.SERVICE, at=at, told={"minimum": least}, zone=zone.name
            )
        fee = fee_of(zone, service.price)
        if service.price + fee > MAX_MINOR:
            raise Invalid(FaultCode.TOO_LARGE_SERVICE, Field.SERVICE, at=at)
        besides = [one.booking for one in wanted.besides if one.booking]
        taken = bookings.times_of(service, besides)
        start = bookings.start_of(service, where, wish.at, now, besides=taken, way=at)
        end = start + bookings.length_of(service)
        booking = BookedTime(service=service, starts_at=start, ends_at=end, place=wish.place, at=at)
        # Its own hours were checked: what counts besides is whether it lies ahead of the preorder time, and pauses.
        check_pause(replace(cart, fulfilment=fulfilment, deliver_at=start), vendor)
        return Draft(
            cart=cart,
            vendor=vendor,
            menu=menu,
            kind=Kind.SERVICE,
            fulfilment=fulfilment,
            place=place,
            lines=(single_line(service.name, service.price, service.tax_rate),),
            terms=terms_of(vendor),
            delivery_fee=fee,
            zone=zone,
            zone_by_hand=is_by_hand(cart, vendor, zone, place),
            distance=away(vendor, place) if zone else None,
            is_preorder=is_later(start, vendor, now),
            deliver_at=start,
            booking=booking,
        )

    def take(self, drafts: Sequence[Draft]) -> None:
        bookings.take_times([draft.booking for draft in drafts if draft.booking])

    def write(self, order: Order, draft: Draft) -> None:
        if draft.booking is None:
            raise ValueError("a draft of a service has a time")
        bookings.write_booking(order, draft.booking)

    def release(self, order: Order) -> None:
        bookings.release_time(order)

    def retake(self, order: Order) -> None:
        bookings.retake_time(order)

    def move(self, order: Order, at: datetime | None, now: datetime) -> None:
        if at is None:
            raise Invalid(FaultCode.REQUIRED_TIME, Field.DELIVER_AT)
        bookings.move_booking(order, at=at, now=now)


def find_service(wish: ServiceWish, vendor: Vendor, at: Path) -> Service:
    """The service with its hours and vendor; raises Invalid for one that the vendor has not, or not at that place."""
    service = services_at(vendor.pk).filter(pk=wish.service).first()
    if service is None:
        raise Invalid(FaultCode.UNKNOWN_SERVICE, Field.SERVICE, at=at, vendor=vendor.name, id=vendor.pk)
    service.vendor = vendor
    places = places_of(service)
    if wish.place not in places:
        raise Invalid(FaultCode.NOT_OFFERED_THERE, Field.PLACE, at=at, name=service.name, place=" or ".join(places))
    return service
