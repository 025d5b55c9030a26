"""Ways through a town, along blocks as streets run. Degrees (WGS 84), metres. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from math import atan2, cos, degrees, pi, radians
from random import Random

from ordersite.places.geometry import EARTH

METRE = 360 / (2 * pi * EARTH)  # degrees of latitude
BLOCK = 120  # metres, the least between two corners


@dataclass(frozen=True, slots=True)
class Spot:
    lat: float
    lng: float


@dataclass(frozen=True, slots=True)
class Route:
    """A way from its first corner to its last."""

    corners: Sequence[Spot]
    # How far each corner is from the first, along the way.
    metres: Sequence[float] = field(init=False)

    def __post_init__(self) -> None:
        legs = (metres_between(first, second) for first, second in pairwise(self.corners))
        object.__setattr__(self, "metres", tuple(accumulate(legs, initial=0.0)))

    @property
    def length(self) -> float:
        return self.metres[-1]

    def at(self, metres: float) -> Spot:
        """The place so far along the way; its end beyond."""
        start, end, part = self.leg_at(metres)
        return Spot(start.lat + part * (end.lat - start.lat), start.lng + part * (end.lng - start.lng))

    def heading_at(self, metres: float) -> float:
        """In which direction one goes there: degrees from north, clockwise, below 360."""
        start, end, _ = self.leg_at(metres)
        east = (end.lng - start.lng) * cos(radians(start.lat))
        return round(degrees(atan2(east, end.lat - start.lat)) % 360, 1) % 360

    def leg_at(self, metres: float) -> tuple[Spot, Spot, float]:
        """The corners of the leg, and which part of it lies behind."""
        for number, (begins, ends) in enumerate(pairwise(self.metres)):
            if metres < ends:
                part = max(0.0, metres - begins) / (ends - begins)
                return self.corners[number], self.corners[number + 1], part
        return self.corners[-2], self.corners[-1], 1.0


def metres_between(first: Spot, second: Spot) -> float:
    """Metres within a town, where the earth is flat; unlike the site's, not rounded."""
    north = (second.lat - first.lat) / METRE
    east = (second.lng - first.lng) / METRE * cos(radians((first.lat + second.lat) / 2))
    return float((north**2 + east**2) ** 0.5)


def street_route(start: Spot, end: Spot, random: Random) -> Route:
    """A way that turns at corners, and never away from its end: north or south, then east or west, in turn."""
    north_south = abs(end.lat - start.lat) / METRE
    blocks = max(1, min(8, int(north_south / BLOCK)))
    cuts = [0.0, *sorted(random.random() for _ in range(blocks - 1)), 1.0]
    corners = [start]
    for before, after in pairwise(cuts):
        lat = start.lat + after * (end.lat - start.lat)
        corners.append(Spot(lat, start.lng + before * (end.lng - start.lng)))
        corners.append(Spot(lat, start.lng + after * (end.lng - start.lng)))
    return Route((*corners[:-1], end))
