"""Pictures from outside: small in bytes and pixels, written anew without what was hidden in them."""

import io
import uuid
import warnings
from typing import Any

from django import forms
from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from PIL import Image, ImageOps, UnidentifiedImageError

FORMATS = ("JPEG", "PNG", "WEBP")
MAX_BYTES = 5_000_000
MAX_PIXELS = 24_000_000
MAX_SIDE = 1600  # pixels; larger pictures are scaled down to it


class ImageRefused(ValueError):
    """The bytes are no picture that we keep; the message says why and what to send."""


def clean_image(raw: bytes) -> bytes:
    """A JPEG of the picture, upright, at most MAX_SIDE wide and high, without EXIF; raises ImageRefused.

    A file of a few kilobytes can be a picture of a billion pixels: its size is read from the header before anything is
    decoded.
    """
    if len(raw) > MAX_BYTES:
        raise ImageRefused(f"The picture is larger than {MAX_BYTES // 1_000_000} MB: send a smaller one.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(raw), formats=FORMATS)
            if image.width * image.height > MAX_PIXELS:
                raise ImageRefused(
                    f"The picture has more than {MAX_PIXELS // 1_000_000} million pixels: scale it down."
                )
            image.load()
            upright = ImageOps.exif_transpose(image).convert("RGB")
    except ImageRefused:
        raise
    except (
        UnidentifiedImageError,
        Image.DecompressionBombWarning,
        Image.DecompressionBombError,
        OSError,
        ValueError,
        SyntaxError,
    ) as error:
        raise ImageRefused("This is no whole JPEG, PNG or WEBP picture: send one of these.") from error
    upright.thumbnail((MAX_SIDE, MAX_SIDE))
    clean = io.BytesIO()
    # A new image from the pixels alone: neither EXIF nor any other part of the file is taken over.
    pixels = Image.new("RGB", upright.size)
    pixels.paste(upright)
    pixels.save(clean, "JPEG", quality=88, optimize=True)
    return clean.getvalue()


class CleanImageField(forms.ImageField):
    """A form's picture, cleaned before it is kept, under a random name."""

    def to_python(self, data: Any) -> Any:
        if not isinstance(data, UploadedFile):
            return super().to_python(data)
        try:
            raw = clean_image(data.read(MAX_BYTES + 1))
        except ImageRefused as error:
            raise forms.ValidationError(str(error), "invalid_image") from error
        return super().to_python(SimpleUploadedFile(f"{uuid.uuid4().hex}.jpg", raw, "image/jpeg"))
