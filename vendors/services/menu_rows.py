"""A vendor's menu as rows of one table: what files hold, what is copied, and what both are compared with.

A row names what it belongs to, and what it refers to, as people do: by name, or as "#12" by id where several have that
name. Its values are those of the model's columns; `columns` says what each is called in a file.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from ordersite.core.amount_columns import AmountColumn, RateColumn
from ordersite.core.money import MoneyError, percent_text, read_percent, read_typed, to_text
from vendors.allergens import allergens_text
from vendors.models import (
    MOST_STOCK,
    Category,
    Extra,
    Ingredient,
    Option,
    OptionGroup,
    Product,
    ProductOptionGroup,
    Vendor,
)

# In the order in which they are made: each belongs to, or refers to, those before it.
KINDS: Mapping[str, type[models.Model]] = {
    "category": Category,
    "group": OptionGroup,
    "option": Option,
    "product": Product,
    "extra": Extra,
    "ingredient": Ingredient,
}
# What a row of a kind belongs to: the kind, and the column.
PARENTS = {
    "option": ("group", "group"),
    "product": ("category", "category"),
    "extra": ("product", "product"),
    "ingredient": ("product", "product"),
}
BETWEEN = " | "
YES, NO = "yes", "no"
# The most that columns of whole numbers hold.
MOST_SMALL, MOST_WHOLE = 32_767, 2_147_483_647


class CellError(ValueError):
    """The text is no value of this column; the message says what to write instead."""


@dataclass(frozen=True, slots=True)
class MenuColumn:
    """A column of the table: its heading, the model's column, the kinds that have it, and what is written in it."""

    heading: str
    name: str
    kinds: frozenset[str]
    holds: str

    def field(self, kind: str) -> Any:
        return KINDS[kind]._meta.get_field(self.name)


def menu_column(heading: str, kinds: str, holds: str, name: str = "") -> MenuColumn:
    return MenuColumn(heading, name or heading.replace(" ", "_"), frozenset(kinds.split()), holds)


ALL = " ".join(KINDS)
SOLD = "product option"
CHOSEN = "option extra"
TOLD = "product option extra"
COLUMNS: Sequence[MenuColumn] = (
    menu_column("kind", ALL, f"What the row is: {', '.join(KINDS)}."),
    menu_column("id", ALL, "Which row it is on this vendor's menu; empty: found by its name, or new."),
    menu_column(
        "parent", " ".join(PARENTS), "The category of a product, the group of an option, the product of the others."
    ),
    menu_column("name", ALL, "What customers read. It must not be empty."),
    menu_column(
        "position", "category product option extra ingredient", "A number: lower ones come first. New and empty: last."
    ),
    menu_column("description", "product", "Text."),
    menu_column("price", TOLD, "In the vendor's currency, with a point or a comma."),
    menu_column("price per", "product", "1, or 1000 for what is priced by the kilogram and sold in grams."),
    menu_column("unit", "product extra", "st (piece), gr (gram), kg (kilogram) or pers (person)."),
    menu_column("tax rate", "product", "A percentage."),
    menu_column("on sale", SOLD, "yes or no.", "is_available"),
    menu_column("max per order", "product", "The most in one order; empty: no limit."),
    menu_column("plu code", TOLD, "The till's number."),
    menu_column("sku", "product", "The warehouse's number."),
    menu_column(
        "option groups",
        "product",
        f"The names of its groups in their order, with “{BETWEEN.strip()}” between.",
        "groups",
    ),
    menu_column("allergens", TOLD, "Codes of the fourteen with a blank between, or none; empty: nothing is told."),
    menu_column("allergen note", TOLD, "Text."),
    menu_column("station", "category product", "The name of one of the vendor's stations."),
    menu_column("stock", "product", "How many are left; empty: not counted. Read only where the import is told to."),
    menu_column("digital", "product", "yes or no: sold as codes.", "is_digital"),
    menu_column("low codes", "product", "Warn when fewer codes are left; 0: never."),
    menu_column("minimum", "group", "The fewest choices."),
    menu_column("maximum", "group", "The most choices."),
    menu_column("several of one", "group", "yes or no: one option may be taken more than once.", "allows_quantity"),
    menu_column("halves", "group", "yes or no: an option may cover one half.", "allows_halves"),
    menu_column("condition", "group", "The option that brings the group up, as “Size: Large”; empty: always."),
    menu_column("half price", "option", "Of one half; empty: half of the price."),
    menu_column("charged", CHOSEN, "auto, unit or line."),
    menu_column("max quantity", CHOSEN, "The most of this one."),
    menu_column("preselected", "option", "yes or no."),
    menu_column("takes", "option", "default, or text for what takes a text.", "kind"),
)
# What is copied besides: no file holds it.
PICTURE = menu_column("picture", "product", "A file.")
HEADINGS: Mapping[str, MenuColumn] = {one.heading: one for one in (*COLUMNS, PICTURE)}
# Not of the row's own model, or read by name.
APART = frozenset({"kind", "id", "parent", "option groups", "condition", "station", "stock"})
# Not among the values of a row: it has them itself.
OWN = frozenset({"kind", "id", "parent", "name"})


@dataclass(slots=True)
class MenuRow:
    """A row: where it stands in its file, what it is, and the values that are given, by the columns' headings."""

    line: int
    kind: str
    name: str
    id: int | None = None
    parent: str = ""
    values: dict[str, Any] = field(default_factory=dict)


def read_cell(one: MenuColumn, kind: str, text: str, currency: str) -> Any:
    """The value in a text that is not empty; raises CellError."""
    if one.heading == "stock":
        return read_digits(text, MOST_STOCK)
    if one.heading in APART:
        return text
    found = one.field(kind)
    try:
        match found:
            case AmountColumn():
                return checked(found, read_typed(text, currency))
            case RateColumn():
                return checked(found, read_percent(text))
            case models.BooleanField():
                return yes_or_no(text)
            case models.IntegerField():
                # Not every database says itself what a column holds.
                most = MOST_SMALL if isinstance(found, models.PositiveSmallIntegerField) else MOST_WHOLE
                return checked(found, read_digits(text, most))
        if one.name == "allergens":
            return allergens_text(text.replace(",", " ").split())
    except (MoneyError, ValueError) as error:
        raise CellError(str(error)) from error
    return checked(found, text)


def checked(found: Any, value: Any) -> Any:
    """The value, if the column may hold it; raises CellError."""
    try:
        return found.clean(value, None)
    except ValidationError as error:
        raise CellError(" ".join(error.messages)) from error


def read_digits(text: str, most: int) -> int:
    """A whole number, as a spreadsheet may have written it too ("3.0"); raises CellError."""
    bare = text.removesuffix(".0")
    if not (bare.isascii() and bare.isdigit() and len(bare) <= 10):
        raise CellError(f"“{text[:40]}” is no whole number: write digits alone.")
    if int(bare) > most:
        raise CellError(f"It must be {most} at most.")
    return int(bare)


def yes_or_no(text: str) -> bool:
    known = {YES: True, NO: False, "true": True, "false": False, "1": True, "0": False}
    if text.lower() not in known:
        raise CellError("Write yes or no.")
    return known[text.lower()]


def write_value(one: MenuColumn, kind: str, value: Any, currency: str) -> str:
    """A value as a cell holds it; the opposite of `read_cell`."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return YES if value else NO
    found = None if one.heading in APART else one.field(kind)
    if isinstance(found, AmountColumn):
        return to_text(value, currency)
    if isinstance(found, RateColumn):
        return percent_text(value)
    return str(value)


# --- what stands ----------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class MenuNode:
    """A row of the menu that stands, or is to be made: its model's row, and what it belongs to."""

    kind: str
    row: Any
    name: str
    parent: "MenuNode | None" = None
    groups: list["MenuNode"] = field(default_factory=list)
    condition: "MenuNode | None" = None
    stock: int | None = None

    @property
    def label(self) -> str:
        """By which others refer to it."""
        return f"{self.parent.name}: {self.name}" if self.kind == "option" and self.parent else self.name


class StandingMenu:
    """What a vendor's menu has, by kind and id; eight statements whatever its size."""

    def __init__(self, vendor: Vendor) -> None:
        self.vendor = vendor
        self.nodes: dict[str, dict[int, MenuNode]] = {kind: {} for kind in KINDS}
        products, groups = Product.objects.filter(vendor=vendor), OptionGroup.objects.filter(vendor=vendor)
        self.add("category", Category.objects.filter(vendor=vendor))
        self.add("group", groups)
        self.add("option", Option.objects.filter(group__vendor=vendor))
        self.add("product", products.order_by("category__position", "category_id", "position", "id"))
        self.add("extra", Extra.objects.filter(product__vendor=vendor))
        self.add("ingredient", Ingredient.objects.filter(product__vendor=vendor))
        self.stations: dict[str, int] = {}
        for pk, name in vendor.stations.values_list("pk", "name"):
            self.stations.setdefault(name, pk)
        for node in self.nodes["group"].values():
            node.condition = self.nodes["option"].get(node.row.condition_id)
        links = ProductOptionGroup.objects.filter(product__vendor=vendor).order_by("position", "id")
        for product_id, group_id in links.values_list("product_id", "group_id"):
            if group_id in self.nodes["group"]:
                self.nodes["product"][product_id].groups.append(self.nodes["group"][group_id])
        for product_id, quantity in products.filter(stock__isnull=False).values_list("pk", "stock__quantity"):
            self.nodes["product"][product_id].stock = quantity

    def add(self, kind: str, rows: Iterable[Any]) -> None:
        for row in rows:
            node = MenuNode(kind, row, row.name)
            if kind in PARENTS:
                parent, name = PARENTS[kind]
                node.parent = self.nodes[parent][getattr(row, f"{name}_id")]
            self.nodes[kind][row.pk] = node

    def station_name(self, pk: int | None) -> str:
        return next((name for name, one in self.stations.items() if one == pk), "")

    def value_of(self, node: MenuNode, one: MenuColumn) -> Any:
        """What a column of a row holds; of what it refers to, the nodes."""
        match one.heading:
            case "option groups":
                return node.groups
            case "condition":
                return node.condition
            case "station":
                return self.station_name(node.row.station_id)
            case "stock":
                return node.stock
        return getattr(node.row, one.name)


def references(nodes: Iterable[MenuNode]) -> Callable[[MenuNode], str]:
    """What tells each of these nodes from the others: its label, or its id where that is not clear."""
    count: dict[str, int] = {}
    for node in nodes:
        count[node.label] = count.get(node.label, 0) + 1

    def refer(node: MenuNode) -> str:
        clear = count.get(node.label) == 1 and not node.label.startswith("#") and "|" not in node.label
        return node.label if clear and node.label == node.label.strip() else f"#{node.row.pk}"

    return refer


def rows_of_menu(menu: StandingMenu) -> list[MenuRow]:
    """The menu as rows: each group with its options, each category with its products, each of them with its parts."""
    refer = {kind: references(nodes.values()) for kind, nodes in menu.nodes.items()}
    parts: dict[tuple[str, int], list[MenuNode]] = {}
    for kind in PARENTS:
        for node in menu.nodes[kind].values():
            assert node.parent
            parts.setdefault((node.parent.kind, node.parent.row.pk), []).append(node)
    found: list[MenuRow] = []

    def add(node: MenuNode) -> None:
        values = {}
        for one in COLUMNS:
            if node.kind not in one.kinds or one.heading in OWN:
                continue
            value = menu.value_of(node, one)
            if one.heading == "option groups":
                value = BETWEEN.join(refer["group"](group) for group in value)
            elif one.heading == "condition":
                value = refer["option"](value) if value else ""
            values[one.heading] = value
        parent = refer[node.parent.kind](node.parent) if node.parent else ""
        found.append(MenuRow(len(found) + 2, node.kind, node.name, node.row.pk, parent, values))
        for part in parts.get((node.kind, node.row.pk), ()):
            add(part)

    for kind in ("group", "category"):
        for node in menu.nodes[kind].values():
            add(node)
    return found
