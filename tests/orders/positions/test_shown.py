"""Who is told where a driver is: only while it is under way with the order, and never where it was before."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from orders.lifecycle.table import Status
from orders.models import DriverPosition, FeedEntry, Order, OrderEvent
from ordersite.core.crypto import decrypt
from tests.cast import Cast
from tests.orders.positions.test_reports import REPORT, report, send
from tests.orders.rows import make_order

Api = Callable[..., APIClient]
ON_WAY = "accepted driver_accepted prepared picked_up"
WHO = ("customer", "owner", "driver", "staff")


def carried(cast: Cast, status: int = Status.PICK_UP_COMPLETED_BY_DRIVER, stood: str = ON_WAY) -> Order:
    """An order that Dora took an hour ago."""
    order = make_order(cast, status, driver=cast.driver_row, stood=stood)
    Order.objects.filter(pk=order.pk).update(driver_accepted_at=timezone.now() - timedelta(hours=1))
    return order


def seen(cast: Cast, api: Api, order: Order) -> set[float | None]:
    """The latitudes of the driver that everybody is told who sees the order, by its detail or its tracking code."""
    clients = [api(getattr(cast, who)) for who in WHO]
    answers = [client.get(f"/api/v1/orders/{order.pk}") for client in clients]
    code = {"code": decrypt(order.tracking_sealed)}
    answers.append(api().post("/api/v1/track", code, format="json"))
    positions = [answer.data["driver_position"] for answer in answers if answer.status_code == 200]
    kesk = api().post("/dialects/kesk/v1/track-order", code, format="json").json()["data"]["driver"]
    if kesk is not None:
        assert kesk["latitude"] == (positions[0]["lat"] if positions[0] and positions[0]["is_current"] else None)
    return {position and position["lat"] for position in positions}


@pytest.mark.parametrize(
    ("status", "stood", "is_seen"),
    [
        (Status.ACCEPTED_BY_DRIVER, "accepted driver_accepted", False),
        pytest.param(
            Status.DRIVER_IN_BUSINESS,
            "accepted driver_accepted driver_at_business prepared",
            False,
            marks=pytest.mark.slow,
        ),
        (Status.PICK_UP_COMPLETED_BY_DRIVER, ON_WAY, True),
        pytest.param(Status.DRIVER_ON_WAY, ON_WAY, True, marks=pytest.mark.slow),
        pytest.param(Status.DRIVER_ALMOST_ARRIVED_TO_CUSTOMER, ON_WAY, True, marks=pytest.mark.slow),
        (Status.DELIVERY_COMPLETED_BY_DRIVER, f"{ON_WAY} delivered", False),
        pytest.param(Status.DELIVERY_FAILED_BY_DRIVER, ON_WAY, False, marks=pytest.mark.slow),
        pytest.param(Status.REJECTED, ON_WAY, False, marks=pytest.mark.slow),
    ],
)
def test_only_while_the_driver_is_under_way_with_it(
    cast: Cast, api: Api, status: Status, stood: str, is_seen: bool
) -> None:
    order = carried(cast, status, stood)
    assert seen(cast, api, order) == {None}
    assert send(api(cast.driver), report(timezone.now(), north=5000)) == (1, [])
    assert seen(cast, api, order) == ({DriverPosition.objects.get().lat} if is_seen else {None})


def test_neither_the_old_nor_the_new_driver_after_a_change_of_drivers(cast: Cast, api: Api) -> None:
    order = carried(cast)
    assert send(api(cast.driver), report(timezone.now(), north=5000)) == (1, [])
    Order.objects.filter(pk=order.pk).update(driver=cast.other_driver_row)
    assert seen(cast, api, order) == {None}


def test_an_old_position_is_told_as_such_and_one_from_before_to_nobody(cast: Cast, api: Api) -> None:
    order = carried(cast)
    at = timezone.now() - timedelta(minutes=3)
    Order.objects.filter(pk=order.pk).update(picked_up_at=at)
    assert send(api(cast.driver), report(at, north=5000)) == (1, [])
    found = api(cast.customer).get(f"/api/v1/orders/{order.pk}").data["driver_position"]
    assert (found["at"], found["is_current"]) == (at.isoformat().replace("+00:00", "Z"), False)
    for milestone in ("driver_accepted_at", "picked_up_at"):
        assert seen(cast, api, order) == {found["lat"]}
        Order.objects.filter(pk=order.pk).update(**{milestone: timezone.now()})
        assert seen(cast, api, order) == {None}
        Order.objects.filter(pk=order.pk).update(**{milestone: at})


def test_followers_are_told_that_it_moved_not_too_often(cast: Cast, api: Api) -> None:
    order, waits = carried(cast), carried(cast, Status.ACCEPTED_BY_DRIVER, "accepted driver_accepted")
    client, now = api(cast.driver), timezone.now()
    expected = 0
    # Seconds since followers were told last, metres from there, whether they are told now.
    for step, (seconds, moved, is_told) in enumerate([(0, 0, True), (14, 900, False), (16, 20, False), (16, 30, True)]):
        told = DriverPosition.objects.values_list("told_lat", flat=True).first()
        north = 5000 + moved if told is None else (told - 50.85) * 111_195 + moved
        DriverPosition.objects.update(told_at=timezone.now() - timedelta(seconds=seconds))
        assert send(client, report(now - timedelta(seconds=200 - 40 * step), north=north)) == (1, [])
        expected += is_told
        moves = OrderEvent.objects.filter(order=order, kind="position")
        assert moves.count() == expected, (seconds, moved)
    last = moves.latest("number")
    assert (last.data, last.role, last.visible_to, last.transition) == ({}, "driver", "everybody", "")
    streams = FeedEntry.objects.filter(event=last).values_list("stream", flat=True)
    assert sorted(streams) == [f"driver:{cast.driver_row.pk}", f"vendor:{cast.vendor.pk}"]
    assert (order.events.count(), Order.objects.get(pk=order.pk).version) == (3, 3)
    assert waits.events.count() == 1
    for path in (f"/api/v1/orders/{order.pk}/history", f"/api/v1/orders/{order.pk}?expand=events"):
        data = api(cast.owner).get(path).data
        assert [event["kind"] for event in data.get("events", data.get("results"))] == ["placed"]


def test_that_the_driver_moved_makes_no_reader_s_version_stale(cast: Cast, api: Api) -> None:
    order = carried(cast)
    assert send(api(cast.driver), report(timezone.now(), north=5000)) == (1, [])
    path, body = f"/api/v1/orders/{order.pk}", {"comment": "Second floor"}
    client = api(cast.staff)
    assert client.patch(path, body, format="json", headers={"If-Match": '"3"'}).status_code == 412
    changed = client.patch(path, body, format="json", headers={"If-Match": '"1"'})
    assert (changed.status_code, changed.data["version"]) == (200, 3)
    assert client.patch(path, {"comment": "Third"}, format="json", headers={"If-Match": '"2"'}).status_code == 412
    assert Order.objects.get(pk=order.pk).comment == "Second floor"


def test_a_lost_report_is_repeated_without_harm(cast: Cast, api: Api) -> None:
    order = carried(cast)
    client, body = api(cast.driver), report(timezone.now(), north=5000)
    first, again = (client.post(REPORT, body, format="json", headers={"Idempotency-Key": "one"}) for _ in range(2))
    assert (first.data, again.json(), again["Idempotency-Replayed"]) == (
        {"accepted": 1, "ignored": []},
        {"accepted": 1, "ignored": []},
        "true",
    )
    assert order.events.count() == 2
