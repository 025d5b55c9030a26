"""One placing, whether for one vendor or several."""

import uuid
from functools import cached_property

from django.conf import settings
from django.db import models
from django.utils import timezone

from ordersite.accounts.models import Customer
from ordersite.core.crypto import decrypt


class Purchase(models.Model):
    """What was placed and is paid together. It has no status of its own: that follows from its orders."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="purchases")
    placed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    # Who placed it ("user:5", "merchant:2"), the scope in which an external code is unique.
    placed_by_key = models.CharField(max_length=60)
    external_code = models.CharField(max_length=100, blank=True)
    currency = models.CharField(max_length=3)
    total = models.BigIntegerField(help_text="Minor units.")
    # The code follows an order without an account. Looked up by its hash; kept encrypted to be shown to its customer.
    tracking_hash = models.CharField(max_length=64, unique=True)
    tracking_sealed = models.TextField()
    # Makes a guest this purchase's customer; told once.
    guest_token_hash = models.CharField(max_length=64, blank=True, db_index=True)
    placed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["placed_by_key", "external_code"],
                condition=~models.Q(external_code=""),
                name="external_code_once_a_caller",
            )
        ]
        indexes = [models.Index(fields=["external_code"], name="purchase_external_code")]

    def __str__(self) -> str:
        return str(self.uuid)

    @cached_property
    def tracking_code(self) -> str:
        """In clear; who has just made it sets it."""
        return decrypt(self.tracking_sealed)

    @property
    def is_placed_by_guest(self) -> bool:
        """Whether the guest placed it itself, and was told its token."""
        return bool(self.guest_token_hash) and not self.placed_by_key.startswith(("user:", "merchant:"))
