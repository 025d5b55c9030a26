"""What Kesk's clients read: plain values by a few functions, described by serializers for the document."""

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from orders.dialects.kesk.words import METHODS, PAYMENT_WORDS, Word
from orders.models import Kind

AMOUNT = {"type": "number", "format": "double"}


@extend_schema_field(AMOUNT)
class AmountField(serializers.Field):
    """An amount in the order's currency."""


@extend_schema_field({"type": "string", "enum": [word.value for word in Word]})
class StatusField(serializers.Field):
    """One of the nine."""


@extend_schema_field({"type": "string", "enum": sorted(set(PAYMENT_WORDS.values()))})
class PaymentStatusField(serializers.Field):
    """Whether it is paid."""


@extend_schema_field({"type": "string", "enum": sorted(Kind.values)})
class TypeField(serializers.Field):
    """What is ordered."""


@extend_schema_field({"type": "integer", "enum": list(METHODS)})
class MethodField(serializers.Field):
    """How it is paid: 1 cash, 2 wallet, 3 transfer, 4 mollie, 5 fake."""


class NamedOutput(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()


class VendorOutput(NamedOutput):
    phone = serializers.CharField()
    address = serializers.CharField()
    city = serializers.CharField()
    latitude = serializers.FloatField(allow_null=True)
    longitude = serializers.FloatField(allow_null=True)


class VendorWithImage(VendorOutput):
    image = serializers.URLField(allow_null=True)


class UserOutput(NamedOutput):
    """The customer; of one who is merely a candidate's, a first name."""

    phone = serializers.CharField()
    email = serializers.CharField()


class DriverOutput(NamedOutput):
    phone = serializers.CharField()


class PlaceOutput(serializers.Serializer):
    address = serializers.CharField()
    notes = serializers.CharField()
    latitude = serializers.FloatField(allow_null=True)
    longitude = serializers.FloatField(allow_null=True)


class OptionOutput(serializers.Serializer):
    id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=["option", "extra", "without"])
    name = serializers.CharField()
    quantity = serializers.IntegerField()
    position = serializers.ChoiceField(choices=["whole", "left", "right"])
    text = serializers.CharField()
    total = AmountField()


class ItemOutput(serializers.Serializer):
    """A line; `price` is of the product alone, `total` with its options."""

    id = serializers.IntegerField()
    product_id = serializers.IntegerField(allow_null=True)
    name = serializers.CharField()
    image = serializers.URLField(allow_null=True)
    quantity = serializers.IntegerField()
    price = AmountField()
    total = AmountField()
    discount = AmountField()
    tax = AmountField()
    notes = serializers.CharField()
    options = OptionOutput(many=True)


class PackageOutput(serializers.Serializer):
    """Weight in kilograms, sides in centimetres."""

    package_type_id = serializers.IntegerField(allow_null=True)
    name = serializers.CharField()
    pickup = PlaceOutput()
    dropoff = PlaceOutput()
    recipient_name = serializers.CharField()
    recipient_phone = serializers.CharField()
    weight = serializers.FloatField()
    width = serializers.FloatField(allow_null=True)
    length = serializers.FloatField(allow_null=True)
    height = serializers.FloatField(allow_null=True)


class ServiceOutput(serializers.Serializer):
    service_id = serializers.IntegerField()
    name = serializers.CharField()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    place = serializers.ChoiceField(choices=["vendor", "customer"])


class PaymentOutput(serializers.Serializer):
    """What pays for the order; `photos` are addresses, read with the same bearer."""

    id = serializers.IntegerField()
    payment_method = serializers.CharField()
    payment_status = PaymentStatusField()
    amount = AmountField()
    refunded = AmountField()
    paid_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)
    failure = serializers.CharField()
    checkout_url = serializers.URLField(allow_null=True)
    photos = serializers.ListField(child=serializers.URLField())


class HistoryOutput(serializers.Serializer):
    """An entry: what happened, as what the order read after it, and who did it."""

    event = serializers.CharField()
    status = StatusField()
    by = serializers.CharField()
    reason_code = serializers.CharField()
    reason = serializers.CharField()
    created_at = serializers.DateTimeField()


class OrderListItem(serializers.Serializer):
    """An order in a list. `code` follows it without a login: for its customer and staff."""

    id = serializers.IntegerField()
    code = serializers.CharField(allow_null=True)
    number = serializers.CharField(help_text="The number that people read, counted for each vendor and day.")
    type = TypeField()
    order_category = serializers.ChoiceField(choices=["commerce", "package", "service"])
    status = StatusField()
    payment_status = PaymentStatusField()
    payment_method = serializers.CharField()
    payment_gateway_method_id = MethodField()
    total = AmountField()
    currency = serializers.CharField(help_text="ISO 4217.")
    item_count = serializers.IntegerField()
    vendor = VendorWithImage()
    user = UserOutput()
    driver = DriverOutput(allow_null=True)
    is_ongoing = serializers.BooleanField()
    is_completed = serializers.BooleanField()
    is_scheduled = serializers.BooleanField()
    scheduled_at = serializers.DateTimeField(allow_null=True)
    estimated_delivery_time = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField(help_text="When the status last changed.")


class OrderDetail(OrderListItem):
    """An order as its reader may see it."""

    sub_total = AmountField()
    discount = AmountField()
    delivery_fee = AmountField()
    service_fee = AmountField()
    driver_tip = AmountField()
    tax = AmountField(help_text="Added to the prices.")
    tax_included = AmountField(help_text="Included in the prices.")
    refunded = AmountField()
    notes = serializers.CharField()
    items = ItemOutput(many=True)
    delivery_address = PlaceOutput(allow_null=True)
    package = PackageOutput(allow_null=True)
    service = ServiceOutput(allow_null=True)
    tracking_number = serializers.CharField()
    carrier = serializers.CharField()
    collection_code = serializers.CharField(allow_null=True)
    payments = PaymentOutput(many=True)
    history = HistoryOutput(many=True)
    allowed_statuses = serializers.ListField(
        child=serializers.CharField(), help_text="The statuses that you may set now."
    )


class OrderData(OrderDetail):
    orders = OrderDetail(many=True, help_text="All orders that were placed together, if there are several.")


class OrderResponse(serializers.Serializer):
    success = serializers.BooleanField()
    data = OrderData()  # type: ignore[assignment]


class PageMeta(serializers.Serializer):
    page = serializers.IntegerField()
    per_page = serializers.IntegerField()
    total = serializers.IntegerField()
    last_page = serializers.IntegerField()


class OrderListResponse(serializers.Serializer):
    success = serializers.BooleanField()
    data = OrderListItem(many=True)  # type: ignore[assignment]
    meta = PageMeta()


class TrackItem(serializers.Serializer):
    name = serializers.CharField()
    quantity = serializers.IntegerField()


class TrackDriver(serializers.Serializer):
    """A first name, and where the driver is while on the way with the order."""

    name = serializers.CharField()
    latitude = serializers.FloatField(allow_null=True)
    longitude = serializers.FloatField(allow_null=True)


class TrackedOrder(serializers.Serializer):
    number = serializers.CharField()
    status = StatusField()
    type = TypeField()
    estimated_delivery_time = serializers.DateTimeField(allow_null=True)
    scheduled_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
    vendor = VendorOutput()
    customer = serializers.CharField(help_text="The customer's first name.")
    driver = TrackDriver(allow_null=True)
    items = TrackItem(many=True)
    tracking_number = serializers.CharField()
    carrier = serializers.CharField()


class TrackData(TrackedOrder):
    orders = TrackedOrder(many=True, help_text="All orders that were placed together, if the code is for several.")


class TrackOrderResponse(serializers.Serializer):
    success = serializers.BooleanField()
    data = TrackData()  # type: ignore[assignment]


class QuoteItem(serializers.Serializer):
    product_id = serializers.IntegerField(allow_null=True)
    name = serializers.CharField()
    quantity = serializers.IntegerField()
    price = AmountField()
    total = AmountField()
    discount = AmountField()
    tax = AmountField()


class QuotePart(serializers.Serializer):
    vendor = NamedOutput()
    type = TypeField()
    currency = serializers.CharField()
    sub_total = AmountField()
    discount = AmountField()
    delivery_fee = AmountField()
    service_fee = AmountField()
    tax = AmountField()
    tax_included = AmountField()
    total = AmountField()
    distance = serializers.IntegerField(allow_null=True, help_text="Metres.")
    scheduled_at = serializers.DateTimeField(allow_null=True)
    items = QuoteItem(many=True)


class QuoteData(serializers.Serializer):
    """The sums of all vendors, and each vendor's in `vendors`."""

    currency = serializers.CharField()
    sub_total = AmountField()
    discount = AmountField()
    delivery_fee = AmountField()
    service_fee = AmountField()
    tax = AmountField()
    tax_included = AmountField()
    total = AmountField()
    vendors = QuotePart(many=True)


class QuoteResponse(serializers.Serializer):
    success = serializers.BooleanField()
    data = QuoteData()  # type: ignore[assignment]


class DeliveryFeeData(serializers.Serializer):
    delivery_fee = AmountField()
    currency = serializers.CharField()
    distance = serializers.IntegerField(allow_null=True, help_text="Metres.")
    zone = NamedOutput()
    minimum = AmountField(help_text="The smallest sub_total for delivery to this zone.")
    free_from = AmountField(allow_null=True, help_text="Delivery is free from this sub_total on.")


class DeliveryFeeResponse(serializers.Serializer):
    success = serializers.BooleanField()
    data = DeliveryFeeData()  # type: ignore[assignment]
