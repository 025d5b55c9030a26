"""What the desk does most, in a browser that counts the clicks of its mouse; keys are not counted."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from orders.checkout import Place
from orders.lifecycle.table import Fulfilment, Status
from orders.models import Order, OrderEvent, Posting, Refund
from ordersite.accounts.models import Customer
from tests.cast import Cast
from tests.orders.back_office import place_order
from tests.orders.rows import make_order
from tests.orders.shopping import NEAR
from vendors.models import Product, Vendor

pytestmark = pytest.mark.browser
LIST = "/admin/orders/order/"
# Of a key that presses a button the browser makes a click too, without a position in its count (`detail`).
COUNT = """document.addEventListener("click", (event) => {
  if (event.isTrusted && event.detail) sessionStorage.setItem("clicks", Number(sessionStorage.getItem("clicks")) + 1);
}, true)"""


@pytest.fixture
def desk(stage: Cast, open_page: Callable[..., Page], sign_in: Callable[[Page, str], None]) -> Page:
    """The list of orders; what was clicked before is forgotten."""
    Customer.objects.filter(pk=stage.customer_row.pk).update(phone="+32470123456")
    page = open_page()
    page.context.add_init_script(COUNT)
    sign_in(page, stage.staff.email)
    page.goto(LIST)
    page.evaluate("sessionStorage.clear()")
    return page


def clicks(page: Page) -> int:
    return int(page.evaluate("Number(sessionStorage.getItem('clicks'))"))


def delivery(cast: Cast, **changed: Any) -> Order:
    where: dict[str, Any] = {"fulfilment": Fulfilment.DELIVERY, "place": Place(address="Rue Neuve 1", **NEAR)}
    return place_order(cast, lines=2, **where, **changed)


def open_order(page: Page, order: Order) -> None:
    page.reload()
    page.get_by_role("link", name=f"#{order.pk}").click()
    expect(page.locator(".order-head h1")).to_contain_text(f"Order #{order.pk}")
    # Until its scripts have run.
    page.wait_for_load_state()


def test_new_orders_take_1(stage: Cast, desk: Page) -> None:
    new = place_order(stage)
    make_order(stage, Status.COMPLETED)
    desk.get_by_role("link", name="Pending").click()
    expect(desk.locator("#result_list tbody tr")).to_have_count(1)
    expect(desk.get_by_role("link", name=f"#{new.pk}")).to_be_visible()
    assert clicks(desk) == 1


def test_to_accept_with_minutes_takes_2(stage: Cast, desk: Page) -> None:
    order = place_order(stage)
    open_order(desk, order)
    desk.get_by_label("ready in").click()
    desk.keyboard.type("15")
    desk.keyboard.press("Enter")
    expect(desk.get_by_text("Accept: done.")).to_be_visible()
    assert clicks(desk) == 2
    order.refresh_from_db()
    assert (order.status, order.prepared_in) == (Status.ACCEPTED_BY_BUSINESS, 15)


def test_to_find_by_phone_takes_1(stage: Cast, desk: Page) -> None:
    order = make_order(stage, contact_phone="+32470123456")
    make_order(stage, contact_phone="+32479999999")
    desk.locator("#searchbar").click()
    desk.keyboard.type("0470/12.34.56")
    desk.keyboard.press("Enter")
    expect(desk.locator("#result_list tbody tr")).to_have_count(1)
    expect(desk.get_by_role("link", name=f"#{order.pk}")).to_be_visible()
    assert clicks(desk) == 1


def test_a_customers_history_takes_2(stage: Cast, desk: Page) -> None:
    order = make_order(stage)
    make_order(stage, Status.COMPLETED)
    make_order(stage, customer=stage.stranger_row)
    open_order(desk, order)
    desk.get_by_role("link", name="All orders of this customer").click()
    expect(desk.locator("#result_list tbody tr")).to_have_count(2)
    assert clicks(desk) == 2


def test_to_cancel_with_a_reason_takes_3(stage: Cast, desk: Page) -> None:
    order = place_order(stage)
    open_order(desk, order)
    desk.locator("summary", has_text="Cancel the order").click()
    desk.keyboard.type("It looks like fraud")
    desk.keyboard.press("Tab")
    desk.keyboard.type("Three names, one card")
    desk.get_by_role("button", name="Cancel the order").click()
    expect(desk.get_by_text("Cancel the order: done.")).to_be_visible()
    assert clicks(desk) == 3
    event = OrderEvent.objects.latest("number")
    assert (event.reason_code, event.reason) == ("fraud", "Three names, one card")


def test_to_refund_a_line_takes_3(stage: Cast, desk: Page) -> None:
    order = place_order(stage, payment_method="wallet", lines=2)
    desk.goto(f"{LIST}{order.pk}/change/")
    desk.locator("summary", has_text="Refund").click()
    # Past the choice and the amount to the first of the lines.
    for _ in range(2):
        desk.keyboard.press("Tab")
    desk.keyboard.type("1")
    desk.get_by_role("button", name="Show what happens").click()
    desk.get_by_role("button", name="Refund").click()
    expect(desk.locator(".order-head h1")).to_contain_text("Order #")
    assert clicks(desk) == 3
    assert list(Refund.objects.values_list("amount", "order")) == [(850, order.pk)]


def test_to_name_a_driver_takes_2(stage: Cast, desk: Page) -> None:
    order = delivery(stage)
    desk.goto(f"{LIST}{order.pk}/change/")
    desk.locator(".select2-selection").click()
    desk.keyboard.type("Dora")
    expect(desk.locator(".select2-results__option")).to_have_text(["Dora Driver"])
    desk.keyboard.press("Enter")
    desk.get_by_role("button", name="Offer to this driver").click()
    expect(desk.get_by_text("The order is offered to Dora Driver.")).to_be_visible()
    assert clicks(desk) == 2
    order.refresh_from_db()
    assert order.driver_id == stage.driver_row.pk


def test_an_order_by_phone_of_who_called_before_takes_3(stage: Cast, desk: Page) -> None:
    delivery(stage)
    desk.get_by_role("link", name="New order by phone").click()
    expect(desk.get_by_label("Phone, e-mail, name or order")).to_be_focused()
    desk.keyboard.type("0470 12 34 56")
    desk.keyboard.press("Enter")
    desk.get_by_role("link", name="Something else there").click()
    expect(desk.get_by_label("Find a product")).to_be_focused()
    desk.keyboard.type("pizza")
    desk.keyboard.press("Enter")
    desk.get_by_role("button", name="Place the order: 14.50").click()
    expect(desk.get_by_text("The order was placed.")).to_be_visible()
    assert clicks(desk) == 3
    order = Order.objects.latest("pk")
    assert (order.total, order.customer_id, order.address) == (1450, stage.customer_row.pk, "Rue Neuve 1")


def test_an_order_by_phone_of_somebody_new_takes_4(stage: Cast, desk: Page) -> None:
    desk.get_by_role("link", name="New order by phone").click()
    expect(desk.get_by_label("Phone, e-mail, name or order")).to_be_focused()
    desk.keyboard.type("0470 99 88 77")
    desk.keyboard.press("Enter")
    desk.locator(".select2-selection").first.click()
    desk.keyboard.type("Burger")
    expect(desk.locator(".select2-results__option")).to_have_text(["Burger Bar"])
    desk.keyboard.press("Enter")
    desk.get_by_role("button", name="Take the order").click()
    expect(desk.get_by_label("Find a product")).to_be_focused()
    desk.keyboard.type("pizza")
    desk.keyboard.press("Enter")
    expect(desk.get_by_label("Phone:", exact=True)).to_have_value("0470 99 88 77")
    desk.get_by_label("Name").focus()
    desk.keyboard.type("Gina Guest")
    desk.get_by_label("Delivery type").focus()
    desk.keyboard.type("pickup")
    desk.get_by_role("button", name="Place the order: 12.00").click()
    expect(desk.get_by_text("The order was placed.")).to_be_visible()
    assert clicks(desk) == 4
    order = Order.objects.get()
    assert (order.total, order.contact_name, order.contact_phone) == (1200, "Gina Guest", "+32470998877")


def test_sold_out_takes_2(stage: Cast, desk: Page) -> None:
    desk.goto("/admin/")
    desk.evaluate("sessionStorage.clear()")
    desk.get_by_role("link", name="Products", exact=True).click()
    desk.get_by_role("button", name="Soda: sold out today").click()
    expect(desk.get_by_text("Soda is sold out until")).to_be_visible()
    assert clicks(desk) == 2
    assert not Product.objects.get(name="Soda").is_available


def test_to_pause_a_vendor_takes_2(stage: Cast, desk: Page) -> None:
    desk.goto("/admin/")
    desk.evaluate("sessionStorage.clear()")
    desk.locator(".module").get_by_role("link", name="Vendors", exact=True).last.click()
    desk.get_by_role("button", name="Burger Bar: pause").first.click()
    expect(desk.get_by_text("Burger Bar is paused until")).to_be_visible()
    assert clicks(desk) == 2
    assert Vendor.objects.get(pk=stage.vendor.pk).paused_until is not None


def test_to_pay_out_takes_2(stage: Cast, desk: Page) -> None:
    make_order(stage, Status.COMPLETED, payment_method="wallet")
    desk.goto("/admin/orders/account/payouts/")
    desk.get_by_role("button", name="Pay out …").first.click()
    desk.get_by_role("button", name="Pay out").click()
    expect(desk.get_by_text("The payout was recorded.")).to_be_visible()
    assert clicks(desk) == 2
    assert Posting.objects.filter(kind=Posting.Kind.PAYOUT).count() == 1
