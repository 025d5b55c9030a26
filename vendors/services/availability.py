"""What a vendor takes off its menu for a while: products and options that are out of stock.

It is `is_available` that everybody reads; what is to come back by itself, the worker makes available again.
"""

from collections.abc import Sequence
from datetime import datetime, time, timedelta

from django.db import transaction
from django.utils import timezone

from ordersite.accounts.callers import Caller
from ordersite.accounts.rights import Right
from ordersite.core.codes import Code
from ordersite.core.faults import Forbidden, NotFound
from vendors.hours import moment
from vendors.models import Option, Product, Vendor
from vendors.permissions import serves
from vendors.services.vendors import bump_menu_version

# Where "today" ends, by the vendor's clock: late evenings belong to the day before.
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
    if not serves(caller, Right.CHANGE_VENDORS, vendor.pk):
        raise Forbidden(Code.NOT_A_MEMBER)
    rows = part._default_manager.filter(**{dict(PARTS)[part]: vendor}, pk=pk)
    found = rows.select_for_update(of=("self",), no_key=True).first()
    if found is None:
        raise NotFound()
    if (found.is_available, found.unavailable_until) != (is_available, until):
        found.is_available, found.unavailable_until = is_available, until
        found.save(update_fields=["is_available", "unavailable_until"])
        bump_menu_version(vendor.pk)
    return found


def end_of_today(vendor: Vendor, now: datetime) -> datetime:
    """When the vendor's day is over: the next DAY_ENDS by its clock."""
    local = now.astimezone(vendor.zone)
    day = local.date() if local.time() < DAY_ENDS else local.date() + timedelta(days=1)
    return moment(day, DAY_ENDS, vendor.zone)


@transaction.atomic
def bring_back() -> int:
    """Makes available again what is due, and has menus read anew; how many rows. Several workers share them."""
    done = 0
    vendors: set[int] = set()
    for part, path in PARTS:
        due = part._default_manager.filter(unavailable_until__lte=timezone.now()).order_by("unavailable_until")
        due = due.select_for_update(of=("self",), skip_locked=True, no_key=True)
        rows = dict(due.values_list("pk", path)[:BATCH])
        part._default_manager.filter(pk__in=rows).update(is_available=True, unavailable_until=None)
        done += len(rows)
        vendors.update(rows.values())
    for vendor_id in sorted(vendors):
        bump_menu_version(vendor_id)
    return done
