"""Mollie by its own SDK, and whatever speaks its protocol (version 2)."""

import logging
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar
from urllib.parse import urlsplit

from django.conf import settings
from mollie.api.client import Client
from mollie.api.error import Error, IdentifierError, NotFoundError, ResponseError
from mollie.api.objects.customer import Customer
from mollie.api.objects.payment import Payment
from requests import Session

from orders.services.paying.providers.protocol import (
    Found,
    FoundRefund,
    Notice,
    PaymentRequest,
    ProviderError,
    RefundState,
    Sequence,
    State,
)
from ordersite.core.money import MoneyError, from_text, to_text
from ordersite.core.tracing import trace_headers

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")

# Seconds until the connection stands, and between two bytes of the answer: together below 10.
TIMEOUT = (2, 7)
# It refuses these for what they are; all others (401 while a key is changed, 409, 429, 5xx) may pass.
FINAL = (400, 404, 410, 422)
# Refunds of a payment, or payments of a customer, that are searched for a key.
SEARCHED = 250
# The local server asks for a key of Mollie's form, and takes any.
FAKE_KEY = "test_of_the_local_server"
LOCAL = ("localhost", "127.0.0.1", "::1")
STATES = {
    "open": State.UNPAID,
    "pending": State.UNPAID,
    "authorized": State.AUTHORISED,
    "paid": State.PAID,
    "failed": State.FAILED,
    "expired": State.EXPIRED,
    "canceled": State.CANCELLED,
}
REFUND_STATES = {
    "queued": RefundState.SENT,
    "pending": RefundState.SENT,
    "processing": RefundState.SENT,
    "refunded": RefundState.DONE,
    "failed": RefundState.FAILED,
    "canceled": RefundState.FAILED,
}


class TracedSession(Session):
    """A session whose calls tell the trace that they belong to."""

    def request(self, method: str, url: str, **named: Any) -> Any:  # type: ignore[override]
        named["headers"] = {**(named.get("headers") or {}), **trace_headers()}
        return super().request(method, url, **named)


class TracedClient(Client):
    """The SDK's client, with a session of ours in the place of its own."""

    def __init__(self, **named: Any) -> None:
        super().__init__(**named)
        self._client = TracedSession()
        self._setup_retry()


class Mollie:
    """The provider of an API key; with an endpoint, another server that speaks the same."""

    def __init__(self, name: str, *, api_key: str, endpoint: str = "") -> None:
        self.name = name
        # No retries of its own: a page waits for the answer, and whoever calls again has its key.
        self.client = TracedClient(api_endpoint=endpoint, timeout=TIMEOUT, retry=0)
        self.client.set_api_key(api_key)
        # Mollie refuses a payment whose notices could not reach us; then we ask it instead.
        self.reaches_local = bool(endpoint)

    def list_methods(self) -> list[str]:
        return self.ask("list_methods", lambda: [str(method["id"]) for method in self.client.methods.list()])

    def begin(self, wish: PaymentRequest) -> Found:
        data: dict[str, Any] = {
            "amount": {"value": to_text(wish.amount, wish.currency), "currency": wish.currency},
            "description": wish.description,
            "metadata": {"key": wish.key},
            "sequenceType": wish.sequence.value,
        }
        if wish.sequence != Sequence.AGAIN:
            data["redirectUrl"] = wish.redirect_url
        if wish.notice_url and (self.reaches_local or urlsplit(wish.notice_url).hostname not in LOCAL):
            data["webhookUrl"] = wish.notice_url
        if wish.captures_later:
            data["captureMode"] = "manual"
        if wish.customer:
            data["customerId"] = wish.customer
        if wish.mandate:
            data["mandateId"] = wish.mandate
        return self.ask("begin", lambda: as_found(self.client.payments.create(data, idempotency_key=wish.key)))

    def verify_notice(self, notice: Notice) -> str:
        """The field `id`; nothing is signed."""
        given = notice.fields.get("id")
        return given if isinstance(given, str) else ""

    def look_up(self, reference: str) -> Found:
        return self.ask("look_up", lambda: as_found(self.client.payments.get(reference)))

    def capture(self, reference: str, *, amount: int, currency: str, key: str) -> Found:
        def take() -> Found:
            data = {"amount": {"value": to_text(amount, currency), "currency": currency}}
            self.payment(reference).captures.create(data, idempotency_key=key)
            return as_found(self.client.payments.get(reference))

        return self.ask("capture", take)

    def release(self, reference: str, *, key: str) -> Found:
        def let_go() -> Found:
            self.client.payments.release_authorization(reference, idempotency_key=key)
            return as_found(self.client.payments.get(reference))

        return self.ask("release", let_go)

    def find_charge(self, customer: str, key: str) -> Found | None:
        def find() -> Found | None:
            payments = Customer({"id": customer}, self.client).payments.list(limit=SEARCHED)
            return next((as_found(payment) for payment in payments if key_of(payment) == key), None)

        return self.ask("find_charge", find)

    def refund(self, reference: str, *, amount: int, currency: str, key: str, description: str) -> FoundRefund:
        data = {
            "amount": {"value": to_text(amount, currency), "currency": currency},
            "description": description,
            "metadata": {"key": key},
        }
        return self.ask("refund", lambda: as_refund(self.payment(reference).refunds.create(data, idempotency_key=key)))

    def look_up_refund(self, reference: str, refund: str) -> FoundRefund:
        return self.ask("look_up_refund", lambda: as_refund(self.payment(reference).refunds.get(refund)))

    def find_refund(self, reference: str, key: str) -> FoundRefund | None:
        def find() -> FoundRefund | None:
            refunds = self.payment(reference).refunds.list(limit=SEARCHED)
            return next((as_refund(refund) for refund in refunds if key_of(refund) == key), None)

        return self.ask("find_refund", find)

    def add_customer(self, key: str) -> str:
        data = {"metadata": {"key": key}}
        return self.ask("add_customer", lambda: str(self.client.customers.create(data, idempotency_key=key)["id"]))

    def forget_method(self, customer: str, mandate: str) -> None:
        def forget() -> None:
            try:
                Customer({"id": customer}, self.client).mandates.delete(mandate)
            except ResponseError as error:
                if error.status not in (404, 410):
                    raise

        self.ask("forget_method", forget)

    def payment(self, reference: str) -> Payment:
        """Enough of a payment to reach its refunds, without asking for it first."""
        return Payment({"id": reference}, self.client)

    def ask(self, what: str, call: Callable[[], Answer]) -> Answer:
        """Makes the call; whatever goes wrong is a ProviderError. Its log line holds no key and no answer's text."""
        try:
            return call()
        except NotFoundError:
            error = ProviderError("The provider does not know it.", is_final=True)
        except ResponseError as refused:
            is_final = refused.status in FINAL
            error = ProviderError(f"The provider answered {refused.status}: {refused}", is_final=is_final)
        except IdentifierError:
            error = ProviderError("The provider's reference is not one of its own.", is_final=True)
        except Error as failed:
            error = ProviderError(f"The provider is out of reach ({type(failed).__name__}).")
        except (MoneyError, LookupError, TypeError, ValueError, AttributeError) as failed:
            error = ProviderError(f"The provider's answer cannot be read ({type(failed).__name__}).")
        logger.warning("%s %s: %s", self.name, what, error.reason)
        raise error


@cache
def connect(name: str, api_key: str, endpoint: str) -> Mollie:
    """One for all threads of the process: it holds connections."""
    return Mollie(name, api_key=api_key, endpoint=endpoint)


def from_key() -> Mollie | None:
    """Mollie itself, where its key is set."""
    return connect("mollie", settings.MOLLIE_API_KEY, "") if settings.MOLLIE_API_KEY else None


def from_local_server() -> Mollie | None:
    """A server of ours that speaks Mollie's protocol and moves no money, where its address is set."""
    return connect("fake", FAKE_KEY, settings.FAKE_PAYMENTS_URL) if settings.FAKE_PAYMENTS_URL else None


def as_found(payment: Payment) -> Found:
    amount, refunded, taken = payment["amount"], payment.get("amountRefunded"), payment.get("amountCaptured")
    currency, state = str(amount["currency"]), STATES[payment["status"]]
    captured = from_text(taken["value"], currency) if taken else 0
    return Found(
        reference=str(payment["id"]),
        state=state,
        amount=captured if captured and state == State.PAID else from_text(amount["value"], currency),
        currency=currency,
        captured=captured,
        refunded=from_text(refunded["value"], currency) if refunded else 0,
        checkout_url=payment.checkout_url or "",
        failure=str((payment.get("details") or {}).get("failureMessage") or "")[:300],
        customer=str(payment.get("customerId") or ""),
        mandate=str(payment.get("mandateId") or ""),
        method=str(payment.get("method") or "")[:30],
        label=method_label(payment),
    )


def method_label(payment: Payment) -> str:
    """What a customer knows its card or account by: never more than the last four of its number."""
    details = payment.get("details") or {}
    if number := str(details.get("cardNumber") or "")[-4:]:
        return f"{str(details.get('cardLabel') or 'Card')[:40]} •••• {number}"
    if account := str(details.get("consumerAccount") or "")[-4:]:
        return f"Bank account •••• {account}"
    return str(payment.get("method") or "").capitalize()[:60]


def as_refund(refund: dict[str, Any]) -> FoundRefund:
    return FoundRefund(reference=str(refund["id"]), state=REFUND_STATES[refund["status"]])


def key_of(found: dict[str, Any]) -> str:
    """The key that something at the provider was made with."""
    metadata = found.get("metadata")
    return str(metadata.get("key")) if isinstance(metadata, dict) else ""
