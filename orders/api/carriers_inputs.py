"""What drivers send about themselves, and customers who come to collect."""

from typing import Any

from rest_framework import serializers

from orders.lifecycle.positions import Fix
from ordersite.web.serializers import DegreesField, Input, LineField, LocationInput, MeasureField

MOST_POSITIONS = 100
MOST_METRES = 100_000
# What makes a fix.
FIX = ("lat", "lng", "accuracy", "at")


class DutyInput(Input):
    """Whether the driver takes new orders."""

    on_duty = serializers.BooleanField()


class PositionInput(LocationInput):
    """Where a device was, and when."""

    accuracy = MeasureField(min_value=0, max_value=MOST_METRES)
    heading = MeasureField(min_value=0, max_value=360, required=False, allow_null=True)
    speed = MeasureField(min_value=0, max_value=1000, required=False, allow_null=True)
    at = serializers.DateTimeField()


class PositionsInput(Input):
    """Several of them, which a lost link has kept back."""

    positions = PositionInput(many=True, allow_empty=False, max_length=MOST_POSITIONS)  # type: ignore[call-arg]


class CustomerPositionInput(Input):
    """Where the customer is, with its accuracy and time; or the place where it waits; or both."""

    lat = DegreesField(min_value=-90, max_value=90, required=False)
    lng = DegreesField(min_value=-180, max_value=180, required=False)
    accuracy = MeasureField(min_value=0, max_value=MOST_METRES, required=False)
    at = serializers.DateTimeField(required=False)
    place = LineField(max_length=60, allow_blank=True, required=False, help_text="Where it waits, such as bay 3.")

    def validate(self, attrs: Any) -> Any:
        if "place" in attrs and len(attrs) == 1:
            return attrs
        missing = {name: self.fields[name].error_messages["required"] for name in FIX if name not in attrs}
        if missing:
            raise serializers.ValidationError(missing, "required")
        return attrs


def as_fix(data: dict[str, Any]) -> Fix:
    """The fix of a PositionInput, or of a CustomerPositionInput that has one."""
    return Fix(**{name: value for name, value in data.items() if name != "place"})
