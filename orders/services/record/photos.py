"""Private photos: read by a view that asks who reads, and deleted where no row knows them.

A photo's file is written before its row, within the row's transaction: who was answered finds it. Where the transaction
fails after that, the file is left over; nobody can reach it, and the worker deletes it within the hour that follows.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.core.files.storage import Storage
from django.utils import timezone

from orders.models import DeliveryProof, PaymentProof
from ordersite.core.codes import Code
from ordersite.core.faults import NotFound

# The rows that have a photo, and the folder of their files, by day within it.
PHOTO_FOLDERS: tuple[tuple[type[PaymentProof | DeliveryProof], str], ...] = (
    (PaymentProof, "proofs"),
    (DeliveryProof, "delivery-proofs"),
)
# A file without a row is left over when it is older than any transaction; it is looked for so long.
STRAY_AFTER = timedelta(hours=1)
STRAY_DAYS = 7
STRAYS_AT_ONCE = 500


def read_file(proof: PaymentProof | DeliveryProof) -> bytes:
    """The bytes of a photo; raises NotFound where its file was taken away."""
    try:
        with proof.photo.open() as file:
            return bytes(file.read())
    except FileNotFoundError as error:
        raise NotFound(Code.NOT_FOUND_PHOTO) from error


def delete_strays() -> int:
    """Deletes the photos of the last days that no row knows; how many."""
    deleted, before = 0, timezone.now() - STRAY_AFTER
    for model, folder in PHOTO_FOLDERS:
        storage = model._meta.get_field("photo").storage
        for paths in files_before(storage, folder, before):
            known = set(model._default_manager.filter(photo__in=paths).values_list("photo", flat=True))
            for path in set(paths) - known:
                storage.delete(path)
                deleted += 1
    return deleted


def files_before(storage: Storage, folder: str, moment: datetime) -> Iterator[list[str]]:
    """The paths of photos that were written before this moment, in batches, of STRAY_DAYS days."""
    for days in range(STRAY_DAYS):
        day = f"{folder}/{moment - timedelta(days=days):%Y/%m/%d}"
        try:
            names = storage.listdir(day)[1]
        except FileNotFoundError:
            continue
        paths = [f"{day}/{name}" for name in names]
        old = [path for path in paths if storage.get_modified_time(path) < moment]
        for first in range(0, len(old), STRAYS_AT_ONCE):
            yield old[first : first + STRAYS_AT_ONCE]
