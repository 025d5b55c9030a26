"""A row that the search has found, in one line: its name as a link, and what tells it from others."""

from collections.abc import Callable
from typing import Any

from django.db.models import Model
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from orders.admin import display
from orders.models import Code, IssuedDocument, Order, Payment, Purchase
from ordersite.accounts.models import Customer
from ordersite.backoffice.links import link_to
from ordersite.backoffice.moments import write_moment
from vendors.models import Driver, Vendor


def order_in_line(order: Order) -> SafeString:
    deleted = display.badge("failure", "Deleted") if order.deleted_at else ""
    placed = write_moment(order.placed_at, order.vendor.zone)
    told = (order.called, order.vendor, order.contact_name or "–", placed)
    return format_html("no.\u00a0{} · {} · {} · {} {} {}", *told, display.status_badge(order.status), deleted)


def purchase_in_line(purchase: Purchase) -> str:
    told = (purchase.external_code, purchase.customer, write_moment(purchase.placed_at))
    return " · ".join(str(part) for part in told if part)


def payment_in_line(payment: Payment) -> SafeString:
    badge = display.payment_badge(payment.state)
    amount = display.money(payment.amount, payment.currency)
    return format_html("{} · {} · {} {}", payment.provider, payment.reference or "–", amount, badge)


# By model: what the link says (empty: the row's name), and what stands behind it.
LINES: dict[type[Model], tuple[Callable[[Any], str], Callable[[Any], str]]] = {
    Order: (lambda order: f"#{order.pk}", order_in_line),
    Customer: (lambda customer: "", lambda customer: customer.phone),
    Vendor: (lambda vendor: "", lambda vendor: ", ".join(filter(None, (vendor.merchant.name, vendor.city)))),
    Driver: (
        lambda driver: "",
        lambda driver: " · ".join(str(part) for part in (driver.phone, driver.company or driver.vendor) if part),
    ),
    Purchase: (lambda purchase: "", purchase_in_line),
    Payment: (lambda payment: f"Payment {payment.pk}", payment_in_line),
    IssuedDocument: (
        lambda document: document.called,
        lambda document: f"{document.get_kind_display()} · {document.seller} · order #{document.order_id}",
    ),
    Code: (
        lambda code: "",
        lambda code: f"{code.product.vendor}: {code.product.name} · order #{code.line.order_id}",
    ),
}


def line_of(request: HttpRequest, row: Model) -> SafeString:
    name, about = LINES[type(row)]
    return format_html("{} {}", link_to(request, row, name(row)), about(row))
