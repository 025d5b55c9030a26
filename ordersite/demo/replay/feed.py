"""The reader of the vendor's live feed: from the beginning, resuming after each disconnect, checking every position."""

import json
import threading
import time
from typing import Any

from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.sync.client import connect
from websockets.typing import Subprotocol

REFUSALS = (4401, 4403, 4404)
PAUSE = 0.2  # seconds before it connects again
TRIES = 50  # without a single entry in between


class FeedReader(threading.Thread):
    """Collects what every order told, in order; `faults` says where the feed broke its promise."""

    def __init__(self, url: str, vendor: int, token: str) -> None:
        super().__init__(name="feed", daemon=True)
        self.address = f"{url.replace('http', 'ws', 1).rstrip('/')}/ws/vendors/{vendor}"
        self.token = token
        self.told: dict[int, list[tuple[str, int | None, int | None]]] = {}
        self.faults: list[str] = []
        self.position = 0
        self.epoch = ""
        self.started_at = 0
        self.entries = 0
        self.reconnects = 0
        self.last_at = time.monotonic()
        self.ended = threading.Event()

    def run(self) -> None:
        tries = 0
        while not self.ended.is_set():
            seen = self.entries
            try:
                self.read()
            except ConnectionClosed as error:
                code = error.rcvd.code if error.rcvd else None
                if code in REFUSALS:
                    self.faults.append(f"The feed refused its reader with {code}.")
                    return
            except InvalidStatus as error:
                self.faults.append(f"The feed answered {error.response.status_code} to its reader.")
                return
            except (OSError, WebSocketException):
                pass  # tried again below
            if self.ended.is_set():
                return
            tries = 1 if self.entries > seen else tries + 1
            if tries > TRIES:
                self.faults.append("The feed could not be reached.")
                return
            self.reconnects += 1
            time.sleep(PAUSE)

    def read(self) -> None:
        with connect(
            f"{self.address}?since={self.position}{f'&epoch={self.epoch}' if self.epoch else ''}",
            subprotocols=[Subprotocol("ordersite.v1")],
            additional_headers={"Authorization": f"Bearer {self.token}"},
            compression=None,
            proxy=None,
        ) as socket:
            while not self.ended.is_set():
                try:
                    message = socket.recv(timeout=0.5)
                except TimeoutError:
                    continue
                self.take(json.loads(message))

    def take(self, entry: dict[str, Any]) -> None:
        self.last_at = time.monotonic()
        position = int(entry["position"])
        if entry["kind"] == "hello":
            self.epoch = self.epoch or str(entry["epoch"])
            return
        if entry["kind"] == "reset":
            # Older entries are no longer kept: it goes on from here, and what came before is not checked.
            self.position = self.started_at = position
            self.epoch = str(entry["epoch"])
            return
        if position != self.position + 1:
            self.faults.append(f"The feed went from position {self.position} to {position}.")
        self.position = position
        self.entries += 1
        self.told.setdefault(int(entry["order"]), []).append((entry["kind"], entry["from"], entry["to"]))

    def stop(self) -> None:
        self.ended.set()
        self.join(5)
