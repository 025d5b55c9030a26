"""`manage.py serve` under those who send too much, or never end what they began."""

import http.client
import json
import os
import socket
import stat
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from tests.cast import Cast
from tests.tracking.live import Server, serving

HALF = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Begun: "
LARGE_KEPT = b"GET /static/admin/js/vendor/jquery/jquery.js HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
LARGE = LARGE_KEPT.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
HANDSHAKE = (
    "GET /ws/vendors/3{query} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{more}\r\n"
)
HEAD = "POST /api/v1/orders/quote HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"


@pytest.fixture
def strict(live_cast: Cast, tmp_path: Path) -> Iterator[Server]:
    """A server with short limits, behind a proxy of ours as far as throttles go."""
    limits = {"HEAD_SECONDS": "2", "BODY_SECONDS": "2", "WRITE_SECONDS": "1"}
    limits |= {"CONNECTIONS_PER_ADDRESS": "40", "CONNECTIONS": "100"}
    with serving(tmp_path, "--no-worker", REDIS_URL="", **limits) as running:
        yield running


def opened(server: Server, data: bytes, address: str = "127.0.0.1", buffer: int = 0) -> socket.socket:
    client = socket.socket()
    if buffer:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    client.settimeout(10)
    client.bind((address, 0))
    client.connect(("127.0.0.1", server.port))
    client.sendall(data)
    return client


def answer_to(server: Server, data: bytes) -> str:
    """The status line and the body of what comes back until the server ends the connection, or says it all."""
    with opened(server, data) as client:
        response = http.client.HTTPResponse(client)
        response.begin()
        return f"{response.status} {response.read().decode()}"


def on_disk(server: Server) -> int:
    """Bytes of the files that the server has open and that stand in no directory: where bodies are kept."""
    kept = 0
    for one in Path(f"/proc/{server.process.pid}/fd").iterdir():
        with suppress(OSError):
            if " (deleted)" in str(one.readlink()) and stat.S_ISREG(one.stat().st_mode):
                kept += one.stat().st_size
    return kept


def is_ended(client: socket.socket, patience: float = 0.01) -> bool:
    """`patience`: seconds in which what the system still holds for it comes, after which the end is seen."""
    client.settimeout(patience)
    try:
        while client.recv(65_536):
            pass
    except TimeoutError:
        return False
    except OSError:
        pass
    return True


@pytest.mark.slow
def test_a_body_that_says_it_is_too_large_is_not_read(strict: Server) -> None:
    began = time.monotonic()
    assert answer_to(strict, f"{HEAD}Content-Length: 200000000\r\n\r\n".encode()).startswith("413 ")
    form = HEAD.replace("application/json", "multipart/form-data; boundary=x")
    assert answer_to(strict, f"{form}Content-Length: 200000000\r\n\r\n".encode()).startswith("413 ")
    foreign = HEAD.replace("/api/v1/orders/quote", "/dialects/shop/System/Orders")
    told = answer_to(strict, f"{foreign}Content-Length: 200000000\r\n\r\n".encode())
    assert told.startswith("413 ")
    assert '"fields"' in told
    assert time.monotonic() - began < 20


@pytest.mark.slow
def test_a_body_without_a_length_is_counted(strict: Server) -> None:
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    with opened(strict, f"{HEAD}Transfer-Encoding: chunked\r\n\r\n".encode()) as client:
        with suppress(OSError):
            for _ in range(3_200):  # 200 MB
                client.sendall(chunk)
        # Cut soon after it was refused: what is sent after that is thrown away, for a second at most.
        time.sleep(1.2)
        assert is_ended(client)
    with opened(strict, f"{HEAD}Transfer-Encoding: chunked\r\n\r\n".encode() + chunk * 20) as client:
        response = http.client.HTTPResponse(client)
        response.begin()
        assert response.status == 413, strict.log()
    assert strict.get("/healthz")[0] == 200


@pytest.mark.slow
def test_a_form_without_a_length_never_reaches_the_disk(strict: Server, tmp_path: Path, live_cast: Cast) -> None:
    form = HEAD.replace("application/json", "multipart/form-data; boundary=x").replace("/quote", "")
    head, chunk = f"{form}Transfer-Encoding: chunked\r\n\r\n".encode(), b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    with opened(strict, head) as client:
        most = 0
        with suppress(OSError):
            for _ in range(190):  # 12 MB
                client.sendall(chunk)
                most = max(most, on_disk(strict))
        client.settimeout(10)
        response = http.client.HTTPResponse(client)
        response.begin()
        told = json.loads(response.read())
    assert (response.status, told["code"], most) == (413, "too_large", 0)
    assert told["detail"].endswith("A form that tells its Content-Length may have 12 MB.")
    # One that tells its length is kept there, so that it would have been seen.
    with opened(strict, f"{form}Content-Length: 9000000\r\n\r\n".encode() + b"x" * 4_000_000):
        end = time.monotonic() + 20
        while on_disk(strict) <= 2_500_000 and time.monotonic() < end:
            time.sleep(0.02)
        assert on_disk(strict) > 2_500_000
    # A small one is read as any other.
    order = b'--x\r\nContent-Disposition: form-data; name="order"\r\n\r\n{"vendor": 999}\r\n--x--\r\n'
    told = json.loads(answer_to(strict, head + b"%x\r\n%b\r\n0\r\n\r\n" % (len(order), order)).partition(" ")[2])
    assert {row["pointer"] for row in told["errors"]} >= {"/payment_method"}


@pytest.mark.slow
def test_a_body_that_does_not_come_is_refused_in_time(strict: Server) -> None:
    began = time.monotonic()
    told = answer_to(strict, f"{HEAD}Content-Length: 100\r\n\r\n{{".encode())
    assert told.startswith("408 ")
    assert '"code": "too_slow"' in told
    assert time.monotonic() - began < 20


@pytest.mark.slow
def test_half_requests_keep_nobody_out(strict: Server) -> None:
    """300 of them, each sending a byte now and then: whole requests are answered all the while, and they end."""
    with ExitStack() as stack:
        halves = [stack.enter_context(opened(strict, HALF)) for _ in range(300)]
        worst = 0.0
        until = time.monotonic() + 4
        while time.monotonic() < until:
            for half in halves[::10]:
                with suppress(OSError):
                    half.send(b"x")
            began = time.monotonic()
            assert strict.get("/healthz", timeout=5)[0] == 200
            worst = max(worst, time.monotonic() - began)
        assert worst < 3
        assert all(is_ended(half) for half in halves)
    assert len(strict.log()) < 20_000


@pytest.mark.slow
def test_connections_of_one_address_are_limited(strict: Server) -> None:
    with ExitStack() as stack:
        halves = [stack.enter_context(opened(strict, HALF)) for _ in range(60)]
        time.sleep(1.1)
        more = [stack.enter_context(opened(strict, HALF)) for _ in range(20)]
        time.sleep(0.3)
        assert sum(is_ended(half) for half in halves) >= 20
        assert not any(is_ended(half) for half in more)


@pytest.mark.slow
def test_many_addresses_keep_nobody_out(strict: Server) -> None:
    """At the limit of all, the oldest that wait go, of whoever has most; one that has few is left alone."""
    with ExitStack() as stack:
        few = stack.enter_context(opened(strict, HALF, "127.0.0.9"))
        halves = []
        for address in ("127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5"):
            halves += [stack.enter_context(opened(strict, HALF, address)) for _ in range(30)]
        for _ in range(20):
            assert strict.get("/healthz", timeout=5)[0] == 200
        time.sleep(0.3)
        assert sum(is_ended(half) for half in halves) >= 20
        assert not is_ended(few)


@pytest.mark.slow
def test_who_does_not_read_is_ended(strict: Server) -> None:
    """Each asks for a large file twenty times and reads nothing, while another reads it slowly."""
    with ExitStack() as stack:
        began = time.monotonic()
        stalled = [stack.enter_context(opened(strict, LARGE_KEPT * 20, "127.0.0.2", 4_096)) for _ in range(30)]
        slow, read = stack.enter_context(opened(strict, LARGE, buffer=4_096)), 0
        while chunk := slow.recv(8_000):
            read += len(chunk)
            time.sleep(0.1)  # 80 kB a second
        assert read > 250_000
        assert time.monotonic() - began > 3
        assert all(is_ended(one, patience=1) for one in stalled)
        assert strict.get("/healthz", timeout=5)[0] == 200


@pytest.mark.slow
def test_requests_sent_at_once_are_answered_in_their_order(strict: Server) -> None:
    with opened(strict, LARGE_KEPT * 5 + HALF + b"x\r\nConnection: close\r\n\r\n") as client:
        said = b""
        while chunk := client.recv(1_000_000):
            said += chunk
    assert said.count(b"HTTP/1.1 200 OK\r\n") == 6
    assert said.endswith(strict.get("/healthz")[1])


@pytest.mark.slow
def test_a_header_with_an_underscore_is_no_header(live_cast: Cast, tmp_path: Path) -> None:
    """Another address in X_Forwarded_For each time: the throttle counts the one that the proxy told."""
    with serving(tmp_path, "--no-worker", REDIS_URL="", BEHIND_PROXY="on", THROTTLE_ANONYMOUS="3") as server:
        statuses = []
        for number in range(8):
            client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
            forwarded = {"X-Forwarded-For": "198.51.100.7", "X_Forwarded_For": f"203.0.113.{number}"}
            client.request("GET", "/api/v1/vendor-types", headers=forwarded)
            statuses.append(client.getresponse().status)
            client.close()
        assert statuses.count(200) <= 6  # of two minutes, should one have begun
        assert statuses[-1] == 429


def handshake(more: str = "", query: str = "") -> bytes:
    return HANDSHAKE.format(query=query, more=more).encode("latin-1")


# Handshakes that no socket comes of, and how they are answered.
REFUSED = {
    "many headers": (431, handshake("".join(f"X-{number}: 1\r\n" for number in range(130)))),
    "a long header": (431, handshake(f"X-Long: {'x' * 8_300}\r\n")),
    "long headers": (431, handshake("".join(f"X-{number}: {'x' * 6_000}\r\n" for number in range(3)))),
    "a long address": (414, handshake(query=f"?{'x' * 9_000}")),
    "a body": (400, handshake("Content-Length: 5\r\n")),
    "a body in chunks": (400, handshake("Transfer-Encoding: chunked\r\n")),
    "a control character": (400, handshake("Authorization: Bearer \xe9\x01\r\n")),
    "a long list": (431, handshake(f"Accept: {'a/b,' * 400}\r\n")),
    "a long type": (415, handshake(f"Content-Type: {'a' * 300}\r\n")),
    "another method": (405, handshake().replace(b"GET", b"POST", 1)),
    "no key": (400, handshake().replace(b"Sec-WebSocket-Key", b"X-Key")),
    "after another request": (400, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" + handshake("Content-Length: 5\r\n")),
}


def cpu_of(server: Server) -> float:
    """Seconds of CPU that the server has had."""
    fields = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.slow
def test_a_handshake_that_is_not_taken_is_answered_and_ended(strict: Server) -> None:
    for name, (status, data) in REFUSED.items():
        with opened(strict, data) as client:
            said = b""
            while chunk := client.recv(65_536):  # until the server ends it, long before HEAD_SECONDS would
                said += chunk
        statuses = [int(line[9:12]) for line in said.splitlines() if line.startswith(b"HTTP/1.1 ")]
        assert statuses[-1] == status, (name, said)
    # Control: what they were made of is one that is taken.
    with opened(strict, handshake("Content-Length: 0\r\n")) as client:
        assert client.recv(1_000).startswith(b"HTTP/1.1 101 ")


@pytest.mark.slow
def test_handshakes_that_are_not_taken_leave_nothing_behind(strict: Server) -> None:
    files = Path(f"/proc/{strict.process.pid}/fd")
    before = len(list(files.iterdir()))
    with ExitStack() as stack:
        clients = [stack.enter_context(opened(strict, data)) for _, data in list(REFUSED.values())[:7] * 20]
        assert strict.get("/healthz", timeout=10)[0] == 200
        time.sleep(0.5)
        assert all(is_ended(client) for client in clients)
        assert len(list(files.iterdir())) <= before + 5


@pytest.mark.slow
def test_cookies_cost_nobody_else_anything(strict: Server) -> None:
    """60 handshakes, and requests, whose cookies Python reads in quadratic time: 0.17 s and 5 s each once."""
    short, long = ('Cookie: a="' + '\\"' * pairs + '"\r\n' for pairs in (3_900, 7_500))
    before = cpu_of(strict)
    with ExitStack() as stack:
        for _ in range(60):
            stack.enter_context(opened(strict, handshake(short)))
        for _ in range(5):
            assert answer_to(strict, f"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n{long}\r\n".encode()).startswith(
                "200 "
            )
    assert cpu_of(strict) - before < 4
