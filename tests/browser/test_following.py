"""The tracking page in a real browser: an order followed to its end, and what its customer may do there."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, Route, expect
from rest_framework.test import APIClient

from orders.lifecycle.table import Fulfilment, Status
from orders.models import DriverPosition, Order, ProblemReport
from ordersite.core.crypto import decrypt
from tests.browser.test_board_looks import faults_of, keep_picture
from tests.cast import PASSWORD, Cast
from tests.orders.rows import add_line, make_order

pytestmark = pytest.mark.browser
Api = Callable[..., APIClient]
PIXEL = bytes.fromhex(  # a grey one, as PNG
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b55"
    "0000000a49444154789c63b8010000da00d9104d04980000000049454e44ae426082"
)
GUEST = "a-guest-token-of-a-test"


def followed(stage: Cast, status: int, fulfilment: Fulfilment, **fields: Any) -> tuple[Order, str]:
    """An order with a line, and the address of its page."""
    order = make_order(stage, status, fulfilment, guest_token=GUEST, **fields)
    add_line(order, stage.products["burger"], 2)
    return order, f"/t/{decrypt(order.tracking_sealed)}"


def move(api: Api, user: Any, order: Order, name: str, **more: Any) -> None:
    answer = api(user).post(f"/api/v1/orders/{order.pk}/transitions", {"transition": name, **more})
    assert answer.status_code == 200, answer.json()


def steps(page: Page) -> list[str]:
    return [text.replace("\n", " ") for text in page.locator(".steps li.reached").all_inner_texts()]


def test_a_delivery_is_followed_to_its_end(
    stage: Cast, api: Api, open_page: Callable[..., Page], tmp_path: Path, settings: Any
) -> None:
    # Of this site, since no test asks another host.
    settings.MAP_TILES_URL, settings.MAP_ATTRIBUTION = "/tiles/{z}/{x}/{y}.png", "© The mappers"
    came: list[str] = []
    order, address = followed(
        stage,
        Status.DRIVER_ON_WAY,
        Fulfilment.DELIVERY,
        stood="accepted prepared driver_accepted picked_up",
        driver=stage.driver_row,
    )
    at = timezone.now()
    position = {"lat": stage.vendor.lat + 0.01, "lng": stage.vendor.lng, "accuracy": 5, "received_at": at}
    DriverPosition.objects.create(driver=stage.driver_row, at=at, **position)
    page = open_page(width=390, height=844)

    def give_some(route: Route) -> None:
        """The tile of Brussels, at the zoom that shows 1.1 km; the others do not come."""
        if not route.request.url.endswith("/tiles/13/4194/2747.png"):
            route.abort()
            return
        came.append(route.request.headers.get("referer", "no referrer"))
        route.fulfill(body=PIXEL, content_type="image/png")

    page.route("**/tiles/**", give_some)
    page.goto(address)
    expect(page.get_by_role("heading", level=1)).to_have_text("On its way to you")
    expect(page.get_by_role("img", name="Dora is 1.1 km from the vendor")).to_be_visible()
    expect(page.get_by_text("Position of")).to_be_visible()
    expect(page.get_by_text("© The mappers")).to_be_visible()
    expect(page.locator("svg.map image")).to_have_count(1)
    assert (set(came), page.locator("svg.map .grid").count()) == ({"no referrer"}, 20)
    assert [step.split(" (")[0] for step in steps(page)] == ["Ordered", "Accepted", "Ready", "On its way"]
    expect(page.get_by_role("heading", name="Dora drives")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    # By the code alone nothing can be done, and nobody's name or address is told.
    assert all(page.get_by_role("button", name=name).count() == 0 for name in ("Cancel the order", "Report a problem"))
    text = page.inner_text("main")
    assert all(hidden not in text for hidden in ("Customer", "Nieuwstraat", order.contact_phone))
    page.screenshot(path=tmp_path / "delivery.png", full_page=True)
    # The test's server has no sockets: the page asks.
    expect(page.locator("#link")).to_be_visible()
    move(api, stage.driver, order, "deliver")
    expect(page.get_by_role("heading", level=1)).to_have_text("Delivered")
    assert page.locator("svg.map").count() == 0
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Delivered")


TOLD = {
    "minutes of preparing": ({"prepared_in": 20}, "Expected to be ready at"),
    "minutes until delivery": ({"prepared_in": 20, "delivered_in": 40}, "Expected at your door at"),
}


@pytest.mark.parametrize(("told", "words"), TOLD.values(), ids=TOLD)
def test_a_delivery_says_whether_its_time_is_that_at_the_door(
    stage: Cast, open_page: Callable[..., Page], told: dict[str, int], words: str
) -> None:
    soon = timezone.now() + timedelta(minutes=20)
    status, fulfilment = Status.ACCEPTED_BY_BUSINESS, Fulfilment.DELIVERY
    _, address = followed(stage, status, fulfilment, stood="accepted", estimated_at=soon, **told)
    page = open_page()
    page.goto(address)
    expect(page.get_by_text("Expected")).to_have_text(words)


def test_a_guest_reports_a_problem_and_cancels_after_seeing_what_it_costs(
    stage: Cast, open_page: Callable[..., Page], tmp_path: Path
) -> None:
    order, address = followed(
        stage,
        Status.ACCEPTED_BY_BUSINESS,
        Fulfilment.PICKUP,
        stood="accepted",
        estimated_at=timezone.now() + timedelta(minutes=20),
    )
    page = open_page(width=768)
    page.goto(address)
    page.get_by_label("Guest token").fill(GUEST)
    page.get_by_role("button", name="Use it").click()
    expect(page.get_by_role("button", name="Cancel the order")).to_be_visible()
    assert GUEST not in page.url
    cookie = next(one for one in page.context.cookies() if one["name"] == "order_token")
    assert (cookie["value"], cookie["httpOnly"], cookie["sameSite"]) == (GUEST, True, "Lax")
    expect(page.get_by_role("heading", name="Receipt")).to_be_visible()
    page.screenshot(path=tmp_path / "guest.png", full_page=True)
    page.get_by_role("button", name="I am here").click()
    page.get_by_label("Where do you wait?").fill("bay 3")
    page.get_by_role("button", name="Tell the vendor").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("The vendor knows that you are here")
    dialog = page.get_by_role("dialog")
    page.get_by_role("button", name="Report a problem").click()
    dialog.get_by_label("What is wrong?").select_option("other")
    dialog.get_by_role("button", name="Send it").click()
    # Without a word it says nothing: the browser asks for one.
    expect(dialog.get_by_label("In your own words")).to_be_focused()
    dialog.get_by_label("What is wrong?").select_option("wrong_item")
    dialog.get_by_label("2 × Burger").check()
    dialog.get_by_label("In your own words").fill("These are <b>pizzas</b>")
    page.screenshot(path=tmp_path / "report.png")
    dialog.get_by_role("button", name="Send it").click()
    expect(page.locator(".problems li")).to_contain_text("Something else came · Burger")
    expect(page.locator(".problems li")).to_contain_text("These are <b>pizzas</b>")
    ProblemReport.objects.update(settled_at=timezone.now(), settled_note="Two burgers come at once.")
    expect(page.locator(".problems li")).to_contain_text("Two burgers come at once.")
    page.screenshot(path=tmp_path / "reported.png", full_page=True)
    page.get_by_role("button", name="Cancel the order").click()
    expect(dialog).to_contain_text("Cancelling now costs")
    page.screenshot(path=tmp_path / "cancel.png")
    dialog.get_by_role("button", name="Cancel the order").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You cancelled it")
    order.refresh_from_db()
    assert order.status == Status.CANCELED_BY_CUSTOMER


@pytest.mark.parametrize(
    ("language", "heading", "width", "scheme"),
    [
        ("fr-BE", "En préparation", 390, "dark"),
        ("nl-BE", "Wordt bereid", 768, "light"),
        ("es-ES", "En preparación", 1280, "dark"),
    ],
)
def test_each_language(
    stage: Cast, browser: Any, live_server: Any, tmp_path: Path, language: str, heading: str, width: int, scheme: Any
) -> None:
    _, address = followed(stage, Status.ACCEPTED_BY_BUSINESS, Fulfilment.EAT_IN, stood="accepted")
    context = browser.new_context(
        base_url=live_server.url, viewport={"width": width, "height": 900}, locale=language, color_scheme=scheme
    )
    page = context.new_page()
    page.goto(address)
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.screenshot(path=tmp_path / f"{language}.png", full_page=True)


def test_a_customer_comes_from_the_sign_in_to_its_orders(stage: Cast, open_page: Callable[..., Page]) -> None:
    """The newest first, fifteen at a time, each with the way to its page, which says how long it usually takes."""
    for _ in range(15):
        make_order(stage, 11, stood="accepted prepared picked_up delivered")
    make_order(stage, customer=stage.stranger_row)
    order = make_order(stage, Status.PENDING)
    page = open_page(width=390, height=844, timezone_id="Asia/Tokyo")
    page.goto("/sign-in")
    page.get_by_label("E-mail").fill(stage.customer.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Your orders")).to_be_visible()
    rows = page.locator("#orders li")
    expect(rows).to_have_count(15)
    expect(rows.first).to_contain_text("Waiting for the vendor to accept it")
    expect(rows.first).to_contain_text("(time in Brussels) · €15.00")
    keep_picture(page, "orders")
    assert faults_of(page) == []
    page.get_by_role("button", name="Show older ones").click()
    expect(rows).to_have_count(16)
    expect(page.get_by_role("button", name="Show older ones")).to_have_count(0)
    page.get_by_role("link", name=f"{stage.vendor.name} · order {order.called}").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Waiting for the vendor to accept it")
    expect(page.get_by_text("Usually ready about 20 min after the vendor accepts it.")).to_be_visible()


def test_equal_items_are_told_apart_in_a_report(stage: Cast, open_page: Callable[..., Page]) -> None:
    order, address = followed(stage, 7, Fulfilment.PICKUP, stood="accepted")
    add_line(order, stage.products["burger"], 1)
    add_line(order, stage.products["soda"], 1)
    page = open_page(signed_in=stage.customer, timezone_id="Asia/Tokyo")
    page.goto(address)
    page.get_by_role("button", name="Report a problem").click()
    dialog = page.get_by_role("dialog")
    assert dialog.locator("fieldset label").all_inner_texts() == ["1. 2 × Burger", "2. 1 × Burger", "1 × Soda"]
    dialog.get_by_label("What is wrong?").select_option("missing_item")
    dialog.get_by_label("2. 1 × Burger").check()
    dialog.get_by_role("button", name="Send it").click()
    expect(page.locator(".problems")).to_contain_text("Something is missing · 2. Burger")
    expect(page.locator(".problems")).to_contain_text("(time in Brussels)")
    assert [item["name"] for item in ProblemReport.objects.get().items] == ["2. Burger"]
