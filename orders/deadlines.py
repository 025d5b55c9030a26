"""What happens to an order by itself, and when (lifecycle.md, "Automatic changes")."""

from datetime import datetime, timedelta

from orders.lifecycle import Fulfilment, Status
from orders.models import Order

COLLECTED = (Fulfilment.PICKUP, Fulfilment.CURBSIDE, Fulfilment.DRIVE_THRU)


def timer_of(order: Order) -> tuple[datetime, str, str] | None:
    """When the order changes by itself, by which transition and with which reason; None where nothing waits."""
    vendor = order.vendor
    status = order.status
    since = order.status_changed_at
    if status == Status.PREORDER:
        preparation = timedelta(minutes=vendor.preparation_minutes + vendor.rush_minutes)
        # Without a time it was moved to "as soon as can be".
        return order.deliver_at - preparation if order.deliver_at else since, "release_preorder", ""
    if status == Status.PENDING and order.visible_at:
        if vendor.auto_accept:
            return since, "accept", ""
        if vendor.accept_minutes:
            return since + timedelta(minutes=vendor.accept_minutes), "reject", "no_answer"
    if order.fulfilment == Fulfilment.DELIVERY and not order.self_delivery and not order.tracking_number:
        found = search_timer(order)
        if found:
            return found
    waits_for_customer = (
        status in (Status.PREPARATION_COMPLETED, Status(20), Status(21)) and order.fulfilment in COLLECTED
    )
    if waits_for_customer and vendor.collect_minutes and order.prepared_at:
        return order.prepared_at + timedelta(minutes=vendor.collect_minutes), "mark_not_collected", "not_collected"
    if status in (Status(11), Status(15)) and order.closed_at is None:
        done = order.delivered_at or since
        return done + timedelta(minutes=vendor.settle_minutes), "complete" if vendor.settled_completes else "close", ""
    return None


def search_timer(order: Order) -> tuple[datetime, str, str] | None:
    """The search for a driver begins by itself where the vendor wants it, and ends at its deadline."""
    vendor = order.vendor
    if order.driver_accepted_at or order.company_accepted_at:
        return None
    # Not again where somebody has just stopped it.
    stopped = order.previous_status == Status.LOOKING_FOR_DRIVER
    may_begin = order.status in (Status.ACCEPTED_BY_BUSINESS, Status.PREPARATION_COMPLETED) and not stopped
    # A driver who is named is asked first; it does not stop the deadline of a search that has begun.
    if vendor.auto_search and may_begin and order.search_started_at is None and order.driver_id is None:
        return order.status_changed_at, "look_for_driver", ""
    searching = order.status in (Status.LOOKING_FOR_DRIVER, Status.PREPARATION_COMPLETED)
    if vendor.search_minutes and searching and order.search_started_at:
        deadline = order.search_started_at + timedelta(minutes=vendor.search_minutes)
        return deadline, "cancel_by_staff", "no_driver"
    return None


def next_due(order: Order) -> datetime | None:
    """The moment for the column due_at."""
    timer = timer_of(order)
    return timer[0] if timer else None
