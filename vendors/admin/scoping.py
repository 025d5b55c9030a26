"""Pages of the back-office on which somebody sees the rows of its vendors alone, unless it acts everywhere."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from ordersite.accounts.scoping import acts_everywhere
from vendors.models import Vendor, VendorType
from vendors.permissions import vendors_of_user

# Named by rows of vendors, and the same for all of them.
SHARED = (VendorType,)


def own_vendors(request: HttpRequest) -> QuerySet[Vendor]:
    """The vendors for which who asks has its rights."""
    user: Any = request.user
    return vendors_of_user(user)


def within(request: HttpRequest, rows: QuerySet[Any], vendor_path: str) -> QuerySet[Any]:
    """Those of the rows that belong to the vendors of who asks, by the path that leads from a row to its vendor."""
    return (
        rows if acts_everywhere(request) else rows.filter(**{f"{vendor_path}__in": own_vendors(request).values("pk")})
    )


class LimitedChoices(admin.options.BaseModelAdmin):
    """What may be chosen in a form is what the pages of those rows would show; of what has no such page, nothing."""

    def limit_choices(self, request: HttpRequest, field: Any) -> Any:
        if field is None or acts_everywhere(request):
            return field
        rows: QuerySet[Any] = field.queryset
        page = self.admin_site._registry.get(rows.model)
        if isinstance(page, ScopedAdmin):
            field.queryset = within(request, rows, page.vendor_path)
        elif rows.model not in SHARED:
            field.queryset = rows.none()
        return field

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field: Any = self.limit_choices(request, super().formfield_for_foreignkey(db_field, request, **kwargs))
        if field is not None and db_field.name == "vendor" and not acts_everywhere(request):
            # What belongs to no vendor in particular would hold for all.
            field.required = True
        return field

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        return self.limit_choices(request, super().formfield_for_manytomany(db_field, request, **kwargs))


class ScopedAdmin(LimitedChoices, admin.ModelAdmin):
    """Lists, pages, histories, searches, choosers, actions and deletions all begin with `get_queryset`."""

    vendor_path: ClassVar[str] = "vendor"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return within(request, super().get_queryset(request), self.vendor_path)


class ScopedInline(LimitedChoices, admin.TabularInline):
    """Rows of a row that its page has limited: only what they name is left to limit."""
