"""Kesk's bodies: JSON with photos as texts, and forms with photos as files and a part for each field."""

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from typing import IO, Any

from ordersite.web.images import MAX_BYTES, CleanImage, ImageRefused, clean_image
from ordersite.web.multipart import MOST_PHOTOS, PHOTO_PARTS, Form, PhotoFormParser
from ordersite.web.parsing import LenientJsonParser, parse_json
from ordersite.web.problems import Invalid

DATA_URI = re.compile(r"data:image/[a-z0-9.+-]+;base64,", re.IGNORECASE)
BLANK = re.compile(r"\s+")
# The parts of a form that are JSON, and those that may be.
STRUCTURED = {"items", "data"}
PLACES = {"pickup_address", "dropoff_address"}


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
        form = Form({name: item for name, item in value.items() if name not in PHOTO_PARTS})
        form.photos, form.digests = [], []
        for name in PHOTO_PARTS:
            given = value.get(name)
            for index, text in enumerate(given if isinstance(given, list) else [given]):
                if text is None or text == "":
                    continue
                if len(form.photos) == MOST_PHOTOS:
                    raise Invalid(f"/{name}", "max_length", f"Send at most {MOST_PHOTOS} photos.")
                photo, digest = read_photo(text, f"/{name}/{index}" if isinstance(given, list) else f"/{name}")
                form.photos.append(photo)
                form.digests.append(digest)
        return form


def read_photo(text: Any, pointer: str) -> tuple[CleanImage, str]:
    """A photo and the hash of what was sent; raises Invalid for anything else: no address is ever fetched."""
    detail = "Send the photo itself, as base64 or a data URI of an image: addresses are not fetched."
    if not isinstance(text, str):
        raise Invalid(pointer, "invalid_image", detail)
    found = DATA_URI.match(text[:60])
    encoded = BLANK.sub("", text[found.end() :] if found else text)
    if len(encoded) > MAX_BYTES * 4 // 3 + 4:
        raise Invalid(pointer, "invalid_image", f"The picture is larger than {MAX_BYTES // 1_000_000} MB.")
    try:
        raw = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Invalid(pointer, "invalid_image", detail) from error
    try:
        return clean_image(raw), hashlib.sha256(raw).hexdigest()
    except ImageRefused as error:
        raise Invalid(pointer, "invalid_image", str(error)) from error


class OrderFormParser(PhotoFormParser):
    """A form with photos, and the order in the part `CreateOrderInput` (JSON), or a part for each field, or both."""

    json_part = "CreateOrderInput"
    unique_keys = False
    knows_its_parts = False

    def read_fields(self, parts: list[bytes], texts: Mapping[str, str]) -> dict[str, Any]:
        whole = self.read_json(parts) if parts else {}
        # An empty field is one that was not filled in.
        return {**whole, **{name: read_field(name, text) for name, text in texts.items() if text}}


def read_field(name: str, text: str) -> Any:
    """The value of a form's part."""
    if name in STRUCTURED or (name in PLACES and text.lstrip().startswith("{")):
        return parse_json(text.encode(), unique_keys=False)
    return text
