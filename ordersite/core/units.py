"""Measures that carry their unit, so that each door can tell them in its own."""


class Grams(int):
    """A weight."""

    unit = "g"


class Millimetres(int):
    """A length."""

    unit = "mm"
