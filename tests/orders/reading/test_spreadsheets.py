"""Every file for a spreadsheet is written in one place, and none begins a formula, wherever its lines are split."""

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from openpyxl import load_workbook  # type: ignore[import-untyped]

from orders.models import Account, IssuedDocument, Order, Posting
from ordersite.core import spreadsheets
from tests.cast import Cast
from tests.orders.money import settled
from tests.orders.shopping import fill_wallet
from vendors.models import Merchant, Product

ROOT = Path(__file__).parent.parent.parent.parent
# How a cell begins that a spreadsheet calculates, after the marks that it leaves out.
CALCULATED = re.compile(r'[\s"]*[=+\-@]')
AMOUNT = re.compile(r"-?[0-9]+(\.[0-9]+)?")
TRICKS = ("=1+1", "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "a;=1", 'a;"=1', "a\t+1", "a|@x", ";;-1+1", "a\n=1")


def type_everywhere(cast: Cast, order: Order, trick: str) -> None:
    """The order, its postings, one more document of it and the menu have the trick wherever somebody may type."""
    texts = ("contact_name", "contact_phone", "contact_email", "address", "app_id")
    Order.objects.filter(pk=order.pk).update(**dict.fromkeys(texts, trick))
    Merchant.objects.filter(pk=cast.merchant.pk).update(legal_name=trick, name=trick)
    Posting.objects.update(text=trick)
    Product.objects.filter(vendor=cast.vendor).update(name=trick, description=trick, plu_code=trick)
    buyer = {"name": trick, "company": trick, "vat_number": trick, "address": trick}
    content = {"seller": {"name": trick, "vat_number": trick}, "buyer": buyer, "taxes": [], "lines": [], "sums": {}}
    told = {"vendor": trick, "time_zone": "UTC", "order_number": 1, "invoice": "", "order": order.pk}
    number = IssuedDocument.objects.count() + 1
    IssuedDocument.objects.create(
        kind="credit_note", seller=cast.merchant, year=2026, number=number, order=order, currency="EUR", total=1500,
        content={**content, **told}, issued_at=order.placed_at,
    )  # fmt: skip


def statement_url(cast: Cast) -> str:
    account = Account.objects.get(kind="vendor", vendor=cast.vendor)
    day = Posting.objects.latest("pk").created_at.astimezone(cast.vendor.zone).date()
    return f"/admin/orders/account/{account.pk}/statement/?first={day}&last={day}&as=csv"


# By what is exported: where it is.
EXPORTS: dict[str, Callable[[Cast], str]] = {
    "orders": lambda cast: "/admin/orders/order/export/csv/",
    "documents": lambda cast: "/admin/orders/issueddocument/export/csv/",
    "statement": statement_url,
    "menu": lambda cast: f"/admin/vendors/product/menus/{cast.vendor.pk}/menu.csv",
}


@pytest.mark.parametrize("what", EXPORTS)
def test_no_cell_is_calculated(cast: Cast, office: Client, what: str) -> None:
    fill_wallet(cast.customer_row, 1500)
    order = settled(cast)
    for trick in TRICKS:
        type_everywhere(cast, order, trick)
        answer: Any = office.get(EXPORTS[what](cast))
        assert answer.status_code == 200
        text = b"".join(answer).decode("utf-8-sig")
        cells = [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]
        assert any(trick in cell.replace("'", "") for cell in cells), trick
        for cell in cells:
            for part in re.split(r"[;\t|\n]", cell):
                assert AMOUNT.fullmatch(part) or not CALCULATED.match(part), (trick, cell)


def test_what_a_sheet_has_no_room_for_goes_on_in_a_further_one(
    cast: Cast, office: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Excel reads no further rows: of any number of rows each is in one sheet, in order, below the heading."""
    url = f"/admin/vendors/product/menus/{cast.vendor.pk}/menu.xlsx"

    def sheets() -> dict[str, list[tuple[Any, ...]]]:
        book = load_workbook(io.BytesIO(office.get(url).content))
        return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book}

    whole = sheets()
    assert list(whole) == ["Menu"]
    heading, *rows = whole["Menu"]
    assert len(rows) > 3
    monkeypatch.setattr(spreadsheets, "MOST_IN_SHEET", len(rows))
    assert sheets() == whole
    monkeypatch.setattr(spreadsheets, "MOST_IN_SHEET", len(rows) - 1)
    assert sheets() == {"Menu": [heading, *rows[:-1]], "Menu 2": [heading, rows[-1]]}
    monkeypatch.setattr(spreadsheets, "MOST_IN_SHEET", 1)
    assert sheets() == {f"Menu {at}" if at > 1 else "Menu": [heading, row] for at, row in enumerate(rows, start=1)}


def test_there_is_no_other_place_that_writes_cells() -> None:
    """An export of its own would have to think of all this again."""
    writes = re.compile(r"csv\.(writer|DictWriter)\(|\bWorkbook\(")
    packages = ("orders", "ordersite", "tracking", "vendors")
    found = {
        path.relative_to(ROOT).as_posix()
        for package in packages
        for path in (ROOT / package).rglob("*.py")
        if writes.search(path.read_text())
    }
    assert found == {"ordersite/core/spreadsheets.py"}
    uses = re.compile(r"\bSpreadsheet\(")
    tables = {
        path.relative_to(ROOT).as_posix()
        for package in packages
        for path in (ROOT / package).rglob("*.py")
        if uses.search(path.read_text())
    }
    # Who adds one adds a row of EXPORTS.
    assert tables == {
        "orders/reading/documents.py",
        "orders/reading/order_exports.py",
        "orders/reading/statements.py",
        "vendors/services/menu_files.py",
    }
