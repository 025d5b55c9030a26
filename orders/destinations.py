"""Where an order goes: the vendor's zone that it lies in, and how far that is. No database."""

from orders.checkout import Cart, Place
from ordersite.web.problems import Invalid
from vendors.menu import Menu, Zone
from vendors.models import Vendor
from vendors.zones import distance, zone_for


def find_zone(cart: Cart, vendor: Vendor, menu: Menu, place: Place) -> Zone:
    """The zone that the vendor brings it to; raises Invalid for an address without location, or outside."""
    if place.lat is None or place.lng is None:
        detail = 'A delivery needs a location, and none is known of this address: send {"lat": …, "lng": …}.'
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
    zone = zone_for(zones, vendor.lat, vendor.lng, place.lat, place.lng)
    if zone is None:
        detail = f"{vendor.name} does not deliver there: choose another address, or go there yourself."
        raise Invalid(f"{cart.pointer}/location", "outside_delivery_zone", detail)
    return zone


def away(vendor: Vendor, place: Place) -> int | None:
    """Metres from the vendor, where both are known."""
    if vendor.lat is None or vendor.lng is None or place.lat is None or place.lng is None:
        return None
    return distance(vendor.lat, vendor.lng, place.lat, place.lng)
