"""The sockets: ask who it is, accept, then hand the stream on. What a client sends is ignored."""

import asyncio
import contextlib
import logging
import time
import uuid
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any
from urllib.parse import parse_qs

from channels.consumer import AsyncConsumer
from channels.exceptions import StopConsumer
from django.conf import settings
from django.http import HttpRequest
from django.http.cookie import parse_cookie
from rest_framework.request import Request

from orders.reading.following import count_try
from ordersite.core.context import request_id
from ordersite.core.faults import Refusal
from ordersite.core.metrics import counter, sum_gauge
from ordersite.core.numbers import DIGITS, read_whole
from ordersite.core.tracing import current_trace, make_trace
from ordersite.core.work_items import are_lines_written, write_line
from ordersite.web.throttling import client_address
from tracking.feed import hub
from tracking.feed.closings import AMISS, MISSING, TOO_MANY_TRIES, Closing, WatchRefused
from tracking.feed.entries import StreamEntry
from tracking.feed.hub import Knock
from tracking.feed.subscribers import Subscriber
from tracking.feed.transport import FRAMES
from tracking.feed.watchers import Watcher, as_dispatcher, as_driver, at_vendor, by_tracking_code, identify

logger = logging.getLogger(__name__)

SUBPROTOCOL = "ordersite.v1"
BEARER = "bearer."
SOCKETS = sum_gauge("ordersite_sockets", "Sockets that are open, by whose stream they read.", "stream")
CLOSED = counter(
    "ordersite_sockets_ended_total", "Sockets that have ended, by the code that they were closed with, or gone.", "code"
)


def request_of(scope: dict[str, Any]) -> HttpRequest:
    """The opening request as Django's helpers know one: headers, cookies, address."""
    request = HttpRequest()
    request.META["REMOTE_ADDR"] = (scope.get("client") or ("", 0))[0]
    server = scope.get("server") or ("unknown", 0)
    request.META["SERVER_NAME"], request.META["SERVER_PORT"] = server[0], str(server[1])
    for name, value in scope["headers"]:
        request.META[f"HTTP_{name.decode('latin-1').upper().replace('-', '_')}"] = value.decode("latin-1")
    request.COOKIES = parse_cookie(request.META.get("HTTP_COOKIE", ""))
    return request


def bearer_of(scope: dict[str, Any], request: HttpRequest) -> str:
    """The token from the subprotocols, else from the Authorization header; never from the address."""
    for offered in scope["subprotocols"]:
        if offered.startswith(BEARER):
            return str(offered.removeprefix(BEARER))
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


@contextlib.contextmanager
def counted_socket(watcher: Watcher) -> Iterator[None]:
    SOCKETS.labels(watcher.kind).inc()
    try:
        yield
    finally:
        SOCKETS.labels(watcher.kind).dec()


class FeedConsumer(AsyncConsumer):
    """One socket at one stream. It is accepted even to be refused, so that a browser is told why."""

    parameters: tuple[str, ...] = ("since", "epoch")
    runner: asyncio.Task[None] | None = None
    is_cut = False
    watcher: Watcher | None = None
    closing: Closing | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.task = asyncio.current_task()
        try:
            await super().__call__(scope, receive, send)
        except asyncio.CancelledError:
            if not self.is_cut:
                raise
        finally:
            if self.runner is not None:
                self.runner.cancel()

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Without Channels' look at old connections: no connection is used here, the hub has its own threads."""
        if message["type"] == "websocket.connect":
            # A task of its own, so that it ends with a client that goes while it waits.
            self.runner = asyncio.create_task(self.serve())
        elif message["type"] == "websocket.disconnect":
            raise StopConsumer

    async def serve(self) -> None:
        """Where the stream stands is read before the socket is accepted: what happens after that is told."""
        here = hub.current()
        self.name_work()
        began = time.perf_counter()
        try:
            with contextlib.suppress(OSError):  # the client has gone; the disconnect follows
                try:
                    self.check_query()
                    with here.place(self.address, settings.FEED_SOCKETS_ADDRESS):
                        # The position that the client has read up to; None for "from now".
                        since = self.number("since")
                        watcher, first = await here.admit(Knock(self.identify, since, self.query("epoch")))
                        with here.place(*self.share_of(watcher)), counted_socket(watcher):
                            self.watcher = watcher
                            await self.accept()
                            await Subscriber(here, watcher, first, since, door=self).run()
                except WatchRefused as refused:
                    await self.accept()
                    await self.close_with(refused.closing)
        except Exception:
            logger.exception("a socket failed")
            self.abort()
        finally:
            self.note_end(time.perf_counter() - began)

    def name_work(self) -> None:
        """An id and a trace for what this socket's task logs."""
        headers = request_of(self.scope).headers
        request_id.set(uuid.uuid4().hex)
        current_trace.set(make_trace(headers.get("traceparent", "")))

    def note_end(self, seconds: float) -> None:
        """Counts a socket that has ended, and writes its line; without a code the client has gone, or was cut."""
        code = self.closing.code if self.closing else None
        CLOSED.labels(code or "gone").inc()
        if are_lines_written():
            watcher = self.watcher
            write_line(
                "socket",
                seconds,
                stream=watcher.stream if watcher else None,
                code=code,
                actor=watcher.credential.owner if watcher else None,
            )

    @cached_property
    def address(self) -> str:
        return client_address(Request(request_of(self.scope)))

    def share_of(self, watcher: Watcher) -> tuple[str, int]:
        """Among whose sockets this one counts, and how many there may be."""
        whose = watcher.credential.owner
        if whose is None:
            return f"guests at {self.address}", settings.FEED_SOCKETS_GUESTS
        return whose, settings.FEED_SOCKETS_CALLER

    async def accept(self) -> None:
        chosen = SUBPROTOCOL if SUBPROTOCOL in self.scope["subprotocols"] else None
        await self.tell({"type": "websocket.accept", "subprotocol": chosen})

    def identify(self) -> Watcher:
        """Who wants to watch what; may read the database, raises WatchRefused. What it may is asked for many."""
        raise NotImplementedError

    def argument(self, name: str) -> Any:
        return self.scope["url_route"]["kwargs"][name]

    @cached_property
    def queried(self) -> dict[str, list[str]]:
        return parse_qs(self.scope["query_string"].decode("latin-1"), keep_blank_values=True)

    def query(self, name: str) -> str | None:
        return self.queried.get(name, [None])[0]

    def check_query(self) -> None:
        """Raises WatchRefused that names a parameter which means nothing here, or comes twice."""
        for name, values in self.queried.items():
            shown = "".join(letter if letter.isprintable() and letter.isascii() else "?" for letter in name[:40])
            if name not in self.parameters:
                raise WatchRefused(AMISS, f"Unknown query parameter {shown}: send {', '.join(self.parameters)}.")
            if len(values) > 1:
                raise WatchRefused(AMISS, f"Send the query parameter {shown} once.")

    def number(self, name: str) -> int | None:
        """A parameter's whole number, None where it is left out; raises WatchRefused that names it, as the calls do."""
        text = self.query(name)
        found = None if text is None else read_whole(text)
        if text is not None and found is None:
            raise WatchRefused(AMISS, f"{name}: send a whole number from 0 to {10**DIGITS - 1}.")
        return found

    async def send(self, entries: Sequence[StreamEntry]) -> None:
        """All of it by one write where the server can; raises OSError when the client has gone."""
        frames = self.scope.get("extensions", {}).get(FRAMES)
        if frames is not None:
            await frames.write(b"".join([entry.frame for entry in entries]))
            return
        for entry in entries:
            await self.tell({"type": "websocket.send", "text": entry.text})

    async def close_with(self, closing: Closing) -> None:
        self.closing = closing
        await self.tell({"type": "websocket.close", "code": closing.code, "reason": closing.reason})

    async def tell(self, message: dict[str, Any]) -> None:
        """By plain ASGI. Servers differ in what they raise once the client has gone: here it is always an OSError."""
        try:
            await self.base_send(message)
        except RuntimeError as error:
            raise ConnectionResetError from error

    def abort(self) -> None:
        """Cuts a client that takes nothing any more."""
        frames = self.scope.get("extensions", {}).get(FRAMES)
        if frames is not None:
            frames.abort()
        elif self.task is not None:
            self.is_cut = True
            self.task.cancel()


class VendorConsumer(FeedConsumer):
    """/ws/vendors/{id}: for those who work there, and staff."""

    def identify(self) -> Watcher:
        request = request_of(self.scope)
        return at_vendor(self.argument("vendor_id"), identify(request, bearer_of(self.scope, request)))


class DriverConsumer(FeedConsumer):
    """/ws/drivers/me."""

    def identify(self) -> Watcher:
        request = request_of(self.scope)
        return as_driver(identify(request, bearer_of(self.scope, request)))


class CompanyConsumer(FeedConsumer):
    """/ws/companies/me: a dispatcher's company, of several the first, or the one of `?company=`."""

    parameters = (*FeedConsumer.parameters, "company")

    def identify(self) -> Watcher:
        request = request_of(self.scope)
        company_id = self.number("company")
        return as_dispatcher(identify(request, bearer_of(self.scope, request)), company_id)


class OrderConsumer(FeedConsumer):
    """/ws/orders/{tracking_code}: no login; tries are counted by address."""

    def identify(self) -> Watcher:
        try:
            count_try(self.address)
        except Refusal as problem:
            raise WatchRefused(TOO_MANY_TRIES) from problem
        return by_tracking_code(self.argument("tracking_code"))


class NobodyConsumer(FeedConsumer):
    """Any other path."""

    def check_query(self) -> None:
        """There is nothing here, whatever is asked."""
        raise WatchRefused(MISSING)
