"""Money that goes back to whoever paid: where it may go, the row that tells it, and taking it again after a close.

Every function must run in the transaction of the change that it belongs to, with the order's row locked. The order's
own columns they set, and its update saves them.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType

from orders.lifecycle.table import SUCCESS
from orders.models import Account, Entry, Order, PaymentShare, Posting, Refund
from orders.services.money import ledger
from orders.services.money.documents import credit_refunds
from orders.services.money.ledger import AccountKey
from orders.services.money.shares import division_of, kept_of, shares_of, state_of, write_state
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Conflict
from ordersite.core.money import as_json
from vendors.payment_methods import find_method

Amounts = dict[AccountKey, int]


def repay(
    order: Order,
    amount: int,
    *,
    actor: str,
    reason: str,
    now: datetime,
    to: str = Refund.To.SOURCE,
    closing: bool = False,
    at_once: bool = False,
    counts: bool = True,
    rates: Mapping[int, int] = MappingProxyType({}),
) -> list[Refund]:
    """Gives an amount (minor units) of what is kept of the order back, from its newest payment on.

    Into the wallet at once; online by a row that the worker sends to the provider, what a close gives back when the
    vendor's undo time has passed (or `at_once`); cash and transfers by hand. `closing` marks what a close without
    success gave back, `counts` is False where the order's total fell by as much. `rates` says how much is given back
    for what is sold at which rate of tax, for the credit note of an order that has an invoice. Raises Conflict
    refund_too_large for more than is there, and by_hand_only for more to the wallet than the platform itself has
    received.
    """
    shares = shares_of(order)
    sources = [share for share in shares if share.kept and (to != Refund.To.WALLET or is_with_platform(share))]
    refuse_more_than_is_there(order, amount, shares, sources)
    refunds, left = [], amount
    for share in sources:
        part = min(left, share.kept)
        if part:
            left -= part
            waits = closing and not at_once
            row = repay_share(
                order, share, part, actor=actor, reason=reason, now=now, to=to, closing=closing, waits=waits
            )
            refunds.append(row)
    if counts:
        order.refunded += amount
    order.payment_status = state_of(order, shares)
    if order.status in SUCCESS:
        wanted = division_of(order, shares, kept=kept_of(shares), succeeds=True)
        ledger.rebalance(order, Posting.Kind.REFUND, wanted, actor=actor)
    credit_refunds(order, refunds, rates=rates, now=now)
    return refunds


def refuse_more_than_is_there(
    order: Order, amount: int, shares: Sequence[PaymentShare], sources: Sequence[PaymentShare]
) -> None:
    """Raises Conflict where less than the amount is kept, or less of it can go where it is to go."""
    there, most = kept_of(shares), kept_of(sources)
    if amount > there:
        raise Conflict(FaultCode.REFUND_TOO_LARGE_PAID)
    if amount > most:
        refundable = as_json(most, order.currency)
        raise Conflict(FaultCode.BY_HAND_ONLY, refundable=refundable, extra={"refundable": refundable})


def is_with_platform(share: PaymentShare) -> bool:
    """Whether the platform itself has the money: cash of a driver once it is handed in, and nothing a vendor holds."""
    held = cash_held(share)
    return all(ledger.is_handed_in(share, key) for key in held)


def cash_held(share: PaymentShare) -> Amounts:
    """What of a share came in as cash (or to the vendor's own account) and went back so, by who took it."""
    if find_method(share.payment.provider).is_platforms:
        return {}
    moved = ledger.moved_by(share)
    return {key: -amount for key, amount in moved.items() if key.kind == Account.Kind.CASH and amount < 0}


def repay_share(
    order: Order,
    share: PaymentShare,
    amount: int,
    *,
    actor: str,
    reason: str,
    now: datetime,
    to: str = Refund.To.SOURCE,
    closing: bool = False,
    waits: bool = False,
) -> Refund:
    """The refund's row and posting for one share, of which so much is kept; `waits` for the undo time to be sent."""
    payment, method = share.payment, find_method(share.payment.provider)
    to_wallet = method.is_wallet or to == Refund.To.WALLET
    online = method.is_online and not to_wallet
    state = Refund.State.PENDING if online else Refund.State.DONE if to_wallet else Refund.State.BY_HAND
    undo = timedelta(minutes=order.vendor.undo_minutes) if waits else timedelta()
    row = Refund(
        payment=payment,
        order=order,
        amount=amount,
        to=Refund.To.WALLET if to_wallet else Refund.To.SOURCE,
        state=state,
        closing=closing,
        reason=reason,
        actor=actor,
        created_at=now,
        due_at=now + undo if online else None,
        done_at=now if to_wallet else None,
    )
    row.save(force_insert=True)
    if to_wallet:
        row.posting = ledger.return_to_wallet(order, share, amount, actor, kind=Posting.Kind.REFUND)
    else:
        row.posting = ledger.move_held(
            order, share, Posting.Kind.REFUND, accounts_giving_back(order, share, amount), actor=actor
        )
    row.save(update_fields=["posting"])
    write_state(payment, order)
    if closing and row.due_at:
        order.money_leaves_at = row.due_at
    return row


def accounts_giving_back(order: Order, share: PaymentShare, amount: int) -> Amounts:
    """Who gives an amount back that does not go to the wallet: who holds it, or the platform once it has it."""
    given: Amounts = {}
    for key, held in cash_held(share).items():
        part = min(amount - sum(given.values()), held)
        giver = ledger.funding(order.currency) if ledger.is_handed_in(share, key) else key
        given[giver] = given.get(giver, 0) + part
    left = amount - sum(given.values())
    if left:
        outside = ledger.funding(order.currency)
        given[outside] = given.get(outside, 0) + left
    return given


# --- after a close that is taken back -------------------------------------------------------------------------------


def take_again(order: Order, actor: str, *, now: datetime, leaves_what_is_gone: bool) -> int:
    """Takes again what a close without success gave back; returns what has left the house (minor units).

    Raises Conflict money_gone_back where something has, unless `leaves_what_is_gone`, and insufficient_funds for a
    wallet that holds too little by now.
    """
    gone = 0
    shares = {share.payment_id: share for share in shares_of(order)}
    for row in order.refunds.select_for_update().filter(closing=True).exclude(state=Refund.State.TAKEN_BACK):
        share = shares[row.payment_id]
        order.refunded -= row.amount
        if has_left(row):
            if not leaves_what_is_gone:
                raise Conflict(FaultCode.MONEY_GONE_BACK)
            gone += row.amount
            # Whatever becomes of the order from here, this refund stays.
            row.closing = False
            row.save(update_fields=["closing"])
            continue
        if row.to == Refund.To.WALLET:
            ledger.draw_for_order(order, share, row.amount, actor, kind=Posting.Kind.RETAKE)
        else:
            ledger.move_held(order, share, Posting.Kind.RETAKE, takers_of(row, order), actor=actor)
        row.state, row.due_at = Refund.State.TAKEN_BACK, None
        row.save(update_fields=["state", "due_at"])
        write_state(share.payment, order)
    order.money_leaves_at = None
    return gone


def takers_of(row: Refund, order: Order) -> Amounts:
    """The accounts that gave a refund have it again."""
    entries = Entry.objects.filter(posting=row.posting_id, account__kind__in=ledger.OUTSIDE).select_related("account")
    takers = {AccountKey.of(entry.account): -entry.amount for entry in entries}
    return takers or {ledger.funding(order.currency): -row.amount}


def has_left(row: Refund) -> bool:
    """Whether a refund was sent to its provider, or given by hand; one into the wallet can be drawn again."""
    if row.to == Refund.To.WALLET:
        return False
    return bool(row.attempts) or row.state in (Refund.State.SENT, Refund.State.DONE)
