"""Control of promise 2 for time slots: what people write first, which looks whether there is room, and then writes."""

from orders.checkout import SlotWish
from orders.lifecycle.table import Fulfilment
from orders.models import SlotUse
from tests.controls.meeting import meet
from vendors.slots import Caps


def upsert_without_a_condition(vendor_id: int, fulfilment: Fulfilment, slot: SlotWish, value: int) -> int | None:
    """In the place of orders.services.capacity.slots.upsert."""
    row, _ = SlotUse.objects.get_or_create(vendor_id=vendor_id, fulfilment=fulfilment, starts_at=slot.starts_at)
    if not Caps(orders=slot.most_orders, value=slot.most_value).hold(row.orders + 1, row.value + value):
        return None
    meet()
    SlotUse.objects.filter(pk=row.pk).update(orders=row.orders + 1, value=row.value + value)
    return row.pk
