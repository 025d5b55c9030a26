"""Somebody who is signed in by the demo's password and calls the API, each time with an idempotency key."""

import threading
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from ordersite.demo import sites
from ordersite.demo.replay.client import CallRefused, Client

API = "/api/v1"


class Visitor(Client):
    """Signs in at its first call, and again when its token has expired; threads may share it."""

    def __init__(
        self,
        url: str,
        email: str,
        connections: threading.local,
        wait: Callable[[float], object] | None = None,
        note: Callable[[str, str, float, int], object] | None = None,
    ) -> None:
        super().__init__(url, "", connections)
        del self.headers["Authorization"]
        self.email = email
        self.wait = wait or self.wait
        self.stranger = Client(url, "", connections)
        self.stranger.headers, self.stranger.wait = self.headers, self.wait
        self.note = self.stranger.note = note or self.note
        self.signing_in = threading.Lock()
        self.is_signed_in = False

    def ask(self, path: str) -> Any:
        """What the API answers to a GET."""
        return self.act("GET", path)

    def act(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """What the API answers; raises CallRefused. Repeated after a lost answer, it is done once."""
        key = "" if method == "GET" else str(uuid4())
        used = self.headers
        if not self.is_signed_in:
            self.sign_in(used)
        try:
            return self.call(method, API + path, body, key)[1]
        except CallRefused as refused:
            if refused.status != 401:
                raise
        self.sign_in(used)
        return self.call(method, API + path, body, key)[1]

    def sign_in(self, used: dict[str, str]) -> None:
        """Gets a token, unless another thread has got one since these headers were the visitor's."""
        with self.signing_in:
            if self.headers is not used:
                return
            given = {"email": self.email, "password": sites.PASSWORD}
            token = self.stranger.call("POST", f"{API}/auth/token", given)[1]["access"]
            self.headers = {**self.stranger.headers, "Authorization": f"Bearer {token}"}
            self.is_signed_in = True
