"""What orders of some kinds show besides: the package, and the booking."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from orders.checkout import Place
from orders.kinds import booking_of, package_of
from orders.models import Order, Package
from ordersite.web.serializers import LocationField
from ordersite.web.views import render


class StopOutput(serializers.Serializer):
    """Where a package is fetched, or brought."""

    address = serializers.CharField()
    address_notes = serializers.CharField()
    location = LocationField()


class PackageOutput(serializers.Serializer):
    """What is carried: weight in grams, sides in millimetres."""

    package_type = serializers.IntegerField(source="package_type_id", allow_null=True)
    name = serializers.CharField(source="type_name", help_text="The type's name when the order was placed.")
    pickup = serializers.SerializerMethodField()
    dropoff = serializers.SerializerMethodField()
    recipient_name = serializers.CharField()
    recipient_phone = serializers.CharField()
    weight = serializers.IntegerField()
    width = serializers.IntegerField(allow_null=True)
    length = serializers.IntegerField(allow_null=True)
    height = serializers.IntegerField(allow_null=True)

    @extend_schema_field(StopOutput)
    def get_pickup(self, package: Package) -> Any:
        place = Place(
            address=package.pickup_address,
            address_notes=package.pickup_notes,
            lat=package.pickup_lat,
            lng=package.pickup_lng,
        )
        return render(StopOutput, place)

    @extend_schema_field(StopOutput)
    def get_dropoff(self, package: Package) -> Any:
        return render(StopOutput, package.order)


class BookingOutput(serializers.Serializer):
    """What is booked, for when, and where it takes place."""

    service = serializers.IntegerField(source="service_id")
    name = serializers.CharField(source="service_name", help_text="The service's name when the order was placed.")
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    place = serializers.CharField(help_text="At whose place: vendor or customer.")


class OfKind(serializers.Serializer):
    """What orders of one kind have besides, null for all others: a statement for those, none for these."""

    package = serializers.SerializerMethodField()
    booking = serializers.SerializerMethodField()

    @extend_schema_field(PackageOutput(allow_null=True))
    def get_package(self, order: Order) -> Any:
        package = package_of(order)
        return render(PackageOutput, package) if package else None

    @extend_schema_field(BookingOutput(allow_null=True))
    def get_booking(self, order: Order) -> Any:
        booking = booking_of(order)
        return render(BookingOutput, booking) if booking else None
