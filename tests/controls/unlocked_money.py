"""Controls of promises 1, 2, 3, 6 and 23, and of payouts: what people write first, read, decide and then write."""

from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone

from orders.lifecycle.table import Status
from orders.models import Account, Order, Posting
from orders.services.money.ledger import AccountKey
from orders.services.money.payouts import Balance, Purse, balances_of
from orders.services.record.access import get_order
from ordersite.accounts.callers import Caller
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Conflict, Path
from ordersite.core.models import IdempotencyKey
from tests.controls.meeting import meet
from vendors.models import Stock


def draw_without_a_lock(key: AccountKey, amount: int) -> int:
    """In the place of orders.services.money.ledger.draw_from_wallet."""
    account = Account.objects.get(name=key.name)
    if account.balance < amount:
        raise Conflict(FaultCode.INSUFFICIENT_FUNDS)
    meet()
    Account.objects.filter(pk=account.pk).update(balance=account.balance - amount)
    return int(account.balance - amount)


def take_stock_without_a_lock(wanted: Mapping[int, int], places: Mapping[int, Path] | None = None) -> None:
    """In the place of vendors.services.stock.take_stock."""
    for row in Stock.objects.filter(pk__in=wanted):
        if row.quantity < wanted[row.pk]:
            raise Conflict(FaultCode.OUT_OF_STOCK_SOLD_OUT, name=row.product.name)
        meet()
        Stock.objects.filter(pk=row.pk).update(quantity=row.quantity - wanted[row.pk])


def look_for_key_first(scope: str, fingerprint: str) -> bool:
    """In the place of ordersite.core.idempotency.insert_key: the key is written when the call is through."""
    if IdempotencyKey.objects.filter(scope=scope).exists():
        return False
    meet()
    row = IdempotencyKey(scope=scope, fingerprint=fingerprint, created_at=timezone.now())
    transaction.on_commit(lambda: IdempotencyKey.objects.bulk_create([row], ignore_conflicts=True))
    return True


def get_without_a_lock(*, caller: Caller, order_id: int, lock: bool = False, to: Status | None = None) -> Order:
    """In the place of orders.services.record.access.get_order."""
    order = get_order(caller=caller, order_id=order_id)
    meet()
    return order


def purse_without_a_lock(purse: Purse) -> Balance:
    """In the place of orders.services.money.payouts.lock_purse."""
    balance = balances_of([purse])[purse]
    meet()
    return balance


def posting_without_a_lock(posting_id: int) -> Posting:
    """In the place of orders.services.money.payouts.lock_posting."""
    posting = Posting.objects.get(pk=posting_id)
    meet()
    return posting


def divide_by_rounding(total: int, weights: list[int]) -> list[int]:
    """In the place of ordersite.core.money.divide: each part is rounded for itself."""
    whole = sum(weights)
    return [round(total * weight / whole) if whole else 0 for weight in weights]
