"""What two confirm at once, or one presses often, moves money once; documents of several sellers stand in no circle."""

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import OperationalError, transaction
from django.test import Client

from orders.lifecycle.table import Fulfilment, Status
from orders.models import Account, IssuedDocument, Order, PaymentShare, Posting, Refund
from orders.services.money import payouts
from orders.services.money.documents import issue_invoice
from orders.services.record import order_update
from ordersite.accounts.callers import caller_of_user
from tests.cast import Cast
from tests.controls.meeting import meet
from tests.controls.unlocked_money import get_without_a_lock, purse_without_a_lock
from tests.office import form_of
from tests.orders.confirming import asked, messages_of
from tests.orders.money import held, settled
from tests.orders.rows import make_order
from tests.orders.shopping import fill_wallet, sums
from tests.promises.crowd import together
from vendors.models import Merchant

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
AT_ONCE = 6


def office_of(cast: Cast) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(cast.staff)
    return client


def press(cast: Cast, url: str, shown: dict[str, Any]) -> Callable[[], str]:
    """Confirms a page that was shown, in a session of its own; what is told."""
    client = office_of(cast)
    return lambda: " ".join(messages_of(client.post(url, shown)))


def payout_page(cast: Cast) -> str:
    fill_wallet(cast.customer_row, 1500)
    settled(cast)
    account = Account.objects.get(kind="vendor", vendor=cast.vendor)
    return f"/admin/orders/account/{account.pk}/pay-out/"


def test_a_payout_that_is_confirmed_often_is_made_once(cast: Cast) -> None:
    url = payout_page(cast)
    shown = asked(office_of(cast), url)[1]
    answers = Counter(together([press(cast, url, shown) for _ in range(AT_ONCE)], at_once=AT_ONCE))
    assert answers == {
        "The payout was recorded.": 1,
        "The form was sent twice, but the change was made only once.": AT_ONCE - 1,
    }
    assert Posting.objects.filter(kind="payout").count() == 1
    assert sums() == held(cast, platform=170, funding=-170)


def pay_out_twice(cast: Cast) -> list[str]:
    """Two who were shown the same payout, each on a page of its own, of 5.00."""
    url, office = payout_page(cast), office_of(cast)
    pages = [asked(office, url, amount="5.00")[1] for _ in "12"]
    return together([press(cast, url + "?amount=5.00", shown) for shown in pages], at_once=2)


def check_one_payout(told: list[str]) -> None:
    assert sorted(text.split(":")[0].split(".")[0] for text in told) == [
        "The amounts have changed",
        "The payout was recorded",
    ]
    assert Posting.objects.filter(kind="payout").count() == 1


def test_of_two_who_confirm_a_payout_one_is_told_that_it_changed(cast: Cast) -> None:
    check_one_payout(pay_out_twice(cast))


def test_control_without_the_purse_s_lock_both_are_paid(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(payouts, "lock_purse", purse_without_a_lock)
    pay_out_twice(cast)
    assert Posting.objects.filter(kind="payout").count() == 2


def refund_twice(cast: Cast) -> tuple[Order, list[str]]:
    """An order of 15.00, of which two are shown a refund of 5.00 and one confirms it beside the other."""
    fill_wallet(cast.customer_row, 1500)
    order, office = settled(cast), office_of(cast)
    url = f"/admin/orders/order/{order.pk}/refund/"
    version = Order.objects.get(pk=order.pk).version
    typed = {"what": "amount", "amount": "5.00", "currency": "EUR", "to": "source", "version": version}
    pages = [form_of(office.post(url, typed)) for _ in "12"]
    return order, together([press(cast, url, shown) for shown in pages], at_once=2)


def check_one_refund(order: Order, told: list[str]) -> None:
    assert sum("The refund has been started." in text for text in told) == 1
    assert all(told), "each is told what became of it"
    assert Refund.objects.count() == 1
    assert PaymentShare.objects.get(order=order).refunded == 500


def test_of_two_who_confirm_a_refund_one_is_refused(cast: Cast) -> None:
    check_one_refund(*refund_twice(cast))


def test_control_without_the_order_s_lock_refunds_collide(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order_update, "get_order", get_without_a_lock)
    order, told = refund_twice(cast)
    with pytest.raises(AssertionError):
        check_one_refund(order, told)


# --- documents of several sellers ---------------------------------------------------------------------------------


@pytest.fixture
def orders(cast: Cast) -> list[Order]:
    """Four that are completed and paid, of two sellers by turns."""
    Merchant.objects.update(legal_name="A seller", legal_address="Nieuwstraat 1")
    vendors = [cast.vendor, cast.other_vendor] * 2
    return [
        make_order(cast, Status.COMPLETED, Fulfilment.PICKUP, payment_status="paid", vendor=vendor)
        for vendor in vendors
    ]


def issue_each(cast: Cast, orders: list[Order]) -> str:
    """As bulk actions do: a transaction an order."""
    for order in orders:
        with transaction.atomic():
            issue_invoice(order_id=order.pk, caller=caller_of_user(cast.staff))
    return "done"


def issue_in_one(cast: Cast, orders: list[Order]) -> str:
    """The control: all in one transaction, so that each holds the numbers of a seller and waits for the other's."""
    try:
        with transaction.atomic():
            for order in orders:
                issue_invoice(order_id=order.pk, caller=caller_of_user(cast.staff))
                meet()
    except OperationalError:
        return "deadlock"
    return "done"


def both_ways(act: Callable[..., str], cast: Cast, orders: list[Order]) -> Counter[str]:
    """One from the first seller to the second, the other the other way round."""
    one, other = orders[:2], orders[:1:-1]
    return Counter(together([partial(act, cast, one), partial(act, cast, other)], at_once=2))


def test_documents_of_several_sellers_are_issued_from_both_ends(cast: Cast, orders: list[Order]) -> None:
    assert both_ways(issue_each, cast, orders) == {"done": 2}
    numbers = IssuedDocument.objects.order_by("seller", "number").values_list("number", flat=True)
    assert list(numbers) == [1, 2, 1, 2]


def test_control_all_in_one_transaction_they_wait_in_a_circle(cast: Cast, orders: list[Order]) -> None:
    assert both_ways(issue_in_one, cast, orders) == {"done": 1, "deadlock": 1}
