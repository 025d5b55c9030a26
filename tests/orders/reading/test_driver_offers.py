"""GET /drivers/me/offers: what a driver could take now, and nothing that only its holder may read."""

import itertools
import re
from collections.abc import Callable
from copy import copy
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from orders.lifecycle.table import ANSWERED_BY_DRIVER
from orders.models import Order
from orders.visibility import acceptable_orders
from ordersite.accounts.callers import caller_of_user
from tests.cast import Cast
from tests.orders.rows import make_order
from tests.orders.shopping import ORDERS
from vendors.models import Driver

Api = Callable[..., APIClient]
OFFERS = "/api/v1/drivers/me/offers"
DRIVERS = ("driver", "other_driver", "courier", "company_driver")


def offered(client: APIClient) -> list[int]:
    answer = client.get(f"{OFFERS}?per_page=100&ordering=id")
    assert answer.status_code == 200, answer.json()
    assert answer.json()["count"] == len(answer.json()["results"])
    return [row["id"] for row in answer.json()["results"]]


def may_accept(client: APIClient, order: Order) -> bool:
    answer = client.get(f"{ORDERS}/{order.pk}/transitions")
    rows = answer.json()["allowed_transitions"] if answer.status_code == 200 else []
    return "accept_by_driver" in [row["name"] for row in rows]


def test_what_is_listed_is_what_can_be_accepted(cast: Cast, api: Api) -> None:
    """Each way in which an order may stand, for each kind of driver, on and off duty."""
    holders = itertools.product((None, cast.driver_row, cast.company_driver_row), (None, cast.company), (True, False))
    orders = []
    for status, (driver, company, searched) in itertools.product((4, 6, 7, 8, 10, 14, 22, 25), holders):
        stood = "accepted" + (" search_started" if searched else "") + (" company_accepted" if company else "")
        orders.append(make_order(cast, status, driver=driver, company=company, stood=stood))
    orders.append(make_order(cast, 22, stood="accepted search_started", vendor=cast.other_vendor))
    orders.append(make_order(cast, 22, stood="accepted search_started", deleted_at=timezone.now()))
    orders.append(make_order(cast, 8, driver=cast.driver_row, stood="accepted search_started driver_accepted"))
    for on_duty in (True, False):
        Driver.objects.update(on_duty=on_duty)
        for name in DRIVERS:
            client = api(getattr(cast, name))
            assert offered(client) == [order.pk for order in orders if may_accept(client, order)], (name, on_duty)
    assert {order.status for order in orders} >= ANSWERED_BY_DRIVER


def test_an_offer_tells_no_contact(cast: Cast, api: Api) -> None:
    """Named or merely in search: where it goes, what it brings, and nobody's name, phone, notes or words."""
    now = timezone.now().replace(microsecond=0)
    private = {"address_notes": "Code 1234", "comment": "For Léa", "contact_email": "clara@example.net"}
    fields: dict[str, Any] = {**private, "lat": 50.86, "lng": 4.36, "distance": 1315, "driver_tip": 200}
    searched = make_order(cast, 22, stood="accepted search_started", **fields)
    named = make_order(cast, 7, stood="accepted", driver=cast.driver_row, named_at=now, accepted_at=now, **fields)
    answer = api(cast.driver).get(f"{OFFERS}?ordering=id")
    first, second = answer.json()["results"]
    assert first == {
        "id": searched.pk,
        "number": searched.number,
        "called": f"D{searched.number}",
        "kind": "regular",
        "delivery_type": "delivery",
        "status": {"code": 22, "name": "looking_for_driver"},
        "version": 1,
        "vendor": {"id": cast.vendor.pk, "name": "Burger Bar"},
        "time_zone": "Europe/Brussels",
        "pickup": {"address": "Grote Markt 1", "location": {"lat": 50.85, "lng": 4.35}},
        "dropoff": {"address": "Nieuwstraat 1", "location": {"lat": 50.86, "lng": 4.36}},
        "distance": 1315,
        "total": {"amount": "15.00", "currency": "EUR"},
        "driver_tip": {"amount": "2.00", "currency": "EUR"},
        "payment_method": "cash",
        "payment_status": "unpaid",
        "placed_at": first["placed_at"],
        "prepared_at": None,
        "deliver_at": None,
        "estimated_at": None,
        "is_named": False,
        "answer_by": None,
    }
    assert (second["id"], second["is_named"]) == (named.pk, True)
    assert second["answer_by"][:19] == (now + timedelta(seconds=45)).isoformat()[:19]
    for word in ("Clara", cast.customer_row.phone, cast.customer.email, *private.values(), str(searched.uuid)):
        assert word not in answer.content.decode()


def test_who_could_not_pick_it_up_is_not_asked_by_name(cast: Cast, api: Api) -> None:
    failed = make_order(cast, 10, stood="accepted", driver=cast.driver_row)
    (row,) = api(cast.driver).get(OFFERS).json()["results"]
    assert (row["id"], row["is_named"], row["answer_by"]) == (failed.pk, False, None)


def test_the_oldest_first_in_pages_of_so_many_statements(
    cast: Cast, api: Api, django_assert_max_num_queries: Any
) -> None:
    now = timezone.now()
    orders = [
        make_order(cast, 22, stood="accepted search_started", placed_at=now - timedelta(minutes=n)) for n in range(7)
    ]
    client = api(cast.driver)
    with django_assert_max_num_queries(6):
        answer = client.get(f"{OFFERS}?per_page=3").json()
    assert [row["id"] for row in answer["results"]] == [order.pk for order in orders[:3:-1]]
    assert (answer["count"], answer["previous"]) == (7, None)
    assert re.search(r"page=2", answer["next"])
    for query, status in (("page=9", 404), ("per_page=101", 400), ("ordering=total", 400), ("status=22", 400)):
        assert client.get(f"{OFFERS}?{query}").status_code == status, query


@pytest.mark.parametrize(("who", "status"), [(None, 401), ("customer", 403), ("owner", 403), ("staff", 403)])
def test_it_is_for_drivers(cast: Cast, api: Api, who: str | None, status: int) -> None:
    make_order(cast, 22, stood="accepted search_started")
    answer = api(*([getattr(cast, who)] if who else [])).get(OFFERS)
    assert (answer.status_code, "results" in answer.json()) == (status, False)


@pytest.mark.postgres
def test_it_reads_open_orders_by_an_index(cast: Cast) -> None:
    """Beside thousands of closed ones."""
    order = make_order(cast, 11, stood="accepted")
    Order.objects.bulk_create(copy_of(order, number) for number in range(3_000))
    for _ in range(3):
        make_order(cast, 22, stood="accepted search_started")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE orders_order")
    rows = acceptable_orders(caller_of_user(cast.driver))
    plan = rows.order_by("placed_at", "id").explain()
    # By any of these no closed order is read; which of them it is depends on what stands in the table.
    assert re.search(r"order_(in_status|of_driver|of_vendor_waiting|of_collection_code)", plan), plan


def copy_of(order: Order, number: int) -> Order:
    copied = copy(order)
    copied.pk, copied.uuid, copied.tracking_hash, copied.number = None, uuid4(), f"{number:064}", number + 1_000
    return copied
