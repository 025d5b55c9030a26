"""Drivers with their positions, and what became of a report."""

from rest_framework import serializers

from orders.api.outputs import NamedOutput, PositionOutput
from orders.lifecycle.positions import Ignored
from ordersite.web.serializers import Output


class FleetDriverOutput(Output):
    """A driver, with what it carries and where it is."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    phone = serializers.CharField()
    on_duty = serializers.BooleanField(help_text="Whether the driver takes new orders.")
    company = NamedOutput(allow_null=True, help_text="The company that the driver drives for.")
    vendor = NamedOutput(allow_null=True, help_text="The vendor whose courier the driver is.")
    carried = serializers.IntegerField(help_text="How many open orders the driver has accepted.")
    position = PositionOutput(
        allow_null=True, help_text="Null before the first report, and while the driver is off duty and carries nothing."
    )


class IgnoredOutput(serializers.Serializer):
    """A position that changed nothing."""

    index = serializers.IntegerField(help_text="Its place in what was sent, from 0.")
    reason = serializers.ChoiceField(choices=[(one.value, one.value) for one in Ignored])


class PositionsReported(serializers.Serializer):
    """How many positions were taken; the others are well formed, and changed nothing."""

    accepted = serializers.IntegerField(help_text="How many of them were taken.")
    ignored = IgnoredOutput(many=True)


class CustomerPositionReported(PositionsReported):
    """The same for a customer, with the place where it waits."""

    place = serializers.CharField(help_text="Where the customer waits, as it said itself; empty if it did not.")
