"""A menu copied from one vendor to another: the rows of the one are planned for the other, as those of a file are."""

from collections.abc import Collection, Mapping

from ordersite.accounts.callers import Caller
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Invalid
from ordersite.core.fields import Field
from vendors.models import Vendor
from vendors.services.menu_plans import MenuPlan, Ways, apply_rows, check_may_arrange, plan_rows
from vendors.services.menu_rows import MenuRow, StandingMenu, rows_of_menu

# What may be left out, each with the columns that it is, and what it is called.
PARTS: Mapping[str, tuple[str, frozenset[str]]] = {
    "groups": ("Option groups with their options", frozenset({"option groups", "condition"})),
    "pictures": ("Pictures", frozenset({"picture"})),
    "allergens": ("Allergens", frozenset({"allergens", "allergen note"})),
    "tax": ("Tax rates", frozenset({"tax rate"})),
    "codes": ("The till's codes", frozenset({"plu code"})),
    "stations": ("Stations, where one has the same name", frozenset({"station"})),
}
NAMED = 10


def rows_to_copy(source: Vendor, vendor: Vendor, parts: Collection[str], *, replaces: bool) -> list[MenuRow]:
    """The rows of another menu without what is its own: ids, stock, and when what is sold out comes back.

    Their places are of the other menu too, unless what stands here becomes as it is there.

    Raises Invalid for the same vendor, another currency, and names that do not say which row they mean.
    """
    if source.pk == vendor.pk:
        raise Invalid(FaultCode.SAME_MENU, Field.VENDOR)
    if source.currency != vendor.currency:
        raise Invalid(
            FaultCode.OTHER_CURRENCY_OF_MENU,
            Field.VENDOR,
            source=source.name,
            theirs=source.currency,
            vendor=vendor.name,
            own=vendor.currency,
        )
    menu = StandingMenu(source)
    stations = set(vendor.stations.values_list("name", flat=True))
    left_out = {heading for part, (_, headings) in PARTS.items() if part not in parts for heading in headings}
    rows, unclear = [], []
    for row in rows_of_menu(menu):
        if "groups" not in parts and row.kind in ("group", "option"):
            continue
        node = menu.nodes[row.kind][row.id or 0]
        values = {name: value for name, value in row.values.items() if name not in left_out | {"stock"}}
        if not replaces:
            values.pop("position", None)  # its place is among the other's: here it comes behind what stands
        if values.get("station") not in stations:
            values.pop("station", None)
        if "on sale" in values and node.row.unavailable_until is not None:
            values["on sale"] = True
        if row.kind == "product" and "pictures" in parts:
            values["picture"] = node.row.picture.name or ""
        named = f"{row.parent}|{values.get('condition', '')}|{values.get('option groups', '')}".split("|")
        if any(name.strip().startswith("#") for name in named):
            unclear.append(row.name)
        rows.append(MenuRow(row.line, row.kind, row.name, None, row.parent, values))
    if unclear:
        raise Invalid(FaultCode.UNCLEAR_NAMES, Field.VENDOR, source=source.name, names=", ".join(unclear[:NAMED]))
    return rows


def plan_copy(*, source: Vendor, vendor: Vendor, parts: Collection[str], replaces: bool) -> MenuPlan:
    """What copying would do. Reads only; raises Invalid as `rows_to_copy`."""
    return plan_rows(vendor, rows_to_copy(source, vendor, parts, replaces=replaces), Ways(replaces=replaces))


def copy_menu(
    *, source: Vendor, vendor: Vendor, caller: Caller, parts: Collection[str], replaces: bool, shown: str
) -> MenuPlan:
    """Copies what was shown; what was copied before is found by its name. Must run in a transaction.

    Raises Forbidden to who may not change both menus, Invalid, and Stale as `apply_rows`.
    """
    check_may_arrange(caller, source)
    rows = rows_to_copy(source, vendor, parts, replaces=replaces)
    return apply_rows(vendor=vendor, caller=caller, rows=rows, ways=Ways(replaces=replaces), shown=shown)
