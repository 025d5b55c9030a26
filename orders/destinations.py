"""Where an order goes: the vendor's zone that it lies in, and how far that is. No database."""

from collections.abc import Iterable

from orders.checkout import Cart, Place
from ordersite.places.geometry import distance
from ordersite.web.problems import Invalid
from vendors.menu import Menu, Zone
from vendors.models import Vendor
from vendors.zones import zone_for


def find_zone(cart: Cart, vendor: Vendor, menu: Menu, place: Place) -> Zone:
    """The zone that the vendor brings it to; raises Invalid for an address without location, or outside.

    A zone that staff chose by hand needs no location.
    """
    if not cart.zone_by_hand and (place.lat is None or place.lng is None):
        detail = 'A delivery needs a location, and this address has none: send {"lat": …, "lng": …}.'
        if not place.address:
            detail = 'A delivery needs a location: send {"lat": …, "lng": …}, or an address that can be looked up.'
        raise Invalid(f"{cart.pointer}/location", "required", detail)
    if not place.address:
        detail = "A delivery needs an address: send a text, or the id of a saved one."
        raise Invalid(f"{cart.pointer}/address", "required", detail)
    zones = menu.zones
    if cart.delivery_zone_id is not None:
        zones = tuple(zone for zone in zones if zone.id == cart.delivery_zone_id)
        if not zones:
            detail = f"{vendor.name} has no such delivery zone: leave it out."
            raise Invalid(f"{cart.pointer}/delivery_zone", "unknown", detail)
    if cart.zone_by_hand:
        return zones[0]
    zone = zone_at(zones, vendor, place)
    if zone is None:
        detail = f"{vendor.name} does not deliver there: choose another address, or another delivery type."
        raise Invalid(f"{cart.pointer}/location", "outside_delivery_zone", detail)
    return zone


def zone_at(zones: Iterable[Zone], vendor: Vendor, place: Place) -> Zone | None:
    """The first of the zones that holds the place's point."""
    if place.lat is None or place.lng is None:
        return None
    return zone_for(zones, vendor.lat, vendor.lng, place.lat, place.lng)


def is_by_hand(cart: Cart, vendor: Vendor, zone: Zone | None, place: Place) -> bool:
    """Whether staff chose a zone that does not hold the place's point, or the place has none."""
    return cart.zone_by_hand and zone is not None and zone_at([zone], vendor, place) is None


def away(vendor: Vendor, place: Place) -> int | None:
    """Metres from the vendor, where both are known."""
    if vendor.lat is None or vendor.lng is None or place.lat is None or place.lng is None:
        return None
    return distance(vendor.lat, vendor.lng, place.lat, place.lng)
