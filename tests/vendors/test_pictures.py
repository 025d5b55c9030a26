"""Pictures that staff upload: cleaned, or refused with the remedy."""

import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from ordersite.core.images import ImageRefused, clean_image
from ordersite.web.image_fields import CleanImageField


def picture(size: tuple[int, int] = (40, 20), kind: str = "PNG", **options: Any) -> bytes:
    raw = io.BytesIO()
    Image.new("RGB", size, "red").save(raw, kind, **options)
    return raw.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_picture_is_written_anew_as_jpeg(kind: str) -> None:
    clean = Image.open(io.BytesIO(clean_image(picture(kind=kind))))
    assert (clean.format, clean.size) == ("JPEG", (40, 20))


def test_location_and_orientation_go_from_the_file_into_the_pixels() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif[0x010E] = "50.85,4.35"
    raw = picture(kind="JPEG", exif=exif)
    assert b"50.85,4.35" in raw
    clean = clean_image(raw)
    assert b"50.85,4.35" not in clean
    assert Image.open(io.BytesIO(clean)).size == (20, 40)


def test_what_follows_the_picture_is_left_behind() -> None:
    assert b"<script>" not in clean_image(picture() + b"<script>alert(1)</script>")


def test_a_large_picture_is_scaled_down() -> None:
    assert Image.open(io.BytesIO(clean_image(picture((3200, 800))))).size == (1600, 400)


def test_few_bytes_with_many_pixels_are_refused_before_they_are_decoded() -> None:
    bomb = io.BytesIO()
    Image.new("1", (14_000, 14_000)).save(bomb, "PNG")
    raw = bomb.getvalue()
    assert len(raw) < 100_000
    with pytest.raises(ImageRefused, match="too many pixels"):
        clean_image(raw)


@pytest.mark.parametrize(
    "raw", [b"", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"GIF89a" + b"\0" * 40, picture()[:60], b"\x89PNG\r\n"]
)
def test_what_is_no_whole_picture_is_refused(raw: bytes) -> None:
    with pytest.raises(ImageRefused, match="send one of these"):
        clean_image(raw)


def test_a_forms_field_keeps_a_random_name() -> None:
    cleaned = CleanImageField().clean(SimpleUploadedFile("../../me at home.png", picture(), "image/png"))
    assert cleaned.name.endswith(".jpg")
    assert "home" not in cleaned.name


def test_a_forms_field_names_the_remedy() -> None:
    field = CleanImageField()
    with pytest.raises(Exception, match="send one of these"):
        field.clean(SimpleUploadedFile("x.png", b"nothing", "image/png"))
