"""Timers where a driver, its company or a decision does not come, where a delivery failed, and at the table."""

from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.utils import timezone
from rest_framework.test import APIClient

from orders.models import Order, Refund
from orders.services.moving.timers import run_due
from tests.cast import Cast
from tests.clock import NOON, Clock
from tests.orders.moving.test_timers import last, move, settings_of
from tests.orders.rows import make_order
from tests.orders.shopping import ORDERS, balance_of, cart, fill_wallet, place_order, sums
from vendors.models import Stock, Vendor

Api = Callable[..., APIClient]
Later = Callable[..., int]
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
SEARCHED = "owner:accept owner:look_for_driver"
COMPANY = f"{SEARCHED} dispatcher:accept_by_company"
QUIT = f"{SEARCHED} driver:accept_by_driver driver:cancel_by_driver"
FAILED = f"{SEARCHED} driver:accept_by_driver driver:fail_pickup"
NOT_DELIVERED = f"{SEARCHED} driver:accept_by_driver owner:mark_ready driver:pick_up driver:fail_delivery"
NO_DRIVER = (22, "look_for_driver", "system", "no_driver")
LEFT = (22, "look_for_driver", "system", "driver_unavailable")
CANCELLED = (2, "cancel_by_staff", "system", "no_driver")
# Settings (those of a new vendor besides), what people do, after how many minutes what happens by itself.
KINDS: tuple[tuple[dict[str, Any], str, float, tuple[Any, ...]], ...] = (
    ({}, COMPANY, 15, NO_DRIVER),
    ({}, f"{COMPANY} owner:mark_ready", 15, NO_DRIVER),
    ({}, f"{COMPANY} owner:mark_ready owner:undo_ready", 15, NO_DRIVER),
    ({"company_minutes": 3}, COMPANY, 3, NO_DRIVER),
    ({}, QUIT, 5, LEFT),
    ({}, f"{QUIT} owner:mark_ready", 5, LEFT),
    ({"driver_left_minutes": 0}, QUIT, 0, LEFT),
    ({}, FAILED, 5, LEFT),
    ({}, f"{FAILED} owner:mark_ready", 5, LEFT),
    ({"auto_search": True, "driver_left_minutes": None}, f"{QUIT} owner:mark_ready", 0, (22, "look_for_driver")),
    ({"driver_left_minutes": None, "decide_minutes": 20}, QUIT, 20, CANCELLED),
    ({"driver_left_minutes": None, "decide_minutes": 20}, FAILED, 20, CANCELLED),
    ({"driver_left_minutes": 20, "decide_minutes": 19}, QUIT, 19, CANCELLED),
    ({"driver_left_minutes": 20, "decide_minutes": 20}, QUIT, 20, LEFT),
    ({"retry_minutes": 60}, NOT_DELIVERED, 60, (2, "cancel_by_staff", "system", "no_answer")),
    ({"served_minutes": 90}, "owner:accept owner:mark_ready", 90, (1, "complete", "system", "")),
)
# None of them: what stands at these waits for people.
OFF = dict.fromkeys(f"{name}_minutes" for name in ("company", "driver_left", "decide", "retry", "served"))


def begun(cast: Cast, api: Api, steps: str, **fields: Any) -> Order:
    """An order that these people have brought so far."""
    delivery_type = "delivery" if "driver" in steps else "eat_in"
    order = place_order(api(cast.customer), cart(cast, delivery_type=delivery_type, **fields))
    act(cast, api, order, steps)
    return order


def act(cast: Cast, api: Api, order: Order, steps: str) -> None:
    for step in steps.split():
        who, name = step.split(":")
        move(api(getattr(cast, who)), order, name)


@pytest.mark.parametrize(("fields", "steps", "minutes", "expected"), KINDS)
def test_what_happens_by_itself(
    cast: Cast, api: Api, later: Later, fields: dict[str, Any], steps: str, minutes: float, expected: tuple[Any, ...]
) -> None:
    settings_of(cast, **fields)
    order = begun(cast, api, steps)
    if minutes:
        assert later(minutes=minutes - 0.5) == 0
    assert later(minutes=0.5) == 1
    assert last(order)[: len(expected)] == expected
    left = Order.objects.get(pk=order.pk)
    assert (left.driver_id, left.company_id, left.company_accepted_at) == (None, None, None) or left.status in (1, 2)
    assert later(minutes=0.5) == 0


@pytest.mark.parametrize("steps", sorted({steps for _, steps, _, _ in KINDS}))
def test_nothing_does_where_it_is_switched_off(cast: Cast, api: Api, later: Later, steps: str) -> None:
    settings_of(cast, **OFF)
    order = begun(cast, api, steps)
    before = last(order)
    assert (later(days=9), last(order)) == (0, before)
    assert Order.objects.get(pk=order.pk).due_at is None


def test_money_and_stock_are_back_with_the_cancelling(cast: Cast, api: Api, later: Later) -> None:
    settings_of(cast, driver_left_minutes=None, decide_minutes=20)
    fill_wallet(cast.customer_row, 5000)
    soda = cast.products["soda"].pk
    items = [{"product": soda, "quantity": 4}, {"product": cast.products["pizza"].pk}]
    order = begun(cast, api, QUIT, items=items, payment_method="wallet")
    assert (balance_of(cast.customer_row), Stock.objects.get(pk=soda).quantity) == (2550, 6)
    assert later(minutes=20.1) == 1
    assert (balance_of(cast.customer_row), Stock.objects.get(pk=soda).quantity) == (5000, 10)
    assert sums() == {f"wallet:{cast.customer_row.pk}:EUR": 5000, "funding::EUR": -5000}
    assert Order.objects.get(pk=order.pk).payment_status == "refunded"


def test_what_failed_gives_its_money_back_once(cast: Cast, api: Api, later: Later) -> None:
    settings_of(cast, retry_minutes=60)
    fill_wallet(cast.customer_row, 5000)
    order = begun(cast, api, NOT_DELIVERED, payment_method="wallet")
    before = sums()
    assert (balance_of(cast.customer_row), Refund.objects.filter(order=order).count()) == (5000, 1)
    assert later(minutes=61) == 1
    assert last(order)[0] == 2
    assert (sums(), Refund.objects.filter(order=order).count()) == (before, 1)


def test_a_delivery_that_is_tried_again_is_not_rejected(cast: Cast, api: Api, later: Later) -> None:
    settings_of(cast, retry_minutes=60)
    order = begun(cast, api, f"{NOT_DELIVERED} driver:retry_delivery")
    assert (later(days=1), last(order)[0]) == (0, 23)


def test_cash_at_the_table_counts_as_paid(cast: Cast, api: Api, later: Later) -> None:
    settings_of(cast, served_minutes=30)
    order = begun(cast, api, "owner:accept owner:mark_ready")
    assert Order.objects.get(pk=order.pk).payment_status == "unpaid"
    assert later(minutes=31) == 1
    served = Order.objects.get(pk=order.pk)
    assert (served.status, served.payment_status, served.closed_at is not None) == (1, "paid", True)
    assert sum(sums().values()) == 0


def test_what_was_given_back_is_not_completed_by_itself(cast: Cast, api: Api, later: Later) -> None:
    settings_of(cast, served_minutes=30)
    fill_wallet(cast.customer_row, 5000)
    order = begun(cast, api, "owner:accept owner:mark_ready", payment_method="wallet")
    refund = {"amount": {"amount": "12.00", "currency": "EUR"}, "to": "wallet", "reason": "Cold."}
    answer = api(cast.staff).post(f"{ORDERS}/{order.pk}/refunds", refund)
    assert answer.status_code == 201, answer.json()
    assert Order.objects.get(pk=order.pk).payment_status == "refunded"
    assert (later(days=1), last(order)[0], Order.objects.get(pk=order.pk).due_at) == (0, 4, None)


def test_none_of_it_before_the_agreed_time(cast: Cast, api: Api, later: Later) -> None:
    """For in five hours, accepted now: times run from when preparing begins, twenty minutes before."""
    settings_of(cast, served_minutes=30)
    at = (timezone.now() + timedelta(hours=5)).isoformat()
    held, quit_ = (begun(cast, api, steps, deliver_at=at) for steps in (COMPANY, QUIT))
    table = begun(cast, api, "owner:accept owner:mark_ready", deliver_at=at)
    assert later(minutes=279) == 0
    assert (later(minutes=6.1), last(quit_)) == (1, LEFT)
    assert (later(minutes=10), last(held)) == (1, NO_DRIVER)
    assert later(minutes=34) == 0
    assert (later(minutes=1.1), last(table)[:2]) == (1, (1, "complete"))


def test_the_company_whose_driver_quits_has_its_minutes_anew(cast: Cast, api: Api, later: Later) -> None:
    order = begun(cast, api, COMPANY)
    named = api(cast.dispatcher).patch(f"{ORDERS}/{order.pk}", {"driver": cast.company_driver_row.pk})
    assert named.status_code == 200
    act(cast, api, order, "company_driver:accept_by_driver")
    Order.objects.filter(pk=order.pk).update(company_accepted_at=timezone.now() - timedelta(hours=1))
    assert later() == 0
    act(cast, api, order, "company_driver:cancel_by_driver")
    assert later(minutes=14.5) == 0
    assert (later(minutes=0.6), last(order)) == (1, NO_DRIVER)


def test_who_is_named_after_a_driver_has_quit_is_asked_first(cast: Cast, api: Api, later: Later) -> None:
    settings_of(cast, driver_left_minutes=0)
    order = begun(cast, api, QUIT)
    assert api(cast.owner).patch(f"{ORDERS}/{order.pk}", {"driver": cast.courier_row.pk}).status_code == 200
    assert later(seconds=40) == 0
    assert (later(seconds=6), last(order)) == (1, (6, "", "system", "no_answer"))
    assert (later(), last(order)) == (1, LEFT)


def test_no_search_where_the_vendor_delivers_itself(cast: Cast, api: Api, later: Later) -> None:
    order = begun(cast, api, QUIT)
    assert api(cast.owner).patch(f"{ORDERS}/{order.pk}", {"self_delivery": True}).status_code == 200
    assert (later(days=1), Order.objects.get(pk=order.pk).status) == (0, 6)


HELD = f"{COMPANY} company_driver:driver company_driver:accept_by_driver"
# Settings, what people do at which minutes (a number before it; "who:driver" is who is named), and at which minute what
# happens by itself.
COURSES: dict[str, tuple[dict[str, Any], str, float, tuple[Any, ...]]] = {
    "the company's driver quits, the kitchen goes on": (
        *({"decide_minutes": None}, f"{HELD} 30 company_driver:cancel_by_driver 31 owner:mark_ready", 45, NO_DRIVER),
    ),
    "the company's driver quits, ready is taken back": (
        {},
        f"{HELD} 30 company_driver:cancel_by_driver 31 owner:mark_ready 33 owner:undo_ready",
        *(45, NO_DRIVER),
    ),
    "a failed pick-up, then ready, searched by itself": (
        *(
            {"auto_search": True, "driver_left_minutes": None},
            f"{FAILED} 3 owner:mark_ready",
            3,
            (22, "look_for_driver"),
        ),
    ),
    "a failed pick-up, ready and back, searched by itself": (
        {"auto_search": True, "driver_left_minutes": None},
        f"{FAILED} owner:mark_ready owner:undo_ready",
        *(0, (22, "look_for_driver")),
    ),
    "a failed pick-up, ready and back": ({}, f"{FAILED} 1 owner:mark_ready 2 owner:undo_ready", 5, LEFT),
    "quit, ready and back": ({}, f"{QUIT} 1 owner:mark_ready 2 owner:undo_ready", 5, LEFT),
    "quit, ready, back and ready": ({}, f"{QUIT} 1 owner:mark_ready 2 owner:undo_ready 4 owner:mark_ready", 5, LEFT),
    "quit, then ready: from when it quit": ({}, f"{QUIT} 4 owner:mark_ready", 5, LEFT),
    "nobody decides, the kitchen goes on": (
        *({"driver_left_minutes": None, "decide_minutes": 20}, f"{QUIT} 4 owner:mark_ready", 20, CANCELLED),
    ),
    "nobody decides, ready is taken back and said again": (
        {"driver_left_minutes": None, "decide_minutes": 20},
        f"{QUIT} 4 owner:mark_ready 5 owner:undo_ready 6 owner:mark_ready",
        *(20, CANCELLED),
    ),
    "the search is taken up again when ready is taken back": (
        {"search_minutes": 10},
        f"{SEARCHED} 1 owner:mark_ready 2 owner:undo_ready",
        *(2, (22, "look_for_driver", "system", "")),
    ),
    "stopped, but a driver was found since": (
        {},
        f"{SEARCHED} owner:stop_search driver:driver driver:accept_by_driver 3 driver:cancel_by_driver",
        *(8, LEFT),
    ),
    "stopped, a driver was found since, the kitchen goes on": (
        {"auto_search": True},
        f"{SEARCHED} owner:stop_search driver:driver driver:accept_by_driver 3 driver:cancel_by_driver "
        "4 owner:mark_ready",
        *(4, (22, "look_for_driver")),
    ),
    "named anew at the last moment, nobody decides": (
        {"driver_left_minutes": None, "decide_minutes": 20},
        f"{QUIT} 19.5 courier:driver",
        *(20.25, (6, "", "system", "no_answer")),
    ),
    "named by the company at the last moment": (
        {},
        f"{COMPANY} 14.5 company_driver:driver",
        *(15.25, (25, "", "system", "no_answer")),
    ),
    "named at the last moment of the search": (
        {"search_minutes": 10},
        f"{SEARCHED} 9.5 courier:driver",
        *(10.25, (22, "", "system", "no_answer")),
    ),
}


@pytest.mark.parametrize("case", COURSES)
def test_who_is_waited_for_and_since_when(cast: Cast, api: Api, clock: Clock, case: str) -> None:
    fields, steps, minute, expected = COURSES[case]
    settings_of(cast, **fields)
    order = place_order(api(cast.customer), cart(cast, delivery_type="delivery"))
    for step in steps.split():
        who, _, name = step.partition(":")
        if not name:
            clock.now = NOON + float(step) * MINUTE
        elif name == "driver":
            namer = cast.dispatcher if who == "company_driver" else cast.owner
            named = api(namer).patch(f"{ORDERS}/{order.pk}", {"driver": getattr(cast, f"{who}_row").pk})
            assert named.status_code == 200, named.json()
        else:
            act(cast, api, order, step)
    if clock.now < NOON + minute * MINUTE:
        clock.now = NOON + minute * MINUTE - SECOND
        assert run_due() == 0, last(order)
        clock.now += SECOND
    assert (run_due(), last(order)[: len(expected)]) == (1, expected)


def test_who_is_named_may_still_accept_when_the_time_is_over(cast: Cast, api: Api, clock: Clock) -> None:
    settings_of(cast, driver_left_minutes=None, decide_minutes=20)
    order = begun(cast, api, QUIT)
    clock.now = NOON + 19.5 * MINUTE
    assert api(cast.owner).patch(f"{ORDERS}/{order.pk}", {"driver": cast.courier_row.pk}).status_code == 200
    clock.now = NOON + 20.2 * MINUTE
    assert run_due() == 0
    act(cast, api, order, "courier:accept_by_driver")
    stands = Order.objects.get(pk=order.pk)
    assert (stands.status, stands.driver_left_at, stands.due_at) == (8, None, None)


def test_when_a_driver_left_is_read_from_the_events(cast: Cast, api: Api, clock: Clock) -> None:
    """As the version before had left the orders: without the column, and with the marks of stopped searches."""
    courses = {
        QUIT: True,
        f"{QUIT} owner:mark_ready owner:undo_ready": True,
        f"{QUIT} owner:look_for_driver": False,
        f"{SEARCHED} owner:stop_search": False,
        f"{SEARCHED} driver:accept_by_driver": False,
    }
    orders = {begun(cast, api, steps).pk: left for steps, left in courses.items()}
    standing = dict(Order.objects.values_list("pk", "standing_changes"))
    stopped = [pk for pk, marks in standing.items() if "stop_search" in marks]
    Order.objects.update(driver_left_at=None)
    Order.objects.filter(pk=min(orders)).update(standing_changes="stop_search@vendor")
    clock.now += MINUTE
    for _ in range(2):
        import_module("orders.migrations.0032_fill_driver_left_at").fill(apps, None)
        told = Order.objects.values_list("pk", "driver_left_at")
        assert dict(told) == {pk: NOON if left else None for pk, left in orders.items()}
        marks = Order.objects.values_list("pk", "standing_changes")
        assert [pk for pk, mark in marks if "stop_search" in mark] == stopped


def test_each_search_has_its_own_deadline(cast: Cast, api: Api, later: Later) -> None:
    """A driver who accepts ends the search: what is searched after it has quit is not cancelled for the old one."""
    settings_of(cast, search_minutes=10)
    order = begun(cast, api, f"{SEARCHED} driver:accept_by_driver")
    Order.objects.filter(pk=order.pk).update(search_started_at=timezone.now() - timedelta(hours=1))
    act(cast, api, order, "driver:cancel_by_driver owner:mark_ready")
    assert Order.objects.get(pk=order.pk).search_started_at is None
    assert (later(minutes=5.1), last(order)) == (1, LEFT)
    assert later(minutes=9.8) == 0
    assert (later(minutes=0.3), last(order)) == (1, CANCELLED)


def test_a_new_vendor_looks_for_drivers_anew_and_cancels_nothing_by_itself(cast: Cast) -> None:
    fresh = Vendor(merchant=cast.merchant, type=cast.vendor.type, name="Fresh")
    fresh.save()
    told = {name: getattr(fresh, name) for name in OFF}
    on = {"company_minutes": 15, "driver_left_minutes": 5}
    assert told == {**OFF, **on}


def test_a_timer_that_is_not_due_any_more_is_reckoned_anew(cast: Cast) -> None:
    """Written before, by another setting, it changes nothing."""
    ago = timezone.now() - timedelta(hours=1)
    order = make_order(cast, 12, stood="accepted picked_up", due_at=ago, status_changed_at=ago)
    assert run_due() == 0
    assert (Order.objects.get(pk=order.pk).due_at, last(order)[0]) == (None, 12)
