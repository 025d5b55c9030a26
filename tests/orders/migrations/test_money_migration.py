"""Orders of today go back to the form of before and come again: no balance moves, and the shares tell the same."""

from collections.abc import Iterator
from typing import Any

import pytest

from orders.models import Order, PaymentShare, Refund
from tests.cast import Cast
from tests.migrating import NEWEST_ORDERS, migrate, migrate_to_newest
from tests.orders.money import COLLECTED, DELIVERED, Api, delivery, pickup, set_terms, walk
from tests.orders.proving import assert_ledger_proves_itself
from tests.orders.shopping import ORDERS, eur, fill_wallet, sums

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
BEFORE = ("orders", "0009_fill_terms")


@pytest.fixture(autouse=True)
def newest() -> Iterator[None]:
    """Whatever a test leaves, the next one finds the newest tables."""
    yield
    migrate_to_newest()


def shares() -> list[tuple[Any, ...]]:
    rows = PaymentShare.objects.order_by("order_id", "payment_id")
    return list(rows.values_list("order", "amount", "tip", "received", "refunded", "is_extra"))


@pytest.fixture
def lives(cast: Cast, api: Api) -> list[Order]:
    """Orders of every way in which money stood before, by wallet and in cash."""
    set_terms(cast)
    fill_wallet(cast.customer_row, 20_000)
    customer, owner, staff = api(cast.customer), api(cast.owner), api(cast.staff)

    def refund(order: Order, amount: str) -> None:
        assert staff.post(f"{ORDERS}/{order.pk}/refunds", {"amount": eur(amount)}).status_code == 201

    def attest(order: Order) -> None:
        payment = order.shares.get().payment_id
        assert owner.post(f"{ORDERS}/{order.pk}/payments/{payment}/approve").status_code == 200

    driven = delivery(cast, api, payment_method="cash")
    walk(cast, api, driven, *DELIVERED)
    refund(driven, "2.00")
    collected, by_wallet = pickup(cast, api), pickup(cast, api, payment_method="wallet")
    for order in (collected, by_wallet):
        walk(cast, api, order, *COLLECTED)
    refund(by_wallet, "1.00")
    attested, closed = pickup(cast, api), pickup(cast, api)
    for order in (attested, closed):
        attest(order)
    refund(attested, "1.50")
    walk(cast, api, closed, "customer cancel_by_customer")
    fallen = delivery(cast, api)
    assert customer.patch(f"{ORDERS}/{fallen.pk}", {"driver_tip": eur("1.00")}).status_code == 200
    reopened = pickup(cast, api, payment_method="wallet")
    walk(cast, api, reopened, "customer cancel_by_customer", "staff reopen")
    return [driven, collected, by_wallet, attested, closed, fallen, reopened, pickup(cast, api)]


def test_back_and_forth_moves_nothing(cast: Cast, lives: list[Order]) -> None:
    before, books, linked = shares(), sums(), Refund.objects.filter(posting__isnull=False).count()
    apps = migrate(BEFORE)
    refunded = apps.get_model("orders", "Payment").objects.values_list("refunded", flat=True)
    assert sum(refunded) == sum(row[4] for row in before)
    assert not apps.get_model("orders", "Posting").objects.filter(kind__in=("cash", "retake")).exists()
    migrate(NEWEST_ORDERS)
    assert (shares(), sums()) == (before, books)
    assert Refund.objects.filter(posting__isnull=False).count() == linked
    assert_ledger_proves_itself()
