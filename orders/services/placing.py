"""Placing: one transaction from a cart to an order that its vendor sees."""

import secrets
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError
from django.utils import timezone

from orders.deadlines import next_due
from orders.lifecycle import Actor, Status
from orders.models import Line, LineOption, Order, OrderEvent, Payment, PaymentShare, PaymentStatus, Purchase
from orders.pricing import PricedLine
from orders.services import ledger
from orders.services.carts import Cart, Checked, Place, check_cart, vendor_of
from orders.services.events import draw, record_event
from orders.services.payments import WALLET
from ordersite.accounts.callers import Caller, related
from ordersite.accounts.models import Address, Customer
from ordersite.web.crypto import encrypt, new_token, token_hash
from ordersite.web.idempotency import Again
from ordersite.web.problems import Forbidden, Invalid
from vendors.services.stock import take_stock


@dataclass(frozen=True, slots=True, kw_only=True)
class Guest:
    """Who orders without an account (row 20)."""

    name: str
    phone: str = ""
    email: str = ""
    place: Place = Place()


@dataclass(frozen=True, slots=True, kw_only=True)
class Placing:
    """A cart, and for whom it is placed."""

    cart: Cart
    external_code: str = ""
    customer_id: int | None = None  # by staff, for a customer
    guest: Guest | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """What came of it; the guest token and tracking code are told in clear only here."""

    purchase: Purchase
    orders: list[Order]
    is_new: bool
    guest_token: str = ""


def quote(*, cart: Cart, caller: Caller) -> Checked:
    """The amounts of a cart, without placing; raises as `place` would."""
    vendor = vendor_of(cart.vendor_id)
    place = find_place(cart, None, caller.customer_id)
    return check_cart(cart, vendor=vendor, place=place, now=timezone.now())


def place(*, placing: Placing, caller: Caller) -> Placed:
    """Places a cart, in the transaction that the caller has opened.

    The same external code of the same caller answers the first purchase and changes nothing. Raises Problem for every
    rule that the cart breaks, Conflict out_of_stock, insufficient_funds, vendor_closed or vendor_paused.
    """
    cart = placing.cart
    if placing.external_code:
        first = first_placing(placing.external_code, caller)
        if first:
            return first
    now = timezone.now()
    vendor = vendor_of(cart.vendor_id)
    customer = find_customer(placing, caller)
    where = find_place(cart, placing.guest, customer.pk)
    checked = check_cart(cart, vendor=vendor, place=where, now=now)
    if cart.payment_method == WALLET and customer.user_id is None:
        raise Invalid("/payment_method", "wallet", "A guest has no wallet: sign in, or pay in another way.")
    if customer.pk is None:
        customer.save(force_insert=True)
    return write(placing, caller, checked, customer, where, now)


def write(
    placing: Placing, caller: Caller, checked: Checked, customer: Customer, where: Place, now: datetime
) -> Placed:
    """The rows of a placing, each kind by one statement; locks are taken in the order that everybody keeps."""
    cart, priced, vendor = placing.cart, checked.priced, checked.vendor
    user_id = caller.user.pk if caller.user else None
    code, guest_token = new_token(), ""
    if customer.user_id is None:
        guest_token = new_token()
    purchase = Purchase(
        customer=customer,
        placed_by=caller.user,
        placed_by_key=caller.key,
        external_code=placing.external_code,
        currency=priced.currency,
        total=priced.total,
        tracking_hash=token_hash(code),
        tracking_sealed=encrypt(code),
        guest_token_hash=token_hash(guest_token) if guest_token else "",
        placed_at=now,
    )
    save_purchase(purchase)
    taken = stock_wanted(priced.lines)
    take_stock(taken)
    paid = cart.payment_method == WALLET
    balance = 0
    if paid:
        balance = ledger.draw_from_wallet(ledger.wallet_of(customer.pk, priced.currency), priced.total)
    day = now.astimezone(vendor.zone).date()
    number, stream = f"number:{vendor.pk}:{cart.fulfilment.value}:{day}", f"stream:vendor:{vendor.pk}"
    drawn = draw([number, stream])
    order = Order(
        uuid=uuid.uuid4(),
        purchase=purchase,
        vendor=vendor,
        customer=customer,
        fulfilment=cart.fulfilment,
        status=Status.PREORDER if checked.is_preorder else Status.PENDING,
        status_changed_at=now,
        number=drawn[number],
        number_day=day,
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
        platform_share=priced.platform_share,
        payment_method=cart.payment_method,
        payment_status=PaymentStatus.PAID if paid else PaymentStatus.UNPAID,
        cash=cart.cash.minor if cart.cash else None,
        contact_name=customer.name,
        contact_phone=customer.phone,
        contact_email=customer.email,
        address=where.address,
        address_notes=where.address_notes,
        lat=where.lat,
        lng=where.lng,
        delivery_zone_id=checked.zone.id if checked.zone else None,
        distance=checked.distance,
        table=cart.table,
        vehicle=cart.vehicle,
        locker=cart.locker,
        comment=cart.comment,
        app_id=caller.app_id,
        placed_at=now,
        visible_at=now,
        deliver_at=cart.deliver_at,
    )
    order.due_at = next_due(order)
    order.save(force_insert=True)
    lines = write_lines(order, priced.lines, taken)
    payment = Payment(
        purchase=purchase,
        provider=cart.payment_method,
        state=order.payment_status,
        amount=priced.total,
        created_at=now,
        paid_at=now if paid else None,
    )
    payment.save(force_insert=True)
    PaymentShare(payment=payment, order=order, amount=priced.total).save(force_insert=True)
    if paid:
        ledger.hold_wallet_payment(order, balance, caller.key)
    record_event(
        order,
        kind=OrderEvent.Kind.PLACED,
        positions=drawn,
        to_status=order.status,
        actor=caller.key,
        role=Actor.STAFF if caller.is_staff and customer.user_id != user_id else Actor.CUSTOMER,
        app_id=caller.app_id,
        created_at=now,
    )
    # The answer shows what was just written: it needs not be read again.
    keep_rows(order, "lines", lines)
    keep_rows(purchase, "payments", [payment])
    return Placed(purchase=purchase, orders=[order], is_new=True, guest_token=guest_token)


def keep_rows(instance: Any, name: str, rows: Sequence[Any]) -> None:
    """Fills a reverse relation as prefetch_related would."""
    if not hasattr(instance, "_prefetched_objects_cache"):
        instance._prefetched_objects_cache = {}
    queryset = getattr(instance, name).get_queryset()
    queryset._result_cache = list(rows)
    instance._prefetched_objects_cache[name] = queryset


def first_placing(external_code: str, caller: Caller) -> Placed | None:
    """What this caller placed first with the code, if anything; raises Invalid for a caller without a name."""
    if not caller.is_known:
        raise Invalid(
            "/external_code", "unknown_caller", "Only a known caller may name its order: sign in, or leave it out."
        )
    purchase = (
        Purchase.objects.select_related("customer")
        .filter(placed_by_key=caller.key, external_code=external_code)
        .first()
    )
    if purchase is None:
        return None
    orders = list(
        purchase.orders.select_related("vendor", "customer", "driver", "company", "label")
        .prefetch_related("lines__options")
        .order_by("pk")
    )
    return Placed(purchase=purchase, orders=orders, is_new=False)


def save_purchase(purchase: Purchase) -> None:
    """Inserts it; a parallel call with the same external code that was first makes this one begin again."""
    try:
        purchase.save(force_insert=True)
    except IntegrityError as error:
        if purchase.external_code:
            raise Again from error
        raise


def find_customer(placing: Placing, caller: Caller) -> Customer:
    """For whom it is: the caller itself, a guest (a new row, not saved yet), or by staff a customer."""
    if placing.customer_id is not None:
        if not caller.is_staff:
            raise Forbidden("forbidden", "Only staff order for a customer: leave `customer` out.")
        if placing.guest is not None:
            raise Invalid("/guest", "customer", "Send `customer` or `guest`, not both.")
        customer = Customer.objects.filter(pk=placing.customer_id).first()
        if customer is None:
            raise Invalid("/customer", "unknown", "There is no such customer.")
        return customer
    if placing.guest is not None:
        if caller.user and not caller.is_staff:
            raise Invalid("/guest", "signed_in", "You are signed in, so the order is yours: leave `guest` out.")
        return Customer(name=placing.guest.name, phone=placing.guest.phone, email=placing.guest.email.lower())
    if caller.user is None:
        raise Invalid("/guest", "required", "Sign in, or say who orders: send `guest` with a name and a phone.")
    customer = related(caller.user, "customer")
    if customer is not None:
        return customer
    user = caller.user
    return Customer.objects.get_or_create(
        user=user, defaults={"name": user.name, "email": user.email, "phone": user.phone}
    )[0]


def find_place(cart: Cart, guest: Guest | None, customer_id: int | None) -> Place:
    """Where it goes: a saved address, what the order says, or what the guest says."""
    if cart.address_id is not None:
        saved = Address.objects.filter(pk=cart.address_id, customer_id=customer_id or 0).first()
        if saved is None:
            raise Invalid("/address", "unknown", "There is no such saved address: read /me/addresses.")
        return Place(
            address=saved.address,
            address_notes=cart.place.address_notes or saved.address_notes,
            lat=saved.lat if cart.place.lat is None else cart.place.lat,
            lng=saved.lng if cart.place.lng is None else cart.place.lng,
        )
    if guest is None:
        return cart.place
    has_point = cart.place.lat is not None
    return Place(
        address=cart.place.address or guest.place.address,
        address_notes=cart.place.address_notes or guest.place.address_notes,
        lat=cart.place.lat if has_point else guest.place.lat,
        lng=cart.place.lng if has_point else guest.place.lng,
    )


def stock_wanted(lines: tuple[PricedLine, ...]) -> dict[int, int]:
    """How many units of which counted products the lines take."""
    wanted: dict[int, int] = {}
    for line in lines:
        if line.product.tracks_stock:
            wanted[line.product.id] = wanted.get(line.product.id, 0) + line.quantity
    return wanted


def write_lines(order: Order, priced: tuple[PricedLine, ...], taken: Mapping[int, int]) -> list[Line]:
    """The lines and what was chosen for them, one statement a table."""
    lines = [
        Line(
            order=order,
            position=position,
            product_id=line.product.id,
            name=line.product.name,
            plu_code=line.product.plu_code,
            unit=line.product.unit,
            quantity=line.quantity,
            unit_price=line.product.price,
            total=line.total,
            discount=line.discount,
            tax_rate=line.product.tax_rate,
            tax=line.tax,
            comment=line.comment,
            stock_taken=line.quantity if line.product.id in taken else 0,
        )
        for position, line in enumerate(priced, start=1)
    ]
    Line.objects.bulk_create(lines)
    options = [
        LineOption(
            line=line,
            kind=option.kind,
            menu_id=option.menu_id,
            group=option.group,
            name=option.name,
            plu_code=option.plu_code,
            unit=option.unit,
            position=option.position,
            quantity=option.quantity,
            price=option.price,
            total=option.total,
            text=option.text,
        )
        for line, priced_line in zip(lines, priced, strict=True)
        for option in priced_line.options
    ]
    LineOption.objects.bulk_create(options)
    for line in lines:
        keep_rows(line, "options", [option for option in options if option.line is line])
    return lines
