"""This instance's names for statuses."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from orders.api.inputs import LabelInput
from orders.api.outputs import LabelOutput
from orders.models import StatusLabel
from orders.services.moving.labels import add_label, change_label, delete_label
from ordersite.accounts.authentication import caller_of
from ordersite.web.views import READS, ApiView, parse, render


class LabelList(serializers.Serializer):
    results = LabelOutput(many=True)


class LabelsView(ApiView):
    """This instance's names for the statuses."""

    public = READS
    devices = ("GET",)

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
