"""Changing the items of an order after placing."""

from dataclasses import replace
from typing import Any

from django.db.models import prefetch_related_objects
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from orders.api.edits_outputs import ChangeOutput
from orders.api.inputs import ItemInput, as_item
from orders.api.orders import AMOUNTS, IF_MATCH
from orders.api.outputs import OrderDetail
from orders.api.rendering import order_response, render_detail
from orders.models import ItemChange
from orders.reading.item_views import ChangeView
from orders.reading.order_view import OrderView
from orders.services.editing.item_changes import (
    Edited,
    EditWish,
    accept_change,
    changes_of,
    edit_items,
    quote_edit,
    refuse_change,
)
from orders.services.record.access import access_of
from ordersite.accounts.authentication import caller_of
from ordersite.accounts.callers import Caller
from ordersite.core.fields import Field
from ordersite.core.wording import NATIVE, Wording
from ordersite.web.problems import BadRequest
from ordersite.web.serializers import Input, MoneyField, ParagraphField
from ordersite.web.views import ApiView, if_match, parse, render

Action = ItemChange.Action
MOST_REASON = 300


class EditInput(Input):
    """How a change is made; every party sees the reason."""

    quote = serializers.BooleanField(default=False, help_text="Show only the price difference, and change nothing.")
    reason = ParagraphField(max_length=MOST_REASON, allow_blank=True, default="")


class EditedItemInput(ItemInput, EditInput):
    """An item as in placing."""


class DecisionInput(Input):
    reason = ParagraphField(max_length=MOST_REASON, allow_blank=True, default="")


class AmountsOutput(serializers.Serializer):
    """What the order costs with the change."""

    subtotal = MoneyField()
    discount = MoneyField()
    delivery_fee = MoneyField()
    service_fee = MoneyField()
    driver_tip = MoneyField()
    tax_included = MoneyField(help_text="Included in the prices, not added to them.")
    tax_added = MoneyField()
    total = MoneyField()


class DecidedOutput(serializers.Serializer):
    """A change, and the order after it."""

    change = ChangeOutput()
    order = OrderDetail()


class EditedOutput(DecidedOutput):
    """A change with its difference. Where it waits, or is only quoted, the order is as it stands."""

    amounts = AmountsOutput()


class ChangeList(serializers.Serializer):
    results = ChangeOutput(many=True)


QUOTE = OpenApiParameter("quote", bool, description="Show only the price difference, and change nothing.")
REASON = OpenApiParameter("reason", {"type": "string", "maxLength": MOST_REASON})


def edited_response(caller: Caller, edited: Edited, status: int = 200) -> Response:
    order = edited.order
    body: dict[str, Any] = {
        "change": render(ChangeOutput, ChangeView(edited.change)),
        "order": render_detail(access_of(caller, order)),
    }
    if edited.priced:
        priced = edited.priced
        amounts = {name: getattr(priced, name) for name in AMOUNTS}
        body["amounts"] = render(AmountsOutput, {"currency": priced.currency, **amounts})
    return order_response(body, order, status)


def edit(request: Request, order_id: int, given: dict[str, Any], status: int = 200, **wish: Any) -> Response:
    """Makes a change, or with `quote` only shows it."""
    caller = caller_of(request)
    asked = EditWish(reason=given["reason"], version=if_match(request), **wish)
    if given["quote"]:
        return edited_response(caller, quote_edit(order_id=order_id, caller=caller, wish=asked))
    return edited_response(caller, edit_items(order_id=order_id, caller=caller, wish=asked), status)


class ItemsView(ApiView):
    """Adds an item to a placed order."""

    permission_classes = [AllowAny]

    @extend_schema(
        request=EditedItemInput,
        parameters=[IF_MATCH],
        responses={201: EditedOutput, 200: EditedOutput},
        operation_id="addItem",
    )
    def post(self, request: Request, order_id: int) -> Response:
        given = parse(EditedItemInput, request.data)
        return edit(request, order_id, given, status=201, action=Action.ADD, item=as_item(given))


# A removal has no body: its reason is a parameter.
IN_QUERY = replace(NATIVE, names={**NATIVE.names, Field.REASON: "?reason"})


class ItemView(ApiView):
    """One item of a placed order."""

    permission_classes = [AllowAny]

    @property
    def wording(self) -> Wording:
        return IN_QUERY if self.request.method == "DELETE" else NATIVE

    @extend_schema(
        request=EditedItemInput, parameters=[IF_MATCH], responses={200: EditedOutput}, operation_id="replaceItem"
    )
    def put(self, request: Request, order_id: int, item_id: int) -> Response:
        """Replace an item of a placed order by another; where that costs more, the customer is asked."""
        given = parse(EditedItemInput, request.data)
        return edit(request, order_id, given, action=Action.CHANGE, line=item_id, item=as_item(given))

    @extend_schema(parameters=[QUOTE, REASON, IF_MATCH], responses={200: EditedOutput}, operation_id="removeItem")
    def delete(self, request: Request, order_id: int, item_id: int) -> Response:
        """Take an item off a placed order. What was paid for it goes back."""
        given = parse(EditInput, asked_in_query(request))
        return edit(request, order_id, given, action=Action.REMOVE, line=item_id)


def asked_in_query(request: Request) -> dict[str, str]:
    """The fields of a removal, which has no body: a wish to be quoted must not be lost in one."""
    if request.data:
        raise BadRequest("", "no_body", "Removing an item takes no body: send quote and reason as query parameters.")
    query = {name: request.query_params[name] for name in ("quote", "reason") if name in request.query_params}
    if query.get("quote", "true") not in ("true", "false"):
        raise BadRequest("?quote", "invalid", "Send quote=true to see the price difference only, or leave it out.")
    if len(query.get("reason", "")) > MOST_REASON:
        raise BadRequest("?reason", "max_length", f"A reason has at most {MOST_REASON} characters.")
    return query


class MissingItemView(ApiView):
    """Says that an item cannot be had: what its customer chose beforehand happens, else it is asked."""

    permission_classes = [AllowAny]
    devices = ("POST",)

    @extend_schema(
        request=EditInput, parameters=[IF_MATCH], responses={200: EditedOutput}, operation_id="reportItemMissing"
    )
    def post(self, request: Request, order_id: int, item_id: int) -> Response:
        given = parse(EditInput, request.data)
        return edit(request, order_id, given, action=Action.REMOVE, line=item_id, is_missing=True)


class ChangesView(ApiView):
    """The changes of an order's items, oldest first."""

    permission_classes = [AllowAny]
    devices = ("GET",)

    @extend_schema(responses=ChangeList, operation_id="listItemChanges")
    def get(self, request: Request, order_id: int) -> Response:
        caller = caller_of(request)
        order, changes = changes_of(order_id=order_id, caller=caller)
        prefetch_related_objects([order], "lines")
        told = OrderView(access_of(caller, order)).changes(changes)
        return Response({"results": [render(ChangeOutput, change) for change in told]})


class AcceptChangeView(ApiView):
    """The customer consents to a change."""

    permission_classes = [AllowAny]

    @extend_schema(
        request=DecisionInput, parameters=[IF_MATCH], responses={200: DecidedOutput}, operation_id="acceptItemChange"
    )
    def post(self, request: Request, order_id: int, number: int) -> Response:
        return decide_change(request, accept_change, order_id, number)


class RefuseChangeView(ApiView):
    """The customer does not consent to a change, or the vendor takes it back."""

    permission_classes = [AllowAny]
    devices = ("POST",)

    @extend_schema(
        request=DecisionInput, parameters=[IF_MATCH], responses={200: DecidedOutput}, operation_id="refuseItemChange"
    )
    def post(self, request: Request, order_id: int, number: int) -> Response:
        return decide_change(request, refuse_change, order_id, number)


def decide_change(request: Request, service: Any, order_id: int, number: int) -> Response:
    caller = caller_of(request)
    reason = parse(DecisionInput, request.data)["reason"]
    edited = service(order_id=order_id, number=number, caller=caller, reason=reason, version=if_match(request))
    return edited_response(caller, edited)
