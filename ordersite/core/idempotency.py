"""Every unsafe call is one transaction, and with a key it can be repeated without harm."""

import random
import time
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple, TypeVar

from django.db import (
    DatabaseError,
    IntegrityError,
    InterfaceError,
    NotSupportedError,
    OperationalError,
    connection,
    transaction,
)
from django.utils import timezone

from ordersite.core.codes import FaultCode
from ordersite.core.crypto import decrypt, encrypt
from ordersite.core.faults import Busy, Conflict, Refusal
from ordersite.core.models import IdempotencyKey

RETRIES = 3
DEADLOCK, SERIALIZATION, LOCK_TIMEOUT = "40P01", "40001", "55P03"
QUERY_CANCELED = "57014"  # by statement_timeout, say
STALE_PLAN = "0A000"  # a migration has changed a column that a prepared statement returns

INSERT = """
INSERT INTO web_idempotencykey (scope, fingerprint, status, answer, created_at) VALUES (%s, %s, 0, '', %s)
ON CONFLICT (scope) DO NOTHING
"""
KEEP = "UPDATE web_idempotencykey SET status = %s, answer = %s WHERE scope = %s"

Result = TypeVar("Result")


class Again(Exception):
    """A parallel call was first with something unique: the transaction begins anew and finds what that one wrote."""


class KeyReused(Refusal):
    """422: the key stands for another body."""

    status = 422


class KeptAnswer(NamedTuple):
    """An answer as it is kept for a repetition: its HTTP status, and the rest as text."""

    status: int
    text: str


def sqlstate(error: DatabaseError | InterfaceError) -> str:
    """PostgreSQL's code of an error, "" on SQLite."""
    return getattr(error.__cause__, "sqlstate", None) or ""


def run_in_transaction(
    call: Callable[[], Result],
    *,
    scope: str,
    fingerprint: str,
    keep: Callable[[Result], KeptAnswer | None],
    replay: Callable[[KeptAnswer], Result],
) -> Result:
    """Runs the call in one transaction; with a scope, once, and answers its repetition with what it answered first.

    `keep` says how an answer is kept, None for one that frees the key; `replay` makes the answer of it again. A
    deadlock, a lock timeout or a stale plan is retried three times. Raises KeyReused for the same key with another
    body, Conflict where the first call still runs after the lock timeout, and Busy.
    """
    for attempt in range(RETRIES + 1):
        try:
            return run_once(call, scope=scope, fingerprint=fingerprint, keep=keep, replay=replay)
        except Again:
            if attempt == RETRIES:
                raise Busy from None
        except IntegrityError as error:
            # A row that was there a moment ago (a product, say) is gone: the call begins anew and says so properly.
            if attempt == RETRIES or "foreign key" not in str(error).lower():
                raise
        except (OperationalError, NotSupportedError) as error:
            if attempt == RETRIES or sqlstate(error) not in (DEADLOCK, SERIALIZATION, LOCK_TIMEOUT, STALE_PLAN):
                raise
            time.sleep(random.uniform(0.01, 0.05) * 2**attempt)
    raise AssertionError("unreachable")


def run_once(
    call: Callable[[], Result],
    *,
    scope: str,
    fingerprint: str,
    keep: Callable[[Result], KeptAnswer | None],
    replay: Callable[[KeptAnswer], Result],
) -> Result:
    refused: Refusal | None = None
    with transaction.atomic():
        if scope and not insert_key(scope, fingerprint):
            return replay(find_kept(scope, fingerprint))
        try:
            answer = call()
        except Refusal as refusal:
            if not refusal.keeps_writes:
                raise
            refused = refusal
        kept = keep(answer) if scope and not refused else None
        if kept:
            keep_answer(scope, kept)
        elif scope:
            IdempotencyKey.objects.filter(scope=scope).delete()
    if refused:
        raise refused
    return answer


def insert_key(scope: str, fingerprint: str) -> bool:
    """Whether this call is the first; on PostgreSQL it waits here for a doubled one that still runs."""
    now: datetime = timezone.now()
    try:
        with connection.cursor() as cursor:
            created_at = IdempotencyKey._meta.get_field("created_at").get_db_prep_value(now, connection)
            cursor.execute(INSERT, [scope, fingerprint, created_at])
            return bool(cursor.rowcount == 1)
    except OperationalError as error:
        if sqlstate(error) != LOCK_TIMEOUT:
            raise
        raise Conflict(FaultCode.IDEMPOTENCY_IN_PROGRESS, retry_after=2) from error


def keep_answer(scope: str, kept: KeptAnswer) -> None:
    """Stores the answer, in the call's own transaction."""
    with connection.cursor() as cursor:
        cursor.execute(KEEP, [kept.status, encrypt(kept.text), scope])


def find_kept(scope: str, fingerprint: str) -> KeptAnswer:
    """What the first call with this key answered; raises KeyReused where it had another body."""
    row = IdempotencyKey.objects.get(scope=scope)
    if row.fingerprint != fingerprint:
        raise KeyReused(FaultCode.IDEMPOTENCY_KEY_REUSED)
    return KeptAnswer(row.status, decrypt(row.answer))
