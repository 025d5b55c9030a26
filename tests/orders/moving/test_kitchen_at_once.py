"""Two tablets act on one ticket at once: one event, and the same answer to both."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction

from orders.lifecycle.table import Fulfilment
from orders.models import Line, Order
from orders.services.moving.kitchen import acknowledge, recall, tick_line
from ordersite.accounts.callers import Caller, caller_of_user
from tests.cast import Cast
from tests.orders.rows import add_line, make_order

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
TABLETS = 4


def press_at_once(act: Callable[[Caller], Any], caller: Caller) -> list[Any]:
    """What each tablet is answered; a tablet that failed answers its error."""
    gate, answers = threading.Barrier(TABLETS), []

    def press() -> None:
        try:
            gate.wait()
            with transaction.atomic():
                answers.append(act(caller).version)
        except Exception as error:
            answers.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=press) for _ in range(TABLETS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


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
