"""Driver companies and drivers."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from ordersite.accounts.scoping import EverywhereAdmin, acts_everywhere
from ordersite.backoffice.comparing import ComparingAdmin, ComparingInline
from vendors.admin.bases import UserFormSet, gives
from vendors.admin.scoping import ScopedAdmin
from vendors.models import Company, Dispatcher, Driver
from vendors.permissions import CARRIERS
from vendors.services.drivers import announce_on_duty

# The fields of a driver by which other orders are on offer to it.
WHAT_IS_OFFERED = {"on_duty", "company", "vendor"}


class DispatcherInline(ComparingInline):
    model = Dispatcher
    formset = UserFormSet
    autocomplete_fields = ["user"]
    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return gives(request, CARRIERS) and super().has_add_permission(request, obj)

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

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return gives(request, CARRIERS) and super().has_add_permission(request, obj)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Driver]:
        return super().get_queryset(request).select_related("user").filter(left_at=None)


@admin.register(Company)
class CompanyAdmin(EverywhereAdmin, ComparingAdmin):
    """A driver company with those who dispatch and those who drive for it."""

    change_form_template = "admin/vendors/change_form.html"

    list_display = ["name"]
    search_fields = ["name"]
    inlines = [DispatcherInline, DriverInline]
    kept_instead = "Take its drivers off under “People” instead."

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Company | None = None,
    ) -> HttpResponse:
        if obj is not None and gives(request, CARRIERS) and request.user.has_perm("vendors.add_driver"):
            context["people"] = reverse("company_people", args=[obj.pk])
        return super().render_change_form(request, context, add, change, form_url, obj)


@admin.register(Driver)
class DriverAdmin(ScopedAdmin, ComparingAdmin):
    """For a company, as a vendor's own courier, or, without either, for the site.

    Who a driver is stays; for whom it drives is settled by who holds what a driver may do.
    """

    list_display = ["name", "user", "phone", "company", "vendor", "on_duty"]
    list_select_related = ["user", "company", "vendor"]
    list_filter = ["on_duty", ("company", admin.RelatedOnlyFieldListFilter)]
    search_fields = ["name", "phone", "user__email"]
    autocomplete_fields = ["user", "company", "vendor"]
    kept_instead = "Untick “On duty” on its page, or “Is active” on that of its user, instead."

    def get_readonly_fields(self, request: HttpRequest, obj: Driver | None = None) -> list[str]:
        settled = [] if gives(request, CARRIERS) else ["company", "vendor"]
        standing = ["user"] if obj else []
        # Who has left comes back by an invitation.
        left = ["on_duty", "company", "vendor"] if obj and obj.left_at else []
        return [*super().get_readonly_fields(request, obj), *standing, *settled, *left]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return gives(request, CARRIERS) and super().has_add_permission(request)

    def save_model(self, request: HttpRequest, obj: Driver, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if obj.on_duty and (not change or WHAT_IS_OFFERED & set(form.changed_data)):
            announce_on_duty(obj.pk)

    def has_delete_permission(self, request: HttpRequest, obj: Driver | None = None) -> bool:
        return acts_everywhere(request) and super().has_delete_permission(request, obj)
