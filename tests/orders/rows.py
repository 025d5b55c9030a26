"""Orders written as rows, in any status at once: the life cycle's tests need hundreds."""

import itertools
import secrets
from typing import Any

from django.db import transaction
from django.utils import timezone

from orders.checkout import terms_of
from orders.lifecycle.table import CLOSED, DRIVER_LEFT, SUCCESS, Fulfilment, Status
from orders.models import AgreedTerms, Line, Order, OrderEvent, Payment, PaymentShare, Purchase, Refund
from orders.services.moving.closing import settle_success
from orders.services.placing.terms import agree_terms, save_terms
from ordersite.core.crypto import encrypt, new_token, token_hash
from tests.cast import Cast
from vendors.models import Vendor

CODE = "123456"
TOTAL = 1500
numbers = itertools.count(1)


def make_order(
    cast: Cast,
    status: int = Status.PENDING,
    fulfilment: Fulfilment = Fulfilment.DELIVERY,
    *,
    stood: str = "",
    **fields: Any,
) -> Order:
    """An order of 15.00 of Clara's at Burger Bar, paid in cash; `stood` are the milestones that stand."""
    now = timezone.now()
    vendor, customer = fields.get("vendor", cast.vendor), fields.get("customer", cast.customer_row)
    method = fields.get("payment_method", "cash")
    state = fields.get("payment_status", "paid" if method == "wallet" or status in SUCCESS else "unpaid")
    code = new_token()
    codes = {"tracking_hash": token_hash(code), "tracking_sealed": encrypt(code)}
    token = fields.pop("guest_token", "")
    purchase = Purchase.objects.create(
        customer=customer,
        placed_by=customer.user,
        placed_by_key=customer.user.caller_key if customer.user else "guest",
        external_code=fields.pop("external_code", ""),
        currency=vendor.currency,
        total=TOTAL,
        guest_token_hash=token_hash(token) if token else "",
        **codes,
    )
    closed = {"closed_at": now} if status in CLOSED - {Status(11), Status(15)} else {}
    order = Order.objects.create(
        **{
            "purchase": purchase,
            "vendor": vendor,
            "terms": terms_now(vendor),
            "customer": customer,
            "status": status,
            "fulfilment": fulfilment,
            "number": next(numbers),
            "number_day": now.date(),
            "collection_code": CODE,
            "currency": vendor.currency,
            "subtotal": TOTAL,
            "total": TOTAL,
            "payment_method": method,
            "payment_status": state,
            "contact_name": "Clara Customer",
            "contact_phone": customer.phone,
            "contact_email": customer.email,
            "address": "Nieuwstraat 1" if fulfilment == Fulfilment.DELIVERY else "",
            "visible_at": now,
            **{f"{name}_at": now for name in stood.split()},
            "driver_left_at": fields.get("status_changed_at", now) if status in DRIVER_LEFT else None,
            **codes,
            **closed,
            "refunded": TOTAL if state == "refunded" else 0,
            **fields,
        }
    )
    refunded = TOTAL if state == "refunded" else 0
    payment = Payment.objects.create(
        purchase=purchase,
        currency=vendor.currency,
        provider=method,
        state=state,
        amount=TOTAL,
        paid_at=None,
    )
    received = TOTAL if payment.is_received and method != "cash" else 0
    PaymentShare.objects.create(
        payment=payment, order=order, amount=TOTAL, tip=order.driver_tip, received=received, refunded=refunded
    )
    if refunded:
        Refund.objects.create(
            payment=payment, order=order, amount=TOTAL, to="wallet", state="done", closing=True, actor="system"
        )
    OrderEvent.objects.create(
        order=order, number=1, kind="placed", to_status=status, actor="system", role="system", created_at=now
    )
    if status in SUCCESS:
        with transaction.atomic():
            settle_success(order, "system", now)
    return order


def terms_now(vendor: Vendor) -> AgreedTerms:
    """The vendor's terms as they stand, as placing would have kept them; without a zone or an offer."""
    vendor = Vendor.objects.get(pk=vendor.pk)
    terms = agree_terms(vendor, terms=terms_of(vendor))
    save_terms([terms])
    return terms


def add_line(order: Order, product: Any, quantity: int = 1, *, stock_taken: int = 0) -> Line:
    """A line of an order, as placing would have copied it from the menu."""
    return Line.objects.create(
        order=order,
        position=order.lines.count() + 1,
        product=product,
        name=product.name,
        unit=product.unit,
        quantity=quantity,
        unit_price=product.price,
        total=product.price * quantity,
        tax_rate=product.tax_rate,
        tax=0,
        stock_taken=stock_taken,
    )


def state_of(order: Order) -> dict[str, Any]:
    """All that is written of an order: equal before and after means that nothing changed."""
    return {
        "row": Order.objects.filter(pk=order.pk).values().get(),
        "events": OrderEvent.objects.filter(order=order).count(),
        "postings": order.postings.count(),
        "payments": list(Payment.objects.filter(purchase=order.purchase_id).values()),
    }


def external_code() -> str:
    return secrets.token_hex(4)
