"""The recipe "Where a timer is added": one row, and the worker, the page and a change of its setting know it."""

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from orders.lifecycle import timers
from orders.lifecycle.table import Fulfilment, Status
from orders.lifecycle.timers import Timer
from orders.management.commands.lifecycle_docs import render_lifecycle_page
from orders.models import Order
from orders.services.moving.timers import run_due
from tests.cast import Cast
from tests.office import change
from tests.orders.rows import make_order

MINUTES = 9


def clear_at(order: Order, now: datetime) -> datetime | None:
    """The table is cleared some time after the order was ready."""
    return order.prepared_at + timedelta(minutes=order.vendor.undo_minutes) if order.prepared_at else None


TABLE_CLEARED = Timer(
    name="table_cleared",
    statuses=(Status.PREPARATION_COMPLETED,),
    fulfilments=(Fulfilment.EAT_IN,),
    due=clear_at,
    change="complete",
    settings=("undo_minutes",),
)


@pytest.fixture
def row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timers, "TIMERS", (*timers.TIMERS, TABLE_CLEARED))


def save_minutes(cast: Cast, minutes: int) -> None:
    client = Client()
    client.force_login(cast.staff)
    change(client, f"/admin/vendors/vendor/{cast.vendor.pk}/change/", undo_minutes=str(minutes))


def run_at(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> int:
    """How many orders the worker's function changes at that moment."""
    with monkeypatch.context() as patched:
        patched.setattr(timezone, "now", lambda: moment)
        return run_due()


@pytest.mark.usefixtures("row")
def test_a_row_is_all_that_a_timer_needs(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    order = make_order(cast, Status.PREPARATION_COMPLETED, Fulfilment.EAT_IN, stood="accepted prepared")
    assert order.prepared_at is not None
    save_minutes(cast, MINUTES)
    due_at = Order.objects.get(pk=order.pk).due_at
    assert due_at == order.prepared_at + timedelta(minutes=MINUTES)
    save_minutes(cast, 2 * MINUTES)
    due_at = Order.objects.get(pk=order.pk).due_at
    assert due_at == order.prepared_at + timedelta(minutes=2 * MINUTES)

    assert run_at(monkeypatch, due_at - timedelta(seconds=1)) == 0
    assert run_at(monkeypatch, due_at) == 1
    assert run_at(monkeypatch, due_at + timedelta(days=1)) == 0
    event = order.events.latest("number")
    assert (event.number, event.transition, event.role) == (2, "complete", "system")
    assert Order.objects.get(pk=order.pk).status == Status.COMPLETED


@pytest.mark.usefixtures("row")
def test_it_stands_in_the_life_cycles_page() -> None:
    assert (
        "| `table_cleared` | `preparation_completed` | eat_in | `complete` |  | `undo_minutes` |\n"
        in render_lifecycle_page()
    )


def test_without_the_row_nothing_happens(cast: Cast) -> None:
    order = make_order(cast, Status.PREPARATION_COMPLETED, Fulfilment.EAT_IN, stood="accepted prepared")
    save_minutes(cast, MINUTES)
    assert Order.objects.get(pk=order.pk).due_at is None
    assert "table_cleared" not in render_lifecycle_page()
