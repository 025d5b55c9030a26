"""The whole life of an order of each delivery type, on all pages at once; and the pages of phones in every language."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from orders.lifecycle.table import Fulfilment, Status
from orders.models import Order
from ordersite.core.crypto import decrypt
from tests.browser.boards import Acting, card_of, expect_in, open_board
from tests.browser.test_board_looks import faults_of, keep_picture
from tests.browser.test_drive import hand_over
from tests.cast import Cast
from tests.orders.rows import add_line, make_order
from tests.orders.shopping import NEAR
from tests.tracking.live import Server

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PHONE = {"width": 390, "height": 844}
WHERE: dict[str, dict[str, Any]] = {
    "delivery": {"address": "Naamsestraat 1", "location": NEAR},
    "pickup": {},
    "eat_in": {"table": "12"},
    "curbside": {"vehicle": "blue van"},
    "drive_thru": {"vehicle": "red car"},
}
# Width, theme and the browser's language; each page has its title in it.
LOOKS: tuple[tuple[int, Any, str], ...] = (
    (390, "light", "en"),
    (768, "dark", "fr"),
    (1280, "light", "nl"),
    (390, "dark", "es"),
)


def open_following(page: Page, code: str) -> Page:
    """The page of an order, once its socket is up."""
    with page.expect_websocket() as socket:
        page.goto(f"/t/{code}")
    socket.value.wait_for_event("framereceived")
    return page


def wait_for_status(page: Page, order: Order, status: int) -> None:
    """A page shows what was pressed before it is sent."""
    for _ in range(300):
        order.refresh_from_db()
        if order.status == status:
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"its status is {order.status}, not {status}")


@pytest.mark.parametrize("delivery_type", WHERE)
def test_its_whole_life_on_all_pages_at_once(
    stage: Cast, served: Server, open_live: Callable[..., Page], delivery_type: str
) -> None:
    acting = Acting(stage, served)
    boards = [open_board(open_live(signed_in=stage.owner), stage) for _ in range(2)]
    placed = acting.place(quantity=2, delivery_type=delivery_type, **WHERE[delivery_type])
    order, code = placed["id"], placed["tracking_code"]
    follower = open_following(open_live(**PHONE, refusals=[401, 503]), code)
    heading = follower.get_by_role("heading", level=1)
    expect(heading).to_have_text("Waiting for the vendor to accept it")
    for board in boards:
        expect_in(board, order, "new")
    card_of(boards[0], order).get_by_role("button", name=re.compile("^Accept")).click()
    expect(heading).to_have_text("Being prepared")
    expect_in(boards[1], order, "preparing")
    # In the middle one tablet and the customer's phone are loaded anew, and the phone's link is cut.
    boards[1].reload()
    follower.reload()
    expect(heading).to_have_text("Being prepared")
    expect_in(boards[1], order, "preparing")
    follower.context.set_offline(True)
    expect(follower.locator("#link")).to_be_visible()
    card_of(boards[1], order).get_by_role("button", name="Start preparing").click()
    expect(card_of(boards[0], order)).to_contain_text("Started")
    if delivery_type == "delivery":
        acting.move(order, "look_for_driver")
        drive = open_live(**PHONE, signed_in=stage.driver)
        drive.goto("/drive")
        drive.get_by_role("button", name="Take it").click()
        ticket = drive.get_by_role("article", name=stage.vendor.name)
        ticket.get_by_role("button", name="I am at the pick-up").click()
        for board in boards:
            expect(card_of(board, order)).to_contain_text("Driver is here")
    card_of(boards[0], order).get_by_role("button", name="Ready", exact=True).click()
    expect_in(boards[1], order, "ready")
    follower.context.set_offline(False)
    expect(follower.locator(".steps li.reached", has_text="Ready")).to_have_count(1)
    expect(follower.locator("#link")).to_be_hidden()
    if delivery_type == "delivery":
        ticket.get_by_role("button", name="Picked up").click()
        expect(heading).to_have_text("The driver has it")
        for board in boards:
            expect_in(board, order, "handed_over")
        ticket.get_by_role("button", name="Delivered").click()
        total = Order.objects.get(pk=order).total
        hand_over(drive, f"€{total / 100:.2f}")
        expect(drive.get_by_text("You hold no order.")).to_be_visible()
        expect(heading).to_have_text("Delivered")
    else:
        last = "Complete" if delivery_type == "eat_in" else "Handed over"
        card_of(boards[1], order).get_by_role("button", name=last).click()
        expect(heading).to_have_text("Completed" if delivery_type == "eat_in" else "Collected")
    for board in boards:
        expect_in(board, order, "handed_over")
    ends = {"delivery": Status.DELIVERY_COMPLETED_BY_DRIVER, "eat_in": Status.COMPLETED}
    wanted = ends.get(delivery_type, Status.PICKUP_COMPLETED_BY_CUSTOMER)
    assert Order.objects.get(pk=order).status == wanted


def test_phones_in_every_language_width_and_theme(stage: Cast, open_page: Callable[..., Page]) -> None:
    stood = "accepted prepared driver_accepted picked_up"
    order = make_order(stage, Status.DRIVER_ON_WAY, Fulfilment.DELIVERY, stood=stood, driver=stage.driver_row)
    add_line(order, stage.products["burger"], 2)
    make_order(stage, Status.LOOKING_FOR_DRIVER, stood="accepted search_started", address="Markt 1")
    faults: dict[str, list[str]] = {}
    for width, theme, language in LOOKS:
        options: dict[str, Any] = {"width": width, "color_scheme": theme, "locale": f"{language}-BE"}
        drive = open_page(signed_in=stage.driver, **options)
        drive.goto("/drive")
        expect(drive.get_by_role("article")).to_have_count(2)
        own = open_page(signed_in=stage.customer, **options)
        own.goto(f"/t/{decrypt(order.tracking_sealed)}")
        expect(own.locator(".steps li.reached")).to_have_count(4)
        for name, page in (("drive", drive), ("followed", own)):
            expect(page.locator("html")).to_have_attribute("lang", language)
            keep_picture(page, f"{name}-{width}-{language}")
            faults[f"{name} {width} {language}"] = faults_of(page)
            page.context.close()
    assert {name: found for name, found in faults.items() if found} == {}


def test_a_driver_and_a_customer_by_the_keyboard_alone(stage: Cast, open_page: Callable[..., Page]) -> None:
    order = make_order(stage, 22, stood="accepted prepared search_started", payment_method="cash", address="Markt 1")
    add_line(order, stage.products["burger"], 2)

    def press(page: Page, name: str) -> None:
        """Goes to what is called so by Tab alone, and presses it."""
        label = "(e => e.ariaLabel || e.textContent.trim())(document.activeElement)"
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.evaluate(label) == name:
                page.keyboard.press("Enter")
                return
        raise AssertionError(f"{name} is not reached by Tab")

    drive = open_page(signed_in=stage.driver, **PHONE)
    drive.goto("/drive")
    for name, status in (("Take it", 8), ("I am at the pick-up", 3), ("Picked up", 9)):
        drive.get_by_role("button", name=name).wait_for()
        press(drive, name)
        wait_for_status(drive, order, status)
    followed = make_order(stage, Status.ACCEPTED_BY_BUSINESS, Fulfilment.PICKUP, stood="accepted")
    add_line(followed, stage.products["burger"], 2)
    page = open_page(signed_in=stage.customer, **PHONE)
    page.goto(f"/t/{decrypt(followed.tracking_sealed)}")
    page.get_by_role("button", name="Cancel the order").wait_for()
    press(page, "Cancel the order")
    expect(page.get_by_role("dialog")).to_contain_text("Cancelling now costs")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert Order.objects.get(pk=followed.pk).status == Status.ACCEPTED_BY_BUSINESS
    press(page, "Cancel the order")
    press(page, "Cancel the order")
    expect(page.get_by_role("heading", level=1)).to_have_text("You cancelled it")
