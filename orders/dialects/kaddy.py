"""Kaddy Cloud's orders (seed 003, product.md rows 40–52 and 73): the queue that a till pulls, a tenant at a time."""

import re
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from orders.dialects.base import Dialect, DialectView, whole_of
from orders.lifecycle import Fulfilment
from orders.models import Line, LineOption, NumberSeries, Order
from orders.selectors import with_parts
from orders.services.tills import confirm, till_orders, unconfirmed_orders, vendors_of_till
from ordersite.accounts.callers import Caller, caller_of
from ordersite.web.money import to_text
from ordersite.web.problems import NotFound, Problem
from ordersite.web.throttling import CallerThrottle, count_call
from vendors.models import Charged

USUAL, MOST = 10, 100
# Theirs are what a till numbers apart; digital orders never show.
ORDER_TYPES = [NumberSeries.PICK_UP.value, NumberSeries.DELIVERY.value, NumberSeries.PICK_UP_COOLBOX.value]
HOUSE_NUMBER = re.compile(r"^(?P<street>.+?)[ ,]+(?P<number>\d+[A-Za-z]?)(?:[ /]*(?:bus|box|bte)\.? *(?P<bus>\w+))?$")
TOWN = re.compile(r"^(?P<postal_code>\d{4,5}(?: [A-Z]{2})?) +(?P<city>.+)$")


def refusal(problem: Problem) -> tuple[int, Any, Mapping[str, str]]:
    """{"error": "…"}; who is not known is "Unauthenticated" (row 45)."""
    message = "Unauthenticated" if problem.status == 401 else problem.detail
    return problem.status, {"error": message}, problem.headers


DIALECT = Dialect(
    name="kaddy",
    title="Kaddy Cloud",
    description="The orders that a till has not confirmed yet. Each call names its tenant with the header X-Tenant.",
    refusal=refusal,
    error_schema={"type": "object", "required": ["error"], "properties": {"error": {"type": "string"}}},
)


class TillThrottle(CallerThrottle):
    """Sixty calls a minute for each caller and tenant, told with every answer (row 45)."""

    def allow_request(self, request: Request, view: Any) -> bool:
        user: Any = request.user
        limit = settings.THROTTLE_TILL
        if not user.is_authenticated or not limit:
            return True
        count = count_call(f"kaddy:{user.caller_key}")
        view.calls_left = max(0, limit - count)
        return count <= limit


class TillView(DialectView):
    """A call of a till: its tenant must be the caller's own, else it is not known at all."""

    dialect = DIALECT
    permission_classes = [IsAuthenticated]
    throttle_classes = [TillThrottle]
    calls_left: int | None = None

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        limit = settings.THROTTLE_TILL
        response["X-RateLimit-Limit"] = str(limit)
        response["X-RateLimit-Remaining"] = str(limit if self.calls_left is None else self.calls_left)
        return super().finalize_response(request, response, *args, **kwargs)

    def vendor_ids(self, request: Request, caller: Caller) -> list[int]:
        """The tenant's vendors; raises a 401 Problem for a tenant that is missing or foreign."""
        try:
            tenant = str(uuid.UUID(request.headers.get("X-Tenant", "")))
        except ValueError:
            tenant = ""
        vendor_ids = vendors_of_till(caller, tenant) if tenant else []
        if not vendor_ids:
            raise Problem("unknown_tenant", "Unauthenticated", status=401)
        return vendor_ids


class AddressOutput(serializers.Serializer):
    street = serializers.CharField()
    number = serializers.CharField()
    bus = serializers.CharField()
    postal_code = serializers.CharField()
    city = serializers.CharField()
    country = serializers.CharField()
    distance = serializers.CharField(help_text="From the shop, in metres.")


class ShopOutput(serializers.Serializer):
    id = serializers.CharField()
    name = serializers.CharField()
    address = serializers.CharField()
    postal_code = serializers.CharField()
    city = serializers.CharField()
    country = serializers.CharField()


class ClientOutput(serializers.Serializer):
    id = serializers.UUIDField()
    first_name = serializers.CharField()
    last_name = serializers.CharField()
    email = serializers.CharField(allow_null=True)
    mobile_phone = serializers.CharField(allow_null=True)
    phone = serializers.CharField(allow_null=True)


class OptionOutput(serializers.Serializer):
    name = serializers.CharField()
    plu_code = serializers.CharField()
    qty = serializers.IntegerField()
    total = serializers.CharField()
    type = serializers.CharField(help_text="default, or text.")
    meta = serializers.CharField(allow_null=True, help_text="The text of an option of the type text.")


class ExtraOutput(serializers.Serializer):
    name = serializers.CharField()
    plu_code = serializers.CharField()
    qty = serializers.IntegerField()
    total = serializers.CharField()
    unit = serializers.CharField()


class OrderLineOutput(serializers.Serializer):
    product = serializers.CharField()
    plu_code = serializers.CharField()
    qty = serializers.IntegerField()
    unit = serializers.CharField()
    total = serializers.CharField(help_text="Without its options and extras.")
    options = OptionOutput(many=True)
    extras = ExtraOutput(many=True)


class OrderOutput(serializers.Serializer):
    """An order as the till reads it; amounts are decimal texts, times those of the shop's clock."""

    id = serializers.UUIDField()
    payment_reference = serializers.CharField(allow_null=True)
    payment_method = serializers.CharField()
    payed_at = serializers.CharField(allow_null=True)
    total = serializers.CharField()
    order_type = serializers.ChoiceField(choices=ORDER_TYPES)
    order_date = serializers.CharField()
    order_time = serializers.CharField()
    order_number = serializers.CharField()
    delivery_address = AddressOutput(required=False, help_text="On deliveries only.")
    delivery_cost = serializers.CharField()
    service_cost = serializers.CharField()
    remarks = serializers.CharField(allow_null=True)
    shop = ShopOutput()
    client = ClientOutput()
    order_lines = OrderLineOutput(many=True)


class ConfirmedOutput(serializers.Serializer):
    success = serializers.BooleanField()


def render_order(order: Order) -> dict[str, Any]:
    """An order in Kaddy's words (rows 46–52)."""
    zone, currency = order.vendor.zone, order.currency
    payment = next((share.payment for share in order.shares.all()), None)
    due = (order.deliver_at or order.estimated_at or order.placed_at).astimezone(zone)
    # Cash is paid on handing over: there is no moment of an own.
    paid_at = payment.paid_at if payment and order.payment_method != "cash" else None
    body: dict[str, Any] = {
        "id": str(order.uuid),
        "payment_reference": (payment.reference if payment else "") or None,
        "payment_method": (payment.method if payment else "") or order.payment_method,
        "payed_at": on_the_clock(paid_at.astimezone(zone)) if paid_at else None,
        "total": to_text(order.total, currency),
        "order_type": NumberSeries.of(order.fulfilment, order.locker).value,
        "order_date": f"{due:%Y-%m-%d}",
        "order_time": f"{due:%H:%M:%S}",
        "order_number": str(order.number),
        "delivery_cost": to_text(order.delivery_fee, currency),
        "service_cost": to_text(order.service_fee, currency),
        "remarks": order.comment or None,
        "shop": render_shop(order),
        "client": render_client(order),
        "order_lines": [render_line(line, currency) for line in order.lines.all()],
    }
    if order.fulfilment == Fulfilment.DELIVERY:
        body["delivery_address"] = render_address(order)
    return body


def on_the_clock(moment: datetime) -> str:
    """A time as the shop's clock shows it."""
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def render_shop(order: Order) -> dict[str, str]:
    vendor = order.vendor
    return {
        "id": str(vendor.pk),
        "name": vendor.name,
        "address": vendor.address,
        "postal_code": vendor.postal_code,
        "city": vendor.city,
        "country": vendor.country,
    }


def render_client(order: Order) -> dict[str, Any]:
    first, _, last = order.contact_name.strip().partition(" ")
    return {
        "id": str(order.customer.uuid),
        "first_name": first,
        "last_name": last.strip(),
        "email": order.contact_email or None,
        "mobile_phone": order.contact_phone or None,
        "phone": None,
    }


def render_address(order: Order) -> dict[str, str]:
    """Our address is one text: what of it reads as number, box, postal code and town is told apart (row 47)."""
    first, _, rest = order.address.partition(",")
    house, town = HOUSE_NUMBER.match(first.strip()), TOWN.match(rest.strip())
    return {
        "street": house["street"] if house else first.strip(),
        "number": house["number"] if house else "",
        "bus": (house["bus"] or "") if house else "",
        "postal_code": town["postal_code"] if town else "",
        "city": town["city"] if town else rest.strip(),
        "country": order.vendor.country,
        "distance": str(order.distance) if order.distance is not None else "",
    }


def render_line(line: Line, currency: str) -> dict[str, Any]:
    """A line whose total is the product's alone: options and extras have theirs beside it."""
    chosen = list(line.options.all())
    apart = sum(option.total for option in chosen)
    return {
        "product": line.name,
        "plu_code": line.plu_code,
        "qty": line.quantity,
        "unit": line.unit,
        "total": to_text(line.total - apart, currency),
        "options": [render_option(o, line, currency) for o in chosen if o.kind != LineOption.Kind.EXTRA],
        "extras": [render_extra(o, line, currency) for o in chosen if o.kind == LineOption.Kind.EXTRA],
    }


def qty_of(option: LineOption, line: Line) -> int:
    """How many of a choice there are in all: of each unit, or once a line where it is charged so."""
    return option.quantity * (line.quantity if option.charged == Charged.UNIT else 1)


def render_option(option: LineOption, line: Line, currency: str) -> dict[str, Any]:
    """A choice, or an ingredient left out, which the till prints as one that costs nothing: "No Onion" (row 108)."""
    return {
        "name": str(option) if option.kind == LineOption.Kind.WITHOUT else option.name,
        "plu_code": option.plu_code,
        "qty": qty_of(option, line),
        "total": to_text(option.total, currency),
        "type": "text" if option.text else "default",
        "meta": option.text or None,
    }


def render_extra(option: LineOption, line: Line, currency: str) -> dict[str, Any]:
    return {
        "name": option.name,
        "plu_code": option.plu_code,
        "qty": qty_of(option, line),
        "total": to_text(option.total, currency),
        "unit": option.unit,
    }


def limit_of(text: str) -> int:
    """1 to 100; what is no positive number counts as 10 (row 41)."""
    number = whole_of(text)
    return USUAL if number is None or number < 1 else min(number, MOST)


TENANT = OpenApiParameter(
    "X-Tenant",
    {"type": "string", "format": "uuid"},
    OpenApiParameter.HEADER,
    required=True,
    description="The merchant.",
)


class OrdersView(TillView):
    """The orders that no till has confirmed, oldest first: a bare array."""

    @extend_schema(
        parameters=[
            TENANT,
            OpenApiParameter("limit", str, description="1 to 100; 10 where it is missing or no such number."),
            OpenApiParameter("shop", str, description="Of one shop; of all where it is missing or no number."),
        ],
        responses={200: OrderOutput(many=True)},
        operation_id="listUnconfirmedOrders",
    )
    def get(self, request: Request) -> Response:
        caller = caller_of(request)
        vendor_ids = self.vendor_ids(request, caller)
        shop = whole_of(request.query_params.get("shop"))
        if shop is not None and shop > 0:
            vendor_ids = [pk for pk in vendor_ids if pk == shop]
        orders = with_parts(unconfirmed_orders(vendor_ids))
        limit = limit_of(request.query_params.get("limit", ""))
        return Response([render_order(order) for order in orders[:limit]])


def find_order(view: TillView, request: Request, order_uuid: str) -> tuple[Order, Caller]:
    """The tenant's order, confirmed or not; raises NotFound."""
    caller = caller_of(request)
    orders = with_parts(till_orders(view.vendor_ids(request, caller)))
    order = orders.filter(uuid=order_uuid).first()
    if order is None:
        raise NotFound()
    return order, caller


class OrderView(TillView):
    """One order, whether confirmed or not."""

    @extend_schema(parameters=[TENANT], responses={200: OrderOutput}, operation_id="getOrder")
    def get(self, request: Request, order_uuid: str) -> Response:
        order, _ = find_order(self, request, order_uuid)
        return Response(render_order(order))


class ConfirmView(TillView):
    """The till has the order: it is not listed again."""

    @extend_schema(parameters=[TENANT], request=None, responses={200: ConfirmedOutput}, operation_id="confirmOrder")
    def post(self, request: Request, order_uuid: str) -> Response:
        order, caller = find_order(self, request, order_uuid)
        confirm(order_id=order.pk, caller=caller)
        return Response({"success": True})


urlpatterns = [
    path("v1/orders", OrdersView.as_view()),
    path("v1/orders/<uuid:order_uuid>", OrderView.as_view()),
    path("v1/orders/<uuid:order_uuid>/confirm", ConfirmView.as_view()),
]
