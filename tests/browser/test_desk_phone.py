"""An order by phone in a browser, for who called before: found, repeated, priced while one types."""

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from orders.checkout import Place
from orders.lifecycle.table import Fulfilment, Status
from orders.models import DriverPosition, Order
from ordersite.accounts.models import Customer
from tests.browser.test_desk import look_at
from tests.browser.test_presses import PATIENT, give_unheld
from tests.cast import Cast
from tests.orders.back_office import place_order
from tests.orders.rows import make_order
from tests.orders.shopping import NEAR
from vendors.models import Product
from vendors.services.vendors import bump_menu_version

pytestmark = pytest.mark.browser
PHONE = "/admin/orders/order/phone/"


@pytest.fixture
def desk(stage: Cast, open_page: Callable[..., Page], sign_in: Callable[[Page, str], None]) -> Page:
    Customer.objects.filter(pk=stage.customer_row.pk).update(phone="+32470123456")
    page = open_page()
    sign_in(page, stage.staff.email)
    return page


def known_order(cast: Cast) -> Order:
    where: dict[str, Any] = {"fulfilment": Fulfilment.DELIVERY, "place": Place(address="Rue Neuve 1", **NEAR)}
    return place_order(cast, lines=2, **where)


def test_the_price_comes_while_one_types(stage: Cast, desk: Page) -> None:
    desk.goto(f"{PHONE}?vendor={stage.vendor.pk}&customer={stage.customer_row.pk}")
    desk.get_by_label("Delivery type").select_option("pickup")
    find = desk.get_by_label("Find a product")
    find.press_sequentially("s")
    # Soda is the only drink with an s; the arrow leads on.
    find.fill("200")
    find.press("Enter")
    expect(desk.locator("#phone-added")).to_have_text("1 × Soda")
    expect(desk.get_by_role("button", name="Place the order: 2.50\u00a0EUR")).to_be_visible()
    find.press("Enter")
    expect(desk.get_by_role("button", name="Place the order: 5.00\u00a0EUR")).to_be_visible()
    find.fill("")
    find.press("ArrowDown")
    find.press("ArrowDown")
    find.press("Enter")
    expect(desk.locator("#phone-added")).to_have_text("1 × Pizza")
    expect(desk.get_by_role("button", name="Place the order: 17.00\u00a0EUR")).to_be_visible()
    desk.get_by_label("Offer code").fill("NOSUCH")
    desk.get_by_label("Offer code").press("Tab")
    expect(desk.locator("#phone-quote .late")).to_be_visible()
    expect(desk.get_by_role("button", name="Place the order")).to_be_hidden()
    desk.get_by_label("Offer code").fill("")
    desk.get_by_label("Offer code").press("Tab")
    desk.get_by_role("button", name="Place the order: 17.00\u00a0EUR").click()
    expect(desk.get_by_text("The order was placed.")).to_be_visible()
    assert Order.objects.get().total == 1700


EARLY = """
document.addEventListener("readystatechange", () => {
  const find = document.getElementById("phone-find");
  if (find && document.readyState === "interactive") find.value = "soda";
});
"""


def test_what_is_typed_before_the_script_has_come_is_looked_for(stage: Cast, desk: Page) -> None:
    desk.add_init_script(EARLY)
    desk.goto(f"{PHONE}?vendor={stage.vendor.pk}&customer={stage.customer_row.pk}")
    expect(desk.get_by_label("Soda 2.50")).to_be_visible()
    expect(desk.get_by_label("Pizza 12.00")).to_be_hidden()


@pytest.mark.parametrize("is_held", [True, False], ids=["held", "unheld"])
def test_a_button_that_is_pressed_while_a_price_comes_is_clicked(stage: Cast, desk: Page, is_held: bool) -> None:
    """Without the wait the press is lost, since the price brings the button anew."""
    desk.add_init_script(PATIENT)
    if not is_held:
        desk.route("**/press*.js", give_unheld)
    desk.goto(f"{PHONE}?vendor={stage.vendor.pk}&customer={stage.customer_row.pk}")
    desk.get_by_label("Delivery type").select_option("pickup")
    desk.get_by_label("Find a product").fill("200")
    desk.get_by_label("Find a product").press("Enter")
    button = desk.get_by_role("button", name="Place the order: 2.50\u00a0EUR")
    expect(button).to_be_visible()
    desk.wait_for_load_state("networkidle")
    button.hover()
    drawn = button.element_handle()
    assert drawn is not None
    desk.mouse.down()
    with desk.expect_response(lambda answer: answer.request.method == "POST"):
        desk.locator("#phone-form").dispatch_event("change")
    if is_held:
        desk.wait_for_timeout(500)  # in which it would be replaced
        assert drawn.evaluate("element => element.isConnected")
        desk.mouse.up()
        expect(desk.get_by_text("The order was placed.")).to_be_visible()
        return
    desk.wait_for_function("element => !element.isConnected", arg=drawn)
    desk.mouse.up()
    expect(desk.get_by_text("The order was placed.")).to_be_hidden()
    assert not Order.objects.exists()


def test_two_desks_at_once_place_two_orders_and_a_double_click_one(
    stage: Cast, desk: Page, open_page: Callable[..., Page], sign_in: Callable[[Page, str], None]
) -> None:
    order = known_order(stage)
    other = open_page()
    sign_in(other, stage.staff.email)
    for page in (desk, other):
        page.goto(f"{PHONE}?repeat={order.pk}")
    for page in (desk, other):
        page.get_by_role("button", name="Place the order").dblclick()
        expect(page.locator(".order-head h1")).to_contain_text("Order #")
    assert Order.objects.count() == 3


def test_the_pages_of_a_phone_order_look_well(stage: Cast, desk: Page) -> None:
    order = known_order(stage)
    make_order(
        stage, Status.REJECTED, contact_name="Maximiliaan van den Abeele-Vandenbroucke", contact_phone="+32470123456"
    )
    desk.goto(f"{PHONE}?who=0470123456")
    expect(desk.get_by_role("heading", name="Found")).to_be_visible()
    assert look_at(desk) == {}
    Product.objects.filter(pk=stage.products["burger"].pk).update(price=900)
    bump_menu_version(stage.vendor.pk)
    desk.goto(f"{PHONE}?repeat={order.pk}")
    expect(desk.get_by_text("Burger costs 9.00\u00a0EUR now, it was 8.50\u00a0EUR.")).to_be_visible()
    desk.get_by_label("Find a product").fill("so")
    assert look_at(desk) == {}


def test_an_order_under_way_looks_well(stage: Cast, desk: Page) -> None:
    order = make_order(
        stage,
        Status.PICK_UP_COMPLETED_BY_DRIVER,
        driver=stage.driver_row,
        stood="accepted prepared driver_accepted picked_up",
    )
    Order.objects.filter(pk=order.pk).update(lat=50.859, lng=4.35, delivery_zone=stage.zone)
    now = timezone.now()
    DriverPosition.objects.create(driver=stage.driver_row, lat=50.855, lng=4.353, accuracy=5, at=now, received_at=now)
    desk.goto(f"/admin/orders/order/{order.pk}/change/")
    expect(desk.get_by_role("img", name="Map:")).to_be_visible()
    desk.locator(".order-map").scroll_into_view_if_needed()
    assert look_at(desk) == {}


def test_papers_look_well(stage: Cast, desk: Page) -> None:
    order = known_order(stage)
    for name in ("ticket", "delivery-note"):
        desk.goto(f"/admin/orders/order/{order.pk}/papers/{name}/")
        expect(desk.get_by_role("button", name="Print")).to_be_visible()
        assert look_at(desk) == {}
        desk.emulate_media(media="print")
        expect(desk.get_by_role("button", name="Print")).to_be_hidden()
        desk.emulate_media(media="screen")
