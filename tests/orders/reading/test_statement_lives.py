"""Random histories of a vendor's money: each statement is the ledger's movement of its days, and no posting is lost.

What is expected is computed by plain arithmetic over the entries, beside the statement's own reading.
"""

import csv
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orders.models import Entry, Order, Posting
from orders.reading.statements import statement_lines
from orders.services.money import ledger
from orders.services.money.payouts import REVERSALS, Purse, balances_of, hand_in, pay_out, reverse_movement
from orders.services.money.repayments import repay
from orders.services.moving.closing import settle_success
from ordersite.accounts.callers import SYSTEM
from ordersite.core.faults import Conflict
from ordersite.core.money import exponent
from tests.cast import Cast
from tests.orders.money import driven, settled
from tests.promises.lives import undone
from vendors.hours import moment
from vendors.models import Vendor

pytestmark = pytest.mark.django_db
FIRST, DAYS = date(2026, 10, 22), 7  # the clocks go back within
# The first and the last moment of a day by the vendor's clock, and some between.
CLOCK = (time.min, time(2, 30), time(12), time(23, 59, 59, 999999))
ACTS = ("sell", "drive", "give back", "take back", "settle again", "pay out", "hand in", "reverse")
HISTORY = st.lists(
    st.tuples(st.sampled_from(ACTS), st.integers(0, DAYS - 1), st.sampled_from(CLOCK), st.integers(1, 2000)),
    min_size=1,
    max_size=12,
)
CUTS = st.sets(st.integers(1, DAYS - 1), max_size=3)


def act(cast: Cast, vendor: Vendor, purse: Purse, what: str, amount: int) -> None:
    """One movement, if there is something that can move so."""
    order = Order.objects.filter(vendor=vendor).order_by("-pk").first()
    match what:
        case "sell":
            settled(cast, "cash", vendor=vendor)
        case "drive":
            driven(cast, "cash")
        case "give back" if order:
            order = Order.objects.select_related("vendor", "terms").get(pk=order.pk)
            repay(order, amount, actor="test", reason="Cold", now=datetime.now(tz=UTC))
        case "take back" if order:
            ledger.rebalance(order, Posting.Kind.REVERSAL, None, actor="test")
        case "settle again" if order:
            settle_success(order, "system", datetime.now(tz=UTC))
        case "pay out":
            pay_out(purse=purse, amount=min(amount, max(balances_of([purse])[purse].net, 1)), caller=SYSTEM, text="=1")
        case "hand in":
            hand_in(purse=purse, amount=amount, caller=SYSTEM, is_all=amount % 2 == 0)
        case "reverse":
            paid = Posting.objects.filter(kind__in=REVERSALS, reversed_by=None).order_by("-pk").first()
            if paid:
                reverse_movement(posting_id=paid.pk, caller=SYSTEM, reason="Mistake")


def live(cast: Cast, vendor: Vendor, purse: Purse, history: list[tuple[str, int, time, int]]) -> None:
    """Makes a history; what is refused moves nothing."""
    for what, day, clock, amount in history:
        known = set(Posting.objects.values_list("pk", flat=True))
        try:
            with transaction.atomic():
                act(cast, vendor, purse, what, amount)
        except Conflict:
            continue
        at = moment(FIRST + timedelta(days=day), clock, vendor.zone)
        Posting.objects.exclude(pk__in=known).update(created_at=at)


def read(vendor: Vendor, purse: Purse, first: int, after: int) -> tuple[int, list[dict[str, str]], int]:
    """Opening balance, lines and closing balance of the days from one to before another."""
    days = {"first": FIRST + timedelta(days=first), "last": FIRST + timedelta(days=after - 1)}
    opening, *lines, closing = csv.DictReader(statement_lines(vendor=vendor, purse=purse, **days))
    assert (opening["kind"], closing["kind"]) == ("opening balance", "closing balance")
    return minor(opening["balance"], purse), lines, minor(closing["balance"], purse)


def minor(text: str, purse: Purse) -> int:
    digits = exponent(purse.currency)
    assert len(text.partition(".")[2]) == digits, text
    return int(Decimal(text).scaleb(digits))


def moved_on(vendor: Vendor, purse: Purse) -> list[tuple[int, int]]:
    """By the ledger alone: of each entry of the purse's accounts on which day it was, and how much."""
    entries = Entry.objects.filter(account__name__in=[purse.owed.name, purse.cash.name])
    rows: Any = entries.values_list("posting__created_at", "amount")
    return [((at.astimezone(vendor.zone).date() - FIRST).days, amount) for at, amount in rows]


@pytest.mark.parametrize("currency", ["EUR", "JPY", "BHD"])
@settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=HISTORY, cuts=CUTS)
def test_statements_are_the_ledger(
    cast: Cast, currency: str, history: list[tuple[str, int, time, int]], cuts: set[int]
) -> None:
    with undone():
        Vendor.objects.filter(pk=cast.vendor.pk).update(currency=currency)
        vendor = Vendor.objects.get(pk=cast.vendor.pk)
        cast.vendor = vendor
        purse = Purse(currency=currency, vendor_id=vendor.pk)
        live(cast, vendor, purse, history)
        moved = moved_on(vendor, purse)
        edges = [0, *sorted(cuts), DAYS]
        balance, kept = 0, []
        for first, after in zip(edges, edges[1:], strict=False):
            opening, lines, closing = read(vendor, purse, first, after)
            nets = [minor(line["net"], purse) for line in lines]
            assert opening == balance
            assert closing - opening == sum(nets)
            assert sum(nets) == sum(amount for day, amount in moved if first <= day < after)
            parts = ("gross", "commission", "fees", "refund", "payout", "cash")
            assert nets == [sum(minor(line[part], purse) for part in parts) for line in lines]
            balance, kept = closing, [*kept, *lines]
        assert balance == balances_of([purse])[purse].net
        # Each posting that moved one of its accounts stands in one line of one statement, as in that of all the days.
        touched = Posting.objects.filter(entries__account__name__in=[purse.owed.name, purse.cash.name]).distinct()
        assert len(kept) == touched.count()
        assert read(vendor, purse, 0, DAYS) == (0, kept, balance)
