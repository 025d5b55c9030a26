"""A cart against its vendor: may it be ordered, where and when, and what does it cost. Quoting and placing share it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from orders.lifecycle import Fulfilment
from orders.pricing import CartItem, Priced, Terms, price
from ordersite.web.money import as_json, exponent
from ordersite.web.problems import Conflict, Invalid, Problem, field_error
from ordersite.web.serializers import Money
from vendors.hours import is_open, next_opening
from vendors.menu import Menu, Zone
from vendors.models import Vendor
from vendors.services.menus import menu_of
from vendors.zones import distance, zone_for


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an order goes, as it is kept with the order."""

    address: str = ""
    address_notes: str = ""
    lat: float | None = None
    lng: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cart:
    """What a client asks for, from one vendor. `total` and `currency` are what it expects; the server reckons."""

    vendor_id: int
    items: Sequence[CartItem]
    fulfilment: Fulfilment
    place: Place = Place()
    address_id: int | None = None
    delivery_zone_id: int | None = None
    deliver_at: datetime | None = None
    payment_method: str = ""
    driver_tip: Money | None = None
    cash: Money | None = None
    total: Money | None = None
    currency: str = ""
    comment: str = ""
    table: str = ""
    vehicle: str = ""
    locker: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A cart that passed: its vendor, amounts, zone and distance, and whether it is a preorder."""

    vendor: Vendor
    menu: Menu
    priced: Priced
    zone: Zone | None
    distance: int | None
    is_preorder: bool


def vendor_of(vendor_id: int) -> Vendor:
    """The vendor that takes the order; raises Invalid for one that does not exist or is switched off."""
    vendor = Vendor.objects.filter(pk=vendor_id, is_active=True).first()
    if vendor is None:
        raise Invalid("/vendor", "unknown", "There is no such vendor: read /vendors.")
    return vendor


def check_cart(cart: Cart, *, vendor: Vendor, place: Place, now: datetime) -> Checked:
    """Checks a cart against the vendor's rules and prices it.

    Raises Invalid or CartRefused for a rule of the input, Conflict vendor_closed or vendor_paused for the vendor's
    state, and Problem total_mismatch, with both figures, where the client reckoned otherwise.
    """
    menu = menu_of(vendor)
    fulfilment = cart.fulfilment.slug
    if fulfilment not in vendor.fulfilments:
        offers = ", ".join(vendor.fulfilments)
        raise Invalid(
            "/delivery_type", "not_offered", f"{vendor.name} does not offer {fulfilment}: it offers {offers}."
        )
    check_money(cart, vendor)
    is_preorder = check_time(cart, vendor, menu, now)
    zone = find_zone(cart, vendor, menu, place) if cart.fulfilment == Fulfilment.DELIVERY else None
    priced = price(
        menu,
        cart.items,
        terms=terms_of(vendor),
        zone=zone,
        driver_tip=cart.driver_tip.minor if cart.driver_tip else 0,
        tip_to_driver=cart.fulfilment == Fulfilment.DELIVERY,
    )
    check_total(cart, priced)
    check_cash(cart, priced)
    away = None
    if zone and vendor.lat is not None and vendor.lng is not None and place.lat is not None and place.lng is not None:
        away = distance(vendor.lat, vendor.lng, place.lat, place.lng)
    return Checked(vendor=vendor, menu=menu, priced=priced, zone=zone, distance=away, is_preorder=is_preorder)


def terms_of(vendor: Vendor) -> Terms:
    """The part of a vendor that pricing needs."""
    return Terms(
        prices_include_tax=vendor.prices_include_tax,
        fee_tax_rate=vendor.fee_tax_rate,
        service_fee=vendor.service_fee,
        service_fee_rate=vendor.service_fee_rate,
        commission_rate=vendor.commission_rate,
    )


def check_money(cart: Cart, vendor: Vendor) -> None:
    """One currency a purchase, the vendor's; and a method that the vendor takes."""
    sent = {"/currency": cart.currency, "/payment_method": ""}
    for pointer, money in (("/driver_tip", cart.driver_tip), ("/cash", cart.cash), ("/total", cart.total)):
        sent[pointer] = money.currency if money else ""
    for pointer, currency in sent.items():
        if currency and currency != vendor.currency:
            raise Invalid(pointer, "currency", f"{vendor.name} sells in {vendor.currency}: send that currency.")
    if cart.payment_method and cart.payment_method not in vendor.payment_methods:
        takes = ", ".join(vendor.payment_methods)
        raise Invalid("/payment_method", "not_taken", f"{vendor.name} takes {takes}.")
    if cart.cash and cart.payment_method not in ("", "cash"):
        raise Invalid("/cash", "cash", "Cash goes only with the payment method cash: leave it out.")


def check_time(cart: Cart, vendor: Vendor, menu: Menu, now: datetime) -> bool:
    """Whether it is a preorder (row 18); raises where the vendor does not serve at that time."""
    fulfilment = cart.fulfilment.slug
    if cart.deliver_at is None:
        if vendor.paused_until and vendor.paused_until > now:
            raise Conflict(
                "vendor_paused",
                f"{vendor.name} takes no orders for now: order for later with deliver_at.",
                extra={"paused_until": vendor.paused_until.isoformat()},
            )
        if not is_open(menu.spans, vendor.zone, fulfilment, now):
            opening = next_opening(menu.spans, vendor.zone, fulfilment, now)
            raise Conflict(
                "vendor_closed",
                f"{vendor.name} is closed: order for later with deliver_at.",
                extra={"next_opening": opening.isoformat() if opening else None},
            )
        return False
    if cart.deliver_at <= now:
        raise Invalid("/deliver_at", "past", "The time has passed: send a later one, or none for as soon as can be.")
    if cart.deliver_at > now + timedelta(days=vendor.preorder_days):
        raise Invalid(
            "/deliver_at", "too_far", f"Orders are taken {vendor.preorder_days} days ahead: send an earlier time."
        )
    if not is_open(menu.spans, vendor.zone, fulfilment, cart.deliver_at):
        raise Invalid("/deliver_at", "closed", f"{vendor.name} is closed then: read /vendors/{vendor.pk}/slots.")
    if vendor.paused_until and vendor.paused_until > cart.deliver_at:
        raise Invalid("/deliver_at", "paused", f"{vendor.name} takes no orders for that time: send a later one.")
    return cart.deliver_at > now + timedelta(minutes=vendor.preorder_minutes)


def find_zone(cart: Cart, vendor: Vendor, menu: Menu, place: Place) -> Zone:
    """The zone that a delivery goes to; raises Invalid for an address without location, or outside."""
    if place.lat is None or place.lng is None:
        raise Invalid("/location", "required", 'A delivery needs a location: send {"lat": …, "lng": …}.')
    if not place.address:
        raise Invalid("/address", "required", "A delivery needs an address: send a text, or the id of a saved one.")
    zones = menu.zones
    if cart.delivery_zone_id is not None:
        zones = tuple(zone for zone in zones if zone.id == cart.delivery_zone_id)
        if not zones:
            raise Invalid("/delivery_zone", "unknown", f"{vendor.name} has no such delivery zone: leave it out.")
    zone = zone_for(zones, vendor.lat, vendor.lng, place.lat, place.lng)
    if zone is None:
        raise Invalid("/location", "outside_delivery_zone", f"{vendor.name} does not deliver there: choose pickup.")
    return zone


def check_total(cart: Cart, priced: Priced) -> None:
    """An amount that a client sends and that differs is refused with both figures (row 8)."""
    if cart.total is None or cart.total.minor == priced.total:
        return
    given, expected = as_json(cart.total.minor, priced.currency), as_json(priced.total, priced.currency)
    detail = f"The total is {expected['amount']} {priced.currency}, not {given['amount']}: read the quote again."
    raise Problem(
        "total_mismatch",
        detail,
        errors=[field_error("/total", "total_mismatch", detail, given=given, expected=expected)],
        extra={"given": given, "expected": expected},
    )


def check_cash(cart: Cart, priced: Priced) -> None:
    if cart.cash is not None:
        check_cash_amount(cart.cash, priced.total, priced.currency)


def check_cash_amount(cash: Money, total: int, currency: str) -> None:
    """What the customer will hand over: above the total, without decimals (row 15)."""
    if cash.currency != currency:
        raise Invalid("/cash", "currency", f"The order is in {currency}: send that currency.")
    if cash.minor % 10 ** exponent(currency):
        raise Invalid("/cash", "decimals", "Cash is a whole amount, without decimals.")
    if cash.minor <= total:
        least = as_json(total, currency)["amount"]
        raise Invalid("/cash", "too_little", f"Cash is what is handed over, above the total of {least}, or left out.")
