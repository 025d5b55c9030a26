"""Tills of one shop, each with a token of its own: an order that they confirm at once is confirmed once."""

from collections import Counter
from functools import partial

import pytest
from rest_framework.test import APIClient

from orders.models import Order, OrderEvent
from orders.services.record import order_update
from ordersite.accounts.models import ApiToken
from ordersite.core.crypto import token_hash
from tests.cast import Cast
from tests.controls.unlocked_money import get_without_a_lock
from tests.dialects.kaddy.test_kaddy import BASE, Api
from tests.orders.shopping import cart, place
from tests.promises.crowd import together

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def make_tills(cast: Cast, api: Api, count: int) -> list[APIClient]:
    """Each with a token of its own."""
    names = [f"ost_till_{number}" for number in range(count)]
    for name in names:
        ApiToken.objects.create(
            merchant=cast.merchant, name=name, token_hash=token_hash(name), scopes=["read", "write"]
        )
    return [api(token=name, x_tenant=str(cast.merchant.uuid)) for name in names]


def confirm_at_once(cast: Cast, api: Api) -> tuple[Order, Counter[int]]:
    order = Order.objects.get(pk=place(api(cast.customer), cart(cast))["orders"][0]["id"])
    calls = [partial(till.post, f"{BASE}/{order.uuid}/confirm") for till in make_tills(cast, api, 8)]
    return order, Counter(answer.status_code for answer in together(calls, at_once=8))


def check_confirmed(order: Order, answers: Counter[int]) -> None:
    order.refresh_from_db()
    assert answers == {200: 8}
    assert order.version == 2
    assert OrderEvent.objects.filter(order=order, reason="Confirmed by the till").count() == 1


def test_many_tills_confirm_once(cast: Cast, api: Api) -> None:
    check_confirmed(*confirm_at_once(cast, api))


def test_control_without_the_order_s_lock_it_is_confirmed_twice(
    cast: Cast, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order_update, "get_order", get_without_a_lock)
    with pytest.raises(AssertionError):
        check_confirmed(*confirm_at_once(cast, api))
