"""Forms of an order's page that are refused: what was typed stands there again, the error at its field."""

from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import OperationalError
from django.test import Client

from orders.models import Account, Order, Payment
from ordersite.accounts.models import Customer
from tests.cast import Cast
from tests.office import Forms, posted_forms
from tests.orders.admin.test_admin_buttons import DELIVERY
from tests.orders.admin.test_admin_proofs import photographed
from tests.orders.back_office import place_order
from tests.orders.confirming import asked, shown_in
from tests.orders.money import driven, set_terms, settled
from tests.orders.shopping import assert_nothing_changed, fill_wallet
from vendors.models import Vendor

pytestmark = pytest.mark.django_db


def form_at(page: Any, where: str, **fields: str) -> dict[str, Any]:
    """What a browser would send of the page's form with this address and these fields."""
    for action, sent, _ in posted_forms(page):
        if action.endswith(f"/{where}/") and fields.items() <= sent.items():
            return sent
    raise AssertionError(f"There is no form for {where} on this page.")


# Where a form is sent, what it is told apart by, what is typed into it, and what the page says then at which field.
# The order is a delivery of two lines for cash that nobody paid yet; {line} is its first line.
REFUSED: dict[str, tuple[str, dict[str, str], dict[str, str], str, str]] = {
    "a reason that needs words": (
        "move",
        {"transition": "cancel_by_staff"},
        {"reason_code": "other"},
        "reason",
        "This reason needs an explanation: type one.",
    ),
    "a reason of blanks": (
        "move",
        {"transition": "reject"},
        {"reason_code": "other", "reason": " "},
        "reason",
        "This reason needs an explanation: type one.",
    ),
    "too many minutes": ("move", {"transition": "accept"}, {"prepared_in": "20000"}, "prepared_in", "10080"),
    "a driver off duty": ("driver", {}, {"driver": "{off}"}, "driver", "off duty"),
    "a tracking number that is too long": (
        "tracking-number",
        {},
        {"tracking_number": "9" * 81, "carrier": "Post"},
        "tracking_number",
        "at most 80",
    ),
    "a tracking number with a control character": (
        "tracking-number",
        {},
        {"tracking_number": "P1", "carrier": "Po\x07st"},
        "carrier",
        "control character",
    ),
    "a note that is too long": ("note", {}, {"text": "n" * 501, "visible_to": "everybody"}, "text", "at most 500"),
    "a refund without an amount": (
        "refund",
        {},
        {"what": "amount", "reason": "Late", "cancel": "no"},
        "amount",
        "amount to refund",
    ),
    "a refund of nothing": ("refund", {}, {"what": "lines", "{line}": "0", "cancel": "no"}, "what", "which items"),
    "a refund of too many": (
        "refund",
        {},
        {"what": "lines", "{line}": "7", "cancel": "no"},
        "{line}",
        "The order has 1 of this item",
    ),
    "a refund of no number": ("refund", {}, {"what": "lines", "{line}": "x", "cancel": "no"}, "{line}", "whole number"),
    "a refund that does not say whether it cancels": (
        "refund",
        {},
        {"what": "all", "to": "wallet"},
        "cancel",
        "choose whether the order is cancelled too",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_was_typed_stands_there_again(cast: Cast, office: Client, case: str) -> None:
    where, known, typed, field, told = REFUSED[case]
    order = place_order(cast, **{**DELIVERY, "payment_method": "wallet"})
    cast.driver_row.on_duty = False
    cast.driver_row.save()
    words = {"line": f"line_{order.lines.first().pk}", "off": str(cast.driver_row.pk)}
    typed = {name.format(**words): value.format(**words) for name, value in typed.items()}
    field, path = field.format(**words), f"/admin/orders/order/{order.pk}/change/"
    fresh = form_at(office.get(path), where, **known)
    with assert_nothing_changed(order):
        answer = office.post(f"/admin/orders/order/{order.pk}/{where}/", {**fresh, **typed})
    assert (answer.status_code, answer["Location"]) == (302, path)
    page = office.get(path)
    again = form_at(page, where, **known)
    version = {"version": str(Order.objects.get(pk=order.pk).version)} if "version" in fresh else {}
    changing = {"key"} & fresh.keys()
    assert {**again, **dict.fromkeys(changing)} == {**fresh, **typed, **version, **dict.fromkeys(changing)}
    content = page.content.decode()
    forms = [one for one in content.split("<form")[1:] if f"/{where}/" in one.partition(">")[0]]
    shown = next(one for one in forms if all(f'value="{value}"' in one for value in known.values()))
    assert told in shown.split(f'name="{field}"', 1)[1].split(' name="', 1)[0].split("</form>", 1)[0]
    # Shown once: opened anew, the page is as it was.
    untouched = form_at(office.get(path), where, **known)
    assert {**untouched, **dict.fromkeys(changing)} == {**fresh, **dict.fromkeys(changing)}


def test_what_was_typed_outlives_a_change_by_somebody_else(cast: Cast, office: Client) -> None:
    order = place_order(cast, **DELIVERY)
    path = f"/admin/orders/order/{order.pk}/"
    fresh = form_at(office.get(f"{path}change/"), "tracking-number")
    office.post(f"{path}move/", {"transition": "accept", "version": order.version})
    office.post(f"{path}tracking-number/", {**fresh, "tracking_number": "P 1"})
    assert Order.objects.get(pk=order.pk).tracking_number == ""
    page = office.get(f"{path}change/")
    assert b"Changed meanwhile" in page.content
    office.post(f"{path}tracking-number/", form_at(page, "tracking-number"))
    assert Order.objects.get(pk=order.pk).tracking_number == "P 1"


def test_another_orders_page_does_not_show_it(cast: Cast, office: Client) -> None:
    one, other = place_order(cast), place_order(cast)
    paths = [f"/admin/orders/order/{order.pk}/" for order in (one, other)]
    fresh = form_at(office.get(f"{paths[0]}change/"), "note")
    office.post(f"{paths[0]}note/", {**fresh, "text": "x" * 501})
    assert form_at(office.get(f"{paths[1]}change/"), "note")["text"] == ""
    assert form_at(office.get(f"{paths[0]}change/"), "note")["text"] == "x" * 501


# What is typed into a row of the items' page, which row it is, the error, and the field that keeps it.
ITEMS: dict[str, tuple[dict[str, str], str, str]] = {
    "too many of a line": ({"line": "{line}", "action": "change", "quantity": "10001"}, "quantity", "10000"),
    "no number of a line": ({"line": "{line}", "action": "change", "quantity": "x"}, "quantity", "whole number"),
    "too many of a product": ({"action": "add", "product": "{soda}", "quantity": "99"}, "quantity", "At most 6"),
}


@pytest.mark.parametrize("case", ITEMS)
def test_the_items_page_keeps_what_was_typed(cast: Cast, office: Client, case: str) -> None:
    typed, field, told = ITEMS[case]
    order = place_order(cast, lines=2)
    words = {"line": str(order.lines.last().pk), "soda": str(cast.products["soda"].pk)}
    typed = {name: value.format(**words) for name, value in typed.items()}
    path = f"/admin/orders/order/{order.pk}/items/"
    with assert_nothing_changed(order):
        page = office.post(path, {"version": str(order.version), **typed})
    assert page.status_code == 200
    row = next(
        sent
        for _, sent, buttons in posted_forms(page)
        if ("line" in typed and sent.get("line") == typed["line"])
        or ("action", "add") in buttons
        and "product" in typed
    )
    assert row[field] == typed[field]
    assert row.get("product") == typed.get("product")
    errors = page.content.decode().split('class="errorlist')[1]
    assert told in errors.split("</ul>")[0]


# The page that a form of money stands on, where that is sent, what is typed, and what is told at which field.
# {account} is a vendor's to whom something is owed, {cash} a driver's who holds some, {payment} one to be checked.
ACCOUNT, CASH = "account/{account}/change/", "account/{cash}/change/"
OWED = "account/payouts/"
OF_MONEY: dict[str, tuple[str, str, dict[str, str], str, str]] = {
    "a payout of no number": (ACCOUNT, "pay-out", {"amount": "x", "text": "Bank 1"}, "amount", "is not clear"),
    "more than is owed": (ACCOUNT, "pay-out", {"amount": "99.00", "text": "Bank 1"}, "amount", "more than is owed"),
    "more than is owed, in the list": (OWED, "pay-out", {"amount": "99", "text": "B"}, "amount", "more than is owed"),
    "a reference that is too long": (OWED, "pay-out", {"amount": "", "text": "b" * 201}, "text", "at most 200"),
    "no cash": (CASH, "hand-in", {"amount": "", "text": "Till 2"}, "amount", "required"),
    "more cash than there is": (CASH, "hand-in", {"amount": "99.00", "text": "Till 2"}, "amount", "more cash"),
    "days the wrong way round": (
        ACCOUNT,
        "statement",
        {"first": "2026-03-02", "last": "2026-03-01"},
        "",
        "must not be before the first",
    ),
    "a refusal of blanks": ("paymentproof/", "{payment}/refuse", {"reason": " "}, "reason", "required"),
    "a refusal that is too long": ("paymentproof/", "{payment}/refuse", {"reason": "n" * 301}, "reason", "at most 300"),
    "a waiving that is too long": ("paymentproof/", "{payment}/waive", {"reason": "n" * 301}, "reason", "at most 300"),
}


@pytest.fixture
def money(cast: Cast) -> dict[str, int]:
    """What there is on these pages."""
    set_terms(cast)
    fill_wallet(cast.customer_row, 6000)
    settled(cast)
    driven(cast, "cash")
    _, payment = photographed(cast)
    Payment.objects.filter(pk=payment.pk).update(disputed_amount=100, disputed_currency="EUR")
    accounts = Account.objects.filter(currency="EUR")
    return {
        "account": accounts.get(kind="vendor").pk,
        "cash": accounts.get(kind="cash", driver=cast.driver_row).pk,
        "payment": payment.pk,
    }


def form_of_money(page: Any, where: str) -> tuple[str, str, dict[str, str]]:
    """Of a page's form: its method, its address, and what a browser would send of it."""
    parser = Forms()
    parser.feed(page.content.decode())
    for attrs, fields, _ in parser.forms:
        action = attrs.get("action") or ""
        if action.endswith(f"/{where}/"):
            fields.pop("csrfmiddlewaretoken", None)
            return attrs.get("method") or "", action, {name: values[0] for name, values in fields.items()}
    raise AssertionError(f"There is no form for {where} on this page.")


@pytest.mark.parametrize("case", OF_MONEY)
def test_a_form_of_money_keeps_what_was_typed(office: Client, money: dict[str, int], case: str) -> None:
    page, where, typed, field, told = OF_MONEY[case]
    path, where = f"/admin/orders/{page.format(**money)}", where.format(**money)
    method, action, fresh = form_of_money(office.get(path), where)
    with assert_nothing_changed():
        answer = getattr(office, method)(action, {**fresh, **typed})
    assert answer.status_code == 302
    back = answer["Location"]
    assert back.partition("?")[0] == path
    again = office.get(back)
    assert form_of_money(again, where)[2] == {**fresh, **typed}
    form = again.content.decode().split(f'action="{action}"')[1].split("</form>")[0]
    assert told in (form.split(f'name="{field}"')[1].split(' name="')[0] if field else form)
    # Shown once, and not to other forms of the page.
    assert again.content.decode().count('class="errorlist') == 1
    assert form_of_money(office.get(path), where)[2] == fresh


def test_what_is_refused_when_it_is_confirmed_stands_there_again(
    cast: Cast, office: Client, money: dict[str, int]
) -> None:
    for page, where in ((ACCOUNT, "pay-out"), (CASH, "hand-in")):
        path = f"/admin/orders/{page.format(**money)}"
        _, action, fresh = form_of_money(office.get(path), where)
        typed = {**fresh, "amount": "1.00", "text": "Bank 1"}
        _, shown = asked(office, action, **typed)
        driven(cast, "cash")
        with assert_nothing_changed():
            answer = office.post(f"{action}?{urlencode(typed)}", shown)
        assert answer["Location"] == path
        assert form_of_money(office.get(path), where)[2] == typed


@pytest.mark.parametrize("cause", ["the account is gone", "the database is busy"])
def test_a_top_up_that_is_refused_when_it_is_confirmed_stands_there_again(
    cast: Cast, office: Client, monkeypatch: pytest.MonkeyPatch, cause: str
) -> None:
    path = "/admin/orders/account/top-up/"
    typed = {"customer": str(cast.customer_row.pk), "currency": "JPY", "amount": "2500", "text": "Goodwill"}
    shown = shown_in(office.post(path, typed).content.decode())
    kept = dict(typed)
    if cause == "the account is gone":
        Customer.objects.filter(pk=cast.customer_row.pk).update(user=None)
        told = "Choose a customer with an account: a guest has no wallet."
        del kept["customer"]
    else:
        monkeypatch.setattr("orders.admin.accounts.top_up_by_hand", busy)
        told = "try again"
    with assert_nothing_changed():
        again = office.post(path, shown)
    assert again.status_code == 200
    assert next(sent for _, sent, _ in posted_forms(again) if "amount" in sent) == kept
    assert told in again.content.decode().split('class="errorlist')[1].split("</ul>")[0]
    assert not Account.objects.filter(currency="JPY").exists()


def busy(**given: Any) -> None:
    raise OperationalError("database is locked")


def test_a_payout_leads_back_to_its_page_of_the_list(
    cast: Cast, office: Client, money: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orders.admin.ledgers.OWNERS_PER_PAGE", 1)
    Vendor.objects.filter(pk=cast.other_vendor.pk).update(name="Aa")
    Account.objects.create(name="vendor:aa", kind="vendor", currency="EUR", vendor=cast.other_vendor)
    path = "/admin/orders/account/payouts/?p=2"
    _, action, fresh = form_of_money(office.get(path), "pay-out")
    typed = {**fresh, "amount": "99.00"}
    assert office.get(action, typed)["Location"] == path
    assert form_of_money(office.get(path), "pay-out")[2] == typed
