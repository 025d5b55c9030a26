"""A compiled menu as JSON: the shape is MenuOutput's, built by hand, since a menu has thousands of fields."""

from collections.abc import Mapping
from typing import Any

from django.core.files.storage import default_storage

from ordersite.core.money import as_json
from vendors.allergens import read_allergens
from vendors.menu import Menu, MenuExtra, MenuGroup, MenuOption, MenuProduct


def menu_as_json(menu: Menu, *, prices_include_tax: bool, left: Mapping[int, int]) -> dict[str, Any]:
    """The menu with what is left of the products that are counted."""
    groups: dict[int, dict[str, Any]] = {}
    products: dict[int, list[dict[str, Any]]] = {category_id: [] for category_id, _ in menu.categories}
    for product in menu.products.values():
        for group in product.groups:
            if group.id not in groups:
                groups[group.id] = group_as_json(group, menu.currency)
        products[product.category_id].append(product_as_json(product, menu.currency, groups, left))
    return {
        "vendor": menu.vendor_id,
        "version": menu.version,
        "currency": menu.currency,
        "prices_include_tax": prices_include_tax,
        "categories": [{"id": pk, "name": name, "products": products[pk]} for pk, name in menu.categories],
    }


def product_as_json(
    product: MenuProduct, currency: str, groups: Mapping[int, dict[str, Any]], left: Mapping[int, int]
) -> dict[str, Any]:
    return {
        "id": product.id,
        "name": product.name,
        "description": product.description,
        "picture": default_storage.url(product.picture) if product.picture else None,
        "plu_code": product.plu_code,
        "unit": product.unit,
        "price": as_json(product.price, currency),
        "price_per": product.price_per,
        "tax_rate": f"{product.tax_rate // 100}.{product.tax_rate % 100:02}",
        "max_per_order": product.max_per_order,
        "is_available": product.is_available,
        "stock": left.get(product.id),
        **allergens_as_json(product),
        "option_groups": [groups[group.id] for group in product.groups],
        "extras": [
            {
                "id": extra.id,
                "name": extra.name,
                "unit": extra.unit,
                "price": as_json(extra.price, currency),
                "charged": extra.charged,
                "max_quantity": extra.max_quantity,
                **allergens_as_json(extra),
            }
            for extra in product.extras.values()
        ],
        "ingredients": [{"id": row.id, "name": row.name} for row in product.ingredients.values()],
    }


def allergens_as_json(row: MenuProduct | MenuOption | MenuExtra) -> dict[str, Any]:
    return {"allergens": read_allergens(row.allergens), "allergen_note": row.allergen_note}


def group_as_json(group: MenuGroup, currency: str) -> dict[str, Any]:
    return {
        "id": group.id,
        "name": group.name,
        "minimum": group.minimum,
        "maximum": group.maximum,
        "allows_quantity": group.allows_quantity,
        "allows_halves": group.allows_halves,
        "condition": group.condition_id,
        "options": [
            {
                "id": option.id,
                "name": option.name,
                "kind": option.kind,
                "price": as_json(option.price, currency),
                "half_price": None if option.half_price is None else as_json(option.half_price, currency),
                "charged": option.charged,
                "max_quantity": option.max_quantity,
                "preselected": option.preselected,
                "is_available": option.is_available,
                **allergens_as_json(option),
            }
            for option in group.options.values()
        ],
    }
