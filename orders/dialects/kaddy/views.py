"""Kaddy's calls: parse → the same service → render."""

import uuid
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from orders.dialects.base import Dialect, DialectView, whole_of
from orders.dialects.kaddy.outputs import OrderOutput, render_order
from orders.models import Order
from orders.reading.order_view import OrderView, view_order
from orders.reading.selectors import with_parts
from orders.services.moving.tills import confirm_order, find_till_order, unconfirmed_orders, vendors_of_till
from orders.services.record.access import access_of
from ordersite.accounts.authentication import caller_of, credential_of
from ordersite.accounts.callers import Caller
from ordersite.core.call_counts import count_call
from ordersite.core.faults import NotFound
from ordersite.core.fields import Field
from ordersite.core.wording import Wording
from ordersite.web.problems import Problem
from ordersite.web.throttling import CallerThrottle

USUAL, MOST = 10, 100


def refusal(problem: Problem) -> tuple[int, Any, Mapping[str, str]]:
    """{"error": "…"}; who is not known is "Unauthenticated" (row 45)."""
    message = "Unauthenticated" if problem.status == 401 else problem.detail
    return problem.status, {"error": message}, problem.headers


ERROR = {"type": "string", "description": "What is wrong, and what to do."}
DIALECT = Dialect(
    name="kaddy",
    title="Kaddy Cloud",
    description=(
        "The orders that a till has not confirmed yet. Each call carries a bearer, best an API token of the merchant's "
        "(POST /api/v1/api-tokens makes one), and names its tenant, the merchant's UUID, with the header X-Tenant."
    ),
    views="orders.dialects.kaddy.views",
    refusal=refusal,
    # A till sends no fields.
    wording=Wording(names=dict.fromkeys(Field)),
    error_schema={"type": "object", "required": ["error"], "properties": {"error": ERROR}},
)


def uuid_of(text: str) -> uuid.UUID | None:
    """The UUID that a text is, in any spelling; None for what is none."""
    try:
        return uuid.UUID(text.strip())
    except ValueError:
        return None


class TillThrottle(CallerThrottle):
    """Sixty calls a minute for each token, told with every answer (row 45)."""

    def allow_request(self, request: Request, view: Any) -> bool:
        user: Any = request.user
        limit = settings.THROTTLE_TILL
        if not user.is_authenticated or not limit:
            return True
        count = count_call(f"kaddy:{credential_of(request)}")
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
        tenant = uuid_of(request.headers.get("X-Tenant", ""))
        vendor_ids = vendors_of_till(caller, str(tenant)) if tenant else []
        if not vendor_ids:
            raise Problem("unknown_tenant", "Unauthenticated", status=401)
        return vendor_ids


def limit_of(text: str) -> int:
    """1 to 100; what is no positive number counts as 10 (row 41)."""
    number = whole_of(text)
    return USUAL if number is None or number < 1 else min(number, MOST)


# No format: generators make objects of a format that a header cannot hold.
TENANT = OpenApiParameter(
    "X-Tenant",
    {"type": "string"},
    OpenApiParameter.HEADER,
    required=True,
    description="The tenant: the UUID of the merchant whose orders are pulled.",
)


ORDER = OpenApiParameter("order_uuid", str, OpenApiParameter.PATH, description="The order's id.")


class OrdersView(TillView):
    """The orders that no till has confirmed, oldest first: a bare array."""

    @extend_schema(
        parameters=[
            TENANT,
            OpenApiParameter("limit", int, description="1 to 100; 10 if it is missing or is not such a number."),
            OpenApiParameter(
                "shop",
                int,
                description="The orders of one shop; of all shops if it is missing or the tenant has no such shop.",
            ),
        ],
        responses={200: OrderOutput(many=True)},
        operation_id="listUnconfirmedOrders",
    )
    def get(self, request: Request) -> Response:
        caller = caller_of(request)
        vendor_ids = self.vendor_ids(request, caller)
        shop = whole_of(request.query_params.get("shop"))
        if shop in vendor_ids:
            vendor_ids = [shop]
        orders = with_parts(unconfirmed_orders(vendor_ids))
        limit = limit_of(request.query_params.get("limit", ""))
        return Response([render_order(OrderView(access_of(caller, order))) for order in orders[:limit]])


def find_order(view: TillView, request: Request, order_uuid: str) -> tuple[Order, Caller]:
    """The tenant's order, confirmed or not; raises NotFound."""
    caller = caller_of(request)
    vendor_ids, known = view.vendor_ids(request, caller), uuid_of(order_uuid)
    order = find_till_order(vendor_ids, known) if known else None
    if order is None:
        raise NotFound()
    return order, caller


class OneOrderView(TillView):
    """One order, whether confirmed or not."""

    @extend_schema(parameters=[TENANT, ORDER], responses={200: OrderOutput}, operation_id="getOrder")
    def get(self, request: Request, order_uuid: str) -> Response:
        order, caller = find_order(self, request, order_uuid)
        return Response(render_order(view_order(access_of(caller, order), "items")))


class ConfirmedOutput(serializers.Serializer):
    success = serializers.BooleanField(help_text="Always true.")


class ConfirmView(TillView):
    """The till has the order: it is not listed again."""

    @extend_schema(
        parameters=[TENANT, ORDER], request=None, responses={200: ConfirmedOutput}, operation_id="confirmOrder"
    )
    def post(self, request: Request, order_uuid: str) -> Response:
        order, caller = find_order(self, request, order_uuid)
        confirm_order(order_id=order.pk, caller=caller)
        return Response({"success": True})


urlpatterns = [
    path("v1/orders", OrdersView.as_view()),
    path("v1/orders/<str:order_uuid>", OneOrderView.as_view()),
    path("v1/orders/<str:order_uuid>/confirm", ConfirmView.as_view()),
]
