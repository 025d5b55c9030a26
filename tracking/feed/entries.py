"""Reading the feed from the database: what a stream holds after a position, serialised once for all its readers.

A stream is "vendor:5", "driver:2" or "company:1", counted by its counter, or "order:17", counted by the order's
version. All functions here block; none needs a transaction.
"""

import json
import struct
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Q

from orders.models import Counter, FeedEntry, Order, OrderEvent
from orders.models.parties import counter_of
from orders.services.record.epochs import current_epoch
from ordersite.core.times import rfc3339

BATCH = 500
# So many streams are asked for by one statement.
STREAMS = 200
ORDER = "order:"
# What a stream tells, by kind; docs/feed.md and the AsyncAPI document list them.
KINDS: dict[str, str] = {
    OrderEvent.Kind.PLACED: "the order has come",
    OrderEvent.Kind.STATUS: "its status changed, `from` one `to` another",
    OrderEvent.Kind.MILESTONE: "a step without a status of its own: preparing has begun, it is settled",
    OrderEvent.Kind.ITEMS: "its items changed, or a change of them was asked, accepted or refused",
    OrderEvent.Kind.PAYMENT: "a payment, refund, tip or way to pay changed",
    OrderEvent.Kind.DRIVER: "a driver was named, changed or taken off",
    OrderEvent.Kind.POSITION: "its driver has moved",
    OrderEvent.Kind.DELAY: "a promised time changed",
    OrderEvent.Kind.NOTE: "something else was written down or changed",
}
HIDDEN, HELLO, RESET = "hidden", "hello", "reset"
OTHERS: dict[str, str] = {
    HIDDEN: "something that this reader may not see; it has its position and its version all the same",
    HELLO: "the first frame of a socket: where the stream stood before it was accepted",
    RESET: "what was asked for is not there: read the orders afresh, then go on from this position",
}
EVENT = ("number", "kind", "from_status", "to_status", "visible_to", "created_at")


class StreamEntry(NamedTuple):
    """One event as every reader of the stream gets it: JSON, and the same as a websocket frame."""

    position: int
    text: str
    frame: bytes
    at: datetime | None = None  # when it happened


class Ask(NamedTuple):
    """What a reader has read: up to a position of an epoch. None for "from now", and for no epoch."""

    stream: str
    since: int | None
    epoch: str | None


class Page(NamedTuple):
    """What a reader that has read up to a position gets next; with `reset`, it must begin anew from `last`.

    `last` is where the stream stood before the entries were read; with `more` there may be others after them.
    """

    epoch: str
    last: int
    entries: list[StreamEntry]
    reset: bool = False
    more: bool = False


def text_frame(text: str) -> bytes:
    """An unfragmented text frame from a server (RFC 6455, 5.2), for texts below 64 KiB."""
    payload = text.encode()
    size = len(payload)
    return (struct.pack("!BB", 0x81, size) if size < 126 else struct.pack("!BBH", 0x81, 126, size)) + payload


def entry(position: int, message: Mapping[str, Any]) -> StreamEntry:
    text = json.dumps(message, separators=(",", ":"))
    return StreamEntry(position, text, text_frame(text))


def hello(epoch: str, position: int) -> StreamEntry:
    """The first that a socket is told: where the stream stood when it was accepted."""
    return entry(position, {"kind": HELLO, "epoch": epoch, "position": position})


def reset(epoch: str, position: int) -> StreamEntry:
    """Tells a reader that what it asks for is no longer (or not yet) there: it reads afresh and goes on from here."""
    return entry(position, {"position": position, "kind": RESET, "epoch": epoch})


def event_entry(position: int, order: int, event: tuple[Any, ...], *, public: bool) -> StreamEntry:
    """`public`: the reader has but a tracking code; a party sees all that is not the staff's own."""
    number, kind, source, target, visible_to, at = event
    shown = visible_to == OrderEvent.VisibleTo.EVERYBODY if public else visible_to != OrderEvent.VisibleTo.STAFF
    made = entry(
        position,
        {
            "position": position,
            "order": order,
            "version": number,
            "kind": kind if shown else HIDDEN,
            "from": source if shown else None,
            "to": target if shown else None,
            "at": rfc3339(at, "milliseconds"),
        },
    )
    return made._replace(at=at)


def order_id_of(stream: str) -> int:
    return int(stream.removeprefix(ORDER))


def last_positions(streams: Iterable[str]) -> dict[str, int]:
    """The last position of each stream, 0 where nothing has happened."""
    names = list(streams)
    found = dict.fromkeys(names, 0)
    parties = [name for name in names if not name.startswith(ORDER)]
    orders = [order_id_of(name) for name in names if name.startswith(ORDER)]
    for some in slices(parties):
        rows = Counter.objects.filter(name__in=[counter_of(name) for name in some]).values_list("name", "value")
        found.update((name.removeprefix(counter_of("")), value) for name, value in rows)
    for few in slices(orders):
        versions = Order.objects.filter(pk__in=few).values_list("pk", "version")
        found.update((f"{ORDER}{pk}", version) for pk, version in versions)
    return found


def standing(streams: Iterable[str]) -> tuple[str, dict[str, int]]:
    """The epoch that holds, and the last positions."""
    return current_epoch(), last_positions(streams)


def slices(items: list[Any]) -> Iterable[list[Any]]:
    return (items[start : start + STREAMS] for start in range(0, len(items), STREAMS))


def read_new_entries(positions: Mapping[str, int], *, limit: int = BATCH) -> tuple[dict[str, list[StreamEntry]], bool]:
    """What each stream holds after its position, and whether there may be more than the `limit` that one read takes.

    One statement for the parties' streams, one for the orders', while there are no more than STREAMS of each.
    """
    found: dict[str, list[StreamEntry]] = {}
    more = False
    for some in slices([name for name in positions if not name.startswith(ORDER)]):
        wanted = Q()
        for name in some:
            wanted |= Q(stream=name, position__gt=positions[name])
        rows = FeedEntry.objects.filter(wanted).order_by("stream", "position")
        read = list(rows.values_list("stream", "position", "order_id", *(f"event__{name}" for name in EVENT))[:limit])
        more = more or len(read) == limit
        for stream, position, order, *event in read:
            found.setdefault(stream, []).append(event_entry(position, order, tuple(event), public=False))
    for some in slices([name for name in positions if name.startswith(ORDER)]):
        wanted = Q()
        for name in some:
            wanted |= Q(order_id=order_id_of(name), number__gt=positions[name])
        events = OrderEvent.objects.filter(wanted).order_by("order_id", "number")
        numbered = list(events.values_list("order_id", *EVENT)[:limit])
        more = more or len(numbered) == limit
        for order, *event in numbered:
            found.setdefault(f"{ORDER}{order}", []).append(event_entry(event[0], order, tuple(event), public=True))
    return found, more


def read_stream(stream: str, since: int | None, epoch: str | None = None, *, limit: int = BATCH) -> Page:
    """What follows `since` in its epoch; None means from now."""
    return read_streams([Ask(stream, since, epoch)], limit=limit)[0]


def read_streams(asked: Sequence[Ask], *, limit: int = BATCH) -> list[Page]:
    """The same for many at once, by as many statements; `limit` is for all of them together.

    A position resets that is not kept any more, not yet reached, of another epoch, or above 0 and of none.
    """
    # First the last positions, then the entries: what is read may be newer than `last`, but never older.
    current, lasts = standing({one.stream for one in asked})
    lowest: dict[str, int] = {}
    for one in asked:
        last = lasts[one.stream]
        if one.since is not None and is_of(current, one.since, one.epoch) and 0 <= one.since < last:
            lowest[one.stream] = min(one.since, lowest.get(one.stream, last))
    found, more = read_new_entries(lowest, limit=limit)
    return [make_page(one, current, lasts[one.stream], found.get(one.stream, []), more=more) for one in asked]


def make_page(asked: Ask, current: str, last: int, found: list[StreamEntry], *, more: bool) -> Page:
    """One reader's page from what was read of its stream; with `more` the rest of that was not read."""
    since = asked.since
    if not is_of(current, since, asked.epoch) or (since is not None and not 0 <= since <= last):
        return Page(current, last, [], reset=True)
    if since is None or since == last:
        return Page(current, last, [])
    entries = [entry for entry in found if entry.position > since]
    if entries[0].position != since + 1 if entries else not more:
        return Page(current, last, [], reset=True)
    return Page(current, last, entries, more=more)


def is_of(current: str, since: int | None, epoch: str | None) -> bool:
    """Whether a position counts in the epoch that holds; the beginning does in each."""
    return epoch == current or (epoch is None and not since)
