"""Delivery zones on a map, and by what is typed: a circle's metres, or corners, one a line."""

import json
import re
from decimal import Decimal
from itertools import combinations
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.forms.widgets import Script

from ordersite.backoffice.amounts import AmountsInline
from ordersite.backoffice.typed_fields import TOO_DEEP, is_too_deep
from vendors.menu import Zone
from vendors.models import Vendor
from vendors.models.hours import validate_polygon
from vendors.services.menus import read_zones
from vendors.zones import WIDEST, crossing_edges, metres_across, outline, shapes_meet

# "50.8466, 4.3528", or with decimal commas "50,8466; 4,3528".
LINE = re.compile(r"\s*(-?\d{1,3}(?:[.,]\d{1,20})?)\s*[;,\s]\s*(-?\d{1,3}(?:[.,]\d{1,20})?)\s*[;,]?\s*")
NO_LINE = "Line {number} has no latitude and longitude, such as 50.8466, 4.3528."
NO_SHAPE = "This GeoJSON has no polygon: export one area as a polygon."
SEVERAL = "This GeoJSON has {count} areas: a zone is one of them, so make a zone of each."
HOLE = "This area has a hole in it, which a zone cannot have: leave the hole out."
TOO_FEW = "Type at least three different corners."
TOO_WIDE = "It is {km} km wide: a zone is at most {most} km. Is a corner in the wrong place?"
CROSSES = "The edge after corner {one} crosses the one after corner {other}: put the corners in order around the zone."
ONE_SHAPE = "Type a circle's metres, or draw corners: one of the two."
MOST_TYPED = 300_000  # characters
MOST_COMPARED = 12  # zones, with one another


def read_geojson(value: Any) -> Any:
    """The corners of the one polygon of GeoJSON, whose points are [lng, lat]; raises ValidationError."""
    shapes = list(geometries(value))
    if len(shapes) != 1:
        raise ValidationError(SEVERAL.format(count=len(shapes)) if shapes else NO_SHAPE)
    rings = shapes[0]
    if not isinstance(rings, list) or not rings or not isinstance(rings[0], list) or not rings[0]:
        raise ValidationError(NO_SHAPE)
    if len(rings) > 1:
        raise ValidationError(HOLE)
    try:
        corners = [[lat, lng] for lng, lat, *_ in rings[0]]
    except (TypeError, ValueError):
        raise ValidationError(NO_SHAPE) from None
    return corners[:-1] if corners[0] == corners[-1] else corners


def geometries(value: Any) -> Any:
    """The coordinates of all polygons in GeoJSON."""
    if not isinstance(value, dict):
        return
    match value.get("type"):
        case "FeatureCollection":
            for one in value["features"] if isinstance(value.get("features"), list) else ():
                yield from geometries(one)
        case "GeometryCollection":
            for one in value["geometries"] if isinstance(value.get("geometries"), list) else ():
                yield from geometries(one)
        case "Feature":
            yield from geometries(value.get("geometry"))
        case "Polygon":
            yield value.get("coordinates")
        case "MultiPolygon":
            yield from value["coordinates"] if isinstance(value.get("coordinates"), list) else ()


def degrees_in_words(value: Any) -> str:
    """Each digit that is kept, so that what is shown is what is read again; no exponent."""
    return f"{Decimal(repr(value)):f}"


class CornersField(forms.CharField):
    """Corners as lines of latitude and longitude, as JSON or as GeoJSON; a list of pairs inside, None for nothing."""

    widget = forms.Textarea

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, list | tuple):
            return value
        return "\n".join(f"{degrees_in_words(lat)}, {degrees_in_words(lng)}" for lat, lng in value)

    def to_python(self, value: Any) -> Any:
        text = (value or "").strip() if isinstance(value, str) else ""
        if not text:
            return None
        if text[0] in '[{"':
            return self.read_json(text)
        if len(text) > MOST_TYPED:
            raise ValidationError("This is too long: type at most 500 corners.")
        return [list(self.read_line(number, line)) for number, line in enumerate(text.splitlines(), 1) if line.strip()]

    def read_line(self, number: int, line: str) -> tuple[float, float]:
        found = LINE.fullmatch(line)
        if found is None:
            raise ValidationError(NO_LINE.format(number=number))
        lat, lng = (
            int(part) if part.lstrip("-").isdigit() else float(part.replace(",", ".")) for part in found.groups()
        )
        return lat, lng

    def read_json(self, text: str) -> Any:
        if is_too_deep(text):
            raise ValidationError(TOO_DEEP, "invalid")
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            raise ValidationError(forms.JSONField.default_error_messages["invalid"], "invalid") from None
        if isinstance(value, dict):
            return read_geojson(value)
        return value

    def validate(self, value: Any) -> None:
        if value is not None:
            validate_polygon(value)

    def run_validators(self, value: Any) -> None:
        """None: they are for texts."""

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool((initial or None) != self.to_python(data))
        except ValidationError:
            return True


class ZoneForm(forms.ModelForm):
    """A zone is a circle around the vendor, or has corners."""

    polygon = CornersField(
        label="Corners",
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "cols": 30, "spellcheck": "false", "autocomplete": "off"}),
        help_text="Latitude and longitude, a corner a line, in order around the zone; or GeoJSON.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "radius" in self.fields:
            self.fields["radius"].label = "Radius in metres"

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        radius, polygon = given.get("radius"), given.get("polygon")
        if not {"radius", "polygon"} & self.errors.keys():
            if (radius is None) == (polygon is None):
                self.add_error("radius", ONE_SHAPE)
            elif radius is not None and radius * 2 > WIDEST and "radius" in self.changed_data:
                self.add_error("radius", TOO_WIDE.format(km=round(radius / 500), most=WIDEST // 1000))
            elif polygon is not None and "polygon" in self.changed_data:
                self.check_shape(polygon)
        return given

    def check_shape(self, polygon: list[list[float]]) -> None:
        corners = [(float(lat), float(lng)) for lat, lng in polygon]
        if len({*corners}) < 3:
            self.add_error("polygon", TOO_FEW)
        elif (wide := metres_across(corners)) > WIDEST:
            self.add_error("polygon", TOO_WIDE.format(km=round(wide / 1000), most=WIDEST // 1000))
        elif crossed := crossing_edges(corners):
            self.add_error("polygon", CROSSES.format(one=crossed[0] + 1, other=crossed[1] + 1))


class ZoneFormSet(forms.BaseInlineFormSet):
    """The zones of a vendor, with what the map draws of it."""

    @property
    def map(self) -> dict[str, str]:
        vendor: Vendor = self.instance
        known = vendor.lat is not None and vendor.lng is not None
        return {
            "vendor": vendor.name,
            "centre": json.dumps([vendor.lat, vendor.lng] if known else None),
            "tiles": settings.MAP_TILES_URL,
            "attribution": settings.MAP_ATTRIBUTION,
        }


def overlaps_in_words(vendor: Vendor) -> list[str]:
    """Of the active zones each pair with ground in common, and which of the two counts there."""
    zones: list[tuple[Zone, Any]] = [(zone, outline(zone, vendor.lat, vendor.lng)) for zone in read_zones(vendor.pk)]
    pairs = combinations(zones[:MOST_COMPARED], 2)
    return [
        f"{first.name} and {second.name} overlap: where they do, {first.name} counts."
        for (first, shape), (second, other) in pairs
        if shapes_meet(shape, other)
    ][:MOST_COMPARED]


class ZonesInline(AmountsInline):
    """Zones with a map; see static/admin-zones.js for what it adds to the fields."""

    template = "admin/vendors/zones.html"
    extra = 1

    class Media:
        css: ClassVar[Any] = {"all": ["admin-map.css", "admin-zones.css"]}
        js: ClassVar[Any] = [Script("admin-zones.js", type="module")]
