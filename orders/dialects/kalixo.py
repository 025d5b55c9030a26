"""Kalixo's orders (rows 21–23, 53, 54 and 112): digital goods, answered with one PIN a unit."""

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
    CurrencyField,
    Dialect,
    DialectInput,
    DialectView,
    IdField,
    MinorField,
    WholeField,
    whole_of,
)
from orders.lifecycle.table import FAILURE, Status
from orders.models import Order
from orders.pricing import CartItem
from orders.reading.item_views import LineView
from orders.reading.order_view import OrderView
from orders.reading.selectors import orders_bought_with, products_on_sale
from orders.services.capacity.codes import show_codes
from orders.services.placing.parties import Placing
from orders.services.placing.placing import first_placing, place
from orders.services.record.access import access_of, get_order
from ordersite.accounts.authentication import caller_of
from ordersite.accounts.callers import Caller
from ordersite.core.codes import FaultCode
from ordersite.core.faults import NotFound, blaming_field
from ordersite.core.fields import Field
from ordersite.core.wording import Names, Wording
from ordersite.web.problems import BadRequest, Problem
from ordersite.web.serializers import MAX_ID, LineField
from ordersite.web.views import parse
from vendors.models import Product

# Nothing else pays here.
TOO_LITTLE = "The wallet balance is too low: top it up by POST /api/v1/wallet/top-ups."
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
    """{"statusCode", "error", "message"}; a rule of the shop's is told with the line that it is about."""
    message = TOO_LITTLE if problem.code == "insufficient_funds" else problem.detail
    if problem.errors and problem.code != "insufficient_funds":
        pointer, detail = problem.errors[0]["pointer"], problem.errors[0]["detail"]
        message = f"{pointer}: {detail}" if pointer.startswith("/") else detail
    body = {"statusCode": problem.status, "error": problem.title, "message": message}
    return problem.status, body, problem.headers


ERROR_SCHEMA = {
    "type": "object",
    "required": ["statusCode", "error", "message"],
    "properties": {
        "statusCode": {"type": "integer", "description": "The HTTP status."},
        "error": {"type": "string", "description": "Its name."},
        "message": {"type": "string", "description": "What is wrong, with its field."},
    },
}
# What a body has: a rule about anything else, such as how or when the vendor serves, names no field.
NAMES: Names = {
    Field.EXTERNAL_CODE: "externalOrderCode",
    Field.TOTAL: "price",
    Field.CURRENCY: "currency",
    Field.ITEMS: "orderProducts",
    Field.PRODUCT: "productId",
    Field.QUANTITY: "quantity",
}
WORDING = Wording(
    names={**dict.fromkeys(Field), **NAMES},
    sentences={
        FaultCode.VENDOR_PAUSED: "{vendor} takes no orders now: try again later.",
        FaultCode.VENDOR_CLOSED: "{vendor} is closed now: try again later.",
    },
)
DIALECT = Dialect(
    wording=WORDING,
    name="kalixo",
    title="Kalixo",
    description=(
        "Digital goods: paid from the caller's wallet, answered with one PIN for each unit. "
        "POST /api/v1/auth/token signs in and answers the bearer."
    ),
    views="orders.dialects.kalixo",
    refusal=refusal,
    error_schema=ERROR_SCHEMA,
    words={"order status": STATUS_WORDS},
)


class OrderProductInput(DialectInput):
    """One product, its price in minor units."""

    productId = IdField(help_text="The id of the product.")
    price = MinorField(help_text="The price of one unit, in minor units of the currency.")
    sku = LineField(max_length=40, required=False, help_text="The seller's own code of the product; not compared.")
    currency = CurrencyField(required=False, help_text="The order's currency, also by default.")
    quantity = WholeField(min_value=1, max_value=MOST_QUANTITY, help_text="How many units; each gets its own PIN.")


class PlaceOrderInput(DialectInput):
    """An order; `price` is what all of it costs, in minor units."""

    externalOrderCode = LineField(
        max_length=100, help_text="Your own code for the order; sending it again returns the first order."
    )
    price = MinorField(help_text="The price of the whole order, in minor units: the sum of price times quantity.")
    currency = CurrencyField(help_text="The currency of all prices, and of the wallet that pays.")
    orderProducts = OrderProductInput(  # type: ignore[call-arg]
        many=True, allow_empty=False, max_length=MOST_ITEMS, help_text="The products that are ordered."
    )


class PinOutput(serializers.Serializer):
    PIN = serializers.CharField(help_text="The code; whoever did not buy it sees its last characters only.")


class ProductOutput(serializers.Serializer):
    price = serializers.IntegerField(help_text="The price of one unit, in minor units.")
    productId = serializers.IntegerField(help_text="The id of the product.")
    quantity = serializers.IntegerField(help_text="How many units.")
    pin = PinOutput(many=True, help_text="One PIN for each unit; empty while a code is not available.")


class PlacedOutput(serializers.Serializer):
    orderId = serializers.CharField(help_text="The order's id: a text here, a number where the order is retrieved.")
    products = ProductOutput(many=True, help_text="The products with their PINs.")


class RetrievedOutput(serializers.Serializer):
    orderId = serializers.IntegerField(help_text="The order's id.")
    orderStatus = serializers.ChoiceField(choices=WORDS, help_text="error: a code is not available yet.")
    products = ProductOutput(many=True, help_text="The products with their PINs.")


def check_prices(given: Mapping[str, Any]) -> None:
    """The sum and the currency must be those of the lines (row 23); raises a mismatch Problem."""
    currencies = {line.get("currency", given["currency"]) for line in given["orderProducts"]}
    if given["currency"] not in currencies and len(currencies) == 1:
        raise Problem("currency_mismatch", f"Order currency mismatch: expected {currencies.pop()}")
    for line in given["orderProducts"]:
        if line.get("currency", given["currency"]) != given["currency"]:
            detail = f"Product {line['productId']} currency mismatch: expected {given['currency']}"
            raise Problem("currency_mismatch", detail)
    check_total(given, sum(line["price"] * line["quantity"] for line in given["orderProducts"]))


def check_catalogue(given: Mapping[str, Any], products: Mapping[int, Product]) -> None:
    """The prices must be the catalogue's: their sum first, then each line's; raises a mismatch Problem."""
    lines = given["orderProducts"]
    check_total(given, sum(products[line["productId"]].price * line["quantity"] for line in lines))
    for line in lines:
        price = products[line["productId"]].price
        if line["price"] != price:
            detail = f"Product {line['productId']} price mismatch: expected {price}"
            raise Problem("price_mismatch", detail)


def check_total(given: Mapping[str, Any], total: int) -> None:
    if total != given["price"]:
        raise Problem("price_mismatch", f"Order price mismatch: expected total {total}")


def as_placing(given: Mapping[str, Any]) -> Placing:
    """A checkout with a cart for each vendor that sells some of the products, paid from the wallet.

    Raises a Problem for a product that is not sold, and what check_catalogue raises.
    """
    products = products_on_sale(line["productId"] for line in given["orderProducts"])
    items: dict[int, dict[int, CartItem]] = {}
    for index, line in enumerate(given["orderProducts"]):
        product = products.get(line["productId"])
        if product is None or not product.is_digital:
            detail = f"Product {line['productId']} was not found in your catalog"
            raise Problem("unknown_product", detail)
        item = CartItem(product=line["productId"], quantity=line["quantity"], number=index)
        items.setdefault(product.vendor_id, {})[index] = item
    check_catalogue(given, products)
    checkout = Checkout(
        carts=[
            Cart(
                vendor_id=vendor_id,
                items=list(rows.values()),
                kind=Order.Kind.DIGITAL,
            )
            for vendor_id, rows in items.items()
        ],
        payment_method="wallet",
        currency=given["currency"],
    )
    return Placing(checkout=checkout, external_code=given["externalOrderCode"])


def views_for(caller: Caller, orders: Iterable[Order]) -> list[OrderView]:
    return [OrderView(access_of(caller, order)) for order in orders]


def render_products(orders: Iterable[OrderView], caller: Caller) -> list[dict[str, Any]]:
    """Each line with the PINs of its units, as this reader may see them; none while they are waited for."""
    products = []
    for order in orders:
        pins: dict[int, list[str]] = {}
        if order.status == Status.COMPLETED:
            for code in show_codes(order_id=order.pk, caller=caller).codes:
                pins.setdefault(code.item, []).append(code.code)
        products += [render_line(line, pins.get(line.id, [])) for line in order.lines]
    return products


def render_line(line: LineView, pins: list[str]) -> dict[str, Any]:
    return {
        "price": line.unit_price,
        "productId": line.product_id,
        "quantity": line.quantity,
        "pin": [{"PIN": pin} for pin in pins],
    }


def word_for(order: OrderView) -> str:
    """The word for one order: the flag of a missing code goes before its status, its reason with it."""
    if order.codes_missing and order.status == Status.ACCEPTED_BY_BUSINESS:
        return "error"
    if order.status in FAILURE and order.status_reason and order.status_reason[0] == CODES_UNAVAILABLE:
        return "failed"
    return STATUS_WORDS[Status(order.status)]


class PlaceOrderView(DialectView):
    """Places an order and answers its PINs."""

    dialect = DIALECT
    permission_classes = [IsAuthenticated]

    @extend_schema(request=PlaceOrderInput, responses={200: PlacedOutput}, operation_id="placeOrder")
    def post(self, request: Request) -> Response:
        caller = caller_of(request)
        given = parse(PlaceOrderInput, request.data)
        check_prices(given)
        # Before the catalogue is asked: what was placed is answered though it is sold no more.
        with blaming_field(Field.EXTERNAL_CODE):
            placed = first_placing(given["externalOrderCode"], caller)
        placed = placed or place(placing=as_placing(given), caller=caller)
        # An offer may make it cheaper than its prices; dearer, by a fee, nobody has agreed to.
        if placed.is_new and placed.purchase.total > given["price"]:
            check_total(given, placed.purchase.total)
        first = placed.orders[0]
        return Response(
            {"orderId": str(first.pk), "products": render_products(views_for(caller, placed.orders), caller)}
        )


ID = OpenApiParameter(
    "id", {"type": "integer", "minimum": 1, "maximum": MAX_ID}, required=True, description="The order's orderId."
)


class RetrieveOrderView(DialectView):
    """An order with its status and PINs."""

    dialect = DIALECT
    permission_classes = [IsAuthenticated]

    @extend_schema(parameters=[ID], responses={200: RetrievedOutput}, operation_id="retrieveOrder")
    def get(self, request: Request) -> Response:
        caller, order_id = caller_of(request), whole_of(request.query_params.get("id"))
        if order_id is None or not 1 <= order_id <= MAX_ID:
            raise BadRequest("?id", "invalid", "id must be the number of an order")
        orders = views_for(caller, orders_bought_with(get_order(caller=caller, order_id=order_id), caller))
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
