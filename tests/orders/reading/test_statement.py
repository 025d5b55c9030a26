"""A vendor's statement as CSV: exact lines, days of its own clock, and sums that are the ledger's."""

import csv
import io
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import Sum
from django.test.utils import CaptureQueriesContext

from orders.models import Entry, Order, Posting
from orders.reading import statements
from orders.services.money.payouts import Purse, pay_out
from orders.services.money.repayments import repay
from ordersite.accounts.callers import SYSTEM
from ordersite.core import spreadsheets
from tests.cast import Cast
from tests.orders.money import Api, driven, settled
from tests.orders.shopping import eur, fill_wallet, refused
from vendors.models import Vendor

HEADER = "date,order,number,kind,text,gross,commission,fees,refund,payout,cash,net,balance,currency,order_tip,order_tax"


def url_of(cast: Cast, first: str, last: str, **more: str) -> str:
    query = "".join(f"&{name}={value}" for name, value in more.items())
    return f"/api/v1/vendors/{cast.vendor.pk}/statement?from={first}&to={last}{query}"


def read(api: Any, url: str) -> list[str]:
    response = api.get(url)
    assert response.status_code == 200, response.json()
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    lines: list[str] = response.getvalue().decode().splitlines()
    return lines


def dated(posting: Posting, at: str) -> None:
    Posting.objects.filter(pk=posting.pk).update(created_at=datetime.fromisoformat(at).replace(tzinfo=UTC))


@pytest.fixture
def november(cast: Cast) -> list[Order]:
    """Sold in October and November, one of it partly given back, paid out, and one more in December by Brussels."""
    fill_wallet(cast.customer_row, 6000)
    moments = ["2026-10-31T22:59:59", "2026-10-31T23:00:00", "2026-11-15T12:00:00", "2026-11-30T23:00:00"]
    orders = [settled(cast), driven(cast), settled(cast, "cash"), settled(cast)]
    for order, at in zip(orders, moments, strict=True):
        for posting in order.postings.filter(kind__in=("cash", "settlement")):
            dated(posting, at)
    now = datetime.now(tz=UTC)
    with transaction.atomic():
        repay(orders[1], 600, actor="test", reason="Cold", now=now)
    for posting in orders[1].postings.filter(kind="refund"):
        dated(posting, "2026-11-20T08:30:00")
    paid = pay_out(purse=Purse(currency="EUR", vendor_id=cast.vendor.pk), amount=500, caller=SYSTEM, text="=1+1")
    dated(paid, "2026-11-30T22:59:59")
    return orders


def test_every_line_of_a_statement(cast: Cast, api: Api, november: list[Order]) -> None:
    lines = read(api(cast.owner), url_of(cast, "2026-11-01", "2026-11-30"))
    _, driven_one, cash, _ = november
    assert lines == [
        HEADER,
        "2026-11-01,,,opening balance,,,,,,,,,13.30,EUR,,",
        f"2026-11-01 00:00:00,{driven_one.pk},{driven_one.number},settlement,,"
        "12.00,-1.20,-0.50,0.00,0.00,0.00,10.30,23.60,EUR,3.00,0.00",
        f"2026-11-15 13:00:00,{cash.pk},{cash.number},cash handed over with the order,,"
        "0.00,0.00,0.00,0.00,0.00,-15.00,-15.00,8.60,EUR,,",
        f"2026-11-15 13:00:00,{cash.pk},{cash.number},settlement,,"
        "15.00,-1.20,-0.50,0.00,0.00,0.00,13.30,21.90,EUR,0.00,0.00",
        f"2026-11-20 09:30:00,{driven_one.pk},{driven_one.number},refund,,"
        "0.00,0.60,0.25,-6.00,0.00,0.00,-5.15,16.75,EUR,,",
        "2026-11-30 23:59:59,,,paid out,'=1+1,0.00,0.00,0.00,0.00,-5.00,0.00,-5.00,11.75,EUR,,",
        "2026-11-30,,,closing balance,,27.00,-1.80,-0.75,-6.00,-5.00,-15.00,-1.55,11.75,EUR,,",
    ]


def test_its_totals_are_the_ledger_s(cast: Cast, api: Api, november: list[Order]) -> None:
    """All periods together end where the entries do, and each one's net is what its rows sum to."""
    end = Entry.objects.filter(account__vendor=cast.vendor).aggregate(held=Sum("amount"))["held"]
    balance = "0.00"
    for first, last in (("2026-01-01", "2026-10-31"), ("2026-11-01", "2026-11-30"), ("2026-12-01", "2027-11-30")):
        rows = list(csv.DictReader(io.StringIO("\n".join(read(api(cast.owner), url_of(cast, first, last))))))
        assert rows[0]["balance"] == balance
        balance = rows[-1]["balance"]
        for column in ("gross", "commission", "fees", "refund", "payout", "cash", "net"):
            cents = sum(round(float(row[column]) * 100) for row in rows[1:-1])
            assert cents == round(float(rows[-1][column]) * 100), column
    assert balance == f"{end / 100:.2f}" == "25.05"
    answer = api(cast.owner).get(f"/api/v1/vendors/{cast.vendor.pk}/balance").json()
    assert answer["balances"][0]["net"] == eur("25.05")


def test_a_period_without_movement_and_another_currency(cast: Cast, api: Api, november: list[Order]) -> None:
    client = api(cast.staff)
    assert read(client, url_of(cast, "2026-12-02", "2026-12-02")) == [
        HEADER,
        "2026-12-02,,,opening balance,,,,,,,,,25.05,EUR,,",
        "2026-12-02,,,closing balance,,0.00,0.00,0.00,0.00,0.00,0.00,0.00,25.05,EUR,,",
    ]
    response = client.get(url_of(cast, "2026-11-01", "2026-11-30", currency="JPY"))
    assert response["Content-Disposition"].endswith(f'"statement-{cast.vendor.pk}-2026-11-01-2026-11-30-JPY.csv"')
    assert response.getvalue().decode().splitlines()[-1] == "2026-11-30,,,closing balance,,0,0,0,0,0,0,0,0,JPY,,"


def test_a_long_statement_is_read_in_pieces(
    cast: Cast, api: Api, november: list[Order], monkeypatch: pytest.MonkeyPatch
) -> None:
    """So many postings at a time, by one statement; the answer is the same."""
    client, url = api(cast.owner), url_of(cast, "2026-01-01", "2026-12-31")
    whole = read(client, url)
    monkeypatch.setattr(statements, "CHUNK", 2)
    with CaptureQueriesContext(connection) as queries:
        assert read(client, url) == whole
    # Who asks, the vendor, the membership; its accounts, the opening balance, the postings.
    assert len([one for one in queries if "SELECT" in one["sql"]]) == 6


@pytest.mark.parametrize(
    ("query", "pointer", "code"),
    [
        ("", "?from", "required"),
        ("from=2026-11-01", "?to", "required"),
        ("from=2026-11-01&to=x", "?to", "invalid"),
        ("from=2026-11-02&to=2026-11-01", "?to", "invalid"),
        ("from=2025-11-01&to=2026-11-02", "?to", "too_long"),
        ("from=2026-11-01&to=2026-11-30&currency=EURO", "?currency", "currency"),
        ("from=0001-01-01&to=0001-01-01", "?from", "out_of_range"),
        ("from=0001-01-02&to=0001-12-31", "?from", "out_of_range"),
        ("from=1969-12-31&to=1970-01-01", "?from", "out_of_range"),
        ("from=9000-12-31&to=9001-01-01", "?to", "out_of_range"),
        ("from=9999-12-31&to=9999-12-31", "?from", "out_of_range"),
        ("from=10000-01-01&to=10000-01-01", "?from", "invalid"),
    ],
)
def test_periods_that_are_refused(cast: Cast, api: Api, query: str, pointer: str, code: str) -> None:
    refused(api(cast.owner).get(f"/api/v1/vendors/{cast.vendor.pk}/statement?{query}"), 400, pointer, code)


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Etc/GMT+12", "Asia/Kathmandu"])
@pytest.mark.parametrize("day", ["1970-01-01", "9000-12-31"])
def test_the_first_and_the_last_day_are_written_to_the_end(cast: Cast, api: Api, zone: str, day: str) -> None:
    Vendor.objects.filter(pk=cast.vendor.pk).update(time_zone=zone)
    assert read(api(cast.owner), url_of(cast, day, day))[-1].startswith(f"{day},,,closing balance,")


# Also where a program splits lines at another delimiter than ours.
@pytest.mark.parametrize(
    ("text", "written"),
    [
        *((text, f"'{text}") for text in ("=cmd()", "+1", "-1", "@x", " =1", '"=1', "\uff1d1", "\tx", "\rx")),
        ("\t=1", "'\t'=1"),
        ("\n=1", "'\n'=1"),
        ("a;=1", "a;'=1"),
        ('a; "=1"', 'a;\' "=1"'),
        (";;@x", ";;'@x"),
        ("a\t+1", "a\t'+1"),
        ("a|-1", "a|'-1"),
        ("a\r\n=1", "a\r\n'=1"),
        *((text, text) for text in ("x=1", "a, -b", "3 - 4; 5", "")),
        ("'=1", "''=1"),  # marked once more, so that what is read back is what was written
    ],
)
def test_no_text_becomes_a_formula(text: str, written: str) -> None:
    assert spreadsheets.unformulate(text) == written
