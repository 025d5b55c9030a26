"""A timer that reads without a lock: what promise 6 would be without it."""

from datetime import datetime

from orders.models import Order
from tests.controls.meeting import meet


def due_without_a_lock(order_id: int, now: datetime) -> Order | None:
    """In the place of orders.services.moving.timers.lock_due."""
    order = Order.objects.select_related("vendor", "terms").filter(pk=order_id, due_at__lte=now).first()
    meet()
    return order
