"""Controls of promise 30: refunds that lose a cent, or go back twice."""

from typing import Any

from orders.models import Posting, Refund
from orders.services.money import ledger, repayments

return_to_wallet, repay_share = ledger.return_to_wallet, repayments.repay_share


def return_a_cent_less(order: Any, share: Any, amount: int, actor: str, *, kind: str) -> Posting:
    """In the place of orders.services.money.ledger.return_to_wallet."""
    return return_to_wallet(order, share, amount - 1 if amount > 1 else amount, actor, kind=kind)


def repay_cash_twice(order: Any, share: Any, amount: int, **more: Any) -> Refund:
    """In the place of orders.services.money.repayments.repay_share: who holds the cash gives it back once more."""
    holders = repayments.cash_held(share)
    row = repay_share(order, share, amount, **more)
    if holders and row.to == Refund.To.SOURCE:
        amounts = {next(iter(holders)): amount, ledger.clearing(order.currency): -amount}
        ledger.post(Posting.Kind.REFUND, amounts, actor=more["actor"], order=order)
    return row
