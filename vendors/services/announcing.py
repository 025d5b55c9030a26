"""Tells the apps above what has changed here, so that they do what depends on it."""

from dataclasses import dataclass
from datetime import datetime

from django.dispatch import Signal

# Sent with `vendor_id` and the names of what has `changed`, in the transaction of the change; receivers return the
# orders that cannot be served now.
vendor_changed = Signal()
# Sent with `driver_id`, in the transaction of the change, when a driver may be offered orders that it could not before.
driver_on_duty = Signal()


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
