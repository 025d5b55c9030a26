"""An archive that holds no order: it packs a history while somebody adds to it."""

from collections.abc import Sequence
from datetime import datetime

from orders.models import Order
from orders.services.record.archive import restore_history
from tests.controls.meeting import meet


def closed_without_a_lock(ids: Sequence[int], before: datetime) -> list[int]:
    """In the place of orders.services.record.archive.hold_closed."""
    meet()
    return list(ids)


def restored_then_met(order: Order) -> None:
    """In the place of orders.services.record.order_update.restore_history."""
    restore_history(order)
    meet()
