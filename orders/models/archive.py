"""What is kept of orders that were closed long ago, in less space."""

from django.db import models
from django.utils import timezone

from orders.models.orders import Order


class ArchivedHistory(models.Model):
    """All events of one order, which has none in the log meanwhile (services.record.archive)."""

    order = models.OneToOneField(Order, on_delete=models.PROTECT, primary_key=True, related_name="archived_history")
    # Says how `packed` is read.
    format = models.PositiveSmallIntegerField(default=1)
    packed = models.BinaryField()
    archived_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "archived histories"

    def __str__(self) -> str:
        return f"history of {self.order_id}"
