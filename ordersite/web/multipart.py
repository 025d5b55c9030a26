"""Forms with photos: pictures, and one part of JSON. What is in it is looked at before any picture is decoded."""

import contextlib
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import IO, Any, NoReturn

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http.multipartparser import MultiPartParser, MultiPartParserError
from django.utils.http import parse_header_parameters
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser
from rest_framework.request import Request

from ordersite.core.images import MAX_BYTES, MOST_PHOTOS, CleanImage, ImageRefused, Together, clean_image
from ordersite.web.parsing import parse_json, refuse_unstorable
from ordersite.web.problems import BadRequest, Problem

PHOTO_PARTS = ("photo", "photos")
# Reads and writes every byte as it is: whether a part is UTF-8 decides who parses it.
EVERY_BYTE = "latin-1"
# How near the end of a body its last boundary must stand: a boundary is 200 characters at most.
MOST_AFTER_END = 1_000


class Form(dict[str, Any]):
    """The JSON of a form, and its photos: as they were sent, each with its pointer, and cleaned when asked for.

    Of what was sent there are hashes, by which a repetition is known.
    """

    def __init__(self, fields: Mapping[str, Any], sent: Sequence[tuple[str, bytes]]) -> None:
        super().__init__(fields)
        self.sent = sent
        self.digests = [hashlib.sha256(raw).hexdigest() for _, raw in sent]

    @cached_property
    def photos(self) -> list[CleanImage]:
        """The photos, cleaned; raises BadRequest that names the one which is refused. This may take half a second."""
        together = Together()
        # All are weighed before the first is decoded.
        for pointer, raw in self.sent:
            with refusing_at(pointer):
                together.add(raw)
        photos = []
        for pointer, raw in self.sent:
            with refusing_at(pointer):
                photos.append(clean_image(raw))
        return photos


@contextlib.contextmanager
def refusing_at(pointer: str) -> Iterator[None]:
    """Tells of a refused picture which one it is."""
    try:
        yield
    except ImageRefused as error:
        raise BadRequest(pointer, "invalid_image", str(error)) from error


class PhotoHandler(FileUploadHandler):
    """Takes a form's files one by one, in memory; refuses what is too many, too large, or of no known name.

    A file in the part for JSON is kept as it is: a browser sends a Blob in this way. Of a form that knows not all of
    its parts the other files are passed over.
    """

    def __init__(self, json_part: str, photo_parts: re.Pattern[str], *, knows_its_parts: bool) -> None:
        super().__init__()
        self.json_part = json_part
        self.photo_parts = photo_parts
        self.knows_its_parts = knows_its_parts
        self.raw = bytearray()
        self.json: list[bytes] = []
        self.sent: list[tuple[str, bytes]] = []

    def new_file(self, field_name: str, *args: Any, **kwargs: Any) -> None:
        super().new_file(field_name, *args, **kwargs)
        is_photo = bool(self.photo_parts.fullmatch(field_name))
        if not self.knows_its_parts and not is_photo and field_name != self.json_part:
            raise SkipFile()
        if not is_photo:
            check_name(field_name, self.json_part)
        elif len(self.sent) == MOST_PHOTOS:
            refuse_many(field_name)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        # One byte more than a picture may have tells that it is too large.
        self.raw += raw_data[: MAX_BYTES + 1 - len(self.raw)]

    def file_complete(self, file_size: int) -> None:
        raw = bytes(self.raw)
        self.raw.clear()
        if self.field_name == self.json_part:
            self.json.append(raw)
            return
        self.sent.append((f"/{plain_name(str(self.field_name))}/{len(self.sent)}", raw))


class Tail:
    """A stream that remembers its last bytes."""

    def __init__(self, stream: IO[Any]) -> None:
        self.stream = stream
        self.last = b""

    def read(self, size: int) -> bytes:
        data: bytes = self.stream.read(size)
        self.last = (self.last + data)[-MOST_AFTER_END:]
        return data


class PhotoFormParser(BaseParser):
    """multipart/form-data with photos, and with JSON in the part that `json_part` names; yields a Form.

    A foreign API may have fields as parts besides: its parser puts them together with `read_fields`, and passes over
    those that it does not know.
    """

    media_type = "multipart/form-data"
    json_part = ""
    photo_parts = re.compile("|".join(PHOTO_PARTS))
    unique_keys = True
    knows_its_parts = True

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Form:
        meta = (parser_context or {})["request"].META
        handler, body = (
            PhotoHandler(self.json_part, self.photo_parts, knows_its_parts=self.knows_its_parts),
            Tail(stream),
        )
        try:
            parser = MultiPartParser(meta, body, [handler], EVERY_BYTE)  # type: ignore[arg-type]
            fields, _ = parser.parse()
        except RequestDataTooBig:
            raise
        except (MultiPartParserError, SuspiciousOperation) as error:
            raise ParseError(f"The form is malformed: {error}") from error
        # Django takes what is cut off for a whole form, and leaves its last part out.
        if b"--%b--" % boundary_of(meta) not in body.last:
            raise ParseError("The form is incomplete: it does not end with its boundary. Send it again.")
        texts: list[tuple[str, str]] = []
        for name, values in fields.lists():
            if self.photo_parts.fullmatch(name):
                self.read_photo_texts(name, values, handler.sent)
            elif name == self.json_part:
                handler.json += [value.encode(EVERY_BYTE) for value in values]
            elif self.knows_its_parts:
                check_name(name, self.json_part)
            else:
                texts += [(name, read_text(name, value)) for value in values]
        return Form(self.read_fields(handler.json, texts), handler.sent)

    def read_photo_texts(self, name: str, values: Sequence[str], sent: list[tuple[str, bytes]]) -> None:
        """Photos that came as no file: of an input in which nothing was chosen an empty field. Raises BadRequest."""
        if any(values):
            raise BadRequest(f"/{name}", "not_a_file", "Send the photo as a file, with a file name.")

    def read_fields(self, parts: list[bytes], texts: Sequence[tuple[str, str]]) -> dict[str, Any]:
        """What the form says besides its photos."""
        return self.read_json(parts) if self.json_part else {}

    def read_json(self, parts: list[bytes]) -> dict[str, Any]:
        """The object in the only part that holds JSON."""
        pointer = f"/{self.json_part}"
        if len(parts) != 1:
            raise BadRequest(pointer, "required", f"Send the JSON as one part named `{self.json_part}`.")
        if len(parts[0]) > settings.MAX_BODY_BYTES:
            detail = f"The JSON is larger than {settings.MAX_BODY_BYTES // 1_000_000} MB: send less."
            raise Problem("too_large", detail, status=413)
        value = parse_part(parts[0], pointer, unique_keys=self.unique_keys)
        if not isinstance(value, dict):
            raise BadRequest(pointer, "invalid", "Send a JSON object.")
        return value


def parse_part(raw: bytes, pointer: str, *, unique_keys: bool, within: str = "") -> Any:
    """The value of a part that is JSON, whose members are those of `within`; raises BadRequest for one that is none."""
    try:
        return parse_json(raw, unique_keys=unique_keys, pointer=within)
    except ParseError as error:
        raise BadRequest(pointer, "invalid", str(error.detail).replace("The body", "This", 1)) from error


def boundary_of(meta: Mapping[str, Any]) -> bytes:
    """What stands between the parts, of a Content-Type that was found in order."""
    return str(parse_header_parameters(meta["CONTENT_TYPE"])[1]["boundary"]).encode()


def read_text(name: str, value: str) -> str:
    """A field's text; raises BadRequest for what is no UTF-8, and ParseError for what no database holds."""
    try:
        text = value.encode(EVERY_BYTE).decode()
    except UnicodeDecodeError as error:
        raise BadRequest(f"/{name}", "invalid", "The text is no UTF-8: send it so.") from error
    refuse_unstorable(text, f"/{name}")
    return text


def plain_name(name: str) -> str:
    """The field that a part's name means: `photos[]` is one of photos."""
    return name.partition("[")[0]


def refuse_many(name: str) -> NoReturn:
    raise BadRequest(f"/{plain_name(name)}", "max_length", f"Send at most {MOST_PHOTOS} photos.")


def check_name(name: str, json_part: str) -> None:
    """Raises BadRequest for a part that does not exist: a misspelt one must not be dropped in silence."""
    known = [part for part in (json_part, *PHOTO_PARTS) if part]
    if name not in known:
        told = name.encode(EVERY_BYTE, "replace").decode(errors="replace")[:60]
        raise BadRequest(f"/{told}", "unknown_field", f"There is no such part in this form: send {', '.join(known)}.")


def has_photos(request: Request) -> bool:
    """Whether photos came with a request; none is decoded."""
    return count_photos(request) > 0


def count_photos(request: Request) -> int:
    """How many photos came with a request; none is decoded."""
    return len(request.data.sent) if isinstance(request.data, Form) else 0


def photos_of(request: Request) -> list[CleanImage]:
    """The photos that came with a request, cleaned; raises BadRequest."""
    return request.data.photos if isinstance(request.data, Form) else []
