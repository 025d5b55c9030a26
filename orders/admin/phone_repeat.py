"""An order once more: what the form of an order by phone has to say for it, and what is no longer to be had."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from orders.admin.address_fields import degrees_text, written
from orders.admin.display import money
from orders.admin.phone_menu import TEXT, is_list, option_name
from orders.kinds import rules_of
from orders.lifecycle.table import Fulfilment
from orders.models import Line, LineOption, Order
from vendors.menu import Menu, MenuGroup, MenuOption, MenuProduct


@dataclass(slots=True)
class Repeated:
    """Values of fields by their names, and what differs from then, in words."""

    values: dict[str, str] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)

    @property
    def has_products(self) -> bool:
        return any(name.startswith("quantity-") for name in self.values)


def is_repeatable(order: Order) -> bool:
    """Whether the order, read with its lines, is of a menu: packages and appointments are asked for anew."""
    rules = rules_of(order)
    return (rules.has_changeable_items or rules.is_issued) and bool(order.lines.all())


def repeat_order(order: Order, menu: Menu, *, guest: bool, only_who: bool) -> Repeated:
    """The order, read with its lines and their options, on today's menu; for a guest with who it is.

    `only_who` leaves out what was ordered.
    """
    repeated = Repeated()
    repeat_who_and_where(order, repeated, guest=guest)
    for line in () if only_who else order.lines.all():
        repeat_line(line, menu, repeated)
    return repeated


def repeat_who_and_where(order: Order, repeated: Repeated, *, guest: bool) -> None:
    values = repeated.values
    values["delivery_type"] = Fulfilment(order.fulfilment).slug
    values["payment_method"] = order.payment_method
    for name in ("table", "vehicle"):
        values[name] = getattr(order, name)
    if guest:
        values["guest_name"], values["guest_phone"] = order.contact_name, order.contact_phone
        values["guest_email"] = order.contact_email
    if order.fulfilment == Fulfilment.DELIVERY:
        values["address"], values["address_notes"] = order.address, order.address_notes
        values["lat"], values["lng"] = degrees_text(order.lat), degrees_text(order.lng)
        values["located"] = written(order.address, order.lat, order.lng)
        if order.lat is None and order.delivery_zone_id:
            values["delivery_zone"] = str(order.delivery_zone_id)


def repeat_line(line: Line, menu: Menu, repeated: Repeated) -> None:
    product = menu.products.get(line.product_id or 0)
    if product is None:
        price = money(line.total, menu.currency)
        repeated.told.append(f"{line} is not on the menu any more, or never was: it was {price}.")
        return
    if not product.is_available:
        repeated.told.append(f"{line} is sold out.")
        return
    chosen, missing = choices_of_line(line, product)
    quantity = f"quantity-{product.id}"
    if quantity in repeated.values:
        own = {name for name in repeated.values if name.split("-")[1:2] == [str(product.id)] and name != quantity}
        if {name: repeated.values[name] for name in own} != chosen:
            repeated.told.append(f"{line}, with other choices than the one before it: order it apart.")
            return
        repeated.values[quantity] = str(int(repeated.values[quantity]) + line.quantity)
        return
    repeated.values |= {quantity: str(line.quantity), **chosen}
    repeated.told += [f"{product.name}: {name} is not to be had any more." for name in missing]
    if (product.price, product.price_per) != (line.unit_price, line.price_per):
        was, now = money(line.unit_price, menu.currency), money(product.price, menu.currency)
        repeated.told.append(f"{product.name} costs {now} now, it was {was}.")


def choices_of_line(line: Line, product: MenuProduct) -> tuple[dict[str, str], list[str]]:
    """The fields of a row of the menu that say what was chosen, and the names of what is gone."""
    options = {option.id: (group, option) for group in product.groups for option in group.options.values()}
    fields = {f"note-{product.id}": line.comment} if line.comment else {}
    missing = []
    for chosen in line.options.all():
        told = dict(fields_of_choice(chosen, product, options.get(chosen.menu_id)))
        if told:
            fields |= told
        else:
            missing.append(str(chosen))
    return fields, missing


def fields_of_choice(
    chosen: LineOption, product: MenuProduct, found: tuple[MenuGroup, MenuOption] | None
) -> Iterator[tuple[str, str]]:
    """The field of one choice; none where the menu has it no more."""
    match chosen.kind:
        case LineOption.Kind.WITHOUT if chosen.menu_id in product.ingredients:
            yield f"without-{product.id}-{chosen.menu_id}", "1"
        case LineOption.Kind.EXTRA if chosen.menu_id in product.extras:
            yield f"extra-{product.id}-{chosen.menu_id}", str(chosen.quantity)
        case LineOption.Kind.OPTION if found is not None and found[1].is_available:
            group, option = found
            if is_list(group):
                yield f"group-{product.id}-{group.id}", str(option.id)
            else:
                value = chosen.text if option.kind == TEXT else str(chosen.quantity)
                yield option_name(product, option, chosen.position), value
