"""The smallest kind that CONTRIBUTING.md's recipe makes: what is rented. It is not made, and there are only so many.

It has no table of its own: what is lent is counted here.
"""

from collections.abc import Sequence

from orders.checkout import Cart, Draft, terms_of
from orders.kinds import OrderKind
from orders.lifecycle.table import Fulfilment
from orders.models import Order
from orders.pricing import price_lines
from orders.services.kinds import CartAtVendor, KindHandler
from orders.services.kinds.base import with_time
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Conflict
from vendors.menu import Menu


class RentalKind(OrderKind):
    name = "rental"
    skips_preparing = True


class RentalHandler(KindHandler):
    name = "rental"

    def __init__(self, count: int) -> None:
        self.left = count

    def sells(self, cart: Cart, menu: Menu) -> bool:
        return cart.kind == self.name

    def check(self, wanted: CartAtVendor) -> Draft:
        cart, vendor, menu = wanted.cart, wanted.vendor, wanted.menu
        draft = Draft(
            cart=cart,
            vendor=vendor,
            menu=menu,
            kind=self.name,
            fulfilment=Fulfilment.PICKUP,
            place=wanted.place,
            lines=price_lines(menu, cart.items, wanted.cart.at),
            terms=terms_of(vendor),
        )
        return with_time(draft, wanted.now)

    def take(self, drafts: Sequence[Draft]) -> None:
        for _ in drafts:
            self.take_one()

    def release(self, order: Order) -> None:
        self.left += 1

    def retake(self, order: Order) -> None:
        self.take_one()

    def take_one(self) -> None:
        if self.left == 0:
            raise Conflict(FaultCode.UNAVAILABLE, name="It")
        self.left -= 1
