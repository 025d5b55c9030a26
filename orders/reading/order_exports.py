"""Orders as a table for a spreadsheet."""

from collections.abc import Callable, Iterator
from datetime import datetime

from django.db.models import QuerySet

from orders.lifecycle.table import Fulfilment, Status
from orders.models import Kind, Order, PaymentStatus
from ordersite.core.money import to_text
from ordersite.core.spreadsheets import Spreadsheet, Value

CHUNK = 1_000


def clock_time(at: datetime | None, order: Order) -> str:
    """By the vendor's clock, which a column of its own names."""
    return at.astimezone(order.vendor.zone).strftime("%Y-%m-%d %H:%M:%S") if at else ""


def amount(name: str) -> Callable[[Order], Value]:
    return lambda order: to_text(getattr(order, name), order.currency)


def moment_of(name: str) -> Callable[[Order], Value]:
    return lambda order: clock_time(getattr(order, name), order)


# Heading and value, in their order; who may list an order may read all of it but an unanswered driver's name.
COLUMNS: dict[str, Callable[[Order], Value]] = {
    "order": lambda order: order.pk,
    "number": lambda order: order.number,
    "uuid": lambda order: str(order.uuid),
    "external code": lambda order: order.purchase.external_code,
    "vendor": lambda order: order.vendor.name,
    "kind": lambda order: Kind(order.kind).label,
    "delivery type": lambda order: Fulfilment(order.fulfilment).slug.replace("_", " "),
    "status": lambda order: Status(order.status).label,
    "customer": lambda order: order.contact_name,
    "phone": lambda order: order.contact_phone,
    "e-mail": lambda order: order.contact_email,
    "address": lambda order: order.address,
    "delivery zone": lambda order: order.delivery_zone.name if order.delivery_zone else "",
    "driver": lambda order: order.driver.name if order.driver and order.driver_accepted_at else "",
    "app": lambda order: order.app_id,
    "subtotal": amount("subtotal"),
    "discount": amount("discount"),
    "delivery fee": amount("delivery_fee"),
    "service fee": amount("service_fee"),
    "tip": amount("driver_tip"),
    "total": amount("total"),
    "refunded": amount("refunded"),
    "currency": lambda order: order.currency,
    "payment method": lambda order: order.payment_method,
    "payment": lambda order: PaymentStatus(order.payment_status).label,
    "placed": moment_of("placed_at"),
    "asked for": moment_of("deliver_at"),
    "estimated": moment_of("estimated_at"),
    "accepted": moment_of("accepted_at"),
    "delivered": moment_of("delivered_at"),
    "closed": moment_of("closed_at"),
    "time zone": lambda order: order.vendor.time_zone,
}
NUMBERS = frozenset(
    ("order", "number", "subtotal", "discount", "delivery fee", "service fee", "tip", "total", "refunded")
)


def values_of_orders(orders: QuerySet[Order]) -> Iterator[list[Value]]:
    """The values of each order, in its list's order."""
    read = orders.select_related("vendor", "purchase", "driver", "delivery_zone")
    for order in read.iterator(chunk_size=CHUNK):
        yield [value(order) for value in COLUMNS.values()]


def orders_as_table(orders: QuerySet[Order]) -> Spreadsheet:
    return Spreadsheet(title="Orders", columns=list(COLUMNS), numbers=NUMBERS, rows=values_of_orders(orders))
