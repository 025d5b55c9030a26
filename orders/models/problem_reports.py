"""What the customer says is wrong with an order, and what became of it."""

from django.db import models
from django.utils import timezone

from orders.models.orders import Order

# What somebody still has to see to: a few rows of all.
UNSETTLED = models.Q(settled_at__isnull=True)


class ProblemReport(models.Model):
    """One report. What the customer wrote stands here alone: the event that tells it says the reason."""

    class Reason(models.TextChoices):
        MISSING_ITEM = "missing_item", "something is missing"
        WRONG_ITEM = "wrong_item", "something else came"
        LATE = "late", "late"
        DAMAGED = "damaged", "damaged"
        NOT_ARRIVED = "not_arrived", "not arrived"
        OTHER = "other", "something else is wrong"

    # Without an index of its own: the unique number begins with it.
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="problem_reports", db_index=False)
    number = models.PositiveIntegerField(help_text="The order's version that told it.")
    reason = models.CharField(max_length=12, choices=Reason)
    text = models.CharField(max_length=2000, blank=True)
    # [{"item": 18, "name": "Soda"}], as they were then; none: it is about the whole order.
    items = models.JSONField(default=list, blank=True)
    actor = models.CharField(max_length=60)
    created_at = models.DateTimeField(default=timezone.now)
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.CharField(max_length=60, blank=True)
    settled_note = models.CharField(max_length=500, blank=True, help_text="What was done; the customer reads it.")

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["order", "number"], name="problem_report_number_once")]
        indexes = [models.Index(fields=["order", "created_at"], condition=UNSETTLED, name="problem_report_unsettled")]

    def __str__(self) -> str:
        return f"{self.order_id}/{self.number} {self.reason}"
