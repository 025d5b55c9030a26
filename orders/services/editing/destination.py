"""Where an order goes instead: address and point together, within the zone that was paid for."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from orders.kinds import rules_of
from orders.lifecycle.table import Actor, Fulfilment
from orders.models import Order
from ordersite.accounts.models import Address
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Invalid
from ordersite.core.fields import Field
from ordersite.places.addresses import Where, change_where, is_correction, point_of, the_only
from ordersite.places.geometry import distance
from ordersite.places.lookup import Answer
from ordersite.places.protocol import Point
from vendors.services.menus import menu_of
from vendors.zones import zone_for


def new_destination(order: Order, fields: Mapping[str, Any], role: Actor, found: Answer) -> tuple[Where, str | None]:
    """Where the order is to go after a change of `address`, `location` or both, and a saved address's notes.

    `found` was looked up before the transaction. Raises Invalid for an address that is not there, for the one without
    the other where that is not known, and for a point outside the order's zone.
    """
    old = Where(
        text=order.address,
        point=point_of(order.lat, order.lng),
        anchor=point_of(order.anchor_lat, order.anchor_lng),
    )
    address, location = fields.get("address"), fields.get("location")
    point = Point(location["lat"], location["lng"]) if location else None
    if order.fulfilment != Fulfilment.DELIVERY and not isinstance(address, int):
        # Nothing is brought there.
        return Where(text=old.text if address is None else address, point=point or old.point), None
    notes = None
    if isinstance(address, int):
        saved = Address.objects.filter(pk=address, customer=order.customer_id).first()
        if saved is None:
            raise Invalid(FaultCode.UNKNOWN_ADDRESS, Field.ADDRESS)
        if point is not None:
            raise Invalid(FaultCode.SAVED_ADDRESS, Field.LOCATION)
        new, notes = of_saved(order, saved, found), saved.address_notes
    else:
        if point is not None:
            # Told before a text is asked for, which would not help.
            check_zone(order, old, point, role, Field.LOCATION)
            check_text(order, old, address, point, role, found)
        new = change_where(old, text=address, point=point, found=found)
    if new.point is not None and check_zone(order, old, new.point, role, Field.ADDRESS):
        # However often, and with whatever text: it is measured from where the rule for everybody let the order go.
        new = replace(new, anchor=old.origin)
    if new.point is None and new.text != old.text and order.delivery_zone_id and role != Actor.STAFF:
        raise Invalid(FaultCode.REQUIRED_LOCATION_OF_ZONE, Field.LOCATION)
    return new, notes


def check_text(order: Order, old: Where, text: str | None, point: Point, role: Actor, found: Answer) -> None:
    """Raises Invalid for a customer's other text beside the point that stands, where nobody can say that they are one
    place: the fee was calculated for that point."""
    moves = text not in (None, old.text) and point == old.point
    has_fee = order.delivery_zone_id is not None or rules_of(order).has_fee_by_distance
    if moves and has_fee and found is None and role == Actor.CUSTOMER:
        raise Invalid(FaultCode.OTHER_PLACE_UNKNOWN, Field.LOCATION)


def of_saved(order: Order, saved: Address, found: Answer) -> Where:
    """A saved address; one without a point was looked up by its text. Raises Invalid where that is not known."""
    point = point_of(saved.lat, saved.lng)
    if point is None and found:
        place = the_only(found)
        point = Point(place.lat, place.lng)
    if point is None and order.fulfilment == Fulfilment.DELIVERY:
        raise Invalid(FaultCode.NO_POINT, Field.ADDRESS)
    return Where(text=saved.address, point=point, anchor=point_of(saved.anchor_lat, saved.anchor_lng))


def check_zone(order: Order, old: Where, new: Point, role: Actor, field: Field) -> bool:
    """Raises Invalid for a point outside the order's zone: its fee and minimum were applied.

    True where it lies outside and is taken all the same: the point that stands, and one that staff set right though
    the zone has been switched off since, or was chosen by hand, or though a package's fee goes by distance.
    """
    if order.fulfilment != Fulfilment.DELIVERY or is_paid_for(order, new):
        return False
    if new == old.point or (role == Actor.STAFF and is_correction(old, new)):
        return True
    if rules_of(order).has_fee_by_distance:
        raise Invalid(FaultCode.OTHER_ZONE_BY_DISTANCE, field)
    raise Invalid(FaultCode.OTHER_ZONE, field)


def is_paid_for(order: Order, new: Point) -> bool:
    """Whether the order's fee holds for another point."""
    if rules_of(order).has_fee_by_distance:
        # Without a distance its fee cannot have gone by it.
        return order.distance is None
    if order.terms.zone is None:
        # Only what staff said is paid: no zone.
        return True
    vendor = order.vendor
    # Among the zone's own only: where zones overlap the customer may have chosen a later one.
    zones = [zone for zone in menu_of(vendor).zones if zone.id == order.delivery_zone_id]
    return zone_for(zones, vendor.lat, vendor.lng, new.lat, new.lng) is not None


def distance_from_vendor(order: Order, point: Point | None) -> int | None:
    """Metres from the vendor; a package's are from its pick-up, and stay."""
    vendor = order.vendor
    if rules_of(order).has_fee_by_distance or point is None or not order.delivery_zone_id or vendor.lat is None:
        return order.distance
    return distance(vendor.lat, vendor.lng or 0.0, point.lat, point.lng)
