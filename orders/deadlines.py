"""What happens to an order by itself, and when (lifecycle.md, "Automatic changes")."""

from datetime import datetime, timedelta

from django.db.models import Count, F, Min

from orders.guards import collect_until
from orders.lifecycle import Fulfilment, Status
from orders.models import Order, PaymentStatus
from vendors.models import ONLINE_METHODS

# How long after a try codes that were missing are looked for once more.
CODES_AGAIN = timedelta(minutes=1)
# Codes are for money that is here: what is only authorised may yet be taken back.
PAID_IN = (PaymentStatus.PAID, PaymentStatus.PARTLY_REFUNDED)
NOT_PAID = (PaymentStatus.UNPAID, PaymentStatus.FAILED)
COLLECTED = (Fulfilment.PICKUP, Fulfilment.CURBSIDE, Fulfilment.DRIVE_THRU)


def timer_of(order: Order) -> tuple[datetime, str, str] | None:
    """When the order changes by itself, by which transition and with which reason; None where nothing waits."""
    vendor = order.vendor
    status = order.status
    if order.awaits_items:
        # Nobody can answer or pay it before it has some.
        return None
    # Who may not see an order yet cannot answer it: the vendor's time runs from when it could.
    since = max(order.status_changed_at, order.visible_at or order.status_changed_at)
    if awaits_payment(order):
        if order.payment_status == PaymentStatus.PROOF_PENDING:
            # The customer has done its part: staff look at the photos.
            return None
        until = pay_by(order)
        return (until, "cancel_by_staff", "not_paid") if until else None
    if status == Status.PREORDER:
        # Without a time it was moved to "as soon as can be".
        released = order.deliver_at - vendor.lead(order.deliver_at) if order.deliver_at else since
        return released, "release_preorder", ""
    if order.kind == Order.Kind.DIGITAL:
        return digital_timer(order, since)
    if status == Status.PENDING and order.visible_at:
        if vendor.auto_accept:
            return since, "accept", ""
        if vendor.accept_minutes:
            return since + timedelta(minutes=vendor.accept_minutes), "reject", "no_answer"
    if order.fulfilment == Fulfilment.DELIVERY and not order.self_delivery and not order.tracking_number:
        found = search_timer(order)
        if found:
            return found
    # Never where the customer stands at the counter (21).
    waits_for_customer = status in (Status.PREPARATION_COMPLETED, Status.CUSTOMER_ALMOST_ARRIVED_TO_BUSINESS)
    if waits_for_customer and order.fulfilment in COLLECTED and (until := collect_until(order)):
        return until, "mark_not_collected", "not_collected"
    if status in (Status(11), Status(15)) and order.closed_at is None:
        done = order.delivered_at or since
        return done + timedelta(minutes=vendor.settle_minutes), "complete" if vendor.settled_completes else "close", ""
    return None


def awaits_payment(order: Order) -> bool:
    """Whether an order that is to be paid beforehand is not paid, and nobody works on it yet."""
    if order.payment_method in ("cash", "wallet") or order.status not in (Status.PENDING, Status.PREORDER):
        return False
    return order.payment_status in (*NOT_PAID, PaymentStatus.PROOF_PENDING)


def pay_by(order: Order) -> datetime | None:
    """By when what is not paid must be: the payment's own time, which begins anew where the order is reopened.

    None while staff look at another amount that came in for it.
    """
    if order.pk:
        owed = order.shares.filter(amount__gt=F("received"), is_extra=False, payment__state__in=NOT_PAID)
        found = owed.aggregate(first=Min("payment__expires_at"), disputed=Count("payment__disputed_amount"))
        if found["disputed"]:
            return None
        if found["first"] is not None:
            return found["first"]
    minutes = order.vendor.pay_minutes if order.payment_method in ONLINE_METHODS else order.vendor.transfer_minutes
    return order.placed_at + timedelta(minutes=minutes)


def digital_timer(order: Order, since: datetime) -> tuple[datetime, str, str] | None:
    """Codes are looked for again and again until the vendor's time for them is over; then the money goes back."""
    is_paid = order.payment_status in PAID_IN
    if order.status == Status.PENDING and is_paid:
        return since, "issue_codes", ""
    if order.status != Status.ACCEPTED_BY_BUSINESS:
        return None
    deadline = (order.accepted_at or since) + timedelta(minutes=order.vendor.code_minutes)
    # Codes that have come in meanwhile are tried at once: the import takes the time of the last try away.
    again = order.codes_tried_at + CODES_AGAIN if order.codes_tried_at else since
    if is_paid and again < deadline:
        return again, "issue_codes", ""
    return deadline, "cancel_by_staff", "codes_unavailable"


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
