"""Every unsafe call is one transaction, and with an Idempotency-Key it can be repeated without harm."""

import hashlib
import json
import random
import re
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response

from ordersite.core.crypto import decrypt, encrypt
from ordersite.core.faults import Refusal
from ordersite.core.models import IdempotencyKey
from ordersite.web.problems import Busy, Conflict, Invalid, Problem

KEY = re.compile(r"[\x21-\x7e]{1,128}\Z")
ANONYMOUS, ANONYMOUS_KEY = "anonymous", 16
KEPT_HEADERS = ("ETag", "Location")
RETRIES = 3
DEADLOCK, SERIALIZATION, LOCK_TIMEOUT = "40P01", "40001", "55P03"

INSERT = """
INSERT INTO web_idempotencykey (scope, fingerprint, status, answer, created_at) VALUES (%s, %s, 0, '', %s)
ON CONFLICT (scope) DO NOTHING
"""
KEEP = "UPDATE web_idempotencykey SET status = %s, answer = %s WHERE scope = %s"


class Again(Exception):
    """A parallel call was first with something unique: the transaction begins anew and finds what that one wrote."""


def sqlstate(error: OperationalError) -> str:
    """PostgreSQL's code of an error, "" on SQLite."""
    return getattr(error.__cause__, "sqlstate", None) or ""


def run_unsafe(call: Callable[[], Response], *, scope: str = "", fingerprint: str = "") -> Response:
    """Runs the call in one transaction; with a scope, once, and answers its repetition with what it answered first.

    A deadlock or lock timeout is retried three times. Raises Problem 422 for the same key with another body, and 409
    where the first call still runs after the lock timeout.
    """
    for attempt in range(RETRIES + 1):
        try:
            return run_once(call, scope=scope, fingerprint=fingerprint)
        except Again:
            if attempt == RETRIES:
                raise Busy from None
        except IntegrityError as error:
            # A row that was there a moment ago (a product, say) is gone: the call begins anew and says so properly.
            if attempt == RETRIES or "foreign key" not in str(error).lower():
                raise
        except OperationalError as error:
            if attempt == RETRIES or sqlstate(error) not in (DEADLOCK, SERIALIZATION, LOCK_TIMEOUT):
                raise
            time.sleep(random.uniform(0.01, 0.05) * 2**attempt)
    raise AssertionError("unreachable")


def run_once(call: Callable[[], Response], *, scope: str, fingerprint: str) -> Response:
    refused: Refusal | None = None
    with transaction.atomic():
        if scope and not insert_key(scope, fingerprint):
            return replay(scope, fingerprint)
        try:
            response = call()
        except Refusal as problem:
            if not problem.keeps_writes:
                raise
            refused = problem
        if scope and (refused or not 200 <= response.status_code < 300):
            IdempotencyKey.objects.filter(scope=scope).delete()
        elif scope:
            keep(scope, response)
    if refused:
        raise refused
    return response


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
        raise Conflict(
            "idempotency_in_progress",
            "The first call with this key is still running: try again in a moment.",
            headers={"Retry-After": "2"},
        ) from error


def keep(scope: str, response: Response) -> None:
    """Stores the answer, in the call's own transaction."""
    headers = {name: response[name] for name in KEPT_HEADERS if name in response}
    body = JSONRenderer().render(response.data).decode() if response.data is not None else "null"
    answer = encrypt(json.dumps({"headers": headers, "body": body}))
    with connection.cursor() as cursor:
        cursor.execute(KEEP, [response.status_code, answer, scope])


def replay(scope: str, fingerprint: str) -> Response:
    row = IdempotencyKey.objects.get(scope=scope)
    if row.fingerprint != fingerprint:
        raise Problem(
            "idempotency_key_reused",
            "This Idempotency-Key was already used with another body: send a new key.",
            status=422,
        )
    kept = json.loads(decrypt(row.answer))
    return Response(
        json.loads(kept["body"]), status=row.status, headers={**kept["headers"], "Idempotency-Replayed": "true"}
    )


def key_scope(*, key: str, caller: str, method: str, path: str) -> str:
    """SHA-256 of caller, method, path and key; raises Invalid for a key that is none.

    Nobodies share one space, so their keys must be too long to meet by chance.
    """
    if not KEY.match(key):
        raise Invalid("header:Idempotency-Key", "invalid", "Send 1 to 128 printable ASCII characters without a space.")
    if caller == ANONYMOUS and len(key) < ANONYMOUS_KEY:
        raise Invalid(
            "header:Idempotency-Key",
            "too_short",
            f"Without a login send a key of at least {ANONYMOUS_KEY} characters that nobody else will send, "
            "such as a random UUID.",
        )
    return hashlib.sha256("\n".join((caller, method, path, key)).encode()).hexdigest()


def body_fingerprint(data: Any) -> str:
    """A keyed hash of a body's canonical JSON and of each file's hash.

    Keyed, since the body may hold a password, which a bare hash gives away.
    """
    canonical = json.dumps(data, sort_keys=True, separators=(",", ":"))
    canonical = "\n".join([canonical, *getattr(data, "digests", ())])
    return salted_hmac("ordersite.web.idempotency", canonical, algorithm="sha256").hexdigest()
