"""The map with a pin in a browser: by mouse and by keyboard, on a desk and on a phone, and the page without scripts."""

import os
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from orders.checkout import Place
from orders.lifecycle.table import Fulfilment
from orders.models import Order
from ordersite.accounts.models import Address
from tests.cast import PASSWORD, Cast
from tests.orders.back_office import place_order
from tests.orders.kinds import make_package_type

pytestmark = pytest.mark.browser
OpenPage = Callable[..., Page]
SignIn = Callable[[Page, str], None]


def picture(page: Page, name: str) -> None:
    """Kept where somebody wants to look at it."""
    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


def delivery(stage: Cast) -> Order:
    place = Place(address="Rue Neuve 1", lat=50.851, lng=4.351)
    return place_order(stage, fulfilment=Fulfilment.DELIVERY, place=place, lines=2)


@pytest.mark.parametrize("width", [1280, 390])
def test_an_order_by_phone_finds_its_address(stage: Cast, open_page: OpenPage, sign_in: SignIn, width: int) -> None:
    page = open_page(width=width)
    sign_in(page, stage.staff.email)
    page.goto(f"/admin/orders/order/phone/?vendor={stage.vendor.pk}&customer=")
    page.get_by_label("Pizza 12.00").fill("1")
    page.locator("#id_guest_name").fill("Gina")
    page.locator("#id_guest_phone").fill("0470 12 34 56")
    page.locator("#id_delivery_type").select_option("delivery")
    page.locator("#id_address").fill("Kerkstraat 1")
    page.get_by_role("button", name="Find the address on the map").click()
    page.get_by_role("button", name="Rue de l'Église 1, 1060 Brussels").click()
    expect(page.locator("#id_address")).to_have_value("Rue de l'Église 1, 1060 Brussels")
    expect(page.get_by_label("Latitude")).to_have_value("50.8274")
    expect(page.locator(".map-told")).to_have_text("The pin is 2536 m from Burger Bar, in Near.")
    picture(page, f"map-phone-{width}")
    page.get_by_role("button", name="Show the price").click()
    page.get_by_role("button", name="Place the order").click()
    expect(page.get_by_text("The order was placed.")).to_be_visible()
    order = Order.objects.get()
    assert (order.address, order.lat, order.lng) == ("Rue de l'Église 1, 1060 Brussels", 50.8274, 4.3452)


@pytest.mark.parametrize("width", [1280, 390])
def test_a_package_by_phone_has_a_map_for_each_end(
    stage: Cast, open_page: OpenPage, sign_in: SignIn, width: int
) -> None:
    make_package_type(stage.vendor)
    page = open_page(width=width)
    sign_in(page, stage.staff.email)
    page.goto(f"/admin/orders/order/phone/?vendor={stage.vendor.pk}&customer=")
    page.get_by_role("link", name="A package, from one address to another").click()
    page.locator("#id_guest_name").fill("Gina")
    page.locator("#id_guest_phone").fill("0470 12 34 56")
    page.locator("#id_recipient_name").fill("Rita")
    page.locator("#id_recipient_phone").fill("0470 12 34 57")
    page.get_by_label("Weight, grams").fill("2001")
    for side in ("Width", "Length", "Height"):
        page.get_by_label(f"{side}, mm").fill("300")
    start, end = page.get_by_role("region", name="From"), page.get_by_role("region", name="To")
    start.locator("#id_pickup-address").fill("Kerkstraat 1")
    start.get_by_role("button", name="Find the address on the map").click()
    start.get_by_role("button", name="Rue de l'Église 1, 1060 Brussels").click()
    expect(start.locator(".map-told")).to_have_text("The pin is 2536 m from Burger Bar.")
    expect(end.get_by_label("Latitude")).to_have_value("")
    # The other by its text alone, and set right with the keyboard after it was found.
    end.locator("#id_dropoff-address").fill("Place du Grand Sablon 12")
    page.get_by_role("button", name="Show the price").click()
    expect(end.get_by_label("Latitude")).to_have_value("50.8405")
    picture(page, f"package-phone-{width}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    end.get_by_role("application").focus()
    page.keyboard.press("ArrowUp")
    page.get_by_role("button", name="Place the order").click()
    expect(page.get_by_text("The order was placed.")).to_be_visible()
    order = Order.objects.get()
    assert (order.package.pickup_address, order.package.pickup_lat) == ("Rue de l'Église 1, 1060 Brussels", 50.8274)
    assert (order.address, order.lat) == ("Place du Grand Sablon 12", 50.840545)


def test_the_pin_by_keyboard_and_by_mouse(stage: Cast, open_page: OpenPage, sign_in: SignIn) -> None:
    order = delivery(stage)
    page = open_page()
    sign_in(page, stage.staff.email)
    page.goto(f"/admin/orders/order/{order.pk}/change/")
    page.get_by_role("link", name="Change the address, or its point").click()
    where = page.get_by_role("application")
    expect(page.locator(".map-told")).to_have_text("The pin is 132 m from Burger Bar, in Near.")
    where.focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(page.get_by_label("Latitude")).to_have_value("50.85109")
    picture(page, "map-order")
    page.get_by_role("button", name="Change the address").click()
    expect(page.get_by_text("The address was changed.")).to_be_visible()
    order.refresh_from_db()
    assert (order.address, order.lat, order.lng) == ("Rue Neuve 1", 50.85109, 4.351)

    page.get_by_role("link", name="Change the address, or its point").click()
    page.get_by_role("button", name="Nearer").click()
    box = where.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2 + 60, box["y"] + box["height"] / 2)
    moved = float(page.get_by_label("Longitude").input_value())
    assert moved > 4.351
    # The button that opens a menu puts no pin.
    page.mouse.click(box["x"] + box["width"] / 2 - 60, box["y"] + box["height"] / 2, button="right")
    page.keyboard.press("Escape")
    assert float(page.get_by_label("Longitude").input_value()) == moved
    # Dragged by its head, it goes along.
    eye = page.locator(".map-eye").bounding_box()
    assert eye is not None
    page.mouse.move(eye["x"] + 3, eye["y"] + 3)
    page.mouse.down()
    page.mouse.move(eye["x"] + 53, eye["y"] + 3, steps=5)
    page.mouse.up()
    assert float(page.get_by_label("Longitude").input_value()) > moved
    page.locator("#id_address").fill("Boulevard 7")
    page.get_by_role("button", name="Change the address").click()
    expect(page.get_by_text("The address was changed.")).to_be_visible()
    order.refresh_from_db()
    assert order.address == "Boulevard 7"
    assert order.lng is not None
    assert order.lng > moved


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_sticks_out(stage: Cast, open_page: OpenPage, sign_in: SignIn, width: int) -> None:
    order = delivery(stage)
    page = open_page(width=width)
    sign_in(page, stage.staff.email)
    page.goto(f"/admin/orders/order/{order.pk}/address/")
    expect(page.get_by_role("application")).to_be_visible()
    picture(page, f"map-order-{width}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for tool in page.locator(".map-tools button, .place-find").all():
        box = tool.bounding_box()
        assert box is not None
        assert box["height"] >= 32


def test_without_scripts_the_fields_do_it(stage: Cast, browser: Browser, live_server: Any) -> None:
    order = delivery(stage)
    page = browser.new_context(base_url=live_server.url, java_script_enabled=False).new_page()
    page.goto("/admin/login/?next=/admin/")
    page.get_by_label("Email").fill(stage.staff.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.goto(f"/admin/orders/order/{order.pk}/address/")
    page.locator("#id_address").fill("Kerkstraat 1")
    page.get_by_role("button", name="Change the address").click()
    page.get_by_label("Rue de l'Église 1, 1060 Brussels").check()
    page.get_by_role("button", name="Change the address").click()
    expect(page.get_by_text("The address was changed.")).to_be_visible()
    order.refresh_from_db()
    assert (order.address, order.lat) == ("Rue de l'Église 1, 1060 Brussels", 50.8274)


def test_tiles_come_from_where_the_settings_say(
    stage: Cast, browser: Browser, live_server: Any, sign_in: SignIn, settings: Any
) -> None:
    settings.MAP_TILES_URL = "https://tiles.example.com/{z}/{x}/{y}.png"
    settings.MAP_ATTRIBUTION = "© The mappers"
    order = delivery(stage)
    page = browser.new_context(base_url=live_server.url).new_page()
    asked: list[str] = []
    refused: list[str] = []
    page.route("https://tiles.example.com/**", lambda route: (asked.append(route.request.url), route.abort()))
    page.on("console", lambda message: refused.append(message.text) if "Content Security" in message.text else None)
    sign_in(page, stage.staff.email)
    page.goto(f"/admin/orders/order/{order.pk}/address/")
    expect(page.get_by_text("© The mappers")).to_be_visible()
    assert asked
    assert all(url.startswith("https://tiles.example.com/") and "{" not in url for url in asked)
    assert refused == []


def test_a_saved_address_has_a_pin(stage: Cast, open_page: OpenPage, sign_in: SignIn) -> None:
    saved = Address.objects.create(customer=stage.customer_row, address="Rue Haute 118", lat=50.8396, lng=4.3496)
    page = open_page()
    sign_in(page, stage.staff.email)
    page.goto(f"/admin/accounts/customer/{stage.customer_row.pk}/change/")
    row = page.locator("#addresses-0")
    expect(row.locator(".map-told")).to_have_text("The pin is 50.8396, 4.3496.")
    row.get_by_role("application").focus()
    page.keyboard.press("ArrowUp")
    expect(page.locator("#id_addresses-0-lat")).to_have_value("50.839645")
    # A row that is added has its own.
    page.get_by_text("Add another Address").click()
    added = page.locator("#addresses-1")
    added.locator("#id_addresses-1-address").fill("Place du Grand Sablon 12")
    added.get_by_role("button", name="Find the address on the map").click()
    expect(page.locator("#id_addresses-1-lat")).to_have_value("50.8405")
    picture(page, "map-saved")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was changed successfully")).to_be_visible()
    saved.refresh_from_db()
    assert (saved.address, saved.lat, saved.lng) == ("Rue Haute 118", 50.839645, 4.3496)
    assert Address.objects.values_list("address", "lat", "lng").latest("pk") == (
        "Place du Grand Sablon 12",
        50.8405,
        4.3554,
    )


def test_a_saved_address_chosen_by_phone_shows_its_pin(stage: Cast, open_page: OpenPage, sign_in: SignIn) -> None:
    of = {"customer": stage.customer_row}
    home = Address.objects.create(address="Rue Haute 118", lat=50.8396, lng=4.3496, **of)
    unknown = Address.objects.create(address="Somewhere 1", **of)
    page = open_page()
    sign_in(page, stage.staff.email)
    page.goto(f"/admin/orders/order/phone/?vendor={stage.vendor.pk}&customer={stage.customer_row.pk}")
    told, saved = page.locator(".map-told"), page.get_by_label("Saved address")
    expect(told).to_contain_text("No point yet")
    saved.select_option(str(home.pk))
    expect(page.locator(".map-pin")).to_have_count(1)
    expect(told).to_contain_text(f"m from {stage.vendor.name}")
    saved.select_option(str(unknown.pk))
    expect(page.locator(".map-pin")).to_have_count(0)
    # Its pin moved, it is an address of this order alone.
    saved.select_option(str(home.pk))
    page.get_by_role("application").focus()
    page.keyboard.press("ArrowUp")
    expect(saved).to_have_value("")
    expect(page.locator("#id_address")).to_have_value("Rue Haute 118")
    expect(page.locator("#id_lat")).to_have_value("50.839645")
    home.refresh_from_db()
    assert (home.lat, home.lng) == (50.8396, 4.3496)
