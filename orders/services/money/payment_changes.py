"""Payments follow a total that changes, and another way of paying.

Every function must run in the transaction of the change that it belongs to, with the order's row locked. The order's
own columns they set, and its update saves them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from orders.lifecycle.table import SUCCESS
from orders.models import Order, Payment, PaymentShare, PaymentStatus, Posting, Refund
from orders.services.money import ledger
from orders.services.money.repayments import repay_share
from orders.services.money.shares import (
    deadline_of,
    division_of,
    goes_to_vendor,
    kept_of,
    may_be_here,
    shares_of,
    state_of,
    write_state,
)
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Conflict
from ordersite.core.money import as_json
from vendors.payment_methods import find_method


def add_payment(
    order: Order, amount: int, now: datetime, *, tip: int = 0, is_extra: bool = False, like: Payment | None = None
) -> PaymentShare:
    """One more payment for an order, in its own method, not paid yet; `like` one with a saved method it is charged so.

    A rise (`is_extra`) holds nothing up, so it may be paid as long as the order is open.
    """
    saved = like.saved_method if like else None
    payment = Payment(
        purchase_id=order.purchase_id,
        currency=order.currency,
        provider=order.payment_method,
        amount=amount,
        to_vendor=goes_to_vendor(order.payment_method, [order.vendor]),
        created_at=now,
        expires_at=None if is_extra else deadline_of(order.payment_method, [order.vendor], now),
        saved_method=saved,
        due_at=now if saved else None,
    )
    payment.save(force_insert=True)
    share = PaymentShare(payment=payment, order=order, amount=amount, tip=tip, is_extra=is_extra)
    share.save(force_insert=True)
    return share


# --- a total that changes ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjusted:
    """What a change of the total did: a further payment that waits to be paid, refunds."""

    payment: Payment | None = None
    refunds: Sequence[Refund] = ()


def adjust_payments(
    order: Order, difference: int, *, is_tip: bool = False, actor: str, reason: str, now: datetime
) -> Adjusted:
    """The order's total has changed by so much (minor units): its payments follow. The total is the caller's to set.

    What is not paid yet costs so much more or less; a wallet pays the rise or gets the fall back; what was paid in
    another way gets a further payment, or a refund. Raises Conflict insufficient_funds, refunded where more was given
    back than the order would then cost, and payment_pending while what is to change may have come in.
    """
    if difference == 0:
        return Adjusted()
    if order.total < order.refunded + order.waived:
        raise Conflict(FaultCode.REFUNDED, extra={"refunded": as_json(order.refunded, order.currency)})
    shares = shares_of(order)
    if difference > 0:
        adjusted = raise_shares(order, shares, difference, is_tip=is_tip, actor=actor, now=now)
    else:
        refunds = lower_shares(order, shares, -difference, is_tip=is_tip, actor=actor, reason=reason, now=now)
        adjusted = Adjusted(refunds=refunds)
    order.payment_status = state_of(order, shares)
    return adjusted


def raise_shares(
    order: Order, shares: list[PaymentShare], rise: int, *, is_tip: bool, actor: str, now: datetime
) -> Adjusted:
    """The rise is added to what is not paid yet, drawn from the wallet, or becomes a payment of its own."""
    tip = rise if is_tip else 0
    # What cost nothing and was not paid yet (an order without items, or free in cash) is the first to be paid; what
    # was waived need not be, and a rise of it is one.
    free = [share for share in shares if not (share.amount or share.payment.is_received or order.waived)]
    # What is held at a provider is never raised there: the rise is a payment of its own.
    waiting = next(
        iter([*(share for share in changeable_shares(shares) if not share.payment.is_authorised), *free]), None
    )
    if waiting is not None:
        refuse_pending([waiting])
        change_share(waiting, rise, tip=tip)
        return Adjusted()
    wallet = next((share for share in shares if find_method(share.payment.provider).is_wallet), None)
    if find_method(order.payment_method).is_wallet and wallet is not None:
        change_share(wallet, rise, tip=tip)
        ledger.draw_for_order(order, wallet, rise, actor)
        write_state(wallet.payment, order)
        return Adjusted()
    share = add_payment(order, rise, now, tip=tip, is_extra=True)
    shares.insert(0, share)
    return Adjusted(payment=share.payment)


def lower_shares(
    order: Order, shares: Sequence[PaymentShare], fall: int, *, is_tip: bool, actor: str, reason: str, now: datetime
) -> list[Refund]:
    """The fall is taken from what is not paid yet first, then given back of what is.

    Never from what is paid while a rise may have come in: that would pay the rise out of what it is a rise of.
    """
    refunds, left = [], fall
    refuse_pending(
        [share for share in shares if share.is_extra and (share.tip if is_tip else share.amount - share.tip)]
    )
    for share, room in room_in_shares(shares, of_tip=is_tip):
        part = min(left, room)
        if part <= 0:
            continue
        left -= part
        tip = min(part, share.tip) if is_tip else max(0, share.tip - (share.amount - part))
        if share.owed:
            refuse_pending([share])
            change_share(share, -part, tip=-tip)
        elif find_method(share.payment.provider).is_wallet:
            # The constraint wants the sums to stay within the amount: first what was received falls.
            ledger.return_to_wallet(order, share, part, actor, kind=Posting.Kind.PAYMENT)
            change_share(share, -part, tip=-tip)
            write_state(share.payment, order)
        else:
            refunds.append(repay_share(order, share, part, actor=actor, reason=reason, now=now))
            if is_tip:
                share.tip -= tip
                share.save(update_fields=["tip"])
    if left:
        refuse_pending(shares)
    if refunds and order.status in SUCCESS:
        wanted = division_of(order, shares, kept=kept_of(shares), succeeds=True)
        ledger.rebalance(order, Posting.Kind.REFUND, wanted, actor=actor)
    return refunds


def changeable_shares(shares: Sequence[PaymentShare]) -> list[PaymentShare]:
    """What is owed and may change, or must be waited for: a rise that is being paid is left alone."""
    return [share for share in shares if share.owed and not (share.is_extra and share.payment.may_be_here)]


def room_in_shares(shares: Sequence[PaymentShare], *, of_tip: bool) -> Iterator[tuple[PaymentShare, int]]:
    """How much each share can give, what is owed before what is kept: of the tip (or of all else), then of anything."""
    ordered = [*changeable_shares(shares), *(share for share in shares if not share.owed)]
    for share in ordered:
        yield share, min(share.tip if of_tip else share.amount - share.tip, share.owed or share.kept)
    for share in ordered:
        yield share, share.owed or share.kept


def refuse_pending(shares: Sequence[PaymentShare]) -> None:
    """Raises Conflict payment_pending where the money of one of these may have come in already."""
    if may_be_here(shares):
        raise Conflict(FaultCode.PAYMENT_PENDING)


def change_share(share: PaymentShare, difference: int, *, tip: int = 0) -> None:
    """The payment, and the order's part of it, become so much more (or less); `tip` is of the difference."""
    share.amount += difference
    share.tip += tip
    share.save(update_fields=["amount", "tip"])
    share.payment.amount += difference
    share.payment.save(update_fields=["amount"])


# --- another way of paying --------------------------------------------------------------------------------------


def change_method(order: Order, method: str, *, actor: str, now: datetime) -> None:
    """The order is to be paid in another way: only what is not paid yet, or what the wallet paid, can be moved.

    Of the latter what is kept goes back; what was refunded stays where it was. Raises Conflict payment_shared where
    other orders are paid together with it, already_paid for money that came in from outside, payment_pending while a
    payment may have come in, and insufficient_funds.
    """
    shares = shares_of(order)
    refuse_pending(shares)
    for share in shares:
        if share.payment.shares.exclude(pk=share.pk).exists():
            raise Conflict(FaultCode.PAYMENT_SHARED)
        is_here = share.kept or share.payment.is_authorised
        if is_here and not find_method(share.payment.provider).is_wallet:
            raise Conflict(FaultCode.ALREADY_PAID)
    order.payment_method = method
    moved = [
        move_share(order, share, method, actor, now)
        for share in shares
        if not share.amount or share.amount > share.refunded
    ]
    moved += [share for share in shares if share not in moved]
    order.payment_status = state_of(order, moved)
    if order.visible_at is None and not find_method(method).is_online:
        order.visible_at = now


def move_share(order: Order, share: PaymentShare, method: str, actor: str, now: datetime) -> PaymentShare:
    """One share in another method. What was refunded of it stays as it was, and the rest becomes a share of its own."""
    if share.kept:
        ledger.return_to_wallet(order, share, share.kept, actor, kind=Posting.Kind.PAYMENT)
    if share.refunded:
        rest, tip = share.amount - share.received, min(share.tip, share.amount - share.received)
        change_share(share, -rest, tip=-tip)
        write_state(share.payment, order)
        moved = add_payment(order, rest, now, tip=tip)
    else:
        moved = share
        reset_payment(moved.payment, order, method, now)
    if find_method(method).is_wallet:
        if moved.amount:
            ledger.draw_for_order(order, moved, moved.amount, actor)
        moved.payment.state, moved.payment.paid_at = PaymentStatus.PAID, now
        moved.payment.expires_at = None
        moved.payment.save(update_fields=["state", "paid_at", "expires_at"])
    return moved


def reset_payment(payment: Payment, order: Order, method: str, now: datetime) -> None:
    """A payment that nothing came in for begins anew, in this method."""
    payment.provider, payment.state, payment.paid_at = method, PaymentStatus.UNPAID, None
    payment.to_vendor = goes_to_vendor(method, [order.vendor])
    payment.expires_at, payment.due_at = deadline_of(method, [order.vendor], now), None
    payment.saved_method, payment.reference, payment.redirect_url, payment.failure = None, "", "", ""
    payment.save()
