"""Double entry: every amount moves between accounts, and the sum of all entries is always zero.

All functions must run in the transaction of the change that moves the money. Amounts are minor units.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import connection
from django.utils import timezone

from orders.models import Account, Entry, Order, Posting
from ordersite.web.money import as_json
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


def hold_wallet_payment(order: Order, balance: int, actor: str) -> None:
    """Posts what was drawn from the customer's wallet for an order: it is held until the order is settled."""
    wallet = wallet_of(order.customer_id, order.currency)
    amounts = {wallet: -order.total, clearing(order.currency): order.total}
    post(Posting.Kind.PAYMENT, amounts, actor=actor, order=order, balances={wallet: balance})


def refund_to_wallet(order: Order, actor: str) -> None:
    """Gives an order's whole amount back to its customer's wallet."""
    wallet = wallet_of(order.customer_id, order.currency)
    balance = put_into_wallet(wallet, order.total)
    amounts = {clearing(order.currency): -order.total, wallet: order.total}
    post(Posting.Kind.REFUND, amounts, actor=actor, order=order, balances={wallet: balance})


def settlement(order: Order) -> dict[AccountKey, int]:
    """Whom the money of a successful order belongs to; cash is in the hands of who handed the order over."""
    by_driver = order.driver_id is not None and not order.self_delivery
    driver_share = order.driver_tip if by_driver else 0
    if order.payment_method == "cash":
        owner = {"driver_id": order.driver_id} if by_driver else {"vendor_id": order.vendor_id}
        source = AccountKey(kind=Account.Kind.CASH, currency=order.currency, **owner)
    else:
        source = clearing(order.currency)
    amounts = {
        source: -order.total,
        AccountKey(kind=Account.Kind.PLATFORM, currency=order.currency): order.platform_share,
        AccountKey(kind=Account.Kind.VENDOR, currency=order.currency, vendor_id=order.vendor_id): (
            order.total - order.platform_share - driver_share
        ),
    }
    if driver_share:
        amounts[AccountKey(kind=Account.Kind.DRIVER, currency=order.currency, driver_id=order.driver_id)] = driver_share
    return amounts


def settle(order: Order, actor: str) -> None:
    """Divides the order's total among vendor, driver and platform: it has reached its success."""
    post(Posting.Kind.SETTLEMENT, settlement(order), actor=actor, order=order)


def take_settlement_back(order: Order, actor: str) -> None:
    """Posts the contrary of the order's last settlement: its success was a mistake."""
    last = Posting.objects.filter(order=order, kind=Posting.Kind.SETTLEMENT).latest("pk")
    entries = Entry.objects.filter(posting=last).select_related("account")
    amounts = {
        AccountKey(
            kind=entry.account.kind,
            currency=entry.account.currency,
            customer_id=entry.account.customer_id,
            vendor_id=entry.account.vendor_id,
            driver_id=entry.account.driver_id,
        ): -entry.amount
        for entry in entries
    }
    post(Posting.Kind.REVERSAL, amounts, actor=actor, order=order)
