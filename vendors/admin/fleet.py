"""Driver companies and drivers."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from ordersite.web.shown import ComparingAdmin, ComparingInline
from vendors.admin.bases import UserFormSet
from vendors.models import Company, Dispatcher, Driver


class DispatcherInline(ComparingInline):
    model = Dispatcher
    formset = UserFormSet
    autocomplete_fields = ["user"]
    extra = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet[Dispatcher]:
        return super().get_queryset(request).select_related("user", "company")


class DriverInline(ComparingInline):
    model = Driver
    formset = UserFormSet
    fields = ["user", "name", "phone", "on_duty"]
    autocomplete_fields = ["user"]
    extra = 0
    show_change_link = True
    # To leave the company is a change of the driver: its deliveries stay.
    can_delete = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Driver]:
        return super().get_queryset(request).select_related("user")


@admin.register(Company)
class CompanyAdmin(ComparingAdmin):
    """A driver company with those who dispatch and those who drive for it."""

    list_display = ["name"]
    search_fields = ["name"]
    inlines = [DispatcherInline, DriverInline]


@admin.register(Driver)
class DriverAdmin(ComparingAdmin):
    """For a company, as a vendor's own courier, or, without either, for the site."""

    list_display = ["name", "user", "phone", "company", "vendor", "on_duty"]
    list_select_related = ["user", "company", "vendor"]
    list_filter = ["on_duty", ("company", admin.RelatedOnlyFieldListFilter)]
    search_fields = ["name", "phone", "user__email"]
    autocomplete_fields = ["user", "company", "vendor"]
