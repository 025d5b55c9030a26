"""The page of an online payment: what it begins at the provider, and what has become of it.

A provider is asked outside of every transaction, and may be asked anything twice: what is asked carries a key that the
provider knows, and what it answers is applied by a conditional update or under the payment's lock.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from orders.models import Payment, PaymentStatus, SavedMethod
from orders.services.paying.authorisations import is_taken_at_once
from orders.services.paying.provider_answers import (
    Standing,
    check_payment,
    get_payment,
    may_ask,
    next_look,
    payer_of,
    standing_of,
)
from orders.services.paying.providers import provider_of
from orders.services.paying.providers.protocol import PaymentRequest, Provider, ProviderError, Sequence
from orders.services.paying.saved_charges import charge_saved, waits_for_charge
from orders.services.paying.told_to_providers import address_of, describe_payment
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Throttled


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A payment whose page was opened; `url` is the provider's page to go on to, empty where there is none."""

    payment: Payment
    standing: Standing
    url: str = ""


def open_payment(*, token: str) -> Opened:
    """Begins a payment at its provider, or goes on with one that was begun; harmless when repeated.

    Two who open the page at once get the same payment. After a try that failed a new one is begun, until it expires.
    Raises NotFound and ProviderError, and Throttled where it was tried too often.
    """
    payment = get_payment(token=token)
    # Whoever has the page's address can open it as often as they like. Else what is known is shown.
    asks = may_ask(payment.pk, "payment")
    if asks and waits_for_charge(payment):
        payment = charge_saved(payment.pk)
    elif asks:
        payment = check_payment(payment.pk)
    for _ in range(3):
        now = timezone.now()
        standing = standing_of(payment, now)
        if standing == Standing.PENDING:
            return Opened(payment=payment, standing=standing, url=payment.redirect_url)
        if standing != Standing.PAYABLE:
            break
        if not asks:
            raise Throttled(FaultCode.THROTTLED_PAYING, retry_after=60)
        payment = begin_payment(payment, now)
    return Opened(payment=payment, standing=standing_of(payment, timezone.now()))


def return_from_provider(*, token: str) -> Opened:
    """Somebody comes back from the provider's page: what has become of the payment. Raises NotFound, ProviderError."""
    payment = get_payment(token=token)
    if not payment.is_received and may_ask(payment.pk, "payment"):
        payment = check_payment(payment.pk)
    return Opened(payment=payment, standing=standing_of(payment, timezone.now()))


def begin_payment(payment: Payment, now: datetime) -> Payment:
    """One more try at the provider; the payment as it then is, which another call may have begun instead."""
    provider = provider_of(payment.provider)
    attempt = payment.attempt + 1
    key = begin_key(payment, attempt)
    try:
        found = provider.begin(
            PaymentRequest(
                amount=payment.amount,
                currency=payment.currency,
                description=describe_payment(payment),
                redirect_url=address_of(f"/pay/{payment.token}/return"),
                notice_url=address_of(f"/api/v1/payments/notices/{provider.name}"),
                key=key,
                sequence=Sequence.FIRST if payment.saves_method else Sequence.ONCE,
                customer=customer_at(provider, payment, key) if payment.saves_method else "",
                captures_later=not is_taken_at_once(payment),
            )
        )
    except ProviderError:
        fresh = get_payment(pk=payment.pk)
        if fresh.attempt == payment.attempt:
            raise
        return fresh
    # Nothing that was told to the provider may have changed meanwhile; where it has, the caller looks again.
    told = ("provider", "amount", "state", "failure", "attempt", "reference")
    Payment.objects.filter(pk=payment.pk, **{name: getattr(payment, name) for name in told}).update(
        attempt=attempt,
        reference=found.reference,
        redirect_url=found.checkout_url,
        state=PaymentStatus.UNPAID,
        failure="",
        due_at=next_look(payment, now),
    )
    return get_payment(pk=payment.pk)


def customer_at(provider: Provider, payment: Payment, key: str) -> str:
    """The payer's customer at the provider, made for its first method that is kept."""
    kept = SavedMethod.objects.filter(customer=payer_of(payment), provider=payment.provider).first()
    return kept.provider_customer if kept else provider.add_customer(f"customer-{key}")


def begin_key(payment: Payment, attempt: int) -> str:
    """By this a provider knows a repeated call. A hash: the token opens the page, and keys stand in others' logs."""
    return hashlib.sha256(f"{payment.token}:{attempt}:{payment.amount}".encode()).hexdigest()[:40]
