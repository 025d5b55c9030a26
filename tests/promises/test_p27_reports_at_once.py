"""Promise 27, reports at once: one driver's device sends the same report many times at the same moment, over two orders
that the kitchen moves meanwhile: each status is set once, and the position is the newest."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from orders.lifecycle.positions import believe
from orders.lifecycle.table import Status
from orders.models import DriverPosition, Order
from tests.cast import Cast
from tests.controls.meeting import meet
from tests.orders.positions.test_reports import REPORT, report
from tests.orders.rows import make_order
from tests.promises.crowd import together
from vendors.models import Driver

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
Api = Callable[..., APIClient]
ROUNDS, AT_ONCE = 10, 8


def play(cast: Cast, api: Api) -> list[int]:
    """The statuses of all answers of ROUNDS rounds; of each order every change of its fences."""
    answers = []
    for _ in range(ROUNDS):
        # One whose kitchen says ready at the same time, and one that nobody else moves.
        orders = [
            make_order(cast, Status.ACCEPTED_BY_DRIVER, driver=cast.driver_row, stood="accepted driver_accepted")
            for _ in range(2)
        ]
        DriverPosition.objects.all().delete()
        at = timezone.now()
        near, there = report(at, north=400), report(at + timedelta(seconds=20), north=20)
        reports = [lambda body=body: api(cast.driver).post(REPORT, body, format="json") for body in [near, there] * 6]
        path = f"/api/v1/orders/{orders[0].pk}/transitions"
        ready = [lambda path=path: api(cast.owner).post(path, {"to": 4}, format="json")] * 4
        found = together([*reports[:4], *ready[:2], *reports[4:], *ready[2:]], at_once=AT_ONCE)
        answers += [answer.status_code for answer in found]
        for order in orders:
            made = list(order.events.filter(role="geofence").order_by("number").values_list("transition", flat=True))
            assert made in (["driver_arrive"], ["driver_nearing_business", "driver_arrive"]), made
            row = Order.objects.get(pk=order.pk)
            assert (row.driver_at_business_at is not None, row.version) == (True, row.events.count())
            assert list(order.events.values_list("number", flat=True)) == list(range(1, row.version + 1))
        assert DriverPosition.objects.get().at == at + timedelta(seconds=20)
    return answers


def test_reports_at_once(cast: Cast, api: Api, figure: Callable[[str], None]) -> None:
    answers = play(cast, api)
    assert set(answers) == {200}
    figure(f"{len(answers)} reports and changes at once: each status set once, no position lost")


def believed(cast: Cast, api: Api) -> int:
    """How often a report is believed that two calls send at the same moment."""
    at = timezone.now()
    assert api(cast.driver).post(REPORT, report(at - timedelta(minutes=1)), format="json").data["accepted"] == 1
    body = report(at, north=400)
    answers = together([lambda: api(cast.driver).post(REPORT, body, format="json")] * 2, at_once=2)
    return sum(answer.data["accepted"] for answer in answers)


def test_a_report_that_comes_twice_at_once_is_believed_once(cast: Cast, api: Api) -> None:
    assert believed(cast, api) == 1


def test_control_without_the_driver_s_lock_it_is_believed_twice(
    cast: Cast, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unlocked(driver_id: int) -> Driver:
        return Driver.objects.get(pk=driver_id)

    def met(*given: Any) -> Any:
        meet()
        return believe(*given)

    monkeypatch.setattr("orders.services.moving.positions.lock_driver", unlocked)
    monkeypatch.setattr("orders.services.moving.positions.believe", met)
    assert believed(cast, api) == 2
