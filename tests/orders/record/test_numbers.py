"""Order numbers: one a vendor, day and series; the day is the one that the order is for."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from rest_framework.test import APIClient

from orders.models import NumberSeries, Order, OrderEvent
from tests.cast import Cast
from tests.clock import NOON, Clock
from tests.orders.placing.test_placing_times import guest_cart
from tests.orders.shopping import ORDERS, assert_nothing_changed, cart, place_order
from vendors.models import Vendor

Api = Callable[..., APIClient]
DAY = timedelta(days=1)


def number(order: Order) -> tuple[str, str | None, int]:
    order = Order.objects.get(pk=order.pk)
    return order.number_day.isoformat(), order.number_series, order.number


def test_one_counter_one_number(cast: Cast, api: Api, clock: Clock) -> None:
    """What is handed over at the same counter is numbered together."""
    wanted = [
        ({"delivery_type": "pickup"}, "pick_up", 1),
        ({"delivery_type": "eat_in"}, "pick_up", 2),
        ({"delivery_type": "curbside"}, "pick_up", 3),
        ({"delivery_type": "drive_thru"}, "pick_up", 4),
        ({"delivery_type": "delivery"}, "delivery", 1),
        ({"delivery_type": "pickup", "locker": "B7"}, "pick_up_coolbox", 1),
        ({"delivery_type": "pickup"}, "pick_up", 5),
        ({"delivery_type": "curbside", "locker": "B7"}, "pick_up", 6),
        ({"delivery_type": "delivery"}, "delivery", 2),
        ({"delivery_type": "pickup", "locker": "B8"}, "pick_up_coolbox", 2),
    ]
    for fields, series, expected in wanted:
        assert number(place_order(api(), guest_cart(cast, **fields))) == ("2026-01-14", series, expected)


def test_several_orders_of_one_checkout(cast: Cast, api: Api, clock: Clock) -> None:
    body = {name: value for name, value in guest_cart(cast).items() if name in ("guest", "payment_method")}
    one = {"vendor": cast.vendor.pk, "items": [{"product": cast.products["pizza"].pk}]}
    tomorrow = (NOON + DAY).isoformat()
    body["vendors"] = [
        one | {"delivery_type": "pickup"},
        one | {"delivery_type": "eat_in"},
        one | {"delivery_type": "pickup", "deliver_at": tomorrow},
    ]
    response = api().post(ORDERS, body)
    assert response.status_code == 201, response.json()
    assert sorted(map(number, Order.objects.all())) == [
        ("2026-01-14", "pick_up", 1),
        ("2026-01-14", "pick_up", 2),
        ("2026-01-15", "pick_up", 1),
    ]


def test_the_day_is_the_one_that_it_is_for(cast: Cast, api: Api, clock: Clock) -> None:
    """By the vendor's clock: 23:30 UTC is the day after in Brussels."""
    for deliver_at, day in (
        (None, "2026-01-14"),
        ("2026-01-14T22:59:00Z", "2026-01-14"),
        ("2026-01-14T23:00:00Z", "2026-01-15"),
        ("2026-01-16T12:00:00Z", "2026-01-16"),
        # The days on which the clock changes.
        ("2026-03-29T21:59:00Z", "2026-03-29"),
        ("2026-03-29T22:00:00Z", "2026-03-30"),
        ("2026-10-25T22:59:00Z", "2026-10-25"),
        ("2026-10-25T23:00:00Z", "2026-10-26"),
    ):
        Vendor.objects.update(preorder_days=300)
        order = place_order(api(), guest_cart(cast, deliver_at=deliver_at))
        assert number(order)[0] == day, deliver_at


def test_moved_to_another_day_it_takes_that_days_next_number(cast: Cast, api: Api) -> None:
    zone = cast.vendor.zone
    noon = datetime.now(zone).replace(hour=12, minute=0, second=0, microsecond=0)
    first, second = noon + DAY, noon + 2 * DAY
    client = api(cast.customer)
    standing = place_order(client, cart(cast, deliver_at=second.isoformat()))
    moved, later = (place_order(client, cart(cast, deliver_at=first.isoformat())) for _ in range(2))
    path = f"{ORDERS}/{moved.pk}"
    assert [number(order)[2] for order in (standing, moved, later)] == [1, 1, 2]
    # Another hour of the same day: the same number.
    assert client.patch(path, {"deliver_at": (first + timedelta(hours=2)).isoformat()}).status_code == 200
    assert number(moved) == (str(first.date()), "pick_up", 1)
    assert client.patch(path, {"deliver_at": second.isoformat()}).status_code == 200
    assert number(moved) == (str(second.date()), "pick_up", 2)
    event = OrderEvent.objects.filter(order=moved).latest("number")
    assert (event.data["old"]["number"], event.data["new"]["number"]) == (1, 2)
    assert client.get(path).json()["number"] == 2
    # The day that it left gives its number to nobody.
    assert number(place_order(client, cart(cast, deliver_at=first.isoformat())))[2] == 3
    # As soon as can be is today.
    assert client.patch(path, {"deliver_at": None}).status_code == 200
    assert number(moved) == (str(datetime.now(zone).date()), "pick_up", 1)


def test_a_refused_move_draws_no_number(cast: Cast, api: Api) -> None:
    at = timezone.now().replace(microsecond=0) + DAY
    order = place_order(api(cast.customer), cart(cast, deliver_at=at.isoformat()))
    with assert_nothing_changed(order):
        sent = {"deliver_at": (at + 30 * DAY).isoformat()}
        assert api(cast.customer).patch(f"{ORDERS}/{order.pk}", sent).status_code == 400


def test_an_order_from_before_keeps_its_number_until_it_is_moved(cast: Cast, api: Api) -> None:
    zone = cast.vendor.zone
    at = datetime.now(zone).replace(hour=12, minute=0, second=0, microsecond=0) + 2 * DAY
    order = place_order(api(cast.customer), cart(cast, deliver_at=at.isoformat()))
    placed = datetime.now(zone).date()
    Order.objects.filter(pk=order.pk).update(number=41, number_series=None, number_day=placed)
    path = f"{ORDERS}/{order.pk}"
    sent = {"deliver_at": (at + timedelta(hours=1)).isoformat()}
    assert api(cast.customer).patch(path, sent).status_code == 200
    assert number(order) == (placed.isoformat(), None, 41)
    assert api(cast.customer).patch(path, {"deliver_at": (at + DAY).isoformat()}).status_code == 200
    assert number(order) == (str((at + DAY).date()), "pick_up", 1)


def test_every_fulfilment_has_a_series() -> None:
    found: dict[Any, str] = {number: NumberSeries.of(number, "") for number in range(1, 7)}
    assert found == {1: "delivery", 2: "pick_up", 3: "pick_up", 4: "pick_up", 5: "pick_up", 6: "digital"}
    assert NumberSeries.of(2, "B7") == "pick_up_coolbox"
