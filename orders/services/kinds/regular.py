"""Regular orders: products of the menu, and what staff enter by hand."""

from orders.checkout import Cart, Draft, terms_of, without_fees
from orders.destinations import away, find_zone, is_by_hand
from orders.lifecycle.table import Fulfilment
from orders.models import Kind
from orders.pricing import PricedLine, check_minimum, fee_of, price_lines, single_line
from orders.services.kinds.base import CartAtVendor, KindHandler, with_time
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Invalid, Step
from ordersite.core.fields import Field
from vendors.models import Vendor


class RegularHandler(KindHandler):
    """Made by the vendor, for a time, and handed over or delivered."""

    name = Kind.REGULAR

    def check(self, wanted: CartAtVendor) -> Draft:
        cart, vendor, menu, place = wanted.cart, wanted.vendor, wanted.menu, wanted.place
        fulfilment = cart.fulfilment
        if fulfilment is None:
            raise Invalid(FaultCode.REQUIRED_DELIVERY_TYPE, Field.DELIVERY_TYPE, at=cart.at, offered=vendor.fulfilments)
        if fulfilment.slug not in vendor.fulfilments:
            raise Invalid(
                FaultCode.NOT_OFFERED_DELIVERY_TYPE,
                Field.DELIVERY_TYPE,
                at=cart.at,
                vendor=vendor.name,
                wanted=fulfilment.slug,
                offered=vendor.fulfilments,
            )
        lines = [*price_lines(menu, cart.items, cart.at), *price_custom(cart, vendor)]
        terms, zone = terms_of(vendor), None
        if cart.custom and not cart.items:
            # Only what staff say: nothing is added to it.
            terms = without_fees(terms)
        if fulfilment == Fulfilment.DELIVERY and (cart.items or cart.is_empty):
            zone = find_zone(cart, vendor, menu, place)
        if cart.items:
            check_minimum(menu.currency, zone, sum(line.total for line in lines), cart.at)
        if fulfilment == Fulfilment.DELIVERY and not place.address:
            raise Invalid(FaultCode.REQUIRED_ADDRESS, Field.ADDRESS, at=cart.at)
        draft = Draft(
            cart=cart,
            vendor=vendor,
            menu=menu,
            kind=Kind.REGULAR,
            fulfilment=fulfilment,
            place=place,
            lines=lines,
            terms=terms,
            zone=zone,
            zone_by_hand=is_by_hand(cart, vendor, zone, place),
            delivery_fee=fee_of(zone, sum(line.total for line in lines)) if lines else 0,
            distance=away(vendor, place) if zone else None,
        )
        return with_time(draft, wanted.now)


def price_custom(cart: Cart, vendor: Vendor) -> list[PricedLine]:
    """Lines of what staff enter by hand (row 20): their amounts are final, without tax."""
    for index, custom in enumerate(cart.custom):
        if custom.amount.currency != vendor.currency:
            at = (*cart.at, Step(Field.CUSTOM, index))
            raise Invalid(
                FaultCode.CURRENCY_OF_VENDOR, Field.AMOUNT, at=at, vendor=vendor.name, currency=vendor.currency
            )
    return [single_line(custom.name, custom.amount.minor) for custom in cart.custom]
