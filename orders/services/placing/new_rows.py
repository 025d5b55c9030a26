"""The rows of a placing, made from what was checked and not saved yet."""

import secrets
import uuid
from datetime import datetime

from orders.checkout import Checked, CheckedOut
from orders.lifecycle.table import Status
from orders.lifecycle.timers import set_due
from orders.models import AgreedTerms, Order, Payment, PaymentStatus, Purchase, SavedMethod
from orders.services.money.shares import deadline_of, goes_to_vendor
from orders.services.placing.parties import Placing
from orders.services.record.numbers import NumberCounter, counter_of_day, day_of
from ordersite.accounts.callers import Caller
from ordersite.accounts.models import Customer
from ordersite.core.crypto import encrypt, new_token, token_hash
from ordersite.core.money import Money
from vendors.payment_methods import find_method


def make_purchase(
    placing: Placing, caller: Caller, checked: CheckedOut, customer: Customer, guest_token: str, now: datetime
) -> Purchase:
    """What is bought together, with the code that follows it."""
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
    purchase.tracking_code = code
    return purchase


def make_payment(
    placing: Placing, checked: CheckedOut, purchase: Purchase, saved: SavedMethod | None, now: datetime
) -> Payment:
    """The one payment of a purchase: paid at once from a wallet, or where there is nothing to pay."""
    checkout, parts = checked.checkout, checked.parts
    # What costs nothing is paid, in whatever way it would have been; what has no items yet is to cost something.
    awaits_items = any(part.draft.cart.is_empty for part in parts)
    is_free = checked.total == 0 and not awaits_items
    method = find_method(checkout.payment_method)
    paid = method.is_wallet or (is_free and not method.is_on_handover)
    is_proven = bool(placing.photos) and not paid
    waits = PaymentStatus.PROOF_PENDING if is_proven else PaymentStatus.UNPAID
    vendors = [part.draft.vendor for part in parts]
    deadline = deadline_of(checkout.payment_method, vendors, now)
    return Payment(
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
        expires_at=None if paid or is_proven or awaits_items else deadline,
    )


def is_visible(part: Checked, payment: Payment) -> bool:
    """Whether the vendor may see the order already: not without items, and one paid online only once it is paid."""
    if part.draft.cart.is_empty:
        return False
    return payment.state == PaymentStatus.PAID or not find_method(payment.provider).is_online


def number_counter(part: Checked, now: datetime) -> NumberCounter:
    """From which an order takes its number: of the day that it is for; without a time that of its placing."""
    draft = part.draft
    day = day_of(draft.vendor, draft.deliver_at or now)
    return counter_of_day(draft.vendor.pk, day, fulfilment=draft.fulfilment, locker=draft.cart.locker)


def make_order(
    part: Checked,
    terms: AgreedTerms,
    purchase: Purchase,
    payment: Payment,
    cash: Money | None,
    caller: Caller,
    counter: NumberCounter,
    number: int,
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
        number=number,
        number_day=counter.day,
        number_series=counter.series,
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
        cash=cash.minor if cash else None,
        codes_missing=sum(line.quantity for line in priced.lines if line.is_digital),
        placed_at=now,
        visible_at=now if is_visible(part, payment) else None,
        deliver_at=draft.deliver_at,
    )
    order.tracking_code = purchase.tracking_code
    set_due(order, now)
    return order


def give_tracking_code(order: Order, code: str) -> None:
    """An order of several has a code of its own: who follows it sees nothing of the others."""
    order.tracking_code, order.tracking_hash, order.tracking_sealed = code, token_hash(code), encrypt(code)
