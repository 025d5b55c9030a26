"""The codes of a digital order."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from orders.services.capacity.codes import show_codes
from ordersite.accounts.authentication import caller_of
from ordersite.web.views import ApiView, render


class CodeOutput(serializers.Serializer):
    """One unit's code."""

    item = serializers.IntegerField(help_text="The item that the code belongs to.")
    product = serializers.IntegerField(allow_null=True)
    name = serializers.CharField()
    code = serializers.CharField(
        help_text="The customer reads the whole code, vendor and staff its last four characters only."
    )


class CodesOutput(serializers.Serializer):
    """The codes of an order; none while a part of them is missing, and of an order that is not digital."""

    codes = CodeOutput(many=True)
    missing = serializers.IntegerField(help_text="How many units have no code yet.")


class CodesView(ApiView):
    """The codes of a digital order; 409 where it is not paid, or cancelled. That they were read is kept."""

    permission_classes = [AllowAny]

    @extend_schema(responses={200: CodesOutput, 409: None}, operation_id="showCodes")
    def get(self, request: Request, order_id: int) -> Response:
        codes = show_codes(order_id=order_id, caller=caller_of(request))
        return Response(render(CodesOutput, codes), headers={"Cache-Control": "no-store"})
