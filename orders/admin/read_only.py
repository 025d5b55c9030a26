"""What these pages share: nothing is added, changed or deleted; counting is cheap; nonsense in a URL is no fault."""

from typing import Any, ClassVar

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from ordersite.backoffice.row_choosers import row_id
from ordersite.backoffice.selections import VersionedAdmin


class ReadOnlyAdmin(VersionedAdmin):
    """Shows rows to those who may view them; the services are their only writers."""

    actions: Any = None
    fields: ClassVar[Any] = None
    readonly_fields: ClassVar[Any] = ()
    sortable_by: ClassVar[Any] = ()
    list_per_page = 50

    class Media:
        css = {"all": ["admin-orders.css"]}

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        return super().get_object(request, object_id, from_field) if row_id(object_id) else None

    def missing(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Leads to the list from the page of a row that does not exist."""
        messages.warning(request, f"There is no {self.opts.verbose_name} {object_id[:40]}.")
        return HttpResponseRedirect(reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"))
