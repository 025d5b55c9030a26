"""A ticket that is read without a lock: what two tablets that press at once would make of it."""

from typing import Any

from orders.models import Order
from orders.services.record.access import get_order
from tests.controls.meeting import meet


def order_without_a_lock(*, lock: bool = False, **asked: Any) -> Order:
    """In the place of orders.services.record.order_update.get_order."""
    order = get_order(**asked)
    meet()
    return order
