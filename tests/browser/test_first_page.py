"""The first page of the back-office in a browser: how it looks, and that it is kept up to date in silence."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from orders.admin import first_page
from orders.lifecycle.table import Status
from orders.models import Order
from tests.browser.test_desk import look_at
from tests.cast import Cast
from tests.orders.rows import make_order

pytestmark = [pytest.mark.browser, pytest.mark.slow]
OpenPage = Callable[..., Page]
SignIn = Callable[[Page, str], None]


def stop_clock(page: Page) -> None:
    """Its timers run when the test says so, and not by the hour."""
    begins = datetime(2026, 7, 31, 12, 0)
    page.clock.install(time=begins)
    page.clock.pause_at(begins + timedelta(seconds=1))


def fill(cast: Cast) -> None:
    """Something of everything, placed within the last hour."""
    now = timezone.now()
    kept: dict[str, Any] = {"placed_at": now - timedelta(seconds=2), "visible_at": now - timedelta(seconds=2)}
    for status in Status:
        make_order(cast, status, **kept)


def test_it_can_be_read_and_used_in_every_size(stage: Cast, open_page: OpenPage, sign_in: SignIn) -> None:
    fill(stage)
    page = open_page()
    sign_in(page, stage.staff.email)
    page.wait_for_load_state()
    page.get_by_text("The same as a table").click()
    page.get_by_text("with nothing in").click()
    assert look_at(page) == {}


def test_the_guide_of_a_new_site(stage: Cast, open_page: OpenPage, sign_in: SignIn) -> None:
    page = open_page()
    sign_in(page, stage.staff.email)
    page.wait_for_load_state()
    expect(page.get_by_role("heading", name="Five steps to the first order")).to_be_visible()
    expect(page.get_by_role("heading", name="What needs you now")).to_have_count(0)
    assert look_at(page) == {}
    page.get_by_role("button", name="Hide these steps").click()
    expect(page.get_by_role("heading", name="What needs you now")).to_be_visible()


def test_it_is_read_anew_and_tells_what_is_new(stage: Cast, open_page: OpenPage, sign_in: SignIn) -> None:
    make_order(stage, Status.COMPLETED)
    page = open_page()
    stop_clock(page)
    sign_in(page, stage.staff.email)
    page.wait_for_load_state()
    told = page.locator("[data-told]")
    row = page.locator('[data-row="searching"]')
    expect(row).to_have_attribute("data-count", "0")
    page.get_by_text("with nothing in").click()
    row.focus()
    order = make_order(stage, Status.LOOKING_FOR_DRIVER)
    first_page.kept.clear()
    page.clock.fast_forward(15_000)
    expect(row).to_have_attribute("data-count", "1")
    expect(told).to_have_text("Looking for a driver: 1")
    expect(row).to_be_focused()
    Order.objects.filter(pk=order.pk).update(status=Status.ACCEPTED_BY_DRIVER)
    first_page.kept.clear()
    page.clock.fast_forward(15_000)
    expect(row).to_have_attribute("data-count", "0")
    expect(told).to_have_text("Looking for a driver: 1")  # what is done is told to nobody


def test_of_two_tabs_one_asks_and_both_show_it(stage: Cast, open_page: OpenPage, sign_in: SignIn) -> None:
    make_order(stage, Status.COMPLETED)
    page = open_page()
    stop_clock(page)
    sign_in(page, stage.staff.email)
    page.wait_for_load_state()
    other = page.context.new_page()
    other.goto("/admin/")
    asked: list[str] = []
    for one in (page, other):
        one.on("request", lambda request: asked.append(request.url))
    make_order(stage, Status.LOOKING_FOR_DRIVER)
    first_page.kept.clear()
    hide = "Object.defineProperty(document, 'hidden', {value: true})"
    page.evaluate(hide)
    page.evaluate("() => { window.turns = 0; navigator.locks.request = async () => (window.turns += 1); }")
    page.clock.fast_forward(15_000)  # of both
    for one in (other, page):
        expect(one.locator('[data-row="searching"]')).to_have_attribute("data-count", "1")
    assert len(asked) == 1
    assert page.evaluate("window.turns") == 0  # a tab that would not read takes nobody's turn
    other.evaluate(hide)
    page.clock.fast_forward(60_000)
    assert len(asked) == 1


def test_it_says_that_it_cannot_be_read(stage: Cast, open_page: OpenPage, sign_in: SignIn) -> None:
    make_order(stage, Status.COMPLETED)
    page = open_page()
    stop_clock(page)
    sign_in(page, stage.staff.email)
    page.wait_for_load_state()
    page.context.clear_cookies()
    page.clock.fast_forward(15_000)
    expect(page.get_by_text("It cannot be read anew: no connection, or signed out.")).to_be_visible()


def test_the_key_leads_to_the_search_of_everything(stage: Cast, open_page: OpenPage, sign_in: SignIn) -> None:
    order = make_order(stage, contact_name="Zoë Müller")
    for _ in range(9):
        make_order(stage, contact_name="Maximiliaan van den Abeele-Vandenbroucke", contact_phone="+4915112345678901")
    page = open_page()
    sign_in(page, stage.staff.email)
    page.wait_for_load_state()
    field = page.get_by_role("searchbox", name="Search everything")
    page.keyboard.press("/")
    expect(field).to_be_focused()
    page.keyboard.type("zoe/")
    expect(field).to_have_value("zoe/")
    field.fill("zoe")
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="Orders").get_by_role("link")).to_have_text(f"#{order.pk}")
    page.get_by_role("checkbox", name="The key / leads to the search").uncheck()
    page.goto("/admin/search/?q=abeele")
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox", name="Search everything")).not_to_be_focused()
    assert look_at(page) == {}
