"""What pays for an order: the parts of payments that are its own, what of them came in, and how they stand together.

Whether an order is paid, what can be given back of it and what is still owed are asked here, of its shares.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db.models import QuerySet

from orders.lifecycle.table import FAILURE
from orders.models import Order, Payment, PaymentShare, PaymentStatus, paid_state
from orders.services.money.ledger import Division, divide_sale, is_with_vendor
from ordersite.core.money import half_up
from ordersite.core.prepared import Given, Prepared
from vendors.models import Vendor
from vendors.payment_methods import find_method

RATE = 10_000


def locked_shares(_: None) -> QuerySet[PaymentShare]:
    """The query of `shares_of`."""
    shares = PaymentShare.objects.select_for_update().select_related("payment")
    return shares.filter(order=Given("order", Order._meta.pk)).order_by("-payment_id")


LOCKED_SHARES = Prepared(locked_shares)


def shares_of(order: Order) -> list[PaymentShare]:
    """What pays for the order, newest first, with the payments' rows locked."""
    return LOCKED_SHARES.rows(None, order=order.pk)


def kept_of(shares: Iterable[PaymentShare]) -> int:
    """What was received for the order and not given back yet, minor units: what is refundable."""
    return sum(share.kept for share in shares)


def owed_of(shares: Iterable[PaymentShare]) -> int:
    """What is still to come in for the order, minor units."""
    return sum(share.owed for share in shares)


def paid_tip(order: Order, shares: Iterable[PaymentShare]) -> int:
    """The driver's tip as far as it was paid, minor units."""
    return min(order.driver_tip, sum(share.tip for share in shares if share.received))


def division_of(order: Order, shares: Sequence[PaymentShare], *, kept: int, succeeds: bool) -> Division:
    """Whom so much (minor units) of what was received for the order belongs to."""
    tips = paid_tip(order, shares)
    unpaid = sum(share.owed - share.tip for share in shares if share.owed and share.is_extra) + order.waived
    in_other_hands = sum(share.tip for share in shares if share.received and share.tip and not is_with_vendor(share))
    return divide_sale(
        order,
        kept=kept,
        paid=kept_of(shares) + order.refunded,
        unpaid=unpaid,
        tips=tips,
        driver_tips=min(tips, in_other_hands) if succeeds and order.carried_by else 0,
        succeeds=succeeds,
    )


def state_of(order: Order, shares: Sequence[PaymentShare]) -> PaymentStatus:
    """The order's payment state. A rise that is not paid yet (`is_extra`) does not make a paid order unpaid."""
    for share in shares:
        if share.owed and not share.is_extra:
            return share.state
    kept = kept_of(shares)
    if kept:
        return paid_state(kept=kept, refunded=order.refunded)
    if order.waived and not order.refunded:
        return PaymentStatus.PAID
    if any(share.received for share in shares):
        return PaymentStatus.REFUNDED
    return shares[0].state if shares else PaymentStatus.UNPAID


def write_state(payment: Payment, order: Order) -> None:
    """Brings a payment's own state to what its shares say, once something of it came in; `order` is the one at hand.

    It is paid when nothing is to come in for any order that is open: cash comes in order by order.
    """
    shares = list(payment.shares.select_related("order"))
    kept, refunded = kept_of(shares), sum(share.refunded for share in shares)
    # The order at hand may have a status that is not saved yet.
    statuses = {share.order_id: share.order.status for share in shares} | {order.pk: order.status}
    open_shares = [share for share in shares if statuses[share.order_id] not in FAILURE]
    is_paid = any(share.received for share in shares) or not payment.amount
    waits = owed_of(open_shares) > 0 or not is_paid
    state = PaymentStatus.UNPAID if waits else paid_state(kept=kept, refunded=refunded)
    if payment.state != state:
        payment.state = state
        payment.save(update_fields=["state"])


def may_be_here(shares: Iterable[PaymentShare]) -> bool:
    """Whether money for the order may have come in that is not counted yet."""
    return any(share.owed and share.payment.may_be_here for share in shares)


def may_be_paid_online(order: Order) -> bool:
    """Whether something of an open order may still be paid at a provider: a rise too, of what is paid already."""
    return find_method(order.payment_method).is_online and not order.is_closed


def deadline_of(method: str, vendors: Iterable[Vendor], now: datetime) -> datetime | None:
    """By when a purchase must be paid, the strictest of its vendors deciding; None where it may be paid later."""
    setting = find_method(method).minutes
    return now + timedelta(minutes=min(getattr(vendor, setting) for vendor in vendors)) if setting else None


def goes_to_vendor(method: str, vendors: Sequence[Vendor]) -> bool:
    """Whether a transfer goes to the vendor's own account; what pays several vendors goes to the platform."""
    to_vendor = len(vendors) == 1 and vendors[0].transfers_to == Vendor.TransfersTo.VENDOR
    return to_vendor and find_method(method).needs_proof


def part_of_sale(order: Order, shares: Sequence[PaymentShare], rate: int) -> int:
    """The rate (hundredths of a percent) of what is paid and not given back, without the tip: what a close may cost."""
    return half_up(max(kept_of(shares) - paid_tip(order, shares), 0) * rate, RATE)
