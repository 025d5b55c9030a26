"""Pictures that show that an order was handed over."""

import uuid

from django.db import models
from django.utils import timezone

from orders.models.orders import Order
from ordersite.core.storage import PrivateStorage


def delivery_proof_path(proof: "DeliveryProof", name: str) -> str:
    """A random name, in a folder of its day: strays are looked for there (services.record.photos)."""
    return f"delivery-proofs/{proof.uploaded_at:%Y/%m/%d}/{uuid.uuid4()}.jpg"


class DeliveryProof(models.Model):
    """A photo or a signature, for one order; the change that completes the delivery names it by its uuid."""

    class Kind(models.TextChoices):
        PHOTO = "photo", "photo"
        SIGNATURE = "signature", "signature"

    # Without an index of its own: the unique digest begins with it.
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="delivery_proofs", db_index=False)
    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=9, choices=Kind)
    photo = models.ImageField(upload_to=delivery_proof_path, storage=PrivateStorage(), unique=True)
    # Of the cleaned picture: the same one sent again is the same proof.
    digest = models.CharField(max_length=64)
    # When the device says that it was taken, which may be long before it was sent.
    done_at = models.DateTimeField(null=True, blank=True)
    uploaded_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["uploaded_at"], name="delivery_proof_age")]
        constraints = [models.UniqueConstraint(fields=["order", "kind", "digest"], name="delivery_proof_once")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of the delivery of #{self.order_id}"
