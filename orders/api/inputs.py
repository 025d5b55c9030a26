"""What clients send about orders."""

from typing import Any

from rest_framework import serializers

from orders.api.fields import AddressField, FulfilmentInputField, StatusInputField
from orders.models import OrderEvent
from orders.pricing import CartExtra, CartItem, CartOption
from orders.services.carts import Cart, Place
from orders.services.placing import Guest, Placing
from ordersite.web.serializers import (
    IdField,
    Input,
    LocationInput,
    MoneyField,
    PhoneField,
    StrictIntegerField,
)
from vendors.models import PAYMENT_METHODS

MOST_ITEMS = 100
MOST_CHOICES = 100
MOST_QUANTITY = 10_000


class OptionInput(Input):
    option = IdField()
    quantity = StrictIntegerField(min_value=1, max_value=MOST_QUANTITY, default=1)
    position = serializers.ChoiceField(choices=["whole", "left", "right"], default="whole")
    text = serializers.CharField(max_length=200, allow_blank=True, default="")


class ExtraInput(Input):
    extra = IdField()
    quantity = StrictIntegerField(min_value=1, max_value=MOST_QUANTITY, default=1)


class ItemInput(Input):
    """One product and what was chosen for it; `without` are ids of ingredients to leave out."""

    product = IdField()
    quantity = StrictIntegerField(min_value=1, max_value=MOST_QUANTITY, default=1)
    comment = serializers.CharField(max_length=300, allow_blank=True, default="")
    options = OptionInput(many=True, max_length=MOST_CHOICES, default=list)  # type: ignore[call-arg]
    extras = ExtraInput(many=True, max_length=MOST_CHOICES, default=list)  # type: ignore[call-arg]
    without = serializers.ListField(child=IdField(), max_length=MOST_CHOICES, default=list)


class CartInput(Input):
    """A cart for one vendor, to be priced or placed."""

    type = serializers.ChoiceField(choices=["regular"], required=False)
    vendor = IdField()
    items = ItemInput(many=True, allow_empty=False, max_length=MOST_ITEMS)  # type: ignore[call-arg]
    delivery_type = FulfilmentInputField()
    deliver_at = serializers.DateTimeField(required=False, allow_null=True)
    address = AddressField(required=False, allow_null=True)
    address_notes = serializers.CharField(max_length=300, allow_blank=True, default="")
    location = LocationInput(required=False, allow_null=True)
    delivery_zone = IdField(required=False, allow_null=True)
    payment_method = serializers.ChoiceField(choices=PAYMENT_METHODS, required=False)
    driver_tip = MoneyField(required=False, allow_null=True)
    cash = MoneyField(required=False, allow_null=True)
    currency = serializers.RegexField(r"^[A-Z]{3}$", required=False)
    total = MoneyField(required=False, allow_null=True)


class GuestInput(Input):
    """Who orders without an account."""

    name = serializers.CharField(max_length=120)
    phone = PhoneField(required=False, allow_blank=True, default="")
    email = serializers.EmailField(required=False, allow_blank=True, default="")
    address = serializers.CharField(max_length=300, allow_blank=True, default="")
    address_notes = serializers.CharField(max_length=300, allow_blank=True, default="")
    location = LocationInput(required=False, allow_null=True)

    def validate(self, attrs: Any) -> Any:
        if not attrs["phone"] and not attrs["email"]:
            message = "Send a phone or an email, so that the guest can be reached."
            raise serializers.ValidationError({"phone": [serializers.ErrorDetail(message, "required")]})
        return attrs


class PlaceInput(CartInput):
    """A cart to be placed."""

    payment_method = serializers.ChoiceField(choices=PAYMENT_METHODS)
    comment = serializers.CharField(max_length=500, allow_blank=True, default="")
    table = serializers.CharField(max_length=20, allow_blank=True, default="")
    vehicle = serializers.CharField(max_length=80, allow_blank=True, default="")
    locker = serializers.CharField(max_length=20, allow_blank=True, default="")
    external_code = serializers.CharField(max_length=100, required=False)
    customer = IdField(required=False, allow_null=True)
    guest = GuestInput(required=False, allow_null=True)


class TransitionInput(Input):
    """A change of status, by its target or by its name, and what its guards ask for."""

    to = StatusInputField(required=False)
    transition = serializers.CharField(max_length=40, required=False)
    reason_code = serializers.CharField(max_length=30, required=False, allow_blank=True, default="")
    reason = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")
    prepared_in = StrictIntegerField(min_value=1, max_value=10_080, required=False, allow_null=True)
    delivered_in = StrictIntegerField(min_value=1, max_value=10_080, required=False, allow_null=True)
    code = serializers.CharField(max_length=20, required=False, allow_blank=True, default="")
    proof = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")

    def validate(self, attrs: Any) -> Any:
        if "to" not in attrs and "transition" not in attrs:
            message = "Send `to` (a status) or `transition` (a name)."
            raise serializers.ValidationError({"to": [serializers.ErrorDetail(message, "required")]})
        return attrs


class ChangeInput(Input):
    """What can be changed of a placed order; only what is sent changes."""

    comment = serializers.CharField(max_length=500, allow_blank=True, required=False)
    address = serializers.CharField(max_length=300, required=False)
    address_notes = serializers.CharField(max_length=300, allow_blank=True, required=False)
    location = LocationInput(required=False)
    deliver_at = serializers.DateTimeField(required=False, allow_null=True)
    payment_method = serializers.ChoiceField(choices=PAYMENT_METHODS, required=False)
    driver = IdField(required=False, allow_null=True)
    self_delivery = serializers.BooleanField(required=False)
    driver_tip = MoneyField(required=False)
    cash = MoneyField(required=False, allow_null=True)
    prepared_in = StrictIntegerField(min_value=1, max_value=10_080, required=False)
    delivered_in = StrictIntegerField(min_value=1, max_value=10_080, required=False)
    reason_code = serializers.CharField(max_length=30, required=False, allow_blank=True)
    reason = serializers.CharField(max_length=500, required=False, allow_blank=True)


class TrackingNumberInput(Input):
    tracking_number = serializers.CharField(max_length=80)
    carrier = serializers.CharField(max_length=60, allow_blank=True, default="")


class NoteInput(Input):
    text = serializers.CharField(max_length=500)
    visible_to = serializers.ChoiceField(choices=OrderEvent.VisibleTo.values, default="everybody")


class LabelInput(Input):
    name = serializers.CharField(max_length=60)
    core_status = StatusInputField()
    message = serializers.CharField(max_length=300, allow_blank=True, default="")


class TrackInput(Input):
    code = serializers.CharField(max_length=100)


class TopUpInput(Input):
    customer = IdField()
    amount = MoneyField(minimum=1)
    text = serializers.CharField(max_length=200, allow_blank=True, default="")


def as_place(data: dict[str, Any]) -> Place:
    """Address and point of an order or a guest."""
    location = data.get("location") or {}
    address = data.get("address")
    return Place(
        address=address if isinstance(address, str) else "",
        address_notes=data.get("address_notes", ""),
        lat=location.get("lat"),
        lng=location.get("lng"),
    )


def as_cart(data: dict[str, Any]) -> Cart:
    """The validated input as the services know it."""
    address = data.get("address")
    return Cart(
        vendor_id=data["vendor"],
        items=[as_item(item) for item in data["items"]],
        fulfilment=data["delivery_type"],
        place=as_place(data),
        address_id=address if isinstance(address, int) else None,
        delivery_zone_id=data.get("delivery_zone"),
        deliver_at=data.get("deliver_at"),
        payment_method=data.get("payment_method", ""),
        driver_tip=data.get("driver_tip"),
        cash=data.get("cash"),
        total=data.get("total"),
        currency=data.get("currency", ""),
        comment=data.get("comment", ""),
        table=data.get("table", ""),
        vehicle=data.get("vehicle", ""),
        locker=data.get("locker", ""),
    )


def as_item(data: dict[str, Any]) -> CartItem:
    return CartItem(
        product=data["product"],
        quantity=data["quantity"],
        comment=data["comment"],
        options=[CartOption(**option) for option in data["options"]],
        extras=[CartExtra(**extra) for extra in data["extras"]],
        without=data["without"],
    )


def as_placing(data: dict[str, Any]) -> Placing:
    guest = data.get("guest")
    return Placing(
        cart=as_cart(data),
        external_code=data.get("external_code", ""),
        customer_id=data.get("customer"),
        guest=Guest(name=guest["name"], phone=guest["phone"], email=guest["email"], place=as_place(guest))
        if guest
        else None,
    )
