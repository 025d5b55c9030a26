"""Online payments: notices of providers, and a customer's saved cards and accounts."""

import urllib.parse
from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from orders.api.outputs import PaymentOutput
from orders.models import Payment
from orders.reading.payment_views import view_own_payment
from orders.services.paying.provider_answers import take_notice
from orders.services.paying.providers import PROVIDERS
from orders.services.paying.providers.protocol import Notice
from orders.services.paying.saved_methods import forget_method, methods_of
from ordersite.accounts.authentication import caller_of
from ordersite.accounts.models import User
from ordersite.web.parsing import JsonParser
from ordersite.web.problems import ForbiddenProblem
from ordersite.web.serializers import IdField, Input, LineField, MoneyField
from ordersite.web.views import ApiView, render
from vendors.payment_methods import METHOD_NAMES

MOST_FIELDS = 20


class FormParser(BaseParser):
    """application/x-www-form-urlencoded with a few fields; the last of a name counts."""

    media_type = "application/x-www-form-urlencoded"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, str]:
        raw = stream.read(settings.MAX_BODY_BYTES)
        try:
            return dict(urllib.parse.parse_qsl(raw.decode(errors="replace"), max_num_fields=MOST_FIELDS))
        except ValueError as error:
            raise ParseError("The form has too many fields: send only the id.") from error


class NoticeInput(serializers.Serializer):
    id = LineField(max_length=100, help_text="The provider's reference of the payment; other fields are ignored.")


class ProviderView(ApiView):
    """Asks a payment provider, which may take seconds: no transaction is around the call, its service opens its own."""

    keeps_answers = False

    def run_unsafe(self, call: Any) -> Response:
        return call()


class PaymentNoticesView(ProviderView):
    """A payment provider tells that something has changed: it is asked what. Anybody may call, and learns nothing."""

    authentication_classes = []
    permission_classes = [AllowAny]
    parser_classes = [FormParser, JsonParser]

    @extend_schema(
        # JSON is read too. A generated client has one type for a body, and sends what it finds here.
        request={"application/x-www-form-urlencoded": NoticeInput},
        responses={200: None},
        parameters=[OpenApiParameter("provider", {"type": "string", "enum": list(PROVIDERS)}, "path")],
    )
    def post(self, request: Request, provider: str) -> Response:
        body = request.body
        fields = request.data if isinstance(request.data, dict) else {}
        notice = Notice(body=body, fields=fields, query=request.query_params.dict(), headers=request.headers)
        take_notice(provider=provider, notice=notice)
        return Response(status=200)


class PaidTopUpInput(Input):
    """Money that a customer pays into its own wallet."""

    amount = MoneyField(minimum=1)
    payment_method = serializers.ChoiceField(choices=METHOD_NAMES)
    save_payment_method = serializers.BooleanField(default=False)
    saved_payment_method = IdField(required=False, allow_null=True)


class PaidTopUpOutput(serializers.Serializer):
    """The wallet is filled once it is paid, at `checkout_url` or (of a saved method) within seconds."""

    payment = PaymentOutput()


def render_payment(payment: Payment) -> dict[str, Any]:
    """A payment for whoever makes it."""
    rendered: dict[str, Any] = render(PaymentOutput, view_own_payment(payment))
    return rendered


class SavedMethodOutput(serializers.Serializer):
    """A card or account that can be charged again."""

    id = serializers.IntegerField()
    payment_method = serializers.CharField(source="provider")
    label = serializers.CharField(  # type: ignore[assignment]
        help_text="Such as Mastercard •••• 6787."
    )
    created_at = serializers.DateTimeField()


class SavedMethodList(serializers.Serializer):
    results = SavedMethodOutput(many=True)


def person_of(request: Request) -> User:
    """The user who calls; raises ForbiddenProblem for a merchant's token."""
    user = caller_of(request).user
    if user is None:
        raise ForbiddenProblem("not_a_user", "An API token acts for a merchant: sign in as a person for this call.")
    return user


def customer_id_of(request: Request) -> int:
    """The id of the person's customer, 0 where it has not ordered yet; raises ForbiddenProblem as person_of does."""
    person_of(request)
    return caller_of(request).customer_id or 0


class PaymentMethodsView(ApiView):
    """The caller's saved cards and accounts."""

    @extend_schema(responses=SavedMethodList, operation_id="listPaymentMethods")
    def get(self, request: Request) -> Response:
        rows = methods_of(customer_id_of(request))
        return Response({"results": [render(SavedMethodOutput, row) for row in rows]})


class PaymentMethodView(ProviderView):
    """One saved card or account."""

    @extend_schema(responses={204: None})
    def delete(self, request: Request, method_id: int) -> Response:
        """The provider forgets it too; while that cannot be reached it stays (503)."""
        forget_method(customer_id=customer_id_of(request), method_id=method_id)
        return Response(status=204)
