"""What the ledger means to a vendor or a driver: rows of its account, and a vendor's statement as CSV. Reads only."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from itertools import islice
from operator import add, attrgetter
from typing import Any, NamedTuple, Protocol
from zoneinfo import ZoneInfo

from django.db.models import Prefetch, Q, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.http.response import HttpResponseBase

from orders.models import Account, Entry, Posting
from orders.reading.spreadsheets import csv_response
from orders.services.money.ledger import AccountKey
from orders.services.money.payouts import Purse
from ordersite.core.money import half_up, to_text
from ordersite.core.sheets import Block, Facts, Sheet, Table, TableColumn, Texts
from ordersite.core.spreadsheets import Spreadsheet, Value, csv_lines
from vendors.hours import moment
from vendors.models import Vendor

# How many postings are in memory at once while a statement is written.
CHUNK = 1000
LONGEST_DAYS = 366
PAYOUTS = (Posting.Kind.PAYOUT, Posting.Kind.PAYOUT_REVERSAL)
# No ledger has a day beyond these, and in no time zone do they lead out of the calendar.
FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(9000, 12, 31)


@dataclass(frozen=True, slots=True, kw_only=True)
class Amounts:
    """What a posting meant to a vendor, in minor units, as added to its balance: they sum to `net`.

    `gross` is its sale without a driver's tip; `commission` and `fees` (the service fee and the tax on it, less what
    the platform bears of a discount) are the platform's part of it; `cash` is what was already in the vendor's hands.
    """

    gross: int = 0
    commission: int = 0
    fees: int = 0
    refund: int = 0
    payout: int = 0
    cash: int = 0

    @property
    def net(self) -> int:
        return self.gross + self.commission + self.fees + self.refund + self.payout + self.cash

    def __add__(self, other: "Amounts") -> "Amounts":
        return Amounts(**{one.name: getattr(self, one.name) + getattr(other, one.name) for one in fields(Amounts)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Tips:
    """What a posting meant to a driver, in minor units, as added to its balance: they sum to `net`."""

    tip: int = 0
    payout: int = 0
    cash: int = 0

    @property
    def net(self) -> int:
        return self.tip + self.payout + self.cash


def account_ids(**owner: Any) -> list[int]:
    """The accounts of a vendor or driver: their ids and no subquery, so that the database knows how much is there."""
    return list(Account.objects.filter(**owner).order_by("pk").values_list("pk", flat=True))


def in_period(entries: QuerySet[Entry], first: date | None, last: date | None, zone: ZoneInfo) -> QuerySet[Entry]:
    """The entries of these days, the last one included, by a clock of this zone; None leaves the period open."""
    if first:
        entries = entries.filter(posting__created_at__gte=moment(first, time.min, zone))
    if last:
        entries = entries.filter(posting__created_at__lt=moment(last + timedelta(days=1), time.min, zone))
    return entries


def newest_postings(entries: QuerySet[Entry], accounts: Iterable[int], *, before: int | None, most: int) -> list[int]:
    """The ids of the newest postings (below `before`) that moved these accounts, newest first.

    Each account is asked for its own, so that each walks its index and the cost does not grow with what is there.
    """
    found: set[int] = set()
    for account_id in accounts:
        its = entries.filter(account=account_id)
        if before:
            its = its.filter(posting_id__lt=before)
        found |= set(its.order_by("-posting_id").values_list("posting_id", flat=True)[:most])
    return sorted(found, reverse=True)[:most]


def with_entries(postings: QuerySet[Posting]) -> QuerySet[Posting]:
    """The postings, each with its order and entries."""
    entries = Prefetch("entries", queryset=Entry.objects.select_related("account").order_by("id"))
    return postings.select_related("order").prefetch_related(entries)


def payouts_since(at: datetime, purses: Iterable[Purse]) -> list[Posting]:
    """What was paid out since then by these purses and not taken back, the newest first: bounded by the payouts since.

    Each has its entries.
    """
    names = [account.name for purse in purses for account in (purse.owed, purse.cash)]
    recent = Posting.objects.filter(kind=Posting.Kind.PAYOUT, created_at__gte=at, reversed_by=None)
    of_them = Entry.objects.filter(account__name__in=names, posting__in=recent.values("pk"))
    return list(with_entries(recent.filter(pk__in=of_them.values("posting"))).order_by("-created_at", "-pk"))


def posting_currency(posting: Posting) -> str:
    """A posting has one; none of those listed here is without entries."""
    return posting.entries.all()[0].account.currency


def moved_in(posting: Posting, purse: Purse) -> tuple[int, int]:
    """What a posting added to what is owed, and to the cash held."""
    moved = {entry.account.name: entry.amount for entry in posting.entries.all()}
    return moved.get(purse.owed.name, 0), moved.get(purse.cash.name, 0)


def tips_of(posting: Posting, driver_id: int) -> Tips:
    """What a posting meant to one driver."""
    tip, cash = moved_in(posting, Purse(currency=posting_currency(posting), driver_id=driver_id))
    return Tips(payout=tip + cash) if posting.kind in PAYOUTS else Tips(tip=tip, cash=cash)


class OrderSums(Protocol):
    """What of an order says how a posting of it was divided: an order, or these columns of its row."""

    @property
    def total(self) -> int: ...
    @property
    def driver_tip(self) -> int: ...
    @property
    def commission(self) -> int: ...
    @property
    def platform_share(self) -> int: ...
    @property
    def driver_id(self) -> int | None: ...
    @property
    def self_delivery(self) -> bool: ...


def amounts_of(posting: Posting, vendor_id: int) -> Amounts:
    """What a posting meant to one vendor; its order and entries are at hand."""
    share, cash = moved_in(posting, Purse(currency=posting_currency(posting), vendor_id=vendor_id))
    platform = sum(entry.amount for entry in posting.entries.all() if entry.account.kind == Account.Kind.PLATFORM)
    return divided_amounts(posting.kind, share, cash, platform, posting.order)


def divided_amounts(kind: str, share: int, cash: int, platform: int, order: OrderSums | None) -> Amounts:
    """What a posting meant that moved so much for the vendor, in its cash and for the platform."""
    if kind in PAYOUTS:
        return Amounts(payout=share + cash)
    sale = share + platform
    commission = commission_in(order, sale, platform) if order else 0
    is_refund = kind == Posting.Kind.REFUND
    return Amounts(
        gross=0 if is_refund else sale,
        commission=-commission,
        fees=commission - platform,
        refund=sale if is_refund else 0,
        cash=cash,
    )


def commission_in(order: OrderSums, sale: int, platform: int) -> int:
    """How much of what the platform got by a posting is its commission: in proportion to the sale, half up."""
    if order.platform_share == order.commission:
        return platform
    tip = order.driver_tip if order.driver_id is not None and not order.self_delivery else 0
    if order.total > tip:
        return half_up(order.commission * sale, order.total - tip)
    # An offer of the platform made it free: such an order is settled, or taken back, as a whole.
    return order.commission if platform == order.platform_share else -order.commission


def balance_before(purse: Purse, at: datetime) -> int:
    """What the platform owed (net of cash) when this moment came."""
    entries = Entry.objects.filter(account__name__in=[purse.owed.name, purse.cash.name], posting__created_at__lt=at)
    return int(entries.aggregate(held=Sum("amount"))["held"] or 0)


AMOUNTS = (*(one.name for one in fields(Amounts)), "net", "balance")
# What stands beside a settlement says what the order was: no parts of the balance.
OF_ORDER = ("order_tip", "order_tax")
COLUMNS = ("date", "order", "number", "kind", "text", *AMOUNTS, "currency", *OF_ORDER)
SETTLED = (Posting.Kind.SETTLEMENT, Posting.Kind.REVERSAL)


def statement_table(*, vendor: Vendor, purse: Purse, first: date, last: date) -> Spreadsheet:
    """A vendor's statement: opening balance, every posting, totals and closing balance.

    Days are the vendor's; amounts are in the purse's currency. The balance is what the platform owes the vendor. A
    settlement tells the tip and the tax of its order besides, one that is taken back tells them below zero.
    """
    rows = statement_rows(vendor, purse, first, last)
    numbers = frozenset((*AMOUNTS, *OF_ORDER, "order", "number"))
    return Spreadsheet(title="Statement", columns=COLUMNS, numbers=numbers, rows=rows)


def statement_rows(vendor: Vendor, purse: Purse, first: date, last: date) -> Iterator[list[Value]]:
    currency, zone, values_in = purse.currency, vendor.zone, attrgetter(*Amounts.__slots__, "net")
    balance = balance_before(purse, moment(first, time.min, zone))
    totals, labels = [0] * (len(Amounts.__slots__) + 1), dict(Posting.Kind.choices)

    def line(
        at: str, kind: str, amounts: list[str], named: list[Value], text: str, of_order: list[Value]
    ) -> list[Value]:
        return [at, *named, kind, text, *amounts, to_text(balance, currency), currency, *of_order]

    nothing: list[Value] = ["", ""]
    yield line(first.isoformat(), "opening balance", [""] * len(totals), nothing, "", nothing)
    for moved in map(LedgerRow._make, rows_of_postings(vendor, purse, first, last).iterator(chunk_size=CHUNK)):
        amounts = divided_amounts(moved.kind, moved.share, moved.cash, moved.platform, moved if moved.order else None)
        values = values_in(amounts)
        totals = list(map(add, totals, values))
        balance += values[-1]
        of_order = nothing
        if moved.order and moved.kind in SETTLED:
            sign = 1 if moved.kind == Posting.Kind.SETTLEMENT else -1
            tax = moved.tax_included + moved.tax_added
            of_order = [to_text(sign * minor, currency) for minor in (moved.driver_tip, tax)]
        at = moved.created_at.astimezone(zone).isoformat(" ", "seconds")[:19]
        named: list[Value] = [moved.order, moved.number] if moved.order else nothing
        yield line(at, labels[moved.kind], [to_text(value, currency) for value in values], named, moved.text, of_order)
    whole = [to_text(value, currency) for value in totals]
    yield line(last.isoformat(), "closing balance", whole, nothing, "", nothing)


class LedgerRow(NamedTuple):
    """One line of a statement as it is read: a posting, what it moved, and the columns of its order."""

    id: int
    created_at: datetime
    kind: str
    text: str
    order: int | None
    number: int
    total: int
    driver_tip: int
    commission: int
    platform_share: int
    driver_id: int | None
    self_delivery: bool
    tax_included: int
    tax_added: int
    share: int
    cash: int
    platform: int


MOVED = ("moved_share", "moved_cash", "moved_platform")
OF_POSTING = ("pk", "created_at", "kind", "text", "order_id")
COLUMNS_OF_ORDER = tuple(f"order__{name}" for name in LedgerRow._fields[5:14])


def rows_of_postings(vendor: Vendor, purse: Purse, first: date, last: date) -> "QuerySet[Posting, tuple[Any, ...]]":
    """The movements of a vendor's money in these days, oldest first, as tuples of LedgerRow: no row becomes an object.

    Accounts are asked for by their ids, so that none is joined to each entry.
    """
    platform = AccountKey(kind=Account.Kind.PLATFORM, currency=purse.currency).name
    read = Account.objects.filter(Q(vendor=vendor, currency=purse.currency) | Q(name=platform))
    own = dict(read.values_list("name", "pk"))
    platform_id = own.pop(platform, 0)
    moved = in_period(Entry.objects.filter(account__in=sorted(own.values())), first, last, vendor.zone)

    def held(**where: Any) -> Any:
        return Coalesce(Sum("entries__amount", filter=Q(**where)), 0)

    return (
        Posting.objects.filter(pk__in=moved.values("posting"))
        .annotate(
            moved_share=held(entries__account=own.get(purse.owed.name, 0)),
            moved_cash=held(entries__account=own.get(purse.cash.name, 0)),
            moved_platform=held(entries__account=platform_id),
        )
        .order_by("created_at", "pk")
        .values_list(*OF_POSTING, *COLUMNS_OF_ORDER, *MOVED)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementSums:
    """What a statement comes to, in minor units: balances are what the platform owes, net of the cash that is held."""

    opening: int
    by_kind: dict[str, int]

    @property
    def closing(self) -> int:
        return self.opening + sum(self.by_kind.values())


def sums_of_statement(*, vendor: Vendor, purse: Purse, first: date, last: date) -> StatementSums:
    """Opening and closing balance, and what each kind of movement added; a fixed number of statements."""
    entries = Entry.objects.filter(account__in=account_ids(vendor=vendor, currency=purse.currency))
    kinds = in_period(entries, first, last, vendor.zone).values("posting__kind").annotate(net=Sum("amount"))
    return StatementSums(
        opening=balance_before(purse, moment(first, time.min, vendor.zone)),
        by_kind={row["posting__kind"]: int(row["net"]) for row in kinds.order_by("posting__kind")},
    )


def statement_lines(*, vendor: Vendor, purse: Purse, first: date, last: date) -> Iterator[str]:
    """The statement as CSV, line by line."""
    return csv_lines(statement_table(vendor=vendor, purse=purse, first=first, last=last), mark="")


# Lines of a statement that a PDF may have: it is drawn whole before it is sent.
MOST_DRAWN = 1_000
DRAWN = (
    ("date", "Date", 4),
    ("kind", "What", 4),
    ("order", "Order", 2),
    ("gross", "Sale", 3),
    ("commission", "Commission", 3),
    ("fees", "Fees", 3),
    ("refund", "Refund", 3),
    ("payout", "Payout", 3),
    ("cash", "Cash", 3),
    ("net", "Net", 3),
    ("balance", "Balance", 3),
)


def statement_sheet(*, vendor: Vendor, purse: Purse, first: date, last: date) -> Sheet | None:
    """The statement to be drawn; None where it has more than MOST_DRAWN lines."""
    rows = statement_rows(vendor, purse, first, last)
    found = list(islice(rows, MOST_DRAWN + 3))  # opening and closing balance, and one that is too many
    if len(found) > MOST_DRAWN + 2:
        return None
    places = [COLUMNS.index(name) for name, _, _ in DRAWN]
    columns = [
        TableColumn(heading=heading, part=part, is_number=name not in ("date", "kind")) for name, heading, part in DRAWN
    ]
    told = [
        [str(row[at]).capitalize() if at == COLUMNS.index("kind") else str(row[at]) for at in places] for row in found
    ]
    facts = [
        ("From", first.isoformat()),
        ("To", last.isoformat()),
        ("Time zone", vendor.time_zone),
        ("Currency", purse.currency),
    ]
    blocks: list[Block] = [
        Texts(heading="Vendor", lines=[vendor.name, vendor.address, f"{vendor.postal_code} {vendor.city}".strip()]),
        Facts(rows=facts),
        Table(columns=columns, rows=told),
    ]
    return Sheet(title=f"Statement of {vendor.name}", blocks=blocks)


def statement_response(vendor: Vendor, currency: str, first: date, last: date) -> HttpResponseBase:
    """The statement as CSV, written while it is read."""
    table = statement_table(vendor=vendor, purse=Purse(currency=currency, vendor_id=vendor.pk), first=first, last=last)
    return csv_response(table, statement_name(vendor, currency, first, last), mark="")


def statement_name(vendor: Vendor, currency: str, first: date, last: date) -> str:
    return f"statement-{vendor.pk}-{first}-{last}-{currency}"


def count_lines(account: Account, first: date, last: date, most: int) -> int:
    """About how many lines the statement of a vendor's account has, up to so many; in one bounded statement."""
    vendor: Any = account.vendor
    entries = Entry.objects.filter(account__in=account_ids(vendor=vendor, currency=account.currency))
    return in_period(entries, first, last, vendor.zone)[:most].count()
