"""The compiled menu of a vendor, held per process."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import CharField, IntegerField, Value
from django.db.models.functions import Cast

from vendors.menu import Menu, MenuExtra, MenuGroup, MenuIngredient, MenuOption, MenuProduct, Span, Zone
from vendors.models import (
    DeliveryZone,
    Extra,
    Ingredient,
    OpeningHours,
    Option,
    Product,
    ProductOptionGroup,
    Vendor,
)

PRODUCT_COLUMNS = (
    "id",
    "category_id",
    "name",
    "description",
    "picture",
    "plu_code",
    "sku",
    "unit",
    "is_digital",
    "price",
    "price_per",
    "tax_rate",
    "max_per_order",
    "is_available",
    "allergens",
    "allergen_note",
)
OPTION_COLUMNS = (
    "id",
    "name",
    "kind",
    "plu_code",
    "price",
    "half_price",
    "charged",
    "max_quantity",
    "preselected",
    "is_available",
    "allergens",
    "allergen_note",
)
GROUP_COLUMNS = ("id", "name", "minimum", "maximum", "allows_quantity", "allows_halves", "condition_id")

# How many menus a process holds; the one compiled longest ago goes first.
MOST_HELD = 500
held: dict[int, Menu] = {}


def menu_of(vendor: Vendor) -> Menu:
    """The vendor's menu at its `menu_version`: from this process's memory, else read with six statements.

    Do not call it in a transaction that has itself changed the menu: were that rolled back, the memory would keep it.
    """
    menu = held.get(vendor.pk)
    if menu is not None and menu.version == vendor.menu_version:
        return menu
    menu = read_menu(vendor)
    held[vendor.pk] = menu
    # Other threads write the same dict: each step is one operation that cannot fail for what another has removed.
    for vendor_id in list(held)[: max(0, len(held) - MOST_HELD)]:
        held.pop(vendor_id, None)
    return menu


def read_menu(vendor: Vendor) -> Menu:
    """Compiles the menu: six statements whatever its size."""
    groups = read_groups(vendor.pk)
    extras, ingredients = read_additions(vendor.pk)
    rows = (
        Product.objects.filter(vendor=vendor)
        .order_by("category__position", "category_id", "position", "id")
        .values("category__name", "stock__product_id", *PRODUCT_COLUMNS)
    )
    categories: dict[int, str] = {}
    products: dict[int, MenuProduct] = {}
    for row in rows:
        name, stock_id = row.pop("category__name"), row.pop("stock__product_id")
        categories.setdefault(row["category_id"], name)
        products[row["id"]] = MenuProduct(
            **row,
            tracks_stock=stock_id is not None,
            groups=tuple(groups.get(row["id"], ())),
            extras=extras.get(row["id"], {}),
            ingredients=ingredients.get(row["id"], {}),
        )
    return Menu(
        vendor_id=vendor.pk,
        version=vendor.menu_version,
        currency=vendor.currency,
        categories=tuple(categories.items()),
        products=products,
        spans=read_spans(vendor.pk),
        zones=read_zones(vendor.pk),
    )


def read_groups(vendor_id: int) -> Mapping[int, list[MenuGroup]]:
    """The option groups of each product, in order. A group that products share is one object."""
    options: dict[int, dict[int, MenuOption]] = defaultdict(dict)
    for row in (
        Option.objects.filter(group__vendor=vendor_id).order_by("position", "id").values("group_id", *OPTION_COLUMNS)
    ):
        group_id = row.pop("group_id")
        options[group_id][row["id"]] = MenuOption(**row)
    groups: dict[int, MenuGroup] = {}
    by_product: dict[int, list[MenuGroup]] = defaultdict(list)
    for product_id, *values in (
        ProductOptionGroup.objects.filter(product__vendor=vendor_id)
        .order_by("position", "id")
        .values_list("product_id", *(f"group__{name}" for name in GROUP_COLUMNS))
    ):
        fields = dict(zip(GROUP_COLUMNS, values, strict=True))
        if fields["id"] not in groups:
            groups[fields["id"]] = MenuGroup(**fields, options=options.get(fields["id"], {}))
        by_product[product_id].append(groups[fields["id"]])
    return by_product


def read_additions(
    vendor_id: int,
) -> tuple[Mapping[int, dict[int, MenuExtra]], Mapping[int, dict[int, MenuIngredient]]]:
    """The extras and the ingredients of each product, by one statement for both."""
    nothing, zero = Value("", output_field=CharField()), Value(0, output_field=IntegerField())
    word = Cast(nothing, CharField(max_length=4))
    columns = "name", "plu_code", "unit", "price", "max_quantity", "charged", "allergens", "allergen_note"
    rows: Iterable[tuple[Any, ...]] = (
        Extra.objects.filter(product__vendor=vendor_id)
        .order_by()
        .values_list("product_id", "position", "id", *columns)
        .union(
            Ingredient.objects.filter(product__vendor=vendor_id)
            .order_by()
            # The unit tells them apart: an ingredient has none.
            .values_list("product_id", "position", "id", "name", nothing, word, zero, zero, word, nothing, nothing),
            all=True,
        )
    )
    extras: dict[int, dict[int, MenuExtra]] = defaultdict(dict)
    ingredients: dict[int, dict[int, MenuIngredient]] = defaultdict(dict)
    for product_id, _, pk, name, plu_code, unit, price, most, charged, *allergens in sorted(
        rows, key=lambda row: row[:3]
    ):
        if unit:
            extras[product_id][pk] = MenuExtra(pk, name, plu_code, unit, price, most, charged, *allergens)
        else:
            ingredients[product_id][pk] = MenuIngredient(id=pk, name=name)
    return extras, ingredients


def read_spans(vendor_id: int) -> tuple[Span, ...]:
    columns = ("weekday", "date", "closed", "opens", "closes", "fulfilment", "slot_orders", "slot_value")
    return tuple(Span(**row) for row in OpeningHours.objects.filter(vendor=vendor_id).values(*columns))


def read_zones(vendor_id: int) -> tuple[Zone, ...]:
    columns = ("id", "name", "radius", "polygon", "fee", "minimum", "free_from")
    rows = DeliveryZone.objects.filter(vendor=vendor_id, is_active=True).values(*columns)
    return tuple(
        Zone(**{**row, "polygon": tuple((lat, lng) for lat, lng in row["polygon"]) if row["polygon"] else None})
        for row in rows
    )
