"""The questions about an order whose answer depends on its kind. Nothing is written here: services.kinds does that."""

from typing import ClassVar

from orders.lifecycle.table import Fulfilment
from orders.models import Order
from vendors.hours import Calendar


class OrderKind:
    """What holds for all orders of one kind. What one does not answer itself is answered as for goods that are made."""

    # As it stands in Order.kind.
    name: ClassVar[str]
    # The field of a cart that holds what is ordered.
    content: ClassVar[str] = "items"
    # The vendor's setting (vendors.services.announcing) that says what it offers of this kind beside its products.
    offered_by: ClassVar[str] = ""
    # Nothing is made between accepting and handing over: with being accepted it is prepared.
    skips_preparing: ClassVar[bool] = False
    # Nobody makes or carries it: once it is paid its codes are issued and it is completed, at any hour, never for cash.
    is_issued: ClassVar[bool] = False
    # Its delivery fee goes by the distance from its own pick-up, not by the vendor's zones.
    has_fee_by_distance: ClassVar[bool] = False
    # It is made when it is ordered: how long it takes can be learnt from others.
    takes_usual_time: ClassVar[bool] = True
    # Its items can be changed after placing; to be said by the kind, since they are priced anew as those of a menu.
    has_changeable_items: ClassVar[bool] = False
    # The back-office places it for somebody who calls: nothing has to be chosen that only its own pages show.
    is_taken_by_phone: ClassVar[bool] = True

    def is_withdrawn(self, order: Order) -> bool:
        """Whether the vendor offers no more what carries the order out; what was deleted is not offered either."""
        if Fulfilment(order.fulfilment).slug not in order.vendor.fulfilments:
            return True
        if order.fulfilment != Fulfilment.DELIVERY or order.terms.zone is None:
            return False
        return order.delivery_zone is None or not order.delivery_zone.is_active

    def hours_of(self, order: Order, calendar: Calendar) -> Calendar:
        """When it can be carried out: in the vendor's opening hours, or in hours of its own within them."""
        return calendar
