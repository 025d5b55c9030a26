"""Histories of orders that were closed long ago: packed into one row an order, and put back before it changes again.

An order's events are all in the log or all packed. Who moves them holds the order's row, as does who changes it.
"""

import json
import zlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, Field, JSONField, OuterRef, QuerySet
from django.utils import timezone

from orders.lifecycle.table import CLOSED
from orders.models import ArchivedHistory, FeedEntry, Order, OrderEvent, OutboxMessage
from ordersite.core.unflushed import atomic_unflushed

# A payment by card may be disputed for 120 days, and is given back in the weeks after.
SOONEST = timedelta(days=180)
# Clocks of two hosts may differ; and a message is written a moment after its event.
APART = timedelta(days=1)
# What most histories have in common, so that zlib need not say it in each. Part of format 1: it never changes.
DICTIONARY = (
    b'"visible_to":"business","data":{"old":{},"new":{}},"reason_code":"","forced":true,"milestone":"closed",'
    b'"actor":"merchant:","actor":"system","role":"system","actor":"guest:","role":"staff","role":"driver",'
    b'"kind":"note","kind":"driver","kind":"payment","kind":"milestone","transition":"","kind":"position",'
    b'["id","number","kind","transition","from_status","to_status","milestone","actor","actor_name","role",'
    b'"reason_code","reason","forced","data","visible_to","app_id","created_at"],[[1,"placed","",null,0,"","user:1",'
    b'"","customer","","",false,{},"everybody","","2026-01-01T00:00:00.000000+00:00"],[1,2,"status","accept",1,2,"",'
    b'"user:1","","vendor","","",false,{},"everybody","","2026-01-01T00:00:00.000000+00:00"],[null,null,"","device:1"'
)


# --- reading ------------------------------------------------------------------------------------------------------


def archived_events(orders: Iterable[Order]) -> dict[int, list[OrderEvent]]:
    """The events of those of the orders whose history is archived, by order and number.

    One statement, none where the orders were read with their `archived_history`.
    """
    at_hand = {order.pk: order for order in orders}
    read = [order._state.fields_cache.get("archived_history") for order in at_hand.values()]
    rows = [row for row in read if row is not None]
    unread = at_hand.keys() - {row.pk for row in rows}
    if unread:
        rows += ArchivedHistory.objects.filter(pk__in=sorted(unread))
    return {row.pk: unpack_events(row, at_hand[row.pk]) for row in rows}


def pack_events(events: Sequence[OrderEvent]) -> bytes:
    """The columns' names, then a row for each event, as compressed JSON; the order is not told."""
    fields = packed_fields().values()
    rows = [[packed_value(event, field) for field in fields] for event in events]
    text = json.dumps([[field.attname for field in fields], rows], ensure_ascii=False, separators=(",", ":"))
    packing = zlib.compressobj(level=9, zdict=DICTIONARY)
    return packing.compress(text.encode()) + packing.flush()


def packed_value(event: OrderEvent, field: "Field[Any, Any]") -> Any:
    value = getattr(event, field.attname)
    return value.isoformat() if isinstance(value, datetime) else value


def unpack_events(row: ArchivedHistory, order: Order) -> list[OrderEvent]:
    """The events as they were in the log.

    A column that was added since has its default, one that was taken away is left out.
    """
    assert row.format == 1, f"the history of order {row.pk} has format {row.format}, which a newer version writes"
    columns, rows = json.loads(zlib.decompressobj(zdict=DICTIONARY).decompress(bytes(row.packed)))
    fields, events = packed_fields(), []
    for values in rows:
        told = dict(zip(columns, values, strict=True))
        event = OrderEvent(**{name: read_value(fields[name], told[name]) for name in columns if name in fields})
        event.order = order
        event._state.adding, event._state.db = False, order._state.db
        events.append(event)
    return events


def packed_fields() -> "dict[str, Field[Any, Any]]":
    return {one.attname: one for one in OrderEvent._meta.concrete_fields if one.attname != "order_id"}


def read_value(field: "Field[Any, Any]", told: Any) -> Any:
    return told if isinstance(field, JSONField) else field.to_python(told)


# --- moving -------------------------------------------------------------------------------------------------------


def archive_histories(before: datetime, most: int) -> int:
    """Packs the histories of orders that were closed, and last changed, before this moment; of how many.

    The oldest first, at most so many by one transaction. An order that somebody holds is left for another time.
    """
    before = min(before, timezone.now() - SOONEST, *told_since())
    ids = list(due_histories(before)[:most])
    if not ids:
        return 0
    with atomic_unflushed():
        closed = hold_closed(ids, before)
        events: dict[int, list[OrderEvent]] = defaultdict(list)
        for event in OrderEvent.objects.filter(order__in=closed).order_by("order", "number"):
            events[event.order_id].append(event)
        # Whoever changed one just before it was held has told so by now.
        old = [pk for pk in events if max(event.created_at for event in events[pk]) < before]
        ArchivedHistory.objects.bulk_create(ArchivedHistory(order_id=pk, packed=pack_events(events[pk])) for pk in old)
        delete_events(old)
    return len(old)


def hold_closed(ids: Sequence[int], before: datetime) -> list[int]:
    """Holds those of the orders that nobody else holds, and that are closed still."""
    free = Order.objects.select_for_update(skip_locked=True, no_key=True).only("pk").order_by("pk")
    return [order.pk for order in free.filter(pk__in=ids, **long_closed(before))]


def long_closed(before: datetime) -> dict[str, Any]:
    return {"status__in": sorted(CLOSED), "status_changed_at__lt": before, "due_at": None}


def due_histories(before: datetime) -> QuerySet[OrderEvent, int]:
    """The ids of the orders that are due, by the index of the log's age.

    Without the one of the log's last event: the marks of the feed tell by it whether a backup was brought back.
    """
    newer = OrderEvent.objects.filter(order=OuterRef("order"), created_at__gte=before)
    last = OrderEvent.objects.order_by("-pk").values("order")[:1]
    closed = {f"order__{name}": value for name, value in long_closed(before).items()}
    old = OrderEvent.objects.filter(~Exists(newer), created_at__lt=before, number=1, **closed)
    return old.exclude(order=last).order_by("created_at", "pk").values_list("order", flat=True)


def told_since() -> list[datetime]:
    """Before when no entry of the feed and no message names an event any more: the oldest that are kept, by indexes."""
    tables = (FeedEntry.objects.all(), OutboxMessage.objects.all())
    kept = [rows.order_by("created_at").values_list("created_at", flat=True).first() for rows in tables]
    return [oldest - APART for oldest in kept if oldest is not None]


def delete_events(orders: Sequence[int]) -> None:
    """By one statement: Django's own deletes a hundred at a time, and looks for what refers to each."""
    if orders:
        places = ", ".join(["%s"] * len(orders))
        with connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM orders_orderevent WHERE order_id IN ({places})", orders)  # noqa: S608


def restore_history(order: Order) -> None:
    """Puts the events of an order, which this transaction has locked, back into the log; one statement where none is.

    None for an order that cannot be archived: all but a few of those that change.
    """
    if order.is_closed and order.status_changed_at < timezone.now() - SOONEST + APART:
        restore_histories(ArchivedHistory.objects.filter(pk=order.pk))


def restore_histories(rows: "QuerySet[ArchivedHistory]") -> None:
    """The same for many, whose orders this transaction has locked."""
    found = list(rows.select_related("order"))
    for row in found:
        OrderEvent.objects.bulk_create(unpack_events(row, row.order), batch_size=1000)
    ArchivedHistory.objects.filter(pk__in=[row.pk for row in found]).delete()


@transaction.atomic
def restore_oldest(most: int) -> int:
    """The same for so many, by the id of their order; of how many."""
    ids = list(ArchivedHistory.objects.order_by("pk").values_list("pk", flat=True)[:most])
    held = Order.objects.select_for_update(no_key=True).only("pk").filter(pk__in=ids).order_by("pk")
    restore_histories(ArchivedHistory.objects.filter(pk__in=[order.pk for order in held]))
    return len(ids)
