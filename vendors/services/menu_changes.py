"""A vendor's menu as its owner and managers, and their tills, keep it: read whole, and changed.

Every function must run in a transaction. Who changes a menu holds the vendor first: of two tills one waits for the
other. Then come products and then stock, by id, as orders hold it. What stands already is not written, and leaves the
menu's version as it is.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model, ProtectedError, Q, QuerySet, RestrictedError

from ordersite.accounts.callers import Caller
from ordersite.core.codes import FaultCode
from ordersite.core.faults import (
    Conflict,
    Fault,
    Forbidden,
    InvalidFields,
    NotFound,
    Path,
    Stale,
    Step,
    faults_of_check,
)
from ordersite.core.fields import Field
from ordersite.core.money import Money
from vendors.models import (
    MOST_STOCK,
    Category,
    Extra,
    Ingredient,
    Option,
    OptionGroup,
    Product,
    ProductOptionGroup,
    Station,
    Stock,
    Vendor,
)
from vendors.permissions import manages_vendor
from vendors.services.sorting import stand_last
from vendors.services.stock import lock_stock
from vendors.services.till_codes import standing_codes, taken_codes
from vendors.services.vendors import BATCH, bump_menu_version, hold_vendor, replace

MenuPart = TypeVar("MenuPart", Category, Product, OptionGroup, Option)
# Where the vendor of a part of the menu is found.
VENDOR_OF: Mapping[type[Model], str] = {
    Category: "vendor",
    Product: "vendor",
    OptionGroup: "vendor",
    Option: "group__vendor",
}
# By which column the lists are told apart in which new rows come last; groups are listed by product.
LIST_OF: Mapping[type[Model], str] = {Category: "vendor_id", Product: "category_id", Option: "group_id"}
# So many of each has a vendor; options are counted by their group.
MOST_PARTS: Mapping[type[Model], int] = {Category: 500, Product: 5000, OptionGroup: 1000, Option: 200}
# Products that one call changes: each column of each that differs leaves a row of what was changed.
MOST_ROWS = 150
# What a new product needs.
NEEDED = {"name": Field.NAME, "category": Field.CATEGORY, "price": Field.PRICE}
REFERENCES = {"category": Field.CATEGORY, "station": Field.STATION, "condition": Field.CONDITION}
AMOUNTS = {"price": Field.PRICE, "half_price": Field.HALF_PRICE}
# What of a product lies in rows of other tables.
BESIDE = frozenset({"id", "stock", "stock_change", "option_groups", "extras", "ingredients"})
Given = Mapping[str, Any]


# --- reading --------------------------------------------------------------------------------------------------------


def managed_menu(caller: Caller, vendor_id: int) -> Vendor:
    """The vendor whose menu the caller keeps; raises NotFound, and Forbidden to whoever does not."""
    vendor = Vendor.objects.filter(pk=vendor_id).first()
    if vendor is None:
        raise NotFound()
    if not manages_vendor(caller, vendor):
        raise Forbidden(FaultCode.NOT_A_MANAGER)
    return vendor


def held_menu(caller: Caller, vendor_id: int, version: int | None = None) -> Vendor:
    """The same, held for a change; raises Stale where the caller saw another version of the menu."""
    managed_menu(caller, vendor_id)
    vendor = hold_vendor(vendor_id)
    if version is not None and version != vendor.menu_version:
        raise Stale(FaultCode.STALE_MENU, version=vendor.menu_version)
    return vendor


def menu_products(vendor: Vendor) -> QuerySet[Product]:
    """All products with what hangs on them, also those that are not available: four statements."""
    rows = Product.objects.filter(vendor=vendor).select_related("vendor", "stock")
    return rows.prefetch_related("group_links", "extras", "ingredients")


def menu_groups(vendor: Vendor) -> QuerySet[OptionGroup]:
    """All option groups with their options: two statements."""
    return OptionGroup.objects.filter(vendor=vendor).select_related("vendor").prefetch_related("options")


def find_product(vendor: Vendor, product_id: int) -> Product:
    """One of the vendor's products with what hangs on it; raises NotFound."""
    product = menu_products(vendor).filter(pk=product_id).first()
    if product is None:
        raise NotFound()
    return product


def find_group(vendor: Vendor, group_id: int) -> OptionGroup:
    """One of its option groups with its options."""
    return menu_groups(vendor).get(pk=group_id)


# --- products -------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class ProductChange:
    """What was given of a product, and where; the row as it is to be, and which columns of it differ."""

    at: Path
    given: Given
    row: Product
    columns: frozenset[str] = frozenset()
    stock: int | None = None
    is_stock_changed: bool = False

    @property
    def is_new(self) -> bool:
        return self.row._state.adding

    @property
    def outcome(self) -> str:
        """What it came to; read it before the row is written."""
        if self.is_new:
            return "added"
        return "changed" if self.columns or self.is_stock_changed else "unchanged"


def create_product(vendor: Vendor, given: Given) -> Product:
    """Adds a product; raises as `change_product`, and Conflict beyond MOST_PARTS."""
    check_room(Product, Product.objects.filter(vendor=vendor))
    return write_product(vendor, ProductChange((), given, Product(vendor=vendor)))


def change_product(vendor: Vendor, product_id: int, given: Given) -> Product:
    """Changes what is given of a product; its option groups, extras and ingredients become those given.

    Raises NotFound, InvalidFields, and Conflict where more stock would go than is left.
    """
    return write_product(vendor, ProductChange((), given, find_part(vendor, Product, product_id)))


def write_product(vendor: Vendor, change: ProductChange) -> Product:
    faults, short = apply_changes(vendor, [change])
    groups = list(dict.fromkeys(change.given.get("option_groups", ())))
    unknown = set(groups) - known_ids(OptionGroup, vendor, groups)
    if unknown:
        faults.append(Fault(FaultCode.UNKNOWN_GROUPS, Field.OPTION_GROUPS, ids=sorted(unknown)))
    faults += [
        wrong_currency(vendor, Field.PRICE, (Step(Field.EXTRAS, number),))
        for number, extra in enumerate(change.given.get("extras", ()))
        if extra["price"].currency != vendor.currency
    ]
    refuse(faults, short)
    is_changed = write_changes([change])
    if write_parts(change.row, change.given, groups) or is_changed:
        note_change(vendor)
    return find_product(vendor, change.row.pk)


def change_products(vendor: Vendor, rows: Sequence[Given]) -> list[tuple[ProductChange, str]]:
    """Changes many products by their `id` or `plu_code`, all or none; a code that no product has makes a new one.

    The number of statements does not grow with the rows. Raises InvalidFields that names each row which is wrong,
    and Conflict where more stock would go than is left.
    """
    changes, faults = match_products(vendor, rows)
    fresh = sum(change.is_new for change in changes)
    if fresh:
        check_room(Product, Product.objects.filter(vendor=vendor), fresh)
    wrong, short = apply_changes(vendor, changes)
    places: dict[Path, int] = {(Step(Field.PRODUCTS, number),): number for number in range(len(rows))}
    refuse(sorted([*faults, *wrong], key=lambda fault: places[fault.at]), short)
    outcomes = [(change, change.outcome) for change in changes]
    if write_changes(changes):
        note_change(vendor)
    return outcomes


def match_products(vendor: Vendor, rows: Sequence[Given]) -> tuple[list[ProductChange], list[Fault]]:
    """Which product each row is about, held by id; one statement."""
    ids = {row["id"] for row in rows if "id" in row}
    codes = {row["plu_code"] for row in rows if "id" not in row and row.get("plu_code")}
    named = Product.objects.filter(Q(pk__in=ids) | Q(plu_code__in=codes), vendor=vendor).order_by("pk")
    by_id: dict[int, Product] = {}
    by_code: dict[str, list[Product]] = {}
    for product in named.select_for_update(of=("self",), no_key=True):
        by_id[product.pk] = product
        by_code.setdefault(product.plu_code, []).append(product)
    changes: list[ProductChange] = []
    faults: list[Fault] = []
    seen: set[Any] = set()
    for number, row in enumerate(rows):
        at = (Step(Field.PRODUCTS, number),)
        code = row.get("plu_code", "")
        field = Field.ID if "id" in row else Field.PLU_CODE
        found = by_code.get(code, []) if field == Field.PLU_CODE and code else []
        if field == Field.ID:
            found = [by_id[row["id"]]] if row["id"] in by_id else []
        key = found[0].pk if found else code
        if field == Field.PLU_CODE and not code:
            faults.append(Fault(FaultCode.REQUIRED_PRODUCT_KEY, field, at=at))
        elif field == Field.ID and not found:
            faults.append(Fault(FaultCode.UNKNOWN_PRODUCTS, field, at=at, ids=[row["id"]]))
        elif len(found) > 1:
            ids_of = [product.pk for product in found]
            faults.append(Fault(FaultCode.AMBIGUOUS_PLU_CODE, field, at=at, told={"products": ids_of}))
        elif key in seen:
            faults.append(Fault(FaultCode.DUPLICATE_PRODUCT, field, at=at))
        else:
            seen.add(key)
            changes.append(ProductChange(at, row, found[0] if found else Product(vendor=vendor)))
    return changes, faults


def apply_changes(vendor: Vendor, changes: Sequence[ProductChange]) -> tuple[list[Fault], list[Fault]]:
    """Writes what is given into the rows, which are not saved; what is wrong of it, and which stock is too little."""
    faults: list[Fault] = []
    known = {
        "category": known_ids(Category, vendor, (change.given.get("category") for change in changes)),
        "station": known_ids(Station, vendor, (change.given.get("station") for change in changes)),
    }
    for change in changes:
        if change.is_new:
            lacking = [field for name, field in NEEDED.items() if name not in change.given]
            faults += [Fault(FaultCode.REQUIRED_NEW_PRODUCT, field, at=change.at) for field in lacking]
        wrong = check_given(vendor, change.given, known, change.at)
        if not wrong:
            own = {name: value for name, value in change.given.items() if name not in BESIDE}
            change.columns, wrong = set_columns(change.row, own, change.at)
        faults += wrong
    faults += check_codes(vendor, changes)
    more, short = reckon_stock(changes)
    return faults + more, short


def refuse(faults: Sequence[Fault], short: Sequence[Fault]) -> None:
    """Raises InvalidFields for what is wrong, else Conflict for stock that is not there."""
    if faults:
        raise InvalidFields(faults)
    if short:
        raise Conflict(FaultCode.OUT_OF_STOCK_BELOW_ZERO, faults=short)


def check_codes(vendor: Vendor, changes: Sequence[ProductChange]) -> list[Fault]:
    """Refuses a code that another product has: a till could not tell the two apart any more."""
    coming = [change for change in changes if change.is_new or "plu_code" in change.columns]
    codes = [(change.row.pk, change.row.plu_code) for change in coming]
    taken = taken_codes(codes, standing_codes(vendor.pk, [code for _, code in codes]))
    return [Fault(FaultCode.TAKEN_PLU_CODE, Field.PLU_CODE, at=coming[place].at) for place in taken]


def reckon_stock(changes: Sequence[ProductChange]) -> tuple[list[Fault], list[Fault]]:
    """What each product's stock is to be, whose row is held; what is wrong, and where more would go than is left."""
    touched = [change for change in changes if change.given.keys() & {"stock", "stock_change"}]
    standing = lock_stock({change.row.pk: 0 for change in touched if not change.is_new}) if touched else {}
    faults: list[Fault] = []
    short: list[Fault] = []
    for change in touched:
        row = standing.get(change.row.pk)
        change.stock = row.quantity if row else None
        if "stock" in change.given and "stock_change" in change.given:
            faults.append(Fault(FaultCode.DUPLICATE_STOCK, Field.STOCK_CHANGE, at=change.at))
        elif "stock" in change.given:
            change.is_stock_changed = change.given["stock"] != change.stock
            change.stock = change.given["stock"]
        elif change.stock is None:
            faults.append(Fault(FaultCode.NOT_COUNTED, Field.STOCK_CHANGE, at=change.at))
        else:
            by = change.given["stock_change"]
            if change.stock + by < 0:
                told = {"product": change.row.pk, "left": change.stock}
                short.append(Fault(FaultCode.OUT_OF_STOCK_BELOW_ZERO, Field.STOCK_CHANGE, at=change.at, told=told))
            if change.stock + by > MOST_STOCK:
                faults.append(Fault(FaultCode.TOO_LARGE_STOCK, Field.STOCK_CHANGE, at=change.at, most=MOST_STOCK))
            change.is_stock_changed = by != 0
            change.stock += by
    return faults, short


def write_changes(changes: Sequence[ProductChange]) -> bool:
    """Saves the rows and their stock; whether anybody reads another menu now: how many are left is not part of it."""
    fresh = [change for change in changes if change.is_new]
    changed = [change for change in changes if change.columns and not change.is_new]
    columns = {name for change in changed for name in change.columns}
    if changed:
        Product.objects.write_columns([change.row for change in changed], sorted(columns))
    if unplaced := [change.row for change in fresh if "position" not in change.given]:
        stand_last(unplaced, LIST_OF[Product])
    Product.objects.bulk_create([change.row for change in fresh], batch_size=BATCH)
    return write_stock([change for change in changes if change.is_stock_changed]) or bool(fresh or changed)


def write_stock(changes: Sequence[ProductChange]) -> bool:
    """Writes what was reckoned; whether a product is counted that was not, or the other way round."""
    if not changes:
        return False
    gone = [change.row.pk for change in changes if change.stock is None]
    left = {change.row.pk: change.stock for change in changes if change.stock is not None}
    standing = Stock.objects.in_bulk(list(left))
    for pk, row in standing.items():
        row.quantity = left[pk]
    if standing:
        Stock.objects.write_columns(list(standing.values()), ["quantity"])
    fresh = [Stock(product_id=pk, quantity=quantity) for pk, quantity in left.items() if pk not in standing]
    # The back-office may have begun to count it meanwhile.
    Stock.objects.bulk_create(fresh, update_conflicts=True, unique_fields=["product"], update_fields=["quantity"])
    if gone:
        Stock.objects.filter(pk__in=gone).delete()
    return bool(fresh or gone)


def write_parts(product: Product, given: Given, group_ids: Sequence[int]) -> bool:
    """Has the option groups, extras and ingredients that are given, in their order; whether any of them differs.

    An extra and an ingredient are found by their names, and keep their ids.
    """
    is_changed = False
    if "option_groups" in given:
        wanted = {
            pk: {"product_id": product.pk, "group_id": pk, "position": position}
            for position, pk in enumerate(group_ids)
        }
        is_changed |= replace_differing(ProductOptionGroup, product, wanted, "group_id")
    if "extras" in given:
        wanted = {
            extra["name"]: {**in_minor_units(extra), "product_id": product.pk, "position": position}
            for position, extra in enumerate(given["extras"])
        }
        is_changed |= replace_differing(Extra, product, wanted, "name")
    if "ingredients" in given:
        wanted = {
            name: {"product_id": product.pk, "name": name, "position": position}
            for position, name in enumerate(dict.fromkeys(given["ingredients"]))
        }
        is_changed |= replace_differing(Ingredient, product, wanted, "name")
    return is_changed


def replace_differing(model: type[Any], product: Product, wanted: Mapping[Any, dict[str, Any]], key: str) -> bool:
    """The product's rows of this model become those wanted; whether they were not."""
    rows = model.objects.filter(product=product)
    standing = list(rows)
    by_key = {getattr(row, key): row for row in standing}
    if len(standing) == len(wanted) and by_key.keys() == wanted.keys():
        pairs = ((by_key[found], fields) for found, fields in wanted.items())
        if all(getattr(row, name) == value for row, fields in pairs for name, value in fields.items()):
            return False
    replace(rows, wanted, key=lambda row: getattr(row, key), make=lambda fields: model(**fields), removes=True)
    return True


# --- categories, option groups, options -----------------------------------------------------------------------------


def create_category(vendor: Vendor, given: Given) -> Category:
    """Adds a category; raises InvalidFields, and Conflict beyond MOST_PARTS."""
    check_room(Category, Category.objects.filter(vendor=vendor))
    return write_part(vendor, Category(vendor=vendor), given)


def create_group(vendor: Vendor, given: Given) -> OptionGroup:
    """Adds an option group with its options; raises as `create_category`."""
    check_room(OptionGroup, OptionGroup.objects.filter(vendor=vendor))
    options: list[Option] = []
    faults: list[Fault] = []
    for place, one in enumerate(given.get("options", ())):
        at = (Step(Field.OPTIONS, place),)
        option = Option()
        _, wrong = set_columns(option, {"position": place, **one}, at)
        options.append(option)
        faults += check_given(vendor, one, {}, at) + wrong
    if faults:
        raise InvalidFields(faults)
    group = write_part(vendor, OptionGroup(vendor=vendor), {name: given[name] for name in given if name != "options"})
    for option in options:
        option.group = group
    Option.objects.bulk_create(options)
    return group


def create_option(vendor: Vendor, group_id: int, given: Given) -> Option:
    """Adds an option to a group; raises NotFound, and as `create_category`."""
    group = find_part(vendor, OptionGroup, group_id)
    check_room(Option, Option.objects.filter(group=group))
    return write_part(vendor, Option(group=group), given)


def change_part(vendor: Vendor, model: type[MenuPart], pk: int, given: Given) -> MenuPart:
    """Changes what is given of a category, option group or option; raises NotFound and InvalidFields."""
    return write_part(vendor, find_part(vendor, model, pk), given)


def delete_part(vendor: Vendor, model: type[MenuPart], pk: int) -> None:
    """Deletes a part of the menu for good, with what hangs on it; what was ordered of it stays in its orders.

    Raises NotFound, and Conflict where something else needs it.
    """
    row = find_part(vendor, model, pk)
    try:
        row.delete()
    except (ProtectedError, RestrictedError) as error:
        needed = error.protected_objects if isinstance(error, ProtectedError) else error.restricted_objects
        words = sorted({str(one._meta.verbose_name_plural) for one in needed})
        raise Conflict(FaultCode.NEEDED_BY_MENU, users=words) from error
    note_change(vendor)


def find_part(vendor: Vendor, model: type[MenuPart], pk: int) -> MenuPart:
    """The vendor's row, held; raises NotFound."""
    rows: QuerySet[MenuPart] = model.objects.filter(**{VENDOR_OF[model]: vendor}, pk=pk)
    row = rows.select_for_update(of=("self",), no_key=True).first()
    if row is None:
        raise NotFound()
    return row


def write_part(vendor: Vendor, row: MenuPart, given: Given) -> MenuPart:
    """Saves what is given, where it differs; raises InvalidFields."""
    others = Option.objects.filter(group__vendor=vendor)
    if isinstance(row, OptionGroup) and row.pk:
        others = others.exclude(group=row)
    asked = given.get("condition")
    known = {
        "station": known_ids(Station, vendor, [given.get("station")]),
        "condition": set(others.filter(pk=asked).values_list("pk", flat=True)) if asked else set(),
    }
    faults = check_given(vendor, given, known, ())
    if faults:
        raise InvalidFields(faults)
    is_new = row._state.adding
    columns, faults = set_columns(row, given, ())
    if isinstance(row, OptionGroup) and row.maximum < row.minimum:
        faults.append(Fault(FaultCode.BELOW_MINIMUM_OF_GROUP, Field.MAXIMUM))
    if faults:
        raise InvalidFields(faults)
    if is_new and "position" not in given and type(row) in LIST_OF:
        stand_last([row], LIST_OF[type(row)])
    if is_new or columns:
        row.save(update_fields=None if is_new else sorted(columns))
        note_change(vendor)
    return row


# --- what they share ------------------------------------------------------------------------------------------------


def note_change(vendor: Vendor) -> None:
    """The menu is another from this transaction's end on; the vendor is held, so its version is known."""
    bump_menu_version(vendor.pk)
    vendor.menu_version += 1


def check_room(model: type[Model], standing: QuerySet[Any], more: int = 1) -> None:
    """Raises Conflict where there would be too many."""
    if standing.count() + more > MOST_PARTS[model]:
        raise Conflict(FaultCode.TOO_MANY_MENU_PARTS, most=MOST_PARTS[model])


def known_ids(model: type[Any], vendor: Vendor, ids: Iterable[int | None]) -> set[int]:
    """Those of the ids that are of the vendor's rows; no statement where there are none."""
    asked = {pk for pk in ids if pk is not None}
    return set(model.objects.filter(vendor=vendor, pk__in=asked).values_list("pk", flat=True)) if asked else set()


def check_given(vendor: Vendor, given: Given, known: Mapping[str, Collection[int]], at: Path) -> list[Fault]:
    """What may not be given for a row of this vendor: references to another's, amounts in another currency."""
    faults = [
        Fault(FaultCode.UNKNOWN_REFERENCE, REFERENCES[name], at=at)
        for name, ids in known.items()
        if given.get(name) is not None and given[name] not in ids
    ]
    for name, field in AMOUNTS.items():
        amount = given.get(name)
        if isinstance(amount, Money) and amount.currency != vendor.currency:
            faults.append(wrong_currency(vendor, field, at))
    return faults


def wrong_currency(vendor: Vendor, field: Field, at: Path) -> Fault:
    return Fault(FaultCode.CURRENCY_OF_VENDOR, field, at=at, vendor=vendor.name, currency=vendor.currency)


def set_columns(row: Any, given: Given, at: Path) -> tuple[frozenset[str], list[Fault]]:
    """Sets what is given on a row, references by their ids; the names of what differs then, and what is wrong of it."""
    before = dict(vars(row))
    fields = {name: row._meta.get_field(name) for name in given}
    for name, value in in_minor_units(given).items():
        setattr(row, fields[name].attname, value)
    if given.get("unavailable_until") and row.is_available:
        return frozenset(), [Fault(FaultCode.UNTIL_OF_AVAILABLE, Field.UNAVAILABLE_UNTIL, at=at)]
    try:
        row.clean()
    except ValidationError as error:
        wrong = [(Field(name), one) for name, errors in error.error_dict.items() for one in errors]
        return frozenset(), [fault.moved(field, at) for field, one in wrong for fault in faults_of_check(field, one)]
    concrete = row._meta.concrete_fields
    return frozenset(one.name for one in concrete if vars(row)[one.attname] != before[one.attname]), []


def in_minor_units(given: Given) -> dict[str, Any]:
    """The same, with amounts as columns hold them: their currency is the vendor's."""
    return {name: value.minor if isinstance(value, Money) else value for name, value in given.items()}
