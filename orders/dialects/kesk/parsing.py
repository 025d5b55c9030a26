"""Kesk's bodies: JSON with photos as texts, and forms with photos as files and a part for each field."""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from typing import IO, Any

from orders.dialects.base import is_blank, nested, values_left
from ordersite.core.images import MAX_BYTES, MOST_PHOTOS
from ordersite.web.multipart import (
    PHOTO_PARTS,
    Form,
    PhotoFormParser,
    parse_part,
    plain_name,
    refuse_many,
)
from ordersite.web.parsing import LenientJsonParser, refuse_too_many
from ordersite.web.problems import BadRequest

DATA_URI = re.compile(r"data:[^,]{0,100};base64,", re.IGNORECASE)
BLANK = re.compile(r"\s+")
URL_SAFE = str.maketrans("-_", "+/")
# The part of a form, and the member of a JSON object, that holds the order where photos stand beside it.
WRAPPED = "CreateOrderInput"
# The parts of a form that are JSON.
STRUCTURED = {"items", "data"}


class PhotoJsonParser(LenientJsonParser):
    """JSON whose `photo` and `photos` are base64 or data URIs (row 2); yields a Form with the photos cleaned."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        value = super().parse(stream, media_type, parser_context)
        if not isinstance(value, dict):
            return value
        if isinstance(value.get(WRAPPED), dict):
            value = {**value.pop(WRAPPED), **value}
        sent: list[tuple[str, bytes]] = []
        for name in PHOTO_PARTS:
            given = value.get(name)
            read_photos(name, given if isinstance(given, list) else [given], sent, numbered=isinstance(given, list))
        return Form({name: item for name, item in value.items() if name not in PHOTO_PARTS}, sent)


def read_photos(name: str, texts: Sequence[Any], sent: list[tuple[str, bytes]], *, numbered: bool = True) -> None:
    """Adds the photos that came as texts to those that were sent; blank ones are none. Raises BadRequest."""
    for index, text in enumerate(texts):
        if is_blank(text):
            continue
        if len(sent) == MOST_PHOTOS:
            refuse_many(name)
        pointer = f"/{name}/{index}" if numbered else f"/{name}"
        sent.append((pointer, read_photo(text, pointer)))


def read_photo(text: Any, pointer: str) -> bytes:
    """A photo's bytes, not decoded yet; raises BadRequest for what is no base64: no address is ever fetched."""
    detail = "Send the photo itself, as base64 or a data URI of an image: addresses are not fetched."
    if not isinstance(text, str):
        raise BadRequest(pointer, "invalid_image", detail)
    text = text.strip()
    found = DATA_URI.match(text[:200])
    # Written for addresses too, with - and _, and without the = at its end.
    encoded = BLANK.sub("", text[found.end() :] if found else text).translate(URL_SAFE).rstrip("=")
    if len(encoded) > MAX_BYTES * 4 // 3 + 4:
        raise BadRequest(pointer, "invalid_image", f"The picture is larger than {MAX_BYTES // 1_000_000} MB.")
    try:
        return base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadRequest(pointer, "invalid_image", detail) from error


class OrderFormParser(PhotoFormParser):
    """A form with photos, and the order in the part `CreateOrderInput` (JSON), or a part for each field, or both.

    Photos are files or texts; a field of an object in a list is `items[0][product_id]`, or stands in the list's JSON.
    """

    json_part = WRAPPED
    photo_parts = re.compile(r"photos?(\[[0-9]*\])?")
    unique_keys = False
    knows_its_parts = False

    def read_photo_texts(self, name: str, values: Sequence[str], sent: list[tuple[str, bytes]]) -> None:
        read_photos(plain_name(name), values, sent)

    def read_fields(self, parts: list[bytes], texts: Sequence[tuple[str, str]]) -> dict[str, Any]:
        structured = [text.encode() for name, text in texts if name in STRUCTURED]
        # All of them together, before the first is read.
        refuse_too_many(b",".join([*parts, *structured]), values_left(texts))
        whole = self.read_json(parts) if parts else {}
        # An empty field is one that was not filled in.
        fields = [(name, read_field(name, text)) for name, text in texts if not is_blank(text)]
        lists = {name: as_list([value for other, value in fields if other == name]) for name in STRUCTURED}
        return {**whole, **nested((name, lists.get(name, value)) for name, value in fields)}


def as_list(values: list[Any]) -> list[Any]:
    """A list that came as one part of JSON, or as a part for each of its objects, as generated clients send it."""
    return values[0] if len(values) == 1 and isinstance(values[0], list) else values


def read_field(name: str, text: str) -> Any:
    """The value of a form's part."""
    pointer = f"/{name}"
    return parse_part(text.encode(), pointer, unique_keys=False, within=pointer) if name in STRUCTURED else text
