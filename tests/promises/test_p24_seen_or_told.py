"""Promise 24: every order is seen by a device, or somebody is told: in the vendor's time + 5 s, once."""

import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone
from rest_framework.test import APIClient

from orders.lifecycle.table import Status
from orders.models import FeedEntry, Order, OrderEvent, UnansweredOrder
from orders.reading.troubles import tallies
from orders.services.moving import sightings, timers
from orders.services.record.epochs import begin_epoch, current_epoch
from ordersite.accounts.models import Mail
from ordersite.core.crypto import token_hash
from tests.cast import Cast
from tests.clock import Clock
from tests.orders.shopping import assert_nothing_changed, cart, place_order
from tests.promises.crowd import together
from tests.tracking.live import ROOT, environment
from tracking import mails
from vendors.models import Device, Vendor

Api = Callable[..., APIClient]
TOKEN = "osd_the-kitchens-tablet"
GUEST = {"name": "Greta Guest", "phone": "+32470000001"}
PATIENCE = 70  # seconds, as a vendor has it out of the box
NOTE = "Not shown on any device"


@pytest.fixture
def board(cast: Cast, api: Api) -> APIClient:
    """The vendor's paired tablet."""
    Device.objects.create(vendor=cast.vendor, name="Kitchen", token_hash=token_hash(TOKEN))
    return api(token=TOKEN)


@pytest.fixture
def placed(cast: Cast, api: Api) -> Callable[..., Order]:
    def make(**fields: Any) -> Order:
        return place_order(api(), cart(cast, guest=GUEST, **fields))

    return make


def seen(cast: Cast) -> str:
    return f"/api/v1/vendors/{cast.vendor.pk}/seen"


def last_position(cast: Cast) -> int:
    found = FeedEntry.objects.filter(stream=f"vendor:{cast.vendor.pk}").latest("position")
    return found.position


def show(board: APIClient, cast: Cast, position: int | None = None) -> Any:
    body = {"epoch": current_epoch(), "position": last_position(cast) if position is None else position}
    return board.post(seen(cast), body)


def told(order: Order) -> int:
    """How often its history says that no device has shown it."""
    return OrderEvent.objects.filter(order=order, reason=NOTE).count()


def mailed(clock: Clock) -> list[Any]:
    """What the worker sends now."""
    Mail.objects.update(due_at=clock.now)
    mails.send_due()
    return list(mail.outbox)


def look_after(clock: Clock, seconds: float) -> int:
    clock.now += timedelta(seconds=seconds)
    return sightings.tell_unseen()


def test_with_no_board_somebody_is_told_once(cast: Cast, placed: Any, clock: Clock, api: Api) -> None:
    Vendor.objects.filter(pk=cast.vendor.pk).update(email="kitchen@example.org")
    order = placed()
    assert look_after(clock, PATIENCE - 0.001) == 0
    assert told(order) == 0
    assert look_after(clock, 0.001) == 1
    assert [look_after(clock, 60) for _ in range(3)] == [0, 0, 0]
    event = OrderEvent.objects.get(order=order, reason=NOTE)
    assert (event.kind, event.visible_to, event.actor, event.data) == ("note", "business", "system", {"seconds": 70})
    order.refresh_from_db()
    assert (order.status, order.version, event.number) == (Status.PENDING, 2, 2)
    [sent] = mailed(clock)
    assert (sent.to, sent.subject) == (
        ["kitchen@example.org"],
        f"Order {order.called} at Burger Bar has not been seen",
    )
    assert f"/board/{cast.vendor.pk}" in sent.body
    [tally] = [one for one in tallies({Order: Order.objects.all()}, clock.now) if one.trouble.slug == "unseen"]
    assert (tally.count, tally.oldest) == (1, order.visible_at)


def test_it_is_told_in_its_language(cast: Cast, placed: Any, clock: Clock) -> None:
    Vendor.objects.filter(pk=cast.vendor.pk).update(language="es")
    order = placed()
    assert look_after(clock, PATIENCE) == 1
    [sent] = mailed(clock)
    assert sent.subject == f"El pedido {order.called} en Burger Bar no se ha visto"
    assert "Abra el tablero y responda:\n\nhttp" in sent.body


def test_a_vendor_without_an_address_is_told_by_its_owner(cast: Cast, placed: Any, clock: Clock) -> None:
    placed()
    assert look_after(clock, PATIENCE) == 1
    assert [sent.to for sent in mailed(clock)] == [[cast.owner.email]]


def test_a_board_that_receives_but_does_not_show_is_none(cast: Cast, placed: Any, clock: Clock, board: Any) -> None:
    order = placed()
    events = board.get(f"/api/v1/vendors/{cast.vendor.pk}/events?since=0").data["events"]
    assert [event["order"] for event in events] == [order.pk]
    assert board.get(f"/api/v1/vendors/{cast.vendor.pk}/board").status_code == 200
    show(board, cast, 0)
    assert look_after(clock, PATIENCE) == 1
    assert told(order) == 1


def test_a_board_that_dies_after_is_none_for_what_comes_then(cast: Cast, placed: Any, clock: Clock, board: Any) -> None:
    first = placed()
    answer = show(board, cast)
    assert (answer.status_code, answer.data) == (200, {"epoch": current_epoch(), "position": 1})
    second = placed()
    assert look_after(clock, PATIENCE) == 1
    assert (told(first), told(second)) == (0, 1)
    # It comes back and shows both: staff need not call any more.
    show(board, cast)
    assert not [
        one for one in tallies({Order: Order.objects.all()}, clock.now) if one.trouble.slug == "unseen" and one.count
    ]


def test_a_member_at_the_board_counts_and_staff_do_not(cast: Cast, placed: Any, api: Api) -> None:
    placed()
    with assert_nothing_changed():
        assert show(api(cast.staff), cast).status_code == 403
        assert show(api(cast.other_owner), cast).status_code == 403
    assert FeedEntry.objects.filter(unseen_since__isnull=False).count() == 1
    assert show(api(cast.owner), cast).status_code == 200
    assert FeedEntry.objects.filter(unseen_since__isnull=False).count() == 0


@pytest.mark.parametrize("name", ["accept", "reject"])
def test_what_is_answered_is_waited_for_no_more(cast: Cast, placed: Any, clock: Clock, board: Any, name: str) -> None:
    order = placed()
    answered = board.post(f"/api/v1/orders/{order.pk}/transitions", {"transition": name, "reason_code": "too_busy"})
    assert answered.status_code == 200
    assert look_after(clock, PATIENCE) == 0
    assert (told(order), FeedEntry.objects.filter(unseen_since__isnull=False).count()) == (0, 0)


def test_what_its_till_confirms_is_waited_for_no_more(cast: Cast, placed: Any, clock: Clock) -> None:
    order = placed()
    Order.objects.filter(pk=order.pk).update(pos_confirmed_at=clock.now)
    assert look_after(clock, PATIENCE) == 0
    assert FeedEntry.objects.filter(unseen_since__isnull=False).count() == 0


def test_a_preorder_counts_from_its_release(cast: Cast, placed: Any, clock: Clock) -> None:
    order = placed(deliver_at=(clock.now + timedelta(hours=4)).isoformat())
    assert order.status == Status.PREORDER
    assert look_after(clock, 3600) == 0
    clock.now = order.due_at
    assert timers.run_due() == 1
    order.refresh_from_db()
    assert order.status == Status.PENDING
    assert look_after(clock, PATIENCE - 1) == 0
    assert look_after(clock, 1) == 1
    assert told(order) == 1


def test_what_comes_while_it_is_closed_counts_from_the_opening(cast: Cast, placed: Any, clock: Clock) -> None:
    order = placed()
    opening = clock.now + timedelta(hours=10)
    Order.objects.filter(pk=order.pk).update(answer_from=opening)
    assert look_after(clock, PATIENCE) == 0
    assert FeedEntry.objects.get(order=order).unseen_since == opening
    assert look_after(clock, 3600) == 0
    clock.now = opening
    assert look_after(clock, PATIENCE) == 1


def test_a_vendor_may_switch_it_off(cast: Cast, placed: Any, clock: Clock) -> None:
    Vendor.objects.filter(pk=cast.vendor.pk).update(unseen_seconds=None)
    placed()
    assert look_after(clock, 86_400) == 0
    Vendor.objects.filter(pk=cast.vendor.pk).update(unseen_seconds=300)
    assert look_after(clock, 0) == 1


def test_a_position_that_does_not_hold_changes_nothing(cast: Cast, placed: Any, board: Any) -> None:
    placed()
    with assert_nothing_changed():
        ahead = show(board, cast, 2)
        assert (ahead.status_code, ahead.data["code"]) == (409, "feed_reset")
        assert (ahead.data["epoch"], ahead.data["position"]) == (current_epoch(), 1)
        other = board.post(seen(cast), {"epoch": "of-a-backup", "position": 1})
        assert (other.status_code, other.data["code"]) == (409, "feed_reset")
        for body, pointer in (
            ({"position": 1}, "/epoch"),
            ({"epoch": current_epoch()}, "/position"),
            ({"epoch": current_epoch(), "position": -1}, "/position"),
            ({"epoch": current_epoch(), "position": True}, "/position"),
            ({"epoch": current_epoch(), "position": 10**30}, "/position"),
        ):
            answer = board.post(seen(cast), body)
            assert (answer.status_code, answer.data["errors"][0]["pointer"]) == (400, pointer)
    assert FeedEntry.objects.filter(unseen_since__isnull=False).count() == 1
    before = current_epoch()
    begin_epoch()
    assert board.post(seen(cast), {"epoch": before, "position": 1}).status_code == 409


def test_control_an_entry_that_is_not_marked_is_told_to_nobody(
    cast: Cast, placed: Any, clock: Clock, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The promise's own test must fail where orders begin to wait unmarked."""
    monkeypatch.setattr("orders.services.record.order_update.unseen_since", lambda order: None)
    with pytest.raises(AssertionError):
        test_with_no_board_somebody_is_told_once(cast, placed, clock, api)


# --- who answers nothing ------------------------------------------------------------------------------------------


def leave_unanswered(placed: Any, clock: Clock) -> Order:
    """An order whose time to answer passes."""
    order: Order = placed()
    clock.now += timedelta(minutes=5)
    timers.run_due()
    order.refresh_from_db()
    assert order.status == Status.REJECTED_BY_BUSINESS, order.status
    return order


@pytest.fixture
def strict(cast: Cast) -> None:
    """A vendor that has five minutes to answer, and is paused after two orders."""
    settings = {"accept_minutes": 5, "pause_after_orders": 2, "pause_minutes": 45, "unseen_seconds": None}
    Vendor.objects.filter(pk=cast.vendor.pk).update(**settings)


def test_a_vendor_that_answers_nothing_is_paused_and_told(cast: Cast, placed: Any, clock: Clock, strict: None) -> None:
    leave_unanswered(placed, clock)
    assert sightings.pause_unanswering() == 0
    leave_unanswered(placed, clock)
    assert sightings.pause_unanswering() == 1
    cast.vendor.refresh_from_db()
    assert cast.vendor.paused_until == clock.now + timedelta(minutes=45)
    assert sightings.pause_unanswering() == 0
    assert [(sent.to, sent.subject) for sent in mailed(clock)] == [([cast.owner.email], "Burger Bar is paused")]
    assert "The last 2 orders in a row" in mail.outbox[0].body
    assert UnansweredOrder.objects.count() == 0


def test_an_answer_begins_the_count_anew(cast: Cast, placed: Any, clock: Clock, strict: None, board: Any) -> None:
    leave_unanswered(placed, clock)
    answered = placed()
    assert board.post(f"/api/v1/orders/{answered.pk}/transitions", {"transition": "accept"}).status_code == 200
    clock.now += timedelta(seconds=1)
    leave_unanswered(placed, clock)
    assert sightings.pause_unanswering() == 0
    assert UnansweredOrder.objects.count() == 1
    leave_unanswered(placed, clock)
    assert sightings.pause_unanswering() == 1


def reopen(cast: Cast, api: Api, order: Order) -> None:
    answer = api(cast.staff).post(f"/api/v1/orders/{order.pk}/transitions", {"to": 0, "reason_code": "mistake"})
    assert answer.status_code == 200, answer.data


def test_an_order_that_was_reopened_counts_anew(
    cast: Cast, placed: Any, clock: Clock, strict: None, board: Any, api: Api
) -> None:
    """While it waits again it does not count; left unanswered again it counts after what was answered meanwhile."""
    first, second = leave_unanswered(placed, clock), leave_unanswered(placed, clock)
    reopen(cast, api, first)
    assert (sightings.pause_unanswering(), UnansweredOrder.objects.get().order_id) == (0, second.pk)
    clock.now += timedelta(minutes=5)
    timers.run_due()
    reopen(cast, api, first)
    answered = placed()
    clock.now += timedelta(seconds=1)
    assert board.post(f"/api/v1/orders/{answered.pk}/transitions", {"transition": "accept"}).status_code == 200
    clock.now += timedelta(minutes=5)
    timers.run_due()
    assert (sightings.pause_unanswering(), UnansweredOrder.objects.get().order_id) == (0, first.pk)
    leave_unanswered(placed, clock)
    assert sightings.pause_unanswering() == 1


def test_pausing_is_off_unless_it_is_set(cast: Cast, placed: Any, clock: Clock, strict: None) -> None:
    Vendor.objects.filter(pk=cast.vendor.pk).update(pause_after_orders=None)
    for _ in range(3):
        leave_unanswered(placed, clock)
    assert (sightings.pause_unanswering(), UnansweredOrder.objects.count()) == (0, 0)
    cast.vendor.refresh_from_db()
    assert cast.vendor.paused_until is None


# --- several workers ----------------------------------------------------------------------------------------------


def make_overdue(orders: list[Order]) -> None:
    past = timezone.now() - timedelta(hours=1)
    pks = [order.pk for order in orders]
    FeedEntry.objects.filter(order__in=pks).update(unseen_since=past)
    Order.objects.filter(pk__in=pks).update(visible_at=past, status_changed_at=past)


def tell_at_once(orders: list[Order]) -> None:
    """Three workers that all have the same orders before them, and look twice."""
    found = [(FeedEntry.objects.get(order=order).pk, order.pk) for order in orders]

    def work() -> None:
        for entry_id, order_id in found * 2:
            sightings.tell_order(entry_id, order_id)

    together([work] * 3)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_the_same_orders_before_three_workers_are_told_once(cast: Cast, placed: Any) -> None:
    orders = [placed() for _ in range(5)]
    make_overdue(orders)
    tell_at_once(orders)
    assert [told(order) for order in orders] == [1] * 5
    assert Mail.objects.count() == 5


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_control_workers_that_do_not_claim_tell_twice(cast: Cast, placed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sightings, "claim_telling", lambda entry, now: True)
    with pytest.raises(AssertionError):
        test_the_same_orders_before_three_workers_are_told_once(cast, placed)


@pytest.mark.postgres
@pytest.mark.timed
@pytest.mark.django_db(transaction=True)
def test_three_workers_tell_in_time(
    cast: Cast, placed: Any, tmp_path: Path, figure: Callable[[str], None], full: bool
) -> None:
    """Processes of their own: each order is told within its vendor's time + 5 s, once; one that was shown, never."""
    patience = 10
    Vendor.objects.filter(pk=cast.vendor.pk).update(unseen_seconds=patience)
    first = placed()
    make_overdue([first])
    with ExitStack() as stack:
        for number in range(3):
            log = stack.enter_context((tmp_path / f"worker-{number}.log").open("wb"))
            command, env = [sys.executable, "manage.py", "worker"], environment(tmp_path, REDIS_URL="")
            worker = subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=log)
            stack.callback(worker.wait, 10)
            stack.callback(worker.kill)
        wait_until(lambda: told(first) == 1, 120)
        orders = [placed() for _ in range(20 if full else 5)]
        shown = orders.pop()
        FeedEntry.objects.filter(order=shown).update(unseen_since=None)
        wait_until(lambda: all(told(order) for order in orders), 60)
        time.sleep(3)  # for one who would tell it again
    late = max(
        (OrderEvent.objects.get(order=order, reason=NOTE).created_at - order.visible_at).total_seconds() - patience
        for order in orders
        if order.visible_at
    )
    assert [told(order) for order in [*orders, shown]] == [1] * len(orders) + [0]
    assert 0 <= late < 5, late
    figure(f"{len(orders)} orders, 3 workers: each told once, {late:.1f} s after the vendor's time at most")


def wait_until(holds: Callable[[], bool], seconds: float) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it did not come to pass"
        time.sleep(0.1)
