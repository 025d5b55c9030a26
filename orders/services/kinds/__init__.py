"""What differs by kind where an order is checked, written and given back; what needs no writing is in `orders.kinds`.

The services above call a kind through HANDLERS alone, unless they mean one kind (codes, free times).
"""

from orders.models import Order
from orders.services.kinds.base import CartAtVendor, KindHandler
from orders.services.kinds.digital import DigitalHandler
from orders.services.kinds.package import PackageHandler
from orders.services.kinds.regular import RegularHandler
from orders.services.kinds.service import ServiceHandler

__all__ = ["HANDLERS", "CartAtVendor", "KindHandler", "handler_of"]

# In the order of KINDS, in which a cart's content is asked of which kind it is.
HANDLERS: dict[str, KindHandler] = {
    handler.name: handler for handler in (PackageHandler(), ServiceHandler(), DigitalHandler(), RegularHandler())
}


def handler_of(order: Order) -> KindHandler:
    """What checks, writes and gives back orders of this order's kind."""
    return HANDLERS[order.kind]
