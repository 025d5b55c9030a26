"""Promise 6 for items: two change the same line, or one accepts what the other refuses: one wins, the sums hold."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from orders.models import ItemChange, Order, OrderEvent, PaymentShare
from orders.services.record import order_update
from tests.cast import Cast
from tests.controls.unlocked_money import get_without_a_lock
from tests.orders.shopping import ORDERS, balance_of, cart, fill_wallet, place_order, sums
from tests.promises.crowd import together
from vendors.models import Stock

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("proven_ledger"),
]
Api = Callable[..., APIClient]
SODA = 250


def sodas(cast: Cast, api: Api, quantity: int) -> Order:
    """So many sodas from the wallet."""
    item = {"product": cast.products["soda"].pk, "quantity": quantity}
    return place_order(api(cast.customer), cart(cast, items=[item], payment_method="wallet"))


def click(client: APIClient, order: Order, quantity: int, version: str = "") -> Any:
    line = order.lines.get()
    headers = {"If-Match": version} if version else {}
    body = {"product": line.product_id, "quantity": quantity}
    return client.put(f"{ORDERS}/{order.pk}/items/{line.pk}", body, headers=headers)


def two_clicks(cast: Cast, api: Api, version: str = "") -> tuple[Order, list[Any]]:
    """Two of the vendor's tablets lower the same line of five at once, to three and to two."""
    order = sodas(cast, api, 5)
    calls = [lambda: click(api(cast.owner), order, 3, version), lambda: click(api(cast.staff), order, 2, version)]
    answers = together(calls if order.pk % 2 else calls[::-1], at_once=2)
    return Order.objects.get(pk=order.pk), answers if order.pk % 2 else answers[::-1]


def check_clicks(order: Order, answers: list[Any], *, stale: bool, balance: int) -> int:
    """To how many the first lowered it; line, total, payment, wallet, stock and history agree on what stands."""
    statuses = [answer.status_code for answer in answers]
    assert sorted(statuses) == ([200, 412] if stale else [200, 200])
    line, first = order.lines.get(), ItemChange.objects.get(order=order, number=1).item["quantity"]
    # To three after two is a rise, which waits for the customer.
    assert line.quantity == (first if stale else 2)
    states = list(ItemChange.objects.filter(order=order).values_list("state", flat=True))
    assert states == (["applied"] if stale else ["applied", "applied" if first == 3 else "waiting"])
    assert (line.stock_taken, line.total) == (line.quantity, line.quantity * SODA)
    assert {order.total, order.purchase.total, PaymentShare.objects.get(order=order).amount} == {line.total}
    assert Stock.objects.get(pk=line.product_id).quantity == 10 - line.quantity
    assert balance_of(order.customer) == balance - order.total
    numbers = list(OrderEvent.objects.filter(order=order).order_by("number").values_list("number", flat=True))
    assert numbers == list(range(1, order.version + 1))
    assert order.version == 1 + len(states)
    return int(first)


def test_two_change_the_same_line(cast: Cast, api: Api, figure: Callable[[str], None], full: bool) -> None:
    rounds = 100 if full else 10
    won: Counter[int] = Counter()
    for number in range(rounds):
        Stock.objects.filter(pk=cast.products["soda"].pk).update(quantity=10)
        fill_wallet(cast.customer_row, 2000)
        balance, stale = balance_of(cast.customer_row), number % 2 == 1
        order, answers = two_clicks(cast, api, '"1"' if stale else "")
        won[check_clicks(order, answers, stale=stale, balance=balance)] += 1
    sums()
    assert len(won) == 2, "the race must have gone both ways"
    figure(f"the same item changed twice at once × {rounds}: {won[3]} to {won[2]}, every sum held")


def test_control_two_change_the_same_line_without_the_lock(
    cast: Cast, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order_update, "lock_purchase", lambda order_id: None)
    monkeypatch.setattr(order_update, "get_order", get_without_a_lock)
    fill_wallet(cast.customer_row, 2000)
    order, answers = two_clicks(cast, api, '"1"')
    with pytest.raises(AssertionError):
        check_clicks(order, answers, stale=True, balance=2000)


def decided(cast: Cast, api: Api) -> tuple[Order, list[Any]]:
    """The vendor proposes a rise; the customer accepts it while the vendor takes it back."""
    order = sodas(cast, api, 1)
    assert click(api(cast.owner), order, 2).json()["change"]["state"] == "waiting"

    def decide(user: Any, what: str) -> Any:
        return api(user).post(f"{ORDERS}/{order.pk}/changes/1/{what}")

    calls = [lambda: decide(cast.customer, "accept"), lambda: decide(cast.owner, "refuse")]
    answers = together(calls if order.pk % 2 else calls[::-1], at_once=2)
    return Order.objects.get(pk=order.pk), answers if order.pk % 2 else answers[::-1]


def check_decided(order: Order, answers: list[Any], balance: int) -> str:
    statuses = [answer.status_code for answer in answers]
    assert sorted(statuses) == [200, 409]
    winner = statuses.index(200)
    state = ("applied", "refused")[winner]
    assert ItemChange.objects.get(order=order).state == answers[1 - winner].json()["change_state"] == state
    quantity = order.lines.get().quantity
    assert (order.version, quantity) == (3, 2 - winner)
    assert (order.total, balance_of(order.customer)) == (quantity * SODA, balance - quantity * SODA)
    return state


def test_accept_against_refuse(cast: Cast, api: Api, figure: Callable[[str], None], full: bool) -> None:
    rounds = 100 if full else 10
    fill_wallet(cast.customer_row, rounds * 2 * SODA)
    won: Counter[str] = Counter()
    for _ in range(rounds):
        Stock.objects.filter(pk=cast.products["soda"].pk).update(quantity=10)
        balance = balance_of(cast.customer_row)
        won[check_decided(*decided(cast, api), balance)] += 1
    assert len(won) == 2, "the race must have gone both ways"
    figure(f"a rise accepted against refused × {rounds}: {won['applied']} to {won['refused']}, one wins each time")


def test_control_accept_against_refuse_without_the_lock(cast: Cast, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    fill_wallet(cast.customer_row, 1000)
    monkeypatch.setattr(order_update, "lock_purchase", lambda order_id: None)
    monkeypatch.setattr(order_update, "get_order", get_without_a_lock)
    order, answers = decided(cast, api)
    with pytest.raises(AssertionError):
        check_decided(order, answers, 1000)
