"""Payments that a provider holds first (authorised): taken once, when it is due, or let go; and what that posts."""

import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from orders.models import Order, OrderEvent, Payment, Posting
from orders.services.paying.due_payments import run_due_payments
from orders.services.paying.providers.mollie import Mollie
from orders.services.paying.providers.protocol import Found
from ordersite.core.money import from_text
from tests.cast import Cast
from tests.orders.confirming import asked, told
from tests.orders.money import COLLECTED, DELIVERED, step, walk
from tests.orders.online import Provider, due_now, notice, order_of, place_online
from tests.orders.proving import assert_ledger_proves_itself
from tests.orders.several import cart_for_both, make_bakery
from tests.orders.shopping import NEAR, ORDERS, assert_nothing_changed, eur, place, sums

Api = Callable[..., APIClient]


@pytest.fixture(autouse=True)
def on_completion(settings: Any, cast: Cast) -> Iterator[None]:
    """Money that can be held is taken when the order is completed; in the end the ledger proves itself."""
    settings.PAYMENT_CAPTURE = "completion"
    yield
    assert_ledger_proves_itself()


@pytest.fixture
def payment(cast: Cast, api: Api, client: Client, provider: Provider) -> Payment:
    """A pizza for 12.00, whose money the provider holds."""
    return authorise(place_online(api(cast.customer), cast), client, provider)


def authorise(payment: Payment, client: Client, provider: Provider) -> Payment:
    assert client.get(f"/pay/{payment.token}").status_code == 303
    provider.pay(read(payment).reference)
    assert at_provider(provider, payment)["status"] == "authorized"
    assert notice(payment.reference).status_code == 200
    return read(payment)


def at_provider(provider: Provider, payment: Payment) -> dict[str, Any]:
    found: dict[str, Any] = provider.ledger.payments[payment.reference]
    return found


def captures(provider: Provider, payment: Payment) -> int:
    """How often the provider was asked to take money."""
    return provider.asked(f"POST payments/{payment.reference}/captures")


def read(payment: Payment) -> Payment:
    payment.refresh_from_db()
    return payment


def test_what_is_held_lets_the_vendor_begin_and_posts_nothing(
    cast: Cast, api: Api, client: Client, provider: Provider, payment: Payment
) -> None:
    order = order_of(payment)
    assert (payment.state, order.payment_status, payment.expires_at) == ("authorised", "authorised", None)
    assert order.visible_at is not None
    assert Posting.objects.count() == 0
    for path in (f"/pay/{payment.token}", f"/pay/{payment.token}/return"):
        assert "<h1>Reserved</h1>" in client.get(path).content.decode()
    shown = api(cast.customer).get(f"{ORDERS}/{order.pk}").json()
    assert (shown["payment_status"], shown["payments"][0]["checkout_url"]) == ("authorised", None)
    for _ in range(3):
        assert notice(payment.reference).status_code == 200
    assert OrderEvent.objects.filter(kind="payment").count() == 1
    step(cast, api, order, "owner accept")
    due_now(payment)
    assert (run_due_payments(), captures(provider, payment), read(payment).state) == (1, 0, "authorised")


def test_it_is_taken_once_when_the_order_is_completed(
    cast: Cast, api: Api, provider: Provider, payment: Payment
) -> None:
    order = order_of(payment)
    walk(cast, api, order, *COLLECTED)
    assert (run_due_payments(), run_due_payments()) == (1, 0)
    for _ in range(3):
        assert notice(payment.reference).status_code == 200
    assert (captures(provider, payment), at_provider(provider, payment)["amountCaptured"]["value"]) == (1, "12.00")
    assert (read(payment).state, order_of(payment).payment_status) == ("paid", "paid")
    assert sums()["funding::EUR"] == -1200
    assert "clearing::EUR" not in sums() or sums()["clearing::EUR"] == 0


@pytest.mark.slow
def test_it_is_taken_once_also_where_the_answer_is_lost(
    cast: Cast, api: Api, provider: Provider, payment: Payment, monkeypatch: pytest.MonkeyPatch
) -> None:
    walk(cast, api, order_of(payment), *COLLECTED)
    answer_once = provider.answer_once

    def lose_the_capture(method: str, path: list[str], *rest: Any) -> Any:
        answer = answer_once(method, path, *rest)
        if path[-1] == "captures":
            provider.loses_answers = 1
        return answer

    monkeypatch.setattr(provider, "answer_once", lose_the_capture)
    run_due_payments()
    assert (read(payment).state, at_provider(provider, payment)["status"]) == ("authorised", "paid")
    due_now(payment)
    run_due_payments()
    assert (read(payment).state, captures(provider, payment)) == ("paid", 1)


def test_what_closes_without_success_lets_it_go(cast: Cast, api: Api, provider: Provider, payment: Payment) -> None:
    order = order_of(payment)
    walk(cast, api, order, "owner reject")
    assert run_due_payments() == 1
    assert (at_provider(provider, payment)["status"], captures(provider, payment)) == ("canceled", 0)
    assert (read(payment).state, payment.due_at, order_of(payment).payment_status) == ("failed", None, "failed")
    assert (Posting.objects.count(), run_due_payments()) == (0, 0)
    # Reopened it is to be paid anew.
    walk(cast, api, order, "staff reopen")
    assert (order_of(payment).payment_status, read(payment).state) == ("unpaid", "unpaid")


@pytest.mark.slow
def test_taken_by_hand_it_waits_for_staff(
    cast: Cast, api: Api, provider: Provider, payment: Payment, settings: Any
) -> None:
    settings.PAYMENT_CAPTURE = "hand"
    order = order_of(payment)
    path = f"{ORDERS}/{order.pk}/payments/{payment.pk}/approve"
    walk(cast, api, order, *COLLECTED)
    run_due_payments()
    assert (captures(provider, payment), read(payment).state) == (0, "authorised")
    with assert_nothing_changed():
        assert api(cast.owner).post(path).json()["code"] == "paid_online"
        assert api(cast.customer).post(path).status_code == 403
    for _ in range(2):
        assert api(cast.staff).post(path).status_code == 200
    assert (run_due_payments(), captures(provider, payment)) == (1, 1)
    assert (read(payment).state, payment.checked_by, order_of(payment).payment_status) == ("paid", cast.staff, "paid")
    assert api(cast.staff).post(path).status_code == 200
    assert (run_due_payments(), captures(provider, payment)) == (0, 1)


@pytest.mark.slow
def test_staff_take_it_by_a_button(cast: Cast, provider: Provider, payment: Payment, settings: Any) -> None:
    settings.PAYMENT_CAPTURE = "hand"
    office = Client()
    office.force_login(cast.staff)
    page = f"/admin/orders/paymentproof/?payment={payment.pk}"
    assert page in office.get(f"/admin/orders/payment/{payment.pk}/change/").content.decode()
    url = f"/admin/orders/paymentproof/{payment.pk}/approve/"
    assert url in office.get(page).content.decode()
    text, shown = asked(office, url)
    assert "Take 12.00\u00a0EUR" in text
    assert told(office, url, shown) == ["The payment provider is told to take it: it comes in within seconds."]
    assert "it is being taken" in office.get(page).content.decode()
    assert (run_due_payments(), captures(provider, payment), read(payment).state) == (1, 1, "paid")


@pytest.mark.slow
def test_what_the_order_costs_by_then_is_taken_and_a_rise_is_paid_apart(
    cast: Cast, api: Api, client: Client, provider: Provider
) -> None:
    body = {"delivery_type": "delivery", "address": "Naamsestraat 1", "location": NEAR}
    payment = authorise(place_online(api(cast.customer), cast, driver_tip=eur("2.00"), **body), client, provider)
    order, asked_for = order_of(payment), payment.amount
    path = f"{ORDERS}/{order.pk}"
    assert api(cast.customer).patch(path, {"driver_tip": eur("0.50")}).status_code == 200
    assert (read(payment).amount, payment.state) == (asked_for - 150, "authorised")
    assert api(cast.customer).patch(path, {"driver_tip": eur("1.00")}).status_code == 200
    rise = Payment.objects.exclude(pk=payment.pk).get()
    assert (rise.amount, rise.state, read(payment).amount) == (50, "unpaid", asked_for - 150)
    staff = api(cast.staff)
    assert staff.post(f"{path}/payments/{payment.pk}/approve").status_code == 200
    assert run_due_payments() == 1
    assert (read(payment).state, at_provider(provider, payment)["status"]) == ("paid", "paid")
    assert sums()["funding::EUR"] == 150 - asked_for
    # A refund goes by what was taken.
    assert staff.post(f"{path}/refunds", {}).status_code == 201
    run_due_payments()
    assert payment.refunds.get().state == "sent"


@pytest.mark.slow
def test_what_is_held_is_not_waived_nor_paid_in_another_way(
    cast: Cast, api: Api, provider: Provider, payment: Payment
) -> None:
    order = order_of(payment)
    path = f"{ORDERS}/{order.pk}"
    with assert_nothing_changed(order):
        answer = api(cast.customer).patch(path, {"payment_method": "cash"})
        assert (answer.status_code, answer.json()["code"]) == (409, "already_paid")
        answer = api(cast.staff).post(f"{path}/payments/{payment.pk}/waive", {"reason": "Kind"})
        assert (answer.status_code, answer.json()["code"]) == (409, "payment_pending")
        answer = api(cast.staff).post(f"{path}/refunds", {})
        assert (answer.status_code, answer.json()["code"]) == (409, "not_paid")


@pytest.mark.slow
def test_what_lapses_at_the_provider_is_to_be_paid_anew(
    cast: Cast, api: Api, client: Client, provider: Provider, payment: Payment
) -> None:
    provider.ledger.settle(provider.ledger.payment(payment.reference), "expired")
    due_now(payment)
    assert run_due_payments() == 1
    order = order_of(payment)
    assert (read(payment).state, order.payment_status, order.status) == ("failed", "failed", 0)
    assert payment.expires_at is not None
    assert order.due_at == payment.expires_at
    assert authorise(payment, client, provider).state == "authorised"
    # Whoever has begun is not cancelled for it.
    walk(cast, api, order, "owner accept")
    provider.ledger.settle(provider.ledger.payment(payment.reference), "expired")
    due_now(payment)
    run_due_payments()
    assert (read(payment).state, payment.expires_at, order_of(payment).status) == ("failed", None, 7)
    assert client.get(f"/pay/{payment.token}").status_code == 303


@pytest.mark.slow
def test_of_several_orders_only_what_is_made_is_taken(cast: Cast, api: Api, client: Client, provider: Provider) -> None:
    bakery = make_bakery(cast)
    placed = place(api(cast.customer), cart_for_both(cast, bakery, payment_method="fake", delivery_type="pickup"))
    payment = Payment.objects.get(pk=placed["purchase"]["payments"][0]["id"])
    authorise(payment, client, provider)
    pizza, loaf = Order.objects.order_by("pk")
    assert (pizza.payment_status, loaf.payment_status, payment.amount) == ("authorised", "authorised", 1533)
    walk(cast, api, loaf, "other_owner reject")
    walk(cast, api, pizza, *COLLECTED)
    run_due_payments()
    assert (read(payment).state, at_provider(provider, payment)["amountCaptured"]["value"]) == ("paid", "12.00")
    assert (run_due_payments(), captures(provider, payment), sums()["funding::EUR"]) == (0, 1, -1200)


def test_too_little_that_is_held_is_let_go(cast: Cast, api: Api, client: Client, provider: Provider) -> None:
    payment = place_online(api(cast.customer), cast)
    client.get(f"/pay/{payment.token}")
    provider.pay(read(payment).reference)
    at_provider(provider, payment)["amount"]["value"] = "0.01"
    assert notice(payment.reference).status_code == 200
    assert (read(payment).state, at_provider(provider, payment)["status"]) == ("failed", "canceled")
    assert order_of(payment).visible_at is None


def test_a_top_up_is_taken_at_once(cast: Cast, api: Api, client: Client, provider: Provider) -> None:
    body = {"amount": eur("5.00"), "payment_method": "fake"}
    payment = Payment.objects.get(pk=api(cast.customer).post("/api/v1/wallet/top-ups", body).json()["payment"]["id"])
    client.get(f"/pay/{payment.token}")
    provider.pay(read(payment).reference)
    assert notice(payment.reference).status_code == 200
    assert (read(payment).state, at_provider(provider, payment).get("captureMode")) == ("paid", None)


@pytest.mark.slow
def test_a_total_that_falls_while_it_is_taken_is_left_to_staff(
    cast: Cast, api: Api, client: Client, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = {"delivery_type": "delivery", "address": "Naamsestraat 1", "location": NEAR}
    payment = authorise(place_online(api(cast.customer), cast, driver_tip=eur("2.00"), **body), client, provider)
    order, capture = order_of(payment), Mollie.capture
    path = f"{ORDERS}/{order.pk}"

    def capture_meanwhile(*arguments: Any, **rest: Any) -> Found:
        assert api(cast.customer).patch(path, {"driver_tip": eur("0.00")}).status_code == 200
        return capture(*arguments, **rest)

    monkeypatch.setattr(Mollie, "capture", capture_meanwhile)
    assert api(cast.staff).post(f"{path}/payments/{payment.pk}/approve").status_code == 200
    assert run_due_payments() == 1
    assert (read(payment).state, payment.amount, payment.disputed_amount) == ("unpaid", 1450, 1650)
    assert Posting.objects.count() == 0
    # What counts is what the order costs; the rest goes back.
    assert api(cast.staff).post(f"{path}/payments/{payment.pk}/approve").status_code == 200
    assert (read(payment).state, payment.refunds.get().amount) == ("partly_refunded", 200)
    assert sums()["funding::EUR"] == -1450


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_whatever_happens_in_any_order_what_was_taken_is_what_came_in(
    cast: Cast, api: Api, client: Client, provider: Provider, settings: Any, seed: int
) -> None:
    """Random acts of everybody, answers that are lost and what lapses; the ledger proves itself after each."""
    chance, settings.PAYMENT_ASKS = random.Random(seed), 0
    body = {"delivery_type": "delivery", "address": "Naamsestraat 1", "location": NEAR}
    order = order_of(authorise(place_online(api(cast.customer), cast, **body), client, provider))
    path, way = f"{ORDERS}/{order.pk}", list(DELIVERED)

    def go_on(one: Payment) -> None:
        if way and step(cast, api, order, way[0]).status_code == 200:
            way.pop(0)

    def reopen(one: Payment) -> None:
        if step(cast, api, order, "staff reopen").status_code == 200:
            way[:] = DELIVERED

    def work(one: Payment) -> None:
        Payment.objects.exclude(reference="").update(due_at=timezone.now())
        run_due_payments()

    def lapse(one: Payment) -> None:
        if one.reference and provider.ledger.payment(one.reference)["status"] == "authorized":
            provider.ledger.settle(provider.ledger.payment(one.reference), "expired")

    def tip(one: Payment) -> None:
        api(cast.customer).patch(path, {"driver_tip": eur(chance.choice(["0.00", "1.00", "20.00"]))})

    def end(one: Payment) -> None:
        step(cast, api, order, chance.choice(["owner reject", "customer cancel_by_customer"]))

    acts: dict[Callable[[Payment], object], int] = {
        tip: 3,
        go_on: 4,
        end: 1,
        reopen: 2,
        work: 4,
        lapse: 1,
        lambda one: api(cast.staff).post(f"{path}/payments/{one.pk}/approve"): 1,
        lambda one: api(cast.staff).post(f"{path}/refunds", {"amount": eur("1.00")}): 1,
        lambda one: client.get(f"/pay/{one.token}"): 2,
        lambda one: one.reference and provider.pay(one.reference): 2,
        lambda one: setattr(provider, "loses_answers", 1): 1,
    }
    for act in chance.choices([*acts], weights=[*acts.values()], k=25):
        act(chance.choice(Payment.objects.filter(shares__order=order).order_by("pk")))
        assert_ledger_proves_itself()
    provider.loses_answers = 0
    for _ in range(3):
        work(Payment())
    for payment in Payment.objects.exclude(reference=""):
        row = at_provider(provider, payment)
        taken = from_text(row.get("amountCaptured", row["amount"])["value"], "EUR") if row["status"] == "paid" else 0
        assert payment.is_disputed or taken == sum(share.received for share in payment.shares.all())
        assert row["status"] != "authorized" or payment.is_authorised
