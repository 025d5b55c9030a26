"""Many buyers at once: stock is never oversold, and two carts in opposite order do not lock each other out."""

from functools import partial

import pytest
from django.db import transaction

from ordersite.core.faults import Conflict
from tests.cast import make_cast
from tests.promises.crowd import together
from vendors.models import Stock
from vendors.services.stock import give_stock_back, take_stock

pytestmark = pytest.mark.postgres


def bought(wanted: dict[int, int]) -> bool:
    try:
        with transaction.atomic():
            take_stock(wanted)
    except Conflict:
        return False
    return True


@pytest.mark.django_db(transaction=True)
def test_one_left_and_twenty_buyers() -> None:
    soda = make_cast().products["soda"].pk
    Stock.objects.filter(product=soda).update(quantity=1)
    results = together([lambda: bought({soda: 1})] * 20)
    assert results.count(True) == 1
    assert Stock.objects.get(product=soda).quantity == 0


@pytest.mark.django_db(transaction=True)
def test_carts_in_opposite_order_do_not_deadlock() -> None:
    products = make_cast().products
    one, other = products["soda"].pk, products["burger"].pk
    Stock.objects.create(product_id=other, quantity=100)
    Stock.objects.filter(product=one).update(quantity=100)
    carts = [{one: 1, other: 1}, {other: 1, one: 1}]
    results = together([partial(bought, cart) for cart in carts * 50], at_once=8)
    assert results == [True] * 100
    assert list(Stock.objects.order_by("pk").values_list("quantity", flat=True)) == [0, 0]
    with transaction.atomic():
        give_stock_back({one: 100, other: 100})
    assert list(Stock.objects.order_by("pk").values_list("quantity", flat=True)) == [100, 100]
