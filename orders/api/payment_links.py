"""The link by which an order is paid."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from orders.services.paying.payment_links import payment_link
from ordersite.accounts.authentication import caller_of
from ordersite.web.serializers import Input
from ordersite.web.views import ApiView, parse, render


class PaymentLinkInput(Input):
    send = serializers.BooleanField(default=False, help_text="Whether to e-mail the link to the customer.")


class PaymentLinkOutput(serializers.Serializer):
    """Whoever has the link can pay, and sees no more of the order than its vendor, number and amount."""

    url = serializers.CharField()
    expires_at = serializers.DateTimeField(allow_null=True)
    sent_to = serializers.EmailField(allow_null=True)


class PaymentLinkView(ApiView):
    """Where an unpaid order is paid online; for its customer, its vendor and staff."""

    permission_classes = [AllowAny]

    @extend_schema(request=PaymentLinkInput, responses={200: PaymentLinkOutput})
    def post(self, request: Request, order_id: int) -> Response:
        """The link of what is left to be paid online; it switches nothing."""
        given = parse(PaymentLinkInput, request.data)
        link = payment_link(order_id=order_id, caller=caller_of(request), send=given["send"])
        return Response(render(PaymentLinkOutput, link))
