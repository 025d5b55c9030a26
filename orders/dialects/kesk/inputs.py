"""What Kesk's clients send. Their generated clients send every field, null where they have no value."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from orders.checkout import MOST_CHOICES, MOST_ITEMS, MOST_PARTS, MOST_QUANTITY, Place
from orders.dialects.base import (
    AmountField,
    DialectInput,
    IdField,
    LocalPhoneField,
    MomentField,
    NumberField,
    PageSizeField,
    WholeField,
    WordField,
)
from orders.dialects.kesk.words import METHODS, PAYMENT_WORDS, TYPES, Word
from ordersite.core.images import MOST_PHOTOS
from ordersite.web.serializers import (
    DegreesField,
    LineField,
    ParagraphField,
)
from vendors.payment_methods import METHOD_NAMES

# What may be a text of JSON, by what that begins with.
AS_TEXT = {
    **dict.fromkeys(("items", "data"), ("[",)),
    **dict.fromkeys(("delivery_address", "pickup_address", "dropoff_address"), ("{",)),
}
OPTIONAL: dict[str, Any] = {"required": False, "allow_null": True}


def amount() -> AmountField:
    """An amount in the vendor's currency, to be compared with what the server reckons."""
    return AmountField(**OPTIONAL)


class MeasureField(NumberField):
    """A measure of a package: 0 is none."""

    zero_is_none = True


def centimetres() -> MeasureField:
    return MeasureField(
        places=1, min_value=Decimal("0.1"), max_value=Decimal("99999.9"), help_text="Centimetres.", **OPTIONAL
    )


@extend_schema_field({"type": "string", "nullable": True})
class TypeField(WordField):
    """The kind of an order."""


COORDINATE = {"type": "number", "nullable": True}


@extend_schema_field(
    {
        "nullable": True,
        "oneOf": [
            {
                "type": "string",
                "maxLength": 300,
                "description": "The address as a text; the location is that of the saved address.",
            },
            {
                "type": "object",
                "required": ["address"],
                "properties": {
                    "address": {"type": "string", "maxLength": 300},
                    "notes": {"type": "string", "maxLength": 300},
                    "lat": COORDINATE,
                    "lng": COORDINATE,
                    "latitude": COORDINATE,
                    "longitude": COORDINATE,
                },
            },
        ],
    }
)
class PlaceField(serializers.Field):
    """An address as a text, or with its point."""

    default_error_messages = {"invalid": 'Send an address, or {{"address": "…", "lat": 50.85, "lng": 4.35}}.'}

    def to_internal_value(self, data: Any) -> Place:
        if isinstance(data, str):
            data = {"address": data}
        if not isinstance(data, dict):
            self.fail("invalid")
        given = PLACE_INPUT.run_validation(data)
        lat, lng = point_in(given)
        return Place(address=given["address"], address_notes=given.get("notes", ""), lat=lat, lng=lng)


@extend_schema_field({"type": "integer", "enum": list(METHODS), "nullable": True})
class MethodField(WordField):
    """A payment method by its number."""

    zero_is_none = True

    def __init__(self) -> None:
        super().__init__(list(METHODS), help_text="1 cash, 2 wallet, 3 transfer, 4 mollie, 5 fake.", **OPTIONAL)


def degrees(most: int) -> DegreesField:
    return DegreesField(min_value=-most, max_value=most, **OPTIONAL)


class PlaceInput(DialectInput):
    """An address, its point by short names, or by those in which it is read."""

    address = LineField(max_length=300)
    notes = ParagraphField(max_length=300, **OPTIONAL)
    lat = degrees(90)
    lng = degrees(180)
    latitude = degrees(90)
    longitude = degrees(180)


PLACE_INPUT = PlaceInput()


def point_in(given: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """Latitude and longitude, by either of their names; one alone is no point."""
    lat, lng = given.get("lat", given.get("latitude")), given.get("lng", given.get("longitude"))
    return (None, None) if lat is None or lng is None else (lat, lng)


class OptionInput(DialectInput):
    """A choice; `position` is the half that it covers."""

    option_id = IdField()
    quantity = WholeField(min_value=1, max_value=MOST_QUANTITY, **OPTIONAL)
    position = WordField(choices=["whole", "left", "right"], **OPTIONAL)
    text = ParagraphField(max_length=200, **OPTIONAL)


class ExtraInput(DialectInput):
    extra_id = IdField()
    quantity = WholeField(min_value=1, max_value=MOST_QUANTITY, **OPTIONAL)


class ItemInput(DialectInput):
    """A product and what was chosen for it; `without` are ids of ingredients to leave out."""

    product_id = IdField()
    quantity = WholeField(min_value=1, max_value=MOST_QUANTITY, **OPTIONAL)
    notes = ParagraphField(max_length=300, **OPTIONAL)
    options = OptionInput(many=True, max_length=MOST_CHOICES, **OPTIONAL)  # type: ignore[call-arg]
    extras = ExtraInput(many=True, max_length=MOST_CHOICES, **OPTIONAL)  # type: ignore[call-arg]
    without = serializers.ListField(child=IdField(), max_length=MOST_CHOICES, **OPTIONAL)


class PartInput(DialectInput):
    """What is ordered of one vendor. With `delivery_address_id` (a saved address) or `delivery_address` it is brought.

    Without either it is collected.
    """

    texts = AS_TEXT

    type = TypeField(
        choices=list(TYPES),
        help_text=f"One of {', '.join(TYPES)}, in any case; derived from the content if it is left out.",
        **OPTIONAL,
    )
    vendor_id = IdField(**OPTIONAL)
    vendor_location_id = IdField(help_text="The same as vendor_id: a vendor has one location.", **OPTIONAL)
    delivery_address_id = IdField(help_text="Without it the service takes place at the vendor's.", **OPTIONAL)
    delivery_address = PlaceField(help_text="Instead of delivery_address_id, or as saved under it.", **OPTIONAL)
    sub_total = amount()
    discount = amount()
    delivery_fee = amount()
    tax = amount()
    total = amount()
    items = ItemInput(many=True, allow_empty=False, max_length=MOST_ITEMS, **OPTIONAL)  # type: ignore[call-arg]
    notes = ParagraphField(max_length=500, **OPTIONAL)
    coupon_code = LineField(max_length=40, **OPTIONAL)
    scheduled_at = MomentField(
        help_text="For later. For a service: when it starts, by default at its first free time.", **OPTIONAL
    )
    package_type_id = IdField(**OPTIONAL)
    pickup_location_id = IdField(help_text="The id of a saved address.", **OPTIONAL)
    dropoff_location_id = IdField(help_text="The id of a saved address.", **OPTIONAL)
    pickup_address = PlaceField(**OPTIONAL)
    dropoff_address = PlaceField(**OPTIONAL)
    weight = MeasureField(
        places=3, min_value=Decimal("0.001"), max_value=Decimal("99999.999"), help_text="Kilograms.", **OPTIONAL
    )
    width = centimetres()
    length = centimetres()
    height = centimetres()
    recipient_name = LineField(max_length=120, **OPTIONAL)
    recipient_phone = LocalPhoneField(**OPTIONAL)
    service_id = IdField(**OPTIONAL)


class QuoteInput(PartInput):
    """An order to be priced; with `data` of several vendors, whose amounts then stand in each part and here in sum."""

    data = PartInput(many=True, allow_empty=False, max_length=MOST_PARTS, **OPTIONAL)  # type: ignore[assignment, call-arg]
    payment_gateway_method_id = MethodField()
    payment_method = WordField(
        choices=METHOD_NAMES,
        help_text="The payment method by its name, instead of payment_gateway_method_id.",
        **OPTIONAL,
    )
    saved_payment_method_id = IdField(**OPTIONAL)


PHOTO = {"type": "string", "nullable": True, "description": "Base64 or a data URI; a web address is not fetched."}


@extend_schema_field(PHOTO)
class PhotoField(serializers.Field):
    """A photo as a text. The parser takes it out of the body (parsing.PhotoJsonParser)."""


@extend_schema_field(
    {"oneOf": [PHOTO, {"type": "array", "nullable": True, "maxItems": MOST_PHOTOS, "items": PHOTO}], "nullable": True}
)
class PhotosField(serializers.Field):
    """Several of them."""


class CreateOrderInput(QuoteInput):
    """An order. A payment method is required, unless a photo proves that it was paid: then it is a transfer."""

    photo = PhotoField(required=False)
    photos = PhotosField(required=False)


class CreateOrderForm(QuoteInput):
    """The same as a form: `items`, `data` and places as JSON; or all of it as JSON in a part `CreateOrderInput`."""

    photo = serializers.FileField(required=False)
    photos = serializers.ListField(child=serializers.FileField(), max_length=MOST_PHOTOS, required=False)


class DeliveryFeeInput(DialectInput):
    """From which vendor to where: a saved address, another one, or a point."""

    texts = AS_TEXT

    vendor_id = IdField(**OPTIONAL)
    vendor_location_id = IdField(**OPTIONAL)
    delivery_address_id = IdField(**OPTIONAL)
    delivery_address = PlaceField(help_text="Instead of delivery_address_id, or as saved under it.", **OPTIONAL)
    latitude = degrees(90)
    longitude = degrees(180)
    lat = degrees(90)
    lng = degrees(180)


class UpdateOrderInput(DialectInput):
    """What changes of an order; a value that it has already changes nothing."""

    texts = AS_TEXT

    status = WordField(choices=[word.value for word in Word], **OPTIONAL)
    payment_method = WordField(choices=METHOD_NAMES, **OPTIONAL)
    payment_gateway_method_id = MethodField()
    payment_status = WordField(
        choices=sorted(set(PAYMENT_WORDS.values())),
        help_text="Paid: cash or a transfer was received. Failed: the photos do not prove the payment.",
        **OPTIONAL,
    )
    driver_id = IdField(
        help_text="Offers the order to this driver. A driver who sends its own id takes the order.", **OPTIONAL
    )
    delivery_address = PlaceField(help_text="As it is read: it is not changed here.", **OPTIONAL)
    reason = ParagraphField(max_length=300, help_text="The reason for which it is cancelled or has failed.", **OPTIONAL)
    code = LineField(max_length=200, help_text="The collection code, or another proof.", **OPTIONAL)


class TrackOrder(DialectInput):
    code = LineField(max_length=100)


class ListParameters(DialectInput):
    """The filters of the list (rows 25–28)."""

    zero_is_no_id = False

    driver_id = IdField(required=False, help_text="The orders of this driver.")
    vendor_id = IdField(required=False, help_text="The orders of this vendor.")
    vendor_type_id = IdField(required=False, help_text="The orders of vendors of this type.")
    status = WordField(choices=[word.value for word in Word], required=False, help_text="In any case.")
    type = WordField(
        choices=["history", "assigned"], required=False, help_text="history: closed orders; assigned: open orders."
    )
    page = WholeField(min_value=1, max_value=10**9, default=1)
    per_page = PageSizeField()
