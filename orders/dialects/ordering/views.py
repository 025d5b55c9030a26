"""Ordering's five calls (rows 12–20, 32–39, 57, 61, 62 and 74–109).

The levels are the core's parties: 0 staff, 2 who works at the order's business, 3 its customer, 4 its driver. Lists
and single orders show one's own, with mode=dashboard to levels 0 and 2 all that is theirs.
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from uuid import UUID

from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.authentication import get_authorization_header
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from orders.dialects.base import (
    STATUS_CODES,
    DialectView,
    FormParser,
    PartsParser,
    TextOpener,
    minor_amount,
    names_nobody,
    read_query,
    reads_same,
    whole_of,
)
from orders.dialects.ordering import outputs
from orders.dialects.ordering.dialect import DIALECT
from orders.dialects.ordering.inputs import (
    AS_TEXT,
    PageInput,
    PlaceInput,
    UpdateInput,
    as_cash,
    as_placing,
    asked_for,
    check_groups,
    chosen_of,
    lacks_text,
    reason_of,
    told_by_ids,
)
from orders.dialects.ordering.outputs import ATTRIBUTES, read_params, show
from orders.dialects.ordering.where import ASKED_FOR, MOST_TEXT, ORDERINGS, read_ordering, read_where
from orders.dialects.ordering.words import PAYMETHOD_NAMES
from orders.lifecycle.table import NAMES, Actor, Status
from orders.models import Order
from orders.reading.following import count_try
from orders.reading.order_view import OrderView, view_for_public
from orders.reading.selectors import (
    code_of_offer,
    country_of,
    currency_of,
    dashboard_orders,
    driver_of_user,
    groups_of,
    guests_order,
    read_events,
    read_order,
    read_payments_due,
    saved_address_near,
    sells_codes,
    with_items,
    with_its_parts,
)
from orders.services.editing.order_fields import AS_ORDERED, change_order
from orders.services.moving.notes import delete_order
from orders.services.moving.transitions import Wish, all_or_nothing, move_on
from orders.services.placing.locating import locate_placing, look_up_destination
from orders.services.placing.parties import Placing
from orders.services.placing.placing import place
from orders.services.record.access import OrderAccess, access_as, access_of, get_order
from orders.services.record.locks import lock_purchase
from orders.visibility import OWN, own_orders
from ordersite.accounts.authentication import caller_of
from ordersite.accounts.callers import Caller
from ordersite.accounts.rights import Right
from ordersite.core import faults
from ordersite.core.faults import NotFound, blaming_field
from ordersite.core.fields import Field
from ordersite.core.replica import from_replica
from ordersite.places.lookup import Answer
from ordersite.places.protocol import FoundPlace, Point, write_point
from ordersite.web.pagination import MOST, NARROW, PER_PAGE, count_rows, read_page
from ordersite.web.parsing import LenientJsonParser
from ordersite.web.problems import BadRequest, ForbiddenProblem, NotFoundProblem
from ordersite.web.throttling import client_address
from ordersite.web.views import parse, who_asks

DASHBOARD = "dashboard"
LEVELS_0_AND_2 = frozenset({Actor.STAFF, Actor.VENDOR})
# What comes with a status, and is no change of its own.
WITH_A_STATUS = frozenset({"status", "transition", "reason", "proof"})
# What is read of other tables than the order's.
READ_APART = frozenset({"products", "reason", "pay_data"})
# Of the model, and fixed once it is placed; to send what it is changes nothing.
FIXED = (
    "business_id",
    "customer_id",
    "app_id",
    "delivery_type",
    "delivery_zone_id",
    "offer_id",
    "products",
    "customer",
    "pay_data",
)

MODE = OpenApiParameter(
    "mode", str, enum=[DASHBOARD], description="For levels 0 and 2: all orders of their businesses."
)
PARAMS = OpenApiParameter("params", str, description=f"Attributes separated by commas: {', '.join(ATTRIBUTES)}.")
APP_ID = OpenApiParameter("X-APP-X", str, OpenApiParameter.HEADER, description="From which app: kept as app_id.")
UUID_HEADER = "X-uuid-access-X"
UUID_ACCESS = OpenApiParameter(
    UUID_HEADER,
    str,
    OpenApiParameter.HEADER,
    description="The uuid of a guest's order, which gives access to that order.",
)
LIST = [
    OpenApiParameter("where", {"type": "string", "maxLength": MOST_TEXT}),
    OpenApiParameter("conector", str, enum=["AND", "OR"], description="How the conditions of a list are joined."),
    MODE,
    PARAMS,
    OpenApiParameter("orderBy", str, enum=[*ORDERINGS, *(f"-{name}" for name in ORDERINGS)]),
    OpenApiParameter("page", {"type": "integer", "minimum": 1, "maximum": 10**9, "default": 1}),
    OpenApiParameter("page_size", {"type": "integer", "minimum": 1, "maximum": MOST, "default": PER_PAGE}),
]


def is_dashboard(query: Mapping[str, Any]) -> bool:
    """Whether mode=dashboard is asked for; raises BadRequest for another mode."""
    mode = str(query.get("mode", "")).strip().lower()
    if mode not in ("", DASHBOARD):
        raise BadRequest("?mode", "unknown", "Send mode=dashboard, or leave mode out.")
    return mode == DASHBOARD


def answer(result: Any) -> Response:
    return Response({"error": False, "result": result})


class OrderingView(DialectView):
    """Whoever may place; for everything else one must be known, or be a guest with what it was given."""

    dialect = DIALECT
    parser_classes = [LenientJsonParser, FormParser, PartsParser]
    permission_classes = [AllowAny]

    def known_caller(self, request: Request) -> Caller:
        caller = caller_of(request)
        if not caller.is_known and not caller.order_token_hash:
            self.permission_denied(request)
        return caller


class OrdersView(OrderingView):
    """All orders; placing one."""

    def is_public(self, request: Request) -> bool:
        """A guest's app has no token; one that has expired is somebody's, whose history would lack the order."""
        return request.method == "POST" and names_nobody(get_authorization_header(request))

    @extend_schema(parameters=LIST, responses={200: outputs.OrdersAnswer}, operation_id="getOrders")
    @from_replica
    def get(self, request: Request) -> Response:
        """The caller's own orders; with `mode=dashboard` all that it may see."""
        caller, query = self.known_caller(request), read_query(request.query_params, nullable="where")
        names = read_params(query.get("params"))
        given = parse(PageInput, query)
        page, size = given["page"], given["page_size"]
        asked, columns = read_where(query.get("where"), query.get("conector")), read_ordering(query.get("orderBy"))
        rows = (dashboard_orders(caller) if is_dashboard(query) else own_orders(caller)).filter(asked)
        counted = count_rows(rows)
        total, start = counted.count, (page - 1) * size
        shown = with_items(rows).alias(asked_for=ASKED_FOR).order_by(*columns)
        orders = read_page(shown, counted, start, size, remedy=NARROW)
        if "reason" in names:
            read_events(orders)
        if "pay_data" in names:
            read_payments_due(orders)
        result = [show(OrderView(access_of(caller, order)), names) for order in orders]
        pagination = {
            "current_page": page,
            "page_size": size,
            "total_pages": -(-total // size),
            "total": total,
            "from": start + 1 if orders else None,
            "to": start + len(orders) if orders else None,
        }
        return Response({"error": False, "result": result, "pagination": pagination})

    @extend_schema(
        request=PlaceInput, parameters=[APP_ID], responses={200: outputs.OrderAnswer}, operation_id="createOrder"
    )
    def post(self, request: Request) -> Response:
        """Place an order, with a login or as a guest."""
        caller = caller_of(request)
        placing, products = self.prepared()
        with told_by_ids(products):
            placed = place(placing=placing, caller=caller)
        access = access_as(Actor.CUSTOMER, caller, placed.orders[0], timezone.now())
        return answer(show(OrderView(access)))

    def before_post(self, request: Request) -> tuple[Placing, list[dict[str, Any]]]:
        """What is to be placed, and its products as they were sent.

        A text and a point that are clearly two places are refused.
        """
        caller = caller_of(request)
        given = parse(PlaceInput, request.data)
        placing = looked_up(given, caller)
        return locate_placing(placing, caller=caller, who=who_asks(request)), given["products"]


def looked_up(given: Mapping[str, Any], caller: Caller) -> Placing:
    """The order with what its numbers stand for: the business's currency, the offer's code, a saved address."""
    vendor_id, customer_id = given["business_id"], given.get("customer_id")
    currency = currency_of(vendor_id)
    if currency is None:
        raise BadRequest("/business_id", "unknown", "There is no business with this id.")
    offer_id, code = given.get("offer_id"), None
    if offer_id is not None:
        code = code_of_offer(offer_id, vendor_id, caller)
        if code is None:
            raise BadRequest("/offer_id", "unknown", "The business has no such offer: leave it out.")
    check_groups(given["products"], groups_of(pk for line in given["products"] for _, pk, _ in chosen_of(line)))
    # Staff who order for a customer mean that customer's addresses.
    whose = customer_id if caller.may_everywhere(Right.PLACE_ORDERS) and customer_id else caller.customer_id
    saved = None
    if whose and not given.get("customer") and lacks_text(given):
        saved = saved_address_near(whose, Point(given["location"]["lat"], given["location"]["lng"]))
    return as_placing(
        given,
        currency=currency,
        country=country_of(vendor_id) if given.get("customer") else None,
        digital=sells_codes(vendor_id, (line["id"] for line in given["products"] if "id" in line)),
        offer=code or "",
        address=saved,
        # Their clients name themselves too: that says nothing new.
        customer_id=None if customer_id == caller.customer_id else customer_id,
        now=timezone.now(),
    )


def cancels(data: Any) -> bool:
    """Whether a customer's cancelling is sent, by its status or its name."""
    if not isinstance(data, dict):
        return False
    return data.get("transition") == "cancel_by_customer" or whole_of(data.get("status")) == Status.CANCELED_BY_CUSTOMER


class OneOrderView(OrderingView):
    """One order."""

    def is_public(self, request: Request) -> bool:
        """A uuid alone opens a guest's order to read, whoever asks."""
        return request.method == "GET" and bool(request.headers.get(UUID_HEADER))

    @extend_schema(
        parameters=[MODE, PARAMS, UUID_ACCESS], responses={200: outputs.OrderAnswer}, operation_id="getOrder"
    )
    def get(self, request: Request, order_id: int) -> Response:
        """One order; a guest reads its own by `X-uuid-access-X`."""
        query = read_query(request.query_params)
        names = read_params(query.get("params"))
        uuid = request.headers.get(UUID_HEADER)
        if uuid:
            return answer(show(self.followed(request, order_id, uuid), names))
        caller = self.known_caller(request)
        read = self.on_dashboard if is_dashboard(query) else self.own
        return answer(show(OrderView(read(caller, order_id)), names))

    def own(self, caller: Caller, order_id: int) -> OrderAccess:
        """An order of the caller's own: as its customer, or as its driver; raises NotFound."""
        access = read_order(caller, order_id)
        if OWN.holds(caller, access.order):
            return access
        if access.readers & LEVELS_0_AND_2:
            raise NotFoundProblem("This is not your own order: send mode=dashboard to read it.")
        raise NotFound()

    def on_dashboard(self, caller: Caller, order_id: int) -> OrderAccess:
        """An order of all, or of one's businesses; raises NotFound, ForbiddenProblem to who works at none."""
        with suppress(faults.NotFound):
            access = read_order(caller, order_id)
            if access.readers & LEVELS_0_AND_2:
                return access
        dashboard_orders(caller)
        raise NotFound()

    def followed(self, request: Request, order_id: int, text: str) -> OrderView:
        """A guest's order by its uuid, read like a public page: others have seen the uuid too. Tries are counted."""
        count_try(client_address(request))
        uuid = read_uuid(text)
        order = guests_order(order_id, uuid, timezone.now()) if uuid else None
        if order is None:
            raise NotFound()
        return view_for_public(order)

    @extend_schema(request=UpdateInput, responses={200: outputs.OrderAnswer}, operation_id="updateOrder")
    def put(self, request: Request, order_id: int) -> Response:
        """Change an order: its status, its driver, its times, what is said about it."""
        caller = self.known_caller(request)
        if isinstance(request.data, dict) and "driver_tip" in request.data:
            lock_purchase(order_id)
        to = Status.CANCELED_BY_CUSTOMER if cancels(request.data) else None
        before = access_of(caller, get_order(caller=caller, order_id=order_id, lock=True, to=to))
        changes = parse(UpdateInput, what_differs(request.data, before))
        check_level(before, changes)
        asked = Field.TO if "status" in changes else Field.TRANSITION
        with blaming_field(asked, *STATUS_CODES), all_or_nothing(order_id=order_id, caller=caller):
            order = update(before, changes, self.prepared() if "location" in changes else ())
        return answer(show(OrderView(with_its_parts(access_of(caller, order)))))

    def before_put(self, request: Request, order_id: int) -> Answer:
        """What is known of a point that came without its address."""
        point = request.data.get("location") if isinstance(request.data, dict) else None
        given = parse(UpdateInput, {"location": point}).get("location")
        if given is None:
            return ()
        found = look_up_destination(order_id, destination_of(given), caller_of(request), who_asks(request))
        if given["lat"] is None:
            return found
        # Where nobody knows an address of it, the point is its own text, as on placing.
        words = write_point(Point(given["lat"], given["lng"]))
        return found or (FoundPlace(text=words, lat=given["lat"], lng=given["lng"]),)

    @extend_schema(responses={200: outputs.DeletedAnswer}, operation_id="deleteOrder")
    def delete(self, request: Request, order_id: int) -> Response:
        """Delete an order that is over."""
        delete_order(order_id=order_id, caller=self.known_caller(request))
        return answer("OK")


def read_uuid(text: str) -> UUID | None:
    """A uuid in its ordinary form; None for anything else."""
    try:
        return UUID(text) if len(text) == 36 else None
    except ValueError:
        return None


def what_differs(sent: Any, before: OrderAccess) -> Any:
    """What of an update is not as it is read now: who sends back what it has read changes nothing by that.

    Raises BadRequest for what is fixed.
    """
    if not isinstance(sent, dict):
        return sent
    # What may be read with it is not kept with the order that is about to change.
    read = OrderView(read_order(before.caller, before.order.pk) if sent.keys() & READ_APART else before)
    said = TextOpener(AS_TEXT).open(sent)
    left = {name: value for name, value in said.items() if not (name in ATTRIBUTES and puts_back(name, value, read))}
    fixed = next((name for name in FIXED if name in left), None)
    if fixed is not None:
        raise BadRequest(f"/{fixed}", "fixed", "It cannot change after the order was placed: leave it out.")
    return left


def puts_back(name: str, value: Any, read: OrderView) -> bool:
    """Whether this is what is read of the attribute now; an id, or cash, that is null may come back as 0."""
    shown = ATTRIBUTES[name](read)
    may_be_zero = shown is None and (name.endswith("_id") or name == "cash")
    return reads_same(value, shown) or (may_be_zero and whole_of(value) == 0)


def check_level(before: OrderAccess, changes: Mapping[str, Any]) -> None:
    """Raises ForbiddenProblem where others than levels 0 and 2 change more than the status."""
    denied = next((name for name in changes if name not in WITH_A_STATUS), None)
    if denied and not before.actors & LEVELS_0_AND_2:
        detail = "Only levels 0 and 2 can change this field: send the status alone."
        raise ForbiddenProblem("forbidden", detail, pointer=f"/{denied}")


def update(before: OrderAccess, changes: Mapping[str, Any], found: Answer) -> Order:
    """The fields first, then the status, which may need them (a driver that is named, and accepts).

    `found` is what is known of a new point. The order is locked, and comes back as it then is.
    """
    order, caller = before.order, before.caller
    name = changes.get("transition", "")
    target = NAMES[name] if name else Status(changes["status"]) if "status" in changes else None
    accepts = target == Status.ACCEPTED_BY_BUSINESS and order.accepted_at is None
    minutes = {name: changes[name] for name in ("prepared_in", "delivered_in") if name in changes}
    fields = fields_of(changes, order.currency)
    if not accepts:
        fields |= minutes
    if fields:
        if (minutes and not accepts) or not fields.keys().isdisjoint(AS_ORDERED):
            fields["reason_code"], fields["reason"] = reason_of(changes.get("reason"))
        order = change_order(order_id=order.pk, caller=caller, fields=fields, found=found)
    if target is None:
        return order
    access = access_of(caller, order)
    # Only where the core asks for a reason is the dialect's name one.
    said = changes.get("reason") or access.asks_reason(target)
    code, reason = reason_of(changes.get("reason")) if said else ("", "")
    to = Status(changes["status"]) if "status" in changes else None
    proof = changes.get("proof", "")
    wish = Wish(
        to=to, name=name, reason_code=code, reason=reason, code=proof, proof=proof, **(minutes if accepts else {})
    )
    return move_on(access, wish)


def fields_of(changes: Mapping[str, Any], currency: str) -> dict[str, Any]:
    """The changed attributes as our services name them."""
    fields: dict[str, Any] = {}
    if "paymethod_id" in changes:
        fields["payment_method"] = PAYMETHOD_NAMES[changes["paymethod_id"]]
    if "delivery_datetime" in changes:
        fields["deliver_at"] = asked_for(changes["delivery_datetime"], timezone.now())
    if "comment" in changes:
        fields["comment"] = changes["comment"]
    if "driver_id" in changes:
        fields["driver"] = driver_named(changes["driver_id"])
    if "driver_tip" in changes:
        fields["driver_tip"] = minor_amount(changes["driver_tip"], currency, "/driver_tip")
    if "cash" in changes:
        fields["cash"] = as_cash(changes["cash"], currency)
    if "location" in changes:
        fields |= destination_of(changes["location"])
    return fields


def destination_of(point: Mapping[str, Any]) -> dict[str, Any]:
    """A place of theirs as our services name its parts."""
    said: dict[str, Any] = {name: point[name] for name in ("address", "address_notes") if point[name]}
    return said if point["lat"] is None else {"location": {"lat": point["lat"], "lng": point["lng"]}, **said}


def driver_named(user_id: int) -> int | None:
    """The driver that a user is, None for 0; raises BadRequest for another, as the core does for one out of reach."""
    driver_id = driver_of_user(user_id) if user_id else None
    if user_id and driver_id is None:
        raise BadRequest("/driver_id", "unknown", "There is no such driver, or it is not yours to choose.")
    return driver_id


urlpatterns = [
    path("orders", OrdersView.as_view()),
    path("orders/<id:order_id>", OneOrderView.as_view()),
]
