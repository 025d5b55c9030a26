"""The pages as people see them: each width, both themes, every language; and axe finds nothing (WCAG 2.2 A and AA)."""

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Page, expect

from orders.models import Order
from tests.browser.boards import Acting, card_of, expect_in, open_board
from tests.cast import Cast
from tests.tracking.live import Server

pytestmark = pytest.mark.browser
OpenLive = Callable[..., Page]
FAULTS_OF = (Path(__file__).parent / "looks.js").read_text()
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]}}
LOOKS: tuple[tuple[int, Any], ...] = ((1280, "light"), (768, "dark"), (390, "light"), (1280, "dark"))
# What the board calls its first column in each language.
NEW = {"en": "New", "fr": "Nouvelle", "nl": "Nieuw", "es": "Nuevo"}
# Tasks of axe that reach outside the page's own policy are none: it runs where playwright evaluates.
axe = Axe()


def faults_of(page: Page) -> list[str]:
    """What axe and looks.js find on the page as it stands."""
    found = axe.run(page, options=RULES).response["violations"]
    told = [f"{one['id']}: {node['target']} {node['failureSummary']}" for one in found for node in one["nodes"]]
    return [*told, *page.evaluate(FAULTS_OF)]


def keep_picture(page: Page, name: str) -> None:
    """Kept where somebody wants to look at it."""
    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=f"{folder}/{name}.png")


def make_busy(cast: Cast, acting: Acting) -> int:
    """Orders in every column: late, changed, cancelled, delivered, for later. The id of the first."""
    first = acting.place(comment="Nut allergy: no traces, please")["id"]
    later = (timezone.now() + timedelta(days=1)).replace(hour=11, minute=0, second=0, microsecond=0)
    acting.place(deliver_at=later.isoformat())
    late = acting.place(quantity=3, delivery_type="eat_in", table="12")["id"]
    acting.move(late, "accept", prepared_in=5)
    Order.objects.filter(pk=late).update(estimated_at=timezone.now() - timedelta(minutes=20))
    changed = acting.place(comment="ring twice")["id"]
    acting.move(changed, "accept", prepared_in=20)
    acting.call(cast.customer, "PATCH", f"/orders/{changed}", {"comment": "no bell"})
    cancelled = acting.place()["id"]
    acting.move(cancelled, "accept", prepared_in=20)
    acting.move(cancelled, "cancel_by_customer", user=cast.customer)
    for done in ("ready", "handed over"):
        order = acting.place()["id"]
        acting.move(order, "accept", prepared_in=10)
        acting.move(order, "mark_ready")
        if done == "handed over":
            acting.move(order, "collect")
    return int(first)


@pytest.mark.slow
def test_every_look(stage: Cast, served: Server, open_live: OpenLive) -> None:
    first = make_busy(stage, Acting(stage, served))
    faults: dict[str, list[str]] = {}
    for width, theme in LOOKS:
        page = open_live(width=width, signed_in=stage.owner, color_scheme=theme)
        open_board(page, stage)
        expect_in(page, first, "new")
        faults[f"board {width} {theme}"] = faults_of(page)
        keep_picture(page, f"board-{width}-{theme}")
        card_of(page, first).get_by_role("button", name="More for order").click()
        page.get_by_role("button", name="Reject …").click()
        page.get_by_text("Something is sold out").click()
        faults[f"order {width} {theme}"] = faults_of(page)
        keep_picture(page, f"order-{width}-{theme}")
        page.keyboard.press("Escape")
        for name in ("Sold out", "Pause", "Menu"):
            page.get_by_role("button", name=name, exact=True).click()
            expect(page.get_by_role("dialog")).to_be_visible()
            faults[f"{name} {width} {theme}"] = faults_of(page)
            keep_picture(page, f"{name.lower()}-{width}-{theme}")
            page.keyboard.press("Escape")
        page.get_by_role("button", name="To make").click()
        faults[f"to make {width} {theme}"] = faults_of(page)
        keep_picture(page, f"counts-{width}-{theme}")
        page.context.clear_cookies()
        for path in ("/sign-in?next=/board", "/board/1"):
            page.goto(path)
            faults[f"{path} {width} {theme}"] = faults_of(page)
        page.context.close()
    assert {name: found for name, found in faults.items() if found} == {}


@pytest.mark.slow
def test_each_language_is_whole_and_fits(stage: Cast, served: Server, open_live: OpenLive) -> None:
    make_busy(stage, Acting(stage, served))
    for language, word in NEW.items():
        for width in (1280, 390):
            page = open_live(width=width, signed_in=stage.owner, locale=f"{language}-BE")
            open_board(page, stage)
            expect(page.locator("html")).to_have_attribute("lang", language)
            expect(page.locator("section[data-column='new'] h2")).to_contain_text(word)
            keep_picture(page, f"board-{width}-{language}")
            assert faults_of(page) == [], (language, width)
            page.context.close()


@pytest.mark.slow
def test_control_axe_finds_what_is_wrong(stage: Cast, served: Server, open_live: OpenLive) -> None:
    page = open_board(open_live(signed_in=stage.owner), stage)
    page.evaluate("document.querySelector('.bar').append(document.createElement('button'))")
    assert any(fault.startswith("button-name") for fault in faults_of(page))
