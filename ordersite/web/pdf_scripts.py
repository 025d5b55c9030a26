"""What of a text a PDF's fonts draw, and how: Chinese, Japanese and Korean, Arabic and Hebrew, and what no font has.

DejaVu Sans, which is in each file, has Latin, Greek, Cyrillic, Hebrew, Arabic and most signs. Chinese, Japanese and
Korean are drawn by fonts that every PDF reader is to have by itself (Adobe's "Asian fonts"): theirs would take
10 MB each. What neither has is a box, never nothing.
"""

import re
import unicodedata
from collections.abc import Container
from itertools import groupby

# The reader's own fonts, by a letter that only their language has; else they are Chinese.
KANA, HANGUL = re.compile("[\u3040-\u30ff\u31f0-\u31ff]"), re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]")
CHINESE, JAPANESE, KOREAN = "STSong-Light", "HeiseiKakuGo-W5", "HYGothic-Medium"
READERS_FONTS = (CHINESE, JAPANESE, KOREAN)
EAST_ASIAN = re.compile(
    "[\u1100-\u11ff\u2e80-\u2fdf\u3000-\u30ff\u3130-\u318f\u31c0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3"
    "\uf900-\ufaff\uff01-\uffee]"
)
RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]")
BOX = "\u25a1"


def readers_font(text: str) -> str:
    """The font that draws a text's East Asian letters."""
    return KOREAN if HANGUL.search(text) else JAPANESE if KANA.search(text) else CHINESE


def split_by_font(text: str, drawn: Container[int]) -> list[tuple[str, str]]:
    """The text in pieces, each with the reader's font that draws it, or "" for our own, which has what is `drawn`."""
    font = readers_font(text)
    letters = (
        (font if EAST_ASIAN.match(letter) else "", letter)
        for letter in text
        if ord(letter) in drawn or EAST_ASIAN.match(letter) or not is_unseen(letter)
    )
    return [
        (name, "".join(letter if name or ord(letter) in drawn else BOX for _, letter in piece))
        for name, piece in groupby(letters, key=lambda pair: pair[0])
    ]


def is_unseen(letter: str) -> bool:
    """What joins or changes the letters beside it, and has no look of its own."""
    return unicodedata.category(letter) in ("Mn", "Me", "Cf")
