"""The list of orders as a file: exactly what is listed, a row at a time, and no formula in it."""

import csv
import io
import zipfile
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

import pytest
from asgiref.sync import async_to_sync
from django.db import connection
from django.test import AsyncClient, Client
from django.test.utils import CaptureQueriesContext

from orders.lifecycle.table import Status
from orders.models import FileExport, Order
from orders.reading.order_exports import COLUMNS, orders_as_table
from ordersite.core.spreadsheets import csv_lines
from tests.cast import Cast, make_manager
from tests.orders.rows import make_order

pytestmark = pytest.mark.django_db
EXPORT = "/admin/orders/order/export/"
SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def exported(client: Client, shape: str, query: dict[str, str] | None = None, path: str = EXPORT) -> Any:
    """The file of a list: CSV at once, XLSX from the page to which its button leads."""
    if shape == "csv":
        return client.get(f"{path}csv/", query or {})
    page = client.post(f"{path}xlsx/?{urlencode(query or {})}")["Location"]
    return client.get(f"{page}fetch/")


def rows_in(answer: Any, shape: str) -> list[dict[str, str]]:
    """The rows of a file, by heading."""
    content = b"".join(answer.streaming_content)
    if shape == "csv":
        return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    archive = zipfile.ZipFile(io.BytesIO(content))
    sheet = ElementTree.fromstring(archive.read("xl/worksheets/sheet1.xml"))
    assert not list(sheet.iter(f"{SHEET}f")), "a formula"
    lines = []
    for row in sheet.iter(f"{SHEET}row"):
        cells = {}
        for cell in row:
            column = "".join(letter for letter in cell.get("r", "") if letter.isalpha())
            cells[column] = "".join(part.text or "" for part in cell.iter() if part.tag in (f"{SHEET}t", f"{SHEET}v"))
        lines.append(cells)
    heads = lines[0]
    assert list(heads.values()) == list(COLUMNS)
    return [{head: line.get(column, "") for column, head in heads.items()} for line in lines[1:]]


@pytest.mark.parametrize("shape", ["csv", "xlsx"])
def test_has_what_is_listed_by_the_vendors_clock(cast: Cast, office: Client, shape: str) -> None:
    at = datetime(2026, 7, 31, 22, 30, tzinfo=UTC)
    order = make_order(cast, placed_at=at, contact_name="=HYPERLINK(1)", external_code="+1-SHOP", app_id="till")
    make_order(cast, Status.COMPLETED)
    make_order(cast, deleted_at=at)
    answer = exported(office, shape, {"group": "open"})
    assert answer.status_code == 200
    assert answer["Content-Disposition"].endswith(f'.{shape}"')
    (row,) = rows_in(answer, shape)
    quoted = "'" if shape == "csv" else ""
    assert row["customer"] == f"{quoted}=HYPERLINK(1)"
    assert row["external code"] == f"{quoted}+1-SHOP"
    assert (row["order"], row["vendor"], row["status"]) == (str(order.pk), "Burger Bar", "Pending")
    assert (row["placed"], row["time zone"]) == ("2026-08-01 00:30:00", "Europe/Brussels")
    assert (float(row["total"]), row["currency"], row["app"]) == (15.0, "EUR", "till")
    assert row["phone"] == f"{quoted}+3225550100"


@pytest.mark.parametrize("shape", ["csv", "xlsx"])
def test_a_manager_exports_its_own_alone(cast: Cast, shape: str) -> None:
    own = make_order(cast)
    make_order(cast, vendor=cast.other_vendor)
    manager = Client()
    manager.force_login(make_manager(cast.vendor))
    assert [row["order"] for row in rows_in(exported(manager, shape), shape)] == [str(own.pk)]


def test_nonsense_exports_nothing(office: Client, cast: Cast) -> None:
    for query in ({"total__gt": "1"}, {"id__in": "x"}):
        assert office.get(f"{EXPORT}csv/", query).status_code in (302, 400)
        assert office.post(f"{EXPORT}xlsx/?{urlencode(query)}").status_code in (302, 400)
    assert not FileExport.objects.exists()
    assert office.post(f"{EXPORT}csv/").status_code == 405
    assert office.get(f"{EXPORT}xlsx/").status_code == 405


def test_a_file_costs_a_fixed_number_of_statements(cast: Cast) -> None:
    def cost(count: int) -> int:
        while Order.objects.count() < count:
            make_order(cast, driver=cast.driver_row, delivery_zone=cast.zone)
        with CaptureQueriesContext(connection) as queries:
            lines = sum(1 for _ in csv_lines(orders_as_table(Order.objects.order_by("-pk"))))
        assert lines == count + 1
        return len(queries)

    assert cost(3) == cost(30) == 1


@pytest.mark.parametrize("shape", ["csv", "xlsx"])
def test_under_asgi_it_is_the_same_file(
    cast: Cast, office: Client, shape: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orders.reading.streams.BLOCK", 2)
    for _ in range(5):
        make_order(cast)
    client = AsyncClient()
    client.cookies = office.cookies
    page = f"{EXPORT}csv/" if shape == "csv" else f"{office.post(f'{EXPORT}xlsx/')['Location']}fetch/"

    async def fetch() -> bytes:
        answer: Any = await client.get(page)
        assert answer.status_code == 200
        return b"".join([part async for part in answer])

    content = async_to_sync(fetch)()
    assert rows_in(SimpleNamespace(streaming_content=[content]), shape) == rows_in(exported(office, shape), shape)
