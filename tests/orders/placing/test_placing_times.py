"""When an order may be placed: hours, midnight, time zones, pauses, preorders."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from orders.models import Order
from tests.cast import Cast
from tests.clock import NOON, Clock
from tests.orders.shopping import ORDERS, QUOTE, assert_nothing_changed, cart, place, place_order, refused
from vendors.models import OpeningHours, Vendor
from vendors.services.vendors import bump_menu_version

Api = Callable[..., APIClient]


GUEST = {"name": "Gina Guest", "phone": "+32470123456"}


def guest_cart(cast: Cast, **fields: Any) -> dict[str, Any]:
    return cart(cast, guest=GUEST, **fields)


def open_hours(vendor: Vendor, *spans: tuple[int, str, str], **fields: Any) -> None:
    for weekday, opens, closes in spans:
        OpeningHours.objects.create(
            vendor=vendor,
            weekday=weekday,
            opens=time.fromisoformat(opens),
            closes=time.fromisoformat(closes),
            **fields,
        )
    bump_menu_version(vendor.pk)


def close_on(vendor: Vendor, day: datetime) -> None:
    OpeningHours.objects.create(vendor=vendor, date=day.date(), closed=True)
    bump_menu_version(vendor.pk)


def try_at(api: Api, cast: Cast, clock: Clock, local: datetime, **fields: Any) -> tuple[int, str]:
    clock.now = local.astimezone(UTC)
    response = api().post(ORDERS, guest_cart(cast, **fields))
    return response.status_code, response.json().get("code", "")


def test_a_closed_vendor_says_when_it_opens(cast: Cast, api: Api, clock: Clock) -> None:
    open_hours(cast.vendor, (2, "17:00", "22:00"))
    with assert_nothing_changed():
        response = api().post(ORDERS, guest_cart(cast))
    body = response.json()
    assert (response.status_code, body["code"]) == (409, "vendor_closed")
    assert body["next_opening"] == "2026-01-14T16:00:00+00:00"
    assert api().post(QUOTE, cart(cast)).json()["code"] == "vendor_closed"


@pytest.mark.parametrize(
    ("clock_on_the_wall", "status"),
    [("16:59:59", 409), ("17:00:00", 201), ("21:59:59", 201), ("22:00:00", 409)],
)
def test_the_vendors_own_clock_counts(cast: Cast, api: Api, clock: Clock, clock_on_the_wall: str, status: int) -> None:
    open_hours(cast.vendor, (2, "17:00", "22:00"))
    local = datetime.combine(NOON.date(), time.fromisoformat(clock_on_the_wall), tzinfo=cast.vendor.zone)
    assert try_at(api, cast, clock, local)[0] == status


def test_summer_time_moves_the_opening(cast: Cast, api: Api, clock: Clock) -> None:
    open_hours(cast.vendor, (2, "17:00", "22:00"))
    clock.now = datetime(2026, 7, 15, 15, 0, tzinfo=UTC)  # 17:00 in Brussels
    assert api().post(ORDERS, guest_cart(cast)).status_code == 201
    clock.now = datetime(2026, 1, 14, 15, 0, tzinfo=UTC)  # 16:00
    assert api().post(ORDERS, guest_cart(cast)).status_code == 409


def test_another_zone_has_another_evening_and_its_own_day_of_numbers(cast: Cast, api: Api, clock: Clock) -> None:
    open_hours(cast.other_vendor, (1, "18:00", "23:00"))
    clock.now = datetime(2026, 1, 14, 2, 0, tzinfo=UTC)  # Tuesday 21:00 in New York
    body = {
        "vendor": cast.other_vendor.pk,
        "items": [{"product": cast.tea.pk}],
        "delivery_type": "pickup",
        "payment_method": "cash",
        "guest": GUEST,
    }
    order = place_order(api(), body)
    assert (order.number, order.number_day.isoformat()) == (1, "2026-01-13")


def test_an_opening_lasts_past_midnight(cast: Cast, api: Api, clock: Clock) -> None:
    open_hours(cast.vendor, (2, "20:00", "02:00"))
    zone = cast.vendor.zone
    wanted = {
        datetime(2026, 1, 14, 19, 59, tzinfo=zone): 409,
        datetime(2026, 1, 14, 23, 59, 59, tzinfo=zone): 201,
        datetime(2026, 1, 15, 0, 0, tzinfo=zone): 201,
        datetime(2026, 1, 15, 1, 59, tzinfo=zone): 201,
        datetime(2026, 1, 15, 2, 0, tzinfo=zone): 409,
    }
    assert {local: try_at(api, cast, clock, local)[0] for local in wanted} == wanted
    days = [(order.number_day.day, order.number) for order in Order.objects.order_by("pk")]
    assert days == [(14, 1), (15, 1), (15, 2)]


def test_a_closed_date_and_hours_of_one_type(cast: Cast, api: Api, clock: Clock) -> None:
    open_hours(cast.vendor, (2, "10:00", "22:00"), (3, "10:00", "22:00"))
    open_hours(cast.vendor, (2, "18:00", "22:00"), fulfilment="eat_in")
    noon = NOON.astimezone(cast.vendor.zone)
    assert try_at(api, cast, clock, noon)[0] == 201
    assert try_at(api, cast, clock, noon, delivery_type="eat_in") == (409, "vendor_closed")
    close_on(cast.vendor, noon + timedelta(days=1))
    assert try_at(api, cast, clock, noon + timedelta(days=1)) == (409, "vendor_closed")


def test_a_paused_vendor_takes_orders_for_later(cast: Cast, api: Api, clock: Clock) -> None:
    until = NOON + timedelta(minutes=30)
    Vendor.objects.filter(pk=cast.vendor.pk).update(paused_until=until)
    with assert_nothing_changed():
        response = api().post(ORDERS, guest_cart(cast))
        assert (response.status_code, response.json()["code"]) == (409, "vendor_paused")
        assert response.json()["paused_until"] == until.isoformat()
        refused(
            api().post(ORDERS, guest_cart(cast, deliver_at=(until - timedelta(seconds=1)).isoformat())),
            400,
            "/deliver_at",
            "paused",
        )
    place(api(), guest_cart(cast, deliver_at=until.isoformat()))
    clock.now = until
    place(api(), guest_cart(cast))


@pytest.mark.parametrize(("minutes", "status"), [(20, 0), (60, 0), (61, 13), (7 * 24 * 60, 13)])
def test_beyond_the_preorder_time_it_is_a_preorder(
    cast: Cast, api: Api, clock: Clock, minutes: int, status: int
) -> None:
    deliver_at = NOON + timedelta(minutes=minutes)
    body = guest_cart(cast, deliver_at=deliver_at.isoformat())
    assert api().post(QUOTE, cart(cast, deliver_at=deliver_at.isoformat(), payment_method=None)).json()["preorder"] is (
        status == 13
    )
    order = place_order(api(), body)
    assert (order.status, order.deliver_at) == (status, deliver_at)
    assert order.due_at == (deliver_at - timedelta(minutes=20) if status == 13 else None)


def test_the_vendor_says_from_when_on_it_is_a_preorder(cast: Cast, api: Api, clock: Clock) -> None:
    Vendor.objects.filter(pk=cast.vendor.pk).update(preorder_minutes=0)
    order = place_order(api(), guest_cart(cast, deliver_at=(NOON + timedelta(minutes=20)).isoformat()))
    assert order.status == 13


@pytest.mark.parametrize(
    ("deliver_at", "code"),
    [
        (NOON, "past"),
        (NOON - timedelta(seconds=1), "past"),
        (NOON + timedelta(minutes=20, seconds=-1), "too_soon"),
        (NOON + timedelta(days=7, hours=12), "too_far"),
        (NOON + timedelta(hours=12), "closed"),
        ("0001-01-01T00:00:00+14:00", "overflow"),
        ("9999-12-31T23:59:59-14:00", "overflow"),
        ("tomorrow", "invalid"),
        (1_768_000_000, "invalid"),
        ("2026-02-30T12:00:00Z", "invalid"),
    ],
)
def test_times_that_are_refused(cast: Cast, api: Api, clock: Clock, deliver_at: Any, code: str) -> None:
    open_hours(cast.vendor, *[(day, "08:00", "22:00") for day in range(7)])
    sent = deliver_at.isoformat() if isinstance(deliver_at, datetime) else deliver_at
    with assert_nothing_changed():
        refused(api().post(ORDERS, guest_cart(cast, deliver_at=sent)), 400, "/deliver_at", code)


def test_a_time_with_any_offset_is_the_same_moment(cast: Cast, api: Api, clock: Clock) -> None:
    order = place_order(api(), guest_cart(cast, deliver_at="2026-01-14T14:00:00+01:00"))
    assert order.deliver_at == NOON + timedelta(hours=2)
