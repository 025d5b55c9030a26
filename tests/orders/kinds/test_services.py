"""Services booked for a time: prices, times, capacity, and one's whole life (docs/requirements.md, rows 1, 9, 10)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from orders.models import Booking, Order
from orders.services.moving.timers import run_due
from tests.cast import Cast
from tests.clock import NOON, Clock
from tests.orders.kinds import make_service, service_cart, tomorrow
from tests.orders.placing.test_placing_times import GUEST, close_on, open_hours
from tests.orders.shopping import (
    FAR,
    NEAR,
    ORDERS,
    QUOTE,
    assert_nothing_changed,
    balance_of,
    eur,
    fill_wallet,
    place,
    refused,
    sums,
)
from vendors.models import DeliveryZone, Service, Vendor

Api = Callable[..., APIClient]
pytestmark = pytest.mark.django_db
DAILY = [(day, "09:00", "17:00") for day in range(7)]
# The day after NOON, a Thursday: 10:00 in Brussels.
TEN = datetime(2026, 1, 15, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def cut(cast: Cast) -> Service:
    return make_service(cast.vendor, *DAILY)


def times_of(service: Service) -> str:
    return f"/api/v1/vendors/{service.vendor_id}/services/{service.pk}/times"


def free(api: Api, service: Service, query: str = "") -> dict[str, int]:
    """The free times and how many are left of each, as the vendor's clock shows them."""
    response = api().get(times_of(service) + query)
    assert response.status_code == 200, response.json()
    zone = service.vendor.zone
    rows = response.json()["times"]
    return {f"{datetime.fromisoformat(row['starts_at']).astimezone(zone):%d %H:%M}": row["left"] for row in rows}


def book(api: Api, service: Service, at: datetime, **fields: Any) -> Any:
    return api().post(ORDERS, service_cart(service, at, guest=GUEST, **fields))


# --- what it costs, and where it takes place -------------------------------------------------------------------------


def test_at_the_vendors_it_costs_its_price(cut: Service, cast: Cast, api: Api) -> None:
    answer = place(api(cast.customer), service_cart(cut, tomorrow(cast)))
    row = answer["orders"][0]
    assert (row["kind"], row["delivery_type"], row["status"]["code"]) == ("service", "eat_in", 13)
    assert (row["total"], row["delivery_fee"], row["tax_included"]) == (eur("40.00"), eur("0.00"), eur("6.94"))
    starts, ends = tomorrow(cast).astimezone(UTC), (tomorrow(cast) + HOUR).astimezone(UTC)
    assert row["booking"] == {
        "service": cut.pk,
        "name": "Hair cut",
        "starts_at": f"{starts:%Y-%m-%dT%H:%M:%SZ}",
        "ends_at": f"{ends:%Y-%m-%dT%H:%M:%SZ}",
        "place": "vendor",
    }
    assert (row["package"], row["deliver_at"]) == (None, row["booking"]["starts_at"])
    assert [(item["name"], item["total"]) for item in row["items"]] == [("Hair cut", eur("40.00"))]


def test_at_the_customers_the_zones_fee_is_added(cast: Cast, api: Api) -> None:
    both = make_service(cast.vendor, *DAILY, at_customer=True)
    answer = place(api(cast.customer), service_cart(both, tomorrow(cast), "customer"))
    row = answer["orders"][0]
    assert (row["delivery_type"], row["total"], row["delivery_fee"]) == ("delivery", eur("42.50"), eur("2.50"))
    assert (row["address"], row["location"], row["delivery_zone"]) == ("Naamsestraat 1", NEAR, cast.zone.pk)
    assert row["distance"] == 132


@pytest.mark.parametrize(
    ("fields", "pointer", "code"),
    [
        ({"location": None}, "/location", "required"),
        ({"address": None}, "/address", "required"),
        ({"location": FAR}, "/location", "outside_delivery_zone"),
        ({"delivery_type": "pickup"}, "/delivery_type", "not_offered"),
        ({"deliver_at": "2026-01-15T10:00:00Z"}, "/deliver_at", "deliver_at"),
    ],
)
def test_where_it_cannot_be(
    cast: Cast, api: Api, fields: dict[str, Any], pointer: str, code: str, clock: Clock
) -> None:
    both = make_service(cast.vendor, at_customer=True)
    with assert_nothing_changed():
        refused(api().post(ORDERS, service_cart(both, TEN, "customer", guest=GUEST, **fields)), 400, pointer, code)


def test_each_place_must_be_offered(cut: Service, cast: Cast, api: Api, clock: Clock) -> None:
    body = refused(api().post(QUOTE, service_cart(cut, TEN, "customer")), 400, "/service/place", "not_offered")
    assert body["detail"] == "Hair cut is only offered at the vendor's place: choose that place."
    DeliveryZone.objects.update(minimum=4001)
    travelling = make_service(cast.vendor, at_vendor=False, at_customer=True)
    clock.now += timedelta(seconds=1)
    open_hours(cast.vendor)
    refused(api().post(QUOTE, service_cart(travelling, TEN, "customer")), 400, "/service/service", "below_minimum")
    refused(api().post(QUOTE, service_cart(travelling, TEN, "vendor")), 400, "/service/place", "not_offered")


def test_services_of_others_and_switched_off_are_unknown(cut: Service, cast: Cast, api: Api) -> None:
    foreign = make_service(cast.other_vendor)
    body = {**service_cart(foreign, tomorrow(cast)), "vendor": cast.vendor.pk}
    refused(api().post(QUOTE, body), 400, "/service/service", "unknown")
    Service.objects.update(is_active=False)
    refused(api().post(QUOTE, service_cart(cut, tomorrow(cast))), 400, "/service/service", "unknown")


@pytest.mark.parametrize(
    "service",
    [{}, {"at": "soon"}, {"at": None}, {"place": "moon"}, {"service": "1"}, {"service": 2**63}, {"at": "2026-01-15"}],
)
def test_a_malformed_wish_is_refused(cut: Service, cast: Cast, api: Api, service: dict[str, Any]) -> None:
    body = service_cart(cut, tomorrow(cast))
    sent = {**body["service"], **service} if service else {}
    assert api().post(QUOTE, {**body, "service": sent}).status_code == 400


# --- when ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "code", "named"),
    [
        (NOON, "past", "14 12:15"),
        (datetime(1, 1, 1, tzinfo=UTC), "past", "14 12:15"),
        (datetime.max.replace(tzinfo=UTC), "too_far", "14 12:15"),
        (NOON + timedelta(days=7, hours=12), "too_far", "14 12:15"),
        (TEN - 2 * HOUR, "no_such_time", "15 09:00"),
        (TEN + timedelta(minutes=5), "no_such_time", "15 10:15"),
        (TEN + timedelta(seconds=1), "no_such_time", "15 10:15"),
        (TEN + 6 * HOUR + timedelta(minutes=15), "no_such_time", "16 09:00"),
    ],
)
def test_a_time_that_cannot_be_names_the_next_free_ones(
    cut: Service,
    api: Api,
    clock: Clock,
    at: datetime,
    code: str,
    named: str,
) -> None:
    with assert_nothing_changed():
        body = refused(book(api, cut, at), 400, "/service/at", code)
    first = datetime.fromisoformat(body["next"][0])
    assert f"{first.astimezone(cut.vendor.zone):%d %H:%M}" == named
    assert len(body["next"]) == len(body["errors"][0]["next"]) == 3
    assert named[3:] in body["detail"]
    clock.now = NOON
    assert book(api, cut, first).status_code == 201


def test_the_last_time_ends_with_the_opening(cut: Service, api: Api, clock: Clock) -> None:
    assert book(api, cut, TEN + 6 * HOUR).status_code == 201


def test_hours_of_its_own_the_vendors_and_holidays(cut: Service, cast: Cast, api: Api, clock: Clock) -> None:
    free_by_vendor = make_service(cast.vendor, name="Wash")
    open_hours(cast.vendor, (3, "20:00", "22:00"))
    cast.vendor.refresh_from_db()
    assert list(free(api, free_by_vendor, "?from=2026-01-15&days=1"))[0::4] == ["15 20:00", "15 21:00"]
    assert list(free(api, cut, "?from=2026-01-15&days=1"))[0] == "15 09:00"
    close_on(cast.vendor, TEN)
    assert free(api, cut, "?from=2026-01-15&days=1") == free(api, free_by_vendor, "?from=2026-01-15&days=1") == {}


def test_pauses(cut: Service, cast: Cast, api: Api, clock: Clock) -> None:
    Vendor.objects.filter(pk=cast.vendor.pk).update(paused_until=TEN)
    body = refused(book(api, cut, TEN - HOUR), 400, "/service/at", "paused")
    assert datetime.fromisoformat(body["next"][0]) == TEN
    assert next(iter(free(api, cut))) == "15 10:00"
    assert book(api, cut, TEN).status_code == 201


def test_near_is_no_preorder(cut: Service, api: Api, clock: Clock) -> None:
    assert book(api, cut, NOON + HOUR).json()["orders"][0]["status"]["code"] == 0
    assert book(api, cut, NOON + 2 * HOUR).json()["orders"][0]["status"]["code"] == 13


# --- capacity --------------------------------------------------------------------------------------------------------


def test_a_time_is_taken_once(cut: Service, api: Api, clock: Clock) -> None:
    assert book(api, cut, TEN).status_code == 201
    for at in (TEN, TEN + HOUR / 2, TEN - HOUR / 2):
        with assert_nothing_changed():
            answer = book(api, cut, at)
        assert (answer.status_code, answer.json()["code"]) == (409, "slot_full")
    assert [datetime.fromisoformat(one) for one in answer.json()["next"]][0] == TEN + HOUR
    assert "Free next: Thu 15 Jan 11:00, " in answer.json()["detail"]
    assert api().post(QUOTE, service_cart(cut, TEN)).json()["code"] == "slot_full"
    assert book(api, cut, TEN + HOUR).status_code == book(api, cut, TEN - HOUR).status_code == 201
    assert Booking.objects.count() == 3


def test_as_many_as_the_capacity_at_any_moment(cut: Service, api: Api, clock: Clock) -> None:
    Service.objects.update(capacity=2)
    # One after the other they need one of the two places, so a third that overlaps both still fits.
    for at in (TEN, TEN + HOUR, TEN + HOUR / 2):
        assert book(api, cut, at).status_code == 201
    assert book(api, cut, TEN + HOUR / 2).status_code == 409
    left = free(api, cut, "?from=2026-01-15&days=1")
    assert {
        time: left.get(f"15 {time}") for time in ("09:00", "09:30", "09:45", "10:00", "11:15", "11:30", "12:00")
    } == {
        "09:00": 2,
        "09:30": 1,
        "09:45": None,
        "10:00": None,
        "11:15": None,
        "11:30": 1,
        "12:00": 2,
    }


def test_one_checkout_cannot_take_a_time_twice(cut: Service, cast: Cast, api: Api, clock: Clock) -> None:
    part = {name: value for name, value in service_cart(cut, TEN).items() if name in ("vendor", "service")}
    body = {"vendors": [part, part], "payment_method": "cash", "guest": GUEST}
    with assert_nothing_changed():
        answer = api().post(ORDERS, body)
    assert (answer.status_code, answer.json()["code"]) == (409, "slot_full")
    Service.objects.update(capacity=2)
    assert api().post(ORDERS, body).status_code == 201


def test_free_times_in_a_fixed_number_of_statements(cut: Service, cast: Cast, api: Api) -> None:
    def statements(query: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert api().get(times_of(cut) + query).status_code == 200
        return len(queries)

    statements("")
    few = statements("?days=2")  # of today nothing may be left
    for hour in (9, 11, 13, 15):
        place(api(cast.customer), service_cart(cut, tomorrow(cast, f"{hour:02}:00")))
    assert statements("?days=14") == few == 4


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("from=soon", "?from"),
        ("days=0", "?days"),
        ("days=15", "?days"),
        ("place=customer", "?place"),
        ("place=x", "?place"),
    ],
)
def test_wrong_parameters_are_named(cut: Service, api: Api, query: str, pointer: str) -> None:
    response = api().get(f"{times_of(cut)}?{query}")
    assert (response.status_code, response.json()["errors"][0]["pointer"]) == (400, pointer)


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "2020-02-02", "2090-01-01"])
def test_days_far_away_have_no_times(cut: Service, api: Api, day: str) -> None:
    assert free(api, cut, f"?from={day}") == {}


def test_times_of_nothing_are_not_found(cut: Service, cast: Cast, api: Api) -> None:
    assert api().get(f"/api/v1/vendors/{cast.other_vendor.pk}/services/{cut.pk}/times").status_code == 404
    Service.objects.update(is_active=False)
    assert api().get(times_of(cut)).status_code == 404


# --- what becomes of it ----------------------------------------------------------------------------------------------


def move(api: Api, user: Any, order_id: int, target: int, **fields: Any) -> Any:
    return api(user).post(f"{ORDERS}/{order_id}/transitions", {"to": target, **fields})


def test_closing_frees_the_time_and_reopening_takes_it_again(cut: Service, cast: Cast, api: Api) -> None:
    body = service_cart(cut, tomorrow(cast))
    first = place(api(cast.customer), body)["orders"][0]["id"]
    again = {"to": 7, "transition": "undo_reject", "reason_code": "mistake"}
    for wish, held in (({"to": 7}, True), ({"to": 5}, False), (again, True), ({"to": 5}, False)):
        sent = {"reason_code": "mistake", **wish}
        assert api(cast.staff).post(f"{ORDERS}/{first}/transitions", sent).status_code == 200
        assert Booking.objects.get().is_held is held
    second = place(api(cast.stranger), body)["orders"][0]["id"]
    with assert_nothing_changed(Order.objects.get(pk=first)):
        answer = api(cast.staff).post(f"{ORDERS}/{first}/transitions", again)
    assert (answer.status_code, answer.json()["code"]) == (409, "slot_full")
    assert list(Booking.objects.order_by("pk").values_list("order", "is_held")) == [(first, False), (second, True)]


def test_another_time_is_booked_and_the_first_is_free(cut: Service, cast: Cast, api: Api) -> None:
    first = place(api(cast.customer), service_cart(cut, tomorrow(cast)))["orders"][0]["id"]
    place(api(cast.stranger), service_cart(cut, tomorrow(cast, "12:00")))
    order = Order.objects.get(pk=first)
    path = f"{ORDERS}/{first}"
    for text, status, code in (("12:30", 409, "slot_full"), ("07:00", 400, "invalid"), ("10:05", 400, "invalid")):
        with assert_nothing_changed(order):
            answer = api(cast.customer).patch(path, {"deliver_at": tomorrow(cast, text).isoformat()})
        assert (answer.status_code, answer.json()["code"]) == (status, code), text
    with assert_nothing_changed(order):
        assert api(cast.customer).patch(path, {"deliver_at": None}).status_code == 400
    # It overlaps its own time of before, which does not count.
    answer = api(cast.customer).patch(path, {"deliver_at": tomorrow(cast, "10:30").isoformat()})
    assert answer.status_code == 200, answer.json()
    booking = Booking.objects.get(order=first)
    assert (booking.starts_at, booking.ends_at) == (tomorrow(cast, "10:30"), tomorrow(cast, "11:30"))
    assert Order.objects.get(pk=first).deliver_at == booking.starts_at


@pytest.mark.parametrize(("place_of", "steps"), [("vendor", [7, 1]), ("customer", [7, 9, 11])])
def test_a_whole_life(cast: Cast, api: Api, place_of: str, steps: list[int]) -> None:
    """Paid from a wallet, done by the vendor's own people at its place or the customer's; the ledger adds up."""
    Vendor.objects.filter(pk=cast.vendor.pk).update(commission_rate=1000, settle_minutes=0)
    both = make_service(cast.vendor, *DAILY, at_customer=True)
    fill_wallet(cast.customer_row, 10_000)
    body = service_cart(both, tomorrow(cast), place_of, payment_method="wallet")
    order = place(api(cast.customer), body)["orders"][0]
    paid = 4250 if place_of == "customer" else 4000
    assert balance_of(cast.customer_row) == 10_000 - paid
    accepted = move(api, cast.owner, order["id"], steps[0]).json()
    assert accepted["milestones"]["prepared"] == accepted["milestones"]["accepted"] is not None
    if place_of == "customer":
        assert api(cast.owner).patch(f"{ORDERS}/{order['id']}", {"self_delivery": True}).status_code == 200
    for target in steps[1:]:
        answer = move(api, cast.owner, order["id"], target)
        assert answer.status_code == 200, (target, answer.json())
    assert run_due() == (place_of == "customer")  # at the vendor's Completed is final at once
    assert Order.objects.get().closed_at is not None
    assert Booking.objects.get().is_held is True
    assert sums() == {
        f"wallet:{cast.customer_row.pk}:EUR": 10_000 - paid,
        "funding::EUR": -10_000,
        f"vendor:{cast.vendor.pk}:EUR": paid - 400,
        "platform::EUR": 400,
    }
