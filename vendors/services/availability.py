"""What a vendor takes off its menu for a while: products and options that are out of stock.

It is `is_available` that everybody reads; what is to come back by itself, the worker makes available again.
"""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from ordersite.accounts.callers import Caller
from ordersite.accounts.rights import Right
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Forbidden, NotFound
from vendors.hours import moment
from vendors.models import Option, Product, Vendor
from vendors.permissions import serves
from vendors.services.vendors import bump_menu_version, hold_vendor

# Where "today" ends, by the clock of a vendor that does not say when its days begin: late evenings belong to the day
# before.
DAY_ENDS = time(5)
# What comes back, and how its vendor is found.
PARTS: Sequence[tuple[type[Product | Option], str]] = ((Product, "vendor"), (Option, "group__vendor"))
BATCH = 100


def set_availability(
    *, vendor: Vendor, caller: Caller, part: type[Product | Option], pk: int, is_available: bool, until: datetime | None
) -> Product | Option:
    """Takes a product or an option off the menu, until a moment (None: until it is put back), or puts it back.

    What stands already is not written. Must run in a transaction; raises Forbidden and NotFound.
    """
    rows = part._default_manager.filter(**{dict(PARTS)[part]: vendor}, pk=pk)
    return write_availability(vendor, caller, rows, is_available, until)[0]


def set_group_availability(
    *, vendor: Vendor, caller: Caller, group_id: int, is_available: bool, until: datetime | None
) -> Sequence[Option]:
    """The same for all options of a group; NotFound for one that has none."""
    rows = Option.objects.filter(group__vendor=vendor, group=group_id)
    return write_availability(vendor, caller, rows, is_available, until)


def write_availability(
    vendor: Vendor, caller: Caller, rows: QuerySet[Any], is_available: bool, until: datetime | None
) -> Sequence[Any]:
    if not serves(caller, Right.CHANGE_VENDORS, vendor.pk):
        raise Forbidden(FaultCode.NOT_A_MEMBER)
    hold_vendor(vendor.pk)
    found = list(rows.select_for_update(of=("self",), no_key=True).order_by("pk"))
    if not found:
        raise NotFound()
    other = [row for row in found if (row.is_available, row.unavailable_until) != (is_available, until)]
    for row in other:
        row.is_available, row.unavailable_until = is_available, until
    if other:
        rows.model._default_manager.filter(pk__in=[row.pk for row in other]).update(
            is_available=is_available, unavailable_until=until
        )
        bump_menu_version(vendor.pk)
    return found


def end_of_today(vendor: Vendor, now: datetime) -> datetime:
    """When the vendor's day is over: the next time its clock shows the hour at which its days begin, or DAY_ENDS."""
    local, ends = now.astimezone(vendor.zone), time(vendor.day_begins_at) if vendor.day_begins_at else DAY_ENDS
    day = local.date() if local.time() < ends else local.date() + timedelta(days=1)
    return moment(day, ends, vendor.zone)


@transaction.atomic
def bring_back() -> int:
    """Makes available again what is due, and has menus read anew; how many rows. Several workers share them."""
    done, now = 0, timezone.now()
    due: dict[type[Product | Option], dict[int, int]] = {}
    for part, path in PARTS:
        waiting = part._default_manager.filter(unavailable_until__lte=now).order_by("unavailable_until")
        due[part] = dict(waiting.values_list("pk", path)[:BATCH])
    # Vendors first, as everybody who changes a menu holds them; what another one is at is left to it.
    vendors = Vendor.objects.filter(pk__in={pk for rows in due.values() for pk in rows.values()}).order_by("pk")
    held = list(vendors.select_for_update(skip_locked=True, no_key=True).values_list("pk", flat=True))
    changed: set[int] = set()
    for part, path in PARTS:
        standing = part._default_manager.filter(pk__in=due[part], unavailable_until__lte=now, **{f"{path}__in": held})
        free = standing.order_by("pk").select_for_update(of=("self",), skip_locked=True, no_key=True)
        rows = dict(free.values_list("pk", path))
        part._default_manager.filter(pk__in=rows).update(is_available=True, unavailable_until=None)
        done += len(rows)
        changed.update(rows.values())
    for vendor_id in sorted(changed):
        bump_menu_version(vendor_id)
    return done
