"""The filters of the orders' list. Each stands on an index, or narrows what another one found."""

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from orders.admin.troubles import TROUBLES
from orders.lifecycle.table import GROUPS, Fulfilment, Status
from orders.models import Order, PaymentStatus
from orders.reading.statements import FIRST_DAY, LAST_DAY
from ordersite.accounts.scoping import acts_everywhere
from ordersite.backoffice.moments import name_zone
from vendors.admin.scoping import own_vendors
from vendors.hours import moment

GROUP_LABELS = {"in_progress": "In progress", "cancelled": "Cancelled or in exception"}
SPANS = {
    "today": "Today ({zone})",
    "yesterday": "Yesterday ({zone})",
    "week": "The last 7 days",
    "month": "The last 30 days",
}


def zone_of_days(request: HttpRequest) -> ZoneInfo:
    """By which clock a day is meant: that of the vendors of who asks, where they have one in common, else UTC."""
    if acts_everywhere(request):
        return ZoneInfo("UTC")
    zones = own_vendors(request).order_by().values_list("time_zone", flat=True).distinct()[:2]
    return ZoneInfo(zones[0]) if len(zones) == 1 else ZoneInfo("UTC")


def chosen_day(value: Any, zone: ZoneInfo) -> date | None:
    """The day that the parameter `placed` names, or None."""
    value = value[-1] if isinstance(value, list) else value
    today = timezone.localdate(timezone=zone)
    if value in ("today", "yesterday"):
        return today if value == "today" else today - timedelta(days=1)
    try:
        day = date.fromisoformat(value or "")
    except ValueError:
        return None
    return day if FIRST_DAY <= day <= LAST_DAY else None


def day_links(cl: ChangeList) -> dict[str, Any]:
    """The day and its zone, query strings for the day before and after, and the other filters as hidden fields."""
    placed = next(spec for spec in cl.filter_specs if isinstance(spec, PlacedFilter))
    day = chosen_day(cl.params.get("placed"), placed.zone)
    around = {"before": day - timedelta(days=1), "after": day + timedelta(days=1)} if day else {}
    links: dict[str, Any] = {
        name: {"day": other, "query": cl.get_query_string({"placed": other.isoformat()}, ["p"])}
        for name, other in around.items()
    }
    links |= {"day": day, "zone": name_zone(placed.start_of(day) if day else timezone.now(), placed.zone)}
    return {**links, "clear": cl.get_query_string({}, ["placed", "p"]), "others": other_params(cl, "placed")}


def other_params(cl: ChangeList, name: str) -> list[tuple[str, str]]:
    """All that the address says but one filter and the page, for a form that keeps it."""
    pairs = []
    for key, value in cl.filter_params.items():
        if key not in (name, "p", "e"):
            pairs += [(key, one) for one in (value if isinstance(value, list) else [value])]
    return pairs


def filter_bar(cl: ChangeList) -> dict[str, Any]:
    """Every filter as a select of one form, and what else the address says as hidden fields."""
    specs: Any = cl.filter_specs
    selects = [
        {
            "name": spec.parameter_name,
            "title": spec.title,
            "value": spec.value() or "",
            "options": [(str(value), display) for value, display in spec.lookup_choices],
        }
        for spec in specs
    ]
    names = {select["name"] for select in selects}
    return {
        "selects": selects,
        "others": [pair for pair in other_params(cl, "") if pair[0] not in names],
        "active": any(select["value"] for select in selects),
    }


class SelectFilter(admin.SimpleListFilter):
    """One select of the bar above the list; `column` is what its value is compared with."""

    column = ""

    def known(self) -> str | None:
        """The chosen value, if it is one of those on offer."""
        return next((str(value) for value, _ in self.lookup_choices if str(value) == self.value()), None)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.known()
        return queryset if value is None else queryset.filter(**{self.column: value})


class GroupFilter(SelectFilter):
    title = "status group"
    parameter_name = "group"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, GROUP_LABELS.get(name, name.capitalize())) for name in GROUPS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Order]) -> QuerySet[Order]:
        group = GROUPS.get(self.value() or "")
        return queryset.filter(status__in=sorted(group)) if group else queryset


class StuckFilter(SelectFilter):
    title = "what is stuck"
    parameter_name = "stuck"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(trouble.slug, trouble.label) for trouble in TROUBLES]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Order]) -> QuerySet[Order]:
        found = next((trouble for trouble in TROUBLES if trouble.slug == self.value()), None)
        return queryset.filter(found.condition(timezone.now())) if found else queryset


class StatusFilter(SelectFilter):
    title = parameter_name = column = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, str]]:
        return [(status.value, f"{status.value} {status.label}") for status in Status]


class VendorChoiceFilter(SelectFilter):
    title = parameter_name = column = "vendor"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, str]]:
        return list(own_vendors(request).order_by("name", "pk").values_list("pk", "name"))


class FulfilmentFilter(SelectFilter):
    title = "delivery type"
    parameter_name = column = "fulfilment"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, str]]:
        return [(one.value, one.slug.replace("_", " ").capitalize()) for one in Fulfilment]


class PaymentFilter(SelectFilter):
    title = "payment"
    parameter_name = column = "payment_status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, str]]:
        return [(value, label.capitalize()) for value, label in PaymentStatus.choices]


class PlacedFilter(SelectFilter):
    """A day by the clock of `zone_of_days`, or a span that ends now."""

    title = "placed"
    parameter_name = "placed"

    def __init__(self, request: HttpRequest, *args: Any) -> None:
        self.zone = zone_of_days(request)
        super().__init__(request, *args)

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        zone = name_zone(timezone.now(), self.zone)
        spans = [(name, label.format(zone=zone)) for name, label in SPANS.items()]
        day = chosen_day(self.used_parameters.get(self.parameter_name), self.zone)
        if day:
            spans.append((day.isoformat(), f"{day:%d %b %Y} ({name_zone(self.start_of(day), self.zone)})"))
        return spans

    def queryset(self, request: HttpRequest, queryset: QuerySet[Order]) -> QuerySet[Order]:
        if day := chosen_day(self.value(), self.zone):
            return queryset.filter(
                placed_at__gte=self.start_of(day), placed_at__lt=self.start_of(day + timedelta(days=1))
            )
        days = {"week": 7, "month": 30}.get(self.value() or "")
        return queryset.filter(placed_at__gte=timezone.now() - timedelta(days=days)) if days else queryset

    def start_of(self, day: date) -> datetime:
        return moment(day, time.min, self.zone)


class DeletedFilter(SelectFilter):
    """Deleted orders are out of every list, unless somebody looks for them."""

    title = "deleted"
    parameter_name = "deleted"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("only", "Only the deleted")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Order]) -> QuerySet[Order]:
        return queryset.filter(deleted_at__isnull=self.value() != "only")
