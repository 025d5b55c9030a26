"""What every API needs to remember: calls that may be repeated, and tries that are counted."""

from django.db import models


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
