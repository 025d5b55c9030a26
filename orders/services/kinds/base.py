"""What is asked of a kind while an order of it is checked, written and given back."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from orders.checkout import Cart, Draft, Place
from orders.lifecycle.table import Fulfilment
from orders.models import Order
from orders.services.capacity import slots
from orders.services.capacity.order_times import check_time
from vendors.menu import Menu
from vendors.models import Vendor
from vendors.services.menus import menu_of


@dataclass(frozen=True, slots=True, kw_only=True)
class CartAtVendor:
    """A cart with all that it is checked against; `besides` are the drafts before it in its checkout."""

    cart: Cart
    vendor: Vendor
    menu: Menu
    place: Place
    now: datetime
    besides: Sequence[Draft] = ()


class KindHandler:
    """How orders of one kind are checked, written and given back; by default one takes nothing that is limited."""

    # Its name in KINDS.
    name: ClassVar[str]

    def sells(self, cart: Cart, menu: Menu) -> bool:
        """Whether a cart with this kind's content is of this kind; raises Invalid where it mixes kinds."""
        return True

    def hold(self, carts: Sequence[Cart]) -> None:
        """Locks what must not change between the checking of a checkout's carts and their taking."""

    def check(self, wanted: CartAtVendor) -> Draft:
        """The cart against its vendor's rules, with its lines priced and its time checked; nothing is taken yet.

        Raises Invalid for a rule of the input, and Conflict for the vendor's state.
        """
        raise NotImplementedError

    def take(self, drafts: Sequence[Draft]) -> None:
        """Takes what is limited, for all drafts of one checkout at once; raises Conflict where it is gone."""

    def write(self, order: Order, draft: Draft) -> None:
        """Writes what the order has besides its row and its lines."""

    def release(self, order: Order) -> None:
        """The order closes without success: gives back what it took."""

    def retake(self, order: Order) -> None:
        """The order is open again: takes it once more; raises Conflict where it is gone."""

    def move(self, order: Order, at: datetime | None, now: datetime) -> None:
        """Moves the order, which is locked, to another time; None is as soon as possible.

        Raises as placing does for a time that cannot be, at `/deliver_at`.
        """
        vendor, fulfilment = order.vendor, Fulfilment(order.fulfilment)
        menu = menu_of(vendor)
        check_time(Cart(vendor_id=order.vendor_id, fulfilment=fulfilment, deliver_at=at), vendor, menu, now)
        slot = slots.slot_of(vendor=vendor, menu=menu, fulfilment=fulfilment, at=at or now + vendor.lead(now))
        slots.move_to_slot(order, slot=slot, value=order.total)


def with_time(draft: Draft, now: datetime) -> Draft:
    """A draft of what is made for a time: that is checked, and the slot found into which the order falls."""
    cart, vendor, menu = draft.cart, draft.vendor, draft.menu
    is_preorder = check_time(replace(cart, fulfilment=draft.fulfilment), vendor, menu, now)
    at = cart.deliver_at or now + vendor.lead(now)
    # One without items takes its part of the slot with its first (services.repricing.writing).
    slot = None if cart.is_empty else slots.slot_of(vendor=vendor, menu=menu, fulfilment=draft.fulfilment, at=at)
    return replace(draft, is_preorder=is_preorder, deliver_at=cart.deliver_at, slot=slot)
