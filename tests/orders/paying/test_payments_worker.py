"""What the worker does for online payments: asks where no notice came, charges, sends refunds; and never twice."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from orders.models import Payment, Refund
from orders.services.paying import due_payments, provider_answers, provider_refunds
from orders.services.paying.providers.protocol import ProviderError
from tests.cast import Cast
from tests.orders.online import Provider, due_now, notice, order_of, place_online
from tests.orders.shopping import ORDERS, assert_nothing_changed, sums
from tracking.worker import WORK, Work, run_worker

Api = Callable[..., APIClient]


@pytest.fixture
def payment(cast: Cast, api: Api, client: Client, provider: Provider) -> Payment:
    """A pizza for 12.00, begun at the provider."""
    payment = place_online(api(cast.customer), cast)
    client.get(f"/pay/{payment.token}")
    payment.refresh_from_db()
    return payment


def read(row: Any) -> Any:
    row.refresh_from_db()
    return row


def test_a_payment_without_a_notice_is_looked_up(provider: Provider, payment: Payment) -> None:
    assert due_payments.run_due_payments() == 0
    due_now(payment)
    assert due_payments.run_due_payments() == 1
    assert (read(payment).state, payment.due_at > timezone.now()) == ("unpaid", True)
    provider.pay(payment.reference)
    due_now(payment)
    assert due_payments.run_due_payments() == 1
    assert (read(payment).state, payment.due_at, order_of(payment).payment_status) == ("paid", None, "paid")
    assert due_payments.run_due_payments() == 0


def test_it_is_looked_up_ever_more_seldom_but_shortly_before_it_expires(payment: Payment) -> None:
    made = payment.created_at
    payment.expires_at = made + timedelta(minutes=30)

    def after(**age: float) -> float:
        """Seconds until it is looked up once more, at this age."""
        now = made + timedelta(**age)
        looked = provider_answers.next_look(payment, now)
        assert looked is not None
        return (looked - now).total_seconds()

    assert [after(seconds=0), after(minutes=10), after(minutes=20)] == [60, 300, 580]
    assert after(minutes=29, seconds=30) == 10
    assert [after(minutes=30), after(hours=2), after(days=3)] == [900, 3600, 21_600]
    assert provider_answers.next_look(payment, made + timedelta(days=15)) is None
    payment.expires_at = None
    assert after(minutes=10) == 300


def test_the_provider_is_asked_before_an_order_expires(
    cast: Cast, api: Api, client: Client, provider: Provider, payment: Payment
) -> None:
    provider.pay(payment.reference)
    soon = timezone.now() + timedelta(seconds=15)
    Payment.objects.update(expires_at=soon, due_at=soon - provider_answers.BEFORE_THE_END)
    assert due_payments.run_due_payments() == 1
    assert order_of(payment).payment_status == "paid"


def test_a_provider_out_of_reach_ends_the_round(
    cast: Cast, api: Api, client: Client, provider: Provider, payment: Payment
) -> None:
    other = place_online(api(cast.customer), cast)
    client.get(f"/pay/{other.token}")
    for each in (payment, other):
        due_now(each)
    provider.calls.clear()
    provider.refuses_with = 503
    assert (due_payments.run_due_payments(), len(provider.calls)) == (0, 1)
    # The one that was tried is taken for a while; the other is due, and next.
    provider.refuses_with = 0
    assert due_payments.run_due_payments() == 1
    assert sorted(each.due_at > timezone.now() + timedelta(seconds=50) for each in (read(payment), read(other))) == [
        True,
        True,
    ]


def test_one_that_breaks_does_not_hold_up_the_others(
    cast: Cast, api: Api, client: Client, provider: Provider, payment: Payment, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = place_online(api(cast.customer), cast)
    client.get(f"/pay/{other.token}")
    for each in (payment, other):
        provider.pay(read(each).reference)
        due_now(each)
    apply = provider_answers.apply_answer

    def breaks(row: Payment, found: Any) -> None:
        if row.pk == payment.pk:
            raise ValueError("a bug")
        apply(row, found)

    monkeypatch.setattr(provider_answers, "apply_answer", breaks)
    assert due_payments.run_due_payments() == 2
    assert (read(payment).state, read(other).state) == ("unpaid", "paid")


def test_without_a_provider_nothing_is_due(settings: Any, provider: Provider, payment: Payment) -> None:
    due_now(payment)
    settings.FAKE_PAYMENTS_URL = ""
    with assert_nothing_changed():
        assert due_payments.run_due_payments() == 0


class TestRefunds:
    @pytest.fixture
    def refund(self, cast: Cast, api: Api, provider: Provider, payment: Payment) -> Refund:
        """The pizza's 12.00, paid and to be sent back."""
        provider.pay(payment.reference)
        notice(payment.reference)
        body = {"transition": "reject", "reason_code": "too_busy"}
        answer = api(cast.owner).post(f"{ORDERS}/{order_of(payment).pk}/transitions", body)
        assert answer.status_code == 200
        refund = Refund.objects.get()
        # The vendor may still take its rejection back: until then the provider is told nothing.
        assert (refund.due_at, due_payments.run_due_payments()) == (refund.created_at + timedelta(minutes=5), 0)
        Refund.objects.update(due_at=timezone.now())
        return Refund.objects.get()

    def test_it_is_sent_once_and_followed_until_it_is_done(
        self, provider: Provider, payment: Payment, refund: Refund
    ) -> None:
        assert (refund.state, refund.amount, sums()) == ("pending", 1200, {})
        assert due_payments.run_due_payments() == 1
        there = provider.ledger.refunds[payment.reference]
        assert [(one["id"], one["amount"]["value"]) for one in there] == [(read(refund).reference, "12.00")]
        assert (refund.state, refund.attempts, refund.done_at) == ("sent", 1, None)
        assert due_payments.run_due_payments() == 0
        # The provider tells that something has changed by the payment's id.
        provider.finish_refund(payment.reference, refund.reference)
        assert notice(payment.reference).status_code == 200
        assert (read(refund).state, refund.due_at) == ("done", None)
        assert refund.done_at is not None
        provider.calls.clear()
        notice(payment.reference)
        assert provider.calls == []

    def test_without_a_notice_it_is_asked_about(self, provider: Provider, payment: Payment, refund: Refund) -> None:
        due_payments.run_due_payments()
        Refund.objects.update(due_at=timezone.now())
        assert (due_payments.run_due_payments(), read(refund).state) == (1, "sent")
        asked = [provider_refunds.next_ask(refund, refund.created_at + timedelta(hours=age)) for age in (0, 2, 48)]
        waits = [
            (at - refund.created_at - timedelta(hours=age)).seconds for at, age in zip(asked, (0, 2, 48), strict=True)
        ]
        assert waits == [60, 3600, 21_600]
        provider.finish_refund(payment.reference, refund.reference, "failed")
        Refund.objects.update(due_at=timezone.now())
        assert (due_payments.run_due_payments(), read(refund).state, refund.due_at) == (1, "failed", None)
        assert refund.failure == "The payment provider could not refund it."

    def test_one_whose_answer_was_lost_is_found_again(
        self, provider: Provider, payment: Payment, refund: Refund
    ) -> None:
        provider.loses_answers = 1
        assert due_payments.run_due_payments() == 0
        assert (read(refund).state, refund.attempts) == ("pending", 1)
        assert "out of reach" in refund.failure
        # The provider forgets keys after a while.
        provider.kept.clear()
        Refund.objects.update(due_at=timezone.now())
        assert due_payments.run_due_payments() == 1
        assert (read(refund).state, refund.attempts, refund.failure) == ("sent", 2, "")
        assert len(provider.ledger.refunds[payment.reference]) == 1

    def test_it_waits_longer_after_each_try_and_then_for_staff(self, provider: Provider, refund: Refund) -> None:
        provider.refuses_with = 503
        waits = []
        for _ in range(provider_refunds.MOST_TRIES):
            Refund.objects.update(due_at=timezone.now())
            with pytest.raises(ProviderError):
                provider_refunds.send_refund(refund.pk)
            due_at = read(refund).due_at
            waits.append(round((due_at - timezone.now()).total_seconds() / 60) if due_at else None)
        assert waits[:6] == [1, 2, 4, 8, 16, 32]
        assert waits[-2:] == [360, None]
        assert (refund.state, refund.attempts) == ("failed", provider_refunds.MOST_TRIES)

    def test_what_the_provider_refuses_needs_staff_at_once(self, provider: Provider, refund: Refund) -> None:
        provider.refuses_with = 422
        assert due_payments.run_due_payments() == 1
        assert (read(refund).state, refund.due_at) == ("failed", None)
        assert "422" in refund.failure
        assert due_payments.run_due_payments() == 0

    def test_one_that_another_worker_has_is_left_alone(self, provider: Provider, refund: Refund) -> None:
        provider.calls.clear()
        Refund.objects.update(due_at=timezone.now() + timedelta(seconds=30))
        assert provider_refunds.send_refund(refund.pk) is None
        Refund.objects.update(due_at=None, state="taken_back")
        assert provider_refunds.send_refund(refund.pk) is None
        assert (provider.calls, read(refund).attempts) == ([], 0)

    def test_a_part_is_sent_as_a_part(
        self, cast: Cast, api: Api, client: Client, provider: Provider, payment: Payment
    ) -> None:
        provider.pay(payment.reference)
        notice(payment.reference)
        for amount in ("5.00", "7.00"):
            body = {"amount": {"amount": amount, "currency": "EUR"}, "reason": "Cold"}
            answer = api(cast.staff).post(f"{ORDERS}/{order_of(payment).pk}/refunds", body)
            assert answer.status_code == 201, answer.json()
        assert due_payments.run_due_payments() == 2
        sent = provider.ledger.refunds[payment.reference]
        assert sorted(one["amount"]["value"] for one in sent) == ["5.00", "7.00"]
        assert provider.ledger.payments[payment.reference]["amountRefunded"]["value"] == "12.00"


def test_a_provider_that_hangs_does_not_hold_up_deadlines(monkeypatch: pytest.MonkeyPatch) -> None:
    apart = ["online payments", "bulk changes", "files", "mails", "webhooks", "files of rows that are gone"]
    apart += ["times of stages", "proof of the ledger"]
    assert [work.name for work in WORK if work.apart] == apart
    monkeypatch.setattr("tracking.worker.connection.close", lambda: None)
    stop, hangs = threading.Event(), threading.Event()
    done: list[str] = []

    def deadlines() -> int:
        done.append("deadline")
        if done.count("deadline") == 2:
            stop.set()
        return 0

    works = (Work("payments", lambda: int(hangs.wait(5)), apart=True), Work("deadlines", deadlines, every=0))
    monkeypatch.setattr("tracking.worker.WORK", works)
    monkeypatch.setattr("tracking.worker.ROUND", 0.001)
    monkeypatch.setattr("tracking.worker.LEAVE", 0.01)
    run_worker(stop)
    assert done == ["deadline", "deadline"]
    hangs.set()
