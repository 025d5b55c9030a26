"""Wallets: what they hold, their entries, and putting money in."""

from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from orders.api.gateway import PaidTopUpInput, PaidTopUpOutput, person_of, render_payment
from orders.api.inputs import TopUpInput
from orders.api.outputs import EntryOutput, WalletOutput
from orders.models import Entry
from orders.services.money.wallets import top_up_by_hand, wallet_entries, wallets_of
from orders.services.paying.top_ups import request_top_up
from ordersite.accounts.authentication import caller_of
from ordersite.accounts.rights import Right
from ordersite.core.money import as_json
from ordersite.core.replica import from_replica
from ordersite.web.pagination import paginate
from ordersite.web.schema import PAGE_PARAMETERS, page_schema
from ordersite.web.views import ApiView, parse, render


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
        responses=page_schema(EntryOutput),
        operation_id="listWalletEntries",
    )
    @from_replica
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
