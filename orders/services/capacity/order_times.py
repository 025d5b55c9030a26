"""For when an order can be: within opening hours, not in a pause, neither too soon nor too far ahead."""

from datetime import datetime, timedelta

from orders.checkout import Cart
from ordersite.web.problems import Conflict, Invalid
from vendors.hours import is_open, next_opening
from vendors.menu import Menu
from vendors.models import Vendor
from vendors.services.openings import earliest, is_too_far

MINUTE = timedelta(minutes=1)


def is_later(at: datetime | None, vendor: Vendor, now: datetime) -> bool:
    """Whether a time lies beyond the vendor's preorder time (row 18)."""
    return at is not None and at > now + timedelta(minutes=vendor.preorder_minutes)


def check_pause(cart: Cart, vendor: Vendor, now: datetime | None = None) -> None:
    """Raises where the vendor is paused at the cart's time: Conflict for now, Invalid for a later one."""
    at = cart.deliver_at or now
    if vendor.paused_until is None or at is None or vendor.paused_until <= at:
        return
    pointer = f"{cart.pointer}/{'service/at' if cart.service else 'deliver_at'}"
    if cart.deliver_at is None:
        raise Conflict(
            "vendor_paused",
            f"{vendor.name} takes no orders now: send deliver_at to order for later.",
            pointer=pointer,
            extra={"paused_until": vendor.paused_until.isoformat()},
        )
    raise Invalid(pointer, "paused", f"{vendor.name} takes no orders for that time: send a later one.")


def check_time(cart: Cart, vendor: Vendor, menu: Menu, now: datetime) -> bool:
    """Whether it is a preorder (row 18); raises where the vendor does not serve at that time."""
    if cart.fulfilment is None:
        raise ValueError("a time is checked for a way of fulfilment")
    fulfilment, pointer = cart.fulfilment.slug, f"{cart.pointer}/deliver_at"
    if cart.deliver_at is None:
        check_pause(cart, vendor, now)
        if not is_open(menu.spans, vendor.zone, fulfilment, now):
            opening = next_opening(menu.spans, vendor.zone, fulfilment, now)
            raise Conflict(
                "vendor_closed",
                f"{vendor.name} is closed now: send deliver_at to order for later.",
                pointer=pointer,
                extra={"next_opening": opening.isoformat() if opening else None},
            )
        return False
    if cart.deliver_at <= now:
        raise Invalid(pointer, "past", "This time has passed: send a later one, or none for as soon as possible.")
    soonest = earliest(vendor, now)
    if cart.deliver_at < soonest:
        # Up to the next whole minute, so that it is not too soon again when it comes back.
        told = (soonest + MINUTE - timedelta.resolution).replace(second=0, microsecond=0).isoformat()
        detail = f"{vendor.name} needs until {told}: send a later time, or none for as soon as possible."
        raise Invalid(pointer, "too_soon", detail, earliest=told)
    if is_too_far(vendor, cart.deliver_at, now):
        detail = f"Orders are possible up to {vendor.preorder_days} days ahead: send an earlier time."
        raise Invalid(pointer, "too_far", detail)
    if not is_open(menu.spans, vendor.zone, fulfilment, cart.deliver_at):
        raise Invalid(
            pointer, "closed", f"{vendor.name} is closed at that time: choose one from /vendors/{vendor.pk}/slots."
        )
    check_pause(cart, vendor)
    return is_later(cart.deliver_at, vendor, now)
