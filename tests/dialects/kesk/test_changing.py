"""PUT of an order: status, payment method, payment status, driver (rows 58–60)."""

import json
from typing import Any

import pytest

from orders.dialects.kesk.dialect import TITLE
from orders.lifecycle.table import Fulfilment
from orders.models import FeedEntry, Order, OrderEvent, Payment, PaymentStatus
from tests.cast import Cast
from tests.dialects.kesk.calling import ORDERS, Api, as_text, order_of, placed, png, refused, take_transfers, url
from tests.orders.money import keep_waiting
from tests.orders.rows import make_order
from tests.orders.shopping import assert_nothing_changed, balance_of, fill_wallet

CARRIED = "accepted prepared driver_accepted picked_up"


def put(client: Any, order: Order, **body: Any) -> dict[str, Any]:
    response = client.put(url(order), body)
    assert response.status_code == 200, response.json()
    data: dict[str, Any] = response.json()["data"]
    return data


@pytest.mark.rows(58, call="PUT /v1/orders/{id}")
def test_an_order_goes_its_way_in_keskes_words(cast: Cast, api: Api) -> None:
    order = make_order(cast, fulfilment=Fulfilment.PICKUP)
    owner = api(cast.owner)
    for word, status in (("accepted", 7), ("PREPARING", 7), ("Ready", 4), ("Delivered", 15), ("Completed", 1)):
        assert put(owner, order, status=word)["status"] == word.capitalize()
        order.refresh_from_db()
        assert order.status == status
    assert set(OrderEvent.objects.filter(order=order).values_list("reason", flat=True)) == {""}


@pytest.mark.rows(58, call="PUT /v1/orders/{id}")
@pytest.mark.parametrize(
    ("role", "start", "stood", "fulfilment", "word", "target"),
    [
        ("staff", 7, "accepted", Fulfilment.DELIVERY, "Pending", 0),
        ("driver", 8, CARRIED, Fulfilment.DELIVERY, "Enroute", 9),
        ("driver", 9, CARRIED, Fulfilment.DELIVERY, "Delivered", 11),
        ("driver", 9, CARRIED, Fulfilment.DELIVERY, "Failed", 12),
        ("driver", 8, "accepted driver_accepted", Fulfilment.DELIVERY, "Failed", 10),
        ("driver", 8, "accepted driver_accepted", Fulfilment.DELIVERY, "Cancelled", 6),
        ("owner", 4, "accepted prepared", Fulfilment.PICKUP, "Failed", 17),
        ("owner", 4, "accepted prepared", Fulfilment.EAT_IN, "Delivered", 1),
        ("owner", 0, "", Fulfilment.PICKUP, "Cancelled", 5),
        ("customer", 0, "", Fulfilment.PICKUP, "Cancelled", 16),
        ("staff", 7, "accepted", Fulfilment.PICKUP, "Cancelled", 2),
        ("staff", 7, "accepted", Fulfilment.PICKUP, "Completed", 1),
    ],
)
def test_what_a_word_means_follows_who_writes_it(
    cast: Cast, api: Api, role: str, start: int, stood: str, fulfilment: Fulfilment, word: str, target: int
) -> None:
    driver = {"driver": cast.driver_row} if fulfilment == Fulfilment.DELIVERY else {}
    order = make_order(cast, start, fulfilment, stood=stood, **driver)
    if target == 17:
        keep_waiting(order)
    put(api(getattr(cast, role)), order, status=word)
    order.refresh_from_db()
    event = order.events.get(number=2)
    assert (order.status, event.to_status) == (target, target)
    wants = target in (0, 2, 5, 6, 10, 12, 17) or (role, target) == ("staff", 1)
    assert (event.reason_code, event.reason) == (("other", TITLE) if wants else ("", ""))


@pytest.mark.rows(59, call="PUT /v1/orders/{id}")
@pytest.mark.parametrize(
    ("role", "start", "word", "status", "code", "allowed"),
    [
        ("owner", 0, "Ready", 409, "transition_not_allowed", ["Accepted", "Cancelled"]),
        ("owner", 7, "Completed", 403, "transition_not_permitted", ["Preparing", "Ready", "Cancelled"]),
        ("customer", 0, "Accepted", 403, "transition_not_permitted", ["Cancelled"]),
        ("customer", 7, "Preparing", 403, "transition_not_permitted", ["Cancelled"]),
        ("owner", 0, "Preparing", 409, "transition_not_allowed", ["Accepted", "Cancelled"]),
        ("owner", 16, "Accepted", 409, "transition_not_allowed", []),
        ("staff", 16, "Accepted", 409, "transition_not_allowed", ["Pending"]),
    ],
)
def test_a_change_that_cannot_be_is_refused_and_tells_which_can(
    cast: Cast, api: Api, role: str, start: int, word: str, status: int, code: str, allowed: list[str]
) -> None:
    order = make_order(cast, start, Fulfilment.PICKUP, stood="accepted" if start == 7 else "")
    with assert_nothing_changed(order):
        response = api(getattr(cast, role)).put(url(order), {"status": word})
    error = refused(response, status, "status", code)
    assert error["allowed_statuses"] == allowed
    assert error["message"] in (
        "The order cannot change to this status now.",
        "You may not set this status as the order stands: others do.",
    )
    assert error["details"] == [{"field": "status", "message": f"Allowed now: {', '.join(allowed) or 'none'}."}]
    assert api(getattr(cast, role)).get(url(order)).json()["data"]["allowed_statuses"] == allowed


@pytest.mark.rows(58, 59, call="PUT /v1/orders/{id}")
@pytest.mark.parametrize("role", ["customer", "owner", "staff", "driver"])
def test_what_it_reads_already_changes_nothing(cast: Cast, api: Api, role: str) -> None:
    order = make_order(cast, 8, driver=cast.driver_row, stood="accepted driver_accepted preparation_started")
    same = {
        "status": "preparing",
        "payment_status": "Pending",
        "payment_method": "cash",
        "driver_id": cast.driver_row.pk,
    }
    client = api(getattr(cast, role))
    with assert_nothing_changed(order):
        assert put(client, order, **same)["status"] == "Preparing"
        assert put(client, order)["status"] == "Preparing"
        put(client, order, status=None, driver_id=None, payment_status=None)


@pytest.mark.rows(58, 59, call="PUT /v1/orders/{id}")
@pytest.mark.parametrize("role", ["customer", "owner", "driver", "staff"])
def test_who_puts_back_what_it_read_changes_nothing(cast: Cast, api: Api, role: str) -> None:
    order = make_order(cast, 8, driver=cast.driver_row, stood="accepted driver_accepted preparation_started")
    client = api(getattr(cast, role))
    read = client.get(url(order)).json()["data"]
    with assert_nothing_changed(order):
        assert put(client, order, **read) == read


@pytest.mark.rows(58, call="PUT /v1/orders/{id}")
def test_the_code_to_follow_an_order_by_is_no_proof(cast: Cast, api: Api) -> None:
    """Who reads an order and puts it back with another status sends that code too."""
    order = make_order(cast, 4, Fulfilment.PICKUP, stood="accepted prepared")
    client = api(cast.staff)
    read = client.get(url(order)).json()["data"]
    assert read["code"]
    assert put(client, order, **{**read, "status": "DELIVERED"})["status"] == "Delivered"
    assert read["code"] not in str(list(order.events.values_list("data", flat=True)))


@pytest.mark.rows(58, call="PUT /v1/orders/{id}")
def test_the_collection_code_and_a_reason_may_be_sent(cast: Cast, api: Api) -> None:
    order = make_order(cast, 4, Fulfilment.PICKUP, stood="accepted prepared")
    with assert_nothing_changed(order):
        refused(api(cast.customer).put(url(order), {"status": "Delivered"}), 409, "status", "guard_failed")
    put(api(cast.customer), order, status="Delivered", code=order.collection_code)
    other = make_order(cast)
    put(api(cast.owner), other, status="Cancelled", reason="The oven broke")
    event = other.events.get(number=2)
    assert (event.reason_code, event.reason) == ("other", "The oven broke")


@pytest.mark.rows(58, call="PUT /v1/orders/{id}")
def test_naming_a_driver_offers_the_order(cast: Cast, api: Api) -> None:
    order = make_order(cast, 7, stood="accepted")
    with assert_nothing_changed(order):
        refused(api(cast.customer).put(url(order), {"driver_id": cast.driver_row.pk}), 403, "driver_id", "forbidden")
        refused(api(cast.owner).put(url(order), {"driver_id": 10**9}), 400, "driver_id")
        refused(api(cast.owner).put(url(order), {"driver_id": "x"}), 400, "driver_id")
    data = put(api(cast.owner), order, driver_id=cast.driver_row.pk)
    assert (data["driver"]["id"], data["driver"]["name"], data["status"]) == (cast.driver_row.pk, "", "Accepted")


@pytest.mark.rows(58, call="PUT /v1/orders/{id}")
def test_the_payment_method_changes(cast: Cast, api: Api) -> None:
    order = Order.objects.get(pk=placed(api(cast.customer), order_of(cast))["id"])
    with assert_nothing_changed(order):
        answer = api(cast.customer).put(url(order), {"payment_method": "wallet"})
        refused(answer, 409, "payment_method", "insufficient_funds")
        refused(api(cast.customer).put(url(order), {"payment_method": "transfer"}), 400, "payment_method")
        refused(
            api(cast.owner).put(url(order), {"payment_gateway_method_id": 2}),
            403,
            "payment_gateway_method_id",
            "forbidden",
        )
    fill_wallet(cast.customer_row, 1200)
    data = put(api(cast.customer), order, payment_gateway_method_id=2)
    assert (data["payment_method"], data["payment_status"]) == ("wallet", "Paid")
    assert balance_of(cast.customer_row) == 0


@pytest.mark.rows(58, call="PUT /v1/orders/{id}")
@pytest.mark.parametrize("role", ["staff", "owner"])
def test_what_was_received_is_paid(cast: Cast, api: Api, role: str) -> None:
    take_transfers(cast)
    body = order_of(cast, payment_gateway_method_id=3, photo=as_text(png()))
    order = Order.objects.get(pk=placed(api(cast.customer), body)["id"])
    with assert_nothing_changed(order):
        refused(api(cast.customer).put(url(order), {"payment_status": "Paid"}), 403, "payment_status", "forbidden")
        # It went to the platform: who profits does not say that it came in.
        refused(api(cast.owner).put(url(order), {"payment_status": "Paid"}), 403, "payment_status", "forbidden")
    Payment.objects.update(to_vendor=role == "owner")
    with assert_nothing_changed(order):
        refused(api(cast.staff).put(url(order), {"payment_status": "Refunded"}), 400, "payment_status")
        refused(api(cast.staff).put(url(order), {"payment_status": "Rich"}), 400, "payment_status")
    data = put(api(getattr(cast, role)), order, payment_status="paid", status="Accepted")
    assert (data["payment_status"], data["status"]) == ("Paid", "Accepted")
    with assert_nothing_changed(order):
        put(api(getattr(cast, role)), order, payment_status="Paid")
        refused(api(cast.staff).put(url(order), {"payment_status": "Failed"}), 409, "payment_status", "nothing_due")


@pytest.mark.rows(58, call="PUT /v1/orders/{id}")
def test_staff_do_not_believe_the_photos(cast: Cast, api: Api) -> None:
    take_transfers(cast)
    body = order_of(cast, payment_gateway_method_id=3, photo=as_text(png()))
    order = Order.objects.get(pk=placed(api(cast.customer), body)["id"])
    with assert_nothing_changed(order):
        refused(api(cast.owner).put(url(order), {"payment_status": "Failed"}), 403, "payment_status", "forbidden")
    data = put(api(cast.staff), order, payment_status="Failed", reason="Another amount")
    assert (data["payment_status"], data["payments"][0]["failure"]) == ("Failed", "Another amount")


@pytest.mark.rows(58, call="PUT /v1/orders/{id}")
def test_all_of_a_call_is_done_or_nothing(cast: Cast, api: Api) -> None:
    order = make_order(cast, 7, stood="accepted", payment_status=PaymentStatus.UNPAID)
    with assert_nothing_changed(order):
        body = {"driver_id": cast.driver_row.pk, "payment_status": "Paid", "status": "Delivered"}
        assert api(cast.owner).put(url(order), body).status_code == 409
        refused(api(cast.stranger).put(url(order), body), 404, "", "not_found")
        refused(api().put(url(order), body), 401, "", "not_authenticated")


@pytest.mark.rows(60, call="PUT /v1/orders/{id}")
def test_every_change_reaches_all_parties_at_once(cast: Cast, api: Api) -> None:
    order = make_order(cast, 8, driver=cast.driver_row, stood="accepted driver_accepted")
    put(api(cast.owner), order, status="Ready")
    entries = FeedEntry.objects.filter(order=order)
    assert set(entries.values_list("stream", flat=True)) == {f"vendor:{cast.vendor.pk}", f"driver:{cast.driver_row.pk}"}
    feed = api(cast.owner).get(f"/api/v1/vendors/{cast.vendor.pk}/events", {"since": 0}).json()
    assert [event["kind"] for event in feed["events"] if event["order"] == order.pk] == ["status"]
    history = api(cast.customer).get(url(order)).json()["data"]["history"]
    assert (history[-1]["status"], history[-1]["by"]) == ("Ready", "vendor")
    assert json.dumps(api(cast.customer).get(ORDERS).json()["data"][0]["status"]) == '"Ready"'


@pytest.mark.rows(58, call="PUT /v1/orders/{id}")
@pytest.mark.parametrize("how", ["named", "searching", "on its way"])
def test_a_driver_takes_an_order_and_brings_it(cast: Cast, api: Api, how: str) -> None:
    """Kesk has no word for taking: a driver names itself, or sets off with what was offered to it."""
    named: dict[str, Any] = {} if how == "searching" else {"driver": cast.driver_row}
    stood = "accepted prepared" + (" search_started" if how == "searching" else "")
    order = make_order(cast, 22 if how == "searching" else 4, stood=stood, **named)
    driver, mine = api(cast.driver), {"driver_id": cast.driver_row.pk}
    read = driver.get(url(order)).json()["data"]
    with assert_nothing_changed(order):
        assert driver.put(url(order), read).status_code == 200
        other = {"driver_id": cast.courier_row.pk}
        assert driver.put(url(order), other).status_code == 403
        error = refused(driver.put(url(order), {"status": "Delivered"}), 409, "status", "transition_not_allowed")
    assert error["allowed_statuses"] == read["allowed_statuses"] == ["Enroute"]
    if how != "on its way":
        assert put(driver, order, **mine)["driver"]["name"] == "Dora Driver"
        with assert_nothing_changed(Order.objects.get()):
            put(driver, order, **mine)
    taken = [8] if how != "on its way" else []
    assert list(order.events.filter(number__gt=1).values_list("to_status", flat=True)) == taken
    data = put(driver, order, status="Enroute", **mine)
    assert (data["status"], data["allowed_statuses"]) == ("Enroute", ["Delivered", "Failed"])
    assert put(driver, order, status="Delivered")["payment_status"] == "Paid"
    assert list(order.events.filter(kind="status", number__gt=1).values_list("to_status", flat=True)) == [8, 9, 11]


@pytest.mark.rows(58, 59, call="PUT /v1/orders/{id}")
def test_setting_off_with_what_is_not_ready_takes_nothing(cast: Cast, api: Api) -> None:
    order = make_order(cast, 7, stood="accepted", driver=cast.driver_row)
    with assert_nothing_changed(order):
        error = refused(api(cast.driver).put(url(order), {"status": "Enroute"}), 409, "status", "guard_failed")
    assert error["allowed_statuses"] == []
    # What another is asked for is not taken.
    Order.objects.filter(pk=order.pk).update(driver=cast.courier_row)
    with assert_nothing_changed(order):
        refused(api(cast.driver).put(url(order), {"driver_id": cast.driver_row.pk}), 404, "", "not_found")
    for role in ("customer", "owner"):
        with assert_nothing_changed(order):
            assert api(getattr(cast, role)).put(url(order), {"status": "Enroute"}).status_code in (403, 409)


@pytest.mark.rows(58, call="PUT /v1/orders/{id}")
def test_who_delivers_says_that_cash_was_received_in_the_same_call(cast: Cast, api: Api) -> None:
    order = make_order(cast, 9, driver=cast.driver_row, stood=CARRIED)
    with assert_nothing_changed(order):
        refused(api(cast.driver).put(url(order), {"payment_status": "Paid"}), 403, "payment_status", "forbidden")
    data = put(api(cast.driver), order, status="Delivered", payment_status="Paid")
    assert (data["status"], data["payment_status"]) == ("Delivered", "Paid")
