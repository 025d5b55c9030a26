"""Tickets on the board, in a browser: printed by one of two tablets, asked for, and asked about."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from orders.models import PrintJob
from tests.browser.boards import Acting, card_of, open_board
from tests.cast import Cast
from tests.orders.printing import printing_vendor
from tests.tracking.live import Server

pytestmark = [pytest.mark.browser, pytest.mark.slow]
# Each paper that comes out of a tablet, by the heading and marks of its page.
PAPER = """
window.print = () => {
  const top = window.top.document.documentElement;
  top.dataset.papers = `${top.dataset.papers ?? ""}${document.querySelector(".number, .mark").textContent} `;
};
"""


@pytest.fixture
def acting(stage: Cast, served: Server) -> Acting:
    return Acting(stage, served)


def open_tablet(page: Page, cast: Cast) -> Page:
    page.add_init_script(PAPER)
    return open_board(page, cast)


def papers(page: Page) -> str:
    return page.locator("html").get_attribute("data-papers") or ""


def stage_url(page: Page) -> str:
    """The site that the page is of."""
    return page.url.split("/board")[0]


def wait_for(order: int, *states: str, page: Page) -> None:
    """Until the jobs of the order stand so; the page's own clock goes on meanwhile."""
    for _ in range(300):
        found = tuple(PrintJob.objects.filter(order=order).order_by("pk").values_list("state", flat=True))
        if found == states:
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"{found}, not {states}")


def test_one_of_two_tablets_prints_and_a_lost_paper_is_asked_about(
    stage: Cast, acting: Acting, open_live: Callable[..., Page]
) -> None:
    printing_vendor(stage)
    tablets = [open_tablet(open_live(signed_in=user, refusals=[409]), stage) for user in (stage.owner, stage.staff)]
    for tablet in tablets:
        tablet.get_by_role("button", name="Print here").click()
        expect(tablet.get_by_role("button", name="Print here")).to_have_attribute("aria-pressed", "true")
    first = acting.place()["id"]
    acting.move(first, "accept")
    wait_for(first, "printed", page=tablets[0])
    assert sorted(papers(tablet) for tablet in tablets) == ["", "P1 "]
    # Asked for by hand it is a copy, and says so.
    tablet = tablets[0]
    for one in tablets:
        one.get_by_role("button", name="Print here").click()
    card_of(tablet, first).get_by_role("button", name="More for order P1").click()
    links = tablet.get_by_role("group", name="Papers of the order").get_by_role("link")
    shown = {link.inner_text(): link.get_attribute("href") for link in links.all()}
    assert shown == {"Ticket as PDF": f"/orders/{first}/ticket.pdf", "Receipt as PDF": f"/orders/{first}/receipt.pdf"}
    for path in shown.values():
        assert tablet.request.get(f"{stage_url(tablet)}{path}").headers["content-type"] == "application/pdf"
    tablet.get_by_role("button", name="Print its ticket").click()
    wait_for(first, "printed", "printed", page=tablet)
    assert papers(tablet).endswith("COPY 2 ")
    # A device that has died with a paper: somebody looks, and another is printed, which says what it may be.
    second = acting.place()["id"]
    acting.move(second, "accept")
    job = PrintJob.objects.get(order=second)
    acting.call(stage.owner, "POST", f"/vendors/{stage.vendor.pk}/print-jobs/{job.pk}/claim")
    PrintJob.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    tablet.reload()
    question = tablet.get_by_text("Ticket P2 at Olga Owner: was it printed?")
    expect(question).to_be_visible()
    tablet.get_by_role("button", name="Print here").click()
    tablet.get_by_role("button", name="No, print another").click()
    wait_for(second, "failed", "printed", page=tablet)
    assert papers(tablet) == "COPY 2 "
    expect(question).to_be_hidden()
