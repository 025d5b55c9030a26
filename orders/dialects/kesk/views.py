"""Kesk's calls."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, ClassVar

from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from orders.checkout import Cart, Checkout
from orders.dialects.base import DialectView, is_blank
from orders.dialects.kesk.carts import as_checkout, as_destination, as_placing
from orders.dialects.kesk.dialect import DIALECT
from orders.dialects.kesk.inputs import (
    CreateOrderForm,
    CreateOrderInput,
    DeliveryFeeInput,
    ListParameters,
    QuoteInput,
    TrackOrder,
    UpdateOrderInput,
)
from orders.dialects.kesk.outputs import (
    DeliveryFeeResponse,
    OrderListResponse,
    OrderResponse,
    QuoteResponse,
    TrackOrderResponse,
)
from orders.dialects.kesk.parsing import OrderFormParser, PhotoJsonParser
from orders.dialects.kesk.refusals import FEE_WORDING
from orders.dialects.kesk.rendering import (
    render_fee,
    render_followed,
    render_order,
    render_placed,
    render_quote,
    render_row,
)
from orders.dialects.kesk.updating import update
from orders.dialects.kesk.words import Word, may_set_off, reads_as
from orders.lifecycle.table import GROUPS
from orders.reading.following import count_try, followed_together
from orders.reading.order_view import OrderView, view_for_public
from orders.reading.purchases import caller_for, least_advanced
from orders.reading.selectors import read_events, read_order, read_products, with_its_parts, with_lines
from orders.services.moving.transitions import all_or_nothing
from orders.services.placing.delivery_fees import quote_delivery
from orders.services.placing.locating import locate, locate_placing
from orders.services.placing.parties import Placing
from orders.services.placing.placing import place, quote
from orders.services.record.access import OrderAccess, access_of, get_order
from orders.visibility import visible_orders
from ordersite.accounts.authentication import caller_of
from ordersite.core.faults import Refusal
from ordersite.core.replica import from_replica
from ordersite.core.wording import Wording
from ordersite.web.multipart import has_photos, photos_of
from ordersite.web.pagination import NARROW, count_rows, read_page
from ordersite.web.problems import NotFoundProblem, Problem
from ordersite.web.throttling import client_address
from ordersite.web.views import parse, who_asks

# The fields that have two names here, by the first of these.
TWO_NAMES = ("/payment_method", "/delivery_address_id")
TYPES_OF_LIST = {"history": GROUPS["closed"], "assigned": GROUPS["open"]}


class KeskView(DialectView):
    """A call of somebody signed in, by a user's or a merchant's bearer."""

    dialect = DIALECT
    permission_classes = [IsAuthenticated]

    def refuse(self, problem: Problem) -> tuple[int, Any, Mapping[str, str]]:
        """Payment method and address have two names each: the one that was sent is told."""
        # A text that the parser refuses is named as it was sent already, and then there is no body to look into.
        if any(row["pointer"].endswith(TWO_NAMES) and row["code"] != "unstorable" for row in problem.errors):
            sent = self.request.data
            problem.errors = [{**row, "pointer": as_sent(row["pointer"], sent)} for row in problem.errors]
        return super().refuse(problem)


def as_sent(pointer: str, sent: Any) -> str:
    """The pointer, to the name that was sent of a field that has two."""
    way, _, name = pointer.rpartition("/")
    with suppress(LookupError, TypeError, AttributeError, ValueError):
        part = sent["data"][int(way.rpartition("/")[2])] if way else sent
        is_unnamed = "payment_gateway_method_id" in part or "payment_method" not in part
        if name == "payment_method" and is_blank(part.get("payment_method")) and is_unnamed:
            return "/payment_gateway_method_id"
        if name == "delivery_address_id" and is_blank(part.get(name)) and part.get("delivery_address"):
            return f"{way}/delivery_address"
    return pointer


class PlacingView(KeskView):
    """A call that places orders, with photos as texts in JSON or as files in a form."""

    parser_classes = [PhotoJsonParser, OrderFormParser]

    # What each of its calls says besides what is sent.
    fixed: ClassVar[dict[str, str]] = {}

    def before_post(self, request: Request) -> Placing:
        """What is to be placed, with its photos and the points of addresses, before the transaction begins."""
        caller = caller_of(request)
        given = parse(QuoteInput, request.data) | self.fixed
        sent = request.data or {}  # a body of null says nothing
        by_name = "payment_method" in sent and "payment_gateway_method_id" not in sent
        placing = as_placing(
            given,
            caller,
            has_photos=has_photos(request),
            method_field="payment_method" if by_name else "payment_gateway_method_id",
        )
        placing = replace(placing, photos=photos_of(request))
        return locate_placing(placing, caller=caller, who=who_asks(request), chooses=False)

    def place(self, request: Request) -> Response:
        caller = caller_of(request)
        placed = place(placing=self.prepared(), caller=caller)
        reader = caller_for(caller, placed)
        for order in placed.orders:
            order.purchase = placed.purchase
        read_events(placed.orders)
        read_products(placed.orders)
        body = render_placed([OrderView(access_of(reader, order)) for order in placed.orders])
        return Response({"success": True, "data": body}, status=201)


class OrdersView(PlacingView):
    """What the caller may see in any of its roles, newest first; and placing."""

    @extend_schema(parameters=[ListParameters], responses=OrderListResponse, operation_id="getOrders")
    @from_replica
    def get(self, request: Request) -> Response:
        """What the caller may see in any of its roles, newest first."""
        caller = caller_of(request)
        given = parse(ListParameters, request.query_params)
        page, per_page = given.pop("page"), given.pop("per_page")
        orders = visible_orders(caller).filter(**filters_of(given))
        if "status" in given:
            orders = orders.filter(reads_as(Word(given["status"])))
        counted = count_rows(orders)
        total, start = counted.count, (page - 1) * per_page
        newest = with_lines(orders).order_by("-placed_at", "-id")
        rows = read_page(newest, counted, start, per_page, remedy=NARROW)
        meta = {"page": page, "per_page": per_page, "total": total, "last_page": max(1, -(-total // per_page))}
        data = [render_row(OrderView(access_of(caller, order))) for order in rows]
        return Response({"success": True, "data": data, "meta": meta})

    @extend_schema(
        request={"application/json": CreateOrderInput, "multipart/form-data": CreateOrderForm},
        responses={201: OrderResponse},
        operation_id="appCreate",
    )
    def post(self, request: Request) -> Response:
        """Place an order: regular, package or digital. Photos come as texts in JSON, or as files in a form."""
        return self.place(request)


def filters_of(given: dict[str, Any]) -> dict[str, Any]:
    """The list's filters as conditions of orders."""
    columns = {"driver_id": "driver_id", "vendor_id": "vendor_id", "vendor_type_id": "vendor__type_id"}
    filters = {column: given[name] for name, column in columns.items() if name in given}
    if "type" in given:
        filters["status__in"] = TYPES_OF_LIST[given["type"]]
    return filters


class ServiceOrderView(PlacingView):
    """Books a service."""

    fixed = {"type": "service"}

    @extend_schema(
        request={"application/json": CreateOrderInput, "multipart/form-data": CreateOrderForm},
        responses={201: OrderResponse},
        operation_id="processServiceOrder",
    )
    def post(self, request: Request) -> Response:
        return self.place(request)


def order_response(access: OrderAccess) -> Response:
    """The whole order, as its reader sees it now."""
    read_products([access.order])
    return Response({"success": True, "data": {**render_order(OrderView(access)), "orders": []}})


class OneOrderView(KeskView):
    """One order."""

    @extend_schema(responses=OrderResponse, operation_id="getOrderDetails")
    def get(self, request: Request, id: int) -> Response:
        """One order, with its items, its driver and its history."""
        return order_response(read_order(caller_of(request), id))

    @extend_schema(request=UpdateOrderInput, responses=OrderResponse, operation_id="updateOrder")
    def put(self, request: Request, id: int) -> Response:
        """Move an order on, or name its driver; what is left out stays."""
        caller = caller_of(request)
        try:
            with all_or_nothing(order_id=id, caller=caller):
                order = update(id, caller, parse(UpdateOrderInput, request.data))
        except Refusal as problem:
            if "allowed_transitions" in problem.extra:
                order_now = OrderView(access_of(caller, get_order(caller=caller, order_id=id)))
                problem.extra["may_set_off"] = may_set_off(order_now)
            raise
        return order_response(with_its_parts(access_of(caller, order)))


class TrackOrderView(KeskView):
    """Follows an order by its code, without a login. Tries are counted, whether they find something or not."""

    permission_classes = [AllowAny]
    public = ["POST"]

    @extend_schema(request=TrackOrder, responses={200: TrackOrderResponse}, operation_id="trackOrder", auth=[])
    def post(self, request: Request) -> Response:
        code = parse(TrackOrder, request.data)["code"]
        count_try(client_address(request))
        orders = followed_together(code, timezone.now())
        if not orders:
            problem = NotFoundProblem("There is no order with this code.")
            problem.keeps_writes = True
            raise problem
        views = [view_for_public(order) for order in orders]
        return Response({"success": True, "data": render_followed(view_for_public(least_advanced(orders)), views)})


class QuoteView(KeskView):
    """What an order would cost, without placing it."""

    fixed: ClassVar[dict[str, str]] = {}

    def before_post(self, request: Request) -> Checkout:
        caller = caller_of(request)
        checkout = as_checkout(parse(QuoteInput, request.data) | self.fixed, caller)
        return locate(checkout, caller=caller, customer_id=caller.customer_id, who=who_asks(request), chooses=False)

    @extend_schema(request=QuoteInput, responses={200: QuoteResponse}, operation_id="getOrderSummary")
    def post(self, request: Request) -> Response:
        return self.answer(request)

    def answer(self, request: Request) -> Response:
        checked = quote(checkout=self.prepared(), caller=caller_of(request))
        return Response({"success": True, "data": render_quote(checked)})


class ServiceQuoteView(QuoteView):
    """What a service would cost."""

    fixed = {"type": "service"}

    @extend_schema(request=QuoteInput, responses={200: QuoteResponse}, operation_id="getServiceSummary")
    def post(self, request: Request) -> Response:
        return self.answer(request)


class DeliveryFeeView(KeskView):
    """What bringing something there would cost."""

    @property
    def wording(self) -> Wording:
        return FEE_WORDING

    def before_post(self, request: Request) -> Cart:
        caller = caller_of(request)
        checkout = Checkout(carts=[as_destination(parse(DeliveryFeeInput, request.data), caller)])
        return locate(checkout, caller=caller, customer_id=caller.customer_id, who=who_asks(request)).carts[0]

    @extend_schema(request=DeliveryFeeInput, responses={200: DeliveryFeeResponse}, operation_id="getDeliveryFeeSummary")
    def post(self, request: Request) -> Response:
        fee = quote_delivery(cart=self.prepared(), caller=caller_of(request))
        return Response({"success": True, "data": render_fee(fee)})


urlpatterns = [
    path("v1/orders", OrdersView.as_view()),
    path("v1/orders/service", ServiceOrderView.as_view()),
    path("v1/orders/<id:id>", OneOrderView.as_view()),
    path("v1/track-order", TrackOrderView.as_view()),
    path("v1/order/summary", QuoteView.as_view()),
    path("v1/order/service-summary", ServiceQuoteView.as_view()),
    path("v1/order/delivery-fee-summary", DeliveryFeeView.as_view()),
]
