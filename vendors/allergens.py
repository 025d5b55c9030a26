"""The fourteen allergens that the law of the European Union has named to customers (Regulation 1169/2011, annex II).

A column holds their codes, in the order of the table, with a blank between: "gluten milk"; NONE where the vendor has
told that there is none of them; nothing where it has told nothing. A line of an order copies the text as it is.
"""

from collections.abc import Iterable

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

ALLERGENS = {
    "gluten": _("Gluten"),
    "crustaceans": _("Crustaceans"),
    "eggs": _("Eggs"),
    "fish": _("Fish"),
    "peanuts": _("Peanuts"),
    "soybeans": _("Soybeans"),
    "milk": _("Milk"),
    "nuts": _("Nuts"),
    "celery": _("Celery"),
    "mustard": _("Mustard"),
    "sesame": _("Sesame"),
    "sulphites": _("Sulphites"),
    "lupin": _("Lupin"),
    "molluscs": _("Molluscs"),
}
# That there is none of them: beside no other code.
NONE = "none"
# Room for all codes; a note says the rest, such as which nuts, or traces.
ALLERGENS_LENGTH = 120
ALLERGEN_NOTE_LENGTH = 200


def allergens_text(codes: Iterable[str]) -> str:
    """The codes, or NONE alone, as a column holds them, each once; raises ValueError naming those that are unknown."""
    given = set(codes)
    if given == {NONE}:
        return NONE
    if NONE in given:
        raise ValueError("Choose either allergens, or that there are none.")
    if unknown := given - set(ALLERGENS):
        raise ValueError(f"No such allergens: {', '.join(sorted(unknown))}. Choose from {', '.join(ALLERGENS)}.")
    return " ".join(code for code in ALLERGENS if code in given)


def read_allergens(text: str) -> list[str] | None:
    """The codes that a column holds; empty where it was told that there are none, None where nothing was told."""
    return joined_allergens([text])


def joined_allergens(texts: Iterable[str]) -> list[str] | None:
    """The codes of several columns together, each once, in the order of the table.

    None where there are no codes and nothing was told of one of them: that there are none is known of the others only.
    """
    texts = list(texts)
    found = {code for text in texts for code in text.split()} - {NONE}
    if not found and not (texts and all(texts)):
        return None
    return [code for code in ALLERGENS if code in found]


def joined_notes(notes: Iterable[str]) -> str:
    """Several notes as one text, each once."""
    return "; ".join(dict.fromkeys(note for note in notes if note))


def allergens_in_words(codes: Iterable[str] | None, note: str) -> str:
    """Gluten, Milk; may contain traces of nuts: in the language that is active; empty where neither is told."""
    names = ""
    if codes is not None:
        names = ", ".join(gettext(ALLERGENS[code]) for code in codes) or gettext("none of the fourteen")
    return "; ".join(part for part in (names, note) if part)
