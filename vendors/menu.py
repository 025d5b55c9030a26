"""A vendor's menu, hours and zones as one value without a database: what carts are priced and checked against."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass

PIECE = "st"
# How often a choice is charged: for each unit of a line, or once.
UNIT, LINE = "unit", "line"


@dataclass(frozen=True, slots=True)
class MenuOption:
    """One choice of a group; prices in minor units."""

    id: int
    name: str
    kind: str
    plu_code: str
    price: int
    half_price: int | None
    max_quantity: int
    preselected: bool
    is_available: bool
    charged: str = "auto"
    allergens: str = ""
    allergen_note: str = ""


@dataclass(frozen=True, slots=True)
class MenuGroup:
    """A choice to make; `condition_id` is the option of another group that brings it up."""

    id: int
    name: str
    minimum: int
    maximum: int
    allows_quantity: bool
    allows_halves: bool
    condition_id: int | None
    options: Mapping[int, MenuOption]


@dataclass(frozen=True, slots=True)
class MenuExtra:
    """Something to add, price in minor units."""

    id: int
    name: str
    plu_code: str
    unit: str
    price: int
    max_quantity: int
    charged: str = "auto"
    allergens: str = ""
    allergen_note: str = ""


@dataclass(frozen=True, slots=True)
class MenuIngredient:
    """What may be left out."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class MenuProduct:
    """Something to order; price in minor units for `price_per` units, tax rate in hundredths of a percent."""

    id: int
    category_id: int
    name: str
    description: str
    picture: str
    plu_code: str
    sku: str
    unit: str
    is_digital: bool
    price: int
    tax_rate: int
    max_per_order: int | None
    is_available: bool
    tracks_stock: bool
    groups: tuple[MenuGroup, ...]
    extras: Mapping[int, MenuExtra]
    ingredients: Mapping[int, MenuIngredient]
    price_per: int = 1
    allergens: str = ""
    allergen_note: str = ""

    @property
    def usually_charged(self) -> str:
        """How often choices are charged that do not say so: what is weighed or counted in persons is one thing."""
        return UNIT if self.unit == PIECE else LINE

    def charged(self, choice: MenuOption | MenuExtra) -> str:
        """How often a choice of this product is charged."""
        return self.usually_charged if choice.charged == "auto" else choice.charged


@dataclass(frozen=True, slots=True)
class Span:
    """A span of opening in the vendor's time zone; one that closes at or before it opens ends on the next day."""

    weekday: int | None
    date: datetime.date | None
    closed: bool
    opens: datetime.time | None
    closes: datetime.time | None
    fulfilment: str
    slot_orders: int | None = None
    slot_value: int | None = None


@dataclass(frozen=True, slots=True)
class Zone:
    """An area of delivery: metres around the vendor or a polygon of (lat, lng); amounts in minor units."""

    id: int
    name: str
    radius: int | None
    polygon: tuple[tuple[float, float], ...] | None
    fee: int
    minimum: int
    free_from: int | None


@dataclass(frozen=True, slots=True)
class Menu:
    """All of it, for one vendor at one `menu_version`; products in the order in which they are shown."""

    vendor_id: int
    version: int
    currency: str
    categories: tuple[tuple[int, str], ...]
    products: Mapping[int, MenuProduct]
    spans: tuple[Span, ...]
    zones: tuple[Zone, ...]
