"""What every API needs to remember: calls that may be repeated, and tries that are counted."""

from django.db import models
from django.utils import timezone

from ordersite.core.words import WordsIndex


class IdempotencyKey(models.Model):
    """One unsafe call that succeeded, kept for 24 hours so that its repetition answers the same."""

    # SHA-256 of caller, method, path and key.
    scope = models.CharField(max_length=64, unique=True)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)
    # The answer's headers and body, encrypted: it may hold a guest token.
    answer = models.TextField(blank=True)
    created_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.scope


class Attempt(models.Model):
    """A counter of tries in a window of time, for what protects money or secrets."""

    # What is counted and for whom, such as "login:<hash of the e-mail>".
    key = models.CharField(max_length=120, unique=True)
    count = models.PositiveIntegerField(default=0)
    # Of the count: tries whose end is not known yet.
    under_way = models.PositiveIntegerField(default=0, db_default=0)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.key


class AuditRow(models.Model):
    """That somebody added, deleted, or changed a field of, a row of the set-up data (ordersite.core.audit)."""

    class Act(models.TextChoices):
        ADDED = "added", "added"
        CHANGED = "changed", "changed"
        DELETED = "deleted", "deleted"

    at = models.DateTimeField(default=timezone.now, db_index=True)
    # The key of the caller, "user:3" or "system", and what it was called then.
    actor = models.CharField(max_length=80)
    actor_name = models.CharField(max_length=254, blank=True)
    act = models.CharField(max_length=8, choices=Act)
    # Of what: "vendors.vendor", its key, and what it was called then.
    model = models.CharField(max_length=60)
    object_id = models.CharField(max_length=40)
    object_name = models.CharField(max_length=254, blank=True)
    # The row on whose page it is shown, where it has none of its own.
    parent_model = models.CharField(max_length=60, blank=True)
    parent_id = models.CharField(max_length=40, blank=True)
    # Empty of rows that were added or deleted: `new` and `old` have their columns then.
    field = models.CharField(max_length=60, blank=True)
    old = models.TextField(blank=True)
    new = models.TextField(blank=True)

    class Meta:
        verbose_name = "change"
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["model", "object_id", "-id"], name="audit_of_object"),
            models.Index(
                fields=["parent_model", "parent_id", "-id"], condition=~models.Q(parent_id=""), name="audit_of_parent"
            ),
            models.Index(fields=["actor", "-id"], name="audit_by_actor"),
            models.Index(fields=["field", "-id"], name="audit_of_field"),
            models.Index(fields=["object_id", "-id"], name="audit_of_key"),
            WordsIndex(fields=["actor_name"], name="audit_actor_words"),
            WordsIndex(fields=["object_name"], name="audit_object_words"),
        ]

    def __str__(self) -> str:
        return f"{self.model} {self.object_id}: {self.field or self.act}"


class FileToDelete(models.Model):
    """A private file whose row is gone (ordersite.core.storage)."""

    name = models.CharField(max_length=200)
    since = models.DateTimeField(default=timezone.now, db_index=True)

    def __str__(self) -> str:
        return self.name
