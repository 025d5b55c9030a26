"""The characters that no text of one line holds, for all that reads or writes one."""

import re

# Control characters, ends of lines, what turns the direction of the text after it round (a name would be read as
# another), halves of surrogate pairs.
UNPRINTED = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def has_unprinted(text: str, allowed: str = "") -> bool:
    """Whether the text holds any of them, other than those that are allowed."""
    return any(char not in allowed for char in UNPRINTED.findall(text))


def one_line(text: str) -> str:
    """The text with single spaces in the place of them and of runs of spaces."""
    return " ".join(UNPRINTED.sub(" ", text).split())
