"""What orders of some kinds show besides: the package, and the booking."""

from rest_framework import serializers

from ordersite.web.serializers import LocationField, Output


class StopOutput(Output):
    """Where a package is fetched, or brought."""

    address = serializers.CharField()
    address_notes = serializers.CharField()
    location = LocationField()


class PackageOutput(Output):
    """What is carried: weight in grams, sides in millimetres."""

    package_type = serializers.IntegerField(source="package_type_id", allow_null=True)
    name = serializers.CharField(source="type_name", help_text="The type's name when the order was placed.")
    pickup = StopOutput(read_only=True)
    dropoff = StopOutput(read_only=True)
    recipient_name = serializers.CharField()
    recipient_phone = serializers.CharField()
    weight = serializers.IntegerField()
    width = serializers.IntegerField(allow_null=True)
    length = serializers.IntegerField(allow_null=True)
    height = serializers.IntegerField(allow_null=True)


class BookingOutput(Output):
    """What is booked, for when, and where it takes place."""

    service = serializers.IntegerField(source="service_id")
    name = serializers.CharField(source="service_name", help_text="The service's name when the order was placed.")
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    place = serializers.CharField(help_text="At whose place: vendor or customer.")


class OfKind(Output):
    """What orders of one kind have besides, null for all others: a statement for those, none for these."""

    package = PackageOutput(read_only=True, allow_null=True)
    booking = BookingOutput(read_only=True, allow_null=True)
