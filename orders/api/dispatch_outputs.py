"""An order as a driver or company sees it that could take it."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from orders.api.outputs import CALLED, NamedOutput
from orders.fields import FulfilmentField, StatusField
from orders.reading.order_view import OrderView
from ordersite.web.serializers import LocationField, MoneyField
from ordersite.web.views import render


class OfferStop(serializers.Serializer):
    """Where it is fetched, or brought."""

    address = serializers.CharField()
    location = LocationField()


class OfferOutput(serializers.Serializer):
    """An order that the driver or company could take now; who gets it is told to whoever has taken it."""

    id = serializers.IntegerField()
    number = serializers.IntegerField(help_text="Numbered for each vendor, day and delivery type.")
    called = serializers.CharField(help_text=CALLED)
    kind = serializers.CharField()
    delivery_type = FulfilmentField(source="fulfilment")
    status = StatusField()
    version = serializers.IntegerField(help_text="The version of the order, which is its ETag for If-Match.")
    vendor = NamedOutput()
    time_zone = serializers.CharField(
        source="vendor.time_zone", help_text="The vendor's time zone, in which people there read the times."
    )
    pickup = serializers.SerializerMethodField(
        help_text="The vendor's address, or the address where a package is picked up."
    )
    dropoff = OfferStop(source="place")
    distance = serializers.IntegerField(allow_null=True, help_text="From the pick-up to the drop-off, in metres.")
    total = MoneyField()
    driver_tip = MoneyField()
    payment_method = serializers.CharField()
    payment_status = serializers.CharField()
    placed_at = serializers.DateTimeField()
    prepared_at = serializers.DateTimeField(
        allow_null=True, help_text="When it was ready to be picked up; null if it is not yet."
    )
    deliver_at = serializers.DateTimeField(
        allow_null=True, help_text="The time that the customer asked for; null for as soon as possible."
    )
    estimated_at = serializers.DateTimeField(allow_null=True)
    is_named = serializers.BooleanField(read_only=True, help_text="Whether the order is offered to this driver alone.")
    answer_by = serializers.DateTimeField(
        read_only=True,
        allow_null=True,
        help_text="Until when it may be answered; null where it is on offer to everybody until one accepts.",
    )

    @extend_schema_field(OfferStop)
    def get_pickup(self, order: OrderView) -> Any:
        return render(OfferStop, order.package.pickup if order.package else order.vendor)
