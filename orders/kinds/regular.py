"""Regular orders: products of the menu, made by the vendor and handed over or delivered."""

from orders.kinds.base import OrderKind
from orders.models import Kind


class RegularKind(OrderKind):
    name = Kind.REGULAR
    has_changeable_items = True
