"""Promise 2: one is left, fifty want it, twenty at a time: one order, forty-nine are refused."""

from collections import Counter
from collections.abc import Callable

import pytest
from django.db import IntegrityError, transaction
from rest_framework.test import APIClient

from orders.models import Line, Order
from orders.services.placing import limited
from tests.cast import Cast
from tests.controls.unlocked_money import take_stock_without_a_lock
from tests.orders.shopping import ORDERS, cart
from tests.promises.crowd import together
from vendors.models import Stock

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
BUYERS, AT_ONCE = 50, 20


def buy(cast: Cast, api: Callable[..., APIClient], *, left: int) -> Counter[int]:
    """Fifty guests order a soda each."""
    Stock.objects.filter(pk=cast.products["soda"].pk).update(quantity=left)
    body = cart(cast, "soda")

    def one(number: int) -> int:
        guest = {"name": f"Guest {number}", "phone": "+32470123456"}
        return int(api().post(ORDERS, {**body, "guest": guest}).status_code)

    return Counter(together([lambda n=n: one(n) for n in range(BUYERS)], at_once=AT_ONCE))


def check(cast: Cast, answers: Counter[int], left: int) -> None:
    assert answers == {201: left, 409: BUYERS - left}
    assert Order.objects.count() == Line.objects.count() == left
    assert Stock.objects.get(pk=cast.products["soda"].pk).quantity == 0


@pytest.mark.parametrize("left", [1, 7])
def test_no_more_is_sold_than_there_is(
    cast: Cast, api: Callable[..., APIClient], figure: Callable[[str], None], left: int
) -> None:
    answers = buy(cast, api, left=left)
    check(cast, answers, left)
    figure(f"{left} left, {BUYERS} buyers, {AT_ONCE} at a time: {answers[201]} sold, {answers[409]} refused")


def test_the_database_refuses_besides(cast: Cast) -> None:
    with pytest.raises(IntegrityError, match="stock_never_below_zero"), transaction.atomic():
        Stock.objects.update(quantity=-1)


def test_control_without_the_lock_it_is_oversold(
    cast: Cast, api: Callable[..., APIClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limited, "take_stock", take_stock_without_a_lock)
    answers = buy(cast, api, left=1)
    with pytest.raises(AssertionError):
        check(cast, answers, 1)
    assert answers[201] > 1
