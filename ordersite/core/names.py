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
    "NUSHU",
)
# Within a word: Jean-Pierre, O'Neil.
WITHIN = "-'’\u2010\u2011"
# Within words of these scripts, by their letters' names; between others' letters they would hide that it is two words.
JOINERS = "\u200c\u200d"
JOINED = tuple(
    "ARABIC SYRIAC DEVANAGARI BENGALI GURMUKHI GUJARATI ORIYA TAMIL TELUGU KANNADA MALAYALAM SINHALA".split()
)
# Letters and marks that nothing is seen of (Default_Ignorable_Code_Point).
UNSEEN = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")


def first_name(name: str) -> str:
    """The first word of a name; of a script without spaces its first character; nothing where it looks like none.

    An e-mail address, a telephone number or an account's name is no first name: "@" or a digit anywhere tells nothing.
    """
    plain = unicodedata.normalize("NFKC", name)
    if "@" in plain or any(unicodedata.category(char)[0] == "N" for char in plain):
        return ""
    composed = UNSEEN.sub(" ", unicodedata.normalize("NFC", name))
    around = zip(f" {composed}", composed, f"{composed[1:]} ", strict=False)
    spaced = "".join(char if is_of_a_word(char, before, after) else " " for before, char, after in around)
    words = [word.strip(WITHIN) for word in spaced.split()]
    first = next((word for word in words if re.search(r"[^\W_]", word)), "")
    return first[:1] if any(is_unspaced(char) for char in first) else first


def is_of_a_word(char: str, before: str, after: str) -> bool:
    if char in JOINERS:
        return all(unicodedata.name(one, "").startswith(JOINED) for one in (before, after))
    return unicodedata.category(char)[0] in "LM" or char in WITHIN


def is_unspaced(char: str) -> bool:
    # Tangut and the Khitan small script stand together; not all of their letters are known by name.
    return "\U00017000" <= char <= "\U00018dff" or unicodedata.name(char, "").startswith(UNSPACED)
