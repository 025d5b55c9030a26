"""A vendor's hours, read and replaced as a whole. Every function must run in a transaction."""

from collections import Counter
from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any

from ordersite.accounts.callers import Caller
from ordersite.accounts.rights import Right
from ordersite.core.codes import FaultCode
from ordersite.core.digests import digest_of
from ordersite.core.faults import Conflict, Fault, InvalidFields, Path, Step
from ordersite.core.fields import Field
from ordersite.core.money import Money
from vendors.hours import first_clash
from vendors.models import OpeningHours, Vendor
from vendors.permissions import serves
from vendors.services.announcing import UnservedOrder
from vendors.services.harm import announce_and_look
from vendors.services.openings import span_of

# Rows of one vendor: a week for each delivery type, and the holidays of some years.
MOST_SPANS = 400
COLUMNS = ("weekday", "date", "closed", "opens", "closes", "fulfilment", "slot_orders", "slot_value")


def replace_hours(
    *, vendor: Vendor, caller: Caller, hours: Sequence[Mapping[str, Any]], agreed: str = ""
) -> list[UnservedOrder]:
    """The hours of a vendor that is held become these; the orders that wait and cannot be served now.

    A row that stands is not written anew. Raises InvalidFields, and Conflict where orders could be served before and
    cannot any more, unless `agreed` is what that conflict told: it stands for just these orders.
    """
    faults = [
        fault for place, row in enumerate(hours) for fault in check_span(vendor, row, (Step(Field.HOURS, place),))
    ]
    if faults:
        raise InvalidFields(faults)
    wanted = [make_span(vendor, row) for row in hours]
    clash = first_clash([span_of(row) for row in wanted])
    if clash is not None:
        raise InvalidFields([Fault(FaultCode.HOURS_OVERLAP, Field.OPENS, at=(Step(Field.HOURS, clash),))])
    is_changed = write_spans(vendor, wanted)
    changed = {"opening_hours"} if is_changed else set()
    sees_orders = serves(caller, Right.VIEW_ORDERS, vendor.pk)
    unserved, lines = announce_and_look(vendor.pk, changed, sees_orders=sees_orders)
    if lines and agreed != (token := digest_of(lines)):
        raise Conflict(FaultCode.HARMS_ORDERS, extra={"harm": lines, "agree": token})
    vendor.menu_version += is_changed
    return unserved


def check_span(vendor: Vendor, row: Mapping[str, Any], at: Path) -> list[Fault]:
    """What a row of hours may not be."""
    weekday, day, closed, value = (row.get(name) for name in ("weekday", "date", "closed", "slot_value"))
    if (weekday is None) == (day is None):
        return [Fault(FaultCode.HOURS_DAY, Field.WEEKDAY, at=at)]
    if closed and day is None:
        return [Fault(FaultCode.HOURS_CLOSED_WEEKDAY, Field.CLOSED, at=at)]
    if not closed and (row.get("opens") is None or row.get("closes") is None):
        return [Fault(FaultCode.HOURS_TIMES, Field.OPENS, at=at)]
    if value is not None and value.currency != vendor.currency:
        told = {"vendor": vendor.name, "currency": vendor.currency}
        return [Fault(FaultCode.CURRENCY_OF_VENDOR, Field.SLOT_VALUE, at=at, told=told)]
    return []


def make_span(vendor: Vendor, row: Mapping[str, Any]) -> OpeningHours:
    """The row, not saved; one that is closed has no times."""
    values = {name: row[name] for name in COLUMNS if name in row}
    if isinstance(values.get("slot_value"), Money):
        values["slot_value"] = values["slot_value"].minor
    if values.get("closed"):
        values = {**values, "opens": None, "closes": None}
    return OpeningHours(vendor=vendor, **values)


def write_spans(vendor: Vendor, wanted: Sequence[OpeningHours]) -> bool:
    """Deletes the rows that are not wanted and adds those that are missing; whether there were any."""
    key = attrgetter(*COLUMNS)
    missing = Counter(map(key, wanted))
    gone = []
    for row in OpeningHours.objects.filter(vendor=vendor).order_by("pk"):
        if missing[key(row)] > 0:
            missing[key(row)] -= 1
        else:
            gone.append(row.pk)
    fresh = []
    for row in wanted:
        if missing[key(row)] > 0:
            missing[key(row)] -= 1
            fresh.append(row)
    if gone:
        OpeningHours.objects.filter(pk__in=gone).delete()
    OpeningHours.objects.bulk_create(fresh)
    return bool(gone or fresh)
