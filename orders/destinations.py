"""Where an order goes: the vendor's zone that it lies in, and how far that is. No database."""

from collections.abc import Iterable

from orders.checkout import Cart, Place
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Invalid
from ordersite.core.fields import Field
from ordersite.places.geometry import distance
from vendors.menu import Menu, Zone
from vendors.models import Vendor
from vendors.zones import zone_for


def find_zone(cart: Cart, vendor: Vendor, menu: Menu, place: Place) -> Zone:
    """The zone that the vendor brings it to; raises Invalid for an address without location, or outside.

    A zone that staff chose by hand needs no location.
    """
    if not cart.zone_by_hand and (place.lat is None or place.lng is None):
        code = FaultCode.REQUIRED_LOCATION_OF_ADDRESS if place.address else FaultCode.REQUIRED_LOCATION
        raise Invalid(code, Field.LOCATION, at=cart.at)
    if not place.address:
        raise Invalid(FaultCode.REQUIRED_ADDRESS, Field.ADDRESS, at=cart.at)
    zones = menu.zones
    if cart.delivery_zone_id is not None:
        zones = tuple(zone for zone in zones if zone.id == cart.delivery_zone_id)
        if not zones:
            raise Invalid(FaultCode.UNKNOWN_ZONE, Field.DELIVERY_ZONE, at=cart.at, vendor=vendor.name)
    if cart.zone_by_hand:
        return zones[0]
    zone = zone_at(zones, vendor, place)
    if zone is None:
        raise Invalid(FaultCode.OUTSIDE_DELIVERY_ZONE, Field.LOCATION, at=cart.at, vendor=vendor.name)
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
