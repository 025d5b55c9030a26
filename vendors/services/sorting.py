"""The order of a menu's parts, as its menu shows them: one list at a time, written as it was seen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Max, Model, QuerySet

from ordersite.accounts.callers import Caller
from ordersite.core.codes import FaultCode
from ordersite.core.faults import NotFound, Stale
from vendors.models import Category, Option, OptionGroup, Product, ProductOptionGroup, Vendor
from vendors.services.menu_plans import check_may_arrange
from vendors.services.menu_rows import MOST_SMALL
from vendors.services.vendors import bump_menu_version, hold_vendor

BATCH = 500


@dataclass(frozen=True, slots=True)
class SortedList:
    """A kind of list: its rows, how its vendor is found, and what it is part of."""

    model: type[Model]
    vendor_path: str
    parent: type[Model] | None = None
    column: str = ""


LISTS: Mapping[str, SortedList] = {
    "categories": SortedList(Category, "vendor"),
    "products": SortedList(Product, "vendor", Category, "category"),
    "groups": SortedList(ProductOptionGroup, "product__vendor", Product, "product"),
    "options": SortedList(Option, "group__vendor", OptionGroup, "group"),
}


def parent_of_list(vendor: Vendor, of: str, parent_id: int | None) -> Any:
    """What a list is part of, None for the menu itself; raises NotFound for nothing of this vendor's."""
    if of not in LISTS:
        raise NotFound()
    model = LISTS[of].parent
    if model is None:
        return None
    parent = model._default_manager.filter(vendor=vendor, pk=parent_id).first() if parent_id else None
    if parent is None:
        raise NotFound()
    return parent


def stand_last(rows: Sequence[Any], within: str) -> None:
    """Puts new rows of one model behind those that stand in the same list, in their order; one statement.

    `within` is the column of what the list is of. Whoever calls this holds the vendor.
    """
    lists = {getattr(row, within) for row in rows}
    standing = type(rows[0])._default_manager.filter(**{f"{within}__in": lists}).order_by().values_list(within)
    last = dict(standing.annotate(Max("position")))
    for row in rows:
        key = getattr(row, within)
        row.position = last[key] = min(last.get(key, -1) + 1, MOST_SMALL)


def rows_in_order(vendor: Vendor, of: str, parent: Any) -> QuerySet[Any]:
    """The rows of a list, as the menu shows them."""
    kind = LISTS[of]
    rows = kind.model._default_manager.filter(**{kind.vendor_path: vendor})
    if parent is not None:
        rows = rows.filter(**{kind.column: parent})
    return rows.order_by("position", "pk")


def sort_rows(
    *, vendor: Vendor, caller: Caller, of: str, parent_id: int | None, shown: Sequence[int], order: Sequence[int]
) -> None:
    """Puts the rows of a list, which were shown in one order, into another. Must run in a transaction.

    Raises Forbidden, NotFound, and Stale where the list is not the one that was shown any more, or the order has not
    its rows: nothing is written then.
    """
    check_may_arrange(caller, vendor)
    hold_vendor(vendor.pk)
    rows = rows_in_order(vendor, of, parent_of_list(vendor, of, parent_id))
    list(rows.order_by("pk").select_for_update(of=("self",), no_key=True).values_list("pk", flat=True))
    standing = {row.pk: row for row in rows}
    if list(standing) != list(shown) or sorted(order) != sorted(shown):
        raise Stale(FaultCode.STALE_ORDER_OF_MENU)
    moved = []
    for position, pk in enumerate(order):
        if standing[pk].position != position:
            standing[pk].position = position
            moved.append(standing[pk])
    if moved and list(order) != list(shown):
        LISTS[of].model._default_manager.bulk_update(moved, ["position"], batch_size=BATCH)
        bump_menu_version(vendor.pk)
