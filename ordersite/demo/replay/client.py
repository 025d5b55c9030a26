"""A plain client of the API: one connection a thread, patient where the server asks for patience."""

import http.client
import json
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from ordersite.core.numbers import read_whole
from ordersite.core.unprinted import one_line

TIMEOUT = 30.0  # seconds
TRIES = 8
BUSY = (429, 503)


class CallRefused(Exception):
    """The server answered with an error, or not at all (`status` 0)."""

    def __init__(self, text: str, status: int = 0) -> None:
        super().__init__(text)
        self.status = status


class Client:
    """Speaks JSON as the owner of a token.

    A lost answer is asked for again, so a call must be one that may be repeated, or have an idempotency key. Clients of
    one site may share `connections`.
    """

    wait: Callable[[float], object] = staticmethod(time.sleep)
    # Told of each answer: method, path, seconds, and the status (0: none).
    note: Callable[[str, str, float, int], object] = staticmethod(lambda *answer: None)

    def __init__(self, url: str, token: str, connections: threading.local | None = None) -> None:
        try:
            parts = urlsplit(url)
            is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:  # brackets that do not match, a port that is none
            is_address = False
        if not is_address or "@" in parts.netloc:
            raise CallRefused(f'"{url}" is no address such as http://127.0.0.1:8000.')
        self.secure, self.host, self.base = parts.scheme == "https", parts.netloc, parts.path.rstrip("/")
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self.local = connections or threading.local()

    def connection(self) -> http.client.HTTPConnection:
        if not hasattr(self.local, "connection"):
            kind = http.client.HTTPSConnection if self.secure else http.client.HTTPConnection
            self.local.connection = kind(self.host, timeout=TIMEOUT)
        return self.local.connection

    def get(self, path: str) -> Any:
        return self.call("GET", path)[1]

    def post(self, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        return self.call("POST", path, body)

    def call(self, method: str, path: str, body: dict[str, Any] | None = None, key: str = "") -> tuple[int, Any]:
        """The status and the answer; raises CallRefused with the problem's own sentence. `key` makes it repeatable."""
        headers = {**self.headers, "Idempotency-Key": key} if key else self.headers
        sent = json.dumps(body) if body is not None else None
        reason = "no answer"
        for attempt in range(TRIES):
            connection = self.connection()
            began = time.perf_counter()
            try:
                connection.request(method, self.base + path, sent, headers)
                response = connection.getresponse()
                raw = response.read()
            except (OSError, http.client.HTTPException, UnicodeError) as error:  # UnicodeError: no name of a host
                connection.close()
                self.note(method, path, time.perf_counter() - began, 0)
                reason = str(error) or type(error).__name__
                self.wait(0.1 * attempt)
                continue
            self.note(method, path, time.perf_counter() - began, response.status)
            if response.status in BUSY:
                reason = f"{response.status} again and again"
                self.wait(min(read_whole(response.headers.get("Retry-After", "")) or 1, TIMEOUT))
                continue
            answer = decode(raw)
            if 300 <= response.status < 400:
                leads_to = response.headers.get("Location") or "another address"
                raise CallRefused(f"{method} {path} leads to {leads_to}: name that site.", response.status)
            if response.status < 300 and raw and answer is None:
                raise CallRefused(f"{method} {path} on {self.host} answered no JSON: no ordersite is there.")
            if response.status >= 400:
                raise CallRefused(f"{method} {path} answered {response.status}: {sentence(answer)}", response.status)
            return response.status, answer
        raise CallRefused(f"{method} {path} on {self.host}: {reason}.")


def decode(raw: bytes) -> Any:
    try:
        return json.loads(raw) if raw else None
    except ValueError:
        return None


def sentence(answer: Any) -> str:
    """What a problem says, with its first field error."""
    if not isinstance(answer, dict):
        return "no explanation"
    text = one_line(str(answer.get("detail") or answer.get("title") or "no explanation"))
    match answer.get("errors"):
        case [{"pointer": pointer, "detail": detail}, *_]:
            return f"{text} {one_line(f'{pointer}: {detail}')}"
    return text
