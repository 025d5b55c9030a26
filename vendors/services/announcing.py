"""Tells the apps above what has changed here, so that they do what depends on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.dispatch import Signal

from vendors.menu import Zone

# Sent with `vendor_id` and the names of what has `changed`, in the transaction of the change; receivers return the
# orders that cannot be served now.
vendor_changed = Signal()
# Sent with `driver_id`, in the transaction of the change, when a driver may be offered orders that it could not before.
driver_on_duty = Signal()
# The same of a company, with `company_id`.
company_reachable = Signal()
# Sent with `driver_id`, in the transaction of the change, before a driver is taken off; receivers return the numbers
# of the orders that it carries, as people call them.
driver_leaves = Signal()


# Sent with `vendor_id`, the names of what has `changed`, where it delivered `before` (DeliveryBefore), and whether who
# asks `sees_orders`, in the transaction of the change, before it is agreed to; receivers return sentences that name the
# orders which it harms though they can be served. Without that right they tell nothing of customers.
harm_asked = Signal()


@dataclass(frozen=True, slots=True)
class DeliveryBefore:
    """A vendor's active zones, and its point in degrees, as they stood before a change."""

    zones: Sequence[Zone] = ()
    lat: float | None = None
    lng: float | None = None


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
