"""The payment's page: from it to the provider and back, however often, whatever happens there."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from orders.models import OrderEvent, Payment, Posting
from orders.services.paying import due_payments
from orders.services.paying.providers.mollie import Mollie
from orders.services.paying.providers.protocol import Found, PaymentRequest
from ordersite.web.logs import JsonFormatter
from tests.cast import Cast
from tests.orders.online import Provider, due_now, order_of, place_online, takes_online
from tests.orders.shopping import ORDERS, assert_nothing_changed, cart, eur, place, sums

Api = Callable[..., APIClient]


@pytest.fixture
def payment(cast: Cast, api: Api, provider: Provider) -> Payment:
    """A pizza for 12.00 that waits to be paid."""
    return place_online(api(cast.customer), cast)


def read(payment: Payment) -> Payment:
    payment.refresh_from_db()
    return payment


def test_from_placing_over_the_provider_to_the_vendor(cast: Cast, api: Api, client: Client, provider: Provider) -> None:
    answer = place(api(cast.customer), cart(cast, payment_method="fake"))
    told = answer["purchase"]["payments"][0]
    order = answer["orders"][0]["id"]
    assert (told["status"], told["amount"]) == ("unpaid", eur("12.00"))
    payment = Payment.objects.get(pk=told["id"])
    assert told["checkout_url"] == f"http://testserver/pay/{payment.token}"
    assert api(cast.owner).get(f"{ORDERS}/{order}").status_code == 404
    # Placing has asked no provider.
    assert provider.calls == []
    gone = client.get(f"/pay/{payment.token}")
    assert (gone.status_code, gone["Location"]) == (303, f"{provider.url}/checkout/{read(payment).reference}")
    assert (gone["Cache-Control"], gone["Referrer-Policy"]) == ("no-store", "no-referrer")
    there = provider.ledger.payments[payment.reference]
    assert {name: there[name] for name in ("amount", "description", "redirectUrl", "webhookUrl")} == {
        "amount": {"value": "12.00", "currency": "EUR"},
        "description": f"Order #{order}: Burger Bar",
        "redirectUrl": f"http://testserver/pay/{payment.token}/return",
        "webhookUrl": "http://testserver/api/v1/payments/notices/fake",
    }
    # The token opens the page: it stands in no key, which others log.
    assert payment.token not in there["metadata"]["key"]
    provider.pay(payment.reference)
    back = client.get(f"/pay/{payment.token}/return")
    assert (back.status_code, back["Cache-Control"]) == (200, "no-store")
    page = back.content.decode()
    assert all(text in page for text in ("<h1>Paid</h1>", "12.00 EUR", "Burger Bar"))
    assert "http-equiv" not in page
    assert 'href="http' not in page
    assert (read(payment).state, payment.due_at, payment.failure) == ("paid", None, "")
    body = api(cast.owner).get(f"{ORDERS}/{order}").json()
    assert (body["payment_status"], body["status"]["code"]) == ("paid", 0)
    assert sums() == {"funding::EUR": -1200, "clearing::EUR": 1200}
    # Afterwards nothing more is asked or begun.
    calls = len(provider.calls)
    for path in (f"/pay/{payment.token}", f"/pay/{payment.token}/return"):
        assert "<h1>Paid</h1>" in client.get(path).content.decode()
    assert len(provider.calls) == calls


def test_opening_it_again_leads_to_the_same_payment(client: Client, provider: Provider, payment: Payment) -> None:
    first = client.get(f"/pay/{payment.token}")["Location"]
    assert [client.get(f"/pay/{payment.token}")["Location"] for _ in range(3)] == [first] * 3
    assert (provider.asked("POST payments"), len(provider.ledger.payments)) == (1, 1)
    assert (read(payment).attempt, payment.state) == (1, "unpaid")


def test_two_who_open_it_at_once_get_the_same_payment(
    client: Client, provider: Provider, payment: Payment, monkeypatch: pytest.MonkeyPatch
) -> None:
    create, others = Mollie.begin, []

    def create_after_another(self: Mollie, wish: PaymentRequest) -> Found:
        if not others:
            others.append("")
            others[0] = client.get(f"/pay/{payment.token}")["Location"]
        return create(self, wish)

    monkeypatch.setattr(Mollie, "begin", create_after_another)
    mine = client.get(f"/pay/{payment.token}")["Location"]
    assert (mine, len(provider.ledger.payments)) == (others[0], 1)
    assert (read(payment).attempt, provider.asked("POST payments")) == (1, 2)


def test_a_begun_payment_that_was_not_written_down_is_found_again(
    client: Client, provider: Provider, payment: Payment
) -> None:
    provider.loses_answers = 1
    assert client.get(f"/pay/{payment.token}").status_code == 503
    assert (read(payment).reference, payment.attempt) == ("", 0)
    assert client.get(f"/pay/{payment.token}").status_code == 303
    assert list(provider.ledger.payments) == [read(payment).reference]


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("failed", "The card was declined."),
        pytest.param("expired", "The payment expired.", marks=pytest.mark.slow),
        pytest.param("canceled", "The payment was cancelled.", marks=pytest.mark.slow),
    ],
)
def test_after_a_try_that_failed_it_is_begun_anew(
    client: Client, provider: Provider, payment: Payment, status: str, words: str
) -> None:
    client.get(f"/pay/{payment.token}")
    provider.pay(read(payment).reference, status)
    page = client.get(f"/pay/{payment.token}/return").content.decode()
    assert "<h1>Not paid</h1>" in page
    assert f'href="/pay/{payment.token}">Try again' in page
    assert (read(payment).state, payment.failure, order_of(payment).payment_status) == ("failed", words, "failed")
    first = payment.reference
    assert client.get(f"/pay/{payment.token}").status_code == 303
    assert (read(payment).attempt, payment.state, payment.failure) == (2, "unpaid", "")
    assert payment.reference != first
    provider.pay(payment.reference)
    client.get(f"/pay/{payment.token}/return")
    assert (read(payment).state, order_of(payment).payment_status) == ("paid", "paid")
    assert Posting.objects.count() == 1
    assert list(OrderEvent.objects.values_list("kind", "reason_code").order_by("pk")) == [
        ("placed", ""),
        ("payment", "payment_failed"),
        ("payment", ""),
    ]


def test_while_it_is_pending_the_page_reloads_itself_for_a_while(
    client: Client, provider: Provider, payment: Payment
) -> None:
    client.get(f"/pay/{payment.token}")
    page = client.get(f"/pay/{payment.token}/return").content.decode()
    assert "<h1>One moment</h1>" in page
    assert f'<meta http-equiv="refresh" content="3; url=/pay/{payment.token}/return?n=1">' in page
    assert f'href="/pay/{payment.token}/return">Look again' in page
    assert f'href="/pay/{payment.token}">Back to paying' in page
    for junk in ("20", "99999", "x", "-1", "%00"):
        late = client.get(f"/pay/{payment.token}/return?n={junk}")
        assert late.status_code == (400 if junk == "%00" else 200)
        assert b"http-equiv" not in late.content


def test_an_expired_one_is_not_begun(client: Client, provider: Provider, payment: Payment) -> None:
    Payment.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    with assert_nothing_changed():
        page = client.get(f"/pay/{payment.token}")
    assert (page.status_code, provider.calls) == (200, [])
    assert b"<h1>Nothing to pay</h1>" in page.content


def test_a_closed_order_is_not_paid_and_what_comes_in_late_goes_back(
    cast: Cast, api: Api, client: Client, provider: Provider, payment: Payment
) -> None:
    order = order_of(payment)
    client.get(f"/pay/{payment.token}")
    body = {"transition": "cancel_by_customer", "reason_code": "changed_mind"}
    assert api(cast.customer).post(f"{ORDERS}/{order.pk}/transitions", body).status_code == 200
    # Its page at the provider is still open, so the provider is still asked.
    assert (read(payment).state, payment.due_at is not None) == ("failed", True)
    assert b"<h1>Nothing to pay</h1>" in client.get(f"/pay/{payment.token}").content
    provider.pay(payment.reference)
    due_now(payment)
    assert due_payments.run_due_payments() == 2
    refund = payment.refunds.get()
    assert (read(payment).state, refund.state, refund.amount) == ("refunded", "sent", 1200)
    assert sums() == {}
    assert b"<h1>Refunded</h1>" in client.get(f"/pay/{payment.token}/return").content


def test_a_provider_out_of_reach_is_told_without_a_trace(
    client: Client, provider: Provider, payment: Payment, caplog: pytest.LogCaptureFixture
) -> None:
    provider.refuses_with = 503
    with assert_nothing_changed():
        answer = client.get(f"/pay/{payment.token}")
    assert (answer.status_code, answer["Retry-After"], answer["Cache-Control"]) == (503, "30", "no-store")
    page = answer.content.decode()
    assert "This did not work" in page
    assert f'href="/pay/{payment.token}">Try again' in page
    assert "503" not in page
    # Who has the token may pay: it is in no log.
    lines = [JsonFormatter().format(record) for record in caplog.records]
    assert any("/pay/…" in line for line in lines)
    assert payment.token not in "".join(lines)
    provider.refuses_with = 422
    refused = client.get(f"/pay/{payment.token}")
    assert (refused.status_code, b"pay in another way" in refused.content) == (409, True)
    provider.refuses_with = 0
    assert client.get(f"/pay/{payment.token}").status_code == 303


def test_a_method_that_is_not_set_up_any_more(client: Client, settings: Any, payment: Payment) -> None:
    settings.FAKE_PAYMENTS_URL = ""
    assert client.get(f"/pay/{payment.token}").status_code == 503


def test_who_only_looks_begins_nothing(client: Client, provider: Provider, payment: Payment) -> None:
    assert client.head(f"/pay/{payment.token}").status_code == 200
    for method in (client.post, client.put, client.delete):
        assert method(f"/pay/{payment.token}").status_code == 405
    assert (provider.calls, read(payment).attempt) == ([], 0)


def test_unknown_tokens_and_payments_without_a_page(cast: Cast, api: Api, client: Client) -> None:
    place(api(cast.customer), cart(cast))
    cash = Payment.objects.get(provider="cash")
    for token in ("x", "%F0%9F%8D%95", "x" * 300, cash.token):
        for path in (f"/pay/{token}", f"/pay/{token}/return"):
            missing = client.get(path)
            assert (missing.status_code, missing["Referrer-Policy"]) == (404, "no-referrer")
            assert b"There is no such payment" in missing.content


def test_another_amount_or_currency_is_never_paid_and_never_asked_for_again(
    client: Client, provider: Provider, payment: Payment, caplog: pytest.LogCaptureFixture
) -> None:
    client.get(f"/pay/{payment.token}")
    there = provider.ledger.payments[read(payment).reference]
    there["amount"] = {"value": "1.00", "currency": "EUR"}
    provider.pay(payment.reference)
    page = client.get(f"/pay/{payment.token}/return").content.decode()
    assert "<h1>We are looking at it</h1>" in page
    told = "1.00 EUR came in instead of 12.00 EUR: this does not count as paid."
    assert (read(payment).state, payment.failure, payment.paid_at) == ("unpaid", told, None)
    assert (order_of(payment).payment_status, order_of(payment).visible_at, Posting.objects.count()) == (
        "unpaid",
        None,
        0,
    )
    assert f"payment {payment.pk}: 1.00 EUR came in instead of 12.00 EUR" in caplog.text
    assert b"<h1>We are looking at it</h1>" in client.get(f"/pay/{payment.token}").content
    assert len(provider.ledger.payments) == 1
    there["amount"] = {"value": "12.00", "currency": "USD"}
    client.get(f"/pay/{payment.token}/return")
    assert (read(payment).state, payment.failure[:9]) == ("unpaid", "12.00 USD")


def test_one_payment_for_several_vendors(cast: Cast, api: Api, client: Client, provider: Provider) -> None:
    cast.other_vendor.currency = "EUR"
    cast.other_vendor.save(update_fields=["currency"])
    takes_online(cast.other_vendor)
    carts = [
        {"vendor": cast.vendor.pk, "items": [{"product": cast.products["pizza"].pk}], "delivery_type": "pickup"},
        {"vendor": cast.other_vendor.pk, "items": [{"product": cast.tea.pk}], "delivery_type": "pickup"},
    ]
    answer = place(api(cast.customer), {"vendors": carts, "payment_method": "fake"})
    payment = Payment.objects.get(pk=answer["purchase"]["payments"][0]["id"])
    client.get(f"/pay/{payment.token}")
    provider.pay(read(payment).reference)
    assert b"Burger Bar, Tea House" in client.get(f"/pay/{payment.token}/return").content
    assert [order["payment_status"] for order in answer["orders"]] == ["unpaid", "unpaid"]
    for order in answer["orders"]:
        assert api(cast.staff).get(f"{ORDERS}/{order['id']}").json()["payment_status"] == "paid"
    assert sums() == {"funding::EUR": -payment.amount, "clearing::EUR": payment.amount}


def test_the_public_address_goes_before_the_request_s(
    client: Client, settings: Any, provider: Provider, payment: Payment, cast: Cast, api: Callable[..., APIClient]
) -> None:
    settings.PUBLIC_URL = "https://orders.example.com"
    client.get(f"/pay/{payment.token}")
    (told,) = api(cast.customer).get(f"{ORDERS}/{payment.shares.get().order_id}").json()["payments"]
    assert told["checkout_url"] == f"https://orders.example.com/pay/{payment.token}"
    there = provider.ledger.payments[read(payment).reference]
    assert there["redirectUrl"] == f"https://orders.example.com/pay/{payment.token}/return"
    assert there["webhookUrl"] == "https://orders.example.com/api/v1/payments/notices/fake"


@pytest.mark.slow
def test_the_provider_is_asked_a_few_times_a_minute(
    client: Client, provider: Provider, payment: Payment, settings: Any
) -> None:
    """Whoever has the address may open the page 150 times: the rest is answered from what is known."""
    settings.PAYMENT_ASKS = 6
    pages = [client.get(f"/pay/{payment.token}") for _ in range(75)]
    pages += [client.get(f"/pay/{payment.token}/return") for _ in range(75)]
    assert {page.status_code for page in pages[:75]} == {303}
    assert {page.status_code for page in pages[75:]} == {200}
    assert len(provider.calls) <= 12  # of two minutes, should one have begun
    assert "<h1>One moment</h1>" in pages[-1].content.decode()


def test_a_payment_is_not_begun_again_and_again(
    client: Client, provider: Provider, payment: Payment, settings: Any
) -> None:
    settings.PAYMENT_ASKS = 1
    client.get(f"/pay/{payment.token}")
    Payment.objects.filter(pk=payment.pk).update(state="failed", reference="", redirect_url="")
    calls = len(provider.calls)
    refused = [client.get(f"/pay/{payment.token}") for _ in range(3)][-1]
    assert (refused.status_code, refused["Retry-After"]) == (429, "60")
    assert len(provider.calls) <= calls + 2


def test_its_page_is_throttled_by_address(client: Client, payment: Payment, settings: Any) -> None:
    settings.THROTTLE_ANONYMOUS = 3
    answers = [client.get(f"/pay/{payment.token}/return", REMOTE_ADDR="203.0.113.9").status_code for _ in range(8)]
    assert answers[-1] == 429
