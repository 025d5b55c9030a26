"""What the tests of the board do besides looking: acts of others by the API, and what the page's bell has played."""

import re
from dataclasses import dataclass, field
from typing import Any

import httpx
from playwright.sync_api import Locator, Page, expect
from rest_framework_simplejwt.tokens import AccessToken

from ordersite.accounts.models import User
from tests.cast import Cast
from tests.promises.pictures import encoded, plain
from tests.tracking.live import Server

# Counts the sound's beginnings, and keeps what was played (in data-played, "new changed") and which tasks took long.
WATCHING = """
window.contexts = 0; window.played = []; window.long = [];
const Plain = window.AudioContext;
window.AudioContext = class extends Plain { constructor(...given) { super(...given); window.contexts += 1; } };
document.addEventListener("bell", ({ detail }) => {
  window.played.push(detail);
  document.documentElement.dataset.played = window.played.join(" ");
});
new PerformanceObserver((list) => list.getEntries().forEach((entry) => window.long.push(entry.duration)))
  .observe({ type: "longtask", buffered: true });
"""


@dataclass
class Acting:
    """The cast's calls of the API on a server of its own."""

    cast: Cast
    server: Server
    clients: dict[int, httpx.Client] = field(default_factory=dict)

    def call(self, user: User, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """What the call answers; raises for a refusal."""
        if user.pk not in self.clients:
            bearer = {"Authorization": f"Bearer {AccessToken.for_user(user)}"}
            base = f"http://127.0.0.1:{self.server.port}/api/v1"
            self.clients[user.pk] = httpx.Client(base_url=base, headers=bearer, timeout=30, trust_env=False)
        answer = self.clients[user.pk].request(method, path, json=body, headers=headers)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def place(self, *, quantity: int = 1, **changed: Any) -> dict[str, Any]:
        """A burger without onion, with bacon, for pickup and in cash; the order as it is answered."""
        burger = {
            "product": self.cast.products["burger"].pk,
            "quantity": quantity,
            "options": [{"option": self.cast.options["Regular"].pk}],
            "extras": [{"extra": self.cast.extras["Bacon"].pk, "quantity": 1}],
            "without": [self.cast.ingredients["Onion"].pk],
            "comment": "cut in two",
        }
        order = {"vendor": self.cast.vendor.pk, "delivery_type": "pickup", "payment_method": "cash", "items": [burger]}
        placed: dict[str, Any] = self.call(self.cast.customer, "POST", "/orders", {**order, **changed})["orders"][0]
        return placed

    def move(self, order: int, name: str, *, user: User | None = None, **fields: Any) -> Any:
        return self.call(
            user or self.cast.owner, "POST", f"/orders/{order}/transitions", {"transition": name, **fields}
        )


def open_board(page: Page, cast: Cast) -> Page:
    """The vendor's board, once it is drawn and its socket is up."""
    page.add_init_script(WATCHING)
    with page.expect_websocket() as socket:
        page.goto(f"/board/{cast.vendor.pk}")
    socket.value.wait_for_event("framereceived")
    expect(page.locator("#board[data-drawn]")).to_be_visible()
    return page


def card_of(page: Page, order: int) -> Locator:
    return page.locator(f"[data-order='{order}']")


def expect_in(page: Page, order: int, column: str) -> None:
    expect(page.locator(f"section[data-column='{column}'] [data-order='{order}']")).to_have_count(1)
    expect(card_of(page, order)).to_have_count(1)


def expect_played(page: Page, kind: str, times: int = 1) -> None:
    """The bell has played this kind so many times at least."""
    expect(page.locator("html")).to_have_attribute("data-played", re.compile(rf"(.*\b{kind}\b){{{times}}}"))


def use_photo(page: Page) -> None:
    page.get_by_label("Take a photo").set_input_files(
        {"name": "door.png", "mimeType": "image/png", "buffer": encoded(plain(size=(80, 60)), "PNG")}
    )
    page.get_by_role("button", name="Use this photo").click()
