"""What the back-office keeps for who works in it."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from orders.models.orders import Order

RUNNING = models.Q(started_at__isnull=False, stopped_at__isnull=True, ended_at__isnull=True)

# Exports that wait for the worker, or that it makes.
UNMADE = models.Q(ended_at__isnull=True)


class ChosenColumns(models.Model):
    """The columns of the list of orders that one person has chosen, by name, in their order."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="order_columns"
    )
    names = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"columns of {self.user_id}"


class HiddenGuide(models.Model):
    """Somebody has put the first steps of a new site away."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="hidden_guide"
    )
    hidden_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"guide hidden by {self.user_id}"


class BulkChange(models.Model):
    """One change that somebody of the back-office asks for of many orders at once.

    Until it is started it is a selection: which orders, each as it was shown. It runs where it was started, neither
    stopped nor ended.
    """

    uuid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="bulk_changes")
    # The name of a change of the life cycle, START_PREPARING or OFFER_TO_DRIVER; empty while it is a selection.
    change = models.CharField(max_length=30, blank=True, default="")
    given = models.JSONField(default=dict, help_text="What the change brings: reason, minutes, driver.")
    total = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)
    started_at = models.DateTimeField(null=True, blank=True)
    stopped_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["started_at"], condition=RUNNING, name="bulk_change_running"),
        ]

    def __str__(self) -> str:
        return f"{self.change or 'selection'} of {self.total} orders"

    @property
    def is_running(self) -> bool:
        return self.started_at is not None and self.stopped_at is None and self.ended_at is None


class BulkChangeItem(models.Model):
    """One order of a bulk change: as it was shown, and what came of it."""

    class Outcome(models.TextChoices):
        WAITING = "waiting", "waiting"
        CHANGED = "changed", "changed"
        UNCHANGED = "unchanged", "needed no change"
        REFUSED = "refused", "refused"

    # Both without an index of their own: the unique pair begins with the one, nobody asks by the other.
    bulk = models.ForeignKey(BulkChange, on_delete=models.CASCADE, related_name="items", db_index=False)
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="+", db_index=False)
    version = models.PositiveIntegerField()
    outcome = models.CharField(max_length=9, choices=Outcome, default=Outcome.WAITING)
    words = models.CharField(max_length=500, blank=True, default="", help_text="Why it was refused.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["bulk", "order"], name="order_once_a_bulk_change")]
        indexes = [
            models.Index(fields=["bulk", "id"], condition=models.Q(outcome="waiting"), name="bulk_change_waiting"),
            models.Index(fields=["bulk", "outcome", "id"], name="bulk_change_outcome"),
        ]

    def __str__(self) -> str:
        return f"order {self.order_id}: {self.outcome}"


class FileExport(models.Model):
    """A file that somebody of the back-office has asked for, which the worker makes (services.bulk.file_exports)."""

    uuid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="file_exports")
    # What it is of, and with which values; the digest stands for both.
    kind = models.CharField(max_length=20)
    given = models.JSONField(default=dict)
    digest = models.CharField(max_length=16)
    name = models.CharField(max_length=120, help_text="Of the file, without its ending.")
    total = models.PositiveIntegerField(default=0, help_text="About how many rows it has.")
    done = models.PositiveIntegerField(default=0)
    # How often it was begun; each time by whoever holds it until then.
    tries = models.PositiveSmallIntegerField(default=0)
    claimed_until = models.DateTimeField(null=True, blank=True)
    has_failed = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "digest"], condition=UNMADE, name="file_export_once_at_a_time")
        ]
        indexes = [models.Index(fields=["created_at"], condition=UNMADE, name="file_export_unmade")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_running(self) -> bool:
        return self.ended_at is None

    @property
    def is_made(self) -> bool:
        return self.ended_at is not None and not self.has_failed
