"""What happens to a vendor is told outside too."""

from collections.abc import Collection
from typing import Any

from django.dispatch import receiver

from orders.services.record.outbox import tell_outside
from ordersite.core.times import rfc3339
from vendors.models import Vendor
from vendors.services.announcing import UnservedOrder, vendor_changed


@receiver(vendor_changed)
def tell_paused(vendor_id: int, changed: Collection[str], **_: Any) -> list[UnservedOrder]:
    """Tells when a vendor is paused, and when it takes orders again; finds no orders that cannot be served."""
    if "paused_until" in changed:
        until = Vendor.objects.values_list("paused_until", flat=True).get(pk=vendor_id)
        told = rfc3339(until) if until else None
        data = {"vendor": vendor_id, "paused_until": told}
        tell_outside("vendor.paused", subject=f"vendor:{vendor_id}", vendor_id=vendor_id, data=data)
    return []
