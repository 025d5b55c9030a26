"""Finds the points of addresses that came without one. It asks another server: only before a transaction begins."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings

from orders.checkout import Cart, Checkout, Place
from orders.lifecycle import Fulfilment
from orders.permissions import visible_orders
from orders.services.parties import Placing, customer_meant
from ordersite.accounts.callers import Caller
from ordersite.accounts.models import Address
from ordersite.places.addresses import Where, look_up_change, point_of, the_only
from ordersite.places.lookup import Answer, find_places
from ordersite.places.protocol import FoundPlace, Point
from vendors.models import Vendor

NOWHERE = Place()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """An address without a point: whose vendor it is near, and where it stands in the client's input."""

    vendor_id: int
    pointer: str
    text: str


def locate_placing(placing: Placing, *, caller: Caller, who: str) -> Placing:
    """The placing with the points that were found; raises Invalid for an address that means several places.

    Raises Forbidden before it looks at a customer's addresses for who may not order for that customer.
    """
    place = placing.guest.place if placing.guest else NOWHERE
    customer_id = customer_meant(placing, caller)
    return replace(placing, checkout=locate(placing.checkout, guest=place, customer_id=customer_id, who=who))


def locate(checkout: Checkout, *, guest: Place = NOWHERE, customer_id: int | None, who: str) -> Checkout:
    """The checkout with the points that were found. An address that nobody knows stays without one.

    `customer_id` is whose saved addresses are meant, `who` is counted by THROTTLE_PLACES. Raises Invalid for an address
    that means several places.
    """
    saved = saved_without_point(checkout, customer_id)
    sought = [one for cart in checkout.carts for one in sought_of(cart, guest, saved)]
    if not sought:
        return checkout
    points = points_near({one.vendor_id for one in sought})
    found: dict[str, FoundPlace | None] = {}
    until = time.monotonic() + settings.GEOCODER_TIMEOUT
    for one in sought:
        # However many parts an order has, it waits no longer than for one answer or two.
        if time.monotonic() < until:
            found[one.pointer] = locate_text(one.text, points.get(one.vendor_id), one.pointer, who)
    return replace(checkout, carts=[with_points(cart, found) for cart in checkout.carts])


def saved_without_point(checkout: Checkout, customer_id: int | None) -> Mapping[int, str]:
    """The texts of the saved addresses that the carts go to and that have no point, by id."""
    wanted = {cart.address_id for cart in checkout.carts if cart.address_id is not None and cart.place.lat is None}
    if not wanted or customer_id is None:
        return {}
    rows = Address.objects.filter(pk__in=wanted, customer=customer_id, lat=None)
    return dict(rows.values_list("pk", "address"))


def sought_of(cart: Cart, guest: Place, saved: Mapping[int, str]) -> Iterator[Sought]:
    """The addresses of a cart that need a point and have none."""
    if cart.package and cart.package.pickup.lat is None and cart.package.pickup.address:
        yield Sought(
            vendor_id=cart.vendor_id, pointer=f"{cart.pointer}/package/pickup", text=cart.package.pickup.address
        )
    at_customer = cart.service is not None and cart.service.place == "customer"
    if not (cart.package or at_customer or cart.fulfilment == Fulfilment.DELIVERY) or cart.place.lat is not None:
        return
    if cart.address_id is not None:
        text = saved.get(cart.address_id, "")
    else:
        text = "" if guest.lat is not None else cart.place.address or guest.address
    if text:
        yield Sought(vendor_id=cart.vendor_id, pointer=destination_of(cart), text=text)


def destination_of(cart: Cart) -> str:
    """Where the cart's destination stands in the client's input."""
    return f"{cart.pointer}/package/dropoff" if cart.package else cart.pointer


def with_points(cart: Cart, found: Mapping[str, FoundPlace | None]) -> Cart:
    """The cart with what was found of its pick-up and its destination."""
    package, there = cart.package, found.get(destination_of(cart))
    if package and (here := found.get(f"{cart.pointer}/package/pickup")):
        package = replace(package, pickup=replace(package.pickup, lat=here.lat, lng=here.lng))
    place = replace(cart.place, lat=there.lat, lng=there.lng) if there else cart.place
    return replace(cart, package=package, place=place)


def points_near(vendor_ids: set[int]) -> Mapping[int, Point]:
    """Where the vendors are, by id; one without a point is left out."""
    rows = Vendor.objects.filter(pk__in=vendor_ids, lat__isnull=False, lng__isnull=False)
    return {pk: point for pk, lat, lng in rows.values_list("pk", "lat", "lng") if (point := point_of(lat, lng))}


def locate_text(text: str, near: Point | None, pointer: str, who: str) -> FoundPlace | None:
    """The one place that an address means, None where nobody knows it; raises Invalid for several."""
    found = find_places(text, near, who=who)
    return the_only(found, f"{pointer}/address") if found else None


def look_up_destination(order_id: int, fields: Mapping[str, Any], caller: Caller, who: str) -> Answer:
    """What a change of an order's `address` (a text, or a saved address's id) or `location` must know of the other.

    Nothing of an order that the caller may not see; whether it may change it is asked later (services.changes).
    """
    address, location = fields.get("address"), fields.get("location")
    if (address is None) == (location is None):
        return ()
    columns = ("address", "lat", "lng", "vendor__lat", "vendor__lng", "customer", "anchor_lat", "anchor_lng")
    row = visible_orders(caller).filter(pk=order_id, fulfilment=Fulfilment.DELIVERY).values_list(*columns).first()
    if row is None:
        return ()
    old = Where(text=row[0], point=point_of(row[1], row[2]), anchor=point_of(row[6], row[7]))
    near = point_of(row[3], row[4])
    if isinstance(address, int):
        saved = Address.objects.filter(pk=address, customer=row[5], lat=None).first()
        return look_up_change(Where(), text=saved.address, point=None, near=near, who=who) if saved else ()
    point = Point(location["lat"], location["lng"]) if location else None
    return look_up_change(old, text=address, point=point, near=near, who=who)
