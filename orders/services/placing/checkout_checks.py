"""Carts against their vendors: may they be ordered, where and when, and at what price. Quoting and placing share it.

Rows are those of docs/requirements.md.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from orders.checkout import Cart, Checked, CheckedOut, Checkout, Draft, Given, Place, terms_of
from orders.destinations import away, find_zone, is_by_hand
from orders.lifecycle.table import Fulfilment
from orders.models import Kind
from orders.pricing import NO_DISCOUNT, PricedLine, Terms, check_minimum, fee_of, price_lines, single_line, total_up
from orders.services.capacity.bookings import check_booking
from orders.services.capacity.offers import choose_offers
from orders.services.capacity.slots import slot_of
from orders.services.paying.providers import available_methods
from orders.services.placing.packages import check_package
from ordersite.accounts.models import Customer
from ordersite.core.money import MAX_MINOR, as_json, divide, exponent, rounded_minor
from ordersite.web.problems import Conflict, Invalid, Problem, field_error
from ordersite.web.serializers import Money
from vendors.hours import is_open, next_opening
from vendors.menu import Menu
from vendors.models import Vendor
from vendors.payment_methods import find_method
from vendors.services.menus import menu_of
from vendors.services.openings import earliest, is_too_far

MINUTE = timedelta(minutes=1)


def vendors_of(carts: Iterable[Cart]) -> dict[int, Vendor]:
    """The vendors that take the orders, by id, in one statement.

    Raises Invalid for one that does not exist or is switched off, and for one that sells in another currency: a
    purchase has one.
    """
    carts = list(carts)
    vendors = Vendor.objects.filter(pk__in={cart.vendor_id for cart in carts}, is_active=True).in_bulk()
    for cart in carts:
        vendor = vendors.get(cart.vendor_id)
        if vendor is None:
            raise Invalid(f"{cart.pointer}/vendor", "unknown", "There is no such vendor: read /vendors.")
        first = vendors[carts[0].vendor_id]
        if vendor.currency != first.currency:
            detail = (
                f"{vendor.name} sells in {vendor.currency}, {first.name} in {first.currency}: place separate orders."
            )
            raise Invalid(f"{cart.pointer}/vendor", "currency", detail)
    return vendors


def check_out(
    checkout: Checkout,
    *,
    vendors: Mapping[int, Vendor],
    places: Sequence[Place],
    customer: Customer,
    now: datetime,
) -> CheckedOut:
    """Checks carts against their vendors' rules and prices them.

    Raises Invalid or CartRefused for a rule of the input, Conflict vendor_closed or vendor_paused for a vendor's state,
    and Problem total_mismatch, with both figures, where the client reckoned otherwise.
    """
    drafts: list[Draft] = []
    for cart, place in zip(checkout.carts, places, strict=True):
        vendor = vendors[cart.vendor_id]
        check_money(checkout, vendor)
        drafts.append(draft_of(cart, vendor, place, now, besides=drafts))
    check_method(checkout, drafts)
    given = choose_offers(checkout=checkout, drafts=drafts, customer=customer, now=now)
    tips = divide_tip(checkout.driver_tip.minor if checkout.driver_tip else 0, drafts)
    parts = [add_up(draft, one, tip) for draft, one, tip in zip(drafts, given, tips, strict=True)]
    checked = CheckedOut(checkout=checkout, parts=parts)
    if checked.total > MAX_MINOR:
        raise Invalid(
            f"{checkout.carts[0].pointer}/items", "too_large", "The order is too large: divide it into several orders."
        )
    check_total(checkout, checked)
    check_figures(checked)
    if checkout.cash is not None:
        check_cash_amount(checkout.cash, checked.total, checked.currency)
    return checked


def add_up(draft: Draft, given: Given | None, tip: int) -> Checked:
    """A draft's amounts, with its offer and its part of the tip; what has no items yet costs nothing."""
    priced = total_up(
        draft.lines,
        currency=draft.menu.currency,
        terms=draft.terms if draft.lines else without_fees(draft.terms),
        delivery_fee=draft.delivery_fee,
        discount=given.discount if given else NO_DISCOUNT,
        driver_tip=tip,
        tip_to_driver=draft.fulfilment == Fulfilment.DELIVERY,
    )
    return Checked(draft=draft, priced=priced, given=given)


def without_fees(terms: Terms) -> Terms:
    return replace(terms, service_fee=0, service_fee_rate=0)


def divide_tip(tip: int, drafts: Sequence[Draft]) -> list[int]:
    """The drivers' tip by what each delivery is worth; where nothing is delivered, by what each order is."""
    delivered = [draft.subtotal if draft.fulfilment == Fulfilment.DELIVERY else 0 for draft in drafts]
    return divide(tip, delivered if any(delivered) else [draft.subtotal for draft in drafts])


def draft_of(cart: Cart, vendor: Vendor, place: Place, now: datetime, *, besides: Sequence[Draft]) -> Draft:
    """A cart that keeps its vendor's rules, by its kind; its time is checked here, once for all kinds.

    `besides` are those before it in the checkout.
    """
    menu = menu_of(vendor)
    kind = kind_of(cart, menu)
    if kind == Kind.SERVICE:
        draft = check_booking(
            cart=cart,
            vendor=vendor,
            menu=menu,
            place=place,
            now=now,
            besides=[one.booking for one in besides if one.booking],
        )
        timed = replace(cart, fulfilment=draft.fulfilment, deliver_at=draft.deliver_at)
        # Its own hours were checked: what counts besides is whether it lies ahead of the preorder time, and pauses.
        check_pause(timed, vendor)
        return replace(draft, is_preorder=is_later(draft.deliver_at, vendor, now))
    if kind == Kind.DIGITAL:
        return draft_digital(cart, vendor, menu, now)
    if kind == Kind.PACKAGE:
        draft = check_package(cart=cart, vendor=vendor, menu=menu, place=place, now=now)
    else:
        draft = draft_products(cart, vendor, menu, place)
    timed = replace(cart, fulfilment=draft.fulfilment)
    is_preorder = check_time(timed, vendor, menu, now)
    at = cart.deliver_at or now + vendor.lead(now)
    # One without items takes its part of the slot with its first (services.edits_writing).
    slot = None if cart.is_empty else slot_of(vendor=vendor, menu=menu, fulfilment=draft.fulfilment, at=at)
    return replace(draft, is_preorder=is_preorder, deliver_at=cart.deliver_at, slot=slot)


CONTENT = {Kind.PACKAGE: "package", Kind.SERVICE: "service", Kind.REGULAR: "items", Kind.DIGITAL: "items"}


def kind_of(cart: Cart, menu: Menu) -> Kind:
    """The kind that a cart's content is (row 1); raises Invalid where the client says another, or mixes kinds."""
    contents = {"package": cart.package is not None, "service": cart.service is not None}
    contents["items"] = bool(cart.items) or bool(cart.custom)
    found = [name for name, there in contents.items() if there]
    if len(found) > 1:
        detail = "An order has either items, a package or a service: place a separate order for each."
        raise Invalid(f"{cart.pointer}/{found[0]}", "mixed", detail)
    if not found and cart.is_empty:
        return Kind.REGULAR
    if not found:
        wanted = CONTENT[cart.kind or Kind.REGULAR]
        raise Invalid(f"{cart.pointer}/{wanted}", "required", f"The order is empty: send {wanted}.")
    kind = Kind.PACKAGE if contents["package"] else Kind.SERVICE if contents["service"] else Kind.REGULAR
    products = [menu.products[item.product] for item in cart.items if item.product in menu.products]
    digital = [product.is_digital for product in products]
    if any(digital):
        if not all(digital) or cart.custom:
            detail = "Digital codes cannot be ordered with other goods: place a separate order for them."
            raise Invalid(f"{cart.pointer}/items", "mixed", detail)
        kind = Kind.DIGITAL
    if cart.kind is not None and cart.kind != kind:
        detail = f"The content is that of a {kind} order: send type {kind}, or leave type out."
        raise Invalid(f"{cart.pointer}/type", "other_type", detail)
    return kind


def draft_products(cart: Cart, vendor: Vendor, menu: Menu, place: Place) -> Draft:
    """Goods that are made and handed over, and what staff enter by hand."""
    fulfilment = cart.fulfilment
    if fulfilment is None:
        raise Invalid(f"{cart.pointer}/delivery_type", "required", f"Send one of {', '.join(vendor.fulfilments)}.")
    if fulfilment.slug not in vendor.fulfilments:
        offers = ", ".join(vendor.fulfilments)
        detail = f"{vendor.name} does not offer {fulfilment.slug}: it offers {offers}."
        raise Invalid(f"{cart.pointer}/delivery_type", "not_offered", detail)
    lines = [*price_lines(menu, cart.items, cart.pointer), *price_custom(cart, vendor)]
    terms, zone = terms_of(vendor), None
    if cart.custom and not cart.items:
        # Only what staff say: nothing is added to it.
        terms = without_fees(terms)
    if fulfilment == Fulfilment.DELIVERY and (cart.items or cart.is_empty):
        zone = find_zone(cart, vendor, menu, place)
    if cart.items:
        check_minimum(menu.currency, zone, sum(line.total for line in lines), cart.pointer)
    if fulfilment == Fulfilment.DELIVERY and not place.address:
        detail = "A delivery needs an address: send a text, or the id of a saved one."
        raise Invalid(f"{cart.pointer}/address", "required", detail)
    return Draft(
        cart=cart,
        vendor=vendor,
        menu=menu,
        kind=Kind.REGULAR,
        fulfilment=fulfilment,
        place=place,
        lines=lines,
        terms=terms,
        zone=zone,
        zone_by_hand=is_by_hand(cart, vendor, zone, place),
        delivery_fee=fee_of(zone, sum(line.total for line in lines)) if lines else 0,
        distance=away(vendor, place) if zone else None,
    )


def price_custom(cart: Cart, vendor: Vendor) -> list[PricedLine]:
    """Lines of what staff enter by hand (row 20): their amounts are final, without tax."""
    for index, custom in enumerate(cart.custom):
        if custom.amount.currency != vendor.currency:
            detail = f"{vendor.name} sells in {vendor.currency}: send that currency."
            raise Invalid(f"{cart.pointer}/custom/{index}/amount", "currency", detail)
    return [single_line(custom.name, custom.amount.minor) for custom in cart.custom]


def draft_digital(cart: Cart, vendor: Vendor, menu: Menu, now: datetime) -> Draft:
    """Codes: nothing is carried, at no hour; only a pause holds."""
    if cart.fulfilment is not None or cart.deliver_at is not None:
        field = "delivery_type" if cart.fulfilment is not None else "deliver_at"
        raise Invalid(
            f"{cart.pointer}/{field}",
            "digital",
            f"Digital codes are issued at once, without a delivery: leave {field} out.",
        )
    check_pause(cart, vendor, now)
    return Draft(
        cart=cart,
        vendor=vendor,
        menu=menu,
        kind=Kind.DIGITAL,
        fulfilment=Fulfilment.DIGITAL,
        place=Place(),
        lines=price_lines(menu, cart.items, cart.pointer),
        terms=terms_of(vendor),
    )


def check_money(checkout: Checkout, vendor: Vendor) -> None:
    """The vendor's currency; and a method that it takes."""
    sent = {"/currency": checkout.currency}
    for pointer, money in (("/driver_tip", checkout.driver_tip), ("/cash", checkout.cash), ("/total", checkout.total)):
        sent[pointer] = money.currency if money else ""
    for pointer, currency in sent.items():
        if currency and currency != vendor.currency:
            raise Invalid(pointer, "currency", f"{vendor.name} sells in {vendor.currency}: send that currency.")
    if checkout.payment_method and checkout.payment_method not in vendor.payment_methods:
        takes = ", ".join(vendor.payment_methods)
        raise Invalid("/payment_method", "not_taken", f"{vendor.name} takes {takes}.")
    if checkout.payment_method and checkout.payment_method not in available_methods():
        raise Invalid("/payment_method", "not_available", "This payment method is not available here: choose another.")
    if checkout.cash and checkout.payment_method and not find_method(checkout.payment_method).is_on_handover:
        raise Invalid("/cash", "cash", "Cash is only sent with the payment method cash: leave it out.")


def check_method(checkout: Checkout, drafts: Sequence[Draft]) -> None:
    """Codes are handed out once they are paid: cash never is before."""
    if find_method(checkout.payment_method).is_on_handover and any(draft.kind == Kind.DIGITAL for draft in drafts):
        raise Invalid(
            "/payment_method", "digital", "Digital codes are paid in advance: choose a payment method other than cash."
        )


def is_later(at: datetime | None, vendor: Vendor, now: datetime) -> bool:
    """Whether a time lies beyond the vendor's preorder time (row 18)."""
    return at is not None and at > now + timedelta(minutes=vendor.preorder_minutes)


def check_pause(cart: Cart, vendor: Vendor, now: datetime | None = None) -> None:
    """Raises where the vendor is paused at the cart's time: Conflict for now, Invalid for a later one."""
    at = cart.deliver_at or now
    if vendor.paused_until is None or at is None or vendor.paused_until <= at:
        return
    pointer = f"{cart.pointer}/{'service/at' if cart.service else 'deliver_at'}"
    if cart.deliver_at is None:
        raise Conflict(
            "vendor_paused",
            f"{vendor.name} takes no orders now: send deliver_at to order for later.",
            pointer=pointer,
            extra={"paused_until": vendor.paused_until.isoformat()},
        )
    raise Invalid(pointer, "paused", f"{vendor.name} takes no orders for that time: send a later one.")


def check_time(cart: Cart, vendor: Vendor, menu: Menu, now: datetime) -> bool:
    """Whether it is a preorder (row 18); raises where the vendor does not serve at that time."""
    if cart.fulfilment is None:
        raise ValueError("a time is checked for a way of fulfilment")
    fulfilment, pointer = cart.fulfilment.slug, f"{cart.pointer}/deliver_at"
    if cart.deliver_at is None:
        check_pause(cart, vendor, now)
        if not is_open(menu.spans, vendor.zone, fulfilment, now):
            opening = next_opening(menu.spans, vendor.zone, fulfilment, now)
            raise Conflict(
                "vendor_closed",
                f"{vendor.name} is closed now: send deliver_at to order for later.",
                pointer=pointer,
                extra={"next_opening": opening.isoformat() if opening else None},
            )
        return False
    if cart.deliver_at <= now:
        raise Invalid(pointer, "past", "This time has passed: send a later one, or none for as soon as possible.")
    soonest = earliest(vendor, now)
    if cart.deliver_at < soonest:
        # Up to the next whole minute, so that it is not too soon again when it comes back.
        told = (soonest + MINUTE - timedelta.resolution).replace(second=0, microsecond=0).isoformat()
        detail = f"{vendor.name} needs until {told}: send a later time, or none for as soon as possible."
        raise Invalid(pointer, "too_soon", detail, earliest=told)
    if is_too_far(vendor, cart.deliver_at, now):
        detail = f"Orders are possible up to {vendor.preorder_days} days ahead: send an earlier time."
        raise Invalid(pointer, "too_far", detail)
    if not is_open(menu.spans, vendor.zone, fulfilment, cart.deliver_at):
        raise Invalid(
            pointer, "closed", f"{vendor.name} is closed at that time: choose one from /vendors/{vendor.pk}/slots."
        )
    check_pause(cart, vendor)
    return is_later(cart.deliver_at, vendor, now)


def check_total(checkout: Checkout, checked: CheckedOut) -> None:
    """An amount that a client sends and that differs is refused with both figures (row 8)."""
    if checkout.total is None or checkout.total.minor == checked.total:
        return
    given, expected = as_json(checkout.total.minor, checked.currency), as_json(checked.total, checked.currency)
    detail = f"The total is {expected['amount']} {checked.currency}, not {given['amount']}: ask for a new quote."
    raise Problem(
        "total_mismatch",
        detail,
        errors=[field_error("/total", "total_mismatch", detail, given=given, expected=expected)],
        extra={"given": given, "expected": expected},
    )


def check_figures(checked: CheckedOut) -> None:
    """The other amounts that a client sends: every one that differs is named, with both figures (row 8)."""
    said = [("", checked.checkout.figures, checked.parts)]
    said += [(part.draft.cart.pointer, part.draft.cart.figures, [part]) for part in checked.parts]
    errors = []
    for pointer, figures, parts in said:
        for figure in figures:
            minor = sum(getattr(part.priced, figure.name) for part in parts)
            said_minor = rounded_minor(figure.amount, checked.currency)
            if said_minor == minor:
                continue
            expected, given = as_json(minor, checked.currency), as_json(said_minor, checked.currency)
            detail = (
                f"The amount is {expected['amount']} {checked.currency}, not {given['amount']}: ask for a new quote."
            )
            errors.append(
                field_error(f"{pointer}/{figure.name}", "amount_mismatch", detail, given=given, expected=expected)
            )
    if errors:
        raise Problem("amount_mismatch", errors[0]["detail"], errors=errors)


def check_cash_amount(cash: Money, total: int, currency: str) -> None:
    """What the customer will hand over: above the total, without decimals (row 15)."""
    if cash.currency != currency:
        raise Invalid("/cash", "currency", f"The order is in {currency}: send that currency.")
    if cash.minor % 10 ** exponent(currency):
        raise Invalid("/cash", "decimals", "Send a whole amount of cash, without decimals.")
    if cash.minor <= total:
        least = as_json(total, currency)["amount"]
        raise Invalid(
            "/cash",
            "too_little",
            f"Send the cash that the customer pays with, above the total of {least}, or leave it out.",
        )
