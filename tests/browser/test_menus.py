"""A vendor's whole menu in a browser: sorted by keyboard and by dragging, a file and a copy looked at on a phone."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_looks import broken_rules
from tests.cast import Cast
from vendors.models import Category, Product, Vendor

pytestmark = pytest.mark.browser
OpenPage = Callable[..., Page]
SignIn = Callable[[Page, str], None]
FILE = "kind;parent;name;price\nproduct;Food;Burger;9,00\nproduct;Nowhere;Salad;5\n"


def open_menu(stage: Cast, open_page: OpenPage, sign_in: SignIn, width: int, rest: str = "") -> Page:
    page = open_page(width=width)
    sign_in(page, stage.staff.email)
    page.goto(f"/admin/vendors/product/menus/{stage.vendor.pk}/{rest}")
    return page


def is_wider_than_the_window(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))


def names(stage: Cast) -> list[str]:
    return list(Category.objects.filter(vendor=stage.vendor).order_by("position", "pk").values_list("name", flat=True))


@pytest.mark.parametrize("width", [1280, 390])
def test_a_menu_is_sorted_by_keyboard(stage: Cast, open_page: OpenPage, sign_in: SignIn, width: int) -> None:
    page = open_menu(stage, open_page, sign_in, width)
    assert broken_rules(page) == []
    assert not is_wider_than_the_window(page)
    down = page.get_by_role("button", name="Food: Down")
    down.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Moved to place 2 of 2.")).to_be_visible()
    expect(page.get_by_role("button", name="Food: Down")).to_be_focused()
    assert names(stage) == ["Drinks and sweets", "Food"]


def test_a_menu_is_sorted_by_dragging(stage: Cast, open_page: OpenPage, sign_in: SignIn) -> None:
    page = open_menu(stage, open_page, sign_in, 1280)
    rows = page.locator(".sorted > li")
    expect(rows.first).to_have_attribute("draggable", "true")
    rows.nth(1).drag_to(rows.nth(0))
    expect(page.get_by_text("The new order is saved.")).to_be_visible()
    assert names(stage) == ["Drinks and sweets", "Food"]


@pytest.mark.parametrize("width", [1280, 390])
def test_a_file_is_looked_at_before_it_is_imported(
    stage: Cast, open_page: OpenPage, sign_in: SignIn, width: int
) -> None:
    page = open_menu(stage, open_page, sign_in, width, "import/")
    assert broken_rules(page) == []
    assert not is_wider_than_the_window(page)
    for content in (FILE, FILE.replace("Nowhere", "Food")):
        page.get_by_label("File:", exact=True).set_input_files(
            {"name": "menu.csv", "mimeType": "text/csv", "buffer": content.encode()}
        )
        page.get_by_role("button", name="Check it").click()
        expect(page.get_by_role("heading", name="What it would do")).to_be_visible()
        assert broken_rules(page) == []
        assert not is_wider_than_the_window(page)
        if "Nowhere" in content:
            expect(page.get_by_text("There is no category “Nowhere”")).to_be_visible()
            expect(page.get_by_role("button", name="Confirm")).to_have_count(0)
            page.get_by_role("link", name="Another file").click()
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("The menu was imported: 1 new, 1 changed.")).to_be_visible()
    assert Product.objects.get(name="Burger").price == 900


@pytest.mark.parametrize("width", [1280, 390])
def test_a_menu_is_copied_by_keyboard_after_a_look_at_it(
    stage: Cast, open_page: OpenPage, sign_in: SignIn, width: int
) -> None:
    """Everything by keys alone: the other vendor is searched for, what would be done is shown, and then written."""
    other = Vendor.objects.create(merchant=stage.merchant, type=stage.vendor.type, name="Bar Aurore", currency="EUR")
    for category, product in (("Soups", "Onion soup"), ("Food", stage.products["burger"].name)):
        row = Category.objects.create(vendor=other, name=category, position=5)
        Product.objects.create(vendor=other, category=row, name=product, price=650)
    page = open_menu(stage, open_page, sign_in, width, "copy/")
    assert broken_rules(page) == []
    assert not is_wider_than_the_window(page)
    page.get_by_role("combobox", name="Copy from").focus()
    page.keyboard.press("Enter")
    page.keyboard.type("Aurore")
    expect(page.get_by_role("option", name="Bar Aurore")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("combobox", name="Copy from")).to_contain_text("Bar Aurore")
    page.get_by_role("checkbox", name="Tax rates").focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Show what it would do").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="What it would do")).to_be_visible()
    assert broken_rules(page) == []
    assert not is_wider_than_the_window(page)
    expect(page.get_by_role("checkbox", name="Tax rates")).not_to_be_checked()
    changes = page.get_by_role("region", name="What changes")
    assert [row.inner_text().split() for row in changes.locator("tbody td:first-child").all()] == [
        ["category", "Soups"],
        ["product", "Onion", "soup"],
    ]
    assert names(stage) == ["Food", "Drinks and sweets"]
    page.get_by_role("button", name="Copy", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("The menu was copied: 2 new")).to_be_visible()
    assert names(stage) == ["Food", "Drinks and sweets", "Soups"]
    assert Product.objects.get(category__vendor=stage.vendor, name="Onion soup").price == 650
    assert Product.objects.get(pk=stage.products["burger"].pk).price == stage.products["burger"].price
