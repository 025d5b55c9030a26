"""What is looked at before Django reads anything (ordersite.web.request_gate)."""

import asyncio
from typing import Any

import pytest
from asgiref.typing import Scope
from django.conf import settings as site
from django.core.handlers.asgi import ASGIHandler

from ordersite.web.request_gate import LATE, Door


def through(headers: list[tuple[bytes, bytes]], chunks: list[bytes], kind: str = "http") -> tuple[int, Any, list[Any]]:
    """How many bytes the application read, the headers that it saw at the end, and what was sent."""
    read, seen, sent = 0, [], []
    left = list(chunks)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        nonlocal read
        more = kind == "http"
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            read += len(message["body"])
            more = message["more_body"]
        seen.extend(scope["headers"])

    async def receive() -> dict[str, Any]:
        if not left:
            await asyncio.sleep(60)
        return {"type": "http.request", "body": left.pop(0), "more_body": bool(left) or chunks[-1:] == [b"never"]}

    async def send(message: Any) -> None:
        sent.append(message)

    scope: Scope = {"type": kind, "headers": headers, "path": "/"}  # type: ignore[assignment]
    asyncio.run(Door(app)(scope, receive, send))  # type: ignore[arg-type]
    return read, dict(seen), sent


@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_names_with_underscores_are_dropped(kind: str) -> None:
    headers = [
        (b"x-forwarded-for", b"1"),
        (b"x_forwarded_for", b"2"),
        (b"x-forwarded_for", b"3"),
        (b"order_token", b"4"),
    ]
    assert through(headers, [b""], kind)[1] == {b"x-forwarded-for": b"1"}


def test_every_cookie_of_ours_is_handed_on_and_no_other() -> None:
    ours = sorted({getattr(site, name) for name in dir(site) if name.endswith("_COOKIE_NAME")})
    assert {"order_token", "device", "language"} < set(ours)
    sent = "; ".join(f"{name}=aB3-_x" for name in [*ours, "tracker", "order_token2"])
    seen = through([(b"cookie", sent.encode())], [b""])[1]
    assert seen == {b"cookie": "; ".join(f"{name}=aB3-_x" for name in ours).encode()}


def test_a_length_that_is_too_large_is_not_read(settings: Any) -> None:
    read, seen, _ = through([(b"content-length", b"1000001")], [b"x" * 1_000_001])
    assert (read, seen) == (0, {b"content-length": b"1000001"})
    assert through([(b"content-length", b"1000000")], [b"x" * 1_000_000])[0] == 1_000_000
    for nonsense in (b"-1", b"1e3", b"9" * 400):
        assert through([(b"content-length", nonsense)], [b"x"])[0] == 0


def test_a_body_is_counted_and_its_length_told() -> None:
    read, seen, _ = through([(b"transfer-encoding", b"chunked")], [b"x" * 600_000] * 300)
    assert read == 600_000
    assert seen[b"content-length"] == b"1200000"
    form = [(b"transfer-encoding", b"chunked"), (b"content-type", b"multipart/form-data; boundary=x")]
    # A form that does not say how long it is may have no more, and never reaches the disk.
    read, seen, _ = through(form, [b"x" * 600_000] * 300)
    assert read == 600_000
    assert seen[b"content-length"] == b"1200000"
    assert through([*form[1:], (b"content-length", b"9000000")], [b"x" * 3_000_000] * 3)[0] == 9_000_000
    read, seen, _ = through(form, [b"x" * 600_000, b"y" * 300_000])
    assert (read, seen[b"content-length"]) == (900_000, b"900000")


def test_a_body_that_does_not_come_is_late(settings: Any) -> None:
    settings.BODY_SECONDS = 0.1
    headers = [(b"content-length", b"100")]
    read, seen, sent = through(headers, [b"x", b"never"])
    assert (read, seen, sent) == (6, dict(headers), [])


class JumpingLoop(asyncio.SelectorEventLoop):
    """Its clock jumps to whatever is next: how long something takes does not depend on how busy the machine is."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        ready = self._selector.select  # type: ignore[attr-defined]

        def select(timeout: float | None) -> Any:
            self.now += timeout or 0
            return ready(0)

        self._selector.select = select  # type: ignore[attr-defined]

    def time(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("size", "every", "came"),
    [
        (2_000, 0.1, 20_000),  # 20 kB a second: as slowly as may be, and longer than BODY_SECONDS
        (20, 0.1, None),  # something all the time, and too slowly
        (40_000, 0.5, None),  # fast enough, had it not stood still
    ],
)
def test_a_slow_body_may_come_as_long_as_it_comes(settings: Any, size: int, every: float, came: int | None) -> None:
    settings.BODY_SECONDS = 0.3
    scope: Any = {"type": "http", "headers": [(b"transfer-encoding", b"chunked")], "path": "/"}
    left, read = 10, 0

    async def receive() -> dict[str, Any]:
        nonlocal left
        await asyncio.sleep(every)
        left -= 1
        return {"type": "http.request", "body": b"x" * size, "more_body": left > 0}

    async def app(scope: Any, receive: Any, send: Any) -> None:
        nonlocal read
        more = True
        while more:
            message = await receive()
            read += len(message["body"])
            more = message["more_body"]
        assert scope.get(LATE, False) is (came is None)

    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        runner.run(Door(app)(scope, receive, None))
    assert read == came if came else read < 10 * size


@pytest.mark.parametrize(
    ("path", "told"),
    [("/api/v1/orders/quote", '"code": "too_slow"'), ("/dialects/shop/System/Orders", '"fields"')],
)
def test_a_late_body_is_answered_as_everything_is(path: str, told: str, settings: Any) -> None:
    """With a request's id, as nothing to keep, in the shape of whoever is asked."""
    settings.BODY_SECONDS = 0.1
    sent: list[Any] = []
    more = [{"type": "http.request", "body": b"{", "more_body": True}]

    async def receive() -> Any:
        if not more:
            await asyncio.sleep(60)
        return more.pop()

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"host", b"testserver"), (b"content-length", b"100"), (b"content-type", b"application/json")]
    scope: Any = {"type": "http", "method": "POST", "path": path, "headers": headers, "query_string": b""}
    asyncio.run(Door(ASGIHandler())(scope, receive, send))  # type: ignore[arg-type]
    answered = {name.decode().lower(): value.decode() for name, value in sent[0]["headers"]}
    assert sent[0]["status"] == 408
    assert answered["connection"] == "close"
    assert answered["cache-control"] == "no-store"
    assert len(answered["x-request-id"]) == 32
    assert answered["content-security-policy"]
    assert told in b"".join(message.get("body", b"") for message in sent[1:]).decode()
