"""The same change for many orders: what is not allowed is skipped, and said row by row."""

from dataclasses import replace
from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db import OperationalError, transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.html import format_html, format_html_join

from orders.admin.bulk_page import lead_to_selection
from orders.admin.buttons import label_of
from orders.admin.forms import ReasonForm
from orders.admin.order_page import changes_since
from orders.admin.print_orders import print_orders, send_orders
from orders.admin.service_calls import refusal
from orders.models import Order
from orders.services.moving.transitions import Wish, transition
from ordersite.accounts.scoping import caller_of_request
from ordersite.backoffice.selections import versions_shown
from ordersite.core.faults import Refusal


def move_each(request: HttpRequest, orders: list[Order], wish: Wish) -> None:
    """Tries the change with every order as it was shown, each in a transaction of its own, and reports: how many
    changed, which were so already, which were refused."""
    caller, shown = caller_of_request(request), versions_shown(request)
    refused: dict[int, str] = {}
    changed = []
    for order in orders:
        version = int(shown[str(order.pk)])
        try:
            with transaction.atomic():
                moved = transition(order_id=order.pk, caller=caller, wish=replace(wish, version=version))
        except (Refusal, OperationalError) as error:
            refused[order.pk] = refusal(error, partial(changes_since, order.pk, version, caller))
        else:
            changed += [order] if moved.version != version else []
    what = label_of(wish.name)
    same = [order for order in orders if order.pk not in refused and order not in changed]
    told = [f"{what}: {len(changed)} of {len(orders)} changed."]
    told += [f"Needed no change: {', '.join(f'#{order.pk}' for order in same)}."] if same else []
    lines = [(order.pk, order.vendor, refused[order.pk]) for order in orders if order.pk in refused]
    listed = format_html("<ul>{}</ul>", format_html_join("", "<li>#{} ({}): {}</li>", lines)) if lines else ""
    tell = messages.warning if refused else messages.success if changed else messages.info
    tell(request, format_html("{}{}", " ".join(told), listed))


def run(request: HttpRequest, queryset: QuerySet[Order], name: str) -> None:
    move_each(request, chosen(queryset), Wish(name=name))


def chosen(queryset: QuerySet[Order]) -> list[Order]:
    """The selected orders, oldest first."""
    return list(queryset.select_related("vendor").order_by("pk"))


@admin.action(description="Any change, of many …", permissions=["move"])
def change_many(model_admin: Any, request: HttpRequest, queryset: QuerySet[Order]) -> HttpResponse:
    """Leads to the page of the selection, as it was shown."""
    return lead_to_selection(request, [(order.pk, order.version) for order in queryset])


@admin.action(description="Export as CSV", permissions=["view"])
def export_csv(model_admin: Any, request: HttpRequest, queryset: QuerySet[Order]) -> HttpResponseBase:
    answer: HttpResponseBase = model_admin.csv_of(queryset)
    return answer


@admin.action(description="Export as XLSX", permissions=["view"])
def export_xlsx(model_admin: Any, request: HttpRequest, queryset: QuerySet[Order]) -> HttpResponse:
    """Of all that is listed, or of the rows that are ticked."""
    takes_all = request.POST.get("select_across") == "1"
    ids = None if takes_all else sorted(queryset.order_by().values_list("pk", flat=True))
    answer: HttpResponse = model_admin.lead_to_list(request, queryset, ids)
    return answer


# What only reads: orders that changed since they were shown are there as they stand now.
READING = tuple(action.__name__ for action in (print_orders, send_orders, export_csv, export_xlsx))


@admin.action(description="Accept", permissions=["move"])
def accept(model_admin: Any, request: HttpRequest, queryset: QuerySet[Order]) -> None:
    run(request, queryset, "accept")


@admin.action(description="Mark ready", permissions=["move"])
def mark_ready(model_admin: Any, request: HttpRequest, queryset: QuerySet[Order]) -> None:
    run(request, queryset, "mark_ready")


@admin.action(description="Look for a driver", permissions=["move"])
def look_for_driver(model_admin: Any, request: HttpRequest, queryset: QuerySet[Order]) -> None:
    run(request, queryset, "look_for_driver")


@admin.action(description="Cancel, with a reason …", permissions=["move"])
def cancel_by_staff(model_admin: Any, request: HttpRequest, queryset: QuerySet[Order]) -> HttpResponse | None:
    """Asks once for the reason that all of them get."""
    orders = chosen(queryset)
    form = ReasonForm(request.POST if "confirmed" in request.POST else None)
    if form.is_valid():
        move_each(request, orders, Wish(name="cancel_by_staff", **form.cleaned_data))
        return None
    context = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "media": model_admin.media,
        "title": "Cancel orders",
        "subtitle": None,
        "orders": orders,
        "form": form,
        "action": "cancel_by_staff",
        "checkbox": ACTION_CHECKBOX_NAME,
    }
    return TemplateResponse(request, "admin/orders/order/reason.html", context)
