"""What a cart costs: a menu and a cart in, amounts out. No database; quoting, placing and editing share it.

The order of steps (docs/promises.md, 23): unit → line → discount → fees → tax. Half up to the minor unit, once a line,
also where a price is for 1000 units and where a choice is charged once, whatever the quantity. What is divided is
divided by largest remainder, ties by line order; inclusive tax is shown, not added. All amounts are minor units of the
menu's currency; rates are hundredths of a percent.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from ordersite.core.codes import FaultCode
from ordersite.core.faults import Fault, InvalidFields, Path, Step
from ordersite.core.fields import Field
from ordersite.core.money import MAX_MINOR, as_json, divide, half_up
from vendors.menu import UNIT, Menu, MenuGroup, MenuOption, MenuProduct, Zone

RATE = 10_000
WHOLE = "whole"


@dataclass(frozen=True, slots=True, kw_only=True)
class CartOption:
    """A choice: how often, on which half, with which text."""

    option: int
    quantity: int = 1
    position: str = WHOLE
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CartExtra:
    """An extra and how often: per unit of the item, or of the item as a whole where it is charged once a line."""

    extra: int
    quantity: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class CartItem:
    """One product of a cart and what was chosen for it; `without` are ids of ingredients to leave out."""

    product: int
    quantity: int = 1
    comment: str = ""
    options: Sequence[CartOption] = ()
    extras: Sequence[CartExtra] = ()
    without: Sequence[int] = ()
    # Its place in the client's list, where that is another than its place in the cart.
    number: int | None = None
    # What to do where it cannot be had: the id of another product, "remove", or to ask (None).
    substitute: int | Literal["remove"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """A vendor's terms of sale."""

    prices_include_tax: bool
    fee_tax_rate: int = 0
    service_fee: int = 0
    service_fee_rate: int = 0
    commission_rate: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneTerms:
    """What a zone asked for when an order was placed; vendors.menu.Zone is what it asks for now."""

    name: str
    fee: int
    minimum: int
    free_from: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferTerms:
    """What an offer promised when an order was placed; vendors.models.Offer is what it promises now."""

    kind: str
    rate: int | None
    amount: int | None
    most: int | None
    minimum: int
    borne_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedOption:
    """A choice as it is kept with the order: its price, how often that is charged, its part of the line's total."""

    kind: str
    menu_id: int
    name: str
    group: str = ""
    plu_code: str = ""
    unit: str = ""
    position: str = WHOLE
    quantity: int = 1
    price: int = 0
    is_halved: bool = False  # half of an odd price: `price` is rounded up by half a minor unit
    charged: str = UNIT
    total: int = 0
    text: str = ""
    allergens: str = ""  # codes with a blank between
    allergen_note: str = ""

    def doubled_for(self, units: int) -> int:
        """Twice what it costs a line of so many units, exactly; of none, what is charged once."""
        times = units if self.charged == UNIT else 1
        return (2 * self.price - self.is_halved) * self.quantity * times


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedLine:
    """A line: `base` is the thing alone times quantity, `total` has its options too, before any discount.

    `unit_price` is for `price_per` units.
    `product_id` is empty for what stands on no menu: a package, a service, a product that staff entered by hand.
    """

    name: str
    unit_price: int
    base: int
    total: int
    quantity: int = 1
    price_per: int = 1
    tax_rate: int = 0
    product_id: int | None = None
    plu_code: str = ""
    sku: str = ""
    unit: str = "st"
    comment: str = ""
    options: tuple[PricedOption, ...] = ()
    tracks_stock: bool = False
    is_digital: bool = False
    substitute: int | Literal["remove"] | None = None
    substitute_price: int | None = None  # of 1000 units, as it was shown when it was chosen
    discount: int = 0
    tax: int = 0
    allergens: str = ""  # of the product alone: codes with a blank between
    allergen_note: str = ""


def single_line(name: str, amount: int, tax_rate: int = 0) -> PricedLine:
    """A line for one thing that stands on no menu."""
    return PricedLine(name=name, unit_price=amount, base=amount, total=amount, tax_rate=tax_rate)


@dataclass(frozen=True, slots=True, kw_only=True)
class Discount:
    """What an offer takes off one order: of its items, of its delivery fee, and whether the platform bears it."""

    items: int = 0
    delivery: int = 0
    by_platform: bool = False


NO_DISCOUNT = Discount()


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """All amounts of one vendor's part of a purchase, and whom its total belongs to."""

    currency: str
    lines: tuple[PricedLine, ...]
    subtotal: int
    discount: int
    delivery_fee: int
    service_fee: int
    driver_tip: int
    tax_included: int
    tax_added: int
    total: int
    commission: int
    platform_discount: int
    vendor_share: int
    driver_share: int
    platform_share: int


def price_lines(menu: Menu, items: Sequence[CartItem], at: Path = ()) -> list[PricedLine]:
    """The lines of a cart, before any discount and tax; raises InvalidFields with each fault."""
    faults: list[Fault] = []
    lines = [line for line in (price_item(menu, i, item, faults, at) for i, item in enumerate(items)) if line]
    check_quantities(menu, items, faults, at)
    if faults:
        raise InvalidFields(faults)
    if sum(line.total for line in lines) > MAX_MINOR:
        raise InvalidFields([Fault(FaultCode.TOO_LARGE_ORDER, Field.ITEMS, at=at)])
    return lines


def fee_of(zone: Zone | ZoneTerms | None, subtotal: int) -> int:
    """What delivering to a zone costs."""
    return 0 if zone is None or (zone.free_from is not None and subtotal >= zone.free_from) else zone.fee


def total_up(
    lines: Sequence[PricedLine],
    *,
    currency: str,
    terms: Terms,
    delivery_fee: int = 0,
    discount: Discount = NO_DISCOUNT,
    driver_tip: int = 0,
    tip_to_driver: bool = False,
) -> Priced:
    """All amounts that follow from priced lines: discount, fees, tax, total, and whom the total belongs to.

    A discount never exceeds what it is taken off. One that the platform bears leaves the vendor its full price: the
    commission is then calculated on that, and the platform's share is less by it (below zero, it may be).
    """
    subtotal = sum(line.total for line in lines)
    off_items, off_delivery = min(discount.items, subtotal), min(discount.delivery, delivery_fee)
    taxed = tax_lines(lines, off_items, terms)
    net = subtotal - off_items
    service_fee = terms.service_fee + half_up(net * terms.service_fee_rate, RATE)
    service_tax = tax_of(service_fee, terms.fee_tax_rate, included=terms.prices_include_tax)
    delivery_tax = tax_of(delivery_fee - off_delivery, terms.fee_tax_rate, included=terms.prices_include_tax)
    tax = sum(line.tax for line in taxed) + service_tax + delivery_tax
    tax_added = 0 if terms.prices_include_tax else tax
    off = off_items + off_delivery
    total = subtotal - off + delivery_fee + service_fee + driver_tip + tax_added
    by_platform = off if discount.by_platform else 0
    commission = half_up((subtotal if discount.by_platform else net) * terms.commission_rate, RATE)
    platform = commission + service_fee + (0 if terms.prices_include_tax else service_tax) - by_platform
    driver = driver_tip if tip_to_driver else 0
    return Priced(
        currency=currency,
        lines=tuple(taxed),
        subtotal=subtotal,
        discount=off,
        delivery_fee=delivery_fee,
        service_fee=service_fee,
        driver_tip=driver_tip,
        tax_included=tax - tax_added,
        tax_added=tax_added,
        total=total,
        commission=commission,
        platform_discount=by_platform,
        vendor_share=total - platform - driver,
        driver_share=driver,
        platform_share=platform,
    )


def tax_of(amount: int, rate: int, *, included: bool) -> int:
    """The tax in an amount, or on it."""
    return half_up(amount * rate, RATE + rate if included else RATE)


def tax_lines(lines: Sequence[PricedLine], discount: int, terms: Terms) -> list[PricedLine]:
    """The lines with their part of the discount and the tax on what is left."""
    taxed = []
    for line, off in zip(lines, divide(discount, [line.total for line in lines]), strict=True):
        tax = tax_of(line.total - off, line.tax_rate, included=terms.prices_include_tax)
        taxed.append(replace(line, discount=off, tax=tax))
    return taxed


def check_minimum(currency: str, zone: Zone | ZoneTerms | None, subtotal: int, at: Path) -> None:
    """Raises InvalidFields below_minimum for items of less than the zone asks for."""
    if zone and subtotal < zone.minimum:
        least = as_json(zone.minimum, currency)
        fault = Fault(FaultCode.BELOW_MINIMUM_ZONE, Field.ITEMS, at=at, told={"minimum": least}, zone=zone.name)
        raise InvalidFields([fault])


def check_quantities(menu: Menu, items: Sequence[CartItem], faults: list[Fault], at: Path) -> None:
    """A product's maximum per order counts over all its lines."""
    wanted: dict[int, int] = {}
    for index, item in enumerate(items):
        wanted[item.product] = wanted.get(item.product, 0) + item.quantity
        product = menu.products.get(item.product)
        if product and product.max_per_order and wanted[item.product] > product.max_per_order:
            most, where = product.max_per_order, item_at(at, index, item)
            fault = Fault(FaultCode.MAX_PER_ORDER, Field.QUANTITY, at=where, most=most, product=product.name)
            faults.append(fault)


def item_at(part: Path, index: int, item: CartItem) -> Path:
    """Where an item of a cart stands in the client's input."""
    return (*part, Step(Field.ITEMS, index if item.number is None else item.number))


def price_item(menu: Menu, index: int, item: CartItem, faults: list[Fault], part: Path) -> PricedLine | None:
    """One line, or None with its faults added."""
    at = item_at(part, index, item)
    product = menu.products.get(item.product)
    if product is None:
        faults.append(Fault(FaultCode.UNKNOWN_PRODUCT, Field.PRODUCT, at=at))
        return None
    if not product.is_available:
        faults.append(Fault(FaultCode.UNAVAILABLE, Field.PRODUCT, at=at, name=product.name))
        return None
    before = len(faults)
    chosen = choose_options(product, item, faults, at)
    extras = choose_extras(product, item, faults, at)
    check_substitute(menu, item, faults, at)
    left_out = leave_out(product, item, faults, at)
    if len(faults) > before:
        return None
    options = [
        PricedOption(
            kind="option",
            menu_id=option.id,
            group=group.name,
            name=option.name,
            plu_code=option.plu_code,
            position=one.position,
            quantity=one.quantity,
            price=half_up(price_doubled(option, one.position), 2),
            is_halved=price_doubled(option, one.position) % 2 == 1,
            charged=product.charged(option),
            text=one.text,
            allergens=option.allergens,
            allergen_note=option.allergen_note,
        )
        for option, group, one in chosen
    ]
    choices = [*options, *extras]
    # In parts of a minor unit so small that all is whole until the line is rounded, once.
    exact = [2 * product.price * item.quantity]
    exact += [product.price_per * choice.doubled_for(item.quantity) for choice in choices]
    total = half_up(sum(exact), 2 * product.price_per)
    base, *parts = divide(total, exact)
    priced = [replace(choice, total=part) for choice, part in zip(choices, parts, strict=True)]
    return PricedLine(
        name=product.name,
        unit_price=product.price,
        base=base,
        total=total,
        quantity=item.quantity,
        price_per=product.price_per,
        tax_rate=product.tax_rate,
        product_id=product.id,
        plu_code=product.plu_code,
        sku=product.sku,
        unit=product.unit,
        comment=item.comment,
        options=(*priced, *left_out),
        tracks_stock=product.tracks_stock,
        is_digital=product.is_digital,
        substitute=item.substitute,
        substitute_price=substitute_price_of(menu, item),
        allergens=product.allergens,
        allergen_note=product.allergen_note,
    )


def substitute_price_of(menu: Menu, item: CartItem) -> int | None:
    """What 1000 units of the chosen substitute cost by this menu; None where none was chosen.

    Of 1000, since a price may be for one unit or for 1000: a later price is compared with it whatever it is for.
    """
    product = menu.products.get(item.substitute) if isinstance(item.substitute, int) else None
    return product.price * (1000 // product.price_per) if product else None


def check_substitute(menu: Menu, item: CartItem, faults: list[Fault], at: Path) -> None:
    """A substitute is another product of the same menu that needs no choice of its own."""
    if item.substitute is None or item.substitute == "remove":
        return
    other = menu.products.get(item.substitute)
    if other is None or other.id == item.product:
        faults.append(Fault(FaultCode.UNKNOWN_SUBSTITUTE, Field.SUBSTITUTE, at=at))
    elif item.product in menu.products and other.unit != menu.products[item.product].unit:
        faults.append(Fault(FaultCode.OTHER_UNIT, Field.SUBSTITUTE, at=at, name=other.name))
    elif any(group.minimum and group.condition_id is None for group in other.groups):
        faults.append(Fault(FaultCode.NEEDS_OPTIONS, Field.SUBSTITUTE, at=at, name=other.name))


def price_doubled(option: MenuOption, position: str) -> int:
    """Twice the price of an option, which costs its half price (or half its price) where it is not on the whole."""
    if position == WHOLE:
        return 2 * option.price
    return 2 * option.half_price if option.half_price is not None else option.price


def halves_of(one: CartOption) -> int:
    """How many halves a choice covers: so groups and options count them."""
    return one.quantity * (2 if one.position == WHOLE else 1)


def choose_options(
    product: MenuProduct, item: CartItem, faults: list[Fault], at: Path
) -> list[tuple[MenuOption, MenuGroup, CartOption]]:
    """The chosen options with their groups, in the menu's order of groups; faults are added."""
    groups_of = {option_id: group for group in product.groups for option_id in group.options}
    taken: dict[int, list[tuple[MenuOption, CartOption]]] = {}
    seen: set[tuple[int, str]] = set()
    halves: Counter[int] = Counter()
    for index, one in enumerate(item.options):
        where = (*at, Step(Field.OPTIONS, index))
        group = groups_of.get(one.option)
        if group is None:
            faults.append(Fault(FaultCode.UNKNOWN_OPTION, Field.OPTION, at=where, product=product.name))
            continue
        option = group.options[one.option]
        if (one.option, one.position) in seen:
            faults.append(Fault(FaultCode.DUPLICATE_CHOICE, None, at=where, name=option.name))
            continue
        seen.add((one.option, one.position))
        halves[one.option] += halves_of(one)
        taken.setdefault(group.id, []).append((option, one))
        if fault := option_fault(option, group, one, halves[one.option], where):
            faults.append(fault)
    chosen_ids = {one.option for one in item.options}
    for group in product.groups:
        if fault := group_fault(group, taken.get(group.id, []), chosen_ids, at):
            faults.append(fault)
    return [(option, group, one) for group in product.groups for option, one in taken.get(group.id, [])]


def option_fault(option: MenuOption, group: MenuGroup, one: CartOption, halves: int, at: Path) -> Fault | None:
    """What is wrong with one choice; `halves` of its option are chosen so far."""
    if not option.is_available:
        return Fault(FaultCode.UNAVAILABLE, Field.OPTION, at=at, name=option.name)
    if not group.allows_quantity and (one.quantity > 1 or halves > 2):
        return Fault(FaultCode.QUANTITY, Field.QUANTITY, at=at, group=group.name)
    if one.quantity > option.max_quantity or halves > 2 * option.max_quantity:
        return Fault(FaultCode.MAX_QUANTITY, Field.QUANTITY, at=at, most=option.max_quantity, name=option.name)
    if one.position != WHOLE and not group.allows_halves:
        return Fault(FaultCode.HALVES, Field.POSITION, at=at, group=group.name)
    if option.kind == "text" and not one.text.strip():
        return Fault(FaultCode.REQUIRED_TEXT, Field.TEXT, at=at, name=option.name)
    if option.kind != "text" and one.text:
        return Fault(FaultCode.TEXT, Field.TEXT, at=at, name=option.name)
    return None


def group_fault(
    group: MenuGroup, taken: list[tuple[MenuOption, CartOption]], chosen_ids: set[int], at: Path
) -> Fault | None:
    """What is wrong with the choices of a group together."""
    if group.condition_id is not None and group.condition_id not in chosen_ids:
        return Fault(FaultCode.CONDITION, Field.OPTIONS, at=at, group=group.name) if taken else None
    halves = sum(halves_of(one) for _, one in taken)
    has_halves = any(one.position != WHOLE for _, one in taken)
    if halves < 2 * group.minimum:
        code = FaultCode.MINIMUM_HALVES if has_halves else FaultCode.MINIMUM
        return Fault(code, Field.OPTIONS, at=at, count=group.minimum, group=group.name)
    if halves > 2 * group.maximum:
        code = FaultCode.MAXIMUM_HALVES if has_halves else FaultCode.MAXIMUM
        return Fault(code, Field.OPTIONS, at=at, count=group.maximum, group=group.name)
    return None


def choose_extras(product: MenuProduct, item: CartItem, faults: list[Fault], at: Path) -> list[PricedOption]:
    chosen: dict[int, PricedOption] = {}
    for index, one in enumerate(item.extras):
        extra = product.extras.get(one.extra)
        where = (*at, Step(Field.EXTRAS, index))
        if extra is None:
            faults.append(Fault(FaultCode.UNKNOWN_EXTRA, Field.EXTRA, at=where, product=product.name))
        elif one.extra in chosen:
            faults.append(Fault(FaultCode.DUPLICATE_CHOICE, None, at=where, name=extra.name))
        elif one.quantity > extra.max_quantity:
            most = extra.max_quantity
            faults.append(Fault(FaultCode.MAX_QUANTITY, Field.QUANTITY, at=where, most=most, name=extra.name))
        else:
            chosen[one.extra] = PricedOption(
                kind="extra",
                menu_id=extra.id,
                name=extra.name,
                plu_code=extra.plu_code,
                unit=extra.unit,
                quantity=one.quantity,
                price=extra.price,
                charged=product.charged(extra),
                allergens=extra.allergens,
                allergen_note=extra.allergen_note,
            )
    return list(chosen.values())


def leave_out(product: MenuProduct, item: CartItem, faults: list[Fault], at: Path) -> list[PricedOption]:
    """The ingredients that the ticket names with "No …" (docs/requirements.md, row 108)."""
    left_out: dict[int, PricedOption] = {}
    for index, ingredient_id in enumerate(item.without):
        ingredient = product.ingredients.get(ingredient_id)
        if ingredient is None:
            where = (*at, Step(Field.WITHOUT, index))
            faults.append(Fault(FaultCode.UNKNOWN_INGREDIENT, None, at=where, product=product.name))
        else:
            left_out[ingredient.id] = PricedOption(
                kind="without", menu_id=ingredient.id, name=ingredient.name, charged=product.usually_charged
            )
    return list(left_out.values())
