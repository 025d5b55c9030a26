"""The state of what pays for an order, and how money, stock and all that is limited follow the order's status.

Every function must run in the transaction of the change that it belongs to, with the order's row locked. They write
payments, shares, refunds and the ledger; the order's own columns they set, for the caller to save with its change.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from orders.lifecycle import FAILURE, SUCCESS, Actor, Status
from orders.models import Order, Payment, PaymentShare, PaymentStatus, Posting, Refund
from orders.services import bookings, codes, ledger, offers, slots
from ordersite.web.money import half_up
from ordersite.web.problems import Conflict
from vendors.models import ONLINE_METHODS, Vendor
from vendors.services.stock import give_stock_back, take_stock

CASH = "cash"
WALLET = "wallet"
TRANSFER = "transfer"
RATE = 10_000
RECEIVED = (PaymentStatus.PAID, PaymentStatus.AUTHORISED, PaymentStatus.PARTLY_REFUNDED, PaymentStatus.REFUNDED)


def shares_of(order: Order) -> list[PaymentShare]:
    """What pays for the order, newest first, with the payments' rows locked."""
    shares = PaymentShare.objects.select_for_update().select_related("payment").filter(order=order)
    return list(shares.order_by("-payment_id"))


def is_received(order: Order, share: PaymentShare) -> bool:
    """Whether the order's part of a payment came in: the cash of several orders does so one by one."""
    if share.payment.provider == CASH and order.payment_status in RECEIVED:
        return True
    return share.payment.state in RECEIVED


def paid_of(order: Order) -> int:
    """What was received for the order, minor units, whatever of it was given back since."""
    return sum(share.amount for share in shares_of(order) if is_received(order, share))


def refundable(order: Order) -> int:
    """What was received for the order and not given back yet, minor units."""
    return sum(share.amount - share.refunded for share in shares_of(order) if is_received(order, share))


def is_under_way(payment: Payment) -> bool:
    """Whether its provider was told of it and has not said yet what became of it: the amount there stands."""
    return bool(payment.reference) and payment.state == PaymentStatus.UNPAID


def awaits_online_payment(order: Order) -> bool:
    """Whether something of an open order is still to be paid at a provider, or was tried in vain."""
    is_due = order.payment_status in (PaymentStatus.UNPAID, PaymentStatus.FAILED)
    return is_due and order.payment_method in ONLINE_METHODS and not order.is_closed


def state_of(order: Order, shares: Sequence[PaymentShare]) -> PaymentStatus:
    """The order's payment state, from its payments' and what of it was refunded."""
    open_states = [share.payment.state for share in shares if share.amount and not is_received(order, share)]
    if open_states:
        return PaymentStatus(open_states[0])
    if order.refunded == 0:
        return PaymentStatus.PAID
    left = sum(share.amount - share.refunded for share in shares)
    return PaymentStatus.PARTLY_REFUNDED if left else PaymentStatus.REFUNDED


def payment_state(payment: Payment) -> PaymentStatus:
    """The state of a payment of which something was received, from what of it was refunded."""
    if payment.refunded == 0:
        return PaymentStatus.PAID
    return PaymentStatus.REFUNDED if payment.refunded == payment.amount else PaymentStatus.PARTLY_REFUNDED


def deadline_of(method: str, vendors: Iterable[Vendor], now: datetime) -> datetime | None:
    """By when a purchase must be paid, the strictest of its vendors deciding; None where it may be paid later."""
    if method in ONLINE_METHODS:
        return now + timedelta(minutes=min(vendor.pay_minutes for vendor in vendors))
    if method == TRANSFER:
        return now + timedelta(minutes=min(vendor.transfer_minutes for vendor in vendors))
    return None


# --- money back -------------------------------------------------------------------------------------------------


def refund(
    order: Order,
    amount: int,
    *,
    actor: str,
    reason: str,
    to: str = Refund.To.SOURCE,
    closing: bool = False,
    counts: bool = True,
    now: datetime,
) -> list[Refund]:
    """Gives an amount (minor units) of what was received for an order back, from its newest payment on.

    Into the wallet at once; online by a row that the worker sends to the provider; cash and transfers by hand.
    `closing` marks what a close without success gave back, `counts` is False where the order's total fell by as much.
    Raises Conflict refund_too_large for more than is there.
    """
    shares = [share for share in shares_of(order) if is_received(order, share)]
    if amount > sum(share.amount - share.refunded for share in shares):
        raise Conflict("refund_too_large", "More than was paid and is not refunded yet: send a smaller amount.")
    refunds, left = [], amount
    for share in shares:
        part = min(left, share.amount - share.refunded)
        if part == 0:
            continue
        left -= part
        share.refunded += part
        share.payment.refunded += part
        if share.payment.state in RECEIVED:
            share.payment.state = payment_state(share.payment)
        share.payment.save(update_fields=["refunded", "state"])
        share.save(update_fields=["refunded"])
        refunds.append(write_refund(order, share.payment, part, actor, reason, to, closing, now))
    if counts:
        order.refunded += amount
    order.payment_status = state_of(order, shares)
    if order.status in SUCCESS:
        balance_success(order, Posting.Kind.REFUND, actor)
    return refunds


def write_refund(
    order: Order, payment: Payment, amount: int, actor: str, reason: str, to: str, closing: bool, now: datetime
) -> Refund:
    """The refund's row and posting; cash that goes back by hand moves no account but the holder's (rebalance)."""
    to_wallet = payment.provider == WALLET or to == Refund.To.WALLET
    online = payment.provider in ONLINE_METHODS and not to_wallet
    state = Refund.State.PENDING if online else Refund.State.DONE if to_wallet else Refund.State.BY_HAND
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
        due_at=now if online else None,
        done_at=now if to_wallet else None,
    )
    row.save(force_insert=True)
    if to_wallet or payment.provider != CASH:
        ledger.give_back(order, amount, to_wallet=to_wallet, actor=actor)
    return row


def take_refunds_again(order: Order, actor: str) -> None:
    """What a close without success gave back is taken again; raises Conflict where it has left the house."""
    for row in order.refunds.select_for_update().filter(closing=True).exclude(state=Refund.State.TAKEN_BACK):
        share = PaymentShare.objects.select_related("payment").get(order=order, payment_id=row.payment_id)
        if row.to == Refund.To.WALLET:
            ledger.draw_for_order(order, row.amount, actor)
        elif row.attempts or row.state in (Refund.State.SENT, Refund.State.DONE):
            raise Conflict(
                "money_gone_back", "The money has gone back to the customer: it cannot be taken again, place it anew."
            )
        elif share.payment.provider != CASH:
            ledger.receive(order, row.amount, actor)
        row.state, row.due_at = Refund.State.TAKEN_BACK, None
        row.save(update_fields=["state", "due_at"])
        share.refunded -= row.amount
        share.save(update_fields=["refunded"])
        share.payment.refunded -= row.amount
        share.payment.state = payment_state(share.payment)
        share.payment.save(update_fields=["refunded", "state"])
        order.refunded -= row.amount


# --- what closing costs -----------------------------------------------------------------------------------------


def cancel_rate(order: Order) -> int:
    """What the customer's cancelling costs now, in hundredths of a percent, by how far the order has come."""
    if order.prepared_at:
        return order.terms.cancel_fee_prepared
    if order.preparation_started_at:
        return order.terms.cancel_fee_preparing
    return order.terms.cancel_fee_accepted if order.accepted_at else 0


def cost_of(order: Order, rate: int) -> int:
    """The rate of what the order costs without the tip, in minor units; nothing where it is paid on handing over."""
    if order.payment_method == CASH:
        return 0
    return half_up((order.total - order.driver_tip) * rate, RATE)


def closing_cost(order: Order, target: Status, role: Actor, reason_code: str) -> int:
    """What the customer pays for a close without success: its own cancelling, or that nobody was there."""
    if target == Status.CANCELED_BY_CUSTOMER and role == Actor.CUSTOMER:
        return cost_of(order, cancel_rate(order))
    no_show = target == Status.NOT_PICKED_BY_CUSTOMER or (
        target == Status.DELIVERY_FAILED_BY_DRIVER and reason_code in ("customer_absent", "customer_refused")
    )
    return cost_of(order, order.terms.no_show_fee) if no_show else 0


# --- following the status ---------------------------------------------------------------------------------------


def stock_of(order: Order) -> dict[int, int]:
    """How many units of which products the order took from the stock."""
    wanted: dict[int, int] = {}
    for line in order.lines.filter(stock_taken__gt=0, product__isnull=False):
        product_id = line.product_id or 0
        wanted[product_id] = wanted.get(product_id, 0) + line.stock_taken
    return wanted


def give_everything_back(order: Order, actor: str, *, cost: int, now: datetime) -> None:
    """The order closes without success: its stock, its times and what was paid go back, but for what closing costs."""
    if wanted := stock_of(order):
        give_stock_back(wanted)
    slots.release(order)
    if order.kind == Order.Kind.SERVICE:
        bookings.release(order)
    if order.offer_id:
        offers.release(order)
    if order.kind == Order.Kind.DIGITAL:
        codes.spend_codes(order)
    shares = shares_of(order)
    received = sum(share.amount - share.refunded for share in shares if share.payment.state in RECEIVED)
    kept = min(cost, received)
    if received > kept:
        refund(order, received - kept, actor=actor, reason="The order was closed.", closing=True, now=now)
    if kept:
        ledger.rebalance(order, Posting.Kind.SETTLEMENT, earned=kept, cash=0, actor=actor)
    unpaid = [share for share in shares if share.payment.state not in RECEIVED and share.payment.provider != CASH]
    for share in unpaid:
        stop_paying(order, share)
    if unpaid and received:
        # What was owed besides is owed no more.
        order.payment_status = state_of(order, [share for share in shares_of(order) if share.payment.state in RECEIVED])


def stop_paying(order: Order, share: PaymentShare) -> None:
    """An order that is not paid yet needs no paying any more; what pays for others beside it becomes less.

    Where the provider was already told the whole amount it stays: what comes in for this order goes back at once.
    """
    payment = share.payment
    if payment.shares.exclude(pk=share.pk).exclude(order__status__in=FAILURE).exists():
        if not is_under_way(payment):
            payment.amount -= share.amount
            payment.save(update_fields=["amount"])
            share.delete()
        return
    payment.state = PaymentStatus.FAILED
    payment.failure = payment.failure or "The order was closed before it was paid."
    # What the provider was told may still be paid there: it is asked until it says no.
    payment.due_at = payment.due_at if payment.reference else None
    payment.save(update_fields=["state", "failure", "due_at"])
    order.payment_status = PaymentStatus.FAILED


def take_everything_again(order: Order, actor: str, now: datetime) -> None:
    """A close without success is taken back: stock, times and money are taken again.

    Raises Conflict (out_of_stock, slot_full, offer_used_up, insufficient_funds, money_gone_back) where they are not
    there any more.
    """
    if wanted := stock_of(order):
        take_stock(wanted)
    slots.take_again(order)
    if order.kind == Order.Kind.SERVICE:
        bookings.take_again(order)
    if order.offer_id:
        offers.take_again(order)
    ledger.rebalance(order, Posting.Kind.REVERSAL, earned=0, cash=0, actor=actor)
    take_refunds_again(order, actor)
    shares = shares_of(order)
    if not shares:
        shares = [add_payment(order, order.total - order.refunded, now)]
    for share in shares:
        payment = share.payment
        if payment.state == PaymentStatus.FAILED:
            payment.state, payment.failure = PaymentStatus.UNPAID, ""
            payment.expires_at = deadline_of(payment.provider, [order.vendor], now)
            # The worker asks what has become of it, or charges the saved method.
            payment.due_at = now if payment.reference or payment.saved_method_id else None
            payment.save(update_fields=["state", "failure", "expires_at", "due_at"])
    order.payment_status = state_of(order, shares)


def add_payment(order: Order, amount: int, now: datetime) -> PaymentShare:
    """One more payment for an order, in its own method, not paid yet; once it is accepted there is no deadline."""
    payment = Payment(
        purchase_id=order.purchase_id,
        currency=order.currency,
        provider=order.payment_method,
        amount=amount,
        created_at=now,
        expires_at=None if order.accepted_at else deadline_of(order.payment_method, [order.vendor], now),
    )
    payment.save(force_insert=True)
    share = PaymentShare(payment=payment, order=order, amount=amount)
    share.save(force_insert=True)
    return share


def settle_success(order: Order, actor: str, now: datetime) -> None:
    """The order has reached its success: cash counts as paid, and what it brought is divided."""
    if order.payment_method == CASH:
        set_cash(order, PaymentStatus.PAID, now)
    balance_success(order, Posting.Kind.SETTLEMENT, actor)


def balance_success(order: Order, kind: str, actor: str) -> None:
    """Brings the accounts of an order that has succeeded to what it brought, less what was refunded."""
    cash = owed = 0
    if order.payment_method not in (CASH, WALLET):
        # Of a rise that is not paid yet nobody has a share: it is divided when it comes in (receiving.receive).
        owed = sum(share.amount for share in shares_of(order) if share.payment.state not in RECEIVED)
    if order.payment_method == CASH:
        by_hand = 0
        if order.refunded:
            rows = order.refunds.filter(to=Refund.To.SOURCE).exclude(state=Refund.State.TAKEN_BACK)
            by_hand = sum(rows.values_list("amount", flat=True))
        cash = order.total - by_hand
    ledger.rebalance(order, kind, earned=order.total - order.refunded - owed, cash=cash, actor=actor)


def unsettle_success(order: Order, actor: str, now: datetime) -> None:
    """A success is taken back: the division is reversed, and cash counts as not yet paid."""
    if order.payment_method == CASH and order.refunded:
        raise Conflict("refunded", "Some of the cash was refunded: the order cannot be taken back any more.")
    ledger.rebalance(order, Posting.Kind.REVERSAL, earned=0, cash=0, actor=actor)
    if order.payment_method == CASH:
        set_cash(order, PaymentStatus.UNPAID, now)


def set_cash(order: Order, state: PaymentStatus, now: datetime) -> None:
    """Cash was handed over, or was not after all: the order's payments say so."""
    order.payment_status = state
    for share in shares_of(order):
        # A purchase of several orders is paid in cash order by order: the payment when all of them are.
        others = [other.order for other in share.payment.shares.exclude(pk=share.pk).select_related("order")]
        whole = state == PaymentStatus.PAID and all(
            other.payment_status in RECEIVED or other.status in FAILURE for other in others
        )
        share.payment.state = payment_state(share.payment) if whole else PaymentStatus.UNPAID
        share.payment.paid_at = now if whole else None
        share.payment.save(update_fields=["state", "paid_at"])


# --- a total that changes ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjusted:
    """What a change of the total did: a further payment that waits to be paid, refunds."""

    payment: Payment | None = None
    refunds: Sequence[Refund] = ()


def adjust(order: Order, difference: int, *, actor: str, reason: str, now: datetime) -> Adjusted:
    """The order's total has changed by so much (minor units): its payments follow. The total is the caller's to set.

    What is not paid yet costs so much more; a wallet pays the rise or gets the fall back; what was paid online or by
    transfer gets a further payment, or a refund. Raises Conflict insufficient_funds, and payment_pending while the
    provider's page is open with the old amount.
    """
    if difference == 0:
        return Adjusted()
    shares = shares_of(order)
    # The first item of an order that was placed without any is the first to be paid.
    open_shares = [share for share in shares if share.payment.state not in RECEIVED]
    unpaid = next((share for share in open_shares if share.amount or order.awaits_items), None)
    if unpaid is not None:
        if is_under_way(unpaid.payment) or unpaid.payment.state == PaymentStatus.PROOF_PENDING:
            raise Conflict("payment_pending", "A payment is under way: wait until it is paid or has failed.")
        part = max(difference, -unpaid.amount)
        change_share(unpaid, part)
        order.payment_status = state_of(order, shares)
        difference -= part
        if difference == 0:
            return Adjusted()
    if difference < 0:
        if shares[0].payment.provider == WALLET:
            change_share(shares[0], difference)
            ledger.give_back(order, -difference, to_wallet=True, actor=actor)
            return Adjusted()
        rows = refund(order, -difference, actor=actor, reason=reason, counts=False, now=now)
        return Adjusted(refunds=rows)
    if shares[0].payment.provider == WALLET:
        ledger.draw_for_order(order, difference, actor)
        change_share(shares[0], difference)
        return Adjusted()
    if shares[0].payment.provider == CASH:
        change_share(shares[0], difference)
        return Adjusted()
    share = add_payment(order, difference, now)
    order.payment_status = PaymentStatus.UNPAID
    return Adjusted(payment=share.payment)


def change_method(order: Order, method: str, *, actor: str, now: datetime) -> None:
    """The order is to be paid in another way: only what is not paid yet, or what the wallet paid, can be moved.

    Raises Conflict payment_shared where other orders are paid together with it, already_paid for money that came in
    from outside, payment_pending while the provider's page is open, and insufficient_funds.
    """
    shares = shares_of(order)
    for share in shares:
        payment = share.payment
        if payment.shares.exclude(pk=share.pk).exists():
            raise Conflict("payment_shared", "Several orders are paid together: their method cannot change apart.")
        if payment.state in RECEIVED and payment.provider not in (CASH, WALLET):
            raise Conflict("already_paid", "The order is paid: have it refunded instead.")
        if is_under_way(payment):
            raise Conflict("payment_pending", "A payment is under way: wait until it is paid or has failed.")
    was, order.payment_method = order.payment_method, method
    for share in shares:
        payment = share.payment
        if was == WALLET and payment.state in RECEIVED:
            ledger.give_back(order, share.amount, to_wallet=True, actor=actor)
        if method == WALLET:
            ledger.draw_for_order(order, share.amount, actor)
        payment.provider = method
        payment.state = PaymentStatus.PAID if method == WALLET else PaymentStatus.UNPAID
        payment.paid_at = now if method == WALLET else None
        payment.expires_at, payment.due_at, payment.saved_method = deadline_of(method, [order.vendor], now), None, None
        payment.reference, payment.redirect_url, payment.failure = "", "", ""
        payment.save()
    # What the wallet paid says nothing of the cash that takes its place (is_received).
    order.payment_status = PaymentStatus.UNPAID
    order.payment_status = state_of(order, shares)
    if order.visible_at is None and method not in ONLINE_METHODS:
        order.visible_at = now


def change_share(share: PaymentShare, difference: int) -> None:
    """The payment, and the order's part of it, become so much more (or less)."""
    share.amount += difference
    share.save(update_fields=["amount"])
    share.payment.amount += difference
    share.payment.save(update_fields=["amount"])
