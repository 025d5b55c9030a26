"""The pages work under their Content-Security-Policy: what it refused, or broke, fails the test (conftest)."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from playwright.sync_api import Browser, Page, expect

from tests.cast import Cast
from tests.orders.rows import make_order

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_the_documents_page_shows_the_calls(stage: Cast, open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.goto("/api/v1/docs")
    expect(page.locator(".opblock-summary-path").first).to_be_visible()
    page.get_by_placeholder("Filter by tag").fill("vendors")
    page.locator(".opblock-summary-path", has_text="/api/v1/vendors").first.click()
    page.get_by_role("button", name="Try it out").first.click()
    page.get_by_role("button", name="Execute").first.click()
    expect(page.locator(".responses-table.live-responses-table")).to_be_visible()


def test_every_page_of_the_back_office(
    stage: Cast, open_page: Callable[..., Page], sign_in: Callable[[Page, str], None]
) -> None:
    """Each model's list, its form for a new row, and the first row's own page, with their scripts and choosers.

    By somebody with every right: no page is refused for want of one.
    """
    stage.staff.is_superuser = True
    stage.staff.save()
    order = make_order(stage, 7)
    page = open_page()
    sign_in(page, stage.staff.email)
    for model, registered in admin.site._registry.items():
        base = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        page.goto(base)
        row: Any = model._default_manager.first()
        if row is not None:
            page.goto(f"{base}{row.pk}/change/")
        if type(registered).has_add_permission is admin.ModelAdmin.has_add_permission:
            page.goto(f"{base}add/")
    page.goto(f"/admin/orders/order/{order.pk}/change/")
    expect(page.locator("h1").first).to_be_visible()


def test_control_what_is_inline_does_not_run(stage: Cast, browser: Browser, live_server: Any) -> None:
    page = browser.new_page()
    told: list[str] = []
    page.on("console", lambda message: told.append(message.text))
    page.goto(live_server.url)
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<p onclick=\"window.ran=1\" id=x>x</p>')")
    page.locator("#x").click()
    assert page.evaluate("window.ran") is None
    assert any("Content Security Policy" in text for text in told)
