"""Updating and deleting: levels, fields, every status by its number (rows 14, 61, 62, 74–107 and 109)."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import cycle
from typing import Any

import pytest

from orders.lifecycle.table import RULES, Actor, Change, Fulfilment, Status, expand
from orders.models import Order, OrderEvent
from orders.services.record import access
from tests.cast import Cast
from tests.dialects.forms import form_of
from tests.dialects.ordering.asking import ORDERS, Api, at, one, refused, result_of
from tests.orders.rows import make_order, state_of
from tests.orders.shopping import NEAR, assert_nothing_changed
from tests.orders.walking import prepare


def changes_to() -> Iterator[Change]:
    """One change to each status that staff may make by its number, whatever the fulfilment."""
    seen = {Status.PREORDER}
    for change in expand(RULES):
        if change.target not in seen and "codes" not in change.guards_for(Actor.STAFF) and not change.by_name:
            seen.add(change.target)
            yield change


@pytest.mark.rows(*range(74, 100), call="PUT /orders/{order_id}")
@pytest.mark.parametrize(
    "change", list(changes_to()), ids=lambda change: f"{change.source.value}-{change.target.value}"
)
def test_every_status_is_set_by_its_number(cast: Cast, api: Api, change: Change) -> None:
    order = prepare(cast, change, Actor.STAFF)
    shown = result_of(api(cast.staff).put(one(order.pk), {"status": change.target.value}))
    assert shown["status"] == change.target.value
    event = OrderEvent.objects.filter(order=order).latest("number")
    assert (event.transition, event.from_status, event.to_status) == (change.name, change.source, change.target)
    # Where the core wants a reason the dialect's name is one, elsewhere there is none.
    needed = event.forced or "reason" in change.guards_for(Actor.STAFF)
    assert (event.reason_code, event.reason) == (("other", "Ordering") if needed else ("", ""))


@pytest.mark.rows(*range(74, 100), call="PUT /orders/{order_id}")
def test_every_number_that_is_no_change_is_refused(cast: Cast, api: Api) -> None:
    """From one status of a delivery: each of 0–25 is one change, nothing (its own number), or refused with what may."""
    order = make_order(cast, 7, stood="accepted")
    possible = {change.target for change in expand(RULES) if (change.source, change.fulfilment) == (7, 1)}
    for status in set(Status) - possible - {Status(7)}:
        before = state_of(order)
        answer = api(cast.staff).put(one(order.pk), {"status": status.value})
        refused(answer, 409, f"An order in status 7 (accepted_by_business) cannot change to {status.value}", "You may")
        assert state_of(order) == before
    told = api(cast.staff).put(one(order.pk), {"status": 13}).json()["result"][1]
    assert told.startswith("You may set the status to 0 (pending), 1 (completed), 2 (rejected), ")


@pytest.mark.rows(87, call="PUT /orders/{order_id}")
@pytest.mark.parametrize("user", ["staff", "owner"])
def test_preorder_is_never_set_by_hand(cast: Cast, api: Api, user: str) -> None:
    order = make_order(cast, 0)
    before = state_of(order)
    answer = api(getattr(cast, user)).put(one(order.pk), {"status": 13})
    assert answer.status_code in (403, 409)
    refused(answer, answer.status_code)
    assert state_of(order) == before


@pytest.mark.rows(61, call="PUT /orders/{order_id}")
@pytest.mark.parametrize("status", [26, -1, "ready", 7.5, True, {"code": 7}, [7]])
def test_what_is_no_status_is_refused(cast: Cast, api: Api, status: Any) -> None:
    order = make_order(cast, 0)
    with assert_nothing_changed(order):
        refused(api(cast.staff).put(one(order.pk), {"status": status}), 400, "status: ")


# What each level does to an order by the status alone; those that the life cycle does not let them are refused.
STEPS = [
    (2, 0, "", 7, 200),
    (2, 7, "accepted", 4, 200),
    (2, 7, "accepted", 22, 200),
    (3, 0, "", 16, 200),
    (3, 0, "", 7, 403),
    (3, 7, "accepted", 1, 403),
    (4, 8, "accepted driver_accepted", 3, 200),
    (4, 8, "accepted driver_accepted", 4, 403),
    (4, 8, "accepted driver_accepted prepared", 9, 200),
    (4, 9, "accepted driver_accepted prepared picked_up", 11, 200),
]
USERS = {2: "owner", 3: "customer", 4: "driver"}


@pytest.mark.rows(61, 104, 105, call="PUT /orders/{order_id}")
@pytest.mark.parametrize(("level", "source", "stood", "target", "code"), STEPS)
def test_a_status_alone_follows_the_life_cycle(
    cast: Cast, api: Api, level: int, source: int, stood: str, target: int, code: int
) -> None:
    order = make_order(cast, source, stood=stood, driver=cast.driver_row if level == 4 else None)
    before = state_of(order)
    answer = api(getattr(cast, USERS[level])).put(one(order.pk), {"status": target})
    assert answer.status_code == code, answer.json()
    if code == 200:
        assert (result_of(answer)["status"], Order.objects.get().status) == (target, target)
    else:
        refused(answer, 403)
        assert state_of(order) == before


@pytest.mark.rows(61, call="PUT /orders/{order_id}")
@pytest.mark.parametrize("user", ["customer", "driver"])
@pytest.mark.parametrize("body", [{"comment": "x"}, {"status": 16, "comment": "x"}, {"driver_tip": 1}])
def test_levels_3_and_4_change_nothing_but_the_status(cast: Cast, api: Api, user: str, body: dict[str, Any]) -> None:
    order = make_order(cast, 0, driver=cast.driver_row)
    with assert_nothing_changed(order):
        refused(api(getattr(cast, user)).put(one(order.pk), body), 403, "Only levels 0 and 2 can change this field")


@pytest.mark.rows(61, call="PUT /orders/{order_id}")
@pytest.mark.parametrize("user", ["stranger", "other_owner", "other_driver"])
def test_who_does_not_see_it_finds_nothing(cast: Cast, api: Api, user: str) -> None:
    order = make_order(cast, 0)
    with assert_nothing_changed(order):
        refused(api(getattr(cast, user)).put(one(order.pk), {"status": 7}), 404, "This does not exist")
        refused(api(getattr(cast, user)).delete(one(order.pk)), 404, "This does not exist")


@pytest.mark.rows(61, call="PUT /orders/{order_id}")
def test_level_0_changes_the_attributes(cast: Cast, api: Api) -> None:
    order = make_order(cast, 0, Fulfilment.DELIVERY, lat=NEAR["lat"], lng=NEAR["lng"], delivery_zone=cast.zone)
    point = {"lat": 50.852, "lng": 4.352, "address": "Bondgenotenlaan 2", "address_notes": "Left bell"}
    body = {"comment": "No bell", "driver_tip": 2.5, "cash": "20", "location": point, "driver_id": cast.driver.pk}
    shown = result_of(api(cast.staff).put(one(order.pk), body))
    assert {name: shown[name] for name in body} == body
    order.refresh_from_db()
    assert (order.driver_id, order.driver_tip, order.total, order.cash) == (cast.driver_row.pk, 250, 1750, 2000)
    assert result_of(api(cast.staff).put(one(order.pk), {"driver_id": 0}))["driver"] is None
    assert result_of(api(cast.staff).put(one(order.pk), {"paymethod_id": 1, "cash": "0"}))["cash"] is None


@pytest.mark.rows(61, call="PUT /orders/{order_id}")
@pytest.mark.parametrize("user", ["staff", "owner"])
@pytest.mark.parametrize("status", [0, 13, 7])
@pytest.mark.parametrize(
    ("reason", "told"),
    [(None, ("other", "Ordering")), ("too_busy", ("too_busy", "")), ("He called", ("other", "He called"))],
)
def test_levels_0_and_2_change_what_the_customer_said(
    cast: Cast, api: Api, user: str, status: int, reason: str | None, told: tuple[str, str]
) -> None:
    """Before accepting and after; the customer reads it, and why, and owes no more."""
    zone: dict[str, Any] = {"lat": NEAR["lat"], "lng": NEAR["lng"], "delivery_zone": cast.zone}
    order = make_order(cast, status, stood="accepted" if status == 7 else "", **zone)
    when = at(order.placed_at + timedelta(hours=2))
    point = {"lat": 50.852, "lng": 4.352, "address": "Bondgenotenlaan 2", "address_notes": "Left bell"}
    body = {"comment": "No bell", "delivery_datetime": when, "location": point}
    shown = result_of(api(getattr(cast, user)).put(one(order.pk), {**body, "reason": reason}))
    assert {name: shown[name] for name in body} == body
    read = result_of(api(cast.customer).get(one(order.pk)))
    assert {name: read[name] for name in body} == body
    assert read["total"] == order.total / 100
    changed = order.events.get(kind="note")
    assert (changed.role, changed.reason_code, changed.reason) == ("vendor" if user == "owner" else user, *told)
    assert {"comment", "address", "address_notes", "location", "deliver_at"} <= changed.data["new"].keys()
    events = api(cast.customer).get(f"/api/v1/orders/{order.pk}/history").json()["results"]
    assert told in [(event["reason_code"], event["reason"]) for event in events if event["kind"] == "note"]


@pytest.mark.rows(61, call="PUT /orders/{order_id}")
def test_a_point_that_nobody_knows_is_its_own_text(cast: Cast, api: Api, settings: Any) -> None:
    settings.GEOCODER_URL = ""
    order = make_order(cast, 0, lat=NEAR["lat"], lng=NEAR["lng"], delivery_zone=cast.zone)
    shown = result_of(api(cast.owner).put(one(order.pk), {"location": {"lat": 50.852, "lng": 4.352}}))
    assert shown["location"] == {"lat": 50.852, "lng": 4.352, "address": "50.852, 4.352", "address_notes": ""}


@pytest.mark.rows(61, call="PUT /orders/{order_id}")
def test_an_address_alone_brings_its_point(cast: Cast, api: Api) -> None:
    order = make_order(cast, 0, lat=NEAR["lat"], lng=NEAR["lng"], delivery_zone=cast.zone)
    form = form_of({"location": {"address": "Grand-Place 1"}, "comment": "By a form"})
    answer = api(cast.owner).generic("PUT", one(order.pk), form, "application/x-www-form-urlencoded")
    shown = result_of(answer)
    assert (shown["location"]["address"], shown["location"]["lat"]) == ("Grand-Place 1", 50.8467)
    assert shown["comment"] == "By a form"


@pytest.mark.rows(61, 109, call="PUT /orders/{order_id}")
def test_level_2_names_a_driver_and_tells_minutes(cast: Cast, api: Api) -> None:
    order = make_order(cast, 0)
    client = api(cast.owner)
    shown = result_of(client.put(one(order.pk), {"status": 7, "prepared_in": 20, "delivered_in": 45}))
    assert (shown["status"], shown["prepared_in"], shown["delivered_in"]) == (7, 20, 45)
    later = result_of(client.put(one(order.pk), {"prepared_in": 35, "reason": "too_busy"}))
    assert (later["prepared_in"], later["status"]) == (35, 7)
    delay = OrderEvent.objects.filter(order=order).latest("number")
    assert (delay.kind, delay.reason_code) == ("delay", "too_busy")
    named = result_of(client.put(one(order.pk), {"driver_id": cast.courier.pk, "status": 8}))
    assert (named["driver_id"], named["status"]) == (cast.courier.pk, 8)


@pytest.mark.rows(61, call="PUT /orders/{order_id}")
@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        ({"driver_id": 999_999}, 400, "driver_id: There is no such driver, or it is not yours to choose."),
        ({"driver_id": "company_driver"}, 400, "driver_id: There is no such driver, or it is not yours to choose."),
        ({"driver_id": "customer"}, 400, "driver_id: There is no such driver, or it is not yours to choose."),
        ({"prepared_in": 0}, 400, "prepared_in: "),
        ({"comment": "x" * 501}, 400, "comment: "),
        ({"location": {"lat": "north", "lng": 4.4}}, 400, "location.lat: "),
        ({"location": {"lat": 50.85}}, 400, "location.lng: "),
        ({"delivery_datetime": "2020-01-01 10:00:00"}, 400, "delivery_datetime: "),
        ({"driver_tip": 3}, 403, "driver_tip: This can be changed by customer, staff only"),
        ({"driver_tip": -1}, 400, "driver_tip: "),
        ({"reason": 5.5, "status": [1]}, 400, "status: "),
    ],
)
def test_a_mistake_in_an_update(cast: Cast, api: Api, body: dict[str, Any], status: int, told: str) -> None:
    order = make_order(cast, 7, stood="accepted")
    if isinstance(body.get("driver_id"), str):
        body = {"driver_id": getattr(cast, body["driver_id"]).pk}
    with assert_nothing_changed(order):
        refused(api(cast.owner).put(one(order.pk), body), status, told)


FIXED = {
    "business_id": 999,
    "customer_id": 999,
    "app_id": "other",
    "delivery_type": 2,
    "delivery_zone_id": 999,
    "offer_id": 999,
    "products": [],
    "customer": {"name": "X"},
    "pay_data": "x",
}


@pytest.mark.rows(61, call="PUT /orders/{order_id}")
@pytest.mark.parametrize("name", FIXED)
def test_what_is_fixed_is_refused_by_name(cast: Cast, api: Api, name: str) -> None:
    order = make_order(cast, 0)
    value = [{"id": 1}] if name == "products" else FIXED[name]
    with assert_nothing_changed(order):
        refused(
            api(cast.staff).put(one(order.pk), {name: value, "comment": "x"}),
            400,
            f"{name}: It cannot change after the order was placed",
        )


@pytest.mark.rows(61, call="PUT /orders/{order_id}")
@pytest.mark.parametrize("user", ["staff", "owner", "customer", "driver"])
def test_who_sends_back_what_it_read_changes_nothing(cast: Cast, api: Api, user: str) -> None:
    order = make_order(cast, 8, stood="accepted driver_accepted", driver=cast.driver_row, app_id="web")
    client = api(getattr(cast, user))
    mode = {"mode": "dashboard"} if user in ("staff", "owner") else {}
    read = result_of(client.get(one(order.pk), mode))
    with assert_nothing_changed(order):
        assert result_of(client.put(one(order.pk), read)) == read


@pytest.mark.rows(61, call="PUT /orders/{order_id}")
def test_who_sends_it_back_as_a_form_changes_nothing(cast: Cast, api: Api) -> None:
    """All is text there: what is null, and an empty list, is not in it at all."""
    order = make_order(cast, 8, stood="accepted driver_accepted", driver=cast.driver_row, lat=50.85, lng=4.35)
    client = api(cast.staff)
    read = result_of(client.get(one(order.pk), {"mode": "dashboard"}))
    with assert_nothing_changed(order):
        form = form_of(read)
        assert result_of(client.generic("PUT", one(order.pk), form, "application/x-www-form-urlencoded")) == read
        nothing = dict(zip(read, cycle([None, "", []]), strict=False))
        assert result_of(client.put(one(order.pk), nothing)) == read


@pytest.mark.rows(61, call="PUT /orders/{order_id}")
def test_fields_and_status_change_together_or_not_at_all(cast: Cast, api: Api) -> None:
    order = make_order(cast, 0)
    with assert_nothing_changed(order):
        refused(api(cast.staff).put(one(order.pk), {"comment": "x", "status": 11}), 409, "An order in status 0")


@pytest.mark.rows(61, call="PUT /orders/{order_id}")
def test_a_body_that_is_no_object(cast: Cast, api: Api) -> None:
    order = make_order(cast, 0)
    for raw in ("[7]", "7", '"x"', "{"):
        refused(api(cast.staff).generic("PUT", one(order.pk), raw, "application/json"), 400)


@pytest.mark.rows(82, 88, 100, 101, 102, 103, 107, call="PUT /orders/{order_id}")
@pytest.mark.parametrize("fulfilment", [Fulfilment(n) for n in range(1, 6)])
def test_which_statuses_belong_to_which_delivery_type(cast: Cast, api: Api, fulfilment: Fulfilment) -> None:
    """Staff may make every change of the type, and no other: what belongs to deliveries alone is refused elsewhere."""
    order = make_order(cast, 7, fulfilment, stood="accepted", driver=cast.driver_row if fulfilment == 1 else None)
    told = api(cast.staff).put(one(order.pk), {"status": 13}).json()["result"][1]
    listed = {int(part.split(" (")[0]) for part in told.removeprefix("You may set the status to ").split(", ")}
    assert (
        listed
        == {
            1: {0, 1, 2, 3, 4, 5, 6, 8, 9, 16, 18, 22, 25},
            2: {0, 1, 2, 4, 5, 16, 20, 21},
            3: {0, 1, 2, 4, 5, 16, 17},
            4: {0, 1, 2, 4, 5, 16, 20, 21},
            5: {0, 1, 2, 4, 5, 16, 20, 21},
        }[fulfilment]
    )


@pytest.mark.rows(106, call="PUT /orders/{order_id}")
def test_a_later_time(cast: Cast, api: Api) -> None:
    order = make_order(cast, 13, Fulfilment.PICKUP, deliver_at=None)
    when = order.placed_at.replace(microsecond=0) + (order.vendor.lead(order.placed_at) * 2)
    shown = result_of(api(cast.staff).put(one(order.pk), {"delivery_datetime": at(when)}))
    assert shown["delivery_datetime"] == at(when)
    assert Order.objects.get().deliver_at == when


@pytest.mark.rows(62, call="DELETE /orders/{order_id}")
def test_deleting_hides_and_keeps(cast: Cast, api: Api) -> None:
    order = make_order(cast, 1, Fulfilment.PICKUP)
    postings = order.postings.count()
    assert result_of(api(cast.staff).delete(one(order.pk))) == "OK"
    refused(api(cast.customer).get(one(order.pk)), 404, "")
    assert result_of(api(cast.staff).get(ORDERS, {"mode": "dashboard"})) == []
    order.refresh_from_db()
    assert (order.deleted_at is not None, order.events.count(), order.postings.count()) == (True, 2, postings)


@pytest.mark.rows(62, call="DELETE /orders/{order_id}")
def test_who_may_delete_what(cast: Cast, api: Api) -> None:
    order, closed = make_order(cast, 7), make_order(cast, 5, driver=cast.driver_row)
    with assert_nothing_changed(order):
        refused(api(cast.staff).delete(one(order.pk)), 409, "The order is still open: cancel it first.", "You may set")
        for user in ("owner", "customer", "driver"):
            refused(api(getattr(cast, user)).delete(one(closed.pk)), 403, "Only staff can delete orders.")


def test_other_methods_and_paths(cast: Cast, api: Api) -> None:
    refused(api(cast.staff).patch(one(1), {}), 405, "This address does not take PATCH: see the documentation.")
    refused(api(cast.staff).get("/dialects/ordering/nothing"), 404, "This does not exist, or you may not see it.")


@pytest.mark.rows(74, call="PUT /orders/{order_id}")
def test_what_takes_back_is_meant_by_its_name(cast: Cast, api: Api) -> None:
    """7 after 4, sent late, is the acceptance of before; of somebody else it is refused, and never listed."""
    owner, staff = api(cast.owner), api(cast.staff)
    order = make_order(cast, 0)
    for status in (7, 4, 7):
        shown = result_of(owner.put(one(order.pk), {"status": status}))
    assert shown["status"] == 4
    with assert_nothing_changed(order):
        answer = staff.put(one(order.pk), {"status": 7})
        refused(answer, 409, "This status is only reached by name: send undo_ready as the `transition`.", "You may")
        assert " 7 (" not in answer.json()["result"][1]
        refused(staff.put(one(order.pk), {"status": 4, "transition": "undo_delivery"}), 409)
        refused(staff.put(one(order.pk), {"status": 5, "transition": "undo_ready"}), 400, "status: ")
        refused(staff.put(one(order.pk), {"transition": "unready"}), 400, "transition: ")
    assert result_of(owner.put(one(order.pk), {"transition": "undo_ready"}))["status"] == 7


@pytest.mark.parametrize("sent", [{"status": 16}, {"status": "16"}, {"transition": "cancel_by_customer"}])
def test_a_cancelling_locks_what_was_bought_together_first(
    cast: Cast, api: Api, monkeypatch: pytest.MonkeyPatch, sent: dict[str, Any]
) -> None:
    """However it is sent: it may change what the other orders of a shared offer cost."""
    order, locked = make_order(cast, 0), []
    monkeypatch.setattr(access, "lock_bought_together", locked.append)
    answer = api(cast.customer).put(one(order.pk), sent)
    assert (answer.status_code, locked) == (200, [order.pk]), answer.json()
    assert Order.objects.get(pk=order.pk).status == 16
