"""The other pages on a phone and on a desk: axe finds nothing, and nothing is too small to touch."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from rest_framework.test import APIClient

from orders.lifecycle.table import Fulfilment, Status
from ordersite.core.crypto import decrypt
from tests.browser.test_board_looks import faults_of, keep_picture
from tests.cast import Cast
from tests.orders.back_office import place_order
from tests.orders.rows import add_line, make_order

pytestmark = pytest.mark.browser
LOOKS: tuple[tuple[int, Any], ...] = ((390, "light"), (1280, "dark"))


@pytest.fixture
def opened(open_page: Callable[..., Page]) -> Callable[..., Page]:
    def at(path: str, look: tuple[int, Any], **options: Any) -> Page:
        page = open_page(width=look[0], color_scheme=look[1], refusals=(403, 404), **options)
        page.goto(path)
        return page

    return at


def expect_no_fault(page: Page, name: str) -> None:
    keep_picture(page, name)
    assert faults_of(page) == [], name


@pytest.mark.parametrize("look", LOOKS)
def test_pages_without_a_script_to_fill_them(stage: Cast, opened: Callable[..., Page], look: tuple[int, Any]) -> None:
    for path in ("/", "/sign-in", "/board/pair", "/t/nobodys", "/nowhere"):
        expect_no_fault(opened(path, look), f"{path} {look}")
    for user in (stage.customer, stage.driver):
        expect_no_fault(opened("/board", look, signed_in=user), f"/board {user} {look}")
    expect_no_fault(opened("/drive", look, signed_in=stage.owner), f"/drive {look}")


@pytest.mark.parametrize("look", LOOKS)
def test_the_page_of_devices(stage: Cast, opened: Callable[..., Page], look: tuple[int, Any]) -> None:
    page = opened(f"/board/{stage.vendor.pk}/devices", look, signed_in=stage.owner)
    expect(page.get_by_text("No device yet.")).to_be_visible()
    page.get_by_label("Name").fill("Kitchen")
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_role("dialog")).to_contain_text("type this code")
    expect_no_fault(page, f"code {look}")
    page.keyboard.press("Escape")
    expect(page.get_by_role("group", name="Kitchen")).to_be_visible()
    expect_no_fault(page, f"devices {look}")


@pytest.mark.parametrize("look", LOOKS)
def test_the_driver_page(stage: Cast, opened: Callable[..., Page], look: tuple[int, Any]) -> None:
    make_order(stage, Status.LOOKING_FOR_DRIVER, stood="accepted search_started", address="Markt 1")
    held = make_order(stage, Status.PICK_UP_COMPLETED_BY_DRIVER, driver=stage.driver_row, payment_method="cash")
    add_line(held, stage.products["burger"], 2)
    page = opened("/drive", look, signed_in=stage.driver)
    expect(page.get_by_role("button", name="Take it")).to_be_visible()
    expect(page.get_by_role("button", name="Delivered")).to_be_visible()
    expect_no_fault(page, f"drive {look}")
    page.get_by_text("Something else").click()
    expect_no_fault(page, f"something else {look}")


@pytest.mark.parametrize("look", LOOKS)
def test_the_dispatchers_page(stage: Cast, opened: Callable[..., Page], look: tuple[int, Any]) -> None:
    make_order(stage, Status.LOOKING_FOR_DRIVER, stood="accepted search_started", address="Markt 1")
    make_order(stage, Status.ACCEPTED_BY_DRIVER_COMPANY, stood="accepted company_accepted", company=stage.company)
    page = opened("/dispatch", look, signed_in=stage.dispatcher)
    expect(page.get_by_role("button", name="Take it")).to_be_visible()
    page.get_by_text("Something else").click()
    expect_no_fault(page, f"dispatch {look}")


@pytest.mark.parametrize("look", LOOKS)
def test_the_page_of_an_order(
    stage: Cast, opened: Callable[..., Page], api: Callable[..., APIClient], look: tuple[int, Any]
) -> None:
    stood = "accepted prepared driver_accepted picked_up"
    order = make_order(stage, Status.DRIVER_ON_WAY, Fulfilment.DELIVERY, stood=stood, driver=stage.driver_row)
    add_line(order, stage.products["burger"], 2)
    address = f"/t/{decrypt(order.tracking_sealed)}"
    page = opened(address, look)
    expect(page.get_by_role("heading", name="Dora drives")).to_be_visible()
    expect_no_fault(page, f"followed {look}")
    own = opened(address, look, signed_in=stage.customer)
    expect(own.get_by_role("heading", name="Receipt")).to_be_visible()
    expect_no_fault(own, f"own {look}")
    # Once it is over, nobody drives any more, and its code opens nothing.
    assert (
        api(stage.driver).post(f"/api/v1/orders/{order.pk}/transitions", {"transition": "deliver"}).status_code == 200
    )
    own.reload()
    expect(own.get_by_role("heading", level=1)).to_have_text("Delivered")
    text = own.inner_text("main")
    assert not [over for over in ("Dora drives", "Code for the handover") if over in text]


def test_the_first_page_of_the_back_office(stage: Cast, opened: Callable[..., Page]) -> None:
    place_order(stage)
    for look in LOOKS:
        page = opened("/admin/", look, signed_in=stage.staff)
        expect(page.locator(".latest li > a")).to_have_count(1)
        assert faults_of(page) == [], look
