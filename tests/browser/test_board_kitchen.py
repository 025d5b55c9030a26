"""The board in a kitchen: stations, what is on or out for a while, lateness, what is brought back, and dead links."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, Route, WebSocketRoute, expect

from orders.models import FeedEntry, Order
from tests.browser.boards import WATCHING, Acting, card_of, expect_in, expect_played, open_board
from tests.cast import Cast
from tests.orders.shopping import NEAR
from tests.tracking.live import Server
from vendors.models import LateThreshold, Option, Product, Station, Vendor
from vendors.services.availability import end_of_today

pytestmark = pytest.mark.browser
OpenLive = Callable[..., Page]
# A tablet whose clock is five hours slow.
SLOW_CLOCK = """
const [Right, late] = [Date, 5 * 3600_000];
window.Date = class extends Right {
  constructor(...given) { super(...(given.length ? given : [Right.now() - late])); }
  static now() { return Right.now() - late; }
};
"""


@pytest.fixture
def acting(stage: Cast, served: Server) -> Acting:
    return Acting(stage, served)


def press(place: Page | Locator, name: str) -> None:
    place.get_by_role("button", name=name, exact=True).click()


def look_up(page: Page) -> None:
    """Somebody looks at the page again: it reads its settings, as it does every few seconds."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def near(at: datetime | None, minutes: float) -> bool:
    """Whether a moment is so many minutes ahead, by half a minute."""
    return at is not None and abs(at - timezone.now() - timedelta(minutes=minutes)) < timedelta(seconds=30)


def test_stations_hide_nothing_in_silence(stage: Cast, acting: Acting, open_live: OpenLive) -> None:
    grill, bar = (Station.objects.create(vendor=stage.vendor, name=name) for name in ("Grill", "Bar"))
    burger, soda = stage.products["burger"], stage.products["soda"]
    burger.category.station, soda.station = grill, bar
    burger.category.save()
    soda.save()
    plain = {"product": burger.pk, "options": [{"option": stage.options["Regular"].pk}]}
    both = acting.place(items=[plain, {"product": soda.pk}])["id"]
    drink = acting.place(items=[{"product": soda.pk}])["id"]
    cake = acting.place(items=[{"product": stage.products["cake"].pk}])["id"]
    expo, screen = (open_board(open_live(signed_in=stage.owner), stage) for _ in range(2))
    new, alert = screen.locator("section[data-column='new']"), screen.locator(".alert")
    press(screen, "Grill")
    expect(screen.locator(".card")).to_have_count(2)
    expect(card_of(screen, both).locator(".line")).to_have_text([re.compile("Burger")])
    expect(card_of(screen, both)).to_contain_text("1 more for other stations")
    expect(card_of(screen, cake).locator(".line")).to_have_count(1)  # of no station: shown everywhere
    expect(new).to_contain_text("1 order is hidden by this filter")
    expect(new.locator(".count").first).to_have_text("3")
    expect(alert).to_contain_text("1 order waits out of sight: P2")
    press(screen, "Bar")
    expect(screen.locator(".card")).to_have_count(3)
    expect(new.get_by_text("hidden by this filter")).to_be_hidden()
    press(screen, "Grill")
    expect(card_of(screen, both).locator(".line")).to_have_text([re.compile("Soda")])
    # A screen keeps its stations; what comes for others rings and is counted there too.
    screen.reload()
    expect(screen.get_by_role("button", name="Bar", pressed=True)).to_be_visible()
    expect(card_of(screen, both).locator(".line")).to_have_count(1)
    press(screen, "Start shift")
    only_burger = acting.place(items=[plain])["id"]
    expect(new).to_contain_text("1 order is hidden by this filter")
    expect(alert).to_contain_text("P4")
    expect_played(screen, "new", times=2)
    press(alert, "Show")
    expect_in(screen, only_burger, "new")
    expect(screen.get_by_role("button", name="All stations", pressed=True)).to_be_visible()
    press(screen, "Bar")
    # Each station ticks off its own; only when all are ticked the next step is offered, on every screen.
    acting.move(both, "accept", prepared_in=20)
    card_of(screen, both).get_by_role("checkbox").check()
    expect(card_of(expo, both).get_by_role("checkbox").nth(1)).to_be_checked()
    for page in (expo, screen):
        expect(card_of(page, both).locator("button.main")).to_have_text("Start preparing")
    card_of(expo, both).get_by_role("checkbox").first.check()
    for page in (expo, screen):
        expect(card_of(page, both).locator("button.main")).to_have_text("Ready")
    # A station that is no more hides nothing: its screen shows all.
    bar.delete()
    look_up(screen)
    expect(screen.locator(".card")).to_have_count(4)
    expect(card_of(screen, drink).locator(".line")).to_have_count(1)
    expect(screen.get_by_role("button", name="All stations", pressed=True)).to_be_visible()


def test_what_is_on_for_a_while_by_the_servers_clock(stage: Cast, acting: Acting, open_live: OpenLive) -> None:
    """Pause, rush and sold out, late colours, the countdown and who has come, on a tablet whose clock is wrong."""
    Vendor.objects.filter(pk=stage.vendor.pk).update(accept_minutes=10)
    LateThreshold.objects.create(vendor=stage.vendor, fulfilment="curbside", soon_minutes=8, late_minutes=2)
    waiting = acting.place(delivery_type="curbside", vehicle="blue van")["id"]
    page = open_live(signed_in=stage.owner)
    page.add_init_script(SLOW_CLOCK)
    open_board(page, stage)
    clock = timezone.now().astimezone(stage.vendor.zone)
    expect(page.locator(".clock")).to_have_text(re.compile(f"{clock:%H:%M}|{clock + timedelta(minutes=1):%H:%M}"))
    expect(card_of(page, waiting)).to_contain_text(re.compile(r"Refused by itself in 9:\d\d"))
    states = page.locator(".states")

    def until(ends: datetime | None, *, name: str) -> re.Pattern[str]:
        """As it is shown by the vendor's clock: with its day where that is not today."""
        assert ends is not None
        return re.compile(rf"{re.escape(name)} until (\w+, \w+ \d+, )?{ends.astimezone(stage.vendor.zone):%H:%M}")

    def vendor() -> Vendor:
        return Vendor.objects.get(pk=stage.vendor.pk)

    press(page, "Pause")
    press(page.get_by_role("dialog"), "30 min")
    expect(states).to_contain_text("Paused")
    expect(states).to_contain_text(until(vendor().paused_until, name="Paused"))
    assert near(vendor().paused_until, 30)
    press(page, "Pause")
    press(page.get_by_role("dialog"), "+20 min")
    expect(states).to_contain_text("Rush")
    expect(states).to_contain_text(until(vendor().rush_until, name="Rush: +20 min"))
    assert (vendor().rush_minutes, near(vendor().rush_until, 60)) == (20, True)
    # Both end by themselves, and by a tap.
    Vendor.objects.filter(pk=stage.vendor.pk).update(paused_until=timezone.now() + timedelta(seconds=3))
    look_up(page)
    expect(states).not_to_contain_text("Paused")
    states.get_by_role("button", name="Rush").click()
    press(page.get_by_role("dialog"), "End the rush")
    expect(states).to_be_empty()
    assert vendor().rush_minutes == 0

    def sell_out(name: str, how: str) -> None:
        page.get_by_role("button", name="Sold out").click()
        page.get_by_label("Find a product or an option").fill(name)
        press(page.get_by_role("dialog"), how)
        expect(page.get_by_role("dialog")).to_have_count(0)

    sell_out("sod", "For 4 hours")
    sell_out("mushr", "Today")
    sell_out("cake", "Until I change it")
    sold_out = page.get_by_role("button", name="Sold out")
    expect(sold_out.locator(".count")).to_have_text("3")
    assert near(Product.objects.get(name="Soda").unavailable_until, 240)
    option = Option.objects.get(name="Mushrooms")
    assert (option.is_available, option.unavailable_until) == (False, end_of_today(stage.vendor, timezone.now()))
    cake = Product.objects.get(name="Cake")
    assert (cake.is_available, cake.unavailable_until) == (False, None)
    sold_out.click()
    row = page.get_by_role("dialog").get_by_role("listitem").filter(has_text="Soda")
    expect(row).to_contain_text(until(Product.objects.get(name="Soda").unavailable_until, name="Soda"))
    press(row, "Available again")
    expect(sold_out.locator(".count")).to_have_text("2")
    assert Product.objects.get(name="Soda").is_available

    # From an order: what its customer takes instead stands beside it.
    burger = {"product": stage.products["burger"].pk, "options": [{"option": stage.options["Regular"].pk}]}
    other = acting.place(items=[{**burger, "substitute": {"product": stage.products["pizza"].pk}}])["id"]
    card_of(page, other).get_by_role("button", name="More for order").click()
    page.get_by_text("Something is sold out").click()
    expect(page.get_by_role("dialog")).to_contain_text("The customer takes instead: Pizza")
    press(page.get_by_role("dialog"), "Today")
    expect(sold_out.locator(".count")).to_have_text("3")
    assert not Product.objects.get(name="Burger").is_available

    # Two colours: 8 minutes before it is to be ready, and 2 minutes after.
    acting.move(waiting, "accept", prepared_in=20)
    expect_in(page, waiting, "preparing")
    card = card_of(page, waiting)
    expect(card).not_to_have_attribute("data-late", re.compile("."))
    for minutes, colour in ((7, "soon"), (-1, "soon"), (-3, "late")):
        set_due(acting, waiting, minutes)
        expect(card.locator(".until")).to_have_text(f"in {minutes} min" if minutes > 0 else f"{-minutes} min late")
        expect(card).to_have_attribute("data-late", colour)
    set_due(acting, waiting, -2 + 4 / 60)
    expect(card).to_have_attribute("data-late", "soon")
    expect(card).to_have_attribute("data-late", "late")  # by the clock alone
    acting.call(stage.customer, "POST", f"/orders/{waiting}/position", {"place": "bay 3"})
    acting.move(waiting, "customer_arrive", user=stage.customer)
    expect(card).to_contain_text("Customer is here · bay 3 · 0 min")
    expect(card).to_contain_text("Vehicle: blue van")
    Order.objects.filter(pk=waiting).update(customer_arrived_at=timezone.now() - timedelta(minutes=6))
    set_due(acting, waiting, 5)
    expect(card).to_contain_text("bay 3 · 6 min")


def set_due(acting: Acting, order: int, minutes: float) -> None:
    """Has the order be ready in so many minutes, and tells the board of it by a note."""
    Order.objects.filter(pk=order).update(estimated_at=timezone.now() + timedelta(minutes=minutes))
    acting.call(acting.cast.owner, "PUT", f"/orders/{order}/items/{line_of(order)}/tick")
    acting.call(acting.cast.owner, "DELETE", f"/orders/{order}/items/{line_of(order)}/tick")


def line_of(order: int) -> int:
    return Order.objects.get(pk=order).lines.get().pk


def test_what_was_moved_on_comes_back_with_its_old_clock(stage: Cast, acting: Acting, open_live: OpenLive) -> None:
    order = acting.place()["id"]
    acting.move(order, "accept", prepared_in=25)
    set_due(acting, order, -6)
    page, other = (open_live(signed_in=stage.owner) for _ in range(2))
    page.clock.install()
    for one in (page, other):
        open_board(one, stage)
        expect(card_of(one, order).locator(".until")).to_have_text("6 min late")
    due = card_of(page, order).locator(".due time").get_attribute("datetime")
    # Undone within half a minute, and no longer after that.
    undo = page.get_by_role("status").get_by_role("button", name="Undo")
    press(card_of(page, order), "Ready")
    expect(undo).to_be_visible()
    expect_in(other, order, "ready")  # or what follows would be found as it was before
    page.clock.fast_forward(28_000)
    undo.click()
    expect_in(other, order, "preparing")
    assert Order.objects.get(pk=order).status == 7
    press(card_of(page, order), "Ready")
    for one in (page, other):
        expect_in(one, order, "ready")
    expect(undo).to_be_visible()
    page.clock.fast_forward(31_000)
    expect(undo).to_have_count(0)
    # Then it is brought back: what is ready is prepared again, with the clock that it had.
    bring_back(page, order)
    for one in (page, other):
        expect_in(one, order, "preparing")
        expect(card_of(one, order).locator(".due time")).to_have_attribute("datetime", str(due))
        expect(card_of(one, order)).to_have_attribute("data-late", "late")
    assert Order.objects.get(pk=order).prepared_at is None
    # What was handed over is only shown again, until it is put away, on every screen.
    press(card_of(other, order), "Ready")
    press(card_of(other, order), "Handed over")
    expect_in(page, order, "handed_over")
    # One way back an order: that of its last step.
    expect(other.get_by_role("status").get_by_role("button", name="Undo")).to_have_count(1)
    bring_back(page, order)
    for one in (page, other):
        expect_in(one, order, "preparing")
        expect(card_of(one, order)).to_contain_text("Recalled")
        expect(card_of(one, order).locator(".due time")).to_have_attribute("datetime", str(due))
    assert Order.objects.get(pk=order).status == 15
    press(card_of(other, order), "Put away")
    for one in (page, other):
        expect_in(one, order, "handed_over")


def test_a_step_without_a_way_back_takes_away_that_of_the_step_before(
    stage: Cast, acting: Acting, open_live: OpenLive
) -> None:
    order = acting.place(quantity=2, delivery_type="delivery", address="Naamsestraat 1", location=NEAR)["id"]
    acting.move(order, "accept", prepared_in=25)
    page = open_live(signed_in=stage.owner)
    open_board(page, stage)
    undo = page.get_by_role("status").get_by_role("button", name="Undo")
    card_of(page, order).get_by_role("button", name="More for order").click()
    press(page.get_by_role("dialog"), "Look for a driver")
    expect(undo).to_be_visible()
    press(card_of(page, order), "Ready")
    expect_in(page, order, "ready")
    expect(undo).to_have_count(0)


def bring_back(page: Page, order: int) -> None:
    card_of(page, order).get_by_role("button", name="More for order").click()
    press(page.get_by_role("dialog"), "Bring it back")


def unseen(order: int) -> bool:
    """Whether an order waits for a device to show it."""
    return FeedEntry.objects.filter(order=order, unseen_since__isnull=False).exists()


class Line:
    """What lies between a page and the server's socket: `mode` is through, shut, deaf (accepts and says nothing)."""

    def __init__(self, page: Page, mode: str) -> None:
        self.mode = mode
        self.open: list[tuple[WebSocketRoute, WebSocketRoute]] = []
        page.route_web_socket(re.compile("/ws/"), self.meet)

    def meet(self, socket: WebSocketRoute) -> None:
        if self.mode == "shut":
            socket.close(code=1011)
        elif self.mode == "through":
            server = socket.connect_to_server()
            self.open.append((socket, server))
            socket.on_message(server.send)
            server.on_message(lambda message: self.pass_on(socket, message))

    def pass_on(self, socket: WebSocketRoute, message: str | bytes) -> None:
        if self.mode == "through":
            socket.send(message)

    def close(self, code: int) -> None:
        """The server closes what is open."""
        for socket, server in self.open:
            socket.close(code=code)
            server.close(code=code)
        self.open.clear()


def test_nothing_is_missed_without_a_socket(stage: Cast, acting: Acting, open_live: OpenLive) -> None:
    page = open_live(signed_in=stage.owner)
    line = Line(page, "shut")
    first = acting.place()["id"]
    page.add_init_script(WATCHING)
    page.goto(f"/board/{stage.vendor.pk}")
    banner = page.get_by_role("alert")
    expect_in(page, first, "new")
    expect(banner).to_contain_text("The live link is lost. The board asks for news")
    press(page, "Start shift")
    # By asking alone: what comes, changes and is seen is the same.
    second = acting.place()["id"]
    expect_in(page, second, "new")
    press(card_of(page, first), "Accept · 20 min")
    expect_in(page, first, "preparing")
    acting.move(second, "accept", prepared_in=5)
    expect_in(page, second, "preparing")
    expect_played(page, "new", times=2)
    # The link comes up: each order stands once, and the next comes by the socket.
    line.mode = "through"
    expect(banner).to_be_hidden()
    third = acting.place()["id"]
    expect_in(page, third, "new")
    expect(page.locator(".card")).to_have_count(3)
    # The server restarts: what happens meanwhile is there once the page is back.
    line.mode = "deaf"
    line.close(1012)
    expect(banner).to_be_visible()
    fourth = acting.place()["id"]
    expect_in(page, fourth, "new")
    line.mode = "through"
    expect(banner).to_be_hidden()
    # A dead line that does not say so: the page learns of it by another call.
    line.mode = "dead"
    fifth = acting.place()["id"]
    look_up(page)
    expect_in(page, fifth, "new")
    line.mode = "through"
    expect(banner).to_be_hidden()
    expect(page.locator(".card")).to_have_count(5)
    # As asking helped all the time, nobody was alarmed.
    assert "lost" not in page.evaluate("window.played")


def test_only_what_is_drawn_counts_as_seen(stage: Cast, acting: Acting, open_live: OpenLive) -> None:
    """Two tablets: an order is seen once one of them has drawn it."""
    tablet = open_live(signed_in=stage.owner)
    open_board(tablet, stage)
    slow: list[Route] = []
    tablet.route(re.compile(r"/board\?orders=\d"), lambda route: slow.append(route))
    order = acting.place()["id"]
    wait_for(tablet, lambda: len(slow) == 1)
    with tablet.expect_response(re.compile(r"/board\?orders=$")):
        look_up(tablet)
    tablet.wait_for_timeout(500)
    assert unseen(order)
    other = open_board(open_live(signed_in=stage.owner), stage)
    expect_in(other, order, "new")
    wait_for(other, lambda: not unseen(order))
    slow[0].continue_()
    tablet.unroute_all()
    expect_in(tablet, order, "new")
    # More orders than one reading holds: the board says so.
    tablet.route(re.compile(r"/board$"), tell_more)
    Station.objects.create(vendor=stage.vendor, name="Grill")
    look_up(tablet)
    expect(tablet.get_by_role("button", name="Grill")).to_be_visible()
    expect(tablet.get_by_text("More orders are open than a board shows")).to_be_visible()


def tell_more(route: Route) -> None:
    read = route.fetch()
    route.fulfill(response=read, json={**read.json(), "has_more": True})


def wait_for(page: Page, holds: Callable[[], bool]) -> None:
    """Waits for what no element of the page shows."""
    for _ in range(600):
        if holds():
            return
        page.wait_for_timeout(100)
    raise AssertionError("it did not come to be")
