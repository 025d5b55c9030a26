"""docs/examples: clients that miss nothing and tell nothing twice, run against a real server."""

import queue
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from orders.services.record.epochs import begin_epoch
from ordersite.accounts.hashers import BoundedHasher
from ordersite.accounts.models import SignIn, User
from tests.cast import PASSWORD, Cast
from tests.tracking.live import ROOT, Server, happen, make_order, serving
from vendors.models import Member

EXAMPLES = ROOT / "docs/examples"
LANGUAGES = {"python": "feed_client.py", "javascript": "feed_client.mjs"}


def command_of(language: str) -> list[str]:
    """What runs the example; skips where there is no Node with a WebSocket."""
    if language == "python":
        return [sys.executable, str(EXAMPLES / "feed_client.py")]
    for flags in ([], ["--experimental-websocket"]):
        asked = ["node", *flags, "-e", "process.exit(typeof WebSocket === 'undefined' ? 1 : 0)"]
        if shutil.which("node") and subprocess.run(asked, capture_output=True).returncode == 0:
            return ["node", *flags, str(EXAMPLES / "feed_client.mjs")]
    pytest.skip("needs Node 20 or newer, which has a WebSocket (nodejs.org)")


class Nowhere(BaseHTTPRequestHandler):
    """Answers as a web server that knows no such page."""

    def do_POST(self) -> None:
        self.send_error(404)

    def log_message(self, *_: object) -> None: ...


class Client:
    """A running example and what it has printed."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.lines: queue.Queue[str] = queue.Queue()
        self.told: list[int] = []  # positions, in the order that they were printed in
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.put(line.rstrip())

    def until(self, beginning: str | tuple[str, ...], seconds: float = 20) -> str:
        """The next line that begins so; keeps the positions that come before."""
        end = time.monotonic() + seconds
        while True:
            line = self.lines.get(timeout=max(0.1, end - time.monotonic()))
            if line.split()[0].isdecimal():
                self.told.append(int(line.split()[0]))
            if line.startswith(beginning):
                return line


@contextmanager
def running(language: str, port: int, *arguments: str, path: str = "") -> Iterator[Client]:
    command = [*command_of(language), f"http://127.0.0.1:{port}{path}", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            yield Client(process)
        finally:
            process.kill()


def give_password(user: User) -> None:
    """One that the server can check: the tests' own hasher is not among its."""
    User.objects.filter(pk=user.pk).update(password=BoundedHasher().encode(PASSWORD, "salt-of-this-test-0123"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_misses_nothing_and_tells_nothing_twice(language: str, live_cast: Cast, tmp_path: Path) -> None:
    """While it renews its tokens every second, through a lost connection and a new epoch, until it may not any more."""
    give_password(live_cast.owner)
    order = make_order(live_cast.vendor, live_cast.customer_row)
    happen(order)
    who = (str(live_cast.vendor.pk), live_cast.owner.email, PASSWORD, "1")
    with serving(tmp_path, REDIS_URL="") as first, running(language, first.port, *who) as client:
        assert str(order.pk) in client.until("board 1 ")
        # Renewing: a new socket before the old one ends, with a new pair of tokens.
        for _ in range(25):
            happen(order, kind="status", from_status=0, to_status=7)
            time.sleep(0.15)
        client.until("26 ")
        assert client.told == list(range(2, 27))
        assert SignIn.objects.get().renewed_at is not None  # by the refresh token, and no second sign-in
        # What it may not see it is told of all the same.
        happen(order, kind="status", from_status=0, to_status=7, visible_to="staff")
        assert client.until("27 ").split()[1] == "hidden"
        # The server goes, and comes again; meanwhile it goes on happening.
        first.stop()
        client.until("lost")
        for _ in range(3):
            happen(order)
        with serving(tmp_path, REDIS_URL="", port=first.port):
            client.until("30 ")
            assert client.told == list(range(2, 31))
            # With a new epoch it begins afresh.
            begin_epoch()
            client.until("board 30 ")
            happen(order)
            # Both sockets of a renewal may be told the reset: then the board is read twice, and may hold it already.
            line = client.until(("31 ", "board 31 "))
            # To try again does not help who may not watch.
            Member.objects.filter(user=live_cast.owner).delete()
            client.until("lost")
            assert client.process.wait(60) == 1
    assert client.told == list(range(2, 31 if line.startswith("board") else 32))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_wrong_password_is_not_tried_for_ever(language: str, server: Server, live_cast: Cast) -> None:
    who = (str(live_cast.vendor.pk), live_cast.owner.email, "wrong")
    with running(language, server.port, *who) as client:
        assert "401" in client.until("lost")
        assert client.process.wait(60) == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_site_may_end_with_a_slash(language: str, server: Server, live_cast: Cast) -> None:
    give_password(live_cast.owner)
    with running(language, server.port, str(live_cast.vendor.pk), live_cast.owner.email, PASSWORD, path="/") as client:
        assert client.until("board ") == "board 0 []"


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_address_without_a_site_is_not_tried_for_ever(language: str) -> None:
    with HTTPServer(("127.0.0.1", 0), Nowhere) as other:
        threading.Thread(target=other.serve_forever, args=(0.01,), daemon=True).start()
        with running(language, other.server_port, "3", "vendor@example.com", "x") as client:
            assert "404" in client.until("lost")
            assert client.process.wait(60) == 1
        other.shutdown()


def test_node_without_a_web_socket_is_told_what_it_needs() -> None:
    asked = ["node", "-e", "process.exit(typeof WebSocket === 'undefined' ? 0 : 1)"]
    if not shutil.which("node") or subprocess.run(asked, capture_output=True).returncode:
        pytest.skip("needs a Node without a WebSocket of its own: 20")
    command = ["node", str(EXAMPLES / "feed_client.mjs"), "http://127.0.0.1:9", "3", "vendor@example.com", "x"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr.strip()) == (1, "Node 22 is needed, or --experimental-websocket")


def test_each_is_short() -> None:
    for name in LANGUAGES.values():
        assert len((EXAMPLES / name).read_text().splitlines()) < 60, name


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_example_without_its_words_says_which(language: str) -> None:
    done = subprocess.run(command_of(language), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert f"{LANGUAGES[language]} http://127.0.0.1:8000 3 vendor@example.com PASSWORD" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
