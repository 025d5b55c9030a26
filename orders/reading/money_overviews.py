"""What the platform's people look at of its money: what is still to be paid, what it earned, and what was booked."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Case, CharField, Count, F, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Coalesce

from orders.lifecycle.table import OPEN, SUCCESS
from orders.models import UNPAID_SUCCESS, Account, Entry, Order, PaymentShare, Posting
from orders.reading.statements import in_period
from orders.services.money.day_reports import SOLD
from ordersite.core.money import half_up
from vendors.models import Vendor

# How long something has been asked for, by the name of each span; the last one has no end.
AGES: tuple[tuple[str, timedelta], ...] = (
    ("under an hour", timedelta(hours=1)),
    ("under a day", timedelta(days=1)),
    ("under a week", timedelta(days=7)),
    ("a week or more", timedelta.max),
)


# --- open payments ------------------------------------------------------------------------------------------------


def open_shares(vendor_id: int | None = None, method: str = "") -> QuerySet[PaymentShare]:
    """What is asked of orders and has not come in; found by the orders, which are few of many.

    Of those that are completed too: a rise holds nothing up, and what a provider held may lapse after that. Of orders
    that were closed without success nothing is asked.
    """
    orders = Order.objects.filter(deleted_at__isnull=True)
    if vendor_id is not None:
        orders = orders.filter(vendor=vendor_id)
    completed = orders.filter(status__in=sorted(SUCCESS))
    rises = PaymentShare.objects.filter(is_extra=True, received__lt=F("amount"))
    # Each by an index of its own: conditions joined by OR would read every share.
    owing = (
        orders.filter(status__in=sorted(OPEN))
        .values("pk")
        .union(orders.filter(UNPAID_SUCCESS).values("pk"), completed.filter(pk__in=rises.values("order")).values("pk"))
    )
    shares = PaymentShare.objects.filter(order__in=owing, received__lt=F("amount"))
    return shares.filter(payment__provider=method) if method else shares


def asked_before(age: str, now: datetime) -> Q:
    """Which payments are of this age; none where there is no such age."""
    younger = now + timedelta(days=1)
    for name, span in AGES:
        oldest = now - span if span is not timedelta.max else None
        if name == age:
            found = Q(payment__created_at__lte=younger)
            return found & Q(payment__created_at__gt=oldest) if oldest else found
        younger = oldest or younger
    return Q(pk__in=[])


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSum:
    """What is open of one age, method and currency."""

    age: str
    method: str
    currency: str
    count: int
    owed: int


def sums_of_open(shares: QuerySet[PaymentShare], now: datetime) -> list[OpenSum]:
    """By age, the youngest first, method and currency; in one statement."""
    whens = [
        When(payment__created_at__gt=now - span, then=Value(name)) for name, span in AGES if span is not timedelta.max
    ]
    age = Case(*whens, default=Value(AGES[-1][0]), output_field=CharField())
    rows = shares.annotate(age=age).values("age", "payment__provider", "payment__currency").order_by()
    found = [
        OpenSum(
            age=row["age"],
            method=row["payment__provider"],
            currency=row["payment__currency"],
            count=row["count"],
            owed=int(row["left"]),
        )
        for row in rows.annotate(count=Count("pk"), left=Sum(F("amount") - F("received")))
    ]
    place = [name for name, _ in AGES]
    return sorted(found, key=lambda one: (place.index(one.age), one.method, one.currency))


# --- commission ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Earned:
    """What the platform has of a vendor's sales in some days, as booked: what was sold, less what was given back."""

    vendor: Vendor
    currency: str
    orders: int
    sales: int
    platform: int

    @property
    def rate(self) -> int | None:
        """What of the sales that is, in hundredths of a percent; None where nothing was left of them."""
        return half_up(self.platform * 10_000, self.sales) if self.sales > 0 else None


def earned_of_vendors(first: date, last: date, zone: ZoneInfo) -> list[Earned]:
    """By vendor and currency; a vendor with nothing booked is left out. Two statements."""
    kinds = (Account.Kind.PLATFORM, Account.Kind.VENDOR)
    moved = Entry.objects.filter(account__kind__in=kinds, posting__kind__in=SOLD, posting__share__isnull=True)
    rows = (
        in_period(moved, first, last, zone)
        .values("posting__order__vendor", "account__currency")
        .annotate(
            orders=Count("posting__order", distinct=True),
            sales=Sum("amount"),
            platform=Coalesce(Sum("amount", filter=Q(account__kind=Account.Kind.PLATFORM)), 0),
        )
        .order_by()
    )
    found = list(rows)
    vendors = Vendor.objects.in_bulk({row["posting__order__vendor"] for row in found})
    earned = [
        Earned(
            vendor=vendors[row["posting__order__vendor"]],
            currency=row["account__currency"],
            orders=row["orders"],
            sales=int(row["sales"]),
            platform=int(row["platform"]),
        )
        for row in found
    ]
    return sorted(earned, key=lambda one: (one.vendor.name, one.vendor.pk, one.currency))


def totals_of(earned: list[Earned]) -> list[tuple[str, int, int]]:
    """By currency: all sales, and what the platform has of them."""
    sums: dict[str, tuple[int, int]] = {}
    for one in earned:
        sales, platform = sums.get(one.currency, (0, 0))
        sums[one.currency] = sales + one.sales, platform + one.platform
    return [(currency, *both) for currency, both in sorted(sums.items())]


# --- the ledger ---------------------------------------------------------------------------------------------------


def booked_entries(
    first: date, last: date, zone: ZoneInfo, *, account_id: int | None = None, kind: str = ""
) -> QuerySet[Entry]:
    """What was booked in these days, of all accounts or of one, by all kinds of movement or by one."""
    entries = in_period(Entry.objects.all(), first, last, zone)
    if account_id is not None:
        entries = entries.filter(account=account_id)
    return entries.filter(posting__kind=kind) if kind else entries


def sums_of_booked(entries: QuerySet[Entry]) -> list[tuple[str, str, int]]:
    """By kind of account and currency: what they gained together; in one statement."""
    rows = entries.values("account__kind", "account__currency").annotate(gained=Sum("amount")).order_by()
    names = list(Account.Kind)
    found = [(row["account__kind"], row["account__currency"], int(row["gained"])) for row in rows]
    return sorted(found, key=lambda one: (one[1], names.index(Account.Kind(one[0]))))


def newest_booked(entries: QuerySet[Entry], *, before: tuple[datetime, int] | None, most: int) -> list[Entry]:
    """The newest of them, below (moment, id) of the last one that was shown, with accounts, postings and orders."""
    if before is not None:
        at, pk = before
        entries = entries.filter(Q(posting__created_at__lt=at) | Q(posting__created_at=at, pk__lt=pk))
    owners: Any = ("account__customer__user", "account__vendor", "account__driver", "posting")
    return list(entries.select_related(*owners).order_by("-posting__created_at", "-pk")[:most])


def kinds_of_posting() -> list[tuple[str, str]]:
    return [(str(value), str(label)) for value, label in Posting.Kind.choices]
