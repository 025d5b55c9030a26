"""What a kitchen does with the tickets of its board. Each call answers the ticket as it is then."""

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from orders.api.board_outputs import TicketOutput, render_ticket
from orders.api.orders import IF_MATCH
from orders.api.rendering import order_response
from orders.models import Order
from orders.reading.board import read_ticket
from orders.services.moving.kitchen import acknowledge, put_away, recall, tick_line
from orders.services.record.access import access_of
from ordersite.accounts.authentication import caller_of
from ordersite.accounts.callers import Caller
from ordersite.web.serializers import Input, StrictIntegerField
from ordersite.web.views import ApiView, if_match, parse

MOST_VERSION = 2**31 - 1


class AcknowledgeInput(Input):
    version = StrictIntegerField(
        min_value=1, max_value=MOST_VERSION, help_text="The version of the order that was shown."
    )


class TickView(ApiView):
    """A line that the kitchen has ticked off."""

    permission_classes = [AllowAny]
    devices = ("PUT", "DELETE")

    @extend_schema(request=None, parameters=[IF_MATCH], responses={200: TicketOutput}, operation_id="tickOrderItem")
    def put(self, request: Request, order_id: int, item_id: int) -> Response:
        """Tick an item off; by the vendor's people and staff. Twice is harmless."""
        caller = caller_of(request)
        order = tick_line(order_id=order_id, line_id=item_id, caller=caller, version=if_match(request))
        return ticket_response(caller, order)

    @extend_schema(request=None, parameters=[IF_MATCH], responses={200: TicketOutput}, operation_id="untickOrderItem")
    def delete(self, request: Request, order_id: int, item_id: int) -> Response:
        """Take the tick of an item back."""
        caller = caller_of(request)
        order = tick_line(order_id=order_id, line_id=item_id, caller=caller, ticked=False, version=if_match(request))
        return ticket_response(caller, order)


class AcknowledgeView(ApiView):
    """Changed and cancelled orders stay marked until the kitchen says that it has seen it."""

    permission_classes = [AllowAny]
    devices = ("POST",)

    @extend_schema(request=AcknowledgeInput, responses={200: TicketOutput}, operation_id="acknowledgeOrder")
    def post(self, request: Request, order_id: int) -> Response:
        """Acknowledge what others changed up to this version; what came after it stays marked."""
        caller = caller_of(request)
        given = parse(AcknowledgeInput, request.data)
        return ticket_response(caller, acknowledge(order_id=order_id, caller=caller, version=given["version"]))


class RecallView(ApiView):
    """The ticket of an order that was moved on."""

    permission_classes = [AllowAny]
    devices = ("POST", "DELETE")

    @extend_schema(request=None, parameters=[IF_MATCH], responses={200: TicketOutput}, operation_id="recallOrder")
    def post(self, request: Request, order_id: int) -> Response:
        """Bring a ticket back to its place: what is ready is prepared again, what is handed over is only shown."""
        caller = caller_of(request)
        return ticket_response(caller, recall(order_id=order_id, caller=caller, version=if_match(request)))

    @extend_schema(request=None, parameters=[IF_MATCH], responses={200: TicketOutput}, operation_id="putAwayOrder")
    def delete(self, request: Request, order_id: int) -> Response:
        """Put a ticket away that was only shown again."""
        caller = caller_of(request)
        return ticket_response(caller, put_away(order_id=order_id, caller=caller, version=if_match(request)))


def ticket_response(caller: Caller, order: Order) -> Response:
    """The order's ticket as it is now, with its version as its ETag."""
    return order_response(render_ticket(read_ticket(access_of(caller, order))), order)
