"""What boards are told by themselves: an order is about to be rejected, a driver waits."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone
from rest_framework.test import APIClient

from orders.lifecycle.table import Status
from orders.models import FeedEntry, Order
from tests.cast import Cast
from tests.orders.moving.test_timers import last, settings_of
from tests.orders.rows import make_order
from tests.orders.shopping import cart, place_order
from vendors.models import Vendor

Api = Callable[..., APIClient]
Later = Callable[..., int]
REMINDED = "remind"


def reminders(order: Order) -> int:
    return order.events.filter(transition=REMINDED, visible_to="business", role="system").count()


def test_a_vendor_is_reminded_once_before_it_is_too_late(cast: Cast, api: Api, later: Later) -> None:
    settings_of(cast, accept_minutes=10, remind_minutes=3)
    order = place_order(api(cast.customer), cart(cast))
    assert (later(minutes=6.9), reminders(order)) == (0, 0)
    assert (later(minutes=0.2), reminders(order)) == (1, 1)
    event = order.events.get(transition=REMINDED)
    assert sorted(FeedEntry.objects.filter(event=event).values_list("stream", flat=True)) == [
        f"vendor:{cast.vendor.pk}"
    ]
    assert REMINDED in [row["transition"] for row in history(api(cast.owner), order)]
    assert REMINDED not in [row["transition"] for row in history(api(cast.customer), order)]
    assert (later(minutes=2.8), reminders(order)) == (0, 1)
    assert (later(minutes=0.2), last(order)) == (1, (5, "reject", "system", "no_answer"))
    assert (later(days=1), reminders(order)) == (0, 1)


def history(client: APIClient, order: Order) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get(f"/api/v1/orders/{order.pk}/history").data["results"]
    return found


def test_who_answers_is_not_reminded(cast: Cast, api: Api, later: Later) -> None:
    settings_of(cast, accept_minutes=10, remind_minutes=3)
    order = place_order(api(cast.customer), cart(cast))
    assert api(cast.owner).post(f"/api/v1/orders/{order.pk}/transitions", {"to": 7}, format="json").status_code == 200
    assert (later(minutes=30), reminders(order)) == (0, 0)


def test_a_reopened_order_is_reminded_of_anew(cast: Cast, api: Api, later: Later) -> None:
    settings_of(cast, accept_minutes=10, remind_minutes=3)
    order = place_order(api(cast.customer), cart(cast))
    assert [later(minutes=minutes) for minutes in (7.5, 3)] == [1, 1]
    # The clock of people is real here, and the reminder lies in what is to come for them.
    Order.objects.filter(pk=order.pk).update(reminded_at=timezone.now())
    body = {"transition": "reopen", "reason_code": "other", "reason": "They had a power cut"}
    assert api(cast.staff).post(f"/api/v1/orders/{order.pk}/transitions", body, format="json").status_code == 200
    assert (later(minutes=7.5), reminders(order)) == (1, 2)


def test_no_reminder_without_an_end_of_the_time_to_answer(cast: Cast, api: Api, later: Later) -> None:
    for fields in ({"accept_minutes": None, "remind_minutes": 3}, {"accept_minutes": 600, "remind_minutes": None}):
        settings_of(cast, **fields)
        order = place_order(api(cast.customer), cart(cast))
        assert (later(minutes=60), reminders(order)) == (0, 0)


@pytest.mark.parametrize(("minutes", "is_taken"), [(0, False), (1, True), (1440, True), (1441, False), (2**31, False)])
def test_the_reminding_minutes_have_bounds(minutes: int, is_taken: bool) -> None:
    field = Vendor._meta.get_field("remind_minutes")
    if is_taken:
        assert field.clean(minutes, None) == minutes
    else:
        with pytest.raises(ValidationError):
            field.clean(minutes, None)


def test_a_driver_waits_where_nothing_is_ready(cast: Cast, api: Api, later: Later) -> None:
    Vendor.objects.filter(pk=cast.vendor.pk).update(waiting_minutes=4)
    orders = [
        make_order(cast, Status.ACCEPTED_BY_DRIVER, driver=cast.driver_row, stood=f"accepted driver_accepted{ready}")
        for ready in ("", " prepared")
    ]
    for order in orders:
        path = f"/api/v1/orders/{order.pk}/transitions"
        assert api(cast.driver).post(path, {"to": 3}, format="json").status_code == 200
    assert later(minutes=3.9) == 0
    assert later(minutes=0.2) == 1
    assert last(orders[0]) == (24, "driver_wait", "system", "")
    assert last(orders[1])[0] == 3
    assert later(days=1) == 0
