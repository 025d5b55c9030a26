"""For when an order can be: within opening hours, not in a pause, neither too soon nor too far ahead."""

from datetime import datetime, timedelta

from orders.checkout import Cart
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Conflict, Invalid, Step
from ordersite.core.fields import Field
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
    field, where = (Field.AT, (*cart.at, Step(Field.SERVICE))) if cart.service else (Field.DELIVER_AT, cart.at)
    if cart.deliver_at is None:
        until = {"paused_until": vendor.paused_until.isoformat()}
        raise Conflict(FaultCode.VENDOR_PAUSED, field, at=where, extra=until, vendor=vendor.name)
    raise Invalid(FaultCode.PAUSED, field, at=where, vendor=vendor.name)


def check_time(cart: Cart, vendor: Vendor, menu: Menu, now: datetime) -> bool:
    """Whether it is a preorder (row 18); raises where the vendor does not serve at that time."""
    if cart.fulfilment is None:
        raise ValueError("a time is checked for a way of fulfilment")
    fulfilment, field = cart.fulfilment.slug, Field.DELIVER_AT
    if cart.deliver_at is None:
        check_pause(cart, vendor, now)
        if not is_open(menu.spans, vendor.zone, fulfilment, now):
            opening = next_opening(menu.spans, vendor.zone, fulfilment, now)
            extra = {"next_opening": opening.isoformat() if opening else None}
            raise Conflict(FaultCode.VENDOR_CLOSED, field, at=cart.at, extra=extra, vendor=vendor.name)
        return False
    if cart.deliver_at <= now:
        raise Invalid(FaultCode.PAST, field, at=cart.at)
    soonest = earliest(vendor, now)
    if cart.deliver_at < soonest:
        # Up to the next whole minute, so that it is not too soon again when it comes back.
        told = (soonest + MINUTE - timedelta.resolution).replace(second=0, microsecond=0).isoformat()
        raise Invalid(FaultCode.TOO_SOON, field, at=cart.at, told={"earliest": told}, vendor=vendor.name)
    if is_too_far(vendor, cart.deliver_at, now):
        raise Invalid(FaultCode.TOO_FAR_AHEAD, field, at=cart.at, days=vendor.preorder_days)
    if not is_open(menu.spans, vendor.zone, fulfilment, cart.deliver_at):
        raise Invalid(FaultCode.CLOSED, field, at=cart.at, vendor=vendor.name, id=vendor.pk)
    check_pause(cart, vendor)
    return is_later(cart.deliver_at, vendor, now)
