"""Staff take an order by phone in a browser: on a desk and on a phone of their own, by mouse and by keyboard."""

import os
from collections.abc import Callable

import pytest
from django.db import transaction
from playwright.sync_api import Page, expect

from orders.models import Order
from tests.cast import Cast
from vendors.services.vendors import import_menu

pytestmark = pytest.mark.browser
OpenPage = Callable[..., Page]
SignIn = Callable[[Page, str], None]
UNNAMED = (
    "[...document.querySelectorAll('input:not([type=hidden]), select, textarea, button')]"
    ".filter(e => e.offsetParent && !e.classList.contains('select2-search__field'))"
    ".filter(e => !(e.labels?.length || e.ariaLabel || e.title || e.textContent.trim() || e.value))"
    ".map(e => e.outerHTML)"
)


def picture(page: Page, name: str) -> None:
    """Kept where somebody wants to look at it."""
    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


@pytest.mark.parametrize("width", [1280, 390])
def test_takes_an_order_for_a_guest(stage: Cast, open_page: OpenPage, sign_in: SignIn, width: int) -> None:
    page = open_page(width=width)
    sign_in(page, stage.staff.email)
    page.goto("/admin/orders/order/")
    page.get_by_role("link", name="New order by phone").click()
    page.locator(".select2-selection").first.click()
    page.locator(".select2-search__field").fill("Burger")
    page.get_by_role("option", name="Burger Bar").click()
    picture(page, f"start-{width}")
    page.get_by_role("button", name="Take the order").click()

    page.get_by_label("Find a product").fill("burg")
    expect(page.get_by_label("Pizza 12.00")).to_be_hidden()
    page.get_by_label("Burger 8.50").fill("2")
    page.get_by_text("Choices and note for Burger").click()
    page.get_by_label("Size choose 1").select_option("")
    page.get_by_label("Onion").check()
    page.get_by_label("Find a product").fill("")
    page.get_by_role("button", name="Show the price").click()

    expect(page.get_by_role("alert")).to_contain_text("Not ready yet")
    expect(page.get_by_text("Choose at least 1 of Size.")).to_be_hidden()
    expect(page.get_by_text("Fill in the customer's name.")).to_be_visible()
    picture(page, f"errors-{width}")
    page.get_by_label("Delivery type").select_option("pickup")
    page.get_by_label("Name").fill("Gina Guest")
    page.get_by_label("Phone:", exact=True).fill("0470 12 34 56")
    page.get_by_role("button", name="Show the price").click()
    expect(page.get_by_text("Choose at least 1 of Size.")).to_be_visible()
    page.get_by_label("Size choose 1").select_option(label="Large +2.00\u00a0EUR")
    page.get_by_label("Line 1:", exact=True).fill("Balloon")
    page.get_by_label("Amount 1").fill("1.50")
    page.get_by_role("button", name="Show the price").click()

    expect(page.get_by_role("button", name="Place the order: 22.50\u00a0EUR")).to_be_visible()
    picture(page, f"quote-{width}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(UNNAMED) == []
    page.get_by_role("button", name="Place the order").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("The order was placed.")).to_be_visible()
    expect(page.get_by_text("No Onion")).to_be_visible()
    order = Order.objects.get()
    assert (order.total, order.contact_name, order.contact_phone) == (2250, "Gina Guest", "+32470123456")


def test_a_double_click_places_once(stage: Cast, open_page: OpenPage, sign_in: SignIn) -> None:
    page = open_page()
    sign_in(page, stage.staff.email)
    page.goto(f"/admin/orders/order/phone/?vendor={stage.vendor.pk}&customer={stage.customer_row.pk}")
    page.get_by_label("Delivery type").select_option("pickup")
    page.get_by_label("Soda 2.50").fill("1")
    page.get_by_role("button", name="Show the price").click()
    page.get_by_role("button", name="Place the order").dblclick()
    expect(page.locator(".order-head h1")).to_contain_text("Order #")
    assert Order.objects.count() == 1


def test_a_long_menu_fits_into_one_form(stage: Cast, open_page: OpenPage, sign_in: SignIn) -> None:
    """A form may have a thousand fields; this menu has more, and only what is ordered is sent."""
    dishes = [
        {"name": f"Dish {number}", "price": 100, "groups": ["Size"], "extras": [{"name": "Rice"}]}
        for number in range(300)
    ]
    with transaction.atomic():
        import_menu(vendor=stage.vendor, menu={"categories": [{"name": "All", "products": dishes}]})
    page = open_page()
    sign_in(page, stage.staff.email)
    page.goto(f"/admin/orders/order/phone/?vendor={stage.vendor.pk}&customer={stage.customer_row.pk}")
    page.get_by_label("Find a product").fill("dish 299")
    page.get_by_label("Dish 299 1.00").fill("3")
    page.get_by_label("Delivery type").select_option("pickup")
    page.get_by_role("button", name="Show the price").click()
    # A long page takes its time.
    expect(page.get_by_role("button", name="Place the order: 3.00\u00a0EUR")).to_be_visible()
