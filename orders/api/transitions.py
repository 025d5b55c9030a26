"""Moving orders on, and their history."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from orders.api.inputs import NoteInput, TrackingNumberInput, TransitionInput
from orders.api.orders import EXPAND, IF_MATCH
from orders.api.outputs import AllowedOutput, EventOutput, OrderChanged
from orders.api.rendering import changed_response, render_events
from orders.reading.event_views import view_own_event
from orders.reading.order_view import OrderView
from orders.services.editing.order_fields import add_tracking_number
from orders.services.moving.notes import add_note
from orders.services.moving.transitions import Wish, start_preparing, transition
from orders.services.record.access import access_of, get_order
from ordersite.accounts.authentication import caller_of
from ordersite.web.views import ApiView, if_match, parse, render


class AllowedList(serializers.Serializer):
    """What the caller may do now."""

    allowed_transitions = AllowedOutput(many=True)


class History(serializers.Serializer):
    """What happened to an order, as the caller may see it."""

    results = EventOutput(many=True)


class TransitionsView(ApiView):
    """What this caller may do now; do it."""

    permission_classes = [AllowAny]
    devices = ("GET", "POST")

    @extend_schema(responses=AllowedList)
    def get(self, request: Request, order_id: int) -> Response:
        """What the caller may do with the order now, and what each step asks for."""
        caller = caller_of(request)
        access = access_of(caller, get_order(caller=caller, order_id=order_id))
        return Response({"allowed_transitions": [render(AllowedOutput, one) for one in access.allowed()]})

    @extend_schema(
        request=TransitionInput, parameters=[IF_MATCH, EXPAND], responses={200: OrderChanged}, operation_id="moveOrder"
    )
    def post(self, request: Request, order_id: int) -> Response:
        """Move the order on: to a status, or by the name of a transition."""
        caller = caller_of(request)
        given = parse(TransitionInput, request.data)
        wish = Wish(
            to=given.get("to"),
            name=given.get("transition", ""),
            reason_code=given["reason_code"],
            reason=given["reason"],
            prepared_in=given.get("prepared_in"),
            delivered_in=given.get("delivered_in"),
            code=given["code"],
            proof=given["proof"],
            done_at=given["done_at"],
            version=if_match(request),
        )
        return changed_response(caller, transition(order_id=order_id, caller=caller, wish=wish), request)


class StartPreparingView(ApiView):
    """Says that the kitchen has begun; the status stays."""

    permission_classes = [AllowAny]
    devices = ("POST",)

    @extend_schema(request=None, parameters=[IF_MATCH, EXPAND], responses={200: OrderChanged})
    def post(self, request: Request, order_id: int) -> Response:
        caller = caller_of(request)
        order = start_preparing(order_id=order_id, caller=caller, version=if_match(request))
        return changed_response(caller, order, request)


class HistoryView(ApiView):
    """The order's history; a note by hand."""

    permission_classes = [AllowAny]
    devices = ("GET", "POST")

    @extend_schema(responses=History)
    def get(self, request: Request, order_id: int) -> Response:
        """All that has happened to the order, as far as the reader may see it, oldest first."""
        caller = caller_of(request)
        order = get_order(caller=caller, order_id=order_id)
        return Response({"results": render_events(OrderView(access_of(caller, order)))})

    @extend_schema(request=NoteInput, responses={201: EventOutput})
    def post(self, request: Request, order_id: int) -> Response:
        """Write a note into the order's history."""
        given = parse(NoteInput, request.data)
        event = add_note(
            order_id=order_id, caller=caller_of(request), text=given["text"], visible_to=given["visible_to"]
        )
        return Response(render(EventOutput, view_own_event(event)), status=201)


class TrackingNumberView(ApiView):
    """A parcel carrier's number."""

    permission_classes = [AllowAny]
    devices = ("POST",)

    @extend_schema(request=TrackingNumberInput, parameters=[IF_MATCH, EXPAND], responses={200: OrderChanged})
    def post(self, request: Request, order_id: int) -> Response:
        caller = caller_of(request)
        given = parse(TrackingNumberInput, request.data)
        order = add_tracking_number(
            order_id=order_id,
            caller=caller,
            tracking_number=given["tracking_number"],
            carrier=given["carrier"],
            version=if_match(request),
        )
        return changed_response(caller, order, request)
