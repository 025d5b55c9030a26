"""What a driver may take: the orders that are offered to it, or in search of somebody."""

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from orders.api.ledgers import driver_of
from orders.api.outputs import NamedOutput
from orders.fields import FulfilmentField, StatusField
from orders.kinds import package_of
from orders.lifecycle.timers import driver_answers_by
from orders.models import Order
from orders.visibility import acceptable_orders
from ordersite.accounts.callers import caller_of
from ordersite.web.pagination import paginate
from ordersite.web.schema import PAGE_PARAMETERS, ordering_parameter, page_schema
from ordersite.web.serializers import LocationField, MoneyField
from ordersite.web.views import ApiView, render

ORDERINGS = {"placed_at": ("placed_at", "id"), "id": ("id",)}


class OfferStop(serializers.Serializer):
    """Where it is fetched, or brought."""

    address = serializers.CharField()
    location = LocationField()


class OfferOutput(serializers.Serializer):
    """An order that the driver could take now; who gets it is told to whoever has taken it."""

    id = serializers.IntegerField()
    number = serializers.IntegerField(help_text="Numbered for each vendor, day and delivery type.")
    kind = serializers.CharField()
    delivery_type = FulfilmentField(source="fulfilment")
    status = StatusField()
    version = serializers.IntegerField(help_text="The version of the order, which is its ETag for If-Match.")
    vendor = NamedOutput()
    pickup = serializers.SerializerMethodField(
        help_text="The vendor's address, or the address where a package is picked up."
    )
    dropoff = OfferStop(source="*")
    distance = serializers.IntegerField(allow_null=True, help_text="From the pick-up to the drop-off, in metres.")
    total = MoneyField()
    driver_tip = MoneyField()
    payment_method = serializers.CharField()
    payment_status = serializers.CharField()
    placed_at = serializers.DateTimeField()
    prepared_at = serializers.DateTimeField(
        allow_null=True, help_text="When it was ready to be picked up; null if it is not yet."
    )
    deliver_at = serializers.DateTimeField(
        allow_null=True, help_text="The time that the customer asked for; null for as soon as possible."
    )
    estimated_at = serializers.DateTimeField(allow_null=True)
    is_named = serializers.SerializerMethodField(help_text="Whether the order is offered to this driver alone.")
    answer_by = serializers.SerializerMethodField(
        help_text="Until when this driver may answer, if the order is offered to that driver alone."
    )

    @extend_schema_field(OfferStop)
    def get_pickup(self, order: Order) -> Any:
        package = package_of(order)
        if package is None:
            return render(OfferStop, order.vendor)
        stop = {"address": package.pickup_address, "lat": package.pickup_lat, "lng": package.pickup_lng}
        return render(OfferStop, Order(**stop))

    def get_is_named(self, order: Order) -> bool:
        return order.named_at is not None

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_answer_by(self, order: Order) -> str | None:
        until = driver_answers_by(order)
        return str(self.fields["placed_at"].to_representation(until)) if until else None


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
        courier, those of its company for a company's driver, at every vendor for one who drives for the site. Take one
        by `POST /orders/{id}/transitions` with `{"to": "accepted_by_driver"}`.
        """
        driver_of(request)
        rows = acceptable_orders(caller_of(request)).select_related("vendor", "package")
        return paginate(
            request, rows, lambda order: render(OfferOutput, order), orderings=ORDERINGS, default="placed_at"
        )
