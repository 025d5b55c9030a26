"""Double entry: every amount moves between accounts, and the sum of all entries is always zero.

All functions must run in the transaction of the change that moves the money. Amounts are minor units.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import connection
from django.db.models import Sum
from django.utils import timezone

from orders.lifecycle import SUCCESS
from orders.models import Account, Entry, Order, Posting
from ordersite.web.money import as_json, half_up
from ordersite.web.problems import Conflict


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
        "insufficient_funds",
        "The wallet holds too little: top it up, or pay in another way.",
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
    text: str = "",
    balances: Mapping[AccountKey, int] | None = None,
) -> Posting:
    """Writes one posting with an entry an account; raises ValueError unless the amounts sum to zero.

    `balances` are those of wallets after this posting. Two statements, and two more when an account is new.
    """
    if sum(amounts.values()):
        raise ValueError(f"the entries of a posting sum to {sum(amounts.values())}, not to zero")
    posting = Posting(kind=kind, order=order, actor=actor, text=text, created_at=timezone.now())
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
            "INSERT INTO orders_entry (posting_id, account_id, amount, balance_after) "  # noqa: S608  placeholders only
            + " UNION ALL ".join([one] * len(amounts)),
            parameters,
        )
        return int(cursor.rowcount)


def draw_for_order(order: Order, amount: int, actor: str) -> None:
    """Takes an amount from the customer's wallet and holds it for the order; raises Conflict insufficient_funds."""
    hold_drawn(order, amount, draw_from_wallet(wallet_of(order.customer_id, order.currency), amount), actor)


def hold_drawn(order: Order, amount: int, balance: int, actor: str) -> None:
    """Posts what was drawn from the customer's wallet for an order: it is held until the order is settled."""
    wallet = wallet_of(order.customer_id, order.currency)
    amounts = {wallet: -amount, clearing(order.currency): amount}
    post(Posting.Kind.PAYMENT, amounts, actor=actor, order=order, balances={wallet: balance})


def receive(order: Order, amount: int, actor: str) -> None:
    """Posts what came in from outside for an order: it is held until the order is settled."""
    funding = AccountKey(kind=Account.Kind.FUNDING, currency=order.currency)
    post(Posting.Kind.PAYMENT, {funding: -amount, clearing(order.currency): amount}, actor=actor, order=order)


def give_back(order: Order, amount: int, *, to_wallet: bool, actor: str) -> None:
    """Posts an amount that goes back to the customer, into the wallet or to where it came from."""
    balances: dict[AccountKey, int] = {}
    key = AccountKey(kind=Account.Kind.FUNDING, currency=order.currency)
    if to_wallet:
        key = wallet_of(order.customer_id, order.currency)
        balances = {key: put_into_wallet(key, amount)}
    amounts = {clearing(order.currency): -amount, key: amount}
    post(Posting.Kind.REFUND, amounts, actor=actor, order=order, balances=balances)


def cash_of(order: Order) -> AccountKey:
    """Cash in the hands of who hands the order over: its driver, else the vendor."""
    if order.driver_id is not None and not order.self_delivery:
        return AccountKey(kind=Account.Kind.CASH, currency=order.currency, driver_id=order.driver_id)
    return AccountKey(kind=Account.Kind.CASH, currency=order.currency, vendor_id=order.vendor_id)


def shares_of(order: Order, earned: int) -> dict[AccountKey, int]:
    """Whom so much of an order's money belongs to, by account.

    The driver's tip goes first, to a driver who is not the vendor's own hands, of an order that succeeded. What is left
    is divided as the whole would be: the platform keeps its share of it in proportion, half up, the vendor the rest.
    Of an order that succeeded and cost its customer nothing the platform owes the vendor what its offer took off.
    """
    tip = order.driver_tip if order.driver_id is not None and not order.self_delivery else 0
    driver = min(tip, earned) if order.status in SUCCESS else 0
    whole = order.total - tip
    if whole:
        platform = half_up(order.platform_share * (earned - driver), whole)
    else:
        platform = order.platform_share if order.status in SUCCESS else 0
    shares = {
        AccountKey(kind=Account.Kind.PLATFORM, currency=order.currency): platform,
        AccountKey(kind=Account.Kind.VENDOR, currency=order.currency, vendor_id=order.vendor_id): (
            earned - driver - platform
        ),
    }
    if driver:
        shares[AccountKey(kind=Account.Kind.DRIVER, currency=order.currency, driver_id=order.driver_id)] = driver
    return shares


def held_for(order: Order) -> dict[AccountKey, int]:
    """What each account holds because of an order, by its postings so far; one statement."""
    rows = (
        Entry.objects.filter(posting__order=order)
        .values("account__kind", "account__customer_id", "account__vendor_id", "account__driver_id")
        .annotate(held=Sum("amount"))
        .order_by()
    )
    return {
        AccountKey(
            kind=row["account__kind"],
            currency=order.currency,
            customer_id=row["account__customer_id"],
            vendor_id=row["account__vendor_id"],
            driver_id=row["account__driver_id"],
        ): row["held"]
        for row in rows
    }


OUTSIDE = (Account.Kind.WALLET, Account.Kind.FUNDING)


def rebalance(order: Order, kind: str, *, earned: int, cash: int, actor: str) -> Posting | None:
    """Posts what brings an order's accounts to where they belong; None where they are there already.

    `earned` is what the order has brought by now, to be divided among vendor, driver and platform; `cash` what of it is
    in the hands of who handed it over. What came from outside and is not earned (yet) lies in clearing. Because the
    difference to what stands is posted, a settlement, its reversal, a refund after it and another driver are all this
    one function, and none of them can be posted twice.
    """
    held = held_for(order)
    outside = -sum(amount for key, amount in held.items() if key.kind in OUTSIDE)
    wanted = shares_of(order, earned)
    if cash:
        wanted[cash_of(order)] = -cash
    wanted[clearing(order.currency)] = outside + cash - earned
    standing = {key: amount for key, amount in held.items() if key.kind not in OUTSIDE}
    amounts = {key: wanted.get(key, 0) - standing.get(key, 0) for key in {**standing, **wanted}}
    if not any(amounts.values()):
        return None
    return post(kind, amounts, actor=actor, order=order)
