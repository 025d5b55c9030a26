"""Giving money back."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from orders.api.orders import IF_MATCH
from orders.api.outputs import OrderChanged
from orders.api.rendering import order_response, render_changed
from orders.checkout import MOST_ITEMS, MOST_QUANTITY
from orders.models import Refund
from orders.services.paying.refunds import LineWish, RefundWish, refund_order, refunds_of
from orders.services.record.access import access_of
from ordersite.accounts.authentication import caller_of
from ordersite.web.serializers import IdField, Input, MoneyField, ParagraphField, StrictIntegerField
from ordersite.web.views import ApiView, if_match, parse, render


class RefundLineInput(Input):
    """One item: so many of its units, an amount, or (neither) all that is left of it."""

    item = IdField()
    quantity = StrictIntegerField(min_value=1, max_value=MOST_QUANTITY, required=False)
    amount = MoneyField(minimum=1, required=False)

    def validate(self, attrs: Any) -> Any:
        if "quantity" in attrs and "amount" in attrs:
            raise serializers.ValidationError({"amount": ["Send a quantity or an amount, not both."]}, "both")
        return attrs


class RefundInput(Input):
    """An amount, items, or (neither) all that was paid and is not given back yet."""

    amount = MoneyField(minimum=1, required=False)
    items = RefundLineInput(many=True, allow_empty=False, max_length=MOST_ITEMS, required=False)  # type: ignore[call-arg]
    to = serializers.ChoiceField(choices=Refund.To.choices, default=Refund.To.SOURCE)
    reason = ParagraphField(
        max_length=300, allow_blank=True, default="", help_text="Visible to everyone involved in the order."
    )
    cancel = serializers.BooleanField(
        default=False,
        help_text="Also cancels the order, as a rejection by the vendor or a cancellation by staff; refused if that is "
        "not allowed now.",
    )

    def validate(self, attrs: Any) -> Any:
        if "items" in attrs and "amount" in attrs:
            raise serializers.ValidationError({"amount": ["Send an amount or items, not both."]}, "both")
        return attrs


class RefundOutput(serializers.Serializer):
    """Money that goes back by one of the order's payments."""

    id = serializers.IntegerField()
    payment = serializers.IntegerField(source="payment_id")
    amount = MoneyField()
    to = serializers.ChoiceField(choices=Refund.To.choices)
    state = serializers.ChoiceField(choices=Refund.State.choices)
    reason = serializers.CharField()
    created_at = serializers.DateTimeField()
    done_at = serializers.DateTimeField(allow_null=True)


class RefundList(serializers.Serializer):
    results = RefundOutput(many=True)


class RefundedOutput(serializers.Serializer):
    """What goes back, newest payment first, and the order after it."""

    refunds = RefundOutput(many=True)
    order = OrderChanged()


class RefundsView(ApiView):
    """What was given back of an order; give back more."""

    permission_classes = [AllowAny]

    @extend_schema(responses=RefundList, operation_id="listRefunds")
    def get(self, request: Request, order_id: int) -> Response:
        """What was given back of an order, and what is on its way."""
        refunds = refunds_of(order_id=order_id, caller=caller_of(request))
        return Response({"results": [render(RefundOutput, refund) for refund in refunds]})

    @extend_schema(
        request=RefundInput, parameters=[IF_MATCH], responses={201: RefundedOutput}, operation_id="refundOrder"
    )
    def post(self, request: Request, order_id: int) -> Response:
        """Give back an amount, items, or all that is left; with `cancel` the order is cancelled too."""
        caller = caller_of(request)
        given = parse(RefundInput, request.data)
        items = [LineWish(**item) for item in given.pop("items", [])]
        wish = RefundWish(items=items, version=if_match(request), **given)
        order, refunds = refund_order(order_id=order_id, caller=caller, wish=wish)
        body = {
            "refunds": [render(RefundOutput, refund) for refund in refunds],
            "order": render_changed(access_of(caller, order)),
        }
        return order_response(body, order, 201)
