"""What anybody with a tracking code reads of an order."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from orders.api.outputs import (
    CALLED,
    DRIVER_POSITION,
    ESTIMATE,
    ESTIMATED_FOR,
    ESTIMATED_HELP,
    EstimateOutput,
    NamedOutput,
    PositionOutput,
    WithMilestones,
)
from orders.fields import FulfilmentField, StatusField
from orders.reading.order_view import OrderView
from ordersite.web.serializers import LocationField, Output


class TrackItem(Output):
    name = serializers.CharField()
    quantity = serializers.IntegerField()


class TrackVendor(NamedOutput):
    phone = serializers.CharField()
    address = serializers.CharField()
    city = serializers.CharField()
    location = LocationField()


class TrackedOutput(WithMilestones):
    """What anybody with the code may know: of persons no more than a first name."""

    number = serializers.IntegerField()
    called = serializers.CharField(help_text=CALLED)
    status = StatusField()
    version = serializers.IntegerField()
    delivery_type = FulfilmentField(source="fulfilment")
    placed_at = serializers.DateTimeField()
    deliver_at = serializers.DateTimeField(allow_null=True)
    estimated_at = serializers.DateTimeField(allow_null=True)
    estimated_for = serializers.ChoiceField(ESTIMATED_FOR, allow_null=True, read_only=True, help_text=ESTIMATED_HELP)
    estimate = EstimateOutput(allow_null=True, help_text=ESTIMATE)
    kind = serializers.CharField()
    reason_code = serializers.CharField(
        read_only=True, allow_null=True, help_text="Why it was refused, cancelled or could not be delivered."
    )
    vendor = TrackVendor()
    customer = serializers.CharField(read_only=True, source="contact.name", help_text="First name.")
    driver = serializers.SerializerMethodField(help_text="First name.")
    driver_position = PositionOutput(allow_null=True, read_only=True, help_text=DRIVER_POSITION)
    tracking_number = serializers.CharField()
    carrier = serializers.CharField()
    items = TrackItem(many=True, source="lines")

    @extend_schema_field({"type": "string", "nullable": True})
    def get_driver(self, order: OrderView) -> str | None:
        return order.driver.name if order.driver and order.driver_accepted_at else None


class TrackOutput(TrackedOutput):
    """The order; by the code of several that were bought together the one that is least far, and all in `orders`."""

    orders = serializers.SerializerMethodField()

    @extend_schema_field(TrackedOutput(many=True))
    def get_orders(self, order: OrderView) -> list[Any]:
        return []
