"""One call of a webhook: to an address that was checked, without following anybody elsewhere, within a time limit."""

import socket
import ssl
import time
from collections.abc import Mapping
from contextlib import suppress
from email.utils import parsedate_to_datetime
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPResponse
from io import BufferedReader, RawIOBase
from threading import Timer
from typing import Any

from django.utils import timezone

from orders.services.outgoing.addresses import Target, find_target
from orders.services.outgoing.deliveries import BUSY, TryOutcome
from ordersite.core.faults import Invalid

TIMEOUT = 15.0  # seconds of a whole call
MOST_ANSWERED = 65_536  # bytes that are read of an answer: its status and headers
USER_AGENT = "ordersite-webhooks"


class AnswerTooLong(HTTPException):
    """There is no end to the status and headers, such as of one that says 100 Continue again and again."""


class BoundedReader(RawIOBase):
    """Reads MOST_ANSWERED from a socket: what never ends would keep the worker's processor busy until it is cut."""

    def __init__(self, raw: Any) -> None:
        self.raw, self.left = raw, MOST_ANSWERED

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self.left:
            raise AnswerTooLong
        count = self.raw.readinto(memoryview(buffer)[: self.left]) or 0
        self.left -= count
        return count

    def close(self) -> None:
        self.raw.close()
        super().close()


class BoundedResponse(HTTPResponse):
    """An answer of which no more than MOST_ANSWERED is read."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.fp = BufferedReader(BoundedReader(self.fp.detach()))


@cache
def tls_context() -> ssl.SSLContext:
    """One for all calls and threads of the process: making it reads the certificates that this machine trusts."""
    return ssl.create_default_context()


class PinnedConnection(HTTPConnection):
    """A connection to the very address that was checked; the certificate is that of the name.

    It is cut after a time, however slowly bytes drip: a socket's own limit is of each read.
    """

    response_class = BoundedResponse

    def __init__(self, target: Target, seconds: float) -> None:
        super().__init__(target.host, target.port, timeout=seconds)
        self.target = target
        self.timer = Timer(seconds, self.cut)
        self.timer.daemon = True
        self.is_cut = False

    def connect(self) -> None:
        self.timer.start()
        self.sock = socket.create_connection((self.target.ip, self.target.port), self.timeout)
        self.check_time()
        if self.target.is_secure:
            # The handshake comes after, so that it can be cut too.
            self.sock = tls_context().wrap_socket(
                self.sock, server_hostname=self.target.host, do_handshake_on_connect=False
            )
            self.check_time()
            self.sock.do_handshake()

    def check_time(self) -> None:
        """Raises TimeoutError where the time was up before there was this socket, which nobody would cut any more."""
        if self.is_cut:
            raise TimeoutError

    def close(self) -> None:
        self.timer.cancel()
        super().close()

    def cut(self) -> None:
        self.is_cut = True
        if self.sock:
            with suppress(OSError):
                self.sock.shutdown(socket.SHUT_RDWR)


def send_webhook(url: str, body: str, headers: Mapping[str, str]) -> TryOutcome:
    """Posts a body and says what came of it. What is answered beside the status is not read; a redirect is a failure.

    Never to be called inside a transaction.
    """
    began = time.monotonic()

    def outcome(answered: int | None, failure: str = "", retry_after: float = 0) -> TryOutcome:
        return TryOutcome(answered, failure, retry_after, int((time.monotonic() - began) * 1000))

    try:
        target = find_target(url)
    except Invalid as refused:
        return outcome(None, refused.fault.code.told)
    sent = {
        "Host": target.host_header,
        "Content-Type": "application/json",
        "User-Agent": USER_AGENT,
        "Connection": "close",
        **headers,
    }
    # What the name server took is part of the time limit.
    connection = PinnedConnection(target, TIMEOUT - (time.monotonic() - began))
    try:
        connection.request("POST", target.path, body.encode(), sent)
        response = connection.getresponse()
    except TimeoutError:
        return outcome(None, "timeout")
    except (OSError, HTTPException, ValueError) as error:
        # What was cut by the timer looks as if the other side had hung up.
        late = time.monotonic() - began >= TIMEOUT
        return outcome(None, "timeout" if late else reason_of(error))
    finally:
        connection.close()
    status = response.status
    if 200 <= status < 300:
        return outcome(status)
    wait = seconds_to_wait(response.getheader("Retry-After", "")) if status in BUSY else 0
    return outcome(status, f"answered {status}", wait)


def reason_of(error: Exception) -> str:
    """Why there is no answer, in words of ours: what the other side sent is not kept."""
    told = error.strerror if isinstance(error, OSError) else None
    return f"{type(error).__name__}: {told}" if told else type(error).__name__


def seconds_to_wait(text: str) -> float:
    """What a Retry-After asks for, in seconds or as a date; 0 for what is neither."""
    if text.strip().isascii() and text.strip().isdigit():
        return float(text.strip()[:9])
    try:
        return max((parsedate_to_datetime(text) - timezone.now()).total_seconds(), 0)
    except (TypeError, ValueError):
        return 0
