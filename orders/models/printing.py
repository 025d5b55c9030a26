"""What is printed of an order: one row for each sheet of paper."""

from datetime import datetime

from django.db import models
from django.utils import timezone

from orders.models.orders import Order
from vendors.models import Vendor


class PrintJob(models.Model):
    """One sheet of paper, which one device claims, prints and confirms (docs/printing.md).

    A job is handed out once: a further paper of the same order is a further row with the next number, and marked.
    """

    class Kind(models.TextChoices):
        TICKET = "ticket", "ticket"
        CANCELLATION = "cancellation", "slip that says that the order is cancelled"

    class Reason(models.TextChoices):
        ACCEPTED = "accepted", "the order was accepted"
        ASKED = "asked", "somebody asked for it"
        NOT_PRINTED = "not_printed", "the paper before it was not printed, or may not have been"
        REOPENED = "reopened", "the order goes on after its cancellation"
        CANCELLED = "cancelled", "the order was cancelled"

    class State(models.TextChoices):
        WAITING = "waiting", "waiting"
        CLAIMED = "claimed", "claimed by a device"
        PRINTED = "printed", "printed"
        FAILED = "failed", "not printed"
        WITHDRAWN = "withdrawn", "not needed any more"

    # Without an index of its own: the unique number begins with it.
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="print_jobs", db_index=False)
    # Without an index of its own: jobs are looked up by vendor while they are open.
    vendor = models.ForeignKey(Vendor, on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=12, choices=Kind, default=Kind.TICKET)
    number = models.PositiveSmallIntegerField(help_text="Of the order and kind; above 1 the paper is marked as a copy.")
    reason = models.CharField(max_length=12, choices=Reason)
    may_double = models.BooleanField(default=False, help_text="Whether the paper before it may have been printed.")
    tries = models.PositiveSmallIntegerField(default=0, help_text="How many papers in a row failed before this one.")
    # Who asked for it ("user:5", "device:2", "system").
    actor = models.CharField(max_length=60)
    state = models.CharField(max_length=9, choices=State, default=State.WAITING)
    created_at = models.DateTimeField(default=timezone.now)
    # Who prints it: the caller's key, and the name that others are told.
    claimed_by = models.CharField(max_length=60, blank=True)
    claimed_name = models.CharField(max_length=120, blank=True)
    claimed_at = models.DateTimeField(null=True, blank=True)
    # Until when it is expected to be confirmed; after that somebody has to look at the printer.
    lease_until = models.DateTimeField(null=True, blank=True)
    # What stands on the paper, as it was when it was claimed: asked for again, it is the same. Gone once it is settled.
    content = models.JSONField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True, help_text="When it was printed, failed or was withdrawn.")
    failure = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["order", "kind", "number"], name="print_job_number_once")]
        indexes = [
            models.Index(
                fields=["vendor", "id"], condition=models.Q(state__in=["waiting", "claimed"]), name="print_job_open"
            )
        ]

    def __str__(self) -> str:
        return f"{self.order_id}/{self.kind} {self.number}"

    def is_unsure(self, now: datetime) -> bool:
        """Whether it should have been confirmed by now, so that nobody knows whether there is a paper."""
        return self.state == self.State.CLAIMED and self.lease_until is not None and self.lease_until <= now
