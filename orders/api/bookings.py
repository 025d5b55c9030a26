"""When a service can be booked."""

from datetime import time

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from orders.models import Booking
from orders.services.capacity.bookings import FreeTime, free_times
from ordersite.accounts.authentication import caller_of
from ordersite.core.faults import NotFound
from ordersite.web.pagination import whole_number
from ordersite.web.problems import BadRequest
from ordersite.web.queries import given_day
from ordersite.web.views import READS, ApiView, render
from vendors.hours import DAY, moment
from vendors.models import Service, Vendor
from vendors.permissions import visible_vendor
from vendors.services.bookable import places_of, services_at
from vendors.services.openings import last_day

DAYS, MOST_DAYS = 7, 14


class FreeTimeOutput(serializers.Serializer):
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    left = serializers.IntegerField(help_text="How many more bookings this time can take.")


class FreeTimesOutput(serializers.Serializer):
    """The free times of a service at one of its places."""

    service = serializers.IntegerField()
    place = serializers.CharField(help_text="At whose place: vendor or customer.")
    duration_minutes = serializers.IntegerField()
    time_zone = serializers.CharField()
    times = FreeTimeOutput(many=True)


class ServiceTimesView(ApiView):
    permission_classes = [AllowAny]
    public = READS

    @extend_schema(
        parameters=[
            OpenApiParameter("from", OpenApiTypes.DATE, description="The first day; the vendor's today by default."),
            OpenApiParameter("days", {"type": "integer", "minimum": 1, "maximum": MOST_DAYS, "default": DAYS}),
            OpenApiParameter(
                "place",
                {"type": "string", "enum": Booking.Place.values},
                description="By default at the vendor's, if it is offered there.",
            ),
        ],
        responses=FreeTimesOutput,
    )
    def get(self, request: Request, vendor_id: int, service_id: int) -> Response:
        """The times at which a service is free, and how often each can still be booked."""
        vendor = visible_vendor(Vendor.objects.all(), vendor_id, caller_of(request))
        service = services_at(vendor.pk).filter(pk=service_id).first()
        if service is None:
            raise NotFound()
        service.vendor = vendor
        place = given_place(request, service)
        return Response(
            render(
                FreeTimesOutput,
                {
                    "service": service.pk,
                    "place": place,
                    "duration_minutes": service.duration_minutes,
                    "time_zone": vendor.time_zone,
                    "times": times_from(request, service, place),
                },
            )
        )


def given_place(request: Request, service: Service) -> Booking.Place:
    """The parameter `place`; raises BadRequest for one at which the service is not offered."""
    offered = places_of(service)
    given = request.query_params.get("place", offered[0] if offered else "")
    if given not in offered:
        raise BadRequest(
            "?place", "not_offered", f"{service.name} is only offered for {' or '.join(offered)}: send that as place."
        )
    return Booking.Place(given)


def times_from(request: Request, service: Service, place: Booking.Place) -> list[FreeTime]:
    """The free times that the parameters `from` and `days` ask for."""
    days, now, zone = whole_number(request, "days", DAYS, MOST_DAYS), timezone.now(), service.vendor.zone
    today = now.astimezone(zone).date()
    day = given_day(request, "from") or today
    # Days that are over or beyond what it takes have no times, and may be too far for the calendar to reckon with.
    if not today - MOST_DAYS * DAY <= day <= last_day(service.vendor, now):
        return []
    return free_times(service, place, first=moment(day, time.min, zone), days=days, now=now)
