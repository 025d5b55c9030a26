"""Calls of several steps that are refused half-way: all is undone, and told is what may be done from what stands."""

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from orders.dialects.kesk.words import allowed_words
from orders.lifecycle.table import Fulfilment
from orders.models import DeliveryProof, Order, Payment, PaymentShare, StatusLabel
from ordersite.core.models import Attempt
from tests.cast import Cast
from tests.dialects.kesk import calling as kesk
from tests.dialects.ordering import asking
from tests.dialects.shop import calling as shop
from tests.orders.rows import CODE, make_order
from tests.orders.shopping import ORDERS, assert_nothing_changed

Api = Callable[..., APIClient]
ACCEPTED_BY_DRIVER = "accepted prepared driver_accepted"


def may_now(client: APIClient, order: Order) -> list[dict[str, Any]]:
    """What the native API offers for the order as it stands."""
    rows: list[dict[str, Any]] = client.get(f"{ORDERS}/{order.pk}/transitions").json()["allowed_transitions"]
    return rows


def may_set(client: APIClient, order: Order) -> list[int]:
    """The same in the shop's ids, in the order of its list."""
    allowed = {one["to"]["code"] for one in may_now(client, order) if not one["by_name"]}
    return [label.pk for label in StatusLabel.objects.filter(core_status__in=allowed)]


@pytest.mark.rows(67, 68, call="PATCH /System/Orders/{id}/sent")
@pytest.mark.parametrize("flag", ["sent", "delivered"])
@pytest.mark.parametrize(("status", "stood"), [(0, ""), (13, ""), (7, "accepted"), (4, "accepted prepared")])
def test_the_shops_steps_by_the_vendor(cast: Cast, api: Api, flag: str, status: int, stood: str) -> None:
    order, owner = make_order(cast, status, stood=stood), api(cast.owner)
    with assert_nothing_changed(order):
        answer = shop.set_flag(owner, order, flag)
        error = shop.refused(answer, 409, "guard_failed")
    assert error["allowedStatuses"] == may_set(owner, order) != []
    stands = f"the order is still in status “{shop.label_of(status).name}”."
    assert (stands in answer.content.decode()) == (status != 4)


@pytest.mark.rows(68, call="PATCH /System/Orders/{id}/delivered")
def test_the_shops_steps_by_the_driver(cast: Cast, api: Api) -> None:
    shop.set_vendor(cast, proof="code")
    order, driver = make_order(cast, 8, driver=cast.driver_row, stood=ACCEPTED_BY_DRIVER), api(cast.driver)
    with assert_nothing_changed(order):
        error = shop.refused(shop.set_flag(driver, order, "delivered"), 409, "guard_failed")
    assert error["allowedStatuses"] == may_set(driver, order)
    assert shop.label_of(11).pk not in error["allowedStatuses"]


@pytest.mark.rows(64, call="PATCH /System/Orders/{id}/paid")
def test_the_shops_order_of_two_payments(cast: Cast, api: Api) -> None:
    order, owner = make_order(cast, 0, Fulfilment.PICKUP, payment_method="fake"), api(cast.owner)
    rise = Payment.objects.create(
        purchase=order.purchase, currency="EUR", provider="cash", amount=100, created_at=timezone.now()
    )
    PaymentShare.objects.create(payment=rise, order=order, amount=100, is_extra=True)
    with assert_nothing_changed(order):
        error = shop.refused(shop.set_flag(owner, order, "paid"), 409, "paid_online")
    assert error["allowedStatuses"] == may_set(owner, order)
    rise.refresh_from_db()
    assert rise.state == "unpaid"


@pytest.mark.rows(63, call="PATCH /System/Orders/{id}/status")
def test_the_shops_label_and_status_are_one(cast: Cast, api: Api) -> None:
    """Whoever a change takes off the order names its label with it."""
    ill = StatusLabel.objects.create(name="Driver is ill", core_status=6, position=99)
    order = make_order(cast, 8, driver=cast.driver_row, stood=ACCEPTED_BY_DRIVER)
    shown = api(cast.driver).patch(shop.at(order, "/status"), {"statusId": ill.pk})
    assert (shown.status_code, shown.json()["status"]) == (200, {"id": ill.pk, "name": "Driver is ill"})
    order.refresh_from_db()
    assert (order.status, order.label, order.driver) == (6, ill, None)
    driven = make_order(cast, 9, driver=cast.driver_row, stood=f"{ACCEPTED_BY_DRIVER} picked_up")
    driving = StatusLabel.objects.create(name="On the road", core_status=9, position=99)
    with assert_nothing_changed(driven):
        answer = api(cast.driver).patch(shop.at(driven, "/status"), {"statusId": driving.pk})
        error = shop.refused(answer, 403, "forbidden")
    assert error["allowedStatuses"] == may_set(api(cast.driver), driven)


@pytest.mark.rows(59, call="PUT /v1/orders/{id}")
@pytest.mark.parametrize(
    "body",
    [
        {"driver_id": "driver", "status": "Delivered"},
        {"payment_status": "Paid", "status": "Failed"},
        {"driver_id": "driver", "payment_status": "Paid", "status": "Delivered"},
    ],
)
def test_kesks_steps(cast: Cast, api: Api, body: dict[str, Any]) -> None:
    order, owner = make_order(cast, 7, stood="accepted"), api(cast.owner)
    sent = {name: cast.driver_row.pk if value == "driver" else value for name, value in body.items()}
    with assert_nothing_changed(order):
        answer = owner.put(kesk.url(order), sent)
        assert answer.status_code == 409, answer.json()
    stands = owner.put(kesk.url(order), {"status": "Failed"}).json()["error"]["allowed_statuses"]
    assert answer.json()["error"]["allowed_statuses"] == stands
    assert set(allowed_words({"allowed_transitions": may_now(owner, order)})) <= set(stands)


@pytest.mark.rows(59, call="PUT /v1/orders/{id}")
def test_a_wrong_code_among_kesks_steps_is_counted_and_nothing_else_stays(cast: Cast, api: Api) -> None:
    shop.set_vendor(cast, proof="code")
    order = make_order(cast, 9, tracking_number="P-1", carrier="Post", stood="accepted prepared picked_up")
    owner, body = api(cast.owner), {"payment_status": "Paid", "status": "Delivered"}
    for _ in range(5):
        kesk.refused(owner.put(kesk.url(order), {**body, "code": "000000"}), 409, "status", "guard_failed")
        order.refresh_from_db()
        assert (order.payment_status, order.version, order.status) == ("unpaid", 1, 9)
    assert Attempt.objects.get().count == 5
    assert owner.put(kesk.url(order), {**body, "code": CODE}).status_code == 429
    Attempt.objects.all().delete()
    with assert_nothing_changed(order):
        kesk.refused(owner.put(kesk.url(order), body), 409, "status", "guard_failed")
    data = owner.put(kesk.url(order), {**body, "code": CODE}).json()["data"]
    assert (data["status"], data["payment_status"]) == ("Delivered", "Paid")


BY_PROOF = [
    ("kesk", "code", lambda order, sent: (kesk.url(order), {"status": "Delivered", **sent})),
    ("ordering", "proof", lambda order, sent: (asking.one(order.pk), {"status": 11, **sent})),
    ("shop", "proof", lambda order, sent: (shop.at(order, "/delivered"), {"value": True, **sent})),
    ("shop", "proof", lambda order, sent: (shop.at(order, "/status"), {"statusId": shop.label_of(11).pk, **sent})),
]


@pytest.mark.parametrize(("dialect", "field", "call"), BY_PROOF, ids=["kesk", "ordering", "delivered", "status"])
@pytest.mark.parametrize("kind", ["code", "photo"])
def test_a_proof_that_the_vendor_requires_can_be_sent(
    cast: Cast, api: Api, dialect: str, field: str, call: Any, kind: str
) -> None:
    """At each door the field is named that takes it there; a wrong code is counted."""
    shop.set_vendor(cast, proof=kind)
    order = make_order(cast, 9, driver=cast.driver_row, stood=f"{ACCEPTED_BY_DRIVER} picked_up")
    driver = api(cast.driver)

    def deliver(**sent: str) -> Any:
        path, body = call(order, sent)
        return (driver.patch if dialect == "shop" else driver.put)(path, body)

    with assert_nothing_changed(order):
        for missing in ({}, {field: ""}, {field: None}):
            refused = deliver(**missing)
            assert refused.status_code == 409
            assert f"send it as `{field}`." in refused.content.decode()
    if kind == "code":
        assert [deliver(**{field: "000000"}).status_code for _ in range(6)] == [409] * 5 + [429]
        assert deliver(**{field: CODE}).status_code == 429
        Attempt.objects.all().delete()
    shown = CODE
    if kind == "photo":
        with assert_nothing_changed(order):
            refused = deliver(**{field: "left at the door"})
            assert (refused.status_code, "send the picture first" in refused.content.decode()) == (400, True)
        shown = str(DeliveryProof.objects.create(order=order, kind="photo", photo="photo.jpg").uuid)
    assert deliver(**{field: shown}).status_code == 200
    order.refresh_from_db()
    assert order.status == 11


@pytest.mark.rows(61, call="PUT /orders/{order_id}")
@pytest.mark.parametrize("status", [11, 12, 20])
def test_orderings_steps(cast: Cast, api: Api, status: int) -> None:
    order, owner = make_order(cast, 7, stood="accepted"), api(cast.owner)
    with assert_nothing_changed(order):
        answer = owner.put(asking.one(order.pk), {"driver_id": cast.driver.pk, "status": status})
        plain = owner.put(asking.one(order.pk), {"status": status})
    assert (answer.status_code, answer.json()) == (409, plain.json())
    told = ", ".join(
        f"{one['to']['code']} ({one['to']['name']})" for one in may_now(owner, order) if not one["by_name"]
    )
    assert answer.json()["result"][1] == f"You may set the status to {told}."


def test_a_refund_that_would_cancel_what_cannot_be_cancelled(cast: Cast, api: Api) -> None:
    order = make_order(
        cast, 9, driver=cast.driver_row, payment_method="wallet", stood=f"{ACCEPTED_BY_DRIVER} picked_up"
    )
    owner = api(cast.owner)
    with assert_nothing_changed(order):
        answer = owner.post(f"{ORDERS}/{order.pk}/refunds", {"cancel": True, "reason": "Cold"})
        assert answer.status_code == 409, answer.json()
    body = answer.json()
    assert (body["version"], body["allowed_transitions"]) == (order.version, may_now(owner, order))
