"""Caps on orders, or on what they are worth, per time slot and delivery type."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from orders.models import Order, SlotHold, SlotUse
from orders.services.capacity import slots
from tests.cast import Cast
from tests.clock import NOON, Clock
from tests.orders.placing.test_placing_times import guest_cart, open_hours
from tests.orders.shopping import ORDERS, QUOTE, assert_nothing_changed, cart, place, place_order, refused
from vendors.models import OpeningHours, Vendor
from vendors.services.vendors import bump_menu_version

Api = Callable[..., APIClient]
# The cast's vendor is always open, and what is ordered at noon is ready at 12:20.
QUARTER_PAST = NOON + timedelta(minutes=15)


def cap(cast: Cast, orders: int | None = None, value: int | None = None) -> None:
    Vendor.objects.filter(pk=cast.vendor.pk).update(slot_orders=orders, slot_value=value)


def uses() -> list[tuple[int, datetime, int, int]]:
    """(fulfilment, start, orders, value) of all slots that were ever taken, and what is held of them sums to that."""
    rows = list(SlotUse.objects.order_by("fulfilment", "starts_at"))
    for row in rows:
        held = list(row.holds.filter(is_held=True).values_list("value", flat=True))
        assert (len(held), sum(held)) == (row.orders, row.value)
    return [(row.fulfilment, row.starts_at, row.orders, row.value) for row in rows]


@contextmanager
def full(client: APIClient, body: dict[str, Any], pointer: str = "/deliver_at") -> Iterator[dict[str, Any]]:
    """The order is refused since its slot is full, and nothing changes; yields the answer."""
    before = uses()
    with assert_nothing_changed():
        response = client.post(ORDERS, body)
    assert uses() == before
    answer = refused(response, 409, pointer, "slot_full")
    assert answer["code"] == "slot_full"
    yield answer


def test_a_slot_takes_so_many_orders_and_names_the_next_free_ones(cast: Cast, api: Api, clock: Clock) -> None:
    cap(cast, orders=2)
    place(api(), guest_cart(cast))
    place(api(), guest_cart(cast, product="soda", deliver_at=(QUARTER_PAST + timedelta(minutes=14)).isoformat()))
    assert uses() == [(2, QUARTER_PAST, 2, 1450)]
    with full(api(), guest_cart(cast)) as answer:
        assert answer["slot"] == "2026-01-14T11:15:00+00:00"
        next_slots = [f"2026-01-14T{time}:00+00:00" for time in ("11:30", "11:45", "12:00")]
        assert answer["next_slots"] == next_slots
        assert answer["detail"] == (
            "Burger Bar can take no more orders for that time: send deliver_at, such as 2026-01-14T11:30:00+00:00."
        )
    # Other delivery types count for themselves.
    place(api(), guest_cart(cast, delivery_type="eat_in"))
    for _ in range(2):
        place(api(), guest_cart(cast, deliver_at=next_slots[0]))
    with full(api(), guest_cart(cast, deliver_at=next_slots[0])) as answer:
        assert answer["next_slots"] == [*next_slots[1:], "2026-01-14T12:15:00+00:00"]
    with full(api(), guest_cart(cast)) as answer:
        assert answer["next_slots"] == [*next_slots[1:], "2026-01-14T12:15:00+00:00"]
    assert uses() == [
        (2, QUARTER_PAST, 2, 1450),
        (2, QUARTER_PAST + timedelta(minutes=15), 2, 2400),
        (3, QUARTER_PAST, 1, 1200),
    ]


def test_a_slot_takes_orders_worth_so_much(cast: Cast, api: Api, clock: Clock) -> None:
    cap(cast, value=3000)
    place(api(), guest_cart(cast))
    place(api(), guest_cart(cast))
    with full(api(), guest_cart(cast)) as answer:
        assert answer["next_slots"][0] == "2026-01-14T11:30:00+00:00"
    place(api(), guest_cart(cast, product="soda", items=[{"product": cast.products["soda"].pk, "quantity": 2}]))
    assert uses() == [(2, QUARTER_PAST, 3, 2900)]


def test_an_order_alone_above_the_cap_has_no_slot(cast: Cast, api: Api, clock: Clock) -> None:
    cap(cast, value=3000)
    three = [{"product": cast.products["pizza"].pk, "quantity": 3}]
    with full(api(), guest_cart(cast, items=three)) as answer:
        assert answer["next_slots"] == []
        assert (
            answer["detail"] == "Burger Bar can take no more orders for that time: order less, or choose another day."
        )
    assert uses() == []


def test_a_cap_of_none_takes_nothing(cast: Cast, api: Api, clock: Clock) -> None:
    cap(cast, orders=0)
    with full(api(), guest_cart(cast)) as answer:
        assert answer["next_slots"] == []


def test_a_span_has_caps_of_its_own(cast: Cast, api: Api, clock: Clock) -> None:
    cap(cast, orders=1)
    open_hours(cast.vendor, (2, "11:00", "13:00"), slot_orders=2)
    open_hours(cast.vendor, (2, "12:00", "12:40"), (3, "10:00", "11:00"), fulfilment="eat_in")
    for _ in range(2):
        place(api(), guest_cart(cast))
    with full(api(), guest_cart(cast)):
        pass
    place(api(), guest_cart(cast, delivery_type="eat_in"))
    with full(api(), guest_cart(cast, delivery_type="eat_in")) as answer:
        # 12:30 is cut short by closing: it is no slot to order for.
        assert answer["next_slots"] == [f"2026-01-15T09:{minute}:00+00:00" for minute in ("00", "15", "30")]


def test_ordered_just_before_closing_it_falls_into_the_last_slot(cast: Cast, api: Api, clock: Clock) -> None:
    cap(cast, orders=1)
    open_hours(cast.vendor, (2, "11:00", "12:10"))
    order = place_order(api(), guest_cart(cast))
    assert (order.deliver_at, uses()) == (None, [(2, NOON, 1, 1200)])


def test_a_quote_takes_nothing_and_without_caps_nothing_is_counted(cast: Cast, api: Api, clock: Clock) -> None:
    place(api(), guest_cart(cast))
    cap(cast, orders=1)
    assert api().post(QUOTE, cart(cast)).status_code == 200
    assert (uses(), SlotHold.objects.count()) == ([], 0)


def test_a_slot_costs_two_statements(cast: Cast, api: Api) -> None:
    body = guest_cart(cast)
    place(api(), body)

    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            place(api(), body)
        return len(queries)

    without = statements()
    cap(cast, orders=10)
    assert statements() == without + 2


# --- what becomes of it later -----------------------------------------------------------------------------------


def noon_in(days: int) -> datetime:
    """Noon at the vendor's so many days from now; with callers who are signed in, the clock is the real one."""
    return datetime.combine((timezone.now() + timedelta(days=days)).date(), NOON.time(), tzinfo=NOON.tzinfo)


def act(client: APIClient, order: Order, name: str) -> Any:
    body = {"transition": name, "reason_code": "other", "reason": "A mistake."}
    return client.post(f"{ORDERS}/{order.pk}/transitions", body)


def test_a_close_without_success_gives_it_back_and_reopening_takes_it_again(cast: Cast, api: Api) -> None:
    cap(cast, orders=1)
    at = noon_in(2)
    body = cart(cast, deliver_at=at.isoformat())
    first = place_order(api(cast.customer), body)
    assert act(api(cast.customer), first, "cancel_by_customer").status_code == 200
    assert uses() == [(2, at, 0, 0)]
    assert act(api(cast.staff), first, "reopen").status_code == 200
    assert uses() == [(2, at, 1, 1200)]
    assert act(api(cast.customer), first, "cancel_by_customer").status_code == 200
    place_order(api(cast.stranger), body)
    with assert_nothing_changed(first):
        refused(act(api(cast.staff), first, "reopen"), 409, "/deliver_at", "slot_full")
    assert uses() == [(2, at, 1, 1200)]


def test_an_order_for_another_time_moves_to_its_slot(cast: Cast, api: Api) -> None:
    cap(cast, orders=1)
    early, late = noon_in(2), noon_in(3)
    client = api(cast.customer)
    order = place_order(client, cart(cast, deliver_at=early.isoformat()))
    other = place_order(client, cart(cast, "soda", deliver_at=late.isoformat()))

    def move(order: Order, at: datetime) -> Any:
        return client.patch(f"{ORDERS}/{order.pk}", {"deliver_at": at.isoformat()})

    with assert_nothing_changed(order):
        answer = refused(move(order, late), 409, "/deliver_at", "slot_full")
    assert answer["next_slots"][0] == (late + timedelta(minutes=15)).isoformat()
    assert uses() == [(2, early, 1, 1200), (2, late, 1, 250)]
    assert move(order, early + timedelta(minutes=14)).status_code == 200
    assert move(other, late + timedelta(hours=1)).status_code == 200
    assert move(order, late).status_code == 200
    assert move(other, early).status_code == 200
    assert uses() == [(2, early, 1, 250), (2, late, 1, 1200), (2, late + timedelta(hours=1), 0, 0)]
    cap(cast)
    assert move(order, early).status_code == 200
    assert uses() == [(2, early, 1, 250), (2, late, 0, 0), (2, late + timedelta(hours=1), 0, 0)]
    cap(cast, value=3000)
    assert move(order, early + timedelta(minutes=1)).status_code == 200
    assert uses()[0] == (2, early, 2, 1450)


def test_what_an_edit_makes_of_its_worth_is_never_refused(cast: Cast, api: Api) -> None:
    cap(cast, value=3000)
    at = noon_in(2)
    order = place_order(api(cast.customer), cart(cast, deliver_at=at.isoformat()))
    slots.adjust_hold(order, 4000)
    assert uses() == [(2, at, 1, 4000)]
    slots.adjust_hold(order, 100)
    slots.adjust_hold(order, 100)
    assert uses() == [(2, at, 1, 100)]
    slots.release_slot(order)
    slots.release_slot(order)
    slots.adjust_hold(order, 700)
    assert uses() == [(2, at, 0, 0)]
    slots.retake_slot(order)
    slots.retake_slot(order)
    assert uses() == [(2, at, 1, 700)]


def test_an_order_without_a_slot_has_nothing_to_give_back(cast: Cast, api: Api) -> None:
    order = place_order(api(cast.customer), cart(cast, deliver_at=noon_in(2).isoformat()))
    assert act(api(cast.customer), order, "cancel_by_customer").status_code == 200
    slots.adjust_hold(order, 700)
    assert act(api(cast.staff), order, "reopen").status_code == 200
    assert uses() == []


# --- what the catalogue shows -----------------------------------------------------------------------------------


def shown(client: APIClient, cast: Cast, fulfilment: str = "pickup") -> list[tuple[str, int | None, bool]]:
    response = client.get(f"/api/v1/vendors/{cast.vendor.pk}/slots?delivery_type={fulfilment}")
    assert response.status_code == 200
    return [(row["starts_at"][11:16], row["left"], row["full"]) for row in response.json()["slots"]]


def test_the_slots_tell_what_is_left(cast: Cast, api: Api, clock: Clock) -> None:
    open_hours(cast.vendor, (2, "11:00", "13:00"))
    assert shown(api(), cast) == [("11:30", None, False), ("11:45", None, False)]
    OpeningHours.objects.update(slot_orders=2)
    bump_menu_version(cast.vendor.pk)
    late = (QUARTER_PAST + timedelta(minutes=15)).isoformat()
    place(api(), guest_cart(cast, deliver_at=late))
    assert shown(api(), cast) == [("11:30", 1, False), ("11:45", 2, False)]
    place(api(), guest_cart(cast, deliver_at=late))
    assert shown(api(), cast) == [("11:30", 0, True), ("11:45", 2, False)]
    assert shown(api(), cast, "eat_in") == [("11:30", 2, False), ("11:45", 2, False)]
    cap(cast, value=2400)
    OpeningHours.objects.update(slot_orders=None)
    assert shown(api(), cast) == [("11:30", None, True), ("11:45", None, False)]


def test_what_is_left_takes_one_statement_more(cast: Cast, api: Api, clock: Clock) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert shown(api(), cast)
        return len(queries)

    assert statements() == 2
    cap(cast, orders=1)
    assert statements() == 3
