"""Private photos: read by a view that asks who reads, and deleted where no row knows them.

A photo's file is written before its row, within the row's transaction: who was answered finds it. And before that
locks anything, since a store that is slow takes seconds. Where the transaction fails after that, the file is left over;
nobody can reach it, and the worker deletes it within two hours.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.core.files.base import ContentFile
from django.core.files.storage import Storage
from django.utils import timezone

from orders.models import DeliveryProof, PaymentProof
from ordersite.core.codes import FaultCode
from ordersite.core.faults import NotFound
from ordersite.core.images import CleanImage
from ordersite.core.storage import read_whole_file

# The rows that have a photo, and the folder of their files, by day within it.
PHOTO_FOLDERS: tuple[tuple[type[PaymentProof | DeliveryProof], str], ...] = (
    (PaymentProof, "proofs"),
    (DeliveryProof, "delivery-proofs"),
)
# A file without a row is left over when it is older than any transaction; it is looked for so long.
STRAY_AFTER = timedelta(hours=1)
STRAY_DAYS = 7
STRAYS_AT_ONCE = 500


def write_file(proof: PaymentProof | DeliveryProof, photo: CleanImage) -> None:
    """Keeps the file of a row that is saved later, under a random name; raises Busy where the store fails."""
    proof.photo.save("photo.jpg", ContentFile(photo), save=False)


def read_file(proof: PaymentProof | DeliveryProof) -> bytes:
    """The bytes of a photo; raises NotFound where its file was taken away, and Busy where the store fails."""
    try:
        return read_whole_file(proof.photo.storage, str(proof.photo.name))
    except FileNotFoundError as error:
        raise NotFound(FaultCode.NOT_FOUND_PHOTO) from error


def delete_strays() -> int:
    """Deletes the photos of the last days that no row knows; how many."""
    deleted, before = 0, timezone.now() - STRAY_AFTER
    for model, folder in PHOTO_FOLDERS:
        storage = model._meta.get_field("photo").storage
        for paths in files_until(storage, folder, before):
            known = set(model._default_manager.filter(photo__in=paths).values_list("photo", flat=True))
            for path in set(paths) - known:
                if storage.get_modified_time(path) < before:
                    storage.delete(path)
                    deleted += 1
    return deleted


def files_until(storage: Storage, folder: str, moment: datetime) -> Iterator[list[str]]:
    """The paths of photos in batches, of the STRAY_DAYS days up to this moment's."""
    for days in range(STRAY_DAYS):
        day = f"{folder}/{moment - timedelta(days=days):%Y/%m/%d}"
        try:
            names = storage.listdir(day)[1]
        except FileNotFoundError:
            continue
        paths = [f"{day}/{name}" for name in names]
        for first in range(0, len(paths), STRAYS_AT_ONCE):
            yield paths[first : first + STRAYS_AT_ONCE]
