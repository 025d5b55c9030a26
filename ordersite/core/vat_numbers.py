"""VAT numbers: how those of each country are written. Whether one is registered, only its country knows."""

import re

from phonenumbers import SUPPORTED_REGIONS

# By the letters that they begin with, what follows (the European Union's by its VIES; Switzerland, Norway, Britain).
# Greece's begin with EL, those of Northern Ireland with XI, those of the Union's one-stop shop with EU.
SHAPES = {
    "AT": r"U[0-9]{8}",
    "BE": r"[01][0-9]{9}",
    "BG": r"[0-9]{9,10}",
    "CH": r"E[0-9]{9}(MWST|TVA|IVA)?",
    "CY": r"[0-9]{8}[A-Z]",
    "CZ": r"[0-9]{8,10}",
    "DE": r"[0-9]{9}",
    "DK": r"[0-9]{8}",
    "EE": r"[0-9]{9}",
    "EL": r"[0-9]{9}",
    "ES": r"([A-Z][0-9]{7}[A-Z0-9]|[0-9]{8}[A-Z])",
    "EU": r"[0-9]{9}",
    "FI": r"[0-9]{8}",
    "FR": r"[A-HJ-NP-Z0-9]{2}[0-9]{9}",
    "GB": r"([0-9]{9}([0-9]{3})?|(GD|HA)[0-9]{3})",
    "HR": r"[0-9]{11}",
    "HU": r"[0-9]{8}",
    "IE": r"[0-9][A-Z0-9+*][0-9]{5}[A-Z]{1,2}",
    "IT": r"[0-9]{11}",
    "LT": r"([0-9]{9}|[0-9]{12})",
    "LU": r"[0-9]{8}",
    "LV": r"[0-9]{11}",
    "MT": r"[0-9]{8}",
    "NL": r"[A-Z0-9+*]{10}[0-9]{2}",
    "NO": r"[0-9]{9}(MVA)?",
    "PL": r"[0-9]{10}",
    "PT": r"[0-9]{9}",
    "RO": r"[0-9]{2,10}",
    "SE": r"[0-9]{12}",
    "SI": r"[0-9]{8}",
    "SK": r"[0-9]{10}",
    "XI": r"([0-9]{9}([0-9]{3})?|(GD|HA)[0-9]{3})",
}
# A country's own letters where its VAT numbers begin with others: people write either.
WRITTEN_AS = {"GR": "EL", "UK": "GB"}
# Of any other country: letters and digits.
OTHERS = r"[A-Z0-9]{2,18}"
BETWEEN = re.compile(r"[\s./-]")
MOST = 20  # characters


def bare_vat_number(text: str) -> str | None:
    """The number as it is kept, without what people write between its digits; None for what is none."""
    bare = BETWEEN.sub("", text)
    # Before they are made large: one ß would become two letters.
    if len(bare) > MOST or not bare.isascii():
        return None
    bare = bare.upper()
    prefix, rest = WRITTEN_AS.get(bare[:2], bare[:2]), bare[2:]
    if prefix not in SHAPES and prefix not in SUPPORTED_REGIONS:
        return None
    return prefix + rest if re.fullmatch(SHAPES.get(prefix, OTHERS), rest, re.ASCII) else None
