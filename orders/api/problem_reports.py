"""What the customer says is wrong with an order."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from orders.models import ProblemReport
from orders.services.moving.problem_reports import list_problems, report_problem
from ordersite.accounts.authentication import caller_of
from ordersite.web.serializers import IdField, Input, ParagraphField
from ordersite.web.views import ApiView, parse, render

MOST_TEXT = ProblemReport._meta.get_field("text").max_length
MOST_ITEMS = 100


class ProblemInput(Input):
    """What is wrong."""

    reason = serializers.ChoiceField(choices=ProblemReport.Reason.choices)
    text = ParagraphField(
        max_length=MOST_TEXT, allow_blank=True, default="", help_text="In your own words; needed for `other`."
    )
    items = serializers.ListField(
        child=IdField(),
        max_length=MOST_ITEMS,
        default=list,
        help_text="The ids of the items that it is about; empty if it is about the whole order.",
    )


class ReportedItemOutput(serializers.Serializer):
    item = serializers.IntegerField()
    name = serializers.CharField(
        help_text='As it was called then; of several of one name with place and choices: "2. Burger (Large)".'
    )


class ProblemOutput(serializers.Serializer):
    """A problem that the customer reported."""

    number = serializers.IntegerField(help_text="The order's version that told it.")
    reason = serializers.ChoiceField(choices=ProblemReport.Reason.choices)
    text = serializers.CharField()
    items = ReportedItemOutput(many=True)
    created_at = serializers.DateTimeField(help_text="When it was reported.")
    settled_at = serializers.DateTimeField(allow_null=True, help_text="When staff had seen to it; null until then.")
    settled_note = serializers.CharField(help_text="What staff did about it, in their words.")


class ProblemList(serializers.Serializer):
    """What was reported of an order, the oldest first."""

    results = ProblemOutput(many=True)


class ProblemsView(ApiView):
    """The problems that the customer reported."""

    permission_classes = [AllowAny]

    @extend_schema(responses=ProblemList, operation_id="readProblems")
    def get(self, request: Request, order_id: int) -> Response:
        """List them, the oldest first: for the customer, the vendor and staff."""
        problems = list_problems(order_id=order_id, caller=caller_of(request))
        return Response({"results": [render(ProblemOutput, problem) for problem in problems]})

    @extend_schema(request=ProblemInput, responses={201: ProblemOutput}, operation_id="reportProblem")
    def post(self, request: Request, order_id: int) -> Response:
        """Report one, by the customer: from placing on until 14 days after the order is over.

        The vendor and staff are told. At most three can wait to be settled; the same one sent again answers the first.
        """
        given: dict[str, Any] = parse(ProblemInput, request.data)
        given["item_ids"] = given.pop("items")
        problem = report_problem(order_id=order_id, caller=caller_of(request), **given)
        return Response(render(ProblemOutput, problem), status=201)
