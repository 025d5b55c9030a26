"""`manage.py check_ledger`: silent over what is right, and for every kind of check one row that is broken is named."""

import logging
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from orders.models import Account, Counter, Entry, Order, Payment, PaymentShare, Posting, Purchase
from orders.services.money import ledger_check
from tests.cast import Cast
from tests.orders.money import COLLECTED, pickup, set_terms, settled, step, walk
from tests.orders.proving import assert_ledger_proves_itself, differences
from tests.orders.shopping import ORDERS, eur, fill_wallet

Api = Callable[..., APIClient]


@pytest.fixture
def order(cast: Cast, api: Api) -> Order:
    """A pizza of 12.00 and the fee of 0.50, paid from a wallet of 50.00 and collected; beside it one in cash."""
    set_terms(cast)
    fill_wallet(cast.customer_row, 5000)
    order = pickup(cast, api, payment_method="wallet")
    walk(cast, api, order, *COLLECTED)
    walk(cast, api, pickup(cast, api), *COLLECTED)
    return Order.objects.get(pk=order.pk)


@pytest.fixture
def open_order(cast: Cast, api: Api, order: Order) -> Order:
    return pickup(cast, api, payment_method="wallet")


def run(sql: str, *parameters: Any) -> None:
    """One row is broken, by nobody's service."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        assert cursor.rowcount == 1


def entry_of(order: Order, kind: str, account: str) -> Entry:
    return Entry.objects.get(posting__order=order, posting__kind=kind, account__kind=account)


def share_of(order: Order) -> PaymentShare:
    return PaymentShare.objects.get(order=order)


def told_of(share: PaymentShare, words: str) -> str:
    return f"share {share.pk} (order {share.order_id}, payment {share.payment_id}) says that {words}"


def test_a_life_proves_itself(cast: Cast, api: Api, order: Order) -> None:
    """A success, a refund of it, a cancelled order and open ones."""
    refund = api(cast.staff).post(f"{ORDERS}/{order.pk}/refunds", {"amount": eur("2.00"), "reason": "Cold."})
    assert refund.status_code == 201, refund.json()
    cancelled = pickup(cast, api, payment_method="wallet")
    assert step(cast, api, cancelled, "customer cancel_by_customer").status_code == 200
    pickup(cast, api, payment_method="wallet")
    settled(cast, "cash", number=500)
    assert_ledger_proves_itself()
    output = StringIO()
    call_command("check_ledger", stdout=output)
    assert output.getvalue().splitlines() == [
        f"postings: {Posting.objects.count()} checked, 0 differ",
        "shares of payments: 5 checked, 0 differ",
        "payments: 5 checked, 0 differ",
        "purchases: 5 checked, 0 differ",
        "orders: 5 checked, 0 differ",
        "wallets: 1 checked, 0 differ",
        "vendors and drivers: 2 checked, 0 differ",
        f"entries: {Entry.objects.count()} checked, 0 differ",
        "open orders: 1 checked, 0 differ",
        "The ledger proves itself.",
    ]


# --- one broken row a kind of check -----------------------------------------------------------------------------------


def test_a_posting_that_does_not_sum_to_zero(order: Order) -> None:
    entry = entry_of(order, "settlement", "vendor")
    run("UPDATE orders_entry SET amount = amount + 1 WHERE id = %s", entry.pk)
    said = differences()
    assert ("postings", f"the entries of posting {entry.posting_id} sum to 1, not to zero") in said
    assert ("entries", "all entries in EUR sum to 1, not to zero") in said


def test_a_posting_in_two_currencies(cast: Cast, order: Order) -> None:
    dollars = Account.objects.create(name="platform::USD", kind="platform", currency="USD")
    entry = entry_of(order, "settlement", "platform")
    run("UPDATE orders_entry SET account_id = %s WHERE id = %s", dollars.pk, entry.pk)
    assert ("postings", f"posting {entry.posting_id} has entries in EUR and in USD") in differences()


def test_a_share_that_received_more_or_less_than_its_postings(open_order: Order) -> None:
    share = share_of(open_order)
    run("UPDATE orders_paymentshare SET received = received - 1 WHERE id = %s", share.pk)
    assert ("shares of payments", told_of(share, "1249 came in, its postings 1250")) in differences()


def test_a_share_that_gave_back_what_no_posting_and_no_refund_says(open_order: Order) -> None:
    share = share_of(open_order)
    run("UPDATE orders_paymentshare SET refunded = 5 WHERE id = %s", share.pk)
    said = differences()
    assert ("shares of payments", told_of(share, "5 went back, its postings 0")) in said
    assert ("shares of payments", told_of(share, "5 went back, its refunds 0")) in said


def test_a_refund_that_was_not_given(cast: Cast, api: Api, open_order: Order) -> None:
    share = share_of(open_order)
    assert step(cast, api, open_order, "customer cancel_by_customer").status_code == 200
    run("UPDATE orders_refund SET amount = 1 WHERE order_id = %s", open_order.pk)
    assert differences() == [("shares of payments", told_of(share, "1250 went back, its refunds 1"))]


def test_a_payment_that_is_not_its_shares(order: Order) -> None:
    payment = Payment.objects.get(shares__order=order)
    run("UPDATE orders_payment SET amount = 1 WHERE id = %s", payment.pk)
    assert differences() == [("payments", f"payment {payment.pk} is of 1, its shares of 1250")]


def test_a_purchase_that_is_not_its_orders(order: Order) -> None:
    run("UPDATE orders_purchase SET total = 1 WHERE id = %s", order.purchase_id)
    assert differences() == [("purchases", f"purchase {order.purchase_id} costs 1, its orders 1250")]


def test_an_order_whose_shares_do_not_pay_it(open_order: Order) -> None:
    run("UPDATE orders_order SET waived = 3 WHERE id = %s", open_order.pk)
    said = f"order {open_order.pk} costs 1247 after refunds, its shares pay 1250"
    assert differences() == [("orders", said)]


def test_an_order_that_is_closed_and_still_held_for(order: Order) -> None:
    posting = Posting.objects.get(order=order, kind="settlement")
    run("UPDATE orders_posting SET order_id = NULL WHERE id = %s", posting.pk)
    said = differences()
    assert ("orders", f"for order {order.pk} 1250 is held, where it should be zero, for it is closed") in said
    division = "vendor 0.00, driver 0.00, platform 0.00, where it should be vendor 10.80, driver 0.00, platform 1.70"
    assert ("orders", f"order {order.pk} is divided as {division}") in said
    entry = Entry.objects.get(posting=posting, account__kind="vendor")
    of = f"entry {entry.pk} of account {entry.account.name} is of posting {posting.pk} of no order"
    assert ("vendors and drivers", of) in said


def test_an_open_order_that_is_held_less_than_nothing_for(open_order: Order) -> None:
    posting = Posting.objects.get(order=open_order)
    run("UPDATE orders_entry SET amount = -amount WHERE posting_id = %s AND amount > 0", posting.pk)
    said = f"for order {open_order.pk} -1250 is held, where it should be zero or more"
    assert ("orders", said) in differences()


def test_a_division_that_is_not_the_agreed_one(order: Order) -> None:
    run("UPDATE orders_entry SET amount = amount + 5 WHERE id = %s", entry_of(order, "settlement", "vendor").pk)
    run("UPDATE orders_entry SET amount = amount - 5 WHERE id = %s", entry_of(order, "settlement", "platform").pk)
    was = "vendor 10.85, driver 0.00, platform 1.65"
    said = f"order {order.pk} is divided as {was}, where it should be vendor 10.80, driver 0.00, platform 1.70"
    assert differences() == [("orders", said)]


def test_of_what_was_divided_before_only_the_sum_is_proved(order: Order) -> None:
    vendor, platform = (entry_of(order, "settlement", kind).pk for kind in ("vendor", "platform"))
    run("UPDATE orders_entry SET amount = amount + 5 WHERE id = %s", vendor)
    run("UPDATE orders_entry SET amount = amount - 5 WHERE id = %s", platform)
    mark = ledger_check.DIVIDED_BEFORE
    run("UPDATE orders_posting SET text = %s WHERE order_id = %s AND kind = 'settlement'", mark, order.pk)
    assert differences() == []
    run("UPDATE orders_entry SET amount = amount - 5 WHERE id = %s", vendor)
    assert ("orders", f"of order {order.pk} 1245 is divided, where 1250 came in and stayed") in differences()


def test_a_wallet_that_is_not_its_entries(cast: Cast, order: Order) -> None:
    wallet = Account.objects.get(kind="wallet")
    run("UPDATE orders_account SET balance = 1 WHERE id = %s", wallet.pk)
    assert differences() == [("wallets", f"wallet {wallet.name} says 1, its entries sum to 3750")]


def test_a_wallet_entry_that_does_not_continue_the_chain(order: Order) -> None:
    entry = entry_of(order, "payment", "wallet")
    run("UPDATE orders_entry SET balance_after = NULL WHERE id = %s", entry.pk)
    said = f"entry {entry.pk} of wallet {entry.account.name} says that None was left, the entries up to it sum to 3750"
    assert differences() == [("wallets", said)]


def test_a_vendor_that_has_what_is_anothers(cast: Cast, order: Order) -> None:
    name = f"vendor:{cast.other_vendor.pk}:EUR"
    other = Account.objects.create(name=name, kind="vendor", currency="EUR", vendor=cast.other_vendor)
    entry = entry_of(order, "settlement", "vendor")
    run("UPDATE orders_entry SET account_id = %s WHERE id = %s", other.pk, entry.pk)
    of = f"is of posting {entry.posting_id} of order {order.pk}, which is not its own"
    assert differences() == [("vendors and drivers", f"entry {entry.pk} of account {name} {of}")]


def test_cash_of_which_more_was_given_back_than_was_taken(cast: Cast, order: Order) -> None:
    entry = Entry.objects.get(account__kind="cash")
    run("UPDATE orders_entry SET amount = -amount WHERE id = %s", entry.pk)
    order_id = entry.posting.order_id
    said = f"of order {order_id} cash:{cast.vendor.pk}:EUR gave 1250 more back than it took"
    assert ("vendors and drivers", said) in differences()


def test_a_paid_order_that_nobody_can_complete(open_order: Order) -> None:
    run("UPDATE orders_order SET payment_status = 'unpaid' WHERE id = %s", open_order.pk)
    said = f"order {open_order.pk} is paid and can be completed by nobody: it is pending"
    assert differences() == [("open orders", said)]


def test_an_order_that_nobody_can_leave(open_order: Order) -> None:
    """Something to collect, in a status of deliveries."""
    run("UPDATE orders_order SET status = 22 WHERE id = %s", open_order.pk)
    said = [text for _, text in differences()]
    assert f"order {open_order.pk} can be left by nobody: it is looking_for_driver" in said


# --- the command, and the worker --------------------------------------------------------------------------------------


def test_the_command_names_what_differs_and_ends_with_1(order: Order) -> None:
    run("UPDATE orders_purchase SET total = 1 WHERE id = %s", order.purchase_id)
    output, errors = StringIO(), StringIO()
    with pytest.raises(CommandError, match="differs in 1 place") as raised:
        call_command("check_ledger", stdout=output, stderr=errors)
    assert raised.value.returncode == 1
    assert "purchases: 2 checked, 1 differ\n" in output.getvalue()
    assert errors.getvalue() == f"  purchase {order.purchase_id} costs 1, its orders 1250\n"


def test_one_order_alone(order: Order) -> None:
    other = Order.objects.exclude(pk=order.pk).get()
    Purchase.objects.filter(pk=order.purchase_id).update(total=1)
    assert differences(other.pk) == []
    assert [name for name, _ in differences(order.pk)] == ["purchases"]
    output = StringIO()
    call_command("check_ledger", order=other.pk, stdout=output)
    assert "orders: 1 checked, 0 differ" in output.getvalue()


@pytest.mark.parametrize("number", [0, -1, 10**30, 999_999])
def test_an_order_that_does_not_exist(db: None, number: int) -> None:
    with pytest.raises(CommandError, match=f"There is no order {number}"):
        call_command("check_ledger", order=number)


def test_the_number_of_statements_does_not_grow(
    cast: Cast, order: Order, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(100) as few:
        assert_ledger_proves_itself()
    for number in range(500, 510):
        settled(cast, "cash", number=number)
    with django_assert_max_num_queries(len(few)):
        assert_ledger_proves_itself()


def test_the_worker_proves_it_once_a_day(order: Order, caplog: pytest.LogCaptureFixture) -> None:
    run("UPDATE orders_purchase SET total = 1 WHERE id = %s", order.purchase_id)
    said = f"the ledger differs, purchases: purchase {order.purchase_id} costs 1, its orders 1250"
    with caplog.at_level(logging.ERROR):
        assert ledger_check.check_daily() == 0
        # Another worker, or the same an hour later.
        assert ledger_check.check_daily() == 0
    assert caplog.messages == [said]
    yesterday = (timezone.now() - timedelta(days=1)).date().toordinal()
    Counter.objects.filter(name=ledger_check.COUNTER).update(value=yesterday)
    ledger_check.check_daily()
    assert caplog.messages == [said, said]
