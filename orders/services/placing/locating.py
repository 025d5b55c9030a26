"""Finds the points of addresses that came without one, and refuses points that are clearly not those of their texts.

It asks another server: only before a transaction begins.
"""

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings

from orders.checkout import Cart, Checkout, Place
from orders.kinds import KINDS
from orders.lifecycle.table import Fulfilment
from orders.services.placing.parties import Placing, customer_meant
from orders.visibility import visible_orders
from ordersite.accounts.callers import Caller
from ordersite.accounts.models import Address
from ordersite.accounts.rights import Right
from ordersite.core.faults import Path, Step
from ordersite.core.fields import Field
from ordersite.places.addresses import (
    SAME_PLACE,
    SAME_PLACE_WITHOUT_ZONES,
    Where,
    elsewhere,
    look_up_change,
    point_of,
    refuse_elsewhere,
    the_only,
)
from ordersite.places.lookup import Answer, find_places
from ordersite.places.protocol import FoundPlace, Point
from vendors.models import PackageType, Vendor
from vendors.permissions import may_at
from vendors.services.active_vendors import vendor_points
from vendors.services.menus import menu_of
from vendors.zones import zone_for

NOWHERE = Place()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """An address of a cart, its point where it has one, and where it stands in the client's input."""

    cart: Cart
    at: Path
    text: str
    point: Point | None
    # Where the point stands in the input: by default beside the text. That of a saved address is known by its id.
    point_field: Field = Field.LOCATION
    point_at: Path | None = None
    saved_id: int | None = None


def locate_placing(placing: Placing, *, caller: Caller, who: str, chooses: bool = True) -> Placing:
    """The placing with the points that were found; raises Invalid for an address that means several places.

    `chooses` is that of `locate`. Raises Forbidden before it looks at a customer's addresses for who may not order for
    that customer.
    """
    place = placing.guest.place if placing.guest else NOWHERE
    customer_id = customer_meant(placing, caller)
    checkout = locate(placing.checkout, caller=caller, guest=place, customer_id=customer_id, who=who, chooses=chooses)
    return replace(placing, checkout=checkout)


def locate(
    checkout: Checkout,
    *,
    caller: Caller,
    guest: Place = NOWHERE,
    customer_id: int | None,
    who: str,
    chooses: bool = True,
) -> Checkout:
    """The checkout with the points that were found. An address that nobody knows stays without one.

    `customer_id` is whose saved addresses are meant, `who` is counted by THROTTLE_PLACES. Raises Invalid for an address
    that means several places, and for one whose point is clearly another place. Of a client that cannot choose among
    several (`chooses`) a package that does not go by distance is carried without a point.
    """
    saved = saved_destinations(checkout, customer_id)
    stops = [one for cart in checkout.carts for one in stops_of(cart, guest, saved)]
    points = points_near({one.cart.vendor_id for one in stops if one.point is None})
    found: dict[Path, FoundPlace | None] = {}
    flat = set() if chooses else flat_types([one.cart for one in stops if one.point is None])
    until = time.monotonic() + settings.GEOCODER_TIMEOUT
    # What must be known first. However many parts an order has, it waits no longer than for one answer or two.
    for one in sorted(stops, key=lambda stop: stop.point is not None):
        if time.monotonic() >= until:
            break
        if one.point is None:
            must_be_one = one.cart.package is None or one.cart.package.package_type not in flat
            near = points.get(one.cart.vendor_id)
            found[one.at] = locate_text(one.text, near, one.at, who, must_be_one=must_be_one)
        else:
            check_together(one, one.point, caller, who)
    return replace(checkout, carts=[with_points(cart, found) for cart in checkout.carts])


def saved_destinations(checkout: Checkout, customer_id: int | None) -> Mapping[int, Place]:
    """The saved addresses that the carts go to, by id; none beside which a point is sent, which sets it right."""
    wanted = {cart.address_id for cart in checkout.carts if cart.address_id is not None and cart.place.lat is None}
    if not wanted or customer_id is None:
        return {}
    rows = Address.objects.filter(pk__in=wanted, customer=customer_id).values_list("pk", "address", "lat", "lng")
    return {pk: Place(address=text, lat=lat, lng=lng) for pk, text, lat, lng in rows}


def stops_of(cart: Cart, guest: Place, saved: Mapping[int, Place]) -> Iterator[Stop]:
    """The addresses of a cart between which something is brought, with the points that came with them."""
    if cart.package and cart.package.pickup.address:
        pickup = cart.package.pickup
        yield Stop(
            cart=cart,
            at=pickup_of(cart),
            text=pickup.address,
            point=point_of(pickup.lat, pickup.lng),
        )
    at_customer = cart.service is not None and cart.service.place == "customer"
    if not (cart.package or at_customer or cart.fulfilment == Fulfilment.DELIVERY):
        return
    own, sent = guest, point_of(cart.place.lat, cart.place.lng)
    if cart.address_id is not None:
        own = saved.get(cart.address_id, NOWHERE)
    text = own.address if cart.address_id is not None else cart.place.address or own.address
    if not text:
        return
    stop = Stop(cart=cart, at=destination_of(cart), text=text, point=sent or point_of(own.lat, own.lng))
    if not sent and cart.address_id is not None:
        stop = replace(stop, point_field=Field.ADDRESS, saved_id=cart.address_id)
    elif not sent:
        stop = replace(stop, point_at=(Step(Field.GUEST),))
    yield stop


def check_together(stop: Stop, point: Point, caller: Caller, who: str) -> None:
    """Raises Invalid where the text is known to be clearly another place than its point: in another zone, or in none.

    A package has no zone: there it is the distance alone. What those send who may place orders at the vendor is a pin
    that they set by hand.
    """
    cart = stop.cart
    if may_at(caller, Right.PLACE_ORDERS, cart.vendor_id):
        return
    place = elsewhere(find_places(stop.text, point, who=who), point, tolerance(cart))
    if place and (cart.package or not same_zone(cart.vendor_id, cart.delivery_zone_id, point, place)):
        at = stop.at if stop.point_at is None else stop.point_at
        refuse_elsewhere(place, point, stop.point_field, at, saved_id=stop.saved_id)


def tolerance(cart: Cart) -> int:
    """Metres between a text and its point that are one place."""
    return SAME_PLACE_WITHOUT_ZONES if cart.package else SAME_PLACE


def same_zone(vendor_id: int, zone_id: int | None, point: Point, place: FoundPlace) -> bool:
    """Whether a place lies in the zone of a point (in the named one, where one is named); also where that is in none,
    which is refused for itself."""
    vendor = Vendor.objects.filter(pk=vendor_id).first()
    if vendor is None:
        return True
    zones = [zone for zone in menu_of(vendor).zones if zone_id in (None, zone.id)]
    paid = zone_for(zones, vendor.lat, vendor.lng, point.lat, point.lng)
    return paid is None or zone_for(zones, vendor.lat, vendor.lng, place.lat, place.lng) == paid


def pickup_of(cart: Cart) -> Path:
    """Where a package's pick-up stands in the client's input."""
    return (*cart.at, Step(Field.PACKAGE), Step(Field.PICKUP))


def destination_of(cart: Cart) -> Path:
    """Where the cart's destination stands in the client's input."""
    return (*cart.at, Step(Field.PACKAGE), Step(Field.DROPOFF)) if cart.package else cart.at


def with_points(cart: Cart, found: Mapping[Path, FoundPlace | None]) -> Cart:
    """The cart with what was found of its pick-up and its destination."""
    package, there = cart.package, found.get(destination_of(cart))
    if package and (here := found.get(pickup_of(cart))):
        package = replace(package, pickup=replace(package.pickup, lat=here.lat, lng=here.lng))
    place = replace(cart.place, lat=there.lat, lng=there.lng) if there else cart.place
    return replace(cart, package=package, place=place)


def points_near(vendor_ids: set[int]) -> Mapping[int, Point]:
    """Where the vendors are, by id; one without a point is left out."""
    return {pk: point for pk, where in vendor_points(vendor_ids).items() if (point := point_of(*where))}


def flat_types(carts: Iterable[Cart]) -> set[int]:
    """The carts' package types that do not go by distance."""
    ids = {cart.package.package_type for cart in carts if cart.package}
    return {one.pk for one in PackageType.objects.filter(pk__in=ids) if not one.goes_by_distance} if ids else set()


def locate_text(text: str, near: Point | None, at: Path, who: str, *, must_be_one: bool) -> FoundPlace | None:
    """The one place that an address means, None where nobody knows it; raises Invalid for several if it must be one."""
    found = find_places(text, near, who=who)
    if not found or (len(found) > 1 and not must_be_one):
        return None
    return the_only(found, at)


def look_up_destination(order_id: int, fields: Mapping[str, Any], caller: Caller, who: str) -> Answer:
    """What a change of an order's `address` (a text, or a saved address's id) or `location` must know of the other.

    Nothing of an order that the caller may not see; whether it may change it is asked later (services.editing).
    Raises Invalid for a text and a point that are clearly two places.
    """
    address, location = fields.get("address"), fields.get("location")
    if address is None and location is None:
        return ()
    columns = ["address", "lat", "lng", "vendor__lat", "vendor__lng", "customer", "anchor_lat", "anchor_lng"]
    columns += ["vendor", "delivery_zone", "kind"]
    row = visible_orders(caller).filter(pk=order_id, fulfilment=Fulfilment.DELIVERY).values_list(*columns).first()
    if row is None:
        return ()
    point = Point(location["lat"], location["lng"]) if location else None
    if point is not None and address is not None:
        if isinstance(address, str):
            package = KINDS[row[10]].has_fee_by_distance
            return check_change(
                address, point, vendor_id=row[8], zone_id=row[9], package=package, caller=caller, who=who
            )
        return ()
    old = Where(text=row[0], point=point_of(row[1], row[2]), anchor=point_of(row[6], row[7]))
    near = point_of(row[3], row[4])
    if isinstance(address, int):
        saved = Address.objects.filter(pk=address, customer=row[5], lat=None).first()
        return look_up_change(Where(), text=saved.address, point=None, near=near, who=who) if saved else ()
    return look_up_change(old, text=address, point=point, near=near, who=who)


def check_change(
    text: str, point: Point, *, vendor_id: int, zone_id: int | None, package: bool, caller: Caller, who: str
) -> Answer:
    """What is known of a new text; raises Invalid where that is clearly another place than the point beside it: outside
    the order's zone, for a package by the distance alone.

    Another order without a zone goes by what staff said. Staff set a pin by hand.
    """
    if (zone_id is None and not package) or caller.may_everywhere(Right.MOVE_ORDERS):
        return ()
    found = find_places(text, point, who=who)
    place = elsewhere(found, point, SAME_PLACE_WITHOUT_ZONES if package else SAME_PLACE)
    if place and (package or not same_zone(vendor_id, zone_id, point, place)):
        refuse_elsewhere(place, point, Field.LOCATION)
    return found
