"""What is told outside: one row for each thing, the webhook endpoints that are told, and what came of telling them."""

import uuid
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.module_loading import import_string

from orders.models.events import OrderEvent
from ordersite.accounts.models import User
from ordersite.core.audit import Audited
from ordersite.core.tracing import current_traceparent
from vendors.models import Merchant, Vendor

# What the worker has not passed on yet, and what it has to send: a few rows of many.
UNTOLD = Q(told_at__isnull=True)
DUE = Q(due_at__isnull=False)
# An endpoint that is told of things, and of which every try has failed for a while.
FAILING = Q(disabled_at__isnull=True, failing_since__isnull=False)


def format_choices() -> list[tuple[str, str]]:
    """The formats that there are, by name and title (services.outgoing.formats)."""
    return [(one.name, one.title) for one in import_string(settings.WEBHOOK_FORMATS)()]


class OutboxMessage(models.Model):
    """One thing that is told outside, written in the transaction of its change (services.record.outbox)."""

    # The `webhook-id`: the same at every try, and for every endpoint. Without an index: nobody looks one up by it.
    uuid = models.UUIDField(default=uuid.uuid4, editable=False)
    type = models.CharField(max_length=30)
    subject = models.CharField(max_length=60, help_text="What it is about: order:17, vendor:3, webhook:2.")
    # What happened, if it happened to an order; else `data` says it. Its index has only what happened to orders.
    event = models.ForeignKey(OrderEvent, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    # Whose merchant is told of it; empty where it is not for a vendor's eyes, or not yet.
    vendor = models.ForeignKey(Vendor, on_delete=models.CASCADE, null=True, related_name="+", db_index=False)
    # The others were told before.
    for_vendor_only = models.BooleanField(default=False)
    data = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    # The trace of the change, which each try goes on with.
    traceparent = models.CharField(max_length=55, blank=True, default=current_traceparent, db_default="")
    # When the worker had written the deliveries to all endpoints that are told.
    told_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["id"], condition=UNTOLD, name="outbox_untold"),
            models.Index(fields=["created_at"], name="outbox_age"),
            models.Index(fields=["event"], condition=Q(event__isnull=False), name="outbox_of_event"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.subject}"

    @property
    def webhook_id(self) -> str:
        return f"msg_{self.uuid.hex}"


class WebhookEndpoint(Audited):
    """An address that is told of what happens: a merchant's, a user's (an API client's), or with neither the site's."""

    unrecorded_columns = frozenset({"failing_since", "delivered_at", "missed_since"})
    secret_columns = frozenset({"secret_sealed", "previous_secret_sealed"})

    class Why(models.TextChoices):
        ASKED = "asked", "switched off by hand"
        GONE = "gone", "its server answered 410 Gone"
        FAILING = "failing", "it failed for five days"

    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, null=True, blank=True, related_name="webhooks")
    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, blank=True, related_name="webhooks")
    url = models.CharField("address", max_length=500)
    types = models.JSONField(default=list, help_text="The types that it is told of, in the names of its format.")
    format = models.CharField(max_length=8, choices=format_choices, default="standard")
    secret_sealed = models.TextField(editable=False)
    # Signs beside the new one for a while after a rotation.
    previous_secret_sealed = models.TextField(blank=True, default="", editable=False)
    previous_until = models.DateTimeField("secret before signs until", null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(default=timezone.now)
    # Since when every try has failed; empty after one that did not.
    failing_since = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    disabled_at = models.DateTimeField(null=True, blank=True)
    disabled_why = models.CharField(max_length=8, choices=Why, blank=True, default="")
    # From when on something was given up, or may have come while it was switched off; until it is sent again.
    missed_since = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(merchant__isnull=True) | Q(user__isnull=True), name="webhook_has_one_owner_at_most"
            )
        ]

    def __str__(self) -> str:
        return self.url


class WebhookDelivery(models.Model):
    """One message to one endpoint: tried until it is delivered, or no try is left."""

    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.CASCADE, related_name="deliveries", db_index=False)
    message = models.ForeignKey(OutboxMessage, on_delete=models.CASCADE, related_name="deliveries")
    # The name of a foreign format by which it is told; empty for ours, which is the type of the message.
    foreign_type = models.CharField(max_length=40, blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now)
    # When it is tried next; empty once it is delivered or given up. While a worker tries it: when another may.
    due_at = models.DateTimeField(null=True, blank=True)
    # No column: when it was due before the worker at hand leased it, to be due then again if it is not tried.
    due_before: datetime | None = None
    tries = models.PositiveSmallIntegerField(default=0)
    tried_at = models.DateTimeField(null=True, blank=True)
    # What came of the last try: the status that was answered, or why none was.
    answered = models.PositiveSmallIntegerField(null=True, blank=True)
    failure = models.CharField(max_length=200, blank=True)
    milliseconds = models.PositiveIntegerField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "webhook deliveries"
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "message", "foreign_type"], name="webhook_told_once")
        ]
        indexes = [
            models.Index(fields=["endpoint", "due_at"], condition=DUE, name="webhook_due"),
            models.Index(fields=["endpoint", "id"], name="webhook_log"),
        ]

    def __str__(self) -> str:
        return f"{self.endpoint_id}/{self.message_id}"

    @property
    def type(self) -> str:
        return self.foreign_type or self.message.type

    @property
    def webhook_id(self) -> str:
        """The same at every try: the message's, or where one is told by several names, of the message and the name."""
        if not self.foreign_type:
            return self.message.webhook_id
        return f"evt_{uuid.uuid5(self.message.uuid, self.foreign_type).hex}"

    @property
    def state(self) -> str:
        if self.delivered_at is not None:
            return "delivered"
        return "failed" if self.due_at is None else "waiting"
