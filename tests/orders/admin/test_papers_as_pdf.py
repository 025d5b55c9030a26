"""Papers as PDF: ticket, delivery note, receipt, many orders in one file, a vendor's statement."""

import io
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from pypdf import PdfReader

from orders.checkout import Place
from orders.lifecycle.table import Fulfilment, Status
from orders.models import Account, Line, LineOption, Order
from orders.reading import statements
from ordersite.core.crypto import token_hash
from tests.cast import Cast, make_manager
from tests.orders.admin.test_admin import clerk_with
from tests.orders.back_office import place_order
from tests.orders.rows import make_order
from tests.orders.shopping import NEAR
from vendors.models import Device, Vendor

pytestmark = pytest.mark.django_db
MM = 72 / 25.4


@pytest.fixture
def office(cast: Cast) -> Client:
    client = Client()
    client.force_login(cast.staff)
    return client


def delivered(cast: Cast, **changed: Any) -> Order:
    where: dict[str, Any] = {"fulfilment": Fulfilment.DELIVERY, "place": Place(address="Rue Neuve 1", **NEAR)}
    return place_order(cast, lines=2, **where, **changed)


def path_of(order: Order, name: str) -> str:
    return f"/admin/orders/order/{order.pk}/papers/{name}.pdf"


def add_lines(order: Order, cast: Cast, *names: str) -> Line:
    """A line of each name; the last of them."""
    lines = [
        Line(order=order, position=at, name=name, unit="st", quantity=1, unit_price=850, total=850, tax_rate=600, tax=0)
        for at, name in enumerate(names, start=1)
    ]
    return Line.objects.bulk_create(lines)[-1]


def read(answer: Any) -> PdfReader:
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    return PdfReader(io.BytesIO(answer.content))


def lines_of(reader: PdfReader) -> list[str]:
    return [line.strip() for page in reader.pages for line in page.extract_text().splitlines() if line.strip()]


def test_a_ticket_lies_on_a_roll_as_long_as_what_stands_on_it(cast: Cast, office: Client) -> None:
    order = delivered(cast, payment_method="cash")
    answer = office.get(path_of(order, "ticket"))
    assert answer["Content-Disposition"] == f'inline; filename="ticket-{order.pk}.pdf"'
    reader = read(answer)
    (page,) = reader.pages
    assert round(float(page.mediabox.width) / MM) == 80
    lines = lines_of(reader)
    assert lines[:4] == ["Burger Bar", "COPY", order.called, "Delivery"]
    assert lines[lines.index("COLLECT IN CASH") + 1] == lines[lines.index("Total") + 1]
    longer = make_order(cast)
    add_lines(longer, cast, *(f"Burger {number}" for number in range(30)))
    (other,) = read(office.get(path_of(longer, "ticket"))).pages
    assert other.mediabox.height > page.mediabox.height


def test_a_delivery_note_says_what_goes_to_whom(cast: Cast, office: Client) -> None:
    order = delivered(cast, payment_method="cash")
    lines = lines_of(read(office.get(path_of(order, "delivery-note"))))
    assert f"Delivery note {order.called}" in lines
    assert lines[lines.index("From") + 1] == "Burger Bar"
    assert lines[lines.index("To") :][:3] == ["To", "Clara Customer", "Rue Neuve 1"]
    assert any(line.startswith("COLLECT IN CASH") for line in lines)
    assert lines[-2:] == ["Received by, date and signature", "1"]


def test_a_receipt_says_what_was_paid_or_is_owed(cast: Cast, office: Client) -> None:
    order = place_order(cast, payment_method="wallet", lines=2)
    total = f"{order.total / 100:.2f}"
    lines = lines_of(read(office.get(path_of(order, "receipt"))))
    assert f"Receipt {order.called}" in lines
    assert lines[lines.index("Total") + 1].replace("\u00a0", " ") == f"{total} EUR"
    assert lines[lines.index("Paid: wallet") + 1].replace("\u00a0", " ") == f"{total} EUR"
    assert "NOT PAID YET" not in lines
    owed = place_order(cast, payment_method="cash")
    assert "NOT PAID YET" in lines_of(read(office.get(path_of(owed, "receipt"))))


@pytest.mark.parametrize("name", ["ticket", "delivery-note", "receipt"])
def test_the_same_order_makes_the_same_bytes_in_its_vendors_language(cast: Cast, office: Client, name: str) -> None:
    order = delivered(cast)
    Vendor.objects.filter(pk=cast.vendor.pk).update(language="nl")
    first, second = (office.get(path_of(order, name)).content for _ in range(2))
    if name != "ticket":  # which says when it was printed
        assert first == second
    assert read(office.get(path_of(order, name))).root_object["/Lang"] == "nl"
    title = {"ticket": "Bon", "delivery-note": "Leveringsbon", "receipt": "Kassabon"}[name]
    assert read(office.get(path_of(order, name))).metadata.title == f"{title} {order.called}"


def test_three_hundred_lines_go_over_pages_with_their_heads(cast: Cast, office: Client) -> None:
    order = make_order(cast, Status.COMPLETED, payment_method="wallet")
    line = add_lines(order, cast, *(f"Burger {number} " + "with everything on it " * 3 for number in range(300)))
    LineOption.objects.create(line=line, kind="option", menu_id=0, name="W" * 80)
    reader = read(office.get(path_of(order, "receipt")))
    texts = [page.extract_text() for page in reader.pages]
    assert len(texts) > 5
    assert [text.count("Amount") for text in texts[1:-1]] == [1] * (len(texts) - 2)
    assert all(f"Receipt {order.called}" in text for text in texts)
    assert sum(text.count("1 × Burger") for text in texts) == 300
    # No page of a PDF is longer than 200 inches: then a ticket is cut into pages, and lacks nothing.
    ticket = [page.extract_text() for page in read(office.get(path_of(order, "ticket"))).pages]
    assert (len(ticket), sum(text.count("1 × Burger") for text in ticket)) == (2, 300)


def test_names_of_every_script_are_drawn(cast: Cast, office: Client) -> None:
    order = make_order(cast)
    add_lines(order, cast, "辣椒酱", "寿司さくら", "김치찌개", "محمد", "שלום", "Żółć Ωμέγα Борщ", "Sumerian 𒀀")
    text = " ".join(lines_of(read(office.get(path_of(order, "receipt")))))
    for name in ("辣椒酱", "寿司さくら", "김치찌개", "Żółć Ωμέγα Борщ", "Sumerian □"):
        assert name in text
    # Arabic is joined: no letter stands as in the alphabet, each has the look of its place.
    assert "محمد" not in text
    assert any("\ufe70" <= letter <= "\ufeff" for letter in text)


def test_whose_papers_they_are(cast: Cast, office: Client) -> None:
    order = place_order(cast)
    manager, other, clerk = Client(), Client(), clerk_with("view_account")
    manager.force_login(make_manager(cast.vendor))
    other.force_login(make_manager(cast.other_vendor, "Otto Other"))
    for name in ("ticket", "delivery-note", "receipt"):
        for client, status in ((office, 200), (manager, 200), (other, 404), (clerk, 403), (Client(), 302)):
            assert client.get(path_of(order, name)).status_code == status, name
    assert office.get(path_of(order, "nonsense")).status_code == 404
    assert office.post(path_of(order, "ticket")).status_code == 405


def paired(vendor: Vendor) -> Client:
    """A tablet of the vendor."""
    token = f"osd_tablet-of-{vendor.pk}"
    Device.objects.create(vendor=vendor, name="Kitchen", token_hash=token_hash(token))
    client = Client()
    client.cookies[settings.DEVICE_COOKIE_NAME] = token
    return client


@pytest.mark.parametrize("paper", ["ticket", "delivery-note"])
def test_the_papers_of_the_board_are_for_its_vendors_people(cast: Cast, paper: str) -> None:
    order = delivered(cast)
    Order.objects.filter(pk=order.pk).update(driver=cast.driver_row)
    url, statuses = f"/orders/{order.pk}/{paper}.pdf", {}
    for name in ("owner", "staff", "customer", "stranger", "other_owner", "driver"):
        client = Client()
        client.force_login(getattr(cast, name))
        statuses[name] = client.get(url).status_code
    assert statuses == dict.fromkeys(("owner", "staff"), 200) | dict.fromkeys(
        ("customer", "stranger", "other_owner", "driver"), 404
    )
    tablet, of_another = paired(cast.vendor), paired(cast.other_vendor)
    assert (tablet.get(url).status_code, of_another.get(url).status_code, Client().get(url).status_code) == (
        *(200, 404, 404),
    )
    answer = tablet.get(url)
    assert answer["Content-Type"] == "application/pdf"
    assert len(PdfReader(io.BytesIO(answer.content)).pages) == 1
    assert tablet.post(url).status_code == 405


def test_the_receipt_is_for_those_of_the_invoice(cast: Cast) -> None:
    order = make_order(cast, Status.COMPLETED, payment_method="wallet", driver=cast.driver_row)
    statuses = {}
    for name in ("customer", "owner", "staff", "stranger", "other_owner", "driver"):
        client = Client()
        client.force_login(getattr(cast, name))
        statuses[name] = client.get(f"/orders/{order.pk}/receipt.pdf").status_code
    assert Client().get(f"/orders/{order.pk}/receipt.pdf").status_code == 404
    assert statuses == dict.fromkeys(("customer", "owner", "staff"), 200) | dict.fromkeys(
        ("stranger", "other_owner", "driver"), 404
    )


def test_many_orders_are_one_file_that_names_what_it_lacks(cast: Cast, office: Client) -> None:
    orders = [place_order(cast) for _ in range(3)]
    Order.objects.filter(pk=orders[1].pk).update(deleted_at=orders[1].placed_at)
    ticked = [order.pk for order in orders]
    answer = office.post(
        "/admin/orders/order/?deleted=only&q=",
        {"action": "send_orders", "_selected_action": ticked, "index": "0"},
    )
    assert answer.status_code == 302  # of these only the deleted one is in the list
    data = {"action": "send_orders", "_selected_action": ticked, "index": "0"}
    reader = read(office.post("/admin/orders/order/", data))
    first, *sheets = [page.extract_text() for page in reader.pages]
    assert f"#{orders[1].pk} (it is no longer in this list)" in first
    assert [text.split("Order #")[1].split(",")[0] for text in sheets] == sorted(
        (str(order.pk) for order in (orders[0], orders[2])), reverse=True
    )


def test_a_statement_is_drawn_where_it_is_not_too_long(
    cast: Cast, office: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        make_order(cast, Status.COMPLETED, payment_method="wallet")
    account = Account.objects.filter(vendor=cast.vendor).earliest("pk")
    today = timezone.localdate()
    page = f"/admin/orders/account/{account.pk}/statement/?first={today - timedelta(3)}&last={today + timedelta(1)}&as="
    assert "All lines as PDF" in office.get(f"{page}page").content.decode()
    lines = lines_of(read(office.get(f"{page}pdf")))
    assert lines[0] == "Statement of Burger Bar"
    table = office.get(f"{page}csv").getvalue().decode().splitlines()
    closing = table[-1].split(",")[table[0].split(",").index("balance")]
    assert lines[-2:] == [closing, "1"]
    monkeypatch.setattr(statements, "MOST_DRAWN", 1)
    refused: Any = office.get(f"{page}pdf", follow=True)
    assert "lines: take CSV or XLSX, or fewer days." in refused.content.decode()
