"""Invoices asked for at once, and issues that are rolled back: no number is missing, none is there twice."""

from collections import Counter
from functools import partial

import pytest
from django.db import transaction
from rest_framework.test import APIClient

from orders.lifecycle.table import Fulfilment, Status
from orders.models import IssuedDocument, Order
from orders.services.money import documents
from orders.services.money.documents import issue_invoice
from ordersite.accounts.callers import caller_of_user
from tests.cast import Cast
from tests.controls.unlocked_documents import draw_for_good, number_after_the_highest
from tests.orders.money import Api
from tests.orders.rows import make_order
from tests.orders.shopping import ORDERS
from tests.promises.crowd import together
from vendors.models import Merchant

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
AT_ONCE = 8


@pytest.fixture
def orders(cast: Cast) -> list[Order]:
    """Eight that are completed and paid."""
    Merchant.objects.update(legal_name="Burger BV", legal_address="Nieuwstraat 1")
    return [make_order(cast, Status.COMPLETED, Fulfilment.PICKUP, payment_status="paid") for _ in range(AT_ONCE)]


def ask(cast: Cast, api: Api, order: Order) -> int:
    client: APIClient = api(cast.staff)
    client.raise_request_exception = False
    return int(client.post(f"{ORDERS}/{order.pk}/invoice").status_code)


def ask_at_once(cast: Cast, api: Api, orders: list[Order], times: int) -> Counter[int]:
    """Each order's invoice so many times, all together; the statuses of the answers."""
    return Counter(together([partial(ask, cast, api, order) for order in orders] * times, at_once=AT_ONCE))


def numbers() -> list[int]:
    return list(IssuedDocument.objects.order_by("number").values_list("number", flat=True))


def roll_one_back(cast: Cast, order: Order) -> None:
    """An invoice that is issued in a transaction which fails afterwards."""

    @transaction.atomic
    def issue_and_fail() -> None:
        issue_invoice(order_id=order.pk, caller=caller_of_user(cast.staff))
        raise ConnectionError

    with pytest.raises(ConnectionError):
        issue_and_fail()


def test_each_order_has_one_and_no_number_is_missing(cast: Cast, api: Api, orders: list[Order]) -> None:
    assert ask_at_once(cast, api, orders, 3) == {201: AT_ONCE, 200: 2 * AT_ONCE}
    assert numbers() == [1, 2, 3, 4, 5, 6, 7, 8]
    assert IssuedDocument.objects.values("order").distinct().count() == AT_ONCE


def test_what_is_rolled_back_leaves_no_gap(cast: Cast, api: Api, orders: list[Order]) -> None:
    for order in orders[:3]:
        roll_one_back(cast, order)
    assert ask_at_once(cast, api, orders, 1) == {201: AT_ONCE}
    assert numbers() == [1, 2, 3, 4, 5, 6, 7, 8]


def test_control_two_read_the_same_highest_number(
    cast: Cast, api: Api, orders: list[Order], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "draw_numbers", number_after_the_highest)
    answers = Counter(together([partial(ask, cast, api, order) for order in orders[:2]], at_once=2))
    assert answers != {201: 2}
    assert numbers() == [1]


def test_control_a_number_drawn_for_good_leaves_a_gap(
    cast: Cast, api: Api, orders: list[Order], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "draw_numbers", draw_for_good)
    roll_one_back(cast, orders[0])
    assert ask(cast, api, orders[0]) == 201
    assert numbers() == [2]
