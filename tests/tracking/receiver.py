"""A receiver of webhooks on loopback: keeps what comes, and answers as a test says."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = tuple[int, dict[str, str]]
TAKEN: Answer = (204, {})


@dataclass(frozen=True)
class Received:
    """One call: its path, headers in lower case, and body."""

    path: str
    headers: dict[str, str]
    body: str
    at: float = field(default_factory=time.monotonic)

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]


class Receiver(ThreadingHTTPServer):
    """Answers each call by `answer`, which may wait; 204 unless a test says otherwise."""

    daemon_threads = True
    request_queue_size = 100

    def __init__(self) -> None:
        self.calls: list[Received] = []
        self.answer: Callable[[Received], Answer] = lambda received: TAKEN
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever calls may hang up."""


class Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        received = Received(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
        self.server.calls.append(received)
        status, headers = self.server.answer(received)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        pass


@contextmanager
def receiving() -> Iterator[Receiver]:
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
