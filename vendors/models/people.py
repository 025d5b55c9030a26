"""Who was asked to work for a merchant, a vendor or a driver company."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from ordersite.core.audit import Audited
from vendors.models.merchants import Company, Merchant, Vendor


class Invitation(Audited):
    """Somebody who was asked by mail to work somewhere: at a merchant, as a vendor's courier, or for a company.

    Its link holds until it is used, withdrawn or `expires_at`; sent again it has another, and the one before ends.
    """

    class Kind(models.TextChoices):
        OWNER = "owner", "owner"
        MANAGER = "manager", "manager"
        STAFF = "staff", "staff"
        COURIER = "courier", "courier of the vendor"
        DRIVER = "driver", "driver of the company"
        DISPATCHER = "dispatcher", "dispatcher of the company"

    kind = models.CharField(max_length=10, choices=Kind)
    email = models.EmailField(help_text="In small letters.")
    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, null=True, blank=True, related_name="invitations")
    company = models.ForeignKey(Company, on_delete=models.CASCADE, null=True, blank=True, related_name="invitations")
    # Of a member the only vendor that it works at, none for all of the merchant's; of a courier whose it is.
    vendor = models.ForeignKey(Vendor, on_delete=models.CASCADE, null=True, blank=True, related_name="invitations")
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    # Which sending its link is of.
    sending = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(merchant__isnull=True) ^ models.Q(company__isnull=True),
                name="invitation_to_one_place",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email} as {self.get_kind_display()}"
