"""Pages in Chromium that stay open while a benchmark runs, and what they hold in memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from ordersite.accounts.models import User
from tests.browser import ARGS, CHROMIUM
from tests.browser.conftest import keep_session

MB = 1024 * 1024
BUSY = 503


@dataclass
class OpenPage:
    """A page with its own session, and what went wrong in it."""

    page: Page
    protocol: CDPSession
    faults: list[str] = field(default_factory=list)

    def memory(self) -> dict[str, float]:
        """What the page holds once its garbage is collected: MB of JavaScript, nodes of DOM, and listeners."""
        for _ in range(2):
            self.protocol.send("HeapProfiler.collectGarbage")
        found = {one["name"]: one["value"] for one in self.protocol.send("Performance.getMetrics")["metrics"]}
        return {
            "JS heap, MB": found["JSHeapUsedSize"] / MB,
            "DOM nodes": found["Nodes"],
            "listeners": found["JSEventListeners"],
        }


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGS)
        yield browser
        browser.close()


def open_page(browser: Browser, url: str, path: str, user: User | None = None) -> OpenPage:
    """The page in a browser of its own, signed in as this user."""
    context = browser.new_context(base_url=url, viewport={"width": 1280, "height": 900})
    if user is not None:
        keep_session(context, user, url)
    page = context.new_page()
    opened = OpenPage(page, context.new_cdp_session(page))
    page.on("pageerror", lambda error: opened.faults.append(str(error)))
    page.on("response", lambda answer: note_answer(opened, answer.status, answer.url))
    opened.protocol.send("Performance.enable")
    page.goto(path)
    return opened


def note_answer(opened: OpenPage, status: int, url: str) -> None:
    """A site that is busy says so, and is asked again."""
    if status >= 500 and status != BUSY:
        opened.faults.append(f"{status} {url}")
