"""A tablet is paired in a browser: the owner reads the code, the tablet types it, and a revoked one is out."""

from collections.abc import Callable

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.boards import Acting, expect_in
from tests.cast import Cast
from tests.tracking.live import Server

pytestmark = pytest.mark.browser
OpenLive = Callable[..., Page]


def test_a_tablet_is_paired_works_and_is_revoked(stage: Cast, served: Server, open_live: OpenLive) -> None:
    owner = open_live(signed_in=stage.owner)
    owner.goto(f"/board/{stage.vendor.pk}/devices")
    expect(owner.get_by_text("No device yet.")).to_be_visible()
    owner.get_by_label("Name").fill("Kitchen")
    owner.get_by_role("button", name="Add it").click()
    told = owner.get_by_role("dialog")
    expect(told).to_contain_text("/board/pair")
    code = told.locator("strong").inner_text()
    told.get_by_role("button", name="Close").click()

    tablet = open_live(refusals=(400, 401), width=768)
    tablet.goto("/board/pair")
    tablet.get_by_label("Code").fill("2222 2222")
    tablet.get_by_role("button", name="Pair").click()
    expect(tablet.get_by_role("alert")).to_contain_text("ask for a new one")
    tablet.get_by_label("Code").fill(code.lower())
    tablet.get_by_role("button", name="Pair").click()
    expect(tablet.locator("#board[data-drawn]")).to_be_visible()
    assert "osd_" not in tablet.evaluate("document.cookie")
    order = Acting(stage, served).place()["id"]
    expect_in(tablet, order, "new")

    owner.reload()
    owner.get_by_role("group", name="Kitchen").get_by_role("button", name="Revoke").click()
    owner.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(owner.get_by_text("No device yet.")).to_be_visible()
    # Its board, which stands open, leads there by itself.
    expect(tablet.get_by_role("heading", name="Pair this device")).to_be_visible()


def test_a_printer_is_set_up_by_what_the_page_tells(stage: Cast, served: Server, open_live: OpenLive) -> None:
    owner = open_live(signed_in=stage.owner)
    owner.goto(f"/board/{stage.vendor.pk}/devices")
    owner.get_by_label("Name").fill("Counter")
    owner.get_by_label("What it is").select_option("printer")
    owner.get_by_role("button", name="Add it").click()
    owner.get_by_role("button", name="Show the password").click()
    told = owner.get_by_role("dialog").locator("dd")
    expect(told).to_have_count(3)
    address, user, password = told.all_inner_texts()
    asked = httpx.post(address, json={"statusCode": "200 OK"}, auth=(user, password), trust_env=False)
    assert (asked.status_code, asked.json()["jobReady"]) == (200, False)
    assert httpx.post(address, json={}, auth=(user, "osd_wrong"), trust_env=False).status_code == 401
    owner.get_by_role("dialog").get_by_role("button", name="Close").click()
    expect(owner.get_by_role("group", name="Counter")).to_contain_text("Last seen")
    expect(owner.locator("dialog")).to_have_count(0)
    assert password not in owner.content()
