"""GET /purchases/{uuid}: what was placed together, to whom it belongs, and what follows from its orders."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from orders.models import Order
from ordersite.accounts.models import User
from tests.cast import Cast
from tests.orders.shopping import ORDERS, cart, eur, fill_wallet, place
from vendors.models import Member

Api = Callable[..., APIClient]
PURCHASES = "/api/v1/purchases"
KALIXO = "/dialects/kalixo/v1/orders/place-order"


def test_it_shows_what_placing_answered(cast: Cast, api: Api) -> None:
    placed = place(api(cast.customer), cart(cast, external_code="A-1"))
    with CaptureQueriesContext(connection) as statements:
        body = api(cast.customer).get(f"{PURCHASES}/{placed['purchase']['uuid']}").json()
    assert len(statements) <= 5
    assert body == {
        **{name: value for name, value in placed["purchase"].items() if name != "guest_token"},
        "orders": [{name: placed["orders"][0][name] for name in body["orders"][0]}],
    }
    assert (body["external_code"], body["total"], body["orders"][0]["total"]) == ("A-1", eur("12.00"), eur("12.00"))


def test_only_who_ordered_who_placed_and_staff_see_it(cast: Cast, api: Api) -> None:
    guest = place(api(), cart(cast, guest={"name": "Gina", "phone": "+32470123456"}))["purchase"]
    for_customer = place(api(cast.staff), cart(cast, customer=cast.customer_row.pk))["purchase"]
    wanted = {
        "customer": (404, 200),
        "staff": (200, 200),
        "owner": (404, 404),
        "stranger": (404, 404),
        "driver": (404, 404),
    }
    seen = {
        role: tuple(
            api(getattr(cast, role)).get(f"{PURCHASES}/{one['uuid']}").status_code for one in (guest, for_customer)
        )
        for role in wanted
    }
    assert seen == wanted
    path = f"{PURCHASES}/{guest['uuid']}"
    assert api(order_token=guest["guest_token"]).get(path).status_code == 200
    assert api(order_token="x" * 32).get(path).status_code == api().get(path).status_code == 404
    assert api(cast.staff).get(f"{PURCHASES}/{uuid.uuid4()}").status_code == 404
    assert api(cast.staff).get(f"{PURCHASES}/1").status_code == 404


def left(cast: Cast) -> None:
    Member.objects.filter(user=cast.owner).delete()


def moved_to_another_merchant(cast: Cast) -> None:
    Member.objects.filter(user=cast.owner).update(merchant=cast.other_merchant)


def left_out_at_the_vendor(cast: Cast) -> None:
    Member.objects.filter(user=cast.owner).update(all_vendors=False, role=Member.Role.MANAGER)


def of_the_staff_no_more(cast: Cast) -> None:
    cast.staff.groups.clear()


@pytest.mark.parametrize(
    ("role", "change", "stays"),
    [
        ("owner", None, True),
        ("owner", left, False),
        ("owner", moved_to_another_merchant, False),
        ("owner", left_out_at_the_vendor, False),
        ("staff", None, True),
        ("staff", of_the_staff_no_more, False),
        ("customer", None, True),
    ],
)
def test_who_placed_for_somebody_else_sees_it_while_it_may_order_there(
    cast: Cast, api: Api, role: str, change: Callable[[Cast], None] | None, stays: bool
) -> None:
    """By its uuid, and by placing with its external code again, which answers the order as it is by now."""
    guest: dict[str, Any] = {} if role == "customer" else {"guest": {"name": "Gina", "phone": "+32470123456"}}
    body = cart(cast, external_code="A-1", **guest)
    first = place(api(getattr(cast, role)), body)
    if change:
        change(cast)
    user = User.objects.get(pk=getattr(cast, role).pk)
    by_uuid = api(user).get(f"{PURCHASES}/{first['purchase']['uuid']}")
    again = api(user).post(ORDERS, body)
    assert (by_uuid.status_code, again.status_code) == ((200, 200) if stays else (404, 403))
    if stays:
        assert [one["id"] for one in again.json()["orders"]] == [one["id"] for one in first["orders"]]
    else:
        assert again.json()["errors"][0]["pointer"] == "/external_code"
        assert first["purchase"]["uuid"] not in again.content.decode()
        cards = {"price": 1, "currency": "EUR", "orderProducts": [{"productId": 1, "price": 1, "quantity": 1}]}
        at_kalixo = api(user).post(KALIXO, {"externalOrderCode": "A-1", **cards})
        message = f"/externalOrderCode: {again.json()['detail']}"
        assert (at_kalixo.status_code, at_kalixo.json()["message"]) == (403, message)
    assert Order.objects.count() == 1


@pytest.mark.parametrize(
    ("name", "status", "payment"),
    [("accept", 7, "paid"), ("reject", 5, "refunded")],
)
def test_its_status_and_payments_follow(cast: Cast, api: Api, name: str, status: int, payment: str) -> None:
    fill_wallet(cast.customer_row, 1200)
    placed = place(api(cast.customer), cart(cast, payment_method="wallet"))
    body = {"transition": name, "reason_code": "too_busy"}
    api(cast.owner).post(f"{ORDERS}/{placed['orders'][0]['id']}/transitions", body)
    answer = api(cast.customer).get(f"{PURCHASES}/{placed['purchase']['uuid']}").json()
    assert (answer["status"]["code"], answer["payments"][0]["status"]) == (status, payment)
    assert answer["payments"][0]["refunded"] == eur("12.00" if payment == "refunded" else "0.00")


def test_a_deleted_order_takes_its_purchase_along(cast: Cast, api: Api) -> None:
    placed = place(api(cast.customer), cart(cast))
    path = f"{ORDERS}/{placed['orders'][0]['id']}"
    api(cast.customer).post(f"{path}/transitions", {"transition": "cancel_by_customer"})
    assert api(cast.staff).delete(path).status_code == 204
    assert Order.objects.count() == 1
    assert api(cast.customer).get(f"{PURCHASES}/{placed['purchase']['uuid']}").status_code == 404
