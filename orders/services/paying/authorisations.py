"""Money that a provider holds for us (authorised): when it is taken (captured), and when it is let go (released).

A payment is captured once, for what its orders cost then. What is owed is decided anew each time that its provider is
asked, so that a call which was lost, or a worker that was killed, changes nothing.
"""

import hashlib

from django.conf import settings

from orders.kinds import names_where
from orders.lifecycle.table import SUCCESS
from orders.models import Order, Payment
from orders.services.paying.providers.protocol import Found, Provider, State

AT_ONCE, ON_COMPLETION = "at_once", "completion"


def is_taken_at_once(payment: Payment) -> bool:
    """Whether the money must be here before anything happens: by the setting, of a top-up, and of codes."""
    if settings.PAYMENT_CAPTURE == AT_ONCE or payment.purchase_id is None or payment.saves_method:
        return True
    issued = names_where(lambda kind: kind.is_issued)
    return Order.objects.filter(shares__payment=payment, kind__in=issued).exists()


def is_capture_due(payment: Payment) -> bool:
    """Whether what is held is to be taken now: at once, because staff said so, or as one of its orders succeeded."""
    if (payment.is_authorised and payment.checked_by_id is not None) or is_taken_at_once(payment):
        return True
    if settings.PAYMENT_CAPTURE != ON_COMPLETION:
        return False
    return Order.objects.filter(shares__payment=payment, status__in=SUCCESS).exists()


def covers(found: Found, payment: Payment) -> bool:
    """Whether what is held at the provider is enough for what the payment asks for."""
    return found.currency == payment.currency and found.amount >= payment.amount > 0


def follow_authorisation(provider: Provider, payment: Payment, found: Found) -> Found:
    """Takes or lets go what the provider holds for a payment of `online_payments`, as is due; what it says then.

    Of one that nobody wants any more, or that holds too little, everything is let go. What was asked to be taken is not
    asked again: it comes in soon. Asks the provider, so it must not run in a transaction. Raises ProviderError.
    """
    if found.state != State.AUTHORISED or found.captured or found.reference != payment.reference:
        return found
    is_wanted: bool = payment.is_wanted  # type: ignore[attr-defined]  # annotated
    if not is_wanted or not covers(found, payment):
        return provider.release(found.reference, key=repeat_key(found, "release"))
    if not is_capture_due(payment):
        return found
    key = repeat_key(found, "capture")
    return provider.capture(found.reference, amount=payment.amount, currency=payment.currency, key=key)


def repeat_key(found: Found, act: str) -> str:
    """By this a provider knows a repeated call, whatever the amount is by then."""
    return hashlib.sha256(f"{found.reference}:{act}".encode()).hexdigest()[:40]
