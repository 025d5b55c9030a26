"""A worker that notes a try, while somebody switches the endpoint off: neither waits for the other in a circle."""

from concurrent.futures import Future, wait
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from orders.models import OutboxMessage, WebhookDelivery, WebhookEndpoint
from orders.services.outgoing import deliveries
from orders.services.outgoing.endpoints import change_endpoint, delete_endpoint, get_endpoint
from orders.services.record.outbox import TEST
from ordersite.accounts.callers import caller_of_user
from ordersite.core.crypto import encrypt
from tests.cast import Cast
from tests.orders.record.test_circles import PATIENCE, wait_for_a_waiter
from tests.promises.crowd import beside, or_its_error

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def first_line(ended: object) -> str:
    """What something ended with; of an error of the database its first line, the others differ."""
    return str(ended).splitlines()[0]


def switch_off_beside_a_failure(cast: Cast) -> list[str]:
    """Holds an endpoint, has a worker note a failed try, then switches the endpoint off: whom that ended badly."""
    now, caller = timezone.now(), caller_of_user(cast.customer)
    row = WebhookEndpoint.objects.create(user=cast.customer, url="http://127.0.0.1:9/", secret_sealed=encrypt("s"))
    message = OutboxMessage.objects.create(type=TEST, subject=f"webhook:{row.pk}", told_at=now)
    WebhookDelivery.objects.create(endpoint=row, message=message, due_at=now)
    (leased,) = deliveries.lease_deliveries(row.pk, 1)
    worker: Future[None]

    @transaction.atomic
    def switch_off() -> None:
        nonlocal worker
        get_endpoint(caller, row.pk, lock=True)
        worker = beside(lambda: deliveries.note_outcome(leased, deliveries.TryOutcome(500)))
        wait_for_a_waiter()
        change_endpoint(caller, row.pk, enabled=False)

    ends = [or_its_error(switch_off)(), or_its_error(lambda: worker.result(PATIENCE))()]
    return [first_line(fault) for fault in ends if fault]


def test_switching_off_beside_a_try(cast: Cast) -> None:
    assert switch_off_beside_a_failure(cast) == []
    assert WebhookEndpoint.objects.get().disabled_why == "asked"
    assert WebhookDelivery.objects.get().due_at is None


def test_control_a_worker_that_holds_the_delivery_first(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deliveries, "lock_endpoints", lambda ids: None)
    assert switch_off_beside_a_failure(cast) == ["deadlock detected"]


def forget_beside_a_replay(cast: Cast) -> list[str]:
    """Deletes old messages while somebody has them sent again, the last of them first: what each ended with."""
    long_ago = timezone.now() - timedelta(days=31)
    row = WebhookEndpoint.objects.create(user=cast.customer, url="http://127.0.0.1:9/", secret_sealed=encrypt("s"))
    messages = [
        OutboxMessage.objects.create(type=TEST, subject="webhook:1", created_at=long_ago, told_at=long_ago)
        for _ in range(2)
    ]
    first, last = (WebhookDelivery.objects.create(endpoint=row, message=message) for message in messages)
    worker: Future[str]

    def forget() -> str:
        return f"forgot {deliveries.forget_messages(timezone.now() - timedelta(days=30), 10)}"

    @transaction.atomic
    def replay() -> str:
        nonlocal worker
        get_endpoint(caller_of_user(cast.customer), row.pk, lock=True)
        WebhookDelivery.objects.filter(pk=last.pk).update(tries=0)
        worker = beside(forget)
        wait_for_a_waiter()
        return f"replayed {WebhookDelivery.objects.filter(pk=first.pk).update(tries=0)}"

    return sorted(map(first_line, [or_its_error(replay)(), or_its_error(lambda: worker.result(PATIENCE))()]))


def test_forgetting_beside_a_replay(cast: Cast) -> None:
    assert forget_beside_a_replay(cast) == ["forgot 2", "replayed 1"]
    assert not OutboxMessage.objects.exists()


def test_control_forgetting_without_the_endpoints_waits_in_a_circle(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "lock_endpoints", lambda ids: None)
    assert "deadlock detected" in forget_beside_a_replay(cast)


def delete_beside_a_message(cast: Cast) -> list[str]:
    """Deletes an endpoint while the worker passes a message on to it, between its log and itself; sorted."""
    row = WebhookEndpoint.objects.create(
        user=None, url="http://127.0.0.1:9/", types=["vendor.paused"], secret_sealed=encrypt("s")
    )
    OutboxMessage.objects.create(type="vendor.paused", subject="vendor:1", data={})
    worker: Future[int]

    def begin_before(execute: Any, sql: str, *args: Any) -> Any:
        nonlocal worker
        if sql.startswith('DELETE FROM "orders_webhookendpoint"'):
            worker = beside(deliveries.pass_on)
            wait([worker], 1)
        return execute(sql, *args)

    try:
        with connection.execute_wrapper(begin_before), transaction.atomic():
            delete_endpoint(caller_of_user(cast.staff), row.pk)
        deleted = "deleted"
    except IntegrityError:
        deleted = "not deleted"
    try:
        worker.result(PATIENCE)
        passed_on = "passed on"
    except IntegrityError:
        passed_on = "to be passed on later"
    return sorted([deleted, passed_on])


def test_deleting_beside_a_message(cast: Cast) -> None:
    assert delete_beside_a_message(cast) == ["deleted", "to be passed on later"]
    assert not WebhookEndpoint.objects.exists()
    assert deliveries.pass_on() == 1
