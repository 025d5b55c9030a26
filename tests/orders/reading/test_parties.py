"""Which orders a caller sees, and as what it stands to them: the two must agree."""

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
from rest_framework.test import APIClient

from orders.lifecycle.table import Actor
from orders.models import Order
from orders.visibility import actors_for, own_orders, visible_orders
from ordersite.accounts.callers import Caller, caller_of_merchant, caller_of_user
from ordersite.accounts.models import User
from ordersite.core.crypto import token_hash
from tests.cast import Cast
from tests.orders.rows import make_order
from vendors.models import Driver


def callers(cast: Cast) -> dict[str, Caller]:
    names = ("customer", "stranger", "owner", "other_owner", "courier", "driver", "other_driver", "company_driver")
    users = {name: getattr(cast, name) for name in (*names, "dispatcher", "staff")}
    return {
        **{name: caller_of_user(User.objects.get(pk=user.pk)) for name, user in users.items()},
        "merchant": caller_of_merchant(cast.merchant.pk),
        "guest": Caller(key="guest:1", order_token_hash=token_hash("guests-token")),
        "nobody": Caller(),
    }


def make_all(cast: Cast) -> None:
    """Every mix of status, driver, company, search, vendor and visibility that a rule looks at."""
    drivers = (None, cast.driver_row, cast.company_driver_row)
    for status, driver, company, stood in product(
        (0, 4, 7, 22, 25), drivers, (None, cast.company), ("", "search_started", "company_accepted")
    ):
        make_order(cast, status, driver=driver, company=company, stood=stood)
    for status in (0, 22):
        make_order(cast, status, vendor=cast.other_vendor, customer=cast.stranger_row)
        make_order(cast, status, visible_at=None, guest_token="guests-token")


def test_whoever_sees_an_order_stands_to_it_as_somebody(cast: Cast) -> None:
    make_all(cast)
    for on_duty in (True, False):
        Driver.objects.update(on_duty=on_duty)
        orders = list(Order.objects.select_related("purchase", "vendor"))
        for name, caller in callers(cast).items():
            seen = set(visible_orders(caller).values_list("pk", flat=True))
            assert set(own_orders(caller).values_list("pk", flat=True)) <= seen
            for order in orders:
                assert bool(actors_for(caller, order)) == (order.pk in seen), (name, on_duty, vars(order))


@pytest.mark.parametrize(
    ("name", "actors"),
    [
        ("customer", {Actor.CUSTOMER}),
        ("stranger", set()),
        ("owner", {Actor.VENDOR}),
        ("merchant", {Actor.VENDOR}),
        ("other_owner", set()),
        ("driver", {Actor.DRIVER}),
        ("other_driver", set()),
        ("dispatcher", {Actor.COMPANY}),
        ("staff", {Actor.STAFF}),
        ("guest", {Actor.CUSTOMER}),
        ("nobody", set()),
    ],
)
def test_as_what_a_caller_stands(cast: Cast, name: str, actors: set[Any]) -> None:
    order = make_order(cast, 7, driver=cast.driver_row, company=cast.company, guest_token="guests-token")
    caller = callers(cast)[name]
    row = Order.objects.select_related("purchase", "vendor").get(pk=order.pk)
    assert actors_for(caller, row) == actors


def test_a_driver_off_duty_is_offered_nothing(cast: Cast) -> None:
    named, offered = make_order(cast, 22, driver=cast.driver_row), make_order(cast, 22)
    caller = callers(cast)["driver"]
    assert set(visible_orders(caller)) == {named, offered}
    Driver.objects.update(on_duty=False)
    assert set(visible_orders(callers(cast)["driver"])) == {named}


def test_who_could_take_an_order_sees_no_more_than_a_first_name(cast: Cast, api: Callable[..., APIClient]) -> None:
    order = make_order(cast, 22, stood="search_started")
    order.contact_name, order.contact_phone, order.address_notes = "Clara Customer", "+3225550100", "Second bell"
    order.save()
    seen = api(cast.driver).get(f"/api/v1/orders/{order.pk}").json()
    assert seen["contact"] == {"name": "Clara", "phone": "", "email": ""}
    assert (seen["customer"]["name"], seen["address_notes"]) == ("Clara", "")
    taken = api(cast.driver).post(f"/api/v1/orders/{order.pk}/transitions", {"to": 8})
    assert taken.status_code == 200, taken.json()
    assert taken.json()["contact"]["phone"] == "+3225550100"
    assert taken.json()["address_notes"] == "Second bell"
