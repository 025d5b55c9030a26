"""Any change of many orders: what is left out and why, in the request or by the worker, stopped, and once only."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.test import Client
from django.utils import timezone

from orders.lifecycle.table import Fulfilment, Status
from orders.models import BulkChange, BulkChangeItem, Order, OrderEvent
from orders.reading.refusal_words import refusal_in_words
from orders.services.bulk import bulk_changes
from orders.services.bulk.bulk_changes import run_bulk_changes, select_orders, start_bulk_change
from ordersite.accounts.callers import caller_of_user
from ordersite.accounts.rights import Right
from tests.cast import Cast, make_clerk, make_manager
from tests.office import choose, form_of, rows_of
from tests.orders.back_office import place_order
from tests.orders.rows import make_order
from tests.promises.crowd import beside, together
from tracking import retention
from vendors.models import Driver

pytestmark = pytest.mark.django_db
LIST = "/admin/orders/order/"


def work(limit: int = 50) -> int:
    return run_bulk_changes(limit, refusal_in_words)


def page_of(office: Client, orders: list[Order]) -> str:
    """Ticks orders, and leads to the page of the selection."""
    answer = choose(office, LIST, "change_many", orders)
    assert answer.status_code == 302, answer
    return str(answer["Location"])


def start(office: Client, page: str, **fields: Any) -> Any:
    return office.post(page, {**form_of(office.get(page)), **fields}, follow=True)


def outcomes() -> dict[int, str]:
    return dict(BulkChangeItem.objects.values_list("order_id", "outcome"))


def test_a_few_are_changed_at_once_and_what_is_left_out_is_listed(cast: Cast, office: Client) -> None:
    waiting, accepted, moved = (place_order(cast) for _ in range(3))
    cancelled = make_order(cast, Status.REJECTED)
    Order.objects.filter(pk=accepted.pk).update(status=Status.ACCEPTED_BY_BUSINESS, accepted_at=timezone.now())
    page = page_of(office, [waiting, accepted, moved, cancelled])
    assert "4 orders as the list showed them" in office.get(page).content.decode()
    Order.objects.filter(pk=moved.pk).update(version=2)
    shown = start(office, page, change="accept", prepared_in="15").content.decode()
    expected = {waiting: "changed", accepted: "unchanged", moved: "refused", cancelled: "refused"}
    assert outcomes() == {order.pk: outcome for order, outcome in expected.items()}
    assert "Done: 4 of 4" in shown
    assert (
        f"#{cancelled.pk}</a> Burger Bar: It is “Rejected” now, and cannot become “Accepted by business”"
        in " ".join(shown.split())
    )
    order = Order.objects.get(pk=waiting.pk)
    assert (order.status, order.prepared_in, order.version) == (7, 15, 2)
    assert Order.objects.get(pk=moved.pk).status == 0
    assert office.post(page, {"change": "cancel_by_staff", "reason_code": "fraud"}).status_code == 302
    assert Order.objects.get(pk=waiting.pk).status == 7


def test_a_reason_is_asked_for_and_what_was_typed_stays(cast: Cast, office: Client) -> None:
    order = place_order(cast)
    page = page_of(office, [order])
    for wrong in ({}, {"change": "made_up"}, {"change": "cancel_by_staff", "reason_code": "other"}):
        answer = office.post(page, {"reason": "", "prepared_in": "7", **wrong})
        assert (answer.status_code, BulkChange.objects.get().started_at) == (200, None)
        assert 'value="7"' in answer.content.decode()
    start(office, page, change="cancel_by_staff", reason_code="other", reason="The oven broke")
    event = OrderEvent.objects.get(order=order, number=2)
    assert (event.transition, event.reason_code, event.reason) == ("cancel_by_staff", "other", "The oven broke")


def test_offers_many_to_one_driver(cast: Cast, office: Client) -> None:
    delivered = [make_order(cast, Status.ACCEPTED_BY_BUSINESS, stood="accepted") for _ in range(2)]
    pickup = make_order(cast, Status.ACCEPTED_BY_BUSINESS, Fulfilment.PICKUP)
    page = page_of(office, [*delivered, pickup])
    Driver.objects.filter(pk=cast.other_driver_row.pk).update(on_duty=False)
    off_duty = office.post(page, {"change": "offer_to_driver", "driver": cast.other_driver_row.pk})
    assert (off_duty.status_code, BulkChange.objects.get().started_at) == (200, None)
    start(office, page, change="offer_to_driver", driver=cast.driver_row.pk)
    assert set(Order.objects.filter(driver=cast.driver_row)) == set(delivered)
    assert outcomes() == {**{order.pk: "changed" for order in delivered}, pickup.pk: "refused"}


def test_all_of_a_filter_goes_to_the_worker_and_can_be_stopped(
    cast: Cast, office: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orders.admin.bulk_page.AT_ONCE", 1)
    orders = [place_order(cast) for _ in range(4)]
    other = make_order(cast, Status.REJECTED)
    listed = office.get(LIST, {"group": "open"})
    sent = {**form_of(listed), "action": "change_many", "_selected_action": [orders[0].pk], "index": "0"}
    page = office.post(f"{LIST}?group=open", {**sent, "select_across": "1"})["Location"]
    assert BulkChange.objects.get().total == 4
    assert other.pk not in outcomes()
    assert "Under way: 0 of 4" in start(office, page, change="accept").content.decode()
    assert work(3) == 3
    running = office.get(page).content.decode()
    assert "Under way: 3 of 4" in running
    assert "<dt>Waiting</dt><dd>1</dd>" in running
    assert "Stopped: what was changed before stays so." in office.post(f"{page}stop/", follow=True).content.decode()
    assert work() == 0
    stopped = office.get(page).content.decode()
    assert "Stopped: 3 of 4" in stopped
    assert "<dt>Not begun</dt><dd>1</dd>" in stopped
    assert list(Order.objects.order_by("pk").values_list("status", flat=True)) == [7, 7, 7, 0, 2]
    assert "There was nothing left to stop." in office.post(f"{page}stop/", follow=True).content.decode()


def test_more_than_a_selection_holds_is_refused(cast: Cast, office: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orders.admin.orders.MOST_SELECTED", 1)
    orders = [place_order(cast) for _ in range(2)]
    sent = {**rows_of(office.get(LIST)), "action": "change_many", "_selected_action": [orders[0].pk], "index": "0"}
    answer = office.post(LIST, {**sent, "select_across": "1"}, follow=True)
    assert "At most 1 orders at a time" in answer.content.decode()
    assert not BulkChange.objects.exists()


def test_two_changes_take_turns(cast: Cast) -> None:
    caller = caller_of_user(cast.staff)
    made = [[place_order(cast) for _ in range(3)] for _ in range(2)]
    for orders in made:
        bulk = select_orders(caller, [(order.pk, order.version) for order in orders])
        assert start_bulk_change(bulk.pk, cast.staff.pk, "accept", {})
    assert work(2) == 2
    assert [Order.objects.filter(pk__in=[one.pk for one in orders], status=7).count() for orders in made] == [1, 1]
    assert (work(), BulkChange.objects.filter(ended_at=None).count()) == (4, 0)


def test_what_dies_within_an_order_leaves_it_to_be_done_once(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    order = place_order(cast)
    bulk = select_orders(caller_of_user(cast.staff), [(order.pk, 1)])
    start_bulk_change(bulk.pk, cast.staff.pk, "accept", {})

    def dies(item: BulkChangeItem, **kwargs: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(BulkChangeItem, "save", dies)
        with pytest.raises(KeyboardInterrupt):
            work()
    assert (Order.objects.get().status, outcomes()) == (0, {order.pk: "waiting"})
    assert work() == 1
    assert (Order.objects.get().version, outcomes()) == (2, {order.pk: "changed"})


def test_a_fault_of_ours_holds_nothing_up(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    orders = [place_order(cast) for _ in range(2)]
    bulk = select_orders(caller_of_user(cast.staff), [(order.pk, 1) for order in orders])
    start_bulk_change(bulk.pk, cast.staff.pk, "accept", {})
    fail_at(monkeypatch, orders[0], lambda: 1 / 0)
    assert work() == 2
    assert outcomes() == {orders[0].pk: "refused", orders[1].pk: "changed"}


def test_what_the_database_never_takes_holds_nothing_up(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """An order at which it fails each time is left out, and the next one is changed."""
    orders = [place_order(cast) for _ in range(2)]
    bulk = select_orders(caller_of_user(cast.staff), [(order.pk, 1) for order in orders])
    start_bulk_change(bulk.pk, cast.staff.pk, "accept", {})
    fail_at(monkeypatch, orders[0], lambda: Order.objects.filter(pk=orders[0].pk).update(uuid=orders[1].uuid))
    assert work() == 2
    assert outcomes() == {orders[0].pk: "refused", orders[1].pk: "changed"}
    assert work() == 0


def fail_at(monkeypatch: pytest.MonkeyPatch, order: Order, fail: Callable[[], object]) -> None:
    """Has the change of one order do something that fails."""
    real = bulk_changes.change_one

    def breaks(caller: Any, bulk: BulkChange, item: BulkChangeItem) -> Order:
        if item.order_id == order.pk:
            fail()
        return real(caller, bulk, item)

    monkeypatch.setattr(bulk_changes, "change_one", breaks)


def test_a_database_that_is_away_leaves_all_to_be_done(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    order = place_order(cast)
    bulk = select_orders(caller_of_user(cast.staff), [(order.pk, 1)])
    start_bulk_change(bulk.pk, cast.staff.pk, "accept", {})

    def away() -> None:
        raise OperationalError("the connection is lost")

    with monkeypatch.context() as patch:
        fail_at(patch, order, away)
        with pytest.raises(OperationalError):
            work()
    assert outcomes() == {order.pk: "waiting"}
    assert work() == 1
    assert outcomes() == {order.pk: "changed"}


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_an_order_that_somebody_holds_is_left_out_after_a_time(cast: Cast, settings: Any) -> None:
    orders = [make_order(cast) for _ in range(2)]
    bulk = select_orders(caller_of_user(cast.staff), [(order.pk, 1) for order in orders])
    start_bulk_change(bulk.pk, cast.staff.pk, "accept", {})
    is_held, may_go = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            Order.objects.select_for_update().get(pk=orders[0].pk)
            is_held.set()
            may_go.wait(30)

    holder = beside(hold)
    try:
        assert is_held.wait(10)
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = 200")
        assert work() == 2
    finally:
        may_go.set()
        holder.result(30)
        connection.close()
    assert outcomes() == {orders[0].pk: "refused", orders[1].pk: "changed"}
    assert BulkChangeItem.objects.get(order=orders[0]).words.startswith("Too many changes at the same time")


def test_rights_are_those_at_the_time(cast: Cast) -> None:
    clerk = make_clerk(Right.VIEW_ORDERS, Right.MOVE_ORDERS, Right.ACT_EVERYWHERE)
    orders = [place_order(cast) for _ in range(2)]
    bulk = select_orders(caller_of_user(clerk), [(order.pk, 1) for order in orders])
    start_bulk_change(bulk.pk, clerk.pk, "accept", {})
    assert work(1) == 1
    clerk.is_active = False
    clerk.save()
    assert work() == 1
    assert outcomes() == {orders[0].pk: "changed", orders[1].pk: "refused"}


def test_a_selection_is_its_makers_alone(cast: Cast, office: Client) -> None:
    order = place_order(cast)
    page = page_of(office, [order])
    manager = Client()
    manager.force_login(make_manager(cast.vendor))
    for answer in (manager.get(page), manager.post(page, {"change": "accept"}), manager.post(f"{page}stop/")):
        assert answer.status_code == 302
    assert (BulkChange.objects.get().started_at, Order.objects.get().status) == (None, 0)


def test_old_ones_are_forgotten(cast: Cast) -> None:
    order = place_order(cast)
    caller = caller_of_user(cast.staff)
    old, new = (select_orders(caller, [(order.pk, 1)]) for _ in range(2))
    BulkChange.objects.filter(pk=old.pk).update(created_at=timezone.now() - retention.KEEP_BULK_CHANGES)
    BulkChange.objects.filter(pk=old.pk).update(started_at=timezone.now())
    assert (retention.prune_bulk_changes(), BulkChange.objects.count()) == (0, 2)
    BulkChange.objects.filter(pk=old.pk).update(ended_at=timezone.now())
    assert retention.prune_bulk_changes() == 1
    assert list(BulkChange.objects.all()) == [new]
    assert BulkChangeItem.objects.count() == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_workers_change_each_order_once(cast: Cast) -> None:
    with transaction.atomic():
        orders = [make_order(cast) for _ in range(12)]
        bulk = select_orders(caller_of_user(cast.staff), [(order.pk, 1) for order in orders])
    start_bulk_change(bulk.pk, cast.staff.pk, "accept", {})

    def one() -> int:
        done = 0
        while count := work(3):
            done += count
        return done

    assert sum(together([one] * 2)) == 12
    assert set(outcomes().values()) == {"changed"}
    assert set(Order.objects.values_list("status", "version")) == {(7, 2)}
