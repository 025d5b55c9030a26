"""Placing: one transaction from a checkout to orders that their vendors see."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from django.db import IntegrityError
from django.utils import timezone

from orders.checkout import Checked, CheckedOut, Checkout
from orders.lifecycle.table import Actor
from orders.models import (
    LineOption,
    Order,
    Payment,
    PaymentShare,
    PaymentStatus,
    Purchase,
    SavedMethod,
)
from orders.models.parties import counter_of, party_of_vendor
from orders.services.money import ledger
from orders.services.moving.digital import issue_if_paid
from orders.services.paying.proofs import add_proofs, write_proofs
from orders.services.paying.saved_methods import find_saved_method
from orders.services.placing.checkout_checks import check_out, find_vendors
from orders.services.placing.guests import (
    check_strangers_parts,
    count_strangers_orders,
    is_stranger,
    refuse_strangers_order,
)
from orders.services.placing.limited import hold_what_is_chosen, take_what_is_limited, write_what_was_taken
from orders.services.placing.new_rows import (
    give_tracking_code,
    is_visible,
    make_order,
    make_payment,
    make_purchase,
    number_counter,
)
from orders.services.placing.parties import (
    Placing,
    check_custom,
    check_photos,
    check_rights,
    find_customer,
    find_destinations,
    sells,
    with_zones_by_hand,
)
from orders.services.placing.terms import save_terms, terms_of_part
from orders.services.record.access import RELATED, access_as
from orders.services.record.events import draw_numbers
from orders.services.record.lines import keep_options, keep_rows, make_lines
from orders.services.record.order_update import insert_orders, tell_placed
from orders.visibility import visible_purchases
from ordersite.accounts.callers import Caller
from ordersite.accounts.models import Customer
from ordersite.accounts.rights import Right
from ordersite.core.codes import FaultCode
from ordersite.core.crypto import new_token
from ordersite.core.faults import Forbidden, Invalid, blaming_field
from ordersite.core.fields import Field
from ordersite.core.idempotency import Again
from ordersite.core.inserts import insert_rows
from vendors.payment_methods import find_method


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """What came of it; the guest token and tracking codes are told in clear only here."""

    purchase: Purchase
    orders: list[Order]
    is_new: bool
    guest_token: str = ""


def quote(*, checkout: Checkout, caller: Caller, customer: Customer | None = None) -> CheckedOut:
    """The amounts of a checkout, for the caller or (by staff) for another customer, without placing.

    Raises as `place` would.
    """
    check_custom(checkout, caller)
    checkout = with_zones_by_hand(checkout, caller)
    vendors = find_vendors(checkout.carts)
    places = find_destinations(checkout, None, caller.customer_id)
    # Of whom only the ids matter: whose offers, how often used.
    customer = customer or Customer(pk=caller.customer_id, user=caller.user)
    checked = check_out(checkout, vendors=vendors, places=places, customer=customer, now=timezone.now())
    if checkout.payment_method and is_stranger(caller) and not sells(checkout, caller):
        check_strangers_parts(checked.parts, checkout.payment_method, customer)
    return checked


def place(*, placing: Placing, caller: Caller) -> Placed:
    """Places a checkout, in the transaction that the caller has opened.

    The same external code of the same caller answers the first purchase and changes nothing. Raises Problem for every
    rule that the carts break, Conflict out_of_stock, slot_full, offer_used_up, insufficient_funds, vendor_closed or
    vendor_paused.
    """
    checkout = with_zones_by_hand(placing.checkout, caller)
    if placing.external_code:
        with blaming_field(Field.EXTERNAL_CODE):
            first = first_placing(placing.external_code, caller)
        if first:
            return first
    now = timezone.now()
    check_rights(placing, caller)
    check_photos(placing)
    vendors = find_vendors(checkout.carts)
    customer = find_customer(placing, caller)
    places = find_destinations(checkout, placing.guest, customer.pk)
    hold_what_is_chosen(checkout.carts)
    checked = check_out(checkout, vendors=vendors, places=places, customer=customer, now=now)
    saved = find_saved_method(
        customer, checkout.payment_method, saved_id=checkout.saved_method_id, saves=checkout.saves_method
    )
    if customer.user_id is None and not find_method(checkout.payment_method).serves_guests:
        raise Invalid(FaultCode.WALLET_GUEST, Field.PAYMENT_METHOD)
    counts = is_stranger(caller) and not sells(checkout, caller)
    if counts:
        check_strangers_parts(checked.parts, checkout.payment_method, customer)
        refuse_strangers_order(caller, customer)
    if customer.pk is None:
        customer.save(force_insert=True)
    placed = write_placing(placing, caller, checked, customer, saved, now)
    if counts:
        count_strangers_orders(caller, customer, len(placed.orders))
    return placed


def write_placing(
    placing: Placing,
    caller: Caller,
    checked: CheckedOut,
    customer: Customer,
    saved: SavedMethod | None,
    now: datetime,
) -> Placed:
    """Writes what was checked, each table by one statement; locks are taken in the order that everybody keeps."""
    parts, vendors = checked.parts, [part.draft.vendor for part in checked.parts]
    guest_token = new_token() if customer.user_id is None else ""
    purchase = make_purchase(placing, caller, checked, customer, guest_token, now)
    payment = make_payment(placing, checked, purchase, saved, now)
    # While its store takes its time nobody waits for a lock of ours.
    proofs = write_proofs(placing.photos, now) if payment.state == PaymentStatus.PROOF_PENDING else []
    if purchase.external_code:
        save_purchase(purchase)
    slot_ids = take_what_is_limited(parts, customer)
    by_wallet, balance = find_method(payment.provider).is_wallet, 0
    if by_wallet:
        with blaming_field(Field.PAYMENT_METHOD):
            balance = ledger.draw_from_wallet(ledger.wallet_of(customer.pk, checked.currency), checked.total)
    terms = [terms_of_part(part) for part in parts]
    save_terms(terms)
    counters = [number_counter(part, now) for part in parts]
    streams = [counter_of(party_of_vendor(part.draft.vendor.pk)) for part in parts if is_visible(part, payment)]
    # A change of a vendor's waits for this order and names it, or was first and has it placed anew. So does who erases
    # the customer: this order refuses it, or is refused.
    drawn = draw_numbers(
        [counter.name for counter in counters] + streams,
        read={vendor.pk: vendor.menu_version for vendor in vendors},
        customer_id=customer.pk,
    )
    orders = [
        make_order(
            part, agreed, purchase, payment, placing.checkout.cash, caller, counter, drawn[counter.name].pop(0), now
        )
        for part, agreed, counter in zip(parts, terms, counters, strict=True)
    ]
    if len(orders) > 1:
        for order in orders:
            give_tracking_code(order, new_token())
    lines = [make_lines(order, part.priced.lines) for order, part in zip(orders, parts, strict=True)]
    shares = make_shares(payment, orders)
    insert_orders(purchase, payment, orders, list(chain(*lines)), shares)
    options = keep_options(list(zip(chain(*lines), chain(*(part.priced.lines for part in parts)), strict=True)))
    write_what_was_taken(orders, parts, slot_ids, customer.pk)
    if proofs:
        add_proofs(payment, proofs)
    if by_wallet:
        hold_each(shares, balance, caller.key)
    write_events(orders, options, parts, customer, caller, drawn, now)
    if payment.state == PaymentStatus.PAID:
        orders = [read_again(order) if issue_if_paid(order) else order for order in orders]
    for order, own_lines, share in zip(orders, lines, shares, strict=True):
        # The answer shows what was just written: it needs not be read again.
        keep_rows(order, "lines", own_lines)
        keep_rows(order, "shares", [share])
    keep_rows(payment, "shares", shares)
    keep_rows(purchase, "payments", [payment])
    return Placed(purchase=purchase, orders=orders, is_new=True, guest_token=guest_token)


def make_shares(payment: Payment, orders: Sequence[Order]) -> list[PaymentShare]:
    """What the payment pays of each order, not saved yet."""
    paid = payment.state == PaymentStatus.PAID
    return [
        PaymentShare(
            payment=payment,
            order=order,
            amount=order.total,
            tip=order.driver_tip,
            received=order.total if paid else 0,
        )
        for order in orders
    ]


def read_again(order: Order) -> Order:
    """The order as it is once its codes were issued, or are waited for."""
    return Order.objects.select_related(*RELATED).get(pk=order.pk)


def hold_each(shares: Sequence[PaymentShare], balance: int, actor: str) -> None:
    """Posts what was drawn from the wallet at once, an order after the other; `balance` is what is left of it."""
    left = balance + sum(share.amount for share in shares)
    for share in shares:
        left -= share.amount
        ledger.hold_drawn(share.order, share, left, actor)


def write_events(
    orders: Sequence[Order],
    options: Sequence[LineOption],
    parts: Sequence[Checked],
    customer: Customer,
    caller: Caller,
    drawn: dict[str, list[int]],
    now: datetime,
) -> None:
    """The event of each order, with the first the options of all lines: they take no statement of their own."""
    for order, part in zip(orders, parts, strict=True):
        zone = part.draft.zone
        stream = counter_of(party_of_vendor(order.vendor_id))
        role = role_of_placer(order, customer, caller)
        tell_placed(
            access_as(role, caller, order, now),
            role,
            data={"zone_by_hand": zone.name} if zone and part.draft.zone_by_hand else {},
            positions={stream: drawn[stream].pop(0)} if order.visible_at else {},
            placed_together=[one.pk for one in orders] if order is orders[0] else (),
            beside=options if order is orders[0] else (),
        )


def role_of_placer(order: Order, customer: Customer, caller: Caller) -> Actor:
    """The role in which the caller places the order."""
    if caller.user is not None and customer.user_id == caller.user.pk:
        return Actor.CUSTOMER
    if caller.may_everywhere(Right.PLACE_ORDERS):
        return Actor.STAFF
    # A merchant's token orders as any guest does, but for what only its own people may.
    return Actor.VENDOR if caller.user is not None or order.awaits_items else Actor.CUSTOMER


def first_placing(external_code: str, caller: Caller) -> Placed | None:
    """What this caller placed first with the code, if anything.

    Raises Invalid for a caller without a name, and Forbidden where it was for somebody else and is not its to see by
    now.
    """
    if not caller.is_known:
        raise Invalid(FaultCode.UNKNOWN_CALLER, Field.EXTERNAL_CODE)
    purchase = (
        Purchase.objects.select_related("customer")
        .filter(placed_by_key=caller.key, external_code=external_code)
        .first()
    )
    if purchase is None:
        return None
    # The caller's customer row may be as new as its first order.
    own = caller.user is not None and purchase.customer.user_id == caller.user.pk
    if not own and not visible_purchases(caller).filter(pk=purchase.pk).exists():
        raise Forbidden(FaultCode.FORBIDDEN_EARLIER_ORDER)
    orders = list(purchase.orders.select_related(*RELATED).prefetch_related("lines__options").order_by("pk"))
    return Placed(purchase=purchase, orders=orders, is_new=False)


def save_purchase(purchase: Purchase) -> None:
    """Inserts one with an external code before anything is taken: a parallel call with the same code waits here.

    Where that one was first, this call begins again, and answers what that one placed.
    """
    try:
        insert_rows([purchase])
    except IntegrityError as error:
        raise Again from error
