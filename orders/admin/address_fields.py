"""Addresses on the back-office's forms: what was looked up, and the map with a pin."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.conf import settings

from orders.lifecycle.table import Fulfilment
from ordersite.backoffice.typed_fields import TypedForm
from ordersite.core.faults import Refusal
from vendors.models import Vendor
from vendors.services.menus import menu_of

NOWHERE_KNOWN = "This address has no location yet: put the pin on the map, or type the coordinates."


class PlaceFields(TypedForm, forms.Form):
    """An address with its point; the script of the map fills the point, and without it the server looks it up."""

    address = forms.CharField(max_length=300, required=False, widget=forms.TextInput({"autocomplete": "off"}))
    address_notes = forms.CharField(label="Notes for the driver", max_length=300, required=False)
    lat = forms.FloatField(label="Latitude", min_value=-90, max_value=90, required=False)
    lng = forms.FloatField(label="Longitude", min_value=-180, max_value=180, required=False)
    # One of several that were found: its point and its text, as `choices_of` writes them.
    chosen_place = forms.CharField(max_length=400, required=False, widget=forms.HiddenInput)
    # The address whose point was looked up: typed anew, it is looked up anew.
    located = forms.CharField(max_length=400, required=False, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if (given.get("lat") is None) != (given.get("lng") is None) and not {"lat", "lng"} & self.errors.keys():
            self.add_error("lat", "Fill in both latitude and longitude, or neither.")
        chosen = read_choice(given.get("chosen_place", ""))
        if chosen and not self.errors:
            given["address"], given["lat"], given["lng"] = chosen
        elif is_left_over(given):
            given["lat"] = given["lng"] = None
        return given

    def show_point(self, address: str, lat: float | None, lng: float | None) -> None:
        """Shows what was found, or chosen, in the fields."""
        data: Any = self.data
        data = data.copy()
        shown = {"address": address, "lat": degrees_text(lat), "lng": degrees_text(lng)}
        shown |= {"chosen_place": "", "located": written(address, lat, lng)}
        data.update({self.add_prefix(name): value for name, value in shown.items()})
        self.data = data


def degrees_text(degrees: float | None) -> str:
    return "" if degrees is None else repr(degrees)


def written(address: str, lat: float | None, lng: float | None) -> str:
    """An address with its point in one text."""
    return f"{degrees_text(lat)}|{degrees_text(lng)}|{address}" if lat is not None else ""


def read_choice(text: str) -> tuple[str, float, float] | None:
    """What `written` wrote; None for any other text."""
    lat, _, rest = text.partition("|")
    lng, _, address = rest.partition("|")
    try:
        point = float(lat), float(lng)
    except ValueError:
        return None
    if not address or not (abs(point[0]) <= 90 and abs(point[1]) <= 180):
        return None
    return address[:300], *point


def is_left_over(given: Mapping[str, Any]) -> bool:
    """Whether the point is that of an address that stood there before."""
    before = read_choice(given.get("located", ""))
    return (
        before is not None
        and before[0] != given.get("address")
        and (before[1], before[2]) == (given.get("lat"), given.get("lng"))
    )


def choices_of(error: Exception) -> list[tuple[str, str]]:
    """The places among which one must be chosen: what the form sends, and what is read."""
    places = error.extra.get("places", ()) if isinstance(error, Refusal) else ()
    return [(written(one["text"], one["location"]["lat"], one["location"]["lng"]), one["text"]) for one in places]


def map_of(vendor: Vendor) -> dict[str, str]:
    """What the map draws of a vendor: where it is, and its zones; the tiles where the settings name some."""
    zones: Sequence[Any] = menu_of(vendor).zones if Fulfilment.DELIVERY.slug in vendor.fulfilments else ()
    drawn = [{"name": zone.name, "radius": zone.radius, "polygon": zone.polygon} for zone in zones]
    known = vendor.lat is not None and vendor.lng is not None
    return {
        "vendor": vendor.name,
        "centre": json.dumps([vendor.lat, vendor.lng] if known else None),
        "zones": json.dumps(drawn),
        "tiles": settings.MAP_TILES_URL,
        "attribution": settings.MAP_ATTRIBUTION,
    }
