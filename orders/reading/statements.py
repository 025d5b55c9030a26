"""What the ledger means to a vendor or a driver: rows of its account, and a vendor's statement as CSV. Reads only."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Prefetch, QuerySet, Sum
from django.http import StreamingHttpResponse

from orders.models import Account, Entry, Order, Posting
from orders.services.money.payouts import Purse
from ordersite.core.money import half_up, to_text
from vendors.hours import moment
from vendors.models import Vendor

# How many postings are in memory at once while a statement is written.
CHUNK = 1000
LONGEST_DAYS = 366
PAYOUTS = (Posting.Kind.PAYOUT, Posting.Kind.PAYOUT_REVERSAL)
# No ledger has a day beyond these, and in no time zone do they lead out of the calendar.
FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(9000, 12, 31)
# What spreadsheets read as the beginning of a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


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


def amounts_of(posting: Posting, vendor_id: int) -> Amounts:
    """What a posting meant to one vendor."""
    share, cash = moved_in(posting, Purse(currency=posting_currency(posting), vendor_id=vendor_id))
    if posting.kind in PAYOUTS:
        return Amounts(payout=share + cash)
    platform = sum(entry.amount for entry in posting.entries.all() if entry.account.kind == Account.Kind.PLATFORM)
    sale = share + platform
    commission = commission_in(posting.order, sale, platform) if posting.order else 0
    is_refund = posting.kind == Posting.Kind.REFUND
    return Amounts(
        gross=0 if is_refund else sale,
        commission=-commission,
        fees=commission - platform,
        refund=sale if is_refund else 0,
        cash=cash,
    )


def commission_in(order: Order, sale: int, platform: int) -> int:
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


COLUMNS = ["date", "order", "number", "kind", "text", *(one.name for one in fields(Amounts)), "net", "balance"]


class Echo:
    """A file that gives back what is written: the csv module then yields line by line."""

    def write(self, line: str) -> str:
        return line


def statement_lines(*, vendor: Vendor, purse: Purse, first: date, last: date) -> Iterator[str]:
    """A vendor's statement as CSV, line by line: opening balance, every posting, totals and closing balance.

    Days are the vendor's; amounts are in the purse's currency. The balance is what the platform owes the vendor.
    """
    write = csv.writer(Echo()).writerow
    yield write([*COLUMNS, "currency"])
    balance = balance_before(purse, moment(first, time.min, vendor.zone))
    total = Amounts()

    def line(at: str, order: Order | None, kind: str, text: str, amounts: Amounts | None) -> str:
        texts = [to_text(getattr(amounts, name), purse.currency) if amounts else "" for name in COLUMNS[5:-1]]
        names = [order.pk, order.number] if order else ["", ""]
        return str(
            write([at, *names, kind, unformulate(text), *texts, to_text(balance, purse.currency), purse.currency])
        )

    yield line(first.isoformat(), None, "opening balance", "", None)
    accounts = account_ids(vendor=vendor, currency=purse.currency)
    moved = in_period(Entry.objects.filter(account__in=accounts), first, last, vendor.zone)
    rows = with_entries(Posting.objects.filter(pk__in=moved.values("posting"))).order_by("created_at", "pk")
    for posting in rows.iterator(chunk_size=CHUNK):
        amounts = amounts_of(posting, vendor.pk)
        total, balance = total + amounts, balance + amounts.net
        at = posting.created_at.astimezone(vendor.zone).strftime("%Y-%m-%d %H:%M:%S")
        yield line(at, posting.order, posting.get_kind_display(), posting.text, amounts)
    yield line(last.isoformat(), None, "closing balance", "", total)


def statement_response(vendor: Vendor, currency: str, first: date, last: date) -> StreamingHttpResponse:
    """The statement as a file, written while it is read."""
    purse = Purse(currency=currency, vendor_id=vendor.pk)
    lines = statement_lines(vendor=vendor, purse=purse, first=first, last=last)
    name = f"statement-{vendor.pk}-{first}-{last}-{currency}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)


def unformulate(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(FORMULA) else text
