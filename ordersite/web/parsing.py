"""Request bodies: JSON that costs no more than its share, and that no database and no recursion limit chokes on."""

import json
import math
import re
from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from django.utils.http import parse_header_parameters
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from ordersite.web.problems import BadRequest, Problem

# A JSON escape that can stand for NUL or half a surrogate pair: only then the parsed value is searched for one.
SUSPECT = (b"\\u0000", b"\\ud", b"\\uD")
# A string of a JSON text. One that does not end reaches to the end of the text: no quote is looked at twice.
STRING_PATTERN = r'"(?:[^"\\]++|\\.?)*+"?'
STRING = re.compile(STRING_PATTERN.encode(), re.DOTALL)
UTF_8 = "utf-8"
# What a Content-Type calls the charsets that foreign clients write in, and how Python does. Browsers read ISO-8859-1 as
# Windows-1252 too.
CHARSETS = {
    **dict.fromkeys(("utf-8", "utf8", "us-ascii", "ascii"), UTF_8),
    **dict.fromkeys(("iso-8859-1", "iso8859-1", "latin1", "latin-1", "windows-1252", "cp1252"), "cp1252"),
    **dict.fromkeys(("iso-8859-15", "latin9", "latin-9"), "iso-8859-15"),
}
# Characters of the longest number: a bigint has 20, and a float's digits beyond 17 say nothing.
MOST_DIGITS = 100


def refuse_constant(name: str) -> None:
    raise ParseError(f"{name} is not a JSON number: leave it out.")


def read_int(text: str) -> int:
    """A whole number; raises ParseError for one that no column holds and that is slow to read."""
    if len(text) > MOST_DIGITS:
        raise ParseError(f"A number has {len(text)} digits: send {MOST_DIGITS} at most.")
    return int(text)


def read_float(text: str) -> float:
    """A finite number; raises ParseError, also for 1e999."""
    if len(text) > MOST_DIGITS:
        raise ParseError(f"A number has {len(text)} digits: send {MOST_DIGITS} at most.")
    number = float(text)
    if not math.isfinite(number):
        raise ParseError(f"The number {text} is too large: send a smaller one.")
    return number


def read_unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object; raises BadRequest that names a key which comes twice: which of its values is meant, nobody knows."""
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                told = name[:60].encode(errors="replace").decode()
                raise BadRequest(f"/{told}", "repeated_key", f"The key {told} comes twice in one object: send it once.")
            seen.add(name)
    return found


def refuse_too_many(raw: bytes, left: int) -> None:
    """Raises ParseError for more values than are left, nested ones counted, before any of them is built."""
    # At least as many as there are: commas within strings count too, so only then the strings are left out.
    if count_marks(raw, 0, len(raw)) >= left and has_more_values(raw, left):
        raise too_many()


def too_many() -> ParseError:
    """The refusal of more values than MAX_JSON_VALUES."""
    most = settings.MAX_JSON_VALUES
    return ParseError(f"The JSON has more than {most} values, or is nested too deeply: send less at once.")


def has_more_values(raw: bytes, most: int) -> bool:
    """Whether a JSON text has more values than that; looks no further than it must, from one string to the next.

    So it costs no more than the values that may be there, and other threads get their turn meanwhile.
    """
    count, at = 1, 0
    for number, string in enumerate(STRING.finditer(raw)):
        count += count_marks(raw, at, string.start())
        at = string.end()
        # A value has two strings at most: its key, and itself.
        if count > most or number > 2 * most:
            return True
    return count + count_marks(raw, at, len(raw)) > most


def count_marks(raw: bytes, start: int, end: int) -> int:
    """The marks that begin a value, or part it from the one before it: an empty list counts too."""
    return sum(raw.count(mark, start, end) for mark in (b",", b"[", b"{"))


def check_depth(value: Any, depth: int) -> None:
    """Raises ParseError for what is nested too deeply."""
    if isinstance(value, dict | list):
        if depth == 0:
            raise ParseError(f"The JSON is nested too deeply: at most {settings.MAX_JSON_DEPTH} levels.")
        for item in value.values() if isinstance(value, dict) else value:
            check_depth(item, depth - 1)


def check_storable(value: Any, pointer: str = "") -> None:
    """Raises BadRequest that names the text which PostgreSQL or UTF-8 cannot hold."""
    if isinstance(value, dict):
        for key, item in value.items():
            refuse_unstorable(key, pointer)
            check_storable(item, f"{pointer}/{key}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            check_storable(item, f"{pointer}/{index}")
    elif isinstance(value, str):
        refuse_unstorable(value, pointer)


def refuse_unstorable(text: str, pointer: str = "") -> None:
    """Raises BadRequest for text that PostgreSQL or UTF-8 cannot hold."""
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        detail = "The text contains a NUL character or half a surrogate pair: leave it out."
        raise BadRequest(pointer, "unstorable", detail)


def parse_json(raw: bytes, *, unique_keys: bool = True, pointer: str = "") -> Any:
    """The value of a JSON text, with a byte order mark or without; raises ParseError or BadRequest with the remedy.

    `pointer` is of the field that the text stands in.
    Without `unique_keys` the last value of a key counts, as most readers of JSON have it.
    """
    refuse_too_many(raw, settings.MAX_JSON_VALUES)
    try:
        value = json.loads(
            raw.decode("utf-8-sig"),
            parse_constant=refuse_constant,
            parse_int=read_int,
            parse_float=read_float,
            object_pairs_hook=read_unique if unique_keys else None,
        )
    except RecursionError as error:
        raise ParseError(f"The JSON is nested too deeply: at most {settings.MAX_JSON_DEPTH} levels.") from error
    except ValueError as error:
        raise ParseError(f"The body is not valid JSON: {error}.") from error
    check_depth(value, settings.MAX_JSON_DEPTH)
    if any(mark in raw for mark in SUSPECT):
        check_storable(value, pointer)
    return value


def read_body(stream: IO[Any]) -> bytes:
    """The whole body; raises a 413 Problem for more than MAX_BODY_BYTES, whatever the headers claim."""
    raw: bytes = stream.read(settings.MAX_BODY_BYTES + 1)
    if len(raw) > settings.MAX_BODY_BYTES:
        detail = f"The body is larger than {settings.MAX_BODY_BYTES // 1_000_000} MB: send less."
        raise Problem("too_large", detail, status=413)
    return raw


class JsonParser(BaseParser):
    """application/json, at most MAX_BODY_BYTES."""

    media_type = "application/json"
    unique_keys = True

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        return parse_json(self.read(stream, media_type), unique_keys=self.unique_keys)

    def read(self, stream: IO[Any], media_type: str | None) -> bytes:
        """The body in UTF-8."""
        return read_body(stream)


class LenientJsonParser(JsonParser):
    """JSON as foreign systems take it: of a key that comes twice the last value counts, in the charset that is told."""

    unique_keys = False

    def read(self, stream: IO[Any], media_type: str | None) -> bytes:
        raw, charset = read_body(stream), charset_of(media_type)
        # A byte that stands for nothing is shown as such.
        return raw if charset == UTF_8 else raw.decode(charset, "replace").encode()


def charset_of(media_type: str | None) -> str:
    """How a body of that Content-Type is written, UTF-8 where it does not say; raises a 415 Problem."""
    told = parse_header_parameters(media_type or "")[1].get("charset", "").strip().lower() or UTF_8
    if told not in CHARSETS:
        detail = f"The charset {told[:40]} is not known here: send UTF-8."
        raise Problem("unsupported_media_type", detail, status=415)
    return CHARSETS[told]
