"""The vendor board in a browser, with its server's sockets."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from orders.models import Order
from tests.browser.boards import Acting, card_of, expect_in, expect_played, open_board
from tests.cast import Cast
from tests.tracking.live import Server

pytestmark = pytest.mark.browser
OpenLive = Callable[..., Page]


@pytest.fixture
def acting(stage: Cast, served: Server) -> Acting:
    return Acting(stage, served)


def test_the_link_is_cut_and_mended(stage: Cast, acting: Acting, open_live: OpenLive) -> None:
    page = open_board(open_live(signed_in=stage.owner), stage)
    page.get_by_role("button", name="Start shift").click()
    kept = acting.place()["id"]
    expect_in(page, kept, "new")
    page.context.set_offline(True)
    expect(page.get_by_role("alert")).to_contain_text("There is no connection.")
    expect_played(page, "lost")
    acting.move(kept, "accept")
    missed = [acting.place()["id"] for _ in range(3)]
    expect(page.locator(".card")).to_have_count(1)
    page.context.set_offline(False)
    for order in missed:
        expect_in(page, order, "new")
    expect_in(page, kept, "preparing")
    expect(page.get_by_role("alert")).to_be_hidden()
    expect(page.get_by_role("status").get_by_text("The link is back")).to_be_visible()
    expect(page.locator(".card")).to_have_count(4)
    after = acting.place()["id"]
    expect_in(page, after, "new")


def test_by_the_keyboard_alone(stage: Cast, acting: Acting, open_live: OpenLive) -> None:
    order = acting.place()["id"]
    page = open_board(open_live(signed_in=stage.owner), stage)

    def go_to(name: str) -> None:
        for _ in range(40):
            page.keyboard.press("Tab")
            label = "(e => e.ariaLabel || e.textContent.trim())(document.activeElement)"
            if page.evaluate(label) == name:
                return
        raise AssertionError(f"{name} was not reached")

    go_to("Skip to the content")
    go_to("Start shift")
    page.keyboard.press("Enter")
    go_to("25")
    page.keyboard.press("Space")
    go_to("Accept · 25 min")
    page.keyboard.press("Enter")
    expect_in(page, order, "preparing")
    page.keyboard.press("Home")
    page.locator("#main").focus()
    go_to("More for order 1")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    go_to("Reject …")
    page.keyboard.press("Enter")
    page.keyboard.type("We are too")
    page.keyboard.press("Tab")
    page.keyboard.type("The oven is cold")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(card_of(page, order)).to_have_count(0)
    rejected = Order.objects.get(pk=order)
    event = rejected.events.latest("number")
    assert (rejected.status, event.reason_code, event.reason) == (5, "too_busy", "The oven is cold")
    assert rejected.prepared_in == 25


def test_a_refusal_is_told_and_changes_nothing(stage: Cast, acting: Acting, open_live: OpenLive) -> None:
    """Two press at once: the second is told that the order has moved on, and sees where it stands."""
    order = acting.place()["id"]
    page = open_board(open_live(signed_in=stage.owner, refusals=[409]), stage)
    page.route("**/board?orders=*", lambda route: route.abort())  # so that it learns of nothing
    acting.move(order, "reject", reason_code="closed")
    card_of(page, order).get_by_role("button", name="Accept · 20 min").click()
    expect(page.get_by_role("status").get_by_text("The order has moved on meanwhile")).to_be_visible()
    page.unroute("**/board?orders=*")
    expect(card_of(page, order)).to_have_count(0)
    assert Order.objects.get(pk=order).status == 5
