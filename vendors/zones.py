"""Where a vendor delivers. Pure: points in degrees (WGS 84), distances in metres."""

from collections.abc import Iterable, Sequence

from ordersite.places.geometry import distance
from vendors.menu import Zone


def inside(polygon: Sequence[tuple[float, float]], lat: float, lng: float) -> bool:
    """Whether the point lies in the polygon of (lat, lng), by counting the edges that a ray to the east crosses.

    Longitudes are unrolled from the point on, each from the one before it, so that a polygon across the 180th
    meridian works too.
    """
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
