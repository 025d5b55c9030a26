"""What bringing something to a place costs, before there is a cart."""

from dataclasses import dataclass, replace

from orders.checkout import Cart, Checkout
from orders.destinations import away, find_zone
from orders.lifecycle.table import Fulfilment
from orders.pricing import fee_of
from orders.services.placing.checkout_checks import find_vendors
from orders.services.placing.parties import find_destinations
from ordersite.accounts.callers import Caller
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Invalid
from ordersite.core.fields import Field
from vendors.menu import Zone
from vendors.models import Vendor
from vendors.services.menus import menu_of


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFee:
    """The fee of the smallest cart (minor units), the zone that asks for it, and how far it is (metres)."""

    vendor: Vendor
    zone: Zone
    fee: int
    distance: int | None


def quote_delivery(*, cart: Cart, caller: Caller) -> DeliveryFee:
    """The fee for the cart's place, which is a saved address of the caller's or a point; its items do not matter.

    Raises Invalid for a vendor or address that is not there, for a vendor that does not deliver, and for a place that
    it does not deliver to.
    """
    vendor = find_vendors([cart])[cart.vendor_id]
    if Fulfilment.DELIVERY.slug not in vendor.fulfilments:
        raise Invalid(FaultCode.NOT_OFFERED_DELIVERY, Field.DELIVERY_TYPE, at=cart.at, vendor=vendor.name)
    place = find_destinations(Checkout(carts=[cart]), None, caller.customer_id)[0]
    # A point is enough for a fee: an address is asked for when it is ordered.
    zone = find_zone(cart, vendor, menu_of(vendor), replace(place, address=place.address or "-"))
    return DeliveryFee(vendor=vendor, zone=zone, fee=fee_of(zone, 0), distance=away(vendor, place))
