"""The filters of the order list (docs/requirements.md, rows 25, 26 and 33), by django-filter."""

from datetime import UTC
from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet

from orders.fields import FULFILMENTS, STATUSES
from orders.lifecycle.table import GROUPS, Fulfilment, Status
from orders.models import Kind, Order, PaymentStatus
from orders.reading.search import orders_named
from ordersite.web.filters import IdFilter, filtered_rows
from ordersite.web.problems import Problem, field_error


def status_of(text: str) -> Status | None:
    """A status by code or name, in any case."""
    if text.isascii() and text.isdecimal() and len(text) <= 2 and int(text) <= 25:
        return Status(int(text))
    return STATUSES.get(text.lower())


class MomentField(django_filters.fields.IsoDateTimeField):
    """A time that is one in UTC too: at the calendar's ends a zone may lead out of it."""

    def clean(self, value: Any) -> Any:
        moment = super().clean(value)
        try:
            return moment.astimezone(UTC) if moment else moment
        except OverflowError as error:
            raise forms.ValidationError("Send a time such as 2026-07-31T18:00:00Z.", "invalid") from error


class MomentFilter(django_filters.IsoDateTimeFilter):
    field_class = MomentField


class OrderFilter(django_filters.FilterSet):
    """Every filter stands on an index: those of a party with the time, status, contact, or the order itself."""

    status = django_filters.CharFilter(
        method="by_status", help_text="Code or name of a status; several separated by commas."
    )
    group = django_filters.ChoiceFilter(choices=[(name, name) for name in GROUPS], method="by_group")
    vendor = IdFilter(field_name="vendor_id")
    vendor_type = IdFilter(field_name="vendor__type_id")
    driver = IdFilter(field_name="driver_id")
    customer = IdFilter(field_name="customer_id")
    offer = IdFilter(field_name="offer_id")
    kind = django_filters.ChoiceFilter(choices=Kind.choices)
    delivery_type = django_filters.CharFilter(method="by_delivery_type", help_text="Name, or 1 to 5.")
    payment_status = django_filters.ChoiceFilter(choices=PaymentStatus.choices)
    app_id = django_filters.CharFilter(max_length=60)
    placed_after = MomentFilter(field_name="placed_at", lookup_expr="gte")
    placed_before = MomentFilter(field_name="placed_at", lookup_expr="lt")
    deliver_after = MomentFilter(field_name="deliver_at", lookup_expr="gte")
    deliver_before = MomentFilter(field_name="deliver_at", lookup_expr="lt")
    q = django_filters.CharFilter(
        method="by_text",
        max_length=100,
        help_text="An order's id, number (5 or P5) or uuid, an external code, e-mail or phone.",
    )

    class Meta:
        model = Order
        fields: list[str] = []

    def by_status(self, rows: QuerySet[Order], name: str, value: str) -> QuerySet[Order]:
        parts = value.split(",")
        statuses = [status for part in parts if (status := status_of(part.strip())) is not None]
        if len(statuses) < len(parts):
            raise filter_problem("status", "Send codes (0–25) or names of statuses, separated by commas.")
        return rows.filter(status__in=statuses)

    def by_group(self, rows: QuerySet[Order], name: str, value: str) -> QuerySet[Order]:
        return rows.filter(status__in=GROUPS[value])

    def by_delivery_type(self, rows: QuerySet[Order], name: str, value: str) -> QuerySet[Order]:
        found: Fulfilment | None = FULFILMENTS.get(value.lower())
        if found is None and value in "12345" and len(value) == 1:
            found = Fulfilment(int(value))
        if found is None:
            raise filter_problem("delivery_type", f"Send one of {', '.join(FULFILMENTS)}, or 1 to 5.")
        return rows.filter(fulfilment=found)

    def by_text(self, rows: QuerySet[Order], name: str, value: str) -> QuerySet[Order]:
        return orders_named(rows, value)


def filter_problem(name: str, detail: str) -> Problem:
    return Problem("invalid", f"{name}: {detail}", errors=[field_error(f"?{name}", "invalid", detail)])


FILTERS = frozenset(OrderFilter.base_filters)


def filter_orders(rows: QuerySet[Order], params: Any) -> QuerySet[Order]:
    """The rows that match; raises a 400 Problem that names each bad parameter."""
    if FILTERS.isdisjoint(params):
        return rows  # the form of a filter costs more than the rows of a page
    narrowed: QuerySet[Order] = filtered_rows(OrderFilter(params, queryset=rows))
    return narrowed
