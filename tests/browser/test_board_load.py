"""The board with 200 open orders, and forty that come at once: all are drawn.

How soon, in milliseconds, is printed and not asserted: it depends on the machine.
"""

import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.boards import Acting, expect_in, expect_played, open_board
from tests.cast import Cast
from tests.orders.back_office import place_order
from tests.tracking.live import Server

pytestmark = [pytest.mark.browser, pytest.mark.slow]
OPEN, AT_ONCE, CHANGES = 200, 40, 30
# Tells when a card came to a column, by the clock that this process has too.
MOVES = """
window.moved = {};
new MutationObserver((changes) => changes.forEach(({ target }) => {
  if (target.matches?.("[data-order]")) window.moved[`${target.dataset.order} ${target.dataset.column}`] ??= Date.now();
})).observe(document, { subtree: true, attributes: true, attributeFilter: ["data-column"] });
window.drawn = [];
new PerformanceObserver((list) => list.getEntriesByName("drawn").forEach(({ duration }) => window.drawn.push(duration)))
  .observe({ type: "measure" });
"""


def test_two_hundred_open_orders_stay_fluent(
    stage: Cast, served: Server, open_live: Callable[..., Page], capsys: pytest.CaptureFixture[str]
) -> None:
    acting = Acting(stage, served)
    orders = [place_order(stage, lines=2) for _ in range(OPEN)]
    page = open_live(signed_in=stage.owner)
    page.add_init_script(MOVES)
    open_board(page, stage)
    expect(page.locator(".card")).to_have_count(OPEN)
    at_start = page.evaluate("window.long.splice(0)")
    page.get_by_role("button", name="Start shift").click()
    expect_played(page, "new")
    page.evaluate("window.drawn.splice(0), window.long.splice(0)")
    seen = []
    for order in orders[:CHANGES]:
        acting.move(order.pk, "accept", prepared_in=20)
        answered = time.time() * 1000
        expect_in(page, order.pk, "preparing")
        seen.append(page.evaluate(f"window.moved['{order.pk} preparing']") - answered)
    drawn = sorted(page.evaluate("window.drawn"))
    changing = page.evaluate("window.long.splice(0)")
    for _ in range(AT_ONCE):
        place_order(stage)
    expect(page.locator(".card")).to_have_count(OPEN + AT_ONCE)
    flood = page.evaluate("window.long.splice(0)")
    told = (
        f"drawn {drawn[len(drawn) // 2]:.0f} ms (slowest {drawn[-1]:.0f}), seen {sorted(seen)[len(seen) // 2]:.0f} ms"
    )
    told += f" (slowest {max(seen):.0f}); long tasks: {len(at_start)} at the start {at_start}, {changing}, {flood}"
    with capsys.disabled():
        print(f"\n{OPEN} open orders: {told}")
    assert len(drawn) >= CHANGES
