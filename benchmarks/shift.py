"""A shift: thousands of orders are played while a board and a tracking page stay open; memory must stay where it was.

    python -m benchmarks.shift --orders 10000 --minutes 10    # needs DATABASE_URL (PostgreSQL) and REDIS_URL

It makes its own database. Orders are placed and moved through two granian processes; the pages, the sockets and the
worker are in a third. Each order is collected: placed by its customer, accepted, made and handed over by its vendor.
One more stays open, is told to be later once a second, and is what the tracking page follows. The load pauses once the
board's last column is full and after each quarter, and memory is read while no other order is open.
"""

import argparse
import functools
import itertools
import json
import os
import queue
import statistics
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import django
from playwright.sync_api import expect

from benchmarks.load import Connection
from benchmarks.own_site import own_site
from benchmarks.servers import OURS, family, memory_mb, pair

if TYPE_CHECKING:
    from benchmarks.pages import OpenPage
    from ordersite.accounts.models import User
    from tests.cast import Cast

FILLS = 110  # orders after which the column of what was handed over is full
THREADS = 8  # calls at once
TRIES = 6  # of a call to a site that is busy
RESTS = 1.0  # seconds that an order stands in each status at least
MOST_OPEN = 60  # with so many open no more are placed, where the site is slower than the rate
ENDS_IN = 120.0  # seconds that the pages have to show all of it
# What becomes of an order, one after another.
STEPS: tuple[dict[str, Any], ...] = (
    {"transition": "accept", "prepared_in": 20},
    {"transition": "mark_ready"},
    {"transition": "collect"},
)


def access_token_of(user: "User") -> str:
    from rest_framework_simplejwt.tokens import AccessToken  # noqa: PLC0415  needs the settings

    token = AccessToken.for_user(user)
    token.set_exp(lifetime=timedelta(days=1))
    return str(token)


@dataclass
class Played:
    """What a leg of the shift gave: how many orders, in how many seconds, and the seconds that each call took."""

    orders: int = 0
    took: float = 0.0
    latencies: list[float] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


@dataclass
class Crew:
    """Who plays: the vendor's owner and a customer, by calls to these ports."""

    cast: "Cast"
    ports: Sequence[int]
    local: threading.local = field(default_factory=threading.local)
    turns: "itertools.cycle[int]" = field(init=False)

    def __post_init__(self) -> None:
        self.turns = itertools.cycle(self.ports)
        self.tokens = {user.pk: access_token_of(user) for user in (self.cast.customer, self.cast.owner)}

    def call(self, user: "User", method: str, path: str, body: Any) -> Any:
        """What the call answers, asked again where the site is busy; raises RuntimeError for a refusal."""
        if not hasattr(self.local, "connection"):
            self.local.connection = Connection(next(self.turns))
        sent = json.dumps(body).encode()
        head = (
            f"{method} /api/v1{path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {self.tokens[user.pk]}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(sent)}\r\nIdempotency-Key: {uuid.uuid4()}\r\n\r\n"
        )
        for attempt in range(TRIES):
            status, answer = self.local.connection.send(head.encode() + sent)
            if status != 503:
                break
            time.sleep(0.2 * 2**attempt)
        if status >= 400:
            raise RuntimeError(f"{method} {path} answered {status}: {answer[:300]!r}")
        return json.loads(answer)

    def place(self) -> dict[str, Any]:
        """The order as it is answered, with its purchase's tracking code."""
        size = {"option": self.cast.options["Regular"].pk}
        burger = {"product": self.cast.products["burger"].pk, "quantity": 2, "options": [size]}
        cart = {"vendor": self.cast.vendor.pk, "delivery_type": "pickup", "payment_method": "cash", "items": [burger]}
        placed: dict[str, Any] = self.call(self.cast.customer, "POST", "/orders", cart)
        return placed

    def move(self, order: int, step: dict[str, Any]) -> None:
        self.call(self.cast.owner, "POST", f"/orders/{order}/transitions", step)

    def delay(self, order: int, minutes: int) -> None:
        self.call(self.cast.owner, "PATCH", f"/orders/{order}", {"prepared_in": minutes, "reason_code": "too_busy"})

    def play(self, orders: int, *, per_second: float, followed: int) -> Played:
        """Plays so many orders to their end, as quickly as they are answered where the rate is too high for that."""
        played, lock = Played(orders), threading.Lock()
        began = time.monotonic()
        due: queue.PriorityQueue[tuple[float, int, int, int]] = queue.PriorityQueue()  # when, which, step, its id
        for number in range(orders):
            due.put((began + number / per_second, number, 0, 0))
        left, opened = orders, 0

        def work() -> None:
            nonlocal left, opened
            while True:
                at, number, step, order = due.get()
                if step < 0:
                    return
                now = time.monotonic()
                if at > now:
                    time.sleep(min(at - now, 0.1))
                    due.put((at, number, step, order))
                    continue
                with lock:
                    is_full = step == 0 and opened >= MOST_OPEN
                    opened += step == 0 and not is_full
                if is_full:
                    due.put((now + RESTS, number, step, order))
                    continue
                asked = time.monotonic()
                is_over = step == len(STEPS)
                try:
                    if step:
                        self.move(order, STEPS[step - 1])
                    else:
                        order = self.place()["orders"][0]["id"]
                except (RuntimeError, OSError) as error:
                    played.refused.append(str(error))
                    is_over = True
                answered = time.monotonic()
                with lock:
                    played.latencies.append(answered - asked)
                    left -= is_over
                    opened -= is_over
                    if not left:
                        for _ in range(THREADS):
                            due.put((0, 0, -1, 0))
                if not is_over:
                    due.put((answered + RESTS, number, step + 1, order))

        def delay() -> None:
            """The followed order is told to be ready later, or sooner again, once a second."""
            for minutes in range(1_000_000):
                if ended.wait(1):
                    return
                try:
                    self.delay(followed, 30 + minutes % 30)
                except (RuntimeError, OSError) as error:
                    played.refused.append(str(error))

        ended = threading.Event()
        threads = [threading.Thread(target=work, daemon=True) for _ in range(THREADS)]
        delaying = threading.Thread(target=delay, daemon=True)
        for thread in (*threads, delaying):
            thread.start()
        for thread in threads:
            thread.join()
        played.took = time.monotonic() - began
        ended.set()
        delaying.join()
        return played


Reading = dict[str, dict[str, float]]  # what each page and each process holds


@dataclass
class Shift:
    """The pages and processes that are watched, and what they held at each pause."""

    crew: Crew
    pages: dict[str, "OpenPage"]
    pids: dict[str, int]
    followed: int
    readings: list[Reading] = field(default_factory=list)
    legs: list[Played] = field(default_factory=list)

    def run(self, orders: int, per_second: float) -> None:
        """In legs, with a pause after each: until the last column is full, then until each quarter's end."""
        ends = sorted(
            {min(orders, FILLS), *(end for quarter in (1, 2, 3, 4) if (end := orders * quarter // 4) > FILLS)}
        )
        for begin, end in itertools.pairwise([0, *ends]):
            count = end - begin
            self.watch(functools.partial(self.crew.play, count, per_second=per_second, followed=self.followed))
            if refused := self.legs[-1].refused:
                raise RuntimeError(f"{len(refused)} calls were refused, the first: {refused[0]}")
            self.wait_for_pages()
            self.readings.append(self.read())

    def watch(self, play: Callable[[], Played]) -> None:
        """Plays in a thread, while this one lets the browser tell what goes wrong."""
        thread = threading.Thread(target=lambda: self.legs.append(play()), daemon=True)
        thread.start()
        while thread.is_alive():
            for opened in self.pages.values():
                opened.page.wait_for_timeout(200)
        thread.join()

    def wait_for_pages(self) -> None:
        """Until the board shows no open order but the one that stays, and what came last."""
        from orders.models import Order  # noqa: PLC0415  needs the apps

        last = Order.objects.exclude(pk=self.followed).latest("pk").pk
        board = self.pages["board"].page
        board.locator(f"[data-column='handed_over'] [data-order='{last}']").wait_for(timeout=1000 * ENDS_IN)
        others = board.locator(".card:not([data-column=handed_over])")
        expect(others).to_have_count(1, timeout=1000 * ENDS_IN)
        board.wait_for_timeout(2000)  # what has been asked for is answered, what was drawn is let go

    def read(self) -> Reading:
        found = {name: opened.memory() for name, opened in self.pages.items()}
        found["board"]["cards"] = self.pages["board"].page.locator(".card").count()
        for name, pid in self.pids.items():
            memory = memory_mb([pid])
            found[name] = {
                "RSS, MB": memory["rss"],
                "anonymous, MB": memory["anonymous"],
                "threads": len(os.listdir(f"/proc/{pid}/task")),
                "open files": len(os.listdir(f"/proc/{pid}/fd")),
            }
        return found


@contextmanager
def shift_of(cast: "Cast", page_port: int, ports: Sequence[int], pids: dict[str, int]) -> Iterator[Shift]:
    """A board and a tracking page, open."""
    from benchmarks.pages import chromium, open_page  # noqa: PLC0415  needs the apps

    crew = Crew(cast, ports)
    placed = crew.place()
    followed, code = placed["orders"][0]["id"], placed["purchase"]["tracking_code"]
    crew.move(followed, STEPS[0])
    url = f"http://127.0.0.1:{page_port}"
    with chromium() as browser:
        pages = {
            "board": open_page(browser, url, f"/board/{cast.vendor.pk}", cast.owner),
            "tracking page": open_page(browser, url, f"/t/{code}"),
        }
        pages["board"].page.get_by_role("button", name="Start shift").click()
        yield Shift(crew, pages, pids, followed)


def tell(shift: Shift) -> None:
    """Prints the table, the rates and what went wrong."""
    played = itertools.accumulate(leg.orders for leg in shift.legs)
    print("| orders played | |", " | ".join(f"{orders:,}" for orders in played), "|")
    print("| --- | --- |" + " ---: |" * len(shift.legs))
    first = shift.readings[0]
    for who, values in first.items():
        for what in values:
            told = [reading[who][what] for reading in shift.readings]
            digits = 1 if "MB" in what else 0
            print(f"| {who} | {what} |", " | ".join(f"{one:,.{digits}f}" for one in told), "|")
    for leg in shift.legs:
        ordered = sorted(leg.latencies)
        print(
            f"{leg.orders:,} orders in {leg.took:.0f} s, {leg.orders / leg.took:.1f} a second; "
            f"{len(ordered):,} calls, p50 {1000 * statistics.median(ordered):.0f} ms, "
            f"p99 {1000 * ordered[int(len(ordered) * 0.99) - 1]:.0f} ms"
        )
    for name, opened in shift.pages.items():
        print(f"{name}: {len(opened.faults)} faults {opened.faults[:3]}")


def count_left(shift: Shift) -> dict[str, int]:
    """Orders that are still open, besides the one that stays; those that no screen has shown, now and in time."""
    from orders.lifecycle.table import OPEN  # noqa: PLC0415  needs the apps
    from orders.models import Order, OrderEvent  # noqa: PLC0415
    from orders.services.record.unseen_entries import unseen_entries  # noqa: PLC0415

    return {
        "open": Order.objects.filter(status__in=OPEN).exclude(pk=shift.followed).count(),
        "not shown": unseen_entries().count(),
        "told not to be shown": OrderEvent.objects.filter(reason="Not shown on any device").count(),
    }


def run_on_postgres(directory: Path, redis_url: str, options: argparse.Namespace) -> None:
    django.setup()
    from django.core.management import call_command  # noqa: PLC0415  needs the apps

    from tests.cast import make_cast  # noqa: PLC0415
    from tests.tracking.live import environment, serving  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    cast = make_cast()
    env = environment(directory, REDIS_URL=redis_url)
    with serving(directory, REDIS_URL=redis_url) as server, pair(OURS, **env) as http:
        workers = [family(pid)[-1] for pid in http.pids if pid != family(pid)[-1]]
        pids = {"sockets and worker": server.process.pid} | {f"HTTP {n}": pid for n, pid in enumerate(workers, 1)}
        with shift_of(cast, server.port, http.ports, pids) as shift:
            shift.run(options.orders, options.orders / (60 * options.minutes))
            tell(shift)
            print(", ".join(f"{count} {what}" for what, count in count_left(shift).items()))
        print(server.log()[-2000:])


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.shift", description=__doc__)
    parser.add_argument("--orders", type=int, default=10_000)
    parser.add_argument("--minutes", type=float, default=10.0)
    options = parser.parse_args()
    os.environ |= {"THROTTLE_CALLER": "0", "THROTTLE_ANONYMOUS": "0", "LOG_LEVEL": "WARNING"}
    with own_site("shift") as directory:
        run_on_postgres(directory, os.environ["REDIS_URL"], options)


if __name__ == "__main__":
    main()
