"""A real browser against a live server. Nothing outside the server may be asked for."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from ordersite.accounts.models import User
from tests.browser import ARGS, CHROMIUM
from tests.cast import PASSWORD, Cast, make_cast
from tests.tracking.live import Server, serving

# Milliseconds that something may take to show itself on a busy machine.
expect.set_options(timeout=60_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skips these tests where there is no browser, and says so."""
    for item in items:
        if item.get_closest_marker("browser") and not CHROMIUM.exists():
            item.add_marker(pytest.mark.skip(reason=f"needs {CHROMIUM} (apt-get install chromium)"))


@pytest.fixture
def stage(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Cast:
    """The cast, committed, so that the server's threads see it."""
    # Playwright's loop runs in this thread, which Django takes for asynchronous code.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    return make_cast()


@pytest.fixture
def browser(stage: Cast) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGS)
        yield chromium
        chromium.close()


@contextmanager
def opening(browser: Browser, url: str) -> Iterator[Callable[..., Page]]:
    """Makes pages whose addresses are the server's; what went wrong in one fails the test."""
    wrong: list[str] = []

    def opened(
        *,
        width: int = 1280,
        height: int = 900,
        signed_in: User | None = None,
        refusals: Sequence[int] = (),
        **options: Any,
    ) -> Page:
        """`refusals` are the statuses that a test brings about. The device has the cast's time zone."""
        options = {"timezone_id": "Europe/Brussels", **options}
        context = browser.new_context(base_url=url, viewport={"width": width, "height": height}, **options)
        if signed_in is not None:
            keep_session(context, signed_in, url)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(f"script: {error}"))
        page.on("console", lambda message: note_refused(message.text))
        page.on("request", lambda request: note_outside(request.url))
        page.on("response", lambda response: note_failed(response.status, response.url, refusals))
        return page

    def note_outside(asked: str) -> None:
        if not asked.startswith((url, "data:", "blob:")):
            wrong.append(f"outside: {asked}")

    def note_refused(text: str) -> None:
        """What our own Content-Security-Policy keeps from loading or running is a fault of the page."""
        if "Content Security Policy" in text:
            wrong.append(f"policy: {text}")

    def note_failed(status: int, asked: str, refusals: Sequence[int]) -> None:
        if status >= 400 and status not in refusals and not asked.endswith("/favicon.ico"):
            wrong.append(f"{status}: {asked}")

    yield opened
    assert wrong == []


def keep_session(context: BrowserContext, user: User, url: str) -> None:
    """Signs in without the form: a server of its own knows none of the hashes that the tests' cast has."""
    client = Client()
    client.force_login(user)
    name = django_settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": url}])


@pytest.fixture
def open_page(browser: Browser, live_server: Any) -> Iterator[Callable[..., Page]]:
    """`open_page(width=390)` is a page of a server without sockets."""
    with opening(browser, live_server.url) as opened:
        yield opened


@pytest.fixture
def served(stage: Cast, tmp_path: Path) -> Iterator[Server]:
    """`manage.py serve`, with sockets."""
    with serving(tmp_path, REDIS_URL="") as running:
        yield running


@pytest.fixture
def open_live(browser: Browser, served: Server) -> Iterator[Callable[..., Page]]:
    """`open_live(signed_in=cast.owner)` is a page of a server with sockets."""
    with opening(browser, f"http://127.0.0.1:{served.port}") as opened:
        yield opened


@pytest.fixture
def sign_in() -> Callable[[Page, str], None]:
    """Signs in through the admin's own form."""

    def signed_in(page: Page, email: str) -> None:
        page.goto("/admin/login/?next=/admin/")
        page.get_by_label("Email").fill(email)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()

    return signed_in
