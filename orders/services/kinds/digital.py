"""Digital orders: codes of the vendor's stock, one for each unit. They are issued in services.moving.digital."""

from orders.checkout import Cart, Draft, Place, terms_of
from orders.lifecycle.table import Fulfilment
from orders.models import Kind, Order
from orders.pricing import price_lines
from orders.services.capacity.codes import spend_codes
from orders.services.capacity.order_times import check_pause
from orders.services.kinds.base import CartAtVendor, KindHandler
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Invalid
from ordersite.core.fields import Field
from vendors.menu import Menu


class DigitalHandler(KindHandler):
    """Nothing is carried, at no hour; only a pause holds."""

    name = Kind.DIGITAL

    def sells(self, cart: Cart, menu: Menu) -> bool:
        products = [menu.products[item.product] for item in cart.items if item.product in menu.products]
        digital = [product.is_digital for product in products]
        if any(digital) and (not all(digital) or cart.custom):
            raise Invalid(FaultCode.MIXED_DIGITAL, Field.ITEMS, at=cart.at)
        return any(digital)

    def check(self, wanted: CartAtVendor) -> Draft:
        cart, vendor, menu, now = wanted.cart, wanted.vendor, wanted.menu, wanted.now
        if cart.fulfilment is not None or cart.deliver_at is not None:
            field = Field.DELIVERY_TYPE if cart.fulfilment is not None else Field.DELIVER_AT
            raise Invalid(FaultCode.DIGITAL_DELIVERY, field, at=cart.at, sent=field)
        check_pause(cart, vendor, now)
        return Draft(
            cart=cart,
            vendor=vendor,
            menu=menu,
            kind=Kind.DIGITAL,
            fulfilment=Fulfilment.DIGITAL,
            place=Place(),
            lines=price_lines(menu, cart.items, cart.at),
            terms=terms_of(vendor),
        )

    def release(self, order: Order) -> None:
        spend_codes(order)
