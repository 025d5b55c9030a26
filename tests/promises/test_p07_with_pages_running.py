"""Promise 7, and 8, 10, 11, 15, 16, 20 and 22, at once: two boards, a tracking page, a driver page, three workers run.

Boards and pages are their sockets and calls without a browser. Meanwhile Redis dies and comes back, one of two servers
is replaced, a reader stalls, what was told is pruned, and strangers knock.
"""

import http.client
import itertools
import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection

from orders.models import FeedEntry, Order, OrderEvent
from orders.services.record.epochs import current_epoch
from orders.services.record.unseen_entries import unseen_entries
from ordersite.accounts.models import User
from ordersite.core.crypto import new_token
from tests.cast import Cast, make_cast
from tests.orders.shopping import cart
from tests.promises.redis_of_our_own import own_redis
from tests.promises.test_p10_slow_reader import is_established, stalled_socket, write
from tests.promises.test_p15_deadlines_fire_once import set_deadlines, workers
from tests.tracking.live import Server, jwt, make_order, serving, since, told
from tests.tracking.screens import Screen
from vendors.models import Vendor

pytestmark = [pytest.mark.postgres, pytest.mark.redis, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
BURST = 1500  # events of one order, more than a reader that stalls is kept for
STEPS: tuple[dict[str, Any], ...] = (
    {"transition": "accept", "prepared_in": 20},
    {"transition": "mark_ready"},
    {"transition": "collect"},
)
SECRETS = ("Customer", "+3225550100", "@", "12.00", "cash")  # of the tracked order, beyond a first name
PATIENCE = 90.0  # seconds that all have to show what has happened


@dataclass
class Site:
    """The servers that take calls now, and every answer: a balancer in front of them would do the same."""

    ports: list[int]
    statuses: list[int] = field(default_factory=list)
    turns: Iterator[int] = field(default_factory=itertools.count)

    def call(self, user: User | None, method: str, path: str, body: Any = None) -> Any:
        """What the call answers; a status of 400 and more, and a lost answer, are kept to be counted."""
        port = self.ports[next(self.turns) % len(self.ports)]
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=40)
        headers = {"Content-Type": "application/json", "Idempotency-Key": str(uuid.uuid4())}
        if user is not None:
            headers["Authorization"] = f"Bearer {jwt(user)}"
        try:
            connection.request(method, f"/api/v1{path}", None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException):
            self.statuses.append(0)
            raise
        finally:
            connection.close()
        self.statuses.append(answer.status)
        return json.loads(text) if text else None


class Repeating(threading.Thread):
    """Does something again and again, so many times or until it is told to end; keeps what it raised."""

    def __init__(self, act: Callable[[], None], *, times: int | None = None, pause: float = 0.1) -> None:
        super().__init__(daemon=True)
        self.act, self.times, self.pause = act, times, pause
        self.is_over = threading.Event()
        self.faults: list[str] = []

    def run(self) -> None:
        for done in itertools.count():
            if done == self.times or self.is_over.wait(self.pause):
                return
            try:
                self.act()
            except Exception as error:
                self.faults.append(repr(error))
                return


class Tracking(threading.Thread):
    """An order's page: its socket from where the last one ended, and what the code tells after each event."""

    def __init__(self, server: Server, site: Site, code: str) -> None:
        super().__init__(daemon=True)
        self.server, self.site, self.code, self.epoch = server, site, code, current_epoch()
        self.versions: list[int] = []
        self.answers: list[dict[str, Any]] = []
        self.closings: list[int] = []
        self.is_over = threading.Event()

    def run(self) -> None:
        while not self.is_over.is_set():
            path = f"/ws/orders/{self.code}?since={len(self.versions)}&epoch={self.epoch}"
            try:
                with self.server.connect(path) as socket:
                    while not self.is_over.is_set():
                        try:
                            self.versions.append(told(socket, 0.5)["position"])
                        except TimeoutError:
                            continue
                        if len(self.answers) < 20:
                            self.answers.append(self.site.call(None, "POST", "/track", {"code": self.code}))
            except ConnectionClosed as closed:
                self.closings.append(closed.rcvd.code if closed.rcvd else 1006)
            except (OSError, TimeoutError, http.client.HTTPException):
                time.sleep(0.2)


@contextmanager
def running(*threads: Any) -> Iterator[None]:
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for thread in threads:
            thread.is_over.set()
        for thread in threads:
            thread.join(60)


def wait_until(holds: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < until, what
        time.sleep(0.2)


def positions_left(socket: ClientConnection) -> list[int]:
    """What had been sent on a socket before it was cut."""
    found = []
    try:
        while True:
            found.append(told(socket, 2)["position"])
    except (ConnectionClosed, TimeoutError):
        return found


def last_position(cast: Cast) -> int:
    return FeedEntry.objects.filter(stream=f"vendor:{cast.vendor.pk}").latest("position").position


def knock(cast: Cast, site: Site, server: Server, order: int) -> int:
    """Strangers at every door of one order and its board: how many were refused, none with a word of it."""
    mine = f"/vendors/{cast.vendor.pk}"
    doors = [
        (user, method, path, body)
        for user in (cast.other_owner, cast.stranger, cast.other_driver)
        for method, path, body in (
            ("GET", f"{mine}/board", None),
            ("GET", f"{mine}/events?since=0", None),
            ("GET", f"/orders/{order}", None),
            ("POST", f"/orders/{order}/transitions", {"transition": "accept"}),
            ("POST", f"{mine}/seen", {"epoch": current_epoch(), "position": 1}),
        )
    ]
    quiet = Site(site.ports)
    for user, method, path, body in doors:
        answer = quiet.call(user, method, path, body)
        assert "Clara" not in json.dumps(answer), (method, path)
    assert set(quiet.statuses) <= {403, 404}, quiet.statuses
    for user in (cast.other_owner, cast.stranger, cast.other_driver):
        with (
            pytest.raises((ConnectionClosed, InvalidStatus)),
            server.connect(f"/ws/vendors/{cast.vendor.pk}", token=jwt(user)) as socket,
        ):
            told(socket, 20)
    unknown = [quiet.call(None, "POST", "/track", {"code": code}) for code in (new_token(), "short")]
    assert [{**one, "request_id": ""} for one in unknown] == [{**unknown[0], "request_id": ""}] * 2
    return len(doors) + 3 + len(unknown)


def test_all_at_once(tmp_path: Path, settings: Any, full: bool, figure: Callable[[str], None]) -> None:
    cast = make_cast()
    Vendor.objects.filter(pk=cast.vendor.pk).update(accept_minutes=10, auto_accept=False)
    each = 25 if full else 3
    noise = make_order(cast.vendor, cast.customer_row)
    played: list[int] = []

    with ExitStack() as stack:
        redis = stack.enter_context(own_redis(tmp_path, settings))
        env = {"THROTTLE_CALLER": "0", "THROTTLE_ANONYMOUS": "0", "FEED_QUEUE": "200", "FEED_SEND_BUFFER": "4096"}

        def server_in(name: str) -> Server:
            (tmp_path / name).mkdir()
            return stack.enter_context(serving(tmp_path / name, "--no-worker", REDIS_URL=redis.url, **env))

        first, second = server_in("first"), server_in("second")
        at_work = stack.enter_context(workers(tmp_path, 3))
        site = Site([first.port, second.port])

        def place() -> dict[str, Any]:
            answer: dict[str, Any] = site.call(cast.customer, "POST", "/orders", cart(cast))
            return answer

        def play() -> None:
            order = place()["orders"][0]["id"]
            for step in STEPS:
                site.call(cast.owner, "POST", f"/orders/{order}/transitions", step)
            played.append(order)

        def drive() -> None:
            here = {"lat": cast.vendor.lat, "lng": cast.vendor.lng, "accuracy": 10, "at": timezone.now().isoformat()}
            site.call(cast.driver, "POST", "/drivers/me/position", here)
            for path in ("", "/orders", "/offers"):
                site.call(cast.driver, "GET", f"/drivers/me{path}")

        minutes = itertools.cycle(range(20, 40))
        followed = place()
        order, code = followed["orders"][0]["id"], followed["purchase"]["tracking_code"]
        site.call(cast.owner, "POST", f"/orders/{order}/transitions", STEPS[0])

        def delay() -> None:
            wish = {"prepared_in": next(minutes), "reason_code": "too_busy"}
            site.call(cast.owner, "PATCH", f"/orders/{order}", wish)

        boards = [Screen(one.port, cast.vendor.pk, jwt(cast.owner)) for one in (first, second)]
        page = Tracking(first, site, code)
        players = [Repeating(play, times=each) for _ in range(3)]
        others = [Repeating(drive, pause=0.5), Repeating(delay, times=15, pause=0.7)]
        with running(*boards, page, *players, *others):
            for board in boards:
                assert board.is_drawn.wait(60)
            lapsing = [place()["orders"][0]["id"] for _ in range(2 * each)]
            set_deadlines(list(Order.objects.filter(pk__in=lapsing)), first=2, spread=4)
            redis.kill()  # promise 8
            refused = knock(cast, site, second, order)  # promises 16 and 20
            raw = stalled_socket(second.port)  # promise 10
            path = f"/ws/vendors/{cast.vendor.pk}"
            start = last_position(cast)
            with second.connect(
                f"{path}?{since(start)}", token=jwt(cast.staff), sock=raw, max_queue=1, ping_interval=None
            ) as stalled:
                write(noise, BURST)
                client_port = raw.getsockname()[1]
                wait_until(lambda: not is_established(second.port, client_port), "the stalled reader has its socket")
                heard = positions_left(stalled)
            redis.start()
            # Promise 22: one server is replaced, as behind a balancer.
            site.ports[:] = [second.port]
            time.sleep(1.5)
            boards[0].port, page.server = second.port, second
            assert first.stop() == 0
            site.ports[:] = [second.port, server_in("third").port]
            # Promise 11: what is not kept any more is told, also on the call that waits.
            FeedEntry.objects.filter(stream=f"vendor:{cast.vendor.pk}", position__lte=3).delete()
            with second.connect(f"{path}?{since(1)}", token=jwt(cast.owner)) as socket:
                assert told(socket, 30)["kind"] == "reset"
            missed = site.call(cast.owner, "GET", f"/vendors/{cast.vendor.pk}/events?{since(1)}")
            assert missed["events"][0]["kind"] == "reset"
            wait_until(lambda: len(played) == 3 * each, "not all orders were played")
            wait_until(lambda: not Order.objects.filter(pk__in=lapsing, status=0).exists(), "deadlines are not met")
            wait_until(lambda: not others[1].is_alive(), "the followed order was not delayed")
            last, version = last_position(cast), Order.objects.get(pk=order).version
            wait_until(lambda: all(board.shown >= last for board in boards), "a board has not shown the last event")
            wait_until(lambda: page.versions[-1:] == [version], "the tracking page has not heard the last event")
            with second.connect(f"{path}?{since(heard[-1])}", token=jwt(cast.staff)) as again:
                while heard[-1] < last:
                    heard.append(told(again, 20)["position"])
            fresh = Screen(second.port, cast.vendor.pk, jwt(cast.owner))
            fresh.read_whole()
        assert [process.poll() for process in at_work] == [None] * 3

    watched: list[Screen | Repeating] = [*boards, *players, *others]
    assert [one.faults for one in watched] == [[]] * 7
    assert set(site.statuses) <= {200, 201, 202, 204}, sorted(set(site.statuses))
    # 7: each position once and in order, for boards, page and the reader that was cut; and the boards are equal.
    for board in boards:
        assert board.told == list(range(board.drawn_from + 1, last + 1))
        drawn, wanted = board.tickets, fresh.tickets
        assert {pk: (one["version"], one["column"]) for pk, one in drawn.items()} == {
            pk: (one["version"], one["column"]) for pk, one in wanted.items()
        }
    assert heard == list(range(start + 1, last + 1))
    assert page.versions == list(range(1, version + 1))
    assert (boards[0].closings[-1], page.closings[-1]) == (1012, 1012)
    # 15: each deadline once; 24: nothing is left that no board has shown.
    changes = OrderEvent.objects.filter(order__in=lapsing, transition="reject", role="system")
    assert sorted(changes.values_list("order", flat=True)) == sorted(lapsing)
    assert set(Order.objects.filter(pk__in=lapsing).values_list("status", "version")) == {(5, 2)}
    assert set(Order.objects.filter(pk__in=played).values_list("status", flat=True)) == {15}
    assert not unseen_entries().exists()
    # 20: a first name, and no more.
    assert {answer["customer"] for answer in page.answers} == {"Clara"}
    assert [word for word in SECRETS if word in json.dumps(page.answers)] == []
    logs = "".join(path.read_text() for path in tmp_path.rglob("*.log"))
    assert "a timer failed" not in logs
    figure(
        f"{len(played)} orders played, {len(lapsing)} lapsed by three workers, {last} events to two boards, a tracking "
        f"page and a reader cut once: 0 lost, 0 doubled; {len(site.statuses)} calls, 0 failed, while Redis died and a "
        f"server was replaced; {refused} strangers refused"
    )
