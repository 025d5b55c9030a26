"""Kalixo's orders (seed 004, product.md rows 21–23, 53, 54 and 112): digital goods, answered with one PIN a unit."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from orders.checkout import MOST_ITEMS, MOST_QUANTITY, Cart, Checkout
from orders.dialects.base import (
    Dialect,
    DialectInput,
    DialectView,
    IdField,
    MinorField,
    WholeField,
    WordField,
    whole_of,
)
from orders.lifecycle import FAILURE, Status
from orders.models import Line, Order
from orders.pricing import CartItem
from orders.selectors import last_change, orders_bought_with, products_on_sale
from orders.services.codes import show_codes
from orders.services.parties import Placing
from orders.services.placing import place
from orders.services.standing import get_order
from ordersite.accounts.callers import Caller, caller_of
from ordersite.web.money import CURRENCIES, from_text
from ordersite.web.problems import Invalid, NotFound, Problem
from ordersite.web.serializers import MAX_ID, LineField, Money
from ordersite.web.views import parse

CODES_UNAVAILABLE = "codes_unavailable"

# Our status → theirs; "error" is no status but a flag: a code could not be issued, and is tried again.
STATUS_WORDS: dict[Status, str] = {
    **dict.fromkeys(Status, "processing"),
    Status.PENDING: "requested",
    Status.PREORDER: "requested",
    Status.COMPLETED: "completed",
    Status.DELIVERY_COMPLETED_BY_DRIVER: "completed",
    Status.PICKUP_COMPLETED_BY_CUSTOMER: "completed",
    Status.REJECTED: "cancelled",
    Status.REJECTED_BY_BUSINESS: "cancelled",
    Status.CANCELED_BY_CUSTOMER: "cancelled",
    Status.DELIVERY_FAILED_BY_DRIVER: "failed",
    Status.NOT_PICKED_BY_CUSTOMER: "failed",
}
WORDS = ("requested", "processing", "completed", "cancelled", "failed", "error")
# Where a purchase has several orders the first of these that any of them has is the word for all.
GRAVEST = ("error", "failed", "processing", "requested", "cancelled", "completed")


def refusal(problem: Problem) -> tuple[int, Any, Mapping[str, str]]:
    """{"statusCode", "error", "message"}; what differs in price is told in minor units (row 23)."""
    message = problem.detail
    expected = problem.extra.get("expected")
    if problem.code == "total_mismatch" and expected:
        message = f"Order price mismatch: expected total {from_text(expected['amount'], expected['currency'])}"
    body = {"statusCode": problem.status, "error": problem.title, "message": message}
    return problem.status, body, problem.headers


ERROR_SCHEMA = {
    "type": "object",
    "required": ["statusCode", "error", "message"],
    "properties": {
        "statusCode": {"type": "integer"},
        "error": {"type": "string"},
        "message": {"type": "string"},
    },
}
DIALECT = Dialect(
    name="kalixo",
    title="Kalixo",
    description="Digital goods: paid from the caller's wallet, answered with one PIN for each unit.",
    refusal=refusal,
    error_schema=ERROR_SCHEMA,
    words={"order status": STATUS_WORDS},
)


class OrderProductInput(DialectInput):
    """One product, its price in minor units."""

    productId = IdField()
    price = MinorField()
    sku = LineField(max_length=40, required=False)
    currency = WordField(choices=sorted(CURRENCIES))
    quantity = WholeField(min_value=1, max_value=MOST_QUANTITY)


class PlaceOrderInput(DialectInput):
    """An order; `price` is what all of it costs, in minor units."""

    externalOrderCode = LineField(max_length=100)
    price = MinorField()
    currency = WordField(choices=sorted(CURRENCIES))
    orderProducts = OrderProductInput(many=True, allow_empty=False, max_length=MOST_ITEMS)  # type: ignore[call-arg]


class PinOutput(serializers.Serializer):
    PIN = serializers.CharField()


class ProductOutput(serializers.Serializer):
    price = serializers.IntegerField(help_text="Of one, minor units.")
    productId = serializers.IntegerField()
    quantity = serializers.IntegerField()
    pin = PinOutput(many=True)


class PlacedOutput(serializers.Serializer):
    orderId = serializers.CharField()
    products = ProductOutput(many=True)


class RetrievedOutput(serializers.Serializer):
    orderId = serializers.IntegerField()
    orderStatus = serializers.ChoiceField(choices=WORDS)
    products = ProductOutput(many=True)


def check_prices(given: Mapping[str, Any]) -> None:
    """The sum and the currency must be those of the lines (row 23); raises Invalid and a total_mismatch Problem."""
    for index, line in enumerate(given["orderProducts"]):
        if line["currency"] != given["currency"]:
            detail = f"Product {line['productId']} currency mismatch: expected {given['currency']}"
            raise Invalid(f"/orderProducts/{index}/currency", "currency", detail)
    total = sum(line["price"] * line["quantity"] for line in given["orderProducts"])
    if total != given["price"]:
        raise Problem("price_mismatch", f"Order price mismatch: expected total {total}")


def as_placing(given: Mapping[str, Any]) -> Placing:
    """A checkout with a cart for each vendor that sells some of the products, paid from the wallet."""
    check_prices(given)
    products = products_on_sale(line["productId"] for line in given["orderProducts"])
    items: dict[int, list[CartItem]] = {}
    for index, line in enumerate(given["orderProducts"]):
        product = products.get(line["productId"])
        if product is None:
            detail = f"Product {line['productId']} was not found in your catalog"
            raise Invalid(f"/orderProducts/{index}/productId", "unknown", detail)
        items.setdefault(product.vendor_id, []).append(CartItem(product=line["productId"], quantity=line["quantity"]))
    checkout = Checkout(
        carts=[Cart(vendor_id=vendor_id, items=rows, kind=Order.Kind.DIGITAL) for vendor_id, rows in items.items()],
        payment_method="wallet",
        currency=given["currency"],
        total=Money(given["price"], given["currency"]),
    )
    return Placing(checkout=checkout, external_code=given["externalOrderCode"])


def render_products(orders: Iterable[Order], caller: Caller) -> list[dict[str, Any]]:
    """Each line with the PINs of its units, as this reader may see them; none while they are waited for."""
    products = []
    for order in orders:
        pins: dict[int, list[str]] = {}
        if order.status == Status.COMPLETED:
            for code in show_codes(order_id=order.pk, caller=caller).codes:
                pins.setdefault(code.item, []).append(code.code)
        products += [render_line(line, pins.get(line.pk, [])) for line in order.lines.all()]
    return products


def render_line(line: Line, pins: list[str]) -> dict[str, Any]:
    return {
        "price": line.unit_price,
        "productId": line.product_id,
        "quantity": line.quantity,
        "pin": [{"PIN": pin} for pin in pins],
    }


def word_for(order: Order) -> str:
    """The word for one order: the flag of a missing code goes before its status, its reason with it."""
    if order.codes_missing and order.status == Status.ACCEPTED_BY_BUSINESS:
        return "error"
    if order.status in FAILURE and (change := last_change(order)) and change.reason_code == CODES_UNAVAILABLE:
        return "failed"
    return STATUS_WORDS[Status(order.status)]


class PlaceOrderView(DialectView):
    """Places an order and answers its PINs."""

    dialect = DIALECT
    permission_classes = [IsAuthenticated]

    @extend_schema(request=PlaceOrderInput, responses={200: PlacedOutput}, operation_id="placeOrder")
    def post(self, request: Request) -> Response:
        caller = caller_of(request)
        placed = place(placing=as_placing(parse(PlaceOrderInput, request.data)), caller=caller)
        first = placed.orders[0]
        return Response({"orderId": str(first.pk), "products": render_products(placed.orders, caller)})


ID = OpenApiParameter("id", {"type": "integer", "minimum": 1, "maximum": MAX_ID}, required=True)


class RetrieveOrderView(DialectView):
    """An order with its status and PINs."""

    dialect = DIALECT
    permission_classes = [IsAuthenticated]

    @extend_schema(parameters=[ID], responses={200: RetrievedOutput}, operation_id="retrieveOrder")
    def get(self, request: Request) -> Response:
        caller, order_id = caller_of(request), whole_of(request.query_params.get("id"))
        if order_id is None or not 1 <= order_id <= MAX_ID:
            raise Invalid("?id", "invalid", "id must be the number of an order")
        orders = orders_bought_with(get_order(caller=caller, order_id=order_id), caller)
        if not orders:
            raise NotFound()
        words = {word_for(order) for order in orders}
        return Response(
            {
                "orderId": order_id,
                "orderStatus": next(word for word in GRAVEST if word in words),
                "products": render_products(orders, caller),
            }
        )


urlpatterns = [
    path("v1/orders/place-order", PlaceOrderView.as_view()),
    path("v1/orders/retrieve-order", RetrieveOrderView.as_view()),
]
