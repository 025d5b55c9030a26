"""How money, stock and all that is limited follow the order's status, and what a close without success costs.

Every function must run in the transaction of the change of status, with the order's row locked. They write payments,
shares, refunds and the ledger; the order's own columns they set, and its update saves them.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from orders.lifecycle.due_moments import awaits_payment, first_answer
from orders.lifecycle.guards import PAID_ANEW
from orders.lifecycle.table import FAILURE, SUCCESS, Actor, Status
from orders.models import Order, OrderEvent, PaymentShare, PaymentStatus, Posting
from orders.services.capacity import offers, slots
from orders.services.kinds import handler_of
from orders.services.money import ledger
from orders.services.money.documents import refuse_invoiced
from orders.services.money.payment_changes import add_payment, adjust_payments
from orders.services.money.repayments import repay, take_again
from orders.services.money.shares import (
    deadline_of,
    division_of,
    kept_of,
    part_of_sale,
    shares_of,
    state_of,
    write_state,
)
from orders.services.record.access import access_as
from orders.services.record.order_update import update_locked
from orders.services.repricing.shared_offers import Repriced, reprice_rest, reprice_returned, write_repriced
from ordersite.accounts.callers import Caller
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Conflict
from ordersite.core.money import MAX_MINOR, as_json
from vendors.payment_methods import find_method
from vendors.services.stock import give_stock_back, take_stock

# A success that was pressed by mistake: the cash was not handed over after all.
MISTAKES = ("undo_delivery", "undo_collect", "undo_complete", "fail_delivery")
# What the history tells of an order that is priced again.
TOLD = ("discount", "total")


def follow_status(
    order: Order,
    name: str,
    source: Status,
    target: Status,
    *,
    role: Actor,
    reason_code: str,
    caller: Caller,
    now: datetime,
) -> None:
    """Money and stock follow the transition of this name, in the same transaction: what is left first, then entered.

    What cancelling costs depends on how far the order had come, which its milestones still tell.
    """
    actor = caller.key
    if source in FAILURE and target not in FAILURE:
        refuse_invoiced(order)
        take_everything_again(order, actor, now, asks_anew=name == PAID_ANEW)
    if source in SUCCESS and target not in SUCCESS:
        if target not in FAILURE or name in MISTAKES:
            refuse_invoiced(order)
        take_success_back(order, actor, is_mistake=name in MISTAKES)
    if target in FAILURE and source not in FAILURE:
        rate = closing_rate(order, target, role, reason_code)
        by_customer = target == Status.CANCELED_BY_CUSTOMER and role == Actor.CUSTOMER
        give_everything_back(order, caller, rate=rate, by_customer=by_customer, now=now)
    if target in SUCCESS and source not in SUCCESS:
        settle_success(order, actor, now)


# --- what closing costs -----------------------------------------------------------------------------------------


def cancel_rate(order: Order) -> int:
    """What the customer's cancelling costs now, in hundredths of a percent, by how far the order has come."""
    if order.prepared_at:
        return order.terms.cancel_fee_prepared
    if order.preparation_started_at:
        return order.terms.cancel_fee_preparing
    return order.terms.cancel_fee_accepted if order.accepted_at else 0


def closing_rate(order: Order, target: Status, role: Actor, reason_code: str) -> int:
    """The part of what is paid that a close without success costs: the customer's cancelling, or nobody was there."""
    if target == Status.CANCELED_BY_CUSTOMER and role == Actor.CUSTOMER:
        return cancel_rate(order)
    no_show = target == Status.NOT_PICKED_BY_CUSTOMER or (
        target == Status.DELIVERY_FAILED_BY_DRIVER and reason_code in ("customer_absent", "customer_refused")
    )
    return order.terms.no_show_fee if no_show else 0


def cancel_cost(order: Order, shares: Sequence[PaymentShare]) -> int:
    """What the customer's cancelling would cost now, minor units; others may cost more besides (rise_of_rest)."""
    return 0 if order.is_closed else part_of_sale(order, shares, cancel_rate(order))


def rise_of_rest(order: Order, shares: Sequence[PaymentShare]) -> int:
    """What others that share the order's offer would cost more if its customer cancelled it now, minor units.

    Not for everybody's eyes: it tells of orders at other vendors.
    """
    if order.is_closed:
        return 0
    rest = reprice_rest(order, most=most_to_take(shares, cancel_cost(order, shares)))
    return max(0, sum(one.rise for one in rest))


def most_to_take(shares: Sequence[PaymentShare], cost: int) -> int:
    """How much more the rest may cost, minor units: what comes back; where nothing was paid, it is only owed."""
    return kept_of(shares) - cost if any(share.received for share in shares) else MAX_MINOR


# --- closing without success ------------------------------------------------------------------------------------


def stock_of(order: Order) -> dict[int, int]:
    """How many units of which products the order took from the stock."""
    wanted: dict[int, int] = {}
    for line in order.lines.filter(stock_taken__gt=0, product__isnull=False):
        product_id = line.product_id or 0
        wanted[product_id] = wanted.get(product_id, 0) + line.stock_taken
    return wanted


def give_everything_back(order: Order, caller: Caller, *, rate: int, by_customer: bool, now: datetime) -> None:
    """The order closes without success: its stock, its times and what was paid go back, but for what closing costs.

    Where its customer cancels it, what others that share its offer cost more is taken from what comes back.
    """
    actor = caller.key
    if wanted := stock_of(order):
        give_stock_back(wanted)
    slots.release_slot(order)
    handler_of(order).release(order)
    if order.offer_id:
        offers.release_offer(order)
        offers.mark_left(order, has_left=by_customer)
    shares = shares_of(order)
    cost = part_of_sale(order, shares, rate)
    rest = reprice_rest(order, most=most_to_take(shares, cost), lock=True) if by_customer else []
    carried = [carry_over(order, shares, one, actor) for one in rest]
    kept = kept_of(shares)
    if kept > cost:
        repay(order, kept - cost, actor=actor, reason="The order was closed.", closing=True, now=now)
    if cost:
        shares = shares_of(order)
        ledger.rebalance(
            order, Posting.Kind.SETTLEMENT, division_of(order, shares, kept=cost, succeeds=False), actor=actor
        )
    for share in shares_of(order):
        if share.owed and find_method(share.payment.provider).is_on_handover:
            # Of a purchase of several vendors the others may have been paid.
            write_state(share.payment, order)
        elif share.owed:
            stop_paying(share, now)
    order.payment_status = state_of(order, shares_of(order))
    for one, paid in zip(rest, carried, strict=True):
        follow_repriced(one, paid, caller, now)


def carry_over(order: Order, shares: Sequence[PaymentShare], one: Repriced, actor: str) -> int:
    """What an order costs more is paid by what came in for the cancelled one by the same payment; how much that is.

    Not by the wallet, which pays it when its money is back, nor by cash, which is in another vendor's hands.
    """
    by_payment = {share.payment_id: share for share in shares_of(one.order) if share.received}
    for share in shares:
        theirs = by_payment.get(share.payment_id)
        method = find_method(share.payment.provider)
        if theirs is None or method.is_on_handover or method.is_wallet or share.payment.to_vendor:
            continue
        amount = min(one.rise, share.kept)
        if amount <= 0:
            continue
        outside = ledger.funding(order.currency)
        ledger.move_held(order, share, Posting.Kind.PAYMENT, {outside: amount}, actor=actor)
        share.amount -= amount
        share.tip = min(share.tip, share.amount)
        share.save(update_fields=["amount", "tip"])
        theirs.amount += amount
        ledger.move_held(one.order, theirs, Posting.Kind.PAYMENT, {outside: -amount}, actor=actor)
        return amount
    return 0


def follow_repriced(one: Repriced, paid: int, caller: Caller, now: datetime) -> None:
    """Writes an order's new price, of whose rise so much is paid already, with the event that tells why."""
    order, reason = one.order, "Another order that shared the offer was cancelled."
    told = {"old": {name: as_json(getattr(order, name), order.currency) for name in TOLD}}
    write_repriced(one)
    told["new"] = {name: as_json(getattr(order, name), order.currency) for name in TOLD}
    adjust_payments(order, one.rise - paid, actor=caller.key, reason=reason, now=now)
    follow_payment(order, told, caller=caller, role=Actor.CUSTOMER, now=now, reason=reason)


def stop_paying(share: PaymentShare, now: datetime) -> None:
    """A part that is not paid yet needs no paying any more; what the payment pays for others becomes less.

    A proof that waits, what the provider was told, and what is disputed stay: their money may be here. It goes back
    when somebody says that it came in (receiving.receive_share). What the provider holds is let go: it is asked.
    """
    payment = share.payment
    if payment.is_disputed or payment.state == PaymentStatus.PROOF_PENDING:
        return
    if payment.shares.exclude(pk=share.pk).exclude(order__status__in=FAILURE).exists():
        if not payment.is_under_way:
            payment.amount -= share.amount
            payment.save(update_fields=["amount"])
            share.delete()
        return
    is_held, payment.state = payment.is_authorised, PaymentStatus.FAILED
    payment.failure = payment.failure or "The order was closed before it was paid."
    # What the provider was told may still be paid there: it is asked until it says no.
    payment.due_at = now if is_held else payment.due_at if payment.reference else None
    payment.save(update_fields=["state", "failure", "due_at"])


def take_everything_again(order: Order, actor: str, now: datetime, *, asks_anew: bool) -> None:
    """A close without success is taken back: stock, times and money are taken again.

    Raises Conflict (out_of_stock, slot_full, offer_used_up, insufficient_funds, money_gone_back) where they are not
    there any more; with `asks_anew` money that has left the house is asked for by a new payment instead.
    """
    if wanted := stock_of(order):
        take_stock(wanted)
    slots.retake_slot(order)
    handler_of(order).retake(order)
    again = None
    if order.offer_id:
        offers.retake_offer(order)
        again = reprice_returned(order)
        offers.mark_left(order, has_left=False)
    ledger.rebalance(order, Posting.Kind.REVERSAL, None, actor=actor)
    gone = take_again(order, actor, now=now, leaves_what_is_gone=asks_anew)
    shares = shares_of(order)
    missing = order.total - order.refunded - order.waived - sum(share.amount - share.refunded for share in shares)
    if missing:
        # What has gone back, or was taken out of what pays for others because this order closed before it was paid.
        tip = order.driver_tip - sum(share.tip for share in shares if share.amount > share.refunded)
        like = shares[0].payment if gone else None
        shares.insert(0, add_payment(order, missing, now, tip=max(0, min(tip, missing)), like=like))
    for share in shares:
        if share.payment.state == PaymentStatus.FAILED:
            ask_again(order, share, now)
    order.payment_status = state_of(order, shares)
    if again:
        # The others share the offer without it by now: it has what is left of the offer.
        write_repriced(again)
        adjust_payments(order, again.rise, actor=actor, reason="The offer is now shared with other orders.", now=now)


def ask_again(order: Order, share: PaymentShare, now: datetime) -> None:
    """A payment that was given up is to be paid again, with a new deadline."""
    payment = share.payment
    payment.state, payment.failure = PaymentStatus.UNPAID, ""
    payment.expires_at = deadline_of(payment.provider, [order.vendor], now)
    # The worker asks what has become of it, or charges the saved method.
    payment.due_at = now if payment.reference or payment.saved_method_id else None
    payment.save(update_fields=["state", "failure", "expires_at", "due_at"])


# --- success ----------------------------------------------------------------------------------------------------


def settle_success(order: Order, actor: str, now: datetime) -> None:
    """The order has reached its success: cash counts as handed over, and what came in is divided."""
    shares = shares_of(order)
    for share in shares:
        if find_method(share.payment.provider).is_on_handover and (share.owed or not share.payment.is_received):
            take_cash(order, share, Posting.Kind.CASH, ledger.cash_of_carrier(order), actor=actor, now=now)
        elif share.payment.is_authorised:
            # Whether it is to be taken now is asked there (paying.authorisations).
            share.payment.due_at = now
            share.payment.save(update_fields=["due_at"])
    order.payment_status = state_of(order, shares)
    settle_accounts(order, shares, actor)


def settle_accounts(order: Order, shares: list[PaymentShare], actor: str) -> None:
    """Brings the accounts of an order that has succeeded to what it brought; what comes in later is divided then."""
    wanted = division_of(order, shares, kept=kept_of(shares), succeeds=True)
    ledger.rebalance(order, Posting.Kind.SETTLEMENT, wanted, actor=actor)


def follow_payment(
    order: Order, data: dict[str, Any], *, caller: Caller, role: Actor, now: datetime, reason: str = ""
) -> None:
    """The order as its payments now stand: its state, its accounts where it has succeeded, whether its vendor sees it.

    Writes its new version, with what was set of it before, and the event that tells it.
    """
    with update_locked(access_as(role, caller, order, now), role=role) as update:
        shares, waited = shares_of(order), awaits_payment(order)
        order.payment_status = state_of(order, shares)
        if order.status in SUCCESS:
            settle_accounts(order, shares, caller.key)
        elif order.visible_at is None and order.payment_status.is_secured:
            order.visible_at = now
        if waited and not awaits_payment(order):
            order.answer_from = first_answer(order, now)
        update.tell(OrderEvent.Kind.PAYMENT, reason=reason, data=data)


def take_cash(
    order: Order, share: PaymentShare, kind: str, holder: ledger.AccountKey, *, actor: str, now: datetime
) -> None:
    """Cash has come in for an order's share, into somebody's hands."""
    if share.owed:
        ledger.move_held(order, share, kind, {holder: -share.owed}, actor=actor)
    payment = share.payment
    payment.paid_at = now
    payment.save(update_fields=["paid_at"])
    write_state(payment, order)


def take_success_back(order: Order, actor: str, *, is_mistake: bool) -> None:
    """A success is taken back: the division is reversed, and by mistake cash was not handed over after all.

    Cash that was received before, or that its driver has handed in, was received. Raises Conflict refunded where some
    of what was not handed over was given back since.
    """
    ledger.rebalance(order, Posting.Kind.REVERSAL, None, actor=actor)
    if not is_mistake:
        return
    shares = shares_of(order)
    for share in shares:
        if find_method(share.payment.provider).is_on_handover:
            return_cash(order, share, actor)
    order.payment_status = state_of(order, shares)


def return_cash(order: Order, share: PaymentShare, actor: str) -> None:
    """What was handed over with a success that was none was not handed over."""
    handed_over = ledger.moved_by(share, Posting.Kind.CASH)
    back = {key: -amount for key, amount in handed_over.items() if amount and not ledger.is_handed_in(share, key)}
    amount = sum(back.values())
    if amount == 0:
        return
    if share.received - amount < share.refunded:
        raise Conflict(FaultCode.REFUNDED_CASH)
    ledger.move_held(order, share, Posting.Kind.CASH, back, actor=actor)
    share.payment.paid_at = None
    share.payment.save(update_fields=["paid_at"])
    write_state(share.payment, order)
