"""Labels of statuses, public tracking, and wallets."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from orders.api.gateway import PaidTopUpInput, PaidTopUpOutput, person_of, render_payment
from orders.api.inputs import LabelInput, TopUpInput, TrackInput
from orders.api.outputs import EntryOutput, LabelOutput, TrackedOutput, TrackOutput, WalletOutput
from orders.models import Entry, StatusLabel
from orders.reading.following import count_try, followed_together
from orders.reading.purchases import least_advanced
from orders.services.money.wallets import top_up_by_hand, wallet_entries, wallets_of
from orders.services.moving.labels import add_label, change_label, delete_label
from orders.services.paying.top_ups import request_top_up
from ordersite.accounts.callers import caller_of
from ordersite.accounts.rights import Right
from ordersite.core.money import as_json
from ordersite.web.pagination import paginate
from ordersite.web.problems import NotFound
from ordersite.web.schema import PAGE_PARAMETERS, page_of
from ordersite.web.throttling import client_address
from ordersite.web.views import READS, ApiView, parse, render


class LabelList(serializers.Serializer):
    results = LabelOutput(many=True)


class LabelsView(ApiView):
    """This instance's names for the statuses."""

    public = READS

    def get_permissions(self) -> list[Any]:
        return [AllowAny()] if self.request.method == "GET" else [IsAuthenticated()]

    @extend_schema(responses=LabelList, operation_id="listStatuses")
    def get(self, request: Request) -> Response:
        """The names that this instance gives to statuses besides its own."""
        return Response({"results": [render(LabelOutput, label) for label in StatusLabel.objects.all()]})

    @extend_schema(request=LabelInput, responses={201: LabelOutput})
    def post(self, request: Request) -> Response:
        """Give a status another name; by staff."""
        label = add_label(caller=caller_of(request), **parse(LabelInput, request.data))
        return Response(render(LabelOutput, label), status=201)


class LabelView(ApiView):
    """One name for a status, kept by staff."""

    permission_classes = [IsAuthenticated]

    @extend_schema(request=LabelInput, responses=LabelOutput)
    def patch(self, request: Request, label_id: int) -> Response:
        """Change a name for a status, or its message; by staff."""
        fields = parse(LabelInput, request.data, partial=True)
        label = change_label(caller=caller_of(request), label_id=label_id, fields=fields)
        return Response(render(LabelOutput, label))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, label_id: int) -> Response:
        """Take a name for a status away; by staff."""
        delete_label(caller=caller_of(request), label_id=label_id)
        return Response(status=204)


class TrackView(ApiView):
    """Follows one order by its code, without a login."""

    permission_classes = [AllowAny]
    public = ["POST"]

    @extend_schema(request=TrackInput, responses={200: TrackOutput})
    def post(self, request: Request) -> Response:
        code = parse(TrackInput, request.data)["code"]
        count_try(client_address(request))
        orders = followed_together(code, timezone.now())
        if not orders:
            # Tries are counted whether they find something or not.
            problem = NotFound("There is no order with this code.")
            problem.keeps_writes = True
            raise problem
        first = orders[0] if len(orders) == 1 else least_advanced(orders)
        body = render(TrackOutput, first)
        body["orders"] = [render(TrackedOutput, order) for order in orders] if len(orders) > 1 else []
        return Response(body)


class WalletView(ApiView):
    """What the caller's wallets hold."""

    @extend_schema(responses=WalletOutput)
    def get(self, request: Request) -> Response:
        customer_id = caller_of(request).customer_id
        wallets = wallets_of(customer_id) if customer_id else []
        return Response({"balances": [as_json(wallet.balance or 0, wallet.currency) for wallet in wallets]})


class WalletEntriesView(ApiView):
    """Every movement of the caller's wallets, newest first."""

    @extend_schema(
        parameters=[*PAGE_PARAMETERS],
        responses=page_of(EntryOutput),
        operation_id="listWalletEntries",
    )
    def get(self, request: Request) -> Response:
        customer_id = caller_of(request).customer_id
        entries = wallet_entries(customer_id) if customer_id else Entry.objects.none()
        return paginate(
            request, entries, lambda entry: render(EntryOutput, entry), orderings={"id": ("id",)}, default="-id"
        )


class TopUpView(ApiView):
    """Money put into a wallet: by staff into any customer's, by a customer into its own through a payment."""

    @extend_schema(
        request=PolymorphicProxySerializer("TopUp", [TopUpInput, PaidTopUpInput], None),
        responses={201: PolymorphicProxySerializer("TopUpAnswer", [WalletOutput, PaidTopUpOutput], None)},
    )
    def post(self, request: Request) -> Response:
        if isinstance(request.data, dict) and "customer" in request.data:
            return self.by_staff(request)
        given, user = parse(PaidTopUpInput, request.data), person_of(request)
        payment = request_top_up(
            user=user,
            amount=given["amount"],
            method=given["payment_method"],
            saved_id=given.get("saved_payment_method"),
            saves=given["save_payment_method"],
        )
        return Response({"payment": render_payment(payment)}, status=201)

    def by_staff(self, request: Request) -> Response:
        caller = caller_of(request)
        caller.require(Right.TOP_UP_WALLETS)
        given = parse(TopUpInput, request.data)
        amount = given["amount"]
        top_up_by_hand(
            caller=caller,
            customer_id=given["customer"],
            currency=amount.currency,
            amount=amount.minor,
            text=given["text"],
        )
        wallets = wallets_of(given["customer"])
        return Response({"balances": [as_json(w.balance or 0, w.currency) for w in wallets]}, status=201)
