"""Double entry: every amount moves between accounts, and the sum of all entries is always zero.

All functions must run in the transaction of the change that moves the money. Amounts are minor units.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import connection
from django.db.models import Min, QuerySet, Sum
from django.utils import timezone

from orders.models import Account, Entry, Order, PaymentShare, Posting
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Conflict
from ordersite.core.money import as_json, half_up
from vendors.payment_methods import find_method

# Where money comes from and goes to: what of these accounts moved for an order is held for it, or is somebody's.
OUTSIDE = (Account.Kind.WALLET, Account.Kind.FUNDING, Account.Kind.CASH)
# The postings of a share: what it has received, and what it has given back.
RECEIVED = (Posting.Kind.PAYMENT, Posting.Kind.CASH)
GIVEN_BACK = (Posting.Kind.REFUND, Posting.Kind.RETAKE)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountKey:
    """Names one account: its kind, currency and owner."""

    kind: str
    currency: str
    customer_id: int | None = None
    vendor_id: int | None = None
    driver_id: int | None = None

    @property
    def name(self) -> str:
        owner = f"driver-{self.driver_id}" if self.driver_id else (self.customer_id or self.vendor_id or "")
        return f"{self.kind}:{owner}:{self.currency}"

    @classmethod
    def of(cls, account: Account) -> "AccountKey":
        return cls(
            kind=account.kind,
            currency=account.currency,
            customer_id=account.customer_id,
            vendor_id=account.vendor_id,
            driver_id=account.driver_id,
        )

    def as_row(self) -> Account:
        return Account(
            name=self.name,
            kind=self.kind,
            currency=self.currency,
            customer_id=self.customer_id,
            vendor_id=self.vendor_id,
            driver_id=self.driver_id,
            balance=0 if self.kind == Account.Kind.WALLET else None,
        )


def wallet_of(customer_id: int, currency: str) -> AccountKey:
    """A customer's wallet in one currency."""
    return AccountKey(kind=Account.Kind.WALLET, currency=currency, customer_id=customer_id)


def clearing(currency: str) -> AccountKey:
    """Money held for orders that are not settled yet."""
    return AccountKey(kind=Account.Kind.CLEARING, currency=currency)


def funding(currency: str) -> AccountKey:
    """What the platform itself received from outside, and gave back there."""
    return AccountKey(kind=Account.Kind.FUNDING, currency=currency)


def differences(currency: str) -> AccountKey:
    """Cash that was counted beside what should have been handed in: below zero it was missing."""
    return AccountKey(kind=Account.Kind.DIFFERENCE, currency=currency)


def cash_of_vendor(order: Order) -> AccountKey:
    """What the order's vendor holds: cash, and transfers to its own account."""
    return AccountKey(kind=Account.Kind.CASH, currency=order.currency, vendor_id=order.vendor_id)


def cash_of_carrier(order: Order) -> AccountKey:
    """Cash in the hands of who hands the order over: the driver who carries it, else its vendor.

    A vendor's own courier is its vendor's hands: what he says that he took never becomes what the platform owes it.
    """
    if order.carried_by is None or (order.driver and order.driver.vendor_id == order.vendor_id):
        return cash_of_vendor(order)
    return AccountKey(kind=Account.Kind.CASH, currency=order.currency, driver_id=order.carried_by)


def draw_from_wallet(key: AccountKey, amount: int) -> int:
    """Takes an amount out of a wallet and returns what is left; raises Conflict insufficient_funds.

    One conditional UPDATE: it waits for whoever holds the row, and checks the balance that it then finds.
    """
    if amount == 0:
        # What is free is payable from a wallet that does not exist yet.
        return put_into_wallet(key, 0)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE orders_account SET balance = balance - %s WHERE name = %s AND balance >= %s RETURNING balance",
            [amount, key.name, amount],
        )
        row = cursor.fetchone()
    if row is not None:
        return int(row[0])
    balance = Account.objects.filter(name=key.name).values_list("balance", flat=True).first() or 0
    raise Conflict(
        FaultCode.INSUFFICIENT_FUNDS,
        extra={"balance": as_json(balance, key.currency), "needed": as_json(amount, key.currency)},
    )


def put_into_wallet(key: AccountKey, amount: int) -> int:
    """Puts an amount into a wallet (made where there is none) and returns the balance after it."""
    ensure_accounts({key: amount})
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE orders_account SET balance = balance + %s WHERE name = %s RETURNING balance", [amount, key.name]
        )
        return int(cursor.fetchone()[0])


def ensure_accounts(amounts: Mapping[AccountKey, int]) -> None:
    """Makes the accounts that do not exist yet; a parallel call that makes the same one is no error."""
    rows = [key.as_row() for key in sorted(amounts, key=lambda key: key.name)]
    Account.objects.bulk_create(rows, ignore_conflicts=True)


def post(
    kind: str,
    amounts: Mapping[AccountKey, int],
    *,
    actor: str,
    order: Order | None = None,
    share: PaymentShare | None = None,
    text: str = "",
    balances: Mapping[AccountKey, int] | None = None,
) -> Posting:
    """Writes one posting with an entry an account; raises ValueError unless the amounts sum to zero.

    `balances` are those of wallets after this posting. Two statements, and two more when an account is new.
    """
    if sum(amounts.values()):
        raise ValueError(f"the entries of a posting sum to {sum(amounts.values())}, not to zero")
    posting = Posting(kind=kind, order=order, share=share, actor=actor, text=text, created_at=timezone.now())
    posting.save(force_insert=True)
    moved = {key: amount for key, amount in amounts.items() if amount}
    if insert_entries(posting, moved, balances or {}) != len(moved):
        Entry.objects.filter(posting=posting).delete()
        ensure_accounts(moved)
        insert_entries(posting, moved, balances or {})
    return posting


def insert_entries(posting: Posting, amounts: Mapping[AccountKey, int], balances: Mapping[AccountKey, int]) -> int:
    """Inserts the entries by their accounts' names, in one statement; returns how many accounts existed."""
    if not amounts:
        return 0
    # The casts: PostgreSQL cannot tell a parameter's type inside a UNION.
    one = "SELECT CAST(%s AS bigint), id, CAST(%s AS bigint), CAST(%s AS bigint) FROM orders_account WHERE name = %s"
    parameters: list[int | str | None] = []
    for key, amount in amounts.items():
        parameters += [posting.pk, amount, balances.get(key), key.name]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO orders_entry (posting_id, account_id, amount, balance_after) "
            + " UNION ALL ".join([one] * len(amounts)),
            parameters,
        )
        return int(cursor.rowcount)


# --- what comes in for an order, and goes back ------------------------------------------------------------------------


def move_held(
    order: Order,
    share: PaymentShare,
    kind: str,
    outside: Mapping[AccountKey, int],
    *,
    actor: str,
    balances: Mapping[AccountKey, int] | None = None,
) -> Posting:
    """Posts what moves between the outside and what is held for an order; the share's sums follow.

    `outside` is what its accounts gain (less, below zero), in minor units. A payment, or cash handed over, raises what
    the share has received (opposite amounts lower it); a refund raises what it has given back, a retake lowers it.
    """
    came = -sum(outside.values())
    posting = post(
        kind, {**outside, clearing(order.currency): came}, actor=actor, order=order, share=share, balances=balances
    )
    if kind in GIVEN_BACK:
        share.refunded -= came
    else:
        share.received += came
    share.save(update_fields=["amount", "tip", "received", "refunded"])
    return posting


def draw_for_order(
    order: Order, share: PaymentShare, amount: int, actor: str, *, kind: str = Posting.Kind.PAYMENT
) -> None:
    """Takes an amount from the customer's wallet and holds it for the order; raises Conflict insufficient_funds."""
    wallet = wallet_of(order.customer_id, order.currency)
    balances = {wallet: draw_from_wallet(wallet, amount)}
    move_held(order, share, kind, {wallet: -amount}, actor=actor, balances=balances)


def return_to_wallet(order: Order, share: PaymentShare, amount: int, actor: str, *, kind: str) -> Posting:
    """Puts an amount that was held for the order into the customer's wallet."""
    wallet = wallet_of(order.customer_id, order.currency)
    balances = {wallet: put_into_wallet(wallet, amount)}
    return move_held(order, share, kind, {wallet: amount}, actor=actor, balances=balances)


def hold_drawn(order: Order, share: PaymentShare, balance: int, actor: str) -> None:
    """Posts what was drawn from the wallet on placing, for a share that is written as received; `balance` is after."""
    wallet = wallet_of(order.customer_id, order.currency)
    amounts = {wallet: -share.amount, clearing(order.currency): share.amount}
    post(Posting.Kind.PAYMENT, amounts, actor=actor, order=order, share=share, balances={wallet: balance})


def moved_by(share: PaymentShare, *kinds: str) -> dict[AccountKey, int]:
    """What the outside accounts gained (less, below zero) by a share's postings, of these kinds or all."""
    entries = Entry.objects.filter(posting__share=share, account__kind__in=OUTSIDE)
    if kinds:
        entries = entries.filter(posting__kind__in=kinds)
    currency = share.payment.currency
    return {key: amount for key, amount in sum_by_account(entries, currency).items() if amount}


def is_with_vendor(share: PaymentShare) -> bool:
    """Whether what came in by a share is in the vendor's own hands."""
    if share.payment.to_vendor:
        return True
    held = moved_by(share, *RECEIVED) if find_method(share.payment.provider).is_on_handover else {}
    return any(key.vendor_id is not None and amount < 0 for key, amount in held.items())


def is_handed_in(share: PaymentShare, holder: AccountKey) -> bool:
    """Whether a driver has handed in the cash of a share: what is handed in counts for the oldest orders first.

    What it still holds is then no more than it took for later orders. A vendor keeps what it takes.
    """
    if holder.driver_id is None:
        return False
    entries = Entry.objects.filter(account__name=holder.name)
    held = -(entries.aggregate(held=Sum("amount"))["held"] or 0)
    by_share = entries.filter(posting__share__isnull=False).values("posting__share").order_by()
    sums = by_share.annotate(first=Min("posting"), net=Sum("amount"))
    taken = {row["posting__share"]: row for row in sums}
    later = [row["net"] for row in taken.values() if row["first"] > taken[share.pk]["first"]]
    return bool(held <= -sum(later))


# --- whom it belongs to ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Division:
    """Whom what an order brought belongs to, in minor units."""

    vendor: int
    driver: int
    platform: int


def divide_sale(
    order: Order, *, kept: int, paid: int, unpaid: int, tips: int, driver_tips: int, succeeds: bool
) -> Division:
    """Divides what was received for an order and not given back (`kept`), of which `tips` were paid for its driver.

    `paid` is what was paid for what is ordered by now, given back or not; `unpaid` what of the sale nobody has paid (a
    rise) or will (waived), which takes nothing from what the platform adds to the rest; `driver_tips` is what of the
    tips is not in the vendor's hands. A success gives those to the driver who carried it, the others to the vendor. The
    rest is the sale: platform and vendor have the parts of it that they would have of the whole, the platform half up.
    What the platform bears of a discount is added to the sale before it is divided, and taken from the platform's part:
    a refund thus costs both in proportion, and earns neither. It is as large as the part of the sale that was paid for;
    without success nothing.
    """
    tip = min(tips, kept) if succeeds else 0
    sale = kept - tip
    whole = order.total - order.driver_tip
    gift = 0
    if succeeds and order.platform_discount:
        due = max(whole - unpaid, 0)
        sold = min(max(paid - tips, 0), due)
        gift = half_up(order.platform_discount * sold, due) if due else order.platform_discount
    gross = whole + order.platform_discount
    platform = half_up((order.platform_share + order.platform_discount) * (sale + gift), gross) - gift if gross else 0
    driver = min(tip, driver_tips) if order.carried_by is not None else 0
    return Division(vendor=kept - driver - platform, driver=driver, platform=platform)


def sum_by_account(entries: QuerySet[Entry], currency: str) -> dict[AccountKey, int]:
    """What each account gained by these entries; one statement."""
    rows = (
        entries.values("account__kind", "account__customer_id", "account__vendor_id", "account__driver_id")
        .annotate(held=Sum("amount"))
        .order_by()
    )
    return {
        AccountKey(
            kind=row["account__kind"],
            currency=currency,
            customer_id=row["account__customer_id"],
            vendor_id=row["account__vendor_id"],
            driver_id=row["account__driver_id"],
        ): row["held"]
        for row in rows
    }


def rebalance(order: Order, kind: str, wanted: Division | None, *, actor: str) -> Posting | None:
    """Posts what brings vendor, driver and platform to what they have of an order; None where they have it already.

    What came in and is nobody's (yet: `wanted` is None) lies in clearing. Because the difference to what stands is
    posted, a settlement, its reversal, a refund after it and another driver are all this one function, and none of
    them can be posted twice.
    """
    held = sum_by_account(Entry.objects.filter(posting__order=order), order.currency)
    belongs = accounts_of(order, wanted) if wanted else {}
    came = -sum(amount for key, amount in held.items() if key.kind in OUTSIDE)
    belongs[clearing(order.currency)] = came - sum(belongs.values())
    standing = {key: amount for key, amount in held.items() if key.kind not in OUTSIDE}
    amounts = {key: belongs.get(key, 0) - standing.get(key, 0) for key in {**standing, **belongs}}
    if not any(amounts.values()):
        return None
    return post(kind, amounts, actor=actor, order=order)


def accounts_of(order: Order, division: Division) -> dict[AccountKey, int]:
    """A division by account."""
    belongs = {
        AccountKey(kind=Account.Kind.PLATFORM, currency=order.currency): division.platform,
        AccountKey(kind=Account.Kind.VENDOR, currency=order.currency, vendor_id=order.vendor_id): division.vendor,
    }
    if division.driver:
        belongs[AccountKey(kind=Account.Kind.DRIVER, currency=order.currency, driver_id=order.carried_by)] = (
            division.driver
        )
    return belongs
