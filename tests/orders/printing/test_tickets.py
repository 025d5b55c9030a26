"""What stands on a ticket: every row, both widths, and nothing that commands a printer."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from orders.models import Line, LineOption, Order
from orders.reading.tickets import ROW_KINDS, row, ticket_as_text, width_of
from tests.cast import Cast
from tests.orders.printing import Api, accepted, jobs_path, move, only_job
from tests.orders.shopping import cart, place_order
from vendors.models import Vendor

CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f]")


def claimed_rows(cast: Cast, api: Api, order: Order, **headers: Any) -> list[tuple[str, str, str]]:
    rows = api(cast.owner).post(jobs_path(cast, only_job(order).pk, "claim"), **headers).json()["rows"]
    return [(one["kind"], one["text"], one["right"]) for one in rows]


def test_every_row_of_a_ticket(cast: Cast, api: Api) -> None:
    burger = {
        "product": cast.products["burger"].pk,
        "quantity": 2,
        "comment": "Well done\nplease",
        "options": [
            {"option": cast.options["Large"].pk},
            {"option": cast.options["Mayonnaise"].pk, "quantity": 2},
        ],
        "extras": [{"extra": cast.extras["Bacon"].pk, "quantity": 1}],
        "without": [cast.ingredients["Onion"].pk],
    }
    pizza = {
        "product": cast.products["pizza"].pk,
        "options": [
            {"option": cast.options["Mushrooms"].pk, "position": "left"},
            {"option": cast.options["Olives"].pk, "position": "right"},
        ],
    }
    cake = {
        "product": cast.products["cake"].pk,
        "options": [{"option": cast.options["Plate text"].pk, "text": "Happy birthday"}],
    }
    order = accepted(
        cast,
        api,
        items=[burger, pizza, cake],
        delivery_type="eat_in",
        table="7",
        comment="We are late",
        cash={"amount": "100.00", "currency": "EUR"},
    )
    rows = claimed_rows(cast, api, order)
    texts = [(kind, re.sub(r"\d\d:\d\d", "HH:MM", text), right) for kind, text, right in rows]
    assert texts == [
        ("title", "Burger Bar", ""),
        ("number", f"P{order.number}", ""),
        ("strong", "Eat in", ""),
        ("strong", "As soon as possible, by HH:MM", ""),
        ("text", "For Clara", ""),
        ("strong", "Table 7", ""),
        ("text", "Placed HH:MM", ""),
        ("rule", "", ""),
        ("item", "2 × Burger", ""),
        ("text", "PLU 100", ""),
        ("added", "2 × Mayonnaise", "PLU 502"),
        ("added", "Large", ""),
        ("added", "Bacon", "PLU 901"),
        ("without", "No Onion", ""),
        ("note", "Well done", ""),
        ("note", "please", ""),
        ("item", "1 × Pizza", ""),
        ("text", "PLU 101", ""),
        ("added", "left: Mushrooms", ""),
        ("added", "right: Olives", ""),
        ("item", "1 × Cake", ""),
        ("text", "PLU 300", ""),
        ("added", 'Plate text: "Happy birthday"', ""),
        ("note", "We are late", ""),
        ("rule", "", ""),
        ("sum", "Subtotal", "67.11 EUR"),
        ("sum", "Total", "67.11 EUR"),
        ("strong", "COLLECT IN CASH", "67.11 EUR"),
        ("sum", "Customer gives", "100.00 EUR"),
        ("sum", "Change to give", "32.89 EUR"),
        ("strong", "Collection code", order.collection_code),
        ("rule", "", ""),
        ("text", "Printed HH:MM", f"Job {only_job(order).pk}"),
    ]


def test_a_ticket_speaks_its_vendors_language(cast: Cast, api: Api) -> None:
    """Whoever claims it: it is read in the kitchen. What people wrote, and what the menu says, stays as it is."""
    Vendor.objects.filter(pk=cast.vendor.pk).update(language="fr")
    burger = {
        "product": cast.products["burger"].pk,
        "options": [{"option": cast.options["Regular"].pk}],
        "without": [cast.ingredients["Onion"].pk],
        "comment": "Nut allergy",
    }
    olives = {"option": cast.options["Olives"].pk, "position": "left"}
    pizza = {"product": cast.products["pizza"].pk, "options": [olives]}
    tomorrow = timezone.now() + timedelta(days=1)
    order = accepted(
        cast, api, items=[burger, pizza], delivery_type="eat_in", table="7", deliver_at=tomorrow.isoformat()
    )
    rows = claimed_rows(cast, api, order, HTTP_ACCEPT_LANGUAGE="nl")
    at = tomorrow.astimezone(cast.vendor.zone)
    day = ["lun", "mar", "mer", "jeu", "ven", "sam", "dim"][at.weekday()]
    assert [row for row in rows if row[0] not in ("title", "number", "rule", "text", "sum")] == [
        ("strong", "Sur place", ""),
        ("strong", f"Pour {day} {at:%d/%m %H:%M}", ""),
        ("strong", "Table 7", ""),
        ("item", "1 × Burger", ""),
        ("added", "Regular", ""),
        ("without", "Sans Onion", ""),
        ("note", "Nut allergy", ""),
        ("item", "1 × Pizza", ""),
        ("added", "gauche: Olives", ""),
        ("strong", "À ENCAISSER EN ESPÈCES", "21.01 EUR"),
        ("strong", "Code de retrait", order.collection_code),
    ]
    assert [text.split()[0] for kind, text, _ in rows if kind == "sum"] == ["Sous-total", "Total"]
    assert "  -- SANS ONION --" in ticket_as_text(only_job(order).content).split("\n")
    browser = Client(headers={"Accept-Language": "nl"})
    browser.force_login(cast.owner)
    assert '<html lang="fr">' in browser.get(f"/board/tickets/{only_job(order).pk}").content.decode()


def test_a_delivery_tells_its_code_to_the_customer_alone(cast: Cast, api: Api) -> None:
    """The driver proves by it that it stands before the customer."""
    rows = claimed_rows(cast, api, accepted(cast, api, delivery_type="delivery"))
    assert ("strong", "Delivery", "") in rows
    assert "Collection code" not in [text for _, text, _ in rows]
    assert not [text for _, text, _ in rows if "Naamsestraat" in text]


@pytest.mark.parametrize("columns", [32, 48])
def test_the_paper_as_text(cast: Cast, api: Api, columns: int) -> None:
    order = accepted(cast, api)
    Vendor.objects.filter(pk=cast.vendor.pk).update(ticket_columns=columns)
    line = Line.objects.get(order=order)
    LineOption.objects.create(line=line, kind="without", menu_id=1, name="Onion")
    LineOption.objects.create(line=line, kind="extra", menu_id=2, name="A very long name of an extra " * 2)
    claimed_rows(cast, api, order)
    lines = ticket_as_text(only_job(order).content).split("\n")
    assert max(map(width_of, lines)) <= columns
    assert f"= P{order.number} =" in [text.strip() for text in lines]
    assert "  -- NO ONION --" in lines
    assert "   + A very long name of an" in [text[:27] for text in lines]
    total = next(text for text in lines if text.startswith("Total"))
    assert total == "Total" + "12.00 EUR".rjust(columns - 5)


def test_what_a_customer_writes_commands_no_printer(cast: Cast, api: Api) -> None:
    order = place_order(api(cast.customer), cart(cast))
    Vendor.objects.filter(pk=cast.vendor.pk).update(prints_tickets=True)
    evil = "\x1b@\x1dV\x01 cut \u202ehere \x07\n\x1bp"
    # As rows from before such texts were refused may hold.
    Order.objects.filter(pk=order.pk).update(comment=evil, contact_name=evil, table=evil[:20])
    Line.objects.filter(order=order).update(name=evil, comment=evil, plu_code="\x1b")
    move(api, cast.owner, order, transition="accept")
    rows = claimed_rows(cast, api, order)
    assert ("item", "1 × @ V cut here p", "") in rows
    text = ticket_as_text(only_job(order).content)
    assert not CONTROL.search(text)
    assert "\u202e" not in text


@given(
    kind=st.sampled_from(ROW_KINDS),
    text=st.text(max_size=200),
    right=st.text(max_size=80),
    columns=st.sampled_from([32, 48]),
)
def test_no_line_is_wider_than_the_paper_and_none_holds_a_control(
    kind: str, text: str, right: str, columns: int
) -> None:
    lines = ticket_as_text({"columns": columns, "rows": [row(kind, text, right)]}).split("\n")
    assert max(map(width_of, lines)) <= columns
    assert not CONTROL.search("".join(lines))
    ticket_as_text({"columns": columns, "rows": [row(kind, text, right)]}).encode()
