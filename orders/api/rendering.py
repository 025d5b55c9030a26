"""Orders as their reader may see them."""

from collections.abc import Iterable, Sequence
from typing import Any, cast

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from orders.api.outputs import AheadOutput, EventOutput, LineOutput, OrderChanged, OrderDetail, OrderRow, PurchaseOutput
from orders.models import Order, Purchase
from orders.reading.order_view import PARTS, OrderView, lookups_of, view_order, view_placed
from orders.reading.payment_views import PurchaseSummary
from orders.services.record.access import OrderAccess, access_of, with_parties
from ordersite.accounts.callers import Caller
from ordersite.web.problems import BadRequest
from ordersite.web.views import render

EXPANSIONS = tuple(PARTS)
# What may be done after steps that are still to be made: of one order, never of each of a list.
AHEAD = "ahead"
EXPANSIONS_OF_ONE = (*EXPANSIONS, AHEAD)


def expansions(request: Request, among: Sequence[str] = EXPANSIONS_OF_ONE) -> set[str]:
    """The parts asked for with `expand`; raises BadRequest for one that is not `among` those that there are."""
    wanted = {name for name in request.query_params.get("expand", "").split(",") if name}
    if wanted - set(among):
        raise BadRequest("?expand", "unknown", f"Send any of {', '.join(among)}, separated by commas.")
    return wanted


# What `render_row` shows without parts, and what the rules ask of it. An order with all of its parties has 250 columns:
# to read these alone takes a fifth off the CPU of a list.
ROW_RELATED = ("vendor", "purchase", "customer", "driver", "company", "label")
ROW_COLUMNS = (
    *(
        "uuid",
        "number",
        "number_series",
        "locker",
        "purchase__uuid",
        "kind",
        "fulfilment",
        "status",
        "label__name",
        "version",
        "vendor__name",
    ),
    *("customer__name", "customer__uuid", "driver__name", "driver__phone", "company__name"),
    *("currency", "total", "payment_method", "payment_status", "placed_at", "deliver_at", "estimated_at", "app_id"),
    "delivered_in",
    *("vendor__merchant", "purchase__guest_token_hash", "visible_at", "search_started_at", "company_accepted_at"),
    *("driver_accepted_at", "driver__vendor", "driver__company"),
)


def rows_with(rows: QuerySet[Order], wanted: Iterable[str], caller: Caller) -> QuerySet[Order]:
    """Reads with the orders of a list what `render_row` shows of them."""
    if wanted or caller.dispatched_ids:
        orders = with_parties(rows).prefetch_related(*lookups_of(wanted))
        # Where it is archived the history comes with the order, not by a statement for each.
        return orders.select_related("archived_history") if "events" in wanted else orders
    return rows.select_related(*ROW_RELATED).only(*ROW_COLUMNS)


def render_row(order: Order, wanted: Iterable[str], caller: Caller) -> dict[str, Any]:
    """An order in a list, with the parts that were asked for."""
    return add_parts(render(OrderRow, view := OrderView(access_of(caller, order))), view, wanted)


def add_parts(body: dict[str, Any], view: OrderView, wanted: Iterable[str]) -> dict[str, Any]:
    """The same with the parts that were asked for, where it has not got them."""
    if "items" in wanted and "items" not in body:
        body["items"] = [render(LineOutput, line) for line in view.lines]
    if "events" in wanted:
        body["events"] = render_events(view)
    if AHEAD in wanted:
        body[AHEAD] = [render(AheadOutput, one) for one in view.ahead]
    return body


def render_events(view: OrderView) -> list[Any]:
    return [render(EventOutput, event) for event in view.events]


def render_changed(access: OrderAccess, wanted: Iterable[str] = ()) -> dict[str, Any]:
    """An order after a change, as the caller sees it; items and events where they were asked for."""
    view = view_order(access, *wanted)
    return add_parts(render(OrderChanged, view), view, wanted)


def render_detail(access: OrderAccess, wanted: Iterable[str] = ()) -> dict[str, Any]:
    """An order with its items, as the caller sees it."""
    view = view_order(access, *{*wanted, "items"})
    return add_parts(render(OrderDetail, view), view, wanted)


def render_placed(access: OrderAccess) -> dict[str, Any]:
    """An order with its items that the caller has just placed."""
    return cast("dict[str, Any]", render(OrderDetail, view_placed(access)))


def order_response(body: dict[str, Any], order: Order, status: int = 200) -> Response:
    """The answer with the order's version as its ETag."""
    return Response(body, status=status, headers={"ETag": f'"{order.version}"'})


def changed_response(caller: Caller, order: Order, request: Request, status: int = 200) -> Response:
    """The answer of a call that changed an order."""
    return order_response(render_changed(access_of(caller, order), expansions(request)), order, status)


def render_purchase(purchase: Purchase, orders: list[Order]) -> dict[str, Any]:
    """A purchase with what follows from its orders and payments."""
    body: dict[str, Any] = render(PurchaseOutput, PurchaseSummary(purchase, orders))
    return body
