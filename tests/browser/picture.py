"""The pictures of docs/, of a demo that was just loaded. `python -m tests.browser.picture` takes them anew."""

import io
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from ordersite.demo.sites import PASSWORD, STAFF
from tests.browser import ARGS, CHROMIUM
from tests.demo.trying import fresh_demo

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"
SIZE = (1280, 900)
COLOURS = 256  # more are not told apart, and take thrice the room


def show_orders(page: Page) -> None:
    page.goto("/admin/orders/order/")


def show_order(page: Page) -> None:
    """One whose items wait for the customer's word."""
    page.goto("/admin/orders/order/31/change/")


def show_api(page: Page) -> None:
    page.goto("/api/v1/docs#/orders/placeOrder")
    page.locator("#operations-orders-placeOrder .highlight-code").first.wait_for()
    page.locator("#operations-orders-placeOrder").evaluate("place => place.scrollIntoView()")


def show_board(page: Page) -> None:
    """Orders in most columns, one of them cancelled by its customer."""
    page.goto("/board/1")
    page.locator("#board[data-drawn]").wait_for()
    page.get_by_role("button", name="Start shift").click()


PICTURES: dict[str, Callable[[Page], None]] = {
    "orders": show_orders,
    "order": show_order,
    "swagger": show_api,
    "board": show_board,
}


def main() -> None:
    with fresh_demo() as client, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGS)
        context = chromium.new_context(
            base_url=str(client.base_url), viewport={"width": SIZE[0], "height": SIZE[1]}, reduced_motion="reduce"
        )
        page = context.new_page()
        page.goto("/admin/login/?next=/admin/")
        page.get_by_label("Email").fill(str(STAFF["email"]))
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        for name, show in PICTURES.items():
            show(page)
            taken = Image.open(io.BytesIO(page.screenshot(animations="disabled"))).convert("RGB")
            taken.quantize(COLOURS).save(DOCS / f"{name}.png", optimize=True)
        chromium.close()


if __name__ == "__main__":
    main()
