"""How a vendor's kitchen is arranged, and what is out of stock."""

from datetime import datetime
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from ordersite.accounts.authentication import caller_of
from ordersite.accounts.callers import Caller
from ordersite.accounts.rights import Right
from ordersite.core.faults import NotFound
from ordersite.web.problems import ForbiddenProblem
from ordersite.web.serializers import IdField, Input, LineField, StrictIntegerField
from ordersite.web.views import ApiView, parse, render
from vendors.api.serializers import EndField
from vendors.models import Option, Product, Vendor
from vendors.permissions import serves
from vendors.services.availability import end_of_today, set_availability
from vendors.services.kitchens import change_station, create_station, delete_station, stations_of

MOST_IDS = 1000
TODAY = "today"


class StationInput(Input):
    name = LineField(max_length=40)
    position = StrictIntegerField(min_value=0, max_value=1000, required=False)
    categories = serializers.ListField(
        child=IdField(),
        max_length=MOST_IDS,
        required=False,
        help_text="Their products, but for those that are elsewhere.",
    )
    products = serializers.ListField(
        child=IdField(),
        max_length=MOST_IDS,
        required=False,
        help_text="Products of their own, whatever their category.",
    )


class StationOutput(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()
    position = serializers.IntegerField()
    categories = serializers.SerializerMethodField()
    products = serializers.SerializerMethodField()

    @extend_schema_field(serializers.ListField(child=serializers.IntegerField()))
    def get_categories(self, station: Any) -> list[int]:
        return sorted(row.pk for row in station.categories.all())

    @extend_schema_field(serializers.ListField(child=serializers.IntegerField()))
    def get_products(self, station: Any) -> list[int]:
        return sorted(row.pk for row in station.products.all())


class StationsOutput(serializers.Serializer):
    results = StationOutput(many=True)


@extend_schema_field(
    {
        "anyOf": [{"type": "string", "enum": [TODAY]}, {"type": "string", "format": "date-time"}],
        "nullable": True,
    }
)
class UntilField(EndField):
    """The same, or "today"."""

    default_error_messages = {
        "past": "This time has passed: send a later one, today, or null.",
        "too_far": "This is more than a year ahead: send an earlier time, today, or null.",
    }

    def to_internal_value(self, value: Any) -> Any:
        return value if value == TODAY else super().to_internal_value(value)


class OutOfStockInput(Input):
    until = UntilField(
        allow_null=True,
        help_text="When it can be ordered again: a time within a year, today (until the vendor's next business day "
        "begins), or null, until you say so.",
    )


class AvailabilityOutput(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()
    is_available = serializers.BooleanField()
    until = serializers.DateTimeField(
        source="unavailable_until", allow_null=True, help_text="When it is available again by itself; null: never."
    )


def get_vendor(vendor_id: int) -> Vendor:
    vendor = Vendor.objects.filter(pk=vendor_id).first()
    if vendor is None:
        raise NotFound()
    return vendor


class StationsView(ApiView):
    """The stations of a vendor's kitchen."""

    permission_classes = [IsAuthenticated]
    devices = ("GET",)

    @extend_schema(responses={200: StationsOutput}, operation_id="listStations")
    def get(self, request: Request, vendor_id: int) -> Response:
        """The stations, with the categories and products that each makes; for the vendor's people and staff."""
        vendor = get_vendor(vendor_id)
        if not serves(caller_of(request), Right.VIEW_VENDORS, vendor.pk):
            raise ForbiddenProblem("forbidden", "Only the people who work for this vendor see its stations.")
        return Response({"results": [render(StationOutput, station) for station in stations_of(vendor)]})

    @extend_schema(request=StationInput, responses={201: StationOutput}, operation_id="createStation")
    def post(self, request: Request, vendor_id: int) -> Response:
        """Add a station; by owners and managers."""
        given = parse(StationInput, request.data)
        station = create_station(vendor=get_vendor(vendor_id), caller=caller_of(request), **given)
        return Response(render(StationOutput, station), status=201)


class StationView(ApiView):
    """One station."""

    permission_classes = [IsAuthenticated]

    @extend_schema(request=StationInput, responses={200: StationOutput}, operation_id="changeStation")
    def patch(self, request: Request, vendor_id: int, station_id: int) -> Response:
        """Rename a station, or say what it makes: what is given to it leaves the station where it was."""
        given = parse(StationInput, request.data, partial=True)
        vendor, caller = get_vendor(vendor_id), caller_of(request)
        return Response(
            render(StationOutput, change_station(vendor=vendor, caller=caller, station_id=station_id, **given))
        )

    @extend_schema(responses={204: None}, operation_id="deleteStation")
    def delete(self, request: Request, vendor_id: int, station_id: int) -> Response:
        """Delete a station: what it made is shown at all of them."""
        delete_station(vendor=get_vendor(vendor_id), caller=caller_of(request), station_id=station_id)
        return Response(status=204)


def take_off(request: Request, vendor_id: int, part: type[Product | Option], pk: int) -> Response:
    """Takes a part of the menu off it, for as long as the request says."""
    until = parse(OutOfStockInput, request.data)["until"]
    vendor = get_vendor(vendor_id)
    moment = end_of_today(vendor, timezone.now()) if until == TODAY else until
    return put(vendor, caller_of(request), part, pk, is_available=False, until=moment)


def put_back(request: Request, vendor_id: int, part: type[Product | Option], pk: int) -> Response:
    return put(get_vendor(vendor_id), caller_of(request), part, pk, is_available=True, until=None)


def put(
    vendor: Vendor,
    caller: Caller,
    part: type[Product | Option],
    pk: int,
    *,
    is_available: bool,
    until: datetime | None,
) -> Response:
    row = set_availability(vendor=vendor, caller=caller, part=part, pk=pk, is_available=is_available, until=until)
    return Response(render(AvailabilityOutput, row))


class ProductStockView(ApiView):
    """A product that is out of stock."""

    permission_classes = [IsAuthenticated]
    devices = ("POST", "DELETE")

    @extend_schema(request=OutOfStockInput, responses={200: AvailabilityOutput}, operation_id="setProductOutOfStock")
    def post(self, request: Request, vendor_id: int, product_id: int) -> Response:
        """Take a product off the menu for a while; by the vendor's people and staff."""
        return take_off(request, vendor_id, Product, product_id)

    @extend_schema(request=None, responses={200: AvailabilityOutput}, operation_id="setProductInStock")
    def delete(self, request: Request, vendor_id: int, product_id: int) -> Response:
        """Put a product back on the menu."""
        return put_back(request, vendor_id, Product, product_id)


class OptionStockView(ApiView):
    """An option that is out of stock."""

    permission_classes = [IsAuthenticated]
    devices = ("POST", "DELETE")

    @extend_schema(request=OutOfStockInput, responses={200: AvailabilityOutput}, operation_id="setOptionOutOfStock")
    def post(self, request: Request, vendor_id: int, option_id: int) -> Response:
        """Take an option off the menu for a while; by the vendor's people and staff."""
        return take_off(request, vendor_id, Option, option_id)

    @extend_schema(request=None, responses={200: AvailabilityOutput}, operation_id="setOptionInStock")
    def delete(self, request: Request, vendor_id: int, option_id: int) -> Response:
        """Put an option back on the menu."""
        return put_back(request, vendor_id, Option, option_id)
