"""A vendor's menu as rows of a form, and what was chosen of it: plain fields, since a menu may have thousands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from orders.checkout import MOST_ITEMS, MOST_QUANTITY
from orders.pricing import WHOLE, CartExtra, CartItem, CartOption, price_doubled
from ordersite.core.money import half_up
from ordersite.core.numbers import read_whole
from vendors.menu import Menu, MenuExtra, MenuGroup, MenuIngredient, MenuOption, MenuProduct

TEXT = "text"
NOTE = forms.CharField(max_length=300, required=False)
OPTION_TEXT = forms.CharField(max_length=200, required=False)
QUANTITY = forms.IntegerField(min_value=0, max_value=MOST_QUANTITY, required=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionField:
    """One choice, on the whole or a half: a text, a quantity, a box to tick, or a line of its group's list."""

    option: MenuOption
    name: str
    value: str
    position: str = WHOLE

    @property
    def price(self) -> int:
        return half_up(price_doubled(self.option, self.position), 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupField:
    """A choice to make. `name` is that of the list, where at most one may be chosen."""

    group: MenuGroup
    hint: str
    options: Sequence[OptionField]
    name: str = ""
    chosen: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtraField:
    extra: MenuExtra
    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IngredientField:
    ingredient: MenuIngredient
    left_out: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductRow:
    """A product with what was typed into its row, and what is wrong with it."""

    product: MenuProduct
    left: int | None
    quantity: str
    note: str
    groups: Sequence[GroupField]
    extras: Sequence[ExtraField]
    ingredients: Sequence[IngredientField]
    errors: list[str] = field(default_factory=list)

    @property
    def is_chosen(self) -> bool:
        return self.quantity not in ("", "0")


def menu_rows(
    menu: Menu, data: Any, *, left: Mapping[int, int], errors: Mapping[int, list[str]]
) -> list[tuple[str, list[ProductRow]]]:
    """The menu's categories with their rows; in rows that are not in the data what is preselected is chosen."""
    rows: dict[int, list[ProductRow]] = {category_id: [] for category_id, _ in menu.categories}
    for product in menu.products.values():
        if product.is_available:
            rows[product.category_id].append(
                product_row(product, data, left.get(product.id), list(errors.get(product.id, ())))
            )
    return [(name, rows[category_id]) for category_id, name in menu.categories if rows[category_id]]


def product_row(product: MenuProduct, data: Any, left: int | None, errors: list[str]) -> ProductRow:
    names = {option.id: option.name for group in product.groups for option in group.options.values()}
    # The script sends only the rows that are ordered: the others stand as at first.
    data = data if data and f"quantity-{product.id}" in data else None
    given = data or {}
    return ProductRow(
        product=product,
        left=left,
        quantity=given.get(f"quantity-{product.id}", ""),
        note=given.get(f"note-{product.id}", ""),
        groups=[group_field(product, group, data, names) for group in product.groups],
        extras=[
            ExtraField(
                extra=extra,
                name=f"extra-{product.id}-{extra.id}",
                value=given.get(f"extra-{product.id}-{extra.id}", ""),
            )
            for extra in product.extras.values()
        ],
        ingredients=[
            IngredientField(ingredient=one, left_out=f"without-{product.id}-{one.id}" in given)
            for one in product.ingredients.values()
        ],
        errors=errors,
    )


def is_list(group: MenuGroup) -> bool:
    """Whether one of the group is chosen at most, by name alone; of halves there may be two."""
    return (
        group.maximum == 1 and not group.allows_halves and all(option.kind != TEXT for option in group.options.values())
    )


def group_field(product: MenuProduct, group: MenuGroup, data: Any, names: Mapping[int, str]) -> GroupField:
    options = [option for option in group.options.values() if option.is_available]
    # A group that another choice brings up is left alone at first.
    preselects = data is None and group.condition_id is None
    if is_list(group):
        name = f"group-{product.id}-{group.id}"
        preselected = [option.id for option in options if option.preselected] if preselects else []
        typed = whole(data.get(name, "")) if data else None
        return GroupField(
            group=group,
            hint=hint_of(group, names),
            options=[OptionField(option=option, name="", value="") for option in options],
            name=name,
            chosen=typed if data else next(iter(preselected), None),
        )
    fields = []
    for option in options:
        for position in positions(group, option):
            name = option_name(product, option, position)
            ticked = preselects and option.preselected and option.kind != TEXT and position == WHOLE
            value = data.get(name, "") if data else "1" if ticked else ""
            fields.append(OptionField(option=option, name=name, value=value, position=position))
    return GroupField(group=group, hint=hint_of(group, names), options=fields)


def positions(group: MenuGroup, option: MenuOption) -> Sequence[str]:
    """Where a choice may be: a text stands on the whole."""
    return (WHOLE, "left", "right") if group.allows_halves and option.kind != TEXT else (WHOLE,)


def option_name(product: MenuProduct, option: MenuOption, position: str) -> str:
    """What the field of a choice is called; that of a half has it at its end."""
    name = f"option-{product.id}-{option.id}"
    return name if position == WHOLE else f"{name}-{position}"


def hint_of(group: MenuGroup, names: Mapping[int, str]) -> str:
    """How many of a group are to be chosen, and when."""
    if group.minimum == group.maximum:
        count = f"choose {group.minimum}"
    else:
        count = f"choose {group.minimum} to {group.maximum}" if group.minimum else f"at most {group.maximum}"
    if group.allows_halves:
        count += ", a half counts as half"
    return f"{count}, with {names.get(group.condition_id, 'another choice')} only" if group.condition_id else count


def whole(text: str) -> int | None:
    """A number as typed; None for what is none."""
    return read_whole(text.strip())


def read_items(menu: Menu, data: Any) -> tuple[list[CartItem], dict[int, list[str]]]:
    """The products with a quantity, in the menu's order, and what of their rows cannot be read, by product."""
    items, errors = [], {}
    for product in menu.products.values():
        try:
            quantity = QUANTITY.clean(data.get(f"quantity-{product.id}", "").strip())
            if quantity:
                items.append(read_item(product, quantity, data))
        except ValidationError as error:
            errors[product.id] = error.messages
    if len(items) > MOST_ITEMS:
        errors[items[MOST_ITEMS].product] = [f"At most {MOST_ITEMS} different products in one order."]
    return items, errors


def read_item(product: MenuProduct, quantity: int, data: Any) -> CartItem:
    return CartItem(
        product=product.id,
        quantity=quantity,
        comment=NOTE.clean(data.get(f"note-{product.id}", "")),
        options=[option for group in product.groups for option in read_group(product, group, data)],
        extras=[
            CartExtra(extra=extra.id, quantity=count)
            for extra in product.extras.values()
            if (count := QUANTITY.clean(data.get(f"extra-{product.id}-{extra.id}", "")))
        ],
        without=[one.id for one in product.ingredients.values() if f"without-{product.id}-{one.id}" in data],
    )


def read_group(product: MenuProduct, group: MenuGroup, data: Any) -> list[CartOption]:
    if is_list(group):
        chosen = whole(data.get(f"group-{product.id}-{group.id}", ""))
        return [CartOption(option=chosen)] if chosen is not None and chosen in group.options else []
    found = []
    for option in group.options.values():
        for position in positions(group, option):
            typed = data.get(option_name(product, option, position), "")
            if option.kind == TEXT:
                if text := OPTION_TEXT.clean(typed):
                    found.append(CartOption(option=option.id, text=text))
            elif count := QUANTITY.clean(typed):
                found.append(CartOption(option=option.id, quantity=count, position=position))
    return found
