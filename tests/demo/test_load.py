"""`manage.py load`: what it reports of a served demo, and in which sentence it refuses."""

import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from ordersite.accounts.models import User
from ordersite.demo.replay.client import TRIES, CallRefused, Client
from ordersite.demo.simulation import measuring
from ordersite.demo.simulation.measuring import Measure
from tests.demo.trying import ROOT, env_of, loaded_demo, serving

TOLD = re.compile(r"^(\d+) placed, (\d+) closed, 0 stuck, 0 untold$", re.MULTILINE)
FED = re.compile(r"the feed told of (\d+) of (\d+), p50 \d+ ms and p99 \d+ ms after the answer$", re.MULTILINE)


@pytest.fixture
def moments(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the clock shows next."""
    left: list[float] = []
    monkeypatch.setattr(measuring, "monotonic", lambda: left.pop(0))
    return left


def test_the_report_counts_calls_by_kind_from_begin_to_end(moments: list[float]) -> None:
    measure = Measure()
    measure.note_call("GET", "/api/v1/orders/1", 9.0, 200)  # before it began
    moments += [100.0]
    measure.begin()
    for number in range(1, 101):
        measure.note_call("GET", f"/api/v1/orders/{number}?x=1", number / 1000, 200)
    for status in (0, 429, 503, 503):
        measure.note_call("POST", "/api/v1/orders", 1.0, status)
    measure.note_call("POST", "/api/v1/orders", 0.5, 409)
    moments += [101.0, 102.0, 102.5, 103.0, 120.0]
    measure.note_placed(7)  # 101
    measure.note_placed(8)  # 102
    measure.note_told(7)  # 102.5
    measure.note_told(9)  # of somebody else
    measure.end()  # 120
    measure.note_call("GET", "/api/v1/orders/1", 9.0, 200)
    assert measure.untold() == {8}
    assert measure.report() == [
        "                                a second   p50 ms   p99 ms  errors",
        "GET /orders/{id}                     5.0       51      100       0",
        "POST /orders                         0.1      500      500       4",
        "all calls                            5.0       51      100       4",
        "1 times no answer",
        "1 times status 429",
        "2 times status 503",
        "2 orders in 20 s, 6 a minute; the feed told of 1 of 2, p50 1500 ms and p99 1500 ms after the answer",
    ]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"url": "ftp://127.0.0.1"}, '"ftp://127.0.0.1" is no address such as http://127.0.0.1:8000.'),
        ({"url": "http://[::1"}, '"http://[::1" is no address such as http://127.0.0.1:8000.'),
        ({"url": "http://127.0.0.1:70000"}, '"http://127.0.0.1:70000" is no address such as http://127.0.0.1:8000.'),
        ({"url": "http://me@127.0.0.1"}, '"http://me@127.0.0.1" is no address such as http://127.0.0.1:8000.'),
        ({"url": "http://127.0.0.1:9"}, "POST /api/v1/auth/token on 127.0.0.1:9: [Errno 111] Connection refused."),
        ({"rate": float("nan")}, "--rate: name a number above 0, at most 6000."),
        ({"seconds": 0}, "--seconds: name a number above 0, at most 86400."),
        ({"speed": -1}, "--speed: name a number above 0, at most 1000."),
        ({"settle": True}, "Load the demo first: manage.py load_demo."),
    ],
)
@pytest.mark.django_db
def test_what_cannot_be_is_refused_in_a_sentence(options: dict[str, object], told: str) -> None:
    with pytest.raises(CommandError) as refused:
        call_command("load", **options)
    assert str(refused.value) == told
    assert not User.objects.filter(email__startswith="sim-").exists()


class StrangeHost(BaseHTTPRequestHandler):
    """Busy until a date, then refuses in a shape of its own, with what would move a terminal's cursor."""

    answers = ((503, b""), (400, b'{"detail": "no\\u001b[2Jthing", "errors": "x"}'))

    def do_GET(self) -> None:  # noqa: N802  http.server's name
        status, body = self.answers[self.path != "/first"]
        self.send_response(status)
        self.send_header("Retry-After", "Wed, 21 Oct 2015 07:28:00 GMT")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *told: object) -> None:
        """Nothing."""


def test_a_host_that_is_another_is_told_in_a_sentence() -> None:
    waited: list[float] = []
    with HTTPServer(("127.0.0.1", 0), StrangeHost) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        client = Client(f"http://127.0.0.1:{server.server_port}", "")
        client.wait = waited.append
        with pytest.raises(CallRefused, match=r"503 again and again\.$"):
            client.get("/first")
        with pytest.raises(CallRefused) as refused:
            client.get("/second")
        server.shutdown()
    assert str(refused.value) == "GET /second answered 400: no [2Jthing"
    assert waited == [1] * TRIES


@pytest.fixture(scope="module")
def loaded() -> Iterator[Path]:
    with loaded_demo() as found:
        yield found


def run(loaded: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "manage.py", "load", *arguments]
    return subprocess.run(command, cwd=ROOT, env=env_of(loaded), capture_output=True, text=True, timeout=400)


@pytest.mark.slow
def test_a_site_is_measured_by_its_api_alone(loaded: Path, tmp_path: Path) -> None:
    with serving(loaded) as client:
        url = str(client.base_url)
        stranger = run(loaded, "--url", url)
        assert (stranger.returncode, stranger.stdout) == (1, "")
        assert stranger.stderr.endswith("make them by “manage.py load --settle”.\n")
        assert run(loaded, "--settle").returncode == 0
        # Another database than the site's: what it needs it asks the site for.
        done = run(tmp_path, "--url", url, "--rate", "60", "--seconds", "10")
    assert done.returncode == 0, done.stderr
    told, fed = TOLD.search(done.stdout), FED.search(done.stdout)
    assert told[1] == told[2] == fed[1] == fed[2] != "0"
    assert "POST /orders " in done.stdout
