"""A customer's wallet: money put in, and what it holds."""

from django.db.models import QuerySet

from orders.models import Account, Entry, Posting
from orders.services.money import ledger
from ordersite.accounts.callers import Caller
from ordersite.accounts.models import Customer
from ordersite.accounts.rights import Right
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Invalid
from ordersite.core.fields import Field


def top_up(*, customer_id: int, currency: str, amount: int, actor: str, text: str = "") -> Posting:
    """Puts an amount (minor units, above zero) into a wallet; must run in a transaction."""
    if amount <= 0:
        raise ValueError("a top-up is above zero")
    wallet = ledger.wallet_of(customer_id, currency)
    balance = ledger.put_into_wallet(wallet, amount)
    amounts = top_up_amounts(wallet, amount)
    return ledger.post(Posting.Kind.TOP_UP, amounts, actor=actor, text=text, balances={wallet: balance})


def top_up_by_hand(*, caller: Caller, customer_id: int, currency: str, amount: int, text: str = "") -> Posting:
    """Staff put an amount (minor units, above zero) into a customer's wallet; must run in a transaction.

    Raises Forbidden, and Invalid for a customer who is none, is erased, or has no account.
    """
    caller.require(Right.TOP_UP_WALLETS)
    buyers = Customer.objects.select_for_update(no_key=True, of=("self",))
    if not buyers.filter(pk=customer_id, user__isnull=False, erased_at=None).only("pk").first():
        raise Invalid(FaultCode.UNKNOWN_CUSTOMER_ACCOUNT, Field.CUSTOMER)
    return top_up(customer_id=customer_id, currency=currency, amount=amount, actor=caller.key, text=text)


def top_up_amounts(wallet: ledger.AccountKey, amount: int) -> dict[ledger.AccountKey, int]:
    """What a top-up moves, by account."""
    return {ledger.AccountKey(kind=Account.Kind.FUNDING, currency=wallet.currency): -amount, wallet: amount}


def wallets_of(customer_id: int) -> QuerySet[Account]:
    """A customer's wallets, one a currency."""
    return Account.objects.filter(kind=Account.Kind.WALLET, customer_id=customer_id).order_by("currency")


def wallet_entries(customer_id: int) -> QuerySet[Entry]:
    """Every movement of a customer's wallets."""
    return Entry.objects.filter(account__kind=Account.Kind.WALLET, account__customer_id=customer_id).select_related(
        "posting__order", "account"
    )
