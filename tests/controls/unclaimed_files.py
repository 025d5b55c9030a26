"""A control of files that the worker makes: two workers take one, as neither holds what it has found."""

from django.utils import timezone

from orders.models import UNMADE, FileExport
from orders.services.bulk.file_exports import LEASE
from tests.controls.meeting import meet


def claim_without_a_lock() -> FileExport | None:
    """In the place of orders.services.bulk.file_exports.claim_file."""
    export = FileExport.objects.filter(UNMADE, claimed_until=None).order_by("created_at", "pk").first()
    meet()
    if export is not None:
        export.tries, export.claimed_until = export.tries + 1, timezone.now() + LEASE
        export.save(update_fields=["tries", "claimed_until"])
    return export
