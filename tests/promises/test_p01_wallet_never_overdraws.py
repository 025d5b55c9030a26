"""Promise 1: 200 payments of 1.00 on 50.00, 20 at a time: exactly 50 succeed, and nothing is lost."""

from collections import Counter
from collections.abc import Callable
from functools import partial

import pytest
from django.db import IntegrityError, transaction
from django.db.models import Sum
from rest_framework.test import APIClient

from orders.models import Account, Entry, Order, Posting
from orders.services.money import ledger
from tests.cast import Cast
from tests.controls.unlocked_money import draw_without_a_lock
from tests.orders.shopping import ORDERS, cart, fill_wallet, sums
from tests.promises.crowd import together
from vendors.models import Product
from vendors.services.vendors import bump_menu_version

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("proven_ledger"),
]
AT_ONCE = 20


def spend(cast: Cast, api: Callable[..., APIClient], *, payments: int) -> Counter[int]:
    """So many orders of 1.00 from a wallet of 50.00; the statuses of the answers."""
    Product.objects.filter(pk=cast.products["pizza"].pk).update(price=100)
    bump_menu_version(cast.vendor.pk)
    fill_wallet(cast.customer_row, 5000)
    body = cart(cast, payment_method="wallet")

    def pay() -> int:
        return int(api(cast.customer).post(ORDERS, body).status_code)

    return Counter(together([partial(pay)] * payments, at_once=AT_ONCE))


def check(cast: Cast, answers: Counter[int], payments: int) -> None:
    wallet = Account.objects.get(kind="wallet")
    assert answers == {201: 50, 409: payments - 50}
    assert wallet.balance == 0
    assert Entry.objects.filter(account=wallet).aggregate(all=Sum("amount"))["all"] == 0
    assert sums() == {"clearing::EUR": 5000, "funding::EUR": -5000}
    assert Order.objects.count() == Posting.objects.filter(kind="payment").count() == 50
    after = sorted(Entry.objects.filter(account=wallet, amount__lt=0).values_list("balance_after", flat=True))
    assert after == list(range(0, 5000, 100))


def test_exactly_what_it_holds_is_spent(
    cast: Cast, api: Callable[..., APIClient], figure: Callable[[str], None]
) -> None:
    answers = spend(cast, api, payments=200)
    check(cast, answers, 200)
    figure(
        f"200 payments of 1.00 on 50.00, {AT_ONCE} at a time: {answers[201]} succeeded, balance 0.00 = sum of entries"
    )


def test_the_database_refuses_besides(cast: Cast) -> None:
    fill_wallet(cast.customer_row, 5000)
    with pytest.raises(IntegrityError, match="wallet_never_below_zero"), transaction.atomic():
        Account.objects.filter(kind="wallet").update(balance=-1)


def test_control_without_the_lock_it_overdraws(
    cast: Cast, api: Callable[..., APIClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "draw_from_wallet", draw_without_a_lock)
    answers = spend(cast, api, payments=100)
    with pytest.raises(AssertionError):
        check(cast, answers, 100)
    assert answers[201] > 50
