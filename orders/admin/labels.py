"""This instance's names for statuses."""

from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from orders.admin import display
from orders.models import StatusLabel
from orders.services.moving.labels import add_label, change_label, delete_label
from ordersite.accounts.scoping import EverywhereAdmin, caller_of_request
from ordersite.backoffice.comparing import ComparingAdmin
from ordersite.core.faults import Refusal
from ordersite.web.problems import as_problem


@admin.register(StatusLabel)
class StatusLabelAdmin(EverywhereAdmin, ComparingAdmin):
    """Written by the service that the API calls too."""

    list_display = ["name", "stands_on", "message", "position"]
    search_fields = ["name", "message"]
    fields = ["name", "core_status", "message", "position"]

    class Media:
        css = {"all": ["admin-orders.css"]}

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """A refusal of the service (a name taken in the same moment) is a message."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except Refusal as refused:
            problem = as_problem(refused)
            messages.error(request, problem.errors[0]["detail"] if problem.errors else problem.detail)
            return HttpResponseRedirect(request.path)

    def save_model(self, request: HttpRequest, obj: StatusLabel, form: Any, change: bool) -> None:
        given, caller = form.cleaned_data, caller_of_request(request)
        fields = {name: given[name] for name in form.changed_data if name in self.fields}
        if change:
            change_label(caller=caller, label_id=obj.pk, fields=fields)
        else:
            wanted = {name: given[name] for name in ("name", "core_status", "message")}
            obj.pk = add_label(caller=caller, position=fields.get("position"), **wanted).pk

    def delete_model(self, request: HttpRequest, obj: StatusLabel) -> None:
        delete_label(caller=caller_of_request(request), label_id=obj.pk)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[StatusLabel]) -> None:
        caller = caller_of_request(request)
        with transaction.atomic():
            for label_id in list(queryset.values_list("pk", flat=True)):
                delete_label(caller=caller, label_id=label_id)

    @admin.display(description="core status", ordering="core_status")
    def stands_on(self, label: StatusLabel) -> str:
        return display.status_badge(label.core_status)
