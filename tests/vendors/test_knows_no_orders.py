"""vendors does not know orders: not by an import (import-linter), and not by a reverse relation."""

import ast
from pathlib import Path

from django.apps import apps

ROOT = Path(__file__).parents[2]
# "orders" is here how many of them a slot takes, and "position" the place of a station or of a part of a menu.
OTHER_MEANING = {
    "vendors/slots.py",
    "vendors/services/kitchens.py",
    "vendors/services/menu_plans.py",
    "vendors/services/sorting.py",
}


def names_of_orders() -> set[str]:
    """Names by which vendors' models lead to rows of orders, as attributes and in queries."""
    relations = [one for model in apps.get_app_config("vendors").get_models() for one in model._meta.related_objects]
    leading = [one for one in relations if one.related_model._meta.app_label == "orders" and not one.hidden]
    return {name for one in leading for name in (one.get_accessor_name(), one.name) if name}


def uses_in(source: str, names: set[str]) -> list[str]:
    """Where a source takes one of the names as an attribute, a keyword of a query or a path of one."""
    found: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute):
            word = node.attr
        elif isinstance(node, ast.keyword) and node.arg:
            word = node.arg
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            word = node.value if "__" in node.value else ""
        else:
            continue
        if word in names and not isinstance(node, ast.keyword) or any(word.startswith(f"{one}__") for one in names):
            found.append(word)
    return found


def test_nothing_in_vendors_leads_to_orders() -> None:
    names = names_of_orders()
    assert {"orders", "order_uses", "codes", "bookings"} <= names
    sources = [one for one in (ROOT / "vendors").rglob("*.py") if "migrations" not in one.parts]
    assert len(sources) > 30
    found = {str(one.relative_to(ROOT)): uses_in(one.read_text(), names) for one in sources}
    assert {path: words for path, words in found.items() if words and path not in OTHER_MEANING} == {}


def test_what_leads_to_them_is_found() -> None:
    planted = 'offer.order_uses.exists(); Vendor.objects.filter(orders__status=1); Q("x").values("order_uses__order")'
    assert sorted(uses_in(planted, names_of_orders())) == ["order_uses", "order_uses__order", "orders__status"]
