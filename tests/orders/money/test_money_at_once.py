"""Refunds and payouts, many at once: what is there is given once, and never more."""

from collections import Counter
from functools import partial

import pytest
from django.db import IntegrityError, transaction
from rest_framework.test import APIClient

from orders.models import Order, OrderEvent, PaymentShare, Posting, Refund
from orders.services.money import payouts
from orders.services.money.payouts import Purse
from orders.services.record import order_update
from ordersite.accounts.callers import SYSTEM
from ordersite.core.faults import Conflict
from tests.cast import Cast
from tests.controls.unlocked_money import get_without_a_lock, posting_without_a_lock, purse_without_a_lock
from tests.orders.money import Api, held, settled
from tests.orders.shopping import ORDERS, eur, fill_wallet, sums
from tests.promises.crowd import together

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
CALLS, AT_ONCE = 20, 10


def send(cast: Cast, api: Api, url: str) -> Counter[int]:
    """So many calls for 1.00 each; the statuses of the answers, a fault's too."""

    def call() -> int:
        client: APIClient = api(cast.staff)
        client.raise_request_exception = False
        return int(client.post(url, {"amount": eur("1.00")}).status_code)

    return Counter(together([partial(call)] * CALLS, at_once=AT_ONCE))


def refund_at_once(cast: Cast, api: Api) -> tuple[Order, Counter[int]]:
    """An order of 15.00, and twenty times 1.00 asked back."""
    fill_wallet(cast.customer_row, 1500)
    order = settled(cast)
    return order, send(cast, api, f"{ORDERS}/{order.pk}/refunds")


def check_refunds(cast: Cast, order: Order, answers: Counter[int]) -> None:
    order.refresh_from_db()
    assert answers == {201: 15, 409: 5}
    assert (order.refunded, order.version, order.payment_status) == (1500, 16, "refunded")
    assert PaymentShare.objects.get(order=order).refunded == 1500
    assert Refund.objects.count() == OrderEvent.objects.filter(kind="payment").count() == 15
    assert sums() == held(cast, wallet=1500, funding=-1500)


def pay_out_at_once(cast: Cast, api: Api) -> Counter[int]:
    """13.30 are owed, and twenty times 1.00 paid out."""
    fill_wallet(cast.customer_row, 1500)
    settled(cast)
    return send(cast, api, f"/api/v1/vendors/{cast.vendor.pk}/payouts")


def check_payouts(cast: Cast, answers: Counter[int]) -> None:
    assert answers == {201: 13, 409: 7}
    assert Posting.objects.filter(kind="payout").count() == 13
    assert sums() == held(cast, vendor=30, platform=170, funding=-200)


def test_no_more_is_refunded_than_was_paid(cast: Cast, api: Api) -> None:
    check_refunds(cast, *refund_at_once(cast, api))


def test_control_without_the_order_s_lock_refunds_collide(
    cast: Cast, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order_update, "get_order", get_without_a_lock)
    order, answers = refund_at_once(cast, api)
    with pytest.raises(AssertionError):
        check_refunds(cast, order, answers)


def test_no_more_is_paid_out_than_is_owed(cast: Cast, api: Api) -> None:
    check_payouts(cast, pay_out_at_once(cast, api))


def test_control_without_the_purse_s_lock_it_is_paid_twice(
    cast: Cast, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(payouts, "lock_purse", purse_without_a_lock)
    answers = pay_out_at_once(cast, api)
    with pytest.raises(AssertionError):
        check_payouts(cast, answers)
    assert answers[201] > 13


def reverse_at_once(cast: Cast) -> Counter[str]:
    """A payout of 13.30, and twenty who take it back; what each is told."""
    fill_wallet(cast.customer_row, 1500)
    settled(cast)
    with transaction.atomic():
        posting = payouts.pay_out(purse=Purse(currency="EUR", vendor_id=cast.vendor.pk), amount=None, caller=SYSTEM)

    def call() -> str:
        try:
            with transaction.atomic():
                payouts.reverse_movement(posting_id=posting.pk, caller=SYSTEM, reason="Sent back")
        except Conflict as conflict:
            return conflict.code
        except IntegrityError:
            return "fault"
        return "done"

    return Counter(together([call] * CALLS, at_once=AT_ONCE))


def check_reversals(cast: Cast, answers: Counter[str]) -> None:
    assert answers == {"done": 1, "already_reversed": 19}
    assert Posting.objects.filter(kind="payout_rev").count() == 1
    assert sums() == held(cast, vendor=1330, platform=170, funding=-1500)


def test_a_payout_is_taken_back_once(cast: Cast) -> None:
    check_reversals(cast, reverse_at_once(cast))


def test_control_without_the_posting_s_lock_the_database_has_to_refuse(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(payouts, "lock_posting", posting_without_a_lock)
    answers = reverse_at_once(cast)
    with pytest.raises(AssertionError):
        check_reversals(cast, answers)
    assert answers["fault"]
