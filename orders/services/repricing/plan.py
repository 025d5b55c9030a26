"""An order with other items: what its lines cost, and what then follows for the whole order. Nothing is written here.

Lines that stay keep the prices of placing, and so does less of the same; all else is priced from today's menu. The
order keeps the terms of placing. The delivery fee follows the items where the customer changes them; where the vendor
or staff do, it is neither charged nor waived anew. The tip stays.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from orders.lifecycle.table import Fulfilment
from orders.models import ItemChange, Line, LineOption, Order
from orders.pricing import (
    NO_DISCOUNT,
    WHOLE,
    CartExtra,
    CartItem,
    CartOption,
    Discount,
    Priced,
    PricedLine,
    PricedOption,
    check_minimum,
    check_quantities,
    check_substitute,
    fee_of,
    item_at,
    price_item,
    substitute_price_of,
    total_up,
)
from orders.services.capacity.offers import discount_for, sharers_of
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Fault, InvalidFields
from ordersite.core.fields import Field
from ordersite.core.money import divide, half_up
from vendors.menu import Menu
from vendors.models import Offer


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a change makes of an order: the line that goes, the line that comes, and all amounts after it.

    `asks` is whether the customer must consent, None where the price decides.
    """

    action: ItemChange.Action
    old: Line | None
    new: PricedLine | None
    item: CartItem | None
    lines: Sequence[Line]  # of the order as it stands
    priced: Priced
    asks: bool | None = None


# --- an item and its rows -----------------------------------------------------------------------------------------


def price_kept_line(line: Line) -> PricedLine:
    """A line as it was priced when it was ordered."""
    options = tuple(
        PricedOption(
            kind=option.kind,
            menu_id=option.menu_id,
            name=option.name,
            group=option.group,
            plu_code=option.plu_code,
            unit=option.unit,
            position=option.position,
            quantity=option.quantity,
            price=option.price,
            is_halved=option.is_halved,
            charged=option.charged,
            total=option.total,
            text=option.text,
            allergens=option.allergens,
            allergen_note=option.allergen_note,
        )
        for option in line.options.all()
    )
    return PricedLine(
        name=line.name,
        unit_price=line.unit_price,
        base=line.total - sum(option.total for option in options),
        total=line.total,
        quantity=line.quantity,
        price_per=line.price_per,
        tax_rate=line.tax_rate,
        product_id=line.product_id,
        plu_code=line.plu_code,
        sku=line.sku,
        unit=line.unit,
        comment=line.comment,
        options=options,
        tracks_stock=line.stock_taken > 0,
        substitute="remove" if line.remove_if_missing else line.substitute_id,
        substitute_price=line.substitute_price,
        allergens=line.allergens,
        allergen_note=line.allergen_note,
    )


def item_of(line: Line) -> CartItem | None:
    """What was ordered by a line; None for what stands on no menu (any more)."""
    if line.product_id is None:
        return None
    rows = line.options.all()
    of_kind = LineOption.Kind
    return CartItem(
        product=line.product_id,
        quantity=line.quantity,
        comment=line.comment,
        options=[
            CartOption(option=row.menu_id, quantity=row.quantity, position=row.position, text=row.text)
            for row in rows
            if row.kind == of_kind.OPTION
        ],
        extras=[CartExtra(extra=row.menu_id, quantity=row.quantity) for row in rows if row.kind == of_kind.EXTRA],
        without=[row.menu_id for row in rows if row.kind == of_kind.WITHOUT],
        substitute="remove" if line.remove_if_missing else line.substitute_id,
    )


def item_json(item: CartItem) -> dict[str, Any]:
    """An item as a client sends one: all but its place in a list."""
    wish, sent = item.substitute, asdict(item)
    del sent["number"]
    return {**sent, "substitute": {"product": wish} if isinstance(wish, int) else wish}


def item_from(data: dict[str, Any]) -> CartItem:
    """The item of which `item_json` was made."""
    wish = data["substitute"]
    return CartItem(
        product=data["product"],
        quantity=data["quantity"],
        comment=data["comment"],
        options=[CartOption(**option) for option in data["options"]],
        extras=[CartExtra(**extra) for extra in data["extras"]],
        without=data["without"],
        substitute=wish["product"] if isinstance(wish, dict) else wish,
    )


def in_words(line: PricedLine) -> str:
    """A line for the history: "2 × Burger (Large, No Onion)"."""
    told = []
    for option in line.options:
        times = f"{option.quantity} × " if option.quantity > 1 else "No " if option.kind == "without" else ""
        half = f" on the {option.position} half" if option.position != WHOLE else ""
        text = f": {option.text}" if option.text else ""
        told.append(f"{times}{option.name}{half}{text}")
    what = f"{line.quantity} × {line.name}"
    return f"{what} ({', '.join(told)})" if told else what


# --- prices -------------------------------------------------------------------------------------------------------


def price_choices(item: CartItem) -> tuple[Any, ...]:
    """What decides the price, but for the quantity."""
    return item.product, frozenset(item.options), frozenset(item.extras), frozenset(item.without)


def price_change(line: Line, item: CartItem, menu: Menu, others: Sequence[Line]) -> PricedLine:
    """A line with another item in its place; less of the same keeps its price, for it may be dearer or sold out now."""
    was = item_of(line)
    if was is None or item.quantity > was.quantity or price_choices(item) != price_choices(was):
        return price_anew(item, menu, others)
    faults: list[Fault] = []
    if item.substitute != was.substitute:
        check_substitute(menu, item, faults, ())
    if faults:
        raise InvalidFields(faults)
    return replace(
        less_of(price_kept_line(line), item.quantity),
        comment=item.comment,
        substitute=item.substitute,
        substitute_price=substitute_price_of(menu, item),
    )


def less_of(line: PricedLine, quantity: int) -> PricedLine:
    """So many units of a line, at its own price; what is charged once a line stays as it is."""
    per = line.price_per
    once = sum(option.doubled_for(0) for option in line.options)
    # Twice what a unit's choices cost is whole, so it is found again: rounding moved the total by no more than half a
    # minor unit, once (pricing.price_item). Added is what it may have been rounded down by.
    of_units = 2 * (per * line.total - line.unit_price * line.quantity) - per * once
    by_unit = (of_units + per - 1) // (per * line.quantity)
    total = half_up(2 * line.unit_price * quantity + per * (by_unit * quantity + once), 2 * per)
    weights = [per * option.doubled_for(quantity) for option in line.options]
    base, *parts = divide(total, [2 * line.unit_price * quantity, *weights])
    options = tuple(replace(option, total=part) for option, part in zip(line.options, parts, strict=True))
    return replace(line, quantity=quantity, base=base, total=total, options=options)


def price_anew(item: CartItem, menu: Menu, others: Sequence[Line]) -> PricedLine:
    """An item by today's menu, beside the order's other lines; raises InvalidFields with each fault in the item."""
    beside = [CartItem(product=line.product_id, quantity=line.quantity) for line in others if line.product_id]
    found: list[Fault] = []
    line = price_item(menu, len(beside), item, found, ())
    check_quantities(menu, [*beside, item], found, ())
    at = item_at((), len(beside), item)
    faults = [fault.moved(fault.field, fault.at[1:]) for fault in found if fault.at[:1] == at]
    if line and line.is_digital:
        faults.append(Fault(FaultCode.MIXED_DIGITAL, Field.PRODUCT))
    if line is None or faults:
        raise InvalidFields(faults)
    return line


def shown_price(old: Line | None, new: PricedLine, *, by_customer: bool) -> int | None:
    """Up to which price of its substitute the customer has consented: the one that it was shown when it chose it.

    None where it did not choose it: the vendor or staff did, while changing the item.
    """
    if old is not None and old.substitute_id == new.substitute:
        return old.substitute_price
    return new.substitute_price if by_customer else None


def price_changed_order(order: Order, lines: Sequence[PricedLine], *, by_customer: bool) -> Priced:
    """All amounts of the order with these lines, by the terms of its placing; one statement where it has an offer.

    Raises InvalidFields below_minimum for what the customer takes away below the minimum of its zone.
    """
    subtotal = sum(line.total for line in lines)
    if by_customer and (order.awaits_items or subtotal < order.subtotal):
        check_minimum(order.currency, order.terms.zone, subtotal, ())
    delivery_fee = delivery_fee_of(order, subtotal, by_customer=by_customer)
    return total_up(
        lines,
        currency=order.currency,
        terms=order.terms.sale,
        delivery_fee=delivery_fee,
        discount=discount_of(order, subtotal, delivery_fee),
        driver_tip=order.driver_tip,
        tip_to_driver=order.fulfilment == Fulfilment.DELIVERY,
    )


def delivery_fee_of(order: Order, subtotal: int, *, by_customer: bool) -> int:
    """What its zone asks for items of this sum, where the customer changes it or they are its first; else as it was."""
    zone = order.terms.zone
    follows = order.awaits_items or (by_customer and subtotal != order.subtotal)
    return fee_of(zone, subtotal) if zone and follows else order.delivery_fee


def discount_of(order: Order, subtotal: int, delivery_fee: int) -> Discount:
    """What the order's offer takes off it with items of this sum and this fee, minor units.

    Below its minimum that is nothing, until the items reach it again. Where several orders of the purchase share it the
    others keep their parts, and this one gets what is left of the whole.
    """
    offer = order.terms.offer
    if offer is None:
        return NO_DISCOUNT
    others = list(sharers_of(order).values_list("subtotal", "delivery_fee", "discount"))
    subtotals = [subtotal, *(row[0] for row in others)]
    if sum(subtotals) < offer.minimum:
        return NO_DISCOUNT
    whole = discount_for(offer, subtotals=subtotals, delivery_fees=[delivery_fee, *(row[1] for row in others)])
    off = max(0, sum(one.items + one.delivery for one in whole) - sum(row[2] for row in others))
    if offer.kind == Offer.Kind.FREE_DELIVERY:
        return Discount(delivery=off, by_platform=whole[0].by_platform)
    return Discount(items=off, by_platform=whole[0].by_platform)
