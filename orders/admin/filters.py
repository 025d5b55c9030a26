"""The filters of the orders' list. Each stands on an index, or narrows what another one found."""

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from orders.admin.timing import UNDER_WAY, Timing, with_timing
from orders.admin.trouble_words import TROUBLE_WORDS
from orders.lifecycle.table import GROUPS, Fulfilment, Status
from orders.models import Kind, Order, PaymentStatus
from orders.reading.statements import FIRST_DAY, LAST_DAY
from orders.reading.troubles import TROUBLE_BY_SLUG, TROUBLES, rows_in_trouble
from ordersite.accounts.models import Customer
from ordersite.accounts.scoping import acts_everywhere
from ordersite.backoffice.moments import name_zone
from ordersite.backoffice.row_choosers import row_id
from vendors.admin.scoping import own_vendors, within
from vendors.hours import moment
from vendors.models import DeliveryZone, Driver, Vendor

GROUP_LABELS = {"in_progress": "In progress", "cancelled": "Cancelled or in exception"}
SPANS = {
    "today": "Today ({zone})",
    "yesterday": "Yesterday ({zone})",
    "week": "The last 7 days",
    "month": "The last 30 days",
}
WINDOWS = {
    "hour": "Within the next hour",
    "3_hours": "Within the next 3 hours",
    "today": "Today ({zone})",
    "tomorrow": "Tomorrow ({zone})",
    "asap": "As soon as can be",
}
# Rows that a select offers.
MOST_CHOICES = 500


def zone_of_days(request: Any) -> ZoneInfo:
    """By which clock a day is meant: the chosen vendor's, else `shared_zone`. Read once a request."""
    if not hasattr(request, "zone_of_days"):
        request.zone_of_days = shared_zone(request, row_id(request.GET.get("vendor", "")))
    zone: ZoneInfo = request.zone_of_days
    return zone


def shared_zone(request: Any, chosen: int | None = None) -> ZoneInfo:
    """The clock that all vendors of who asks share, or the chosen one's; else UTC."""
    listed = listed_vendors(request)
    if len(listed) < MOST_CHOICES:
        zones = {vendor.time_zone for vendor in listed if not chosen or vendor.pk == chosen}
    else:
        vendors = own_vendors(request).filter(pk=chosen) if chosen else own_vendors(request)
        zones = set(vendors.order_by().values_list("time_zone", flat=True).distinct()[:2])
    return ZoneInfo(zones.pop() if len(zones) == 1 else "UTC")


def listed_vendors(request: Any) -> list[Vendor]:
    """The first MOST_CHOICES vendors of who asks by name, with name and time zone; read once a request."""
    if not hasattr(request, "listed_vendors"):
        vendors = own_vendors(request).only("name", "time_zone").order_by("name", "pk")
        request.listed_vendors = list(vendors[:MOST_CHOICES])
    listed: list[Vendor] = request.listed_vendors
    return listed


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
    """Every filter but the tabs as a field of one form, and what else the address says as hidden fields."""
    specs: Any = cl.filter_specs
    selects = [
        {
            "name": spec.parameter_name,
            "title": spec.title,
            "value": spec.value() or "",
            "is_typed": spec.is_typed,
            "options": [(str(value), display) for value, display in spec.lookup_choices],
        }
        for spec in specs
        if not spec.is_tabbed
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
    # Shown as tabs above the bar; as an input to type a whole value into.
    is_tabbed = is_typed = False

    def known(self) -> str | None:
        """The chosen value, if it is one of those on offer."""
        return next((str(value) for value, _ in self.lookup_choices if str(value) == self.value()), None)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.known()
        return queryset if value is None else queryset.filter(**{self.column: value})


class ChoiceOfRows(SelectFilter):
    """A select of rows: the first MOST_CHOICES by name, and the chosen one."""

    def rows(self, request: HttpRequest) -> QuerySet[Any]:
        """Those that who asks may choose, with those that its list may show."""
        raise NotImplementedError

    def label(self, row: Any) -> str:
        return str(row)

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, str]]:
        rows, chosen = self.rows(request), self.used_parameters.get(self.parameter_name or "")
        key = row_id(str(chosen[-1] if isinstance(chosen, list) else chosen or ""))
        found = self.first_rows(request)
        if key and len(found) == MOST_CHOICES and all(row.pk != key for row in found):
            found += rows.filter(pk=key)
        return [(row.pk, self.label(row)) for row in found]

    def first_rows(self, request: HttpRequest) -> list[Any]:
        return list(self.rows(request)[:MOST_CHOICES])


class GroupFilter(SelectFilter):
    title = "status group"
    parameter_name = "group"
    is_tabbed = True

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, GROUP_LABELS.get(name, name.capitalize())) for name in GROUPS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Order]) -> QuerySet[Order]:
        group = GROUPS.get(self.value() or "")
        return queryset.filter(status__in=sorted(group)) if group else queryset


class TimingFilter(SelectFilter):
    """Of those that are under way: whether they are in time."""

    title = parameter_name = "timing"
    is_tabbed = True

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(Timing.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Order]) -> QuerySet[Order]:
        value = self.known()
        if value is None:
            return queryset
        return with_timing(queryset.filter(UNDER_WAY), timezone.now()).filter(Q(timing=value))


class StuckFilter(SelectFilter):
    """Of a list's rows what waits for somebody: as the first page counts it."""

    title = "what is stuck"
    parameter_name = "stuck"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(one.slug, TROUBLE_WORDS[one.slug].label) for one in TROUBLES if one.model is model_admin.model]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.known()
        return queryset if value is None else rows_in_trouble(TROUBLE_BY_SLUG[value], queryset, timezone.now())


class StatusFilter(SelectFilter):
    title = parameter_name = column = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, str]]:
        return [(status.value, f"{status.value} {status.label}") for status in Status]


class VendorChoiceFilter(ChoiceOfRows):
    title = parameter_name = column = "vendor"

    def rows(self, request: HttpRequest) -> QuerySet[Vendor]:
        return own_vendors(request).only("name").order_by("name", "pk")

    def first_rows(self, request: HttpRequest) -> list[Any]:
        return list(listed_vendors(request))


class DriverFilter(ChoiceOfRows):
    """Staff may choose any driver, a vendor's people their own couriers."""

    title = parameter_name = column = "driver"

    def rows(self, request: HttpRequest) -> QuerySet[Driver]:
        return within(request, Driver.objects.only("name").order_by("name", "pk"), "vendor")

    def label(self, row: Driver) -> str:
        return row.name


class ZoneFilter(ChoiceOfRows):
    """The delivery zones of the chosen vendor, or of all that who asks acts for."""

    title = "delivery zone"
    parameter_name = "zone"
    column = "delivery_zone"

    def rows(self, request: HttpRequest) -> QuerySet[DeliveryZone]:
        zones = within(request, DeliveryZone.objects.select_related("vendor"), "vendor")
        vendor = row_id(request.GET.get("vendor", ""))
        return (zones.filter(vendor=vendor) if vendor else zones).order_by("vendor__name", "vendor", "name", "pk")

    def label(self, row: DeliveryZone) -> str:
        return f"{row.vendor.name}: {row.name or row.pk}"


class KindFilter(SelectFilter):
    title = parameter_name = column = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, str]]:
        return [(value, label.capitalize()) for value, label in Kind.choices]


class AppFilter(SelectFilter):
    """The app by which it was placed, typed whole: to list those that there are would read every order."""

    title = "app"
    parameter_name = column = "app_id"
    is_typed = True

    def has_output(self) -> bool:
        return True

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Order]) -> QuerySet[Order]:
        value = (self.value() or "").strip()
        return queryset.filter(app_id=value, app_id__gt="") if value else queryset


class CustomerFilter(SelectFilter):
    """The orders of one account, to which an order's page leads: a select while it is chosen."""

    title = parameter_name = column = "customer"

    def has_output(self) -> bool:
        return bool(self.lookup_choices)

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, str]]:
        key = row_id(request.GET.get("customer", ""))
        if key is None or not acts_everywhere(request):
            return []
        return [(one.pk, str(one)) for one in Customer.objects.filter(pk=key).select_related("user")]


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


class ByClock(SelectFilter):
    """A filter by days of the clock of `zone_of_days`."""

    def __init__(self, request: HttpRequest, *args: Any) -> None:
        self.zone = zone_of_days(request)
        super().__init__(request, *args)

    def start_of(self, day: date) -> datetime:
        return moment(day, time.min, self.zone)


class PlacedFilter(ByClock):
    """A day, or a span that ends now."""

    title = "placed"
    parameter_name = "placed"

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


class WindowFilter(ByClock):
    """When it was asked for: a span that begins now, a day, or as soon as can be."""

    title = "asked for"
    parameter_name = "window"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        zone = name_zone(timezone.now(), self.zone)
        return [(name, label.format(zone=zone)) for name, label in WINDOWS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Order]) -> QuerySet[Order]:
        value, now = self.known(), timezone.now()
        if value is None:
            return queryset
        if value == "asap":
            return queryset.filter(deliver_at__isnull=True)
        if hours := {"hour": 1, "3_hours": 3}.get(value):
            first, end = now, now + timedelta(hours=hours)
        else:
            day = timezone.localdate(timezone=self.zone) + timedelta(days=1 if value == "tomorrow" else 0)
            first, end = self.start_of(day), self.start_of(day + timedelta(days=1))
        return queryset.filter(deliver_at__gte=first, deliver_at__lt=end)


class DeletedFilter(SelectFilter):
    """Deleted orders are out of every list, unless somebody looks for them."""

    title = "deleted"
    parameter_name = "deleted"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("only", "Only the deleted")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Order]) -> QuerySet[Order]:
        return queryset.filter(deleted_at__isnull=self.value() != "only")
