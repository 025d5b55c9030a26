"""Whoever sends large bodies waits for itself (ordersite.web.body_turns), as the door has it."""

import asyncio
import json
from typing import Any

import pytest
from django.core.handlers.asgi import ASGIHandler

from ordersite.web import body_turns
from ordersite.web.body_turns import AT_ONCE, SMALL, Turns
from ordersite.web.request_gate import Door

LARGE = SMALL + 1


class Calls:
    """Calls of a door whose application works until it is let go; `most` is how many it had at once."""

    def __init__(self) -> None:
        self.door = Door(self.work)
        self.working: list[str] = []
        self.most, self.go = 0, asyncio.Event()

    async def work(self, scope: Any, receive: Any, send: Any) -> None:
        while (await receive())["more_body"]:
            pass
        self.working.append(scope["client"][0])
        self.most = max(self.most, len(self.working))
        await self.go.wait()
        self.working.remove(scope["client"][0])

    def begin(self, address: str, size: int, content_type: bytes = b"application/json") -> "asyncio.Task[None]":
        left = [b"x" * (size - size // 2), b"x" * (size // 2)]

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": left.pop(), "more_body": bool(left)}

        headers = [(b"content-length", str(size).encode()), (b"content-type", content_type)]
        scope = {"type": "http", "path": "/", "headers": headers, "client": (address, 1)}
        return asyncio.create_task(self.door(scope, receive, None))


async def settle() -> None:
    for _ in range(50):
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("bodies", "at_once"),
    [
        ([("198.51.100.1", LARGE)] * 4, 1),
        ([("198.51.100.1", LARGE)] * 4 + [("198.51.100.2", LARGE)], 2),
        ([(f"198.51.100.{number}", LARGE) for number in range(5)], AT_ONCE),
        ([("2001:db8::1", LARGE), ("2001:db8::2", LARGE)], 1),
        ([("198.51.100.1", SMALL)] * 4, 4),
        ([("198.51.100.1", LARGE)] * 4 + [("198.51.100.1", SMALL)] * 3, 4),
    ],
)
@pytest.mark.parametrize("content_type", [b"application/json", b"multipart/form-data; boundary=x"])
def test_large_bodies_take_turns(bodies: list[tuple[str, int]], at_once: int, content_type: bytes) -> None:
    async def scenario() -> int:
        calls = Calls()
        tasks = [calls.begin(address, size, content_type) for address, size in bodies]
        await settle()
        assert len(calls.working) == at_once
        calls.go.set()
        await asyncio.gather(*tasks)
        assert calls.door.turns.present == {} == calls.door.turns.networks
        return calls.most

    assert asyncio.run(scenario()) == at_once


def test_who_has_gone_takes_no_turn() -> None:
    """Of a large body that was broken off the application is told at once, whoever is in the line."""

    async def scenario() -> list[str]:
        told: list[str] = []

        async def app(scope: Any, receive: Any, send: Any) -> None:
            while (message := await receive()).get("more_body"):
                pass
            told.append(message["type"])
            if message["type"] == "http.request":
                await go.wait()

        def call(*messages: dict[str, Any]) -> "asyncio.Task[None]":
            left = list(messages)

            async def receive() -> dict[str, Any]:
                return left.pop(0)

            headers = [(b"content-length", str(2 * LARGE).encode())]
            scope = {"type": "http", "path": "/", "headers": headers, "client": ("198.51.100.1", 1)}
            return asyncio.create_task(door(scope, receive, None))

        door, go = Door(app), asyncio.Event()
        half = {"type": "http.request", "body": b"x" * LARGE, "more_body": True}
        works = call(half, {**half, "more_body": False})
        await settle()
        gone = call(half, {"type": "http.disconnect"})
        await settle()
        assert gone.done()
        go.set()
        await asyncio.gather(works, gone)
        return told

    assert asyncio.run(scenario()) == ["http.request", "http.disconnect"]


def test_who_was_refused_takes_turns_until_it_is_not() -> None:
    """Whatever the size; another network does not."""

    async def scenario() -> list[int]:
        calls, at_once = Calls(), []
        for status in (400, 503, 429, 200):
            calls.door.turns.note_status("198.51.100.1", status)
            calls.go.clear()
            tasks = [calls.begin(address, 1) for address in ["198.51.100.1"] * 3 + ["198.51.100.2"] * 2]
            await settle()
            at_once.append(len(calls.working))
            calls.go.set()
            await asyncio.gather(*tasks)
        return at_once

    assert asyncio.run(scenario()) == [3, 5, 3, 5]


@pytest.mark.parametrize(("status", "is_refused"), [(200, False), (201, False), (400, True), (401, True), (503, False)])
def test_the_door_sees_how_a_body_was_answered(status: int, is_refused: bool) -> None:
    async def scenario() -> bool:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            await receive()
            await send({"type": "http.response.start", "status": status, "headers": []})

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"x", "more_body": False}

        async def send(message: Any) -> None:
            assert message["status"] == status

        door = Door(app)
        headers = [(b"content-length", b"1")]
        await door({"type": "http", "path": "/", "headers": headers, "client": ("198.51.100.1", 1)}, receive, send)
        return "198.51.100.1" in door.turns.refused

    assert asyncio.run(scenario()) is is_refused


def test_who_sends_most_is_not_served_most() -> None:
    """Of those who wait, a network with one call comes before the second call of a network with many."""

    async def scenario() -> list[str]:
        line, order = Turns(at_once=1), []

        async def call(network: str) -> None:
            async with line.turn(network) as came:
                assert came
                order.append(network)
                await asyncio.sleep(0)

        await asyncio.gather(*(call("many") for _ in range(4)), call("one"))
        return order

    assert asyncio.run(scenario()).index("one") <= 1


def test_a_call_that_waits_for_something_else_lets_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """For a lock, a geocoder or a provider: it computes no more, and its turn ends."""
    monkeypatch.setattr(body_turns, "HOLD", 0.05)

    async def scenario() -> None:
        calls = Calls()
        tasks = [calls.begin("198.51.100.1", LARGE) for _ in range(3)]
        tasks += [calls.begin(f"198.51.100.{number}", LARGE) for number in range(2, 5)]
        await settle()
        assert len(calls.working) == AT_ONCE
        async with asyncio.timeout(10):
            while len(calls.working) < len(tasks):
                await asyncio.sleep(0.01)
        calls.go.set()
        await asyncio.gather(*tasks)
        # Given back once each, and not once more at the end.
        assert calls.door.turns.all._value == AT_ONCE
        assert calls.door.turns.present == {}

    asyncio.run(scenario())


def test_a_call_that_was_broken_off_gives_its_turn_back() -> None:
    async def scenario() -> None:
        calls = Calls()
        first, second = calls.begin("198.51.100.1", LARGE), calls.begin("198.51.100.1", LARGE)
        waiting = calls.begin("198.51.100.1", LARGE)
        await settle()
        for task in (first, waiting):
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        calls.go.set()
        await second
        assert calls.door.turns.present == {}

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("path", "told"), [("/api/v1/orders/quote", "type"), ("/dialects/shop/System/Orders", "fields")]
)
def test_a_turn_that_does_not_come_is_told_as_everything_is(path: str, told: str) -> None:
    async def scenario() -> list[Any]:
        door, sent = Door(ASGIHandler()), []  # type: ignore[arg-type]
        door.turns = Turns(wait=0.05)
        left = [{"type": "http.request", "body": b" " * LARGE, "more_body": False}]

        async def receive() -> dict[str, Any]:
            return left.pop() if left else await asyncio.sleep(60, {})

        async def send(message: Any) -> None:
            sent.append(message)

        headers = [(b"host", b"testserver"), (b"content-length", str(LARGE).encode())]
        scope: Any = {"type": "http", "method": "POST", "path": path, "headers": headers, "query_string": b""}
        scope["client"] = ("198.51.100.1", 1)
        async with door.turns.turn("198.51.100.1"):
            await door(scope, receive, send)
        return sent

    sent = asyncio.run(scenario())
    headers = {name.decode().lower(): value.decode() for name, value in sent[0]["headers"]}
    assert (sent[0]["status"], headers["retry-after"]) == (503, "3")
    body = json.loads(sent[1]["body"])
    assert body.get("error", body)["code"] == "busy"
    assert told in body.get("error", body)
