"""Photos that show that a transfer was made: sent by the customer, looked at by staff (docs/requirements.md, row 2)."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.utils import timezone

from orders.lifecycle.table import FAILURE, Actor
from orders.models import RECEIVED, Order, OrderEvent, Payment, PaymentProof, PaymentStatus
from orders.services.money.shares import shares_of, state_of
from orders.services.paying.payment_access import lock_payment_of, payment_of, refuse_unready
from orders.services.record.access import OrderAccess, access_as, access_of, get_order, refuse_erased_buyer
from orders.services.record.order_update import update_locked
from orders.services.record.photos import read_file, write_file
from ordersite.accounts.callers import Caller
from ordersite.accounts.rights import Right
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Conflict, Forbidden, Invalid, NotFound
from ordersite.core.fields import Field
from ordersite.core.images import MOST_PHOTOS, CleanImage
from vendors.payment_methods import PROVEN_METHODS, find_method
from vendors.permissions import member_vendors

MOST_PROOFS = 20


def write_proofs(photos: Sequence[CleanImage], now: datetime) -> list[PaymentProof]:
    """Rows for photos whose files are kept by now, for `add_proofs`; to be called before anything is locked."""
    proofs = [PaymentProof(uploaded_at=now) for _ in photos]
    for proof, photo in zip(proofs, photos, strict=True):
        write_file(proof, photo)
    return proofs


def add_proofs(payment: Payment, proofs: Sequence[PaymentProof]) -> None:
    """Saves what `write_proofs` has made as a payment's, by one statement."""
    for proof in proofs:
        proof.payment = payment
    PaymentProof.objects.bulk_create(proofs)


def payment_to_prove(*, order_id: int, caller: Caller, count: int, version: int | None = None) -> tuple[Actor, int]:
    """The role in which the caller may send `count` photos, and the id of their transfer; nothing is locked.

    Raises NotFound, Forbidden, Stale, and Conflict where no transfer waits for so many.
    """
    access = access_of(caller, get_order(caller=caller, order_id=order_id))
    role = access.role_among((Actor.STAFF, Actor.CUSTOMER), Right.CHECK_PAYMENTS)
    if role is None:
        raise Forbidden(FaultCode.FORBIDDEN_PHOTOS)
    refuse_unready(access, version)
    waiting = Payment.objects.filter(shares__order=order_id, provider__in=PROVEN_METHODS)
    found = waiting.exclude(state__in=RECEIVED).order_by("-pk").first()
    if found is None:
        raise Conflict(FaultCode.NO_TRANSFER, extra=access.refusal_extra())
    check_waits(found, Order.objects.filter(shares__payment=found), count)
    return role, found.pk


def check_waits(payment: Payment, orders: Iterable[Order], count: int) -> list[Order]:
    """The orders that a transfer which waits for `count` photos pays for; raises Conflict for one that does not."""
    orders = [order for order in orders if order.status not in FAILURE]
    if not find_method(payment.provider).needs_proof or payment.is_received:
        raise Conflict(FaultCode.ALREADY_PAID_MEANWHILE)
    if not orders:
        raise Conflict(FaultCode.ORDER_CLOSED_NOTHING_LEFT)
    if payment.proofs.count() + count > MOST_PROOFS:
        raise Conflict(FaultCode.TOO_MANY_PROOFS, most=MOST_PROOFS)
    return orders


def send_proofs(*, order_id: int, caller: Caller, photos: Sequence[CleanImage], version: int | None = None) -> Order:
    """The customer (or staff for it) shows that the order's transfer was made; it then waits for staff to look.

    Must run in a transaction. Raises Invalid, NotFound, Stale, Forbidden, and Conflict where no transfer waits,
    the orders are closed, or there are MOST_PROOFS photos already.
    """
    if not photos:
        raise Invalid(FaultCode.REQUIRED_PHOTO, Field.PHOTO, most=MOST_PHOTOS)
    role, waiting_id = payment_to_prove(order_id=order_id, caller=caller, count=len(photos), version=version)
    proofs = write_proofs(photos, timezone.now())
    access, payment, orders = lock_payment_of(order_id, waiting_id, caller, version)
    # Once more: it may have changed while the lock was waited for.
    orders = check_waits(payment, orders, len(photos))
    refuse_erased_buyer(access.order)
    add_proofs(payment, proofs)
    payment.state, payment.failure, payment.expires_at = PaymentStatus.PROOF_PENDING, "", None
    payment.save(update_fields=["state", "failure", "expires_at"])
    for order in orders:
        with update_locked(access_as(role, caller, order, access.now), role=role) as update:
            order.payment_status = state_of(order, shares_of(order))
            update.tell(OrderEvent.Kind.PAYMENT, data={"photos": len(photos)})
    return get_order(caller=caller, order_id=order_id)


def read_photo(*, order_id: int, payment_id: int, number: int, caller: Caller) -> bytes:
    """The payment's photo with this number, from 1 on, as a JPEG.

    For the customer, staff, and the vendor whose orders alone it pays for. Raises NotFound and Forbidden.
    """
    access = access_of(caller, get_order(caller=caller, order_id=order_id))
    payment = payment_of(access.order, payment_id)
    if Actor.CUSTOMER not in access.readers and role_to_see(access, payment) is None:
        raise Forbidden(FaultCode.FORBIDDEN_SEE_PHOTOS)
    found = payment.proofs.order_by("pk")[number - 1 : number] if number else ()
    for proof in found:
        return read_file(proof)
    raise NotFound()


def role_to_see(access: OrderAccess, payment: Payment) -> Actor | None:
    """The role in which the caller sees the payment's photos: staff, or the vendor of all orders that it pays for."""
    if Actor.STAFF in access.readers:
        return Actor.STAFF
    if Actor.VENDOR not in access.readers:
        return None
    own = member_vendors(access.caller).values("pk")
    return None if payment.shares.exclude(order__vendor__in=own).exists() else Actor.VENDOR
