"""Promise 14: payment notices may repeat, be forged, or come in any order; what they set off is done once."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from itertools import permutations
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from orders.models import Order, OrderEvent, Payment, Posting, Refund, SavedMethod
from orders.services.paying import (
    authorisations,
    due_payments,
    provider_answers,
    provider_refunds,
    receiving,
    saved_charges,
)
from orders.services.paying.providers.protocol import Found, ProviderError, State
from tests.cast import Cast
from tests.controls.trusting_notices import (
    apply_whatever_is_said,
    believe_what_was_read,
    lock_payment_without_a_lock,
    repeat_key_of_each_try,
    send_refund_without_taking_it,
)
from tests.orders.online import Provider, notice, order_of, place_online, running_provider, takes_online
from tests.orders.shopping import NEAR, ORDERS, eur, sums
from tests.promises.crowd import together

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("proven_ledger"),
]
AT_ONCE = 20
Api = Callable[..., APIClient]


@pytest.fixture
def provider(cast: Cast, settings: Any) -> Iterator[Provider]:
    takes_online(cast.vendor)
    with running_provider(settings) as server:
        yield server


def begun(cast: Cast, api: Api) -> Payment:
    """A pizza for 12.00, begun at the provider."""
    payment = place_online(api(cast.customer), cast)
    assert Client().get(f"/pay/{payment.token}").status_code == 303
    payment.refresh_from_db()
    return payment


def read(payment: Payment) -> Payment:
    payment.refresh_from_db()
    return payment


def notices_of_a_paid_one(cast: Cast, api: Api, provider: Provider, times: int) -> tuple[Payment, Counter[int]]:
    """The same notice so many times, so many of them at once in their look-up; the statuses of the answers."""
    payment = begun(cast, api)
    provider.pay(payment.reference)
    # All of the first ask before one of them has an answer.
    provider.gathers = AT_ONCE
    tell = partial(notice, payment.reference)
    answers = together([lambda: int(tell().status_code)] * times, at_once=AT_ONCE)
    return payment, Counter(answers)


def check_once(payment: Payment, answers: Counter[int], times: int) -> None:
    """One change, one event, one posting; the vendor sees the order, and every caller got its 200."""
    order = order_of(payment)
    assert answers == {200: times}
    assert (read(payment).state, order.payment_status, order.version) == ("paid", "paid", 2)
    assert OrderEvent.objects.filter(order=order, kind="payment").count() == 1
    assert Posting.objects.filter(order=order).count() == 1
    assert sums() == {"funding::EUR": -1200, "clearing::EUR": 1200}
    assert order.visible_at is not None


def test_the_same_notice_again_and_again_is_one_change(
    cast: Cast, api: Api, provider: Provider, figure: Callable[[str], None]
) -> None:
    payment, answers = notices_of_a_paid_one(cast, api, provider, 50)
    check_once(payment, answers, 50)
    looked = provider.asked(f"GET payments/{payment.reference}")
    assert looked >= AT_ONCE
    figure(f"the same notice 50 times, {AT_ONCE} at a time: 1 change, 1 event, 1 posting")


def test_control_without_the_lock_it_is_several(
    cast: Cast, api: Api, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provider_answers, "lock_payment", lock_payment_without_a_lock)
    monkeypatch.setattr(receiving, "lock_payment", believe_what_was_read)
    payment, answers = notices_of_a_paid_one(cast, api, provider, 50)
    with pytest.raises(AssertionError):
        check_once(payment, answers, 50)


def test_notices_the_returning_payer_and_the_worker_at_once(cast: Cast, api: Api, provider: Provider) -> None:
    payment = begun(cast, api)
    provider.pay(payment.reference)
    provider.delay = 0.1
    Payment.objects.filter(pk=payment.pk).update(due_at=payment.created_at)
    calls: list[Callable[[], int]] = [
        lambda: int(notice(payment.reference).status_code),
        lambda: Client().get(f"/pay/{payment.token}/return").status_code,
        lambda: Client().get(f"/pay/{payment.token}").status_code,
        lambda: 200 + 0 * due_payments.run_due_payments(),
        lambda: int(notice("tr_forged").status_code),
    ]
    answers = together(calls * 10, at_once=AT_ONCE)
    check_once(payment, Counter(answers), 50)
    assert len(provider.ledger.payments) == 1


def forge(cast: Cast, api: Api, provider: Provider) -> list[Payment]:
    """Notices for what came in with other amounts or currencies, and of ids that are nobody's or another's."""
    forged = []
    for value, currency in (("0.01", "EUR"), ("11.99", "EUR"), ("12.01", "EUR"), ("12.00", "USD"), ("1200", "JPY")):
        payment = begun(cast, api)
        provider.ledger.payments[payment.reference]["amount"] = {"value": value, "currency": currency}
        provider.pay(payment.reference)
        forged.append(payment)
    unpaid = begun(cast, api)
    for payment in (*forged, unpaid):
        for reference in (payment.reference, f"{payment.reference}x", payment.token, "tr_forged", payment.reference):
            assert notice(reference).status_code == 200
    return [*forged, unpaid]


def check_forged(payments: list[Payment]) -> None:
    for payment in payments:
        order = order_of(payment)
        assert (read(payment).state, payment.paid_at, order.payment_status) == ("unpaid", None, "unpaid")
        assert (order.visible_at, order.version) == (None, 1)
    assert all("instead of 12.00 EUR" in payment.failure for payment in payments[:-1])
    assert not Posting.objects.exists()
    assert not OrderEvent.objects.filter(kind="payment").exists()


def test_forged_ids_amounts_and_currencies_pay_nothing(
    cast: Cast, api: Api, provider: Provider, figure: Callable[[str], None]
) -> None:
    payments = forge(cast, api, provider)
    check_forged(payments)
    figure(f"another id, amount or currency, {len(payments)} payments: none paid")


def test_control_who_believes_the_state_alone_is_paid_with_a_cent(
    cast: Cast, api: Api, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provider_answers, "apply_answer", apply_whatever_is_said)
    payments = forge(cast, api, provider)
    with pytest.raises(AssertionError):
        check_forged(payments)
    assert read(payments[0]).state == "paid"


SAID = (State.UNPAID, State.FAILED, State.PAID, State.UNPAID)


def in_any_order(cast: Cast, api: Api) -> list[Payment]:
    """A payment for each order in which look-ups can arrive, one of which says that it was paid."""
    payments = []
    for order in sorted(set(permutations(SAID))):
        payment = begun(cast, api)
        for state in order:
            found = Found(reference=payment.reference, state=state, amount=1200, currency="EUR")
            provider_answers.apply_answer(payment, found)
        payments.append(payment)
    return payments


def test_look_ups_arrive_in_any_order(cast: Cast, api: Api, provider: Provider, figure: Callable[[str], None]) -> None:
    payments = in_any_order(cast, api)
    assert {read(payment).state for payment in payments} == {"paid"}
    assert set(Order.objects.values_list("payment_status", flat=True)) == {"paid"}
    assert Posting.objects.count() == len(payments) == 12
    figure("look-ups in all 12 orders: paid, once each")


def test_control_the_last_word_takes_a_payment_back(
    cast: Cast, api: Api, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provider_answers, "apply_answer", apply_whatever_is_said)
    assert {read(payment).state for payment in in_any_order(cast, api)} == {"paid", "failed"}


def test_twenty_who_open_the_page_at_once_get_one_payment(cast: Cast, api: Api, provider: Provider) -> None:
    payment = place_online(api(cast.customer), cast)
    provider.gathers = AT_ONCE
    pages = together([lambda: Client().get(f"/pay/{payment.token}")["Location"]] * AT_ONCE, at_once=AT_ONCE)
    assert len(set(pages)) == len(provider.ledger.payments) == 1
    assert (read(payment).attempt, payment.redirect_url) == (1, pages[0])
    assert provider.asked("POST payments") > 1


def test_a_saved_method_is_charged_once(cast: Cast, api: Api, provider: Provider) -> None:
    first = place_online(api(cast.customer), cast, save_payment_method=True)
    Client().get(f"/pay/{first.token}")
    provider.pay(read(first).reference)
    notice(first.reference)
    payment = place_online(api(cast.customer), cast, saved_payment_method=SavedMethod.objects.get().pk)
    provider.delay = 0.1
    made = len(provider.ledger.payments)
    calls: list[Callable[[], object]] = [
        due_payments.run_due_payments,
        partial(saved_charges.charge_saved, payment.pk),
        lambda: Client().get(f"/pay/{payment.token}"),
    ]
    together(calls * 7, at_once=AT_ONCE)
    assert (read(payment).state, payment.attempt) == ("paid", 1)
    assert len(provider.ledger.payments) == made + 1
    assert OrderEvent.objects.filter(order=order_of(payment), kind="payment").count() == 1


def refund_by_several(cast: Cast, api: Api, provider: Provider, send: Callable[[int], object]) -> Payment:
    """A rejected order's 12.00, sent back by twenty workers at once."""
    payment = begun(cast, api)
    provider.pay(payment.reference)
    notice(payment.reference)
    # In two parts, so that the provider itself would take a third.
    for amount in ("4.00", "4.00"):
        body = {"amount": {"amount": amount, "currency": "EUR"}, "reason": "Cold"}
        assert api(cast.staff).post(f"{ORDERS}/{order_of(payment).pk}/refunds", body).status_code == 201
    provider.delay = 0.1
    ids = list(Refund.objects.values_list("pk", flat=True))
    together([partial(send, refund_id) for refund_id in ids for _ in range(AT_ONCE // 2)], at_once=AT_ONCE)
    return payment


def check_refunded(payment: Payment, provider: Provider) -> None:
    assert [one["amount"]["value"] for one in provider.ledger.refunds[payment.reference]] == ["4.00", "4.00"]
    assert list(Refund.objects.values_list("state", "attempts")) == [("sent", 1), ("sent", 1)]


def test_a_refund_is_sent_once(cast: Cast, api: Api, provider: Provider) -> None:
    payment = refund_by_several(cast, api, provider, provider_refunds.send_refund)
    check_refunded(payment, provider)


def test_control_without_taking_it_first_it_is_sent_twice(cast: Cast, api: Api, provider: Provider) -> None:
    def send(refund_id: int) -> None:
        # The provider itself refuses what is more than was paid.
        with suppress(ProviderError):
            send_refund_without_taking_it(refund_id)

    payment = refund_by_several(cast, api, provider, send)
    with pytest.raises(AssertionError):
        check_refunded(payment, provider)
    assert len(provider.ledger.refunds[payment.reference]) > 2


def held(cast: Cast, api: Api, provider: Provider) -> Payment:
    """A delivered pizza for 14.50, for which 34.50 are held: of its tip of 20.00 nothing is left."""
    body = {"delivery_type": "delivery", "address": "Naamsestraat 1", "location": NEAR, "driver_tip": eur("20.00")}
    payment = place_online(api(cast.customer), cast, **body)
    assert Client().get(f"/pay/{payment.token}").status_code == 303
    provider.pay(read(payment).reference)
    assert notice(payment.reference).status_code == 200
    path = f"{ORDERS}/{order_of(payment).pk}"
    assert api(cast.customer).patch(path, {"driver_tip": eur("0.00")}).status_code == 200
    assert (read(payment).state, payment.amount) == ("authorised", 1450)
    assert api(cast.staff).post(f"{path}/payments/{payment.pk}/approve").status_code == 200
    return payment


def take_by_many(payment: Payment, provider: Provider, times: int) -> None:
    """Notices, the returning payer and workers, all of which find that it is to be taken now."""
    provider.delay = 0.1
    calls: list[Callable[[], int]] = [
        lambda: int(notice(payment.reference).status_code),
        lambda: Client().get(f"/pay/{payment.token}/return").status_code,
        lambda: 200 + 0 * due_payments.run_due_payments(),
    ]
    together((calls * times)[:times], at_once=times)
    provider.delay = 0


def check_taken(payment: Payment, provider: Provider) -> None:
    at_provider = provider.ledger.payments[payment.reference]
    assert at_provider["amountCaptured"]["value"] == "14.50"
    assert (read(payment).state, Posting.objects.count()) == ("paid", 1)
    assert sums() == {"funding::EUR": -1450, "clearing::EUR": 1450}


def test_what_is_held_is_taken_once(
    cast: Cast, api: Api, provider: Provider, settings: Any, figure: Callable[[str], None]
) -> None:
    settings.PAYMENT_CAPTURE = "hand"
    payment = held(cast, api, provider)
    take_by_many(payment, provider, 20)
    check_taken(payment, provider)
    asked = provider.asked(f"POST payments/{payment.reference}/captures")
    figure(f"money that is held, taken by 20 at once: the provider was asked {asked} times, and took it once")


def test_control_with_a_key_for_each_try_it_is_taken_twice(
    cast: Cast, api: Api, provider: Provider, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PAYMENT_CAPTURE = "hand"
    payment = held(cast, api, provider)
    monkeypatch.setattr(authorisations, "repeat_key", repeat_key_of_each_try)
    take_by_many(payment, provider, 2)
    with pytest.raises(AssertionError):
        check_taken(payment, provider)
    assert provider.ledger.payments[payment.reference]["amountCaptured"]["value"] == "29.00"
