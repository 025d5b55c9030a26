"""Refunds that an online payment's provider must be told: sent once each, however often it is tried."""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone

from orders.models import Payment, Refund
from orders.services.paying.providers import provider_of
from orders.services.paying.providers.protocol import FoundRefund, ProviderError, RefundState

logger = logging.getLogger(__name__)

# Whoever took a refund to send it has that long before another worker takes it.
LEASE = timedelta(minutes=1)
# How seldom at most a provider is asked again.
SELDOM = timedelta(hours=6)
# With the waits between them about four days.
MOST_TRIES = 24


def due_refunds(methods: Iterable[str]) -> QuerySet[Refund, int]:
    """Refunds to be sent, or to be asked about, by these payment methods."""
    due = Refund.objects.filter(due_at__lte=timezone.now(), payment__provider__in=methods)
    return due.order_by("due_at").values_list("pk", flat=True)


def send_refund(refund_id: int) -> Refund | None:
    """Sends a refund that is due to its provider, or asks what has become of it; None where another has it.

    Killed in the middle it is tried again: the provider is searched for its key first. Raises ProviderError where it
    could not be sent yet.
    """
    refund, now = Refund.objects.select_related("payment").get(pk=refund_id), timezone.now()
    if refund.state == Refund.State.SENT:
        return ask_about(refund, now)
    if refund.state != Refund.State.PENDING or refund.due_at is None or refund.due_at > now:
        return None
    due = Refund.objects.filter(pk=refund_id, state=Refund.State.PENDING, due_at=refund.due_at)
    if not due.update(attempts=refund.attempts + 1, due_at=now + LEASE):
        return None
    refund.attempts += 1
    try:
        found = send_to_provider(refund)
    except ProviderError as error:
        keep_trying(refund, error, now)
        raise
    write_found(refund, found, now)
    return refund


def send_to_provider(refund: Refund) -> FoundRefund:
    """Sends it, unless the provider has it from a try before."""
    provider, key, reference = provider_of(refund.payment.provider), str(refund.key), refund.payment.reference
    found = provider.find_refund(reference, key) if refund.attempts > 1 else None
    if found:
        return found
    currency = refund.payment.currency
    order = f"Order #{refund.order_id}" if refund.order_id else "Wallet top-up"
    return provider.refund(reference, amount=refund.amount, currency=currency, key=key, description=f"Refund: {order}")


def keep_trying(refund: Refund, error: ProviderError, now: datetime) -> None:
    """After a failed try: once more later, ever more seldom; or staff must look, where the provider refuses."""
    refund.failure = error.reason
    refund.due_at = now + min(LEASE * 2 ** min(refund.attempts - 1, 10), SELDOM)
    if error.is_final or refund.attempts >= MOST_TRIES:
        refund.state, refund.due_at = Refund.State.FAILED, None
        logger.error("refund %d needs staff: %s", refund.pk, error.reason, extra={"order": refund.order_id})
    rows = Refund.objects.filter(pk=refund.pk, state=Refund.State.PENDING)
    rows.update(state=refund.state, failure=refund.failure, due_at=refund.due_at)


def write_found(refund: Refund, found: FoundRefund, now: datetime) -> None:
    """What the provider says of a refund; never over one that is done or that staff have dealt with."""
    refund.reference, refund.failure = found.reference, ""
    match found.state:
        case RefundState.DONE:
            refund.state, refund.done_at, refund.due_at = Refund.State.DONE, now, None
        case RefundState.FAILED:
            refund.state, refund.due_at = Refund.State.FAILED, None
            refund.failure = "The payment provider could not refund it."
            logger.error("refund %d needs staff: it has failed", refund.pk, extra={"order": refund.order_id})
        case _:
            refund.state, refund.due_at = Refund.State.SENT, next_ask(refund, now)
    Refund.objects.filter(pk=refund.pk, state__in=(Refund.State.PENDING, Refund.State.SENT)).update(
        reference=refund.reference,
        state=refund.state,
        failure=refund.failure,
        due_at=refund.due_at,
        done_at=refund.done_at,
    )


def next_ask(refund: Refund, now: datetime) -> datetime:
    """When the provider is asked next about a refund that was sent: ever more seldom, since a bank takes days."""
    return now + min(max((now - refund.created_at) / 2, LEASE), SELDOM)


def check_refunds(payment: Payment) -> None:
    """Asks about the payment's refunds that are on their way; raises ProviderError where that cannot be asked."""
    for refund in payment.refunds.select_related("payment").filter(state=Refund.State.SENT):
        ask_about(refund, timezone.now())


def ask_about(refund: Refund, now: datetime) -> Refund:
    """What has become of a refund that was sent."""
    Refund.objects.filter(pk=refund.pk, state=Refund.State.SENT).update(due_at=next_ask(refund, now))
    found = provider_of(refund.payment.provider).look_up_refund(refund.payment.reference, refund.reference)
    write_found(refund, found, now)
    return refund
