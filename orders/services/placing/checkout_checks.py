"""Carts against their vendors: may they be ordered, where, when and by which method. Quoting and placing share it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from orders.checkout import Cart, CheckedOut, Checkout, Draft, Place
from orders.kinds import KINDS
from orders.services.capacity.offers import choose_offers
from orders.services.kinds import CartAtVendor, handler_of_cart
from orders.services.paying.providers import is_available
from orders.services.placing.checkout_prices import add_up, check_cash_amount, check_figures, check_total, divide_tip
from ordersite.accounts.models import Customer
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Invalid
from ordersite.core.fields import Field
from ordersite.core.money import MAX_MINOR
from vendors.models import Vendor
from vendors.payment_methods import find_method
from vendors.services.active_vendors import active_vendors
from vendors.services.menus import menu_of


def find_vendors(carts: Iterable[Cart]) -> dict[int, Vendor]:
    """The vendors that take the orders, by id, in one statement.

    Raises Invalid for one that does not exist or is switched off, and for one that sells in another currency: a
    purchase has one.
    """
    carts = list(carts)
    vendors = active_vendors({cart.vendor_id for cart in carts})
    for cart in carts:
        vendor = vendors.get(cart.vendor_id)
        if vendor is None:
            raise Invalid(FaultCode.UNKNOWN_VENDOR, Field.VENDOR, at=cart.at)
        first = vendors[carts[0].vendor_id]
        if vendor.currency != first.currency:
            raise Invalid(
                FaultCode.CURRENCY_OF_VENDORS,
                Field.VENDOR,
                at=cart.at,
                vendor=vendor.name,
                currency=vendor.currency,
                other=first.name,
                other_currency=first.currency,
            )
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

    Raises Invalid for a rule of the input, Conflict vendor_closed or vendor_paused for a vendor's state,
    and Refusal total_mismatch, with both figures, where the client expects another one.
    """
    drafts: list[Draft] = []
    for cart, place in zip(checkout.carts, places, strict=True):
        vendor = vendors[cart.vendor_id]
        check_money(checkout, vendor)
        menu = menu_of(vendor)
        wanted = CartAtVendor(cart=cart, vendor=vendor, menu=menu, place=place, now=now, besides=tuple(drafts))
        drafts.append(handler_of_cart(cart, menu).check(wanted))
    check_method(checkout, drafts)
    given = choose_offers(checkout=checkout, drafts=drafts, customer=customer, now=now)
    tips = divide_tip(checkout.driver_tip.minor if checkout.driver_tip else 0, drafts)
    parts = [add_up(draft, one, tip) for draft, one, tip in zip(drafts, given, tips, strict=True)]
    checked = CheckedOut(checkout=checkout, parts=parts)
    if checked.total > MAX_MINOR:
        raise Invalid(FaultCode.TOO_LARGE_ORDER, Field.ITEMS, at=checkout.carts[0].at)
    check_total(checkout, checked)
    check_figures(checked)
    if checkout.cash is not None:
        check_cash_amount(checkout.cash, checked.total, checked.currency)
    return checked


def check_money(checkout: Checkout, vendor: Vendor) -> None:
    """The vendor's currency; and a method that it takes."""
    sent = {Field.CURRENCY: checkout.currency}
    amounts = {Field.DRIVER_TIP: checkout.driver_tip, Field.CASH: checkout.cash, Field.TOTAL: checkout.total}
    sent |= {field: money.currency if money else "" for field, money in amounts.items()}
    for field, currency in sent.items():
        if currency and currency != vendor.currency:
            raise Invalid(FaultCode.CURRENCY_OF_VENDOR, field, vendor=vendor.name, currency=vendor.currency)
    if checkout.payment_method and checkout.payment_method not in vendor.payment_methods:
        raise Invalid(FaultCode.NOT_TAKEN, Field.PAYMENT_METHOD, vendor=vendor.name, taken=vendor.payment_methods)
    if checkout.payment_method and not is_available(checkout.payment_method):
        raise Invalid(FaultCode.NOT_AVAILABLE_METHOD, Field.PAYMENT_METHOD)
    if checkout.cash and checkout.payment_method and not find_method(checkout.payment_method).is_on_handover:
        raise Invalid(FaultCode.CASH, Field.CASH)


def check_method(checkout: Checkout, drafts: Sequence[Draft]) -> None:
    """Codes are handed out once they are paid: cash never is before."""
    if find_method(checkout.payment_method).is_on_handover and any(KINDS[draft.kind].is_issued for draft in drafts):
        raise Invalid(FaultCode.DIGITAL_PAID_BEFORE, Field.PAYMENT_METHOD)
