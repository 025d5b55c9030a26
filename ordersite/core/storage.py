"""Where files are kept: pictures that everybody may see, and photos that are nobody's but their owner's.

Both lie in folders of DATA_DIR, or in buckets of an S3-like store (docs/scaling.md#files). A file is written before its
row, within the row's transaction, and deleted after the row: a row without its file is never shown.
"""

import logging
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Any

from django.conf import settings
from django.core.files.storage import FileSystemStorage, Storage, storages
from django.db import transaction
from django.utils.deconstruct import deconstructible

from ordersite.core.codes import FaultCode
from ordersite.core.faults import Busy
from ordersite.core.models import FileToDelete

logger = logging.getLogger(__name__)
PUBLIC, PRIVATE = "public", "private"  # of STORAGES
SOON = 5  # seconds after which who was refused may try again


@contextmanager
def telling_failures() -> Iterator[None]:
    """Raises Busy where the store fails; a file that is not there stays FileNotFoundError."""
    try:
        yield
    except FileNotFoundError:
        raise
    except store_failures() as error:
        logger.error("the store of files fails: %s", error)
        raise Busy(FaultCode.BUSY_FILES, retry_after=SOON) from error


def store_failures() -> tuple[type[Exception], ...]:
    """What a store raises that is full, away or not ours."""
    if not settings.S3_BUCKET:
        return (OSError,)
    from boto3.exceptions import Boto3Error  # noqa: PLC0415  who has no S3 does without it
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    return (OSError, Boto3Error, BotoCoreError, ClientError)


class KeptStorage(Storage):
    """A storage of the settings, by its name there, whose failures are refusals."""

    name: str

    @property
    def kept(self) -> Any:
        return storages[self.name]

    def open(self, name: str, mode: str = "rb") -> Any:
        with telling_failures():
            return self.kept.open(name, mode)

    def save(self, name: str | None, content: Any, max_length: int | None = None) -> str:
        with telling_failures():
            return str(self.kept.save(name, content, max_length=max_length))

    def delete(self, name: str) -> None:
        with telling_failures():
            self.kept.delete(name)

    def exists(self, name: str) -> bool:
        with telling_failures():
            return bool(self.kept.exists(name))

    def listdir(self, path: str) -> Any:
        with telling_failures():
            return self.kept.listdir(path)

    def size(self, name: str) -> int:
        with telling_failures():
            return int(self.kept.size(name))

    def get_modified_time(self, name: str) -> datetime:
        with telling_failures():
            found: datetime = self.kept.get_modified_time(name)
            return found

    def url(self, name: str | None) -> str:
        return str(self.kept.url(name))


class PublicStorage(KeptStorage):
    """Pictures that everybody may see, by an address below MEDIA_URL."""

    name = PUBLIC

    def path(self, name: str) -> str:
        return str(self.kept.path(name))


@deconstructible
class PrivateStorage(KeptStorage):
    """Photos that no web server shows and no address leads to: each is handed out by a view that asks who reads."""

    name = PRIVATE

    def url(self, name: str | None) -> str:
        raise ValueError("A private file has no address of its own.")


class PrivateFolder(FileSystemStorage):
    """Keeps files under PRIVATE_ROOT, which is not below MEDIA_ROOT."""

    def __init__(self) -> None:
        super().__init__(file_permissions_mode=0o600, directory_permissions_mode=0o700)

    @property
    def base_location(self) -> Any:
        return settings.PRIVATE_ROOT

    @property
    def location(self) -> str:
        return os.path.abspath(self.base_location)


def read_whole_file(storage: Storage, name: str) -> bytes:
    """The bytes of a file; raises FileNotFoundError, and Busy where the store fails."""
    with telling_failures(), storage.open(name) as file:
        return bytes(file.read())


# --- deleting -----------------------------------------------------------------------------------------------------


def delete_private_files(names: Iterable[str]) -> None:
    """Has private files deleted once the transaction is through; where that fails the worker tries again."""
    rows = FileToDelete.objects.bulk_create(FileToDelete(name=name) for name in names)
    if rows:
        transaction.on_commit(partial(delete_files_of, rows))


def delete_due_files(most: int) -> int:
    """Deletes files whose rows are gone, the oldest first; how many, and none where the store fails meanwhile."""
    rows = list(FileToDelete.objects.order_by("pk")[:most])
    return len(rows) if delete_files_of(rows) else 0


def delete_files_of(rows: list[FileToDelete]) -> bool:
    """Whether all of them are gone: what the store refuses stays for the next time, which its log tells."""
    storage, gone = PrivateStorage(), []
    for row in rows:
        try:
            storage.delete(row.name)
        except Busy:
            break
        gone.append(row.pk)
    FileToDelete.objects.filter(pk__in=gone).delete()
    return len(gone) == len(rows)
