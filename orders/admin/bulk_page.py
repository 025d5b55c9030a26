"""The page of one bulk change: what is to be done with the selection, how far it is, and what came of it."""

import uuid
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from django import forms
from django.contrib import messages
from django.db import OperationalError
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from orders.admin.buttons import label_of
from orders.admin.forms import NUMBER, REASON_CHOICES, check_words, first_error
from orders.lifecycle.table import RULES, Actor
from orders.models import BulkChange, BulkChangeItem
from orders.reading.refusal_words import refusal_in_words
from orders.reading.troubles import TROUBLE_BY_SLUG, rows_in_trouble
from orders.services.bulk.bulk_changes import (
    AT_ONCE,
    OFFER_TO_DRIVER,
    run_next_item,
    select_orders,
    start_bulk_change,
    stop_bulk_change,
)
from orders.services.moving.transitions import START_PREPARING
from ordersite.accounts.scoping import caller_of_request
from ordersite.backoffice.lists import CappedPaginator
from ordersite.backoffice.typed_fields import TypedForm
from vendors.admin.scoping import within
from vendors.models import Driver

# Refusals that the page names.
MOST_NAMED = 500
# What somebody makes, and not only the system by itself.
MADE_BY_PEOPLE = sorted({rule.name for rule in RULES if set(rule.actors) - {Actor.SYSTEM}})
CHANGES = {
    **{name: label_of(name) for name in (*MADE_BY_PEOPLE, START_PREPARING)},
    OFFER_TO_DRIVER: "Offer to a driver",
}

REFUSED = TROUBLE_BY_SLUG["bulk_refused"]
REFUSALS = Count("items", filter=Q(items__outcome=BulkChangeItem.Outcome.REFUSED))
PER_PAGE = 50


class BulkForm(TypedForm, forms.Form):
    """What is to be done with each order of a selection."""

    change = forms.ChoiceField(
        label="Change", choices=[("", "Choose …"), *sorted(CHANGES.items(), key=lambda pair: pair[1])]
    )
    reason_code = forms.ChoiceField(label="Reason", choices=REASON_CHOICES, required=False)
    reason = forms.CharField(
        label="Explanation", max_length=500, required=False, help_text="Everyone involved in the orders can read it."
    )
    prepared_in = forms.IntegerField(
        label="Ready in, minutes", min_value=1, max_value=10_080, required=False, widget=forms.NumberInput(NUMBER)
    )
    driver = forms.ModelChoiceField(
        Driver.objects.filter(on_duty=True).order_by("name", "pk"),
        required=False,
        empty_label="Nobody",
        help_text="For “Offer to a driver”: those on duty. Nobody: takes the driver off.",
    )

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        check_words(given)
        return given

    def given(self) -> dict[str, Any]:
        """What the change brings, as it is kept."""
        data = self.cleaned_data
        if data["change"] == OFFER_TO_DRIVER:
            return {"driver": data["driver"].pk if data["driver"] else None}
        given = {name: data[name] for name in ("reason_code", "reason") if data[name]}
        return {**given, "prepared_in": data["prepared_in"]} if data["change"] == "accept" else given


def lead_to_selection(request: HttpRequest, shown: Iterable[tuple[int, int]]) -> HttpResponse:
    """Keeps the selection, and leads to its page."""
    return lead_to(select_orders(caller_of_request(request), shown).pk)


def lead_to(bulk_id: uuid.UUID) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:orders_order_bulk", args=[bulk_id]))


def list_bulk(request: HttpRequest, base: dict[str, Any]) -> HttpResponse:
    """One's own selections that were started, the newest first; with ?stuck=bulk_refused those that the first page
    counts."""
    own = BulkChange.objects.filter(user=request.user.pk, started_at__isnull=False)
    is_narrowed = request.GET.get("stuck") == REFUSED.slug
    rows = (rows_in_trouble(REFUSED, own, timezone.now()) if is_narrowed else own).order_by("-created_at", "-pk")
    shown = CappedPaginator(rows.annotate(refused=REFUSALS), PER_PAGE).get_page(request.GET.get("p"))
    context = {
        **base,
        "title": "Your bulk changes",
        "page": shown,
        "rows": [(row, CHANGES.get(row.change, row.change)) for row in shown],
        "is_narrowed": is_narrowed,
    }
    return TemplateResponse(request, "admin/orders/order/bulk_list.html", context)


def show_bulk(request: HttpRequest, bulk_id: uuid.UUID, base: dict[str, Any]) -> HttpResponse:
    """Asks what to do with a selection and starts it; then tells how far it is. Each person sees its own alone."""
    bulk = BulkChange.objects.filter(pk=bulk_id, user=request.user.pk).first()
    if bulk is None:
        messages.warning(request, "There is no such selection any more: choose the orders again.")
        return HttpResponseRedirect(reverse("admin:orders_order_changelist"))
    form = BulkForm(request.POST if request.method == "POST" else None, auto_id="bulk_%s")
    drivers: Any = form.fields["driver"]
    drivers.queryset = within(request, drivers.queryset, "vendor")
    if request.method == "POST" and form.is_valid():
        if start_bulk_change(bulk_id, bulk.user_id, form.cleaned_data["change"], form.given()):
            with suppress(OperationalError):  # what is left then is the worker's
                for _ in range(AT_ONCE + 1 if bulk.total <= AT_ONCE else 0):
                    run_next_item(bulk, refusal_in_words)
        return lead_to(bulk_id)
    if request.method == "POST":
        messages.error(request, first_error(form))
    counts = dict(bulk.items.order_by().values_list("outcome").annotate(count=Count("pk")))
    refused = bulk.items.filter(outcome=BulkChangeItem.Outcome.REFUSED).select_related("order__vendor").order_by("pk")
    waiting = counts.get(BulkChangeItem.Outcome.WAITING, 0)
    context = {
        **base,
        "title": CHANGES.get(bulk.change, "Change many orders"),
        "bulk": bulk,
        "form": form,
        "media": base["media"] + form.media,
        "counts": [(outcome_in_words(outcome, bulk), counts.get(outcome, 0)) for outcome in BulkChangeItem.Outcome],
        "done": bulk.total - waiting,
        "waiting": waiting,
        "refused": refused[:MOST_NAMED],
        "unnamed": max(counts.get(BulkChangeItem.Outcome.REFUSED, 0) - MOST_NAMED, 0),
        "sample": bulk.items.select_related("order__vendor").order_by("pk")[:20] if bulk.started_at is None else (),
    }
    return TemplateResponse(request, "admin/orders/order/bulk.html", context)


def outcome_in_words(outcome: BulkChangeItem.Outcome, bulk: BulkChange) -> str:
    """Once a change was stopped, nothing of it waits any more."""
    is_left = outcome == BulkChangeItem.Outcome.WAITING and bulk.stopped_at is not None
    return "not begun" if is_left else str(outcome.label)


def stop_bulk(request: HttpRequest, bulk_id: uuid.UUID) -> HttpResponse:
    """What waits is not begun."""
    if stop_bulk_change(bulk_id, request.user.pk or 0):
        messages.success(request, "Stopped: what was changed before stays so.")
    else:
        messages.info(request, "There was nothing left to stop.")
    return lead_to(bulk_id)
