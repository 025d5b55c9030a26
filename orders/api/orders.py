"""Placing, reading and changing orders."""

from dataclasses import replace
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from orders.api.inputs import CartInput, ChangeInput, PlaceInput, as_checkout, as_placing
from orders.api.lists import Listing, dashboard_listing, list_rows, own_listing
from orders.api.outputs import OrderChanged, OrderDetail, OrderRow, PlacedOutput, PurchaseDetail
from orders.api.photos import ORDER_PARSERS, OrderForm, OrderWithPhotos
from orders.api.quote_outputs import QuoteOutput
from orders.api.rendering import (
    EXPANSIONS,
    EXPANSIONS_OF_ONE,
    changed_response,
    expansions,
    order_response,
    render_detail,
    render_placed,
    render_purchase,
    render_row,
)
from orders.checkout import Checked, CheckedOut, Checkout
from orders.fields import FULFILMENTS
from orders.lifecycle.table import GROUPS
from orders.models import Order, PaymentStatus
from orders.reading.purchases import caller_for
from orders.services.editing.order_fields import change_order
from orders.services.moving.notes import delete_order
from orders.services.placing.locating import locate, locate_placing, look_up_destination
from orders.services.placing.parties import Placing, check_proven, check_rights
from orders.services.placing.placing import place, quote
from orders.services.record.access import RELATED, access_of, get_order
from orders.visibility import visible_purchases
from ordersite.accounts.authentication import caller_of
from ordersite.accounts.callers import Caller
from ordersite.core.faults import NotFound
from ordersite.core.replica import from_replica
from ordersite.places.lookup import Answer
from ordersite.web.multipart import has_photos, photos_of
from ordersite.web.pagination import paginate
from ordersite.web.problems import BadRequest
from ordersite.web.schema import PAGE_PARAMETERS, ordering_parameter, page_schema
from ordersite.web.serializers import MAX_ID
from ordersite.web.views import ApiView, if_match, parse, render, who_asks

ORDERINGS = {"placed_at": ("placed_at", "id"), "id": ("id",)}
DASHBOARD = "dashboard"
ID = {"type": "integer", "format": "int64", "minimum": 1, "maximum": MAX_ID}
STATUSES_PATTERN = r"^[A-Za-z0-9_]+(,[A-Za-z0-9_]+)*$"

# Those of every list of orders.
LIST_PARAMETERS = [
    OpenApiParameter(
        "status", {"type": "string", "pattern": STATUSES_PATTERN}, description="Several separated by commas."
    ),
    OpenApiParameter("group", str, enum=list(GROUPS)),
    *(OpenApiParameter(name, ID) for name in ("vendor", "vendor_type", "driver", "customer", "offer")),
    OpenApiParameter("kind", str, enum=["regular", "package", "service", "digital"]),
    OpenApiParameter("delivery_type", str, enum=[*FULFILMENTS, *"12345"], description="Name, or 1 to 5."),
    OpenApiParameter("payment_status", str, enum=PaymentStatus.values),
    OpenApiParameter("app_id", {"type": "string", "maxLength": 60}),
    OpenApiParameter("placed_after", OpenApiTypes.DATETIME),
    OpenApiParameter("placed_before", OpenApiTypes.DATETIME),
    OpenApiParameter("deliver_after", OpenApiTypes.DATETIME),
    OpenApiParameter("deliver_before", OpenApiTypes.DATETIME),
    OpenApiParameter(
        "q",
        {"type": "string", "maxLength": 100},
        description="An order's id, number or uuid, an external code, e-mail or phone.",
    ),
    OpenApiParameter("expand", str, description=f"Any of {', '.join(EXPANSIONS)}, separated by commas."),
    ordering_parameter("placed_at", "id"),
    *PAGE_PARAMETERS,
    OpenApiParameter(
        "cursor",
        str,
        description="Send it empty for the first page, newest first. There is no count, and a far page costs no more "
        "than a near one.",
    ),
]
ORDER_PAGE = page_schema(OrderRow)
MODE = OpenApiParameter(
    "mode", str, enum=[DASHBOARD], description="All orders of your vendors; for staff, of all vendors."
)
EXPAND = OpenApiParameter(
    "expand",
    str,
    description=f"Any of {', '.join(EXPANSIONS_OF_ONE)}, separated by commas. `ahead` tells which transitions follow "
    "steps of the caller's own, for who goes on without a link.",
)
IF_MATCH = OpenApiParameter(
    "If-Match", str, OpenApiParameter.HEADER, description="The ETag that you received with the order."
)


def list_orders(request: Request, listing: Listing, caller: Caller) -> Response:
    """The answer of a list of orders, by LIST_PARAMETERS."""
    wanted = expansions(request, EXPANSIONS)
    return paginate(
        request,
        list_rows(listing, request, wanted, caller),
        lambda order: render_row(order, wanted, caller),
        orderings=ORDERINGS,
        default="-placed_at",
        cursor_column="placed_at",
    )


class OrdersView(ApiView):
    """The caller's orders, and placing."""

    permission_classes = [AllowAny]
    parser_classes = ORDER_PARSERS
    devices = ("GET",)

    @extend_schema(parameters=[MODE, *LIST_PARAMETERS], responses=ORDER_PAGE, operation_id="listOrders")
    @from_replica
    def get(self, request: Request) -> Response:
        """The caller's own orders; with `mode=dashboard` those of the caller's vendors, for staff of all."""
        caller = caller_of(request)
        if not caller.is_known and not caller.order_token_hash:
            self.permission_denied(request)
        mode = request.query_params.get("mode")
        if mode not in (None, DASHBOARD):
            raise BadRequest("?mode", "unknown", "Send mode=dashboard, or leave mode out.")
        headers: dict[str, str] = {}
        if mode == DASHBOARD:
            listing, headers = dashboard_listing(caller, request)
        else:
            listing = own_listing(caller)
        response = list_orders(request, listing, caller)
        for name, value in headers.items():
            response[name] = value
        return response

    @extend_schema(
        request={"application/json": PlaceInput, "multipart/form-data": OrderForm},
        responses={201: PlacedOutput, 200: PlacedOutput},
        operation_id="placeOrder",
    )
    def post(self, request: Request) -> Response:
        """Place an order with one vendor, or several at once. The same `external_code` places nothing twice: 200."""
        caller = caller_of(request)
        placed = place(placing=self.prepared(), caller=caller)
        purchase = placed.purchase
        body: dict[str, Any] = {"purchase": render_purchase(purchase, placed.orders), "orders": []}
        body["purchase"]["guest_token"] = placed.guest_token or None
        reader, show = caller_for(caller, placed), render_placed if placed.is_new else render_detail
        for order in placed.orders:
            order.purchase = purchase
            body["orders"].append(show(access_of(reader, order)))
        headers = {"ETag": f'"{placed.orders[0].version}"'}
        return Response(body, status=201 if placed.is_new else 200, headers=headers)

    def before_post(self, request: Request) -> Placing:
        """What is to be placed, with its photos and the points of addresses that came without one."""
        caller = caller_of(request)
        placing = as_placing(parse(OrderWithPhotos if has_photos(request) else PlaceInput, request.data))
        if has_photos(request):
            check_proven(placing.checkout.payment_method)
            check_rights(placing, caller)
            placing = replace(placing, photos=photos_of(request))
        return locate_placing(placing, caller=caller, who=who_asks(request))


class QuoteView(ApiView):
    """The amounts of a cart, line by line, without placing."""

    permission_classes = [AllowAny]

    @extend_schema(request=CartInput, responses={200: QuoteOutput}, operation_id="quoteOrder")
    def post(self, request: Request) -> Response:
        checked = quote(checkout=self.prepared(), caller=caller_of(request))
        return Response(render(QuoteOutput, quote_values(checked)))

    def before_post(self, request: Request) -> Checkout:
        """The cart, with the points of addresses that came without one."""
        checkout = as_checkout(parse(CartInput, request.data))
        caller = caller_of(request)
        return locate(checkout, caller=caller, customer_id=caller.customer_id, who=who_asks(request))


AMOUNTS = (
    "subtotal",
    "discount",
    "delivery_fee",
    "service_fee",
    "driver_tip",
    "tax_included",
    "tax_added",
    "total",
)


def quote_values(checked: CheckedOut) -> dict[str, Any]:
    """The amounts as the output serializer reads them: of all vendors together, and of each."""
    orders = [quote_part(part) for part in checked.parts]
    first = orders[0] if len(orders) == 1 else {"delivery_zone": None, "distance": None, "offer": None}
    return {
        "currency": checked.currency,
        **{name: sum(order[name] for order in orders) for name in AMOUNTS},
        "items": [item for order in orders for item in order["items"]],
        "delivery_zone": first["delivery_zone"],
        "distance": first["distance"],
        "offer": first["offer"],
        "preorder": any(order["preorder"] for order in orders),
        "orders": orders,
    }


def quote_part(part: Checked) -> dict[str, Any]:
    """One vendor's amounts."""
    draft, priced, currency = part.draft, part.priced, part.priced.currency
    return {
        "currency": currency,
        "vendor": draft.vendor,
        "kind": draft.kind,
        "delivery_type": draft.fulfilment,
        **{name: getattr(priced, name) for name in AMOUNTS},
        "items": [
            {
                "currency": currency,
                "product": line.product_id,
                "name": line.name,
                "quantity": line.quantity,
                "unit_price": line.unit_price,
                "price_per": line.price_per,
                "total": line.total,
                "discount": line.discount,
                "tax": line.tax,
                "options": [
                    {
                        "currency": currency,
                        "kind": option.kind,
                        "id": option.menu_id,
                        "name": option.name,
                        "quantity": option.quantity,
                        "position": option.position,
                        "charged": option.charged,
                        "total": option.total,
                    }
                    for option in line.options
                ],
            }
            for line in priced.lines
        ],
        "delivery_zone": draft.zone,
        "distance": draft.distance,
        "preorder": draft.is_preorder,
        "offer": part.given.offer if part.given else None,
    }


class OneOrderView(ApiView):
    """One order."""

    permission_classes = [AllowAny]
    devices = ("GET", "PATCH")

    @extend_schema(parameters=[EXPAND], responses=OrderDetail, operation_id="readOrder")
    def get(self, request: Request, order_id: int) -> Response:
        """An order with its items, amounts, payments and what the reader may do with it."""
        caller = caller_of(request)
        wanted = expansions(request)
        order = get_order(caller=caller, order_id=order_id)
        return order_response(render_detail(access_of(caller, order), wanted), order)

    @extend_schema(
        request=ChangeInput, parameters=[IF_MATCH, EXPAND], responses=OrderChanged, operation_id="changeOrder"
    )
    def patch(self, request: Request, order_id: int) -> Response:
        """Change comment, time, payment, driver or promised minutes of an order: each reader what is its own."""
        caller = caller_of(request)
        fields, found = self.prepared()
        order = change_order(
            order_id=order_id, caller=caller, fields=dict(fields), version=if_match(request), found=found
        )
        return changed_response(caller, order, request)

    def before_patch(self, request: Request, order_id: int) -> tuple[dict[str, Any], Answer]:
        """What changes, and what is known of an address or a point that came alone."""
        fields = parse(ChangeInput, request.data)
        return fields, look_up_destination(order_id, fields, caller_of(request), who_asks(request))

    @extend_schema(parameters=[IF_MATCH], responses={204: None}, operation_id="deleteOrder")
    def delete(self, request: Request, order_id: int) -> Response:
        """Take a closed order off every list; by staff. Its money and its history stay."""
        delete_order(order_id=order_id, caller=caller_of(request), version=if_match(request))
        return Response(status=204)


class PurchaseView(ApiView):
    """A placing with its orders, payments and derived state."""

    permission_classes = [AllowAny]

    @extend_schema(responses=PurchaseDetail)
    def get(self, request: Request, purchase_uuid: str) -> Response:
        purchase = visible_purchases(caller_of(request)).filter(uuid=purchase_uuid).first()
        if purchase is None:
            raise NotFound()
        orders = list(
            Order.objects.filter(purchase=purchase, deleted_at__isnull=True).select_related(*RELATED).order_by("pk")
        )
        if not orders:
            raise NotFound()
        body = render_purchase(purchase, orders)
        body["orders"] = [render_row(order, (), caller_of(request)) for order in orders]
        return Response(body)
