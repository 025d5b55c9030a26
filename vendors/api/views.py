"""The catalogue: vendors, their menus and slots."""

from datetime import date, datetime, time, timedelta

from django.db.models import Prefetch, QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import AllowAny, IsAuthenticatedOrReadOnly
from rest_framework.request import Request
from rest_framework.response import Response

from ordersite.accounts.callers import Caller, caller_of
from ordersite.accounts.rights import Right
from ordersite.web.pagination import paginate
from ordersite.web.problems import Invalid, NotFound
from ordersite.web.schema import PAGE_PARAMETERS, ordering_parameter, page_of
from ordersite.web.serializers import MAX_ID
from ordersite.web.views import READS, ApiView, parse, render
from vendors.api.filters import DELIVERY_TYPES, delivery_type_of, filtered
from vendors.api.menus import menu_as_json
from vendors.api.serializers import (
    MenuOutput,
    SlotsOutput,
    UnservedOrderOutput,
    VendorChangedOutput,
    VendorInput,
    VendorOutput,
    VendorSummaryOutput,
    VendorTypeOutput,
)
from vendors.hours import moment
from vendors.models import DeliveryZone, Stock, Vendor, VendorType
from vendors.permissions import serves
from vendors.services.menus import menu_of
from vendors.services.openings import Slot, last_day, slots_with_room
from vendors.services.vendors import update_vendor

# So many orders that cannot be served an answer names; the back-office lists all.
MOST_UNSERVED = 100
DELIVERY_TYPE_SCHEMA = {"type": "string", "enum": list(DELIVERY_TYPES)}


def visible_vendor(rows: QuerySet[Vendor], vendor_id: int, caller: Caller) -> Vendor:
    """The vendor; raises NotFound for one switched off, but for its own people and staff."""
    vendor = rows.filter(pk=vendor_id).first()
    if vendor is None or not (vendor.is_active or serves(caller, Right.VIEW_VENDORS, vendor_id)):
        raise NotFound
    return vendor


def detailed() -> QuerySet[Vendor]:
    zones = DeliveryZone.objects.filter(is_active=True).select_related("vendor")
    return Vendor.objects.select_related("type").prefetch_related(
        "opening_hours", Prefetch("delivery_zones", queryset=zones, to_attr="active_zones")
    )


class VendorTypesView(ApiView):
    permission_classes = [AllowAny]
    public = READS

    @extend_schema(parameters=[*PAGE_PARAMETERS, ordering_parameter("id", "name")], responses=page_of(VendorTypeOutput))
    def get(self, request: Request) -> Response:
        """The kinds of vendors there are."""
        return paginate(
            request,
            VendorType.objects.all(),
            lambda row: render(VendorTypeOutput, row),
            orderings={"id": ("id",), "name": ("name", "id")},
            default="name",
        )


class VendorsView(ApiView):
    permission_classes = [AllowAny]
    public = READS

    @extend_schema(
        parameters=[
            *PAGE_PARAMETERS,
            ordering_parameter("id", "name"),
            OpenApiParameter("type", {"type": "integer", "format": "int64", "minimum": 1, "maximum": MAX_ID}),
            OpenApiParameter("q", {"type": "string", "maxLength": 120}, description="A part of the vendor's name."),
            OpenApiParameter("city", {"type": "string", "maxLength": 80}),
            OpenApiParameter("delivery_type", DELIVERY_TYPE_SCHEMA, description="Its name, or its number from 1 to 5."),
            OpenApiParameter(
                "open_now",
                {"type": "boolean"},
                description="Only vendors that take orders now: for delivery_type if it is given, otherwise for any "
                "delivery type.",
            ),
        ],
        responses=page_of(VendorSummaryOutput),
    )
    def get(self, request: Request) -> Response:
        """The vendors that are active."""
        rows = filtered(request, Vendor.objects.filter(is_active=True))
        return paginate(
            request,
            rows.select_related("type").prefetch_related("opening_hours"),
            lambda row: render(VendorSummaryOutput, row),
            orderings={"id": ("id",), "name": ("name", "id")},
            default="name",
        )


class VendorView(ApiView):
    permission_classes = [IsAuthenticatedOrReadOnly]
    public = READS

    @extend_schema(responses=VendorOutput)
    def get(self, request: Request, vendor_id: int) -> Response:
        """All that is public of a vendor."""
        return Response(render(VendorOutput, visible_vendor(detailed(), vendor_id, caller_of(request))))

    @extend_schema(request=VendorInput, responses=VendorChangedOutput)
    def patch(self, request: Request, vendor_id: int) -> Response:
        """Pause the vendor, or tell customers that it takes longer; by its people and staff."""
        caller = caller_of(request)
        vendor = visible_vendor(detailed(), vendor_id, caller)
        unserved = update_vendor(vendor=vendor, caller=caller, **parse(VendorInput, request.data, partial=True))
        told = [render(UnservedOrderOutput, order) for order in unserved[:MOST_UNSERVED]]
        return Response({**render(VendorOutput, vendor), "cannot_serve": told})


class VendorMenuView(ApiView):
    permission_classes = [AllowAny]
    public = READS

    @extend_schema(responses=MenuOutput)
    def get(self, request: Request, vendor_id: int) -> Response:
        """The whole menu in one call."""
        vendor = visible_vendor(Vendor.objects.all(), vendor_id, caller_of(request))
        left = dict(Stock.objects.filter(product__vendor=vendor).values_list("product_id", "quantity"))
        return Response(menu_as_json(menu_of(vendor), prices_include_tax=vendor.prices_include_tax, left=left))


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
            raise Invalid(
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


def given_day(request: Request, name: str = "date") -> date | None:
    """A day among the query's parameters; raises Invalid for what is no date."""
    text = request.query_params.get(name)
    if text is None:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError as error:
        raise Invalid(f"?{name}", "invalid", "Send a date such as 2026-07-31.") from error
