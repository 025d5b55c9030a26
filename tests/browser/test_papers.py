"""What stands on a kitchen's card, on its ticket and on a receipt, word for word, in a real browser."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from rest_framework.test import APIClient

from orders.models import Order, PrintJob
from ordersite.core.crypto import decrypt
from tests.browser.boards import Acting, card_of
from tests.cast import Cast
from tests.orders.printing import jobs_path
from tests.orders.shopping import ORDERS, cart, eur, fill_wallet, place_order
from tests.tracking.live import Server
from vendors.models import Vendor

pytestmark = pytest.mark.browser
Api = Callable[..., APIClient]


def meal(cast: Cast) -> list[dict[str, Any]]:
    """All that a kitchen must not overlook: how many, choices, halves, extras, what is left out, texts, an allergy."""
    option = {name: row.pk for name, row in cast.options.items()}
    return [
        {
            "product": cast.products["burger"].pk,
            "quantity": 2,
            "options": [{"option": option["Large"]}, {"option": option["Mayonnaise"], "quantity": 2}],
            "extras": [{"extra": cast.extras["Bacon"].pk, "quantity": 1}],
            "without": [cast.ingredients["Onion"].pk],
            "comment": "Nut allergy",
        },
        {
            "product": cast.products["pizza"].pk,
            "options": [
                {"option": option["Mushrooms"], "position": "left"},
                {"option": option["Olives"], "position": "right"},
            ],
        },
        {"product": cast.products["cake"].pk, "options": [{"option": option["Plate text"], "text": "Happy birthday"}]},
    ]


def size_of(page: Page, selector: str) -> float:
    return float(page.locator(selector).first.evaluate("(one) => parseFloat(getComputedStyle(one).fontSize)"))


def looks_of(page: Page, selector: str) -> tuple[str, str]:
    found = page.locator(selector).first.evaluate(
        "(one) => [getComputedStyle(one).color, getComputedStyle(one).borderTopWidth]"
    )
    return tuple(found)


def test_a_card_says_all_that_is_ordered(stage: Cast, served: Server, open_live: Callable[..., Page]) -> None:
    order = Acting(stage, served).place(items=meal(stage), comment="Wheelchair at the door")["id"]
    page = open_live(signed_in=stage.owner, locale="fr-BE")
    page.goto(f"/board/{stage.vendor.pk}")
    card = card_of(page, order)
    expect(card.locator("p.comment")).to_have_text("Wheelchair at the door")
    lines = [" ".join(text.split()) for text in card.locator(".line").all_inner_texts()]
    assert lines == [
        "2× Burger100 2× Mayonnaise502 Large + Bacon901 − Sans Onion Nut allergy",
        "1× Pizza101 gauche: Mushrooms droite: Olives",
        "1× Cake300 Plate text Happy birthday",
    ]
    assert size_of(page, ".line .quantity") > size_of(page, ".line .name") > size_of(page, ".line .option")
    assert len({looks_of(page, f".line .option.{kind}")[0] for kind in ("option", "extra", "without")}) == 3
    page.get_by_role("button", name="À préparer").click()
    expect(page.locator(".counts")).to_contain_text("Sans Onion")


def test_a_ticket_sets_apart_what_is_left_out(stage: Cast, api: Api, open_page: Callable[..., Page]) -> None:
    Vendor.objects.filter(pk=stage.vendor.pk).update(language="nl", prints_tickets=True)
    order = place_order(api(stage.customer), cart(stage, items=meal(stage)))
    api(stage.owner).post(f"{ORDERS}/{order.pk}/transitions", {"transition": "accept"})
    job = PrintJob.objects.get(order=order)
    api(stage.owner).post(jobs_path(stage, job.pk, "claim"))
    page = open_page(signed_in=stage.owner, locale="fr-BE")
    page.goto(f"/board/tickets/{job.pk}")
    expect(page.locator("html")).to_have_attribute("lang", "nl")
    assert page.locator(".item").all_inner_texts() == ["2 × Burger", "1 × Pizza", "1 × Cake"]
    assert page.locator(".without").all_inner_texts() == ["GEEN ONION"]
    assert page.locator(".note").all_inner_texts() == ["Nut allergy"]
    added = [" ".join(text.split()) for text in page.locator(".added").all_inner_texts()]
    assert added == [
        "2 × Mayonnaise PLU 502",
        "Large",
        "Bacon PLU 901",
        "links: Mushrooms",
        "rechts: Olives",
        'Plate text: "Happy birthday"',
    ]
    assert size_of(page, ".item") > size_of(page, ".added")
    assert looks_of(page, ".without span")[1] != looks_of(page, ".added span")[1] == "0px"


def test_a_receipt_tells_how_it_was_paid(stage: Cast, api: Api, open_page: Callable[..., Page]) -> None:
    Vendor.objects.filter(pk=stage.vendor.pk).update(service_fee=100, fee_tax_rate=2100)
    fill_wallet(stage.customer_row, 5000)
    page = open_page(signed_in=stage.customer, locale="en-GB")

    def receipt(order: Order) -> list[str]:
        page.goto(f"/t/{decrypt(order.tracking_sealed)}")
        expect(page.get_by_role("heading", name="Receipt")).to_be_visible()
        texts = [" ".join(text.split()) for text in page.locator(".lines li").all_inner_texts()]
        return [re.sub(r"\d\d:\d\d", "HH:MM", text) for text in texts]

    costs = ["1 × Pizza €12.00", "Service €1.00", "Total €13.00", "including tax 6% €0.68", "including tax 21% €0.17"]
    owed = place_order(api(stage.customer), cart(stage))
    assert receipt(owed) == [*costs, "To be paid: cash €13.00", "Still to pay €13.00"]
    paid = place_order(api(stage.customer), cart(stage, payment_method="wallet"))
    assert receipt(paid) == [*costs, "Paid: wallet, HH:MM €13.00"]
    answer = api(stage.staff).post(f"{ORDERS}/{paid.pk}/refunds", {"amount": eur("3.00")})
    assert answer.status_code == 201, answer.json()
    assert receipt(paid) == [*costs, "Paid: wallet, HH:MM €13.00", "Refunded: wallet -€3.00"]
