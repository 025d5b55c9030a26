"""The back-office's list of invoices and credit notes: found, narrowed, exported, and nobody else's."""

import csv
import io
import re
import zipfile
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone

from orders.lifecycle.table import Fulfilment, Status
from orders.models import IssuedDocument, Order
from tests.cast import Cast, in_roles, make_clerk, make_manager
from tests.orders.money import Api
from tests.orders.rows import make_order
from tests.orders.shopping import ORDERS, assert_nothing_changed, eur
from vendors.models import Merchant

pytestmark = pytest.mark.django_db
LIST = "/admin/orders/issueddocument/"


@pytest.fixture
def issued(cast: Cast, api: Api) -> list[Order]:
    """Two invoices of Burger BV, the first with a credit note of 4.00, and one of Tea BV."""
    Merchant.objects.filter(pk=cast.merchant.pk).update(legal_name="Burger BV", legal_address="Nieuwstraat 1")
    Merchant.objects.exclude(pk=cast.merchant.pk).update(legal_name="Tea BV", legal_address="Oude Markt 2")
    orders = [
        make_order(cast, Status.COMPLETED, Fulfilment.PICKUP, payment_status="paid", vendor=vendor)
        for vendor in (cast.vendor, cast.vendor, cast.other_vendor)
    ]
    for order in orders:
        assert api(cast.staff).post(f"{ORDERS}/{order.pk}/invoice", {"company": "=Acme"}).status_code == 201
    assert api(cast.staff).post(f"{ORDERS}/{orders[0].pk}/refunds", {"amount": eur("4.00")}).status_code == 201
    return orders


def client_of(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def listed(client: Client, query: str = "") -> list[str]:
    page = client.get(f"{LIST}{query}")
    assert page.status_code == 200
    return [f"{one.order_id} {one.kind} {one.number}" for one in page.context["cl"].result_list]


def test_documents_are_listed_narrowed_and_found(cast: Cast, issued: list[Order]) -> None:
    staff, (first, second, tea) = client_of(cast.staff), [order.pk for order in issued]
    year = IssuedDocument.objects.first().year
    note, of_tea = f"{first} credit_note 3", f"{tea} invoice 1"
    of_second, of_first = f"{second} invoice 2", f"{first} invoice 1"
    assert listed(staff) == [note, of_tea, of_second, of_first]
    assert listed(staff, "?kind=credit_note") == [note]
    assert listed(staff, f"?seller={cast.other_vendor.merchant_id}") == [of_tea]
    assert listed(staff, f"?year={year}&kind=invoice") == [of_tea, of_second, of_first]
    assert listed(staff, f"?q={year}-000001") == [of_tea, of_first]
    assert listed(staff, f"?q=%23{first}") == [note, of_first]
    assert listed(staff, "?q=nothing") == []
    assert "-4.00\xa0EUR" in staff.get(LIST).content.decode()
    assert listed(staff, "?kind=x&seller=y&year=z") == [note, of_tea, of_second, of_first]


@pytest.mark.parametrize(
    ("now", "zone", "year", "newest"),
    [
        ("2039-12-31T09:59:59", "Pacific/Kiritimati", 2039, 2039),
        ("2039-12-31T10:00:00", "Pacific/Kiritimati", 2040, 2040),
        ("2040-01-01T00:30:00", "America/New_York", 2039, 2040),
    ],
)
def test_a_year_is_offered_once_it_has_begun_where_a_vendor_may_be(
    cast: Cast, issued: list[Order], monkeypatch: pytest.MonkeyPatch, now: str, zone: str, year: int, newest: int
) -> None:
    """Kiritimati is 14 hours ahead; in New York the year before goes on, and documents are numbered by it."""
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert moment.astimezone(ZoneInfo(zone)).year == year
    IssuedDocument.objects.create(
        kind="credit_note", seller=cast.merchant, year=year, number=7, order=issued[0], currency="EUR", total=1500,
        content={}, issued_at=moment,
    )  # fmt: skip
    monkeypatch.setattr(timezone, "now", lambda: moment)
    staff = client_of(cast.staff)
    page = staff.get(f"{LIST}?seller={cast.merchant.pk}").content.decode()
    offered = [int(found) for found in re.findall(r"year=[0-9]+\">([0-9]+)</a>", page)]
    assert offered == list(range(newest, 2025, -1))
    assert listed(staff, f"?year={year}") == [f"{issued[0].pk} credit_note 7"]


def test_what_is_listed_is_exported(cast: Cast, issued: list[Order]) -> None:
    staff = client_of(cast.staff)
    answer = staff.get(f"{LIST}export/csv/?seller={cast.merchant.pk}")
    rows = list(csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))
    told = [(row["number"][5:], row["kind"], row["company"], row["order"], row["total"]) for row in rows]
    assert told == [
        ("000003", "credit note", "'=Acme", str(issued[0].pk), "-4.00"),
        ("000002", "invoice", "'=Acme", str(issued[1].pk), "15.00"),
        ("000001", "invoice", "'=Acme", str(issued[0].pk), "15.00"),
    ]
    assert [row["invoice"] for row in rows] == [rows[2]["number"], "", ""]
    for row in rows:
        assert round(float(row["net"]) * 100) + round(float(row["tax"]) * 100) == round(float(row["total"]) * 100)
    page = staff.post(f"{LIST}export/xlsx/?kind=invoice")["Location"]
    book = zipfile.ZipFile(io.BytesIO(staff.get(f"{page}fetch/").getvalue()))
    assert book.read("xl/worksheets/sheet1.xml").count(b"<row ") == 4
    assert staff.get(f"{LIST}export/csv/?nonsense=1")["Location"] == LIST


def test_who_sees_which(cast: Cast, issued: list[Order]) -> None:
    manager = client_of(make_manager(cast.vendor))
    assert len(listed(manager)) == 3
    assert b"Tea BV" not in manager.get(LIST).content
    assert b"Tea BV" not in manager.get(f"{LIST}export/csv/").getvalue()
    tea = IssuedDocument.objects.get(order=issued[2]).pk
    assert manager.get(f"{LIST}{tea}/change/").status_code == 302
    sees = {"finance": 200, "bookkeeper": 200, "support": 403, "dispatcher": 403, "catalogue": 403}
    for role, status in sees.items():
        client = client_of(in_roles(make_clerk(name=role), role))
        for path in ("", "export/csv/"):
            assert client.get(f"{LIST}{path}").status_code == status, (role, path)
        assert client.post(f"{LIST}export/xlsx/").status_code == (302 if status == 200 else 403), role


def test_a_bookkeeper_moves_no_money(cast: Cast, issued: list[Order]) -> None:
    client = client_of(in_roles(make_clerk(), "bookkeeper"))
    for path in ("account", "posting", "payment", "refund", "order"):
        assert client.get(f"/admin/orders/{path}/").status_code == 200, path
    with assert_nothing_changed():
        for path in ("account/top-up/", "account/pay-out/", f"order/{issued[0].pk}/refund/", "posting/1/reverse/"):
            assert client.post(f"/admin/orders/{path}").status_code == 403, path


def test_a_page_takes_as_many_statements_for_many(
    cast: Cast, issued: list[Order], django_assert_max_num_queries: Any
) -> None:
    staff = client_of(cast.staff)
    content = IssuedDocument.objects.first().content
    IssuedDocument.objects.bulk_create(
        IssuedDocument(
            kind="credit_note", seller=cast.merchant, year=2031, number=number, order=issued[0], currency="EUR",
            total=1, content=content, issued_at=datetime(2031, 1, 1, tzinfo=UTC),
        )
        for number in range(1, 60)
    )  # fmt: skip
    with django_assert_max_num_queries(15):
        assert len(listed(staff)) == 50
