"""Statements whose SQL is kept: they find what the query that they are made from finds."""

import pytest
from django.db import connection, transaction
from django.db.models import QuerySet
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext

from orders.models import Order
from orders.services.record.access import get_order, one_order
from ordersite.accounts.callers import Caller, caller_of_merchant, caller_of_user
from ordersite.core.faults import NotFound
from ordersite.core.prepared import Given, Prepared
from tests.cast import Cast
from tests.orders.rows import make_order
from tests.promises.crowd import together

pytestmark = pytest.mark.django_db


def by_status(newest_first: bool) -> QuerySet[Order]:
    orders = Order.objects.select_related("vendor").filter(status=7, vendor=Given("vendor", Order._meta.pk))
    return orders.order_by("-pk" if newest_first else "pk")


def test_each_run_has_its_own_values_and_each_form_its_own_statement(cast: Cast) -> None:
    kept = Prepared(by_status)
    orders = [make_order(cast, 7), make_order(cast, 7)]
    make_order(cast, 4)
    assert kept.rows(False, vendor=cast.vendor.pk) == orders
    assert kept.rows(True, vendor=cast.vendor.pk) == orders[::-1]
    assert kept.rows(False, vendor=cast.vendor.pk + 1_000) == []
    assert kept.rows(False, vendor=cast.vendor.pk) == orders
    assert set(kept.made) == {(connection.vendor, False), (connection.vendor, True)}


def test_what_is_joined_and_converted_is_read_as_django_reads_it(cast: Cast) -> None:
    order = make_order(cast, 7)
    caller = caller_of_user(cast.owner)
    with CaptureQueriesContext(connection) as statements:
        kept = get_order(caller=caller, order_id=order.pk)
        assert kept.vendor.name == cast.vendor.name
    assert len(statements) == 1
    fresh = Order.objects.select_related("vendor", "terms").get(pk=order.pk)
    for one, other in ((kept, fresh), (kept.vendor, fresh.vendor), (kept.terms, fresh.terms)):
        names = [field.attname for field in one._meta.concrete_fields]
        assert {name: getattr(one, name) for name in names} == {name: getattr(other, name) for name in names}
    assert kept._state.db == "default"


@pytest.mark.parametrize("order_id", [0, -1, 2**31, 2**63, -(2**63) - 1, 10**30])
def test_a_number_that_no_row_can_have_finds_nothing(cast: Cast, order_id: int) -> None:
    with pytest.raises(NotFound):
        get_order(caller=caller_of_user(cast.staff), order_id=order_id)


@pytest.mark.django_db(transaction=True)
def test_rows_are_locked_in_a_transaction_only(cast: Cast) -> None:
    order = make_order(cast, 7)
    kept = Prepared(one_order)
    with transaction.atomic():
        assert kept.rows(True, order=order.pk) == [order]
    with pytest.raises(TransactionManagementError):
        kept.rows(True, order=order.pk)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_threads_share_a_statement_and_no_connection(cast: Cast) -> None:
    orders = [make_order(cast, 7) for _ in range(20)]
    kept = Prepared(one_order)
    read = together([lambda pk=order.pk: kept.rows(False, order=pk) for order in orders * 5], at_once=8)
    assert read == [[order] for order in orders * 5]


def test_nobody_is_told_what_somebody_else_was(cast: Cast) -> None:
    order = make_order(cast, 7, visible_at=None)
    assert get_order(caller=caller_of_user(cast.staff), order_id=order.pk) == order
    for caller in (Caller(), caller_of_merchant(cast.merchant.pk + 1), caller_of_user(cast.stranger)):
        with pytest.raises(NotFound):
            get_order(caller=caller, order_id=order.pk)
