"""Bookings and packages: read-only, found by their order; a service's bookings by its name."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from orders.admin.purchases import order_link
from orders.admin.read_only import ReadOnlyAdmin
from orders.models import Booking, Package
from ordersite.backoffice.moments import write_moment
from ordersite.backoffice.row_choosers import row_id
from vendors.admin.scoping import ScopedAdmin
from vendors.models import Service

MOST_SERVICES = 100


class OfOrderAdmin(ScopedAdmin, ReadOnlyAdmin):
    """Rows that an order of some kind has besides, the newest first."""

    vendor_path = "order__vendor"
    ordering = ["-order"]
    search_fields = ["order__id"]

    @admin.display(description="order")
    def link(self, row: Booking | Package) -> str:
        return order_link(row.order_id)


@admin.register(Booking)
class BookingAdmin(OfOrderAdmin):
    """What is booked, and when. A time that is not held is free for others."""

    list_display = ["service_name", "vendor", "starts", "ends", "place", "is_held", "link"]
    list_select_related = ["service__vendor"]
    search_help_text = "An order's id, or a word of a service's name (active bookings only)"
    fields = readonly_fields = ["link", "service_name", "vendor", "starts", "ends", "place", "is_held"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Booking]:
        return super().get_queryset(request).select_related("service__vendor")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Booking], search_term: str
    ) -> tuple[QuerySet[Booking], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        if order_id := row_id(term.removeprefix("#")):
            return queryset.filter(order=order_id), False
        services = list(Service.objects.filter(name__icontains=term).order_by("pk")[:MOST_SERVICES])
        return queryset.filter(service__in=services, is_held=True), False

    @admin.display(description="vendor")
    def vendor(self, booking: Booking) -> str:
        return str(booking.service.vendor)

    @admin.display(description="from")
    def starts(self, booking: Booking) -> str:
        return write_moment(booking.starts_at, booking.service.vendor.zone, "D j M Y H:i")

    @admin.display(description="to")
    def ends(self, booking: Booking) -> str:
        return write_moment(booking.ends_at, booking.service.vendor.zone, "D j M Y H:i")


@admin.register(Package)
class PackageAdmin(OfOrderAdmin):
    """What is carried."""

    list_display = ["type_name", "link", "pickup_address", "recipient_name", "weight"]
    search_help_text = "An order's id"
    fields = readonly_fields = [
        *["link", "type_name", "pickup_address", "pickup_notes", "recipient_name", "recipient_phone"],
        *["weight", "width", "length", "height"],
    ]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Package], search_term: str
    ) -> tuple[QuerySet[Package], bool]:
        term = search_term.strip()
        return (queryset.filter(order=row_id(term.removeprefix("#")) or 0) if term else queryset), False
