"""What differs by kind where an order is checked, written and given back; what needs no writing is in `orders.kinds`.

The services above call a kind through HANDLERS alone, unless they mean one kind (codes, free times).
"""

from orders.checkout import Cart
from orders.kinds import KINDS
from orders.models import Kind, Order
from orders.services.kinds.base import CartAtVendor, KindHandler
from orders.services.kinds.digital import DigitalHandler
from orders.services.kinds.package import PackageHandler
from orders.services.kinds.regular import RegularHandler
from orders.services.kinds.service import ServiceHandler
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Invalid
from ordersite.core.fields import Field
from vendors.menu import Menu

__all__ = ["HANDLERS", "CartAtVendor", "KindHandler", "handler_of", "handler_of_cart"]

# In the order of KINDS, in which a cart's content is asked of which kind it is.
HANDLERS: dict[str, KindHandler] = {
    handler.name: handler for handler in (PackageHandler(), ServiceHandler(), DigitalHandler(), RegularHandler())
}


def handler_of(order: Order) -> KindHandler:
    """What checks, writes and gives back orders of this order's kind."""
    return HANDLERS[order.kind]


def handler_of_cart(cart: Cart, menu: Menu) -> KindHandler:
    """That of the kind that a cart's content is; raises Invalid where the client says another, or mixes kinds."""
    found = cart.contents
    if len(found) > 1:
        raise Invalid(FaultCode.MIXED_CONTENT, found[0], at=cart.at)
    if not found and cart.is_empty:
        return HANDLERS[Kind.REGULAR]
    if not found:
        wanted = Field(KINDS[cart.kind or Kind.REGULAR].content)
        raise Invalid(FaultCode.REQUIRED_CONTENT, wanted, at=cart.at, wanted=wanted)
    of_content = (one for one in HANDLERS.values() if KINDS[one.name].content == found[0])
    handler = next(one for one in of_content if one.sells(cart, menu))
    if cart.kind is not None and cart.kind != handler.name:
        raise Invalid(FaultCode.OTHER_TYPE, Field.TYPE, at=cart.at, kind=str(handler.name))
    return handler
