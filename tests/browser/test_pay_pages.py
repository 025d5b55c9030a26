"""The payment's page and the fake provider's, on a telephone: the whole way there and back, the notice on its own."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from rest_framework.test import APIClient

from orders.models import Payment
from ordersite.demo.fake_provider import FakeProvider
from tests.cast import Cast
from tests.orders.online import order_of, place_online, takes_online

pytestmark = pytest.mark.browser


def check_page(page: Page) -> None:
    """One heading, nothing wider than the screen, and every way on can be reached with the thumb and the keyboard."""
    assert page.locator("h1").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    for way in page.locator("main a, main button").all():
        box = way.bounding_box()
        assert box is not None
        assert box["height"] >= 44
        way.focus()
        assert way.evaluate("element => element === document.activeElement")


def test_the_whole_way_on_a_telephone(
    stage: Cast, api: Callable[..., APIClient], browser: Browser, live_server: Any, settings: Any
) -> None:
    takes_online(stage.vendor)
    server = FakeProvider()
    server.start()
    settings.FAKE_PAYMENTS_URL = server.url
    payment = place_online(api(stage.customer), stage)
    page = browser.new_context(viewport={"width": 360, "height": 740}).new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    page.goto(f"{live_server.url}/pay/{payment.token}")
    assert page.url.startswith(f"{server.url}/checkout/tr_")
    check_page(page)
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("heading", name="Not paid").wait_for()
    check_page(page)
    page.get_by_role("link", name="Try again").click()
    page.get_by_role("button", name="Pay").click()
    page.get_by_role("heading", name="Paid").wait_for()
    check_page(page)
    assert "12.00 EUR" in page.inner_text("main")
    assert all(url.startswith((live_server.url, server.url, "data:")) for url in asked)

    # Somebody who pays and never comes back: the provider's notice does it.
    other = place_online(api(stage.customer), stage)
    page.goto(f"{live_server.url}/pay/{other.token}")
    server.pay(Payment.objects.get(pk=other.pk).reference)
    for _ in range(100):
        if order_of(other).payment_status == "paid":
            break
        time.sleep(0.1)
    assert (order_of(payment).payment_status, order_of(other).payment_status) == ("paid", "paid")
    server.stop()
