"""Whether a vendor can still serve an order that waits, and when that changes by itself. Nothing is written here."""

from datetime import datetime

from orders.kinds import rules_of
from orders.lifecycle.due_moments import awaits_payment
from orders.lifecycle.table import Fulfilment, Status
from orders.lifecycle.timers import is_made, set_due
from orders.models import Order, Unserved
from vendors.hours import Calendar
from vendors.models import Vendor
from vendors.services.openings import calendar_of


def compute_due_times(order: Order, calendar: Calendar, now: datetime) -> None:
    """Sets whether the vendor at hand can serve an order, and when it changes by itself."""
    order.unserved = why_unserved(order, calendar, now)
    # Until when an order is to be paid was agreed on placing.
    if not awaits_payment(order):
        set_due(order, now)


def recompute_due_times(order: Order, now: datetime) -> None:
    """The same with the vendor as it stands by now, for one order that this transaction holds."""
    order.vendor = vendor_now(order.vendor_id)
    compute_due_times(order, calendar_of(order.vendor), now)


def vendor_now(vendor_id: int) -> Vendor:
    return Vendor.objects.prefetch_related("opening_hours").get(pk=vendor_id)


def why_unserved(order: Order, calendar: Calendar, now: datetime) -> str:
    """Why the vendor cannot serve an order that waits, as its settings stand; empty where it can."""
    vendor = order.vendor
    if is_made(order):
        return ""
    if not vendor.is_active:
        return Unserved.SWITCHED_OFF
    kind = rules_of(order)
    if kind.is_issued:
        return ""
    if kind.is_withdrawn(order):
        return Unserved.NOT_OFFERED
    if order.deliver_at is None or order.deliver_at <= now:
        return ""
    if not kind.hours_of(order, calendar).is_open(Fulfilment(order.fulfilment).slug, order.deliver_at):
        return Unserved.CLOSED
    # What is accepted is worked on in a pause too.
    paused = vendor.paused_until is not None and order.deliver_at < vendor.paused_until
    return Unserved.PAUSED if paused and order.status in (Status.PENDING, Status.PREORDER) else ""


def why_unserved_now(order: Order, now: datetime) -> str:
    """The same for an order at hand, whose vendor was just read: what was marked before may be no more, or new."""
    return why_unserved(order, calendar_of(order.vendor), now)
