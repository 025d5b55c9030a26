"""Photon (https://photon.komoot.io): api and reverse, as GeoJSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ordersite.places.fetching import fetch_json
from ordersite.places.protocol import FoundPlace, Point, UnreadableAnswer, read_place, read_places

MOST = 5


@dataclass(frozen=True)
class Photon:
    """A server of Photon; `also` goes with every question, such as lang."""

    url: str
    also: Mapping[str, str]

    def find(self, text: str, near: Point | None) -> list[FoundPlace]:
        query: dict[str, Any] = {**self.also, "q": text, "limit": MOST}
        if near:
            query |= {"lat": f"{near.lat:.4f}", "lon": f"{near.lng:.4f}"}
        return self.ask("/api", query)

    def name(self, point: Point) -> FoundPlace | None:
        query = {**self.also, "lat": f"{point.lat:.6f}", "lon": f"{point.lng:.6f}", "limit": 1}
        return next(iter(self.ask("/reverse", query)), None)

    def ask(self, path: str, query: Mapping[str, Any]) -> list[FoundPlace]:
        answer = fetch_json(f"{self.url}{path}", query)
        rows = answer.get("features") if isinstance(answer, dict) else None
        if not isinstance(rows, list):
            raise UnreadableAnswer("Photon answered no places.")
        return read_places(photon_place, rows[:MOST])


def photon_place(feature: Any) -> FoundPlace:
    try:
        lng, lat = feature["geometry"]["coordinates"][:2]
        text = photon_words(feature["properties"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UnreadableAnswer("Photon answered no place.") from error
    return read_place(text, lat, lng)


def photon_words(parts: Mapping[str, Any]) -> str:
    """The address in one line: "Rue Haute 118, 1000 Bruxelles, Belgique"."""
    street = " ".join(str(parts[name]) for name in ("street", "housenumber") if parts.get(name))
    town = " ".join(str(parts[name]) for name in ("postcode", "city") if parts.get(name))
    name = str(parts.get("name") or "")
    rows = [name if name != parts.get("street") or not street else "", street, town, str(parts.get("country") or "")]
    return ", ".join(row for row in rows if row)
