"""Promise 3: the same key twenty times at once makes one order, and everybody gets the same answer."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from orders.models import Order, Posting, Purchase
from ordersite.core import idempotency
from ordersite.core.models import IdempotencyKey
from tests.cast import Cast
from tests.controls.unlocked_money import look_for_key_first
from tests.orders.shopping import ORDERS, balance_of, cart, fill_wallet
from tests.promises.crowd import together

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
AT_ONCE = 20


def repeat(cast: Cast, api: Callable[..., APIClient], **fields: Any) -> list[Any]:
    """The same order twenty times at once, paid from a wallet that could pay all of them."""
    fill_wallet(cast.customer_row, 100_000)
    body = cart(cast, payment_method="wallet", **fields)
    headers = {} if fields else {"Idempotency-Key": "same"}
    return together([lambda: api(cast.customer).post(ORDERS, body, headers=headers)] * AT_ONCE, at_once=AT_ONCE)


def check(cast: Cast, answers: list[Any]) -> None:
    assert Order.objects.count() == Posting.objects.filter(kind="payment").count() == 1
    assert balance_of(cast.customer_row) == 98_800
    assert {answer.status_code for answer in answers} <= {201, 409}
    told = [answer for answer in answers if answer.status_code == 201]
    assert all(answer.json() == told[0].json() for answer in told)
    assert sum("Idempotency-Replayed" not in answer for answer in told) == 1
    assert all(answer["Retry-After"] for answer in answers if answer.status_code == 409)


def test_one_key_one_order(cast: Cast, api: Callable[..., APIClient], figure: Callable[[str], None]) -> None:
    answers = repeat(cast, api)
    check(cast, answers)
    client = api(cast.customer)
    other = client.post(ORDERS, cart(cast, comment="another"), headers={"Idempotency-Key": "same"})
    assert other.status_code == 422
    elsewhere = api(cast.stranger).post(ORDERS, cart(cast), headers={"Idempotency-Key": "same"})
    assert elsewhere.status_code == 201
    statuses = Counter(answer.status_code for answer in answers)
    figure(f"the same key {AT_ONCE} times at once: 1 order, {statuses[201]} identical answers, another body 422")


def test_one_external_code_one_purchase(
    cast: Cast, api: Callable[..., APIClient], figure: Callable[[str], None]
) -> None:
    answers = repeat(cast, api, external_code="A-1")
    assert Purchase.objects.count() == Order.objects.count() == Posting.objects.filter(kind="payment").count() == 1
    assert Counter(answer.status_code for answer in answers) == {201: 1, 200: AT_ONCE - 1}
    assert len({answer.json()["purchase"]["uuid"] for answer in answers}) == 1
    assert balance_of(cast.customer_row) == 98_800
    figure(f"the same external code {AT_ONCE} times at once: 1 purchase, 1 × 201, {AT_ONCE - 1} × 200")


def test_control_a_key_that_is_only_looked_for_makes_several(
    cast: Cast, api: Callable[..., APIClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idempotency, "insert_key", look_for_key_first)
    monkeypatch.setattr(idempotency, "find_kept", lambda scope, fingerprint: pytest.fail("never reached at once"))
    body = cart(cast)
    headers = {"Idempotency-Key": "same"}
    together([lambda: api(cast.customer).post(ORDERS, body, headers=headers)] * 5, at_once=5)
    assert Order.objects.count() > 1
    assert IdempotencyKey.objects.count() == 1
