"""A vendor's settings have changed: what stands above this app reckons anew what it reckoned with them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.dispatch import Signal

from vendors.models import Vendor

# Sent with `vendor_id` in the transaction of the change; receivers return the orders that cannot be served now.
vendor_changed = Signal()


@dataclass(frozen=True, slots=True, kw_only=True)
class UnservedOrder:
    """An order that waits and that its vendor cannot serve as its settings now stand."""

    id: int
    number: int
    delivery_type: str
    deliver_at: datetime | None
    reason: str

    def __str__(self) -> str:
        return f"#{self.id} ({self.reason.replace('_', ' ')})"


def announce_change(vendor_id: int) -> list[UnservedOrder]:
    """Tells that a vendor's settings or hours have changed, once all of it is written; the orders it cannot serve now.

    Must run in the change's transaction.
    """
    answers: list[tuple[Any, Any]] = vendor_changed.send(sender=Vendor, vendor_id=vendor_id)
    return [order for _, orders in answers for order in orders]
