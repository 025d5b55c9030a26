"""Invoices and credit notes: what they say, who has them issued and reads them, and that they stay as they are."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orders.lifecycle.table import Status
from orders.models import DocumentIssued, IssuedDocument, Order
from orders.reading.personal_data import personal_data_of
from orders.services.money.taxes import TaxedSum, split_by_rate
from orders.services.personal.erasing import erase_customer
from ordersite.core.vat_numbers import bare_vat_number
from tests.cast import Cast
from tests.orders.money import COLLECTED, Api, set_terms, step, walk
from tests.orders.shopping import ORDERS, assert_nothing_changed, cart, eur, place_order, refused
from vendors.models import Merchant, Product, Vendor
from vendors.services.vendors import bump_menu_version

ADDRESS = "Nieuwstraat 1\n1000 Brussel"


@pytest.fixture(autouse=True)
def seller(cast: Cast) -> None:
    """Burger BV, which sells sodas at 21 % and all else at 6 %, with a service fee of 0.50 at 21 %."""
    Merchant.objects.filter(pk=cast.merchant.pk).update(
        legal_name="Burger BV", legal_address=ADDRESS, vat_number="BE0123456789"
    )
    Product.objects.filter(pk=cast.products["soda"].pk).update(tax_rate=2100)
    Vendor.objects.filter(pk=cast.vendor.pk).update(fee_tax_rate=2100)
    set_terms(cast)


def url_of(order: Order) -> str:
    return f"{ORDERS}/{order.pk}/invoice"


def completed(cast: Cast, api: Api, **fields: Any) -> Order:
    """Two sodas of 2.50 and a pizza of 12.00, with a fee of 0.50, collected and settled: 17.50."""
    items = [{"product": cast.products["soda"].pk, "quantity": 2}, {"product": cast.products["pizza"].pk}]
    order = place_order(api(cast.customer), cart(cast, items=items, **fields))
    walk(cast, api, order, *COLLECTED, "owner complete")
    return order


def issue(api: Api, cast: Cast, order: Order, who: str = "customer") -> Any:
    return api(getattr(cast, who)).post(url_of(order))


def rates(document: dict[str, Any]) -> dict[int, tuple[str, str, str]]:
    """By rate: net, tax, gross."""
    return {
        row["rate"]: (row["net"]["amount"], row["tax"]["amount"], row["gross"]["amount"]) for row in document["taxes"]
    }


def test_an_invoice_says_who_sold_what_with_tax_by_rate(cast: Cast, api: Api) -> None:
    order = completed(cast, api)
    answer = issue(api, cast, order)
    body = answer.json()
    assert answer.status_code == 201
    assert body["number"] == f"{body['issued_at'][:4]}-000001"
    assert body["seller"] == {"name": "Burger BV", "address": ADDRESS, "vat_number": "BE0123456789"}
    assert body["buyer"] == {"name": "Clara Customer", "address": "", "company": "", "vat_number": ""}
    assert [(line["quantity"], line["name"], line["tax_rate"], line["total"]["amount"]) for line in body["lines"]] == [
        (2, "Soda", 2100, "5.00"),
        (1, "Pizza", 600, "12.00"),
    ]
    assert [(row["kind"], row["amount"]["amount"]) for row in body["sums"]] == [
        ("subtotal", "17.00"),
        ("service_fee", "0.50"),
    ]
    assert rates(body) == {600: ("11.32", "0.68", "12.00"), 2100: ("4.54", "0.96", "5.50")}
    assert (body["net"], body["tax"], body["total"]) == (eur("15.86"), eur("1.64"), eur("17.50"))
    assert body["credit_notes"] == []


def test_a_company_that_buys_stands_on_invoice_and_credit_notes(cast: Cast, api: Api) -> None:
    order = completed(cast, api)
    client, named = api(cast.customer), {"company": "Łódź & Zn. SA", "vat_number": "fr 40 303 265 045"}
    told = {"name": "Clara Customer", "address": "", "company": "Łódź & Zn. SA", "vat_number": "FR40303265045"}
    answer = client.post(url_of(order), named)
    assert (answer.status_code, answer.json()["buyer"]) == (201, told)
    # Asked again for the same company, or for none in particular, it is the same one; for another it is refused.
    for body in (named, {**named, "vat_number": "FR40303265045"}, {}):
        assert (client.post(url_of(order), body).status_code, body) == (200, body)
    with assert_nothing_changed(order):
        other = client.post(url_of(order), {"company": "Other NV"})
    assert (other.status_code, other.json()["code"]) == (409, "invoiced_otherwise")
    assert api(cast.owner).post(f"{ORDERS}/{order.pk}/refunds", {"amount": eur("1.00")}).status_code == 201
    assert [note["buyer"] for note in client.get(url_of(order)).json()["credit_notes"]] == [told]


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"vat_number": "BE012345678"}, "/vat_number", "vat_number"),
        ({"vat_number": "BE2123456789"}, "/vat_number", "vat_number"),
        ({"vat_number": "0123456789"}, "/vat_number", "vat_number"),
        ({"vat_number": "BE٠123456789"}, "/vat_number", "vat_number"),
        ({"vat_number": "x" * 31}, "/vat_number", "max_length"),
        ({"vat_number": ["BE0123456789"]}, "/vat_number", "invalid"),
        ({"company": "x" * 161}, "/company", "max_length"),
        ({"company": "a\nb"}, "/company", "control"),
        ({"company": "a\x00b"}, "/company", "unstorable"),
        ({"vat": "BE0123456789"}, "/vat", "unknown_field"),
    ],
)
def test_companies_that_are_refused(cast: Cast, api: Api, body: dict[str, Any], pointer: str, code: str) -> None:
    order = completed(cast, api)
    with assert_nothing_changed(order):
        refused(api(cast.customer).post(url_of(order), body), 400, pointer, code)
    assert not IssuedDocument.objects.exists()


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("be 0123.456.789", "BE0123456789"),
        ("NL123456789B01", "NL123456789B01"),
        ("ATU12345678", "ATU12345678"),
        ("AT12345678", None),
        ("EL123456789", "EL123456789"),
        ("gr 123 456 789", "EL123456789"),
        ("GR12345678", None),
        ("XI123456789", "XI123456789"),
        ("XIGD123", "XIGD123"),
        ("UK 123 4567 89", "GB123456789"),
        ("ESA1234567B", "ESA1234567B"),
        ("ES12345678Z", "ES12345678Z"),
        ("ES123456789", None),
        ("EU372012345", "EU372012345"),
        ("ZZ123456789", None),
        ("12345678901", None),
        ("CHE-123.456.789 MWST", "CHE123456789MWST"),
        ("IE1234567WA", "IE1234567WA"),
        ("DE12345678", None),
        ("US12-3456789", "US123456789"),
        ("U1", None),
        ("", None),
        ("BE0123456789\n", "BE0123456789"),
        ("ß012345678", None),
        ("ﬁ12345678", None),
    ],
)
def test_how_a_vat_number_is_written(typed: str, kept: str | None) -> None:
    assert bare_vat_number(typed) == kept


def test_tax_that_is_added_is_in_the_gross(cast: Cast, api: Api) -> None:
    Vendor.objects.filter(pk=cast.vendor.pk).update(prices_include_tax=False)
    bump_menu_version(cast.vendor.pk)
    body = issue(api, cast, completed(cast, api)).json()
    assert rates(body) == {600: ("12.00", "0.72", "12.72"), 2100: ("5.50", "1.16", "6.66")}
    assert (body["total"], body["sums"][-1]) == (eur("19.38"), {"kind": "tax_added", "amount": eur("1.88")})


def test_asked_again_it_is_the_same_whatever_has_changed(cast: Cast, api: Api) -> None:
    order = completed(cast, api)
    first = issue(api, cast, order).json()
    Merchant.objects.filter(pk=cast.merchant.pk).update(legal_name="Other NV")
    Order.objects.filter(pk=order.pk).update(contact_name="Somebody")
    with assert_nothing_changed(order):
        again = [issue(api, cast, order, who) for who in ("customer", "owner", "staff")]
        read = api(cast.owner).get(url_of(order))
    assert [answer.status_code for answer in again] == [200, 200, 200]
    assert [answer.json() for answer in (*again, read)] == [first] * 4


def test_numbers_go_on_for_all_vendors_of_a_seller(cast: Cast, api: Api) -> None:
    orders = [completed(cast, api) for _ in range(3)]
    assert [issue(api, cast, order).json()["number"][5:] for order in orders] == ["000001", "000002", "000003"]


def test_each_refund_since_has_a_credit_note(cast: Cast, api: Api) -> None:
    order = completed(cast, api)
    invoice = issue(api, cast, order).json()
    soda = order.lines.get(name="Soda")
    refund = f"{ORDERS}/{order.pk}/refunds"
    assert api(cast.owner).post(refund, {"items": [{"item": soda.pk, "quantity": 1}]}).status_code == 201
    assert api(cast.owner).post(refund, {"amount": eur("3.00")}).status_code == 201
    assert api(cast.staff).post(refund, {}).status_code == 201
    body = api(cast.customer).get(url_of(order)).json()
    notes = body["credit_notes"]
    assert [(note["kind"], note["number"][5:], note["invoice"]) for note in notes] == [
        ("credit_note", "000002", invoice["number"]),
        ("credit_note", "000003", invoice["number"]),
        ("credit_note", "000004", invoice["number"]),
    ]
    # One soda; of 3.00 each rate its part of the 12.00 and 3.00 that are left; then all of it.
    assert [rates(note) for note in notes] == [
        {2100: ("2.06", "0.44", "2.50")},
        {600: ("2.26", "0.14", "2.40"), 2100: ("0.50", "0.10", "0.60")},
        {600: ("9.06", "0.54", "9.60"), 2100: ("1.98", "0.42", "2.40")},
    ]
    assert {**body, "credit_notes": []} == invoice
    credited = [sum(round(float(note[name]["amount"]) * 100) for note in notes) for name in ("net", "tax", "total")]
    assert credited == [1586, 164, 1750]


def test_what_was_given_back_before_is_credited_at_once(cast: Cast, api: Api) -> None:
    order = completed(cast, api)
    assert api(cast.owner).post(f"{ORDERS}/{order.pk}/refunds", {"amount": eur("1.75")}).status_code == 201
    assert not IssuedDocument.objects.exists()
    body = issue(api, cast, order).json()
    assert (body["total"], [note["total"] for note in body["credit_notes"]]) == (eur("17.50"), [eur("1.75")])


def test_cancelling_credits_all_and_nothing_is_undone_after_an_invoice(cast: Cast, api: Api) -> None:
    order = completed(cast, api)
    issue(api, cast, order)
    walk(cast, api, order, "staff correct_collection")
    with assert_nothing_changed(order):
        answer = step(cast, api, order, "owner undo_collect")
    assert (answer.status_code, answer.json()["code"]) == (409, "invoiced")
    walk(cast, api, order, "staff cancel_by_staff")
    notes = api(cast.customer).get(url_of(order)).json()["credit_notes"]
    assert [note["total"] for note in notes] == [eur("17.50")]
    with assert_nothing_changed(order):
        answer = step(cast, api, order, "staff reopen")
    assert (answer.status_code, answer.json()["code"]) == (409, "invoiced")


@pytest.mark.parametrize(
    ("fields", "legal_name", "code"),
    [
        ({"status": Status.PICKUP_COMPLETED_BY_CUSTOMER}, "Burger BV", "not_completed"),
        ({"payment_status": "authorised"}, "Burger BV", "not_paid"),
        ({}, "", "seller_unnamed"),
    ],
)
def test_what_is_refused(cast: Cast, api: Api, fields: dict[str, Any], legal_name: str, code: str) -> None:
    order = completed(cast, api)
    Order.objects.filter(pk=order.pk).update(**{"status": Status.COMPLETED, **fields})
    Merchant.objects.filter(pk=cast.merchant.pk).update(legal_name=legal_name)
    with assert_nothing_changed(order):
        answer = issue(api, cast, order)
        read = api(cast.customer).get(url_of(order))
    assert (answer.status_code, answer.json()["code"]) == (409, code)
    assert (read.status_code, read.json()["code"]) == (404, "not_found")


def test_nobody_else_has_it(cast: Cast, api: Api) -> None:
    order = completed(cast, api)
    issue(api, cast, order)
    Order.objects.filter(pk=order.pk).update(driver=cast.driver_row)
    for who in ("stranger", "other_owner", "driver", "dispatcher"):
        client = api(getattr(cast, who))
        with assert_nothing_changed(order):
            assert (client.get(url_of(order)).status_code, client.post(url_of(order)).status_code) == (404, 404)


def test_a_document_is_neither_changed_nor_deleted(cast: Cast, api: Api) -> None:
    issue(api, cast, completed(cast, api))
    document = IssuedDocument.objects.get()
    document.total = 1
    for change in (
        document.save,
        document.delete,
        lambda: IssuedDocument.objects.update(total=1),
        IssuedDocument.objects.all().delete,
    ):
        with pytest.raises(DocumentIssued):
            change()
    assert IssuedDocument.objects.get().total == 1750


def test_erasing_the_buyer_keeps_the_invoice_as_it_is(cast: Cast, api: Api) -> None:
    """Books must name who bought; the file of personal data tells it while there is an account."""
    order = completed(cast, api)
    invoice = issue(api, cast, order).json()
    told = personal_data_of(cast.customer_row.pk, order.placed_at)["documents"]
    erase_customer(cast.customer_row.pk)
    assert [row["content"]["buyer"]["name"] for row in told] == ["Clara Customer"]
    assert api(cast.owner).get(url_of(order)).json() == invoice
    assert Order.objects.get(pk=order.pk).contact_name == ""


AMOUNTS = st.integers(0, 10_000)
RATES = st.lists(st.tuples(AMOUNTS, st.integers(0, 2500)), min_size=1, max_size=4)
ASKED = st.dictionaries(st.integers(0, 4), AMOUNTS, max_size=2)


@settings(max_examples=50)
@given(RATES, st.lists(st.tuples(AMOUNTS, ASKED), max_size=4))
def test_credits_come_to_the_invoice_and_never_beyond(
    rows: list[tuple[int, int]], refunds: list[tuple[int, dict[int, int]]]
) -> None:
    """Whatever is given back in which parts: no rate is credited more than it was invoiced, and all of it is all."""
    left = {index: TaxedSum(gross=gross, tax=gross * share // 10_000) for index, (gross, share) in enumerate(rows)}
    for wanted, asked in [*refunds, (40_000, {})]:
        amount = min(wanted, sum(one.gross for one in left.values()))
        parts = split_by_rate(amount, left, asked)
        assert sum(one.gross for one in parts.values()) == amount
        for rate, part in parts.items():
            left[rate] = TaxedSum(gross=left[rate].gross - part.gross, tax=left[rate].tax - part.tax)
            assert left[rate].gross >= left[rate].tax >= 0
    assert {(one.gross, one.tax) for one in left.values()} == {(0, 0)}
