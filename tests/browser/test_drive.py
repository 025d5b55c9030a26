"""The driver page in a real browser: an offer taken, brought through a dead link with a photo, and what is refused."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect
from rest_framework.test import APIClient

from orders.models import DeliveryProof, DriverOffer, Order, OrderEvent
from tests.browser.boards import use_photo
from tests.cast import PASSWORD, Cast
from tests.orders.rows import make_order

pytestmark = pytest.mark.browser
Api = Callable[..., APIClient]
PHONE = 390
LOST = "waits to be sent"


@pytest.fixture
def drive(open_page: Callable[..., Page], stage: Cast) -> Page:
    """The page of the signed-in driver, whose device tells where it is: 2 km outside every fence."""
    page = open_page(width=PHONE, height=844, refusals=(409,))
    page.context.grant_permissions(["geolocation"])
    page.context.set_geolocation({"latitude": stage.vendor.lat + 0.02, "longitude": stage.vendor.lng, "accuracy": 10})
    page.goto("/drive")
    page.get_by_label("E-mail").fill(stage.driver.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="My orders").wait_for()
    return page


def search(cast: Cast, proof: str = "photo") -> Order:
    """A prepared order in search of a driver, paid in cash, whose vendor asks for a proof."""
    cast.vendor.proof = proof
    cast.vendor.save()
    stood = "accepted prepared search_started"
    return make_order(cast, 22, stood=stood, payment_method="cash", contact_phone="+32470000001", address="Markt 1")


def standing(order: Order) -> int:
    return Order.objects.get(pk=order.pk).status


def hand_over(page: Page, sum_taken: str = "€15.00") -> None:
    """Says in the dialog that the cash is taken."""
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"Collect {sum_taken} in cash.")
    dialog.get_by_role("button", name=f"Yes, {sum_taken} taken").click()


def cut(page: Page) -> None:
    page.context.set_offline(True)
    page.get_by_text("No connection.").wait_for()


def test_a_delivery_through_a_dead_link(stage: Cast, drive: Page) -> None:
    order = search(stage)
    drive.reload()
    drive.get_by_role("button", name="Take it").wait_for()
    drive.get_by_role("button", name="Take it").click()
    ticket = drive.get_by_role("article", name=stage.vendor.name)
    expect(ticket.get_by_role("button", name="I am at the pick-up")).to_be_visible()
    expect(ticket).to_contain_text("Markt 1")
    expect(ticket).to_contain_text("You have taken it")
    expect(drive.get_by_text("Your position is sent")).to_be_visible()
    assert standing(order) == 8
    ticket.get_by_role("button", name="I am at the pick-up").click()
    expect(ticket.get_by_role("button", name="Picked up")).to_be_visible()

    cut(drive)
    ticket.get_by_role("button", name="Picked up").click()
    expect(ticket).to_contain_text(LOST)
    ticket.get_by_role("button", name="Delivered").click()
    hand_over(drive)
    use_photo(drive)
    expect(ticket).to_contain_text(f"Picked up, Delivered — {LOST}")
    assert (standing(order), DeliveryProof.objects.count()) == (3, 0)

    drive.context.set_offline(False)
    expect(drive.get_by_text("You hold no order.")).to_be_visible()
    assert standing(order) == 11
    names = list(OrderEvent.objects.filter(order=order, kind="status").values_list("transition", flat=True))
    assert names == ["accept_by_driver", "driver_arrive", "pick_up", "deliver"]
    delivered = OrderEvent.objects.get(order=order, transition="deliver")
    assert delivered.data["proof"] == str(DeliveryProof.objects.get().uuid)
    assert delivered.data["done_at"] < delivered.created_at.isoformat()
    expect(drive.locator("#cash")).not_to_have_text("None")


def test_what_is_refused_stays_until_the_driver_leaves_it(stage: Cast, api: Api, drive: Page) -> None:
    order = make_order(stage, 9, driver=stage.driver_row, stood="accepted prepared driver_accepted picked_up")
    drive.reload()
    ticket = drive.get_by_role("article", name=stage.vendor.name)
    ticket.get_by_role("button", name="Delivered").wait_for()
    cut(drive)
    ticket.get_by_role("button", name="Delivered").click()
    hand_over(drive)
    expect(ticket).to_contain_text(LOST)
    reason = {"reason_code": "fraud"}
    cancelled = api(stage.staff).post(f"/api/v1/orders/{order.pk}/transitions", {"to": 2, **reason}, format="json")
    assert cancelled.status_code == 200
    drive.context.set_offline(False)
    refused = drive.get_by_role("region", name="What could not be done").get_by_role("article")
    expect(refused).to_contain_text("The order has moved on meanwhile")
    told = drive.get_by_text(f"Order {order.called} of {stage.vendor.name} is no longer yours: Cancelled by the site.")
    told.get_by_role("button", name="Got it").click()
    expect(told).to_have_count(0)
    assert standing(order) == 2
    refused.get_by_role("button", name="Leave it").click()
    expect(drive.get_by_text("You hold no order.")).to_be_visible()
    expect(refused).to_have_count(0)


def test_nothing_is_offered_ahead_of_the_vendor(stage: Cast, api: Api, drive: Page) -> None:
    """Without a link the driver may arrive, and pick up only what was ready when the link was there."""
    order = make_order(stage, 8, driver=stage.driver_row, stood="accepted driver_accepted", payment_method="cash")
    drive.reload()
    ticket = drive.get_by_role("article", name=stage.vendor.name)
    arrive = ticket.get_by_role("button", name="I am at the pick-up")
    arrive.wait_for()
    cut(drive)
    arrive.click()
    expect(ticket).to_contain_text(f"I am at the pick-up — {LOST}")
    expect(ticket).to_contain_text("What comes next depends on the vendor")
    expect(ticket.get_by_role("button", name="Picked up")).to_have_count(0)
    drive.context.set_offline(False)
    expect(ticket).to_contain_text("You are at the pick-up")
    assert (
        api(stage.owner).post(f"/api/v1/orders/{order.pk}/transitions", {"transition": "mark_ready"}).status_code == 200
    )
    expect(ticket.get_by_role("button", name="Picked up")).to_be_visible()
    assert standing(order) == 4


def test_a_refused_step_says_so_on_its_order_and_can_be_left(stage: Cast, api: Api, drive: Page) -> None:
    """The vendor takes "ready" back while the driver, without a link, picks it up and delivers it."""
    order = make_order(stage, 4, driver=stage.driver_row, stood="accepted prepared driver_accepted driver_at_business")
    drive.reload()
    ticket = drive.get_by_role("article", name=stage.vendor.name)
    ticket.get_by_role("button", name="Picked up").wait_for()
    cut(drive)
    ticket.get_by_role("button", name="Picked up").click()
    ticket.get_by_role("button", name="Delivered").click()
    hand_over(drive)
    undone = api(stage.owner).post(f"/api/v1/orders/{order.pk}/transitions", {"transition": "undo_ready"})
    assert undone.status_code == 200
    drive.context.set_offline(False)
    expect(ticket).to_contain_text("“Picked up” was refused. The order is not prepared yet")
    expect(ticket).to_contain_text("Delivered: not sent before that is settled")
    expect(ticket).not_to_contain_text(LOST)
    ticket.get_by_role("button", name="Leave it").click()
    expect(ticket).to_contain_text("“Delivered” was refused.")
    ticket.get_by_role("button", name="Leave it").click()
    expect(ticket).to_contain_text("It is being prepared")
    expect(ticket).not_to_contain_text("refused")
    assert standing(order) == 7


def test_cash_is_agreed_to_before_anything_is_sent(stage: Cast, drive: Page) -> None:
    stood = "accepted prepared driver_accepted picked_up"
    order = make_order(stage, 9, driver=stage.driver_row, stood=stood, payment_method="cash", cash=2000)
    drive.reload()
    ticket = drive.get_by_role("article", name=stage.vendor.name)
    ticket.get_by_role("button", name="Delivered").click()
    dialog = drive.get_by_role("dialog")
    expect(dialog).to_contain_text("The customer pays with €20.00: give back €5.00.")
    dialog.get_by_role("button", name="No, go back").click()
    expect(dialog).to_have_count(0)
    expect(ticket.get_by_role("button", name="Delivered")).to_be_focused()
    assert standing(order) == 9
    ticket.get_by_role("button", name="Delivered").click()
    hand_over(drive)
    expect(drive.get_by_text("You hold no order.")).to_be_visible()
    assert standing(order) == 11


def test_times_are_the_vendors_and_say_so(stage: Cast, open_page: Callable[..., Page]) -> None:
    """A device that is set to Tokyo shows when it is wanted in Brussels; one in Brussels says no place."""
    stood = "accepted prepared search_started"
    noon = datetime(2031, 7, 1, 10, 0, tzinfo=UTC)
    make_order(stage, 22, stood=stood, deliver_at=noon)
    make_order(stage, 8, stood="accepted prepared driver_accepted", driver=stage.driver_row, deliver_at=noon)
    for zone, told in (("Asia/Tokyo", "12:00 (time in Brussels)"), ("Europe/Paris", "12:00")):
        page = open_page(width=PHONE, timezone_id=zone, signed_in=stage.driver)
        page.goto("/drive")
        expect(page.get_by_role("region", name="My orders")).to_contain_text(told)
        expect(page.get_by_role("region", name="Offers")).to_contain_text(told)
        assert (page.inner_text("main").count("(time in ")) == 2 * ("(" in told)


def test_a_time_of_readiness_is_told_as_one(stage: Cast, open_page: Callable[..., Page]) -> None:
    """The vendor told minutes of preparing of the one, until delivery of the other."""
    at = datetime(2031, 7, 1, 10, 0, tzinfo=UTC)
    stood, driver = "accepted prepared driver_accepted", stage.driver_row
    ready = make_order(stage, 8, stood=stood, driver=driver, prepared_in=20, estimated_at=at)
    there = make_order(stage, 8, stood=stood, driver=driver, delivered_in=20, estimated_at=at)
    page = open_page(width=PHONE, signed_in=stage.driver)
    page.goto("/drive")
    for order, told in ((ready, "ready Tue, Jul 1, 12:00"), (there, "Tue, Jul 1, 12:00")):
        card = page.get_by_role("article", name=f"{order.called} {stage.vendor.name}")
        expect(card.locator("[data-due]")).to_have_text(told)


def test_what_an_offer_brings_has_its_names(stage: Cast, drive: Page) -> None:
    search(stage)
    make_order(stage, 22, stood="accepted search_started", payment_method="wallet", driver_tip=200, distance=1315)
    drive.reload()
    expect(drive.get_by_role("region", name="Offers").locator("dl")).to_have_text(
        [
            "To collect from the customer, in cash€15.00",
            "To collect from the customernothingTip for the driver€2.00From pick-up to drop-off1.3 km",
        ]
    )


def test_a_dispatcher_takes_and_declines_and_asks_a_driver(stage: Cast, open_page: Callable[..., Page]) -> None:
    order, other = search(stage, ""), search(stage, "")
    page = open_page(signed_in=stage.dispatcher)
    page.goto("/drive")
    expect(page).to_have_url(re.compile("/dispatch$"))
    offers = page.get_by_role("region", name="Offers")
    offers.get_by_role("button", name="Take it").first.click()
    ticket = page.get_by_role("article", name=f"{order.called} {stage.vendor.name}")
    expect(ticket).to_contain_text("Company has accepted")
    drivers = ticket.get_by_label("Who drives it?")
    drivers.select_option(f"{stage.company_driver_row.pk}")
    # What is chosen stays so, and keeps the focus, where orders and drivers are read again.
    make_order(stage, 8, driver=stage.company_driver_row, stood="accepted driver_accepted")
    offers.get_by_role("button", name="Decline").click()
    drivers.focus()
    expect(offers).to_contain_text("Nothing is offered now.")
    expect(drivers).to_contain_text(f"{stage.company_driver_row.name}, carries 1")
    expect(drivers).to_have_value(f"{stage.company_driver_row.pk}")
    expect(drivers).to_be_focused()
    ticket.get_by_role("button", name="Ask this driver").click()
    expect(ticket).to_contain_text(f"{stage.company_driver_row.name} was asked and has not answered yet.")
    ticket.get_by_role("button", name="Accept for the driver").click()
    expect(ticket).to_contain_text(f"Driver: {stage.company_driver_row.name}")
    assert (standing(order), standing(other)) == (8, 22)
    assert DriverOffer.objects.get(order=other).outcome == "declined"
