"""What is looked at before Django reads anything: headers, how much a body says it holds, how long it takes.

Django copies a body whole, to a file on the disk where it is large, before any middleware can refuse it.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import AsyncExitStack
from typing import Any

from django.conf import settings

from ordersite.web.body_turns import Turns
from ordersite.web.problems import Problem
from ordersite.web.request_headers import REFUSED, SHOWN_PATH, check_headers, fault_of_path
from ordersite.web.throttling import client_network

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
# A key of the scope of a request whose body did not come in time.
LATE = "ordersite.is_late"
# A key of the scope: the most bytes that the body may have.
MOST = "ordersite.most"
# Bytes a second that a body has to come with in the long run.
SLOWEST = 10_000


class Door:
    """Wraps an ASGI application.

    A header with an underscore in its name is dropped: X_Forwarded_For would stand where X-Forwarded-For does. Of a
    request whose headers are refused no body is read, and BodyLimitMiddleware answers; a handshake gets its 403.
    """

    def __init__(self, app: App) -> None:
        self.app = app
        self.turns = Turns()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers, problem = check_headers([(name, value) for name, value in scope["headers"] if b"_" not in name])
        if too_long := fault_of_path(scope["path"]):
            problem, scope = too_long, {**scope, "path": scope["path"][:SHOWN_PATH]}
        scope = {**scope, "headers": headers, REFUSED: problem}
        if scope["type"] == "websocket":
            if problem is None:
                await self.app(scope, receive, send)
            else:
                await send({"type": "websocket.close"})
            return
        names = {name for name, _ in headers}
        if problem is None and names.isdisjoint((b"content-length", b"transfer-encoding")):
            await self.app(scope, receive, send)
            return
        forwarded = b",".join(value for name, value in headers if name == b"x-forwarded-for").decode("latin-1")
        network = client_network(forwarded, (scope.get("client") or ("", 0))[0])

        async def send_noted(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                self.turns.note_status(network, message["status"])
            await send(message)

        async with AsyncExitStack() as held:

            async def take_turn(size: int) -> bool:
                return not self.turns.needs_turn(network, size) or await held.enter_async_context(
                    self.turns.turn(network)
                )

            await self.app(scope, Body(scope, headers, receive, take_turn).receive, send_noted)


class Body:
    """A request's body, counted and timed. Of one that is too large or too slow no more is read.

    BodyLimitMiddleware refuses it, in the shape of whoever is asked: the length of one that came without is told as it
    was counted, and the scope tells what is too slow. A form that does not say its length may be no larger than JSON:
    a large one would be on the disk before it is known to be too large. It is handed over whole only when its turn has
    come, where it takes one.
    """

    def __init__(
        self,
        scope: Scope,
        headers: list[tuple[bytes, bytes]],
        receive: Receive,
        take_turn: Callable[[int], Awaitable[bool]],
    ) -> None:
        self.scope, self.headers, self.source = scope, headers, receive
        self.take_turn = take_turn
        values = dict(headers)
        is_form = values.get(b"content-type", b"").lower().startswith(b"multipart/form-data")
        has_length = b"content-length" in values
        self.most = settings.MAX_MULTIPART_BYTES if is_form and has_length else settings.MAX_BODY_BYTES
        scope[MOST] = self.most
        length = values.get(b"content-length", b"0")
        is_long = not length.isdigit() or len(length) > 15 or int(length) > self.most
        self.is_too_large = is_long or scope[REFUSED] is not None
        self.is_read = self.is_late = False
        self.count = 0
        self.until = asyncio.get_running_loop().time() + settings.BODY_SECONDS

    async def receive(self) -> MutableMapping[str, Any]:
        if self.is_read:
            message = await self.source()
            # What comes after a refusal is thrown away until the client has gone, or has been left.
            while (self.is_too_large or self.is_late) and message["type"] == "http.request":
                message = await self.source()
            return message
        if self.is_too_large:
            self.is_read = True
            return {"type": "http.request", "body": b"", "more_body": False}
        left = self.until - asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(min(left, settings.BODY_SECONDS)):
                message = await self.source()
        except TimeoutError:
            self.is_read = self.is_late = self.scope[LATE] = True
            return {"type": "http.request", "body": b"", "more_body": False}
        if message["type"] == "http.disconnect":
            self.is_read = True
            return message  # whoever has gone takes no turn
        size = len(message.get("body", b""))
        self.count += size
        self.until += size / SLOWEST
        self.is_too_large = self.count > self.most
        self.is_read = self.is_too_large or not message.get("more_body", False)
        if self.is_read:
            self.headers[:] = [row for row in self.headers if row[0] != b"content-length"]
            self.headers.append((b"content-length", str(self.count).encode()))
            if not self.is_too_large and not await self.take_turn(self.count):
                self.scope[REFUSED] = too_many_bodies()
        return {"type": "http.request", "body": b"", "more_body": False} if self.is_too_large else message


def too_many_bodies() -> Problem:
    detail = "Too many large bodies are worked on at this moment: try again in a few seconds."
    return Problem("busy", detail, status=503, headers={"Retry-After": "3"})
