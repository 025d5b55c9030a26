"""Promise 26: fifty drivers, twenty orders at once, in each way to ask: no order is held by two, none asked twice."""

import subprocess
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from orders.lifecycle.table import Status
from orders.models import DriverOffer, DriverPosition, Order, OrderEvent
from orders.services.moving import timers
from orders.services.record import order_update
from tests.cast import Cast, make_driver
from tests.controls.unlocked_money import get_without_a_lock
from tests.controls.unlocked_timers import due_without_a_lock
from tests.orders.rows import make_order
from tests.orders.shopping import ORDERS
from tests.promises.crowd import together
from tests.promises.test_p15_deadlines_fire_once import workers
from vendors.models import Driver, Vendor

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
Api = Callable[..., APIClient]
OFFERS = "/api/v1/drivers/me/offers"
DRIVERS, COUNT, AT_ONCE = 50, 20, 8
WAYS = {"all": DRIVERS, "nearest": 1, "rounds": 3}
# What each driver does with an offer, by its number: one of five takes it, one says nothing.
DECLINES, SILENT, TAKES = "declines", "silent", "takes"
HABITS = (DECLINES, TAKES, DECLINES, SILENT, DECLINES)
PATIENCE = 240  # seconds for all orders to be taken
SECONDS = 10  # to answer
LIMIT = 4  # orders that a driver may hold


def habit(number: int) -> str:
    return HABITS[number % len(HABITS)]


@pytest.fixture
def fleet(cast: Cast) -> list[Driver]:
    """Fifty drivers of the site, each with a fresh position, on a line to the north of the vendor."""
    Driver.objects.update(on_duty=False)
    drivers = [make_driver(f"Fleet {number}")[1] for number in range(DRIVERS)]
    now = timezone.now()
    DriverPosition.objects.bulk_create(
        DriverPosition(driver=driver, lat=50.85 + number / 1_000, lng=4.35, accuracy=5, at=now, received_at=now)
        for number, driver in enumerate(drivers)
    )
    return drivers


def search(cast: Cast, way: str, count: int = COUNT, **fields: Any) -> list[Order]:
    """Orders in search at a vendor with this way to ask."""
    settings = {"driver_answer_seconds": SECONDS, "driver_orders": LIMIT, **fields}
    Vendor.objects.filter(pk=cast.vendor.pk).update(dispatch=way, **settings)
    vendor = Vendor.objects.get(pk=cast.vendor.pk)
    now = None if way == "all" else timezone.now()
    stands: dict[str, Any] = {"stood": "accepted search_started", "vendor": vendor, "offers_at": now, "due_at": now}
    return [make_order(cast, Status.LOOKING_FOR_DRIVER, **stands) for _ in range(count)]


def answer_offers(client: APIClient, does: str, taken: list[tuple[int, int]], who: int) -> None:
    """A driver reads what it is offered, and does with it what it always does."""
    if does == SILENT:
        return
    for row in client.get(OFFERS).json()["results"]:
        if does == DECLINES:
            answer = client.post(f"{OFFERS}/{row['id']}/decline")
            assert answer.status_code in (204, 404, 409), answer.content
            continue
        answer = client.post(f"{ORDERS}/{row['id']}/transitions", {"transition": "accept_by_driver"})
        assert answer.status_code in (200, 404, 409), answer.content
        if answer.status_code == 200:
            taken.append((row["id"], who))


def take_for_company(client: APIClient, orders: Sequence[Order], taken: list[tuple[int, int]]) -> None:
    """A dispatcher takes one of the orders that its company is asked for."""
    if any(who == 0 for _, who in taken):
        return
    for order in orders:
        answer = client.post(f"{ORDERS}/{order.pk}/transitions", {"transition": "accept_by_company"})
        assert answer.status_code in (200, 404, 409), answer.content
        if answer.status_code == 200:
            taken.append((order.pk, 0))
            return


def play(cast: Cast, api: Api, fleet: list[Driver], orders: list[Order], places: int) -> list[tuple[int, int]]:
    """Everybody acts at once, beside three workers, until each order is taken; (order, driver or 0) as answered."""
    clients = [api(driver.user) for driver in fleet]
    dispatcher, taken = api(cast.dispatcher), list[tuple[int, int]]()

    def driver_acts(number: int) -> Callable[[], Any]:
        return lambda: answer_offers(clients[number], habit(number), taken, fleet[number].pk)

    numbers = {driver.pk: number for number, driver in enumerate(fleet)}
    until, turn = time.monotonic() + PATIENCE, 0
    while len(taken) < len(orders):
        assert time.monotonic() < until, f"{len(taken)} of {len(orders)} orders were taken"
        asked = DriverOffer.objects.filter(outcome="open").values_list("order", "driver")
        assert max(Counter(order for order, _ in asked).values(), default=0) <= places
        # Whoever is asked looks; of the others five in turn, in vain, where only some are asked.
        looking = {numbers[driver] for _, driver in asked if driver} | {(turn + more) % DRIVERS for more in range(5)}
        calls = [driver_acts(number) for number in (range(DRIVERS) if places == DRIVERS else sorted(looking))]
        calls.insert(0, lambda: take_for_company(dispatcher, orders, taken))
        together([*calls[:3], timers.run_due, timers.run_due, timers.run_due, *calls[3:]], at_once=AT_ONCE)
        turn += 5
    return taken


def check(orders: list[Order], taken: list[tuple[int, int]]) -> None:
    """One holder each, as the answers said; nobody asked twice in a round, or again after declining."""
    assert Counter(order for order, _ in taken) == Counter(order.pk for order in orders)
    for order_id, who in taken:
        stands = Order.objects.get(pk=order_id)
        held = (stands.driver_id, stands.company_id) if who else (stands.driver_id, stands.company_id is not None)
        assert held == ((who, None) if who else (None, True))
        changes = OrderEvent.objects.filter(order=order_id, kind="status").values_list("transition", flat=True)
        assert list(changes) == ["accept_by_driver" if who else "accept_by_company"]
        offers = list(DriverOffer.objects.filter(order=order_id).order_by("pk"))
        assert max(Counter((one.round, one.party) for one in offers).values(), default=1) == 1
        assert max(Counter(one.party for one in offers).values(), default=1) == 1, "who did not take it is skipped"
        assert [one for one in offers if one.outcome == "open"] == []
    assert max(Counter(who for _, who in taken if who).values()) <= LIMIT


@pytest.mark.parametrize("way", WAYS)
def test_no_order_is_held_by_two(
    cast: Cast, api: Api, fleet: list[Driver], way: str, figure: Callable[[str], None]
) -> None:
    # The company's driver is nearer than any other: it is asked first of all.
    now = timezone.now()
    Driver.objects.filter(pk=cast.company_driver_row.pk).update(on_duty=True)
    DriverPosition.objects.create(
        driver=cast.company_driver_row, lat=50.85, lng=4.35, accuracy=5, at=now, received_at=now
    )
    orders = search(cast, way)
    taken = play(cast, api, fleet, orders, WAYS[way])
    check(orders, taken)
    assert sum(who == 0 for _, who in taken) == 1, "the company was asked, and took one"
    outcomes = Counter(DriverOffer.objects.values_list("outcome", flat=True))
    assert outcomes["declined"] > 0
    if way != "all":
        company = DriverOffer.objects.filter(company=cast.company)
        assert company.count() >= len(orders) - 1
        assert outcomes["accepted"] == len(orders)
        assert outcomes["lapsed"] > 0
    # Who comes on duty sees what is open.
    Driver.objects.update(on_duty=False)
    cast.vendor.companies.clear()
    (late,) = search(cast, way, 1)
    timers.run_due()
    client = api(cast.other_driver)
    assert client.get(OFFERS).json()["results"] == []
    assert client.patch("/api/v1/drivers/me", {"on_duty": True}).status_code == 200
    timers.run_due()
    assert [row["id"] for row in client.get(OFFERS).json()["results"]] == [late.pk]
    told = ", ".join(f"{count} {name}" for name, count in sorted(outcomes.items()))
    figure(f"{DRIVERS} drivers, {COUNT} orders, {way}: each held by one; offers: {told}")


def test_three_workers_and_a_kill(
    cast: Cast, fleet: list[Driver], tmp_path: Path, figure: Callable[[str], None], full: bool
) -> None:
    """Offers lapse and others are asked by workers of which one is killed within its work."""
    orders = search(cast, "nearest", 60 if full else 20, driver_answer_seconds=1, driver_orders=None)
    wanted = len(orders) * 3
    until = time.monotonic() + PATIENCE

    def wait_for(count: int) -> None:
        while DriverOffer.objects.count() < count:
            assert time.monotonic() < until, f"{DriverOffer.objects.count()} of {count} offers were made"
            time.sleep(0.02)

    with workers(tmp_path, 3) as running:
        wait_for(wanted // 3)
        running[0].kill()
        wait_for(wanted)
        assert [process.poll() for process in running[1:]] == [None, None]
        for process in running[1:]:
            stop(process)
    logs = "".join((tmp_path / f"worker-{number}.log").read_text() for number in range(3))
    assert "a timer failed" not in logs
    check_steps(orders)
    figure(f"{DriverOffer.objects.count()} offers of {len(orders)} orders, 3 workers, 1 killed: nobody asked twice")


def stop(process: subprocess.Popen[bytes]) -> None:
    """Ends a worker as the system would, after its present round."""
    process.terminate()
    process.wait(30)


def check_steps(orders: list[Order]) -> None:
    """One offer at a time, each of them told by one event, nobody twice."""
    for order in orders:
        offers = list(DriverOffer.objects.filter(order=order).order_by("pk"))
        assert len({one.party for one in offers}) == len(offers)
        assert [one.outcome for one in offers[:-1]] == ["lapsed"] * (len(offers) - 1)
        for one, following in zip(offers, offers[1:], strict=False):
            assert one.answered_at == following.offered_at
        stands = Order.objects.get(pk=order.pk)
        assert stands.version == 1 + len(offers)


def ask_at_once(order: Order) -> None:
    """Three workers that all have the same order before them."""
    now = timezone.now()
    together([lambda: timers.run_timer(order.pk, now)] * 3, at_once=3)


def test_the_same_order_before_three_workers(cast: Cast, fleet: list[Driver]) -> None:
    for order in search(cast, "nearest", 5):
        ask_at_once(order)
        assert DriverOffer.objects.filter(order=order).count() == 1
        check_steps([order])


def test_control_without_locks_two_workers_ask(
    cast: Cast, fleet: list[Driver], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What keeps them apart is the lock: without it each asks, and what is unique refuses one of them."""
    monkeypatch.setattr(timers, "lock_due", due_without_a_lock)
    (order,) = search(cast, "nearest", 1)
    ask_at_once(order)
    assert "a timer failed" in caplog.text


def test_control_without_locks_two_drivers_accept(
    cast: Cast, api: Api, fleet: list[Driver], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order_update, "get_order", get_without_a_lock)
    (order,) = search(cast, "all", 1)
    taken: list[tuple[int, int]] = []
    clients = [api(driver.user) for driver in fleet[:2]]
    for client in clients:
        client.raise_request_exception = False

    def accept(client: APIClient, who: int) -> Any:
        answer = client.post(f"{ORDERS}/{order.pk}/transitions", {"transition": "accept_by_driver"})
        if answer.status_code == 200:
            taken.append((order.pk, who))
        return answer.status_code

    statuses = together([lambda: accept(clients[0], fleet[0].pk), lambda: accept(clients[1], fleet[1].pk)], at_once=2)
    assert 500 in statuses, "what is unique refuses one of them"
