"""Where drivers and customers are, as their devices report it: what is taken, what is ignored, what is refused."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from orders.lifecycle.table import Fulfilment, Status
from orders.models import CustomerPosition, DriverOffer, DriverPosition, Order, OrderEvent
from tests.cast import Cast
from tests.orders.rows import make_order
from vendors.models import Driver

Api = Callable[..., APIClient]
REPORT = "/api/v1/drivers/me/position"
DEGREE = 111_195  # metres of latitude


def report(at: datetime, *, north: float = 0, **more: Any) -> dict[str, Any]:
    """A position so many metres north of the vendor."""
    return {"lat": 50.85 + north / DEGREE, "lng": 4.35, "accuracy": 10, "at": at.isoformat(), **more}


def send(client: APIClient, body: Any) -> tuple[int, list[tuple[int, str]]]:
    """How many were accepted, and which not and why."""
    answer = client.post(REPORT, body, format="json")
    assert answer.status_code == 200, answer.content
    return answer.data["accepted"], [(one["index"], one["reason"]) for one in answer.data["ignored"]]


def test_the_last_position_replaces_the_one_before(cast: Cast, api: Api) -> None:
    now, client = timezone.now(), api(cast.driver)
    assert send(client, report(now - timedelta(seconds=60))) == (1, [])
    assert send(client, report(now, north=100, heading=0, speed=1.5)) == (1, [])
    row = DriverPosition.objects.get()
    assert (row.driver_id, round(row.lat, 5), row.lng, row.accuracy) == (cast.driver_row.pk, 50.8509, 4.35, 10)
    assert (row.heading, row.speed, row.at) == (0, 1.5, now)


@pytest.mark.parametrize(
    ("seconds", "north", "fields", "reason"),
    [
        (10, 10, {"accuracy": 100.5}, "inaccurate"),
        (10, 10, {"accuracy": 100}, ""),
        (0, 0, {}, "not_newer"),
        (-1, 0, {}, "not_newer"),
        (10, 510, {}, "too_fast"),
        (10, 490, {}, ""),
        (30 + 55, 0, {}, ""),
        (30 + 65, 0, {}, "in_future"),
    ],
)
def test_what_is_not_believed_changes_nothing(
    cast: Cast, api: Api, seconds: float, north: float, fields: dict[str, Any], reason: str
) -> None:
    began, client = timezone.now() - timedelta(seconds=30), api(cast.driver)
    assert send(client, report(began)) == (1, [])
    wanted = (0, [(0, reason)]) if reason else (1, [])
    assert send(client, report(began + timedelta(seconds=seconds), north=north, **fields)) == wanted
    assert (DriverPosition.objects.get().at == began) is bool(reason)


OLD = "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00"
FAR = "9999-12-31T23:59:59Z", "9999-12-31T23:59:59-14:00"


@pytest.mark.parametrize(("at", "reason"), [*((at, "too_old") for at in OLD), *((at, "in_future") for at in FAR)])
def test_the_first_report_too_is_of_a_time_that_can_be(cast: Cast, api: Api, at: str, reason: str) -> None:
    body = report(timezone.now()) | {"at": at}
    answer = api(cast.driver).post(REPORT, body, format="json")
    if answer.status_code == 400:  # no moment of the calendar
        assert answer.json()["errors"][0]["pointer"] == "/at"
    else:
        assert (answer.data["accepted"], answer.data["ignored"][0]["reason"]) == (0, reason)
    order = make_order(cast, Status.PREPARATION_COMPLETED, Fulfilment.PICKUP, stood="accepted prepared")
    path = f"/api/v1/orders/{order.pk}/position"
    assert api(cast.customer).post(path, body, format="json").status_code == answer.status_code
    assert (DriverPosition.objects.exists(), CustomerPosition.objects.filter(at__isnull=False).exists()) == (
        False,
        False,
    )


def test_a_report_may_have_waited_for_a_day(cast: Cast, api: Api) -> None:
    day, client = timezone.now() - timedelta(days=1), api(cast.driver)
    assert send(client, report(day - timedelta(seconds=1))) == (0, [(0, "too_old")])
    assert send(client, report(day + timedelta(minutes=1))) == (1, [])


def test_a_wrong_fix_does_not_shut_out_all_that_follow(cast: Cast, api: Api) -> None:
    began, client = timezone.now() - timedelta(minutes=20), api(cast.driver)
    assert send(client, report(began, north=900_000)) == (1, [])
    assert send(client, report(began + timedelta(minutes=10))) == (0, [(0, "too_fast")])
    assert send(client, report(began + timedelta(minutes=11))) == (1, [])


def test_several_after_a_lost_link_count_in_the_order_of_their_times(cast: Cast, api: Api) -> None:
    now, client = timezone.now(), api(cast.driver)
    late = [report(now - timedelta(seconds=back), north=back) for back in (10, 40, 30, 30, 20)]
    late.append(report(now, accuracy=300))
    assert send(client, {"positions": late}) == (4, [(3, "not_newer"), (5, "inaccurate")])
    assert DriverPosition.objects.get().at == now - timedelta(seconds=10)
    assert send(client, {"positions": late}) == (0, [*((n, "not_newer") for n in range(5)), (5, "inaccurate")])


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"lat": 91}, "/lat"),
        ({"lat": "NaN"}, "/lat"),
        ({"lng": -181}, "/lng"),
        ({"accuracy": -1}, "/accuracy"),
        ({"accuracy": "10"}, "/accuracy"),
        ({"accuracy": True}, "/accuracy"),
        ({"heading": 361}, "/heading"),
        ({"speed": -1}, "/speed"),
        ({"at": "yesterday"}, "/at"),
        ({"at": None}, "/at"),
        ({"altitude": 5}, "/altitude"),
    ],
)
def test_what_is_malformed_is_refused_and_changes_nothing(
    cast: Cast, api: Api, body: dict[str, Any], pointer: str
) -> None:
    whole = report(timezone.now()) | body
    for sent, where in ((whole, pointer), ({"positions": [report(timezone.now()), whole]}, f"/positions/1{pointer}")):
        answer = api(cast.driver).post(REPORT, sent, format="json")
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, where)
    assert not DriverPosition.objects.exists()


@pytest.mark.parametrize("body", [{}, {"positions": []}, {"positions": "here"}, [], {"positions": [{}] * 101}])
def test_a_report_has_between_one_and_a_hundred_positions(cast: Cast, api: Api, body: Any) -> None:
    assert api(cast.driver).post(REPORT, body, format="json").status_code == 400


def test_a_driver_who_is_off_duty_is_followed_only_while_it_carries_something(cast: Cast, api: Api) -> None:
    client, driver = api(cast.driver), cast.driver_row
    answer = client.patch("/api/v1/drivers/me", {"on_duty": False}, format="json")
    assert (answer.data["on_duty"], answer.data["carried"], answer.data["position"]) == (False, 0, None)
    assert send(client, report(timezone.now())) == (0, [(0, "off_duty")])
    assert not DriverPosition.objects.exists()
    make_order(cast, Status.ACCEPTED_BY_DRIVER, driver=driver, stood="accepted driver_accepted")
    assert send(client, report(timezone.now())) == (1, [])
    mine = client.get("/api/v1/drivers/me").data
    assert (mine["carried"], mine["position"]["is_current"], mine["position"]["lat"]) == (1, True, 50.85)
    assert mine["company"] is mine["vendor"] is None


def test_duty_takes_a_yes_or_no(cast: Cast, api: Api) -> None:
    for body in ({}, {"on_duty": "perhaps"}, {"on_duty": None}, {"on_duty": False, "name": "Dora"}):
        assert api(cast.driver).patch("/api/v1/drivers/me", body, format="json").status_code == 400
    assert Driver.objects.get(pk=cast.driver_row.pk).on_duty


def test_reports_of_one_driver_are_throttled(cast: Cast, api: Api, settings: Any) -> None:
    settings.THROTTLE_POSITIONS = 1
    body = report(timezone.now())
    answers = [api(user).post(REPORT, body, format="json") for user in (cast.driver, cast.driver, cast.courier)]
    assert [answer.status_code for answer in answers] == [200, 429, 200]
    assert int(answers[1]["Retry-After"]) == 60


def test_lists_of_drivers_and_companies(cast: Cast, api: Api, django_assert_num_queries: Any) -> None:
    carried: dict[str, Any] = {"driver": cast.company_driver_row, "stood": "accepted company_accepted driver_accepted"}
    orders = [make_order(cast, Status.ACCEPTED_BY_DRIVER, company=cast.company, **carried) for _ in range(3)]
    make_order(cast, Status.DELIVERY_COMPLETED_BY_DRIVER, company=cast.company, **carried)
    searched = make_order(cast, Status.LOOKING_FOR_DRIVER, stood="accepted search_started")
    at = timezone.now() - timedelta(minutes=3)
    assert send(api(cast.company_driver), report(at)) == (1, [])
    mine = api(cast.company_driver).get("/api/v1/drivers/me/orders?group=open&ordering=id&per_page=2").data
    assert (mine["count"], [row["id"] for row in mine["results"]]) == (3, [order.pk for order in orders[:2]])
    client = api(cast.dispatcher)
    board = client.get("/api/v1/companies/me/orders?group=open&ordering=id").data
    assert [row["id"] for row in board["results"]] == [*(order.pk for order in orders), searched.pk]
    assert board["results"][-1]["customer"]["name"] == "Clara"
    found = client.get(f"/api/v1/companies/me/orders?customer={cast.customer_row.pk}").data
    assert (found["count"], searched.pk in {row["id"] for row in found["results"]}) == (4, False)
    cursor = client.get("/api/v1/companies/me/orders?cursor=&per_page=2").data
    assert (cursor["count"], len(cursor["results"])) == (None, 2)
    Driver.objects.create(user=cast.stranger, name="Zoe", company=cast.company, on_duty=False)
    with django_assert_num_queries(3):
        drivers = client.get("/api/v1/companies/me/drivers").data
    told = [(row["name"], row["on_duty"], row["carried"], row["company"]["name"]) for row in drivers["results"]]
    assert told == [("Wim Wheels", True, 3, "Wheels"), ("Zoe", False, 0, "Wheels")]
    position = drivers["results"][0]["position"]
    assert (position["lat"], position["is_current"], drivers["results"][1]["position"]) == (50.85, False, None)
    assert client.get("/api/v1/companies/me/drivers?on_duty=false").data["count"] == 1
    assert client.get("/api/v1/companies/me/drivers?on_duty=maybe").status_code == 400


def test_a_customer_who_collects_tells_where_it_waits(cast: Cast, api: Api) -> None:
    order = make_order(cast, Status.PREPARATION_COMPLETED, Fulfilment.CURBSIDE, stood="accepted prepared")
    path, client = f"/api/v1/orders/{order.pk}/position", api(cast.customer)
    at = timezone.now()
    here = report(at, north=1000)
    assert client.post(path, here, format="json").data == {"accepted": 1, "ignored": [], "place": ""}
    for _ in range(2):
        answer = client.post(path, {**here, "place": "bay 3"}, format="json").data
        assert answer == {"accepted": 0, "ignored": [{"index": 0, "reason": "not_newer"}], "place": "bay 3"}
    row = CustomerPosition.objects.get()
    assert (row.order_id, row.lat, row.at, row.place) == (order.pk, here["lat"], at, "bay 3")
    event = OrderEvent.objects.get(order=order, number=2)
    assert (event.kind, event.role, event.data["new"], event.visible_to) == (
        "note",
        "customer",
        {"place": "bay 3"},
        "everybody",
    )
    assert client.post(path, {"place": "bay 4"}, format="json").data["place"] == "bay 4"
    row.refresh_from_db()
    assert (row.lat, row.at, row.place) == (here["lat"], at, "bay 4")
    assert client.get(f"/api/v1/orders/{order.pk}").data["waits_at"] == "bay 4"
    board = api(cast.owner).get(f"/api/v1/vendors/{cast.vendor.pk}/board").json()
    assert [one["customer"]["waits_at"] for one in board["orders"]] == ["bay 4"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/lat"),
        ({"place": "x" * 61}, "/place"),
        ({"place": "a\nb"}, "/place"),
        ({"lat": 50.85, "place": "bay 3"}, "/lng"),
    ],
)
def test_a_customers_half_position_is_refused(cast: Cast, api: Api, body: dict[str, Any], pointer: str) -> None:
    order = make_order(cast, Status.PREPARATION_COMPLETED, Fulfilment.PICKUP, stood="accepted prepared")
    answer = api(cast.customer).post(f"/api/v1/orders/{order.pk}/position", body, format="json")
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, pointer)
    assert not CustomerPosition.objects.exists()


@pytest.mark.parametrize(
    ("who", "status", "fulfilment", "refused"),
    [
        ("owner", Status.PREPARATION_COMPLETED, Fulfilment.PICKUP, (403, "forbidden")),
        ("driver", Status.PREPARATION_COMPLETED, Fulfilment.PICKUP, (404, "not_found")),
        ("stranger", Status.PREPARATION_COMPLETED, Fulfilment.PICKUP, (404, "not_found")),
        ("customer", Status.PREPARATION_COMPLETED, Fulfilment.DELIVERY, (409, "not_collected")),
        ("customer", Status.PREPARATION_COMPLETED, Fulfilment.EAT_IN, (409, "not_collected")),
        ("customer", Status.PICKUP_COMPLETED_BY_CUSTOMER, Fulfilment.PICKUP, (409, "order_closed")),
    ],
)
def test_nobody_else_and_nowhere_else(
    cast: Cast, api: Api, who: str, status: Status, fulfilment: Fulfilment, refused: tuple[int, str]
) -> None:
    order = make_order(cast, status, fulfilment, stood="accepted prepared")
    client = api(getattr(cast, who))
    answer = client.post(f"/api/v1/orders/{order.pk}/position", {"place": "bay 3"}, format="json")
    assert (answer.status_code, answer.json()["code"]) == refused
    assert (CustomerPosition.objects.exists(), order.events.count()) == (False, 1)


def test_an_order_that_went_to_another_driver_meanwhile_spoils_no_report(
    cast: Cast, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = make_order(cast, Status.ACCEPTED_BY_DRIVER, driver=cast.driver_row, stood="accepted driver_accepted")
    now = timezone.now()
    DriverOffer.objects.create(
        order=taken, driver=cast.driver_row, round=1, offered_at=now, answer_by=now, outcome="accepted"
    )

    def given_away(*told: Any) -> tuple[bool, dict[str, Any]]:
        Order.objects.filter(pk=taken.pk).update(driver=cast.other_driver_row)
        return True, {}

    monkeypatch.setattr("orders.services.moving.positions.foresee", given_away)
    assert send(api(cast.driver), report(now)) == (1, [])
    assert (DriverPosition.objects.get().watches, taken.events.count()) == ({}, 1)
