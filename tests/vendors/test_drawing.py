"""Delivery zones in the back-office: what is typed or imported, what is refused in words, and who would fall out."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from orders.lifecycle.table import Fulfilment, Status
from tests.cast import Cast, in_roles, make_clerk
from tests.office import agree, form_of, send
from tests.orders.rows import make_order
from vendors import zones
from vendors.models import DeliveryZone, Vendor
from vendors.zones import crossing_edges, metres_across, shapes_meet

SQUARE = [(50.8, 4.3), (50.8, 4.4), (50.9, 4.4), (50.9, 4.3)]
BOW_TIE = [(50.8, 4.3), (50.9, 4.4), (50.8, 4.4), (50.9, 4.3)]
RING = [[4.3, 50.8], [4.4, 50.8], [4.4, 50.9], [4.3, 50.9], [4.3, 50.8]]
POLYGON = {"type": "Polygon", "coordinates": [RING]}
FEATURE = {"type": "Feature", "properties": {"name": "x"}, "geometry": POLYGON}
TALL = {"type": "Polygon", "coordinates": [[[*corner, 12.5] for corner in RING]]}
LINES = "\n".join(f"{lat}, {lng}" for lat, lng in SQUARE)


@pytest.fixture
def office(cast: Cast) -> Client:
    client = Client()
    client.force_login(cast.staff)
    return client


def path_of(cast: Cast) -> str:
    return f"/admin/vendors/vendor/{cast.vendor.pk}/change/"


def add(office: Client, cast: Cast, **typed: str) -> Any:
    """Sends the empty card of the page, filled in."""
    fields = {"name": "Far", "position": "1", "radius": "", "polygon": "", "fee": "3", "minimum": "0"}
    return send(office, path_of(cast), **{f"delivery_zones-1-{name}": text for name, text in (fields | typed).items()})


@pytest.mark.parametrize(
    "text",
    [
        LINES,
        LINES.replace(", ", " "),
        "\r\n\r\n".join(f"  {lat},{lng}, " for lat, lng in SQUARE),
        "50,8; 4,3\n50,8; 4,4\n50,9; 4,4\n50,9; 4,3",
        json.dumps(SQUARE),
        json.dumps(POLYGON),
        json.dumps(FEATURE),
        json.dumps(TALL),
        json.dumps({"type": "FeatureCollection", "features": [FEATURE]}),
        json.dumps({"type": "MultiPolygon", "coordinates": [[RING]]}),
        json.dumps({"type": "GeometryCollection", "geometries": [POLYGON]}),
    ],
)
def test_corners_are_typed_and_imported(cast: Cast, office: Client, text: str) -> None:
    response = add(office, cast, polygon=text)
    assert response.status_code == 302, response.context["errors"]
    assert DeliveryZone.objects.get(name="Far").polygon == [list(corner) for corner in SQUARE]


def test_what_is_shown_is_what_is_read(cast: Cast, office: Client) -> None:
    """Also of a corner whose number is written with an exponent, or as an integer."""
    odd = [[0.00001, 4], [51, -0.1234567890123], [50.1, 4.4]]
    zone = DeliveryZone.objects.create(vendor=cast.vendor, name="Odd", polygon=odd)
    version = Vendor.objects.get(pk=cast.vendor.pk).menu_version
    form = form_of(office.get(path_of(cast)))
    assert form["delivery_zones-1-polygon"] == "0.00001, 4\n51, -0.1234567890123\n50.1, 4.4"
    assert office.post(path_of(cast), form).status_code == 302
    zone.refresh_from_db()
    assert (zone.polygon, Vendor.objects.get(pk=cast.vendor.pk).menu_version) == (odd, version)
    # A shape that stands hinders no other change, whatever it is.
    assert send(office, path_of(cast), **{"delivery_zones-1-fee": "4"}).status_code == 302


REFUSED: list[tuple[dict[str, str], str, str]] = [
    ({}, "radius", "Type a circle's metres, or draw corners: one of the two."),
    ({"radius": "500", "polygon": LINES}, "radius", "one of the two"),
    ({"radius": "100001"}, "radius", "It is 200 km wide: a zone is at most 200 km."),
    ({"polygon": "50.8, 4.3\nnowhere"}, "polygon", "Line 2 has no latitude and longitude"),
    ({"polygon": "50.8, 4.3\n50.8, 4.4"}, "polygon", "at least three [lat, lng] pairs"),
    ({"polygon": "50.8, 4.3\n50.8, 4.4\n50.8, 4.3"}, "polygon", "at least three different corners"),
    ({"polygon": "91, 4.3\n50.8, 4.4\n50.9, 4.4"}, "polygon", "at least three [lat, lng] pairs"),
    (
        {"polygon": "\n".join(f"{lat}, {lng}" for lat, lng in BOW_TIE)},
        "polygon",
        "after corner 1 crosses the one after corner 3",
    ),
    ({"polygon": "50.8, 4.3\n50.8, 4.4\n60.9, 4.4"}, "polygon", "km wide: a zone is at most 200 km"),
    ({"polygon": "\0"}, "polygon", "Line 1 has no latitude"),
    ({"polygon": "[NaN, 1e999]"}, "polygon", "at least three [lat, lng] pairs"),
    ({"polygon": json.dumps({"type": "Point", "coordinates": [4, 50]})}, "polygon", "no polygon"),
    ({"polygon": json.dumps({"type": "Polygon"})}, "polygon", "no polygon"),
    ({"polygon": json.dumps({"type": "Polygon", "coordinates": [[1, 2]]})}, "polygon", "no polygon"),
    ({"polygon": json.dumps({"type": "Polygon", "coordinates": [[]]})}, "polygon", "no polygon"),
    ({"polygon": json.dumps({"type": "Polygon", "coordinates": [RING, RING]})}, "polygon", "a hole in it"),
    ({"polygon": json.dumps({"type": "MultiPolygon", "coordinates": [[RING], [RING]]})}, "polygon", "has 2 areas"),
    ({"polygon": json.dumps({"type": "FeatureCollection", "features": [1, None, "x"]})}, "polygon", "no polygon"),
    ({"polygon": json.dumps({"type": "Polygon", "coordinates": [[["a", "b"]] * 4]})}, "polygon", "at least three"),
    ({"polygon": "{" * 30}, "polygon", "nested too deeply"),
    ({"polygon": "1, 2\n" * 100_000}, "polygon", "too long"),
]


@pytest.mark.parametrize(("typed", "field", "words"), REFUSED)
def test_what_is_no_zone_is_refused_in_words(
    cast: Cast, office: Client, typed: dict[str, str], field: str, words: str
) -> None:
    page = add(office, cast, **typed)
    assert page.status_code == 200
    rows = next(one.formset for one in page.context["inline_admin_formsets"] if one.formset.prefix == "delivery_zones")
    assert [words in error for error in rows.forms[1].errors[field]] == [True], rows.forms[1].errors
    assert list(DeliveryZone.objects.filter(vendor=cast.vendor).values_list("name", flat=True)) == ["Near"]


def test_zones_that_overlap_are_told(cast: Cast, office: Client) -> None:
    add(office, cast, polygon=LINES)
    page = office.get(path_of(cast)).content.decode()
    assert "Near and Far overlap: where they do, Near counts." in page
    # Told when zones are changed, and not with each save.
    assert send(office, path_of(cast), description="Burgers").status_code == 302
    assert "overlap: where" not in office.get(path_of(cast)).content.decode()


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        (SQUARE, [(50.85, 4.35), (50.85, 4.36), (50.86, 4.36)], True),
        (SQUARE, [(50.95, 4.35), (50.95, 4.36), (50.96, 4.36)], False),
        # A bar across, none of whose corners lies within.
        (SQUARE, [(50.84, 4.2), (50.86, 4.2), (50.86, 4.5), (50.84, 4.5)], True),
        (SQUARE, [], False),
    ],
)
def test_shapes_meet(one: Any, other: Any, meet: bool) -> None:
    assert (shapes_meet(one, other), shapes_meet(other, one)) == (meet, meet)


def test_shapes_whose_boxes_are_apart_are_told_so_by_these(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twelve zones of 500 corners each are 66 pairs: by their corners and edges they would take a minute."""
    east = [(lat, lng + 0.2) for lat, lng in SQUARE]
    across = [(50.8, 179.95), (50.8, -179.95), (50.9, -179.95), (50.9, 179.95)]
    beside = [(50.8, -179.9), (50.8, -179.85), (50.9, -179.85)]
    monkeypatch.setattr(zones, "inside", not_asked)
    for one, other in ((SQUARE, east), (SQUARE, across), (across, beside)):
        assert (shapes_meet(one, other), shapes_meet(other, one)) == (False, False)
    monkeypatch.undo()
    touching = [(50.85, -179.96), (50.85, -179.85), (50.86, -179.85)]
    assert (shapes_meet(across, touching), shapes_meet(touching, across)) == (True, True)


def not_asked(*_: Any) -> bool:
    raise AssertionError("It was looked at corner by corner.")


def test_a_point_outside_the_box_is_told_so_by_it() -> None:
    across = [(50.8, 179.95), (50.8, -179.95), (50.9, -179.95), (50.9, 179.95)]
    assert [zones.is_apart(SQUARE, *point) for point in ((50.85, 4.35), (50.95, 4.35), (50.85, 4.45))] == [
        False,
        True,
        True,
    ]
    assert [(zones.is_apart(across, 50.85, lng), zones.inside(across, 50.85, lng)) for lng in (180, -180, 0)] == [
        (False, True),
        (False, True),
        (False, False),
    ]


def test_shapes_across_the_180th_meridian() -> None:
    square = [(-17.0, 179.9), (-17.0, -179.9), (-16.8, -179.9), (-16.8, 179.9)]
    assert (crossing_edges(square), metres_across(square)) == (None, 30779)
    assert crossing_edges([square[0], square[2], square[1], square[3]]) == (0, 2)


def test_deliveries_that_would_fall_out_are_named(cast: Cast, office: Client) -> None:
    """Those of the last weeks: not older ones, not those that lay outside before, and not what was collected."""
    vendor = cast.vendor
    far: dict[str, Any] = {"lat": (vendor.lat or 0) + 0.02, "lng": vendor.lng}
    make_order(cast, Status.COMPLETED, address="Far Street 1", **far)
    make_order(cast, Status.COMPLETED, address="Next Door 2", lat=vendor.lat, lng=vendor.lng)
    make_order(cast, Status.COMPLETED, address="Abroad 3", lat=(vendor.lat or 0) + 1, lng=vendor.lng)
    make_order(cast, Status.COMPLETED, Fulfilment.PICKUP, address="Collected 4", **far)
    make_order(cast, Status.COMPLETED, address="Old Road 5", placed_at=timezone.now() - timedelta(weeks=5), **far)
    page = send(office, path_of(cast), **{"delivery_zones-0-radius": "1000"})
    words = "Deliveries of the last 4 weeks to where no zone would be any more: 1, to Far Street 1."
    assert page.context["asked"].lines == [words]
    assert DeliveryZone.objects.get(pk=cast.zone.pk).radius == 3000
    assert agree(office, path_of(cast), page).status_code == 302
    assert DeliveryZone.objects.get(pk=cast.zone.pk).radius == 1000
    assert send(office, path_of(cast), **{"delivery_zones-0-radius": "1100"}).status_code == 302


def test_a_vendor_that_moves_takes_its_circles_along(cast: Cast, office: Client) -> None:
    lat = cast.vendor.lat or 0
    make_order(cast, Status.COMPLETED, address="Far Street 1", lat=lat + 0.02, lng=cast.vendor.lng)
    page = send(office, path_of(cast), lat=f"{lat - 0.02:.4f}")
    words = "Deliveries of the last 4 weeks to where no zone would be any more: 1, to Far Street 1."
    assert page.context["asked"].lines == [words]
    assert Vendor.objects.get(pk=cast.vendor.pk).lat == lat
    assert agree(office, path_of(cast), page).status_code == 302
    assert Vendor.objects.get(pk=cast.vendor.pk).lat == round(lat - 0.02, 4)


def test_who_may_see_no_orders_is_told_no_address(cast: Cast) -> None:
    office = Client()
    office.force_login(in_roles(make_clerk(), "catalogue"))
    make_order(cast, Status.COMPLETED, address="Far Street 1", lat=(cast.vendor.lat or 0) + 0.02, lng=cast.vendor.lng)
    page = send(office, path_of(cast), **{"delivery_zones-0-radius": "1000"})
    assert page.context["asked"].lines == ["Deliveries of the last 4 weeks to where no zone would be any more: 1."]
    assert "Far Street" not in page.content.decode()
