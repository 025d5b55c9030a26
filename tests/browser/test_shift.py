"""Pages that stay open: over the whole life of an order, and over many orders."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from benchmarks.shift import count_left, shift_of
from orders.models import Order
from orders.reading.board import MOST_HANDED_OVER
from tests.browser.boards import Acting, card_of, expect_in, open_board
from tests.cast import Cast
from tests.tracking.live import Server

pytestmark = pytest.mark.browser


def test_an_order_at_a_table_on_the_board_and_on_its_customers_page(
    stage: Cast, served: Server, open_live: Callable[..., Page]
) -> None:
    acting = Acting(stage, served)
    board = open_board(open_live(signed_in=stage.owner), stage)
    order = acting.place(delivery_type="eat_in", table="12")
    page = open_live(width=390, height=844, refusals=[503])
    with page.expect_websocket() as socket:
        page.goto(f"/t/{order['tracking_code']}")
    socket.value.wait_for_event("framereceived")
    heading, link = page.get_by_role("heading", level=1), page.locator("#link")
    expect(heading).to_have_text("Waiting for the vendor to accept it")
    expect_in(board, order["id"], "new")
    card = card_of(board, order["id"])
    expect(card).to_contain_text("Eat in")
    expect(card).to_contain_text("Table: 12")
    # One reading fails while the link stands: the page asks again, and takes the notice away.
    page.route("**/api/v1/track", lambda route: route.fulfill(status=503), times=1)
    card.get_by_role("button", name="Accept").click()
    expect(link).to_be_visible()
    expect(heading).to_have_text("Being prepared")
    expect(link).to_be_hidden()
    card.get_by_role("button", name="Start preparing").click()
    card.get_by_role("checkbox").check()
    card.get_by_role("button", name="Ready", exact=True).click()
    expect_in(board, order["id"], "ready")
    expect(heading).to_have_text("Ready")
    card.get_by_role("button", name="Complete").click()
    expect_in(board, order["id"], "handed_over")
    expect(heading).to_have_text("Completed")
    reached = [text.split("\n")[0] for text in page.locator(".steps li.reached").all_inner_texts()]
    assert reached == ["Ordered", "Accepted", "Ready", "Done"]
    assert page.get_by_role("button", name="Cancel the order").count() == 0
    assert Order.objects.get(pk=order["id"]).status == 1


@pytest.mark.slow
def test_a_shift_leaves_the_pages_as_small_as_they_were(stage: Cast, served: Server) -> None:
    """Few orders, beyond those that the board keeps; `python -m benchmarks.shift` plays thousands."""
    with shift_of(stage, served.port, [served.port], {"server": served.process.pid}) as shift:
        shift.run(150, per_second=20)
    assert [opened.faults for opened in shift.pages.values()] == [[], []]
    left = count_left(shift)
    assert (left["open"], left["not shown"]) == (0, 0)
    first, *later = shift.readings
    for reading in later:
        assert reading["board"]["cards"] == MOST_HANDED_OVER + 1
        for name in shift.pages:
            for what, bound in (("DOM nodes", 1.05), ("listeners", 1.05), ("JS heap, MB", 1.25)):
                assert reading[name][what] <= bound * first[name][what], (name, what, shift.readings)
