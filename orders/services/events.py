"""The event log and the feeds: a change and its event share a transaction, the world is told after commit."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils.module_loading import import_string

from orders.models import FeedEntry, Order, OrderEvent
from ordersite.web.idempotency import Again


def streams_of(order: Order) -> list[str]:
    """The parties' streams that an event of this order enters: the vendor's only once the vendor may see it."""
    streams = [f"vendor:{order.vendor_id}"] if order.visible_at else []
    if order.driver_id:
        streams.append(f"driver:{order.driver_id}")
    if order.company_id:
        streams.append(f"company:{order.company_id}")
    return streams


# Holds the menus of vendors at the versions that stand, once nobody changes them any more.
HELD = "WITH held AS (SELECT id, menu_version FROM vendors_vendor WHERE id = ANY(%s) ORDER BY id FOR SHARE) "
VERSIONS = "(SELECT json_object_agg(id, menu_version) FROM held)"


def draw(names: Iterable[str], *, read: Mapping[int, int] | None = None) -> dict[str, list[int]]:
    """The next number of each counter, held until commit: nobody sees a later number before an earlier one.

    A name that comes several times draws as many. One statement; the rows are locked in the order of their names, the
    same for everybody. `read` are vendors with the versions of their menus that were gone by: nobody changes them until
    commit. Raises Again where one has been changed meanwhile. (On SQLite one writes at a time, from its first reading.)
    """
    wanted = sorted(Counter(names).items())
    if not wanted:
        return {}
    rows = ", ".join(["(%s, %s)"] * len(wanted))
    holds = bool(read) and connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        cursor.execute(
            f"{HELD if holds else ''}INSERT INTO orders_counter (name, value) VALUES {rows} "  # noqa: S608  placeholders only
            "ON CONFLICT (name) DO UPDATE SET value = orders_counter.value + excluded.value "
            f"RETURNING name, value, {VERSIONS if holds else 'NULL'}",
            [*([[*read]] if read and holds else []), *(part for one in wanted for part in one)],
        )
        found = cursor.fetchall()
    if holds and {int(pk): version for pk, version in (found[0][2] or {}).items()} != read:
        raise Again
    last = {name: value for name, value, _ in found}
    return {name: list(range(last[name] - count + 1, last[name] + 1)) for name, count in wanted}


def record_event(
    order: Order, *, kind: str, also: Sequence[str] = (), positions: dict[str, int] | None = None, **fields: Any
) -> OrderEvent:
    """Writes the event that made the order's present version, and its feed entries; wakes the readers after commit.

    `also` are streams of parties that the change took off the order: they see this one event as their last.
    `positions` are numbers that were drawn already, by counter name. Must run in the change's transaction.
    """
    event = OrderEvent(order=order, number=order.version, kind=kind, **fields)
    event.save(force_insert=True)
    streams = sorted({*streams_of(order), *also})
    if not positions:
        positions = {name: drawn[0] for name, drawn in draw(f"stream:{stream}" for stream in streams).items()}
    FeedEntry.objects.bulk_create(
        FeedEntry(
            stream=stream,
            position=positions[f"stream:{stream}"],
            event=event,
            order=order,
            created_at=event.created_at,
        )
        for stream in streams
    )
    woken = [*streams, f"order:{order.pk}"]
    transaction.on_commit(lambda: wake()(woken))
    return event


@cache
def wake() -> Callable[[list[str]], None]:
    """What tells the live feed; named by a setting, since the feed stands above the orders."""
    found: Callable[[list[str]], None] = import_string(settings.FEED_WAKE)
    return found
