"""Timers and agreed times: answering runs while the vendor is open, searching and collecting not before the time."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from orders.admin.display import due_hint, lateness
from orders.lifecycle.due_moments import AWAITS_PAYMENT, awaits_payment
from orders.lifecycle.table import Fulfilment
from orders.models import Order
from orders.reading.troubles import TROUBLE_BY_SLUG
from orders.services.moving.timers import run_due
from tests.cast import Cast
from tests.clock import NOON, Clock
from tests.orders.placing.test_placing_times import guest_cart, open_hours
from tests.orders.rows import make_order
from tests.orders.shopping import ORDERS, assert_nothing_changed, place_order
from vendors.models import Vendor

Api = Callable[..., APIClient]
HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)
# The Wednesday's midnight in Brussels.
MIDNIGHT = NOON - 12 * HOUR


def set_vendor(cast: Cast, **fields: Any) -> None:
    Vendor.objects.filter(pk=cast.vendor.pk).update(**fields)


def at(text: str) -> datetime:
    """A time of that Wednesday by the vendor's clock; "+1 07:00" is the day after's."""
    day, _, hour = text.rpartition(" ")
    hours, minutes = hour.split(":")
    return MIDNIGHT + timedelta(days=int(day or 0), hours=int(hours), minutes=int(minutes))


def move(client: APIClient, order: Order, name: str, **fields: str) -> Any:
    return client.post(f"{ORDERS}/{order.pk}/transitions", {"transition": name, **fields})


def last(order: Order) -> tuple[int, str]:
    return Order.objects.get(pk=order.pk).status, order.events.latest("number").transition


def runs(clock: Clock, moment: datetime, order: Order, *expected: Any) -> None:
    """Nothing happens by itself until the moment, and this does then."""
    clock.now = moment - SECOND
    assert run_due() == 0, last(order)
    clock.now = moment
    assert (run_due(), last(order)) == (1, expected)


# --- answering ---


def test_a_preorder_for_the_opening_is_answered_once_it_opens(cast: Cast, api: Api, clock: Clock) -> None:
    set_vendor(cast, accept_minutes=10)
    open_hours(cast.vendor, *[(day, "07:00", "22:00") for day in range(7)])
    order = place_order(api(), guest_cart(cast, deliver_at=at("1 07:00").isoformat()))
    runs(clock, at("1 06:40"), order, 0, "release_preorder")
    runs(clock, at("1 07:10"), order, 5, "reject")


def test_the_time_for_answering_runs_from_the_end_of_a_pause(
    cast: Cast, api: Api, till: APIClient, clock: Clock
) -> None:
    set_vendor(cast, accept_minutes=10, paused_until=at("12:30"))
    order = place_order(api(), guest_cart(cast, deliver_at=at("12:45").isoformat()))
    runs(clock, at("12:40"), order, 5, "reject")


@pytest.mark.parametrize("closing", ["pause", "closing"])
def test_what_begins_later_does_not_stop_it(cast: Cast, api: Api, till: APIClient, clock: Clock, closing: str) -> None:
    set_vendor(cast, accept_minutes=10)
    if closing == "closing":
        open_hours(cast.vendor, (2, "08:00", "12:05"))
    order = place_order(api(), guest_cart(cast))
    if closing == "pause":
        clock.now = at("12:05")
        path = f"/api/v1/vendors/{cast.vendor.pk}"
        assert till.patch(path, {"paused_until": at("14:00").isoformat()}).status_code == 200
    runs(clock, at("12:10"), order, 5, "reject")


def test_nothing_is_accepted_by_itself_while_closed(cast: Cast, api: Api, clock: Clock) -> None:
    set_vendor(cast, auto_accept=True)
    open_hours(cast.vendor, *[(day, "07:00", "22:00") for day in range(7)])
    order = place_order(api(), guest_cart(cast, deliver_at=at("1 07:00").isoformat()))
    runs(clock, at("1 06:40"), order, 0, "release_preorder")
    runs(clock, at("1 07:00"), order, 7, "accept")


def test_nothing_is_accepted_by_itself_in_a_pause(cast: Cast, api: Api, clock: Clock) -> None:
    set_vendor(cast, auto_accept=True, paused_until=at("12:30"))
    order = place_order(api(), guest_cart(cast, deliver_at=at("12:45").isoformat()))
    runs(clock, at("12:30"), order, 7, "accept")


def test_it_is_refused_in_time_where_the_kitchen_closes_first(cast: Cast, api: Api, clock: Clock) -> None:
    """The worker did not run before closing: what it would have accepted is not accepted the day after."""
    set_vendor(cast, auto_accept=True, accept_minutes=10)
    open_hours(cast.vendor, (2, "08:00", "12:05"), (3, "08:00", "12:00"))
    order = place_order(api(), guest_cart(cast))
    clock.now = at("12:06")
    assert (run_due(), last(order)[0]) == (0, 0)
    runs(clock, at("12:10"), order, 5, "reject")


def test_what_is_paid_later_can_be_answered_from_then_on(cast: Cast, api: Api, clock: Clock) -> None:
    set_vendor(cast, accept_minutes=10, payment_methods=["cash", "transfer"])
    order = place_order(api(), guest_cart(cast, payment_method="transfer"))
    clock.now = at("17:00")
    payment = order.purchase.payments.get()
    staff = api(cast.staff)
    with pytest.MonkeyPatch.context() as real:
        real.setattr(timezone, "now", clock)
        answer = staff.post(f"{ORDERS}/{order.pk}/payments/{payment.pk}/approve")
    assert answer.status_code == 200, answer.json()
    runs(clock, at("17:10"), order, 5, "reject")


def test_the_kitchens_alert_counts_from_when_it_could_be_answered(
    cast: Cast, api: Api, clock: Clock, client: Client
) -> None:
    def alerts() -> str:
        page = client.get("/admin/").content.decode()
        return page.split("?stuck=unanswered")[1].split('class="count">')[1].split("<")[0]

    client.force_login(cast.staff)
    set_vendor(cast, paused_until=at("12:30"))
    place_order(api(), guest_cart(cast, deliver_at=at("12:45").isoformat()))
    set_vendor(cast, paused_until=None)
    told = {}
    for time in ("12:20", "12:39", "12:40"):
        clock.now = at(time)
        told[time] = alerts()
    assert told == {"12:20": "0", "12:39": "0", "12:40": "1"}


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"visible_at": 11}, "not accepted for 11 min"),
        ({"visible_at": 10}, "not accepted for 10 min"),
        ({"visible_at": 9}, ""),
        ({"visible_at": 60, "answer_from": 11}, "not accepted for 11 min"),
        ({"visible_at": 60, "answer_from": 9}, ""),
        ({"visible_at": 60, "answer_from": -30}, ""),
        ({"visible_at": 60, "payment_method": "transfer"}, ""),
        ({"visible_at": 60, "payment_method": "transfer", "payment_status": "proof_pending"}, ""),
        ({"visible_at": 60, "payment_method": "transfer", "payment_status": "failed"}, ""),
        ({"visible_at": 60, "payment_method": "transfer", "payment_status": "paid"}, "not accepted for 1 h 00"),
        ({"visible_at": 60, "payment_method": "wallet"}, "not accepted for 1 h 00"),
        ({"visible_at": 60, "deliver_at": 5}, "not accepted for 1 h 00"),
        ({"visible_at": 60, "deliver_at": 5, "payment_method": "transfer"}, ""),
        ({"visible_at": 60, "status": 13}, ""),
    ],
)
def test_the_list_and_its_filter_say_the_same(cast: Cast, clock: Clock, fields: dict[str, Any], told: str) -> None:
    """Moments are minutes ago."""
    times = {name: NOON - value * MINUTE for name, value in fields.items() if name in ("visible_at", "answer_from")}
    times |= {"deliver_at": NOON - fields["deliver_at"] * MINUTE} if "deliver_at" in fields else {}
    order = make_order(cast, **{**fields, **times})
    assert lateness(order, clock.now).replace("\u00a0", " ") == told
    found = Order.objects.filter(TROUBLE_BY_SLUG["unanswered"].condition(clock.now)).exists()
    assert found == bool(told)
    # The predicate and its question to the database are one rule.
    assert Order.objects.filter(AWAITS_PAYMENT).exists() == awaits_payment(order)


# --- releasing ---


@pytest.mark.parametrize(
    ("rush_until", "begins"),
    [
        ("13:00", "12:20"),
        ("12:51", "12:20"),
        ("12:50", "12:50"),
        ("12:21", "12:50"),
        ("13:30", "12:20"),
        (None, "12:20"),
    ],
)
def test_rush_counts_where_it_lasts_when_work_begins(
    cast: Cast, api: Api, clock: Clock, rush_until: str | None, begins: str
) -> None:
    """For 13:10, preparing takes 20 minutes and 30 more in rush."""
    ends = at(rush_until) if rush_until else None
    set_vendor(cast, preparation_minutes=20, rush_minutes=30, rush_until=ends, preorder_minutes=0)
    order = place_order(api(), guest_cart(cast, deliver_at=at("13:10").isoformat()))
    assert order.status == 13
    runs(clock, at(begins), order, 0, "release_preorder")


# --- searching ---


@pytest.mark.parametrize("by_hand", [False, True])
def test_the_search_begins_when_preparing_does(
    cast: Cast, api: Api, till: APIClient, clock: Clock, by_hand: bool
) -> None:
    set_vendor(cast, auto_search=not by_hand, search_minutes=10, preparation_minutes=30, rush_minutes=10)
    deliver_at = at("17:00").isoformat()
    order = place_order(api(), guest_cart(cast, delivery_type="delivery", deliver_at=deliver_at))
    assert move(till, order, "accept").status_code == 200
    if by_hand:
        assert move(till, order, "look_for_driver").status_code == 200
    else:
        runs(clock, at("16:20"), order, 22, "look_for_driver")
    runs(clock, at("16:30"), order, 2, "cancel_by_staff")


def test_the_search_for_now_begins_at_once(cast: Cast, api: Api, till: APIClient, clock: Clock) -> None:
    set_vendor(cast, auto_search=True, search_minutes=10)
    order = place_order(api(), guest_cart(cast, delivery_type="delivery"))
    assert move(till, order, "accept").status_code == 200
    assert (run_due(), last(order)) == (1, (22, "look_for_driver"))
    runs(clock, at("12:10"), order, 2, "cancel_by_staff")


# --- collecting ---


# The time that was agreed and the one that was told since (without both it is told 12:20); when it is ready; from when
# on it is closed by hand and by the timer, which keeps it for 45 minutes.
COLLECTED_BY = {
    "for now, ready before the estimate": ("", "", "12:02", "12:20", "13:05"),
    "for now, ready shortly before the estimate": ("", "", "12:10", "12:25", "13:05"),
    "for now, ready after the estimate": ("", "", "12:40", "12:55", "13:25"),
    "for now, ready before a delay": ("", "12:50", "12:02", "12:50", "13:35"),
    "for later, ready before": ("13:00", "", "12:10", "13:00", "13:45"),
    "for later, ready after": ("13:00", "", "13:10", "13:25", "13:55"),
    "for later, ready before a delay": ("13:00", "14:00", "13:40", "14:00", "14:45"),
    "for later, ready shortly before a delay": ("13:00", "14:00", "13:50", "14:05", "14:45"),
    "for later, ready after a delay": ("13:00", "14:00", "14:10", "14:25", "14:55"),
}


@pytest.mark.parametrize("by_hand", [True, False])
@pytest.mark.parametrize("case", COLLECTED_BY)
def test_from_when_on_it_counts_as_not_collected(
    cast: Cast, api: Api, till: APIClient, clock: Clock, case: str, by_hand: bool
) -> None:
    deliver_at, told, ready, hand, timer = COLLECTED_BY[case]
    set_vendor(cast, collect_minutes=45)
    order = place_order(api(), guest_cart(cast, **({"deliver_at": at(deliver_at).isoformat()} if deliver_at else {})))
    assert move(till, order, "accept").status_code == 200
    if told:
        minutes = int((at(told) - clock.now) / MINUTE)
        delay = {"prepared_in": minutes, "reason_code": "too_busy"}
        assert till.patch(f"{ORDERS}/{order.pk}", delay).status_code == 200
    assert Order.objects.get(pk=order.pk).estimated_at == at(told or deliver_at or "12:20")
    clock.now = at(ready)
    assert move(till, order, "mark_ready").status_code == 200
    if not by_hand:
        return runs(clock, at(timer), order, 17, "mark_not_collected")
    clock.now = at(hand) - SECOND
    with assert_nothing_changed(Order.objects.get(pk=order.pk)):
        answer = move(till, order, "mark_not_collected", reason_code="not_collected")
        assert (answer.status_code, answer.json()["guard"]) == (409, "agreed")
        assert "mark_not_collected" not in str(answer.json()["allowed_transitions"])
    clock.now = at(hand)
    assert move(till, order, "mark_not_collected", reason_code="not_collected").status_code == 200
    return None


def test_staff_may_say_sooner_that_it_is_not_collected(cast: Cast, api: Api) -> None:
    order = make_order(cast, 4, Fulfilment.PICKUP, stood="accepted prepared")
    answer = move(api(cast.staff), order, "mark_not_collected", reason_code="not_collected")
    assert (answer.status_code, last(order)) == (200, (17, "mark_not_collected"))
    assert order.events.latest("number").forced


def test_collecting_runs_from_the_agreed_time(cast: Cast, api: Api, till: APIClient, clock: Clock) -> None:
    set_vendor(cast, collect_minutes=45)
    clock.now = at("21:30")
    order = place_order(api(), guest_cart(cast, deliver_at=at("23:01").isoformat()))
    clock.now = at("22:01")
    for name in ("accept", "mark_ready"):
        assert move(till, order, name).status_code == 200
    for moment in (at("22:46"), at("23:01") - SECOND):
        clock.now = moment
        with assert_nothing_changed(Order.objects.get(pk=order.pk)):
            answer = move(till, order, "mark_not_collected", reason_code="not_collected")
            assert (answer.status_code, answer.json()["guard"]) == (409, "agreed")
            assert "mark_not_collected" not in str(answer.json()["allowed_transitions"])
    runs(clock, at("23:46"), order, 17, "mark_not_collected")


def test_collecting_runs_from_ready_where_that_is_later(cast: Cast, api: Api, till: APIClient, clock: Clock) -> None:
    set_vendor(cast, collect_minutes=45)
    order = place_order(api(), guest_cart(cast, deliver_at=at("12:30").isoformat()))
    assert move(till, order, "accept").status_code == 200
    clock.now = at("12:40")
    assert move(till, order, "mark_ready").status_code == 200
    runs(clock, at("13:25"), order, 17, "mark_not_collected")


@pytest.mark.parametrize("delivery_type", ["pickup", "curbside", "drive_thru"])
def test_who_stands_there_is_never_closed_by_a_timer(
    cast: Cast, api: Api, till: APIClient, clock: Clock, delivery_type: str
) -> None:
    set_vendor(cast, collect_minutes=45)
    order = place_order(api(), guest_cart(cast, delivery_type=delivery_type))
    for name in ("accept", "mark_ready", "customer_arrive"):
        assert move(till, order, name).status_code == 200
    clock.now = at("3 12:00")
    assert (run_due(), last(order)[0]) == (0, 21)
    assert Order.objects.get(pk=order.pk).due_at is None
    # By hand it is said when the customer leaves without it.
    assert move(till, order, "mark_not_collected", reason_code="not_collected").status_code == 200


@pytest.mark.parametrize(
    "names",
    [
        ("accept", "customer_arrive", "mark_ready"),
        ("accept", "customer_nearing", "customer_arrive", "mark_ready"),
        ("accept", "customer_arrive", "mark_ready", "undo_ready", "mark_ready"),
    ],
)
def test_who_has_come_before_it_was_ready_is_not_closed_by_a_timer_either(
    cast: Cast, api: Api, till: APIClient, clock: Clock, names: tuple[str, ...]
) -> None:
    set_vendor(cast, collect_minutes=45)
    order = place_order(api(), guest_cart(cast))
    for name in names:
        nearing = name == "customer_nearing"
        answer = move(api(cast.staff), order, name, reason_code="mistake") if nearing else move(till, order, name)
        assert answer.status_code == 200, answer.json()
    clock.now = at("3 12:00")
    assert (run_due(), last(order)[0]) == (0, 4)
    assert Order.objects.get(pk=order.pk).due_at is None
    # Nor by a timer that was written before.
    Order.objects.filter(pk=order.pk).update(due_at=clock.now)
    assert (run_due(), last(order)[0], Order.objects.get(pk=order.pk).due_at) == (0, 4, None)
    assert move(till, order, "mark_not_collected", reason_code="not_collected").status_code == 200


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (None, ""),
        (86_400 + 19 * 3600, "in 1\u00a0d 19\u00a0h"),
        (3600 * 24 - 1, "in 23\u00a0h\u00a059"),
        (60, "in 1\u00a0min"),
        (59, "now"),
        (-59, "now"),
        (-60, "overdue 1\u00a0min"),
    ],
)
def test_when_it_changes_by_itself_is_never_in_no_minutes(seconds: int | None, told: str) -> None:
    due_at = None if seconds is None else NOON + timedelta(seconds=seconds)
    assert due_hint(Order(due_at=due_at), NOON) == told
