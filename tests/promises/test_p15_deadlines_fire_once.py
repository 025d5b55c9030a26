"""Promise 15: three workers, one is killed (-9): each deadline of any kind is met once, within 5 s, with its money."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from orders.lifecycle.table import Fulfilment
from orders.models import DriverOffer, Order, OrderEvent, Refund
from orders.services.moving import timers
from orders.services.record import access
from tests.cast import Cast
from tests.orders.rows import make_order
from tests.orders.shopping import balance_of, cart, fill_wallet, place_order
from tests.promises.crowd import together
from tests.tracking.live import ROOT, environment
from vendors.models import Vendor

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("proven_ledger"),
]
Api = Callable[..., APIClient]
PRICE, FILLED = 250, 1_000_000
WITHIN = timedelta(seconds=5)
MINUTES = 10
# Every deadline of a vendor's own is so many minutes.
SETTINGS = ("accept", "search", "company", "driver_left", "decide", "retry", "collect", "served", "waiting")
# Orders that a timer changes, paid in cash: status, what stands, what else; then by which change to which status.
CARRIED = {"driver": "driver_row"}
OFFERED = {"offers_at": timezone.now()}
STOPPED = {"standing_changes": "stop_search@vendor"}
KINDS: tuple[tuple[int, Fulfilment, str, dict[str, Any], str, int], ...] = (
    (22, Fulfilment.DELIVERY, "accepted search_started", {}, "cancel_by_staff", 2),
    (25, Fulfilment.DELIVERY, "accepted company_accepted", {"company": "company"}, "look_for_driver", 22),
    (4, Fulfilment.DELIVERY, "accepted prepared company_accepted", {"company": "company"}, "look_for_driver", 22),
    (6, Fulfilment.DELIVERY, "accepted", {}, "look_for_driver", 22),
    (10, Fulfilment.DELIVERY, "accepted prepared", CARRIED, "look_for_driver", 22),
    (6, Fulfilment.DELIVERY, "accepted", STOPPED, "cancel_by_staff", 2),
    (10, Fulfilment.DELIVERY, "accepted prepared", STOPPED, "cancel_by_staff", 2),
    (12, Fulfilment.DELIVERY, "accepted prepared picked_up", {}, "cancel_by_staff", 2),
    (4, Fulfilment.PICKUP, "accepted prepared", {}, "mark_not_collected", 17),
    (4, Fulfilment.EAT_IN, "accepted prepared", {}, "complete", 1),
    (
        3,
        Fulfilment.DELIVERY,
        "accepted driver_accepted driver_at_business",
        {"driver": "driver_row"},
        "driver_wait",
        24,
    ),
    # Of a vendor that has one driver asked at a time: an event, and one offer.
    (22, Fulfilment.DELIVERY, "accepted search_started", {"vendor": "other_vendor", **OFFERED}, "", 22),
)


@pytest.fixture
def waiting(cast: Cast, api: Api) -> Callable[..., list[Order]]:
    """Orders paid by wallet that nobody answers."""

    def make(count: int) -> list[Order]:
        minutes = {f"{name}_minutes": MINUTES for name in SETTINGS}
        Vendor.objects.filter(pk=cast.vendor.pk).update(auto_accept=False, unseen_seconds=None, **minutes)
        fill_wallet(cast.customer_row, FILLED)
        # Nobody answers, and no offer lapses meanwhile.
        Vendor.objects.filter(pk=cast.other_vendor.pk).update(dispatch="nearest", driver_answer_seconds=120)
        cast.other_vendor.refresh_from_db()
        client = api(cast.customer)
        body = cart(cast, "pizza", payment_method="wallet")
        return [place_order(client, body) for _ in range(count)]

    return make


@pytest.fixture
def of_every_kind(cast: Cast, waiting: Any) -> Callable[[int], list[Order]]:
    """Orders that nobody answers, and as many of each other kind."""

    def make(each: int) -> list[Order]:
        orders = list(waiting(each))
        for status, fulfilment, stood, fields, *_ in KINDS:
            named = {name: getattr(cast, str(value), value) for name, value in fields.items()}
            orders += [make_order(cast, status, fulfilment, stood=stood, **named) for _ in range(each)]
        # One after the other, whatever their kind.
        return [order for first in range(each) for order in orders[first::each]]

    return make


def set_deadlines(orders: list[Order], *, first: float, spread: float = 0) -> None:
    """Has their deadlines lie `first` seconds ahead, spread over so many; by one statement, so that none is late."""
    begins, columns = timezone.now() + timedelta(seconds=first), {"due_at", "status_changed_at", "visible_at"}
    for number, order in enumerate(orders):
        order.due_at = begins + timedelta(seconds=spread * number / len(orders))
        seen = order.due_at - timedelta(minutes=MINUTES)
        moments = {**order.milestones, "driver_left": order.driver_left_at}
        stood = {f"{name}_at": seen for name, moment in moments.items() if moment}
        if order.offers_at:
            stood["offers_at"] = order.due_at
        stood |= {"status_changed_at": seen, "visible_at": seen}
        columns |= stood.keys()
        for name, moment in stood.items():
            setattr(order, name, moment)
    Order.objects.bulk_update(orders, sorted(columns))


@contextmanager
def workers(directory: Path, count: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    """`manage.py worker`, so many times."""
    running = []
    try:
        for number in range(count):
            with (directory / f"worker-{number}.log").open("wb") as log:
                command = [sys.executable, "manage.py", "worker"]
                env = environment(directory, REDIS_URL="")
                running.append(subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=log))
        yield running
    finally:
        for process in running:
            process.kill()
            process.wait(10)


def met(orders: list[Order]) -> dict[int, list[datetime]]:
    """When each order was changed by its deadline, as often as its history tells."""
    found: dict[int, list[datetime]] = {order.pk: [] for order in orders}
    for row in OrderEvent.objects.filter(number__gt=1, role="system").values_list("order", "created_at"):
        found[row[0]].append(row[1])
    return found


def wait_until_up(marker: list[Order]) -> None:
    """Until a worker has met a deadline, and the others, begun with it, have had some seconds more."""
    set_deadlines(marker, first=-1)
    until = time.monotonic() + 60
    while Order.objects.filter(pk=marker[0].pk, status=0).exists():
        assert time.monotonic() < until, "no worker has begun"
        time.sleep(0.1)
    time.sleep(3)


def check_once(cast: Cast, orders: list[Order], *, but: int = 0) -> timedelta:
    """Each changed once as its kind is, with one refund of all that was paid; how late the latest was, but for those.

    The first ones, `but` of them, were due before anybody looked.
    """
    told = met(orders)
    assert {len(times) for times in told.values()} == {1}
    wanted = {(*row[:2], bool(row[3].get("standing_changes")), bool(row[3].get("offers_at"))): row[4:] for row in KINDS}
    wanted[0, Fulfilment.PICKUP, False, False] = ("reject", 5)
    for order in orders:
        kind = order.status, Fulfilment(order.fulfilment), bool(order.standing_changes), bool(order.offers_at)
        last = order.events.latest("number")
        now = Order.objects.values_list("status", "version").get(pk=order.pk)
        assert ((last.transition, now[0]), now[1], last.number) == (wanted[kind], 2, 2), kind
    offered = DriverOffer.objects.order_by("order").values_list("order", "round", "outcome")
    assert list(offered) == [
        (order.pk, 1, "open") for order in sorted(orders, key=lambda one: one.pk) if order.offers_at
    ]
    paid = [order.pk for order in orders if order.payment_method == "wallet"]
    assert set(Order.objects.filter(pk__in=paid).values_list("payment_status", flat=True)) == {"refunded"}
    assert sorted(Refund.objects.values_list("order", flat=True)) == sorted(paid)
    assert balance_of(cast.customer_row) == FILLED
    return max(told[order.pk][0] - order.due_at for order in orders[but:] if order.due_at)


@pytest.mark.timed
def test_three_workers_and_a_kill(
    cast: Cast, of_every_kind: Any, tmp_path: Path, figure: Callable[[str], None], full: bool
) -> None:
    orders = of_every_kind(27 if full else 5)
    count = len(orders)
    with workers(tmp_path, 3) as running:
        wait_until_up(orders[:1])
        set_deadlines(orders[1:], first=2, spread=6)
        # Killed within its work: when a third has been done.
        until = time.monotonic() + 60
        while sum(map(len, met(orders).values())) < count // 3 and time.monotonic() < until:
            time.sleep(0.02)
        running[0].kill()
        while sum(map(len, met(orders).values())) < count and time.monotonic() < until:
            time.sleep(0.1)
        assert [process.poll() for process in running[1:]] == [None, None]
    late = check_once(cast, orders, but=1)
    logs = "".join((tmp_path / f"worker-{number}.log").read_text() for number in range(3))
    assert "a timer failed" not in logs
    assert late < WITHIN, late
    figure(f"{count} deadlines, 3 workers, 1 killed: each once, {late.total_seconds():.1f} s late at most")


def run_at_once(orders: list[Order]) -> None:
    """Three workers that all have the same orders before them."""
    now = timezone.now()

    def work() -> None:
        for order in orders:
            timers.run_timer(order.pk, now)

    together([work] * 3)


def test_the_same_order_before_three_workers(cast: Cast, of_every_kind: Any, caplog: pytest.LogCaptureFixture) -> None:
    orders = of_every_kind(3)
    set_deadlines(orders, first=-60)
    run_at_once(orders)
    check_once(cast, orders)
    assert "a timer failed" not in caplog.text


def test_a_vendor_is_reminded_once_by_three_workers(cast: Cast, waiting: Any, caplog: pytest.LogCaptureFixture) -> None:
    orders = waiting(5)
    Vendor.objects.filter(pk=cast.vendor.pk).update(remind_minutes=MINUTES)
    set_deadlines(orders, first=-60)
    Order.objects.update(visible_at=timezone.now() - timedelta(minutes=1))
    run_at_once(orders)
    told = [list(order.events.order_by("number").values_list("transition", "visible_to"))[1:] for order in orders]
    assert told == [[("remind", "business")]] * 5
    assert set(Order.objects.values_list("status", "version")) == {(0, 2)}
    assert "a timer failed" not in caplog.text


def test_control_without_locks_they_meet(
    cast: Cast, waiting: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What keeps them apart is the lock: without it two make the same change, and the history refuses one of them."""
    orders, locked = waiting(30), access.get_order
    set_deadlines(orders, first=-60)

    def unlocked(**fields: Any) -> Order:
        return locked(**{**fields, "lock": False})

    def due(order_id: int, now: datetime) -> Order | None:
        return Order.objects.select_related("vendor", "terms").filter(pk=order_id, due_at__lte=now).first()

    monkeypatch.setattr(timers, "lock_due", due)
    monkeypatch.setattr("orders.services.record.order_update.get_order", unlocked)
    run_at_once(orders)
    assert "a timer failed" in caplog.text
