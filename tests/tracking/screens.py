"""A vendor's board without a browser: it reads, follows and acknowledges as the page does."""

import http.client
import json
import threading
import time
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Subprotocol

MOST_ASKED = 100  # ids of one call
BUSY = (429, 503)
AGAIN = 0.2  # seconds until a call that found the site busy, or gone, is made again
GREETED_IN = 20.0  # seconds that a socket has to say hello


class Screen(threading.Thread):
    """Draws what `GET /vendors/{id}/board` says, from the position that stood before it, until it is switched off.

    `port` may be given anew while it runs: it connects there after the socket it has was closed.
    """

    def __init__(self, port: int, vendor_id: int, token: str) -> None:
        super().__init__(daemon=True)
        self.port, self.vendor_id, self.token = port, vendor_id, token
        self.tickets: dict[int, dict[str, Any]] = {}
        self.position, self.epoch = 0, ""
        self.drawn_from = 0  # the position before its first reading of the whole board
        self.told: list[int] = []  # positions after it, as they came
        self.closings: list[int] = []  # codes that its sockets were closed with
        self.resets = 0
        self.shown = 0  # the last position that it has acknowledged
        self.faults: list[str] = []
        self.is_drawn = threading.Event()
        self.is_over = threading.Event()
        self.connection: http.client.HTTPConnection | None = None

    def call(self, method: str, path: str, body: Any = None) -> tuple[dict[str, str], Any]:
        """Headers and body of the answer, asked again where the site is busy or gone; raises RuntimeError else."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        while True:
            self.connection = self.connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=40)
            try:
                sent = None if body is None else json.dumps(body)
                self.connection.request(method, f"/api/v1/vendors/{self.vendor_id}/{path}", sent, headers)
                answer = self.connection.getresponse()
                text = answer.read()
            except (OSError, http.client.HTTPException):
                self.connection.close()
                self.connection = None
            else:
                if answer.status < 400:
                    return dict(answer.getheaders()), json.loads(text) if text else None
                if answer.status not in BUSY:
                    raise RuntimeError(f"{method} {path} answered {answer.status}: {text[:200]!r}")
            if self.is_over.wait(AGAIN):
                raise RuntimeError(f"{method} {path} was not answered before it was switched off")

    def run(self) -> None:
        try:
            self.read_whole()
            while not self.is_over.is_set():
                self.follow()
        except Exception as error:
            self.faults.append(repr(error))
        finally:
            if self.connection is not None:
                self.connection.close()

    def read_whole(self) -> None:
        headers, body = self.call("GET", "board")
        lowered = {name.lower(): value for name, value in headers.items()}
        self.position, self.epoch = int(lowered["feed-position"]), lowered["feed-epoch"]
        self.tickets = {ticket["id"]: ticket for ticket in body["orders"]}
        self.acknowledge()
        if not self.is_drawn.is_set():
            self.drawn_from = self.position
            self.is_drawn.set()

    def read_changed(self, orders: set[int]) -> None:
        ids = sorted(orders)
        for first in range(0, len(ids), MOST_ASKED):
            asked = ",".join(map(str, ids[first : first + MOST_ASKED]))
            _, body = self.call("GET", f"board?orders={asked}")
            for gone in body["gone"]:
                self.tickets.pop(gone, None)
            self.tickets |= {ticket["id"]: ticket for ticket in body["orders"]}

    def acknowledge(self) -> None:
        self.call("POST", "seen", {"epoch": self.epoch, "position": self.position})
        self.shown = self.position

    def follow(self) -> None:
        """One socket, from where the last one ended until it is closed."""
        url = f"ws://127.0.0.1:{self.port}/ws/vendors/{self.vendor_id}?since={self.position}&epoch={self.epoch}"
        offered = [Subprotocol("ordersite.v1"), Subprotocol(f"bearer.{self.token}")]
        try:
            with connect(
                url, subprotocols=offered, compression=None, proxy=None, open_timeout=GREETED_IN, max_queue=None
            ) as socket:
                while not self.is_over.is_set():
                    try:
                        entries = [json.loads(socket.recv(0.2))]
                    except TimeoutError:
                        continue
                    try:
                        while True:  # what has come with it
                            entries.append(json.loads(socket.recv(0)))
                    except (TimeoutError, ConnectionClosed):
                        pass
                    self.take(entries)
        except ConnectionClosed as closed:
            self.closings.append(closed.rcvd.code if closed.rcvd else 1006)
        except (OSError, TimeoutError):  # nobody listens there yet
            time.sleep(AGAIN)

    def take(self, entries: list[dict[str, Any]]) -> None:
        fresh = [entry for entry in entries if entry["kind"] not in ("hello", "reset")]
        self.told += [entry["position"] for entry in fresh]
        if any(entry["kind"] == "reset" for entry in entries):
            self.resets += 1
            self.read_whole()
            return
        if fresh:
            self.position = fresh[-1]["position"]
            self.read_changed({entry["order"] for entry in fresh})
            self.acknowledge()

    def switch_off(self) -> None:
        self.is_over.set()
        self.join(60)
