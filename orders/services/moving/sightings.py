"""Every order is seen by a device, or somebody is told.

The entry of the vendor's feed with which an order begins to wait for an answer is marked (record.events) until a device
says that it has shown the feed up to there. The worker looks at what is marked: an order that nobody has shown in the
vendor's time is told once, by mail, to staff (`TOLD_UNSEEN`), and in its history. A vendor that leaves several orders
in a row unanswered is paused.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, Exists, F, OuterRef, QuerySet
from django.utils import timezone

from orders.lifecycle.due_moments import answerable_since, awaits_answer
from orders.lifecycle.table import OPEN, Actor, Status
from orders.models import TOLD_UNSEEN, Counter, FeedEntry, Order, OrderEvent, ShownOrder, UnansweredOrder
from orders.models.parties import counter_of, party_of_vendor
from orders.services.record.access import access_of
from orders.services.record.epochs import current_epoch
from orders.services.record.order_update import update_locked
from orders.services.record.outbox import tell_unseen_outside
from orders.services.record.unseen_entries import claim_telling, count_anew, forget_unseen, unseen_entries
from ordersite.accounts.callers import SYSTEM, Caller
from ordersite.accounts.mails import queue_mail
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Conflict, Forbidden, NotFound
from vendors.models import Vendor
from vendors.permissions import works_at_vendor
from vendors.services.contacts import mail_addresses_of
from vendors.services.vendors import update_vendor

ANSWERERS = (Actor.VENDOR, Actor.STAFF)


@dataclass(frozen=True, slots=True)
class FeedHead:
    """Where a feed stands."""

    epoch: str
    position: int


def mark_shown(*, caller: Caller, vendor_id: int, epoch: str, position: int) -> FeedHead:
    """A device has shown the vendor's feed up to a position of an epoch; what is said again changes nothing.

    Must run in a transaction. Raises NotFound, Forbidden to whoever does not work there (staff looking at a board are
    not its kitchen), and Conflict for a position of another epoch, or one that the feed has not reached.
    """
    vendor = Vendor.objects.only("pk", "merchant_id").filter(pk=vendor_id).first()
    if vendor is None:
        raise NotFound()
    if not works_at_vendor(caller, vendor):
        raise Forbidden(FaultCode.FORBIDDEN_SEEN)
    stream = party_of_vendor(vendor_id)
    reached = Counter.objects.filter(name=counter_of(stream)).values_list("value", flat=True).first() or 0
    head = FeedHead(current_epoch(), reached)
    if epoch != head.epoch or position > head.position:
        raise Conflict(FaultCode.FEED_RESET, extra={"epoch": head.epoch, "position": head.position})
    note_shown(caller.key, vendor_id, stream, position)
    forget_unseen(unseen_entries(stream=stream, position__lte=position))
    return head


def note_shown(shown_by: str, vendor_id: int, stream: str, position: int) -> None:
    """Keeps which open orders a board shows that it had not shown before; a statement where there are none.

    One whose newest entry it has not reached yet is kept with a later position.
    """
    known = ShownOrder.objects.filter(order=OuterRef("pk"), shown_by=shown_by)
    beyond = FeedEntry.objects.filter(stream=stream, position__gt=position).values("order")
    shown = Order.objects.filter(~Exists(known), vendor=vendor_id, status__in=sorted(OPEN), deleted_at__isnull=True)
    shown = shown.filter(visible_at__isnull=False).exclude(pk__in=beyond)
    rows = [ShownOrder(order_id=pk, shown_by=shown_by) for pk in shown.order_by("pk").values_list("pk", flat=True)]
    if rows:
        ShownOrder.objects.bulk_create(rows, ignore_conflicts=True)


# --- who was shown to nobody --------------------------------------------------------------------------------------


def tell_unseen(limit: int = 100) -> int:
    """Tells of the orders that nobody has shown in their vendor's time; how many it told of. By the worker."""
    forget_answered()
    return sum(tell_order(entry_id, order_id) for entry_id, order_id in overdue_entries(timezone.now(), limit))


def forget_answered() -> None:
    """Nobody waits any more for orders that were answered, by a till too, cancelled or deleted."""
    waiting = Order.objects.filter(
        pk=OuterRef("order"), status=Status.PENDING, deleted_at__isnull=True, pos_confirmed_at__isnull=True
    )
    answered = list(unseen_entries().filter(~Exists(waiting)).values_list("pk", flat=True))
    if answered:
        forget_unseen(unseen_entries(pk__in=answered))


def overdue_entries(now: datetime, limit: int) -> list[tuple[int, int]]:
    """Entries that nobody has shown in the vendor's time and nobody was told of, each with its order, oldest first."""
    untold = unseen_entries(told_at__isnull=True, unseen_since__lte=now, order__vendor__unseen_seconds__isnull=False)
    rows = untold.order_by("unseen_since", "pk")
    columns = rows.values_list("pk", "order_id", "unseen_since", "order__vendor__unseen_seconds")
    overdue = [
        (pk, order_id)
        for pk, order_id, since, seconds in columns
        if since and seconds and since + timedelta(seconds=seconds) <= now
    ]
    return overdue[:limit]


def tell_order(entry_id: int, order_id: int) -> bool:
    """Tells of one order; False where another worker has it, it was shown or answered, or its vendor has closed since.

    What is told is claimed in the same transaction: once, whoever tries.
    """
    now = timezone.now()
    with transaction.atomic():
        order = lock_if_free(Order.objects.select_related("vendor", "terms"), order_id)
        if order is None or not awaits_answer(order):
            return False
        entry = unseen_entries(pk=entry_id, told_at__isnull=True)
        seconds, since = order.vendor.unseen_seconds, answerable_since(order)
        if seconds is None or since is None:
            return False
        if since + timedelta(seconds=seconds) > now:
            # The vendor has been paused or closed meanwhile: it counts from when it takes orders again.
            count_anew(entry, since)
            return False
        if not claim_telling(entry, now):
            return False
        with update_locked(access_of(SYSTEM, order, now), role=Actor.SYSTEM) as update:
            event = update.tell(
                OrderEvent.Kind.NOTE,
                reason="Not shown on any device",
                data={"seconds": seconds},
                visible_to=OrderEvent.VisibleTo.BUSINESS,
            )
        tell_unseen_outside(event)
        mail_unseen(order, since)
    return True


def lock_if_free(rows: QuerySet[Any], pk: int) -> Any:
    """The row, locked, unless another worker holds it; None. Rows that point to it may be written meanwhile."""
    skip = connection.features.has_select_for_update_skip_locked
    return rows.select_for_update(of=("self",), skip_locked=skip, no_key=True).filter(pk=pk).first()


def mail_unseen(order: Order, since: datetime) -> None:
    for address in mail_addresses_of(order.vendor):
        about = f"order:{order.pk}"
        queue_mail("order_unseen", address, about=about, order=order.pk, since=since.isoformat())


def told_unseen_orders() -> QuerySet[Any]:
    """The ids of orders that nobody has shown, and of which somebody was told."""
    return FeedEntry.objects.filter(TOLD_UNSEEN).values("order")


# --- who answers nothing ------------------------------------------------------------------------------------------


def note_unanswered(order: Order, now: datetime) -> None:
    """Nobody answered this order in time; in the transaction that refuses it."""
    if order.vendor.pause_after_orders is not None:
        rows = [UnansweredOrder(order=order, vendor_id=order.vendor_id, created_at=now)]
        # One that was reopened, and left unanswered again, counts from now.
        UnansweredOrder.objects.bulk_create(
            rows, update_conflicts=True, update_fields=["created_at"], unique_fields=["order"]
        )


def pause_unanswering(limit: int = 100) -> int:
    """Pauses the vendors that left too many orders in a row unanswered; how many. By the worker."""
    counted = UnansweredOrder.objects.order_by().values("vendor").annotate(count=Count("pk"))
    many = counted.filter(count__gte=F("vendor__pause_after_orders")).values_list("vendor", flat=True)
    return sum(pause_unanswering_vendor(vendor_id) for vendor_id in list(many[:limit]))


def pause_unanswering_vendor(vendor_id: int) -> bool:
    """Pauses one vendor and tells it; False where it has answered an order meanwhile, or another worker has it."""
    now = timezone.now()
    with transaction.atomic():
        vendor = lock_if_free(Vendor.objects.all(), vendor_id)
        if vendor is None or vendor.pause_after_orders is None:
            return False
        run = UnansweredOrder.objects.filter(vendor=vendor)
        run.filter(created_at__lt=now - settings.KEEP_FEED).delete()
        # What was reopened may be answered still.
        run.exclude(order__status=Status.REJECTED_BY_BUSINESS).delete()
        first = run.order_by("created_at").values_list("created_at", flat=True).first()
        if answered_at := last_answer(vendor_id, first):
            run.filter(created_at__lte=answered_at).delete()
        count = run.count()
        if count < vendor.pause_after_orders:
            return False
        run.delete()
        until = now + timedelta(minutes=vendor.pause_minutes)
        if vendor.paused_until is not None and vendor.paused_until >= until:
            return False
        update_vendor(vendor=vendor, caller=SYSTEM, paused_until=until)
        mail_paused(vendor, count)
    return True


def last_answer(vendor_id: int, since: datetime | None) -> datetime | None:
    """When the vendor, or staff for it, last answered an order, if it did after a moment."""
    if since is None:
        return None
    answers = FeedEntry.objects.filter(
        stream=party_of_vendor(vendor_id),
        created_at__gte=since,
        event__kind=OrderEvent.Kind.STATUS,
        event__from_status=Status.PENDING,
        event__role__in=ANSWERERS,
    )
    return answers.order_by("-position").values_list("created_at", flat=True).first()


def mail_paused(vendor: Vendor, count: int) -> None:
    assert vendor.paused_until is not None, "it was just paused"
    until = vendor.paused_until.isoformat()
    for address in mail_addresses_of(vendor):
        about = f"vendor:{vendor.pk}"
        queue_mail("vendor_paused", address, about=about, vendor=vendor.pk, until=until, count=count)
