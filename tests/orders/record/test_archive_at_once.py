"""A history is packed while somebody changes the order, or the worker is killed: all of it is in one place."""

import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from orders.models import ArchivedHistory, Order, OrderEvent
from orders.services.moving.notes import add_note
from orders.services.personal.erasing import erase_customer
from orders.services.record.archive import archive_histories, due_histories
from ordersite.accounts.callers import caller_of_user
from tests.cast import Cast
from tests.controls.unlocked_archive import closed_without_a_lock, restored_then_met
from tests.orders.record.test_archive import LIMIT, archive_all, old_order, rows_of
from tests.promises.crowd import together
from tests.tracking.live import ROOT, environment

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
ROUNDS = 10
# Packs and tells that it has, then waits within its transaction for whoever kills it.
SLOW = """
import time
from orders.services.record import archive
delete = archive.delete_events
def slow(orders):
    delete(orders)
    print("packed", flush=True)
    time.sleep(60)
archive.delete_events = slow
from datetime import timedelta
from django.utils import timezone
archive.archive_histories(timezone.now() - timedelta(days=190), 100)
"""


def write_note(cast: Cast, order: Order) -> None:
    with transaction.atomic():
        add_note(order_id=order.pk, caller=caller_of_user(cast.staff), text="Called", visible_to="business")


def rounds(cast: Cast, count: int) -> list[list[int]]:
    """The numbers of the events that the log has in the end, after a note and the archive came at once."""
    found = []
    for number in range(count):
        order = old_order(cast)
        calls: list[Callable[[], Any]] = [partial(write_note, cast, order), archive_all]
        together(calls if number % 2 else calls[::-1])
        found.append([row["number"] for row in rows_of(order)])
    return found


def test_a_note_and_the_archive_at_once(cast: Cast) -> None:
    assert rounds(cast, ROUNDS) == [[1, 2, 3, 4, 5, 6, 7]] * ROUNDS
    assert ArchivedHistory.objects.count() == 0


def test_control_without_holding_the_order_its_history_is_torn(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orders.services.record.archive.hold_closed", closed_without_a_lock)
    monkeypatch.setattr("orders.services.record.order_update.restore_history", restored_then_met)
    assert rounds(cast, 1) != [[1, 2, 3, 4, 5, 6, 7]]


def test_what_is_due_is_found_by_indexes(cast: Cast) -> None:
    old_order(cast)
    query, values = due_histories(timezone.now())[:100].query.sql_with_params()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
        cursor.execute(f"EXPLAIN {query}", values)
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "event_newest" in plan
    assert "Seq Scan" not in plan


def test_two_workers_share_what_is_due(cast: Cast) -> None:
    orders = [old_order(cast) for _ in range(12)]
    counts = together([partial(archive_histories, timezone.now() - LIMIT, 100)] * 2)
    assert sum(counts) == ArchivedHistory.objects.count()
    archive_all()
    assert set(ArchivedHistory.objects.values_list("pk", flat=True)) == {order.pk for order in orders}
    assert OrderEvent.objects.filter(order__in=orders).count() == 0


def test_who_is_erased_while_it_is_archived_is_erased_there(cast: Cast) -> None:
    for _ in range(5):
        order = old_order(cast)
        Order.objects.exclude(pk=order.pk).filter(customer=order.customer).update(status=1)
        type(order.customer).objects.filter(pk=order.customer_id).update(erased_at=None)

        @transaction.atomic
        def erase(customer_id: int = order.customer_id) -> None:
            erase_customer(customer_id)

        together([erase, archive_all])
        with transaction.atomic():
            write_note(cast, order)
        assert [row["reason"] for row in rows_of(order)] == ["", "", "", "", "", "", "Called"]


def test_a_worker_that_is_killed_within_loses_nothing(cast: Cast, tmp_path: Path) -> None:
    orders = [old_order(cast) for _ in range(3)]
    rows = [rows_of(order) for order in orders]
    command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", SLOW]
    with subprocess.Popen(command, cwd=ROOT, env=environment(tmp_path, REDIS_URL=""), stdout=subprocess.PIPE) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == b"packed\n"
        worker.kill()
    assert [rows_of(order) for order in orders] == rows
    assert ArchivedHistory.objects.count() == 0
    # The database notices within a moment that nobody holds the orders any more.
    ends = time.monotonic() + 10
    while (done := archive_all()) == 0 and time.monotonic() < ends:
        time.sleep(0.1)
    assert done == 3
