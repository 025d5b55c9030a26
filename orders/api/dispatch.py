"""What a driver may take: the orders that are offered to it, or in search of somebody."""

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from orders.api.dispatch_outputs import OfferOutput
from orders.api.ledgers import driver_of
from orders.reading.order_view import OrderView
from orders.services.moving.dispatch import decline_offer
from orders.services.record.access import access_of, with_parties
from orders.visibility import acceptable_orders
from ordersite.accounts.callers import caller_of
from ordersite.web.pagination import paginate
from ordersite.web.schema import PAGE_PARAMETERS, ordering_parameter, page_schema
from ordersite.web.views import ApiView, render

ORDERINGS = {"placed_at": ("placed_at", "id"), "id": ("id",)}


class OffersView(ApiView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        parameters=[ordering_parameter("placed_at", "id"), *PAGE_PARAMETERS],
        responses=page_schema(OfferOutput),
        operation_id="listOffers",
    )
    def get(self, request: Request) -> Response:
        """The orders that the driver could take now, the oldest first.

        Those that it is asked for by name; while on duty also those in search of a driver: at its vendor for a vendor's
        courier, those of its company for a company's driver, at every vendor for one who drives for the site. Where the
        vendor has some drivers asked at a time, only those that this driver was asked for, until `answer_by`. Take one
        by `POST /orders/{id}/transitions` with `{"to": "accepted_by_driver"}`.
        """
        driver_of(request)
        caller = caller_of(request)
        return paginate(
            request,
            with_parties(acceptable_orders(caller)).select_related("package"),
            lambda order: render(OfferOutput, OrderView(access_of(caller, order))),
            orderings=ORDERINGS,
            default="placed_at",
        )


class DeclineView(ApiView):
    permission_classes = [IsAuthenticated]

    @extend_schema(request=None, responses={204: None}, operation_id="declineOffer")
    def post(self, request: Request, order_id: int) -> Response:
        """The driver does not take the order: it is not asked for it again for a while, and whoever is next is asked.

        An order for which it was named is on offer to others again. Declined twice is declined once; what is not on
        offer to the driver any more is 409.
        """
        driver_of(request)
        decline_offer(order_id=order_id, caller=caller_of(request))
        return Response(status=204)
