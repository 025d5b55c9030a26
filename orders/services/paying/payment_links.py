"""The link to the page on which an order is paid: told to whoever may hand it on, and e-mailed where that is wanted."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from orders.lifecycle.table import FAILURE, Actor
from orders.models import RECEIVED, Order, Payment, PaymentStatus
from orders.services.paying.provider_answers import Standing, online_payments
from orders.services.paying.provider_answers import standing_of as payment_standing
from orders.services.paying.told_to_providers import address_of
from orders.services.record.access import access_of, get_order
from ordersite.accounts.callers import Caller
from ordersite.accounts.mails import count_mail, queue_mail
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Conflict, Forbidden, Invalid
from ordersite.core.fields import Field
from vendors.payment_methods import ONLINE_METHODS

PAYABLE = (Standing.PAYABLE, Standing.PENDING)


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentLink:
    """Where an order is paid, and by when; `sent_to` is the e-mail that it was sent to, if it was."""

    url: str
    expires_at: datetime | None
    sent_to: str | None = None


def payment_link(*, order_id: int, caller: Caller, send: bool = False) -> PaymentLink:
    """The link of what an order still has to be paid online; `send` e-mails it to the order's contact, after commit.

    By the customer, the vendor or staff. It switches nothing. Raises NotFound, Forbidden; Conflict order_closed,
    not_online, payment_expired, payment_disputed, proof_pending or nothing_to_pay; with `send` Invalid where no e-mail
    is known, and Throttled for the sixth mail to an e-mail within an hour.
    """
    order = get_order(caller=caller, order_id=order_id)
    actors = access_of(caller, order).actors
    if not actors & {Actor.CUSTOMER, Actor.VENDOR, Actor.STAFF}:
        raise Forbidden(FaultCode.FORBIDDEN_PAYMENT_LINK)
    payment = payment_to_make(order, timezone.now())
    url = address_of(f"/pay/{payment.token}")
    if send:
        # Those who sell write to many customers from one place.
        send_link(order, payment, "" if actors & {Actor.VENDOR, Actor.STAFF} else caller.address)
    return PaymentLink(url=url, expires_at=payment.expires_at, sent_to=order.contact_email if send else None)


def payment_to_make(order: Order, now: datetime) -> Payment:
    """The newest payment of an order that can be made online now; raises Conflict that says why there is none."""
    if order.status in FAILURE:
        raise Conflict(FaultCode.ORDER_CLOSED_NOTHING_LEFT)
    standings = {}
    for payment in online_payments().filter(shares__order=order).order_by("-pk"):
        standings[payment] = payment_standing(payment, now)
        if standings[payment] in PAYABLE:
            return payment
    if Standing.DISPUTED in standings.values():
        raise Conflict(FaultCode.PAYMENT_DISPUTED)
    if Standing.CLOSED in standings.values():
        raise Conflict(FaultCode.PAYMENT_EXPIRED)
    others = Payment.objects.filter(shares__order=order).exclude(provider__in=ONLINE_METHODS)
    waiting = others.exclude(state__in=RECEIVED).order_by("-pk").first()
    if waiting is None:
        raise Conflict(FaultCode.NOTHING_TO_PAY)
    if waiting.state == PaymentStatus.PROOF_PENDING:
        raise Conflict(FaultCode.PROOF_PENDING)
    method = waiting.provider
    raise Conflict(FaultCode.NOT_ONLINE_LINK, payment_method=method, extra={"payment_method": method})


def send_link(order: Order, payment: Payment, address: str) -> None:
    """E-mails the link to the order's contact; `address` is the network's that a customer asks from."""
    if not order.contact_email:
        raise Invalid(FaultCode.NO_EMAIL, Field.SEND)
    count_mail("payment_link", order.contact_email, address)
    queue_mail("payment_link", order.contact_email, about=f"order:{order.pk}", order=order.pk, payment=payment.pk)
