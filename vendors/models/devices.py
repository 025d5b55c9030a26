"""The tablets and printers that a vendor has paired."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from ordersite.core.audit import Audited
from vendors.models.merchants import Vendor


class Device(Audited):
    """A tablet or printer of one vendor. It is paired by a code that is typed once, and revoked, never deleted."""

    unrecorded_columns = frozenset({"last_seen_at", "printer_status"})
    secret_columns = frozenset({"code_hash", "token_hash"})

    class Kind(models.TextChoices):
        BOARD = "board", "board"
        PRINTER = "printer", "printer"

    vendor = models.ForeignKey(Vendor, on_delete=models.CASCADE, related_name="devices")
    name = models.CharField(max_length=60)
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.BOARD)
    # Hashes; empty once the code was used, and until the device is paired.
    code_hash = models.CharField(max_length=64, unique=True, null=True, blank=True, editable=False)
    code_expires_at = models.DateTimeField(null=True, blank=True, editable=False)
    token_hash = models.CharField(max_length=64, unique=True, null=True, blank=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(default=timezone.now)
    paired_at = models.DateTimeField(null=True, blank=True)
    last_seen_at = models.DateTimeField(null=True, blank=True)
    printer_status = models.CharField(
        max_length=100, blank=True, default="", db_default="", help_text="As the printer last told it: 200 OK."
    )
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name
