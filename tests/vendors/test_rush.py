"""Rush mode and pauses: what a busy vendor's people set, what everybody then sees, and how it ends by itself."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from tests.cast import Cast
from tests.clock import NOON, Clock
from tests.office import form_of
from vendors.models import Vendor

Api = Callable[..., APIClient]
EIGHT = NOON + timedelta(hours=8)


def path(cast: Cast, rest: str = "") -> str:
    return f"/api/v1/vendors/{cast.vendor.pk}{rest}"


def change(client: APIClient, cast: Cast, **body: Any) -> dict[str, Any]:
    response = client.patch(path(cast), body)
    assert response.status_code == 200, response.json()
    answer: dict[str, Any] = response.json()
    return answer


def shown(client: APIClient, cast: Cast) -> tuple[int, int, str | None, int]:
    """The usual minutes, those of rush mode, its end, and how long it takes now."""
    data = client.get(path(cast)).json()
    listed = client.get("/api/v1/vendors").json()["results"][0]
    names = ("preparation_minutes", "rush_minutes", "rush_until", "current_preparation_minutes")
    assert [listed[name] for name in names] == [data[name] for name in names]
    return tuple(data[name] for name in names)


def first_slot(client: APIClient, cast: Cast) -> str:
    start: str = client.get(path(cast, "/slots?delivery_type=pickup")).json()["slots"][0]["starts_at"]
    return start


def test_rush_mode_ends_by_itself(cast: Cast, api: Api, till: APIClient, clock: Clock) -> None:
    assert (shown(api(), cast), first_slot(api(), cast)) == ((20, 0, None, 20), "2026-01-14T11:30:00Z")
    answer = change(till, cast, rush_minutes=25, rush_until=EIGHT.isoformat())
    assert (answer["rush_minutes"], answer["current_preparation_minutes"]) == (25, 45)
    rush = ((20, 25, "2026-01-14T19:00:00Z", 45), "2026-01-14T11:45:00Z")
    assert (shown(api(), cast), first_slot(api(), cast)) == rush
    clock.now = EIGHT - timedelta(seconds=1)
    assert (shown(api(), cast)[3], first_slot(api(), cast)) == (45, "2026-01-14T19:45:00Z")
    clock.now = EIGHT
    assert (shown(api(), cast), first_slot(api(), cast)) == ((20, 0, None, 20), "2026-01-14T19:30:00Z")


def test_rush_minutes_alone(cast: Cast, api: Api, till: APIClient, clock: Clock) -> None:
    change(till, cast, rush_minutes=10)
    assert shown(api(), cast) == (20, 10, None, 30)
    change(till, cast, rush_until=EIGHT.isoformat())
    change(till, cast, rush_minutes=15)
    assert shown(api(), cast) == (20, 15, "2026-01-14T19:00:00Z", 35)
    clock.now = EIGHT
    # An end that has passed must not swallow what is set anew.
    change(till, cast, rush_minutes=5)
    assert shown(api(), cast) == (20, 5, None, 25)
    change(till, cast, rush_minutes=0)
    assert shown(api(), cast) == (20, 0, None, 20)


def test_a_pause_ends_by_itself(cast: Cast, api: Api, till: APIClient, clock: Clock) -> None:
    change(till, cast, paused_until=EIGHT.isoformat())
    assert api().get(path(cast)).json()["is_open"]["pickup"] is False
    assert first_slot(api(), cast) == "2026-01-14T19:00:00Z"
    clock.now = EIGHT
    assert api().get(path(cast)).json()["is_open"]["pickup"] is True
    assert first_slot(api(), cast) == "2026-01-14T19:30:00Z"


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (NOON.isoformat(), "past"),
        ("soon", "invalid"),
        ("9999-12-31T23:59:59-12:00", "overflow"),
        ("9999-12-31T23:59:59Z", "too_far"),
        (5, "invalid"),
    ],
)
def test_an_end_that_is_refused_changes_nothing(
    cast: Cast, till: APIClient, clock: Clock, value: Any, code: str
) -> None:
    response = till.patch(path(cast), {"rush_minutes": 10, "rush_until": value})
    error = response.json()["errors"][0]
    assert (response.status_code, error["pointer"], error["code"]) == (400, "/rush_until", code)
    vendor = Vendor.objects.get(pk=cast.vendor.pk)
    assert (vendor.rush_minutes, vendor.rush_until) == (0, None)


def test_others_do_not_set_it(cast: Cast, api: Api) -> None:
    body = {"rush_minutes": 10, "rush_until": (timezone.now() + timedelta(hours=1)).isoformat()}
    for user, status in ((None, 401), (cast.customer, 403), (cast.other_owner, 403), (cast.courier, 403)):
        assert api(user).patch(path(cast), body).status_code == status
    vendor = Vendor.objects.get(pk=cast.vendor.pk)
    assert (vendor.rush_minutes, vendor.rush_until) == (0, None)
    assert api(cast.owner).patch(path(cast), body).status_code == 200


def test_staff_set_rush_and_caps_in_the_back_office(cast: Cast, api: Api, client: Client) -> None:
    client.force_login(cast.staff)
    page = f"/admin/vendors/vendor/{cast.vendor.pk}/change/"
    tomorrow = (timezone.now() + timedelta(days=1)).replace(microsecond=0)
    there = tomorrow.astimezone(cast.vendor.zone)
    form = {
        **form_of(client.get(page)),
        "rush_minutes": "15",
        "rush_until_0": f"{there:%Y-%m-%d}",
        "rush_until_1": f"{there:%H:%M:%S}",
        "slot_orders": "4",
        "slot_value": "100.00",
        "opening_hours-TOTAL_FORMS": "1",
        "opening_hours-0-weekday": "0",
        "opening_hours-0-opens": "11:00",
        "opening_hours-0-closes": "14:00",
        "opening_hours-0-slot_orders": "2",
    }
    assert client.post(page, form).status_code == 302
    vendor = Vendor.objects.get(pk=cast.vendor.pk)
    assert (vendor.rush_minutes, vendor.rush_until, vendor.slot_orders, vendor.slot_value) == (15, tomorrow, 4, 10_000)
    assert list(vendor.opening_hours.values_list("slot_orders", "slot_value")) == [(2, None)]
    assert shown(api(), cast)[3] == 35


@pytest.mark.parametrize(
    ("days", "told"),
    [
        (-1, "This time has passed: choose a later one, or set the rush minutes to 0."),
        (400, "This is more than a year ahead: choose an earlier time, or none."),
    ],
)
def test_the_back_office_bounds_its_end(cast: Cast, client: Client, days: int, told: str) -> None:
    """As the API does; one that stands and has passed does not keep the form from being saved."""
    client.force_login(cast.staff)
    page = f"/admin/vendors/vendor/{cast.vendor.pk}/change/"
    end = (timezone.now() + timedelta(days=days)).replace(microsecond=0)
    changed = {"rush_minutes": "15", "rush_until_0": f"{end:%Y-%m-%d}", "rush_until_1": f"{end:%H:%M:%S}"}
    refused = client.post(page, {**form_of(client.get(page)), **changed})
    assert refused.status_code == 200
    assert told in refused.content.decode()
    vendor = Vendor.objects.get(pk=cast.vendor.pk)
    assert (vendor.rush_minutes, vendor.rush_until) == (0, None)
    Vendor.objects.filter(pk=cast.vendor.pk).update(rush_minutes=5, rush_until=end)
    assert client.post(page, {**form_of(client.get(page)), "rush_minutes": "0"}).status_code == 302
    assert Vendor.objects.get(pk=cast.vendor.pk).rush_minutes == 0
