"""Where a vendor delivers. Pure: points in degrees (WGS 84), distances in metres."""

from collections.abc import Iterable, Sequence
from math import cos, pi, radians, sin

from ordersite.places.geometry import EARTH, distance
from vendors.menu import Zone


def inside(polygon: Sequence[tuple[float, float]], lat: float, lng: float) -> bool:
    """Whether the point lies in the polygon of (lat, lng), by counting the edges that a ray to the east crosses.

    Longitudes are unrolled from the point on, each from the one before it, so that a polygon across the 180th
    meridian works too.
    """
    if is_apart(polygon, lat, lng):
        return False
    corners: list[tuple[float, float]] = []
    last = 0.0
    for corner_lat, corner_lng in polygon:
        last += (corner_lng - lng - last + 180) % 360 - 180
        corners.append((corner_lat, last))
    crossed = False
    for (lat1, lng1), (lat2, lng2) in zip(corners, corners[1:] + corners[:1], strict=True):
        if (lat1 > lat) != (lat2 > lat) and lng1 + (lat - lat1) / (lat2 - lat1) * (lng2 - lng1) > 0:
            crossed = not crossed
    return crossed


def is_apart(polygon: Sequence[tuple[float, float]], lat: float, lng: float) -> bool:
    """Whether the point lies outside the box around the corners: quick, and true of most points of most zones.

    A polygon that may go across the 180th meridian has no east and west end: there latitudes alone tell.
    """
    lats = [corner[0] for corner in polygon]
    if not lats or not min(lats) <= lat <= max(lats):
        return True
    lngs = [corner[1] for corner in polygon]
    west, east = min(lngs), max(lngs)
    return east - west < 180 and west > -180 and east < 180 and not west <= lng <= east


def holds_point(zone: Zone, *, vendor_lat: float | None, vendor_lng: float | None, lat: float, lng: float) -> bool:
    """Whether the zone holds the point. A radius around a vendor without a location holds nothing."""
    if zone.polygon is not None:
        return inside(zone.polygon, lat, lng)
    if zone.radius is None or vendor_lat is None or vendor_lng is None:
        return False
    return distance(vendor_lat, vendor_lng, lat, lng) <= zone.radius


def zone_for(
    zones: Iterable[Zone], vendor_lat: float | None, vendor_lng: float | None, lat: float, lng: float
) -> Zone | None:
    """The first zone, in their order, that holds the point."""
    for zone in zones:
        if holds_point(zone, vendor_lat=vendor_lat, vendor_lng=vendor_lng, lat=lat, lng=lng):
            return zone
    return None


# --- shapes, as somebody draws them ---

# Metres: nobody delivers farther in one zone, and what is wider is a slip of a digit.
WIDEST = 200_000
# Corners of a circle that is drawn.
AROUND = 72
# Pairs of edges that are looked at before two shapes are said to be apart: more would take seconds.
MOST_PAIRS = 100_000
METRES_A_DEGREE = pi * EARTH / 180
Corner = tuple[float, float]


def unrolled(polygon: Sequence[Corner]) -> list[Corner]:
    """The corners with longitudes that go on across the 180th meridian, each from the one before it."""
    found: list[Corner] = []
    for lat, lng in polygon:
        last = found[-1][1] if found else lng
        found.append((lat, last + (lng - last + 180) % 360 - 180))
    return found


def is_left(one: Corner, other: Corner, point: Corner) -> float:
    """Above zero where the point lies on one side of the line, below on the other."""
    return (other[0] - one[0]) * (point[1] - one[1]) - (other[1] - one[1]) * (point[0] - one[0])


def edges_cross(one: Corner, other: Corner, third: Corner, fourth: Corner) -> bool:
    """Whether the two edges cross within both; those that only touch do not."""
    if max(one[0], other[0]) <= min(third[0], fourth[0]) or max(third[0], fourth[0]) <= min(one[0], other[0]):
        return False
    here = is_left(one, other, third) * is_left(one, other, fourth)
    there = is_left(third, fourth, one) * is_left(third, fourth, other)
    return here < 0 and there < 0


def crossing_edges(polygon: Sequence[Corner]) -> tuple[int, int] | None:
    """Two edges that cross, each by the place (from 0) of the corner at which it begins; None where none do."""
    corners = unrolled(polygon)
    edges = list(zip(corners, corners[1:] + corners[:1], strict=True))
    for number, (one, other) in enumerate(edges):
        for later, (third, fourth) in enumerate(edges[number + 1 :], number + 1):
            if edges_cross(one, other, third, fourth):
                return number, later
    return None


def metres_across(polygon: Sequence[Corner]) -> int:
    """Metres across the box around the corners."""
    corners = unrolled(polygon)
    lats, lngs = [lat for lat, _ in corners], [lng for _, lng in corners]
    if max(lngs) - min(lngs) >= 180:
        return round(2 * pi * EARTH)
    return distance(min(lats), min(lngs), max(lats), max(lngs))


def outline(zone: Zone, vendor_lat: float | None, vendor_lng: float | None) -> list[Corner]:
    """The corners of a zone, of a circle some on it; none for a circle around a vendor without a location."""
    if zone.polygon is not None:
        return list(zone.polygon)
    if zone.radius is None or vendor_lat is None or vendor_lng is None:
        return []
    north = zone.radius / METRES_A_DEGREE
    east = north / max(cos(radians(vendor_lat)), 0.01)
    angles = [2 * pi * number / AROUND for number in range(AROUND)]
    return [(vendor_lat + north * cos(angle), vendor_lng + east * sin(angle)) for angle in angles]


def boxes_apart(one: Sequence[Corner], other: Sequence[Corner]) -> bool:
    """Whether the boxes around two shapes have no ground in common, wherever either goes across the 180th meridian."""
    first, second = unrolled(one), unrolled(other)
    (south, north), (west, east) = ends_of(first)
    (below, above), (left, right) = ends_of(second)
    if north < below or above < south:
        return True
    return all(east < left + turn or right + turn < west for turn in (-360, 0, 360))


def ends_of(corners: Sequence[Corner]) -> tuple[tuple[float, float], tuple[float, float]]:
    """The least and the greatest latitude and longitude."""
    lats, lngs = [lat for lat, _ in corners], [lng for _, lng in corners]
    return (min(lats), max(lats)), (min(lngs), max(lngs))


def shapes_meet(one: Sequence[Corner], other: Sequence[Corner]) -> bool:
    """Whether two shapes have ground in common, as far as corners and, of shapes that are not too many, edges tell."""
    if not one or not other or boxes_apart(one, other):
        return False
    if any(inside(other, *corner) for corner in one) or any(inside(one, *corner) for corner in other):
        return True
    if len(one) * len(other) > MOST_PAIRS:
        return False
    first, second = unrolled(one), unrolled(other)
    edges = list(zip(second, second[1:] + second[:1], strict=True))
    return any(
        edges_cross(begin, end, *edge)
        for begin, end in zip(first, first[1:] + first[:1], strict=True)
        for edge in edges
    )
