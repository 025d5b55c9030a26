"""Changes of what was ordered, after placing."""

from django.db import models
from django.utils import timezone

from orders.models.orders import Order


class ItemChange(models.Model):
    """An item added, changed or removed: applied at once, or waiting for the customer where the price rises."""

    class Action(models.TextChoices):
        ADD = "add", "added"
        CHANGE = "change", "changed"
        REMOVE = "remove", "removed"

    class State(models.TextChoices):
        WAITING = "waiting", "waits for the customer"
        APPLIED = "applied", "applied"
        REFUSED = "refused", "refused"
        LAPSED = "lapsed", "overtaken by another change"

    # Without an index of its own: the unique number begins with it.
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="item_changes", db_index=False)
    number = models.PositiveIntegerField()
    action = models.CharField(max_length=6, choices=Action)
    state = models.CharField(max_length=7, choices=State)
    line_position = models.PositiveSmallIntegerField(null=True, blank=True, help_text="The line that it changes.")
    item = models.JSONField(null=True, blank=True, help_text="The new item, as a client sends one.")
    old_total = models.BigIntegerField(help_text="Of the order, minor units.")
    new_total = models.BigIntegerField(help_text="Of the order, minor units.")
    actor = models.CharField(max_length=60)
    role = models.CharField(max_length=10)
    reason = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["order", "number"], name="item_change_number_once")]

    def __str__(self) -> str:
        return f"{self.order_id}/{self.number} {self.action}"

    @property
    def currency(self) -> str:
        return self.order.currency

    @property
    def difference(self) -> int:
        """What the order costs more (or less, below zero), in minor units."""
        return self.new_total - self.old_total
