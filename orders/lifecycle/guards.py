"""What must hold for a change of status beside its row in the table: one predicate a guard, and what it asks for.

Guards read milestones, never the last status alone. No database here: an order, its vendor and what was given.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from orders.lifecycle import table
from orders.lifecycle.reasons import REASONS
from orders.lifecycle.table import Actor, Change
from orders.models import Order, PaymentStatus
from ordersite.core.codes import FaultCode
from vendors.models import Vendor
from vendors.payment_methods import find_method

# Guards that the caller satisfies by what it sends; the others are facts of the order.
INPUTS = ("reason", "code", "proof")
# What a change needs besides the table's guards: without it there is nobody to write down, or nothing to make.
IMPLIED = {
    "accept_by_driver": "named",
    "accept_by_company": "served",
    **dict.fromkeys(("accept", "undo_reject", "complete"), "items"),
}
# Not even staff may waive these.
NEVER_WAIVED = ("paid", "codes", "money", *dict.fromkeys(IMPLIED.values()))
# How long a prepared order is kept at least before it is closed by hand as not collected.
KEPT_BY_HAND = timedelta(minutes=15)
# After its money has left the house a closed order is only reopened, to be paid anew.
PAID_ANEW = "reopen"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeAttempt:
    """Who tries a change, in which role, and what was sent for it."""

    actor: Actor
    now: datetime
    driver_id: int | None = None
    company_ids: frozenset[int] = frozenset()
    reason_code: str = ""
    reason: str = ""
    code: str = ""
    proof: str = ""
    # Whether only is asked what may be done: what is to be sent for it counts as sent.
    is_offered: bool = False


Predicate = Callable[[Order, ChangeAttempt], bool]


def has_reason(order: Order, attempt: ChangeAttempt) -> bool:
    reason = REASONS.get(attempt.reason_code)
    return reason is not None and (bool(attempt.reason.strip()) or not reason.needs_text)


def is_paid(order: Order, attempt: ChangeAttempt) -> bool:
    """Settled, authorised, or payable on handing over; what a failed close gave back is taken again with the change."""
    if find_method(order.payment_method).is_on_handover:
        return True
    status = PaymentStatus(order.payment_status)
    # What was partly refunded was paid: the refund was somebody's decision.
    return status.is_secured or (order.status in table.FAILURE and status.is_received)


def has_money(order: Order, attempt: ChangeAttempt) -> bool:
    """What the order's close gave back has not left the house, so that it can be taken again with the change."""
    return order.money_leaves_at is None or attempt.now < order.money_leaves_at


def is_free(order: Order, attempt: ChangeAttempt) -> bool:
    """No driver, and no other company, holds it, or it was offered to this one (staff: to the named driver's).

    For the timer a company holds it until its minutes are over.
    """
    if order.driver_accepted_at is not None:
        return False
    if order.company_accepted_at is None or order.company_id in attempt.company_ids:
        return True
    if attempt.actor == Actor.SYSTEM:
        until = company_until(order)
        return until is not None and attempt.now >= until
    return attempt.actor == Actor.STAFF and order.driver is not None and order.driver.company_id == order.company_id


def company_until(order: Order) -> datetime | None:
    """Until when a company holds an order for which no driver of its own has accepted; None: as long as it takes.

    The vendor's minutes run from when it accepted, or its driver left, but not before the work for the agreed time.
    """
    minutes = order.vendor.company_minutes
    if minutes is None or order.company_accepted_at is None or order.driver_accepted_at is not None:
        return None
    since = filter(None, (order.company_accepted_at, order.driver_left_at, begins_at(order)))
    return max(since) + timedelta(minutes=minutes)


def begins_at(order: Order) -> datetime | None:
    """When work for the agreed time begins at the latest, so that preparing ends by it; None for as soon as can be.

    Rush counts where it lasts at that very moment, as it does for whoever begins then.
    """
    if order.deliver_at is None:
        return None
    vendor = order.vendor
    return order.deliver_at - vendor.lead(order.deliver_at - timedelta(minutes=vendor.preparation_minutes))


def is_named(order: Order, attempt: ChangeAttempt) -> bool:
    """Which driver accepts is known: the caller itself, a vendor's own courier, a company's driver; staff: anybody."""
    if attempt.actor == Actor.DRIVER:
        return attempt.driver_id is not None
    driver = order.driver
    if driver is None:
        return False
    if attempt.actor == Actor.VENDOR:
        return driver.vendor_id == order.vendor_id
    return attempt.actor != Actor.COMPANY or driver.company_id in attempt.company_ids


def is_served(order: Order, attempt: ChangeAttempt) -> bool:
    """A company was named, or the vendor works with one."""
    return order.company_id is not None or bool(order.serving_company_ids)


def is_in_window(order: Order, attempt: ChangeAttempt) -> bool:
    """The cancelling policy of placing still allows it: the milestone that ends it does not stand."""
    ends = [name for name in table.MILESTONES if name in Vendor.CancelUntil.values]
    last = ends.index(order.terms.cancel_until)
    return all(getattr(order, f"{name}_at") is None for name in ends[last:])


def has_proof(order: Order, attempt: ChangeAttempt) -> bool:
    wanted = order.vendor.proof
    if wanted == Vendor.Proof.CODE:
        return attempt.proof == order.collection_code
    return bool(attempt.proof.strip()) if wanted else True


def has_codes(order: Order, attempt: ChangeAttempt) -> bool:
    """Every unit of a digital order has its code; of others none is ever tried."""
    return order.codes_tried_at is not None and order.codes_missing == 0


def is_after_agreed(order: Order, attempt: ChangeAttempt) -> bool:
    """Nobody waits for it any more: for the timer `collect_until`, by hand KEPT_BY_HAND after it was prepared, and
    never before the time that was agreed, or told since."""
    if attempt.actor == Actor.SYSTEM:
        until = collect_until(order)
        return until is not None and attempt.now >= until
    if order.prepared_at is None:
        return False
    return attempt.now >= max(order.prepared_at + KEPT_BY_HAND, awaited_at(order, order.prepared_at))


def awaited_at(order: Order, prepared_at: datetime) -> datetime:
    """From when on its customer is waited for: the latest of when it was prepared, agreed for and told for."""
    return max(filter(None, (prepared_at, order.deliver_at, order.estimated_at)))


def collect_until(order: Order) -> datetime | None:
    """Until when a prepared order is kept: the vendor's minutes from when its customer is waited for.

    Never shorter than agreed on placing, longer where the vendor's setting is by now. None where it is kept as long as
    it takes: by either setting, or since the customer has come for it.
    """
    agreed, now_set = order.terms.collect_minutes, order.vendor.collect_minutes
    if agreed is None or now_set is None or order.prepared_at is None or order.customer_arrived_at is not None:
        return None
    return awaited_at(order, order.prepared_at) + timedelta(minutes=max(agreed, now_set))


def is_within_undo(order: Order, attempt: ChangeAttempt) -> bool:
    return attempt.now - order.status_changed_at <= timedelta(minutes=order.vendor.undo_minutes)


def has_carrier(order: Order, attempt: ChangeAttempt) -> bool:
    return order.driver_accepted_at is not None or order.self_delivery or bool(order.tracking_number)


def is_own(order: Order, attempt: ChangeAttempt) -> bool:
    return order.driver_accepted_at is None and (order.self_delivery or bool(order.tracking_number))


GUARDS: dict[str, tuple[Predicate, FaultCode]] = {
    "reason": (
        has_reason,
        FaultCode.GUARD_FAILED_REASON,
    ),
    "paid": (is_paid, FaultCode.GUARD_FAILED_PAID),
    "prepared": (lambda order, _: order.prepared_at is not None, FaultCode.GUARD_FAILED_PREPARED),
    "driver": (lambda order, _: order.driver_accepted_at is not None, FaultCode.GUARD_FAILED_DRIVER),
    "free": (is_free, FaultCode.GUARD_FAILED_FREE),
    "named": (is_named, FaultCode.GUARD_FAILED_NAMED),
    "money": (has_money, FaultCode.GUARD_FAILED_MONEY),
    "served": (is_served, FaultCode.GUARD_FAILED_SERVED),
    "items": (lambda order, _: not order.awaits_items, FaultCode.GUARD_FAILED_ITEMS),
    "carrier": (
        has_carrier,
        FaultCode.GUARD_FAILED_CARRIER,
    ),
    "own": (
        is_own,
        FaultCode.GUARD_FAILED_OWN,
    ),
    "present": (
        lambda order, _: order.driver_at_business_at is not None,
        FaultCode.GUARD_FAILED_PRESENT,
    ),
    "window": (is_in_window, FaultCode.GUARD_FAILED_WINDOW),
    "agreed": (is_after_agreed, FaultCode.GUARD_FAILED_AGREED),
    "undo": (is_within_undo, FaultCode.GUARD_FAILED_UNDO),
    "proof": (has_proof, FaultCode.GUARD_FAILED_PROOF),
    "code": (
        lambda order, attempt: attempt.code == order.collection_code,
        FaultCode.GUARD_FAILED_CODE,
    ),
    "codes": (has_codes, FaultCode.GUARD_FAILED_CODES),
}


def guards_of(change: Change, actor: Actor) -> tuple[str, ...]:
    """The table's guards that bind this actor, and what the change implies."""
    implied = [IMPLIED[change.name]] if change.name in IMPLIED else []
    if change.source in table.FAILURE and change.target not in table.FAILURE and change.name != PAID_ANEW:
        implied.append("money")
    return (*change.guards_for(actor), *implied)


def failing_guard(change: Change, order: Order, attempt: ChangeAttempt, *, waive: bool = False) -> str | None:
    """The first guard of the change that does not hold for this actor; `waive` is staff's right to force."""
    names = [name for name in guards_of(change, attempt.actor) if not waive or name in NEVER_WAIVED]
    if waive:
        names.append("reason")
    if attempt.is_offered:
        names = [name for name in names if name not in INPUTS]
    return next((name for name in names if not GUARDS[name][0](order, attempt)), None)


def input_needed(guard: str, order: Order) -> bool:
    """Whether the caller can satisfy the guard by sending something."""
    return guard in ("reason", "code") or (guard == "proof" and bool(order.vendor.proof))
