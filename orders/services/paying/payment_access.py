"""A payment as one of the orders that it pays for reaches it: found, locked, and whether it may be worked on."""

from orders.models import Order, Payment, PaymentShare
from orders.services.paying.receiving import lock_payment
from orders.services.record.access import OrderAccess, access_of, get_order
from ordersite.accounts.callers import Caller
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Conflict, NotFound


def lock_payment_of(
    order_id: int, payment_id: int, caller: Caller, version: int | None
) -> tuple[OrderAccess, Payment, list[Order]]:
    """The payment and the orders that it pays for, locked, and this one as it stands then; raises Stale."""
    payment, orders = lock_payment(payment_id)
    access = access_of(caller, get_order(caller=caller, order_id=order_id))
    refuse_unready(access, version)
    paid_for = set(PaymentShare.objects.filter(payment=payment).values_list("order_id", flat=True))
    return access, payment, [order for order in orders if order.pk in paid_for]


def refuse_unready(access: OrderAccess, version: int | None) -> None:
    """Raises Stale where the caller saw another version, and Conflict for an order without items."""
    access.refuse_stale(version)
    if access.order.awaits_items:
        raise Conflict(FaultCode.NO_ITEMS_TO_PAY)


def payment_of(order: Order, payment_id: int) -> Payment:
    """A payment that pays for this order; raises NotFound."""
    payment = Payment.objects.filter(pk=payment_id, shares__order=order).first()
    if payment is None:
        raise NotFound()
    return payment
