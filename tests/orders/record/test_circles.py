"""Two that want the same rows never wait for each other in a circle: one holds a row, the other must hold none yet."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from orders.lifecycle.table import Status
from orders.models import Counter, FeedEntry, Order, PrintJob
from orders.services.moving.sightings import mark_shown
from orders.services.printing.printers import UNCONFIRMED, next_job
from orders.services.record.epochs import current_epoch
from ordersite.accounts.callers import DevicePrincipal, caller_of_device, caller_of_user
from tests.cast import Cast
from tests.controls.as_they_lie import update_as_they_lie
from tests.orders.rows import make_order
from tests.promises.crowd import beside
from tests.tracking.printer import pair_printer
from vendors.models import Device
from vendors.services.devices import note_seen

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
PATIENCE = 20  # seconds until somebody waits


def wait_for_a_waiter() -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_clear_snapshot()")  # kept, it shows who was there at the first look
            cursor.execute(WAITING)
            if cursor.fetchone()[0]:
                return
        time.sleep(0.01)
    raise AssertionError("nobody waits")


def run_beside(act: Callable[[], Any], rows: "QuerySet[Any]") -> list[str]:
    """Holds the first of two rows by id, has `act` come to it, then takes the second one too: whom that ended badly."""
    first, second = rows.order_by("pk").values_list("pk", flat=True)
    faults = []
    try:
        with transaction.atomic():
            rows.select_for_update(no_key=True).get(pk=first)
            other = beside(act)
            wait_for_a_waiter()
            rows.select_for_update(no_key=True).get(pk=second)
    except OperationalError as fault:
        faults.append(str(fault).splitlines()[0])
    try:
        other.result(PATIENCE)
    except OperationalError as fault:
        faults.append(str(fault).splitlines()[0])
    return faults


@pytest.fixture
def poll(cast: Cast) -> Callable[[], Any]:
    """Asks for work with two papers unconfirmed, the paper of the order with the higher id before the other one."""
    device, token = pair_printer(cast.vendor)
    caller = caller_of_device(DevicePrincipal(id=device.pk, vendor_id=cast.vendor.pk, name="P", token_hash=token))
    orders = [make_order(cast, Status.ACCEPTED_BY_BUSINESS, stood="accepted") for _ in range(2)]
    for order in reversed(orders):
        PrintJob.objects.create(
            order=order,
            vendor=cast.vendor,
            number=1,
            reason=PrintJob.Reason.ACCEPTED,
            actor="system",
            state=PrintJob.State.CLAIMED,
            claimed_by=caller.key,
            claimed_at=timezone.now(),
            lease_until=timezone.now(),
        )
    return lambda: next_job(caller=caller, vendor_id=cast.vendor.pk)


@pytest.fixture
def show(cast: Cast) -> Callable[[], Any]:
    """Says that a tablet has shown two orders; the first row lies, and stands in the index, behind the second."""
    stream = f"vendor:{cast.vendor.pk}"
    for position in (2, 1):
        order = make_order(cast)
        event = order.events.latest("pk")
        FeedEntry.objects.create(
            stream=stream, position=position, event=event, order=order, unseen_since=timezone.now()
        )
    Counter.objects.create(name=f"stream:{stream}", value=2)
    FeedEntry.objects.filter(position=2).update(unseen_since=timezone.now())
    epoch, caller = current_epoch(), caller_of_user(cast.owner)
    return lambda: transaction.atomic(mark_shown)(caller=caller, vendor_id=cast.vendor.pk, epoch=epoch, position=2)


def test_a_printer_with_papers_of_two_orders(cast: Cast, poll: Callable[[], Any]) -> None:
    assert run_beside(poll, Order.objects.all()) == []
    failed = PrintJob.objects.filter(state="failed").values_list("failure", flat=True)
    assert list(failed) == [UNCONFIRMED] * 2
    assert PrintJob.objects.filter(state="waiting", may_double=True).count() == 2


def test_control_a_printer_that_does_all_in_one_transaction(cast: Cast, poll: Callable[[], Any]) -> None:
    assert run_beside(transaction.atomic(poll), Order.objects.all()) == ["deadlock detected"]


def test_two_tablets_that_have_shown_the_same(cast: Cast, show: Callable[[], Any]) -> None:
    assert run_beside(show, FeedEntry.objects.all()) == []
    assert not FeedEntry.objects.exclude(unseen_since=None).exists()


def test_control_two_tablets_that_write_rows_as_they_lie(
    cast: Cast, show: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orders.services.record.unseen_entries.update_in_order", update_as_they_lie)
    assert run_beside(show, FeedEntry.objects.all()) == ["deadlock detected"]


def test_two_processes_that_have_seen_the_same_devices(cast: Cast) -> None:
    for name in ("Kitchen", "Bar"):
        Device.objects.create(vendor=cast.vendor, name=name)
    Device.objects.filter(name="Kitchen").update(printer_status="lies behind the other now")
    devices = list(Device.objects.all())
    assert run_beside(lambda: note_seen(devices), Device.objects.order_by("pk")) == []
    assert not Device.objects.filter(last_seen_at=None).exists()
