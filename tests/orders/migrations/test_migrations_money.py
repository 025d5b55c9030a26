"""Standing orders' money, written in the form of before, comes into the new form and goes back: nobody's balance moves.

Every kind of standing order is written as the version before wrote it: rows and postings, by its own columns.
"""

import itertools
import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Sum
from django.utils import timezone

from orders.models import Order, Payment, PaymentShare, Posting
from tests.cast import Cast
from tests.migrating import migrate, migrate_to_newest
from tests.orders.proving import assert_ledger_proves_itself, differences
from tests.orders.rows import terms_now
from tests.orders.shopping import sums

BEFORE = ("orders", "0009_fill_terms")
AFTER = ("orders", "0012_share_constraints")
TOTAL = 1500
numbers = itertools.count(1)


class Before:
    """Writes orders as the version before did, at 15.00 each: 13.30 are the vendor's and 1.70 the platform's."""

    def __init__(self, apps: Any, cast: Cast) -> None:
        self.apps, self.cast, self.now = apps, cast, timezone.now() - timedelta(days=1)
        self.terms = terms_now(cast.vendor)

    def rows(self, name: str) -> Any:
        return self.apps.get_model("orders", name).objects

    def tick(self) -> Any:
        """A moment later than the last."""
        self.now += timedelta(seconds=1)
        return self.now

    def purchase(self, total: int) -> Any:
        return self.rows("Purchase").create(
            customer_id=self.cast.customer_row.pk,
            placed_by_key="test",
            currency="EUR",
            total=total,
            tracking_hash=uuid.uuid4().hex,
            tracking_sealed="x",
        )

    def order(self, method: str, status: int, state: str, *, purchase: Any = None, **fields: Any) -> Any:
        purchase = purchase or self.purchase(fields.get("total", TOTAL))
        return self.rows("Order").create(
            **{
                "purchase_id": purchase.pk,
                "vendor_id": self.cast.vendor.pk,
                "customer_id": self.cast.customer_row.pk,
                "status": status,
                "fulfilment": 2,
                "number": next(numbers),
                "number_day": self.now.date(),
                "tracking_hash": uuid.uuid4().hex,
                "tracking_sealed": "x",
                "collection_code": "123456",
                "currency": "EUR",
                "subtotal": fields.get("total", TOTAL),
                "total": TOTAL,
                "platform_share": 170,
                "terms_id": self.terms.pk,
                "payment_method": method,
                "payment_status": state,
                "visible_at": self.now,
                **fields,
            }
        )

    def share(self, order: Any, state: str, amount: int = TOTAL, refunded: int = 0, **fields: Any) -> Any:
        """A payment of this order alone, and its share."""
        payment = self.rows("Payment").create(
            **{
                "purchase_id": order.purchase_id,
                "currency": "EUR",
                "provider": order.payment_method,
                "state": state,
                "amount": amount,
                "refunded": refunded,
                "token": uuid.uuid4().hex,
                **fields,
            }
        )
        return self.rows("PaymentShare").create(payment=payment, order=order, amount=amount, refunded=refunded)

    def post(self, order: Any, kind: str, **amounts: int) -> None:
        """One posting of the order; wallets' entries and balances follow."""
        assert sum(amounts.values()) == 0
        posting = self.rows("Posting").create(order=order, kind=kind, actor="test", created_at=self.tick())
        self.enter(posting, amounts)

    def enter(self, posting: Any, amounts: Mapping[str, int]) -> None:
        for name, amount in amounts.items():
            account = self.account(name)
            if account.kind == "wallet":
                account.balance += amount
                account.save()
            self.rows("Entry").create(posting=posting, account=account, amount=amount, balance_after=account.balance)

    def account(self, name: str) -> Any:
        cast = self.cast
        owner, fields = {
            "wallet": (str(cast.customer_row.pk), {"customer_id": cast.customer_row.pk, "balance": 0}),
            "vendor": (str(cast.vendor.pk), {"vendor_id": cast.vendor.pk}),
            "cash": (str(cast.vendor.pk), {"vendor_id": cast.vendor.pk}),
            "driver": (f"driver-{cast.driver_row.pk}", {"driver_id": cast.driver_row.pk}),
            "driver_cash": (f"driver-{cast.driver_row.pk}", {"driver_id": cast.driver_row.pk}),
        }.get(name, ("", {}))
        kind = "cash" if name == "driver_cash" else name
        defaults = {"kind": kind, "currency": "EUR", **fields}
        return self.rows("Account").get_or_create(name=f"{kind}:{owner}:EUR", defaults=defaults)[0]

    def fill_wallet(self, amount: int) -> None:
        posting = self.rows("Posting").create(kind="top_up", actor="test", created_at=self.tick())
        self.enter(posting, {"funding": -amount, "wallet": amount})

    def refund(self, share: Any, amount: int, state: str, to: str = "source", **fields: Any) -> Any:
        return self.rows("Refund").create(
            payment_id=share.payment_id,
            order_id=share.order_id,
            amount=amount,
            to=to,
            state=state,
            actor="test",
            created_at=self.tick(),
            **fields,
        )


# --- one function a kind of standing order; what its share must say: received, refunded, tip -------------------------


def cash_settled(b: Before) -> Any:
    order = b.order("cash", 15, "paid")
    b.share(order, "paid")
    b.post(order, "settlement", cash=-1500, vendor=1330, platform=170)
    return order, [(1500, 0)]


def cash_marked_received(b: Before) -> Any:
    order = b.order("cash", 7, "paid")
    b.share(order, "paid")
    return order, [(1500, 0)]


def cash_refunded_before_the_success(b: Before) -> Any:
    order = b.order("cash", 15, "partly_refunded", refunded=400)
    b.refund(b.share(order, "partly_refunded", refunded=400), 400, "by_hand")
    b.post(order, "settlement", cash=-1100, vendor=975, platform=125)
    return order, [(1500, 400)]


def cash_refunded_after_the_success(b: Before) -> Any:
    order = b.order("cash", 15, "partly_refunded", refunded=400)
    share = b.share(order, "partly_refunded", refunded=400)
    b.post(order, "settlement", cash=-1500, vendor=1330, platform=170)
    b.refund(share, 400, "done")
    b.post(order, "refund", cash=400, vendor=-355, platform=-45)
    return order, [(1500, 400)]


def cash_refunded_to_the_wallet(b: Before) -> Any:
    order = b.order("cash", 15, "partly_refunded", refunded=400)
    share = b.share(order, "partly_refunded", refunded=400)
    b.post(order, "settlement", cash=-1500, vendor=1330, platform=170)
    b.refund(share, 400, "done", "wallet")
    b.post(order, "refund", clearing=-400, wallet=400)
    b.post(order, "refund", clearing=400, vendor=-355, platform=-45)
    return order, [(1500, 400)]


def cash_undone_and_done_again(b: Before) -> Any:
    order = b.order("cash", 15, "paid")
    b.share(order, "paid")
    b.post(order, "settlement", cash=-1500, vendor=1330, platform=170)
    b.post(order, "reversal", cash=1500, vendor=-1330, platform=-170)
    b.post(order, "settlement", cash=-1500, vendor=1330, platform=170)
    return order, [(1500, 0)]


def cash_undone(b: Before) -> Any:
    order = b.order("cash", 4, "unpaid")
    b.share(order, "unpaid")
    b.post(order, "settlement", cash=-1500, vendor=1330, platform=170)
    b.post(order, "reversal", cash=1500, vendor=-1330, platform=-170)
    return order, [(0, 0)]


def cash_marked_received_then_cancelled(b: Before) -> Any:
    order = b.order("cash", 5, "refunded", refunded=1500)
    b.refund(b.share(order, "refunded", refunded=1500), 1500, "by_hand", closing=True)
    return order, [(1500, 1500)]


def cash_by_a_driver(b: Before) -> Any:
    driver = {"driver_id": b.cast.driver_row.pk, "driver_accepted_at": b.now, "driver_tip": 300, "fulfilment": 1}
    order = b.order("cash", 11, "paid", **driver)
    b.share(order, "paid")
    b.post(order, "settlement", driver_cash=-1500, vendor=1030, platform=170, driver=300)
    return order, [(1500, 0)]


def cash_by_a_driver_who_never_accepted(b: Before) -> Any:
    order = b.order("cash", 1, "paid", driver_id=b.cast.driver_row.pk, driver_tip=300, fulfilment=1)
    b.share(order, "paid")
    b.post(order, "settlement", driver_cash=-1500, vendor=1030, platform=170, driver=300)
    return order, [(1500, 0)]


def several_vendors_in_cash(b: Before) -> Any:
    """One is collected, the other has not paid yet: the payment waits."""
    purchase = b.purchase(2 * TOTAL)
    first = b.order("cash", 15, "paid", purchase=purchase)
    second = b.order("cash", 7, "unpaid", purchase=purchase, vendor_id=b.cast.other_vendor.pk)
    share = b.share(first, "unpaid")
    b.rows("Payment").filter(pk=share.payment_id).update(amount=2 * TOTAL)
    b.rows("PaymentShare").create(payment_id=share.payment_id, order=second, amount=TOTAL)
    b.post(first, "settlement", cash=-1500, vendor=1330, platform=170)
    return first, [(1500, 0)]


def wallet_settled(b: Before) -> Any:
    order = b.order("wallet", 15, "paid")
    b.share(order, "paid")
    b.post(order, "payment", wallet=-1500, clearing=1500)
    b.post(order, "settlement", clearing=-1500, vendor=1330, platform=170)
    return order, [(1500, 0)]


def wallet_with_a_rise_and_a_fall(b: Before) -> Any:
    order = b.order("wallet", 7, "paid", total=1400)
    b.share(order, "paid", 1400)
    b.post(order, "payment", wallet=-1500, clearing=1500)
    b.post(order, "payment", wallet=-200, clearing=200)
    b.post(order, "refund", clearing=-300, wallet=300)
    return order, [(1400, 0)]


def wallet_cancelled_and_reopened(b: Before) -> Any:
    order = b.order("wallet", 0, "paid")
    share = b.share(order, "paid")
    b.post(order, "payment", wallet=-1500, clearing=1500)
    b.refund(share, 1500, "taken_back", "wallet", closing=True)
    b.post(order, "refund", clearing=-1500, wallet=1500)
    b.post(order, "payment", wallet=-1500, clearing=1500)
    return order, [(1500, 0)]


def wallet_cancelled_at_a_cost(b: Before) -> Any:
    order = b.order("wallet", 16, "partly_refunded", refunded=1000)
    share = b.share(order, "partly_refunded", refunded=1000)
    b.post(order, "payment", wallet=-1500, clearing=1500)
    b.refund(share, 1000, "done", "wallet", closing=True)
    b.post(order, "refund", clearing=-1000, wallet=1000)
    b.post(order, "settlement", clearing=-500, vendor=443, platform=57)
    return order, [(1500, 1000)]


def wallet_changed_to_online(b: Before) -> Any:
    order = b.order("fake", 7, "paid")
    b.share(order, "paid", reference="tr_moved")
    b.post(order, "payment", wallet=-1500, clearing=1500)
    b.post(order, "refund", clearing=-1500, wallet=1500)
    b.post(order, "payment", funding=-1500, clearing=1500)
    return order, [(1500, 0)]


def online_partly_refunded(b: Before) -> Any:
    order = b.order("fake", 15, "partly_refunded", refunded=400)
    share = b.share(order, "partly_refunded", refunded=400, reference="tr_1")
    b.post(order, "payment", funding=-1500, clearing=1500)
    b.post(order, "settlement", clearing=-1500, vendor=1330, platform=170)
    b.refund(share, 400, "sent", attempts=1)
    b.post(order, "refund", clearing=-400, funding=400)
    b.post(order, "refund", clearing=400, vendor=-355, platform=-45)
    return order, [(1500, 400)]


def online_refund_that_failed_and_went_to_the_wallet(b: Before) -> Any:
    order = b.order("fake", 2, "refunded", refunded=1500)
    share = b.share(order, "refunded", refunded=1500, reference="tr_2")
    b.post(order, "payment", funding=-1500, clearing=1500)
    b.refund(share, 1500, "done", "wallet", attempts=3, closing=True)
    b.post(order, "refund", clearing=-1500, funding=1500)
    b.post(order, "refund", funding=-1500, wallet=1500)
    return order, [(1500, 1500)]


def online_with_a_rise_that_is_not_paid(b: Before) -> Any:
    order = b.order("fake", 7, "unpaid", total=1800)
    b.share(order, "paid", 1500, reference="tr_3")
    b.share(order, "unpaid", 300)
    b.rows("Purchase").filter(pk=order.purchase_id).update(total=1800)
    b.post(order, "payment", funding=-1500, clearing=1500)
    return order, [(1500, 0), (0, 0)]


def online_with_a_rise_that_is_paid(b: Before) -> Any:
    order = b.order("fake", 7, "paid", total=1800)
    b.share(order, "paid", 1500, reference="tr_4")
    b.share(order, "paid", 300, reference="tr_5")
    b.post(order, "payment", funding=-1500, clearing=1500)
    b.post(order, "payment", funding=-300, clearing=300)
    return order, [(1500, 0), (300, 0)]


def online_disputed(b: Before) -> Any:
    order = b.order("fake", 0, "unpaid")
    failure = "14.00 EUR came in instead of 15.00 EUR: not counted as paid."
    b.share(order, "unpaid", reference="tr_6", failure=failure)
    return order, [(0, 0)]


def transfer_approved(b: Before) -> Any:
    order = b.order("transfer", 7, "paid")
    b.share(order, "paid")
    b.post(order, "payment", funding=-1500, clearing=1500)
    return order, [(1500, 0)]


def transfer_with_a_proof(b: Before) -> Any:
    order = b.order("transfer", 0, "proof_pending")
    b.share(order, "proof_pending")
    return order, [(0, 0)]


KINDS: tuple[Callable[[Before], Any], ...] = (
    cash_settled,
    cash_marked_received,
    cash_refunded_before_the_success,
    cash_refunded_after_the_success,
    cash_refunded_to_the_wallet,
    cash_undone_and_done_again,
    cash_undone,
    cash_marked_received_then_cancelled,
    cash_by_a_driver,
    cash_by_a_driver_who_never_accepted,
    several_vendors_in_cash,
    wallet_settled,
    wallet_with_a_rise_and_a_fall,
    wallet_cancelled_and_reopened,
    wallet_cancelled_at_a_cost,
    wallet_changed_to_online,
    online_partly_refunded,
    online_refund_that_failed_and_went_to_the_wallet,
    online_with_a_rise_that_is_not_paid,
    online_with_a_rise_that_is_paid,
    online_disputed,
    transfer_approved,
    transfer_with_a_proof,
)
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def before(cast: Cast) -> Iterator[Before]:
    """The database as the version before left it; afterwards it is brought to the newest again."""
    try:
        standing = Before(migrate(BEFORE), cast)
        standing.fill_wallet(100_000)
        yield standing
    finally:
        migrate_to_newest()


def balances(apps: Any) -> dict[str, int]:
    rows = apps.get_model("orders", "Entry").objects.values("account__name").annotate(held=Sum("amount"))
    return {row["account__name"]: row["held"] for row in rows if row["held"]}


def test_every_kind_of_standing_order_proves_itself(before: Before) -> None:
    wanted = {write.__name__: write(before) for write in KINDS}
    was = balances(before.apps)
    migrate_to_newest()
    assert_ledger_proves_itself()
    for name, (order, shares) in wanted.items():
        found = PaymentShare.objects.filter(order=order.pk).order_by("payment_id")
        assert [(share.received, share.refunded) for share in found] == shares, name
    # Cash that is marked as received on an open order is in the vendor's hands now, and held for it.
    now = sums()
    vendor_cash, held = f"cash:{before.cast.vendor.pk}:EUR", "clearing::EUR"
    assert now == {**was, vendor_cash: was[vendor_cash] - 1500, held: was[held] + 1500}
    assert not Posting.objects.filter(kind="refund", share=None, entries__account__kind__in=("wallet", "cash")).exists()
    # What of a share is a tip, a rise or disputed.
    driven, raised = wanted["cash_by_a_driver"][0], wanted["online_with_a_rise_that_is_not_paid"][0]
    assert PaymentShare.objects.get(order=driven.pk).tip == 300
    extra = PaymentShare.objects.filter(order=raised.pk).order_by("pk").values_list("is_extra", flat=True)
    assert list(extra) == [False, True]
    assert Order.objects.get(pk=raised.pk).payment_status == "paid"
    disputed = Payment.objects.get(reference="tr_6")
    assert (disputed.disputed_amount, disputed.disputed_currency, disputed.state) == (1400, "EUR", "unpaid")
    # It may be run again, after it was stopped.
    postings = list(Posting.objects.order_by("pk").values("pk", "kind", "share", "text"))
    executor = MigrationExecutor(connection)
    apps = executor.loader.project_state([("orders", "0012_share_constraints")]).apps
    migration: Any = executor.loader.get_migration("orders", "0011_money_of_shares")
    for operation in migration.operations:
        operation.code(apps, None)
    assert (sums(), list(Posting.objects.order_by("pk").values("pk", "kind", "share", "text"))) == (now, postings)


def test_back_and_forward_again_changes_nothing(before: Before) -> None:
    for write in KINDS:
        write(before)
    was = balances(before.apps)
    migrate_to_newest()
    forward, shares = sums(), list(PaymentShare.objects.order_by("pk").values())
    states = list(Order.objects.order_by("pk").values_list("pk", "payment_status", "refunded"))
    apps = migrate(BEFORE)
    assert balances(apps) == was
    payments = apps.get_model("orders", "Payment").objects
    assert payments.get(reference="tr_1").refunded == 400
    kinds = set(apps.get_model("orders", "Posting").objects.values_list("kind", flat=True))
    assert kinds == {"top_up", "payment", "refund", "settlement", "reversal"}
    migrate_to_newest()
    assert (sums(), list(PaymentShare.objects.order_by("pk").values())) == (forward, shares)
    assert list(Order.objects.order_by("pk").values_list("pk", "payment_status", "refunded")) == states
    assert_ledger_proves_itself()


def test_cash_marked_by_staff_is_with_the_driver_who_carries_it(before: Before) -> None:
    driver = {"driver_id": before.cast.driver_row.pk, "driver_accepted_at": before.now, "fulfilment": 1}
    order = before.order("cash", 9, "paid", **driver)
    before.share(order, "paid", checked_by_id=before.cast.staff.pk)
    migrate_to_newest()
    assert sums()[f"cash:driver-{before.cast.driver_row.pk}:EUR"] == -1500
    assert_ledger_proves_itself()


def test_what_cannot_be_matched_stays_paid_and_is_named(before: Before) -> None:
    """A payment that the rows call paid and that no posting knows."""
    order = before.order("fake", 7, "paid")
    share = before.share(order, "paid", reference="tr_7")
    migrate_to_newest()
    assert PaymentShare.objects.get(pk=share.pk).received == 1500
    said = f"share {share.pk} (order {order.pk}, payment {share.payment_id}) says that 1500 came in, its postings 0"
    assert differences() == [("shares of payments", said)]
