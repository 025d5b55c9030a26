"""Short digests of what a page showed, so that it can be compared when its form comes back."""

import base64
import json
from datetime import UTC, datetime, time
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models.fields.files import FieldFile
from django.utils import timezone
from django.utils.crypto import salted_hmac


def plain(value: Any) -> Any:
    """A value as JSON can hold it, the same for what a row has and for what a form read of an untouched input."""
    match value:
        case None | "":
            return ""
        case models.Model():
            return value.pk
        case FieldFile():
            return value.name or ""
        case datetime() if timezone.is_aware(value):
            return value.astimezone(UTC).isoformat()
        case datetime() | time():
            return value.isoformat()
        case str():
            return "\n".join(value.strip().splitlines())
    return value


def digest_of(value: Any) -> str:
    """Eight characters that stand for a value; without the key nobody makes them, or learns the value from them."""
    text = json.dumps(value, cls=DjangoJSONEncoder, sort_keys=True)
    digest = salted_hmac("ordersite.web.digests", text, algorithm="sha256").digest()
    return base64.urlsafe_b64encode(digest[:6]).decode()
