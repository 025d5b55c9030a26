"""What of a person's name may be told to those who do not know the person."""

import re
import unicodedata

# How the Unicode names of letters begin in scripts that write a whole name without a space.
UNSPACED = (
    "CJK",
    "HIRAGANA",
    "KATAKANA",
    "HALFWIDTH KATAKANA",
    "IDEOGRAPHIC",
    "BOPOMOFO",
    "HANGUL",
    "HALFWIDTH HANGUL",
    "THAI",
    "LAO",
    "KHMER",
    "MYANMAR",
    "TIBETAN",
    "JAVANESE",
    "BALINESE",
    "TAI",
    "NEW TAI",
    "YI",
)
# Within a word: Jean-Pierre, O'Neil, and joiners of Persian and Indian scripts.
WITHIN = "-'’\u2010\u2011\u200c\u200d"


def first_name(name: str) -> str:
    """The first word of a name; of a script without spaces its first character; nothing where it looks like none.

    An e-mail address, a telephone number or an account's name is no first name: "@" or a digit anywhere tells nothing.
    """
    plain = unicodedata.normalize("NFKC", name)
    if "@" in plain or any(unicodedata.category(char)[0] == "N" for char in plain):
        return ""
    spaced = "".join(char if is_of_a_word(char) else " " for char in unicodedata.normalize("NFC", name))
    words = [word.strip(WITHIN) for word in spaced.split()]
    first = next((word for word in words if re.search(r"[^\W_]", word)), "")
    return first[:1] if any(is_unspaced(char) for char in first) else first


def is_of_a_word(char: str) -> bool:
    return unicodedata.category(char)[0] in "LM" or char in WITHIN


def is_unspaced(char: str) -> bool:
    return unicodedata.name(char, "").startswith(UNSPACED)
