"""The shop's calls: parse → the same service → render."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from orders.dialects.base import STATUS_CODES, DialectView, FormParser, PartsParser
from orders.dialects.shop.inputs import (
    CreateInput,
    EditItemInput,
    FlagInput,
    HistoryInput,
    ItemInput,
    ListInput,
    StatusInput,
    TrackingInput,
    as_item,
    as_options,
    as_placing,
    told_its_vendor,
)
from orders.dialects.shop.outputs import (
    EditedOutput,
    HistoryOutput,
    ListOutput,
    OrderOutput,
    StatusOutput,
    render_edited,
    render_event,
    render_order,
    render_row,
    render_status,
)
from orders.dialects.shop.words import CANCELS, DIALECT, TITLE, flags_of, refusal
from orders.lifecycle.table import Status
from orders.models import ItemChange
from orders.reading.event_views import view_own_event
from orders.reading.order_view import OrderView
from orders.reading.selectors import payment_due, read_order, visible_reading_as, with_its_parts
from orders.services.editing.item_changes import Edited, EditWish, alter_item, edit_items
from orders.services.editing.order_fields import add_tracking_number
from orders.services.moving.goals import Goal, move_to, reach_goal
from orders.services.moving.labels import read_labels, set_label
from orders.services.moving.notes import add_note
from orders.services.moving.transitions import all_or_nothing
from orders.services.paying.payment_checks import approve_payment
from orders.services.placing.locating import locate_placing
from orders.services.placing.parties import Placing
from orders.services.placing.placing import place
from orders.services.record.access import OrderAccess, access_of, get_order
from ordersite.accounts.authentication import caller_of
from ordersite.accounts.callers import Caller
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Conflict, blaming_field
from ordersite.core.fields import Field
from ordersite.core.replica import from_replica
from ordersite.web.pagination import NARROW, count_rows, read_page
from ordersite.web.parsing import LenientJsonParser
from ordersite.web.problems import BadRequest, Problem
from ordersite.web.views import parse, who_asks

Action = ItemChange.Action


class ShopView(DialectView):
    """Every call is a known caller's, its body JSON or a form."""

    dialect = DIALECT
    parser_classes = [LenientJsonParser, FormParser, PartsParser]
    permission_classes = [IsAuthenticated]

    def refuse(self, problem: Problem) -> tuple[int, Any, Mapping[str, str]]:
        # Statuses are told as this instance names them.
        return refusal(problem, read_labels() if "allowed_transitions" in problem.extra else None)


def order_response(access: OrderAccess, status: int = 200) -> Response:
    """The order as it stands now."""
    return Response(render_order(OrderView(with_its_parts(access)), read_labels()), status=status)


class OrdersView(ShopView):
    """All orders."""

    @extend_schema(parameters=[ListInput], responses={200: ListOutput}, operation_id="listOrders")
    @from_replica
    def get(self, request: Request) -> Response:
        """The orders that the caller sees, newest first: a customer its own, a vendor's people theirs, staff all."""
        caller, given = caller_of(request), parse(ListInput, request.query_params)
        labels, status_id = read_labels(), given.get("statusId")
        label = labels.find(status_id) if status_id else None
        if status_id and label is None:
            raise BadRequest("?statusId", "unknown", "There is no status with this id: read the list of statuses.")
        orders = visible_reading_as(
            caller,
            label,
            is_first=label is not None and labels.first(label.core_status) == label,
            customer_id=given.get("customerId"),
            email=given.get("email"),
        )
        start = (given["page"] - 1) * given["limit"]
        counted = count_rows(orders)
        page = read_page(orders, counted, start, given["limit"], remedy=NARROW)
        rows = [render_row(OrderView(access_of(caller, order)), labels) for order in page]
        return Response({"orders": rows, "page": given["page"], "limit": given["limit"], "total": counted.count})

    @extend_schema(request=CreateInput, responses={201: OrderOutput}, operation_id="createOrder")
    def post(self, request: Request) -> Response:
        """Places an order, for the caller or, by staff and the vendor's people, for somebody else.

        Without items it is filled later: the vendor sees it from the first item on.
        """
        caller = caller_of(request)
        placed = place(placing=self.prepared(), caller=caller)
        customer, order = placed.purchase.customer, placed.orders[0]
        if caller.user is not None and customer.user_id == caller.user.pk:
            # Its customer row may be as new as the order.
            caller = replace(caller, customer_id=customer.pk)
        access = access_of(caller, order)
        # Who placed it for another is not its customer.
        return order_response(access if access.readers else read_order(caller, order.pk), 201)

    def before_post(self, request: Request) -> Placing:
        """What is to be placed, with the point of an address that came without one."""
        caller = caller_of(request)
        placing = as_placing(parse(CreateInput, request.data), caller)
        return locate_placing(placing, caller=caller, who=who_asks(request))


class OneOrderView(ShopView):
    """One order."""

    @extend_schema(responses={200: OrderOutput}, operation_id="getOrder")
    def get(self, request: Request, id: int) -> Response:
        """One order with its items, price, status, customer and history, for whoever is a party to it."""
        return order_response(read_order(caller_of(request), id))


class StatusesView(ShopView):
    """All statuses of this instance: a bare array."""

    @extend_schema(responses={200: StatusOutput(many=True)}, operation_id="listStatuses")
    def get(self, request: Request) -> Response:
        """All statuses of this instance, which staff may add to and rename. Their ids set an order's status."""
        return Response([render_status(label) for label in read_labels().rows])


def edited_response(caller: Caller, order_id: int, edited: Edited | None, status: int = 200) -> Response:
    """202 where the change waits for the customer."""
    change = edited.change if edited else None
    waits = change is not None and change.state == ItemChange.State.WAITING
    order = OrderView(read_order(caller, order_id))
    return Response(render_edited(order, read_labels(), change), status=202 if waits else status)


def reason_for(caller: Caller, order_id: int) -> str:
    """What is written as the reason of a change of items: once they are prepared, one is asked for."""
    return TITLE if get_order(caller=caller, order_id=order_id).prepared_at else ""


class ItemsView(ShopView):
    """The items of an order."""

    @extend_schema(request=ItemInput, responses={201: EditedOutput, 202: EditedOutput}, operation_id="addItem")
    def post(self, request: Request, id: int) -> Response:
        """Adds an item to an order: price, tax, payment and stock follow.

        202 where the order becomes dearer, and its customer is asked first: it stands as it was until it consents.
        """
        caller, given = caller_of(request), parse(ItemInput, request.data)
        wish = EditWish(action=Action.ADD, item=as_item(given), reason=reason_for(caller, id))
        with told_its_vendor(given["productId"]):
            edited = edit_items(order_id=id, caller=caller, wish=wish)
        return edited_response(caller, id, edited, 201)

    @extend_schema(request=EditItemInput, responses={200: EditedOutput, 202: EditedOutput}, operation_id="editItem")
    def put(self, request: Request, id: int) -> Response:
        """Changes the quantity of an item, its product or what is chosen: price, tax, payment and stock follow.

        202 where the order becomes dearer, and its customer is asked first. Another product comes with the choices that
        are sent alone.
        """
        caller, given = caller_of(request), parse(EditItemInput, request.data)
        reason = reason_for(caller, id)
        with told_its_vendor(given.get("productId")), blaming_field(Field.LINE, "not_found"):
            edited = alter_item(
                order_id=id,
                caller=caller,
                line_id=given["itemId"],
                product=given.get("productId"),
                quantity=given.get("quantity"),
                options=as_options(given),
                reason=reason,
            )
        return edited_response(caller, id, edited)


class ItemView(ShopView):
    """One item of an order."""

    @extend_schema(responses={200: EditedOutput, 202: EditedOutput}, operation_id="deleteItem")
    def delete(self, request: Request, id: int, itemId: int) -> Response:
        """Takes an item off an order; what was paid for it goes back. The last item stays: cancel the order instead."""
        caller = caller_of(request)
        wish = EditWish(action=Action.REMOVE, line=itemId, reason=reason_for(caller, id))
        return edited_response(caller, id, edit_items(order_id=id, caller=caller, wish=wish))


class StatusView(ShopView):
    """What an order reads as."""

    @extend_schema(request=StatusInput, responses={200: OrderOutput}, operation_id="setStatus")
    def patch(self, request: Request, id: int) -> Response:
        """Lets an order read as another status of this instance, where the life cycle allows it; staff may force it.

        Refused, `allowedStatuses` tells what `statusId` may be instead.
        """
        caller, given = caller_of(request), parse(StatusInput, request.data)
        with blaming_field(Field.LABEL, *STATUS_CODES):
            order = set_label(
                order_id=id,
                caller=caller,
                label_id=given["statusId"],
                reason=TITLE,
                name=given.get("transition", ""),
                proof=given["proof"],
            )
        return order_response(access_of(caller, order))


class TrackingView(ShopView):
    """A parcel carrier's number."""

    @extend_schema(request=TrackingInput, responses={200: OrderOutput}, operation_id="addTrackingNumber")
    def post(self, request: Request, id: int) -> Response:
        """Adds the number by which a parcel carrier's parcel is followed, which all parties see."""
        caller, given = caller_of(request), parse(TrackingInput, request.data)
        add_tracking_number(
            order_id=id,
            caller=caller,
            tracking_number=given["trackingNumber"],
            carrier=given["carrier"],
        )
        return order_response(read_order(caller, id))


class HistoryView(ShopView):
    """An order's history."""

    @extend_schema(request=HistoryInput, responses={201: HistoryOutput}, operation_id="addHistory")
    def post(self, request: Request, id: int) -> Response:
        """Adds a record by hand to an order's history, which all its parties read."""
        text = parse(HistoryInput, request.data)["text"]
        event = add_note(order_id=id, caller=caller_of(request), text=text, visible_to="everybody")
        return Response(render_event(view_own_event(event)), status=201)


class FlagView(ShopView, ABC):
    """Sets one flag of an order's state; one that stands already answers as if it had just been set."""

    flag = ""

    @abstractmethod
    def change(self, caller: Caller, order_id: int, proof: str) -> None:
        """Does what the flag means."""

    @extend_schema(request=FlagInput, responses={200: OrderOutput})
    def patch(self, request: Request, id: int) -> Response:
        data = request.data
        if isinstance(data, dict) and data.keys() == {self.flag}:
            data = {"value": data[self.flag]}
        caller, given = caller_of(request), parse(FlagInput, data)
        order = OrderView(access_of(caller, get_order(caller=caller, order_id=id)))
        if not flags_of(order)[self.flag]:
            self.change(caller, id, given["proof"])
        return order_response(read_order(caller, id))


class PaidView(FlagView):
    """The money was received: by staff, or by the vendor for cash and for transfers into its own hands."""

    operation = "setPaid"
    flag = "paid"

    def change(self, caller: Caller, order_id: int, proof: str) -> None:
        payment_id = payment_due(order_id)
        if payment_id is None:
            raise Conflict(FaultCode.NOTHING_DUE_ANYWHERE)
        with all_or_nothing(order_id=order_id, caller=caller):
            while payment_id is not None:
                approve_payment(order_id=order_id, payment_id=payment_id, caller=caller)
                payment_id = payment_due(order_id)


class DoneView(FlagView):
    """Completes the order."""

    operation = "setDone"
    flag = "done"

    def change(self, caller: Caller, order_id: int, proof: str) -> None:
        move_to(order_id=order_id, caller=caller, to=Status.COMPLETED, reason=TITLE)


class CancelView(FlagView):
    """Cancels the order: by its customer, its vendor or staff, each as long as it may. What was paid goes back."""

    operation = "cancelOrder"
    flag = "canceled"

    def change(self, caller: Caller, order_id: int, proof: str) -> None:
        access = access_of(caller, get_order(caller=caller, order_id=order_id))
        allowed = {one.to for one in access.allowed()}
        meant = [target for actor, target in CANCELS.items() if actor in access.actors]
        # Whoever is several at once does what it may; whoever is none of them is refused as the vendor's cancelling is.
        target = next((one for one in meant if one in allowed), [*meant, Status.REJECTED_BY_BUSINESS][0])
        move_to(order_id=order_id, caller=caller, to=target, reason=TITLE)


class SentView(FlagView):
    """The order is on its way, or ready where its customer comes for it: every step to there that is left is made."""

    operation = "setSent"
    flag = "sent"

    def change(self, caller: Caller, order_id: int, proof: str) -> None:
        reach_goal(order_id=order_id, caller=caller, goal=Goal.SENT, reason=TITLE)


class DeliveredView(FlagView):
    """The customer has the order: every step to there that is left is made."""

    operation = "setDelivered"
    flag = "delivered"

    def change(self, caller: Caller, order_id: int, proof: str) -> None:
        reach_goal(order_id=order_id, caller=caller, goal=Goal.DELIVERED, reason=TITLE, proof=proof)


ORDER = "System/Orders/<id:id>"
urlpatterns = [
    path("System/Orders", OrdersView.as_view()),
    path("System/Orders/Statuses", StatusesView.as_view()),
    path(ORDER, OneOrderView.as_view()),
    path(f"{ORDER}/item", ItemsView.as_view()),
    path(f"{ORDER}/item/<id:itemId>", ItemView.as_view()),
    path(f"{ORDER}/status", StatusView.as_view()),
    path(f"{ORDER}/tracking", TrackingView.as_view()),
    path(f"{ORDER}/history", HistoryView.as_view()),
    path(f"{ORDER}/paid", PaidView.as_view()),
    path(f"{ORDER}/done", DoneView.as_view()),
    path(f"{ORDER}/cancel", CancelView.as_view()),
    path(f"{ORDER}/sent", SentView.as_view()),
    path(f"{ORDER}/delivered", DeliveredView.as_view()),
]
