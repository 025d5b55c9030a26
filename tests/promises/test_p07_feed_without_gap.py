"""Promise 7: every vendor reads 1…N once, in order, through disconnects and transactions that overlap."""

import random
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection, transaction
from websockets.exceptions import ConnectionClosed

from orders.models import Order
from orders.services.record import events
from tests.cast import Cast, make_cast
from tests.controls.serial_positions import draw_from_a_sequence
from tests.tracking.live import Server, happen, jwt, make_order, serving, since, told

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
WRITERS = 8


def write(orders: list[Order], count: int, seed: int) -> None:
    """`count` changes of any of the orders; some hold their transaction open after the position was drawn."""
    dice = random.Random(seed)
    try:
        for _ in range(count):
            with transaction.atomic():
                happen(dice.choice(orders))
                if dice.random() < 0.2:
                    time.sleep(dice.random() * 0.02)
    finally:
        connection.close()


class Reader(threading.Thread):
    """Follows one vendor's stream to its end, and is thrown off now and then."""

    def __init__(self, server: Server, cast: Cast, vendor_id: int, count: int, disconnects: int) -> None:
        super().__init__()
        self.server, self.vendor_id, self.count = server, vendor_id, count
        self.token = jwt(cast.staff)
        self.breaks = sorted(random.sample(range(1, count), disconnects))
        self.seen: list[int] = []
        self.connections = 0

    def run(self) -> None:
        while len(self.seen) < self.count:
            self.connections += 1
            until = self.breaks.pop(0) if self.breaks else self.count
            path = f"/ws/vendors/{self.vendor_id}?{since(self.seen[-1] if self.seen else 0)}"
            try:
                with self.server.connect(path, token=self.token) as socket:
                    while len(self.seen) < until:
                        message = told(socket, 20)
                        self.seen.append(message["position"] if message["kind"] != "reset" else -1)
            except (TimeoutError, ConnectionClosed):
                return


def test_every_position_once_and_in_order(tmp_path: Path, full: bool, figure: Callable[[str], None]) -> None:
    cast = make_cast()
    each = 125 if full else 40
    with serving(tmp_path, "--no-worker", REDIS_URL=settings.REDIS_URL) as server:
        vendors = (cast.vendor, cast.other_vendor)
        orders = [make_order(vendor, cast.customer_row) for vendor in vendors for _ in range(4)]
        # Each vendor gets a fixed share, so that its readers know where the stream ends.
        shares = [[order for order in orders if order.vendor_id == vendor.pk] for vendor in vendors]
        writers = [threading.Thread(target=write, args=(shares[number % 2], each, number)) for number in range(WRITERS)]
        count = each * WRITERS // 2
        readers = [Reader(server, cast, vendor.pk, count, 10 if full else 4) for vendor in vendors for _ in range(2)]
        for thread in (*readers, *writers):
            thread.start()
        for thread in (*writers, *readers):
            thread.join(120)
    for reader in readers:
        assert reader.seen == list(range(1, count + 1))
    breaks = sum(reader.connections - 1 for reader in readers)
    assert breaks >= (30 if full else 10)
    figure(f"{2 * count} events, {WRITERS} writers, {breaks} disconnects: 0 lost, 0 doubled, 0 out of order")


def overlap(server: Server, cast: Cast) -> list[tuple[str, int]]:
    """Two changes whose transactions overlap: the first to draw is the last to commit. What a reader is told."""
    slow, quick = (make_order(cast.vendor, cast.customer_row) for _ in range(2))
    drawn, go_on = threading.Event(), threading.Event()

    def first() -> None:
        try:
            with transaction.atomic():
                happen(slow)
                drawn.set()
                go_on.wait(5)
        finally:
            connection.close()

    def second() -> None:
        try:
            drawn.wait(5)
            happen(quick)
        finally:
            connection.close()

    threads = [threading.Thread(target=first), threading.Thread(target=second)]
    with server.connect(f"/ws/vendors/{cast.vendor.pk}?since=0", token=jwt(cast.owner)) as socket:
        time.sleep(0.5)
        for thread in threads:
            thread.start()
        # Long enough for a reader to see what the second one committed, if it could.
        time.sleep(2.5)
        go_on.set()
        for thread in threads:
            thread.join(10)
        heard = []
        try:
            while True:
                message = told(socket, 3)
                heard.append((message["kind"], message["position"]))
        except TimeoutError:
            return heard


def test_commits_out_of_order_wait_for_each_other(tmp_path: Path) -> None:
    with serving(tmp_path, "--no-worker", REDIS_URL="") as server:
        assert overlap(server, make_cast()) == [("note", 1), ("note", 2)]


def test_control_positions_of_a_sequence_lose_an_event(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "draw_beside", draw_from_a_sequence)
    with connection.cursor() as cursor:
        cursor.execute("CREATE SEQUENCE control_positions")
    try:
        with serving(tmp_path, "--no-worker", REDIS_URL="") as server:
            heard = overlap(server, make_cast())
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP SEQUENCE control_positions")
    assert heard == [("reset", 2)], "without the counter's lock the earlier position comes too late and is never told"
