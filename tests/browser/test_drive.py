"""The driver page in a real browser: an offer taken, brought through a dead link with a photo, and what is refused."""

import re
from collections.abc import Callable

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
    """The page of the signed-in driver, whose device tells where it is."""
    page = open_page(width=PHONE, height=844, refusals=(409,))
    page.context.grant_permissions(["geolocation"])
    page.context.set_geolocation({"latitude": stage.vendor.lat, "longitude": stage.vendor.lng, "accuracy": 10})
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
    expect(ticket).to_contain_text(LOST)
    reason = {"reason_code": "fraud"}
    cancelled = api(stage.staff).post(f"/api/v1/orders/{order.pk}/transitions", {"to": 2, **reason}, format="json")
    assert cancelled.status_code == 200
    drive.context.set_offline(False)
    refused = drive.get_by_role("region", name="What could not be done").get_by_role("article")
    expect(refused).to_contain_text("The order has moved on meanwhile")
    told = drive.get_by_text(f"Order {order.number} of {stage.vendor.name} is no longer yours: Cancelled by the site.")
    told.get_by_role("button", name="Got it").click()
    expect(told).to_have_count(0)
    assert standing(order) == 2
    refused.get_by_role("button", name="Leave it").click()
    expect(drive.get_by_text("You hold no order.")).to_be_visible()
    expect(refused).to_have_count(0)


def test_a_dispatcher_takes_and_declines_and_asks_a_driver(stage: Cast, open_page: Callable[..., Page]) -> None:
    order, other = search(stage, ""), search(stage, "")
    page = open_page(signed_in=stage.dispatcher)
    page.goto("/drive")
    expect(page).to_have_url(re.compile("/dispatch$"))
    offers = page.get_by_role("region", name="Offers")
    offers.get_by_role("button", name="Take it").first.click()
    ticket = page.get_by_role("article", name=f"{order.number} {stage.vendor.name}")
    expect(ticket).to_contain_text("Company has accepted")
    drivers = ticket.get_by_label("Who drives it?")
    drivers.select_option(f"{stage.company_driver_row.pk}")
    # What is chosen stays so where drivers are drawn anew.
    make_order(stage, 8, driver=stage.company_driver_row, stood="accepted driver_accepted")
    offers.get_by_role("button", name="Decline").click()
    expect(offers).to_contain_text("Nothing is offered now.")
    expect(drivers).to_contain_text(f"{stage.company_driver_row.name}, carries 1")
    expect(drivers).to_have_value(f"{stage.company_driver_row.pk}")
    ticket.get_by_role("button", name="Ask this driver").click()
    expect(ticket).to_contain_text(f"{stage.company_driver_row.name} was asked and has not answered yet.")
    ticket.get_by_role("button", name="Accept for the driver").click()
    expect(ticket).to_contain_text(f"Driver: {stage.company_driver_row.name}")
    assert (standing(order), standing(other)) == (8, 22)
    assert DriverOffer.objects.get(order=other).outcome == "declined"
