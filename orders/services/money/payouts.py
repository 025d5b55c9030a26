"""What the platform owes vendors and drivers, the cash in their hands, and paying the one out and the other in."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q, Sum

from orders.models import Account, Entry, Posting
from orders.services.money import ledger
from orders.services.money.ledger import AccountKey
from orders.services.record.outbox import tell_outside
from ordersite.accounts.callers import Caller
from ordersite.accounts.rights import Right
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Conflict, Invalid, NotFound
from ordersite.core.fields import Field
from ordersite.core.money import as_json, to_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Purse:
    """A vendor's or a driver's money in one currency, in two accounts."""

    currency: str
    vendor_id: int | None = None
    driver_id: int | None = None

    @property
    def owed(self) -> AccountKey:
        """What the platform owes it: a vendor's sales, a driver's tips."""
        kind = Account.Kind.DRIVER if self.driver_id else Account.Kind.VENDOR
        return AccountKey(kind=kind, currency=self.currency, vendor_id=self.vendor_id, driver_id=self.driver_id)

    @property
    def cash(self) -> AccountKey:
        """The cash in its hands; below zero, since that is the platform's."""
        return AccountKey(
            kind=Account.Kind.CASH, currency=self.currency, vendor_id=self.vendor_id, driver_id=self.driver_id
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """Where a purse stands, in minor units. `net` is what may be paid out; below zero it owes the platform."""

    currency: str
    owed: int
    cash: int

    @property
    def net(self) -> int:
        return self.owed + self.cash


def purse_of(account: Account) -> Purse:
    """The purse that a vendor's, driver's or cash account belongs to."""
    return Purse(currency=account.currency, vendor_id=account.vendor_id, driver_id=account.driver_id)


def balances_of(purses: Iterable[Purse]) -> dict[Purse, Balance]:
    """Where each purse stands, in one statement."""
    purses = list(purses)
    names = [key.name for purse in purses for key in (purse.owed, purse.cash)]
    rows = Entry.objects.filter(account__name__in=names).values("account__name").annotate(held=Sum("amount")).order_by()
    held = {row["account__name"]: int(row["held"]) for row in rows}
    return {
        purse: Balance(currency=purse.currency, owed=held.get(purse.owed.name, 0), cash=held.get(purse.cash.name, 0))
        for purse in purses
    }


def purses_of(*, vendor_id: int | None = None, driver_id: int | None = None) -> list[Purse]:
    """A vendor's or driver's purses, one a currency in which money has moved."""
    accounts = Account.objects.filter(vendor=vendor_id) if vendor_id else Account.objects.filter(driver=driver_id)
    currencies = accounts.order_by("currency").values_list("currency", flat=True).distinct()
    return [Purse(currency=currency, vendor_id=vendor_id, driver_id=driver_id) for currency in currencies]


def pay_out(
    *, purse: Purse, amount: int | None, caller: Caller, text: str = "", shown: Balance | None = None
) -> Posting:
    """Pays out what is owed, or a part; the cash in the payee's hands is set off first. Must run in a transaction.

    `amount` is in minor units, None for all. `shown` is the balance on which somebody decided. Raises Forbidden, and
    Conflict balance_changed where it is another by now, nothing_owed, or payout_too_large with `owed`.
    """
    caller.require(Right.PAY_OUT)
    balance = lock_purse(purse)
    refuse_changed(balance, shown)
    posting = ledger.post(Posting.Kind.PAYOUT, payout_amounts(purse, balance, amount), actor=caller.key, text=text)
    tell_payout("payout.created", posting.pk, purse)
    return posting


def payout_amounts(purse: Purse, balance: Balance, amount: int | None) -> dict[AccountKey, int]:
    """What paying out moves, by account; raises Conflict nothing_owed, or payout_too_large with `owed`."""
    wanted = balance.net if amount is None else amount
    owed = as_json(balance.net, purse.currency)
    if balance.net <= 0 and not (amount is None and balance.net == 0 and balance.owed):
        raise Conflict(FaultCode.NOTHING_OWED, extra={"owed": owed})
    if wanted > balance.net:
        raise Conflict(FaultCode.PAYOUT_TOO_LARGE, Field.AMOUNT, owed=owed, extra={"owed": owed})
    funding = ledger.funding(purse.currency)
    return {purse.cash: -balance.cash, purse.owed: balance.cash - wanted, funding: wanted}


def hand_in(
    *, purse: Purse, amount: int, caller: Caller, text: str = "", shown: Balance | None = None, is_all: bool = False
) -> Posting:
    """Records cash that a vendor or driver has handed in, in minor units. Must run in a transaction.

    `is_all`: it was counted against all that they hold, and what it differs by is booked as a cash difference; then it
    may be nothing. Raises ValueError for nothing else, Forbidden and Conflict balance_changed as `pay_out` does, or
    hand_in_too_large with `held`.
    """
    caller.require(Right.PAY_OUT)
    balance = lock_purse(purse)
    refuse_changed(balance, shown)
    amounts = hand_in_amounts(purse, balance, amount, is_all=is_all)
    return ledger.post(Posting.Kind.HAND_IN, amounts, actor=caller.key, text=text)


def hand_in_amounts(purse: Purse, balance: Balance, amount: int, *, is_all: bool = False) -> dict[AccountKey, int]:
    """What handing in moves, by account; raises ValueError for nothing, and Conflict hand_in_too_large with `held`."""
    if amount < 0 or (amount == 0 and not is_all):
        raise ValueError("what is handed in is above zero")
    held = max(-balance.cash, 0)
    if not held or (amount > held and not is_all):
        most = as_json(held, purse.currency)
        raise Conflict(FaultCode.HAND_IN_TOO_LARGE, Field.AMOUNT, held=most, extra={"held": most})
    handed = held if is_all else amount
    moved = {purse.cash: handed, ledger.funding(purse.currency): -amount}
    return moved if handed == amount else {**moved, ledger.differences(purse.currency): amount - handed}


def refuse_changed(balance: Balance, shown: Balance | None) -> None:
    """Raises Conflict balance_changed where somebody decided on another balance than there is."""
    if shown in (None, balance):
        return
    raise Conflict(
        FaultCode.BALANCE_CHANGED,
        owed=as_json(balance.owed, balance.currency),
        cash=to_text(balance.cash, balance.currency),
        extra={"owed": as_json(balance.net, balance.currency)},
    )


def tell_payout(name: str, payout_id: int, purse: Purse) -> None:
    """Tells outside what became of a payout; how much it is the statement says."""
    data = {"payout": payout_id, "vendor": purse.vendor_id, "driver": purse.driver_id, "currency": purse.currency}
    tell_outside(name, subject=f"payout:{payout_id}", vendor_id=purse.vendor_id, data=data)


# What takes each movement back.
REVERSALS = {Posting.Kind.PAYOUT: Posting.Kind.PAYOUT_REVERSAL, Posting.Kind.HAND_IN: Posting.Kind.HAND_IN_REVERSAL}


def reverse_movement(*, posting_id: int, caller: Caller, reason: str) -> Posting:
    """Takes a payout back, or cash handed in: all accounts are as if it had never been booked. Once.

    Must run in a transaction. Raises NotFound, Forbidden, Invalid without a reason, and Conflict not_reversible for
    another movement, already_reversed for a second time.
    """
    caller.require(Right.PAY_OUT)
    if not reason.strip():
        raise Invalid(FaultCode.REQUIRED_REVERSAL, Field.REASON)
    posting = lock_posting(posting_id)
    if posting.kind not in REVERSALS:
        raise Conflict(FaultCode.NOT_REVERSIBLE)
    if Posting.objects.filter(reverses=posting).exists():
        raise Conflict(FaultCode.ALREADY_REVERSED)
    is_owned = Q(vendor__isnull=False) | Q(driver__isnull=False)
    owners = Account.objects.filter(is_owned, entries__posting=posting).distinct()
    purses = {purse_of(account) for account in owners}
    for purse in purses:
        lock_purse(purse)
    amounts = {AccountKey.of(entry.account): -entry.amount for entry in posting.entries.select_related("account")}
    reversal = ledger.post(REVERSALS[Posting.Kind(posting.kind)], amounts, actor=caller.key, text=reason.strip())
    reversal.reverses = posting
    reversal.save(update_fields=["reverses"])
    if posting.kind == Posting.Kind.PAYOUT:
        for purse in purses:
            tell_payout("payout.reversed", posting.pk, purse)
    return reversal


def lock_posting(posting_id: int) -> Posting:
    """The posting, held until the transaction ends: of two who take it back the second sees it; raises NotFound."""
    posting = Posting.objects.select_for_update(of=("self",), no_key=True).filter(pk=posting_id).first()
    if posting is None:
        raise NotFound()
    return posting


def lock_purse(purse: Purse) -> Balance:
    """Where the purse stands, held until the transaction ends: of two payouts the second finds what the first left.

    Its accounts' rows are locked so that entries may still be added by orders that settle meanwhile.
    """
    ledger.ensure_accounts({purse.owed: 0, purse.cash: 0})
    names = [purse.owed.name, purse.cash.name]
    list(Account.objects.filter(name__in=names).select_for_update(no_key=True).order_by("name"))
    return balances_of([purse])[purse]
