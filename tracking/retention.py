"""What is kept for a time and then deleted, in small batches so that nobody waits for a lock."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.db.models import Model
from django.db.models.functions import Right
from django.utils import timezone

from orders.models import RUNNING, BulkChange, Counter, CustomerPosition, DriverOffer, DriverPosition, FeedEntry
from orders.services.bulk.file_exports import delete_old_files
from orders.services.outgoing import deliveries
from orders.services.personal.ageing import erase_old_guests, erase_old_photos
from orders.services.record.archive import archive_histories
from ordersite.accounts.models import BrowserSession, Mail, SignIn
from ordersite.accounts.registration import forget_unconfirmed
from ordersite.core.models import Attempt, AuditRow, IdempotencyKey
from ordersite.core.unflushed import atomic_unflushed
from vendors.services.people import KEPT, forget_old_invitations

BATCH = 1000
MESSAGES = 500  # with what came of each; whoever notes a delivery to the same endpoints waits
BULK_CHANGES = 10  # each has many rows
KEEP_BULK_CHANGES = timedelta(days=7)
KEEP_NUMBER_COUNTERS = timedelta(days=30)  # no order is moved to a day that is over
# Of customers, each of whom has rows in twenty tables.
GUESTS_AT_ONCE = 100
# Of orders; one whose driver was followed has a hundred events. Whoever changes one waits for the others of its batch.
HISTORIES = 100

# By which this machine's clock may differ from the database's: by less nothing goes before its time that matters.
MOST_ASKEW = timedelta(minutes=10)


class ClockAskew(Exception):
    """A clock is wrong, and nobody knows which: by the wrong one all that is kept might be old."""


def refuse_wrong_clock() -> None:
    """Raises ClockAskew where this machine's clock is not the database's. SQLite has no clock of its own."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        ahead = timezone.now() - cursor.fetchone()[0]
    if abs(ahead) > MOST_ASKEW:
        raise ClockAskew(f"this clock is {ahead.total_seconds():.0f} s ahead of the database's: nothing is deleted")


def prune(model: type[Model], moment: str, before: datetime, **others: Any) -> int:
    """Deletes a batch of the rows whose `moment` has passed, the oldest first; how many.

    By the index of that column, also where nothing is old. By their ids the table would be read until a thousand are
    found, which is all of it after the last one.
    """
    rows = model._default_manager.filter(**{f"{moment}__lt": before}, **others)
    batch = list(rows.order_by(moment).values_list("pk", flat=True)[:BATCH])
    if batch:
        with atomic_unflushed():
            # Not those that are none of them any more.
            rows.filter(pk__in=batch).delete()
    return len(batch)


def prune_idempotency_keys() -> int:
    return prune(IdempotencyKey, "created_at", timezone.now() - settings.KEEP_IDEMPOTENCY_KEYS)


def prune_attempts() -> int:
    return prune(Attempt, "expires_at", timezone.now())


def prune_feed() -> int:
    """Entries go, the counters of their streams stay: a position is never given twice.

    The oldest go first, and with each all of its stream before it, so that what is left of a stream has no gap.
    """
    old: datetime = timezone.now() - settings.KEEP_FEED
    batch = list(
        FeedEntry.objects.filter(created_at__lt=old)
        .order_by("created_at", "stream", "position")
        .values_list("stream", "position")[:BATCH]
    )
    spans: dict[str, tuple[int, int]] = {}
    for stream, position in batch:
        first, last = spans.get(stream, (position, position))
        spans[stream] = min(first, position), max(last, position)
    # Where many vendors take part a stream has an entry or two of a batch: together they are one round trip.
    with atomic_unflushed(), connection.cursor() as cursor:
        firsts = {stream: first for stream, (first, _) in spans.items()}
        since = {**firsts, **dict.fromkeys(preceded(cursor, firsts), 0)}
        cursor.executemany(
            "DELETE FROM orders_feedentry WHERE stream = %s AND position BETWEEN %s AND %s",
            [(stream, since[stream], last) for stream, (_, last) in sorted(spans.items())],
        )
    return len(batch)


def preceded(cursor: Any, firsts: Mapping[str, int]) -> list[str]:
    """The streams that still have an entry right before this position: the clock of its writer went ahead.

    Elsewhere nothing is left before it, and nothing is looked for: dead rows lie there by the thousand.
    """
    if not firsts:
        return []
    rows = ", ".join(["(%s, CAST(%s AS bigint))"] * len(firsts))
    cursor.execute(
        f"WITH before (stream, position) AS (VALUES {rows}) SELECT stream FROM before "  # noqa: S608  placeholders only
        "JOIN orders_feedentry USING (stream, position)",
        [part for stream, first in firsts.items() for part in (stream, first - 1)],
    )
    return [stream for (stream,) in cursor.fetchall()]


def prune_outbox() -> int:
    """What was told outside long ago, with what came of it at each endpoint."""
    return deliveries.forget_messages(timezone.now() - settings.KEEP_OUTBOX, MESSAGES)


def prune_bulk_changes() -> int:
    """Those that nobody looks at any more, with their items; not what was left for days and runs now."""
    old = BulkChange.objects.exclude(RUNNING).filter(created_at__lt=timezone.now() - KEEP_BULK_CHANGES)
    batch = list(old.order_by("created_at").values_list("pk", flat=True)[:BULK_CHANGES])
    old.filter(pk__in=batch).delete()
    return len(batch)


def prune_exports() -> int:
    """Files that nobody fetches any more."""
    return delete_old_files(timezone.now() - settings.KEEP_EXPORTS, BATCH)


def prune_mails() -> int:
    """Mails that were sent, refused or given up, with whom they went to; what waits is kept until it is settled."""
    return prune(Mail, "created_at", timezone.now() - settings.KEEP_MAILS, due_at__isnull=True)


def prune_sign_ins() -> int:
    """Sign-ins whose refresh token has expired."""
    return prune(SignIn, "expires_at", timezone.now())


def prune_sessions() -> int:
    """Sessions of browsers that have run out."""
    return prune(BrowserSession, "expire_date", timezone.now())


def prune_invitations() -> int:
    """Those that ended long ago, with whom they went to."""
    return forget_old_invitations(timezone.now() - KEPT, BATCH)


def prune_audit() -> int:
    """Who changed what of the set-up data, long ago."""
    return prune(AuditRow, "at", timezone.now() - settings.KEEP_AUDIT)


def prune_admin_log() -> int:
    """What the back-office itself noted of forms, as old as that. Its ids rise with time, which has no index."""
    oldest = LogEntry.objects.order_by("pk").values("pk")[:BATCH]
    count, _ = LogEntry.objects.filter(pk__in=oldest, action_time__lt=timezone.now() - settings.KEEP_AUDIT).delete()
    return count


def prune_number_counters() -> int:
    """Counters of days from which no order takes a number any more. Their day ends their name."""
    long_past = (timezone.now() - KEEP_NUMBER_COUNTERS).date().isoformat()
    past = Counter.objects.filter(name__startswith="number:").annotate(day=Right("name", 10)).filter(day__lt=long_past)
    count, _ = Counter.objects.filter(pk__in=list(past.values_list("pk", flat=True)[:BATCH])).delete()
    return count


def prune_driver_positions() -> int:
    """The last positions of drivers who have reported none since. One row a driver, changed often: without an index."""
    return prune(DriverPosition, "received_at", timezone.now() - settings.KEEP_POSITIONS)


def prune_customer_positions() -> int:
    return prune(CustomerPosition, "received_at", timezone.now() - settings.KEEP_POSITIONS)


def prune_driver_offers() -> int:
    """Offers to drivers and companies that have ended."""
    return prune(DriverOffer, "answered_at", timezone.now() - settings.KEEP_DRIVER_OFFERS)


def prune_proof_photos() -> int:
    """Photos that proved a payment or a delivery, with their files."""
    return erase_old_photos(timezone.now() - settings.KEEP_PROOF_PHOTOS, BATCH)


def erase_guests() -> int:
    """Customers without an account whose last order has been over for long."""
    return erase_old_guests(timezone.now() - settings.KEEP_GUEST_CONTACTS, GUESTS_AT_ONCE)


def prune_histories() -> int:
    """Histories of orders that were closed, and last changed, long ago; none where the site keeps them as they are."""
    if settings.ARCHIVE_AFTER is None:
        return 0
    return archive_histories(timezone.now() - settings.ARCHIVE_AFTER, HISTORIES)


def prune_unconfirmed() -> int:
    """Accounts whose e-mail was not confirmed in time, that nobody can enter and that hold nothing."""
    return forget_unconfirmed(timezone.now() - settings.KEEP_UNCONFIRMED, BATCH)
