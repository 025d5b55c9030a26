"""Pages that are drawn anew by themselves: what is pressed is clicked; the focus, what is open and typed stays."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from orders.lifecycle.table import Fulfilment
from orders.models import Order
from ordersite.accounts.models import User
from ordersite.core.crypto import decrypt
from tests.browser.boards import Acting, card_of, open_board
from tests.cast import Cast
from tests.orders.rows import add_line, make_order
from tests.tracking.live import Server

pytestmark = pytest.mark.browser
OpenLive = Callable[..., Page]
HELD = "accepted driver_accepted"
# A page waits 2 s for a finger: here as long as a busy machine may take to read and draw.
PATIENT = """
const plain = setTimeout;
window.setTimeout = (run, ms, ...more) => plain(run, ms === 2000 ? 120_000 : ms, ...more);
"""
UNHELD = "export async function released() {}"


@dataclass(frozen=True, kw_only=True)
class Pressed:
    """A button of a page, what draws it anew, and what the page shows once it was clicked."""

    button: Locator
    drawn: Locator
    redraw: Callable[[], object]
    reads: str  # part of the address that the page reads before it draws
    clicked: Callable[[float], None]  # within so many milliseconds


@pytest.fixture
def acting(stage: Cast, served: Server) -> Acting:
    return Acting(stage, served)


def opened(open_live: OpenLive, user: User, address: str, *, is_held: bool) -> Page:
    page = open_live(signed_in=user)
    page.add_init_script(PATIENT)
    if not is_held:
        page.route("**/press*.js", give_unheld)
    with page.expect_websocket() as socket:
        page.goto(address)
    socket.value.wait_for_event("framereceived")
    return page


def give_unheld(route: Route) -> None:
    route.fulfill(body=UNHELD, content_type="text/javascript")


def on_board(stage: Cast, acting: Acting, open_live: OpenLive, is_held: bool) -> Pressed:
    order = acting.place()
    acting.move(order["id"], "accept", prepared_in=20)
    acting.call(stage.customer, "POST", f"/orders/{order['id']}/problems", {"reason": "late"})
    page = opened(open_live, stage.owner, f"/board/{stage.vendor.pk}", is_held=is_held)
    card = card_of(page, order["id"])
    line = order["items"][0]["id"]
    return Pressed(
        button=card.get_by_role("button", name="Got it"),
        drawn=card.get_by_role("button", name="Got it"),
        redraw=lambda: acting.call(stage.owner, "PUT", f"/orders/{order['id']}/items/{line}/tick"),
        reads=f"/board?orders={order['id']}",
        clicked=lambda within: expect(card.locator(".owed")).to_have_count(0, timeout=within),
    )


def on_drive(stage: Cast, acting: Acting, open_live: OpenLive, is_held: bool) -> Pressed:
    order = make_order(stage, 8, driver=stage.driver_row, stood=HELD)
    page = opened(open_live, stage.driver, "/drive", is_held=is_held)
    card = page.get_by_role("article", name=stage.vendor.name)
    return Pressed(
        button=card.get_by_role("button", name="I am at the pick-up"),
        drawn=card,
        redraw=partial(acting.move, order.pk, "mark_ready"),
        reads=f"/orders/{order.pk}?",
        clicked=lambda within: expect(card.get_by_role("button", name="Picked up")).to_be_visible(timeout=within),
    )


def on_dispatch(stage: Cast, acting: Acting, open_live: OpenLive, is_held: bool) -> Pressed:
    order = make_order(stage, 25, stood="accepted company_accepted", company=stage.company)
    page = opened(open_live, stage.dispatcher, "/dispatch", is_held=is_held)
    card = page.get_by_role("article", name=f"{order.called} {stage.vendor.name}")
    row = stage.company_driver_row
    card.get_by_label("Who drives it?").select_option(f"{row.pk}")
    return Pressed(
        button=card.get_by_role("button", name="Ask this driver"),
        drawn=card,
        redraw=partial(acting.move, order.pk, "mark_ready"),
        reads=f"/orders/{order.pk}",
        clicked=lambda within: expect(card).to_contain_text(f"{row.name} was asked", timeout=within),
    )


def follow(stage: Cast, open_live: OpenLive, is_held: bool = True) -> tuple[Page, Order]:
    order = make_order(stage, 7, Fulfilment.PICKUP, stood="accepted")
    add_line(order, stage.products["burger"])
    return opened(open_live, stage.customer, f"/t/{decrypt(order.tracking_sealed)}", is_held=is_held), order


def on_following(stage: Cast, acting: Acting, open_live: OpenLive, is_held: bool) -> Pressed:
    page, order = follow(stage, open_live, is_held)
    button = page.get_by_role("button", name="Report a problem")
    return Pressed(
        button=button,
        drawn=button,
        redraw=partial(acting.move, order.pk, "mark_ready"),
        reads=f"/orders/{order.pk}/problems",
        clicked=lambda within: expect(page.get_by_role("dialog")).to_be_visible(timeout=within),
    )


PAGES = [on_board, on_drive, on_dispatch, on_following]


@pytest.mark.parametrize("on_page", PAGES)
@pytest.mark.parametrize("is_held", [True, False], ids=["held", "unheld"])
def test_what_is_pressed_while_the_page_is_drawn_anew_is_clicked(
    stage: Cast, acting: Acting, open_live: OpenLive, on_page: Callable[..., Pressed], is_held: bool
) -> None:
    """Without the wait the press is lost: the button that the pointer went down on is not there when it goes up."""
    case = on_page(stage, acting, open_live, is_held)
    page = case.button.page
    page.wait_for_load_state("networkidle")  # all that was read at first is drawn
    case.button.hover()
    drawn = case.drawn.element_handle()
    page.mouse.down()
    with page.expect_response(lambda answer: case.reads in answer.url):
        case.redraw()
    if is_held:
        page.wait_for_timeout(500)  # in which it would be drawn
        assert drawn.evaluate("element => element.isConnected")
        page.mouse.up()
        case.clicked(60_000)
        return
    page.wait_for_function("element => !element.isConnected", arg=drawn)
    page.mouse.up()
    with pytest.raises(AssertionError):
        case.clicked(2000)


def test_a_finger_that_rests_stops_no_page(stage: Cast, acting: Acting, open_live: OpenLive) -> None:
    page = open_board(open_live(signed_in=stage.owner), stage)
    page.mouse.move(5, 5)
    page.mouse.down()
    order = acting.place()["id"]
    expect(card_of(page, order)).to_be_visible(timeout=20_000)
    page.mouse.up()


def test_the_space_bar_presses_as_a_pointer_does(stage: Cast, acting: Acting, open_live: OpenLive) -> None:
    case = on_board(stage, acting, open_live, True)
    page = case.button.page
    page.wait_for_load_state("networkidle")
    case.button.focus()
    page.keyboard.down("Space")
    with page.expect_response(lambda answer: case.reads in answer.url):
        case.redraw()
    page.wait_for_timeout(500)
    page.keyboard.up("Space")
    case.clicked(60_000)


def test_the_focus_stays_at_a_card_of_the_board(stage: Cast, acting: Acting, open_live: OpenLive) -> None:
    """At the same button, and where that is gone at the card, into whatever column it went."""
    order = acting.place()["id"]
    page = open_board(open_live(signed_in=stage.owner), stage)
    card = card_of(page, order)
    card.get_by_role("button", name="More for order").focus()
    acting.call(stage.customer, "PATCH", f"/orders/{order}", {"comment": "no bell, please"})
    expect(card).to_contain_text("no bell, please")
    expect(card.get_by_role("button", name="More for order")).to_be_focused()
    card.get_by_role("button", name="Accept").focus()
    page.keyboard.press("Enter")
    expect(card).to_have_attribute("data-column", "preparing")
    expect(card).to_be_focused()
    page.keyboard.press("Tab")
    assert card.evaluate("card => card.contains(document.activeElement)")


def test_what_is_open_on_the_driver_page_stays_open(stage: Cast, acting: Acting, open_live: OpenLive) -> None:
    order = make_order(stage, 8, driver=stage.driver_row, stood=HELD)
    page = opened(open_live, stage.driver, "/drive", is_held=True)
    card = page.get_by_role("article", name=stage.vendor.name)
    more = card.locator("summary", has_text="Something else")
    more.focus()
    page.keyboard.press("Enter")
    acting.call(stage.customer, "PATCH", f"/orders/{order.pk}", {"comment": "no bell, please"})
    expect(card).to_contain_text("no bell, please")
    expect(more).to_be_focused()
    expect(card.locator("details[data-act='others']")).to_have_attribute("open", "")


def test_what_is_typed_stays_while_the_page_of_an_order_is_drawn_anew(
    stage: Cast, acting: Acting, open_live: OpenLive
) -> None:
    page, order = follow(stage, open_live)
    page.get_by_role("button", name="Report a problem").click()
    dialog = page.get_by_role("dialog")
    text = dialog.get_by_label("In your own words")
    text.fill("It is cold")
    acting.move(order.pk, "mark_ready")
    expect(page.locator("h1").last).to_contain_text("Ready")
    expect(text).to_be_focused()
    expect(text).to_have_value("It is cold")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Report a problem")).to_be_visible()
