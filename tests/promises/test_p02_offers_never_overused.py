"""Promise 2 for offers: one use is left, fifty want it, twenty at a time: one order has it."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import wait
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from rest_framework.test import APIClient

from orders.models import OfferUse, Order
from orders.services.capacity import offers
from orders.services.capacity.offer_terms import save_offer
from tests.cast import Cast
from tests.controls.unlocked_offers import take_uses_without_a_lock
from tests.orders.capacity.test_offers import make_offer
from tests.orders.shopping import ORDERS, cart, place
from tests.promises.crowd import beside, together
from vendors.models import Offer

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
Api = Callable[..., APIClient]
BUYERS, AT_ONCE = 50, 20
# Refused when it was looked up, or when others were quicker after that.
REFUSED = {"invalid used_up", "offer_used_up offer_used_up", "invalid used_up_by_you"}


def buy(cast: Cast, api: Api, *, user: Any = None, **fields: Any) -> Counter[str]:
    """Fifty guests, or one user fifty times, order a pizza each; what came of it, by the answers' codes."""
    body = cart(cast, **fields)

    def one(number: int) -> str:
        guest = {"guest": {"name": f"Guest {number}", "phone": "+32470123456"}}
        response = api(user).post(ORDERS, body if user else {**body, **guest})
        answer = response.json()
        if response.status_code == 201:
            return f"off {answer['orders'][0]['discount']['amount']}"
        faults = [error["code"] for error in answer["errors"]]
        return " ".join([answer["code"], *faults])

    return Counter(together([lambda n=n: one(n) for n in range(BUYERS)], at_once=AT_ONCE))


def check(answers: Counter[str], left: int) -> None:
    assert answers["off 1.20"] == left
    assert OfferUse.objects.filter(is_held=True).count() == Order.objects.filter(discount=120).count() == left


def check_codes(answers: Counter[str], left: int) -> None:
    check(answers, left)
    assert set(answers) - {"off 1.20"} <= REFUSED
    assert Order.objects.count() == left


@pytest.mark.parametrize("left", [1, 7])
def test_a_code_is_used_no_more_often_than_it_may_be(
    cast: Cast, api: Api, figure: Callable[[str], None], left: int
) -> None:
    offer = make_offer(code="TEN", max_uses=left)
    answers = buy(cast, api, offer="TEN")
    check_codes(answers, left)
    assert Offer.objects.get(pk=offer.pk).uses == left
    figure(f"a code for {left}, {BUYERS} buyers, {AT_ONCE} at a time: {left} had it, {BUYERS - left} were refused")


def test_who_comes_too_late_for_one_given_by_itself_orders_without_it(
    cast: Cast, api: Api, figure: Callable[[str], None]
) -> None:
    make_offer(max_uses=1)
    answers = buy(cast, api)
    check(answers, 1)
    assert answers == {"off 1.20": 1, "off 0.00": BUYERS - 1}
    figure(f"an offer for 1 given by itself, {BUYERS} buyers: 1 had it, {BUYERS - 1} ordered without")


def test_a_customer_uses_it_no_more_often_than_each_may(cast: Cast, api: Api, figure: Callable[[str], None]) -> None:
    make_offer(code="TWICE", max_uses_per_customer=2)
    answers = buy(cast, api, user=cast.customer, offer="TWICE")
    check_codes(answers, 2)
    figure(f"a code for 2 by each customer, one tries {BUYERS} times, {AT_ONCE} at a time: 2 had it")


def test_a_limit_counts_who_was_about_to_use_it(cast: Cast, api: Api) -> None:
    """A limit set for the first time waits for the placings under way, and begins with them."""
    offer = make_offer(code="TEN")
    limited = Offer.objects.get(pk=offer.pk)
    limited.max_uses = 1

    @transaction.atomic
    def set_limit() -> None:
        save_offer(offer=limited)

    with transaction.atomic():
        place(api(cast.customer), cart(cast, offer="TEN"))
        setting = beside(set_limit)
        wait([setting], 0.5)
        assert not setting.done()
    setting.result(10)
    assert Offer.objects.values_list("uses", "max_uses").get(pk=offer.pk) == (1, 1)


def test_the_database_refuses_besides(cast: Cast) -> None:
    make_offer(max_uses=1)
    with pytest.raises(IntegrityError, match="offer_not_used_too_often"), transaction.atomic():
        Offer.objects.update(uses=2)


@pytest.mark.parametrize("limit", ["max_uses", "max_uses_per_customer"])
def test_control_without_the_locks_it_is_used_too_often(
    cast: Cast, api: Api, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(offers, "take_uses", take_uses_without_a_lock)
    make_offer(code="TEN", **{limit: 1})  # type: ignore[arg-type]
    answers = buy(cast, api, user=cast.customer, offer="TEN")
    with pytest.raises(AssertionError):
        check_codes(answers, 1)
    assert answers["off 1.20"] > 1
