"""Tries that protect money or secrets are counted in the database: a restart or a dead Redis forgives nothing."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Case, F, When
from django.utils import timezone

from ordersite.core.codes import FaultCode
from ordersite.core.crypto import token_hash
from ordersite.core.faults import Throttled
from ordersite.core.models import Attempt

HOUR = timedelta(hours=1)

SOON = 2  # seconds after which a try that only others under way keep out is made again

COUNT = """
INSERT INTO web_attempt (key, count, under_way, expires_at) VALUES (%s, %s, %s, %s)
ON CONFLICT (key) DO UPDATE SET
    count = CASE WHEN web_attempt.expires_at <= %s THEN excluded.count
        ELSE web_attempt.count + excluded.count END,
    under_way = excluded.under_way + CASE WHEN web_attempt.expires_at <= %s THEN 0 ELSE web_attempt.under_way END,
    expires_at = CASE WHEN web_attempt.expires_at <= %s THEN excluded.expires_at ELSE web_attempt.expires_at END
RETURNING count, under_way, expires_at
"""


def attempt_key(scope: str, subject: str) -> str:
    """The row's key: the subject (an e-mail, an address) is not stored in clear."""
    return f"{scope}:{token_hash(subject)}"


def count_attempt(
    scope: str, subject: str, *, limit: int, window: timedelta, under_way: bool = False, times: int = 1
) -> None:
    """Counts a try, or several; raises Throttled (that keeps the count) beyond `limit` within `window`.

    One that is `under_way` is ended by `end_attempts`: where only such ones fill the count, the wait is short.
    """
    now = timezone.now()
    key = attempt_key(scope, subject)
    # Through the field: SQLite holds times as text, and both databases must compare alike.
    prepare = Attempt._meta.get_field("expires_at").get_db_prep_value
    at, until = prepare(now, connection), prepare(now + window, connection)
    with connection.cursor() as cursor:
        cursor.execute(COUNT, [key, times, int(under_way), until, at, at, at])
        count, waiting, expires_at = cursor.fetchone()
    if count > limit:
        refuse_attempt(now + timedelta(seconds=SOON) if under_way and count - waiting < limit else expires_at, now)


def end_attempts(counted: Iterable[tuple[str, str]], *, uncount: bool) -> None:
    """Ends tries that were under way, by scope and subject: they stay counted, or are taken back."""
    less = Case(When(count__gt=0, then=F("count") - 1), default=0) if uncount else F("count")
    ended = Case(When(under_way__gt=0, then=F("under_way") - 1), default=0)
    for scope, subject in counted:  # one by one: no two calls wait for each other's rows
        Attempt.objects.filter(key=attempt_key(scope, subject)).update(count=less, under_way=ended)


def refuse_if_locked(scope: str, subject: str, *, limit: int) -> None:
    """Raises Throttled while the subject has used up its tries."""
    now = timezone.now()
    row = Attempt.objects.filter(key=attempt_key(scope, subject), expires_at__gt=now, count__gte=limit).first()
    if row:
        refuse_attempt(row.expires_at, now)


def refuse_attempt(expires_at: datetime | str, now: datetime) -> None:
    until = datetime.fromisoformat(expires_at) if isinstance(expires_at, str) else expires_at
    if until.tzinfo is None:
        until = until.replace(tzinfo=now.tzinfo)
    wait = max(1, round((until - now).total_seconds()))
    raise Throttled(FaultCode.THROTTLED_ATTEMPTS, retry_after=wait, wait=wait, keeps_writes=True)


def remember_subject(scope: str, subject: str, *, window: timedelta) -> None:
    """Keeps in mind for `window` that something was so."""
    row = Attempt(key=attempt_key(scope, subject), expires_at=timezone.now() + window)
    Attempt.objects.bulk_create([row], update_conflicts=True, update_fields=["expires_at"], unique_fields=["key"])


def is_remembered(scope: str, subject: str) -> bool:
    """Whether it was so within the window."""
    return Attempt.objects.filter(key=attempt_key(scope, subject), expires_at__gt=timezone.now()).exists()


def forget_attempts(scope: str, subject: str) -> None:
    """Begins anew after a success."""
    Attempt.objects.filter(key=attempt_key(scope, subject)).delete()
