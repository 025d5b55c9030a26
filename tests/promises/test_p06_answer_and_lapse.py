"""Promise 6: a named driver accepts while its time lapses: one of them wins, and the order knows which."""

import logging
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from orders.models import Order, OrderEvent
from orders.services.moving import timers
from orders.services.record import order_update
from tests.cast import Cast
from tests.controls.unlocked_money import get_without_a_lock
from tests.controls.unlocked_timers import due_without_a_lock
from tests.orders.rows import make_order
from tests.orders.shopping import ORDERS
from tests.promises.crowd import next_delay, together

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
Api = Callable[..., APIClient]


def race(cast: Cast, api: Api, *, late: float = 0) -> tuple[Order, Any]:
    """A driver who was named a minute ago accepts, and the worker runs, so late; what the driver is answered."""
    ago = timezone.now() - timedelta(minutes=1)
    fields: dict[str, Any] = {"accepted_at": ago, "named_at": ago, "due_at": ago}
    order = make_order(cast, 7, driver=cast.driver_row, **fields)
    client = api(cast.driver)
    client.raise_request_exception = False

    def accept() -> Any:
        return client.post(f"{ORDERS}/{order.pk}/transitions", {"transition": "accept_by_driver"})

    def lapse() -> Any:
        time.sleep(late)
        return timers.run_due()

    answers = together([accept, lapse], at_once=2)
    return Order.objects.get(pk=order.pk), answers[0]


def check(cast: Cast, order: Order, answer: Any, caplog: pytest.LogCaptureFixture) -> str:
    """Who won; raises AssertionError where it was not exactly one."""
    events = list(OrderEvent.objects.filter(order=order).order_by("number").values_list("transition", "reason_code"))
    stands = (order.status, order.version, order.driver_id, order.driver_accepted_at is not None, order.named_at)
    assert [record for record in caplog.records if record.name == timers.logger.name] == []
    if answer.status_code == 200:
        assert events == [("", ""), ("accept_by_driver", "")]
        assert stands == (8, 2, cast.driver_row.pk, True, None)
        return "accept"
    assert answer.status_code == 404
    assert events == [("", ""), ("", "no_answer")]
    assert stands == (7, 2, None, False, None)
    return "lapse"


def test_one_wins(
    cast: Cast, api: Api, figure: Callable[[str], None], full: bool, caplog: pytest.LogCaptureFixture
) -> None:
    rounds = 200 if full else 30
    won: Counter[str] = Counter()
    late = 0.0
    for _ in range(rounds):
        order, answer = race(cast, api, late=late)
        winner = check(cast, order, answer, caplog)
        won[winner] += 1
        late = next_delay(late, first_won=winner == "accept")
    assert len(won) == 2, "the race must have gone both ways"
    figure(f"answer against lapse × {rounds}: {won['accept']} to {won['lapse']}, one event each")


def test_control_without_the_locks_it_is_not_one(
    cast: Cast, api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(order_update, "get_order", get_without_a_lock)
    monkeypatch.setattr(timers, "lock_due", due_without_a_lock)
    caplog.set_level(logging.ERROR)
    order, answer = race(cast, api)
    with pytest.raises(AssertionError):
        check(cast, order, answer, caplog)
