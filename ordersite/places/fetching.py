"""Asks another server for JSON: within a time limit, never inside a transaction."""

import json
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from threading import Timer
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import HTTPHandler, HTTPSHandler, Request, build_opener

from django.conf import settings
from django.db import connection

from ordersite.core.tracing import trace_headers
from ordersite.core.work_items import outside_call
from ordersite.places.protocol import GeocoderRefused, Unavailable, UnreadableAnswer

MOST_BYTES = 500_000
CHUNK = 65_536
USER_AGENT = "ordersite"
TOO_MANY = 429


class Limited(HTTPConnection):
    """A connection that is cut where the answer's head has not come within GEOCODER_TIMEOUT, however it drips.

    The timeout of a socket is of each read.
    """

    timer: Timer

    def connect(self) -> None:
        self.timer = Timer(settings.GEOCODER_TIMEOUT, self.cut)
        self.timer.daemon = True
        self.timer.start()
        super().connect()

    def getresponse(self) -> HTTPResponse:
        try:
            return super().getresponse()
        finally:
            self.timer.cancel()

    def cut(self) -> None:
        if self.sock:
            with suppress(OSError):
                self.sock.shutdown(socket.SHUT_RDWR)


class LimitedSecure(Limited, HTTPSConnection):
    """The same by TLS, its handshake too."""


class LimitedHandler(HTTPHandler):
    def http_open(self, req: Request) -> HTTPResponse:
        return self.do_open(Limited, req)


class LimitedSecureHandler(HTTPSHandler):
    def https_open(self, req: Request) -> HTTPResponse:
        return self.do_open(LimitedSecure, req)


OPENER = build_opener(LimitedHandler, LimitedSecureHandler)


def fetch_json(url: str, query: Mapping[str, Any]) -> Any:
    """The answer to a GET within GEOCODER_TIMEOUT seconds.

    Raises Unavailable without one, Refused for a question that is not taken (4xx but 429), Unreadable for no JSON.
    Raises RuntimeError inside a transaction: others would wait for its locks as long as for the other server.
    """
    refuse_transaction()
    until = time.monotonic() + settings.GEOCODER_TIMEOUT
    agent = f"{USER_AGENT} ({settings.PUBLIC_URL})" if settings.PUBLIC_URL else USER_AGENT
    headers = {"User-Agent": agent, "Accept": "application/json", **trace_headers()}
    request = Request(f"{url}?{urlencode(query)}", headers=headers)  # noqa: S310
    with outside_call("geocoder", is_refusal=lambda error: isinstance(error, GeocoderRefused)):
        try:
            with OPENER.open(request, timeout=settings.GEOCODER_TIMEOUT) as response:
                read = read_all(response, until)
        except HTTPError as error:
            if 400 <= error.code < 500 and error.code != TOO_MANY:
                raise GeocoderRefused(f"The geocoder refuses the question: {error.code}.") from error
            raise Unavailable(f"The geocoder does not answer: {error.code}.") from error
        except (URLError, HTTPException, OSError, ValueError) as error:
            raise Unavailable(f"The geocoder does not answer: {type(error).__name__}.") from error
        try:
            return json.loads(read)
        except (ValueError, RecursionError) as error:
            raise UnreadableAnswer("The geocoder's answer is no JSON.") from error


def read_all(response: Any, until: float) -> bytes:
    """The body; raises Unavailable for one that comes too slowly, Unreadable for one that is too long."""
    read = bytearray()
    # read1 returns what has come: a server that sends a byte now and then is given up in time.
    while chunk := response.read1(CHUNK):
        read += chunk
        if len(read) > MOST_BYTES:
            raise UnreadableAnswer("The geocoder's answer is too long.")
        if time.monotonic() > until:
            raise Unavailable("The geocoder's answer is too slow.")
    return bytes(read)


def refuse_transaction() -> None:
    """Raises RuntimeError inside a transaction; one that a test case opened around itself is none."""
    # Any: the stubs do not know what Django itself asks for `durable`.
    blocks: Any = connection.atomic_blocks
    if blocks and not blocks[-1]._from_testcase:
        raise RuntimeError("A geocoder is never asked inside a transaction.")
