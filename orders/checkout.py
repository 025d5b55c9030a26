"""What a client asks for, and what it became when it was checked: plain values, handed from the doors to the services.

A checkout is one or several carts, one a vendor, placed and paid together. Rows are those of docs/requirements.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Literal

from orders.lifecycle.table import Fulfilment
from orders.pricing import CartItem, Discount, Priced, PricedLine, Terms
from ordersite.core.faults import Path
from ordersite.core.fields import Field
from ordersite.core.money import Money
from vendors.menu import Menu, Zone
from vendors.models import Offer, PackageType, Service, Vendor

# The bounds of what one checkout may hold, at every door.
MOST_PARTS = 20  # vendors in one checkout
MOST_ITEMS = 100  # lines in one cart
MOST_CHOICES = 100  # options, extras or left-out ingredients of one line, each
MOST_QUANTITY = 10_000  # units of one line
MOST_GRAMS, MOST_MILLIMETRES = 10_000_000, 100_000  # of a package, and of each of its sides


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an order goes (or comes from), as it is kept with the order."""

    address: str = ""
    address_notes: str = ""
    lat: float | None = None
    lng: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomLine:
    """A product that staff enter by hand (row 20)."""

    name: str
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """An amount that a client expects (row 8), in major units of the vendor's currency; named as in Priced."""

    name: Literal["subtotal", "discount", "delivery_fee", "tax_added", "total"]
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageWish:
    """What is carried, from where, to whom; weight in grams, sides in millimetres. It goes to the cart's place."""

    package_type: int
    pickup: Place
    recipient_name: str
    recipient_phone: str
    weight: int
    width: int | None = None
    length: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceWish:
    """What is to be booked, for when (None: the first free time), and where it takes place."""

    service: int
    at: datetime | None
    place: Literal["customer", "vendor"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cart:
    """What is asked of one vendor. `at` is where it stands in the client's input: empty, or the part of a checkout."""

    vendor_id: int
    kind: str | None = None  # found from the content where the client says none
    items: Sequence[CartItem] = ()
    custom: Sequence[CustomLine] = ()
    package: PackageWish | None = None
    service: ServiceWish | None = None
    fulfilment: Fulfilment | None = None
    place: Place = Place()
    address_id: int | None = None
    delivery_zone_id: int | None = None
    zone_by_hand: bool = False  # by staff: the zone counts wherever the place is, and whether its point is known or not
    deliver_at: datetime | None = None
    offer: str = ""
    comment: str = ""
    table: str = ""
    vehicle: str = ""
    locker: str = ""
    at: Path = ()
    figures: Sequence[Figure] = ()
    is_empty: bool = False  # by staff and the vendor's people: its items are added later (row 11)

    @property
    def contents(self) -> list[Field]:
        """What is asked for, by its field; lines by hand count as items."""
        there = {
            Field.PACKAGE: self.package is not None,
            Field.SERVICE: self.service is not None,
            Field.ITEMS: bool(self.items) or bool(self.custom),
        }
        return [name for name, is_there in there.items() if is_there]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """Carts that are paid together. `total` and `currency` are what the client expects, and are only compared."""

    carts: Sequence[Cart]
    payment_method: str = ""
    saved_method_id: int | None = None
    saves_method: bool = False
    driver_tip: Money | None = None
    cash: Money | None = None
    total: Money | None = None
    currency: str = ""
    offer: str = ""  # for all carts; a cart's own goes before it
    figures: Sequence[Figure] = ()  # of all carts together


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedTime:
    """A checked booking, not yet taken."""

    service: Service
    starts_at: datetime
    ends_at: datetime
    place: Literal["customer", "vendor"]
    at: Path = ()  # where it stands in the client's input


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """A checked package."""

    package_type: PackageType
    wish: PackageWish


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotWish:
    """The time slot that an order falls into, and its caps: orders, and minor units; None is no cap."""

    starts_at: datetime
    most_orders: int | None
    most_value: int | None


def terms_of(vendor: Vendor) -> Terms:
    """The part of a vendor that pricing needs."""
    return Terms(
        prices_include_tax=vendor.prices_include_tax,
        fee_tax_rate=vendor.fee_tax_rate,
        service_fee=vendor.service_fee,
        service_fee_rate=vendor.service_fee_rate,
        commission_rate=vendor.commission_rate,
    )


def without_fees(terms: Terms) -> Terms:
    """The same for what nothing is added to."""
    return replace(terms, service_fee=0, service_fee_rate=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A cart that keeps its vendor's rules, with its lines priced one by one; offers, tip and totals come next."""

    cart: Cart
    vendor: Vendor
    menu: Menu
    kind: str
    fulfilment: Fulfilment
    place: Place
    lines: Sequence[PricedLine]
    terms: Terms
    delivery_fee: int = 0
    zone: Zone | None = None
    zone_by_hand: bool = False  # and the place's point would not have led to it
    distance: int | None = None  # metres
    is_preorder: bool = False
    deliver_at: datetime | None = None
    parcel: Parcel | None = None
    booking: BookedTime | None = None
    slot: SlotWish | None = None

    @property
    def subtotal(self) -> int:
        """The lines' sum, minor units."""
        return sum(line.total for line in self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedOffer:
    """The offer that an order gets, and what it takes off."""

    offer: Offer
    discount: Discount


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A draft with all its amounts."""

    draft: Draft
    priced: Priced
    given: AppliedOffer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedOut:
    """All carts of a checkout, each with its amounts, and their sum in minor units."""

    checkout: Checkout
    parts: Sequence[Checked]

    @property
    def currency(self) -> str:
        """One a purchase."""
        return self.parts[0].priced.currency

    @property
    def total(self) -> int:
        """What all of it costs, minor units."""
        return sum(part.priced.total for part in self.parts)
