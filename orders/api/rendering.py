"""Orders as their reader may see them."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Prefetch, prefetch_related_objects
from rest_framework.request import Request
from rest_framework.response import Response

from orders.api.outputs import (
    EventOutput,
    LineOutput,
    OrderChanged,
    OrderDetail,
    OrderRow,
    PurchaseOutput,
)
from orders.lifecycle.table import Actor, Fulfilment
from orders.models import Order, Payment, Purchase
from orders.reading.payments import checkout_url, proof_urls
from orders.reading.privacy import conceal, shows_photos, told_events
from orders.reading.purchases import least_advanced
from orders.reading.selectors import ITEMS, SHARES
from orders.services.moving.closing import cancel_cost, rise_of_rest
from orders.services.record.access import OrderAccess, access_of, allowed_json
from orders.visibility import knows_driver
from ordersite.accounts.callers import Caller
from ordersite.core.crypto import decrypt
from ordersite.core.money import as_json
from ordersite.web.problems import Invalid
from ordersite.web.views import render

# What each part is read with: two statements for items, one for events.
PARTS: dict[str, tuple[str | Prefetch, ...]] = {
    "items": ITEMS,
    "events": ("events",),
}
EXPANSIONS = tuple(PARTS)


def expansions(request: Request) -> set[str]:
    """The parts asked for with `expand`; raises Invalid for one that does not exist."""
    wanted = {name for name in request.query_params.get("expand", "").split(",") if name}
    unknown = wanted - set(EXPANSIONS)
    if unknown:
        raise Invalid("?expand", "unknown", f"Send any of {', '.join(EXPANSIONS)}, separated by commas.")
    return wanted


def parts_of(wanted: Iterable[str]) -> list[str | Prefetch]:
    """What to prefetch for the parts that were asked for."""
    return [lookup for part in wanted for lookup in PARTS[part]]


def hide_driver(body: dict[str, Any], caller: Caller, order: Order) -> None:
    """Of a driver who was named and has not accepted, others read the id alone."""
    if not knows_driver(caller, order):
        body["driver"] |= {"name": "", "phone": ""}


def render_events(access: OrderAccess) -> list[Any]:
    return [render(EventOutput, event) for event in told_events(access, access.order.events.all())]


# What `render_row` shows without parts. An order with all of its parties has 250 columns: to read these alone takes a
# fifth off the CPU of a list.
ROW_RELATED = ("vendor", "purchase", "customer", "driver", "company", "label")
ROW_COLUMNS = (
    *("uuid", "number", "purchase__uuid", "kind", "fulfilment", "status", "label__name", "version", "vendor__name"),
    *("customer__name", "customer__uuid", "driver__name", "driver__phone", "company__name"),
    *("currency", "total", "payment_method", "payment_status", "placed_at", "deliver_at", "estimated_at", "app_id"),
    # Whether the driver is shown (visibility.knows_driver).
    *("driver_accepted_at", "driver__vendor", "driver__company"),
)


def render_row(order: Order, wanted: Iterable[str], caller: Caller) -> dict[str, Any]:
    """An order in a list, with the parts that were asked for."""
    row: dict[str, Any] = render(OrderRow, order)
    hide_driver(row, caller, order)
    add_parts(row, access_of(caller, order) if "events" in wanted else None, order, wanted)
    return row


def add_parts(row: dict[str, Any], access: OrderAccess | None, order: Order, wanted: Iterable[str]) -> None:
    """`access` is needed for the events alone."""
    if "items" in wanted:
        row["items"] = [render(LineOutput, line) for line in order.lines.all()]
    if "events" in wanted and access is not None:
        row["events"] = render_events(access)


def render_changed(access: OrderAccess, wanted: Iterable[str] = ()) -> dict[str, Any]:
    """An order after a change, as the caller sees it; items and events where they were asked for."""
    return render_for(OrderChanged, access, wanted)


def render_detail(access: OrderAccess, wanted: Iterable[str] = ()) -> dict[str, Any]:
    """An order with its items, as the caller sees it."""
    return render_for(OrderDetail, access, wanted)


def render_for(output: Any, access: OrderAccess, wanted: Iterable[str]) -> dict[str, Any]:
    parts = {*wanted, "items"} if output is OrderDetail else wanted
    prefetch_related_objects([access.order], SHARES, *parts_of(parts))
    access = conceal(access)
    order, actors = access.order, access.readers
    body: dict[str, Any] = render(output, order)
    hide_driver(body, access.caller, order)
    body["allowed_transitions"] = [allowed_json(one) for one in access.allowed()]
    if actors & {Actor.CUSTOMER, Actor.STAFF}:
        body["tracking_code"] = decrypt(order.tracking_sealed)
        shares = list(order.shares.all())
        if rise := rise_of_rest(order, shares):
            body["cancel_cost"] = as_json(cancel_cost(order, shares) + rise, order.currency)
        for payment, share in zip(body["payments"], order.shares.all(), strict=True):
            payment["checkout_url"] = None if order.is_closed else checkout_url(share.payment)
    add_proof_urls(body["payments"], [share.payment for share in order.shares.all() if shows_photos(share, actors)])
    # Where it is collected the code proves that the customer stands at the counter; where it is delivered, that the
    # driver stands before the customer: each time the other party holds it.
    holder = Actor.CUSTOMER if order.fulfilment == Fulfilment.DELIVERY else Actor.VENDOR
    if actors & {holder, Actor.STAFF}:
        body["collection_code"] = order.collection_code
    if access.is_only_a_candidate and "item_changes" in body:
        body["item_changes"] = []
    add_parts(body, access, order, [part for part in wanted if part not in body])
    return body


def add_proof_urls(rendered: Iterable[dict[str, Any]], payments: Iterable[Payment]) -> None:
    """Writes the addresses of their photos to the payments; one statement, none where nothing is a transfer."""
    urls = proof_urls(payments)
    for payment in rendered:
        payment["proofs"] = urls.get(payment["id"], [])


def order_response(body: dict[str, Any], order: Order, status: int = 200) -> Response:
    """The answer with the order's version as its ETag."""
    return Response(body, status=status, headers={"ETag": f'"{order.version}"'})


def changed_response(caller: Caller, order: Order, request: Request, status: int = 200) -> Response:
    """The answer of a call that changed an order."""
    return order_response(render_changed(access_of(caller, order), expansions(request)), order, status)


def render_purchase(purchase: Purchase, orders: list[Order]) -> dict[str, Any]:
    """A purchase with what follows from its orders and payments."""
    payments = list(purchase.payments.all())
    prefetch_related_objects(payments, "shares")
    body: dict[str, Any] = render(
        PurchaseOutput,
        {
            "uuid": purchase.uuid,
            "tracking_code": decrypt(purchase.tracking_sealed),
            "external_code": purchase.external_code,
            "total": purchase.total,
            "currency": purchase.currency,
            "status": least_advanced(orders).status,
            "payments": payments,
            "placed_at": purchase.placed_at,
        },
    )
    for rendered, payment in zip(body["payments"], payments, strict=True):
        rendered["checkout_url"] = None if all(order.is_closed for order in orders) else checkout_url(payment)
    add_proof_urls(body["payments"], payments)
    return body
