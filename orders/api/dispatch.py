"""What a driver or a company may take: the orders that are offered to it, or in search of somebody."""

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from orders.api.carriers import dispatcher_of
from orders.api.dispatch_outputs import OfferOutput
from orders.api.ledgers import driver_of
from orders.lifecycle.table import Actor
from orders.models import Order
from orders.reading.order_view import OrderView
from orders.services.moving.dispatch import decline_offer
from orders.services.record.access import access_of, with_parties
from orders.visibility import acceptable_orders, offered_to_companies
from ordersite.accounts.authentication import caller_of
from ordersite.accounts.callers import Caller
from ordersite.web.pagination import paginate
from ordersite.web.schema import PAGE_PARAMETERS, ordering_parameter, page_schema
from ordersite.web.views import ApiView, render

OFFER_PAGE = page_schema(OfferOutput)
ORDERINGS = {"placed_at": ("placed_at", "id"), "id": ("id",)}


class OffersView(ApiView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        parameters=[ordering_parameter("placed_at", "id"), *PAGE_PARAMETERS],
        responses=OFFER_PAGE,
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
        return list_offers(request, acceptable_orders(caller), caller)


def list_offers(request: Request, orders: QuerySet[Order], caller: Caller) -> Response:
    return paginate(
        request,
        with_parties(orders).select_related("package"),
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
        decline_offer(order_id=order_id, caller=caller_of(request), role=Actor.DRIVER)
        return Response(status=204)


class CompanyOffersView(ApiView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        parameters=[ordering_parameter("placed_at", "id"), *PAGE_PARAMETERS],
        responses=OFFER_PAGE,
        operation_id="listCompanyOffers",
    )
    def get(self, request: Request) -> Response:
        """The orders that the dispatcher's companies could take now, the oldest first.

        Those in search of a driver at the vendors that work with them; where the vendor has some asked at a time, only
        those that the company was asked for, until `answer_by`. Take one by `POST /orders/{id}/transitions` with
        `{"to": "accepted_by_driver_company"}`.
        """
        caller = dispatcher_of(request)
        return list_offers(request, offered_to_companies(caller), caller)


class CompanyDeclineView(ApiView):
    permission_classes = [IsAuthenticated]

    @extend_schema(request=None, responses={204: None}, operation_id="declineCompanyOffer")
    def post(self, request: Request, order_id: int) -> Response:
        """The dispatcher's companies do not take the order: they are not asked for it again for a while, and whoever is
        next is asked. Declined twice is declined once; what is not on offer to them any more is 409.
        """
        decline_offer(order_id=order_id, caller=dispatcher_of(request), role=Actor.COMPANY)
        return Response(status=204)
