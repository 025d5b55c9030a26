"""Staff at work in a browser: on a desk, a tablet and a phone."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from orders.checkout import Place
from orders.lifecycle.table import Fulfilment
from orders.models import Order, OrderEvent
from tests.cast import Cast
from tests.orders.back_office import place_order

pytestmark = pytest.mark.browser
OpenPage = Callable[..., Page]
SignIn = Callable[[Page, str], None]
DELIVERY: dict[str, Any] = {
    "fulfilment": Fulfilment.DELIVERY,
    "place": Place(address="Rue Neuve 1", lat=50.851, lng=4.351),
    "lines": 2,
}


def test_signs_in_opens_an_order_and_accepts_it(stage: Cast, open_page: OpenPage, sign_in: SignIn) -> None:
    order = place_order(stage)
    page = open_page()
    sign_in(page, stage.staff.email)
    expect(page.get_by_role("heading", name="What needs you now")).to_be_visible()
    page.get_by_role("link", name="All open orders").click()
    page.get_by_role("link", name=f"#{order.pk}").click()
    expect(page.locator(".order-head .badge").first).to_have_text("●Pending")
    expect(page.get_by_text("No Onion")).to_be_visible()
    page.get_by_label("ready in").fill("15")
    page.get_by_role("button", name="Accept").click()
    expect(page.get_by_text("Accept: done.")).to_be_visible()
    expect(page.locator(".order-head .badge").first).to_have_text("▶Accepted by business")
    order.refresh_from_db()
    assert (order.status, order.prepared_in) == (7, 15)


def test_cancels_with_a_reason_by_the_keyboard_alone(stage: Cast, open_page: OpenPage, sign_in: SignIn) -> None:
    order = place_order(stage)
    page = open_page(width=390)
    sign_in(page, stage.staff.email)
    page.goto(f"/admin/orders/order/{order.pk}/change/")
    page.locator("summary", has_text="Cancel the order").focus()
    page.keyboard.press("Enter")
    page.keyboard.type("It looks like fraud")
    page.keyboard.press("Tab")
    page.keyboard.type("Three names, one card")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Cancel the order: done.")).to_be_visible()
    expect(page.locator(".order-head .badge").first).to_have_text("✕Rejected")
    event = OrderEvent.objects.latest("number")
    assert (event.transition, event.reason_code, event.reason) == ("cancel_by_staff", "fraud", "Three names, one card")


def test_two_who_press_at_once(stage: Cast, open_page: OpenPage, sign_in: SignIn) -> None:
    order = place_order(stage)
    first, second = open_page(), open_page()
    for page in (first, second):
        sign_in(page, stage.staff.email)
        page.goto(f"/admin/orders/order/{order.pk}/change/")
    first.get_by_role("button", name="Accept").click()
    second.get_by_role("button", name="Accept").click()
    expect(second.get_by_text("Changed meanwhile: now Accepted by business.")).to_be_visible()
    assert OrderEvent.objects.filter(order=order).count() == 2


def test_finds_a_driver_while_typing(stage: Cast, open_page: OpenPage, sign_in: SignIn) -> None:
    order = place_order(stage, **DELIVERY)
    page = open_page()
    sign_in(page, stage.staff.email)
    page.goto(f"/admin/orders/order/{order.pk}/change/")
    page.locator(".select2-selection").click()
    page.locator(".select2-search__field").fill("Dora")
    page.get_by_role("option", name="Dora Driver").click()
    page.get_by_role("button", name="Offer to this driver").click()
    expect(page.get_by_text("The order is offered to Dora Driver.")).to_be_visible()
    order.refresh_from_db()
    assert order.driver_id == stage.driver_row.pk


@pytest.mark.parametrize("width", [1280, 768, 390])
def test_nothing_sticks_out(stage: Cast, open_page: OpenPage, sign_in: SignIn, width: int) -> None:
    order = place_order(stage, **DELIVERY, payment_method="wallet")
    page = open_page(width=width)
    sign_in(page, stage.staff.email)
    for path in ("/admin/", "/admin/orders/order/?group=open", f"/admin/orders/order/{order.pk}/change/"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        unnamed = page.evaluate(
            "[...document.querySelectorAll('input:not([type=hidden]), select, textarea, button')]"
            ".filter(e => e.offsetParent && !e.classList.contains('select2-search__field'))"
            ".filter(e => !(e.labels?.length || e.ariaLabel || e.title || e.textContent.trim() || e.value))"
            ".map(e => e.outerHTML)"
        )
        assert unnamed == [], path
    for name, row in (
        ("vendor", stage.vendor),
        ("product", stage.products["burger"]),
        ("optiongroup", stage.groups["Size"]),
    ):
        page.goto(f"/admin/vendors/{name}/{row.pk}/change/")
        boxes = [box.bounding_box() for box in page.locator(".inline-group fieldset").all()]
        sides = [box for box in boxes if box is None or box["x"] + box["width"] > width]
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        assert sides == [], name  # its rows are within the page, and scroll by themselves where it is narrow
    if width == 390:
        page.goto("/admin/orders/order/")
        expect(page.locator("select[name=status]")).to_be_hidden()
        page.get_by_text("Show filters").click()
        page.locator("select[name=status]").select_option("11")
        page.get_by_role("button", name="Filter", exact=True).click()
        expect(page.get_by_text("0 orders")).to_be_visible()
        assert Order.objects.count() == 1
