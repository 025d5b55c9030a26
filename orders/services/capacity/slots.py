"""Time slots with caps: an order takes its part of a slot when it is placed, and gives exactly that back.

Where several slots are taken or given back in one transaction, do so in the order of (vendor, fulfilment, start), as
`move` does, so that nobody waits for each other.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NoReturn

from django.db import connection
from django.db.models import F
from django.utils import timezone

from orders.checkout import SlotWish
from orders.lifecycle.table import Fulfilment
from orders.models import Order, SlotHold, SlotUse
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Conflict, Path
from ordersite.core.fields import Field
from vendors.hours import DAYS_AHEAD
from vendors.menu import Menu
from vendors.models import FULFILMENTS, Vendor
from vendors.services.menus import menu_of
from vendors.services.openings import slots_of, spans_of, usual_caps
from vendors.slots import Caps, caps_at, is_capped, slot_at

# How many free slots a refusal names.
NAMED = 3


def slot_of(*, vendor: Vendor, menu: Menu, fulfilment: Fulfilment, at: datetime) -> SlotWish | None:
    """The slot that an order for this moment falls into, with its caps; None where nothing caps it. No statement."""
    usual = usual_caps(vendor)
    if fulfilment == Fulfilment.DIGITAL or not is_capped(menu.spans, usual):
        return None
    start = slot_at(menu.spans, vendor.zone, fulfilment.slug, at, vendor.slot_minutes)
    if start is None:
        return None
    caps = caps_at(menu.spans, vendor.zone, fulfilment.slug, start, usual)
    return None if caps.is_none else SlotWish(starts_at=start, most_orders=caps.orders, most_value=caps.value)


def take_slot(*, vendor_id: int, fulfilment: Fulfilment, slot: SlotWish, value: int, at: Path = ()) -> int:
    """Takes one order's part, worth `value` minor units, of a slot, and returns the id of its SlotUse.

    One conditional upsert: it waits for whoever holds the row, and checks what it then finds. Raises Conflict
    slot_full for the `deliver_at` of the cart at that place, with the starts of the next slots that have room.
    """
    caps = Caps(orders=slot.most_orders, value=slot.most_value)
    taken = upsert(vendor_id, fulfilment, slot, value) if caps.hold(1, value) else None
    if taken is None:
        refuse_full_slot(vendor_id, fulfilment, slot, value, at)
    return taken


def upsert(vendor_id: int, fulfilment: Fulfilment, slot: SlotWish, value: int) -> int | None:
    """Counts the order in; None where the slot has no room for it."""
    limits = {
        "orders_slotuse.orders + 1 <= %s": slot.most_orders,
        "orders_slotuse.value + excluded.value <= %s": slot.most_value,
    }
    kept = {condition: most for condition, most in limits.items() if most is not None}
    where = f" WHERE {' AND '.join(kept)}" if kept else ""
    starts_at = connection.ops.adapt_datetimefield_value(slot.starts_at)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO orders_slotuse "  # noqa: S608  placeholders only
            "(vendor_id, fulfilment, starts_at, orders, value) VALUES (%s, %s, %s, 1, %s) "
            "ON CONFLICT (vendor_id, fulfilment, starts_at) DO UPDATE "
            "SET orders = orders_slotuse.orders + 1, value = orders_slotuse.value + excluded.value"
            f"{where} RETURNING id",
            [vendor_id, fulfilment.value, starts_at, value, *kept.values()],
        )
        row = cursor.fetchone()
    return None if row is None else int(row[0])


def refuse_full_slot(vendor_id: int, fulfilment: Fulfilment, slot: SlotWish, value: int, at: Path) -> NoReturn:
    """Raises Conflict slot_full with the next slots that would take the order."""
    vendor = Vendor.objects.get(pk=vendor_id)
    free = free_slots(vendor, fulfilment, value, first=slot.starts_at, now=timezone.now())
    starts = [start.isoformat() for start in free]
    extra = {"slot": slot.starts_at.isoformat(), "next_slots": starts}
    if not starts:
        raise Conflict(FaultCode.SLOT_FULL_FOR_DAYS, Field.DELIVER_AT, at=at, extra=extra, vendor=vendor.name)
    raise Conflict(FaultCode.SLOT_FULL, Field.DELIVER_AT, at=at, extra=extra, vendor=vendor.name, soonest=starts[0])


def free_slots(vendor: Vendor, fulfilment: Fulfilment, value: int, *, first: datetime, now: datetime) -> list[datetime]:
    """The starts of the next slots after `first`, within about a week, that have room for an order worth so much."""
    menu, usual = menu_of(vendor), usual_caps(vendor)
    later = first + timedelta(microseconds=1)
    starts = slots_of(vendor, menu.spans, fulfilment.slug, first=later, now=now, days=DAYS_AHEAD)
    if not starts:
        return []
    rows = SlotUse.objects.filter(
        vendor=vendor, fulfilment=fulfilment, starts_at__gte=starts[0], starts_at__lte=starts[-1]
    )
    used = {row[0]: row[1:] for row in rows.values_list("starts_at", "orders", "value")}
    free: list[datetime] = []
    for start in starts:
        orders, worth = used.get(start, (0, 0))
        if caps_at(menu.spans, vendor.zone, fulfilment.slug, start, usual).hold(orders + 1, worth + value):
            free.append(start)
        if len(free) == NAMED:
            break
    return free


def write_hold(order: Order, slot_id: int, value: int) -> None:
    """Remembers what the order took."""
    SlotHold(order=order, slot_id=slot_id, value=value).save(force_insert=True)


def release_slot(order: Order) -> None:
    """Gives back what the order holds of its slot, if anything: it closes without success."""
    hold = SlotHold.objects.filter(order=order, is_held=True).first()
    if hold is not None:
        give_hold_back(hold)
        hold.is_held = False
        hold.save(update_fields=["is_held"])


def give_hold_back(hold: SlotHold) -> None:
    SlotUse.objects.filter(pk=hold.slot_id).update(orders=F("orders") - 1, value=F("value") - hold.value)


def retake_slot(order: Order) -> None:
    """Takes the same part of the same slot again: the close is taken back. Raises Conflict slot_full."""
    hold = SlotHold.objects.select_related("slot").filter(order=order, is_held=False).first()
    if hold is None:
        return
    vendor, fulfilment = order.vendor, Fulfilment(order.fulfilment)
    caps = caps_at(menu_of(vendor).spans, vendor.zone, fulfilment.slug, hold.slot.starts_at, usual_caps(vendor))
    slot = SlotWish(starts_at=hold.slot.starts_at, most_orders=caps.orders, most_value=caps.value)
    take_slot(vendor_id=vendor.pk, fulfilment=fulfilment, slot=slot, value=hold.value)
    hold.is_held = True
    hold.save(update_fields=["is_held"])


def move_to_slot(order: Order, *, slot: SlotWish | None, value: int) -> None:
    """The order is for another time: it leaves its slot and takes the new one, if that is capped.

    `value` is what it is worth where it held nothing yet. Raises Conflict slot_full.
    """
    hold = SlotHold.objects.select_related("slot").filter(order=order, is_held=True).first()
    if hold is None:
        if slot is not None:
            write_hold(order, take_for(order, slot, value), value)
    elif slot is None:
        give_hold_back(hold)
        hold.delete()
    elif hold.slot.starts_at != slot.starts_at:
        taken = take_for(order, slot, hold.value) if slot.starts_at < hold.slot.starts_at else None
        give_hold_back(hold)
        hold.slot_id = taken or take_for(order, slot, hold.value)
        hold.save(update_fields=["slot"])


def take_for(order: Order, slot: SlotWish, value: int) -> int:
    return take_slot(vendor_id=order.vendor_id, fulfilment=Fulfilment(order.fulfilment), slot=slot, value=value)


def adjust_hold(order: Order, value: int) -> None:
    """The order is now worth so much: its slot's worth follows, also above the cap, since it is taken already."""
    hold = SlotHold.objects.filter(order=order).first()
    if hold is None or hold.value == value:
        return
    if hold.is_held:
        SlotUse.objects.filter(pk=hold.slot_id).update(value=F("value") + value - hold.value)
    hold.value = value
    hold.save(update_fields=["value"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A time slot to order for: how many more orders it takes (None: no cap), and whether it takes none."""

    starts_at: datetime
    left: int | None = None
    full: bool = False


def slots_with_room(vendor: Vendor, fulfilment: str, *, first: datetime, now: datetime) -> list[Slot]:
    """The slots of the day of `first`, with what is left of each; one statement, and none where nothing is capped."""
    spans, usual = spans_of(vendor), usual_caps(vendor)
    starts = slots_of(vendor, spans, fulfilment, first=first, now=now)
    if not starts or not is_capped(spans, usual):
        return [Slot(starts_at=start) for start in starts]
    rows = vendor.slot_uses.filter(
        fulfilment=FULFILMENTS.index(fulfilment) + 1, starts_at__gte=starts[0], starts_at__lte=starts[-1]
    )
    used = {row[0]: row[1:] for row in rows.values_list("starts_at", "orders", "value")}
    found = []
    for start in starts:
        caps = caps_at(spans, vendor.zone, fulfilment, start, usual)
        orders, value = used.get(start, (0, 0))
        left = None if caps.orders is None else max(0, caps.orders - orders)
        # The least that an order can be worth is a minor unit.
        found.append(Slot(starts_at=start, left=left, full=not caps.hold(orders + 1, value + 1)))
    return found
