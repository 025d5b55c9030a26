"""Digital orders: codes of the vendor's stock, one for each unit. They are issued in services.moving.digital."""

from orders.checkout import Cart, Draft, Place, terms_of
from orders.lifecycle.table import Fulfilment
from orders.models import Kind, Order
from orders.pricing import price_lines
from orders.services.capacity.codes import spend_codes
from orders.services.capacity.order_times import check_pause
from orders.services.kinds.base import CartAtVendor, KindHandler
from ordersite.web.problems import Invalid
from vendors.menu import Menu


class DigitalHandler(KindHandler):
    """Nothing is carried, at no hour; only a pause holds."""

    name = Kind.DIGITAL

    def sells(self, cart: Cart, menu: Menu) -> bool:
        products = [menu.products[item.product] for item in cart.items if item.product in menu.products]
        digital = [product.is_digital for product in products]
        if any(digital) and (not all(digital) or cart.custom):
            detail = "Digital codes cannot be ordered with other goods: place a separate order for them."
            raise Invalid(f"{cart.pointer}/items", "mixed", detail)
        return any(digital)

    def check(self, wanted: CartAtVendor) -> Draft:
        cart, vendor, menu, now = wanted.cart, wanted.vendor, wanted.menu, wanted.now
        if cart.fulfilment is not None or cart.deliver_at is not None:
            field = "delivery_type" if cart.fulfilment is not None else "deliver_at"
            raise Invalid(
                f"{cart.pointer}/{field}",
                "digital",
                f"Digital codes are issued at once, without a delivery: leave {field} out.",
            )
        check_pause(cart, vendor, now)
        return Draft(
            cart=cart,
            vendor=vendor,
            menu=menu,
            kind=Kind.DIGITAL,
            fulfilment=Fulfilment.DIGITAL,
            place=Place(),
            lines=price_lines(menu, cart.items, cart.pointer),
            terms=terms_of(vendor),
        )

    def release(self, order: Order) -> None:
        spend_codes(order)
