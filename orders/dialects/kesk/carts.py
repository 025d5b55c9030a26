"""Kesk's inputs as the services know them: carts, what is carried or booked, the figures that a client reckons with."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, Literal

from orders.checkout import Cart, Checkout, Figure, PackageWish, Place, ServiceWish
from orders.dialects.base import with_country
from orders.dialects.kesk.inputs import point_in
from orders.dialects.kesk.words import METHOD_IDS, METHODS, TYPES
from orders.lifecycle.table import Fulfilment
from orders.models import Kind
from orders.pricing import CartExtra, CartItem, CartOption
from orders.reading.selectors import country_of, saved_places, sells_codes
from orders.services.placing.parties import Placing, check_proven
from ordersite.accounts.callers import Caller
from ordersite.core.faults import Step
from ordersite.core.fields import Field
from ordersite.web.problems import BadRequest, Problem, field_error

GRAMS, MILLIMETRES = 1000, 10  # a kilogram, a centimetre
# Kesk's amount → ours. Tax that the prices include is no part of the sum: `tax` is what is added.
FIGURES: dict[str, Literal["subtotal", "discount", "delivery_fee", "tax_added", "total"]] = {
    "sub_total": "subtotal",
    "discount": "discount",
    "delivery_fee": "delivery_fee",
    "tax": "tax_added",
    "total": "total",
}
# With several vendors these stand in each one's part.
OF_A_PART = (
    *("vendor_id", "vendor_location_id", "items", "service_id", "package_type_id", "pickup_location_id"),
    *("dropoff_location_id", "pickup_address", "dropoff_address", "weight", "width", "length", "height"),
    *("recipient_name", "recipient_phone"),
)
SAVED = ("pickup_location_id", "dropoff_location_id")
OF_A_VENDOR = ("vendor_id", "vendor_location_id")
# These hold for all parts that do not say otherwise.
ADDRESSES = ("delivery_address_id", "delivery_address")
SHARED = ("type", *ADDRESSES, "notes", "scheduled_at")
NEEDED = {
    Kind.REGULAR: ("items",),
    Kind.DIGITAL: ("items",),
    Kind.PACKAGE: ("package_type_id", "weight", "recipient_name", "recipient_phone"),
    Kind.SERVICE: ("service_id",),
}


def as_placing(given: Mapping[str, Any], caller: Caller, *, has_photos: bool, method_field: str) -> Placing:
    """An order to be placed; raises BadRequest without a payment method where no photo proves that it was paid (row 3).

    `method_field` is by which of its two names the client sends the method.
    """
    if not method_of(given) and not has_photos:
        detail = "Send a payment method, or a photo that proves the payment."
        raise BadRequest(f"/{method_field}", "required", detail)
    checkout = as_checkout(given, caller)
    if not checkout.payment_method:
        checkout = replace(checkout, payment_method="transfer")
    if has_photos:
        check_proven(checkout.payment_method)
    return Placing(checkout=checkout)


def as_checkout(given: Mapping[str, Any], caller: Caller) -> Checkout:
    """The carts, of one vendor or of each in `data`; raises BadRequest for what is missing or contradicts itself."""
    parts = given.get("data")
    if parts is None:
        named = [("", given)]
    else:
        vendors = {with_vendor(part).get("vendor_id") for part in parts}
        for name in OF_A_PART:
            # The vendor of one of the parts says nothing new.
            if name in given and not (name in OF_A_VENDOR and given[name] in vendors):
                raise BadRequest(f"/{name}", "several_vendors", "With data this stands in each vendor's part: move it.")
        shared = {name: given[name] for name in SHARED if name in given}
        named = [(f"/data/{index}", shared_with(part, shared)) for index, part in enumerate(parts)]
    ids = [part[name] for _, part in named for name in SAVED if name in part]
    ids += [part["delivery_address_id"] for _, part in named if part.keys() >= set(ADDRESSES)]
    places = saved_places(ids, caller) if ids else {}
    return Checkout(
        carts=[as_cart(part, pointer, places) for pointer, part in named],
        payment_method=method_of(given),
        saved_method_id=given.get("saved_payment_method_id"),
        offer=given.get("coupon_code", "") if parts is not None else "",
        figures=figures_of(given) if parts is not None else (),
    )


def shared_with(part: Mapping[str, Any], shared: Mapping[str, Any]) -> Mapping[str, Any]:
    """A vendor's part with what holds for all; an address of its own, of either name, goes before theirs."""
    own = ADDRESSES if any(name in part for name in ADDRESSES) else ()
    return {**{name: value for name, value in shared.items() if name not in own}, **part}


def method_of(given: Mapping[str, Any]) -> str:
    """The payment method by its number or name, "" for none; raises BadRequest where the two differ."""
    name, number = given.get("payment_method", ""), given.get("payment_gateway_method_id")
    if number is None:
        return str(name)
    if name and METHOD_IDS[name] != number:
        detail = f"{number} means {METHODS[number]}, not {name}: send one of the two."
        raise BadRequest("/payment_gateway_method_id", "contradiction", detail)
    return METHODS[number]


def figures_of(given: Mapping[str, Any]) -> list[Figure]:
    """The amounts that the client reckons with."""
    return [Figure(name=ours, amount=given[theirs]) for theirs, ours in FIGURES.items() if theirs in given]


def kind_of(part: Mapping[str, Any]) -> Kind:
    """The kind by `type` (row 1), else by what is asked for: of products that are codes, a digital one."""
    if "type" in part:
        return TYPES[part["type"]]
    if "package_type_id" in part:
        return Kind.PACKAGE
    if "service_id" in part:
        return Kind.SERVICE
    sold = [item["product_id"] for item in part.get("items", ())]
    return Kind.DIGITAL if "vendor_id" in part and sells_codes(part["vendor_id"], sold) else Kind.REGULAR


def as_cart(part: Mapping[str, Any], pointer: str, places: Mapping[int, Place]) -> Cart:
    """One vendor's part."""
    part, kind = with_vendor(part), kind_of(part)
    check_part(part, pointer, kind)
    at, package, service, fulfilment = part.get("scheduled_at"), None, None, None
    place, address_id = find_destination(part, pointer, kind, places)
    is_brought = any(name in part for name in ADDRESSES)
    if kind == Kind.PACKAGE:
        package = as_package(part, pointer, places)
    elif kind == Kind.SERVICE:
        service = ServiceWish(service=part["service_id"], at=at, place="customer" if is_brought else "vendor")
        at = None
    elif kind == Kind.REGULAR:
        fulfilment = Fulfilment.DELIVERY if is_brought else Fulfilment.PICKUP
    return Cart(
        vendor_id=part["vendor_id"],
        kind=kind,
        items=[as_item(item) for item in part.get("items", ())],
        package=package,
        service=service,
        fulfilment=fulfilment,
        place=place,
        address_id=address_id,
        deliver_at=at,
        offer=part.get("coupon_code", ""),
        comment=part.get("notes", ""),
        at=(Step(Field.VENDORS, int(pointer.rpartition("/")[2])),) if pointer else (),
        figures=figures_of(part),
    )


def find_destination(
    part: Mapping[str, Any], pointer: str, kind: Kind, places: Mapping[int, Place]
) -> tuple[Place, int | None]:
    """Where it is brought: to a place, or to a saved address by its id. Raises BadRequest where two sent ones differ.

    What stands beside a saved address, as who puts back what it has read sends it, are its notes and its point.
    """
    said, address_id = part.get("delivery_address"), part.get("delivery_address_id")
    place, meant = said or Place(), places.get(address_id or 0)
    if kind == Kind.PACKAGE:
        address_id = None
        place = meant = find_stop("dropoff", part, pointer, places)
    if said and meant and said.address != meant.address:
        detail = "This is another address than the one that is sent besides: send one of the two."
        raise BadRequest(f"{pointer}/delivery_address", "contradiction", detail)
    return place if address_id is None else replace(place, address=""), address_id


def check_part(part: Mapping[str, Any], pointer: str, kind: Kind) -> None:
    """What the kind needs is there; raises a 400 Problem that names all that is missing."""
    needed = ["vendor_id", *NEEDED[kind]]
    if kind == Kind.PACKAGE:
        for stop in ("pickup", "dropoff"):
            if f"{stop}_location_id" not in part and f"{stop}_address" not in part:
                needed.append(f"{stop}_location_id")
    errors = [
        field_error(f"{pointer}/{name}", "required", f"A {kind} order needs it: send {name}.")
        for name in needed
        if name not in part
    ]
    if errors:
        raise Problem("invalid", errors[0]["detail"], errors=errors)
    check_location(part, pointer)


def with_vendor(given: Mapping[str, Any]) -> Mapping[str, Any]:
    """A vendor is one location here: its id may come as that of the location alone."""
    vendor_id = given.get("vendor_id", given.get("vendor_location_id"))
    return given if vendor_id is None else {**given, "vendor_id": vendor_id}


def check_location(given: Mapping[str, Any], pointer: str = "") -> None:
    """A vendor is one location here: raises BadRequest where another one is meant."""
    if given.get("vendor_location_id", given["vendor_id"]) != given["vendor_id"]:
        detail = "A vendor is one location here: send its vendor_id, or leave this out."
        raise BadRequest(f"{pointer}/vendor_location_id", "unknown", detail)


def as_package(part: Mapping[str, Any], pointer: str, places: Mapping[int, Place]) -> PackageWish:
    """What is carried, in grams and millimetres."""
    return PackageWish(
        package_type=part["package_type_id"],
        pickup=find_stop("pickup", part, pointer, places),
        recipient_name=part["recipient_name"],
        recipient_phone=read_phone(part["recipient_phone"], part["vendor_id"], f"{pointer}/recipient_phone"),
        weight=whole(part["weight"], GRAMS),
        **{name: whole(part[name], MILLIMETRES) if name in part else None for name in ("width", "length", "height")},
    )


def read_phone(text: str, vendor_id: int, pointer: str) -> str:
    """A telephone number, of the vendor's country where it has no country's code; raises BadRequest."""
    return with_country(text, None if text.startswith("+") else country_of(vendor_id), pointer)


def whole(number: Decimal, unit: int) -> int:
    return int(number * unit)


def find_stop(stop: str, part: Mapping[str, Any], pointer: str, places: Mapping[int, Place]) -> Place:
    """Where a package is fetched, or brought: what is said goes before what is saved. Raises BadRequest."""
    said, saved_id = part.get(f"{stop}_address"), part.get(f"{stop}_location_id")
    if saved_id is None:
        return said or Place()
    saved = places.get(saved_id)
    if saved is None:
        raise BadRequest(f"{pointer}/{stop}_location_id", "unknown", "You have no saved address with this id.")
    if said is None:
        return saved
    has_point = said.lat is not None
    return Place(
        address=said.address,
        address_notes=said.address_notes or saved.address_notes,
        lat=said.lat if has_point else saved.lat,
        lng=said.lng if has_point else saved.lng,
    )


def as_item(item: Mapping[str, Any]) -> CartItem:
    return CartItem(
        product=item["product_id"],
        quantity=item.get("quantity", 1),
        comment=item.get("notes", ""),
        options=[
            CartOption(
                option=option["option_id"],
                quantity=option.get("quantity", 1),
                position=option.get("position", "whole"),
                text=option.get("text", ""),
            )
            for option in item.get("options", ())
        ],
        extras=[CartExtra(extra=one["extra_id"], quantity=one.get("quantity", 1)) for one in item.get("extras", ())],
        without=item.get("without", ()),
    )


def as_destination(given: Mapping[str, Any], caller: Caller) -> Cart:
    """Where something is to be brought, for its fee: an address, or a point. Raises BadRequest for neither."""
    given = with_vendor(given)
    if "vendor_id" not in given:
        raise BadRequest("/vendor_id", "required", "Send vendor_id, the vendor from which it is delivered.")
    check_location(given)
    lat, lng = point_in(given)
    if not any(name in given for name in ADDRESSES) and (lat is None or lng is None):
        detail = "Send delivery_address_id, delivery_address, or latitude and longitude."
        raise BadRequest("/delivery_address_id", "required", detail)
    places = saved_places([given["delivery_address_id"]], caller) if given.keys() >= set(ADDRESSES) else {}
    place, address_id = find_destination(given, "", Kind.REGULAR, places)
    return Cart(
        vendor_id=given["vendor_id"],
        fulfilment=Fulfilment.DELIVERY,
        place=place if lat is None else replace(place, lat=lat, lng=lng),
        address_id=address_id,
    )
