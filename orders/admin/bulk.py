"""The same change for many orders: what is not allowed is skipped, and said row by row."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db import OperationalError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from orders.admin.buttons import label_of
from orders.admin.doing import caller_of_request, refusal
from orders.admin.forms import ReasonForm
from orders.models import Order
from orders.services.transitions import Wish, transition_each
from ordersite.web.problems import Problem

# Each is a transaction of its own, and all are one request.
MOST = 200


def versions(order_ids: list[int]) -> dict[int, int]:
    return dict(Order.objects.filter(pk__in=order_ids).values_list("pk", "version"))


def move_each(request: HttpRequest, orders: list[Order], wish: Wish) -> None:
    """Tries the change with every order, and reports: how many changed, which were so already, which were refused."""
    caller = caller_of_request(request)
    before = versions([order.pk for order in orders])
    refused: dict[int, str] = {}
    for order in orders:
        try:
            refused.update(transition_each(order_ids=[order.pk], caller=caller, wish=wish))
        except (Problem, OperationalError) as error:
            refused[order.pk] = refusal(error)
    after = versions([order.pk for order in orders])
    changed = [order for order in orders if before.get(order.pk) != after.get(order.pk)]
    what = label_of(wish.name)
    if changed:
        messages.success(request, f"{what}: {len(changed)} of {len(orders)} changed.")
    for order in orders:
        if order.pk in refused:
            messages.warning(request, f"{what}: order #{order.pk} ({order.vendor}) was skipped. {refused[order.pk]}")
        elif order not in changed:
            messages.info(request, f"{what}: order #{order.pk} ({order.vendor}) was so already.")


def run(request: HttpRequest, queryset: QuerySet[Order], name: str) -> None:
    orders = chosen(request, queryset)
    if orders:
        move_each(request, orders, Wish(name=name))


def chosen(request: HttpRequest, queryset: QuerySet[Order]) -> list[Order]:
    """The selected orders, oldest first; none and a message where they are too many for one request."""
    orders = list(queryset.select_related("vendor").order_by("pk")[: MOST + 1])
    if len(orders) > MOST:
        messages.error(request, f"At most {MOST} orders at a time: narrow the list first. Nothing was done.")
        return []
    return orders


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
    orders = chosen(request, queryset)
    if not orders:
        return None
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
