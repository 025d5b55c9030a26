"""Promise 6: the vendor accepts while the customer cancels, two hundred times: one of them wins, and knows it."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from orders.models import Order, OrderEvent, Posting
from orders.services.record import order_update
from tests.cast import Cast
from tests.controls.unlocked_money import get_without_a_lock
from tests.orders.shopping import ORDERS, balance_of, cart, fill_wallet, place_order
from tests.promises.crowd import together
from vendors.models import Vendor

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("proven_ledger"),
]
PRICE = 1200


def race(cast: Cast, api: Callable[..., APIClient], *, version: str = "") -> tuple[Order, list[Any]]:
    """One order from the wallet; accept and cancel at once."""
    order = place_order(api(cast.customer), cart(cast, payment_method="wallet"))
    headers = {"If-Match": version} if version else {}

    def move(user: Any, name: str) -> Any:
        return api(user).post(f"{ORDERS}/{order.pk}/transitions", {"transition": name}, headers=headers)

    calls = [lambda: move(cast.owner, "accept"), lambda: move(cast.customer, "cancel_by_customer")]
    answers = together(calls if order.pk % 2 else calls[::-1], at_once=2)
    return Order.objects.get(pk=order.pk), answers if order.pk % 2 else answers[::-1]


def check(order: Order, answers: list[Any], *, stale: bool) -> str:
    """Who won; raises AssertionError where it was not exactly one."""
    statuses = [answer.status_code for answer in answers]
    assert sorted(statuses) == [200, 412 if stale else 409]
    winner = statuses.index(200)
    assert order.status == (7, 16)[winner]
    events = list(OrderEvent.objects.filter(order=order).order_by("number").values_list("number", "transition"))
    assert events == [(1, ""), (2, ("accept", "cancel_by_customer")[winner])]
    refunds = Posting.objects.filter(order=order, kind="refund").count()
    assert (refunds, order.payment_status) == ((0, "paid"), (1, "refunded"))[winner]
    refusal = answers[1 - winner].json()
    current = refusal["current"] if stale else refusal
    assert (current["order_status"]["code"], current["version"]) == (order.status, 2)
    assert "allowed_transitions" in current
    return ("accept", "cancel")[winner]


def test_one_wins(cast: Cast, api: Callable[..., APIClient], figure: Callable[[str], None], full: bool) -> None:
    rounds = 200 if full else 30
    # Otherwise cancelling after accepting would be allowed, and both would rightly succeed.
    Vendor.objects.filter(pk=cast.vendor.pk).update(cancel_until=Vendor.CancelUntil.ACCEPTED)
    fill_wallet(cast.customer_row, PRICE * rounds)
    won: Counter[str] = Counter()
    for number in range(rounds):
        stale = number % 2 == 1
        order, answers = race(cast, api, version='"1"' if stale else "")
        won[check(order, answers, stale=stale)] += 1
    assert balance_of(cast.customer_row) == PRICE * won["cancel"]
    assert len(won) == 2, "the race must have gone both ways"
    figure(
        f"accept against cancel × {rounds}: {won['accept']} to {won['cancel']}, one event and at most one refund each"
    )


def test_control_without_the_lock_both_go_through(
    cast: Cast, api: Callable[..., APIClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    Vendor.objects.filter(pk=cast.vendor.pk).update(cancel_until=Vendor.CancelUntil.ACCEPTED)
    fill_wallet(cast.customer_row, PRICE)
    monkeypatch.setattr(order_update, "get_order", get_without_a_lock)
    order, answers = race(cast, api)
    with pytest.raises(AssertionError):
        check(order, answers, stale=False)
