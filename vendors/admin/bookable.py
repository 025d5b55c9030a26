"""Services to book, with their hours, and the packages that a vendor carries."""

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from ordersite.backoffice.amounts import AmountsAdmin
from ordersite.backoffice.asking import AskingAdmin
from vendors.admin.bases import announce_and_warn, changed_rows
from vendors.admin.scoping import ScopedAdmin
from vendors.admin.week import WeekFormSet, WeekInline, WeekRowForm
from vendors.models import PackageType, Service, ServiceHours


class OfferedAdmin(ScopedAdmin, AskingAdmin, AmountsAdmin):
    """Something that a vendor offers apart from its menu. The vendor is chosen once: what was ordered stays its own."""

    # As a change of its rows is announced.
    announced: str
    kept_instead = "Untick “Is active” on its page instead."
    list_select_related = ["vendor"]
    list_filter = ["is_active", ("vendor", admin.RelatedOnlyFieldListFilter)]
    search_fields = ["name", "vendor__name"]
    autocomplete_fields = ["vendor"]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        standing = ["vendor"] if obj else []
        return [*super().get_readonly_fields(request, obj), *standing]

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        is_changed = form.changed_data or any(map(changed_rows, formsets))
        announce_and_warn(request, form.instance.vendor_id, {self.announced} if is_changed else ())

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        super().delete_model(request, obj)
        announce_and_warn(request, obj.vendor_id, {self.announced})

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        with transaction.atomic():
            vendor_ids = sorted(set(queryset.order_by().values_list("vendor_id", flat=True)))
            super().delete_queryset(request, queryset)
            for vendor_id in vendor_ids:
                announce_and_warn(request, vendor_id, {self.announced})


class ServiceHoursInline(WeekInline):
    """Without a row it can be booked whenever the vendor is open."""

    model = ServiceHours
    form = WeekRowForm
    formset = WeekFormSet
    extra = 7


@admin.register(Service)
class ServiceAdmin(OfferedAdmin):
    """Something to book. One that was booked is not deleted but switched off."""

    announced = "services"
    list_display = ["name", "vendor", "price", "duration_minutes", "capacity", "at_vendor", "at_customer"]
    list_display += ["is_active"]
    inlines = [ServiceHoursInline]
    fieldsets = [
        (None, {"fields": ["vendor", "name", "description", "position", "is_active"]}),
        ("Price", {"fields": ["price", "tax_rate"]}),
        ("Booking", {"fields": ["duration_minutes", "capacity", "at_vendor", "at_customer"]}),
    ]


@admin.register(PackageType)
class PackageTypeAdmin(OfferedAdmin):
    """A kind of package, what carrying it costs, and how far it goes."""

    announced = "package_types"
    list_display = ["name", "vendor", "price", "max_weight", "max_side", "max_distance", "is_active"]
    fieldsets = [
        (None, {"fields": ["vendor", "name", "description", "position", "is_active"]}),
        ("Price", {"fields": ["price", "per_km", "per_kg", "tax_rate"]}),
        ("At most", {"fields": ["max_weight", "max_side", "max_distance"]}),
    ]
