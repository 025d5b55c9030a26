"""Forms with photos: what they yield, and what is refused by name."""

import io
import json
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from PIL import Image
from rest_framework.exceptions import ParseError
from rest_framework.test import APIRequestFactory

from ordersite.core.images import MAX_BYTES, MOST_PHOTOS
from ordersite.web.idempotency import body_fingerprint
from ordersite.web.multipart import Form, PhotoFormParser
from ordersite.web.problems import BadRequest, Problem, from_exception

BOUNDARY = "boundary-of-a-test"


class OrderForm(PhotoFormParser):
    json_part = "order"


def photo(colour: str = "red", size: tuple[int, int] = (8, 6)) -> bytes:
    raw = io.BytesIO()
    Image.new("RGB", size, colour).save(raw, "PNG")
    return raw.getvalue()


def part(name: str, content: bytes | str, *, filename: str | None = None, headers: str = "") -> bytes:
    file = f'; filename="{filename}"' if filename is not None else ""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{file}\r\n{headers}\r\n'
    return head.encode() + (content.encode() if isinstance(content, str) else content) + b"\r\n"


def picture(name: str = "photo", colour: str = "red") -> bytes:
    return part(name, photo(colour), filename="p.png")


def form(*parts: bytes, end: bytes = f"--{BOUNDARY}--\r\n".encode(), parser: Any = OrderForm) -> Form:
    """What the parser makes of a body of these parts."""
    body, kind = b"".join(parts) + end, f"multipart/form-data; boundary={BOUNDARY}"
    request = APIRequestFactory().generic("POST", "/", body, content_type=kind)  # type: ignore[arg-type]
    parsed: Form = parser().parse(request, "multipart/form-data", {"request": request})
    assert len(parsed.photos) == len(parsed.digests)  # decoded when they are asked for
    return parsed


ORDER = part("order", '{"vendor": 1, "comment": "ééé"}')


def test_the_json_part_is_the_data_and_photos_stand_beside_it() -> None:
    data = form(ORDER, picture(), picture("photos", "blue"))
    assert data == {"vendor": 1, "comment": "ééé"}
    assert [Image.open(io.BytesIO(raw)).format for raw in data.photos] == ["JPEG", "JPEG"]
    assert len(set(data.digests)) == 2


def test_json_may_come_as_a_file_and_without_photos() -> None:
    data = form(part("order", '{"vendor": 1}', filename="blob", headers="Content-Type: application/json\r\n"))
    assert (data, data.photos) == ({"vendor": 1}, [])


def test_a_form_without_json_holds_photos_alone() -> None:
    data = form(picture(), parser=PhotoFormParser)
    assert (data, len(data.photos)) == ({}, 1)


def test_an_empty_file_input_is_no_photo() -> None:
    assert form(ORDER, part("photo", "", filename="")).photos == []


def test_the_last_boundary_may_end_the_body() -> None:
    assert len(form(ORDER, picture(), end=f"--{BOUNDARY}--".encode()).photos) == 1


@pytest.mark.parametrize(
    ("parts", "pointer", "code", "remedy"),
    [
        ([], "/order", "required", "one part named `order`"),
        ([picture()], "/order", "required", "one part named `order`"),
        ([ORDER, ORDER], "/order", "required", "one part named `order`"),
        ([part("order", "[1]")], "/order", "invalid", "Send a JSON object"),
        ([ORDER, part("photoo", "x")], "/photoo", "unknown_field", "send order, photo, photos"),
        ([ORDER, part("fóto", photo(), filename="p.png")], "/fóto", "unknown_field", "send order, photo, photos"),
        ([ORDER, part("photo", "a text")], "/photo", "not_a_file", "as a file"),
        ([ORDER, *[picture()] * (MOST_PHOTOS + 1)], "/photo", "max_length", "at most 5 photos"),
        (
            [ORDER, picture(), part("photos", "nothing", filename="x")],
            "/photos/1",
            "invalid_image",
            "send one of these",
        ),
        (
            [ORDER, part("photo", b"\0" * (MAX_BYTES + 1), filename="x")],
            "/photo/0",
            "invalid_image",
            "larger than 5 MB",
        ),
    ],
)
def test_what_is_refused_is_named(parts: list[bytes], pointer: str, code: str, remedy: str) -> None:
    with pytest.raises(BadRequest) as refused:
        form(*parts)
    error = refused.value.errors[0]
    assert (error["pointer"], error["code"]) == (pointer, code)
    assert remedy in error["detail"]


@pytest.mark.parametrize(
    ("order", "remedy"),
    [
        (b'{"a": "\xff"}', "not valid JSON"),
        (b'{"a": "\\u0000"}', "NUL"),
        (b'{"a": "\\ud800"}', "surrogate"),
        (b'{"a": NaN}', "NaN is not"),
        (b"[" * 100_000 + b"]" * 100_000, "nested too deeply"),
        (b"{", "not valid JSON"),
    ],
)
@pytest.mark.parametrize("filename", [None, "blob"])
def test_json_is_refused_as_everywhere(order: bytes, remedy: str, filename: str | None) -> None:
    with pytest.raises((ParseError, BadRequest), match=remedy):
        form(part("order", order, filename=filename))


@pytest.mark.parametrize("filename", [None, "blob"])
def test_json_is_no_larger_than_everywhere(filename: str | None) -> None:
    order = json.dumps({"a": "x" * settings.MAX_BODY_BYTES})
    with pytest.raises((Problem, RequestDataTooBig)) as refused:
        form(part("order", order, filename=filename))
    problem = from_exception(refused.value)
    assert problem
    assert (problem.status, problem.code) == (413, "too_large")


@pytest.mark.parametrize("kept", [10, 60, 120, -3])
def test_a_form_that_is_cut_off_is_refused(kept: int) -> None:
    with pytest.raises(ParseError, match="Send it again"):
        form(ORDER, picture()[:kept], end=b"")


@pytest.mark.parametrize("content_type", ["multipart/form-data", "multipart/form-data; boundary=é"])
def test_a_form_without_a_boundary_is_refused(content_type: str) -> None:
    request = APIRequestFactory().generic("POST", "/", b"x", content_type=content_type)  # type: ignore[arg-type]
    with pytest.raises(ParseError, match="malformed"):
        OrderForm().parse(request, "multipart/form-data", {"request": request})  # type: ignore[arg-type]


def test_thousands_of_parts_are_refused() -> None:
    with pytest.raises(ParseError, match="malformed"):
        form(*[part("photo", "")] * 1_100)


def test_a_repeated_call_is_known_by_its_json_and_its_files() -> None:
    first = body_fingerprint(form(ORDER, picture()))
    assert body_fingerprint(form(ORDER, picture("photos"))) == first
    assert body_fingerprint(form(ORDER, picture(colour="blue"))) != first
    assert body_fingerprint(form(ORDER)) == body_fingerprint({"vendor": 1, "comment": "ééé"}) != first
