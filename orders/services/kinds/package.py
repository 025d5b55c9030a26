"""Packages: what is carried from a pick-up to a drop-off (docs/requirements.md, rows 1, 8 and 10)."""

from collections.abc import Iterator

from orders.checkout import Draft, PackageWish, Parcel, Place, terms_of
from orders.lifecycle.table import Fulfilment
from orders.models import Kind, Order, Package
from orders.pricing import single_line
from orders.services.kinds.base import CartAtVendor, KindHandler, with_time
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Fault, Invalid, InvalidFields, Path, Step
from ordersite.core.fields import Field
from ordersite.core.money import MAX_MINOR
from ordersite.core.units import Grams, Millimetres
from ordersite.places.addresses import point_of
from ordersite.places.geometry import distance
from vendors.models import PackageType
from vendors.services.bookable import package_types_of

SIDES = (Field.WIDTH, Field.LENGTH, Field.HEIGHT)
METRES, GRAMS = 1000, 1000  # a kilometre, a kilogram


class PackageHandler(KindHandler):
    """Carried for a time, in the slot of that time; the order's own place is the drop-off."""

    name = Kind.PACKAGE

    def check(self, wanted: CartAtVendor) -> Draft:
        """Its line is its type's price, its delivery fee what the type asks for each kilometre and kilogram begun.

        What does not go by distance is carried between addresses whose points nobody knows too.
        """
        cart, vendor, menu, place = wanted.cart, wanted.vendor, wanted.menu, wanted.place
        at, wish = (*cart.at, Step(Field.PACKAGE)), cart.package
        if wish is None:
            raise Invalid(FaultCode.REQUIRED_PACKAGE, Field.PACKAGE, at=cart.at)
        if cart.fulfilment not in (None, Fulfilment.DELIVERY):
            raise Invalid(FaultCode.NOT_OFFERED_FOR_PACKAGE, Field.DELIVERY_TYPE, at=cart.at)
        package_type = package_types_of(vendor.pk).filter(pk=wish.package_type).first()
        if package_type is None:
            raise Invalid(FaultCode.UNKNOWN_PACKAGE_TYPE, Field.PACKAGE_TYPE, at=at, vendor=vendor.name, id=vendor.pk)
        faults = [*place_faults(package_type, wish.pickup, (*at, Step(Field.PICKUP)))]
        faults += place_faults(package_type, place, (*at, Step(Field.DROPOFF)))
        faults += size_faults(package_type, wish, at)
        if faults:
            raise InvalidFields(faults)
        away = distance_between(wish.pickup, place)
        if package_type.max_distance is not None and away is not None and away > package_type.max_distance:
            most, where = {"most": package_type.max_distance}, (*at, Step(Field.DROPOFF))
            name = package_type.name
            raise Invalid(FaultCode.TOO_FAR_TO_CARRY, Field.LOCATION, at=where, told=most, name=name, distance=away)
        fee = package_type.per_km * units_begun(away or 0, METRES)
        fee += package_type.per_kg * units_begun(wish.weight, GRAMS)
        if package_type.price + fee > MAX_MINOR:
            raise Invalid(FaultCode.TOO_LARGE_PACKAGE, Field.PACKAGE, at=cart.at)
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


def units_begun(amount: int, unit: int) -> int:
    """How many units are begun: 1001 m are 2 km."""
    return -(-amount // unit)


def distance_between(pickup: Place, dropoff: Place) -> int | None:
    """Metres, None where a point is not known."""
    here, there = point_of(pickup.lat, pickup.lng), point_of(dropoff.lat, dropoff.lng)
    return distance(here.lat, here.lng, there.lat, there.lng) if here and there else None


def place_faults(package_type: PackageType, place: Place, at: Path) -> Iterator[Fault]:
    """What a place to pick up at, or to drop off at, lacks."""
    if not place.address:
        yield Fault(FaultCode.REQUIRED_STOP_ADDRESS, Field.ADDRESS, at=at)
    if package_type.goes_by_distance and point_of(place.lat, place.lng) is None:
        code = FaultCode.REQUIRED_POINT_FOR_FEE if package_type.per_km else FaultCode.REQUIRED_POINT_FOR_DISTANCE
        yield Fault(code, Field.LOCATION, at=at, name=package_type.name, most=package_type.max_distance)


def size_faults(package_type: PackageType, wish: PackageWish, at: Path) -> Iterator[Fault]:
    """In what the package goes beyond its type; a side that has a limit must be told."""
    most = package_type.max_weight
    if most is not None and wish.weight > most:
        yield Fault(FaultCode.TOO_HEAVY, Field.WEIGHT, at=at, told={"most": Grams(most)}, name=package_type.name)
    longest = package_type.max_side
    if longest is None:
        return
    for field in SIDES:
        side = getattr(wish, field.value)
        if side is None or side > longest:
            code = FaultCode.REQUIRED_SIDE if side is None else FaultCode.TOO_LARGE_SIDE
            yield Fault(code, field, at=at, told={"most": Millimetres(longest)}, name=package_type.name, side=field)
