"""One rule for the times that orders are taken for: what slots offer is what quoting, placing and changing take."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from orders.models import Order
from tests.cast import Cast
from tests.clock import NOON, Clock
from tests.dialects.kesk import calling as kesk
from tests.dialects.ordering import asking as ordering
from tests.orders.placing.test_placing_times import guest_cart, open_hours
from tests.orders.shopping import ORDERS, QUOTE, assert_nothing_changed, cart, place, place_order, refused
from vendors.models import Vendor

Api = Callable[..., APIClient]
SECOND = timedelta(seconds=1)
ALL_WEEK = [(day, "08:00", "22:00") for day in range(7)]


def set_vendor(cast: Cast, **fields: Any) -> None:
    Vendor.objects.filter(pk=cast.vendor.pk).update(**fields)


def slots(api: Api, cast: Cast, day: str) -> list[str]:
    response = api().get(f"/api/v1/vendors/{cast.vendor.pk}/slots?delivery_type=pickup&date={day}")
    assert response.status_code == 200, response.json()
    return [slot["starts_at"] for slot in response.json()["slots"]]


@pytest.mark.parametrize(
    ("fields", "minutes"),
    [
        ({}, 20),
        ({"preparation_minutes": 0}, 0),
        ({"rush_minutes": 25}, 45),
        ({"rush_minutes": 25, "rush_until": NOON + SECOND}, 45),
        ({"rush_minutes": 25, "rush_until": NOON}, 20),
        ({"preparation_minutes": 90, "preorder_minutes": 60}, 90),
    ],
)
def test_not_before_the_vendor_can_have_it_ready(
    cast: Cast, api: Api, clock: Clock, fields: dict[str, Any], minutes: int
) -> None:
    set_vendor(cast, **fields)
    earliest = NOON + timedelta(minutes=minutes)
    too_soon = (earliest - SECOND).isoformat()
    fault = "too_soon" if minutes else "past"
    for path, body in ((QUOTE, cart(cast, deliver_at=too_soon)), (ORDERS, guest_cart(cast, deliver_at=too_soon))):
        with assert_nothing_changed():
            answer = refused(api().post(path, body), 400, "/deliver_at", fault)
        if minutes:
            assert answer["errors"][0]["earliest"] == earliest.isoformat()
    first = datetime.fromisoformat(slots(api, cast, "2026-01-14")[0])
    assert first - timedelta(minutes=15) < earliest <= first
    if minutes:
        place(api(), guest_cart(cast, deliver_at=earliest.isoformat()))
    place(api(), guest_cart(cast, deliver_at=first.isoformat()) if minutes else guest_cart(cast))


def test_the_earliest_moment_is_taken_when_it_comes_back(cast: Cast, api: Api, clock: Clock) -> None:
    """Told as a whole minute: by the time it comes back a moment has passed."""
    clock.now = NOON + timedelta(seconds=7, microseconds=5)
    answer = refused(
        api().post(QUOTE, cart(cast, deliver_at=(NOON + SECOND * 60).isoformat())), 400, "/deliver_at", "too_soon"
    )
    told = answer["errors"][0]["earliest"]
    assert told == (NOON + timedelta(minutes=21)).isoformat()
    clock.now = NOON + timedelta(seconds=50)
    place(api(), guest_cart(cast, deliver_at=told))


def test_as_soon_as_can_be_is_taken_until_closing(cast: Cast, api: Api, clock: Clock) -> None:
    open_hours(cast.vendor, (2, "08:00", "12:10"))
    place(api(), guest_cart(cast))
    assert slots(api, cast, "2026-01-14") == []
    clock.now = NOON + timedelta(minutes=10)
    assert api().post(ORDERS, guest_cart(cast)).json()["code"] == "vendor_closed"


def test_a_time_is_changed_by_the_same_rule(cast: Cast, api: Api) -> None:
    now = timezone.now().replace(microsecond=0)
    order = place_order(api(cast.customer), cart(cast, deliver_at=(now + timedelta(hours=5)).isoformat()))
    path = f"{ORDERS}/{order.pk}"
    set_vendor(cast, rush_minutes=100)
    for minutes in (1, 21, 119):
        with assert_nothing_changed(order):
            sent = {"deliver_at": (now + timedelta(minutes=minutes)).isoformat()}
            refused(api(cast.customer).patch(path, sent), 400, "/deliver_at", "too_soon")
    moved = now + timedelta(minutes=121)
    assert api(cast.customer).patch(path, {"deliver_at": moved.isoformat()}).status_code == 200
    # What stands is no change, however near it is by now.
    set_vendor(cast, rush_minutes=200)
    with assert_nothing_changed(Order.objects.get(pk=order.pk)):
        assert api(cast.customer).patch(path, {"deliver_at": moved.isoformat()}).status_code == 200


def test_the_dialects_take_times_by_the_same_rule(cast: Cast, api: Api) -> None:
    set_vendor(cast, rush_minutes=40)
    now = datetime.now(UTC).replace(microsecond=0)
    soon, late = now + timedelta(minutes=55), now + timedelta(minutes=62)
    client = api(cast.customer)
    with assert_nothing_changed():
        body = ordering.order_of(cast, delivery_datetime=ordering.at(soon))
        ordering.refused(client.post(ordering.ORDERS, body), 400, "Burger Bar needs until")
        answer = client.post(kesk.ORDERS, kesk.order_of(cast, scheduled_at=soon.isoformat()))
        assert (answer.status_code, answer.json()["error"]["details"][0]["field"]) == (400, "scheduled_at")
    ordering.result_of(client.post(ordering.ORDERS, ordering.order_of(cast, delivery_datetime=ordering.at(late))))
    kesk.placed(client, kesk.order_of(cast, scheduled_at=late.isoformat()))
    assert set(Order.objects.values_list("deliver_at", flat=True)) == {late}


@pytest.mark.parametrize(
    ("days", "local", "taken"),
    [
        (0, "2026-01-14T21:30", True),
        (0, "2026-01-15T08:00", False),
        (1, "2026-01-15T19:00", True),
        (1, "2026-01-15T21:59", True),
        (1, "2026-01-16T08:00", False),
        (7, "2026-01-21T21:00", True),
        (7, "2026-01-22T08:00", False),
    ],
)
def test_preorder_days_are_days_of_the_vendors_calendar(
    cast: Cast, api: Api, clock: Clock, days: int, local: str, taken: bool
) -> None:
    open_hours(cast.vendor, *ALL_WEEK)
    set_vendor(cast, preorder_days=days)
    at = datetime.fromisoformat(local).replace(tzinfo=cast.vendor.zone)
    body = guest_cart(cast, deliver_at=at.isoformat())
    offered = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") in slots(api, cast, local[:10])
    if taken:
        assert offered or at.minute % 15
        place(api(), body)
    else:
        assert not offered
        with assert_nothing_changed():
            refused(api().post(ORDERS, body), 400, "/deliver_at", "too_far")


def test_another_zone_has_another_today(cast: Cast, api: Api, clock: Clock) -> None:
    """22:00 on Tuesday in New York is Wednesday in UTC: today ends with the vendor's Tuesday."""
    Vendor.objects.filter(pk=cast.other_vendor.pk).update(preorder_days=0)
    clock.now = datetime(2026, 1, 14, 3, 0, tzinfo=UTC)
    body = {
        "vendor": cast.other_vendor.pk,
        "items": [{"product": cast.tea.pk}],
        "delivery_type": "pickup",
        "payment_method": "cash",
        "guest": {"name": "Gina Guest", "phone": "+32470123456"},
    }
    place(api(), body | {"deliver_at": "2026-01-14T04:59:00Z"})
    refused(api().post(ORDERS, body | {"deliver_at": "2026-01-14T05:00:00Z"}), 400, "/deliver_at", "too_far")
    path = f"/api/v1/vendors/{cast.other_vendor.pk}/slots?delivery_type=pickup"
    assert {slot["starts_at"][:13] for slot in api().get(path).json()["slots"]} <= {"2026-01-14T03", "2026-01-14T04"}
    assert api().get(f"{path}&date=2026-01-14").json()["slots"] == []


@pytest.mark.parametrize(
    ("now", "last", "beyond"),
    [
        # On the short day of spring the next day begins an hour earlier by UTC, in autumn an hour later.
        ("2026-03-28T12:00+01:00", "2026-03-29T21:59:00Z", "2026-03-29T22:00:00Z"),
        ("2026-03-29T01:30+01:00", "2026-03-30T21:59:00Z", "2026-03-30T22:00:00Z"),
        ("2026-10-24T12:00+02:00", "2026-10-25T22:59:00Z", "2026-10-25T23:00:00Z"),
        ("2026-10-25T02:30+01:00", "2026-10-26T22:59:00Z", "2026-10-26T23:00:00Z"),
    ],
)
def test_days_on_which_the_clock_changes(cast: Cast, api: Api, clock: Clock, now: str, last: str, beyond: str) -> None:
    set_vendor(cast, preorder_days=1)
    clock.now = datetime.fromisoformat(now).astimezone(UTC)
    place(api(), guest_cart(cast, deliver_at=last))
    with assert_nothing_changed():
        refused(api().post(ORDERS, guest_cart(cast, deliver_at=beyond)), 400, "/deliver_at", "too_far")
        # Preparing takes as long as on any other day, whatever the clock on the wall shows.
        soon = clock.now + timedelta(minutes=20) - SECOND
        refused(api().post(ORDERS, guest_cart(cast, deliver_at=soon.isoformat())), 400, "/deliver_at", "too_soon")
    place(api(), guest_cart(cast, deliver_at=(clock.now + timedelta(minutes=20)).isoformat()))


# --- estimates ---


def estimate(api: Api, cast: Cast, order: Order) -> datetime:
    return datetime.fromisoformat(api(cast.staff).get(f"{ORDERS}/{order.pk}").json()["estimated_at"])


def change(client: APIClient, order: Order, **fields: Any) -> datetime:
    """Changes an order; when that was, to the second."""
    now = timezone.now()
    response = client.patch(f"{ORDERS}/{order.pk}", fields)
    assert response.status_code == 200, response.json()
    return now


def accepted(api: Api, cast: Cast, deliver_at: datetime | None) -> Order:
    order = place_order(api(cast.customer), cart(cast, deliver_at=deliver_at.isoformat() if deliver_at else None))
    response = api(cast.owner).post(f"{ORDERS}/{order.pk}/transitions", {"transition": "accept"})
    assert response.status_code == 200, response.json()
    return order


def near(told: datetime, wanted: datetime) -> bool:
    return abs(told - wanted) < timedelta(seconds=10)


def test_a_delay_is_never_told_before_the_agreed_time(cast: Cast, api: Api) -> None:
    at = timezone.now().replace(microsecond=0) + timedelta(hours=3)
    order, owner, why = accepted(api, cast, at), api(cast.owner), {"reason_code": "too_busy"}
    assert estimate(api, cast, order) == at
    for field in ("prepared_in", "delivered_in"):
        change(owner, order, **{field: 30}, **why)
        assert estimate(api, cast, order) == at
        now = change(owner, order, **{field: 200}, **why)
        assert near(estimate(api, cast, order), now + timedelta(minutes=200))
    order = accepted(api, cast, None)
    now = change(owner, order, prepared_in=30, **why)
    assert near(estimate(api, cast, order), now + timedelta(minutes=30))


def test_the_estimate_moves_with_the_agreed_time(cast: Cast, api: Api) -> None:
    at = timezone.now().replace(microsecond=0) + timedelta(hours=3)
    order, staff = accepted(api, cast, at), api(cast.staff)
    for hours in (2, -1):
        moved = at + timedelta(hours=hours)
        change(staff, order, deliver_at=moved.isoformat())
        assert estimate(api, cast, order) == moved
    # A delay that was told keeps its distance from the agreed time, whichever way that moves.
    now = change(api(cast.owner), order, prepared_in=240, reason_code="too_busy")
    delay = estimate(api, cast, order) - (at - timedelta(hours=1))
    assert near(now + timedelta(hours=4), at - timedelta(hours=1) + delay)
    for hours in (-2, 3):
        moved = at + timedelta(hours=hours)
        change(staff, order, deliver_at=moved.isoformat())
        assert estimate(api, cast, order) == moved + delay
    now = change(staff, order, deliver_at=None)
    assert near(estimate(api, cast, order), now + timedelta(minutes=20) + delay)
    # It has none where nothing was agreed: there it stands, and never before the time that is.
    told = estimate(api, cast, order)
    change(staff, order, deliver_at=(now + timedelta(hours=1)).isoformat())
    assert estimate(api, cast, order) == told


@pytest.mark.parametrize(
    ("told", "moved", "expected"),
    [
        (450, 120, 150),
        (450, 540, 570),
        (420, 120, 120),
        (300, 120, 120),
        (421, 121, 122),
    ],
)
def test_a_delay_moves_with_the_agreed_time(
    cast: Cast, api: Api, clock: Clock, told: int, moved: int, expected: int
) -> None:
    """Ordered at noon for 19:00; all in minutes from noon."""
    order = place_order(api(), guest_cart(cast, deliver_at=(NOON + timedelta(minutes=420)).isoformat()))
    staff, why = api(cast.staff), {"reason_code": "too_busy"}
    assert staff.post(f"{ORDERS}/{order.pk}/transitions", {"transition": "accept", **why}).status_code == 200
    change(staff, order, delivered_in=told, **why)
    change(staff, order, deliver_at=(NOON + timedelta(minutes=moved)).isoformat())
    assert Order.objects.get(pk=order.pk).estimated_at == NOON + timedelta(minutes=expected)


def test_what_is_not_accepted_has_no_estimate(cast: Cast, api: Api) -> None:
    at = timezone.now().replace(microsecond=0) + timedelta(hours=3)
    order = place_order(api(cast.customer), cart(cast, deliver_at=at.isoformat()))
    change(api(cast.customer), order, deliver_at=(at + timedelta(hours=1)).isoformat())
    assert Order.objects.get(pk=order.pk).estimated_at is None
