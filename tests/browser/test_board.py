"""The vendor board in a browser, with its server's sockets."""

import time
from collections.abc import Callable

import pytest
from django.db import transaction
from playwright.sync_api import Page, Route, expect

from orders.models import DeliveryProof, Line, Order, OrderEvent, ProblemReport
from orders.services.moving.problem_reports import settle_problem
from ordersite.accounts.callers import caller_of_user
from tests.browser.boards import Acting, card_of, expect_in, expect_played, open_board, use_photo
from tests.cast import Cast
from tests.orders.rows import make_order
from tests.orders.shopping import NEAR
from tests.tracking.live import Server
from vendors.models import Vendor

pytestmark = pytest.mark.browser
OpenLive = Callable[..., Page]


@pytest.fixture
def acting(stage: Cast, served: Server) -> Acting:
    return Acting(stage, served)


def test_the_life_of_an_order_on_two_tablets(stage: Cast, acting: Acting, open_live: OpenLive) -> None:
    first, second = (open_board(open_live(signed_in=stage.owner), stage) for _ in range(2))
    tablets = (first, second)
    for page in tablets:
        assert page.evaluate("window.contexts") == 0
        page.get_by_role("button", name="Start shift").click()
        expect(page.get_by_role("button", name="Start shift")).to_be_hidden()
        expect_played(page, "new")
        assert page.evaluate("window.contexts") == 1
    order = acting.place(quantity=2)["id"]
    for page in tablets:
        expect_in(page, order, "new")
        expect_played(page, "new", times=3)  # it repeats
        for text in ("2×", "Burger", "+ Bacon", "− No Onion", "cut in two", "Pickup"):
            expect(card_of(page, order)).to_contain_text(text)
    # Whoever answers first answers for both; the bell stops everywhere.
    card_of(first, order).get_by_role("button", name="15", exact=True).click()
    card_of(first, order).get_by_role("button", name="Accept · 15 min").click()
    for page in tablets:
        expect_in(page, order, "preparing")
        expect(page.locator("body[data-ringing]")).to_have_count(0)
    assert Order.objects.get(pk=order).prepared_in == 15
    card_of(second, order).get_by_role("button", name="Start preparing").click()
    expect(card_of(first, order)).to_contain_text("Started")
    # A line that is ticked on one is ticked on the other; all ticked offer the next step.
    card_of(second, order).get_by_role("checkbox").check()
    expect(card_of(first, order).get_by_role("checkbox")).to_be_checked()
    assert Line.objects.get(order=order).ticked_at is not None
    # Done, undone within its time, and done again.
    card_of(first, order).get_by_role("button", name="Ready", exact=True).click()
    expect_in(second, order, "ready")
    first.get_by_role("status").get_by_role("button", name="Undo").click()
    for page in tablets:
        expect_in(page, order, "preparing")
    card_of(second, order).get_by_role("button", name="Ready", exact=True).click()
    expect_in(first, order, "ready")
    card_of(first, order).get_by_role("button", name="Handed over").click()
    for page in tablets:
        expect_in(page, order, "handed_over")
    assert Order.objects.get(pk=order).status == 15
    # Reloaded, a page shows the same.
    second.reload()
    expect_in(second, order, "handed_over")


def test_what_others_change_stays_until_somebody_acknowledges_it(
    stage: Cast, acting: Acting, open_live: OpenLive
) -> None:
    order = acting.place(comment="ring twice")["id"]
    first, second = (open_board(open_live(signed_in=stage.owner), stage) for _ in range(2))
    first.get_by_role("button", name="Start shift").click()
    expect_played(first, "new")  # for an order that was there before the shift too
    acting.move(order, "accept", prepared_in=20)
    expect_in(first, order, "preparing")
    acting.call(stage.customer, "PATCH", f"/orders/{order}", {"comment": "no bell, please"})
    for page in (first, second):
        expect(card_of(page, order).locator("del")).to_have_text("ring twice")
        expect(card_of(page, order).locator("ins")).to_have_text("no bell, please")
    expect_played(first, "changed")
    card_of(second, order).get_by_role("button", name="Got it").click()
    for page in (first, second):
        expect(card_of(page, order).locator("del")).to_have_count(0)
    acting.move(order, "cancel_by_customer", user=stage.customer)
    for page in (first, second):
        expect(card_of(page, order).get_by_role("region", name="Cancelled")).to_contain_text(
            "Cancelled by the customer"
        )
    expect_played(first, "cancelled")
    card_of(first, order).get_by_role("button", name="Got it").click()
    for page in (first, second):
        expect(card_of(page, order)).to_have_count(0)
        expect(page.locator("body[data-ringing]")).to_have_count(0)


def test_a_problem_comes_back_once_staff_have_seen_to_it(stage: Cast, acting: Acting, open_live: OpenLive) -> None:
    """And the first delivery and the first pickup of a day are told apart."""
    order = acting.place()["id"]
    other = acting.place(quantity=2, delivery_type="delivery", address="Naamsestraat 1", location=NEAR)
    board = open_board(open_live(signed_in=stage.owner), stage)
    expect(card_of(board, order).locator(".number")).to_have_text("P1")
    expect(card_of(board, other["id"]).locator(".number")).to_have_text("D1")
    acting.move(order, "accept", prepared_in=20)
    acting.call(stage.customer, "POST", f"/orders/{order}/problems", {"reason": "late", "text": "My train goes at six"})
    card = card_of(board, order)
    expect(card.locator(".owed")).to_contain_text("The customer reports a problem")
    expect(card.locator(".owed")).to_contain_text("My train goes at six")
    card.get_by_role("button", name="Got it").click()
    expect(card.locator(".owed")).to_have_count(0)
    expect(card.locator(".reported")).to_contain_text("My train goes at six")
    report = ProblemReport.objects.get(order=order)
    with transaction.atomic():
        settle_problem(
            order_id=order, number=report.number, caller=caller_of_user(stage.staff), note="Soda on the house"
        )
    expect(card.locator(".owed")).to_contain_text("A problem is settled")
    expect(card.locator(".owed")).to_contain_text("Soda on the house")
    card.get_by_role("button", name="Got it").click()
    expect(card.locator(".reported")).to_contain_text("Soda on the house")
    expect(card).not_to_have_attribute("data-owed", "changed")


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
    go_to("More for order P1")
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


def test_a_slow_reading_of_the_whole_board_takes_no_new_order_away(
    stage: Cast, acting: Acting, open_live: OpenLive
) -> None:
    """Every ten minutes a board reads all anew: what is placed while the answer is on its way stays on it."""
    page = open_live(signed_in=stage.owner)
    page.clock.install()
    open_board(page, stage)
    kept, placed = acting.place()["id"], []
    expect_in(page, kept, "new")

    def answer_late(route: Route) -> None:
        read = route.fetch()
        placed.append(acting.place()["id"])
        time.sleep(1)  # the feed has told of it
        route.fulfill(response=read)

    page.route("**/board", answer_late)
    page.clock.fast_forward("12:00")
    page.wait_for_timeout(2000)
    for order in (kept, *placed):
        expect_in(page, order, "new")
    assert len(placed) == 1


def test_what_waits_for_a_driver_says_so(stage: Cast, open_live: OpenLive) -> None:
    """There is nothing to press next: it says how it stands, and what else may be done is behind a small button."""
    order = make_order(stage, 22, stood="accepted prepared search_started")
    page = open_board(open_live(signed_in=stage.owner), stage)
    card = card_of(page, order.pk)
    expect_in(page, order.pk, "ready")
    expect(card.locator(".chip.status")).to_have_text("Looking for a driver")
    assert [button.inner_text() for button in card.locator("footer").get_by_role("button").all()] == ["⋯"]
    card.get_by_role("button", name="More for order").click()
    expect(page.get_by_role("dialog")).to_contain_text(f"Order {order.called}")


def test_who_delivers_itself_shows_the_photo_that_is_asked_for(stage: Cast, open_live: OpenLive) -> None:
    Vendor.objects.filter(pk=stage.vendor.pk).update(proof="photo")
    order = make_order(stage, 9, stood="accepted prepared picked_up", self_delivery=True)
    page = open_board(open_live(signed_in=stage.owner), stage)
    card_of(page, order.pk).get_by_role("button", name="More for order").click()
    page.get_by_role("button", name="Delivered", exact=True).click()
    with page.expect_response(lambda answer: answer.url.endswith("/transitions")) as answer:
        use_photo(page)
    assert answer.value.status == 200
    told = OrderEvent.objects.get(order=order, transition="deliver")
    assert told.data == {"proof": str(DeliveryProof.objects.get(order=order).uuid)}
