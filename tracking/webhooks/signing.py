"""Signatures as Standard Webhooks 1.0.0 has them."""

import base64
import hashlib
import hmac
from collections.abc import Iterable


def sign_delivery(secrets: Iterable[str], message_id: str, timestamp: str, body: str) -> str:
    """The `webhook-signature`: one signature by each secret (whsec_ and base64), separated by spaces."""
    signed = f"{message_id}.{timestamp}.{body}".encode()
    return " ".join(f"v1,{signature_by(secret, signed)}" for secret in secrets)


def signature_by(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
