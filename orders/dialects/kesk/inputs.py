"""What Kesk's clients send. A field that is null counts as left out: their generated clients send every field."""

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from orders.checkout import MOST_CHOICES, MOST_ITEMS, MOST_PARTS, MOST_QUANTITY, Place
from orders.dialects.kesk.words import METHODS, PAYMENT_WORDS, TYPES, Word
from ordersite.web.multipart import MOST_PHOTOS
from ordersite.web.pagination import MOST, PER_PAGE
from ordersite.web.serializers import (
    MAX_ID,
    DegreesField,
    IdField,
    Input,
    LineField,
    ParagraphField,
    PhoneField,
    StrictIntegerField,
)
from vendors.models import PAYMENT_METHODS

OPTIONAL: dict[str, Any] = {"required": False, "allow_null": True}


class KeskInput(Input):
    """Refuses what it does not know; null is nothing."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            data = {name: value for name, value in data.items() if value is not None}
        return super().to_internal_value(data)


@extend_schema_field({"type": "number", "minimum": 0})
class NumberField(serializers.DecimalField):
    """A number, or a decimal text; the noise of a double (24.299999999999997) is rounded away."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, float) and math.isfinite(data):
            data = round(data, 6)
        return super().to_internal_value(data)


def amount() -> NumberField:
    """An amount in the vendor's currency, to be compared with what the server reckons."""
    return NumberField(max_digits=16, decimal_places=3, min_value=0, **OPTIONAL)


def centimetres() -> NumberField:
    return NumberField(max_digits=6, decimal_places=1, min_value=Decimal("0.1"), help_text="Centimetres.", **OPTIONAL)


class WordField(serializers.ChoiceField):
    """One of some words, in any case."""

    def to_internal_value(self, data: Any) -> str:
        folded = {choice.lower(): choice for choice in self.choices}
        if not isinstance(data, str) or data.lower() not in folded:
            self.fail("invalid_choice", input=data if isinstance(data, str | int) else type(data).__name__)
        return folded[data.lower()]


@extend_schema_field({"type": "string", "nullable": True})
class TypeField(WordField):
    """The kind of an order."""


COORDINATE = {"type": "number", "nullable": True}


@extend_schema_field(
    {
        "nullable": True,
        "oneOf": [
            {"type": "string", "maxLength": 300, "description": "The address; its point is that of the saved one."},
            {
                "type": "object",
                "required": ["address"],
                "additionalProperties": False,
                "properties": {
                    "address": {"type": "string", "maxLength": 300},
                    "notes": {"type": "string", "maxLength": 300},
                    "lat": COORDINATE,
                    "lng": COORDINATE,
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
        return Place(
            address=given["address"], address_notes=given.get("notes", ""), lat=given.get("lat"), lng=given.get("lng")
        )


@extend_schema_field({"type": "integer", "enum": list(METHODS), "nullable": True})
class MethodField(serializers.ChoiceField):
    """A payment method by its number."""

    def __init__(self) -> None:
        super().__init__(list(METHODS), help_text="1 cash, 2 wallet, 3 transfer, 4 mollie, 5 fake.", **OPTIONAL)


class PlaceInput(KeskInput):
    address = LineField(max_length=300)
    notes = ParagraphField(max_length=300, allow_blank=True, **OPTIONAL)
    lat = DegreesField(min_value=-90, max_value=90, **OPTIONAL)
    lng = DegreesField(min_value=-180, max_value=180, **OPTIONAL)


PLACE_INPUT = PlaceInput()


class OptionInput(KeskInput):
    """A choice; `position` is the half that it covers."""

    option_id = IdField()
    quantity = StrictIntegerField(min_value=1, max_value=MOST_QUANTITY, **OPTIONAL)
    position = serializers.ChoiceField(choices=["whole", "left", "right"], **OPTIONAL)
    text = ParagraphField(max_length=200, allow_blank=True, **OPTIONAL)


class ExtraInput(KeskInput):
    extra_id = IdField()
    quantity = StrictIntegerField(min_value=1, max_value=MOST_QUANTITY, **OPTIONAL)


class ItemInput(KeskInput):
    """A product and what was chosen for it; `without` are ids of ingredients to leave out."""

    product_id = IdField()
    quantity = StrictIntegerField(min_value=1, max_value=MOST_QUANTITY, **OPTIONAL)
    notes = ParagraphField(max_length=300, allow_blank=True, **OPTIONAL)
    options = OptionInput(many=True, max_length=MOST_CHOICES, **OPTIONAL)  # type: ignore[call-arg]
    extras = ExtraInput(many=True, max_length=MOST_CHOICES, **OPTIONAL)  # type: ignore[call-arg]
    without = serializers.ListField(child=IdField(), max_length=MOST_CHOICES, **OPTIONAL)


class PartInput(KeskInput):
    """What is ordered of one vendor. With `delivery_address_id` (a saved address) it is brought, without collected."""

    type = TypeField(
        choices=list(TYPES),
        help_text=f"One of {', '.join(TYPES)}, in any case; found from the content where it is left out.",
        **OPTIONAL,
    )
    vendor_id = IdField(**OPTIONAL)
    vendor_location_id = IdField(help_text="The same as vendor_id: a vendor is one location.", **OPTIONAL)
    delivery_address_id = IdField(help_text="A service without one takes place at the vendor's.", **OPTIONAL)
    sub_total = amount()
    discount = amount()
    delivery_fee = amount()
    tax = amount()
    total = amount()
    items = ItemInput(many=True, allow_empty=False, max_length=MOST_ITEMS, **OPTIONAL)  # type: ignore[call-arg]
    notes = ParagraphField(max_length=500, allow_blank=True, **OPTIONAL)
    coupon_code = LineField(max_length=40, allow_blank=True, **OPTIONAL)
    scheduled_at = serializers.DateTimeField(help_text="For later; when a service begins.", **OPTIONAL)
    package_type_id = IdField(**OPTIONAL)
    pickup_location_id = IdField(help_text="A saved address.", **OPTIONAL)
    dropoff_location_id = IdField(help_text="A saved address.", **OPTIONAL)
    pickup_address = PlaceField(**OPTIONAL)
    dropoff_address = PlaceField(**OPTIONAL)
    weight = NumberField(max_digits=8, decimal_places=3, min_value=Decimal("0.001"), help_text="Kilograms.", **OPTIONAL)
    width = centimetres()
    length = centimetres()
    height = centimetres()
    recipient_name = LineField(max_length=120, **OPTIONAL)
    recipient_phone = PhoneField(**OPTIONAL)
    service_id = IdField(**OPTIONAL)


class QuoteInput(PartInput):
    """An order to be priced; with `data` of several vendors, whose amounts then stand in each part and here in sum."""

    data = PartInput(many=True, allow_empty=False, max_length=MOST_PARTS, **OPTIONAL)  # type: ignore[assignment, call-arg]
    payment_gateway_method_id = MethodField()
    payment_method = WordField(choices=PAYMENT_METHODS, help_text="The same by its name.", **OPTIONAL)
    saved_payment_method_id = IdField(**OPTIONAL)


PHOTO = {"type": "string", "nullable": True, "description": "Base64 or a data URI; never an address."}


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


class DeliveryFeeInput(KeskInput):
    """From which vendor to where: a saved address, or a point."""

    vendor_id = IdField()
    vendor_location_id = IdField(**OPTIONAL)
    delivery_address_id = IdField(**OPTIONAL)
    latitude = DegreesField(min_value=-90, max_value=90, **OPTIONAL)
    longitude = DegreesField(min_value=-180, max_value=180, **OPTIONAL)


class UpdateOrderInput(KeskInput):
    """What changes of an order; a value that it has already changes nothing."""

    status = WordField(choices=[word.value for word in Word], **OPTIONAL)
    payment_method = WordField(choices=PAYMENT_METHODS, **OPTIONAL)
    payment_gateway_method_id = MethodField()
    payment_status = WordField(
        choices=sorted(set(PAYMENT_WORDS.values())),
        help_text="Paid: cash or a transfer was received. Failed: the photos do not prove it.",
        **OPTIONAL,
    )
    driver_id = IdField(help_text="Offers the order to this driver.", **OPTIONAL)
    reason = ParagraphField(max_length=300, help_text="Why, where it is cancelled or has failed.", **OPTIONAL)
    code = LineField(max_length=200, help_text="The collection code, or another proof.", **OPTIONAL)


class TrackOrder(KeskInput):
    code = LineField(max_length=100)


class IdParameter(serializers.IntegerField):
    """An id in a query."""

    def __init__(self) -> None:
        super().__init__(min_value=1, max_value=MAX_ID, required=False)


class ListParameters(serializers.Serializer):
    """The filters of the list (rows 25–28). A parameter that is empty counts as left out, one not known as nothing."""

    driver_id = IdParameter()
    vendor_id = IdParameter()
    vendor_type_id = IdParameter()
    status = WordField(choices=[word.value for word in Word], required=False, help_text="In any case.")
    type = serializers.ChoiceField(
        choices=["history", "assigned"], required=False, help_text="history: closed; assigned: open."
    )
    page = serializers.IntegerField(min_value=1, max_value=10**9, default=1)
    per_page = serializers.IntegerField(min_value=1, max_value=MOST, default=PER_PAGE)

    def to_internal_value(self, data: Mapping[str, Any]) -> Any:
        return super().to_internal_value({name: value for name, value in data.items() if value != ""})
