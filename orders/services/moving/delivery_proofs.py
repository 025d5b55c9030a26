"""Pictures that show that an order was handed over: taken by whoever carries it, named by the change that completes it.

proof = add_delivery_proof(order_id=17, caller=caller, kind="photo", photo=photo, done_at=None)
transition(order_id=17, caller=caller, wish=Wish(name="deliver", proof=str(proof.uuid)))
"""

import hashlib
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.utils import timezone

from orders.lifecycle.table import Actor
from orders.models import DeliveryProof, Order, OrderEvent
from orders.services.record.access import OrderAccess, access_of, get_order
from orders.services.record.order_update import update_order
from orders.services.record.photos import read_file, write_file
from ordersite.accounts.callers import Caller
from ordersite.accounts.rights import Right
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Conflict, Forbidden, Invalid, NotFound
from ordersite.core.fields import Field
from ordersite.core.images import CleanImage

MOST_DELIVERY_PROOFS = 6  # of one order
CLOCK_SKEW = timedelta(minutes=2)  # by which a device's clock may be ahead
# Who may show that an order was handed over, in which role first.
SHOWING = (Actor.DRIVER, Actor.COMPANY, Actor.VENDOR, Actor.STAFF)


def add_delivery_proof(
    *, order_id: int, caller: Caller, kind: str, photo: CleanImage, done_at: datetime | None = None
) -> DeliveryProof:
    """Keeps a picture of the delivery; the same one again answers the first and writes nothing.

    Must run in a transaction. Raises NotFound, Forbidden for who does not carry the order, Conflict where it is not on
    its way or has MOST_DELIVERY_PROOFS already, and Invalid for a time that cannot be.
    """
    digest, now = hashlib.sha256(photo).hexdigest(), timezone.now()
    order = order_to_show(order_id=order_id, caller=caller)
    check_done_at(order, done_at, now)
    proof = DeliveryProof(kind=kind, digest=digest, done_at=done_at, uploaded_at=now)
    kept = set(order.delivery_proofs.values_list("kind", "digest"))
    if (kind, digest) not in kept and len(kept) < MOST_DELIVERY_PROOFS:
        write_file(proof, photo)
    with update_order(
        order_id, caller, roles=SHOWING, right=Right.MOVE_ORDERS, denied=FaultCode.FORBIDDEN_DELIVERY_PROOF
    ) as update:
        order = update.order
        # Once more: it may have changed while the lock was waited for.
        refuse_unshown(update.access)
        standing = order.delivery_proofs.filter(kind=kind, digest=digest).first()
        if standing is not None:
            return standing
        if order.delivery_proofs.count() >= MOST_DELIVERY_PROOFS:
            raise Conflict(FaultCode.TOO_MANY_PROOFS_DELIVERY, most=MOST_DELIVERY_PROOFS)
        if not proof.photo:  # the same one, or the last of too many, was erased meanwhile
            write_file(proof, photo)
        proof.order = order
        proof.save(force_insert=True)
        update.tell(
            OrderEvent.Kind.NOTE,
            visible_to=OrderEvent.VisibleTo.BUSINESS,
            data={"proof": str(proof.uuid), "proof_kind": kind},
        )
    return proof


def order_to_show(*, order_id: int, caller: Caller) -> Order:
    """The order whose handover the caller may show; nothing is locked. Raises what `add_delivery_proof` would."""
    access = access_of(caller, get_order(caller=caller, order_id=order_id))
    if access.role_among(SHOWING) is None:
        raise Forbidden(FaultCode.FORBIDDEN_DELIVERY_PROOF)
    refuse_unshown(access)
    return access.order


def refuse_unshown(access: OrderAccess) -> None:
    """Raises Forbidden for a driver who does not carry the order, and Conflict while it is not on its way."""
    order = access.order
    if access.carries_only and not carries(access):
        raise Forbidden(FaultCode.FORBIDDEN_DELIVERY_PROOF)
    if order.picked_up_at is None or order.is_closed:
        raise Conflict(FaultCode.NOT_ON_ITS_WAY, extra=access.refusal_extra())


def carries(access: OrderAccess) -> bool:
    """Whether the caller is the driver who accepted the order, or dispatches for the company that holds it."""
    order = access.order
    if Actor.DRIVER in access.readers and order.carried_by == access.caller.driver_id:
        return True
    return Actor.COMPANY in access.readers and order.company_id in access.caller.dispatched_ids


def check_done_at(order: Order, told: datetime | None, now: datetime) -> None:
    """Raises Invalid for a device's time that cannot be: before the placing, or later than its clock may be ahead."""
    if told is not None and not order.placed_at <= told <= now + CLOCK_SKEW:
        raise Invalid(FaultCode.DONE_AT, Field.DONE_AT)


def asks_picture(order: Order) -> bool:
    """Whether its vendor has a delivery shown by a photo or a signature."""
    return order.vendor.proof in DeliveryProof.Kind.values


def valid_proof(order: Order, told: str) -> str:
    """What is told as the proof, empty where it shows nothing.

    Where the vendor asks for a picture it is the uuid of one that was sent for this order, of the kind that is asked.
    """
    if not asks_picture(order):
        return told
    try:
        named = uuid.UUID(told)
    except ValueError:
        return ""
    return told if order.delivery_proofs.filter(uuid=named, kind=order.vendor.proof).exists() else ""


def list_delivery_proofs(*, order_id: int, caller: Caller) -> Sequence[DeliveryProof]:
    """The pictures of an order's delivery, the oldest first; raises NotFound and Forbidden."""
    order = get_order(caller=caller, order_id=order_id)
    if access_of(caller, order).is_only_a_candidate:
        raise Forbidden(FaultCode.FORBIDDEN_DELIVERY_PROOF)
    return list(order.delivery_proofs.order_by("pk"))


def read_delivery_proof(*, order_id: int, proof_uuid: uuid.UUID, caller: Caller) -> bytes:
    """One of them, as a JPEG; raises NotFound and Forbidden."""
    for proof in list_delivery_proofs(order_id=order_id, caller=caller):
        if proof.uuid == proof_uuid:
            return read_file(proof)
    raise NotFound()
