"""Orders, quotes and what is followed, in Kesk's words, as their reader may see them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from orders.checkout import Checked, CheckedOut, Place
from orders.dialects.kesk.words import CATEGORIES, METHOD_IDS, PAYMENT_WORDS, word_of, words_allowed, words_then
from orders.lifecycle.table import SUCCESS
from orders.pricing import PricedLine
from orders.reading.item_views import BookingView, LineView, PackageView
from orders.reading.order_view import OrderView
from orders.reading.party_views import PositionView, VendorSummary
from orders.reading.payment_views import PaymentView
from orders.services.placing.delivery_fees import DeliveryFee
from ordersite.core.context import absolute
from ordersite.core.money import exponent, unit_text
from ordersite.core.times import rfc3339

AMOUNTS = {
    "sub_total": "subtotal",
    "discount": "discount",
    "delivery_fee": "delivery_fee",
    "service_fee": "service_fee",
    "tax": "tax_added",
    "tax_included": "tax_included",
    "total": "total",
}


def number(minor: int, currency: str) -> float | int:
    """Minor units as a number of the currency: 2430 EUR → 24.3."""
    digits = exponent(currency)
    return minor / 10**digits if digits else minor


def unit_price(line: LineView | PricedLine, currency: str) -> float | int:
    """What one unit costs; a price for 1000 of them has more digits than the currency."""
    per = line.price_per
    return number(line.unit_price, currency) if per == 1 else float(unit_text(line.unit_price, currency, per))


def moment(at: datetime | None) -> str | None:
    """ISO 8601 in UTC."""
    return rfc3339(at) if at else None


def picture(file: Any) -> str | None:
    """The address of a picture that everybody may see."""
    return absolute.get()(file.url) if file else None


def render_vendor(vendor: VendorSummary) -> dict[str, Any]:
    return {
        "id": vendor.id,
        "name": vendor.name,
        "phone": vendor.phone,
        "address": vendor.address,
        "city": vendor.city,
        "latitude": vendor.lat,
        "longitude": vendor.lng,
    }


def render_place(place: Place) -> dict[str, Any]:
    return {
        "address": place.address,
        "notes": place.address_notes,
        "latitude": place.lat,
        "longitude": place.lng,
    }


def render_row(order: OrderView) -> dict[str, Any]:
    """An order in a list."""
    driver, contact = order.driver, order.contact
    return {
        "id": order.pk,
        "code": order.tracking_code,
        "number": str(order.number),
        "type": order.kind,
        "order_category": CATEGORIES[order.kind],
        "status": word_of(order),
        "payment_status": PAYMENT_WORDS[order.payment_status],
        "payment_method": order.payment_method,
        "payment_gateway_method_id": METHOD_IDS[order.payment_method],
        "total": number(order.total, order.currency),
        "currency": order.currency,
        "item_count": len(order.lines),
        "vendor": {**render_vendor(order.vendor), "image": picture(order.vendor.picture)},
        "user": {
            "id": order.customer_id,
            "name": contact.name,
            "phone": contact.phone,
            "email": contact.email,
        },
        "driver": {"id": driver.id, "name": driver.name, "phone": driver.phone} if driver else None,
        "is_ongoing": not order.is_closed,
        "is_completed": order.status in SUCCESS,
        "is_scheduled": order.deliver_at is not None,
        "scheduled_at": moment(order.deliver_at),
        "estimated_delivery_time": moment(order.estimated_at),
        "created_at": moment(order.placed_at),
        "updated_at": moment(order.status_changed_at),
    }


def render_order(order: OrderView) -> dict[str, Any]:
    """The whole order; its lines with their products, payments and events are at hand."""
    currency = order.currency
    return {
        **render_row(order),
        **{theirs: number(getattr(order, ours), currency) for theirs, ours in AMOUNTS.items()},
        "driver_tip": number(order.driver_tip, currency),
        "refunded": number(order.refunded, currency),
        "notes": order.comment,
        "items": [render_item(line, currency) for line in order.lines],
        "delivery_address": render_place(order.place) if order.address else None,
        "package": render_package(order.package) if order.package else None,
        "service": render_service(order.booking) if order.booking else None,
        "tracking_number": order.tracking_number,
        "carrier": order.carrier,
        "collection_code": order.collection_code,
        "payments": [render_payment(payment) for payment in order.payments],
        "history": render_history(order),
        "allowed_statuses": words_allowed(order),
    }


def render_item(line: LineView, currency: str) -> dict[str, Any]:
    return {
        "id": line.id,
        "product_id": line.product_id,
        "name": line.name,
        "image": picture(line.product.picture) if line.product else None,
        "quantity": line.quantity,
        "price": unit_price(line, currency),
        "total": number(line.total, currency),
        "discount": number(line.discount, currency),
        "tax": number(line.tax, currency),
        "notes": line.comment,
        "options": [
            {
                "id": option.menu_id,
                "kind": option.kind,
                "name": option.name,
                "quantity": option.quantity,
                "position": option.position,
                "text": option.text,
                "total": number(option.total, currency),
            }
            for option in line.options
        ],
    }


def render_package(package: PackageView) -> dict[str, Any]:
    sides = {name: getattr(package, name) for name in ("width", "length", "height")}
    return {
        "package_type_id": package.package_type_id,
        "name": package.type_name,
        "pickup": render_place(package.pickup),
        "dropoff": render_place(package.dropoff),
        "recipient_name": package.recipient_name,
        "recipient_phone": package.recipient_phone,
        "weight": package.weight / 1000,
        **{name: None if side is None else side / 10 for name, side in sides.items()},
    }


def render_service(booking: BookingView) -> dict[str, Any]:
    return {
        "service_id": booking.service_id,
        "name": booking.service_name,
        "starts_at": moment(booking.starts_at),
        "ends_at": moment(booking.ends_at),
        "place": booking.place,
    }


def render_payment(payment: PaymentView) -> dict[str, Any]:
    """The order's part of a payment."""
    return {
        "id": payment.id,
        "payment_method": payment.method,
        "payment_status": PAYMENT_WORDS[payment.status],
        "paid_at": moment(payment.paid_at),
        "expires_at": moment(payment.expires_at),
        "failure": payment.failure,
        "amount": number(payment.amount, payment.currency),
        "refunded": number(payment.refunded, payment.currency),
        "checkout_url": payment.checkout_url,
        "photos": payment.proofs,
    }


def render_history(order: OrderView) -> list[dict[str, Any]]:
    """The entries that the reader may see, each with what the order read as then."""
    return [
        {
            "event": event.transition or event.kind,
            "status": word,
            "by": event.role,
            "reason_code": event.reason_code,
            "reason": event.reason,
            "created_at": moment(event.created_at),
        }
        for event, word in words_then(order)
    ]


def render_placed(orders: list[OrderView]) -> dict[str, Any]:
    """The first order, and with several all of them beside it."""
    rendered = [render_order(order) for order in orders]
    return {**rendered[0], "orders": rendered if len(rendered) > 1 else []}


def render_tracked(order: OrderView) -> dict[str, Any]:
    """What anybody with the code may know: of persons no more than a first name."""
    driver = order.driver if order.driver_accepted_at else None
    return {
        "number": str(order.number),
        "status": word_of(order),
        "type": order.kind,
        "estimated_delivery_time": moment(order.estimated_at),
        "scheduled_at": moment(order.deliver_at),
        "created_at": moment(order.placed_at),
        "vendor": render_vendor(order.vendor),
        "customer": order.contact.name,
        "driver": {"name": driver.name, **point_now(order.driver_position)} if driver else None,
        "items": [{"name": line.name, "quantity": line.quantity} for line in order.lines],
        "tracking_number": order.tracking_number,
        "carrier": order.carrier,
    }


def point_now(position: PositionView | None) -> dict[str, float | None]:
    """Where the driver is. Kesk tells no time with it, so that an old position is none."""
    if position is None or not position.is_current:
        return {"latitude": None, "longitude": None}
    return {"latitude": position.lat, "longitude": position.lng}


def render_followed(first: OrderView, orders: list[OrderView]) -> dict[str, Any]:
    """The order of a code; of several the one that is least far, and all beside it."""
    several = [render_tracked(order) for order in orders] if len(orders) > 1 else []
    return {**render_tracked(first), "orders": several}


def render_quote(checked: CheckedOut) -> dict[str, Any]:
    """The sums of all vendors, and each vendor's."""
    return {
        "currency": checked.currency,
        **sums(checked.parts, checked.currency),
        "vendors": [render_part(part) for part in checked.parts],
    }


def sums(parts: Iterable[Checked], currency: str) -> dict[str, float | int]:
    parts = list(parts)
    return {
        theirs: number(sum(getattr(part.priced, ours) for part in parts), currency) for theirs, ours in AMOUNTS.items()
    }


def render_part(part: Checked) -> dict[str, Any]:
    currency = part.priced.currency
    return {
        "vendor": {"id": part.draft.vendor.pk, "name": part.draft.vendor.name},
        "type": part.draft.kind,
        "currency": currency,
        **sums([part], currency),
        "distance": part.draft.distance,
        "scheduled_at": moment(part.draft.deliver_at),
        "items": [
            {
                "product_id": line.product_id,
                "name": line.name,
                "quantity": line.quantity,
                "price": unit_price(line, currency),
                "total": number(line.total, currency),
                "discount": number(line.discount, currency),
                "tax": number(line.tax, currency),
            }
            for line in part.priced.lines
        ],
    }


def render_fee(quoted: DeliveryFee) -> dict[str, Any]:
    currency, free_from = quoted.vendor.currency, quoted.zone.free_from
    return {
        "delivery_fee": number(quoted.fee, currency),
        "currency": currency,
        "distance": quoted.distance,
        "zone": {"id": quoted.zone.id, "name": quoted.zone.name},
        "minimum": number(quoted.zone.minimum, currency),
        "free_from": None if free_from is None else number(free_from, currency),
    }
