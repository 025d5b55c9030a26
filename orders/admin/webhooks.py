"""Webhook endpoints and their log. Endpoints are added by the API, which tells the secret (orders.api.webhooks)."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from orders.admin.read_only import ReadOnlyAdmin
from orders.admin.service_calls import caller_of_request
from orders.models import WebhookDelivery, WebhookEndpoint
from orders.services.outgoing.deliveries import send_test
from orders.services.outgoing.endpoints import change_endpoint, get_endpoint
from ordersite.accounts.callers import Caller
from ordersite.accounts.rights import Right, has_right
from ordersite.accounts.scoping import EverywhereAdmin
from ordersite.core.faults import Refusal
from ordersite.web.problems import as_problem


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(EverywhereAdmin, ReadOnlyAdmin):
    """Shows endpoints, switches them off and on, and sends them tests."""

    list_display = ["url", "merchant", "user", "created_at", "delivered_at", "failing_since", "disabled_at"]
    list_select_related = ["merchant", "user"]
    list_filter = ["disabled_why"]
    search_fields = ["url", "merchant__name"]
    fields: ClassVar[Any] = [*list_display, "disabled_why", "types", "missed_since", "previous_until", "created_by"]
    readonly_fields: ClassVar[Any] = fields
    actions: Any = ["test", "switch_off", "switch_on"]
    # What the worker keeps of an endpoint that works.
    volatile = ("delivered_at", "failing_since")

    def has_manage_permission(self, request: HttpRequest) -> bool:
        user: Any = request.user
        return has_right(user, Right.MANAGE_WEBHOOKS)

    def do_each(self, request: HttpRequest, rows: QuerySet[WebhookEndpoint], act: Callable[[Caller, int], Any]) -> None:
        """Does something with each of the endpoints; what is refused is a message, and stays as it was."""
        caller = caller_of_request(request)
        for row in rows.order_by("pk"):
            try:
                with transaction.atomic():
                    act(caller, row.pk)
            except Refusal as refused:
                messages.warning(request, f"{row}: {as_problem(refused).detail}")
            else:
                messages.success(request, f"{row}: done.")

    @admin.action(description="Send a test", permissions=["manage"])
    def test(self, request: HttpRequest, queryset: QuerySet[WebhookEndpoint]) -> None:
        self.do_each(request, queryset, lambda caller, pk: send_test(get_endpoint(caller, pk, lock=True)))

    @admin.action(description="Switch off", permissions=["manage"])
    def switch_off(self, request: HttpRequest, queryset: QuerySet[WebhookEndpoint]) -> None:
        self.do_each(request, queryset, lambda caller, pk: change_endpoint(caller, pk, enabled=False))

    @admin.action(description="Switch on", permissions=["manage"])
    def switch_on(self, request: HttpRequest, queryset: QuerySet[WebhookEndpoint]) -> None:
        self.do_each(request, queryset, lambda caller, pk: change_endpoint(caller, pk, enabled=True))


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(EverywhereAdmin, ReadOnlyAdmin):
    """The log of all endpoints."""

    list_display = ["message", "endpoint", "created_at", "tries", "answered", "failure", "due_at", "delivered_at"]
    list_select_related = ["message", "endpoint"]
    search_fields = ["endpoint__url"]
    fields: ClassVar[Any] = [*list_display, "tried_at", "milliseconds"]
    readonly_fields: ClassVar[Any] = fields
    # What the worker keeps of each try.
    volatile = ("tries", "answered", "failure", "due_at", "delivered_at", "tried_at", "milliseconds")
