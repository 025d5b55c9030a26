"""Ticks, acknowledging and recalling, through the API: what they write, who may, and what others see of it."""

from datetime import timedelta
from typing import Any

import pytest

from orders.lifecycle.board import LATELY
from orders.lifecycle.table import Fulfilment, Status
from orders.models import ItemChange, Line, Order, OrderEvent
from orders.services.moving.timers import run_due
from tests.cast import Cast
from tests.clock import Clock
from tests.orders.rows import add_line, make_order, state_of
from tests.orders.walking import Api
from tracking.feed.entries import read_stream
from vendors.models import Vendor


def url(order: Order, act: str) -> str:
    return f"/api/v1/orders/{order.pk}/{act}"


def seen(order: Order, **fields: Any) -> Order:
    """The order as if its vendor had seen it for an hour."""
    Order.objects.filter(pk=order.pk).update(visible_at=order.visible_at - timedelta(hours=1), **fields)
    order.refresh_from_db()
    return order


def ticket(api: Api, cast: Cast, order: Order) -> dict[str, Any]:
    answer = api(cast.owner).get(f"/api/v1/vendors/{cast.vendor.pk}/board?orders={order.pk}").json()
    return dict(answer["orders"][0])


@pytest.fixture
def cooking(cast: Cast) -> Order:
    """An order of a burger and two sodas that is being prepared."""
    order = seen(make_order(cast, 7, Fulfilment.PICKUP, stood="accepted preparation_started"))
    add_line(order, cast.products["burger"])
    add_line(order, cast.products["soda"], 2)
    return order


# --- ticks --------------------------------------------------------------------------------------------------------


def test_a_tick_is_seen_on_every_tablet_and_taken_back(cast: Cast, api: Api, cooking: Order) -> None:
    line = cooking.lines.get(position=1)
    put = api(cast.owner).put(url(cooking, f"items/{line.pk}/tick"))
    assert (put.status_code, put["ETag"]) == (200, '"2"')
    told = put.json()
    assert told["lines"][0]["tick"]["by"] == cast.owner.caller_key
    assert (told["lines"][1]["tick"], told["all_ticked"], told["version"]) == (None, False, 2)
    assert ticket(api, cast, cooking) == {**told, "soon_at": told["soon_at"]}
    # The same again changes nothing, by whomever.
    again = api(cast.staff).put(url(cooking, f"items/{line.pk}/tick")).json()
    assert (again["version"], again["lines"][0]["tick"]) == (2, told["lines"][0]["tick"])
    second = cooking.lines.get(position=2)
    assert api(cast.owner).put(url(cooking, f"items/{second.pk}/tick")).json()["all_ticked"] is True
    gone = api(cast.owner).delete(url(cooking, f"items/{line.pk}/tick")).json()
    assert (gone["lines"][0]["tick"], gone["version"]) == (None, 4)
    assert api(cast.owner).delete(url(cooking, f"items/{line.pk}/tick")).json()["version"] == 4


def test_an_act_of_the_kitchen_is_the_businesss_own(cast: Cast, api: Api, cooking: Order) -> None:
    line = cooking.lines.get(position=1)
    api(cast.owner).put(url(cooking, f"items/{line.pk}/tick"))
    event = cooking.events.get(number=2)
    assert (event.kind, event.visible_to, event.actor) == ("note", "business", cast.owner.caller_key)
    assert event.data == {"kitchen": {"item": line.pk, "name": "Burger", "ticked": True}}
    history = {name: api(getattr(cast, name)).get(url(cooking, "history")) for name in ("customer", "owner")}
    assert [row["number"] for row in history["customer"].json()["results"]] == [1]
    assert [row["number"] for row in history["owner"].json()["results"]] == [1, 2]
    epoch = read_stream("vendor:0", None).epoch
    told = read_stream(f"vendor:{cast.vendor.pk}", 0, epoch).entries[-1].text
    public = read_stream(f"order:{cooking.pk}", 1, epoch).entries[-1].text
    assert '"kind":"note"' in told
    assert '"kind":"hidden"' in public


def test_a_line_that_is_changed_loses_its_tick(cast: Cast, api: Api, cooking: Order) -> None:
    line = cooking.lines.get(position=2)
    api(cast.owner).put(url(cooking, f"items/{line.pk}/tick"))
    answer = api(cast.owner).put(url(cooking, f"items/{line.pk}"), {"product": line.product_id, "quantity": 1})
    assert answer.status_code == 200, answer.data
    assert Line.objects.get(pk=line.pk).ticked_at is None


def test_no_tick_on_what_is_closed_or_not_there(cast: Cast, api: Api, cooking: Order) -> None:
    foreign = add_line(make_order(cast, 7), cast.products["soda"])
    assert api(cast.owner).put(url(cooking, f"items/{foreign.pk}/tick")).status_code == 404
    Order.objects.filter(pk=cooking.pk).update(status=Status.CANCELED_BY_CUSTOMER)
    before = state_of(cooking)
    refused = api(cast.owner).put(url(cooking, f"items/{cooking.lines.get(position=1).pk}/tick"))
    assert (refused.status_code, refused.json()["code"]) == (409, "order_closed")
    assert state_of(cooking) == before
    assert not Line.objects.filter(ticked_at__isnull=False).exists()


# --- acknowledging ------------------------------------------------------------------------------------------------


def test_a_changed_comment_is_marked_until_it_is_acknowledged(cast: Cast, api: Api) -> None:
    order = seen(make_order(cast, 0, comment="Ring twice"))
    api(cast.customer).patch(url(order, "").rstrip("/"), {"comment": "Do not ring"})
    (told,) = ticket(api, cast, order)["unacknowledged"]
    assert (told["version"], told["kind"], told["actor"]) == (2, "fields", "customer")
    assert told["differences"] == [{"field": "comment", "old": "Ring twice", "new": "Do not ring"}]
    # Nothing of it is acknowledged by a version that the kitchen saw before.
    assert len(api(cast.owner).post(url(order, "acknowledge"), {"version": 1}).json()["unacknowledged"]) == 1
    done = api(cast.owner).post(url(order, "acknowledge"), {"version": 2})
    assert (done.status_code, done.json()["unacknowledged"], done.json()["version"]) == (200, [], 3)
    again = api(cast.staff).post(url(order, "acknowledge"), {"version": 2}).json()
    assert (again["unacknowledged"], again["version"]) == ([], 3)


def test_what_came_later_stays_marked(cast: Cast, api: Api) -> None:
    order = seen(make_order(cast, 0, comment="One"))
    for comment in ("Two", "Three"):
        api(cast.customer).patch(url(order, "").rstrip("/"), {"comment": comment})
    left = api(cast.owner).post(url(order, "acknowledge"), {"version": 2}).json()["unacknowledged"]
    assert [(one["version"], one["differences"][0]["new"]) for one in left] == [(3, "Three")]


def test_a_removed_item_is_told_as_it_was(cast: Cast, api: Api, cooking: Order) -> None:
    line = cooking.lines.get(position=2)
    removed = api(cast.staff).delete(url(cooking, f"items/{line.pk}"))
    assert removed.status_code == 200, removed.data
    (told,) = ticket(api, cast, cooking)["unacknowledged"]
    assert (told["kind"], told["state"], told["item"]) == ("items", "applied", None)
    assert told["differences"] == [{"field": "item", "old": "2 × Soda", "new": ""}]


def test_the_answer_to_a_proposal_is_told(cast: Cast, api: Api, cooking: Order) -> None:
    line = cooking.lines.get(position=2)
    asked = api(cast.owner).put(url(cooking, f"items/{line.pk}"), {"product": line.product_id, "quantity": 3})
    assert asked.json()["change"]["state"] == ItemChange.State.WAITING
    assert ticket(api, cast, cooking)["unacknowledged"] == []
    assert [one["number"] for one in ticket(api, cast, cooking)["item_changes"]] == [1]
    api(cast.customer).post(url(cooking, "changes/1/accept"), {})
    (told,) = ticket(api, cast, cooking)["unacknowledged"]
    assert (told["actor"], told["item"]) == ("customer", line.pk)
    assert told["differences"] == [{"field": "item", "old": "2 × Soda", "new": "3 × Soda"}]


@pytest.mark.parametrize(("who", "body"), [("customer", {"to": 16}), ("staff", {"to": 2, "reason_code": "mistake"})])
def test_a_cancelled_order_stays_until_it_is_acknowledged(cast: Cast, api: Api, who: str, body: dict[str, Any]) -> None:
    order = seen(make_order(cast, 0))
    assert api(getattr(cast, who)).post(url(order, "transitions"), body).status_code == 200
    told = ticket(api, cast, order)
    assert (told["is_cancelled"], [one["kind"] for one in told["unacknowledged"]]) == (True, ["cancelled"])
    api(cast.owner).post(url(order, "acknowledge"), {"version": told["version"]})
    gone = api(cast.owner).get(f"/api/v1/vendors/{cast.vendor.pk}/board?orders={order.pk}").json()
    assert (gone["orders"], gone["gone"]) == ([], [order.pk])


def test_an_order_that_nobody_answered_is_told_too(cast: Cast, api: Api, clock: Clock) -> None:
    Vendor.objects.filter(pk=cast.vendor.pk).update(accept_minutes=5)
    order = make_order(cast, 0, visible_at=clock.now, status_changed_at=clock.now, due_at=clock.now)
    clock.now += timedelta(minutes=6)
    assert run_due(10) == 1
    assert ticket(api, cast, order)["unacknowledged"][0]["actor"] == "system"


@pytest.mark.parametrize("act", ["the vendor's own", "before it could be seen", "after it has left"])
def test_what_owes_nothing(cast: Cast, api: Api, act: str) -> None:
    status = Status.DRIVER_ON_WAY if act.startswith("after") else Status.PENDING
    stood = "accepted prepared driver_accepted picked_up" if act.startswith("after") else ""
    order = seen(make_order(cast, status, stood=stood, driver=cast.driver_row if stood else None))
    if act.startswith("before"):
        Order.objects.filter(pk=order.pk).update(visible_at=None)
    who, more = (cast.owner, {"reason_code": "customer_request"}) if act.startswith("the") else (cast.customer, {})
    answer = api(who).patch(url(order, "").rstrip("/"), {"comment": "Another", **more})
    assert answer.status_code == 200, answer.data
    order.refresh_from_db()
    assert (order.version, order.unacknowledged_from) == (2, None)


@pytest.mark.parametrize("version", [None, 0, -1, 5, 2**31, "1", True, 1.5])
def test_a_wrong_version_is_refused(cast: Cast, api: Api, version: Any) -> None:
    order = make_order(cast, 0, unacknowledged_from=1)
    before = state_of(order)
    refused = api(cast.owner).post(url(order, "acknowledge"), {"version": version})
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["pointer"] == "/version"
    assert state_of(order) == before


# --- recalling ----------------------------------------------------------------------------------------------------


def test_what_is_ready_is_prepared_again_with_its_old_clock(cast: Cast, api: Api, cooking: Order) -> None:
    api(cast.owner).post(url(cooking, "transitions"), {"to": 4})
    assert ticket(api, cast, cooking)["recall"] == {"transition": "undo_ready", "requires": []}
    back = api(cast.owner).post(url(cooking, "recall")).json()
    assert (back["column"], back["status"]["name"], back["recall"]) == ("preparing", "accepted_by_business", None)
    assert back["milestones"]["preparation_started"] is not None
    assert back["milestones"]["prepared"] is None
    # A second tablet that presses too finds it there.
    assert api(cast.owner).post(url(cooking, "recall")).json()["version"] == back["version"]


def test_what_was_handed_over_is_only_shown_again(cast: Cast, api: Api) -> None:
    order = seen(make_order(cast, 15, Fulfilment.PICKUP, stood="accepted prepared delivered"))
    money = state_of(order)["payments"]
    assert ticket(api, cast, order)["recall"] == {"transition": None, "requires": []}
    back = api(cast.owner).post(url(order, "recall")).json()
    assert (back["column"], back["status"]["code"], back["version"]) == ("preparing", 15, 2)
    assert api(cast.owner).post(url(order, "recall")).json()["version"] == 2
    line = add_line(order, cast.products["soda"])
    assert api(cast.owner).put(url(order, f"items/{line.pk}/tick")).status_code == 200
    away = api(cast.owner).delete(url(order, "recall")).json()
    assert (away["column"], away["recalled_at"], away["version"]) == ("handed_over", None, 4)
    assert api(cast.owner).delete(url(order, "recall")).json()["version"] == 4
    assert state_of(order)["payments"] == money


def test_the_next_status_puts_a_recalled_ticket_away(cast: Cast, api: Api) -> None:
    order = seen(make_order(cast, 9, stood="accepted prepared picked_up", self_delivery=True))
    assert api(cast.owner).post(url(order, "recall")).json()["column"] == "preparing"
    api(cast.owner).post(url(order, "transitions"), {"to": 11})
    assert ticket(api, cast, order)["recalled_at"] is None


@pytest.mark.parametrize("status", [0, 13, 5, 16, 12, 17])
def test_what_was_not_moved_on_is_not_recalled(cast: Cast, api: Api, status: int) -> None:
    order = make_order(cast, status)
    before = state_of(order)
    refused = api(cast.owner).post(url(order, "recall"))
    assert (refused.status_code, refused.json()["code"]) == (409, "not_moved_on")
    assert state_of(order) == before


def test_what_was_handed_over_long_ago_is_not_recalled(cast: Cast, api: Api, clock: Clock) -> None:
    order = make_order(cast, 11, stood="accepted prepared picked_up delivered", status_changed_at=clock.now)
    clock.now += LATELY + timedelta(seconds=1)
    assert api(cast.owner).post(url(order, "recall")).json()["code"] == "not_moved_on"


@pytest.mark.parametrize(
    ("method", "act", "body"),
    [
        ("put", "items/{line}/tick", None),
        ("delete", "items/{line}/tick", None),
        ("post", "acknowledge", {"version": 1}),
        ("post", "recall", None),
        ("delete", "recall", None),
    ],
)
def test_others_are_refused_and_nothing_changes(
    cast: Cast, api: Api, method: str, act: str, body: dict[str, Any] | None
) -> None:
    order = make_order(cast, 4, stood="accepted prepared driver_accepted", driver=cast.driver_row)
    Order.objects.filter(pk=order.pk).update(unacknowledged_from=1)
    line = add_line(order, cast.products["soda"])
    before = state_of(order)
    expected = {"customer": 403, "driver": 403, "other_owner": 404, "stranger": 404}
    path = url(order, act.format(line=line.pk))
    found = {name: getattr(api(getattr(cast, name)), method)(path, body).status_code for name in expected}
    assert found == expected
    assert state_of(order) == before
    assert not OrderEvent.objects.filter(order=order, number__gt=1).exists()
