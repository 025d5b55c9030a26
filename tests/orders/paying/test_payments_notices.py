"""Notices of a provider: they carry only an id, may come from anybody, repeat, and come in any order."""

import time
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from orders.models import OrderEvent, Payment, Posting, Refund
from orders.services.paying import provider_answers
from orders.services.paying.due_payments import run_due_payments
from orders.services.paying.providers.mollie import Mollie
from orders.services.paying.providers.protocol import Found
from ordersite.core import call_counts
from tests.cast import Cast
from tests.orders.online import NOTICES, Provider, due_now, notice, order_of, place_online
from tests.orders.shopping import assert_nothing_changed, eur

Api = Callable[..., APIClient]
FORM = "application/x-www-form-urlencoded"


@pytest.fixture(autouse=True)
def one_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """Throttles count in the minute that the test began in, however long it takes."""
    began = time.time()
    monkeypatch.setattr(call_counts, "time", SimpleNamespace(time=lambda: began))


@pytest.fixture
def payment(cast: Cast, api: Api, client: Client, provider: Provider) -> Payment:
    """A pizza for 12.00, begun at the provider."""
    payment = place_online(api(cast.customer), cast)
    client.get(f"/pay/{payment.token}")
    payment.refresh_from_db()
    return payment


def read(payment: Payment) -> Payment:
    payment.refresh_from_db()
    return payment


def test_a_notice_is_looked_up_and_applied_once(provider: Provider, payment: Payment) -> None:
    provider.pay(payment.reference)
    for _ in range(5):
        answer = notice(payment.reference)
        assert (answer.status_code, answer.content) == (200, b"")
    assert (read(payment).state, order_of(payment).payment_status) == ("paid", "paid")
    assert (Posting.objects.count(), OrderEvent.objects.filter(kind="payment").count()) == (1, 1)
    # What is decided is not asked again: a repeated notice costs the provider nothing.
    assert provider.asked(f"GET payments/{payment.reference}") == 1


def test_json_is_read_too(provider: Provider, payment: Payment) -> None:
    provider.pay(payment.reference)
    assert APIClient().post(NOTICES, {"id": payment.reference, "status": "failed"}).status_code == 200
    assert read(payment).state == "paid"


def test_a_notice_says_nothing_by_itself(provider: Provider, payment: Payment) -> None:
    for body in (f"id={payment.reference}&status=paid", f"id={payment.reference}&id={payment.reference}"):
        assert APIClient().post(NOTICES, body, content_type=FORM).status_code == 200
    assert (read(payment).state, Posting.objects.count()) == ("unpaid", 0)


def test_unknown_ids_change_nothing_and_ask_nobody(provider: Provider, payment: Payment) -> None:
    provider.pay(payment.reference)
    calls = len(provider.calls)
    with assert_nothing_changed():
        for reference in ("tr_forged", "", "x" * 5000, "%00", "tr_%F0%9F%8D%95", "%ED%A0%80", "re_1"):
            assert notice(reference).status_code == 200
        for method in ("mollie", "cash", "nobody", "%F0%9F%8D%95"):
            assert APIClient().post(f"/api/v1/payments/notices/{method}", {"id": payment.reference}).status_code == 200
    assert (len(provider.calls), read(payment).state) == (calls, "unpaid")


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        ("", FORM, 200),
        ("id", FORM, 200),
        ("=&==&%", FORM, 200),
        ("&".join(f"a{n}=1" for n in range(50)), FORM, 400),
        (b"\xff\xfe\x00id=1", FORM, 200),
        ("id=1", f"{FORM}; charset=nonsense", 200),
        ("[]", "application/json", 200),
        ('{"id": {"a": 1}}', "application/json", 200),
        ('{"id": null}', "application/json", 200),
        ('"tr_1"', "application/json", 200),
        ("{", "application/json", 400),
        ('{"id": "\\u0000"}', "application/json", 400),
        ("[" * 100_000, "application/json", 400),
        ("id=1", "text/plain", 415),
        ("x" * 1_000_001, FORM, 413),
    ],
)
def test_junk_is_no_fault(provider: Provider, body: Any, content_type: str, status: int) -> None:
    with assert_nothing_changed():
        answer = APIClient().generic("POST", NOTICES, body, content_type=content_type)
    assert answer.status_code == status
    assert APIClient().get(NOTICES).status_code == 405


def test_a_credential_is_not_read(provider: Provider, payment: Payment) -> None:
    provider.pay(payment.reference)
    assert notice(payment.reference, APIClient(headers={"Authorization": "Bearer x"})).status_code == 200
    assert read(payment).state == "paid"


def test_a_notice_comes_again_where_the_provider_cannot_be_asked(provider: Provider, payment: Payment) -> None:
    provider.pay(payment.reference)
    provider.refuses_with = 500
    with assert_nothing_changed():
        answer = notice(payment.reference)
    assert (answer.status_code, answer.json()["code"], answer["Retry-After"]) == (503, "provider_unavailable", "30")
    provider.refuses_with = 0
    assert notice(payment.reference).status_code == 200
    assert read(payment).state == "paid"


def test_notices_are_throttled_by_address(provider: Provider, payment: Payment, settings: Any) -> None:
    settings.THROTTLE_ANONYMOUS = 3
    assert [notice("tr_forged").status_code for _ in range(4)] == [200, 200, 200, 429]


def test_a_flood_of_notices_asks_the_provider_a_few_times(
    provider: Provider, payment: Payment, settings: Any, django_assert_num_queries: Any
) -> None:
    settings.PAYMENT_ASKS = 6
    asked = f"GET payments/{payment.reference}"
    Payment.objects.filter(pk=payment.pk).update(due_at=timezone.now() + timedelta(minutes=15))
    assert [notice(payment.reference).status_code for _ in range(6)] == [200] * 6
    provider.pay(payment.reference)
    # A true one among them is refused, so that the provider tells it again; the worker asks within seconds anyway.
    for _ in range(50):
        answer = notice(payment.reference)
        assert (answer.status_code, answer["Retry-After"]) == (429, "60")
    assert (provider.asked(asked), read(payment).state) == (6, "unpaid")
    assert payment.due_at is not None
    assert payment.due_at - timezone.now() <= timedelta(seconds=10)
    # The payer's page and other payments have counts of their own; unknown ids cost one statement.
    assert notice("tr_forged").status_code == 200
    with django_assert_num_queries(1):
        notice("tr_forged")
    due_now(payment)
    run_due_payments()
    assert (provider.asked(asked), read(payment).state, payment.due_at) == (7, "paid", None)


def test_a_true_notice_after_a_failed_try_is_not_lost_in_a_flood(
    provider: Provider, payment: Payment, settings: Any
) -> None:
    provider.pay(payment.reference, "failed")
    assert notice(payment.reference).status_code == 200
    assert (read(payment).state, payment.due_at) == ("failed", None)
    settings.PAYMENT_ASKS = 1
    assert notice(payment.reference).status_code == 200
    provider.ledger.settle(provider.ledger.payment(payment.reference), "paid")
    assert notice(payment.reference).status_code == 429
    assert read(payment).due_at is not None
    due_now(payment)
    run_due_payments()
    assert (read(payment).state, payment.due_at) == ("paid", None)


@pytest.mark.parametrize("told", ["failed", "open"])
def test_a_notice_that_comes_while_the_provider_is_asked_is_not_lost(
    provider: Provider, payment: Payment, monkeypatch: pytest.MonkeyPatch, told: str
) -> None:
    """Too many to be followed at once, it is left to the worker, which what was asked before may not call off."""
    if told == "failed":
        provider.pay(payment.reference, "failed")
    look_up = Mollie.look_up

    def look_up_beside_a_notice(*arguments: Any) -> Found:
        found = look_up(*arguments)
        provider_answers.ask_soon(payment.pk)
        return found

    monkeypatch.setattr(Mollie, "look_up", look_up_beside_a_notice)
    assert notice(payment.reference).status_code == 200
    monkeypatch.undo()
    due = read(payment).due_at
    assert due is not None
    assert due - timezone.now() <= timedelta(seconds=10)
    provider.ledger.settle(provider.ledger.payment(payment.reference), "paid")
    due_now(payment)
    run_due_payments()
    assert (read(payment).state, payment.due_at) == ("paid", None)


def test_a_false_notice_of_a_failed_try_has_the_worker_ask_once(
    provider: Provider, payment: Payment, settings: Any
) -> None:
    provider.pay(payment.reference, "failed")
    settings.PAYMENT_ASKS = 1
    assert [notice(payment.reference).status_code for _ in range(3)] == [200, 429, 429]
    due_now(payment)
    run_due_payments()
    assert (read(payment).state, payment.due_at) == ("failed", None)  # what it knows already ends the asking too
    assert OrderEvent.objects.filter(kind="payment").count() == 1


def test_a_flood_of_notices_about_a_refund_asks_the_provider_a_few_times(
    provider: Provider, payment: Payment, settings: Any, cast: Cast, api: Api
) -> None:
    provider.pay(payment.reference)
    notice(payment.reference)
    order = order_of(payment)
    answer = api(cast.staff).post(f"/api/v1/orders/{order.pk}/refunds", {}, format="json")
    assert answer.status_code == 201, answer.json()
    run_due_payments()
    settings.PAYMENT_ASKS = 2
    calls = len(provider.calls)
    assert [notice(payment.reference).status_code for _ in range(5)] == [200, 200, 429, 429, 429]
    assert len(provider.calls) == calls + 2
    due = Refund.objects.get().due_at
    assert due is not None
    assert due - timezone.now() <= timedelta(seconds=10)


@pytest.mark.parametrize("later", [None, timedelta(hours=1)])
def test_a_true_notice_about_a_refund_is_not_lost_in_a_flood(
    provider: Provider, payment: Payment, settings: Any, cast: Cast, api: Api, later: timedelta | None
) -> None:
    """Also where the worker would look at the refund no more, or in an hour; one that is decided stays so."""
    provider.pay(payment.reference)
    notice(payment.reference)
    order, staff = order_of(payment), api(cast.staff)
    for amount in ("1.00", "2.00"):
        body = {"amount": eur(amount)}
        assert staff.post(f"/api/v1/orders/{order.pk}/refunds", body, format="json").status_code == 201
    run_due_payments()
    decided, sent = Refund.objects.order_by("pk")
    Refund.objects.filter(pk=decided.pk).update(state=Refund.State.DONE, due_at=None)
    settings.PAYMENT_ASKS = 1
    assert notice(payment.reference).status_code == 200
    Refund.objects.filter(pk=sent.pk).update(due_at=timezone.now() + later if later else None)
    assert notice(payment.reference).status_code == 429
    decided.refresh_from_db()
    sent.refresh_from_db()
    assert (decided.due_at, sent.state) == (None, "sent")
    assert sent.due_at is not None
    assert abs(sent.due_at - timezone.now()) <= timedelta(seconds=10)


def test_an_old_look_up_that_comes_late_changes_nothing(
    client: Client, provider: Provider, payment: Payment, monkeypatch: pytest.MonkeyPatch
) -> None:
    look_up, late = Mollie.look_up, []

    def look_up_late(self: Mollie, reference: str) -> Found:
        """Asked while it was open; meanwhile it is paid, noticed and applied."""
        found = look_up(self, reference)
        if not late:
            late.append(found)
            provider.pay(reference)
            notice(reference)
        return found

    monkeypatch.setattr(Mollie, "look_up", look_up_late)
    assert notice(payment.reference).status_code == 200
    assert (late[0].state, read(payment).state, payment.due_at) == ("unpaid", "paid", None)


def test_what_an_earlier_try_came_to_does_not_touch_the_next(
    client: Client, provider: Provider, payment: Payment, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, look_up, begun = payment.reference, Mollie.look_up, []
    provider.pay(first, "failed")

    def look_up_late(self: Mollie, reference: str) -> Found:
        """Asked for the first try; before its answer is applied the payer begins a second one."""
        found = look_up(self, reference)
        if not begun:
            begun.append(reference)
            client.get(f"/pay/{payment.token}")
        return found

    monkeypatch.setattr(Mollie, "look_up", look_up_late)
    assert notice(first).status_code == 200
    assert (read(payment).state, payment.attempt) == ("unpaid", 2)
    # The first try's id is nobody's any more.
    with assert_nothing_changed():
        assert notice(first).status_code == 200
    provider.pay(payment.reference)
    notice(payment.reference)
    notice(first)
    assert read(payment).state == "paid"


def test_a_payment_that_came_in_is_never_taken_back_by_a_notice(provider: Provider, payment: Payment) -> None:
    provider.pay(payment.reference)
    notice(payment.reference)
    provider.ledger.payments[payment.reference]["status"] = "failed"
    with assert_nothing_changed(order_of(payment)):
        notice(payment.reference)
    assert read(payment).state == "paid"


def test_a_payment_that_the_provider_does_not_know_has_failed(provider: Provider, payment: Payment) -> None:
    provider.ledger.payments.clear()
    assert notice(payment.reference).status_code == 200
    assert (read(payment).state, payment.failure) == ("failed", "The provider does not know it.")


def test_no_transaction_is_around_the_provider(
    provider: Provider, payment: Payment, django_assert_num_queries: Any
) -> None:
    provider.pay(payment.reference)
    assert notice(payment.reference).status_code == 200
    # Once it is paid: whose it is, the payment, and that no refund is on its way.
    with django_assert_num_queries(3):
        notice(payment.reference)
