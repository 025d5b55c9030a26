"""Nominatim (https://nominatim.org): search and reverse."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ordersite.places.fetching import fetch_json
from ordersite.places.protocol import FoundPlace, Point, UnreadableAnswer, read_place, read_places

MOST = 5
# Half the side of the box that is searched first, degrees.
AROUND = 0.3


@dataclass(frozen=True)
class Nominatim:
    """A server of Nominatim; `also` goes with every question, such as countrycodes or accept-language."""

    url: str
    also: Mapping[str, str]

    def find(self, text: str, near: Point | None) -> list[FoundPlace]:
        query: dict[str, Any] = {**self.also, "q": text, "format": "jsonv2", "limit": MOST}
        if near:
            west, south, east, north = near.lng - AROUND, near.lat - AROUND, near.lng + AROUND, near.lat + AROUND
            query["viewbox"] = f"{west:.4f},{south:.4f},{east:.4f},{north:.4f}"
        rows = fetch_json(f"{self.url}/search", query)
        if not isinstance(rows, list):
            raise UnreadableAnswer("Nominatim answered no list.")
        return read_places(nominatim_place, rows[:MOST])

    def name(self, point: Point) -> FoundPlace | None:
        query = {**self.also, "lat": f"{point.lat:.6f}", "lon": f"{point.lng:.6f}", "format": "jsonv2"}
        row = fetch_json(f"{self.url}/reverse", query)
        return next(iter(read_places(nominatim_place, [row])), None)


def nominatim_place(row: Any) -> FoundPlace:
    if not isinstance(row, dict):
        raise UnreadableAnswer("Nominatim answered no place.")
    return read_place(row.get("display_name"), row.get("lat"), row.get("lon"))
