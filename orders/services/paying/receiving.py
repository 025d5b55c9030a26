"""What happens when money comes in, or does not: the one way from a payment to the orders that it pays for."""

import logging
from collections.abc import Sequence
from datetime import datetime

from orders.lifecycle.due_moments import NOT_BEGUN
from orders.lifecycle.table import FAILURE, Actor
from orders.models import Order, OrderEvent, Payment, PaymentShare, PaymentStatus, Posting, Purchase
from orders.services.money import ledger, wallets
from orders.services.money.repayments import repay
from orders.services.money.shares import deadline_of, shares_of, state_of, write_state
from orders.services.moving.closing import follow_payment, stop_paying
from orders.services.moving.digital import issue_if_paid
from orders.services.record.access import access_as
from orders.services.record.order_update import update_locked
from ordersite.accounts.callers import Caller
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Conflict, NotFound
from ordersite.core.money import as_json

logger = logging.getLogger(__name__)


def lock_payment(payment_id: int) -> tuple[Payment, list[Order]]:
    """The payment and the orders that it pays for, locked in the order that everybody keeps; raises NotFound."""
    found = Payment.objects.filter(pk=payment_id).first()
    if found is None:
        raise NotFound()
    orders: list[Order] = []
    if found.purchase_id:
        Purchase.objects.select_for_update().get(pk=found.purchase_id)
        orders = list(
            Order.objects.select_for_update(of=("self",))
            .select_related("vendor", "purchase", "customer", "terms", "offer")
            .filter(purchase=found.purchase_id)
            .order_by("pk")
        )
    return Payment.objects.select_for_update().get(pk=payment_id), orders


def mark_paid(*, payment_id: int, caller: Caller, role: Actor = Actor.SYSTEM, now: datetime) -> Payment:
    """Money has come in for a payment: its orders are paid and their vendors see them; once, however often it is told.

    An order that was closed meanwhile gets its part back at once; a top-up fills the wallet. Must run in a transaction.
    """
    payment, orders = lock_payment(payment_id)
    if not payment.is_received:
        take_payment(payment, orders, caller=caller, role=role, now=now)
    return payment


def take_payment(payment: Payment, orders: Sequence[Order], *, caller: Caller, role: Actor, now: datetime) -> None:
    """The same for a payment at hand, which has not come in yet; it and its orders are locked."""
    payment.state, payment.paid_at, payment.failure, payment.due_at = PaymentStatus.PAID, now, "", None
    payment.save(update_fields=["state", "paid_at", "failure", "due_at"])
    if payment.customer_id is not None:
        wallets.top_up(
            customer_id=payment.customer_id,
            currency=payment.currency,
            amount=payment.amount,
            actor=caller.key,
            text=f"Paid by {payment.provider}.",
        )
        return
    shares = {share.order_id: share for share in PaymentShare.objects.filter(payment=payment)}
    paid_for = [order for order in orders if order.pk in shares]
    for order in paid_for:
        shares[order.pk].payment = payment
        source = ledger.cash_of_vendor(order) if payment.to_vendor else ledger.funding(payment.currency)
        receive_share(order, shares[order.pk], source, caller, role, now)
    for order in paid_for:
        issue_if_paid(order)


def mark_cash_received(*, order_id: int, payment_id: int, caller: Caller, role: Actor, now: datetime) -> None:
    """Cash has come in for one order of a payment: of several vendors it does so order by order. Once.

    It is in the hands of whoever says so: a vendor says it of its own, staff of whoever carries the order. Raises
    Conflict for an order that was closed without success: nobody owes for it.
    """
    payment, orders = lock_payment(payment_id)
    order = next(order for order in orders if order.pk == order_id)
    share = PaymentShare.objects.select_related("payment").get(payment=payment, order=order)
    if not share.owed:
        return
    if order.status in FAILURE:
        raise Conflict(FaultCode.ORDER_CLOSED_NOTHING_MORE)
    holder = ledger.cash_of_carrier(order) if role == Actor.STAFF else ledger.cash_of_vendor(order)
    payment.paid_at = now
    payment.save(update_fields=["paid_at"])
    share.payment = payment
    receive_share(order, share, holder, caller, role, now)


def receive_share(
    order: Order, share: PaymentShare, source: ledger.AccountKey, caller: Caller, role: Actor, now: datetime
) -> None:
    """What an order's part of a payment still owed has come in, from this account."""
    came = share.owed
    if came:
        ledger.move_held(order, share, Posting.Kind.PAYMENT, {source: -came}, actor=caller.key)
    write_state(share.payment, order)
    if order.status in FAILURE and came:
        logger.info("paid after it was closed: the money goes back", extra={"order": order.pk})
        reason = "The money came in after the order was closed."
        due = min(came, max(0, order.total - order.refunded - order.waived))
        if due:
            repay(order, due, actor=caller.key, reason=reason, closing=True, at_once=True, now=now)
        if came > due:
            # More than it costs: that is not taken again with the close.
            repay(order, came - due, actor=caller.key, reason=reason, counts=False, now=now)
    follow_payment(order, {"paid": as_json(came, order.currency)}, caller=caller, role=role, now=now)


def mark_authorised(*, payment_id: int, caller: Caller, now: datetime) -> Payment:
    """The provider holds the money for us: the orders are worked on as if they were paid, and nothing is posted yet.

    Once, and never over a payment that came in. Where none of its orders is open any more it is left as it is: what is
    held is let go. Must run in a transaction.
    """
    payment, orders = lock_payment(payment_id)
    if payment.is_received or payment.is_authorised:
        return payment
    shares = {share.order_id: share for share in PaymentShare.objects.filter(payment=payment)}
    paid_for = [order for order in orders if order.pk in shares and order.status not in FAILURE]
    if not paid_for:
        return payment
    payment.state, payment.failure, payment.redirect_url = PaymentStatus.AUTHORISED, "", ""
    payment.checked_by, payment.expires_at = None, None
    payment.save(update_fields=["state", "failure", "redirect_url", "checked_by", "expires_at"])
    for order in paid_for:
        told = {"authorised": as_json(shares[order.pk].owed, order.currency)}
        follow_payment(order, told, caller=caller, role=Actor.SYSTEM, now=now)
    return payment


def mark_failed(*, payment_id: int, failure: str, caller: Caller, role: Actor = Actor.SYSTEM, now: datetime) -> Payment:
    """A try to pay has failed: the customer may try again until the deadline. Never over a payment that came in."""
    payment, orders = lock_payment(payment_id)
    if payment.is_received:
        return payment
    is_told = payment.state == PaymentStatus.FAILED and payment.failure == failure
    paid_for = set(PaymentShare.objects.filter(payment=payment).values_list("order_id", flat=True))
    if payment.is_authorised:
        # Its time to pay was over with being held: it begins anew, and whoever has begun is not cancelled for it.
        waiting = [order.vendor for order in orders if order.pk in paid_for and order.status in NOT_BEGUN]
        payment.expires_at = deadline_of(payment.provider, waiting, now) if waiting else None
    payment.state, payment.failure, payment.due_at = PaymentStatus.FAILED, failure, None
    payment.save(update_fields=["state", "failure", "due_at", "expires_at"])
    if is_told:
        return payment
    for order in orders:
        if order.pk not in paid_for:
            continue
        if order.status in FAILURE:
            # Its part stayed as long as the provider might have been paid with it.
            stop_paying(PaymentShare.objects.select_related("payment").get(payment=payment, order=order), now)
        was, order.payment_status = order.payment_status, state_of(order, shares_of(order))
        if order.status in FAILURE and order.payment_status == was:
            continue
        with update_locked(access_as(role, caller, order, now), role=role) as update:
            update.tell(OrderEvent.Kind.PAYMENT, reason_code="payment_failed", reason=failure)
    return payment
