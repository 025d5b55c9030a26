"""The state of what pays for an order, and how it follows the order's status. Must run in the change's transaction."""

from datetime import datetime

from orders.models import Order, Payment, PaymentShare, PaymentStatus
from orders.services import ledger
from vendors.services.stock import give_stock_back, take_stock

CASH = "cash"
WALLET = "wallet"


def stock_of(order: Order) -> dict[int, int]:
    """How many units of which products the order took from the stock."""
    wanted: dict[int, int] = {}
    for line in order.lines.filter(stock_taken__gt=0, product__isnull=False):
        product_id = line.product_id or 0
        wanted[product_id] = wanted.get(product_id, 0) + line.stock_taken
    return wanted


def give_everything_back(order: Order, actor: str) -> None:
    """The order closes without success: its stock and what was paid go back."""
    if wanted := stock_of(order):
        give_stock_back(wanted)
    if order.payment_method == WALLET and order.payment_status == PaymentStatus.PAID:
        write_payment(order, PaymentStatus.REFUNDED, refund=1)
        ledger.refund_to_wallet(order, actor)


def take_everything_again(order: Order, actor: str) -> None:
    """A close without success is taken back: stock and money are taken again.

    Raises Conflict out_of_stock or insufficient_funds where they are no longer there.
    """
    if wanted := stock_of(order):
        take_stock(wanted)
    if order.payment_method == WALLET and order.payment_status == PaymentStatus.REFUNDED:
        write_payment(order, PaymentStatus.PAID, refund=-1)
        balance = ledger.draw_from_wallet(ledger.wallet_of(order.customer_id, order.currency), order.total)
        ledger.hold_wallet_payment(order, balance, actor)


def settle_success(order: Order, actor: str, now: datetime) -> None:
    """The order has reached its success: cash counts as paid, and the total is divided."""
    if order.payment_method == CASH:
        write_payment(order, PaymentStatus.PAID, paid_at=now)
    ledger.settle(order, actor)


def unsettle_success(order: Order, actor: str) -> None:
    """A success is taken back: the division is reversed, and cash counts as not yet paid."""
    ledger.take_settlement_back(order, actor)
    if order.payment_method == CASH:
        write_payment(order, PaymentStatus.UNPAID)


def write_payment(order: Order, state: str, *, refund: int = 0, paid_at: datetime | None = None) -> None:
    """Sets the order's payment state and its part of the payment; `refund` is 1, 0 or -1 times the order's share."""
    order.payment_status = state
    share = PaymentShare.objects.get(order=order)
    payment = Payment.objects.select_for_update().get(pk=share.payment_id)
    payment.refunded += refund * share.amount
    whole = state != PaymentStatus.REFUNDED or payment.refunded == payment.amount
    payment.state = state if whole else PaymentStatus.PARTLY_REFUNDED
    if state == PaymentStatus.PAID and payment.refunded:
        payment.state = PaymentStatus.PARTLY_REFUNDED
    payment.paid_at = paid_at or payment.paid_at if state != PaymentStatus.UNPAID else None
    payment.save(update_fields=["refunded", "state", "paid_at"])
