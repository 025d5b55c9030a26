"""What a purchase is judged by, and as whom its placing is read."""

from collections.abc import Iterable
from dataclasses import replace

from orders.lifecycle.table import CLOSED, SUCCESS
from orders.models import Order
from orders.services.placing.placing import Placed
from ordersite.accounts.callers import Caller
from ordersite.core.crypto import token_hash


def least_advanced(orders: Iterable[Order]) -> Order:
    """The order that a purchase is judged by: the least advanced open one, else the best closed one."""
    orders = list(orders)
    open_orders = [order for order in orders if order.status not in CLOSED]
    if open_orders:
        return min(open_orders, key=lambda order: (progress(order), order.pk))
    return min(orders, key=lambda order: (order.status not in SUCCESS, order.pk))


def progress(order: Order) -> int:
    """How far an order has come: how many milestones stand."""
    return sum(moment is not None for moment in order.milestones.values())


def caller_for(caller: Caller, placed: Placed) -> Caller:
    """Who has just placed is its customer: a guest by its new token, a user whose customer row may be as new."""
    customer = placed.purchase.customer
    if placed.guest_token and not caller.is_known:
        return replace(caller, order_token_hash=token_hash(placed.guest_token))
    if caller.user is not None and customer.user_id == caller.user.pk:
        return replace(caller, customer_id=customer.pk)
    return caller
