"""Tries that protect money or secrets are counted in the database: a restart or a dead Redis forgives nothing."""

from datetime import datetime, timedelta

from django.db import connection
from django.db.models import F
from django.utils import timezone

from ordersite.web.crypto import token_hash
from ordersite.web.models import Attempt
from ordersite.web.problems import Problem

HOUR = timedelta(hours=1)

COUNT = """
INSERT INTO web_attempt (key, count, expires_at) VALUES (%s, 1, %s)
ON CONFLICT (key) DO UPDATE SET
    count = CASE WHEN web_attempt.expires_at <= %s THEN 1 ELSE web_attempt.count + 1 END,
    expires_at = CASE WHEN web_attempt.expires_at <= %s THEN excluded.expires_at ELSE web_attempt.expires_at END
RETURNING count, expires_at
"""


def attempt_key(scope: str, subject: str) -> str:
    """The row's key: the subject (an e-mail, an address) is not stored in clear."""
    return f"{scope}:{token_hash(subject)}"


def count_attempt(scope: str, subject: str, *, limit: int, window: timedelta) -> None:
    """Counts one try; raises a 429 Problem (that keeps the count) beyond `limit` within `window`."""
    now = timezone.now()
    key = attempt_key(scope, subject)
    # Through the field: SQLite holds times as text, and both databases must compare alike.
    prepare = Attempt._meta.get_field("expires_at").get_db_prep_value
    at, until = prepare(now, connection), prepare(now + window, connection)
    with connection.cursor() as cursor:
        cursor.execute(COUNT, [key, until, at, at])
        count, expires_at = cursor.fetchone()
    if count > limit:
        refuse(expires_at, now)


def refuse_if_locked(scope: str, subject: str, *, limit: int) -> None:
    """Raises a 429 Problem while the subject has used up its tries."""
    now = timezone.now()
    row = Attempt.objects.filter(key=attempt_key(scope, subject), expires_at__gt=now, count__gte=limit).first()
    if row:
        refuse(row.expires_at, now)


def refuse(expires_at: datetime | str, now: datetime) -> None:
    until = datetime.fromisoformat(expires_at) if isinstance(expires_at, str) else expires_at
    if until.tzinfo is None:
        until = until.replace(tzinfo=now.tzinfo)
    wait = max(1, round((until - now).total_seconds()))
    raise Problem(
        "throttled",
        f"Too many tries: wait {wait} seconds.",
        status=429,
        headers={"Retry-After": str(wait)},
        keeps_writes=True,
    )


def take_back_attempt(scope: str, subject: str) -> None:
    """Uncounts one try that was none: it succeeded, or was never made."""
    Attempt.objects.filter(key=attempt_key(scope, subject), count__gt=0).update(count=F("count") - 1)


def remember(scope: str, subject: str, *, window: timedelta) -> None:
    """Keeps in mind for `window` that something was so."""
    row = Attempt(key=attempt_key(scope, subject), expires_at=timezone.now() + window)
    Attempt.objects.bulk_create([row], update_conflicts=True, update_fields=["expires_at"], unique_fields=["key"])


def is_remembered(scope: str, subject: str) -> bool:
    """Whether it was so within the window."""
    return Attempt.objects.filter(key=attempt_key(scope, subject), expires_at__gt=timezone.now()).exists()


def forget_attempts(scope: str, subject: str) -> None:
    """Begins anew after a success."""
    Attempt.objects.filter(key=attempt_key(scope, subject)).delete()
