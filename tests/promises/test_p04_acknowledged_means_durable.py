"""Promise 4: the server is killed (-9) within bursts of orders: every 201 is there, and no order is there in part."""

import http.client
import json
import random
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.models import Count, Max, Min

from orders.models import Counter, FeedEntry, Order, Purchase
from ordersite.accounts.models import User
from tests.cast import Cast
from tests.orders.shopping import ORDERS, cart
from tests.tracking.live import Server, jwt
from vendors.models import Vendor

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
CLIENTS = 8


class Burst:
    """Clients that place orders as fast as they can until the server is gone."""

    def __init__(self, server: Server, user: User, body: dict[str, Any], *, orders: int) -> None:
        self.server, self.body = server, json.dumps(body)
        self.headers = {"Authorization": f"Bearer {jwt(user)}", "Content-Type": "application/json"}
        self.left = orders
        self.acknowledged: list[str] = []
        self.refused: list[int] = []
        self.lock = threading.Lock()

    def client(self) -> None:
        server = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=20)
        while True:
            with self.lock:
                self.left -= 1
                if self.left < 0:
                    return
            try:
                server.request("POST", ORDERS, self.body, self.headers)
                response = server.getresponse()
                answer = json.loads(response.read())
            except (OSError, http.client.HTTPException, ValueError):
                return
            with self.lock:
                if response.status == 201:
                    self.acknowledged.append(answer["purchase"]["uuid"])
                else:
                    self.refused.append(response.status)

    def run(self, *, kill_after: int) -> None:
        threads = [threading.Thread(target=self.client) for _ in range(CLIENTS)]
        for thread in threads:
            thread.start()
        while len(self.acknowledged) < kill_after and any(thread.is_alive() for thread in threads):
            threads[0].join(0.001)
        self.server.process.kill()
        self.server.process.wait(10)
        for thread in threads:
            thread.join(30)


def wait_until_alone() -> None:
    """Until the database has ended what the killed server began: a COMMIT on its way still counts."""
    for _ in range(300):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            if cursor.fetchone()[0] == 0:
                return
        time.sleep(0.1)
    raise AssertionError("the killed server's connections do not end")


def bursts(cast: Cast, directory: Path, *, rounds: int, orders: int, **env: Any) -> list[str]:
    """What was acknowledged in all rounds."""
    Vendor.objects.filter(pk=cast.vendor.pk).update(auto_accept=False)
    burger = {
        "product": cast.products["burger"].pk,
        "options": [{"option": cast.options["Large"].pk}],
        "extras": [{"extra": cast.extras["Bacon"].pk}],
    }
    body = cart(cast, items=[burger, {"product": cast.products["pizza"].pk}, burger])
    dice, acknowledged = random.Random(4), []
    for _ in range(rounds):
        server = Server(directory, "--no-worker", REDIS_URL="", THROTTLE_CALLER="0", **env)
        try:
            server.wait_until_up()
            burst = Burst(server, cast.customer, body, orders=orders)
            burst.run(kill_after=dice.randrange(orders // 10, orders * 8 // 10))
        finally:
            if server.process.poll() is None:
                server.process.kill()
            if server.process.stdout:
                server.process.stdout.close()
        # A busy machine may have kept somebody waiting for a lock too long; nothing else is refused.
        assert set(burst.refused) <= {503}, f"{burst.refused} {server.log()}"
        acknowledged += burst.acknowledged
        wait_until_alone()
    return acknowledged


def parts_missing() -> dict[str, int]:
    """How many orders and purchases lack a part of what is written with them."""
    orders = Order.objects.annotate(
        line_count=Count("lines", distinct=True),
        option_count=Count("lines__options", distinct=True),
        event_count=Count("events", distinct=True),
        share_count=Count("shares", distinct=True),
    )
    told = FeedEntry.objects.values("order_id")
    return {
        "lines": orders.exclude(line_count=3).count(),
        "options": orders.exclude(option_count=4).count(),
        "events": orders.exclude(event_count=1).count(),
        "payments": orders.exclude(share_count=1).count(),
        "feed": orders.exclude(pk__in=told).count(),
        "order": Purchase.objects.filter(orders=None).count(),
    }


def check(acknowledged: list[str]) -> None:
    kept = {str(uuid) for uuid in Purchase.objects.values_list("uuid", flat=True)}
    assert len(set(acknowledged)) == len(acknowledged)
    assert set(acknowledged) - kept == set()
    missing = parts_missing()
    assert not any(missing.values()), missing
    count = Order.objects.count()
    feed = FeedEntry.objects.aggregate(first=Min("position"), last=Max("position"), all=Count("pk"))
    assert feed == {"first": 1, "last": count, "all": count}
    # Numbers of a day begin at 1 and leave none out; a run over midnight has two days.
    days = Order.objects.values("number_day").annotate(last=Max("number"), all=Count("pk"))
    assert all(day["last"] == day["all"] for day in days)
    drawn = Counter.objects.filter(name__startswith="number:").values_list("value", flat=True)
    assert sum(drawn) == count


def test_every_201_is_there_and_whole(cast: Cast, tmp_path: Path, figure: Callable[[str], None], full: bool) -> None:
    rounds, orders = (20, 100) if full else (3, 40)
    acknowledged = bursts(cast, tmp_path, rounds=rounds, orders=orders)
    check(acknowledged)
    assert len(acknowledged) >= rounds
    figure(
        f"killed (-9) in {rounds} bursts of {orders}: {len(acknowledged)} acknowledged, {Order.objects.count()} kept, "
        "0 lost, 0 in part"
    )


def test_control_without_a_transaction_some_are_there_in_part(cast: Cast, tmp_path: Path) -> None:
    for _ in range(5):
        acknowledged = bursts(cast, tmp_path, rounds=1, orders=60, DJANGO_SETTINGS_MODULE="tests.controls.piecemeal")
        assert acknowledged
        if any(parts_missing().values()):
            break
    with pytest.raises(AssertionError):
        check(acknowledged)
