"""Whole numbers that come as texts."""

# All numbers of so many digits fit a 64-bit column (ordersite.web.urls), and reading one costs nothing.
DIGITS = 18


def read_whole(text: str) -> int | None:
    """The number that a text of ASCII digits is; None for any other text, and for one that no column holds."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= DIGITS else None
