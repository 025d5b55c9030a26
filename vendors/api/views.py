"""The catalogue: vendors and their menus."""

from django.db.models import Prefetch, QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import AllowAny, IsAuthenticatedOrReadOnly
from rest_framework.request import Request
from rest_framework.response import Response

from ordersite.accounts.authentication import caller_of
from ordersite.web.pagination import paginate
from ordersite.web.schema import PAGE_PARAMETERS, ordering_parameter, page_schema
from ordersite.web.serializers import MAX_ID
from ordersite.web.views import READS, ApiView, parse, render
from vendors.api.filters import filtered
from vendors.api.menus import menu_as_json
from vendors.api.serializers import (
    MenuOutput,
    UnservedOrderOutput,
    VendorChangedOutput,
    VendorInput,
    VendorOutput,
    VendorSummaryOutput,
    VendorTypeOutput,
)
from vendors.delivery_types import DELIVERY_TYPE_SCHEMA
from vendors.models import DeliveryZone, Stock, Vendor, VendorType
from vendors.permissions import visible_vendor
from vendors.services.menus import menu_of
from vendors.services.vendors import update_vendor

# So many orders that cannot be served an answer names; the back-office lists all.
MOST_UNSERVED = 100


def detailed() -> QuerySet[Vendor]:
    zones = DeliveryZone.objects.filter(is_active=True).select_related("vendor")
    return Vendor.objects.select_related("type").prefetch_related(
        "opening_hours", Prefetch("delivery_zones", queryset=zones, to_attr="active_zones")
    )


class VendorTypesView(ApiView):
    permission_classes = [AllowAny]
    public = READS

    @extend_schema(
        parameters=[*PAGE_PARAMETERS, ordering_parameter("id", "name")], responses=page_schema(VendorTypeOutput)
    )
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
        responses=page_schema(VendorSummaryOutput),
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
    devices = ("GET", "PATCH")

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
    devices = ("GET",)

    @extend_schema(responses=MenuOutput)
    def get(self, request: Request, vendor_id: int) -> Response:
        """The whole menu in one call."""
        vendor = visible_vendor(Vendor.objects.all(), vendor_id, caller_of(request))
        left = dict(Stock.objects.filter(product__vendor=vendor).values_list("product_id", "quantity"))
        return Response(menu_as_json(menu_of(vendor), prices_include_tax=vendor.prices_include_tax, left=left))
