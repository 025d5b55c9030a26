"""Promise 2: one code is left, fifty want it, twenty at a time: one gets it, the others wait; none is issued twice."""

from collections import Counter
from collections.abc import Callable

import pytest
from django.db.models import Count
from django.utils import timezone
from rest_framework.test import APIClient

from orders.lifecycle.table import Status
from orders.models import Code, Order, OrderEvent
from orders.services.capacity import codes
from orders.services.money.wallets import top_up
from orders.services.moving import timers
from tests.cast import Cast, make_customer
from tests.controls.unlocked_codes import take_free_without_a_lock
from tests.orders.gift_cards import gift_cart, make_gift_card, stock
from tests.orders.shopping import ORDERS, sums
from tests.promises.crowd import together
from vendors.models import Product

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
BUYERS, AT_ONCE = 50, 20
Api = Callable[..., APIClient]


@pytest.fixture
def card(cast: Cast) -> Product:
    return make_gift_card(cast)


@pytest.fixture
def buyers(cast: Cast, api: Api) -> list[APIClient]:
    """Fifty customers, each with the price of one card in the wallet."""
    clients = []
    for number in range(BUYERS):
        user, row = make_customer(f"Buyer {number}")
        top_up(customer_id=row.pk, currency="EUR", amount=2500, actor="test")
        clients.append(api(user))
    return clients


def buy(card: Product, buyers: list[APIClient]) -> list[int]:
    """Each orders one card; the orders' ids."""
    body = gift_cart(card)
    answers = together([lambda c=client: c.post(ORDERS, body) for client in buyers], at_once=AT_ONCE)
    assert {answer.status_code for answer in answers} == {201}
    return [answer.json()["orders"][0]["id"] for answer in answers]


def retry(orders: list[int]) -> None:
    """As many workers as buyers come at once try the orders that wait again."""
    now = timezone.now()
    together([lambda o=order: timers.run_timer(o, now) for order in orders], at_once=AT_ONCE)


def check(left: int, buyers: list[APIClient], orders: list[int]) -> None:
    states = Counter(Order.objects.values_list("status", "codes_missing"))
    assert states == {(Status.COMPLETED, 0): left, (Status.ACCEPTED_BY_BUSINESS, 1): BUYERS - left}
    having = Order.objects.filter(status=Status.COMPLETED).annotate(codes=Count("lines__codes"))
    assert {order.codes for order in having} == {1}
    assert Code.objects.filter(line__isnull=False).count() == left
    read = [
        row["code"]
        for client, order in zip(buyers, orders, strict=True)
        for row in client.get(f"{ORDERS}/{order}/codes").json()["codes"]
    ]
    assert len(read) == len(set(read)) == left
    sums()


def texts(left: int) -> list[str]:
    return [f"GIFT-{number:04}-LEFT" for number in range(left)]


@pytest.mark.parametrize("left", [1, 7])
def test_those_who_order_at_once(
    card: Product, buyers: list[APIClient], figure: Callable[[str], None], left: int
) -> None:
    stock(card, *texts(left))
    orders = buy(card, buyers)
    check(left, buyers, orders)
    figure(f"{left} codes left, {BUYERS} buyers, {AT_ONCE} at a time: {left} got one each, {BUYERS - left} wait")


@pytest.mark.parametrize("left", [1, 7])
def test_those_who_wait_and_are_tried_again_at_once(
    card: Product, buyers: list[APIClient], figure: Callable[[str], None], left: int
) -> None:
    orders = buy(card, buyers)
    stock(card, *texts(left))
    retry(orders)
    check(left, buyers, orders)
    figure(f"{left} codes came in, {BUYERS} waiting orders, {AT_ONCE} tries at a time: {left} issued, none twice")


def test_a_code_that_is_read_twice_at_once_is_told_once(card: Product, buyers: list[APIClient]) -> None:
    stock(card, *texts(1))
    url = f"{ORDERS}/{buyers[0].post(ORDERS, gift_cart(card)).json()['orders'][0]['id']}/codes"
    answers = together([lambda: buyers[0].get(url).json()["codes"][0]["code"]] * AT_ONCE, at_once=AT_ONCE)
    assert set(answers) == set(texts(1))
    assert OrderEvent.objects.filter(kind=OrderEvent.Kind.NOTE).count() == 1


def test_control_without_the_lock_a_code_is_issued_twice(
    card: Product, buyers: list[APIClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    orders = buy(card, buyers)
    stock(card, *texts(1))
    monkeypatch.setattr(codes, "take_free", take_free_without_a_lock)
    retry(orders)
    with pytest.raises(AssertionError):
        check(1, buyers, orders)
    assert Order.objects.filter(status=Status.COMPLETED).count() > 1
