"""GET /vendors/{id}/board: which orders stand in which column, what a ticket tells, and to whom."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from orders.api.board_outputs import BoardOutput, BoardVendorOutput, TicketLineOutput, TicketOutput
from orders.lifecycle.board import COLUMNS, LATELY
from orders.lifecycle.table import MILESTONES, Fulfilment, Status
from orders.models import Order
from orders.reading.board import shown_orders
from tests.cast import Cast, make_clerk
from tests.clock import Clock
from tests.orders.rows import add_line, make_order
from tests.orders.walking import Api
from vendors.models import LateThreshold, Station, Vendor

AGO = timedelta(minutes=10)


def path(cast: Cast, query: str = "") -> str:
    return f"/api/v1/vendors/{cast.vendor.pk}/board{query}"


def read(api: Api, cast: Cast, query: str = "") -> dict[str, Any]:
    answer = api(cast.owner).get(path(cast, query))
    assert answer.status_code == 200, answer.data
    found: dict[str, Any] = answer.json()
    return found


# Every status: without milestones, once accepted, once prepared. "-" is not on the board.
PLACES = """
PENDING new new new
COMPLETED handed_over handed_over handed_over
REJECTED - - -
DRIVER_IN_BUSINESS new preparing ready
PREPARATION_COMPLETED ready ready ready
REJECTED_BY_BUSINESS - - -
CANCELED_BY_DRIVER new preparing ready
ACCEPTED_BY_BUSINESS new preparing ready
ACCEPTED_BY_DRIVER new preparing ready
PICK_UP_COMPLETED_BY_DRIVER handed_over handed_over handed_over
PICK_UP_FAILED_BY_DRIVER new preparing ready
DELIVERY_COMPLETED_BY_DRIVER handed_over handed_over handed_over
DELIVERY_FAILED_BY_DRIVER handed_over handed_over handed_over
PREORDER scheduled scheduled scheduled
ORDER_NOT_READY new preparing ready
PICKUP_COMPLETED_BY_CUSTOMER handed_over handed_over handed_over
CANCELED_BY_CUSTOMER - - -
NOT_PICKED_BY_CUSTOMER handed_over handed_over handed_over
DRIVER_ALMOST_ARRIVED_TO_BUSINESS new preparing ready
DRIVER_ALMOST_ARRIVED_TO_CUSTOMER handed_over handed_over handed_over
CUSTOMER_ALMOST_ARRIVED_TO_BUSINESS new preparing ready
CUSTOMER_ARRIVED_TO_BUSINESS new preparing ready
LOOKING_FOR_DRIVER new preparing ready
DRIVER_ON_WAY handed_over handed_over handed_over
DRIVER_WAITING_FOR_ORDER new preparing ready
ACCEPTED_BY_DRIVER_COMPANY new preparing ready
"""
MARKS = ("", "accepted", "accepted prepared")


def test_every_status_has_its_column(cast: Cast, api: Api) -> None:
    table = {name: places for name, *places in map(str.split, PLACES.strip().splitlines())}
    assert {Status[name] for name in table} == set(Status) == set(COLUMNS)
    made = {
        (name, marks): make_order(cast, Status[name], stood=marks, unacknowledged_from=None)
        for name in table
        for marks in MARKS
    }
    columns = {ticket["id"]: ticket["column"] for ticket in read(api, cast)["orders"]}
    found = {name: [columns.get(made[name, marks].pk, "-") for marks in MARKS] for name in table}
    assert found == table


@pytest.mark.parametrize(("status", "place"), [(2, "preparing"), (5, "preparing"), (16, "preparing")])
def test_what_is_cancelled_stays_in_its_place_until_it_is_acknowledged(
    cast: Cast, api: Api, status: int, place: str
) -> None:
    order = make_order(cast, status, stood="accepted", unacknowledged_from=1)
    (ticket,) = read(api, cast)["orders"]
    assert (ticket["id"], ticket["column"], ticket["is_cancelled"]) == (order.pk, place, True)


def test_an_accepted_order_for_later_is_scheduled_until_its_preparing_begins(
    cast: Cast, api: Api, clock: Clock
) -> None:
    later = clock.now + timedelta(hours=3)
    make_order(cast, 7, Fulfilment.PICKUP, stood="accepted", deliver_at=later)
    (ticket,) = read(api, cast)["orders"]
    assert (ticket["column"], ticket["begins_at"]) == ("scheduled", "2026-01-14T13:40:00Z")
    clock.now = later - timedelta(minutes=20)
    assert [one["column"] for one in read(api, cast)["orders"]] == ["preparing"]


def test_what_was_handed_over_stays_for_two_hours(cast: Cast, api: Api, clock: Clock) -> None:
    order = make_order(cast, 11, stood="accepted prepared picked_up delivered", status_changed_at=clock.now)
    clock.now += LATELY
    assert [one["id"] for one in read(api, cast)["orders"]] == [order.pk]
    clock.now += timedelta(seconds=1)
    assert read(api, cast)["orders"] == []


def test_sorted_by_when_it_is_to_be_ready(cast: Cast, api: Api, clock: Clock) -> None:
    told = make_order(cast, 7, stood="accepted", estimated_at=clock.now + timedelta(minutes=50))
    way = make_order(
        cast, 7, stood="accepted", estimated_at=clock.now + timedelta(minutes=45), prepared_in=15, delivered_in=40
    )
    agreed = make_order(cast, 13, deliver_at=clock.now + timedelta(minutes=90))
    new = make_order(cast, 0, visible_at=clock.now - timedelta(minutes=5))
    tickets = read(api, cast)["orders"]
    assert [one["id"] for one in tickets] == [new.pk, way.pk, told.pk, agreed.pk]
    assert [one["ready_by"] for one in tickets] == [
        "2026-01-14T11:15:00Z",
        "2026-01-14T11:20:00Z",
        "2026-01-14T11:50:00Z",
        "2026-01-14T12:30:00Z",
    ]


def test_late_colours_by_delivery_type(cast: Cast, api: Api, clock: Clock) -> None:
    LateThreshold.objects.create(vendor=cast.vendor, fulfilment="pickup", soon_minutes=8, late_minutes=3)
    make_order(cast, 0, Fulfilment.PICKUP, visible_at=clock.now)
    make_order(cast, 0, Fulfilment.DELIVERY, visible_at=clock.now)
    found = {one["delivery_type"]: (one["soon_at"], one["late_at"]) for one in read(api, cast)["orders"]}
    assert found == {
        "pickup": ("2026-01-14T11:12:00Z", "2026-01-14T11:23:00Z"),
        "delivery": ("2026-01-14T11:15:00Z", "2026-01-14T11:20:00Z"),
    }


def test_when_it_is_refused_by_itself(cast: Cast, api: Api, clock: Clock) -> None:
    Vendor.objects.filter(pk=cast.vendor.pk).update(accept_minutes=12)
    make_order(cast, 0, visible_at=clock.now, status_changed_at=clock.now)
    make_order(cast, 7, stood="accepted")
    assert sorted(str(one["answer_until"]) for one in read(api, cast)["orders"]) == ["2026-01-14T11:12:00Z", "None"]


def test_a_line_tells_its_station_as_the_menu_says_now(cast: Cast, api: Api) -> None:
    grill, oven = (Station.objects.create(vendor=cast.vendor, name=name) for name in ("Grill", "Oven"))
    order = make_order(cast, 7, stood="accepted")
    burger, pizza = cast.products["burger"], cast.products["pizza"]
    for product in (burger, pizza, cast.products["soda"]):
        add_line(order, product)
    assert [line["station"] for line in read(api, cast)["orders"][0]["lines"]] == [None, None, None]
    burger.category.station = grill
    burger.category.save()
    pizza.station = oven
    pizza.save()
    answer = read(api, cast)
    assert [line["station"] for line in answer["orders"][0]["lines"]] == [grill.pk, oven.pk, None]
    assert answer["stations"] == [{"id": grill.pk, "name": "Grill"}, {"id": oven.pk, "name": "Oven"}]


def test_only_these_orders(cast: Cast, api: Api) -> None:
    first, second, gone = make_order(cast, 0), make_order(cast, 7), make_order(cast, 16)
    foreign = make_order(cast, 0, vendor=cast.other_vendor)
    answer = read(api, cast, f"?orders={second.pk},{gone.pk},{foreign.pk},{second.pk}")
    assert [one["id"] for one in answer["orders"]] == [second.pk]
    assert answer["gone"] == [gone.pk, foreign.pk]
    assert read(api, cast, "?orders=")["orders"] == []
    assert len(read(api, cast)["orders"]) == 2
    assert first.pk != second.pk


@pytest.mark.parametrize("given", ["x", "1,", "0", "-1", "1.5", str(2**63), ",".join(map(str, range(1, 102)))])
def test_wrong_ids_are_refused_by_name(cast: Cast, api: Api, given: str) -> None:
    answer = api(cast.owner).get(path(cast, f"?orders={given}"))
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == "?orders"


def test_an_unseen_order_is_not_on_the_board(cast: Cast, api: Api) -> None:
    make_order(cast, 0, visible_at=None)
    make_order(cast, 0, deleted_at=timezone.now())
    assert read(api, cast)["orders"] == []
    assert api(cast.staff).get(path(cast)).json()["orders"] == []


def test_who_may_read_it(cast: Cast, api: Api) -> None:
    make_order(cast, 0)
    sees = {"owner": 200, "staff": 200, "other_owner": 403, "customer": 403, "driver": 403, "dispatcher": 403}
    assert {name: api(getattr(cast, name)).get(path(cast)).status_code for name in sees} == sees
    assert api(make_clerk("orders.view_purchase")).get(path(cast)).status_code == 403
    assert api(None).get(path(cast)).status_code == 401
    assert api(cast.owner).get("/api/v1/vendors/999999/board").status_code == 404


def test_the_feed_goes_on_from_its_headers(cast: Cast, api: Api) -> None:
    answer = api(cast.owner).get(path(cast))
    feed = api(cast.owner).get(f"/api/v1/vendors/{cast.vendor.pk}/events").json()
    assert (answer["Feed-Position"], answer["Feed-Epoch"]) == (str(feed["position"]), feed["epoch"])


def test_as_many_statements_for_many_orders_as_for_one(cast: Cast, api: Api) -> None:
    counts = []
    for _ in range(2):
        for status in (0, 4, 7, 9, 11, 13, 22):
            order = make_order(cast, status, stood="accepted", unacknowledged_from=1, driver=cast.driver_row)
            add_line(order, cast.products["burger"])
        with CaptureQueriesContext(
            connection,
        ) as told:
            read(api, cast)
        counts.append(len(told))
    assert counts[0] == counts[1]


def test_the_shapes_are_those_of_the_document(cast: Cast, api: Api) -> None:
    order = make_order(cast, 7, stood="accepted", driver=cast.driver_row, unacknowledged_from=1)
    add_line(order, cast.products["burger"])
    answer = read(api, cast)
    assert answer.keys() == BoardOutput().fields.keys()
    assert answer["vendor"].keys() == BoardVendorOutput().fields.keys()
    ticket = answer["orders"][0]
    assert ticket.keys() == TicketOutput().fields.keys()
    assert ticket["lines"][0].keys() == TicketLineOutput().fields.keys()
    assert ticket["milestones"].keys() == set(MILESTONES)
    assert Order.objects.get(pk=order.pk).version == ticket["version"]


@pytest.mark.postgres
def test_a_long_history_is_not_read(cast: Cast) -> None:
    """Among thousands of closed orders the board's are found by their indexes alone."""
    make_order(cast, 0)
    closed = make_order(cast, 11, stood="accepted prepared picked_up delivered")
    own = {"id", "uuid", "number", "tracking_hash", "status_changed_at"}
    rest = ", ".join(f'"{field.column}"' for field in Order._meta.concrete_fields if field.column not in own)
    copied = (
        f"INSERT INTO orders_order (uuid, number, tracking_hash, status_changed_at, {rest}) "  # noqa: S608
        f"SELECT gen_random_uuid(), 1000000 + n, 'copy ' || n, now() - n * interval '1 hour', {rest} "
        "FROM orders_order, generate_series(1, 5000) n WHERE id = %s"
    )
    with connection.cursor() as cursor:
        cursor.execute(copied, [closed.pk])
        cursor.execute("ANALYZE orders_order")
    rows = shown_orders(cast.vendor, timezone.now())
    plan = rows.explain()
    assert rows.count() <= 4
    assert "Seq Scan on orders_order" not in plan
    assert {"order_handed_over", "order_unacknowledged"} <= set(re.findall(r"order_\w+", plan))


def test_what_was_handed_over_takes_no_open_orders_place(
    cast: Cast, api: Api, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A busy vendor hands over more in two hours than an answer holds: of these the latest are told, and all others."""
    monkeypatch.setattr("orders.reading.board.MOST_HANDED_OVER", 2)
    monkeypatch.setattr("orders.reading.board.MOST_TICKETS", 4)
    times = [clock.now - timedelta(minutes=minutes) for minutes in (40, 30, 20, 10)]
    over = [make_order(cast, 15, stood="accepted prepared", status_changed_at=at).pk for at in times]
    open_orders = [make_order(cast, status, stood="accepted").pk for status in (7, 9)]
    answer = read(api, cast)
    assert ({one["id"] for one in answer["orders"]}, answer["has_more"]) == ({*over[2:], *open_orders}, False)
    # One that is asked for by its id is told as long as it stands on the board.
    assert [one["id"] for one in read(api, cast, f"?orders={over[0]}")["orders"]] == over[:1]


def test_what_is_changed_while_the_board_is_read_is_told_by_the_next_reading(cast: Cast, api: Api) -> None:
    """Else "Got it" would acknowledge the version before it, and the kitchen would press in vain."""
    order = make_order(cast, 7, Fulfilment.PICKUP, stood="accepted")
    Order.objects.filter(pk=order.pk).update(visible_at=order.visible_at - AGO)
    reports: list[int] = []

    def report_first(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        """The customer reports a problem once the order is read, and its events are not."""
        if 'FROM "orders_orderevent"' in sql and not reports:
            reports.append(0)
            answer = api(cast.customer).post(f"/api/v1/orders/{order.pk}/problems", {"reason": "late"})
            reports[0] = answer.json()["number"]
        return execute(sql, params, many, context)

    with connection.execute_wrapper(report_first):
        (torn,) = read(api, cast)["orders"]
    assert (torn["version"], reports, torn["unacknowledged"]) == (1, [2], [])
    (whole,) = read(api, cast)["orders"]
    assert (whole["version"], [one["version"] for one in whole["unacknowledged"]]) == (2, [2])
