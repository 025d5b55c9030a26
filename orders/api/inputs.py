"""What clients send about orders."""

from typing import Any, NoReturn

from rest_framework import serializers

from orders.checkout import (
    MOST_CHOICES,
    MOST_GRAMS,
    MOST_ITEMS,
    MOST_MILLIMETRES,
    MOST_PARTS,
    MOST_QUANTITY,
    Cart,
    Checkout,
    CustomLine,
    PackageWish,
    Place,
    ServiceWish,
)
from orders.fields import AddressField, FulfilmentInputField, StatusInputField, SubstituteField
from orders.models import Kind, OrderEvent
from orders.pricing import CartExtra, CartItem, CartOption
from orders.services.placing.parties import Guest, Placing
from ordersite.core.faults import Path, Step
from ordersite.core.fields import Field
from ordersite.web.serializers import (
    IdField,
    Input,
    LineField,
    LocationInput,
    LowerEmailField,
    MoneyField,
    ParagraphField,
    PhoneField,
    StrictIntegerField,
)
from vendors.payment_methods import METHOD_NAMES


class OptionInput(Input):
    option = IdField()
    quantity = StrictIntegerField(min_value=1, max_value=MOST_QUANTITY, default=1)
    position = serializers.ChoiceField(choices=["whole", "left", "right"], default="whole")
    text = ParagraphField(max_length=200, allow_blank=True, default="")


class ExtraInput(Input):
    extra = IdField()
    quantity = StrictIntegerField(min_value=1, max_value=MOST_QUANTITY, default=1)


class ItemInput(Input):
    """One product and what was chosen for it; `without` are ids of ingredients to leave out."""

    product = IdField()
    quantity = StrictIntegerField(min_value=1, max_value=MOST_QUANTITY, default=1)
    comment = ParagraphField(max_length=300, allow_blank=True, default="")
    options = OptionInput(many=True, max_length=MOST_CHOICES, default=list)  # type: ignore[call-arg]
    extras = ExtraInput(many=True, max_length=MOST_CHOICES, default=list)  # type: ignore[call-arg]
    without = serializers.ListField(child=IdField(), max_length=MOST_CHOICES, default=list)
    substitute = SubstituteField(required=False, allow_null=True)


class CustomInput(Input):
    """A product that staff enter by hand."""

    name = LineField(max_length=120)
    amount = MoneyField()


class StopInput(Input):
    """Where a package is fetched, or brought. Without a location the address is looked up."""

    address = LineField(max_length=300)
    address_notes = ParagraphField(max_length=300, allow_blank=True, default="")
    location = LocationInput(required=False, allow_null=True)


class PackageInput(Input):
    """What is to be carried: weight in grams, sides in millimetres."""

    package_type = IdField()
    pickup = StopInput()
    dropoff = StopInput()
    recipient_name = LineField(max_length=120)
    recipient_phone = PhoneField()
    weight = StrictIntegerField(min_value=1, max_value=MOST_GRAMS)
    width = StrictIntegerField(min_value=1, max_value=MOST_MILLIMETRES, required=False, allow_null=True)
    length = StrictIntegerField(min_value=1, max_value=MOST_MILLIMETRES, required=False, allow_null=True)
    height = StrictIntegerField(min_value=1, max_value=MOST_MILLIMETRES, required=False, allow_null=True)


class ServiceInput(Input):
    """What is to be booked, for when, and where it takes place."""

    service = IdField()
    at = serializers.DateTimeField()
    place = serializers.ChoiceField(choices=["customer", "vendor"])


class PartInput(Input):
    """What is asked of one vendor; the type is found from the content where none is sent."""

    type = serializers.ChoiceField(choices=Kind.values, required=False)
    vendor = IdField()
    items = ItemInput(many=True, allow_empty=False, max_length=MOST_ITEMS, required=False)  # type: ignore[call-arg]
    custom = CustomInput(many=True, allow_empty=False, max_length=MOST_ITEMS, required=False)  # type: ignore[call-arg]
    package = PackageInput(required=False)
    service = ServiceInput(required=False)
    delivery_type = FulfilmentInputField(required=False)
    deliver_at = serializers.DateTimeField(required=False, allow_null=True)
    address = AddressField(required=False, allow_null=True)
    address_notes = ParagraphField(max_length=300, allow_blank=True, required=False)
    location = LocationInput(required=False, allow_null=True)
    delivery_zone = IdField(required=False, allow_null=True)
    offer = LineField(max_length=40, required=False, allow_blank=True)
    comment = ParagraphField(max_length=500, allow_blank=True, required=False)
    table = LineField(max_length=20, allow_blank=True, required=False)
    vehicle = LineField(max_length=80, allow_blank=True, required=False)
    locker = LineField(max_length=20, allow_blank=True, required=False)


# What belongs to one vendor's part: with `vendors` it stands there. The other fields of a part hold for all parts
# that do not say otherwise; an address with its notes and point is one thing.
OF_A_PART = ("vendor", "type", "items", "custom", "package", "service", "delivery_zone", "table", "vehicle", "locker")


PLACE = ("address", "address_notes", "location")
SHARED = ("delivery_type", "deliver_at", "comment")


class CartInput(PartInput):
    """A cart for one vendor, or with `vendors` for several, to be priced or placed."""

    vendor = IdField(required=False)
    vendors = PartInput(many=True, allow_empty=False, max_length=MOST_PARTS, required=False)  # type: ignore[call-arg]
    payment_method = serializers.ChoiceField(choices=METHOD_NAMES, required=False)
    driver_tip = MoneyField(required=False, allow_null=True)
    cash = MoneyField(required=False, allow_null=True)
    currency = serializers.RegexField(r"^[A-Z]{3}$", required=False)
    total = MoneyField(required=False, allow_null=True)

    def validate(self, attrs: Any) -> Any:
        if "vendors" not in attrs:
            if "vendor" not in attrs:
                refuse_field("vendor", "Send vendor, or vendors with one part for each vendor.", "required")
            return attrs
        for name in OF_A_PART:
            if name in attrs:
                refuse_field(
                    name, "With several vendors this belongs in each vendor's part: move it there.", "several_vendors"
                )
        if attrs.get("cash") and len(attrs["vendors"]) > 1:
            refuse_field("cash", "Each of several vendors is paid in cash separately: leave it out.", "several_vendors")
        return attrs


def refuse_field(field: str, message: str, code: str) -> NoReturn:
    """Refuses an input because of one of its fields."""
    raise serializers.ValidationError({field: [serializers.ErrorDetail(message, code)]})


class GuestInput(Input):
    """Who orders without an account."""

    name = LineField(max_length=120)
    phone = PhoneField(required=False, allow_blank=True, default="")
    email = LowerEmailField(required=False, allow_blank=True, default="")
    address = LineField(max_length=300, allow_blank=True, default="")
    address_notes = ParagraphField(max_length=300, allow_blank=True, default="")
    location = LocationInput(required=False, allow_null=True)

    def validate(self, attrs: Any) -> Any:
        if not attrs["phone"] and not attrs["email"]:
            refuse_field("phone", "Send a phone or an email, so that the guest can be reached.", "required")
        return attrs


class PlaceInput(CartInput):
    """A cart to be placed."""

    payment_method = serializers.ChoiceField(choices=METHOD_NAMES)
    saved_payment_method = IdField(required=False, allow_null=True)
    save_payment_method = serializers.BooleanField(default=False)
    external_code = LineField(max_length=100, required=False)
    customer = IdField(required=False, allow_null=True)
    guest = GuestInput(required=False, allow_null=True)


class TransitionInput(Input):
    """A change of status, by its target or by its name, and what its guards ask for."""

    to = StatusInputField(required=False)
    transition = LineField(max_length=40, required=False)
    reason_code = LineField(max_length=30, required=False, allow_blank=True, default="")
    reason = ParagraphField(max_length=500, required=False, allow_blank=True, default="")
    prepared_in = StrictIntegerField(min_value=1, max_value=10_080, required=False, allow_null=True)
    delivered_in = StrictIntegerField(min_value=1, max_value=10_080, required=False, allow_null=True)
    code = LineField(max_length=20, required=False, allow_blank=True, default="")
    proof = LineField(max_length=200, required=False, allow_blank=True, default="")
    done_at = serializers.DateTimeField(required=False, allow_null=True, default=None)

    def validate(self, attrs: Any) -> Any:
        if "to" not in attrs and "transition" not in attrs:
            message = "Send `to` (a status) or `transition` (a name)."
            raise serializers.ValidationError({"to": [serializers.ErrorDetail(message, "required")]})
        return attrs


class ChangeInput(Input):
    """What can be changed of a placed order; only what is sent changes."""

    comment = ParagraphField(max_length=500, allow_blank=True, required=False)
    address = AddressField(required=False)
    address_notes = ParagraphField(max_length=300, allow_blank=True, required=False)
    location = LocationInput(required=False)
    deliver_at = serializers.DateTimeField(required=False, allow_null=True)
    payment_method = serializers.ChoiceField(choices=METHOD_NAMES, required=False)
    driver = IdField(required=False, allow_null=True)
    self_delivery = serializers.BooleanField(required=False)
    driver_tip = MoneyField(required=False)
    cash = MoneyField(required=False, allow_null=True)
    prepared_in = StrictIntegerField(min_value=1, max_value=10_080, required=False)
    delivered_in = StrictIntegerField(min_value=1, max_value=10_080, required=False)
    reason_code = LineField(max_length=30, required=False, allow_blank=True)
    reason = ParagraphField(max_length=500, required=False, allow_blank=True)


class TrackingNumberInput(Input):
    tracking_number = LineField(max_length=80)
    carrier = LineField(max_length=60, allow_blank=True, default="")


class NoteInput(Input):
    text = ParagraphField(max_length=500)
    visible_to = serializers.ChoiceField(choices=OrderEvent.VisibleTo.values, default="everybody")


class LabelInput(Input):
    name = LineField(max_length=60)
    core_status = StatusInputField()
    message = ParagraphField(max_length=300, allow_blank=True, default="")


class TrackInput(Input):
    code = LineField(max_length=100)


class TopUpInput(Input):
    customer = IdField()
    amount = MoneyField(minimum=1)
    text = ParagraphField(max_length=200, allow_blank=True, default="")


def as_place(data: dict[str, Any]) -> Place:
    """Address and point of an order, a guest or a stop."""
    location = data.get("location") or {}
    address = data.get("address")
    return Place(
        address=address if isinstance(address, str) else "",
        address_notes=data.get("address_notes", ""),
        lat=location.get("lat"),
        lng=location.get("lng"),
    )


def as_checkout(data: dict[str, Any]) -> Checkout:
    """The validated input as the services know it: what is said for all parts holds where a part says nothing."""
    several = [with_shared(part, data) for part in data.get("vendors", ())]
    parts = [as_cart(part, (Step(Field.VENDORS, index),)) for index, part in enumerate(several)]
    return Checkout(
        carts=parts or [as_cart(data)],
        payment_method=data.get("payment_method", ""),
        saved_method_id=data.get("saved_payment_method"),
        saves_method=data.get("save_payment_method", False),
        driver_tip=data.get("driver_tip"),
        cash=data.get("cash"),
        total=data.get("total"),
        currency=data.get("currency", ""),
        offer=data.get("offer", "") if several else "",
    )


def with_shared(part: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
    """A part with what is said for all: an address only where the part has no word of its own about the place."""
    names = SHARED if any(name in part for name in PLACE) else (*SHARED, *PLACE)
    return {**{name: data[name] for name in names if name in data}, **part}


def as_cart(data: dict[str, Any], at: Path = ()) -> Cart:
    """One vendor's part, which stands there in the input."""
    address, package = data.get("address"), data.get("package")
    return Cart(
        vendor_id=data["vendor"],
        kind=Kind(data["type"]) if "type" in data else None,
        items=[as_item(item) for item in data.get("items", ())],
        custom=[CustomLine(**line) for line in data.get("custom", ())],
        package=as_package(package) if package else None,
        service=ServiceWish(**data["service"]) if "service" in data else None,
        fulfilment=data.get("delivery_type"),
        place=as_place(package["dropoff"] if package else data),
        address_id=address if isinstance(address, int) and not package else None,
        delivery_zone_id=data.get("delivery_zone"),
        deliver_at=data.get("deliver_at"),
        offer=data.get("offer", ""),
        comment=data.get("comment", ""),
        table=data.get("table", ""),
        vehicle=data.get("vehicle", ""),
        locker=data.get("locker", ""),
        at=at,
    )


def as_package(data: dict[str, Any]) -> PackageWish:
    sides = {name: data.get(name) for name in ("width", "length", "height")}
    return PackageWish(
        package_type=data["package_type"],
        pickup=as_place(data["pickup"]),
        recipient_name=data["recipient_name"],
        recipient_phone=data["recipient_phone"],
        weight=data["weight"],
        **sides,
    )


def as_item(data: dict[str, Any]) -> CartItem:
    return CartItem(
        product=data["product"],
        quantity=data["quantity"],
        comment=data["comment"],
        options=[CartOption(**option) for option in data["options"]],
        extras=[CartExtra(**extra) for extra in data["extras"]],
        without=data["without"],
        substitute=data.get("substitute"),
    )


def as_placing(data: dict[str, Any]) -> Placing:
    guest = data.get("guest")
    return Placing(
        checkout=as_checkout(data),
        external_code=data.get("external_code", ""),
        customer_id=data.get("customer"),
        guest=Guest(name=guest["name"], phone=guest["phone"], email=guest["email"], place=as_place(guest))
        if guest
        else None,
    )
