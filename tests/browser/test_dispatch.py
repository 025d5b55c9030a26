"""The dispatcher's page in a real browser: who needs a driver stands first, and what is chosen is kept."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from orders.models import Order
from tests.browser.boards import Acting
from tests.cast import Cast
from tests.orders.rows import make_order
from tests.tracking.live import Server
from vendors.models import Company, Dispatcher, Driver

pytestmark = pytest.mark.browser
TAKEN = "accepted company_accepted"


def take(cast: Cast, status: int = 25, stood: str = TAKEN, **fields: Any) -> Order:
    """An order that the company has taken."""
    return make_order(cast, status, stood=stood, **{"company": cast.company, **fields})


def numbers(page: Page, region: str) -> list[str]:
    return page.get_by_role("region", name=region).locator(".number").all_inner_texts()


def test_who_needs_a_driver_stands_first_over_all_pages(stage: Cast, open_page: Callable[..., Page]) -> None:
    """Fifty-five orders under way, and behind them all, as they were placed, two that need a driver."""
    row = stage.company_driver_row
    driven = [take(stage, 8, f"{TAKEN} driver_accepted", driver=row) for _ in range(55)]
    asked, needed = take(stage, driver=row), take(stage)
    page = open_page(signed_in=stage.dispatcher)
    page.goto("/dispatch")
    expect(page.get_by_role("heading", name="A driver is needed (2)")).to_be_visible()
    expect(page.get_by_role("heading", name="Under way (55)")).to_be_visible()
    assert numbers(page, "A driver is needed") == [needed.called, asked.called]
    assert set(numbers(page, "Under way")) == {order.called for order in driven}
    headings = page.get_by_role("heading", level=2).all_inner_texts()
    assert headings == ["A driver is needed (2)", "Offers", "Under way (55)"]
    ticket = page.get_by_role("article", name=f"{needed.called} {stage.vendor.name}")
    expect(ticket).to_contain_text("Each of your drivers on duty is offered it, and the first to take it drives")


def test_a_chosen_driver_who_goes_off_duty_is_told_of(stage: Cast, open_page: Callable[..., Page]) -> None:
    row = stage.company_driver_row
    order, asked = take(stage), take(stage, driver=row)
    page = open_page(signed_in=stage.dispatcher)
    page.goto("/dispatch")
    ticket = page.get_by_role("article", name=f"{order.called} {stage.vendor.name}")
    choice = ticket.get_by_label("Who drives it?")
    choice.select_option(f"{row.pk}")
    Driver.objects.filter(pk=row.pk).update(on_duty=False)
    expect(ticket).to_contain_text(f"{row.name} went off duty: choose another driver.")
    expect(choice).to_have_value("")
    other = page.get_by_role("article", name=f"{asked.called} {stage.vendor.name}")
    expect(other).to_contain_text(f"{row.name} was asked, has not answered, and is off duty now.")


def test_all_companies_of_a_dispatcher_are_followed(
    stage: Cast, served: Server, open_live: Callable[..., Page]
) -> None:
    """An order that the second company takes elsewhere stands on the page before it would be read again."""
    second = Company.objects.create(name="Zebra Rides")
    second.vendors.add(stage.vendor)
    Dispatcher.objects.create(user=stage.dispatcher, company=second)
    page = open_live(signed_in=stage.dispatcher)
    sockets: list[str] = []
    page.on("websocket", lambda socket: sockets.append(socket.url))
    page.goto("/dispatch")
    expect(page.get_by_role("heading", level=1)).to_have_text(f"{stage.company.name}, Zebra Rides")
    expect(page.get_by_text("Every order that you have taken has a driver.")).to_be_visible()
    assert sorted(url.rpartition("?")[2] for url in sockets) == sorted(
        f"company={company.pk}" for company in (stage.company, second)
    )
    order = make_order(stage, 8, stood=f"{TAKEN} driver_accepted", company=second, driver=stage.company_driver_row)
    Acting(stage, served).move(order.pk, "mark_ready")
    expect(page.get_by_role("article", name=f"{order.called} {stage.vendor.name}")).to_be_visible(timeout=10_000)
