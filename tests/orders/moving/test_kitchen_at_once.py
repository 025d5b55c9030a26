"""Two tablets act on one ticket at once: one event, and the same answer to both."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from orders.lifecycle.table import Fulfilment
from orders.models import Line, Order
from orders.services.moving.kitchen import acknowledge, recall, tick_line
from orders.services.moving.problem_reports import report_problem
from ordersite.accounts.callers import Caller, caller_of_user
from tests.cast import Cast
from tests.controls.unlocked_tickets import order_without_a_lock
from tests.orders.rows import add_line, make_order
from tests.promises.crowd import or_its_error, together
from vendors.models import Product
from vendors.services.availability import bring_back

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
TABLETS = 4


def press_at_once(act: Callable[[Caller], Any], caller: Caller, tablets: int = TABLETS) -> list[Any]:
    """What each tablet is answered; a tablet that failed answers its error."""

    @transaction.atomic
    def press() -> int:
        version: int = act(caller).version
        return version

    return together([or_its_error(press)] * tablets)


@pytest.fixture
def order(cast: Cast) -> Order:
    return make_order(cast, 4, Fulfilment.PICKUP, stood="accepted prepared", unacknowledged_from=1)


def test_a_tick(cast: Cast, order: Order) -> None:
    line = add_line(order, cast.products["soda"])
    caller = caller_of_user(cast.owner)
    assert press_at_once(lambda who: tick_line(order_id=order.pk, line_id=line.pk, caller=who), caller) == [2] * TABLETS
    assert order.events.count() == 2
    assert Line.objects.get(pk=line.pk).ticked_by == cast.owner.caller_key


def test_an_acknowledgement(cast: Cast, order: Order) -> None:
    caller = caller_of_user(cast.owner)
    assert press_at_once(lambda who: acknowledge(order_id=order.pk, caller=who, version=1), caller) == [2] * TABLETS
    assert order.events.count() == 2


def test_a_recall(cast: Cast, order: Order) -> None:
    caller = caller_of_user(cast.owner)
    assert press_at_once(lambda who: recall(order_id=order.pk, caller=who), caller) == [2] * TABLETS
    assert [event.transition for event in order.events.all()] == ["", "undo_ready"]


def test_a_problem_that_is_reported(cast: Cast, order: Order) -> None:
    caller = caller_of_user(cast.customer)
    answers = press_at_once(lambda who: report_problem(order_id=order.pk, caller=who, reason="late").order, caller)
    assert answers == [2] * TABLETS
    assert (order.events.count(), order.problem_reports.get().number) == (2, 2)


def test_control_without_the_lock_one_tablet_fails(cast: Cast, order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orders.services.record.order_update.get_order", order_without_a_lock)
    caller = caller_of_user(cast.owner)
    answers = press_at_once(lambda who: acknowledge(order_id=order.pk, caller=who, version=1), caller, tablets=2)
    assert [type(answer) for answer in answers if answer != 2] == [IntegrityError]


def test_what_comes_back_is_shared_by_workers(cast: Cast) -> None:
    past = timezone.now() - timedelta(seconds=1)
    Product.objects.filter(vendor=cast.vendor).update(is_available=False, unavailable_until=past)
    assert sum(together([bring_back] * 3)) == len(cast.products)
    assert not Product.objects.filter(vendor=cast.vendor, is_available=False).exists()
