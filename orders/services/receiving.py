"""What happens when money comes in, or does not: the one way from a payment to the orders that it pays for."""

import logging
from datetime import datetime

from orders.deadlines import next_due
from orders.lifecycle import FAILURE, SUCCESS, Actor
from orders.models import Order, OrderEvent, Payment, PaymentShare, PaymentStatus, Posting, Purchase, Refund
from orders.services import digital, ledger, payments, wallets
from orders.services.events import record_event
from ordersite.accounts.callers import Caller
from ordersite.web.money import as_json
from ordersite.web.problems import NotFound

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
            .select_related("vendor", "purchase", "customer")
            .filter(purchase=found.purchase_id)
            .order_by("pk")
        )
    return Payment.objects.select_for_update().get(pk=payment_id), orders


def mark_paid(*, payment_id: int, caller: Caller, role: Actor = Actor.SYSTEM, now: datetime) -> Payment:
    """Money has come in for a payment: its orders are paid and their vendors see them; once, however often it is told.

    An order that was closed meanwhile gets its part back at once; a top-up fills the wallet. Must run in a transaction.
    """
    payment, orders = lock_payment(payment_id)
    if payment.state in payments.RECEIVED:
        return payment
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
        return payment
    shares = {share.order_id: share for share in PaymentShare.objects.filter(payment=payment)}
    for order in orders:
        if order.pk in shares:
            receive(order, shares[order.pk], payment, caller, role, now)
    for order in orders:
        if order.kind == Order.Kind.DIGITAL and order.pk in shares and order.status not in FAILURE:
            digital.fulfil(order_id=order.pk)
    return payment


def receive(order: Order, share: PaymentShare, payment: Payment, caller: Caller, role: Actor, now: datetime) -> None:
    """One order's part of a payment has come in."""
    if payment.provider != payments.CASH:
        ledger.receive(order, share.amount, caller.key)
    order.payment_status = payments.state_of(order, payments.shares_of(order))
    data = {"paid": as_json(share.amount, order.currency)}
    if order.status in FAILURE:
        logger.info("paid after it was closed: the money goes back", extra={"order": order.pk})
        payments.refund(
            order,
            share.amount,
            actor=caller.key,
            reason="It was paid after the order was closed.",
            closing=True,
            to=Refund.To.SOURCE,
            now=now,
        )
    elif order.status in SUCCESS:
        payments.balance_success(order, Posting.Kind.SETTLEMENT, caller.key)
    elif order.visible_at is None:
        order.visible_at = now
    order.version += 1
    order.due_at = next_due(order)
    order.save(update_fields=["payment_status", "refunded", "visible_at", "version", "due_at"])
    record_event(
        order,
        kind=OrderEvent.Kind.PAYMENT,
        actor=caller.key,
        role=role,
        data=data,
        app_id=caller.app_id,
        created_at=now,
    )


def mark_failed(*, payment_id: int, failure: str, caller: Caller, role: Actor = Actor.SYSTEM, now: datetime) -> Payment:
    """A try to pay has failed: the customer may try again until the deadline. Never over a payment that came in."""
    payment, orders = lock_payment(payment_id)
    if payment.state in payments.RECEIVED or (payment.state == PaymentStatus.FAILED and payment.failure == failure):
        return payment
    payment.state, payment.failure, payment.due_at = PaymentStatus.FAILED, failure, None
    payment.save(update_fields=["state", "failure", "due_at"])
    paid_for = set(PaymentShare.objects.filter(payment=payment).values_list("order_id", flat=True))
    for order in orders:
        if order.pk not in paid_for or order.status in FAILURE:
            continue
        order.payment_status = PaymentStatus.FAILED
        order.version += 1
        order.save(update_fields=["payment_status", "version"])
        record_event(
            order,
            kind=OrderEvent.Kind.PAYMENT,
            actor=caller.key,
            role=role,
            reason_code="payment_failed",
            reason=failure,
            app_id=caller.app_id,
            created_at=now,
        )
    return payment
