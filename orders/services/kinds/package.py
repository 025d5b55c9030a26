"""Packages: what is carried from a pick-up to a drop-off (docs/requirements.md, rows 1, 8 and 10)."""

from collections.abc import Iterator
from typing import Any

from orders.checkout import Draft, PackageWish, Parcel, Place, terms_of
from orders.lifecycle.table import Fulfilment
from orders.models import Kind, Order, Package
from orders.pricing import CartRefused, single_line
from orders.services.kinds.base import CartAtVendor, KindHandler, with_time
from ordersite.core.money import MAX_MINOR
from ordersite.places.addresses import point_of
from ordersite.places.geometry import distance
from ordersite.web.problems import Invalid, field_error
from vendors.models import PackageType
from vendors.services.bookable import package_types_of

SIDES = ("width", "length", "height")
NO_POINT = 'and this address has no location: send {"lat": …, "lng": …}.'
METRES, GRAMS = 1000, 1000  # a kilometre, a kilogram


class PackageHandler(KindHandler):
    """Carried for a time, in the slot of that time; the order's own place is the drop-off."""

    name = Kind.PACKAGE

    def check(self, wanted: CartAtVendor) -> Draft:
        """Its line is its type's price, its delivery fee what the type asks for each kilometre and kilogram begun.

        What does not go by distance is carried between addresses whose points nobody knows too.
        """
        cart, vendor, menu, place = wanted.cart, wanted.vendor, wanted.menu, wanted.place
        at, wish = f"{cart.pointer}/package", cart.package
        if wish is None:
            raise Invalid(
                at, "required", "The package is missing: send what is sent, from where and to whom as `package`."
            )
        if cart.fulfilment not in (None, Fulfilment.DELIVERY):
            detail = "A package is always delivered: leave delivery_type out, or send delivery."
            raise Invalid(f"{cart.pointer}/delivery_type", "not_offered", detail)
        package_type = package_types_of(vendor.pk).filter(pk=wish.package_type).first()
        if package_type is None:
            detail = f"{vendor.name} does not carry this type of package: read /vendors/{vendor.pk}/package-types."
            raise Invalid(f"{at}/package_type", "unknown", detail)
        faults = [*place_faults(package_type, wish.pickup, f"{at}/pickup")]
        faults += place_faults(package_type, place, f"{at}/dropoff")
        faults += size_faults(package_type, wish, at)
        if faults:
            raise CartRefused(faults)
        away = distance_between(wish.pickup, place)
        if package_type.max_distance is not None and away is not None and away > package_type.max_distance:
            detail = (
                f"{package_type.name} is carried {package_type.max_distance} m at most, but this is {away} m: choose "
                "closer addresses."
            )
            raise Invalid(f"{at}/dropoff/location", "too_far", detail, most=package_type.max_distance)
        fee = package_type.per_km * begun(away or 0, METRES) + package_type.per_kg * begun(wish.weight, GRAMS)
        if package_type.price + fee > MAX_MINOR:
            raise Invalid(
                at,
                "too_large",
                "The amount is larger than one order can have: choose closer addresses or a lighter package.",
            )
        draft = Draft(
            cart=cart,
            vendor=vendor,
            menu=menu,
            kind=Kind.PACKAGE,
            fulfilment=Fulfilment.DELIVERY,
            place=place,
            lines=(single_line(package_type.name, package_type.price, package_type.tax_rate),),
            terms=terms_of(vendor),
            delivery_fee=fee,
            distance=away,
            deliver_at=cart.deliver_at,
            parcel=Parcel(package_type=package_type, wish=wish),
        )
        return with_time(draft, wanted.now)

    def write(self, order: Order, draft: Draft) -> None:
        """Keeps with the order what is carried; its type's name stays when that is changed."""
        parcel = draft.parcel
        if parcel is None:
            raise ValueError("a draft of a package has one")
        wish = parcel.wish
        package = Package(
            order=order,
            package_type=parcel.package_type,
            type_name=parcel.package_type.name,
            pickup_address=wish.pickup.address,
            pickup_notes=wish.pickup.address_notes,
            pickup_lat=wish.pickup.lat,
            pickup_lng=wish.pickup.lng,
            recipient_name=wish.recipient_name,
            recipient_phone=wish.recipient_phone,
            weight=wish.weight,
            width=wish.width,
            length=wish.length,
            height=wish.height,
        )
        package.save(force_insert=True)


def begun(amount: int, unit: int) -> int:
    """How many units are begun: 1001 m are 2 km."""
    return -(-amount // unit)


def distance_between(pickup: Place, dropoff: Place) -> int | None:
    """Metres, None where a point is not known."""
    here, there = point_of(pickup.lat, pickup.lng), point_of(dropoff.lat, dropoff.lng)
    return distance(here.lat, here.lng, there.lat, there.lng) if here and there else None


def place_faults(package_type: PackageType, place: Place, at: str) -> Iterator[dict[str, Any]]:
    """What a place to pick up at, or to drop off at, lacks."""
    if not place.address:
        yield field_error(f"{at}/address", "required", "The address is missing: send one.")
    if package_type.goes_by_distance and point_of(place.lat, place.lng) is None:
        most = f"{package_type.name} is carried {package_type.max_distance} m at most"
        why = "The fee depends on the distance" if package_type.per_km else most
        yield field_error(f"{at}/location", "required", f"{why}, {NO_POINT}")


def size_faults(package_type: PackageType, wish: PackageWish, at: str) -> Iterator[dict[str, Any]]:
    """In what the package goes beyond its type; a side that has a limit must be told."""
    most = package_type.max_weight
    if most is not None and wish.weight > most:
        detail = f"{package_type.name} may weigh {most} g at most: choose another type."
        yield field_error(f"{at}/weight", "too_heavy", detail, most=most)
    longest = package_type.max_side
    if longest is None:
        return
    for name in SIDES:
        side = getattr(wish, name)
        if side is None:
            detail = f"{package_type.name} may be {longest} mm long at most: send the {name}."
            yield field_error(f"{at}/{name}", "required", detail, most=longest)
        elif side > longest:
            detail = f"{package_type.name} may be {longest} mm long at most: choose another type."
            yield field_error(f"{at}/{name}", "too_large", detail, most=longest)
