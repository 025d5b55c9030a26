"""The other pages on a phone and on a desk: axe finds nothing, and nothing is too small to touch."""

import base64
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from django_otp.oath import TOTP
from playwright.sync_api import Page, expect
from rest_framework.test import APIClient

from orders.lifecycle.table import Fulfilment, Status
from ordersite.accounts.mails import choices_link
from ordersite.core.crypto import decrypt
from tests.browser.test_board_looks import faults_of, keep_picture
from tests.cast import PASSWORD, Cast
from tests.orders.back_office import place_order
from tests.orders.money import settled, walk
from tests.orders.rows import add_line, make_order
from tests.orders.shopping import fill_wallet
from vendors.models import Invitation, Merchant, Vendor
from vendors.services.people import invitation_link

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
    choices = urlsplit(choices_link(stage.customer.email, "order_label")).path
    expect_no_fault(opened(choices, look), f"mail choices {look}")
    for user in (stage.customer, stage.driver):
        expect_no_fault(opened("/board", look, signed_in=user), f"/board {user} {look}")
    expect_no_fault(opened("/drive", look, signed_in=stage.owner), f"/drive {look}")


@pytest.mark.parametrize("look", [*LOOKS, (768, "light")])
def test_a_customers_orders(stage: Cast, opened: Callable[..., Page], look: tuple[int, Any]) -> None:
    expect_none = opened("/orders", look, signed_in=stage.stranger)
    expect(expect_none.get_by_text("You have not ordered anything yet.")).to_be_visible()
    expect_no_fault(expect_none, f"no orders {look}")
    Vendor.objects.filter(pk=stage.vendor.pk).update(name="Boulangerie-Pâtisserie Vandenpeereboom du Grand Sablon")
    for status in (Status.REJECTED, *[Status.COMPLETED] * 14, Status.LOOKING_FOR_DRIVER, Status.PENDING):
        make_order(stage, status, stood="accepted")
    page = opened("/orders", look, signed_in=stage.customer)
    expect(page.locator("#orders li")).to_have_count(15)
    expect_no_fault(page, f"orders {look}")
    page.get_by_role("button", name="Show older ones").click()
    expect(page.locator("#orders li")).to_have_count(17)
    expect_no_fault(page, f"all orders {look}")


@pytest.mark.parametrize("look", [*LOOKS, (768, "light")])
def test_the_page_of_ones_account(stage: Cast, opened: Callable[..., Page], look: tuple[int, Any]) -> None:
    """A second step is set up with the keyboard alone, and asked for at the next sign-in."""
    page = opened("/account", look, signed_in=stage.owner)
    expect_no_fault(page, f"account {look}")
    page.get_by_label("Your password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator(".qr svg")).to_be_visible()
    expect_no_fault(page, f"account, its secret {look}")
    app = TOTP(base64.b32decode(page.locator("code.copied").inner_text()))
    page.get_by_label("Code").fill(f"{app.token():06d}")
    page.keyboard.press("Enter")
    expect(page.locator(".codes li")).to_have_count(10)
    code = page.locator(".codes li").first.inner_text()
    expect_no_fault(page, f"account, recovery codes {look}")
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_text("10 recovery codes are left")).to_be_visible()
    expect_no_fault(page, f"account with a second step {look}")
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.get_by_label("E-mail").fill(stage.owner.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_label("Code")).to_be_focused()
    expect_no_fault(page, f"the code {look}")
    page.get_by_label("Code").fill(code)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/board/"))


@pytest.mark.parametrize("look", [*LOOKS, (768, "light")])
def test_the_pages_of_people(stage: Cast, opened: Callable[..., Page], look: tuple[int, Any]) -> None:
    path = f"/board/{stage.vendor.pk}/people"
    page = opened(path, look, signed_in=stage.owner)
    page.get_by_label("E-mail").fill("nina.new.manager.of.everything@example.org")
    page.get_by_label("As").select_option("manager")
    page.get_by_role("button", name="Send the invitation").click()
    expect(page.get_by_text("The invitation is on its way.")).to_be_visible()
    page.get_by_text("Take off", exact=False).first.click()
    expect_no_fault(page, f"people {look}")
    link = urlsplit(invitation_link(Invitation.objects.get())).path
    expect_no_fault(opened(link, look), f"invitation {look}")


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


@pytest.mark.parametrize("look", [*LOOKS, (768, "light")])
def test_the_end_of_a_day(stage: Cast, opened: Callable[..., Page], look: tuple[int, Any]) -> None:
    """As it stands with an order that is still open; then closed, and kept."""
    place_order(stage)
    page = opened(f"/board/{stage.vendor.pk}/day", look, signed_in=stage.owner)
    expect_no_fault(page, f"day {look}")
    page.get_by_label("Cash counted").fill("12,50")
    page.get_by_role("button", name="Close the day").click()
    expect(page.get_by_role("heading", name="End of day 1")).to_be_visible()
    expect(page.get_by_text("12.50 EUR").first).to_be_visible()
    expect_no_fault(page, f"day report {look}")


@pytest.mark.parametrize("language", ["fr", "nl", "es"])
def test_papers_of_money_on_a_narrow_phone(
    stage: Cast, opened: Callable[..., Page], api: Callable[..., APIClient], language: str
) -> None:
    """Long headings of amounts, and a name without a blank, break; the page is no wider than the window."""
    Merchant.objects.update(legal_name="Burger BV", legal_address="Markt 1", vat_number="BE0123")
    fill_wallet(stage.customer_row, 5000)
    order = settled(stage)
    add_line(order, stage.products["burger"], 1)
    order.lines.update(name="W" * 80)
    walk(stage, api, order, "owner complete")
    staff = api(stage.staff)
    assert staff.post(f"/api/v1/orders/{order.pk}/invoice").status_code == 201
    for path in (f"/orders/{order.pk}/invoice", f"/board/{stage.vendor.pk}/day"):
        for width in (320, 390):
            page = opened(path, (width, "light"), signed_in=stage.owner, locale=language)
            expect(page.locator("html")).to_have_attribute("lang", language)
            expect(page.locator("table").first).to_be_visible()
            expect_no_fault(page, f"{path.replace('/', ' ')} {language} {width}")
