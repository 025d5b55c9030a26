"""Proves from its rows that the ledger is right: what is kept as a sum, and what follows from other rows, is computed
again. `manage.py check_ledger` prints it, the worker does it once a day.

Each check reads its rows with a fixed number of statements, orders in batches of BATCH; nothing is ever written.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import BigIntegerField, F, Max, Min, OuterRef, Q, QuerySet, Subquery, Sum, Window
from django.db.models.functions import Coalesce
from django.utils import timezone

from orders.lifecycle import table
from orders.lifecycle.decisions import Asker, allowed_changes
from orders.lifecycle.guards import GUARDS, ChangeAttempt, guards_of
from orders.lifecycle.table import FAILURE, OPEN, SUCCESS, Actor, Fulfilment, Status
from orders.models import Account, Counter, Entry, Order, Payment, PaymentShare, Posting, Purchase, Refund
from orders.services.money import ledger
from orders.services.money.ledger import Division
from orders.services.money.shares import division_of, kept_of
from ordersite.core.money import to_text
from vendors.payment_methods import find_method

logger = logging.getLogger(__name__)

BATCH = 1000
NOBODY = Division(vendor=0, driver=0, platform=0)
# Stands at what was divided before a share knew what it received (migration 0011): the sum is proved, not who has it.
DIVIDED_BEFORE = "Divided by the rules of before."
# Of an owner's accounts, what no order explains.
WITHOUT_ORDER = (
    Posting.Kind.PAYOUT,
    Posting.Kind.HAND_IN,
    Posting.Kind.PAYOUT_REVERSAL,
    Posting.Kind.HAND_IN_REVERSAL,
)
# Guards that nobody waives and that only money satisfies; the others ask for somebody to be named, or for codes.
OF_MONEY = ("paid", "items")
COUNTER = "ledger-checked-on"


@dataclass(frozen=True, slots=True)
class Check:
    """One kind of check: the rows that it proves (of one order, or all), and what differs, each in one sentence."""

    name: str
    rows: "Callable[[int | None], QuerySet[Any]]"
    differences: "Callable[[QuerySet[Any]], Iterator[str]]"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What a check has found: how many rows it read, and its differences, read as they are asked for."""

    name: str
    count: int
    differences: Iterator[str]


def check_ledger(order_id: int | None = None) -> Iterator[CheckResult]:
    """Does every check, of all rows or of what one order touches, as the database stood when it began."""
    with snapshot():
        for check in CHECKS:
            rows = check.rows(order_id)
            yield CheckResult(check.name, rows.count(), check.differences(rows))


@contextmanager
def snapshot() -> Iterator[None]:
    """Orders go on meanwhile: every statement sees the rows as they stood at the first."""
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost and connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def check_daily() -> int:
    """Proves the whole ledger once a day, whichever worker comes first, and logs each difference as an error."""
    today = timezone.now().date().toordinal()
    Counter.objects.bulk_create([Counter(name=COUNTER, value=0)], ignore_conflicts=True)
    if not Counter.objects.filter(name=COUNTER, value__lt=today).update(value=today):
        return 0
    for outcome in check_ledger():
        for difference in outcome.differences:
            logger.error("the ledger differs, %s: %s", outcome.name, difference)
    return 0


def total_of(field: str, **where: Any) -> Coalesce:
    """The sum of a related column, zero where there is nothing."""
    return Coalesce(Sum(field, filter=Q(**where) if where else None), 0, output_field=BigIntegerField())


# --- postings, accounts, owners -------------------------------------------------------------------------------------


def differing_postings(rows: "QuerySet[Posting]") -> Iterator[str]:
    sums = Entry.objects.filter(posting__in=rows).values("posting").order_by("posting")
    sums = sums.annotate(sum=Sum("amount"), first=Min("account__currency"), last=Max("account__currency"))
    for row in sums.exclude(sum=0, first=F("last")).iterator():
        if row["sum"]:
            yield f"the entries of posting {row['posting']} sum to {row['sum']}, not to zero"
        if row["first"] != row["last"]:
            yield f"posting {row['posting']} has entries in {row['first']} and in {row['last']}"


def differing_wallets(rows: "QuerySet[Account]") -> Iterator[str]:
    for account in rows.annotate(sum=total_of("entries__amount")).exclude(balance=F("sum")).order_by("pk").iterator():
        yield f"wallet {account.name} says {account.balance}, its entries sum to {account.sum}"
    running = Window(Sum("amount"), partition_by="account", order_by="pk")
    chain = Entry.objects.filter(account__in=rows).annotate(sum=running).exclude(balance_after=F("sum"))
    for entry in chain.select_related("account").order_by("pk").iterator():
        yield (
            f"entry {entry.pk} of wallet {entry.account.name} says that {entry.balance_after} was left, "
            f"the entries up to it sum to {entry.sum}"
        )


def differing_owners(rows: "QuerySet[Account]") -> Iterator[str]:
    """What vendors and drivers are owed and hold is what their orders brought, payouts and what was handed in."""
    entries = Entry.objects.filter(account__in=rows).select_related("posting", "account").order_by("pk")
    explained = Q(posting__order=None, posting__kind__in=WITHOUT_ORDER)
    explained |= Q(posting__order__isnull=False, account__vendor=None)
    explained |= Q(posting__order__vendor=F("account__vendor"))
    for entry in entries.exclude(explained).iterator():
        order = f"order {entry.posting.order_id}, which is not its own" if entry.posting.order_id else "no order"
        yield f"entry {entry.pk} of account {entry.account.name} is of posting {entry.posting_id} of {order}"
    cash = Entry.objects.filter(account__in=rows, account__kind=Account.Kind.CASH, posting__order__isnull=False)
    sums = cash.values("posting__order", "account__name").annotate(sum=Sum("amount")).filter(sum__gt=0)
    for row in sums.order_by("posting__order", "account__name").iterator():
        yield f"of order {row['posting__order']} {row['account__name']} gave {row['sum']} more back than it took"


def differing_whole(rows: "QuerySet[Entry]") -> Iterator[str]:
    sums = rows.values("account__currency").annotate(sum=Sum("amount")).exclude(sum=0).order_by("account__currency")
    for row in sums:
        yield f"all entries in {row['account__currency']} sum to {row['sum']}, not to zero"


# --- what pays for orders -------------------------------------------------------------------------------------------


def differing_shares(rows: "QuerySet[PaymentShare]") -> Iterator[str]:
    """What a share received and gave back is what its postings and its refunds say; within its amount by constraint."""
    moved = {"postings__entries__account__kind": Account.Kind.CLEARING}
    amount = "postings__entries__amount"
    standing = Refund.objects.filter(payment=OuterRef("payment"), order=OuterRef("order"))
    standing = standing.exclude(state=Refund.State.TAKEN_BACK)
    refunds = standing.order_by().values("order").annotate(sum=Sum("amount")).values("sum")
    rows = rows.annotate(
        came=total_of(amount, **moved, postings__kind__in=ledger.RECEIVED),
        went=-total_of(amount, **moved, postings__kind__in=ledger.GIVEN_BACK),
        rows=Coalesce(Subquery(refunds), 0, output_field=BigIntegerField()),
    )
    wrong = rows.exclude(received=F("came"), refunded=F("went"), rows=F("refunded")).order_by("pk")
    for share in wrong.iterator():
        of = f"share {share.pk} (order {share.order_id}, payment {share.payment_id})"
        if share.received != share.came:
            yield f"{of} says that {share.received} came in, its postings {share.came}"
        if share.refunded != share.went:
            yield f"{of} says that {share.refunded} went back, its postings {share.went}"
        if share.refunded != share.rows:
            yield f"{of} says that {share.refunded} went back, its refunds {share.rows}"


def differing_payments(rows: "QuerySet[Payment]") -> Iterator[str]:
    for payment in rows.annotate(sum=total_of("shares__amount")).exclude(amount=F("sum")).order_by("pk").iterator():
        yield f"payment {payment.pk} is of {payment.amount}, its shares of {payment.sum}"


def differing_purchases(rows: "QuerySet[Purchase]") -> Iterator[str]:
    for purchase in rows.annotate(sum=total_of("orders__total")).exclude(total=F("sum")).order_by("pk").iterator():
        yield f"purchase {purchase.pk} costs {purchase.total}, its orders {purchase.sum}"


# --- orders ---------------------------------------------------------------------------------------------------------


def in_batches(rows: "QuerySet[Order]") -> Iterator[list[Order]]:
    """All rows, BATCH at a time, by id."""
    last = 0
    while batch := list(rows.filter(pk__gt=last).order_by("pk")[:BATCH]):
        yield batch
        last = batch[-1].pk


def differing_orders(rows: "QuerySet[Order]") -> Iterator[str]:
    """Of each order: what pays for it is what it costs, and its accounts hold what came in."""
    for batch in in_batches(rows):
        ids = [order.pk for order in batch]
        shares: dict[int, list[PaymentShare]] = defaultdict(list)
        for share in PaymentShare.objects.filter(order__in=ids).select_related("payment").order_by("-payment_id"):
            shares[share.order_id].append(share)
        held = held_by_orders(ids)
        before = divided_before(ids)
        for order in batch:
            yield from differing_order(order, shares[order.pk], held[order.pk], divided_before=order.pk in before)


def held_by_orders(ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """What the accounts of each kind gained by each order's postings."""
    held: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    entries = Entry.objects.filter(posting__order__in=ids).values("posting__order", "account__kind").order_by()
    for row in entries.annotate(sum=Sum("amount")):
        held[row["posting__order"]][row["account__kind"]] = row["sum"]
    return held


def divided_before(ids: Sequence[int]) -> set[int]:
    """The orders whose newest division was made by the rules of before."""
    dividing = Posting.objects.filter(order=OuterRef("pk"), share=None).order_by("-pk").values("text")[:1]
    orders = Order.objects.filter(pk__in=ids).annotate(text=Subquery(dividing)).filter(text=DIVIDED_BEFORE)
    return set(orders.values_list("pk", flat=True))


def differing_order(
    order: Order, shares: Sequence[PaymentShare], held: dict[str, int], *, divided_before: bool
) -> Iterator[str]:
    """What is wrong of one order: its costs, what is held for it, and how what it brought is divided."""
    kept = kept_of(shares)
    costs = order.total - order.refunded - order.waived
    pays = sum(share.amount - share.refunded for share in shares)
    if order.status not in FAILURE and costs != pays:
        yield f"order {order.pk} costs {costs} after refunds, its shares pay {pays}"
    clearing, is_closed = held[Account.Kind.CLEARING], order.status in table.CLOSED
    if clearing < 0 or (clearing and is_closed):
        should = "zero, for it is closed" if is_closed else "zero or more"
        yield f"for order {order.pk} {clearing} is held, where it should be {should}"
    wanted = NOBODY
    if is_closed:
        wanted = division_of(order, shares, kept=kept, succeeds=order.status in SUCCESS)
    stands = Division(
        vendor=held[Account.Kind.VENDOR], driver=held[Account.Kind.DRIVER], platform=held[Account.Kind.PLATFORM]
    )
    if divided_before:
        earned = stands.vendor + stands.driver + stands.platform
        if earned != wanted.vendor + wanted.driver + wanted.platform:
            yield f"of order {order.pk} {earned} is divided, where {kept} came in and stayed"
    elif stands != wanted:
        told, right = division_text(order, stands), division_text(order, wanted)
        yield f"order {order.pk} is divided as {told}, where it should be {right}"


def division_text(order: Order, division: Division) -> str:
    parts = (("vendor", division.vendor), ("driver", division.driver), ("platform", division.platform))
    return ", ".join(f"{name} {to_text(amount, order.currency)}" for name, amount in parts)


# --- ways out -------------------------------------------------------------------------------------------------------


def stuck_orders(rows: "QuerySet[Order]") -> Iterator[str]:
    """Every open order can be left by somebody, and one that is paid, or payable on handing over, can succeed."""
    now = timezone.now()
    for batch in in_batches(rows.select_related("vendor", "driver", "terms")):
        paid = PaymentShare.objects.filter(order__in=batch, received__gt=F("refunded"))
        kept = set(paid.values_list("order_id", flat=True))
        for order in batch:
            if not can_be_left(order, now):
                yield f"order {order.pk} can be left by nobody: it is {Status(order.status).slug}"
            is_chargeable = order.pk in kept or find_method(order.payment_method).is_on_handover
            if is_chargeable and not order.awaits_items and not can_succeed(order, now):
                yield f"order {order.pk} is paid and can be completed by nobody: it is {Status(order.status).slug}"


def can_be_left(order: Order, now: datetime) -> bool:
    """Whether somebody may change its status now: any of its parties, any driver, or staff by force."""
    everybody = Asker(actors=frozenset(Actor), now=now, driver_id=order.driver_id or 0, is_offered=True)
    return bool(allowed_changes(order, everybody))


def can_succeed(order: Order, now: datetime) -> bool:
    """Whether the table leads to a success by changes that somebody, staff by force at least, may make."""
    attempt = ChangeAttempt(actor=Actor.STAFF, now=now)
    seen, left = {Status(order.status)}, [Status(order.status)]
    while left:
        for target, change in table.changes_from(Fulfilment(order.fulfilment), left.pop()).items():
            of_money = [name for name in guards_of(change, Actor.STAFF) if name in OF_MONEY]
            if target not in seen and all(GUARDS[name][0](order, attempt) for name in of_money):
                seen.add(target)
                left.append(target)
    return bool(seen & SUCCESS)


# --- all of them ----------------------------------------------------------------------------------------------------


def narrowed(rows: "QuerySet[Any]", lookup: str) -> "Callable[[int | None], QuerySet[Any]]":
    """All the rows, or those that this lookup finds for an order."""

    def narrow(order_id: int | None) -> "QuerySet[Any]":
        return rows if order_id is None else rows.filter(pk__in=rows.filter(**{lookup: order_id}).values("pk"))

    return narrow


def all_or_none(order_id: int | None) -> "QuerySet[Entry]":
    """All entries sum to zero only together: of one order there is nothing to prove."""
    return Entry.objects.all() if order_id is None else Entry.objects.none()


ACCOUNTS = Account.objects.all()
OWNERS = (Account.Kind.VENDOR, Account.Kind.DRIVER, Account.Kind.CASH)
CHECKS = (
    Check("postings", narrowed(Posting.objects.all(), "order"), differing_postings),
    Check("shares of payments", narrowed(PaymentShare.objects.all(), "order"), differing_shares),
    Check("payments", narrowed(Payment.objects.filter(customer=None), "shares__order"), differing_payments),
    Check("purchases", narrowed(Purchase.objects.all(), "orders"), differing_purchases),
    Check("orders", narrowed(Order.objects.all(), "pk"), differing_orders),
    Check("wallets", narrowed(ACCOUNTS.filter(kind=Account.Kind.WALLET), "entries__posting__order"), differing_wallets),
    Check(
        "vendors and drivers", narrowed(ACCOUNTS.filter(kind__in=OWNERS), "entries__posting__order"), differing_owners
    ),
    Check("entries", all_or_none, differing_whole),
    Check("open orders", narrowed(Order.objects.filter(status__in=sorted(OPEN)), "pk"), stuck_orders),
)
