"""Whatever the cells of a menu's file hold: its page says in words what is wrong, and the menu stays as it is."""

from collections.abc import Sequence
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.cast import Cast
from tests.vendors.test_menu_api import everything
from tests.vendors.test_menu_files import workbook
from tests.vendors.test_menu_pages import confirm, path_of, text_of
from vendors.services.menu_rows import COLUMNS, KINDS, OWN, PARENTS

pytestmark = pytest.mark.django_db
# Of a workbook, in which "_xD800_" is half of a surrogate pair and "_x0000_" a NUL; digits of which Python reads none,
# and such as are no ASCII.
TEXTS = ["_xD800_", "_x0000_", "_x202E_", "9" * 5000, f"#{'9' * 5000}", "#٣", "٣", "²", "1e999", "-1", "NaN"]
PARENT = {"option": "Size", "product": "Food", "extra": "Burger", "ingredient": "Burger"}


def in_short(text: str) -> str:
    return ascii(text[:12])


def uploaded(office: Client, cast: Cast, *rows: Sequence[Any]) -> Any:
    file = SimpleUploadedFile("menu.xlsx", workbook(*map(list, rows)))
    return office.post(path_of(cast, "import/"), {"file": file, "sets_stock": "on"}, follow=True)


@pytest.mark.parametrize("text", TEXTS, ids=in_short)
def test_each_column_of_each_kind_takes_or_refuses_any_text(cast: Cast, office: Client, text: str) -> None:
    headings = [one.heading for one in COLUMNS if one.heading != "kind"]
    given = {"name": "New", "price": "1"}
    rows = []
    for kind in KINDS:
        own = {**given, "parent": PARENT.get(kind, "")} if kind in PARENTS else given
        for one in COLUMNS:
            if kind in one.kinds and one.heading != "kind":
                cells = {**own, "name": f"New {one.heading}", one.heading: text}
                cells = {name: cell for name, cell in cells.items() if name != "price" or "price" in kinds_have(kind)}
                rows.append([kind, *(cells.get(heading, "") for heading in headings)])
    before = everything(cast)
    page = uploaded(office, cast, ["kind", *headings], *rows)
    assert page.status_code == 200
    assert "to be corrected" in text_of(page)
    assert ">Confirm<" not in text_of(page)
    confirm(office, page)
    assert everything(cast) == before


def kinds_have(kind: str) -> set[str]:
    return {one.heading for one in COLUMNS if kind in one.kinds} | OWN


@pytest.mark.parametrize("text", TEXTS, ids=in_short)
def test_a_heading_that_is_no_columns_is_told(cast: Cast, office: Client, text: str) -> None:
    page = uploaded(office, cast, ["kind", text, "name"], ["category", "x", "Food"])
    assert page.status_code == 200
    assert "There is no column “" in text_of(page)
