"""The boards of the kitchens: a socket for each vendor, which goes on where a lost one has stopped."""

import json
import threading
from dataclasses import dataclass

from websockets.exceptions import WebSocketException
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from ordersite.demo.replay.client import CallRefused
from ordersite.demo.simulation.measuring import Measure
from ordersite.demo.simulation.town import Town

REST = 1.0  # seconds before a lost socket is opened again
LOOKS = 0.25  # seconds between two looks whether it has to end


@dataclass(slots=True)
class BoardListener:
    """Tells the measure of each order that the feed of a vendor tells."""

    town: Town
    measure: Measure
    vendor_id: int
    ended: threading.Event
    opened: threading.Event
    position: int = 0
    epoch: str = ""

    def run(self) -> None:
        while not self.ended.is_set():
            try:
                self.listen()
            except (OSError, WebSocketException, CallRefused) as error:
                self.town.note_fault(f"The socket of vendor {self.vendor_id}: {error}")
                self.ended.wait(REST)

    def listen(self) -> None:
        """Until the socket is lost, which raises, or it has to end."""
        kitchen = self.town.kitchen_of(self.town.vendor_names[self.vendor_id])
        kitchen.ask("/me")  # with a token that has not expired
        token = kitchen.headers["Authorization"].removeprefix("Bearer ")
        since = f"?since={self.position}&epoch={self.epoch}" if self.epoch else ""
        url = f"ws{self.town.plan.url.rstrip('/').removeprefix('http')}/ws/vendors/{self.vendor_id}{since}"
        offered = [Subprotocol("ordersite.v1"), Subprotocol(f"bearer.{token}")]
        with connect(url, subprotocols=offered, compression=None, proxy=None) as socket:
            while not self.ended.is_set():
                try:
                    event = json.loads(socket.recv(LOOKS))
                except TimeoutError:
                    continue
                if event["kind"] == "hello" and self.epoch == event["epoch"]:
                    continue  # it goes on after the position that was asked for
                if event["kind"] in ("hello", "reset"):
                    self.epoch = event["epoch"]
                    self.opened.set()
                else:
                    self.measure.note_told(event["order"])
                self.position = event["position"]


def open_listeners(town: Town, measure: Measure, ended: threading.Event) -> list[BoardListener]:
    """One for each vendor, in threads that end with the process or with `ended`."""
    boards = [BoardListener(town, measure, vendor_id, ended, threading.Event()) for vendor_id in town.vendors]
    for board in boards:
        threading.Thread(target=board.run, name=f"board-{board.vendor_id}", daemon=True).start()
    return boards
