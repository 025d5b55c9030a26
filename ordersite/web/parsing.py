"""Request bodies: JSON that no database and no recursion limit chokes on."""

import json
from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from ordersite.web.problems import Problem

# A JSON escape that can stand for NUL or half a surrogate pair: only then the parsed value is searched for one.
SUSPECT = (b"\\u0000", b"\\ud", b"\\uD")


def refuse_constant(name: str) -> None:
    raise ParseError(f"{name} is not a JSON number: leave it out.")


def refuse_unstorable(value: Any) -> None:
    """Raises ParseError for text that PostgreSQL or UTF-8 cannot hold."""
    if isinstance(value, str):
        if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
            raise ParseError("The text contains a NUL or half a surrogate pair: leave it out.")
    elif isinstance(value, dict):
        for key, item in value.items():
            refuse_unstorable(key)
            refuse_unstorable(item)
    elif isinstance(value, list):
        for item in value:
            refuse_unstorable(item)


def parse_json(raw: bytes) -> Any:
    """The value of a JSON text; raises ParseError with the remedy."""
    try:
        value = json.loads(raw.decode(), parse_constant=refuse_constant)
        if any(mark in raw for mark in SUSPECT):
            refuse_unstorable(value)
    except RecursionError as error:
        raise ParseError("The JSON is nested too deeply.") from error
    except ValueError as error:
        raise ParseError(f"The body is not valid JSON: {error}.") from error
    return value


class JsonParser(BaseParser):
    """application/json, at most MAX_BODY_BYTES whatever the headers claim."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        raw = stream.read(settings.MAX_BODY_BYTES + 1)
        if len(raw) > settings.MAX_BODY_BYTES:
            raise Problem("too_large", f"The body is larger than {settings.MAX_BODY_BYTES} bytes.", status=413)
        return parse_json(raw)
