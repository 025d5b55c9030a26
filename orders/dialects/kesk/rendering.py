"""Orders, quotes and what is followed, in Kesk's words, as their reader may see them."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from orders.checkout import Checked, CheckedOut, Place
from orders.dialects.kesk.words import (
    CATEGORIES,
    METHOD_IDS,
    PAYMENT_WORDS,
    word_of,
    words_allowed,
    words_then,
)
from orders.kinds import booking_of, package_of
from orders.lifecycle.table import SUCCESS, Actor, Fulfilment
from orders.models import Line, Order, Payment
from orders.pricing import PricedLine
from orders.reading.payments import checkout_url, proof_urls
from orders.reading.privacy import conceal, conceal_row, shows_photos, told_events
from orders.reading.purchases import least_advanced
from orders.services.placing.delivery_fees import DeliveryFee
from orders.services.record.access import OrderAccess
from orders.visibility import knows_driver
from ordersite.core.context import absolute
from ordersite.core.crypto import decrypt
from ordersite.core.money import exponent, unit_text
from ordersite.core.names import first_name
from vendors.models import Vendor

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


def unit_price(line: Line | PricedLine, currency: str) -> float | int:
    """What one unit costs; a price for 1000 of them has more digits than the currency."""
    per = line.price_per
    return number(line.unit_price, currency) if per == 1 else float(unit_text(line.unit_price, currency, per))


def moment(at: datetime | None) -> str | None:
    """ISO 8601 in UTC."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at else None


def picture(file: Any) -> str | None:
    """The address of a picture that everybody may see."""
    return absolute.get()(file.url) if file else None


def render_vendor(vendor: Vendor) -> dict[str, Any]:
    return {
        "id": vendor.pk,
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


def render_row(access: OrderAccess) -> dict[str, Any]:
    """An order in a list; who could take it, and has not, sees no more than its customer's first name."""
    order = conceal_row(access).order
    follows = bool(access.readers & {Actor.CUSTOMER, Actor.STAFF})
    driver, knows = order.driver, knows_driver(access.caller, order)
    return {
        "id": order.pk,
        "code": decrypt(order.tracking_sealed) if follows else None,
        "number": str(order.number),
        "type": order.kind,
        "order_category": CATEGORIES[order.kind],
        "status": word_of(order),
        "payment_status": PAYMENT_WORDS[order.payment_status],
        "payment_method": order.payment_method,
        "payment_gateway_method_id": METHOD_IDS[order.payment_method],
        "total": number(order.total, order.currency),
        "currency": order.currency,
        "item_count": len(order.lines.all()),
        "vendor": {**render_vendor(order.vendor), "image": picture(order.vendor.picture)},
        "user": {
            "id": order.customer_id,
            "name": order.contact_name,
            "phone": order.contact_phone,
            "email": order.contact_email,
        },
        "driver": {
            "id": driver.pk,
            "name": driver.name if knows else "",
            "phone": driver.phone if knows else "",
        }
        if driver
        else None,
        "is_ongoing": not order.is_closed,
        "is_completed": order.status in SUCCESS,
        "is_scheduled": order.deliver_at is not None,
        "scheduled_at": moment(order.deliver_at),
        "estimated_delivery_time": moment(order.estimated_at),
        "created_at": moment(order.placed_at),
        "updated_at": moment(order.status_changed_at),
    }


def render_order(access: OrderAccess) -> dict[str, Any]:
    """The whole order; its lines with their products, payments and events are at hand."""
    access = conceal(access)
    order, actors, currency = access.order, access.readers, access.order.currency
    holder = Actor.CUSTOMER if order.fulfilment == Fulfilment.DELIVERY else Actor.VENDOR
    where = Place(address=order.address, address_notes=order.address_notes, lat=order.lat, lng=order.lng)
    return {
        **render_row(access),
        **{theirs: number(getattr(order, ours), currency) for theirs, ours in AMOUNTS.items()},
        "driver_tip": number(order.driver_tip, currency),
        "refunded": number(order.refunded, currency),
        "notes": order.comment,
        "items": [render_item(line, currency) for line in order.lines.all()],
        "delivery_address": render_place(where) if order.address else None,
        "package": render_package(order),
        "service": render_service(order),
        "tracking_number": order.tracking_number,
        "carrier": order.carrier,
        "collection_code": order.collection_code if actors & {holder, Actor.STAFF} else None,
        "payments": render_payments(access),
        "history": render_history(access),
        "allowed_statuses": words_allowed(access),
    }


def render_item(line: Line, currency: str) -> dict[str, Any]:
    return {
        "id": line.pk,
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
            for option in line.options.all()
        ],
    }


def render_package(order: Order) -> dict[str, Any] | None:
    """What is carried; None for an order that carries nothing."""
    package = package_of(order)
    if package is None:
        return None
    pickup = Place(
        address=package.pickup_address,
        address_notes=package.pickup_notes,
        lat=package.pickup_lat,
        lng=package.pickup_lng,
    )
    dropoff = Place(address=order.address, address_notes=order.address_notes, lat=order.lat, lng=order.lng)
    sides = {name: getattr(package, name) for name in ("width", "length", "height")}
    return {
        "package_type_id": package.package_type_id,
        "name": package.type_name,
        "pickup": render_place(pickup),
        "dropoff": render_place(dropoff),
        "recipient_name": package.recipient_name,
        "recipient_phone": package.recipient_phone,
        "weight": package.weight / 1000,
        **{name: None if side is None else side / 10 for name, side in sides.items()},
    }


def render_service(order: Order) -> dict[str, Any] | None:
    """What is booked; None for an order that books nothing."""
    booking = booking_of(order)
    if booking is None:
        return None
    return {
        "service_id": booking.service_id,
        "name": booking.service_name,
        "starts_at": moment(booking.starts_at),
        "ends_at": moment(booking.ends_at),
        "place": booking.place,
    }


def render_payments(access: OrderAccess) -> list[dict[str, Any]]:
    """The order's part of each payment; the page to pay at is for those who pay, photos for whom they concern."""
    order, actors = access.order, access.readers
    shares = list(order.shares.all())
    pays = bool(actors & {Actor.CUSTOMER, Actor.STAFF}) and not order.is_closed
    photos = proof_urls([share.payment for share in shares if shows_photos(share, actors)])
    return [
        {
            **render_payment(share.payment),
            "payment_status": PAYMENT_WORDS[share.state],
            "amount": number(share.amount, order.currency),
            "refunded": number(share.refunded, order.currency),
            "checkout_url": checkout_url(share.payment) if pays else None,
            "photos": photos.get(share.payment_id, []),
        }
        for share in shares
    ]


def render_payment(payment: Payment) -> dict[str, Any]:
    return {
        "id": payment.pk,
        "payment_method": payment.provider,
        "payment_status": PAYMENT_WORDS[payment.state],
        "paid_at": moment(payment.paid_at),
        "expires_at": moment(payment.expires_at),
        "failure": payment.failure,
    }


def render_history(access: OrderAccess) -> list[dict[str, Any]]:
    """The entries that the reader may see, each with what the order read as then."""
    words = {event.number: word for event, word in words_then(access.order, access.order.events.all())}
    return [
        {
            "event": event.transition or event.kind,
            "status": words[event.number],
            "by": event.role,
            "reason_code": event.reason_code,
            "reason": event.reason,
            "created_at": moment(event.created_at),
        }
        for event in told_events(access, access.order.events.all())
    ]


def render_placed(accesses: list[OrderAccess]) -> dict[str, Any]:
    """The first order, and with several all of them beside it."""
    rendered = [render_order(access) for access in accesses]
    return {**rendered[0], "orders": rendered if len(rendered) > 1 else []}


def render_tracked(order: Order) -> dict[str, Any]:
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
        "customer": first_name(order.contact_name),
        "driver": {"name": first_name(driver.name), "latitude": None, "longitude": None} if driver else None,
        "items": [{"name": line.name, "quantity": line.quantity} for line in order.lines.all()],
        "tracking_number": order.tracking_number,
        "carrier": order.carrier,
    }


def render_followed(orders: list[Order]) -> dict[str, Any]:
    """The order of a code; of several the one that is least far, and all beside it."""
    first = orders[0] if len(orders) == 1 else least_advanced(orders)
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
