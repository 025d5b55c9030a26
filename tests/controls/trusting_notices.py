"""Controls of promise 14: what people write first, which reads and then writes, and believes what it is told."""

import threading
import time
from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from orders.models import Order, Payment, Refund
from orders.services.paying.provider_refunds import send_to_provider, write_found
from orders.services.paying.providers.protocol import Found, State
from orders.services.paying.receiving import mark_failed, mark_paid
from ordersite.accounts.callers import SYSTEM
from tests.controls.meeting import meet

read = threading.local()


def lock_payment_without_a_lock(payment_id: int) -> tuple[Payment, list[Order]]:
    """In the place of orders.services.paying.receiving.lock_payment where it is first called."""
    payment = Payment.objects.get(pk=payment_id)
    orders = list(
        Order.objects.select_related("vendor", "purchase", "customer")
        .filter(purchase=payment.purchase_id)
        .order_by("pk")
    )
    meet()
    read.last = payment, orders
    return payment, orders


def believe_what_was_read(payment_id: int) -> tuple[Payment, list[Order]]:
    """In its place where it is called again: any write before would already have made the others wait."""
    last: tuple[Payment, list[Order]] = read.last
    return last


@transaction.atomic
def apply_whatever_is_said(payment: Payment, found: Found) -> None:
    """In the place of paying.provider_answers.apply_answer: the state alone counts, and the last word."""
    now: datetime = timezone.now()
    if found.state == State.PAID:
        mark_paid(payment_id=payment.pk, caller=SYSTEM, now=now)
    elif found.state == State.FAILED:
        mark_failed(payment_id=payment.pk, failure="The payment failed.", caller=SYSTEM, now=now)
        Payment.objects.filter(pk=payment.pk).update(state="failed")


def repeat_key_of_each_try(found: Found, act: str) -> str:
    """In the place of orders.services.paying.authorisations.repeat_key: whoever has looked asks for the money anew."""
    meet()
    return f"{found.reference}:{act}:{time.monotonic_ns()}:{threading.get_ident()}"


def send_refund_without_taking_it(refund_id: int) -> None:
    """In the place of orders.services.paying.provider_refunds.send_refund, with a key of its own for each try."""
    refund, now = Refund.objects.select_related("payment").get(pk=refund_id), timezone.now()
    if refund.state != Refund.State.PENDING:
        return
    meet()
    refund.key = f"{refund.key}-{time.monotonic_ns()}"
    Refund.objects.filter(pk=refund_id).update(attempts=F("attempts") + 1)
    write_found(refund, send_to_provider(refund), now)
