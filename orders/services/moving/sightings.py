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
from django.utils.dateformat import format as format_time
from django.utils.translation import gettext, ngettext

from orders.lifecycle.table import Actor, Status
from orders.lifecycle.timers import answerable_since, awaits_answer
from orders.models import TOLD_UNSEEN, Counter, FeedEntry, Order, OrderEvent, UnansweredOrder
from orders.models.parties import counter_of, party_of_vendor
from orders.services.record.access import access_of
from orders.services.record.epochs import current_epoch
from orders.services.record.order_update import update_locked
from orders.services.record.outbox import tell_unseen_outside
from orders.services.record.unseen_entries import claim_telling, count_anew, forget_unseen, unseen_entries
from ordersite.accounts.callers import SYSTEM, Caller
from ordersite.accounts.mails import paragraphs, queue_mail
from ordersite.core.codes import Code
from ordersite.core.faults import Conflict, Forbidden, NotFound
from ordersite.core.languages import speaking
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
        raise Forbidden(Code.FORBIDDEN_SEEN)
    stream = party_of_vendor(vendor_id)
    reached = Counter.objects.filter(name=counter_of(stream)).values_list("value", flat=True).first() or 0
    head = FeedHead(current_epoch(), reached)
    if epoch != head.epoch or position > head.position:
        raise Conflict(Code.FEED_RESET, extra={"epoch": head.epoch, "position": head.position})
    forget_unseen(unseen_entries(stream=stream, position__lte=position))
    return head


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
    vendor = order.vendor
    told = {
        "number": order.number,
        "order": order.pk,
        "vendor": vendor.name,
        "since": f"{since.astimezone(vendor.zone):%H:%M} ({vendor.time_zone})",
    }
    with speaking(vendor.language):
        subject = gettext("Order %(number)s at %(vendor)s has not been seen") % told
        text = paragraphs(
            gettext(
                "Order %(number)s (#%(order)s) has waited since %(since)s, and no device of %(vendor)s has shown it."
            )
            % told,
            gettext("Open the board and answer it:"),
            f"{settings.SITE_URL}/board/{vendor.pk}",
        )
    for address in mail_addresses_of(vendor):
        queue_mail("text", address, subject=subject, text=text)


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
    with speaking(vendor.language):
        until = format_time(vendor.paused_until.astimezone(vendor.zone), "d F, H:i")
        told = {"vendor": vendor.name, "until": f"{until} ({vendor.time_zone})", "count": count}
        subject = gettext("%(vendor)s is paused") % told
        text = paragraphs(
            gettext("%(vendor)s takes no orders until %(until)s.") % told,
            ngettext(
                "The last order was not answered in time.",
                "The last %(count)s orders in a row were not answered in time.",
                count,
            )
            % told,
            gettext("End the pause on the board:"),
            f"{settings.SITE_URL}/board/{vendor.pk}",
        )
    for address in mail_addresses_of(vendor):
        queue_mail("text", address, subject=subject, text=text)
