"""Webhook endpoints and their log: added, changed, tried out, paused, and what was sent to them sent again."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

import ordersite.web.urls  # noqa: F401  registers <id:…>
from orders.admin.filters import StuckFilter
from orders.admin.forms import first_error
from orders.admin.read_only import ReadOnlyAdmin
from orders.admin.told_outside import badge_of
from orders.models import WebhookDelivery, WebhookEndpoint
from orders.models.outgoing import format_choices
from orders.reading.webhooks import deliveries_of
from orders.services.outgoing.addresses import MOST_CHARACTERS, find_target
from orders.services.outgoing.deliveries import redeliver, replay_missed, send_test
from orders.services.outgoing.endpoints import (
    BOTH_SIGN,
    add_endpoint,
    change_endpoint,
    delete_endpoint,
    get_endpoint,
    rotate_secret,
)
from orders.services.outgoing.formats import STANDARD, webhook_formats
from orders.services.record.outbox import TEST, TYPES
from ordersite.accounts.callers import Caller
from ordersite.accounts.rights import Right, has_right
from ordersite.accounts.scoping import EverywhereAdmin, caller_of_request
from ordersite.backoffice.moments import write_moment
from ordersite.backoffice.once import OnceForm, answer_once, keep_told, page_of_row, perform_form, take_told
from ordersite.backoffice.row_choosers import Chooser, row_id
from ordersite.core.faults import Refusal
from ordersite.core.others import release_connection
from ordersite.places.lookup import count_lookup
from ordersite.web.problems import as_problem
from vendors.models import Merchant

# Of the log, on an endpoint's page.
SHOWN = 20
# A test that nothing has become of for longer is not waited for any more.
AWAITED = timedelta(minutes=2)
# Why there was no answer, where what is kept of it is a code.
FAILURES = {
    "timeout": "no answer within 15 seconds",
    "private_address": "its address is not one of the public internet",
    "unresolved_host": "no server has this name",
}


class EndpointChangeForm(OnceForm):
    """What may be changed of an endpoint."""

    url = forms.CharField(
        label="Address", max_length=MOST_CHARACTERS, help_text="https, on the public internet: where it is told."
    )
    types = forms.MultipleChoiceField(label="Told of", widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        types: Any = self.fields["types"]
        types.choices = [
            (
                one.title,
                [(name, f"{name}: {TYPES[name].replace('`', '')}" if one is STANDARD else name) for name in one.names],
            )
            for one in self.formats()
        ]

    def formats(self) -> list[Any]:
        return list(webhook_formats().values())


class EndpointForm(EndpointChangeForm):
    format = forms.ChoiceField(
        choices=format_choices, initial=STANDARD.name, help_text="In whose shape it is told; choose types of its own."
    )
    merchant = forms.ModelChoiceField(
        Merchant.objects.all(),
        required=False,
        widget=Chooser(WebhookEndpoint._meta.get_field("merchant"), admin.site),
        help_text="Told of the orders of this merchant's vendors. Empty: the site's own, told of everything.",
    )
    field_order = ("key", "url", "merchant", "format", "types")


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(EverywhereAdmin, ReadOnlyAdmin):
    """Written by the services that the API calls too. An endpoint's page has its log, and buttons."""

    list_display = ["url", "format", "merchant", "user", "created_at", "delivered_at", "failing_since", "disabled_at"]
    list_select_related = ["merchant", "user"]
    list_filter: ClassVar[Any] = [StuckFilter, "disabled_why", "format"]
    search_fields = ["url", "merchant__name"]
    fields: ClassVar[Any] = [
        *list_display,
        "disabled_why",
        "types_in_words",
        "missed_since",
        "previous_until",
        "created_by",
    ]
    readonly_fields: ClassVar[Any] = fields
    actions: Any = ["test", "switch_off", "switch_on"]
    change_list_template = "admin/orders/webhookendpoint/change_list.html"
    change_form_template = "admin/orders/webhookendpoint/change_form.html"
    # What the worker keeps of an endpoint that works.
    volatile = ("delivered_at", "failing_since")

    @admin.display(description="told of")
    def types_in_words(self, endpoint: WebhookEndpoint) -> str:
        return ", ".join(endpoint.types)

    def has_manage_permission(self, request: HttpRequest) -> bool:
        user: Any = request.user
        return self.has_view_permission(request) and has_right(user, Right.MANAGE_WEBHOOKS)

    def get_urls(self) -> list[URLPattern]:
        wrap, name = self.admin_site.admin_view, "orders_webhookendpoint"
        return [
            path("new/", wrap(never_cache(self.new_view)), name=f"{name}_new"),
            path("<id:endpoint_id>/edit/", wrap(never_cache(self.edit_view)), name=f"{name}_edit"),
            path("<id:endpoint_id>/do/<slug:act>/", wrap(require_POST(self.act_view)), name=f"{name}_act"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return super().changelist_view(request, {"may_manage": self.has_manage_permission(request)})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Its columns, what was sent to it last and what came of that, and for who manages it the buttons."""
        row = self.get_object(request, object_id)
        if row is None or not self.has_view_permission(request):
            return super().change_view(request, object_id, form_url)
        log = list(deliveries_of(row).order_by("-pk")[:SHOWN])
        last_test = next((one for one in log if one.message.type == TEST), None)
        shown = {
            "told": take_told(request),
            "may_manage": self.has_manage_permission(request),
            "act_form": OnceForm(auto_id=False),
            "log": [(one, badge_of(one.state, one.state), failure_in_words(one)) for one in log],
            "test_told": test_in_words(last_test) if last_test else "",
            "is_awaited": last_test is not None and is_awaited(last_test),
        }
        return super().change_view(request, object_id, form_url, shown)

    def new_view(self, request: HttpRequest) -> HttpResponse:
        """A new endpoint; its secret is shown once, on its page."""
        if not self.has_manage_permission(request):
            raise PermissionDenied
        form = EndpointForm(request.POST or None)

        def add() -> Mapping[str, Any]:
            given = {name: form.cleaned_data[name] for name in ("url", "types", "format")}
            merchant = form.cleaned_data["merchant"]
            row, secret = add_endpoint(
                caller_of_request(request), **given, merchant=merchant and merchant.pk, site=merchant is None
            )
            return {"id": row.pk, "done": "Added: its receiver needs the secret below.", "told": {"Secret": secret}}

        return answer_once(
            request,
            self,
            form,
            add,
            title="New webhook endpoint",
            button="Add it",
            before=partial(check_address, request, form),
        )

    def edit_view(self, request: HttpRequest, endpoint_id: int) -> HttpResponse:
        """Another address, or other types."""
        if not self.has_manage_permission(request):
            raise PermissionDenied
        row = WebhookEndpoint.objects.filter(pk=endpoint_id).first()
        if row is None:
            return self.missing(request, str(endpoint_id))
        form = EndpointChangeForm(request.POST or None, initial={"url": row.url, "types": row.types})

        def write() -> Mapping[str, Any]:
            given = {name: form.cleaned_data[name] for name in ("url", "types")}
            change_endpoint(caller_of_request(request), endpoint_id, **given)
            return {"id": endpoint_id, "done": "Changed."}

        return answer_once(
            request,
            self,
            form,
            write,
            title=f"Change {row}",
            button="Save",
            before=partial(check_address, request, form),
            pk=endpoint_id,
        )

    def act_view(self, request: HttpRequest, endpoint_id: int, act: str) -> HttpResponse:
        """What a button of an endpoint's page says; told in a message."""
        if not self.has_manage_permission(request):
            raise PermissionDenied
        form, do, caller = OnceForm(request.POST), ACTS.get(act), caller_of_request(request)
        page = page_of_row(self, endpoint_id)
        if do is None or not form.is_valid():
            messages.error(request, "Nothing was done: press the button on the page as it is now.")
            return HttpResponseRedirect(page)
        response = perform_form(
            request, form, lambda: do(caller, endpoint_id, row_id(request.GET.get("delivery", "")) or 0)
        )
        if response is None:
            messages.error(request, first_error(form))
            return HttpResponseRedirect(page)
        if told := response.data.get("told"):
            keep_told(request, page, told)
        messages.success(request, response.data["done"])
        is_gone = act == "delete"
        return HttpResponseRedirect(reverse("admin:orders_webhookendpoint_changelist") if is_gone else page)

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


def check_address(request: HttpRequest, form: forms.Form) -> None:
    """Resolves the address and checks it, as the API does: counted, and while no connection of the database waits."""
    user: Any = request.user
    count_lookup(user.caller_key)
    release_connection()
    find_target(form.cleaned_data["url"])


# --- what the buttons do ------------------------------------------------------------------------------------------

# Of the caller, the endpoint and a delivery of it; what is done, and told once.
Act = Callable[[Caller, int, int], Mapping[str, Any]]


def test_endpoint(caller: Caller, endpoint_id: int, delivery_id: int) -> Mapping[str, Any]:
    send_test(get_endpoint(caller, endpoint_id, lock=True))
    return {"done": "A test is sent: below stands what is answered."}


def pause_endpoint(caller: Caller, endpoint_id: int, delivery_id: int) -> Mapping[str, Any]:
    change_endpoint(caller, endpoint_id, enabled=False)
    return {"done": "Paused: what comes meanwhile can be sent later."}


def resume_endpoint(caller: Caller, endpoint_id: int, delivery_id: int) -> Mapping[str, Any]:
    row = change_endpoint(caller, endpoint_id, enabled=True)
    missed = " “Send what it missed” sends the rest." if row.missed_since else ""
    return {"done": f"Switched on: it is told of what comes.{missed}"}


def renew_secret(caller: Caller, endpoint_id: int, delivery_id: int) -> Mapping[str, Any]:
    _, secret = rotate_secret(caller, endpoint_id)
    hours = BOTH_SIGN // timedelta(hours=1)
    return {"done": f"For {hours} hours the secret before signs too.", "told": {"New secret": secret}}


def send_missed(caller: Caller, endpoint_id: int, delivery_id: int) -> Mapping[str, Any]:
    row = get_endpoint(caller, endpoint_id, lock=True)
    replayed = replay_missed(row, row.missed_since or timezone.now())
    more = ", the oldest: press again for the others" if replayed.next_since else ""
    return {"done": f"{replayed.count} are sent{more}."}


def send_once_more(caller: Caller, endpoint_id: int, delivery_id: int) -> Mapping[str, Any]:
    redeliver(get_endpoint(caller, endpoint_id, lock=True), delivery_id)
    return {"done": "It is sent again, by the same id."}


def remove_endpoint(caller: Caller, endpoint_id: int, delivery_id: int) -> Mapping[str, Any]:
    delete_endpoint(caller, endpoint_id)
    return {"done": "Deleted, with its log."}


ACTS: Mapping[str, Act] = {
    "test": test_endpoint,
    "pause": pause_endpoint,
    "resume": resume_endpoint,
    "secret": renew_secret,
    "replay": send_missed,
    "redeliver": send_once_more,
    "delete": remove_endpoint,
}


# --- what came of it ----------------------------------------------------------------------------------------------


def is_awaited(row: WebhookDelivery) -> bool:
    """Whether the first try of a test is still to come, and worth waiting for."""
    return row.state == "waiting" and row.tries == 0 and row.created_at > timezone.now() - AWAITED


def failure_in_words(row: WebhookDelivery) -> str:
    return FAILURES.get(row.failure, row.failure) if row.delivered_at is None else ""


def test_in_words(row: WebhookDelivery) -> str:
    """What came of a test, in one sentence."""
    if row.delivered_at is not None:
        return f"The test was taken: it answered {row.answered} in {row.milliseconds} ms."
    if row.tries == 0:
        return "The test is on its way: the worker sends it within seconds."
    again = f" It is tried again at {write_moment(row.due_at)}." if row.due_at else ""
    return f"The test was not taken: {failure_in_words(row) or 'no answer'}.{again}"


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(EverywhereAdmin, ReadOnlyAdmin):
    """The log of all endpoints."""

    list_display = [
        "message",
        "endpoint",
        "type",
        "created_at",
        "tries",
        "answered",
        "failure",
        "due_at",
        "delivered_at",
    ]
    list_select_related = ["message", "endpoint"]
    search_fields = ["endpoint__url"]
    fields: ClassVar[Any] = [*list_display, "tried_at", "milliseconds"]
    readonly_fields: ClassVar[Any] = fields
    # What the worker keeps of each try.
    volatile = ("tries", "answered", "failure", "due_at", "delivered_at", "tried_at", "milliseconds")
