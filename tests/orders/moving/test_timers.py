"""What happens to an order by itself: orders.services.moving.timers.run_due."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from orders.models import Order, OrderEvent
from orders.services.moving import timers
from orders.services.record.order_update import save_timers
from tests.cast import Cast
from tests.orders.shopping import ORDERS, balance_of, cart, fill_wallet, place_order, sums
from vendors.models import Stock, Vendor

Api = Callable[..., APIClient]


def settings_of(cast: Cast, **fields: Any) -> None:
    Vendor.objects.filter(pk=cast.vendor.pk).update(**fields)


def move(client: APIClient, order: Order, name: str) -> None:
    response = client.post(f"{ORDERS}/{order.pk}/transitions", {"transition": name, "reason_code": "mistake"})
    assert response.status_code == 200, response.json()


def last(order: Order) -> tuple[int, str, str, str]:
    """Status, and the last event's name, role and reason."""
    event = order.events.latest("number")
    order = Order.objects.get(pk=order.pk)
    assert event.number == order.version
    return order.status, event.transition, event.role, event.reason_code


def test_a_preorder_is_released_when_its_preparation_begins(cast: Cast, api: Api, later: Callable[..., int]) -> None:
    settings_of(cast, preparation_minutes=30, rush_minutes=15, accept_minutes=10)
    deliver_at = timezone.now() + timedelta(hours=3)
    order = place_order(api(cast.customer), cart(cast, deliver_at=deliver_at.isoformat()))
    assert later(minutes=134) == 0
    assert later(minutes=1) == 1
    assert last(order) == (0, "release_preorder", "system", "")
    # Its deadline for accepting begins now.
    assert later(minutes=9) == 0
    assert later(minutes=1.1) == 1
    assert last(order) == (5, "reject", "system", "no_answer")


def test_a_preorder_that_was_moved_to_now_is_released_at_once(cast: Cast, api: Api, later: Callable[..., int]) -> None:
    deliver_at = timezone.now() + timedelta(hours=3)
    order = place_order(api(cast.customer), cart(cast, deliver_at=deliver_at.isoformat()))
    assert api(cast.customer).patch(f"{ORDERS}/{order.pk}", {"deliver_at": None}).status_code == 200
    assert later() == 1
    assert last(order) == (0, "release_preorder", "system", "")


def test_a_vendor_accepts_by_itself(cast: Cast, api: Api, later: Callable[..., int]) -> None:
    settings_of(cast, auto_accept=True, preparation_minutes=25)
    order = place_order(api(cast.customer), cart(cast))
    assert (later(), later()) == (1, 0)
    assert last(order) == (7, "accept", "system", "")
    accepted = Order.objects.get(pk=order.pk)
    assert accepted.estimated_at is not None
    assert accepted.accepted_at is not None
    assert accepted.estimated_at - accepted.accepted_at == timedelta(minutes=25)


def test_nobody_answers_and_the_money_goes_back(cast: Cast, api: Api, later: Callable[..., int]) -> None:
    settings_of(cast, accept_minutes=10)
    fill_wallet(cast.customer_row, 5000)
    soda = cast.products["soda"].pk
    items = [{"product": soda, "quantity": 4}, {"product": cast.products["pizza"].pk}]
    order = place_order(api(cast.customer), cart(cast, items=items, payment_method="wallet"))
    assert (balance_of(cast.customer_row), Stock.objects.get(pk=soda).quantity) == (2800, 6)
    assert later(minutes=9.9) == 0
    assert later(minutes=0.2) == 1
    assert last(order) == (5, "reject", "system", "no_answer")
    assert (balance_of(cast.customer_row), Stock.objects.get(pk=soda).quantity) == (5000, 10)
    assert sums() == {f"wallet:{cast.customer_row.pk}:EUR": 5000, "funding::EUR": -5000}
    assert Order.objects.get(pk=order.pk).payment_status == "refunded"
    assert later(days=1) == 0


def test_an_answer_stops_the_deadline(cast: Cast, api: Api, later: Callable[..., int]) -> None:
    settings_of(cast, accept_minutes=10)
    order = place_order(api(cast.customer), cart(cast))
    move(api(cast.owner), order, "accept")
    assert later(days=1) == 0


def test_the_search_begins_and_ends_by_itself(cast: Cast, api: Api, later: Callable[..., int]) -> None:
    settings_of(cast, auto_search=True, search_minutes=15)
    fill_wallet(cast.customer_row, 2000)
    order = place_order(api(cast.customer), cart(cast, delivery_type="delivery", payment_method="wallet"))
    move(api(cast.owner), order, "accept")
    assert later() == 1
    assert last(order) == (22, "look_for_driver", "system", "")
    assert api(cast.driver).get(f"{ORDERS}/{order.pk}").status_code == 200
    assert later(minutes=14) == 0
    assert later(minutes=1.1) == 1
    assert last(order) == (2, "cancel_by_staff", "system", "no_driver")
    assert balance_of(cast.customer_row) == 2000


def test_a_driver_stops_the_search(cast: Cast, api: Api, later: Callable[..., int]) -> None:
    settings_of(cast, auto_search=True, search_minutes=15)
    order = place_order(api(cast.customer), cart(cast, delivery_type="delivery"))
    move(api(cast.owner), order, "accept")
    later()
    move(api(cast.driver), order, "accept_by_driver")
    assert later(days=1) == 0


def test_a_search_that_somebody_stopped_does_not_begin_again(cast: Cast, api: Api, later: Callable[..., int]) -> None:
    settings_of(cast, auto_search=True, search_minutes=15)
    order = place_order(api(cast.customer), cart(cast, delivery_type="delivery"))
    move(api(cast.owner), order, "accept")
    assert later() == 1
    move(api(cast.owner), order, "stop_search")
    assert later(days=1) == 0
    assert last(order) == (7, "stop_search", "vendor", "mistake")  # the reason that `move` always sends


def test_a_stopped_search_stays_stopped_until_somebody_begins_one(
    cast: Cast, api: Api, later: Callable[..., int]
) -> None:
    settings_of(cast, auto_search=True, search_minutes=15)
    order = place_order(api(cast.customer), cart(cast, delivery_type="delivery"))
    owner = api(cast.owner)
    move(owner, order, "accept")
    assert later() == 1
    for name, status in (("stop_search", 7), ("mark_ready", 4), ("undo_ready", 7), ("mark_ready", 4)):
        move(owner, order, name)
        assert (later(days=1), last(order)[:2]) == (0, (status, name))
    # One that somebody begins can be stopped again.
    for name in ("look_for_driver", "stop_search"):
        move(owner, order, name)
    assert later(days=1) == 0
    # Reopened it is as new.
    move(api(cast.staff), order, "reopen")
    move(owner, order, "accept")
    assert later() == 1
    assert last(order)[:2] == (22, "look_for_driver")


def test_a_named_driver_who_never_answers_does_not_hold_the_deadline(
    cast: Cast, api: Api, later: Callable[..., int]
) -> None:
    settings_of(cast, auto_search=True, search_minutes=15)
    order = place_order(api(cast.customer), cart(cast, delivery_type="delivery"))
    move(api(cast.owner), order, "accept")
    assert later() == 1
    named = api(cast.owner).patch(f"{ORDERS}/{order.pk}", {"driver": cast.courier_row.pk})
    assert named.status_code == 200
    assert later(minutes=16) == 1
    assert last(order) == (22, "", "system", "no_answer")
    assert later() == 1
    assert last(order) == (2, "cancel_by_staff", "system", "no_driver")


@pytest.mark.parametrize("field", [{"self_delivery": True}, {"driver": None}])
def test_no_search_where_somebody_carries_it(
    cast: Cast, api: Api, later: Callable[..., int], field: dict[str, Any]
) -> None:
    settings_of(cast, auto_search=True)
    order = place_order(api(cast.customer), cart(cast, delivery_type="delivery"))
    fields = field if "self_delivery" in field else {"driver": cast.courier_row.pk}
    assert api(cast.owner).patch(f"{ORDERS}/{order.pk}", fields).status_code == 200
    move(api(cast.owner), order, "accept")
    assert later(seconds=40) == 0
    if "self_delivery" in field:
        assert later(days=1) == 0


def test_what_nobody_collects(cast: Cast, api: Api, later: Callable[..., int]) -> None:
    settings_of(cast, collect_minutes=60)
    order = place_order(api(cast.customer), cart(cast))
    move(api(cast.owner), order, "accept")
    assert later(days=1) == 0
    move(api(cast.owner), order, "mark_ready")
    Order.objects.filter(pk=order.pk).update(prepared_at=timezone.now() + timedelta(days=1))
    Order.objects.filter(pk=order.pk).update(due_at=timezone.now() + timedelta(days=1, minutes=60))
    assert later(minutes=59) == 0
    assert later(minutes=2) == 1
    assert last(order) == (17, "mark_not_collected", "system", "not_collected")


@pytest.mark.parametrize(("completes", "status", "name"), [(True, 1, "complete"), (False, 15, "")])
def test_settling_closes_for_good(
    cast: Cast, api: Api, later: Callable[..., int], completes: bool, status: int, name: str
) -> None:
    settings_of(cast, settle_minutes=120, settled_completes=completes)
    order = place_order(api(cast.customer), cart(cast))
    for step in ("accept", "mark_ready", "collect"):
        move(api(cast.owner), order, step)
    before = sums()
    assert Order.objects.get(pk=order.pk).closed_at is None
    assert later(minutes=119) == 0
    assert later(minutes=1.1) == 1
    assert last(order)[:3] == (status, name, "system")
    assert Order.objects.get(pk=order.pk).closed_at is not None
    assert sums() == before
    assert later(days=9) == 0


def test_a_deleted_order_does_nothing_more(cast: Cast, api: Api, later: Callable[..., int]) -> None:
    settings_of(cast, settle_minutes=0)
    order = place_order(api(cast.customer), cart(cast))
    for step in ("accept", "mark_ready", "collect"):
        move(api(cast.owner), order, step)
    assert api(cast.staff).delete(f"{ORDERS}/{order.pk}").status_code == 204
    assert later(days=1) == 0


def test_one_that_fails_does_not_hold_up_the_others(
    cast: Cast, api: Api, later: Callable[..., int], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    settings_of(cast, auto_accept=True)
    poisoned, sound = (place_order(api(cast.customer), cart(cast)) for _ in range(2))
    real = timers.transition  # type: ignore[attr-defined]

    def failing(*, order_id: int, **rest: Any) -> Order:
        if order_id == poisoned.pk:
            raise RuntimeError("broken")
        return real(order_id=order_id, **rest)

    with monkeypatch.context() as broken:
        broken.setattr(timers, "transition", failing)
        assert later() == 1
    assert "a timer failed" in caplog.text
    assert (last(sound)[0], Order.objects.get(pk=poisoned.pk).status) == (7, 0)
    assert OrderEvent.objects.filter(order=poisoned).count() == 1
    assert later(minutes=4) == 0
    assert later(minutes=1.1) == 1
    assert last(poisoned)[0] == 7


def test_timers_are_saved_without_an_event_and_nothing_else_is(cast: Cast, api: Api) -> None:
    order = place_order(api(cast.customer), cart(cast))
    order = Order.objects.get(pk=order.pk)
    order.due_at, order.comment = timezone.now(), "Another"
    with pytest.raises(RuntimeError, match=f"Order {order.pk} changes without an event: comment"):
        save_timers([order])
    assert Order.objects.get(pk=order.pk).due_at is None
