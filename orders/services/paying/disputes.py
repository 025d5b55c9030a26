"""Another amount came in than was asked for, and what is owed that nobody will pay: staff say where the money goes.

Every function must run in a transaction, with the payment and its orders locked (receiving.lock_payment).
"""

from collections.abc import Sequence
from datetime import datetime

from django.utils import timezone

from orders.lifecycle.table import FAILURE, Actor
from orders.models import Order, Payment, PaymentShare, PaymentStatus, Posting, Refund
from orders.services.money import ledger
from orders.services.money.payment_changes import add_payment, change_share
from orders.services.money.repayments import repay_share
from orders.services.money.shares import deadline_of
from orders.services.moving.closing import follow_payment
from orders.services.moving.digital import issue_if_paid
from orders.services.paying.receiving import mark_paid, take_payment
from ordersite.accounts.callers import Caller
from ordersite.accounts.rights import Right
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Conflict, Invalid, NotFound
from ordersite.core.fields import Field
from ordersite.core.money import as_json, divide, to_text


def settle_dispute(payment: Payment, orders: Sequence[Order], *, caller: Caller, now: datetime) -> None:
    """What came in counts as the payment: what it lacks is waived, what it has too much goes back.

    Raises Conflict other_currency for money that the orders' accounts cannot hold.
    """
    came = refuse_other_currency(payment)
    shares = list(payment.shares.select_related("payment").order_by("order_id"))
    excess = max(0, came - payment.amount)
    parts = divide(came - excess, [share.amount for share in shares])
    of_order = {order.pk: order for order in orders}
    for share, part in zip(shares, parts, strict=True):
        lacking, order = share.amount - part, of_order[share.order_id]
        if lacking:
            order.waived += lacking
        share.amount, share.tip = part, min(share.tip, part)
        share.save(update_fields=["amount", "tip"])
    if excess:
        shares[0].amount += excess
        shares[0].save(update_fields=["amount"])
    clear_dispute(payment, amount=came)
    take_payment(payment, orders, caller=caller, role=Actor.STAFF, now=now)
    if excess:
        give_excess_back(shares[0].pk, excess, caller, now)


def give_excess_back(share_id: int, excess: int, caller: Caller, now: datetime) -> None:
    """What came in beyond what the order costs goes back; a closed order's has gone back with all of it."""
    share = PaymentShare.objects.select_related("payment", "order__vendor", "order__terms").get(pk=share_id)
    if share.kept >= excess and share.order.status not in FAILURE:
        repay_share(share.order, share, excess, actor=caller.key, reason="More came in than was due.", now=now)
        told = {"refund": {"amount": as_json(excess, share.payment.currency), "to": Refund.To.SOURCE}}
        follow_payment(share.order, told, caller=caller, role=Actor.STAFF, now=now)


def refuse_dispute(
    payment: Payment, orders: Sequence[Order], *, caller: Caller, reason: str, now: datetime
) -> dict[int, Payment]:
    """What came in goes back; the orders that are open are to be paid anew: by which payment, by their ids.

    Money of another currency is given back at the provider by hand: our accounts never held it.
    """
    came, shares = payment.disputed_amount or 0, list(payment.shares.select_related("payment").order_by("order_id"))
    if payment.disputed_currency != payment.currency:
        text = f"{to_text(came, payment.disputed_currency)} {payment.disputed_currency}"
        clear_dispute(payment, amount=payment.amount)
        is_extra = all(share.is_extra for share in shares)
        vendors = [order.vendor for order in orders]
        payment.expires_at = None if is_extra else deadline_of(payment.provider, vendors, now)
        give_up(payment, f"{text} came in and has to be refunded by hand. {reason}")
        for share in shares:
            follow_payment(order_of(share, orders), {}, caller=caller, role=Actor.STAFF, now=now, reason=reason)
        return {share.order_id: payment for share in shares if order_of(share, orders).status not in FAILURE}
    asked_anew = {}
    clear_dispute(payment, amount=came)
    parts = divide(came, [share.amount for share in shares])
    for share, part in zip(shares, parts, strict=True):
        share.payment = payment
        order, asked, tip = order_of(share, orders), share.amount, share.tip
        share.amount, share.tip, told = part, 0, {}
        share.save(update_fields=["amount", "tip"])
        if part:
            outside = {ledger.funding(payment.currency): -part}
            ledger.move_held(order, share, Posting.Kind.PAYMENT, outside, actor=caller.key)
            repay_share(order, share, part, actor=caller.key, reason=reason, now=now)
            told = {"refund": {"amount": as_json(part, order.currency), "to": Refund.To.SOURCE}}
        if order.status not in FAILURE:
            asked_anew[order.pk] = add_payment(order, asked, now, tip=tip, is_extra=share.is_extra).payment
        follow_payment(order, told, caller=caller, role=Actor.STAFF, now=now, reason=reason)
    return asked_anew


def waive_payment(
    payment: Payment, order: Order, orders: Sequence[Order], *, caller: Caller, reason: str, now: datetime
) -> None:
    """What a payment still owes for an order need not be paid; a wrong amount that came for it goes back.

    Raises Conflict nothing_due, and payment_pending while the money may have come in.
    """
    if payment.is_disputed:
        # What came in goes back, and what it was for is asked anew: of this order it is waived then.
        asked = refuse_dispute(payment, orders, caller=caller, reason=reason, now=now)
        if order.pk not in asked:
            return
        payment = asked[order.pk]
    share = payment.shares.select_related("payment").get(order=order)
    if not share.owed or order.status in FAILURE:
        raise Conflict(FaultCode.NOTHING_DUE)
    if payment.may_be_here or payment.is_authorised:
        raise Conflict(FaultCode.PAYMENT_PENDING_DECIDE)
    owed = share.owed
    order.waived += owed
    change_share(share, -owed, tip=-min(share.tip, owed))
    if share.payment.amount == 0:
        share.payment.state, share.payment.expires_at, share.payment.due_at = PaymentStatus.PAID, None, None
        share.payment.save(update_fields=["state", "expires_at", "due_at"])
    follow_payment(
        order, {"waived": as_json(owed, order.currency)}, caller=caller, role=Actor.STAFF, now=now, reason=reason
    )
    issue_if_paid(order)


# --- top-ups ----------------------------------------------------------------------------------------------------


def decide_top_up(*, payment_id: int, caller: Caller, counts: bool, reason: str = "") -> None:
    """Staff say of a disputed top-up that what came in fills the wallet (`counts`), or was given back by hand.

    No account of ours holds what was given back at the provider. Raises NotFound, Forbidden, Invalid without a reason
    for giving it back, and Conflict other_currency, or nothing_due where it is disputed no more.
    """
    caller.require(Right.CHECK_PAYMENTS)
    payment = Payment.objects.select_for_update().filter(pk=payment_id, customer__isnull=False).first()
    if payment is None:
        raise NotFound(FaultCode.NOT_FOUND_DISPUTE, payment=payment_id)
    if not payment.is_disputed:
        raise Conflict(FaultCode.NOTHING_DUE_CHANGED)
    if counts:
        clear_dispute(payment, amount=refuse_other_currency(payment))
        mark_paid(payment_id=payment.pk, caller=caller, role=Actor.STAFF, now=timezone.now())
        return
    if not reason.strip():
        raise Invalid(FaultCode.REQUIRED_GIVEN_BACK, Field.REASON)
    came = f"{to_text(payment.disputed_amount or 0, payment.disputed_currency)} {payment.disputed_currency}"
    clear_dispute(payment, amount=payment.amount)
    give_up(payment, f"{came} came in and has to be refunded by hand. {reason}")


def refuse_other_currency(payment: Payment) -> int:
    """What came in, minor units of the payment's currency; raises Conflict other_currency for another one."""
    if payment.disputed_amount is None or payment.disputed_currency != payment.currency:
        raise Conflict(FaultCode.OTHER_CURRENCY, currency=payment.disputed_currency)
    return payment.disputed_amount


def clear_dispute(payment: Payment, *, amount: int) -> None:
    """Staff have said where the money goes; the payment is of what came in."""
    payment.amount, payment.disputed_amount, payment.disputed_currency, payment.failure = amount, None, "", ""
    payment.save(update_fields=["amount", "disputed_amount", "disputed_currency", "failure"])


def give_up(payment: Payment, failure: str) -> None:
    """The payment failed; its provider's later notices of this try are of no interest any more."""
    payment.state, payment.failure, payment.reference, payment.due_at = PaymentStatus.FAILED, failure[:300], "", None
    payment.save(update_fields=["state", "failure", "reference", "due_at", "expires_at"])


def order_of(share: PaymentShare, orders: Sequence[Order]) -> Order:
    return next(order for order in orders if order.pk == share.order_id)
