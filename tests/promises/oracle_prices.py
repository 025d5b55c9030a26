"""What a cart costs, reckoned a second time: from the API's menu, with exact fractions, by none of the project's code.

Amounts are minor units, rates are fractions of one. Rounding is half up, once for each line, fee and tax.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import asin, ceil, cos, floor, radians, sin, sqrt
from typing import Any

# Of goods sold by these units a choice counts once a line, where it does not say otherwise.
ONCE_A_LINE = frozenset({"gr", "kg", "pers"})
EARTH = 6_371_000  # metres


def half_up(amount: Fraction | int) -> int:
    return floor(amount + Fraction(1, 2))


def minor(money: Mapping[str, str]) -> int:
    """The API's {"amount": "12.50", "currency": "EUR"} in minor units of a currency with two decimals."""
    amount = Fraction(money["amount"]) * 100
    assert amount.denominator == 1, money
    return int(amount)


def percent(text: str) -> Fraction:
    """The API's "6.00" as a fraction of one."""
    return Fraction(text) / 100


def split(total: int, weights: Sequence[int]) -> list[int]:
    """By largest remainder, ties by order; all to the first where nothing weighs anything."""
    whole = sum(weights)
    if whole == 0:
        return [total, *[0] * (len(weights) - 1)] if weights else []
    exact = [Fraction(total * weight, whole) for weight in weights]
    parts = [floor(part) for part in exact]
    by_remainder = sorted(range(len(exact)), key=lambda index: (parts[index] - exact[index], index))
    for index in by_remainder[: total - sum(parts)]:
        parts[index] += 1
    return parts


def metres(one: Mapping[str, float], other: Mapping[str, float]) -> int:
    """Along the great circle."""
    lat1, lng1, lat2, lng2 = (radians(at) for at in (one["lat"], one["lng"], other["lat"], other["lng"]))
    chord = sin((lat2 - lat1) / 2) ** 2 + cos(lat1) * cos(lat2) * sin((lng2 - lng1) / 2) ** 2
    return round(2 * EARTH * asin(sqrt(chord)))


# --- terms ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Zone:
    """What bringing an order costs its customer."""

    fee: int = 0
    minimum: int = 0
    free_from: int | None = None

    def fee_for(self, subtotal: int) -> int:
        return 0 if self.free_from is not None and subtotal >= self.free_from else self.fee


@dataclass(frozen=True, kw_only=True)
class Terms:
    """A vendor's terms, which stay with an order as they were when it was placed."""

    prices_include_tax: bool
    fee_tax: Fraction
    service_fee: int
    service_rate: Fraction
    commission: Fraction
    cancel_accepted: Fraction
    cancel_preparing: Fraction
    cancel_prepared: Fraction
    no_show: Fraction


@dataclass(frozen=True, kw_only=True)
class Offer:
    """One offer; `value` is a rate of a percentage and minor units of an amount."""

    kind: str
    value: Fraction = Fraction(0)
    minimum: int = 0
    by_platform: bool = False
    vendor: int | None = None  # None: for the whole site
    code: str = ""

    def takes_off(self, subtotals: Sequence[int], fees: Sequence[int]) -> list[int]:
        """What it takes off each of the orders that share it: of their delivery where it is free, else of the items."""
        weights = list(fees if self.is_free_delivery else subtotals)
        off = sum(weights)
        if self.kind == "percentage":
            off = half_up(off * self.value)
        elif self.kind == "amount":
            off = min(off, int(self.value))
        return split(off, weights)

    @property
    def is_free_delivery(self) -> bool:
        return self.kind == "free_delivery"


# --- lines ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Item:
    """What is asked of a product: options as (id, position, quantity), extras as (id, quantity)."""

    product: int
    quantity: int = 1
    options: tuple[tuple[int, str, int], ...] = ()
    extras: tuple[tuple[int, int], ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {
            "product": self.product,
            "quantity": self.quantity,
            "options": [{"option": pk, "position": where, "quantity": count} for pk, where, count in self.options],
            "extras": [{"extra": pk, "quantity": count} for pk, count in self.extras],
        }


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line as it was priced: `each` is the exact price of a unit, `once` what its choices cost once for the line."""

    item: Item
    each: Fraction
    once: Fraction = Fraction(0)
    tax_rate: Fraction = Fraction(0)
    id: int = 0
    discount: int = 0
    tax: int = 0
    refunded: int = 0

    @property
    def total(self) -> int:
        return half_up(self.each * self.item.quantity + self.once)


@dataclass(frozen=True, kw_only=True)
class Choice:
    """An option or an extra: what it costs, on one half (of an option), and whether that is once a line."""

    price: Fraction
    half: Fraction
    is_once: bool


@dataclass(frozen=True, kw_only=True)
class Product:
    id: int
    price: Fraction  # of one unit
    tax_rate: Fraction
    options: Mapping[int, Choice]
    extras: Mapping[int, Choice]


@dataclass(frozen=True)
class Menu:
    """A menu as the API publishes it."""

    products: Mapping[int, Product] = field(default_factory=dict)

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> "Menu":
        rows = [row for category in body["categories"] for row in category["products"]]
        return cls({row["id"]: product_of(row) for row in rows})

    def line(self, item: Item) -> Line:
        """A line at today's price."""
        product = self.products[item.product]
        costs = {False: Fraction(0), True: Fraction(0)}
        for pk, where, count in item.options:
            choice = product.options[pk]
            costs[choice.is_once] += (choice.price if where == "whole" else choice.half) * count
        for pk, count in item.extras:
            costs[product.extras[pk].is_once] += product.extras[pk].price * count
        return Line(item=item, each=product.price + costs[False], once=costs[True], tax_rate=product.tax_rate)

    def line_instead(self, line: Line, item: Item) -> Line:
        """What takes a line's place: less of the same keeps its price, all else has today's."""
        was = line.item
        same = (was.product, set(was.options), set(was.extras)) == (item.product, set(item.options), set(item.extras))
        if same and item.quantity <= was.quantity:
            return replace(line, item=item, refunded=0)
        return self.line(item)


def product_of(row: Mapping[str, Any]) -> Product:
    options = [option for group in row["option_groups"] for option in group["options"]]
    return Product(
        id=row["id"],
        price=Fraction(minor(row["price"]), row["price_per"]),
        tax_rate=percent(row["tax_rate"]),
        options={option["id"]: choice_of(option, row["unit"]) for option in options},
        extras={extra["id"]: choice_of(extra, row["unit"]) for extra in row["extras"]},
    )


def choice_of(row: Mapping[str, Any], unit: str) -> Choice:
    price, charged = Fraction(minor(row["price"])), row["charged"]
    half = minor(row["half_price"]) if row.get("half_price") else price / 2
    once = charged == "line" or (charged == "auto" and unit in ONCE_A_LINE)
    return Choice(price=price, half=Fraction(half), is_once=once)


def single_line(amount: int, tax_rate: Fraction) -> Line:
    """The one line of a package or a service."""
    return Line(item=Item(product=0), each=Fraction(amount), tax_rate=tax_rate)


def carriage(row: Mapping[str, Any], away: int, weight: int) -> int:
    """What a package type of the API asks for each kilometre and kilogram begun."""
    return minor(row["per_km"]) * ceil(away / 1000) + minor(row["per_kg"]) * ceil(weight / 1000)


# --- an order's amounts ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Amounts:
    """All amounts of an order; `gift` is what the platform bears of the discount, `platform` its part of the total."""

    lines: tuple[Line, ...]
    subtotal: int
    discount: int
    delivery_fee: int
    service_fee: int
    driver_tip: int
    tax_included: int
    tax_added: int
    total: int
    gift: int
    platform: int

    TOLD = (
        "subtotal",
        "discount",
        "delivery_fee",
        "service_fee",
        "driver_tip",
        "tax_included",
        "tax_added",
        "total",
    )

    def told(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in self.TOLD}


def reckon(
    lines: Sequence[Line], terms: Terms, *, delivery_fee: int, off: int = 0, offer: Offer | None = None, tip: int = 0
) -> Amounts:
    """Line → discount → fees → tax → total, and the platform's part of it."""
    subtotal = sum(line.total for line in lines)
    off_delivery = min(off, delivery_fee) if offer and offer.is_free_delivery else 0
    off_items = min(off, subtotal) if offer and not offer.is_free_delivery else 0

    def tax_of(amount: int, rate: Fraction) -> int:
        return half_up(amount * rate / (1 + rate) if terms.prices_include_tax else amount * rate)

    taxed = []
    for line, part in zip(lines, split(off_items, [line.total for line in lines]), strict=True):
        taxed.append(replace(line, discount=part, tax=tax_of(line.total - part, line.tax_rate)))
    service_fee = terms.service_fee + half_up((subtotal - off_items) * terms.service_rate)
    service_tax = tax_of(service_fee, terms.fee_tax)
    tax = sum(line.tax for line in taxed) + service_tax + tax_of(delivery_fee - off_delivery, terms.fee_tax)
    tax_added = 0 if terms.prices_include_tax else tax
    discount = off_items + off_delivery
    gift = discount if offer and offer.by_platform else 0
    commission = half_up((subtotal if gift else subtotal - off_items) * terms.commission)
    return Amounts(
        lines=tuple(taxed),
        subtotal=subtotal,
        discount=discount,
        delivery_fee=delivery_fee,
        service_fee=service_fee,
        driver_tip=tip,
        tax_included=tax - tax_added,
        tax_added=tax_added,
        total=subtotal - discount + delivery_fee + service_fee + tip + tax_added,
        gift=gift,
        platform=commission + service_fee + (service_tax if tax_added else 0) - gift,
    )


def part_of_line(line: Line, *, quantity: int | None, tax_is_added: bool) -> int:
    """What giving back so many units of a line (None: all that is left) comes to.

    A unit is its part of what the line cost, half up; the last one takes the rounding of those before.
    """
    paid = line.total - line.discount + (line.tax if tax_is_added else 0)
    left = paid - line.refunded
    if quantity is None:
        return left
    unit = Fraction(paid, line.item.quantity)
    amount = half_up(unit * quantity)
    return left if abs(left - amount) * 2 < unit else amount
