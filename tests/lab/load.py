"""Steady load on the lab from outside: customers and a kitchen by the API, readers of the feed by sockets."""

import asyncio
import http.client
import json
import ssl
import threading
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

from tests.lab.site import SITE, TLS

PATIENCE = 15.0  # seconds for one answer
AGAIN = 0.3  # seconds
# What says nothing of the call itself: it is made again, with the same key.
PASSING = {0, 429, 502, 503, 504}


def trusting() -> ssl.SSLContext:
    """For a certificate that nobody has signed."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


@dataclass
class Caller:
    """One connection to the load balancer; repeats what was not answered until it is."""

    load: "Load"
    token: str
    connection: http.client.HTTPSConnection | None = None

    def once(self, method: str, path: str, body: Any, key: str) -> tuple[int, Any]:
        headers = {"Host": SITE, "Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        if key and self.load.has_keys:
            headers["Idempotency-Key"] = key
        try:
            if self.connection is None:
                context = trusting()
                self.connection = http.client.HTTPSConnection(self.load.address, TLS, timeout=PATIENCE, context=context)
            self.connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            response = self.connection.getresponse()
            return response.status, json.loads(response.read() or b"null")
        except (OSError, http.client.HTTPException, ValueError):
            if self.connection is not None:
                self.connection.close()
            self.connection = None
            return 0, None

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """The answer; raises AssertionError for a refusal."""
        key = str(uuid.uuid4()) if method == "POST" else ""
        while not self.load.is_over.is_set():
            began = time.monotonic()
            status, answer = self.once(method, f"/api/v1{path}", body, key)
            held_up = status in PASSING or (status == 409 and answer["code"] == "idempotency_in_progress")
            self.load.note(began, not held_up and time.monotonic() - began < self.load.slow)
            if not held_up:
                assert status < 300, f"{method} {path} answered {status}: {answer}"
                return answer
            time.sleep(AGAIN)
        raise StopLoad


class StopLoad(Exception):
    """The load has to end while a call is made again and again."""


@dataclass
class Reader:
    """One socket of a vendor's feed, which goes on where it was; what it was told, by position."""

    position: int = 0
    epoch: str = ""
    faults: list[str] = field(default_factory=list)
    lost: int = 0

    async def run(self, load: "Load") -> None:
        url = f"wss://{load.address}:{TLS}/ws/vendors/{load.vendor}"
        offered = [Subprotocol("ordersite.v1"), Subprotocol(f"bearer.{load.vendor_token}")]
        while not load.is_over.is_set():
            since = f"?since={self.position}" + (f"&epoch={self.epoch}" if self.position else "")
            try:
                async with connect(
                    url + since,
                    subprotocols=offered,
                    compression=None,
                    proxy=None,
                    ssl=load.tls,
                    server_hostname=SITE,
                    additional_headers={"X-Forwarded-Proto": "https"},
                    ping_interval=3,
                    ping_timeout=5,
                    open_timeout=PATIENCE,
                ) as socket:
                    async for text in socket:
                        self.take(json.loads(text))
            except (OSError, WebSocketException, TimeoutError):
                self.lost += 1
            await asyncio.sleep(AGAIN)

    def take(self, event: dict[str, Any]) -> None:
        if event["kind"] == "hello":
            self.epoch = event["epoch"]
        elif event["kind"] == "reset":
            self.faults.append(f"reset at {event['position']} after {self.position}")
        elif event["position"] != self.position + 1:
            self.faults.append(f"{event['position']} after {self.position}")
        self.position = max(self.position, event["position"]) if event["kind"] != "hello" else self.position


class Load:
    """Places, accepts, makes ready, hands over and reads, all at once, until it is stopped."""

    def __init__(
        self, address: str, *, vendor: int, body: dict[str, Any], customer_token: str, vendor_token: str
    ) -> None:
        self.address, self.vendor, self.body = address, vendor, body
        self.customer_token, self.vendor_token = customer_token, vendor_token
        self.tls = trusting()
        self.is_over = threading.Event()
        self.has_placed_enough = threading.Event()
        self.has_keys = True
        self.slow = 2.0  # seconds from which on an answer is not a normal one
        self.acknowledged: list[str] = []  # purchases
        self.collected: list[int] = []  # orders
        self.left: list[int] = []  # orders that nobody answers
        self.faults: list[str] = []
        self.calls: list[tuple[float, bool]] = []  # when each began, whether it was answered, and soon
        self.readers: list[Reader] = []
        self.threads: list[threading.Thread] = []

    def note(self, began: float, is_normal: bool) -> None:
        self.calls.append((began, is_normal))

    def start(self, *, customers: int, readers: int) -> None:
        self.readers = [Reader() for _ in range(readers)]
        self.threads = [threading.Thread(target=self.live, daemon=True) for _ in range(customers)]
        self.threads.append(threading.Thread(target=lambda: asyncio.run(self.read()), daemon=True))
        for thread in self.threads:
            thread.start()

    async def read(self) -> None:
        tasks = [asyncio.ensure_future(reader.run(self)) for reader in self.readers]
        while not self.is_over.is_set():
            await asyncio.sleep(0.2)
            for task in tasks:
                if task.done() and (error := task.exception()):
                    self.faults.append(repr(error))
                    return
        for task in tasks:
            task.cancel()

    def live(self) -> None:
        customer, vendor = Caller(self, self.customer_token), Caller(self, self.vendor_token)
        number = 0
        while not self.has_placed_enough.is_set():
            number += 1
            try:
                self.one_life(customer, vendor, leave=number % 4 == 0)
            except StopLoad:
                return
            except Exception as error:
                self.faults.append(repr(error))
                return

    def one_life(self, customer: Caller, vendor: Caller, *, leave: bool) -> None:
        placed = customer.call("POST", "/orders", self.body)
        self.acknowledged.append(placed["purchase"]["uuid"])
        order = placed["orders"][0]["id"]
        if leave:
            self.left.append(order)
            return
        for transition, given in (("accept", {"prepared_in": 10}), ("mark_ready", {}), ("collect", {})):
            vendor.call("POST", f"/orders/{order}/transitions", {"transition": transition, **given})
        read = customer.call("GET", f"/orders/{order}")
        assert read["milestones"]["delivered"] is not None, read["status"]
        self.collected.append(order)

    def normal_again_after(self, moment: float) -> float:
        """Seconds from this moment to the beginning of the last call that went wrong or took long; 0 where none did."""
        return max(
            (began - moment for began, is_normal in list(self.calls) if not is_normal and began > moment), default=0.0
        )

    def end_placing(self) -> None:
        """Once every order at hand was carried to its end; readers go on."""
        self.has_placed_enough.set()
        for thread in self.threads[:-1]:
            thread.join(60)

    def stop(self) -> None:
        self.has_placed_enough.set()
        self.is_over.set()
        for thread in self.threads:
            thread.join(PATIENCE * 2)
