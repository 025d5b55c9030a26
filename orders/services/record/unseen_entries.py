"""Entries of the vendors' feeds that no device has shown yet (services.moving.sightings)."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from orders.models import UNSEEN, FeedEntry
from ordersite.core.row_locks import update_in_order


def unseen_entries(**where: Any) -> QuerySet[FeedEntry]:
    return FeedEntry.objects.filter(UNSEEN, **where)


def forget_unseen(entries: QuerySet[FeedEntry]) -> None:
    """A device has shown them, or nobody waits for that any more; several devices say so at once."""
    update_in_order(entries, unseen_since=None)


def count_anew(entries: QuerySet[FeedEntry], since: datetime) -> None:
    """They should be shown from another moment on."""
    entries.update(unseen_since=since)


def claim_telling(entry: QuerySet[FeedEntry], now: datetime) -> bool:
    """Whether the caller is the one that tells of it: of several, one."""
    return bool(entry.update(told_at=now))
