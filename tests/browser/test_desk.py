"""The list of orders and the pages beside it, in a browser: every column, a selection, a bulk change that runs."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from playwright.sync_api import Page, expect

from orders.admin.columns import COLUMNS, choose_columns
from orders.lifecycle.table import Status
from orders.models import Order, ProblemReport
from orders.reading.refusal_words import refusal_in_words
from orders.services.bulk.bulk_changes import run_bulk_changes
from orders.services.moving.delivery_proofs import add_delivery_proof
from ordersite.accounts.callers import caller_of_user
from ordersite.core.images import clean_image
from tests.browser.test_board_looks import RULES, axe, keep_picture
from tests.browser.test_looks import FAULTS_OF, LOOKS
from tests.cast import Cast
from tests.orders.back_office import place_order
from tests.orders.rows import make_order
from tests.vendors.test_pictures import picture

pytestmark = pytest.mark.browser
LIST = "/admin/orders/order/"


def look_at(page: Page) -> dict[str, list[str]]:
    """What is wrong with a page at each width and in both themes."""
    faults: dict[str, list[str]] = {}
    for width, theme in LOOKS:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=theme)
        keep_picture(page, f"{page.title()} {width} {theme}")
        found: list[str] = page.evaluate(FAULTS_OF)
        broken = axe.run(page, options=RULES).response["violations"]
        found += [f"{rule['id']} {str(rule['nodes'][0]['html'])[:120]}" for rule in broken]
        for fault in found:
            faults.setdefault(fault, []).append(f"{width} {theme}")
    return faults


@pytest.fixture
def desk(stage: Cast, open_page: Callable[..., Page], sign_in: Callable[[Page, str], None]) -> Page:
    now: dict[str, Any] = {"driver": stage.driver_row, "delivery_zone": stage.zone, "app_id": "a-till-app"}
    for status in (Status.PENDING, Status.ACCEPTED_BY_DRIVER, Status.COMPLETED, Status.REJECTED):
        make_order(stage, status, **now, contact_name="Maximiliaan van den Abeele", external_code=f"SHOP-{status}")
    page = open_page()
    sign_in(page, stage.staff.email)
    return page


def test_the_list_with_all_its_columns(stage: Cast, desk: Page) -> None:
    desk.goto(LIST)
    assert look_at(desk) == {}
    choose_columns(stage.staff.pk, list(COLUMNS))
    desk.goto(f"{LIST}?q=abeele&group=completed")
    assert look_at(desk) == {}
    desk.get_by_role("link", name="show all that were found").click()
    expect(desk.locator("#result_list tbody tr")).to_have_count(4)
    desk.get_by_role("link", name="Columns").click()
    assert look_at(desk) == {}


def test_an_orders_page_with_its_pictures(stage: Cast, desk: Page) -> None:
    order = make_order(
        stage, Status.PICK_UP_COMPLETED_BY_DRIVER, stood="accepted prepared driver_accepted picked_up",
        driver=stage.driver_row, comment="Ring twice, please " * 5,
    )  # fmt: skip
    caller = caller_of_user(stage.driver)
    for kind, size in (("photo", (900, 1600)), ("signature", (1200, 300))):
        photo = clean_image(picture(size))
        with transaction.atomic():
            add_delivery_proof(order_id=order.pk, caller=caller, kind=kind, photo=photo, done_at=timezone.now())
    ProblemReport.objects.create(
        order=order,
        number=4,
        reason="other",
        text="Cold\n\nand late",
        actor="user:1",
        items=[{"item": 1, "name": "Burger"}],
    )
    desk.goto(f"{LIST}{order.pk}/change/")
    images = desk.locator(".photos img")
    for image in images.all():
        image.scroll_into_view_if_needed()
    assert images.count() == 2
    desk.wait_for_function("[...document.querySelectorAll('.photos img')].every((one) => one.naturalWidth > 0)")
    assert look_at(desk) == {}


def test_many_are_changed_while_one_watches(stage: Cast, desk: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orders.admin.bulk_page.AT_ONCE", 1)
    desk.set_viewport_size({"width": 1280, "height": 900})
    desk.goto(LIST)
    desk.locator("#action-toggle").check()
    desk.get_by_label("Action:").select_option("change_many")
    desk.get_by_title("Run the selected action").click()
    expect(desk.get_by_text("4 orders as the list showed them")).to_be_visible()
    assert look_at(desk) == {}
    desk.get_by_label("Change:").select_option("accept")
    desk.get_by_role("button", name="Change 4 orders").click()
    expect(desk.get_by_text("Under way: 0 of 4")).to_be_visible()
    assert look_at(desk) == {}
    run_bulk_changes(10, refusal_in_words)
    expect(desk.get_by_role("heading", name="Done: 4 of 4")).to_be_visible(timeout=10_000)
    assert look_at(desk) == {}
    assert Order.objects.filter(status=Status.ACCEPTED_BY_BUSINESS).count() == 1


def test_several_are_one_document(stage: Cast, desk: Page) -> None:
    desk.set_viewport_size({"width": 1280, "height": 900})
    desk.goto(LIST)
    desk.locator("#action-toggle").check()
    desk.get_by_label("Action:").select_option("print_orders")
    desk.get_by_title("Run the selected action").click()
    expect(desk.locator(".sheet")).to_have_count(4)
    keep_picture(desk, "print-orders")
    assert look_at(desk) == {}
    desk.emulate_media(media="print")
    expect(desk.get_by_role("button", name="Print")).to_be_hidden()
    desk.emulate_media(media="screen")


def test_a_refund_is_shown_before_it_is_made(stage: Cast, desk: Page) -> None:
    order = place_order(stage, payment_method="wallet")
    desk.set_viewport_size({"width": 1280, "height": 900})
    desk.goto(f"{LIST}{order.pk}/change/")
    desk.get_by_text("Refund …").click()
    desk.get_by_label("What:", exact=True).select_option("amount")
    desk.get_by_label("Amount:").fill("2,50")
    desk.get_by_role("button", name="Show what happens …").click()
    expect(desk.get_by_text("the customer's wallet, at once")).to_be_visible()
    keep_picture(desk, "refund-asked")
    assert look_at(desk) == {}
    assert not order.refunds.exists()
    desk.get_by_role("button", name="Refund 2.50").click()
    expect(desk.get_by_text("The refund has been started.")).to_be_visible()
    assert order.refunds.get().amount == 250
