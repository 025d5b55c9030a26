"""What can be booked and carried at a vendor, and when."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import QuerySet

from vendors.menu import Span
from vendors.models import PackageType, Service, ServiceHours, Vendor
from vendors.services.vendors import announce_change, replace, unique


def services_at(vendor_id: int) -> QuerySet[Service]:
    """What can be booked, with its hours: two statements."""
    return Service.objects.filter(vendor=vendor_id, is_active=True).prefetch_related("hours")


def places_of(service: Service) -> list[str]:
    """Where it can take place: at the "vendor"'s, at the "customer"'s, or both."""
    return [
        place for place, is_offered in (("vendor", service.at_vendor), ("customer", service.at_customer)) if is_offered
    ]


def package_types_of(vendor_id: int) -> QuerySet[PackageType]:
    """What the vendor carries."""
    return PackageType.objects.filter(vendor=vendor_id, is_active=True)


def spans_for(service: Service, vendors: Sequence[Span]) -> Sequence[Span]:
    """When the service can be booked: in its own hours (as prefetched), else in the vendor's.

    A date of the vendor's, a holiday or a day with other hours, holds for a service with hours of its own too.
    """
    own = [
        Span(weekday=row.weekday, date=None, closed=False, opens=row.opens, closes=row.closes, fulfilment="")
        for row in service.hours.all()
    ]
    return [*own, *(span for span in vendors if span.date)] if own else vendors


def import_bookable(
    *, vendor: Vendor, services: Sequence[Mapping[str, Any]] = (), package_types: Sequence[Mapping[str, Any]] = ()
) -> None:
    """Makes or changes what the vendor offers besides its menu, from plain dicts with the models' fields.

    A service's `hours` are [{"weekday" (0 = Monday), "opens", "closes"}] and become those given. Positions are the
    order in the lists. A row is found by its name and keeps its id; what is not named stays. Must run in a
    transaction; raises ValueError for a name given twice.
    """
    rows = replace(
        Service.objects.filter(vendor=vendor),
        {
            row["name"]: {**{name: value for name, value in row.items() if name != "hours"}, "position": position}
            for position, row in enumerate(unique(services))
        },
        key=lambda row: row.name,
        make=lambda fields: Service(vendor=vendor, **fields),
    )
    named = [rows[row["name"]].pk for row in services]
    ServiceHours.objects.filter(service__in=named).delete()
    ServiceHours.objects.bulk_create(
        ServiceHours(service=rows[row["name"]], **span) for row in services for span in row.get("hours", ())
    )
    replace(
        PackageType.objects.filter(vendor=vendor),
        {row["name"]: {**row, "position": position} for position, row in enumerate(unique(package_types))},
        key=lambda row: row.name,
        make=lambda fields: PackageType(vendor=vendor, **fields),
    )
    announce_change(vendor.pk, {"services", "package_types"})
