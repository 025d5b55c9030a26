"""Photos that show that a transfer was made: sent by the customer, checked by staff (docs/requirements.md, row 2).

A photo's file is written before its row, within the row's transaction: who was answered finds it. Where the transaction
fails after that, the file is left over; nobody can reach it, and the worker deletes it within the hour that follows.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from django.core.files.base import ContentFile
from django.utils import timezone

from orders.lifecycle.table import FAILURE, Actor
from orders.models import RECEIVED, Order, OrderEvent, Payment, PaymentProof, PaymentShare, PaymentStatus
from orders.services.money.shares import deadline_of, shares_of, state_of
from orders.services.paying import disputes
from orders.services.paying.receiving import lock_payment, mark_cash_received, mark_failed, mark_paid
from orders.services.record.access import OrderAccess, access_as, access_of, get_order
from orders.services.record.order_update import update_locked
from ordersite.accounts.callers import Caller
from ordersite.accounts.rights import Right
from ordersite.core.codes import Code
from ordersite.core.faults import Conflict, Forbidden, Invalid, NotFound
from ordersite.core.fields import Field
from ordersite.core.images import MOST_PHOTOS, CleanImage
from vendors.payment_methods import PROVEN_METHODS, find_method
from vendors.permissions import member_vendors

MOST_PROOFS = 20
# How long a customer has at least to send better photos.
AGAIN = timedelta(days=1)
# A file without a row is left over when it is older than any transaction; it is looked for so long.
STRAY_AFTER = timedelta(hours=1)
STRAY_DAYS = 7
STRAYS_AT_ONCE = 500


def add_proofs(*, payment: Payment, photos: Sequence[CleanImage], now: datetime) -> None:
    """Keeps photos for a payment: files under random names, one statement for the rows."""
    proofs = [PaymentProof(payment=payment, uploaded_at=now) for _ in photos]
    for proof, photo in zip(proofs, photos, strict=True):
        proof.photo.save("photo.jpg", ContentFile(photo), save=False)
    PaymentProof.objects.bulk_create(proofs)


def payment_to_prove(*, order_id: int, caller: Caller, count: int, version: int | None = None) -> tuple[Actor, int]:
    """As what the caller may send `count` photos, and the id of the transfer that they are of; nothing is locked.

    Raises NotFound, Forbidden, Problem 412, and Conflict where no transfer waits for so many.
    """
    access = access_of(caller, get_order(caller=caller, order_id=order_id))
    role = access.role_among((Actor.STAFF, Actor.CUSTOMER), Right.CHECK_PAYMENTS)
    if role is None:
        raise Forbidden(Code.FORBIDDEN_PHOTOS)
    refuse_unready(access, version)
    waiting = Payment.objects.filter(shares__order=order_id, provider__in=PROVEN_METHODS)
    found = waiting.exclude(state__in=RECEIVED).order_by("-pk").first()
    if found is None:
        raise Conflict(Code.NO_TRANSFER, extra=access.refusal_extra())
    check_waits(found, Order.objects.filter(shares__payment=found), count)
    return role, found.pk


def check_waits(payment: Payment, orders: Iterable[Order], count: int) -> list[Order]:
    """The orders that a transfer which waits for `count` photos pays for; raises Conflict for one that does not."""
    orders = [order for order in orders if order.status not in FAILURE]
    if not find_method(payment.provider).needs_proof or payment.is_received:
        raise Conflict(Code.ALREADY_PAID_MEANWHILE)
    if not orders:
        raise Conflict(Code.ORDER_CLOSED_NOTHING_LEFT)
    if payment.proofs.count() + count > MOST_PROOFS:
        raise Conflict(Code.TOO_MANY_PROOFS, most=MOST_PROOFS)
    return orders


def send_proofs(*, order_id: int, caller: Caller, photos: Sequence[CleanImage], version: int | None = None) -> Order:
    """The customer (or staff for it) shows that the order's transfer was made; it then waits for staff to look.

    Must run in a transaction. Raises Invalid, NotFound, Problem 412, Forbidden, and Conflict where no transfer waits,
    the orders are closed, or there are MOST_PROOFS photos already.
    """
    if not photos:
        raise Invalid(Code.REQUIRED_PHOTO, Field.PHOTO, most=MOST_PHOTOS)
    role, waiting_id = payment_to_prove(order_id=order_id, caller=caller, count=len(photos), version=version)
    access, payment, orders = lock(order_id, waiting_id, caller, version)
    # Once more: it may have changed while the lock was waited for.
    orders = check_waits(payment, orders, len(photos))
    add_proofs(payment=payment, photos=photos, now=access.now)
    payment.state, payment.failure, payment.expires_at = PaymentStatus.PROOF_PENDING, "", None
    payment.save(update_fields=["state", "failure", "expires_at"])
    for order in orders:
        with update_locked(access_as(role, caller, order, access.now), role=role) as update:
            order.payment_status = state_of(order, shares_of(order))
            update.tell(OrderEvent.Kind.PAYMENT, data={"photos": len(photos)})
    return get_order(caller=caller, order_id=order_id)


def approve(*, order_id: int, payment_id: int, caller: Caller, version: int | None = None) -> Order:
    """Marks cash or a transfer as received: by staff, or by the vendor into whose hands it came.

    What a provider holds (authorised) staff have taken: it comes in within seconds. Cash is received order by order. Of
    a payment that is disputed, what came in counts (services.disputes). Once, however often it is asked. Must run in a
    transaction. Raises NotFound, Problem 412, Forbidden, and Conflict for what only a provider can tell.
    """
    access = access_of(caller, get_order(caller=caller, order_id=order_id))
    role_to_approve(access, payment_of(access.order, payment_id))
    access, payment, orders = lock(order_id, payment_id, caller, version)
    # Once more: its method may have changed while the lock was waited for.
    role, method = role_to_approve(access, payment), find_method(payment.provider)
    if payment.is_disputed:
        disputes.settle_dispute(payment, orders, caller=caller, now=access.now)
    elif method.is_on_handover:
        mark_cash_received(order_id=order_id, payment_id=payment_id, caller=caller, role=role, now=access.now)
    elif payment.is_received:
        return access.order
    elif payment.is_authorised and role == Actor.STAFF:
        # The worker takes what is held (paying.authorisations): no provider is asked in a transaction.
        Payment.objects.filter(pk=payment_id).update(due_at=access.now)
    elif method.needs_proof:
        mark_paid(payment_id=payment_id, caller=caller, role=role, now=access.now)
    else:
        raise Conflict(Code.PAID_ONLINE, provider=payment.provider, extra=access.refusal_extra())
    Payment.objects.filter(pk=payment_id).update(checked_by=caller.user)
    return get_order(caller=caller, order_id=order_id)


def refuse(*, order_id: int, payment_id: int, caller: Caller, reason: str, version: int | None = None) -> Order:
    """Staff do not believe the photos: the customer reads why, and may send others for at least AGAIN.

    Of a payment that is disputed, what came in goes back, and the orders that are open are to be paid anew. Must run in
    a transaction. Raises NotFound, Problem 412, Forbidden, and Conflict where nothing waits to be looked at.
    """
    access = access_of(caller, get_order(caller=caller, order_id=order_id))
    payment_of(access.order, payment_id)
    if Actor.STAFF not in access.acting(Right.CHECK_PAYMENTS):
        raise Forbidden(Code.FORBIDDEN_REFUSE_PHOTOS)
    access, payment, orders = lock(order_id, payment_id, caller, version)
    if payment.is_disputed:
        disputes.refuse_dispute(payment, orders, caller=caller, reason=reason, now=access.now)
        return get_order(caller=caller, order_id=order_id)
    if payment.state != PaymentStatus.PROOF_PENDING:
        raise Conflict(Code.NO_PROOF_PENDING, extra=access.refusal_extra())
    deadline = deadline_of(payment.provider, [order.vendor for order in orders], payment.created_at)
    payment.expires_at = max(deadline or access.now, access.now + AGAIN)
    payment.checked_by = caller.user
    payment.save(update_fields=["expires_at", "checked_by"])
    mark_failed(payment_id=payment_id, failure=reason, caller=caller, role=Actor.STAFF, now=access.now)
    return get_order(caller=caller, order_id=order_id)


def waive(*, order_id: int, payment_id: int, caller: Caller, reason: str, version: int | None = None) -> Order:
    """Staff say that what this payment still owes for the order need not be paid; what came in amiss goes back.

    Must run in a transaction. Raises NotFound, Problem 412, Forbidden, Invalid without a reason, and Conflict
    nothing_due, or payment_pending while the money may have come in.
    """
    access = access_of(caller, get_order(caller=caller, order_id=order_id))
    payment_of(access.order, payment_id)
    if Actor.STAFF not in access.acting(Right.CHECK_PAYMENTS):
        raise Forbidden(Code.FORBIDDEN_WAIVE)
    if not reason.strip():
        raise Invalid(Code.REQUIRED_WAIVE, Field.REASON)
    access, payment, orders = lock(order_id, payment_id, caller, version)
    order = next(order for order in orders if order.pk == order_id)
    disputes.waive_payment(payment, order, orders, caller=caller, reason=reason, now=access.now)
    return get_order(caller=caller, order_id=order_id)


def read_photo(*, order_id: int, payment_id: int, number: int, caller: Caller) -> bytes:
    """The payment's photo with this number, from 1 on, as a JPEG.

    For the customer, staff, and the vendor whose orders alone it pays for. Raises NotFound and Forbidden.
    """
    access = access_of(caller, get_order(caller=caller, order_id=order_id))
    payment = payment_of(access.order, payment_id)
    if Actor.CUSTOMER not in access.readers and role_to_see(access, payment) is None:
        raise Forbidden(Code.FORBIDDEN_SEE_PHOTOS)
    found = payment.proofs.order_by("pk")[number - 1 : number] if number else ()
    for proof in found:
        return read_file(proof)
    raise NotFound()


def read_file(proof: PaymentProof) -> bytes:
    """The bytes of a photo; raises NotFound where its file was taken away."""
    try:
        with proof.photo.open() as file:
            return bytes(file.read())
    except FileNotFoundError as error:
        raise NotFound(Code.NOT_FOUND_PHOTO) from error


def lock(
    order_id: int, payment_id: int, caller: Caller, version: int | None
) -> tuple[OrderAccess, Payment, list[Order]]:
    """The payment and the orders that it pays for, locked, and this one as it stands then; raises Problem 412."""
    payment, orders = lock_payment(payment_id)
    access = access_of(caller, get_order(caller=caller, order_id=order_id))
    refuse_unready(access, version)
    paid_for = set(PaymentShare.objects.filter(payment=payment).values_list("order_id", flat=True))
    return access, payment, [order for order in orders if order.pk in paid_for]


def refuse_unready(access: OrderAccess, version: int | None) -> None:
    """Raises Problem 412 where the caller saw another version, and Conflict for an order without items."""
    access.refuse_stale(version)
    if access.order.awaits_items:
        raise Conflict(Code.NO_ITEMS_TO_PAY)


def payment_of(order: Order, payment_id: int) -> Payment:
    """A payment that pays for this order; raises NotFound."""
    payment = Payment.objects.filter(pk=payment_id, shares__order=order).first()
    if payment is None:
        raise NotFound()
    return payment


def role_to_see(access: OrderAccess, payment: Payment) -> Actor | None:
    """As what the caller looks at the payment's photos: staff, or the vendor of all orders that it pays for."""
    if Actor.STAFF in access.readers:
        return Actor.STAFF
    if Actor.VENDOR not in access.readers:
        return None
    own = member_vendors(access.caller).values("pk")
    return None if payment.shares.exclude(order__vendor__in=own).exists() else Actor.VENDOR


def role_to_approve(access: OrderAccess, payment: Payment) -> Actor:
    """As what the caller says that the payment came in: staff, or the vendor into whose own hands it came.

    Who profits does not attest: what goes to the platform is told by the platform's people. Raises Forbidden.
    """
    if Actor.STAFF in access.acting(Right.CHECK_PAYMENTS):
        return Actor.STAFF
    goes_to_platform = find_method(payment.provider).needs_proof and not payment.to_vendor
    if Actor.VENDOR not in access.readers or payment.is_disputed or goes_to_platform:
        raise Forbidden(Code.FORBIDDEN_APPROVE)
    return Actor.VENDOR


def delete_strays() -> int:
    """Deletes the photos of the last days that no row knows; how many."""
    storage, now = PaymentProof._meta.get_field("photo").storage, timezone.now()
    deleted = 0
    for paths in files_before(now - STRAY_AFTER):
        known = set(PaymentProof.objects.filter(photo__in=paths).values_list("photo", flat=True))
        for path in set(paths) - known:
            storage.delete(path)
            deleted += 1
    return deleted


def files_before(moment: datetime) -> Iterator[list[str]]:
    """The paths of photos that were written before this moment, in batches, of STRAY_DAYS days."""
    storage = PaymentProof._meta.get_field("photo").storage
    for days in range(STRAY_DAYS):
        folder = f"proofs/{moment - timedelta(days=days):%Y/%m/%d}"
        try:
            names = storage.listdir(folder)[1]
        except FileNotFoundError:
            continue
        paths = [f"{folder}/{name}" for name in names]
        old = [path for path in paths if storage.get_modified_time(path) < moment]
        for first in range(0, len(old), STRAYS_AT_ONCE):
            yield old[first : first + STRAYS_AT_ONCE]
