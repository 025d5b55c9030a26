"""Where a vendor delivers: distances, circles, polygons."""

from math import cos, pi, radians, sin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ordersite.places.geometry import distance
from vendors.menu import Zone
from vendors.zones import holds_point, zone_for

LAT, LNG = 50.85, 4.35


def zone(number: int = 1, radius: int | None = None, polygon: tuple[tuple[float, float], ...] | None = None) -> Zone:
    return Zone(id=number, name=str(number), radius=radius, polygon=polygon, fee=0, minimum=0, free_from=None)


@pytest.mark.parametrize(
    ("one", "other", "metres"),
    [
        ((50.85, 4.35), (50.85, 4.35), 0),
        ((0.0, 0.0), (0.0, 1.0), 111_195),
        ((50.85, 4.35), (51.22, 4.40), 41_290),
        ((90.0, 0.0), (-90.0, 0.0), 20_015_114),
        ((0.0, 179.5), (0.0, -179.5), 111_195),
    ],
)
def test_distance(one: tuple[float, float], other: tuple[float, float], metres: int) -> None:
    assert distance(*one, *other) == metres


def test_the_first_zone_that_holds_the_point_counts() -> None:
    zones = (zone(1, radius=1000), zone(2, radius=3000), zone(3, polygon=((50, 4), (50, 5), (52, 5), (52, 4))))
    found = [zone_for(zones, LAT, LNG, LAT + north, LNG) for north in (0.0, 0.02, 0.5, 2.0)]
    assert [row.id if row else None for row in found] == [1, 2, 3, None]


def test_a_vendor_without_location_delivers_by_polygon_only() -> None:
    zones = (zone(1, radius=10**9), zone(2, polygon=((50, 4), (50, 5), (52, 5), (52, 4))))
    found = zone_for(zones, None, None, LAT, LNG)
    assert found is not None
    assert found.id == 2


def test_a_polygon_with_a_bay() -> None:
    bay = zone(polygon=((0, 0), (0, 4), (4, 4), (4, 3), (1, 3), (1, 1), (4, 1), (4, 0)))
    found = [holds_point(bay, vendor_lat=None, vendor_lng=None, lat=2, lng=lng) for lng in (0.5, 2, 3.5, 5)]
    assert found == [True, False, True, False]


def test_a_polygon_across_the_180th_meridian() -> None:
    fiji = zone(polygon=((-16, 179), (-16, -179), (-18, -179), (-18, 179)))
    found = [holds_point(fiji, vendor_lat=None, vendor_lng=None, lat=-17, lng=lng) for lng in (179.5, -179.5, 178.5, 0)]
    assert found == [True, True, False, False]


lats, lngs = st.floats(-85, 85), st.floats(-180, 180)


@given(lats, lngs, lats, lngs)
def test_distance_is_a_metric(lat1: float, lng1: float, lat2: float, lng2: float) -> None:
    there, back = distance(lat1, lng1, lat2, lng2), distance(lat2, lng2, lat1, lng1)
    assert there == back
    assert 0 <= there <= 20_015_115
    assert there <= distance(lat1, lng1, 0, 0) + distance(0, 0, lat2, lng2) + 2


@given(lats, lngs, st.integers(3, 12), st.floats(0.01, 3), st.floats(0, 2 * pi), st.floats(0, 2 * pi))
def test_a_regular_polygon_holds_its_middle_and_nothing_beyond_its_corners(
    lat: float, lng: float, corners: int, size: float, turn: float, towards: float
) -> None:
    polygon = tuple(
        (
            lat + size * sin(turn + 2 * pi * number / corners),
            (lng + size * cos(turn + 2 * pi * number / corners) + 180) % 360 - 180,
        )
        for number in range(corners)
    )
    area = zone(polygon=polygon)

    def at(factor: float) -> bool:
        return holds_point(
            area,
            vendor_lat=None,
            vendor_lng=None,
            lat=lat + factor * size * sin(towards),
            lng=lng + factor * size * cos(towards),
        )

    inner = cos(pi / corners)
    assert at(0)
    assert at(inner * 0.98)
    assert not at(1.02)
    assert not holds_point(area, vendor_lat=None, vendor_lng=None, lat=lat, lng=lng + 180)


@given(lats, lngs, st.integers(100, 20_000), st.floats(0, 2 * pi))
def test_a_radius_holds_what_is_nearer(lat: float, lng: float, radius: int, towards: float) -> None:
    def at(metres: float) -> bool:
        degrees = metres / 111_195
        return holds_point(
            zone(radius=radius),
            vendor_lat=lat,
            vendor_lng=lng,
            lat=lat + degrees * sin(towards),
            lng=lng + degrees * cos(towards) / cos(radians(lat)),
        )

    assert at(radius * 0.95)
    assert not at(radius * 1.05)
