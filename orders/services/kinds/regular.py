"""Regular orders: products of the menu, and what staff enter by hand."""

from orders.checkout import Cart, Draft, terms_of, without_fees
from orders.destinations import away, find_zone, is_by_hand
from orders.lifecycle.table import Fulfilment
from orders.models import Kind
from orders.pricing import PricedLine, check_minimum, fee_of, price_lines, single_line
from orders.services.kinds.base import CartAtVendor, KindHandler, with_time
from ordersite.web.problems import Invalid
from vendors.models import Vendor


class RegularHandler(KindHandler):
    """Made by the vendor, for a time, and handed over or delivered."""

    name = Kind.REGULAR

    def check(self, wanted: CartAtVendor) -> Draft:
        cart, vendor, menu, place = wanted.cart, wanted.vendor, wanted.menu, wanted.place
        fulfilment = cart.fulfilment
        if fulfilment is None:
            raise Invalid(f"{cart.pointer}/delivery_type", "required", f"Send one of {', '.join(vendor.fulfilments)}.")
        if fulfilment.slug not in vendor.fulfilments:
            offers = ", ".join(vendor.fulfilments)
            detail = f"{vendor.name} does not offer {fulfilment.slug}: it offers {offers}."
            raise Invalid(f"{cart.pointer}/delivery_type", "not_offered", detail)
        lines = [*price_lines(menu, cart.items, cart.pointer), *price_custom(cart, vendor)]
        terms, zone = terms_of(vendor), None
        if cart.custom and not cart.items:
            # Only what staff say: nothing is added to it.
            terms = without_fees(terms)
        if fulfilment == Fulfilment.DELIVERY and (cart.items or cart.is_empty):
            zone = find_zone(cart, vendor, menu, place)
        if cart.items:
            check_minimum(menu.currency, zone, sum(line.total for line in lines), cart.pointer)
        if fulfilment == Fulfilment.DELIVERY and not place.address:
            detail = "A delivery needs an address: send a text, or the id of a saved one."
            raise Invalid(f"{cart.pointer}/address", "required", detail)
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
            detail = f"{vendor.name} sells in {vendor.currency}: send that currency."
            raise Invalid(f"{cart.pointer}/custom/{index}/amount", "currency", detail)
    return [single_line(custom.name, custom.amount.minor) for custom in cart.custom]
