"""An order is placed while its customer is erased: one of the two is refused."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import transaction

from orders.models import Order
from orders.services.personal.erasing import erase_customer
from ordersite.accounts.models import Customer
from ordersite.core.faults import Conflict
from tests.cast import Cast
from tests.controls.unheld_customers import draw_without_customer, refuse_then_meet
from tests.orders.shopping import ORDERS, cart
from tests.orders.walking import Api
from tests.promises.crowd import together

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
ROUNDS = 12
# Placed and not erased, or erased and not placed.
ONE = {(201, "open_orders"), (409, "erased")}


def erase(customer_id: int) -> str:
    try:
        with transaction.atomic():
            erase_customer(customer_id)
    except Conflict as error:
        return str(error.code)
    return "erased"


def rounds(cast: Cast, api: Api, count: int) -> set[tuple[int, str]]:
    """What came of each round: the status of the placing, and of the erasing."""
    outcomes = set()
    for number in range(count):
        with transaction.atomic():
            guest = Customer.objects.create(name=f"Guest {number}", phone="+32470123456")
        body = cart(cast, customer=guest.pk)

        def place(body: dict[str, object] = body) -> int:
            return int(api(cast.staff).post(ORDERS, body).status_code)

        calls: list[Callable[[], Any]] = [place, partial(erase, guest.pk)]
        answers = together(calls if number % 2 else calls[::-1], at_once=2)
        placed, erased = answers if number % 2 else answers[::-1]
        outcomes.add((placed, erased))
        guest.refresh_from_db()
        assert (guest.erased_at is None) == (erased == "open_orders")
        assert Order.objects.filter(customer=guest).count() == (placed == 201)
    return outcomes


def test_one_of_them_is_refused(cast: Cast, api: Api) -> None:
    assert rounds(cast, api, ROUNDS) <= ONE


def test_control_without_holding_the_customer_both_succeed(
    cast: Cast, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orders.services.placing.placing.draw_numbers", draw_without_customer)
    monkeypatch.setattr("orders.services.personal.erasing.refuse_erasing", refuse_then_meet)
    assert rounds(cast, api, 1) == {(201, "erased")}
