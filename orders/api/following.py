"""Following one order by its tracking code, without a login."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from orders.api.inputs import TrackInput
from orders.api.tracked_outputs import TrackedOutput, TrackOutput
from orders.reading.following import count_try, followed_together
from orders.reading.order_view import view_for_public
from orders.reading.purchases import least_advanced
from orders.reading.selectors import read_events
from ordersite.web.problems import NotFoundProblem
from ordersite.web.throttling import client_address
from ordersite.web.views import ApiView, parse, render


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
            problem = NotFoundProblem("There is no order with this code.")
            problem.keeps_writes = True
            raise problem
        read_events(orders)
        first = orders[0] if len(orders) == 1 else least_advanced(orders)
        body = render(TrackOutput, view_for_public(first))
        tracked = [view_for_public(order) for order in orders] if len(orders) > 1 else []
        body["orders"] = [render(TrackedOutput, order) for order in tracked]
        return Response(body)
