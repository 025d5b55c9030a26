"""Lists as XLSX: made by the worker for who asked, exactly what was listed, and fetched while that may be read."""

import io
import re
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from orders.lifecycle.table import Status
from orders.models import FileExport, IssuedDocument, Order
from orders.reading.file_exports import write_export
from orders.services.bulk.file_exports import make_files
from ordersite.accounts.models import User
from tests.cast import Cast, make_clerk, make_manager
from tests.office import choose, form_of
from tests.orders.admin.test_order_exports import rows_in
from tests.orders.rows import make_order
from tests.orders.shopping import assert_nothing_changed
from vendors.models import Member, Merchant

pytestmark = pytest.mark.django_db
ORDERS, DOCUMENTS = "/admin/orders/order/", "/admin/orders/issueddocument/"


@pytest.fixture(autouse=True)
def none_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """No file is so short that a request makes it."""
    monkeypatch.setattr("orders.admin.file_pages.AT_ONCE", 0)


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def ask(client: Client, path: str = ORDERS, query: str = "") -> str:
    page: str = client.post(f"{path}export/xlsx/{query}")["Location"]
    return page


def fetched(client: Client, page: str) -> list[str]:
    """The ids of the orders in the file, once the worker has made it."""
    assert make_files(5, write_export) == 1
    return [row["order"] for row in rows_in(client.get(f"{page}fetch/"), "xlsx")]


def text_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


def issue(cast: Cast, order: Order, seller: Merchant) -> IssuedDocument:
    buyer = {"name": "=1", "company": "", "vat_number": "", "address": ""}
    content = {"seller": {"name": "=1", "vat_number": ""}, "buyer": buyer, "taxes": [], "lines": [], "sums": {}}
    told = {"vendor": "x", "time_zone": "UTC", "order_number": 1, "invoice": "", "order": order.pk}
    return IssuedDocument.objects.create(
        kind="invoice", seller=seller, year=2026, number=1, order=order, currency="EUR", total=1500,
        content={**content, **told}, issued_at=order.placed_at,
    )  # fmt: skip


def test_the_list_as_its_address_says_is_made_by_the_worker(cast: Cast, office: Client) -> None:
    newer, older = make_order(cast), make_order(cast)
    Order.objects.filter(pk=older.pk).update(placed_at="2026-01-01T00:00Z")
    make_order(cast, Status.COMPLETED)
    listed = office.get(f"{ORDERS}?group=open")
    assert b"formaction" not in listed.content
    page = ask(office, query="?group=open")
    assert ask(office, query="?group=open") == page
    export = FileExport.objects.get()
    assert (export.kind, export.total, export.is_running) == ("orders", 2, True)
    shown = text_of(office.get(page))
    assert "Orders as XLSX" in shown
    assert "Being made: 0 of 2 lines" in shown
    assert f'href="{ORDERS}?group=open"' in shown
    assert office.get(f"{page}fetch/").status_code == 302
    assert fetched(office, page) == [str(newer.pk), str(older.pk)]
    assert "can be fetched until" in text_of(office.get(page))


def test_the_button_of_the_list_asks_for_what_it_lists(cast: Cast, office: Client) -> None:
    order = make_order(cast, contact_name="Zoë Zebra")
    make_order(cast)
    for path, query in ((ORDERS, "?q=Zebra"), (DOCUMENTS, "?kind=invoice")):
        html = office.get(f"{path}{query}").content.decode()
        (action,) = re.findall(r'action="([^"]*export/xlsx/[^"]*)"', html)
        assert action == f"{path}export/xlsx/{query}"
    page = ask(office, query="?q=Zebra")
    assert fetched(office, page) == [str(order.pk)]


def test_documents_are_made_alike(cast: Cast, office: Client) -> None:
    issue(cast, make_order(cast, Status.COMPLETED), cast.merchant)
    page = ask(office, DOCUMENTS, "?kind=invoice")
    assert "Issued documents as XLSX" in text_of(office.get(page))
    assert make_files(1, write_export) == 1
    sheet = zipfile.ZipFile(io.BytesIO(office.get(f"{page}fetch/").getvalue())).read("xl/worksheets/sheet1.xml")
    assert sheet.count(b"<row ") == 2
    assert b"<f>" not in sheet


def tick_all(client: Client, orders: list[Order]) -> Any:
    sent = form_of(client.get(ORDERS))
    ticked = [order.pk for order in orders[:1]]
    chosen = {"action": "export_xlsx", "_selected_action": ticked, "select_across": "1", "index": "0"}
    return client.post(ORDERS, {**sent, **chosen})


@pytest.mark.parametrize("takes_all", [True, False])
def test_a_selection_is_made_alike(cast: Cast, office: Client, takes_all: bool) -> None:
    orders = [make_order(cast) for _ in range(3)]
    answer = tick_all(office, orders) if takes_all else choose(office, ORDERS, "export_xlsx", orders[:2])
    # What is placed meanwhile is on the list, and not among those that were ticked.
    late = make_order(cast)
    wanted = [late, *reversed(orders)] if takes_all else [orders[1], orders[0]]
    assert fetched(office, answer["Location"]) == [str(order.pk) for order in wanted]


WHO: dict[str, Callable[[Cast], User]] = {
    "a vendor's manager": lambda cast: make_manager(cast.vendor),
    "staff": lambda cast: make_clerk("orders.view_order", "accounts.act_everywhere"),
}


@pytest.mark.parametrize("who", WHO)
def test_it_has_what_who_asked_sees_and_nobody_else_fetches_it(cast: Cast, office: Client, who: str) -> None:
    own, other = make_order(cast), make_order(cast, vendor=cast.other_vendor)
    user = WHO[who](cast)
    page = ask(client_of(user))
    seen = [str(own.pk)] if who == "a vendor's manager" else [str(other.pk), str(own.pk)]
    assert fetched(client_of(user), page) == seen
    strangers = office, client_of(make_manager(cast.other_vendor, name="Olga Other"))
    with assert_nothing_changed():
        for stranger in strangers:
            for url in (page, f"{page}fetch/"):
                answer = stranger.get(url)
                assert (answer.status_code, answer["Location"]) == (302, ORDERS)
        # Nor by the address of another kind of file.
        assert client_of(user).get(page.replace("/order/", "/issueddocument/")).status_code in (302, 403)


@pytest.mark.parametrize("is_made", [True, False])
def test_who_does_not_act_for_a_vendor_any_more_fetches_nothing_of_it(cast: Cast, is_made: bool) -> None:
    make_order(cast)
    manager = make_manager(cast.vendor)
    client = client_of(manager)
    page = ask(client)
    if is_made:
        assert make_files(1, write_export) == 1
    Member.objects.filter(user=manager).delete()
    if not is_made:
        assert make_files(1, write_export) == 1
    assert client.get(page).status_code in (302, 403)
    assert client.get(f"{page}fetch/").status_code in (302, 403)


def test_who_may_do_more_since_has_in_it_what_it_saw_then(cast: Cast) -> None:
    own = make_order(cast)
    make_order(cast, vendor=cast.other_vendor)
    manager = make_manager(cast.vendor)
    page = ask(client_of(manager))
    more = Member.objects.create(user=manager, merchant=cast.other_vendor.merchant, role="manager", all_vendors=False)
    more.vendors.add(cast.other_vendor)
    assert fetched(client_of(manager), page) == [str(own.pk)]


def test_who_may_see_no_orders_any_more_is_refused(cast: Cast) -> None:
    make_order(cast)
    clerk = make_clerk("orders.view_order", "accounts.act_everywhere")
    page = ask(client_of(clerk))
    assert make_files(1, write_export) == 1
    clerk.user_permissions.clear()
    for url in (page, f"{page}fetch/"):
        assert client_of(clerk).get(url).status_code == 403


def test_to_ask_costs_as_many_statements_for_many(cast: Cast, office: Client) -> None:
    def cost() -> int:
        FileExport.objects.all().delete()
        with CaptureQueriesContext(connection) as queries:
            ask(office)
        return len(queries)

    make_order(cast)
    few = cost()
    for _ in range(5):
        make_order(cast)
    assert cost() == few <= 15
