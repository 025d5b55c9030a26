"""What a geocoder does: it finds the points that an address may mean, and the address of a point."""

import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from math import isfinite
from typing import Any, Protocol

from ordersite.core.unprinted import one_line

# As an order's address holds it.
MOST_TEXT = 300
# "50.8466, 4.3528": both with a decimal point, so that no house number is taken for one.
POINT = re.compile(r"([+-]?[0-9]{1,2}\.[0-9]{1,15}) ?, ?([+-]?[0-9]{1,3}\.[0-9]{1,15})")


class Unavailable(Exception):
    """The geocoder gave no answer."""


class UnreadableAnswer(Exception):
    """The geocoder answers, but no place can be read in what it says."""


class GeocoderRefused(Exception):
    """The geocoder does not take this question: it knows no place for it."""


@dataclass(frozen=True, slots=True)
class Point:
    """A point on the earth, in degrees (WGS 84)."""

    lat: float
    lng: float


def write_point(point: Point) -> str:
    """A point in words, to a hand's breadth: "50.8466, 4.3528"."""
    return ", ".join(re.sub(r"(\.\d+?)0+$", r"\1", f"{degrees:.6f}") for degrees in (point.lat, point.lng))


def point_in(text: str) -> Point | None:
    """The point that a text is, None for one that is an address."""
    found = POINT.fullmatch(text.strip())
    point = Point(float(found[1]), float(found[2])) if found else None
    return point if point and abs(point.lat) <= 90 and abs(point.lng) <= 180 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPlace:
    """A place that a geocoder knows: what people call it, and where it is."""

    text: str
    lat: float
    lng: float


class Geocoder(Protocol):
    """A service that knows addresses. Both calls raise Unavailable, Unreadable or Refused without a usable answer."""

    def find(self, text: str, near: Point | None) -> list[FoundPlace]:
        """The places that the text may mean, the likeliest first; those near the point go before others."""

    def name(self, point: Point) -> FoundPlace | None:
        """The address at the point, None where it knows none."""


def read_place(text: Any, lat: Any, lng: Any) -> FoundPlace:
    """A place of a foreign answer; raises Unreadable where it is none."""
    try:
        where = Point(float(lat), float(lng))
    except (TypeError, ValueError, OverflowError) as error:
        raise UnreadableAnswer("The geocoder told a point that is none.") from error
    if not (isfinite(where.lat) and isfinite(where.lng) and abs(where.lat) <= 90 and abs(where.lng) <= 180):
        raise UnreadableAnswer("The geocoder told a point that is none.")
    words = one_line(text) if isinstance(text, str) else ""
    if not words:
        raise UnreadableAnswer("The geocoder told a place without a name.")
    return FoundPlace(text=words[:MOST_TEXT].strip(), lat=where.lat, lng=where.lng)


def read_places(read: Callable[[Any], FoundPlace], rows: Iterable[Any]) -> list[FoundPlace]:
    """The places of a foreign answer; a row that is none is left out."""
    places = []
    for row in rows:
        with suppress(UnreadableAnswer):
            places.append(read(row))
    return places
