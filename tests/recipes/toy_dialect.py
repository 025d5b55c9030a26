"""A small foreign API, as the recipe of CONTRIBUTING.md builds one: an order is placed, read, and told by webhooks."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Q
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from orders.checkout import Cart, Checkout
from orders.dialects.base import Dialect, DialectInput, DialectView, IdField, WholeField
from orders.lifecycle.table import GROUPS, Fulfilment, Status
from orders.models import WebhookDelivery
from orders.pricing import CartItem
from orders.reading.order_view import OrderView
from orders.reading.purchases import caller_for
from orders.reading.selectors import read_order
from orders.reading.webhooks import read_order_told
from orders.services.outgoing.formats import WebhookFormat, status_becomes
from orders.services.placing.parties import Placing
from orders.services.placing.placing import place
from orders.services.record.access import access_of
from ordersite.accounts.authentication import caller_of
from ordersite.core.fields import Field
from ordersite.core.wording import Names, Wording
from ordersite.web.problems import Problem
from ordersite.web.views import parse

# Its product stands beside the shop, not among items; it has no other fields.
NAMES: Names = {Field.VENDOR: "shop", (Field.ITEMS, Field.PRODUCT): "thing", (Field.ITEMS, Field.QUANTITY): "pieces"}
WORDS = {status: "over" if status in GROUPS["closed"] else "going on" for status in Status}


def refusal(problem: Problem) -> tuple[int, Any, Mapping[str, str]]:
    return problem.status, {"wrong": problem.detail}, problem.headers


def write_news(delivery: WebhookDelivery) -> dict[str, Any] | None:
    """The order as it is called; a test is ours."""
    event = delivery.message.event
    if event is None:
        return None
    order = read_order_told(delivery.endpoint, event)
    return {"news": delivery.type, "number": order.pk, "state": WORDS[Status(order.status)]}


WEBHOOKS = WebhookFormat(
    name="toy",
    title="Toy's news",
    names={
        "began": Q(type="order.placed"),
        "moved": Q(type="order.status"),
        "over": status_becomes(*GROUPS["closed"]),
    },
    write=write_news,
    headers=lambda secret, body: {"X-Toy": f"{len(body)} {secret[:6]}"},
)
DIALECT = Dialect(
    name="toy",
    title="Toy",
    description="Orders of one product each, to collect, paid in cash.",
    views="tests.recipes.toy_dialect",
    refusal=refusal,
    error_schema={"type": "object", "required": ["wrong"], "properties": {"wrong": {"type": "string"}}},
    words={"state": WORDS},
    wording=Wording(names={**dict.fromkeys(Field), **NAMES}),
    webhooks=WEBHOOKS,
    meanings={"thing": "The product.", "state": "Whether anything is still to come.", "order_id": "The order."},
)


class ToyInput(DialectInput):
    """What is bought where."""

    shop = IdField()
    thing = IdField()
    pieces = WholeField(min_value=1, required=False)


class ToyOutput(serializers.Serializer):
    """An order."""

    number = serializers.IntegerField(source="pk")
    state = serializers.SerializerMethodField()

    def get_state(self, order: OrderView) -> str:
        return WORDS[Status(order.status)]


class ToyOrdersView(DialectView):
    dialect = DIALECT
    permission_classes = [IsAuthenticated]

    @extend_schema(request=ToyInput, responses={201: ToyOutput}, operation_id="buy")
    def post(self, request: Request) -> Response:
        """Places an order."""
        given = parse(ToyInput, request.data)
        item = CartItem(product=given["thing"], quantity=given.get("pieces", 1))
        cart = Cart(vendor_id=given["shop"], items=[item], fulfilment=Fulfilment.PICKUP)
        caller = caller_of(request)
        placed = place(placing=Placing(checkout=Checkout(carts=[cart], payment_method="cash")), caller=caller)
        access = access_of(caller_for(caller, placed), placed.orders[0])
        return Response(ToyOutput(OrderView(access)).data, status=201)


class ToyOrderView(DialectView):
    dialect = DIALECT
    permission_classes = [IsAuthenticated]

    @extend_schema(responses={200: ToyOutput}, operation_id="look")
    def get(self, request: Request, order_id: int) -> Response:
        """Reads an order."""
        return Response(ToyOutput(OrderView(read_order(caller_of(request), order_id))).data)


urlpatterns = [path("orders", ToyOrdersView.as_view()), path("orders/<id:order_id>", ToyOrderView.as_view())]
