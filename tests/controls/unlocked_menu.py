"""Controls of menus: who reads the stock, whether a row is new, or an order of rows without holding anything."""

from collections.abc import Callable, Sequence
from typing import Any

from ordersite.accounts.callers import Caller
from tests.controls.meeting import meet
from vendors.models import Stock, Vendor
from vendors.services import menu_changes
from vendors.services.menu_plans import plan_rows
from vendors.services.sorting import rows_in_order

match_products = menu_changes.match_products


def reading_stock_without_a_lock(order: Callable[[], Any]) -> Callable[[Any], dict[int, Stock]]:
    """In the place of vendors.services.menu_changes.lock_stock: an order comes between its reading and its writing."""

    def read(product_ids: Any) -> dict[int, Stock]:
        rows = Stock.objects.in_bulk(list(product_ids))
        order()
        return rows

    return read


def menu_without_a_lock(caller: Caller, vendor_id: int, version: int | None = None) -> Vendor:
    """In the place of `held_menu`."""
    return menu_changes.managed_menu(caller, vendor_id)


def match_and_meet(vendor: Vendor, rows: Sequence[Any]) -> Any:
    """In the place of `match_products`: whoever has read waits for the other."""
    found = match_products(vendor, rows)
    meet()
    return found


def list_read_before_it_is_held(vendor: Vendor, of: str, parent: Any) -> Any:
    """In the place of vendors.services.sorting.rows_in_order: whoever has read a list waits for the other."""
    rows = rows_in_order(vendor, of, parent)
    len(rows)
    meet()
    return rows


def plan_and_meet(*given: Any) -> Any:
    """In the place of vendors.services.menu_plans.plan_rows."""
    plan = plan_rows(*given)
    meet()
    return plan
