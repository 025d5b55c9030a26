"""The price of a regular cart by the steps that placing takes, without a vendor's hours, stock and rights."""

from collections.abc import Sequence

from orders.checkout import AppliedOffer, Cart, Draft, Place
from orders.lifecycle.table import Fulfilment
from orders.models import Kind
from orders.pricing import (
    NO_DISCOUNT,
    CartItem,
    Discount,
    Priced,
    Terms,
    check_minimum,
    fee_of,
    price_lines,
)
from orders.services.placing.checkout_prices import add_up
from vendors.menu import Menu, Zone
from vendors.models import Offer, Vendor


def price_cart(
    menu: Menu,
    items: Sequence[CartItem],
    *,
    terms: Terms,
    zone: Zone | None = None,
    discount: Discount = NO_DISCOUNT,
    driver_tip: int = 0,
    tip_to_driver: bool = False,
) -> Priced:
    """All amounts of a cart; raises InvalidFields with each fault. A driver has the tip of what is delivered."""
    lines = price_lines(menu, items)
    subtotal = sum(line.total for line in lines)
    check_minimum(menu.currency, zone, subtotal, ())
    draft = Draft(
        cart=Cart(vendor_id=menu.vendor_id),
        vendor=Vendor(pk=menu.vendor_id, currency=menu.currency),
        menu=menu,
        kind=Kind.REGULAR,
        fulfilment=Fulfilment.DELIVERY if tip_to_driver else Fulfilment.PICKUP,
        place=Place(),
        lines=lines,
        terms=terms,
        delivery_fee=fee_of(zone, subtotal),
    )
    return add_up(draft, AppliedOffer(offer=Offer(), discount=discount), driver_tip).priced
