"""Files that take long to make: asked for in the back-office, made by the worker, and fetched while they are kept.

Whoever asks twice for the same while it is made finds the first. A worker holds a file by a lease that its progress
renews: where it dies, the next one makes the file anew, MOST_TRIES times in all. What is in a file, and who may read
it, its caller knows.
"""

import logging
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import IO, Any, TypeVar

from django.core.files import File
from django.db import DatabaseError, InterfaceError, transaction
from django.db.models import Q
from django.utils import timezone

from orders.models import UNMADE, FileExport
from ordersite.core.digests import digest_of
from ordersite.core.storage import PrivateStorage

logger = logging.getLogger(__name__)
FOLDER = "exports"
LEASE = timedelta(minutes=2)
MOST_TRIES = 3
# Rows between two notes of how far it is.
NOTED_EVERY = 2_000
Row = TypeVar("Row")
Told = Callable[[Iterator[Row]], Iterator[Row]]
# Writes the file that was asked for; its rows are to be passed through what it is given.
WriteFile = Callable[[FileExport, "Told[Any]"], IO[bytes]]


class LeaseLost(Exception):
    """Somebody else makes the file by now, or it was taken away."""


def ask_for_file(*, user_id: int, kind: str, given: Mapping[str, Any], name: str, total: int) -> FileExport:
    """Has a file made of about so many rows; asked for again before it is made it is the same one."""
    fields = {"kind": kind, "given": dict(given), "name": name, "total": total}
    digest = digest_of([kind, fields["given"]])
    return FileExport.objects.filter(UNMADE).get_or_create(user_id=user_id, digest=digest, defaults=fields)[0]


def find_file(export_id: uuid.UUID, user_id: int) -> FileExport | None:
    """One's own export; None for another's, and for one that is not kept any more."""
    return FileExport.objects.filter(pk=export_id, user=user_id).first()


def make_files(limit: int, write: WriteFile) -> int:
    """Makes up to so many of the files that wait, the oldest first; how many."""
    give_up_begun()
    made = 0
    while made < limit and (export := claim_file()) is not None:
        make_file(export, write)
        made += 1
    return made


def give_up_begun() -> int:
    """Gives up what was begun MOST_TRIES times, each by somebody who was killed while making it; how many.

    It may be what kills them: another try would take the next one too.
    """
    now = timezone.now()
    begun = FileExport.objects.filter(UNMADE, tries__gte=MOST_TRIES, claimed_until__lt=now)
    return begun.update(ended_at=now, claimed_until=None, has_failed=True)


@transaction.atomic
def claim_file(export_id: uuid.UUID | None = None) -> FileExport | None:
    """The oldest file that waits and that nobody makes, or this one, for the caller to make within its lease."""
    now = timezone.now()
    free = Q(claimed_until=None) | Q(claimed_until__lt=now)
    waiting = FileExport.objects.filter(UNMADE, free, tries__lt=MOST_TRIES).select_related("user")
    if export_id is not None:
        waiting = waiting.filter(pk=export_id)
    export = waiting.select_for_update(of=("self",), skip_locked=True).order_by("created_at", "pk").first()
    if export is None:
        return None
    export.tries, export.done, export.claimed_until = export.tries + 1, 0, now + LEASE
    export.save(update_fields=["tries", "done", "claimed_until"])
    return export


def make_file(export: FileExport, write: WriteFile) -> None:
    """Makes a file that was claimed; where it fails for its own sake it is tried again, MOST_TRIES times in all."""
    try:
        with write(export, lambda rows: noting(export, rows)) as file:
            store_file(export, file)
        keep_own(export, done=export.total, ended_at=timezone.now(), claimed_until=None)
    except LeaseLost:
        logger.info("file %s is made by another, or not kept any more", export.pk)
    except (DatabaseError, InterfaceError):
        raise  # the worker waits for the database; the lease ends by itself
    except Exception:
        logger.exception("file %s could not be made", export.pk)
        given_up = {"ended_at": timezone.now(), "has_failed": True} if export.tries >= MOST_TRIES else {}
        keep_own(export, claimed_until=None, **given_up)


def noting(export: FileExport, rows: Iterator[Row]) -> Iterator[Row]:
    """The rows, while it is noted how many have come; raises LeaseLost."""
    for count, row in enumerate(rows, start=1):
        if count % NOTED_EVERY == 0:
            note_progress(export, count)
        yield row


def note_progress(export: FileExport, done: int) -> None:
    if not keep_own(export, done=done, total=max(export.total, done), claimed_until=timezone.now() + LEASE):
        raise LeaseLost


def keep_own(export: FileExport, **fields: Any) -> bool:
    """Writes what became of it, unless another has claimed it since; whether it is still the caller's."""
    return bool(FileExport.objects.filter(UNMADE, pk=export.pk, tries=export.tries).update(**fields))


def store_file(export: FileExport, file: IO[bytes]) -> None:
    """In the place of what an earlier try has left; raises LeaseLost."""
    note_progress(export, export.total)
    storage, path = PrivateStorage(), export_path(export)
    storage.delete(path)
    storage.save(path, File(file))


def export_path(export: FileExport) -> str:
    return f"{FOLDER}/{export.pk}.xlsx"


def open_file(export: FileExport) -> IO[bytes] | None:
    """The file, open; None where it was taken away."""
    try:
        return PrivateStorage().open(export_path(export))
    except FileNotFoundError:
        return None


def delete_old_files(before: datetime, most: int) -> int:
    """Takes away exports that were asked for before, and files that were written before, whosever; how many rows."""
    storage = PrivateStorage()
    with suppress(FileNotFoundError):  # a folder that is not there yet; an S3-like store has none
        for name in storage.listdir(FOLDER)[1]:
            if storage.get_modified_time(f"{FOLDER}/{name}") < before:
                storage.delete(f"{FOLDER}/{name}")
    old = FileExport.objects.filter(created_at__lt=before).order_by("created_at").values_list("pk", flat=True)[:most]
    return FileExport.objects.filter(pk__in=list(old)).delete()[0]
