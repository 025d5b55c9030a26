"""A socket only tells: a client that sends is cut, and nobody else waits for it."""

import base64
import secrets
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest
from websockets.frames import Frame, Opcode

from tests.cast import Cast
from tests.tracking.live import Server, happen, jwt, make_order, serving, told

MEGABYTE = 1_000_000
FLOODS = {
    "pings": Frame(Opcode.PING, b"").serialize(mask=True),
    "texts": Frame(Opcode.TEXT, b"").serialize(mask=True),
    "one byte": Frame(Opcode.BINARY, b"x").serialize(mask=True),
    "pongs": Frame(Opcode.PONG, b"").serialize(mask=True),
    "fragments": Frame(Opcode.TEXT, b"", fin=False).serialize(mask=True)
    + Frame(Opcode.CONT, b"", fin=False).serialize(mask=True) * 50,
}


@contextmanager
def opened(server: Server, path: str, token: str) -> Iterator[socket.socket]:
    """A socket after its handshake, without a library that would be polite."""
    bearer = f", bearer.{token}" if token else ""
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as client:
        client.sendall(
            (
                f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                f"Sec-WebSocket-Key: {base64.b64encode(secrets.token_bytes(16)).decode()}\r\n"
                f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: ordersite.v1{bearer}\r\n\r\n"
            ).encode()
        )
        answer = b""
        while not answer.endswith(b"\r\n\r\n"):
            answer += client.recv(1)
        assert answer.startswith(b"HTTP/1.1 101")
        yield client


def flood(client: socket.socket, piece: bytes, seconds: float) -> tuple[int, float]:
    """Sends 1 MB/s until it is cut or the time is over: bytes that went out, and seconds that it lasted."""
    began, sent = time.monotonic(), 0
    data = piece * (10_000 // len(piece))
    client.settimeout(seconds)
    try:
        while time.monotonic() - began < seconds:
            client.sendall(data)
            sent += len(data)
            time.sleep(0.01)
    except OSError:
        pass
    return sent, time.monotonic() - began


def close_code(client: socket.socket) -> int | None:
    """The code of the close frame, if one comes; entries and pongs before it are passed over."""
    received = b""
    try:
        while data := client.recv(65_536):
            received += data
    except OSError:
        pass
    while len(received) >= 2:
        size, start = (received[1], 2) if received[1] < 126 else (struct.unpack("!H", received[2:4])[0], 4)
        if received[0] == 0x88:
            return int(struct.unpack("!H", received[start : start + 2])[0])
        received = received[start + size :]
    return None


@pytest.mark.parametrize("name", FLOODS)
def test_who_sends_is_cut(server: Server, live_cast: Cast, name: str) -> None:
    vendor = f"/ws/vendors/{live_cast.vendor.pk}"
    for path, token, code in ((vendor, jwt(live_cast.owner), 1008), (vendor, "", 4401), ("/ws/nothing", "", 4404)):
        with opened(server, path, token) as client:
            if code != 1008:
                time.sleep(0.5)  # it is refused by then
            _, lasted = flood(client, FLOODS[name], 6)
            assert lasted < 3, path
        with opened(server, path, token) as client:
            if code != 1008:
                time.sleep(0.5)
            client.sendall(FLOODS[name] * 60)
            assert close_code(client) == code
    assert server.log() == ""


def test_nobody_waits_for_those_who_send(server: Server, live_cast: Cast) -> None:
    """Twenty that send at once, refused or not; the worst of the calls meanwhile."""
    data = FLOODS["pings"] * 40_000
    slowest = 0.0
    with ExitStack() as stack:
        clients = [stack.enter_context(opened(server, "/ws/nothing" if n % 2 else "/", "")) for n in range(20)]
        for client in clients:
            client.setblocking(False)
        for _ in range(20):
            for client in clients:
                with suppress(OSError):
                    client.send(data)
            began = time.monotonic()
            assert server.get("/healthz")[0] == 200
            slowest = max(slowest, time.monotonic() - began)
    assert slowest < 0.5


def test_who_says_hardly_anything_stays(server: Server, live_cast: Cast) -> None:
    order = make_order(live_cast.vendor, live_cast.customer_row)
    with server.connect(f"/ws/vendors/{live_cast.vendor.pk}", token=jwt(live_cast.owner)) as client:
        for _ in range(6):
            client.ping().wait(1)
            client.send("x" * 1000)
        happen(order)
        assert told(client)["position"] == 1


def test_control_without_counting_it_takes_all(live_cast: Cast, tmp_path: Path) -> None:
    with serving(tmp_path, command=("-m", "tests.controls.serve_uncounted"), REDIS_URL="") as server:
        path = f"/ws/vendors/{live_cast.vendor.pk}"
        with opened(server, path, jwt(live_cast.owner)) as client:
            sent, lasted = flood(client, FLOODS["texts"], 3)
    assert lasted >= 3
    assert sent > MEGABYTE / 10
