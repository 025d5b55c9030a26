"""Online payments: what is asked of their providers, and what becomes of the answers.

A provider is asked outside of every transaction, and may be asked anything twice: what is asked carries a key that the
provider knows, and what it answers is applied by a conditional update or under the payment's lock.
"""

import hashlib
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import OperationalError
from django.db.models import QuerySet
from django.utils import timezone

from orders.models import Payment, PaymentStatus, SavedMethod
from orders.services.paying.authorisations import is_taken_at_once
from orders.services.paying.provider_answers import (
    CHARGING,
    Standing,
    apply_answer,
    apply_loss,
    check_payment,
    get_payment,
    may_ask,
    next_look,
    payer_of,
    standing_of,
)
from orders.services.paying.provider_refunds import due_refunds, send_refund
from orders.services.paying.providers import askable_methods, provider_of
from orders.services.paying.providers.protocol import Found, Provider, ProviderError, Sequence, Wish
from ordersite.core.codes import Code
from ordersite.core.context import absolute
from ordersite.core.faults import Throttled

logger = logging.getLogger(__name__)

# Whoever took a row to ask its provider has that long before another worker takes it.
LEASE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A payment whose page was opened; `url` is the provider's page to go on to, empty where there is none."""

    payment: Payment
    standing: Standing
    url: str = ""


def address_of(path: str) -> str:
    """A path of ours as others reach it; empty where nobody knows (in a worker without PUBLIC_URL)."""
    found = settings.PUBLIC_URL + path if settings.PUBLIC_URL else absolute.get()(path)
    return found if found.startswith(("http://", "https://")) else ""


def key_of(payment: Payment, attempt: int) -> str:
    """By this a provider knows a repeated call. A hash: the token opens the page, and keys stand in others' logs."""
    return hashlib.sha256(f"{payment.token}:{attempt}:{payment.amount}".encode()).hexdigest()[:40]


def describe_payment(payment: Payment) -> str:
    """What payer and staff read at the provider."""
    if payment.purchase_id is None:
        return "Wallet top-up"
    rows = payment.shares.order_by("order_id").values_list("order_id", "order__vendor__name")
    numbers, names = zip(*rows, strict=True) if rows else ((), ())
    orders = ", ".join(f"#{number}" for number in numbers)
    return f"Order {orders}: {', '.join(dict.fromkeys(names))}"[:250]


# --- the page ---------------------------------------------------------------------------------------------------


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
            raise Throttled(Code.THROTTLED_PAYING, retry_after=60)
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
    key = key_of(payment, attempt)
    try:
        found = provider.begin(
            Wish(
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


# --- saved methods ----------------------------------------------------------------------------------------------


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
        Wish(
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


# --- by the worker ----------------------------------------------------------------------------------------------


def run_due(limit: int = 100) -> int:
    """Asks about payments whose notice may be lost, charges saved methods, sends refunds; how many rows it took.

    A provider that cannot be reached is left alone until the next round.
    """
    methods = askable_methods()
    return each_due(due_payments(methods)[:limit], ask_due) + each_due(due_refunds(methods)[:limit], send_refund)


def due_payments(methods: Iterable[str]) -> QuerySet[Payment, int]:
    due = Payment.objects.filter(due_at__lte=timezone.now(), provider__in=methods)
    return due.order_by("due_at").values_list("pk", flat=True)


def each_due(ids: Iterable[int], do: Callable[[int], object]) -> int:
    """Does what is due of each; none may hold up the others, but for the provider's being out of reach."""
    done = 0
    for row_id in list(ids):
        try:
            do(row_id)
        except ProviderError as error:
            if not error.is_final:
                return 0
        except OperationalError:
            raise
        except Exception:
            logger.exception("%s failed for %d and is tried again", getattr(do, "__name__", "it"), row_id)
        done += 1
    return done


def ask_due(payment_id: int) -> None:
    """What is due of one payment, unless another worker has it."""
    payment = get_payment(pk=payment_id)
    if waits_for_charge(payment):
        charge_saved(payment_id)
        return
    due = Payment.objects.filter(pk=payment_id, due_at=payment.due_at)
    undecided = payment.reference and not payment.is_received
    if due.update(due_at=timezone.now() + LEASE if undecided else None) and undecided:
        check_payment(payment_id)
