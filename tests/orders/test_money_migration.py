"""Standing orders' money comes into its new form and back: no balance moves, and the shares tell the same."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

from orders.models import Order, PaymentShare, Posting
from tests.cast import Cast
from tests.orders.money import COLLECTED, DELIVERED, Api, delivery, pickup, set_terms, walk
from tests.orders.shopping import ORDERS, eur, fill_wallet, sums

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
BEFORE = ("orders", "0009_fill_terms")
AFTER = MigrationLoader(None).graph.leaf_nodes("orders")[0]


def migrate(to: tuple[str, str]) -> Any:
    """Brings the tables to a migration; the models as they were then."""
    executor = MigrationExecutor(connection)
    executor.migrate([to])
    return MigrationExecutor(connection).loader.project_state([to]).apps


@pytest.fixture(autouse=True)
def newest() -> Iterator[None]:
    """Whatever a test leaves, the next one finds the newest tables."""
    yield
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


def shares() -> list[tuple[Any, ...]]:
    rows = PaymentShare.objects.order_by("order_id", "payment_id")
    return list(rows.values_list("order", "amount", "tip", "received", "refunded", "is_extra"))


def posted(share: PaymentShare, *kinds: str) -> int:
    """What the share's postings of these kinds brought into clearing."""
    postings = Posting.objects.filter(share=share, kind__in=kinds).prefetch_related("entries__account")
    entries = [entry for posting in postings for entry in posting.entries.all()]
    return sum(entry.amount for entry in entries if entry.account.kind == "clearing")


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
    before, books, kinds = shares(), sums(), sorted(Posting.objects.values_list("kind", "share"), key=str)
    apps = migrate(BEFORE)
    refunded = apps.get_model("orders", "Payment").objects.values_list("refunded", flat=True)
    assert sum(refunded) == sum(row[4] for row in before)
    assert not apps.get_model("orders", "Posting").objects.filter(kind__in=("cash", "retake")).exists()
    migrate(AFTER)
    assert (shares(), sums()) == (before, books)
    assert sorted(Posting.objects.values_list("kind", "share"), key=str) == kinds


def test_the_old_form_becomes_the_new_one(cast: Cast, lives: list[Order]) -> None:
    """As it stood before: cash beside its division, or nowhere; a wallet payment that fell told as a refund."""
    before, books = shares(), sums()
    apps = migrate(BEFORE)
    make_old(apps)
    migrate(AFTER)
    assert (shares(), sums()) == (before, books)
    for share in PaymentShare.objects.all():
        assert (posted(share, "payment", "cash"), -posted(share, "refund", "retake")) == (
            share.received,
            share.refunded,
        )
    for posting in Posting.objects.prefetch_related("entries"):
        assert sum(entry.amount for entry in posting.entries.all()) == 0


def make_old(apps: Any) -> None:
    models = [apps.get_model("orders", name) for name in ("Posting", "Entry", "Order")]
    Posting, Entry, Order = models  # noqa: N806
    for order in Order.objects.filter(payment_method="cash"):
        divided = Posting.objects.filter(order=order).exclude(
            pk__in=Entry.objects.filter(posting__order=order, account__kind="cash").values("posting")
        )
        for cash in Entry.objects.filter(posting__order=order, account__kind="cash").order_by("pk"):
            own = cash.posting
            kind = "refund" if own.kind == "refund" else "settlement"
            target = divided.filter(kind=kind).order_by("pk").first()
            if order.status not in (1, 11, 15) or target is None:
                # It stood in no posting at all.
                Entry.objects.filter(posting=own).delete()
            else:
                Entry.objects.filter(posting=target, account__kind="clearing").delete()
                Entry.objects.filter(posting=own, account__kind="clearing").delete()
                cash.posting = target
                cash.save()
            own.delete()
    # What a wallet payment became less by was told as a refund.
    for entry in Entry.objects.filter(posting__kind="payment", account__kind="wallet", amount__gt=0):
        Posting.objects.filter(pk=entry.posting_id).update(kind="refund")
