"""The pictures of docs/, of a demo that was just loaded.

`python -m tests.browser.picture` takes them anew, or those that are named.
"""

import io
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from ordersite.demo.sites import PASSWORD
from tests.browser import ARGS, CHROMIUM
from tests.demo.trying import fresh_demo

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"
COLOURS = 256  # more are not told apart, and take thrice the room


def show_orders(page: Page) -> None:
    page.goto("/admin/orders/order/")


def show_first_page(page: Page) -> None:
    page.goto("/admin/")


def show_order(page: Page) -> None:
    """One whose items wait for the customer's word."""
    page.goto("/admin/orders/order/31/change/")


def show_setting_up(page: Page) -> None:
    """A vendor's week and zones, one of which is being drawn."""
    page.goto("/admin/vendors/vendor/1/change/")
    zones = page.locator("[data-zones][data-vendor]")
    zones.get_by_role("button", name="Draw on the map").first.click()
    zones.get_by_role("button", name="Corners instead of the circle").click()
    page.locator("[data-week]").evaluate("place => place.scrollIntoView()")


def show_callers(page: Page) -> None:
    """Somebody who calls again."""
    page.goto("/admin/orders/order/phone/?who=customer@example.com")


def show_account(page: Page) -> None:
    """Where one is signed in, and the second step."""
    page.goto("/account")


def show_people(page: Page) -> None:
    """Who works at a vendor, and somebody who was invited."""
    page.goto("/board/1/people")


def show_devices(page: Page) -> None:
    """A tablet and a printer, in the back-office."""
    page.goto("/admin/vendors/device/1/change/")


def show_webhook(page: Page) -> None:
    """An endpoint that took a test."""
    page.goto("/admin/orders/webhookendpoint/1/change/")


def show_api(page: Page) -> None:
    page.goto("/api/v1/docs#/orders/placeOrder")
    page.locator("#operations-orders-placeOrder .highlight-code").first.wait_for()
    page.locator("#operations-orders-placeOrder").evaluate("place => place.scrollIntoView()")


def show_board(page: Page) -> None:
    """Orders in most columns, one of them cancelled by its customer."""
    page.goto("/board/1")
    page.locator("#board[data-drawn]").wait_for()
    page.get_by_role("button", name="Start shift").click()
    page.get_by_role("status").get_by_role("button", name="Close").click()  # this browser keeps no screen on


def show_drive(page: Page) -> None:
    """One order on its way, others on offer."""
    page.goto("/drive")
    page.get_by_role("article").first.wait_for()


def show_following(page: Page) -> None:
    """That order, as its customer follows it."""
    code = page.request.get("/api/v1/orders/5").json()["tracking_code"]
    page.goto(f"/t/{code}")
    page.get_by_role("heading", level=1).wait_for()


@dataclass(frozen=True, slots=True)
class Picture:
    """What is shown, whose login it needs, and the size of the window in pixels."""

    show: Callable[[Page], None]
    who: str = "staff"
    size: tuple[int, int] = (1280, 900)


PHONE = (390, 844)
# In the middle of the demo's town.
SOMEWHERE: Any = {"permissions": ["geolocation"], "geolocation": {"latitude": 50.8467, "longitude": 4.3525}}
PICTURES: dict[str, Picture] = {
    "first-page": Picture(show_first_page, size=(1280, 1300)),
    "orders": Picture(show_orders),
    "order": Picture(show_order),
    "callers": Picture(show_callers),
    "setting-up": Picture(show_setting_up, size=(1280, 1400)),
    "account": Picture(show_account, "vendor"),
    "people": Picture(show_people, "vendor"),
    "devices": Picture(show_devices),
    "webhooks": Picture(show_webhook, size=(1280, 1100)),
    "swagger": Picture(show_api),
    "board": Picture(show_board),
    "drive": Picture(show_drive, "driver", PHONE),
    "following": Picture(show_following, size=PHONE),
}


def take(browser: Browser, base_url: str, picture: Picture) -> Image.Image:
    """The picture, taken by a browser of its own that is signed in."""
    width, height = picture.size
    context = browser.new_context(
        base_url=base_url, viewport={"width": width, "height": height}, reduced_motion="reduce", **SOMEWHERE
    )
    page = context.new_page()
    page.goto("/sign-in")
    page.get_by_label("E-mail").fill(f"{picture.who}@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_load_state()
    picture.show(page)
    taken = Image.open(io.BytesIO(page.screenshot(animations="disabled"))).convert("RGB")
    context.close()
    return taken


def main() -> None:
    """Takes all of them, or those that are named."""
    with fresh_demo() as client, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGS)
        for name in sys.argv[1:] or PICTURES:
            taken = take(chromium, str(client.base_url), PICTURES[name])
            taken.quantize(COLOURS).save(DOCS / f"{name}.png", optimize=True)
        chromium.close()


if __name__ == "__main__":
    main()
