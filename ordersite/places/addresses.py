"""An address and its point change together: neither walks away from the other."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from ordersite.core.codes import FaultCode
from ordersite.core.faults import Invalid, Path
from ordersite.core.fields import Field
from ordersite.places.geometry import distance
from ordersite.places.lookup import Answer, find_places, name_point
from ordersite.places.protocol import FoundPlace, Point

# Metres: within them a point is set right, and its text holds.
MOST_CORRECTION = 15
# Metres: closer than that a text and its point are one place, however roughly the geocoder knows the street.
SAME_PLACE = 500
# Where no zone says that the fee is another one: a long street without a house number is known by its middle.
SAME_PLACE_WITHOUT_ZONES = 2000


def metres(one: Point, other: Point) -> int:
    return distance(one.lat, one.lng, other.lat, other.lng)


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """An address: its text, and its point where that is known.

    `anchor` is the point that came with the text, where it has been set right or taken away since.
    """

    text: str = ""
    point: Point | None = None
    anchor: Point | None = None

    @property
    def origin(self) -> Point | None:
        """The point that came with the text, None where none ever did."""
        if self.anchor and self.point and metres(self.anchor, self.point) > MOST_CORRECTION:
            return self.point  # set anew by somebody who needs no anchor
        return self.anchor or self.point


def point_of(lat: float | None, lng: float | None) -> Point | None:
    return None if lat is None or lng is None else Point(lat, lng)


def is_correction(old: Where, new: Point) -> bool:
    """Whether a point is set right, or set for the first time, and not moved away.

    Measured from the point that came with the text: many short steps lead no farther than one.
    """
    origin = old.origin
    return origin is None or metres(origin, new) <= MOST_CORRECTION


def look_up_change(
    old: Where, *, text: str | None, point: Point | None, near: Point | None = None, who: str = ""
) -> Answer:
    """What must be known for the change: the places of a text that came alone, the address of a point that did.

    None and () where nobody knows, or nothing must be known. Asks another server: never inside a transaction.
    """
    if point is None and text not in (None, old.text):
        return find_places(str(text), near, who=who)
    if point is not None and text is None and not is_correction(old, point):
        return name_point(point, who=who)
    return ()


def change_where(old: Where, *, text: str | None, point: Point | None, found: Answer) -> Where:
    """The address after a change of its text, its point or both; `found` is what `look_up_change` found.

    Raises Invalid where the one came without the other, and that is not known or may be one of several.
    """
    if point is not None:
        if text is not None:
            return Where(text=text, point=point)
        if point == old.point:
            return old
        if is_correction(old, point):
            return Where(text=old.text, point=point, anchor=old.origin)
        if not found:
            raise Invalid(FaultCode.REQUIRED_ADDRESS_TOO, Field.ADDRESS)
        return Where(text=found[0].text, point=point)
    if text is None or text == old.text:
        return old
    if found:
        place = the_only(found)
        return Where(text=text, point=Point(place.lat, place.lng))
    if old.point is not None:
        raise Invalid(FaultCode.REQUIRED_LOCATION_TOO, Field.LOCATION)
    return Where(text=text)


def the_only(found: Sequence[FoundPlace], at: Path = ()) -> FoundPlace:
    """The one place; raises Invalid that names all of several."""
    if len(found) > 1:
        refuse_several(found, at)
    return found[0]


def elsewhere(found: Answer, point: Point, most: int) -> FoundPlace | None:
    """The one place that a text is known to mean, where that is farther than so many metres from its point.

    None where the geocoder did not answer, or knows none or several: then the point counts as it was sent.
    """
    if found is None or len(found) != 1:
        return None
    place = found[0]
    return place if distance(point.lat, point.lng, place.lat, place.lng) > most else None


def refuse_elsewhere(
    place: FoundPlace, point: Point, field: Field, at: Path = (), *, saved_id: int | None = None
) -> NoReturn:
    """Raises Invalid that names both: where the text is known to be, and the point that was sent.

    `saved_id` is that of the saved address whose point it is.
    """
    away = distance(point.lat, point.lng, place.lat, place.lng)
    known = {"text": place.text, "location": {"lat": place.lat, "lng": place.lng}}
    raise Invalid(
        FaultCode.OTHER_PLACE if saved_id is None else FaultCode.OTHER_PLACE_SAVED,
        field,
        at=at,
        told={"places": [known], "metres": away},
        known=place,
        sent=point,
        id=saved_id,
    )


def refuse_several(found: Sequence[FoundPlace], at: Path) -> NoReturn:
    places = [{"text": place.text, "location": {"lat": place.lat, "lng": place.lng}} for place in found]
    texts = "; ".join(place.text for place in found)
    raise Invalid(FaultCode.SEVERAL_PLACES, Field.ADDRESS, at=at, told={"places": places}, texts=texts)
