"""What online payments' providers say, and how it is applied: once, in whatever order and however often it comes."""

import logging
from datetime import datetime, timedelta
from enum import StrEnum

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from orders.lifecycle.table import FAILURE
from orders.models import RECEIVED, Payment, PaymentShare, PaymentStatus, Refund, SavedMethod
from orders.services.paying.authorisations import covers, follow_authorisation, is_capture_due
from orders.services.paying.provider_refunds import check_refunds
from orders.services.paying.providers import find_provider, methods_of_provider, provider_of
from orders.services.paying.providers.protocol import Found, Notice, ProviderError, State
from orders.services.paying.receiving import lock_payment, mark_authorised, mark_failed, mark_paid
from ordersite.accounts.callers import SYSTEM
from ordersite.accounts.models import Customer
from ordersite.core.call_counts import count_call
from ordersite.core.codes import FaultCode
from ordersite.core.faults import NotFound, Throttled
from ordersite.core.money import to_text
from vendors.payment_methods import ONLINE_METHODS

logger = logging.getLogger(__name__)

# How soon after it was begun, and how seldom at most, a payment is looked up without a notice.
SOON, OFTEN, SELDOM = timedelta(minutes=1), timedelta(minutes=15), timedelta(hours=6)
# It is looked up once more so long before it expires; and no longer than so long after it was made.
BEFORE_THE_END = timedelta(seconds=20)
ASKED_FOR = timedelta(days=14)
# How soon the worker asks after notices that were too many.
PAUSE = timedelta(seconds=10)
MOST_REFERENCE = Payment._meta.get_field("reference").max_length
# Stands before the key in the place of the reference while a saved method is charged: should we be killed meanwhile, it
# is known that the provider may have been told.
CHARGING = "charging-"
WORDS = {
    State.FAILED: "The payment failed.",
    State.EXPIRED: "The payment expired.",
    State.CANCELLED: "The payment was cancelled.",
}


class Standing(StrEnum):
    """How a payment stands for whoever pays."""

    PAYABLE = "payable"
    PENDING = "pending"
    HELD = "held"  # authorised: it is taken later
    PAID = "paid"
    REFUNDED = "refunded"
    DISPUTED = "disputed"  # it came in with another amount: staff look at it
    CLOSED = "closed"


def online_payments() -> QuerySet[Payment]:
    """Payments by a provider; `is_wanted` tells whether one of its orders is open (of a top-up: always)."""
    open_shares = PaymentShare.objects.filter(payment=OuterRef("pk")).exclude(order__status__in=FAILURE)
    return (
        Payment.objects.filter(provider__in=ONLINE_METHODS)
        .annotate(is_wanted=Q(purchase__isnull=True) | Exists(open_shares))
        .select_related("purchase", "saved_method")
    )


def get_payment(**where: object) -> Payment:
    """One online payment, read anew; raises NotFound."""
    payment = online_payments().filter(**where).first()
    if payment is None:
        raise NotFound(FaultCode.NOT_FOUND_PAYMENT)
    return payment


def standing_of(payment: Payment, now: datetime) -> Standing:
    """How a payment of `online_payments` stands."""
    if payment.is_received:
        return Standing.REFUNDED if payment.state == PaymentStatus.REFUNDED else Standing.PAID
    if payment.is_disputed:
        return Standing.DISPUTED
    if payment.is_authorised:
        return Standing.HELD
    is_wanted: bool = payment.is_wanted  # type: ignore[attr-defined]  # annotated
    if not is_wanted or payment.amount == 0 or (payment.expires_at and payment.expires_at <= now):
        return Standing.CLOSED
    return Standing.PENDING if payment.is_under_way else Standing.PAYABLE


def payer_of(payment: Payment) -> int:
    """The id of the customer that pays."""
    return payment.purchase.customer_id if payment.purchase else payment.customer_id or 0


def take_notice(*, provider: str, notice: Notice) -> None:
    """A provider tells that something has changed, or somebody says so: it is asked. An unknown reference is nothing.

    Raises NoticeRefused for one that lacks its provider's signature; ProviderError where it cannot be asked, and a 429
    Problem where that was done too often, so that it tells us again.
    """
    found = find_provider(provider)
    reference = found.verify_notice(notice) if found else ""
    if not (reference.isascii() and reference.isprintable()):
        return
    known = Payment.objects.filter(provider__in=methods_of_provider(provider), reference=reference[:MOST_REFERENCE])
    payment_id = known.values_list("pk", flat=True).first() if reference else None
    if payment_id is None:
        return
    if not may_ask(payment_id, "notice"):
        ask_soon(payment_id)
        raise Throttled(FaultCode.THROTTLED_NOTICES, retry_after=60)
    check_payment(payment_id)


def may_ask(payment_id: int, why: str) -> bool:
    """Whether its provider is asked about a payment once more, PAYMENT_ASKS times a minute for each reason."""
    most = settings.PAYMENT_ASKS
    return not most or count_call(f"{why}:{payment_id}") <= most


def ask_soon(payment_id: int) -> None:
    """Has the worker ask about a payment, or its refunds, that it would look at later: a true notice is never lost.

    Nor of what it would not look at any more: a try that failed may come in yet.
    """
    soon = timezone.now() + PAUSE
    later = Q(due_at__gt=soon) | Q(due_at=None)
    Payment.objects.filter(later, pk=payment_id).exclude(state__in=RECEIVED).update(due_at=soon)
    Refund.objects.filter(later, payment=payment_id, state=Refund.State.SENT).update(due_at=soon)


def check_payment(payment_id: int) -> Payment:
    """Asks the provider what has become of a payment (and of its refunds) and applies it; the payment as it then is.

    Raises NotFound, and ProviderError where it cannot be asked.
    """
    payment = get_payment(pk=payment_id)
    if not payment.reference or payment.reference.startswith(CHARGING):
        return payment
    if payment.is_received:
        check_refunds(payment)
        return payment
    try:
        provider = provider_of(payment.provider)
        found = follow_authorisation(provider, payment, provider.look_up(payment.reference))
    except ProviderError as error:
        if not error.is_final:
            raise
        apply_loss(payment, error)
    else:
        apply_answer(payment, found)
    return get_payment(pk=payment_id)


def apply_answer(payment: Payment, found: Found) -> None:
    """Applies what the provider says of a payment: paid only where reference, amount and currency are ours.

    What was asked for another try than the present one is nothing any more, and nothing is applied over a payment that
    came in.
    """
    now = timezone.now()
    with transaction.atomic():
        current, _ = lock_payment(payment.pk)
        if current.reference != found.reference or current.is_received:
            return
        # A notice that came while the provider was asked tells of something newer.
        noticed_at = current.due_at if current.due_at != payment.due_at else None
        is_ours = (found.amount, found.currency) == (current.amount, current.currency)
        if found.state == State.PAID and is_ours:
            Payment.objects.filter(pk=current.pk).update(method=found.method)
            mark_paid(payment_id=current.pk, caller=SYSTEM, now=now)
            keep_method(current, found)
        elif found.state == State.PAID and found.amount:
            mark_disputed(current, found)
        elif found.state == State.AUTHORISED:
            if covers(found, current):
                current = mark_authorised(payment_id=current.pk, caller=SYSTEM, now=now)
            settles = found.captured or not current.is_authorised or is_capture_due(current)
            Payment.objects.filter(pk=current.pk).update(due_at=now + (SOON if settles else SELDOM))
        elif found.state in WORDS:
            mark_failed(payment_id=current.pk, failure=found.failure or WORDS[found.state], caller=SYSTEM, now=now)
        else:
            current.redirect_url, current.due_at = found.checkout_url, next_look(current, now)
            current.save(update_fields=["redirect_url", "due_at"])
        if noticed_at and found.state != State.PAID:
            Payment.objects.filter(pk=current.pk).update(due_at=noticed_at)


def apply_loss(payment: Payment, error: ProviderError) -> None:
    """The provider refuses what it was asked, or does not know the payment: this try has failed."""
    with transaction.atomic():
        current, _ = lock_payment(payment.pk)
        if (current.attempt, current.reference) == (payment.attempt, payment.reference):
            mark_failed(payment_id=current.pk, failure=error.reason, caller=SYSTEM, now=timezone.now())


def mark_disputed(payment: Payment, found: Found) -> None:
    """Something else came in than was asked for: never paid, and not to be paid again; staff look at it."""
    came = f"{to_text(found.amount, found.currency)} {found.currency}"
    asked = f"{to_text(payment.amount, payment.currency)} {payment.currency}"
    logger.error("payment %d: %s came in instead of %s", payment.pk, came, asked)
    payment.state = PaymentStatus.UNPAID
    payment.failure = f"{came} came in instead of {asked}: this does not count as paid."
    payment.disputed_amount, payment.disputed_currency = found.amount, found.currency
    payment.redirect_url, payment.due_at = "", None
    payment.save(update_fields=["state", "failure", "disputed_amount", "disputed_currency", "redirect_url", "due_at"])


def keep_method(payment: Payment, found: Found) -> None:
    """The customer wanted to pay in the same way again."""
    if not (payment.saves_method and found.mandate and found.customer):
        return
    payer = Customer.objects.select_for_update(no_key=True).filter(pk=payer_of(payment), erased_at=None).first()
    if payer is None:
        return  # it was erased while it paid
    row = SavedMethod(
        customer=payer,
        provider=payment.provider,
        provider_customer=found.customer,
        mandate=found.mandate,
        label=found.label or payment.provider.capitalize(),
    )
    SavedMethod.objects.bulk_create([row], ignore_conflicts=True)


def next_look(payment: Payment, now: datetime) -> datetime | None:
    """When the provider is asked next without a notice: ever more seldom, but once shortly before the payment expires.

    None when it was asked for long enough.
    """
    age = now - payment.created_at
    if age > ASKED_FOR:
        return None
    last = payment.expires_at - BEFORE_THE_END if payment.expires_at else now
    if now < last:
        return min(now + min(max(age / 2, SOON), OFTEN), last)
    return now + min(max(age / 2, SOON), SELDOM)
