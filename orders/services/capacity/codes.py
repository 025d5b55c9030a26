"""Digital codes: one a unit, issued once, shown only to whom they belong, never sold again. Encrypted at rest."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.db import transaction
from django.db.models import Count, QuerySet

from orders import models
from orders.kinds import rules_of
from orders.lifecycle.table import FAILURE, Actor, Status
from orders.models import Order, OrderEvent, PaymentStatus
from orders.services.record.access import get_order
from orders.services.record.archive import archived_events
from orders.services.record.order_update import OrderUpdate, update_order
from orders.visibility import actors_for
from ordersite.accounts.callers import Caller
from ordersite.accounts.rights import Right
from ordersite.core.codes import FaultCode
from ordersite.core.crypto import decrypt
from ordersite.core.faults import Conflict, Forbidden, NotFound
from vendors.models import Product

logger = logging.getLogger(__name__)

# Who reads an order's codes: the customer in clear, the others masked.
READERS = frozenset({Actor.CUSTOMER, Actor.VENDOR, Actor.STAFF})
# How many codes an event names before it only counts the rest.
NAMED = 40


# --- issuing ----------------------------------------------------------------------------------------------------


def issue_codes(*, order: Order, now: datetime) -> bool:
    """Gives every unit of a digital order a code of its own; True where all have theirs.

    Where there are too few, those that there are stay with the order, and `codes_missing` says how many units wait.
    Must run in an update of the order; sets `codes_missing` and `codes_tried_at`.
    """
    missing = 0
    for line in order.lines.select_related("product").annotate(issued=Count("codes")).order_by("position"):
        wanted = max(0, line.quantity - line.issued)
        taken = take_free(line.product_id, wanted)
        missing += wanted - len(taken)
        if taken:
            models.Code.objects.filter(pk__in=taken).update(line=line, issued_at=now)
            warn_of_low_stock(line.product, len(taken))
    order.codes_missing, order.codes_tried_at = missing, now
    return missing == 0


def take_free(product_id: int | None, count: int) -> list[int]:
    """At most so many codes that nobody has, the oldest first, held until the transaction ends.

    One that another transaction holds is passed over: nobody waits, and no two get the same. For a product that is gone
    none is found.
    """
    free = models.Code.objects.filter(product=product_id, line__isnull=True).order_by("pk")
    return list(free.select_for_update(skip_locked=True).values_list("pk", flat=True)[:count])


def warn_of_low_stock(product: Product | None, issued: int) -> None:
    """A line in the log where so many codes, just issued, took the product below its threshold."""
    if product is None or not product.low_codes:
        return
    free = models.Code.objects.filter(product=product, line__isnull=True)
    left = free[: product.low_codes + issued].count()
    if left < product.low_codes <= left + issued:
        tell = partial(logger.warning, "the codes of product %d run low: %d left", product.pk, left)
        transaction.on_commit(tell)


def spend_codes(order: Order) -> None:
    """The order is cancelled. Codes that were handed out are spent for good, whether or not anybody has read them.

    What was only set aside while a part was missing nobody could read: it is free for others again.
    """
    codes = models.Code.objects.select_for_update(of=("self",)).filter(line__order=order, spent_at__isnull=True)
    # In the order of their ids, as the rotation of keys locks them.
    held = models.Code.objects.filter(pk__in=list(codes.order_by("pk").values_list("pk", flat=True)))
    if order.previous_status == Status.COMPLETED:
        held.update(spent_at=order.status_changed_at)
    else:
        held.update(line=None, issued_at=None)


# --- showing ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCode:
    """A code as its reader may see it, with the line and product that it is for."""

    item: int
    product: int | None
    name: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCodes:
    """An order's codes, and how many units still wait for one."""

    codes: Sequence[ShownCode]
    missing: int


def show_codes(*, order_id: int, caller: Caller) -> OrderCodes:
    """The codes of an order: in clear to its customer once it is paid and complete, masked to its vendor and staff.

    The first time that a caller reads a code is told in the history, to staff; it opens a transaction for that. While a
    part is missing the customer reads none: the order may yet be cancelled, and its money go back. Raises NotFound to
    everybody else, Conflict not_paid and order_closed.
    """
    order = get_order(caller=caller, order_id=order_id)
    actors = actors_for(caller, order)
    if not actors & READERS:
        raise NotFound()
    if not rules_of(order).is_issued:
        return OrderCodes(codes=[], missing=0)
    if Actor.CUSTOMER not in actors:
        masked = [show_code(code, str(code)) for code in codes_of(order).defer("sealed")]
        return OrderCodes(codes=masked, missing=order.codes_missing)
    codes = readable_codes(order)
    if unread_codes(order, caller, codes):
        with transaction.atomic(), update_order(order_id, caller) as update:
            # A cancelling in the same moment comes before this, or finds the codes read.
            order, update.role = update.order, Actor.CUSTOMER
            codes = readable_codes(order)
            if fresh := unread_codes(order, caller, codes):
                tell_reading(update, fresh)
    return OrderCodes(codes=[show_code(code, decrypt(code.sealed)) for code in codes], missing=order.codes_missing)


def codes_of(order: Order) -> QuerySet[models.Code]:
    """What the order has been issued, line by line."""
    return models.Code.objects.filter(line__order=order).select_related("line").order_by("line__position", "pk")


def readable_codes(order: Order) -> list[models.Code]:
    """The codes that the customer may read now; raises Conflict where it may read none any more, or not yet."""
    if order.status in FAILURE:
        raise Conflict(FaultCode.ORDER_CLOSED_CODES)
    if not PaymentStatus(order.payment_status).is_kept:
        raise Conflict(FaultCode.NOT_PAID_CODES)
    return list(codes_of(order)) if order.status == Status.COMPLETED else []


def show_code(code: models.Code, text: str) -> ShownCode:
    line = code.line
    assert line is not None
    return ShownCode(item=line.pk, product=code.product_id, name=line.name, code=text)


def unread_codes(order: Order, caller: Caller, codes: Iterable[models.Code]) -> list[models.Code]:
    """Those of the codes that this caller has not read before, by the order's history."""
    notes = OrderEvent.objects.filter(order=order, kind=OrderEvent.Kind.NOTE, actor=caller.key)
    told = list(notes.values_list("data", flat=True))
    if not told:
        old = archived_events([order]).get(order.pk, ())
        told = [event.data for event in old if event.kind == OrderEvent.Kind.NOTE and event.actor == caller.key]
    read = {code_id for data in told for code_id in data.get("codes", ())}
    return [code for code in codes if code.pk not in read]


def tell_reading(update: OrderUpdate, codes: Sequence[models.Code]) -> None:
    """Tells staff, in the history, who has read which codes."""
    named = ", ".join(map(str, codes[:NAMED])) + (f" and {len(codes) - NAMED} more" if len(codes) > NAMED else "")
    update.tell(
        OrderEvent.Kind.NOTE,
        reason=f"Code {named} revealed" if len(codes) == 1 else f"Codes {named} revealed",
        data={"codes": [code.pk for code in codes]},
        visible_to=OrderEvent.VisibleTo.STAFF,
    )


def reveal_code(*, code_id: int, caller: Caller) -> str:
    """A code in clear, for staff, told in its order's history every time; must run in a transaction.

    Only a code that was handed out is shown: of the others nobody has a question. Raises NotFound, Forbidden and
    Conflict code_not_issued.
    """
    code = models.Code.objects.select_related("line").filter(pk=code_id).first()
    if code is None:
        raise NotFound()
    if code.line is None:
        raise not_issued()
    with update_order(code.line.order_id, caller) as update:
        if update.order.status != Status.COMPLETED and code.spent_at is None:
            raise not_issued()
        update.role = update.access.role_among((Actor.STAFF,), Right.REVEAL_CODES)
        if update.role is None:
            raise Forbidden(FaultCode.FORBIDDEN_REVEAL)
        tell_reading(update, [code])
    return decrypt(code.sealed)


def not_issued() -> Conflict:
    return Conflict(FaultCode.CODE_NOT_ISSUED)
