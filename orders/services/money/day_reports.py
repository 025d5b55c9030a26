"""The end of a vendor's business day: what came in, what was sold, and what lies in the drawer, closed once and kept.

A report has all that was booked since the one before, so that the reports of a vendor together are its part of the
ledger. A transaction that was under way while a day was closed commits later with an earlier moment: a report keeps
which of the newest postings it has, and the next one takes the others.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, Q, Sum
from django.utils import timezone

from orders.lifecycle.table import FAILURE, OPEN
from orders.models import Account, DayReport, Entry, IssuedDocument, Order, Posting
from orders.services.money.taxes import NOT_TAXED, TaxedSum, refund_by_rate, sums_by_rate, taxed_sums
from orders.services.record.events import draw_numbers
from ordersite.accounts.callers import Caller
from ordersite.accounts.rights import Right
from ordersite.core.codes import FaultCode
from ordersite.core.digests import digest_of
from ordersite.core.faults import Conflict, Forbidden, Invalid, NotFound
from ordersite.core.fields import Field
from ordersite.core.money import MAX_MINOR, divide, half_up
from vendors.hours import moment
from vendors.models import Vendor
from vendors.payment_methods import find_method
from vendors.permissions import serves, works_at

# No transaction is under way for longer.
UNDER_WAY = timedelta(minutes=10)
# What the division of an order's money posts; a refund's share of it goes back.
SALES = (Posting.Kind.SETTLEMENT, Posting.Kind.REVERSAL, Posting.Kind.ADJUSTMENT)
SOLD = (*SALES, Posting.Kind.REFUND)
# An order that was cancelled was placed no longer before.
LONGEST_LIFE = timedelta(days=90)
MOST_OPEN = 100
# Postings of which the orders are in memory at once: who closes no day for a year has a year's.
BATCH = 1000


@dataclass(slots=True)
class Moved:
    """What came in by one method, and what was given back, in minor units; of both what passed the vendor's hands."""

    received: int = 0
    refunded: int = 0
    in_hand: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DayFigures:
    """What a report says; amounts are minor units of one currency, those that went back are above zero."""

    methods: Mapping[str, Moved]
    sales: Mapping[int, TaxedSum]  # by rate of tax, tips and what bears none at 0
    refunds: Mapping[int, TaxedSum]
    tips: int
    orders: int
    cancelled: int
    cancelled_total: int
    tail: list[int] = field(default_factory=list)  # the newest postings that are in it, or in one before

    @property
    def expected(self) -> int:
        """The cash that came into the vendor's hands."""
        return sum(moved.in_hand for moved in self.methods.values())

    def as_content(self) -> dict[str, Any]:
        """As JSON: rates are rows, since JSON's keys are texts."""
        return {
            "methods": [{"method": method, **asdict(moved)} for method, moved in sorted(self.methods.items())],
            "sales": rate_rows(self.sales),
            "refunds": rate_rows(self.refunds),
            "tips": self.tips,
            "orders": self.orders,
            "cancelled": self.cancelled,
            "cancelled_total": self.cancelled_total,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDay:
    """A business day that was not closed yet, as it stands."""

    vendor: Vendor
    day: date
    since: datetime
    until: datetime
    figures: DayFigures
    still_open: list[Order]

    @property
    def shown(self) -> str:
        """Changes with every figure, and with nothing else: what somebody confirms is what it has seen."""
        return digest_of({"day": self.day.isoformat(), **self.figures.as_content()})


def rate_rows(sums: Mapping[int, TaxedSum]) -> list[dict[str, int]]:
    return [{"rate": rate, "gross": one.gross, "tax": one.tax} for rate, one in sorted(sums.items())]


def business_day(vendor: Vendor, at: datetime) -> date:
    """The day that a moment belongs to, by the vendor's clock and the hour at which its days begin."""
    return (at.astimezone(vendor.zone).replace(tzinfo=None) - timedelta(hours=vendor.day_begins_at)).date()


def start_of_day(vendor: Vendor, day: date) -> datetime:
    return moment(day, time(vendor.day_begins_at), vendor.zone)


def vendor_of_days(vendor_id: int, caller: Caller) -> Vendor:
    """The vendor; raises NotFound for who may not see its money. A device of its kitchen may not."""
    if caller.device_id is not None or not serves(caller, Right.VIEW_ACCOUNTS, vendor_id):
        raise NotFound()
    vendor = Vendor.objects.filter(pk=vendor_id).first()
    if vendor is None:
        raise NotFound()
    return vendor


def may_close(caller: Caller, vendor: Vendor) -> bool:
    """Whether somebody counts the vendor's drawer: its people, and staff that may take cash in."""
    return works_at(caller, vendor.pk) or caller.may_everywhere(Right.PAY_OUT)


def read_open_day(vendor: Vendor, now: datetime) -> OpenDay | None:
    """The business day of this moment as it stands; None where it was closed."""
    last = DayReport.objects.filter(vendor=vendor).order_by("-number").first()
    day = business_day(vendor, now)
    if last is not None and last.day >= day:
        return None
    since = last.until if last else start_of_day(vendor, day)
    figures = figures_of(vendor, since, now, last)
    unfinished = Order.objects.filter(vendor=vendor, status__in=sorted(OPEN), deleted_at__isnull=True)
    still_open = list(unfinished.filter(number_day__lte=day).order_by("placed_at", "id")[:MOST_OPEN])
    return OpenDay(vendor=vendor, day=day, since=since, until=now, figures=figures, still_open=still_open)


def close_day(*, vendor_id: int, caller: Caller, counted: int, shown: str) -> DayReport:
    """Closes the business day with the cash that was counted (minor units). Must run in a transaction.

    `shown` is what somebody has seen of it. Raises NotFound, Forbidden, Invalid for an amount that is none, and for one
    below zero unless less cash came in than was given back, Conflict day_closed where it was closed already, and
    day_changed where it is another by now.
    """
    vendor = vendor_of_days(vendor_id, caller)
    if not may_close(caller, vendor):
        raise Forbidden(FaultCode.FORBIDDEN_DAY)
    if abs(counted) > MAX_MINOR:
        raise Invalid(FaultCode.OUT_OF_RANGE_COUNTED, Field.AMOUNT)
    # Drawn first: of two who close at once one waits here, and then finds the day closed.
    counter = f"day_report:{vendor.pk}"
    number = draw_numbers([counter])[counter][0]
    open_day = read_open_day(vendor, timezone.now())
    if open_day is None:
        raise Conflict(FaultCode.DAY_CLOSED)
    if open_day.shown != shown:
        raise Conflict(FaultCode.DAY_CHANGED)
    if counted < 0 <= open_day.figures.expected:
        raise Invalid(FaultCode.OUT_OF_RANGE_COUNTED, Field.AMOUNT)
    content = open_day.figures.as_content()
    content["tail"] = open_day.figures.tail
    content["still_open"] = [[order.pk, order.called] for order in open_day.still_open]
    content["vendor"], content["time_zone"] = vendor.name, vendor.time_zone
    report = DayReport(
        vendor=vendor,
        number=number,
        day=open_day.day,
        since=open_day.since,
        until=open_day.until,
        actor=caller.key,
        currency=vendor.currency,
        expected=open_day.figures.expected,
        counted=counted,
        content=content,
    )
    report.save(force_insert=True)
    return report


# --- what was booked ------------------------------------------------------------------------------------------------


def booked(vendor: Vendor, since: datetime, until: datetime, last: DayReport | None) -> tuple[list[int], list[int]]:
    """The postings of the vendor's orders in its currency since a report, those included that it has missed.

    Besides the newest that are in this report or in one before: the next one, which may be closed at once, leaves all
    of them out. Both come of one statement, so that none that commits meanwhile is in one of them alone.
    """
    rows = Posting.objects.filter(
        Q(share__isnull=False) | Q(kind__in=SOLD),
        created_at__gte=since - UNDER_WAY,
        created_at__lt=until,
        order__vendor=vendor,
        order__currency=vendor.currency,
    )
    found = list(rows.order_by("pk").values_list("pk", "created_at"))
    told = set(last.content["tail"]) if last else {pk for pk, at in found if at < since}
    newest = [pk for pk, at in found if at >= until - UNDER_WAY]
    return [pk for pk, _ in found if pk not in told], newest


def figures_of(vendor: Vendor, since: datetime, until: datetime, last: DayReport | None) -> DayFigures:
    """What was booked for the vendor's orders in this time; a fixed number of statements for each batch of postings."""
    ids, newest = booked(vendor, since, until, last)
    sales, refunds, tips, orders = sold_by(ids)
    cancelled = Order.objects.filter(
        vendor=vendor,
        status__in=sorted(FAILURE),
        deleted_at__isnull=True,
        placed_at__gte=since - LONGEST_LIFE,
        closed_at__gte=since,
        closed_at__lt=until,
    ).aggregate(count=Count("pk"), total=Sum("total"))
    return DayFigures(
        methods=moved_by_method(ids, vendor.pk),
        sales=sales,
        refunds=refunds,
        tips=tips,
        orders=orders,
        cancelled=cancelled["count"],
        cancelled_total=int(cancelled["total"] or 0),
        tail=newest,
    )


def batches(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    return (ids[first : first + BATCH] for first in range(0, len(ids), BATCH))


def moves_by_method(ids: Sequence[int]) -> Iterator[Any]:
    """How much these postings moved, by method, kind and account."""
    kinds = (Account.Kind.CLEARING, Account.Kind.CASH)
    for some in batches(ids):
        entries = Entry.objects.filter(posting__in=some, posting__share__isnull=False, account__kind__in=kinds)
        grouped = entries.order_by().values(
            "posting__share__payment__provider", "posting__kind", "account__kind", "account__vendor"
        )
        yield from grouped.annotate(moved=Sum("amount"))


def moved_by_method(ids: Sequence[int], vendor_id: int) -> dict[str, Moved]:
    """What these postings brought in and gave back, by how it was paid."""
    methods: dict[str, Moved] = {}
    for row in moves_by_method(ids):
        method = row["posting__share__payment__provider"]
        moved = methods.setdefault(method, Moved())
        if row["account__kind"] == Account.Kind.CLEARING:
            goes_back = row["posting__kind"] in (Posting.Kind.REFUND, Posting.Kind.RETAKE)
            moved.received += 0 if goes_back else row["moved"]
            moved.refunded -= row["moved"] if goes_back else 0
        elif row["account__vendor"] == vendor_id and find_method(method).is_on_handover:
            moved.in_hand -= row["moved"]
    return methods


def moves_of_orders(ids: Sequence[int]) -> Iterator[tuple[Order, str, int, int]]:
    """What of orders' money found its owners by these postings: each with its order, kind and what clearing gained.

    Of a refund besides how much of the order was given back before it.
    """
    for some in batches(ids):
        moves = Entry.objects.filter(
            posting__in=some, posting__share__isnull=True, posting__kind__in=SOLD, account__kind=Account.Kind.CLEARING
        )
        rows = list(moves.order_by("posting").values_list("posting", "posting__order", "posting__kind", "amount"))
        orders = Order.objects.select_related("terms").prefetch_related("lines", "documents")
        found = orders.in_bulk({order_id for _, order_id, _, _ in rows})
        before = refunded_before({order_id for _, order_id, kind, _ in rows if kind == Posting.Kind.REFUND})
        yield from ((found[order_id], kind, amount, before.get(pk, 0)) for pk, order_id, kind, amount in rows)


def refunded_before(order_ids: Iterable[int]) -> dict[int, int]:
    """By the posting of each refund that took from the owners of these orders' money: what the earlier ones took."""
    entries = Entry.objects.filter(
        posting__order__in=order_ids,
        posting__share__isnull=True,
        posting__kind=Posting.Kind.REFUND,
        account__kind=Account.Kind.CLEARING,
    )
    before, sums = {}, Counter[int]()
    for pk, order_id, amount in entries.order_by("posting").values_list("posting", "posting__order", "amount"):
        before[pk] = sums[order_id]
        sums[order_id] += amount
    return before


def sold_by(ids: Sequence[int]) -> tuple[dict[int, TaxedSum], dict[int, TaxedSum], int, int]:
    """Sales and what of them was given back, by rate of tax; the tips among the sales, and how many orders.

    What of an order's money found its owners by a posting is divided as its total is; what of it was given back as its
    credit notes say.
    """
    sales: dict[int, TaxedSum] = {}
    refunds: dict[int, TaxedSum] = {}
    tips, sold = 0, Counter[int]()  # of orders that did not fail, by id
    for order, kind, amount, before in moves_of_orders(ids):
        is_refund = kind == Posting.Kind.REFUND
        into, moved = (refunds, amount) if is_refund else (sales, -amount)
        parts = refunded(order, before, amount) if is_refund else divided(order, moved)
        for rate, one in parts.items():
            into[rate] = into.get(rate, TaxedSum()) + one
        if not is_refund:
            tips += half_up(order.driver_tip * moved, order.total) if order.total else 0
            sold[order.pk] += moved if order.status not in FAILURE else 0
    return shown_rates(sales), shown_rates(refunds), tips, sum(moved > 0 for moved in sold.values())


def shown_rates(sums: Mapping[int, TaxedSum]) -> dict[int, TaxedSum]:
    return {rate: one for rate, one in sorted(sums.items()) if one.gross or one.tax}


def refunded(order: Order, before: int, amount: int) -> dict[int, TaxedSum]:
    """A refund by rate; of an order that became cheaper since more was given back than it has: divided as a sale is."""
    sums = sums_by_rate(order)
    if amount < 0 or before + amount > sum(one.gross for one in sums.values()):
        return divided(order, amount)
    notes = [taxed_sums(note) for note in order.documents.all() if note.kind == IssuedDocument.Kind.CREDIT_NOTE]
    return refund_by_rate(sums, notes, before=before, amount=amount)


def divided(order: Order, moved: int) -> dict[int, TaxedSum]:
    """So much of an order (below zero: taken back) by rate, in the parts that its total has."""
    whole = sums_by_rate(order)
    sign, amount = (-1 if moved < 0 else 1), abs(moved)
    if not whole or not sum(one.gross for one in whole.values()):
        return {NOT_TAXED: TaxedSum(gross=moved)}
    parts = divide(amount, [one.gross for one in whole.values()])
    return {
        rate: TaxedSum(gross=sign * part, tax=sign * (half_up(one.tax * part, one.gross) if one.gross else 0))
        for (rate, one), part in zip(whole.items(), parts, strict=True)
    }
