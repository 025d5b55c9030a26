"""What people say of a payment: that it came in, that its photos prove nothing, that what it owes need not be paid."""

from datetime import timedelta

from orders.lifecycle.table import Actor
from orders.models import Order, Payment, PaymentStatus
from orders.services.money.shares import deadline_of
from orders.services.paying import disputes
from orders.services.paying.payment_access import lock_payment_of, payment_of
from orders.services.paying.receiving import mark_cash_received, mark_failed, mark_paid
from orders.services.record.access import OrderAccess, access_of, get_order
from ordersite.accounts.callers import Caller
from ordersite.accounts.rights import Right
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Conflict, Forbidden, Invalid
from ordersite.core.fields import Field
from vendors.payment_methods import find_method

# How long a customer has at least to send better photos.
AGAIN = timedelta(days=1)


def approve_payment(*, order_id: int, payment_id: int, caller: Caller, version: int | None = None) -> Order:
    """Marks cash or a transfer as received: by staff, or by the vendor into whose hands it came.

    What a provider holds (authorised) staff have taken: it comes in within seconds. Cash is received order by order. Of
    a payment that is disputed, what came in counts (paying.disputes). Once, however often it is asked. Must run in a
    transaction. Raises NotFound, Stale, Forbidden, and Conflict for what only a provider can tell.
    """
    access = access_of(caller, get_order(caller=caller, order_id=order_id))
    role_to_approve(access, payment_of(access.order, payment_id))
    access, payment, orders = lock_payment_of(order_id, payment_id, caller, version)
    # Once more: its method may have changed while the lock was waited for.
    role, method = role_to_approve(access, payment), find_method(payment.provider)
    if payment.is_disputed:
        disputes.settle_dispute(payment, orders, caller=caller, now=access.now)
    elif method.is_on_handover:
        mark_cash_received(order_id=order_id, payment_id=payment_id, caller=caller, role=role, now=access.now)
    elif payment.is_received:
        return access.order
    elif payment.is_authorised and role == Actor.STAFF:
        # The worker takes what is held (paying.authorisations): no provider is asked in a transaction.
        Payment.objects.filter(pk=payment_id).update(due_at=access.now)
    elif method.needs_proof:
        mark_paid(payment_id=payment_id, caller=caller, role=role, now=access.now)
    else:
        raise Conflict(FaultCode.PAID_ONLINE, provider=payment.provider, extra=access.refusal_extra())
    Payment.objects.filter(pk=payment_id).update(checked_by=caller.user)
    return get_order(caller=caller, order_id=order_id)


def refuse_payment(*, order_id: int, payment_id: int, caller: Caller, reason: str, version: int | None = None) -> Order:
    """Staff do not believe the photos: the customer reads why, and may send others for at least AGAIN.

    Of a payment that is disputed, what came in goes back, and the orders that are open are to be paid anew. Must run in
    a transaction. Raises NotFound, Stale, Forbidden, and Conflict where nothing waits to be looked at.
    """
    access = access_of(caller, get_order(caller=caller, order_id=order_id))
    payment_of(access.order, payment_id)
    if Actor.STAFF not in access.acting(Right.CHECK_PAYMENTS):
        raise Forbidden(FaultCode.FORBIDDEN_REFUSE_PHOTOS)
    access, payment, orders = lock_payment_of(order_id, payment_id, caller, version)
    if payment.is_disputed:
        disputes.refuse_dispute(payment, orders, caller=caller, reason=reason, now=access.now)
        return get_order(caller=caller, order_id=order_id)
    if payment.state != PaymentStatus.PROOF_PENDING:
        raise Conflict(FaultCode.NO_PROOF_PENDING, extra=access.refusal_extra())
    deadline = deadline_of(payment.provider, [order.vendor for order in orders], payment.created_at)
    payment.expires_at = max(deadline or access.now, access.now + AGAIN)
    payment.checked_by = caller.user
    payment.save(update_fields=["expires_at", "checked_by"])
    mark_failed(payment_id=payment_id, failure=reason, caller=caller, role=Actor.STAFF, now=access.now)
    return get_order(caller=caller, order_id=order_id)


def waive_owed(*, order_id: int, payment_id: int, caller: Caller, reason: str, version: int | None = None) -> Order:
    """Staff say that what this payment still owes for the order need not be paid; a wrong amount that came goes back.

    Must run in a transaction. Raises NotFound, Stale, Forbidden, Invalid without a reason, and Conflict
    nothing_due, or payment_pending while the money may have come in.
    """
    access = access_of(caller, get_order(caller=caller, order_id=order_id))
    payment_of(access.order, payment_id)
    if Actor.STAFF not in access.acting(Right.CHECK_PAYMENTS):
        raise Forbidden(FaultCode.FORBIDDEN_WAIVE)
    if not reason.strip():
        raise Invalid(FaultCode.REQUIRED_WAIVE, Field.REASON)
    access, payment, orders = lock_payment_of(order_id, payment_id, caller, version)
    order = next(order for order in orders if order.pk == order_id)
    disputes.waive_payment(payment, order, orders, caller=caller, reason=reason, now=access.now)
    return get_order(caller=caller, order_id=order_id)


def role_to_approve(access: OrderAccess, payment: Payment) -> Actor:
    """The role in which the caller says that the payment came in: staff, or the vendor into whose own hands it came.

    Who profits does not attest: what goes to the platform is told by the platform's people. Raises Forbidden.
    """
    if Actor.STAFF in access.acting(Right.CHECK_PAYMENTS):
        return Actor.STAFF
    goes_to_platform = find_method(payment.provider).needs_proof and not payment.to_vendor
    if Actor.VENDOR not in access.readers or payment.is_disputed or goes_to_platform:
        raise Forbidden(FaultCode.FORBIDDEN_APPROVE)
    if access.caller.device_id is not None and not find_method(payment.provider).is_on_handover:
        raise Forbidden(FaultCode.FORBIDDEN_APPROVE_DEVICE)
    return Actor.VENDOR
