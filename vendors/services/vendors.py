"""Changes to vendors and their menus. Every function must run in a transaction."""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, TypedDict, TypeVar, Unpack

from django.db.models import F, Model, RestrictedError
from django.utils import timezone

from ordersite.accounts.callers import Caller
from ordersite.accounts.rights import Right
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Forbidden
from vendors.models import (
    Category,
    DeliveryZone,
    Extra,
    Ingredient,
    OpeningHours,
    Option,
    OptionGroup,
    Product,
    ProductOptionGroup,
    Stock,
    Vendor,
)
from vendors.permissions import serves
from vendors.services.announcing import UnservedOrder, vendor_changed

Row = TypeVar("Row", bound=Model)
BATCH = 500
# Parts of an imported menu on which the times of waiting orders depend, with the names by which they are announced.
IMPORTED = {"hours": "opening_hours", "zones": "delivery_zones"}

# So far ahead may lie the end of what can also be without one, such as rush mode.
FARTHEST_END = timedelta(days=366)


class VendorChanges(TypedDict, total=False):
    """What a vendor's people change from day to day; what is absent stays as it is."""

    paused_until: datetime | None
    rush_minutes: int
    rush_until: datetime | None


def update_vendor(*, vendor: Vendor, caller: Caller, **changes: Unpack[VendorChanges]) -> list[UnservedOrder]:
    """Pauses the vendor until a moment (None: takes orders again) and sets its rush minutes and when they end.

    Rush minutes that are sent alone last until the end that stands, or where that has passed until they are changed.
    What stands already is not written. Returns the orders that wait and cannot be served now. Raises Forbidden to who
    does not work there.
    """
    if not serves(caller, Right.CHANGE_VENDORS, vendor.pk):
        raise Forbidden(FaultCode.NOT_A_MEMBER)
    if changes:
        standing = Vendor.objects.select_for_update(no_key=True).only(*VendorChanges.__annotations__).get(pk=vendor.pk)
        if "rush_minutes" in changes and "rush_until" not in changes and not standing.rush_lasts(timezone.now()):
            changes["rush_until"] = None
        for name, value in changes.items():
            setattr(vendor, name, value)
        changed = [name for name, value in changes.items() if getattr(standing, name) != value]
        if changed:
            vendor.save(update_fields=changed)
        return announce_change(vendor.pk, changed)
    return announce_change(vendor.pk, ())


def announce_change(vendor_id: int, changed: Iterable[str]) -> list[UnservedOrder]:
    """Tells which settings of a vendor have changed, once all of it is written; the orders that it cannot serve now.

    `changed` are fields of the vendor, and `opening_hours`, `delivery_zones`, `services` and `package_types` for its
    rows. A placing that has read what stood before begins anew: its menu has another version. Must run in the change's
    transaction.
    """
    changed = frozenset(changed)
    if changed:
        bump_menu_version(vendor_id)
    answers: list[tuple[Any, Any]] = vendor_changed.send(sender=Vendor, vendor_id=vendor_id, changed=changed)
    return [order for _, orders in answers for order in orders]


def hold_vendor(vendor_id: int) -> Vendor:
    """One changes a vendor's menu or kitchen at a time: whoever holds its row first, before any row of the menu.

    The vendor as it stands then.
    """
    return Vendor.objects.select_for_update(no_key=True).get(pk=vendor_id)


def bump_menu_version(vendor_id: int) -> None:
    """Has every process read the vendor's menu anew, once this transaction is committed."""
    Vendor.objects.filter(pk=vendor_id).update(menu_version=F("menu_version") + 1)


def import_menu(*, vendor: Vendor, menu: Mapping[str, Any]) -> None:
    """Builds a vendor's menu from a plain dict, of which every key is optional but the names:

    ```
    {"categories": [{"name", "products": [{
        "name", "price", "price_per" (1 or 1000 units), "description", "tax_rate", "unit", "plu_code",
        "max_per_order", "is_available",
        "stock": 10 (None: not counted),
        "ingredients": ["Onion", …],
        "extras": [{"name", "price", "max_quantity", "plu_code", "unit", "charged"}],
        "groups": ["Size", …]}]}],
     "groups": [{
        "name", "minimum", "maximum", "allows_quantity", "allows_halves",
        "condition": "Large" or ("Size", "Large") (the group too, where several have an option of that name),
        "options": [{"name", "price", "half_price", "charged", "kind", "plu_code", "max_quantity", "preselected",
                     "is_available"}]}],
     "hours": [{"weekday" (0 = Monday) or "date", "opens", "closes", "closed", "fulfilment", "slot_orders",
                "slot_value"}],
     "zones": [{"name", "radius" or "polygon", "fee", "minimum", "free_from", "is_active"}]}
    ```

    Amounts are minor units, tax rates hundredths of a percent, positions the order in the lists. A row is found by
    its name within the vendor (an option within its group, an extra within its product), changed or made, and keeps
    its id, so that running it twice doubles nothing. What is not named stays, but for the parts of what is named: a
    product's ingredients, extras and groups, a group's options, and the hours where any are given become those
    given. A stock that is counted already keeps its quantity. Raises ValueError for a name given twice or not
    known. The number of statements does not grow with the menu but by batches of 500 rows.
    """
    categories = replace(
        Category.objects.filter(vendor=vendor),
        {
            category["name"]: {"name": category["name"], "position": position}
            for position, category in enumerate(unique(menu.get("categories", ())))
        },
        key=lambda row: row.name,
        make=lambda fields: Category(vendor=vendor, **fields),
    )
    products = import_products(vendor, menu, categories)
    groups = import_groups(vendor, menu)
    import_parts(products, groups, menu)
    import_hours_and_zones(vendor, menu)
    announce_change(vendor.pk, {"menu", *(part for name, part in IMPORTED.items() if name in menu)})
    vendor.menu_version = Vendor.objects.values_list("menu_version", flat=True).get(pk=vendor.pk)


def products_in(menu: Mapping[str, Any]) -> list[tuple[str, int, Mapping[str, Any]]]:
    """(category, position in it, product) for all products of the dict."""
    found = [
        (category["name"], position, product)
        for category in menu.get("categories", ())
        for position, product in enumerate(category.get("products", ()))
    ]
    unique([product for _, _, product in found])
    return found


def import_products(
    vendor: Vendor, menu: Mapping[str, Any], categories: Mapping[Hashable, Category]
) -> Mapping[Hashable, Product]:
    parts = ("stock", "ingredients", "extras", "groups")
    return replace(
        Product.objects.filter(vendor=vendor),
        {
            product["name"]: {
                **{name: value for name, value in product.items() if name not in parts},
                **({"unavailable_until": None} if "is_available" in product else {}),
                "category_id": categories[category].pk,
                "position": position,
            }
            for category, position, product in products_in(menu)
        },
        key=lambda row: row.name,
        make=lambda fields: Product(vendor=vendor, **fields),
    )


def import_groups(vendor: Vendor, menu: Mapping[str, Any]) -> Mapping[Hashable, OptionGroup]:
    """The groups with their options; conditions last, since they stand on options of other groups.

    Raises ValueError where an option would go that brings up a group which is not named.
    """
    given = unique(menu.get("groups", ()))
    groups = replace(
        OptionGroup.objects.filter(vendor=vendor),
        {
            group["name"]: {name: value for name, value in group.items() if name not in ("options", "condition")}
            for group in given
        },
        key=lambda row: row.name,
        make=lambda fields: OptionGroup(vendor=vendor, **fields),
    )
    # An option stays while it brings up a group: those that are named get their condition anew below.
    named = [groups[group["name"]] for group in given]
    if any(row.condition_id for row in named):
        OptionGroup.objects.filter(pk__in=[row.pk for row in named]).update(condition=None)
        for row in named:
            row.condition = None
    options = replace_options(vendor, given, groups)
    conditional = []
    for group in given:
        condition = find_condition(group.get("condition"), groups, options)
        if condition:
            groups[group["name"]].condition = condition
            conditional.append(groups[group["name"]])
    if conditional:
        OptionGroup.objects.bulk_update(conditional, ["condition"], batch_size=BATCH)
    return groups


def replace_options(
    vendor: Vendor, given: Iterable[Mapping[str, Any]], groups: Mapping[Hashable, OptionGroup]
) -> Mapping[Hashable, Option]:
    """The options of these groups become those that are named; raises ValueError as `import_groups`."""
    try:
        return replace(
            Option.objects.filter(group__vendor=vendor, group__name__in=[group["name"] for group in given]),
            {
                (groups[group["name"]].pk, option["name"]): {
                    **option,
                    **({"unavailable_until": None} if "is_available" in option else {}),
                    "group_id": groups[group["name"]].pk,
                    "position": position,
                }
                for group in given
                for position, option in enumerate(unique(group.get("options", ())))
            },
            key=lambda row: (row.group_id, row.name),
            make=lambda fields: Option(**fields),
            removes=True,
        )
    except RestrictedError as error:
        names = ", ".join(sorted(str(group) for group in error.restricted_objects))
        raise ValueError(f"An option that is not named any more brings up {names}: name that group too.") from error


def find_condition(
    given: str | tuple[str, str] | None, groups: Mapping[Hashable, OptionGroup], options: Mapping[Hashable, Option]
) -> Option | None:
    if given is None:
        return None
    group, name = (None, given) if isinstance(given, str) else given
    found = [
        option
        for option in options.values()
        if option.name == name and (group is None or option.group_id == groups[group].pk)
    ]
    if len(found) != 1:
        raise ValueError(f"The condition {given!r} names {len(found)} options: name one, as (group, option).")
    return found[0]


def import_parts(
    products: Mapping[Hashable, Product], groups: Mapping[Hashable, OptionGroup], menu: Mapping[str, Any]
) -> None:
    """What hangs on a product: ingredients, extras, links to groups, stock."""
    given = [(products[product["name"]], product) for _, _, product in products_in(menu)]
    pks = [row.pk for row, _ in given]
    replace(
        Ingredient.objects.filter(product__in=pks),
        {
            (row.pk, name): {"product_id": row.pk, "name": name, "position": position}
            for row, product in given
            for position, name in enumerate(product.get("ingredients", ()))
        },
        key=lambda row: (row.product_id, row.name),
        make=lambda fields: Ingredient(**fields),
        removes=True,
    )
    replace(
        Extra.objects.filter(product__in=pks),
        {
            (row.pk, extra["name"]): {**extra, "product_id": row.pk, "position": position}
            for row, product in given
            for position, extra in enumerate(unique(product.get("extras", ())))
        },
        key=lambda row: (row.product_id, row.name),
        make=lambda fields: Extra(**fields),
        removes=True,
    )
    unknown = {name for _, product in given for name in product.get("groups", ())} - set(groups)
    if unknown:
        raise ValueError(f"No such group: {', '.join(sorted(unknown))}.")
    replace(
        ProductOptionGroup.objects.filter(product__in=pks),
        {
            (row.pk, groups[name].pk): {"product_id": row.pk, "group_id": groups[name].pk, "position": position}
            for row, product in given
            for position, name in enumerate(product.get("groups", ()))
        },
        key=lambda row: (row.product_id, row.group_id),
        make=lambda fields: ProductOptionGroup(**fields),
        removes=True,
    )
    counted = {row.pk: product["stock"] for row, product in given if product.get("stock") is not None}
    Stock.objects.filter(product__in=set(pks) - set(counted)).delete()
    Stock.objects.bulk_create(
        [Stock(product_id=product_id, quantity=quantity) for product_id, quantity in counted.items()],
        ignore_conflicts=True,
        batch_size=BATCH,
    )


def import_hours_and_zones(vendor: Vendor, menu: Mapping[str, Any]) -> None:
    if "hours" in menu:
        OpeningHours.objects.filter(vendor=vendor).delete()
        OpeningHours.objects.bulk_create([OpeningHours(vendor=vendor, **span) for span in menu["hours"]])
    replace(
        DeliveryZone.objects.filter(vendor=vendor),
        {
            zone["name"]: {"radius": None, "polygon": None, **zone, "position": position}
            for position, zone in enumerate(unique(menu.get("zones", ())))
        },
        key=lambda row: row.name,
        make=lambda fields: DeliveryZone(vendor=vendor, **fields),
    )


def unique(rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The same rows; raises ValueError where two have one name."""
    found = list(rows)
    twice = [name for name, count in Counter(row["name"] for row in found).items() if count > 1]
    if twice:
        raise ValueError(f"Given twice: {', '.join(sorted(twice))}.")
    return found


def replace(
    rows: Any,
    wanted: Mapping[Hashable, dict[str, Any]],
    *,
    key: Callable[[Any], Hashable],
    make: Callable[[dict[str, Any]], Row],
    removes: bool = False,
) -> dict[Hashable, Any]:
    """Makes or changes a row for each wanted key, and returns all by key: four statements at most."""
    standing: dict[Hashable, Any] = {}
    for row in rows.order_by("pk"):
        standing.setdefault(key(row), row)
    if removes:
        gone = [row.pk for found, row in standing.items() if found not in wanted]
        if gone:
            rows.model.objects.filter(pk__in=gone).delete()
        standing = {found: row for found, row in standing.items() if found in wanted}
    changed, columns = [], set()
    for found, fields in wanted.items():
        if found in standing:
            row = standing[found]
            differing = {name for name, value in fields.items() if getattr(row, name) != value}
            for name in differing:
                setattr(row, name, fields[name])
            if differing:
                changed.append(row)
                columns |= differing
    if changed:
        rows.model.objects.bulk_update(changed, columns, batch_size=BATCH)
    fresh = {found: make(fields) for found, fields in wanted.items() if found not in standing}
    rows.model.objects.bulk_create(fresh.values(), batch_size=BATCH)
    return {**standing, **fresh}
