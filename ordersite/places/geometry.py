"""Points on the earth: degrees (WGS 84), metres. Pure."""

from math import asin, cos, radians, sin, sqrt

EARTH = 6_371_008.8  # metres, the mean radius


def distance(lat1: float, lng1: float, lat2: float, lng2: float) -> int:
    """Metres between two points along the great circle (haversine), rounded."""
    phi1, phi2 = radians(lat1), radians(lat2)
    half_lat, half_lng = (phi2 - phi1) / 2, radians(lng2 - lng1) / 2
    chord = sin(half_lat) ** 2 + cos(phi1) * cos(phi2) * sin(half_lng) ** 2
    # Rounding can bring opposite points a hair beyond 1.
    return round(2 * EARTH * asin(min(1.0, sqrt(chord))))
