"""Forms as PHP's clients send them: `products[0][id]=4` is a list of objects. Their bounds are those of JSON."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import IO, Any
from urllib.parse import parse_qsl

from django.conf import settings
from django.http import QueryDict
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from ordersite.web.multipart import PhotoFormParser
from ordersite.web.parsing import UTF_8, charset_of, read_body, refuse_unstorable

NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
KEY = re.compile(r"\[([^\[\]]*)\]")
BRACKETS = (b"[", b"%5B", b"%5b")
# Digits of the longest key that counts as a place in a list.
INDEX_DIGITS = 9
# How JavaScript's clients write, in a query or behind Bearer, that they have no value.
NO_VALUE = ("null", "undefined")


class Node(dict[str, Any]):
    """What stands under one name; `next` is the place that `[]` takes."""

    next = 0

    def key(self, given: str) -> str:
        """The key that is meant, `[]` being the place after the last."""
        if given == "":
            given = str(self.next)
        if is_index(given):
            self.next = max(self.next, int(given) + 1)
        return given


def is_index(key: str) -> bool:
    return key.isascii() and key.isdecimal() and len(key) <= INDEX_DIGITS


class FormParser(BaseParser):
    """application/x-www-form-urlencoded, at most MAX_BODY_BYTES; of a name that comes twice the last value counts."""

    media_type = "application/x-www-form-urlencoded"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        return read_form(read_body(stream), charset_of(media_type))


class PartsParser(PhotoFormParser):
    """multipart/form-data, as PHP's curl sends an array; a file is passed over, as what is not known."""

    photo_parts = re.compile(r"(?!)")
    knows_its_parts = False

    def read_fields(self, parts: list[bytes], texts: Sequence[tuple[str, str]]) -> dict[str, Any]:
        values_left(texts)
        for name, _ in texts:
            refuse_unstorable(name)
        return nested(texts)


def check_count(count: int) -> int:
    """How many more values there may be, as many as JSON may have in all; raises ParseError for too many."""
    most = settings.MAX_JSON_VALUES
    if count > most:
        raise ParseError(f"The form has more than {most} values, nested ones counted: send less at once.")
    return most - count


def values_left(texts: Sequence[tuple[str, str]]) -> int:
    """How many values there may be besides the fields of a form; raises ParseError for too many of these."""
    return check_count(len(texts) + sum(name.count("[") for name, _ in texts))


def read_form(raw: bytes, charset: str = UTF_8) -> dict[str, Any]:
    """The nested value of a form; raises ParseError or Invalid with the remedy."""
    check_count(raw.count(b"&") + 1 + sum(raw.count(mark) for mark in BRACKETS))
    try:
        pairs = parse_qsl(raw.decode(charset), keep_blank_values=True, encoding=charset, errors="strict")
    except ValueError as error:
        raise ParseError("The form is no UTF-8: send it so.") from error
    for name, value in pairs:
        refuse_unstorable(name)
        refuse_unstorable(value, "/" + name.replace("]", "").replace("[", "/"))
    return nested(pairs)


def read_query(query: QueryDict, *, nullable: str = "") -> dict[str, Any]:
    """The parameters of a query, nested as a form's; those without a value count as not sent.

    Within the one that is `nullable` they stay, null as None: where[driver_id]=null asks for something.
    """
    pairs: list[tuple[str, Any]] = []
    for name, values in query.lists():
        keeps = nullable != "" and name.startswith(f"{nullable}[")
        for value in values:
            is_null = value.strip() in NO_VALUE
            if keeps or (value.strip() and not is_null):
                pairs.append((name, None if is_null else value))
    return nested(pairs)


def names_nobody(authorization: bytes) -> bool:
    """Whether a header Authorization holds a bearer without a token: of an app in which nobody is signed in."""
    word, *tokens = authorization.decode("latin-1").split() or [""]
    return word.lower() == "bearer" and all(token in NO_VALUE for token in tokens)


def nested(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """The value that a form's names and values say; raises ParseError where it nests too deeply."""
    whole = Node()
    for name, value in pairs:
        put(whole, name, value)
    return {name: as_value(value) for name, value in whole.items()}


def put(whole: Node, name: str, value: Any) -> None:
    """Puts a value where its name says; a name whose brackets do not match is one of no field."""
    found = NAME.fullmatch(name)
    keys = KEY.findall(found[2]) if found else []
    if len(keys) >= settings.MAX_JSON_DEPTH:
        raise ParseError(f"The form is nested too deeply: at most {settings.MAX_JSON_DEPTH} levels.")
    node, key = whole, found[1] if found else name
    for inner in keys:
        below = node.get(key)
        if not isinstance(below, Node):
            below = node[key] = Node()
        node, key = below, below.key(inner)
    node[key] = value


def as_value(value: Any) -> Any:
    """A list where every key is a place in one, else an object."""
    if not isinstance(value, Node):
        return value
    if all(is_index(key) for key in value):
        return [as_value(value[key]) for key in sorted(value, key=int)]
    return {key: as_value(below) for key, below in value.items()}
