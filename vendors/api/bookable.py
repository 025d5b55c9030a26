"""What a vendor offers besides its menu: services to book, and packages that it carries."""

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from ordersite.accounts.authentication import caller_of
from ordersite.core.money import as_json
from ordersite.web.pagination import paginate
from ordersite.web.schema import PAGE_PARAMETERS, ordering_parameter, page_schema
from ordersite.web.serializers import MoneyField
from ordersite.web.views import READS, ApiView, render
from vendors.models import PackageType, Service, Vendor
from vendors.permissions import visible_vendor
from vendors.services.bookable import package_types_of, places_of, services_at

ORDERINGS = {"position": ("position", "id"), "name": ("name", "id"), "id": ("id",)}


class PricedOutput(serializers.Serializer):
    """A thing of a vendor's with a price and a tax rate."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    description = serializers.CharField()
    price = serializers.SerializerMethodField()
    tax_rate = serializers.SerializerMethodField(help_text="Percent, such as 6.00.")

    @extend_schema_field(MoneyField())
    def get_price(self, row: Service | PackageType) -> dict[str, str]:
        return as_json(row.price, row.vendor.currency)

    @extend_schema_field(serializers.CharField())
    def get_tax_rate(self, row: Service | PackageType) -> str:
        return f"{row.tax_rate // 100}.{row.tax_rate % 100:02}"


class ServiceHoursOutput(serializers.Serializer):
    """A span; one that closes at or before it opens ends on the next day."""

    weekday = serializers.IntegerField(min_value=0, max_value=6, help_text="0 is Monday.")
    opens = serializers.TimeField(format="%H:%M")
    closes = serializers.TimeField(format="%H:%M")


class ServiceOutput(PricedOutput):
    """A service to book; its free times are a call of their own."""

    duration_minutes = serializers.IntegerField()
    capacity = serializers.IntegerField(help_text="How many are booked for the same time at most.")
    places = serializers.SerializerMethodField(help_text="vendor: the customer comes; customer: the professional does.")
    hours = ServiceHoursOutput(many=True, source="hours.all", help_text="None: whenever the vendor is open.")

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_places(self, service: Service) -> list[str]:
        return places_of(service)


class PackageTypeOutput(PricedOutput):
    """A kind of package; carrying costs its price, and more for each kilometre and kilogram begun."""

    per_km = serializers.SerializerMethodField()
    per_kg = serializers.SerializerMethodField()
    max_weight = serializers.IntegerField(allow_null=True, help_text="Grams.")
    max_side = serializers.IntegerField(allow_null=True, help_text="Of the longest side, in millimetres.")
    max_distance = serializers.IntegerField(allow_null=True, help_text="From pick-up to drop-off, in metres.")

    @extend_schema_field(MoneyField())
    def get_per_km(self, package_type: PackageType) -> dict[str, str]:
        return as_json(package_type.per_km, package_type.vendor.currency)

    @extend_schema_field(MoneyField())
    def get_per_kg(self, package_type: PackageType) -> dict[str, str]:
        return as_json(package_type.per_kg, package_type.vendor.currency)


class VendorServicesView(ApiView):
    permission_classes = [AllowAny]
    public = READS

    @extend_schema(parameters=[*PAGE_PARAMETERS, ordering_parameter(*ORDERINGS)], responses=page_schema(ServiceOutput))
    def get(self, request: Request, vendor_id: int) -> Response:
        """What can be booked at the vendor."""
        vendor = visible_vendor(Vendor.objects.all(), vendor_id, caller_of(request))
        return render_kept_rows(request, services_at(vendor.pk).select_related("vendor"), ServiceOutput)


class VendorPackageTypesView(ApiView):
    permission_classes = [AllowAny]
    public = READS

    @extend_schema(
        parameters=[*PAGE_PARAMETERS, ordering_parameter(*ORDERINGS)], responses=page_schema(PackageTypeOutput)
    )
    def get(self, request: Request, vendor_id: int) -> Response:
        """What the vendor carries, and what that costs."""
        vendor = visible_vendor(Vendor.objects.all(), vendor_id, caller_of(request))
        return render_kept_rows(request, package_types_of(vendor.pk).select_related("vendor"), PackageTypeOutput)


def render_kept_rows(request: Request, rows: Any, output: type[serializers.Serializer]) -> Response:
    return paginate(request, rows, lambda row: render(output, row), orderings=ORDERINGS, default="position")
