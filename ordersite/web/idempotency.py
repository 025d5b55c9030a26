"""Idempotency keys of HTTP calls: what a key stands for, and how an answer is kept for its repetition."""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from django.utils.crypto import salted_hmac
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response

from ordersite.core.idempotency import KeptAnswer, run_in_transaction
from ordersite.web.problems import BadRequest

KEY = re.compile(r"[\x21-\x7e]{1,128}\Z")
ANONYMOUS, ANONYMOUS_KEY = "anonymous", 16
KEPT_HEADERS = ("ETag", "Location")


def run_unsafe(call: Callable[[], Response], *, scope: str = "", fingerprint: str = "") -> Response:
    """Runs the call in one transaction, and once where it has a scope; raises as run_in_transaction does."""
    return run_in_transaction(call, scope=scope, fingerprint=fingerprint, keep=keep, replay=replay)


def keep(response: Response) -> KeptAnswer | None:
    """A success with its headers and body; what was refused frees the key."""
    if not 200 <= response.status_code < 300:
        return None
    headers = {name: response[name] for name in KEPT_HEADERS if name in response}
    body = "null"
    if response.data is not None:
        written = response.written_body = JSONRenderer().render(response.data)  # type: ignore[attr-defined]
        body = written.decode()
    return KeptAnswer(response.status_code, json.dumps({"headers": headers, "body": body}))


class WrittenOnceRenderer(JSONRenderer):
    """JSON; an answer that was written to be kept is sent as it was written, which saves 1 % of a placing's CPU."""

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> Any:
        context = renderer_context or {}
        written = getattr(context.get("response"), "written_body", None)
        if written is not None and self.get_indent(accepted_media_type or "", context) is None:
            return written
        return super().render(data, accepted_media_type, renderer_context)


def replay(kept: KeptAnswer) -> Response:
    told = json.loads(kept.text)
    headers = {**told["headers"], "Idempotency-Replayed": "true"}
    return Response(json.loads(told["body"]), status=kept.status, headers=headers)


def key_scope(*, key: str, caller: str, method: str, path: str) -> str:
    """SHA-256 of caller, method, path and key; raises BadRequest for a key that is none.

    Nobodies share one space, so their keys must be too long to meet by chance.
    """
    if not KEY.match(key):
        raise BadRequest(
            "header:Idempotency-Key", "invalid", "Send 1 to 128 printable ASCII characters without a space."
        )
    if caller == ANONYMOUS and len(key) < ANONYMOUS_KEY:
        raise BadRequest(
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
