"""Placing: one transaction from a checkout to orders that their vendors see."""

import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import IntegrityError
from django.utils import timezone

from orders.checkout import Cart, Checked, CheckedOut, Checkout
from orders.lifecycle.table import Actor, Status
from orders.lifecycle.timers import set_due
from orders.models import (
    AgreedTerms,
    NumberSeries,
    Order,
    Payment,
    PaymentShare,
    PaymentStatus,
    Purchase,
    SavedMethod,
)
from orders.services.capacity import offers, slots
from orders.services.kinds import HANDLERS, handler_of
from orders.services.money import ledger
from orders.services.money.shares import deadline_of, goes_to_vendor
from orders.services.moving.digital import issue_if_paid
from orders.services.paying.proofs import add_proofs
from orders.services.paying.saved_methods import find_saved_method
from orders.services.placing.checkout_checks import check_out, vendors_of
from orders.services.placing.guests import (
    check_strangers_parts,
    count_strangers_orders,
    is_stranger,
    refuse_strangers_order,
)
from orders.services.placing.parties import (
    Placing,
    check_custom,
    check_photos,
    check_rights,
    find_customer,
    find_places,
    sells,
    with_zones_by_hand,
)
from orders.services.placing.terms import save_terms, terms_of_part
from orders.services.record.access import RELATED, access_as
from orders.services.record.events import draw
from orders.services.record.lines import keep_rows, stock_wanted, write_lines
from orders.services.record.numbers import counter_of, day_of
from orders.services.record.order_update import insert_orders, tell_placed
from orders.visibility import visible_purchases
from ordersite.accounts.callers import Caller
from ordersite.accounts.models import Customer
from ordersite.accounts.rights import Right
from ordersite.core.crypto import encrypt, new_token, token_hash
from ordersite.web.idempotency import Again
from ordersite.web.problems import Forbidden, Invalid, blaming
from vendors.payment_methods import find_method
from vendors.services.stock import take_stock


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
    vendors = vendors_of(checkout.carts)
    places = find_places(checkout, None, caller.customer_id)
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
        with blaming("/external_code"):
            first = first_placing(placing.external_code, caller)
        if first:
            return first
    now = timezone.now()
    check_rights(placing, caller)
    check_photos(placing)
    vendors = vendors_of(checkout.carts)
    customer = find_customer(placing, caller)
    places = find_places(checkout, placing.guest, customer.pk)
    for handler in HANDLERS.values():
        handler.hold(checkout.carts)
    checked = check_out(checkout, vendors=vendors, places=places, customer=customer, now=now)
    saved = find_saved_method(
        customer, checkout.payment_method, saved_id=checkout.saved_method_id, saves=checkout.saves_method
    )
    if customer.user_id is None and not find_method(checkout.payment_method).serves_guests:
        raise Invalid("/payment_method", "wallet", "A guest has no wallet: sign in, or choose another payment method.")
    counts = is_stranger(caller) and not sells(checkout, caller)
    if counts:
        check_strangers_parts(checked.parts, checkout.payment_method, customer)
        refuse_strangers_order(caller, customer)
    if customer.pk is None:
        customer.save(force_insert=True)
    placed = write(placing, caller, checked, customer, saved, now)
    if counts:
        count_strangers_orders(caller, customer, len(placed.orders))
    return placed


def write(
    placing: Placing,
    caller: Caller,
    checked: CheckedOut,
    customer: Customer,
    saved: SavedMethod | None,
    now: datetime,
) -> Placed:
    """The rows of a placing, each kind by one statement; locks are taken in the order that everybody keeps."""
    checkout, parts = checked.checkout, checked.parts
    guest_token = new_token() if customer.user_id is None else ""
    code = new_token()
    purchase = Purchase(
        customer=customer,
        placed_by=caller.user,
        placed_by_key=caller.key,
        external_code=placing.external_code,
        currency=checked.currency,
        total=checked.total,
        tracking_hash=token_hash(code),
        tracking_sealed=encrypt(code),
        guest_token_hash=token_hash(guest_token) if guest_token else "",
        placed_at=now,
    )
    save_purchase(purchase)
    slot_ids = take_what_is_limited(parts, customer)
    # What costs nothing is paid, in whatever way it would have been; what has no items yet is to cost something.
    awaits_items = any(part.draft.cart.is_empty for part in parts)
    is_free = checked.total == 0 and not awaits_items
    method = find_method(checkout.payment_method)
    paid = method.is_wallet or (is_free and not method.is_on_handover)
    photos = [] if paid else placing.photos
    waits = PaymentStatus.PROOF_PENDING if photos else PaymentStatus.UNPAID
    vendors = [part.draft.vendor for part in parts]
    deadline = deadline_of(checkout.payment_method, vendors, now)
    balance = 0
    if method.is_wallet:
        with blaming("/payment_method"):
            balance = ledger.draw_from_wallet(ledger.wallet_of(customer.pk, checked.currency), checked.total)
    payment = Payment(
        purchase=purchase,
        currency=checked.currency,
        provider=checkout.payment_method,
        state=PaymentStatus.PAID if paid else waits,
        amount=checked.total,
        to_vendor=goes_to_vendor(checkout.payment_method, vendors),
        created_at=now,
        paid_at=now if paid else None,
        saves_method=checkout.saves_method,
        saved_method=saved,
        # A saved method is charged by the worker: no provider is asked inside this transaction.
        due_at=now if saved and not paid else None,
        expires_at=None if paid or photos or awaits_items else deadline,
    )
    terms = [terms_of_part(part) for part in parts]
    save_terms(terms)
    # A change of a vendor's waits for this order and names it, or was first and has it placed anew.
    drawn = draw(counters_of(parts, payment, now), read={vendor.pk: vendor.menu_version for vendor in vendors})
    orders = [
        make_order(part, agreed, checkout, purchase, payment, caller, drawn, now)
        for part, agreed in zip(parts, terms, strict=True)
    ]
    if len(orders) > 1:
        for order in orders:
            give_tracking_code(order, new_token())
    insert_orders(orders)
    lines = write_lines(orders, parts)
    write_kinds(orders, parts, slot_ids, customer.pk)
    payment.save(force_insert=True)
    shares = [
        PaymentShare(
            payment=payment,
            order=order,
            amount=order.total,
            tip=order.driver_tip,
            received=order.total if paid else 0,
        )
        for order in orders
    ]
    PaymentShare.objects.bulk_create(shares)
    if photos:
        add_proofs(payment=payment, photos=photos, now=now)
    if method.is_wallet:
        hold_each(shares, balance, caller.key)
    write_events(orders, parts, customer, caller, drawn, now)
    if paid:
        orders = [read_again(order) if issue_if_paid(order) else order for order in orders]
    for order, share in zip(orders, shares, strict=True):
        # The answer shows what was just written: it needs not be read again.
        keep_rows(order, "lines", lines[order.pk])
        keep_rows(order, "shares", [share])
    keep_rows(payment, "shares", shares)
    keep_rows(purchase, "payments", [payment])
    return Placed(purchase=purchase, orders=orders, is_new=True, guest_token=guest_token)


def read_again(order: Order) -> Order:
    """The order as it is once its codes were issued, or are waited for."""
    return Order.objects.select_related(*RELATED).get(pk=order.pk)


def take_what_is_limited(parts: Sequence[Checked], customer: Customer) -> list[int | None]:
    """Stock, times, slots and offers, in the order in which everybody locks them; returns each part's slot."""
    carts = [part.draft.cart for part in parts]
    take_stock(stock_wanted([line for part in parts for line in part.priced.lines]), quantities_at(carts))
    for name, handler in HANDLERS.items():
        if drafts := [part.draft for part in parts if part.draft.kind == name]:
            handler.take(drafts)
    slot_ids: list[int | None] = [None] * len(parts)
    wanted = [
        (draft.vendor.pk, draft.fulfilment, draft.slot.starts_at, index, draft.slot)
        for index, draft in enumerate(part.draft for part in parts)
        if draft.slot
    ]
    for vendor_id, fulfilment, _, index, slot in sorted(wanted, key=lambda one: one[:4]):
        slot_ids[index] = slots.take_slot(
            vendor_id=vendor_id,
            fulfilment=fulfilment,
            slot=slot,
            value=parts[index].priced.total,
            pointer=parts[index].draft.cart.pointer,
        )
    with blaming(next((f"{cart.pointer}/offer" for cart in carts if cart.offer), "/offer")):
        offers.take_offers(given=[part.given for part in parts], customer=customer)
    return slot_ids


def quantities_at(carts: Sequence[Cart]) -> dict[int, str]:
    """Where the quantity of each product stands in the client's input: that of its last item."""
    return {
        item.product: f"{cart.pointer}/items/{index}/quantity"
        for cart in carts
        for index, item in enumerate(cart.items)
    }


def series_of(part: Checked) -> NumberSeries:
    return NumberSeries.of(part.draft.fulfilment, part.draft.cart.locker)


def number_day_of(part: Checked, now: datetime) -> date:
    """The day that the order is for; without a time that of its placing."""
    return day_of(part.draft.vendor, part.draft.deliver_at or now)


def number_of(part: Checked, now: datetime) -> str:
    """The counter of a vendor's order numbers of the day and series."""
    return counter_of(part.draft.vendor.pk, series_of(part), number_day_of(part, now))


def is_visible(part: Checked, payment: Payment) -> bool:
    """Whether the vendor may see the order already: not without items, and one paid online only once it is paid."""
    if part.draft.cart.is_empty:
        return False
    return payment.state == PaymentStatus.PAID or not find_method(payment.provider).is_online


def counters_of(parts: Sequence[Checked], payment: Payment, now: datetime) -> list[str]:
    """What must be drawn: each order's number, and a position in the stream of each vendor that may see its order."""
    names = [number_of(part, now) for part in parts]
    return names + [f"stream:vendor:{part.draft.vendor.pk}" for part in parts if is_visible(part, payment)]


def make_order(
    part: Checked,
    terms: AgreedTerms,
    checkout: Checkout,
    purchase: Purchase,
    payment: Payment,
    caller: Caller,
    drawn: dict[str, list[int]],
    now: datetime,
) -> Order:
    """One vendor's order, not saved yet."""
    draft, priced, customer = part.draft, part.priced, purchase.customer
    cart, where = draft.cart, draft.place
    order = Order(
        uuid=uuid.uuid4(),
        purchase=purchase,
        vendor=draft.vendor,
        customer=customer,
        kind=draft.kind,
        fulfilment=draft.fulfilment,
        status=Status.PREORDER if draft.is_preorder else Status.PENDING,
        status_changed_at=now,
        number=drawn[number_of(part, now)].pop(0),
        number_day=number_day_of(part, now),
        number_series=series_of(part),
        tracking_hash=purchase.tracking_hash,
        tracking_sealed=purchase.tracking_sealed,
        collection_code=f"{secrets.randbelow(10**6):06d}",
        currency=priced.currency,
        subtotal=priced.subtotal,
        discount=priced.discount,
        delivery_fee=priced.delivery_fee,
        service_fee=priced.service_fee,
        driver_tip=priced.driver_tip,
        tax_included=priced.tax_included,
        tax_added=priced.tax_added,
        total=priced.total,
        commission=priced.commission,
        platform_discount=priced.platform_discount,
        platform_share=priced.platform_share,
        offer=part.given.offer if part.given else None,
        terms=terms,
        payment_method=payment.provider,
        payment_status=payment.state,
        contact_name=customer.name,
        contact_phone=customer.phone,
        contact_email=customer.email,
        address=where.address,
        address_notes=where.address_notes,
        lat=where.lat,
        lng=where.lng,
        delivery_zone_id=draft.zone.id if draft.zone else None,
        distance=draft.distance,
        table=cart.table,
        vehicle=cart.vehicle,
        locker=cart.locker,
        comment=cart.comment,
        app_id=caller.app_id,
        cash=checkout.cash.minor if checkout.cash else None,
        codes_missing=sum(line.quantity for line in priced.lines if line.is_digital),
        placed_at=now,
        visible_at=now if is_visible(part, payment) else None,
        deliver_at=draft.deliver_at,
    )
    set_due(order, now)
    return order


def give_tracking_code(order: Order, code: str) -> None:
    """An order of several has a code of its own: who follows it sees nothing of the others."""
    order.tracking_hash, order.tracking_sealed = token_hash(code), encrypt(code)


def write_kinds(
    orders: Sequence[Order], parts: Sequence[Checked], slot_ids: Sequence[int | None], customer_id: int
) -> None:
    """What orders of some kinds have besides, and what each took of a limited good."""
    for order, part, slot_id in zip(orders, parts, slot_ids, strict=True):
        handler_of(order).write(order, part.draft)
        if slot_id is not None:
            slots.write_hold(order, slot_id, order.total)
    offers.write_uses(orders=orders, given=[part.given for part in parts], customer_id=customer_id)


def hold_each(shares: Sequence[PaymentShare], balance: int, actor: str) -> None:
    """Posts what was drawn from the wallet at once, an order after the other; `balance` is what is left of it."""
    left = balance + sum(share.amount for share in shares)
    for share in shares:
        left -= share.amount
        ledger.hold_drawn(share.order, share, left, actor)


def write_events(
    orders: Sequence[Order],
    parts: Sequence[Checked],
    customer: Customer,
    caller: Caller,
    drawn: dict[str, list[int]],
    now: datetime,
) -> None:
    for order, part in zip(orders, parts, strict=True):
        zone = part.draft.zone
        stream = f"stream:vendor:{order.vendor_id}"
        role = role_of(order, customer, caller)
        tell_placed(
            access_as(role, caller, order, now),
            role,
            data={"zone_by_hand": zone.name} if zone and part.draft.zone_by_hand else {},
            positions={stream: drawn[stream].pop(0)} if order.visible_at else {},
        )


def role_of(order: Order, customer: Customer, caller: Caller) -> Actor:
    """As what the caller places the order."""
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
        raise Invalid(
            "/external_code",
            "unknown_caller",
            "Only a signed-in caller can send an external_code: sign in, or leave it out.",
        )
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
        detail = "You used this code for an order that you can no longer see: send another one."
        raise Forbidden("forbidden", detail)
    orders = list(purchase.orders.select_related(*RELATED).prefetch_related("lines__options").order_by("pk"))
    return Placed(purchase=purchase, orders=orders, is_new=False)


def save_purchase(purchase: Purchase) -> None:
    """Inserts it; a parallel call with the same external code that was first makes this one begin again."""
    try:
        purchase.save(force_insert=True)
    except IntegrityError as error:
        if purchase.external_code:
            raise Again from error
        raise
