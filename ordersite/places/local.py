"""A geocoder without a server, over the streets of the demo: for development and tests."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from ordersite.places.geometry import distance
from ordersite.places.protocol import FoundPlace, Point

# Metres: farther from every known street a point has no address.
REACH = 1000
HOUSE_NUMBER = re.compile(r"\d{1,3}[a-z]?")
# Words of an address that say nothing of where its street is.
BESIDES = frozenset("bte bus box boite b no nr numero".split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Street:
    """A street: its names, and where some of its house numbers are, ascending."""

    names: tuple[str, ...]
    postal_code: str
    city: str
    numbers: tuple[tuple[int, float, float], ...]
    number_first: bool = False
    also_in: str = ""  # other names of its town and country

    def at(self, number: int) -> Point:
        """Where a house number is, between the two known ones beside it; at the nearest one beyond them."""
        first = self.numbers[0]
        if number <= first[0]:
            return Point(first[1], first[2])
        for low, high in zip(self.numbers, self.numbers[1:], strict=False):
            if number <= high[0]:
                part = (number - low[0]) / (high[0] - low[0])
                return Point(round(low[1] + part * (high[1] - low[1]), 6), round(low[2] + part * (high[2] - low[2]), 6))
        last = self.numbers[-1]
        return Point(last[1], last[2])

    def text(self, number: str) -> str:
        """The address in one line."""
        parts = (number, self.names[0]) if self.number_first else (self.names[0], number)
        return f"{' '.join(part for part in parts if part)}, {self.postal_code} {self.city}"


@dataclass(frozen=True)
class Local:
    """Knows the streets of a table, and nothing else."""

    streets: Sequence[Street]

    def find(self, text: str, near: Point | None) -> list[FoundPlace]:
        words = plain_words(text)
        found = [place for street in self.streets if (place := match(street, words))]
        if near:
            found.sort(key=lambda place: distance(near.lat, near.lng, place.lat, place.lng))
        return found

    def name(self, point: Point) -> FoundPlace | None:
        nearest: tuple[int, FoundPlace] | None = None
        for street in self.streets:
            low, high = street.numbers[0][0], street.numbers[-1][0]
            for number in range(low, high + 1, max(1, (high - low) // 50)):
                where = street.at(number)
                away = distance(point.lat, point.lng, where.lat, where.lng)
                if away <= REACH and (nearest is None or away < nearest[0]):
                    nearest = away, FoundPlace(text=street.text(str(number)), lat=where.lat, lng=where.lng)
        return nearest[1] if nearest else None


def plain_words(text: str) -> list[str]:
    """The words of a text in small letters, without accents and signs."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return re.findall(r"[^\W_]+", "".join(letter for letter in plain if not unicodedata.combining(letter)))


def match(street: Street, words: list[str]) -> FoundPlace | None:
    """The place in the street that the words mean; None where they name another street, town or postal code."""
    rest = next((left for name in street.names if (left := without(plain_words(name), words)) is not None), None)
    if rest is None:
        return None
    known = {*plain_words(f"{street.postal_code} {street.city} {street.also_in}"), *BESIDES}
    numbers = [word for word in rest if word not in known]
    if not all(HOUSE_NUMBER.fullmatch(word) for word in numbers):
        return None
    number = numbers[0] if numbers else ""
    digits = re.match(r"\d+", number)
    middle = (street.numbers[0][0] + street.numbers[-1][0]) // 2
    where = street.at(int(digits[0]) if digits else middle)
    return FoundPlace(text=street.text(number.upper()), lat=where.lat, lng=where.lng)


def without(name: list[str], words: list[str]) -> list[str] | None:
    """The words that are left beside a name; None where they do not hold it."""
    for start in range(len(words) - len(name) + 1):
        if words[start : start + len(name)] == name:
            return words[:start] + words[start + len(name) :]
    return None
