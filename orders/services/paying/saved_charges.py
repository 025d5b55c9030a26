"""Charging the methods that payers have saved, without a page.

The provider is asked outside of every transaction. A charge that was broken off is searched at the provider by its key
before it is made anew.
"""

import hashlib
from datetime import timedelta

from django.utils import timezone

from orders.models import Payment, PaymentStatus, SavedMethod
from orders.services.paying.provider_answers import (
    CHARGING,
    Standing,
    apply_answer,
    apply_loss,
    get_payment,
    next_look,
    standing_of,
)
from orders.services.paying.providers import provider_of
from orders.services.paying.providers.protocol import Found, PaymentRequest, ProviderError, Sequence
from orders.services.paying.told_to_providers import address_of, describe_payment

# Whoever took a row to ask its provider has that long before another worker takes it.
LEASE = timedelta(minutes=1)


def waits_for_charge(payment: Payment) -> bool:
    """Whether a saved method is to be charged, or its charging was broken off before we knew the answer."""
    if payment.reference.startswith(CHARGING):
        return True
    is_new = payment.state == PaymentStatus.UNPAID and payment.attempt == 0
    return is_new and payment.saved_method_id is not None


def charge_saved(payment_id: int) -> Payment:
    """Charges a payment's saved method, once; the payment as it then is. A refusal leaves it to be paid on its page.

    Raises NotFound, and ProviderError where it could not be asked: it is tried again when the payment is due.
    """
    payment, now = get_payment(pk=payment_id), timezone.now()
    saved, broken_off = payment.saved_method, payment.reference.startswith(CHARGING)
    is_closed = standing_of(payment, now) in (Standing.CLOSED, Standing.DISPUTED)
    someone_is_at_it = broken_off and payment.due_at is not None and payment.due_at > now
    if saved is None or not waits_for_charge(payment) or someone_is_at_it or (is_closed and not broken_off):
        return payment
    # Without the amount, which may have changed since a charge that was broken off.
    key = hashlib.sha256(f"{payment.token}:charge".encode()).hexdigest()[:40]
    unchanged = Payment.objects.filter(pk=payment.pk, reference=payment.reference, due_at=payment.due_at)
    if not unchanged.update(reference=CHARGING + key, attempt=1, due_at=now + LEASE):
        return get_payment(pk=payment_id)
    payment.reference, payment.attempt = CHARGING + key, 1
    try:
        found = charge_method(payment, saved, key, broken_off=broken_off, only_find=is_closed)
    except ProviderError as error:
        if not error.is_final:
            raise
        apply_loss(payment, error)
        found = None
    told = Payment.objects.filter(pk=payment.pk, reference=payment.reference)
    if found is None:
        told.update(reference="", due_at=None)
    elif told.update(reference=found.reference, due_at=next_look(payment, now)):
        apply_answer(payment, found)
    return get_payment(pk=payment_id)


def charge_method(payment: Payment, saved: SavedMethod, key: str, *, broken_off: bool, only_find: bool) -> Found | None:
    """The charge at the provider; one that was broken off is searched first, since providers forget keys."""
    provider = provider_of(payment.provider)
    found = provider.find_charge(saved.provider_customer, key) if broken_off else None
    if found or only_find:
        return found
    return provider.begin(
        PaymentRequest(
            amount=payment.amount,
            currency=payment.currency,
            description=describe_payment(payment),
            redirect_url="",
            notice_url=address_of(f"/api/v1/payments/notices/{provider.name}"),
            key=key,
            sequence=Sequence.AGAIN,
            customer=saved.provider_customer,
            mandate=saved.mandate,
        )
    )
