"""The page of an invoice: issued by a button, printed in four languages, and nobody else's."""

import io
import re
from typing import Any

import pytest
from django.test import Client
from pypdf import PdfReader

from orders.lifecycle.table import Fulfilment, Status
from orders.models import IssuedDocument, LineOption, Order
from tests.cast import Cast
from tests.orders.money import Api
from tests.orders.rows import add_line, make_order, state_of
from tests.orders.shopping import ORDERS, eur
from vendors.models import Merchant


@pytest.fixture
def order(cast: Cast) -> Order:
    """One of 15.00 that is completed and paid."""
    Merchant.objects.update(legal_name="Burger <BV>", legal_address="Nieuwstraat 1\n1000 Brussel", vat_number="BE0123")
    return make_order(cast, Status.COMPLETED, Fulfilment.PICKUP, payment_status="paid")


def open_page(client: Client, user: Any, order: Order, language: str = "en", method: str = "get") -> Any:
    client.logout()
    if user:
        client.force_login(user)
    return getattr(client, method)(f"/orders/{order.pk}/invoice", headers={"Accept-Language": language})


def text_of(answer: Any) -> str:
    """What a reader sees, with single blanks."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode().split('id="main"')[1]).split())


def test_it_is_issued_by_the_button_and_shown_with_its_credit_notes(
    cast: Cast, api: Api, client: Client, order: Order
) -> None:
    before = open_page(client, cast.customer, order)
    assert "No invoice was issued for this order yet." in text_of(before)
    answer = open_page(client, cast.customer, order, method="post")
    assert (answer.status_code, answer["Location"]) == (302, f"/orders/{order.pk}/invoice")
    assert api(cast.staff).post(f"{ORDERS}/{order.pk}/refunds", {"amount": eur("4.00")}).status_code == 201
    for who in (cast.customer, cast.owner, cast.staff):
        shown = text_of(open_page(client, who, order))
        year = IssuedDocument.objects.order_by("pk")[0].year
        assert f"Invoice {year}-000001" in shown
        assert f"Credit note {year}-000002" in shown
        assert "Burger &lt;BV&gt;" in shown
        assert "Total 15.00 EUR" in shown
        assert "Total -4.00 EUR" in shown


@pytest.mark.parametrize(
    ("language", "title"), [("en", "Invoice"), ("nl", "Factuur"), ("fr", "Facture"), ("es", "Factura")]
)
def test_it_speaks_its_readers_language(cast: Cast, client: Client, order: Order, language: str, title: str) -> None:
    open_page(client, cast.customer, order, method="post")
    assert f"<title>{title}</title>" in open_page(client, cast.customer, order, language).content.decode()


def test_nobody_else_finds_it(cast: Cast, client: Client, order: Order) -> None:
    before = state_of(order)
    for who in (None, cast.stranger, cast.other_owner, cast.driver, cast.dispatcher):
        statuses = [open_page(client, who, order, method=method).status_code for method in ("get", "post")]
        assert statuses == [404, 404]
    assert (state_of(order), IssuedDocument.objects.count()) == (before, 0)


def test_a_refusal_is_told_on_the_page(cast: Cast, client: Client, order: Order) -> None:
    Order.objects.filter(pk=order.pk).update(status=Status.PICKUP_COMPLETED_BY_CUSTOMER)
    before = state_of(order)
    answer = open_page(client, cast.customer, order, method="post")
    assert (state_of(order), IssuedDocument.objects.count()) == (before, 0)
    assert answer.status_code == 409
    assert "An invoice is issued once the order is completed" in text_of(answer)


def test_its_customer_is_led_there_once_the_order_is_completed(cast: Cast, client: Client, order: Order) -> None:
    link, page = f'href="/orders/{order.pk}/invoice"', f"/t/{order.tracking_code}"
    assert link not in client.get(page).content.decode()
    client.force_login(cast.customer)
    assert link in client.get(page).content.decode()
    Order.objects.filter(pk=order.pk).update(status=Status.PICKUP_COMPLETED_BY_CUSTOMER)
    assert link not in client.get(page).content.decode()


def test_staff_finds_it_on_a_completed_orders_page_alone(cast: Cast, client: Client, order: Order) -> None:
    client.force_login(cast.staff)
    page, link = f"/admin/orders/order/{order.pk}/change/", f'href="/orders/{order.pk}/invoice"'
    assert link in client.get(page).content.decode()
    Order.objects.filter(pk=order.pk).update(status=Status.ACCEPTED_BY_BUSINESS)
    assert link not in client.get(page).content.decode()


def test_a_company_is_typed_beside_the_button_and_kept_when_it_is_refused(
    cast: Cast, client: Client, order: Order
) -> None:
    client.force_login(cast.customer)
    path, typed = f"/orders/{order.pk}/invoice", {"company": "Acme <NV>", "vat_number": "BE12"}
    refused = client.post(path, typed)
    assert refused.status_code == 400
    assert "This is not a VAT number" in text_of(refused)
    assert 'value="Acme &lt;NV&gt;"' in refused.content.decode()
    assert not IssuedDocument.objects.exists()
    assert client.post(path, {**typed, "vat_number": "be 0123 456 789"}).status_code == 302
    shown = text_of(client.get(path))
    assert "Buyer Acme &lt;NV&gt; Clara Customer VAT number BE0123456789" in shown


def pdf_of(answer: Any) -> PdfReader:
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    return PdfReader(io.BytesIO(answer.content))


def lines_of(reader: PdfReader) -> list[list[str]]:
    """The lines of each page."""
    return [[line.strip() for line in page.extract_text().splitlines() if line.strip()] for page in reader.pages]


def test_as_pdf_it_says_what_the_page_says(cast: Cast, api: Api, client: Client, order: Order) -> None:
    named = {"company": "Łódź & Ωμέγα", "vat_number": "BE0123456789"}
    assert api(cast.customer).post(f"{ORDERS}/{order.pk}/invoice", named).status_code == 201
    assert api(cast.staff).post(f"{ORDERS}/{order.pk}/refunds", {"amount": eur("4.00")}).status_code == 201
    page = client
    page.force_login(cast.customer)
    answer = page.get(f"/orders/{order.pk}/invoice.pdf", headers={"Accept-Language": "en"})
    reader = pdf_of(answer)
    invoice, note = IssuedDocument.objects.order_by("pk")
    assert answer["Content-Disposition"] == f'inline; filename="invoice-{invoice.called}.pdf"'
    assert answer["Cache-Control"] == "no-store"
    assert reader.metadata.title == f"Invoice {invoice.called}"
    assert reader.root_object["/Lang"] == "en"
    assert reader.root_object["/ViewerPreferences"].get_object() == {"/DisplayDocTitle": True}
    shown = text_of(page.get(f"/orders/{order.pk}/invoice", headers={"Accept-Language": "en"}))
    first, second = lines_of(reader)
    assert (first[0], first[-1]) == (f"Invoice {invoice.called}", "1")
    assert (second[0], second[-2:]) == (f"Credit note {note.called}", ["2", f"Credit note {note.called}"])
    seller = ["Seller", "Burger <BV>", "Nieuwstraat 1", "1000 Brussel", "VAT number BE0123"]
    assert first[first.index("Seller") :][:5] == seller
    assert first[first.index("Buyer") :][:4] == ["Buyer", "Łódź & Ωμέγα", "Clara Customer", "VAT number BE0123456789"]
    assert first[first.index("Total") :][:2] == ["Total", "15.00 EUR"]
    assert second[second.index("Total") :][:2] == ["Total", "-4.00 EUR"]
    # Every amount of the page stands in the file, as often and in the same order.
    amounts = re.compile(r"-?[0-9]+[.][0-9]{2} EUR")
    assert amounts.findall(" ".join(first + second)) == amounts.findall(shown)


@pytest.mark.parametrize(
    ("language", "title"), [("en", "Invoice"), ("nl", "Factuur"), ("fr", "Facture"), ("es", "Factura")]
)
def test_the_pdf_speaks_its_readers_language(
    cast: Cast, client: Client, order: Order, language: str, title: str
) -> None:
    open_page(client, cast.customer, order, method="post")
    reader = pdf_of(client.get(f"/orders/{order.pk}/invoice.pdf", headers={"Accept-Language": language}))
    assert reader.metadata.title.startswith(f"{title} ")
    assert reader.root_object["/Lang"] == language


def test_the_pdf_is_for_those_of_the_page(cast: Cast, client: Client, order: Order) -> None:
    path = f"/orders/{order.pk}/invoice.pdf"
    client.force_login(cast.customer)
    assert client.get(path).status_code == 404  # nothing was issued yet
    open_page(client, cast.customer, order, method="post")
    statuses = {}
    for name in ("customer", "owner", "staff", "stranger", "other_owner", "driver"):
        client.force_login(getattr(cast, name))
        statuses[name] = client.get(path).status_code
    client.logout()
    assert client.get(path).status_code == 404
    assert statuses == dict.fromkeys(("customer", "owner", "staff"), 200) | dict.fromkeys(
        ("stranger", "other_owner", "driver"), 404
    )


def test_what_fills_more_than_a_page_is_drawn_too(cast: Cast, client: Client, order: Order) -> None:
    """A seller's address of 200 lines, and an item with as many options as one may have, of the longest names."""
    Merchant.objects.update(legal_address="\n".join(["x"] * 200))
    line = add_line(order, cast.products["pizza"])
    names = [f"{number:03} {'W' * 76}" for number in range(100)]
    LineOption.objects.bulk_create(LineOption(line=line, kind="option", menu_id=0, name=name) for name in names)
    client.force_login(cast.customer)
    assert client.post(f"/orders/{order.pk}/invoice").status_code == 302
    reader = pdf_of(client.get(f"/orders/{order.pk}/invoice.pdf"))
    text = " ".join(page.extract_text() for page in reader.pages)
    assert len(reader.pages) > 2
    assert text.split().count("x") == 200
    assert all(name[:3] in text for name in names)
