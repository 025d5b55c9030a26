"""Pictures that nobody should send: with something hidden in them, or that take far more memory than they weigh."""

import gzip
import io
import math
import random
import struct
import zipfile
import zlib
from collections.abc import Iterator
from functools import cache
from typing import Any

from PIL import Image, PngImagePlugin

from ordersite.core.images import MAX_DECODED, MAX_SIDE

# In no picture by chance.
PAYLOAD = b"<script>alert('7f3a9c')</script>"
SIDE = 24


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    raw = io.BytesIO()
    image.save(raw, kind, **options)
    return raw.getvalue()


def plain(mode: str = "RGB", size: tuple[int, int] = (SIDE, SIDE)) -> Image.Image:
    return Image.new(mode, size)


def located() -> Image.Exif:
    """Who took the photo, where (50.85 N, 4.35 E), and a payload."""
    exif = Image.Exif()
    exif[0x010E] = PAYLOAD.decode()
    exif[0x0112] = 6
    exif[0x8825] = {1: "N", 2: (50.0, 51.0, 0.0), 3: "E", 4: (4.0, 21.0, 0.0), 29: "2026:11:21"}
    return exif


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def with_chunk(png: bytes, kind: bytes, data: bytes) -> bytes:
    """A PNG with one more chunk after its header."""
    return png[:33] + chunk(kind, data) + png[33:]


def zipped() -> bytes:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as archive:
        archive.writestr("run.js", PAYLOAD)
    return raw.getvalue()


def talkative() -> PngImagePlugin.PngInfo:
    """A PNG's texts with the payload, in clear and packed."""
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Comment", PAYLOAD.decode())
    texts.add_itxt("XML:com.adobe.xmp", PAYLOAD.decode(), zip=True)
    return texts


FRAMES: dict[str, Any] = {"save_all": True, "append_images": [plain(), plain()], "duration": 50}


def soiled() -> dict[str, bytes]:
    """Pictures in which the payload is hidden, by name: to be cleaned of it."""
    jpeg, png, texts = encoded(plain(), "JPEG"), encoded(plain(), "PNG"), talkative()
    return {
        "JPEG with a place": encoded(plain(), "JPEG", exif=located()),
        "PNG with a place": encoded(plain(), "PNG", exif=located()),
        "WEBP with a place": encoded(plain(), "WEBP", exif=located(), xmp=PAYLOAD),
        "JPEG with HTML in a comment": encoded(plain(), "JPEG", comment=PAYLOAD),
        "JPEG with a profile": encoded(plain(), "JPEG", icc_profile=PAYLOAD * 10),
        "JPEG with a preview": encoded(plain(), "JPEG", exif=b"Exif\0\0" + jpeg + PAYLOAD),
        "JPEG and HTML": jpeg + b"<html>" + PAYLOAD,
        "JPEG and PHP": jpeg + b"<?php echo 1; ?>" + PAYLOAD,
        "two JPEGs": jpeg + encoded(plain(), "JPEG", comment=PAYLOAD),
        "PNG with texts": encoded(plain(), "PNG", pnginfo=texts),
        "PNG with a ZIP in a chunk": with_chunk(png, b"zaPp", zipped() + PAYLOAD),
        "PNG and ZIP": png + zipped() + PAYLOAD,
        "PNG with a palette": encoded(plain("P"), "PNG", transparency=0) + PAYLOAD,
        "animated WEBP": encoded(plain(), "WEBP", xmp=PAYLOAD, **FRAMES),
        "animated PNG": encoded(plain(), "PNG", pnginfo=texts, **FRAMES),
        "CMYK": encoded(plain("CMYK"), "JPEG", comment=PAYLOAD),
        "grey of 16 bits": encoded(plain("I;16"), "PNG", pnginfo=texts),
    }


def no_pictures() -> dict[str, bytes]:
    """What is none of the formats that are taken, or not whole, by name: to be refused."""
    jpeg, png, texts = encoded(plain(), "JPEG"), encoded(plain(), "PNG"), talkative()
    noise = Image.effect_noise((64, 64), 50)
    return {
        "GIF and JavaScript": b"GIF89a/*" + encoded(plain(), "GIF")[8:] + b"*/=1;" + PAYLOAD,
        "animated GIF": encoded(plain(), "GIF", comment=PAYLOAD, **FRAMES),
        "BMP": encoded(plain(), "BMP") + PAYLOAD,
        "TIFF": encoded(plain(), "TIFF", description=PAYLOAD.decode()),
        "SVG": b'<svg xmlns="http://www.w3.org/2000/svg">' + PAYLOAD + b"</svg>",
        "HTML": b"<!doctype html>" + PAYLOAD,
        "PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n" + PAYLOAD,
        "PDF": b"%PDF-1.7\n" + PAYLOAD,
        "gzip of a PNG": gzip.compress(png + PAYLOAD),
        "ZIP of a PNG": zipped(),
        "JPEG cut off": encoded(noise, "JPEG", comment=PAYLOAD)[:-200],
        "PNG cut off": encoded(noise, "PNG", pnginfo=texts)[:-200],
        "WEBP cut off": encoded(noise.convert("RGB"), "WEBP")[:-100],
        "a JPEG's beginning": jpeg[:20] + PAYLOAD,
        "a PNG's header": png[:33] + PAYLOAD,
        "empty picture": with_size(png, 0, 0) + PAYLOAD,
    }


def huge_png(width: int, height: int, *, bits: int, colour: int) -> bytes:
    """A whole PNG of one colour, so many bits a pixel, without a picture of that size in memory."""
    packer = zlib.compressobj(1)
    row = bytes(1 + width * bits // 8)
    data = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, min(bits, 8), colour, 0, 0, 0)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def with_size(png: bytes, width: int, height: int) -> bytes:
    """A PNG that claims another size than it has."""
    header = struct.pack(">II", width, height) + png[24:29]
    return png[:8] + chunk(b"IHDR", header) + png[33:]


def square(per_pixel: float) -> tuple[int, int]:
    """The largest square that is decoded at so many bytes a pixel."""
    side = math.isqrt(int(MAX_DECODED / per_pixel))
    return side, side


def heaviest() -> dict[str, bytes]:
    """What is just small enough to be taken, of each way of decoding."""
    twice = (2 * MAX_SIDE - 1,) * 2  # the largest that a JPEG's decoder does not halve
    progressive: dict[str, Any] = {"progressive": True, "subsampling": 0, "quality": 30}
    return {
        "plain JPEG": encoded(plain("RGB", twice), "JPEG", quality=50),
        "progressive JPEG": encoded(plain("RGB", square(6 + 4)), "JPEG", **progressive),
        "progressive JPEG, halved": encoded(plain("RGB", square(6 + 1)), "JPEG", **progressive),
        "progressive CMYK": encoded(plain("CMYK", square(8 + 4)), "JPEG", **progressive),
        "PNG with alpha": encoded(plain("RGBA", square(8)), "PNG", compress_level=1),
        "PNG with a palette": encoded(plain("P", square(8)), "PNG", compress_level=1),
        "WEBP": encoded(plain("RGBA", square(20)), "WEBP", lossless=True, method=0),
        "50 million pixels": encoded(plain("RGB", (10_000, 5_000)), "JPEG", quality=30),
    }


def huge_webp(width: int, height: int) -> bytes:
    """A lossless WEBP that claims another size than it has."""
    raw = bytearray(encoded(plain("RGBA"), "WEBP", lossless=True))
    size = int.from_bytes(raw[21:25], "little") >> 28 << 28 | (height - 1) << 14 | (width - 1)
    raw[21:25] = size.to_bytes(4, "little")
    return bytes(raw)


@cache
def bombs() -> dict[str, bytes]:
    """Few bytes that would take hundreds of megabytes, or minutes."""
    progressive = encoded(plain("RGB", (800, 800)), "JPEG", progressive=True)
    last = progressive[progressive.rindex(b"\xff\xda") : -2]
    texts = PngImagePlugin.PngInfo()
    for number in range(60):
        texts.add_text(f"text {number}", "a" * 1_000_000, zip=True)
    fine: dict[str, Any] = {"progressive": True, "subsampling": 0, "quality": 30}
    return {
        "PNG of 14,000 x 14,000": huge_png(14_000, 14_000, bits=1, colour=0),
        "PNG with alpha": huge_png(4_000, 4_000, bits=32, colour=6),
        "PNG of a claimed size": with_size(encoded(plain(), "PNG"), 2**31 - 1, 2**31 - 1),
        "PNG of 60 MB of text": encoded(plain(), "PNG", pnginfo=texts),
        "WEBP of 268 million pixels": huge_webp(16_384, 16_384),
        "progressive JPEG": encoded(plain("RGB", (4_000, 4_000)), "JPEG", **fine),
        "JPEG of a thousand scans": progressive[:-2] + last * 1_000 + b"\xff\xd9",
    }


def mutated(number: int, seed: int) -> Iterator[bytes]:
    """So many pictures with some of their bytes changed, cut out or put in; PNGs with their checksums set right."""
    draw = random.Random(seed)
    seeds = list(soiled().values())
    for _ in range(number):
        raw = bytearray(draw.choice(seeds))
        for _ in range(draw.choice((1, 1, 2, 5))):
            place = draw.randrange(min(len(raw), draw.choice((60, 300, 10**9))))
            match draw.randrange(4):
                case 0 | 1:
                    raw[place] = draw.choice((0, 255, 127, 128, draw.randrange(256)))
                case 2:
                    del raw[place : place + draw.randrange(1, 9)]
                case 3:
                    raw[place:place] = draw.randbytes(draw.randrange(1, 9))
        yield set_right(bytes(raw)) if draw.random() < 0.5 else bytes(raw)


def set_right(png: bytes) -> bytes:
    """A PNG whose checksums hold again; any other bytes as they are."""
    if not png.startswith(b"\x89PNG\r\n\x1a\n"):
        return png
    whole, place = png[:8], 8
    while place + 12 <= len(png):
        length = int.from_bytes(png[place : place + 4], "big")
        if place + 12 + length > len(png):
            break
        whole += chunk(png[place + 4 : place + 8], png[place + 8 : place + 8 + length])
        place += 12 + length
    return whole + png[place:]
