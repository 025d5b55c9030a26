"""The kinds of orders, and what differs between them (docs/decisions/kinds.md): nobody else compares a kind.

A kind's rules are one object here; how its orders are checked, written and given back is one in `services.kinds`.
"""

from collections.abc import Callable

from orders.kinds.base import OrderKind
from orders.kinds.digital import DigitalKind
from orders.kinds.package import PackageKind
from orders.kinds.regular import RegularKind
from orders.kinds.service import ServiceKind
from orders.models import Booking, Order, Package

__all__ = ["KINDS", "OrderKind", "booking_of", "names_where", "package_of", "rules_of"]

# In the order in which a cart's content is asked of which kind it is: what is not digital is regular.
KINDS: dict[str, OrderKind] = {kind.name: kind for kind in (PackageKind(), ServiceKind(), DigitalKind(), RegularKind())}


def rules_of(order: Order) -> OrderKind:
    """What holds for an order by its kind."""
    return KINDS[order.kind]


def names_where(question: Callable[[OrderKind], bool]) -> list[str]:
    """The names of the kinds for which the answer is yes, for a query."""
    return sorted(name for name, kind in KINDS.items() if question(kind))


def package_of(order: Order) -> Package | None:
    """What an order carries; no statement for an order of another kind."""
    return order.package if rules_of(order).content == "package" else None


def booking_of(order: Order) -> Booking | None:
    """What an order books; no statement for an order of another kind."""
    return order.booking if rules_of(order).content == "service" else None
