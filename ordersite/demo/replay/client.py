"""A plain client of the API: one connection a thread, patient where the server asks for patience."""

import http.client
import json
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

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

    def __init__(self, url: str, token: str, connections: threading.local | None = None) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
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
            try:
                connection.request(method, self.base + path, sent, headers)
                response = connection.getresponse()
                raw = response.read()
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                reason = str(error) or type(error).__name__
                self.wait(0.1 * attempt)
                continue
            if response.status in BUSY:
                reason = f"{response.status} again and again"
                self.wait(min(float(response.headers.get("Retry-After") or 1), TIMEOUT))
                continue
            answer = decode(raw)
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
    text = str(answer.get("detail") or answer.get("title") or "no explanation")
    errors = answer.get("errors") or []
    return f"{text} {errors[0].get('pointer')}: {errors[0].get('detail')}" if errors else text
