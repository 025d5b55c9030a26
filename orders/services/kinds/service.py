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
from ordersite.core.money import MAX_MINOR, as_json
from ordersite.web.problems import Invalid
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
        at, wish = f"{cart.pointer}/service", cart.service
        if wish is None:
            raise Invalid(at, "required", "A booking needs what is booked, for when and where: send `service`.")
        service = find_service(wish, vendor, at)
        where = Booking.Place(wish.place)
        fulfilment = bookings.FULFILMENTS[where]
        if cart.fulfilment not in (None, fulfilment):
            detail = (
                f"A service at the {where}'s place has the delivery type {fulfilment.slug}: send that, or leave it out."
            )
            raise Invalid(f"{cart.pointer}/delivery_type", "not_offered", detail)
        if cart.deliver_at not in (None, wish.at):
            detail = "The time of a service is its own `at`: leave deliver_at out."
            raise Invalid(f"{cart.pointer}/deliver_at", "deliver_at", detail)
        zone = find_zone(cart, vendor, menu, place) if where == Booking.Place.CUSTOMER else None
        if zone and service.price < zone.minimum:
            least = as_json(zone.minimum, vendor.currency)
            detail = f"The minimum in {zone.name} is {least['amount']} {vendor.currency}: choose another service."
            raise Invalid(f"{at}/service", "below_minimum", detail, minimum=least)
        fee = fee_of(zone, service.price)
        if service.price + fee > MAX_MINOR:
            raise Invalid(
                f"{at}/service", "too_large", "The amount is larger than one order can have: choose another service."
            )
        besides = [one.booking for one in wanted.besides if one.booking]
        taken = bookings.times_of(service, besides)
        start = bookings.start_of(service, where, wish.at, now, besides=taken, pointer=f"{at}/at")
        end = start + bookings.length_of(service)
        booking = BookedTime(service=service, starts_at=start, ends_at=end, place=wish.place, pointer=at)
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
        bookings.release(order)

    def retake(self, order: Order) -> None:
        bookings.take_again(order)

    def move(self, order: Order, at: datetime | None, now: datetime) -> None:
        if at is None:
            raise Invalid("/deliver_at", "required", "A service needs a time: send another one.")
        bookings.move(order, at=at, now=now, pointer="/deliver_at")


def find_service(wish: ServiceWish, vendor: Vendor, at: str) -> Service:
    """The service with its hours and vendor; raises Invalid for one that the vendor has not, or not at that place."""
    service = services_at(vendor.pk).filter(pk=wish.service).first()
    if service is None:
        detail = f"{vendor.name} offers no such service: read /vendors/{vendor.pk}/services."
        raise Invalid(f"{at}/service", "unknown", detail)
    service.vendor = vendor
    places = places_of(service)
    if wish.place not in places:
        there = " or ".join(f"at the {place}'s place" for place in places)
        raise Invalid(f"{at}/place", "not_offered", f"{service.name} is only offered {there}: choose that place.")
    return service
