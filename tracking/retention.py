"""What is kept for a time and then deleted, in small batches so that nobody waits for a lock."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from orders.models import CustomerPosition, DriverOffer, DriverPosition, FeedEntry, OutboxMessage
from ordersite.accounts.models import SignIn
from ordersite.accounts.registration import forget_unconfirmed
from ordersite.core.models import Attempt, IdempotencyKey

BATCH = 1000


def prune(rows: "QuerySet[Any]") -> int:
    """Deletes a batch of the rows, but for those that are none of them any more; how many."""
    batch = list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH])
    if batch:
        rows.filter(pk__in=batch).delete()
    return len(batch)


def prune_idempotency_keys() -> int:
    return prune(IdempotencyKey.objects.filter(created_at__lt=timezone.now() - settings.KEEP_IDEMPOTENCY_KEYS))


def prune_attempts() -> int:
    return prune(Attempt.objects.filter(expires_at__lt=timezone.now()))


def prune_feed() -> int:
    """Entries go, the counters of their streams stay: a position is never given twice.

    The oldest go first, so that what is left of a stream has no gap.
    """
    old: datetime = timezone.now() - settings.KEEP_FEED
    batch = list(
        FeedEntry.objects.filter(created_at__lt=old)
        .order_by("created_at", "stream", "position")
        .values_list("pk", "stream", "position")[:BATCH]
    )
    # Two clocks may disagree on what is older: within a stream the position decides.
    newest: dict[str, int] = {}
    for _, stream, position in batch:
        newest[stream] = max(newest.get(stream, 0), position)
    for stream, position in newest.items():
        FeedEntry.objects.filter(stream=stream, position__lte=position).delete()
    return len(batch)


def prune_outbox() -> int:
    """What was told outside long ago, with what came of it at each endpoint."""
    old = timezone.now() - settings.KEEP_OUTBOX
    return prune(OutboxMessage.objects.filter(created_at__lt=old, told_at__isnull=False))


def prune_sign_ins() -> int:
    """Sign-ins whose refresh token has expired."""
    return prune(SignIn.objects.filter(expires_at__lt=timezone.now()))


def prune_driver_positions() -> int:
    """The last positions of drivers who have reported none since. One row a driver, changed often: without an index."""
    return prune(DriverPosition.objects.filter(received_at__lt=timezone.now() - settings.KEEP_POSITIONS))


def prune_customer_positions() -> int:
    return prune(CustomerPosition.objects.filter(received_at__lt=timezone.now() - settings.KEEP_POSITIONS))


def prune_driver_offers() -> int:
    """Offers to drivers and companies that have ended."""
    return prune(DriverOffer.objects.filter(answered_at__lt=timezone.now() - settings.KEEP_DRIVER_OFFERS))


def prune_unconfirmed() -> int:
    """Accounts whose e-mail was not confirmed in time, that nobody can enter and that hold nothing."""
    return forget_unconfirmed(timezone.now() - settings.KEEP_UNCONFIRMED, BATCH)
