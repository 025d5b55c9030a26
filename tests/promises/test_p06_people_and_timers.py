"""Promise 6: somebody acts at the moment at which a timer does the same order: one of them wins, and knows it."""

import logging
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from orders.lifecycle.table import Fulfilment
from orders.models import Order, OrderEvent, Refund
from orders.services.moving import timers
from orders.services.record import order_update
from tests.cast import Cast
from tests.controls.unlocked_money import get_without_a_lock
from tests.controls.unlocked_timers import due_without_a_lock
from tests.orders.rows import make_order
from tests.orders.shopping import ORDERS
from tests.promises.crowd import next_delay, together
from vendors.models import Driver, Vendor

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
Api = Callable[..., APIClient]
# The timers that give up or go on, each with what somebody does at that moment: where the order stands, with what;
# who does what, to which status; by which change the timer brings it where.
COMPANYS = {"company": "company", "driver": "company_driver_row"}
STOPPED = {"driver": "driver_row", "standing_changes": "stop_search@vendor"}
RACES: dict[str, tuple[int, Fulfilment, str, dict[str, Any], str, str, int, str, int]] = {
    "company": (
        *(25, Fulfilment.DELIVERY, "accepted company_accepted", COMPANYS),
        *("company_driver", "accept_by_driver", 8, "look_for_driver", 22),
    ),
    "left": (6, Fulfilment.DELIVERY, "accepted", {}, "owner", "self_deliver", 7, "look_for_driver", 22),
    "failed": (
        *(10, Fulfilment.DELIVERY, "accepted", {"driver": "driver_row"}),
        *("driver", "accept_by_driver", 8, "look_for_driver", 22),
    ),
    "undecided": (10, Fulfilment.DELIVERY, "accepted", STOPPED, "driver", "accept_by_driver", 8, "cancel_by_staff", 2),
    "retry": (
        *(12, Fulfilment.DELIVERY, "accepted prepared driver_accepted picked_up", {"driver": "driver_row"}),
        *("driver", "retry_delivery", 23, "cancel_by_staff", 2),
    ),
    "served": (4, Fulfilment.EAT_IN, "accepted prepared", {}, "customer", "cancel_by_customer", 16, "complete", 1),
}


@pytest.fixture(autouse=True)
def deadlines(cast: Cast) -> None:
    minutes = dict.fromkeys(("company", "driver_left", "decide", "retry", "served"), 10)
    policy = {"cancel_until": Vendor.CancelUntil.PICKED_UP}
    # Who is off duty keeps what is its own, and takes nothing that the timer has put up for all.
    Driver.objects.update(on_duty=False)
    Vendor.objects.filter(pk=cast.vendor.pk).update(**{f"{name}_minutes": n for name, n in minutes.items()}, **policy)


def race(cast: Cast, api: Api, kind: str, *, late: float = 0) -> tuple[Order, Any]:
    """Somebody acts, and the worker runs, so late; what the former is answered."""
    status, fulfilment, stood, fields, who, name, *_ = RACES[kind]
    ago = timezone.now() - timedelta(minutes=11)
    times: dict[str, Any] = {f"{one}_at": ago for one in (*stood.split(), "status_changed")} | {"due_at": ago}
    named = {key: getattr(cast, value, value) for key, value in fields.items()}
    order = make_order(cast, status, fulfilment, **named, **times)
    client = api(getattr(cast, who))
    client.raise_request_exception = False

    def act() -> Any:
        return client.post(f"{ORDERS}/{order.pk}/transitions", {"transition": name, "reason_code": "mistake"})

    def run() -> Any:
        time.sleep(late)
        return timers.run_due()

    answers = together([act, run], at_once=2)
    return Order.objects.get(pk=order.pk), answers[0]


def check(order: Order, answer: Any, kind: str, caplog: pytest.LogCaptureFixture) -> str:
    """Who won; raises AssertionError where it was not exactly one."""
    *_, acts, target, makes, leads_to = RACES[kind]
    events = list(OrderEvent.objects.filter(order=order).order_by("number").values_list("number", "transition"))
    assert [record for record in caplog.records if record.name == timers.logger.name] == []
    assert Refund.objects.filter(order=order).count() == 0  # cash: nobody has paid
    if answer.status_code == 200:
        assert (events, order.status, order.version) == ([(1, ""), (2, acts)], target, 2)
        return "person"
    assert answer.status_code in (404, 409)
    assert (events, order.status, order.version) == ([(1, ""), (2, makes)], leads_to, 2)
    assert leads_to != 22 or (order.driver_id, order.company_id) == (None, None)
    return "timer"


@pytest.mark.parametrize("kind", RACES)
def test_one_wins(
    cast: Cast, api: Api, kind: str, figure: Callable[[str], None], full: bool, caplog: pytest.LogCaptureFixture
) -> None:
    rounds = 100 if full else 12
    won: Counter[str] = Counter()
    late = 0.0
    for _ in range(rounds):
        order, answer = race(cast, api, kind, late=late)
        winner = check(order, answer, kind, caplog)
        won[winner] += 1
        late = next_delay(late, first_won=winner == "person")
    figure(f"{kind}, somebody against the timer × {rounds}: {won['person']} to {won['timer']}, one event each")
    assert len(won) == 2, "the race must have gone both ways"


def test_control_without_the_locks_it_is_not_one(
    cast: Cast, api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(order_update, "get_order", get_without_a_lock)
    monkeypatch.setattr(timers, "lock_due", due_without_a_lock)
    caplog.set_level(logging.ERROR)
    order, answer = race(cast, api, "failed")
    assert "TypeError" not in caplog.text
    with pytest.raises(AssertionError):
        check(order, answer, "failed", caplog)
