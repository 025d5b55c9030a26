"""When an order may be for."""

from datetime import time, timedelta

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from orders.services.capacity.slots import Slot, slots_with_room
from ordersite.accounts.authentication import caller_of
from ordersite.web.problems import BadRequest
from ordersite.web.queries import given_day
from ordersite.web.views import READS, ApiView, render
from vendors.delivery_types import DELIVERY_TYPE_SCHEMA, delivery_type_of
from vendors.hours import moment
from vendors.models import FULFILMENTS, Vendor
from vendors.permissions import visible_vendor
from vendors.services.openings import last_day


class SlotOutput(serializers.Serializer):
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    left = serializers.IntegerField(
        allow_null=True, help_text="How many more orders this slot takes; null for any number."
    )
    full = serializers.BooleanField(help_text="The slot is full: choose another.")


class SlotsOutput(serializers.Serializer):
    """The slots of one day of the vendor's."""

    date = serializers.DateField()
    delivery_type = serializers.ChoiceField(choices=FULFILMENTS)
    time_zone = serializers.CharField()
    slots = SlotOutput(many=True)


class VendorSlotsView(ApiView):
    permission_classes = [AllowAny]
    public = READS

    @extend_schema(
        parameters=[
            OpenApiParameter("delivery_type", DELIVERY_TYPE_SCHEMA, required=True, description="Name or number."),
            OpenApiParameter(
                "date", {"type": "string", "format": "date"}, description="The vendor's today by default."
            ),
        ],
        responses=SlotsOutput,
    )
    def get(self, request: Request, vendor_id: int) -> Response:
        """When an order may be for on a day, in slots, and what is left of each where the vendor caps them."""
        delivery_type = delivery_type_of(request.query_params.get("delivery_type", ""))
        rows = Vendor.objects.prefetch_related("opening_hours")
        vendor = visible_vendor(rows, vendor_id, caller_of(request))
        if delivery_type not in vendor.fulfilments:
            raise BadRequest(
                "?delivery_type",
                "not_offered",
                f"{vendor.name} offers {', '.join(vendor.fulfilments)}: send one of them.",
            )
        now = timezone.now()
        today = now.astimezone(vendor.zone).date()
        day = given_day(request) or today
        found: list[Slot] = []
        # A day that is over or beyond what it takes has no slots, and may be too far for the calendar to reckon with.
        if today <= day <= last_day(vendor, now):
            first = moment(day, time.min, vendor.zone)
            found = slots_with_room(vendor, delivery_type, first=first, now=now)
        length = timedelta(minutes=vendor.slot_minutes)
        return Response(
            render(
                SlotsOutput,
                {
                    "date": day,
                    "delivery_type": delivery_type,
                    "time_zone": vendor.time_zone,
                    "slots": [
                        {
                            "starts_at": slot.starts_at,
                            "ends_at": slot.starts_at + length,
                            "left": slot.left,
                            "full": slot.full,
                        }
                        for slot in found
                    ],
                },
            )
        )
