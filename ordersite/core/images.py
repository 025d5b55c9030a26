"""Pictures from outside: small in bytes and in memory, written anew without what was hidden in them."""

import contextlib
import io
import struct
import warnings
from collections.abc import Iterator
from typing import NewType

from PIL import Image, ImageOps, PngImagePlugin
from PIL.JpegImagePlugin import JpegImageFile

FORMATS = ("JPEG", "PNG", "WEBP")
MAX_BYTES = 5_000_000
MOST_PHOTOS = 5  # of one call
MAX_PIXELS = 50_000_000
MAX_DECODED = 80_000_000  # bytes of memory while a picture is decoded
# Of the pictures of one call together: memory, were it taken at once, and their bytes. One of a plain JPEG counts half:
# it takes half the time.
MAX_DECODED_TOGETHER = 200_000_000
MAX_BYTES_TOGETHER = MAX_BYTES
MAX_SIDE = 1600  # pixels; larger pictures are scaled down to it
# Bytes a pixel: of a PNG the picture and a copy in another mode; WEBP's decoder holds two canvases and a frame besides.
DECODED = {"PNG": 8, "WEBP": 20}
# Each scan of a progressive JPEG goes over the whole picture: few bytes can be minutes of work.
START_OF_SCAN = b"\xff\xda"
MAX_SCANS = 30

# What Pillow raises for files that are cut, bent or lie about themselves.
BROKEN = (OSError, ValueError, SyntaxError, TypeError, EOFError, ArithmeticError, LookupError, struct.error)

# Of the process, not of a call: `warnings.catch_warnings` is not safe between threads.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS
warnings.simplefilter("error", Image.DecompressionBombWarning)
# Texts in a PNG are unpacked too: one megabyte of them is enough.
PngImagePlugin.MAX_TEXT_MEMORY = PngImagePlugin.MAX_TEXT_CHUNK

CleanImage = NewType("CleanImage", bytes)
"""The bytes of a JPEG that clean_image wrote: what is kept of somebody's picture has this type."""


class ImageRefused(ValueError):
    """The bytes are no picture that we keep; the message says why and what to send."""


TOO_LARGE = "The picture has too many pixels: send a smaller one."
TOO_MUCH_TOGETHER = "The pictures are too large together: send fewer or smaller ones."
NO_PICTURE = "This is not a complete JPEG, PNG or WEBP picture: send one of these."


def clean_image(raw: bytes) -> CleanImage:
    """A JPEG of the picture, upright, at most MAX_SIDE wide and high, without EXIF; raises ImageRefused.

    A file of a few kilobytes can be a picture of a billion pixels: its size in memory is estimated from its header
    before anything is decoded.
    """
    with refusing():
        image, _, _ = open_image(raw)
        # Other modes do not scale well, or take two copies more to do so.
        if image.mode not in ("L", "RGB", "CMYK"):
            image = image.convert("RGB")
        image.thumbnail((MAX_SIDE, MAX_SIDE))
        upright = ImageOps.exif_transpose(image).convert("RGB")
    clean = io.BytesIO()
    # A new image from the pixels alone: neither EXIF nor any other part of the file is taken over.
    pixels = Image.new("RGB", upright.size)
    pixels.paste(upright)
    pixels.save(clean, "JPEG", quality=88, optimize=True)
    return CleanImage(clean.getvalue())


class Together:
    """What the pictures of one call take together."""

    def __init__(self) -> None:
        self.decoded = 0.0
        self.bytes = 0.0

    def add(self, raw: bytes) -> None:
        """Weighs one more before it is decoded; raises ImageRefused where they are too much, or it is no picture."""
        with refusing():
            _, takes, is_slow = open_image(raw)
        self.decoded += takes
        self.bytes += len(raw) if is_slow else len(raw) / 2
        if self.decoded > MAX_DECODED_TOGETHER or self.bytes > MAX_BYTES_TOGETHER:
            raise ImageRefused(TOO_MUCH_TOGETHER)


@contextlib.contextmanager
def refusing() -> Iterator[None]:
    """What Pillow raises as ImageRefused."""
    try:
        yield
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise ImageRefused(TOO_LARGE) from error
    except ImageRefused:
        raise
    except BROKEN as error:
        raise ImageRefused(NO_PICTURE) from error


def open_image(raw: bytes) -> tuple[Image.Image, float, bool]:
    """The picture, of which only the header was read, the bytes of memory that decoding takes, and whether it is slow.

    Raises ImageRefused where it would take too much.
    """
    if len(raw) > MAX_BYTES:
        raise ImageRefused(f"The picture is larger than {MAX_BYTES // 1_000_000} MB: send a smaller one.")
    stream = io.BytesIO(raw)
    image = Image.open(stream, formats=FORMATS)
    whole = image.width * image.height
    if whole > MAX_PIXELS:
        raise ImageRefused(TOO_LARGE)
    is_slow = True
    if isinstance(image, JpegImageFile):
        buffered = 0.0 if decodes_in_one_pass(image, raw[: stream.tell()]) else 2 * whole * samples_per_pixel(image)
        if buffered and raw.count(START_OF_SCAN) > MAX_SCANS:
            raise ImageRefused(NO_PICTURE)
        # Decoded at a half, a quarter or an eighth where that is large enough.
        scale = max(image.size) / MAX_SIDE
        image.draft("RGB", (max(1, int(image.width / scale)), max(1, int(image.height / scale))))
        is_slow = bool(buffered)
        takes = buffered + 4 * image.width * image.height
    else:
        takes = DECODED[image.format or ""] * whole
    if takes > MAX_DECODED:
        raise ImageRefused(TOO_LARGE)
    return image, takes, is_slow


def decodes_in_one_pass(image: JpegImageFile, header: bytes) -> bool:
    """Whether a JPEG's first scan holds every component: of any other kind the decoder keeps the whole picture.

    `header` is what was read to open it, which ends with the first scan's header; what does not is taken for the worse.
    """
    scan = START_OF_SCAN + struct.pack(">HB", 6 + 2 * image.layers, image.layers)
    return "progressive" not in image.info and header[: -3 - 2 * image.layers].endswith(scan)


def samples_per_pixel(image: JpegImageFile) -> float:
    """3 where a JPEG keeps colours as fine as brightness, 1.5 where it halves them both ways; each takes two bytes."""
    across, down = (max(1, *(layer[axis] for layer in image.layer)) for axis in (1, 2))
    return sum(layer[1] * layer[2] for layer in image.layer) / (across * down)
