"""A worker that notes a try, while somebody switches the endpoint off: neither waits for the other in a circle."""

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils import timezone

from orders.models import OutboxMessage, WebhookDelivery, WebhookEndpoint
from orders.services.outgoing import deliveries
from orders.services.outgoing.endpoints import change_endpoint, delete_endpoint, get_endpoint
from orders.services.record.outbox import TEST
from ordersite.accounts.callers import caller_of_user
from ordersite.core.crypto import encrypt
from tests.cast import Cast
from tests.orders.record.test_circles import PATIENCE, wait_for_a_waiter

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def switch_off_beside_a_failure(cast: Cast) -> list[str]:
    """Holds an endpoint, has a worker note a failed try, then switches the endpoint off: whom that ended badly."""
    now, caller = timezone.now(), caller_of_user(cast.customer)
    row = WebhookEndpoint.objects.create(user=cast.customer, url="http://127.0.0.1:9/", secret_sealed=encrypt("s"))
    message = OutboxMessage.objects.create(type=TEST, subject=f"webhook:{row.pk}", told_at=now)
    WebhookDelivery.objects.create(endpoint=row, message=message, due_at=now)
    (leased,) = deliveries.lease_deliveries(row.pk, 1)
    faults: list[str] = []

    def run(act: Callable[[], Any]) -> None:
        try:
            act()
        except OperationalError as fault:
            faults.append(str(fault).splitlines()[0])

    def note() -> None:
        run(lambda: deliveries.note_outcome(leased, deliveries.TryOutcome(500)))
        connection.close()

    def switch_off() -> None:
        with transaction.atomic():
            get_endpoint(caller, row.pk, lock=True)
            worker.start()
            wait_for_a_waiter()
            change_endpoint(caller, row.pk, enabled=False)

    worker = threading.Thread(target=note)
    run(switch_off)
    worker.join(PATIENCE)
    return faults


def test_switching_off_beside_a_try(cast: Cast) -> None:
    assert switch_off_beside_a_failure(cast) == []
    assert WebhookEndpoint.objects.get().disabled_why == "asked"
    assert WebhookDelivery.objects.get().due_at is None


def test_control_a_worker_that_holds_the_delivery_first(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deliveries, "lock_endpoint", lambda endpoint_id: None)
    assert switch_off_beside_a_failure(cast) == ["deadlock detected"]


def delete_beside_a_message(cast: Cast) -> list[str]:
    """Deletes an endpoint while the worker passes a message on to it, between its log and itself: what that ended."""
    row = WebhookEndpoint.objects.create(
        user=None, url="http://127.0.0.1:9/", types=["vendor.paused"], secret_sealed=encrypt("s")
    )
    OutboxMessage.objects.create(type="vendor.paused", subject="vendor:1", data={})
    ended: list[str] = []

    def pass_on() -> None:
        try:
            deliveries.pass_on()
            ended.append("passed on")
        except IntegrityError:
            ended.append("to be passed on later")
        finally:
            connection.close()

    worker = threading.Thread(target=pass_on)

    def begin_before(execute: Any, sql: str, *args: Any) -> Any:
        if sql.startswith('DELETE FROM "orders_webhookendpoint"'):
            worker.start()
            until = time.monotonic() + 1
            while worker.is_alive() and time.monotonic() < until:
                time.sleep(0.01)
        return execute(sql, *args)

    with connection.execute_wrapper(begin_before):
        try:
            with transaction.atomic():
                delete_endpoint(caller_of_user(cast.staff), row.pk)
            ended.append("deleted")
        except IntegrityError:
            ended.append("not deleted")
    worker.join(PATIENCE)
    return ended


def test_deleting_beside_a_message(cast: Cast) -> None:
    assert delete_beside_a_message(cast) == ["deleted", "to be passed on later"]
    assert not WebhookEndpoint.objects.exists()
    assert deliveries.pass_on() == 1
