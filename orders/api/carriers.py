"""What drivers and the dispatchers of their companies read, and the positions that devices report."""

from collections.abc import Sequence
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, PolymorphicProxySerializer, extend_schema
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from orders.api.carriers_inputs import CustomerPositionInput, DutyInput, PositionInput, PositionsInput, as_fix
from orders.api.carriers_outputs import CustomerPositionReported, FleetDriverOutput, PositionsReported
from orders.api.ledgers import driver_of
from orders.api.lists import Listing
from orders.api.orders import LIST_PARAMETERS, ORDER_PAGE, list_orders
from orders.lifecycle.positions import Ignored
from orders.reading.drivers import FleetDriverView, with_loads
from orders.services.moving.positions import report_customer_position, report_driver_positions
from orders.visibility import carried_orders, company_orders
from ordersite.accounts.authentication import caller_of
from ordersite.accounts.callers import Caller
from ordersite.core.replica import from_replica
from ordersite.web.pagination import paginate
from ordersite.web.problems import BadRequest, ForbiddenProblem
from ordersite.web.schema import PAGE_PARAMETERS, ordering_parameter, page_schema
from ordersite.web.views import ApiView, parse, render
from vendors.models import Driver
from vendors.services.drivers import set_on_duty

DRIVER_ORDERINGS = {"name": ("name", "id"), "id": ("id",)}
# Filters that tell something of an order's customer by finding it.
BY_CONTACT = ("q", "customer")


def dispatcher_of(request: Request) -> Caller:
    """The caller; raises ForbiddenProblem for who dispatches for no company."""
    caller = caller_of(request)
    if not caller.dispatched_ids:
        raise ForbiddenProblem("not_a_dispatcher", "Only for dispatchers: sign in as one of a delivery company.")
    return caller


class DriverMeView(ApiView):
    permission_classes = [IsAuthenticated]

    @extend_schema(responses=FleetDriverOutput, operation_id="readDriverMe")
    def get(self, request: Request) -> Response:
        """Who the caller is as a driver: whether on duty, how many orders it carries, and its last position."""
        driver = with_loads(Driver.objects.filter(pk=driver_of(request))).get()
        return Response(render(FleetDriverOutput, FleetDriverView(driver, timezone.now())))

    @extend_schema(request=DutyInput, responses=FleetDriverOutput, operation_id="changeDriverMe")
    def patch(self, request: Request) -> Response:
        """Begin to take orders, or take no new ones: what the driver has accepted it carries on."""
        set_on_duty(driver_id=driver_of(request), **parse(DutyInput, request.data))
        return self.get(request)


class DriverOrdersView(ApiView):
    permission_classes = [IsAuthenticated]

    @extend_schema(parameters=LIST_PARAMETERS, responses=ORDER_PAGE, operation_id="listDriverOrders")
    @from_replica
    def get(self, request: Request) -> Response:
        """The orders that the driver is named for or has accepted, open and closed."""
        driver_of(request)
        caller = caller_of(request)
        return list_orders(request, Listing(None, orders=lambda: carried_orders(caller)), caller)


class DriverPositionView(ApiView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        request=PolymorphicProxySerializer(
            component_name="DriverPositions", serializers=[PositionInput, PositionsInput], resource_type_field_name=None
        ),
        responses={200: PositionsReported},
        operation_id="reportDriverPosition",
    )
    def post(self, request: Request) -> Response:
        """Report where the driver is; after a lost link up to 100 positions in one call, in any order.

        Ignored, and told as such, is a position that is less accurate than 100 m, not newer than the last one, further
        from it than 50 m for each second since, more than a minute ahead of the server's clock or a day behind it; and
        every one while the driver is off duty and carries nothing.
        """
        driver_of(request)
        several = isinstance(request.data, dict) and "positions" in request.data
        given = parse(PositionsInput, request.data)["positions"] if several else [parse(PositionInput, request.data)]
        reported = report_driver_positions(caller=caller_of(request), fixes=[as_fix(one) for one in given])
        return Response(render(PositionsReported, told(reported.answers)))


def told(answers: Sequence[Ignored | None]) -> dict[str, Any]:
    ignored = [{"index": number, "reason": answer} for number, answer in enumerate(answers) if answer is not None]
    return {"accepted": len(answers) - len(ignored), "ignored": ignored}


class CustomerPositionView(ApiView):
    permission_classes = [AllowAny]

    @extend_schema(
        request=CustomerPositionInput, responses={200: CustomerPositionReported}, operation_id="reportCustomerPosition"
    )
    def post(self, request: Request, order_id: int) -> Response:
        """Tell where the customer is who comes to collect the order, or the place where it waits, such as "bay 3".

        By the customer's sign-in or its Order-Token. Positions are ignored as those of drivers; who has arrived says so
        by the transition customer_arrive.
        """
        given = parse(CustomerPositionInput, request.data)
        reported = report_customer_position(
            order_id=order_id,
            caller=caller_of(request),
            fix=as_fix(given) if "lat" in given else None,
            place=given.get("place"),
        )
        return Response(render(CustomerPositionReported, {**told(reported.answers), "place": reported.place}))


class CompanyOrdersView(ApiView):
    permission_classes = [IsAuthenticated]

    @extend_schema(parameters=LIST_PARAMETERS, responses=ORDER_PAGE, operation_id="listCompanyOrders")
    @from_replica
    def get(self, request: Request) -> Response:
        """The orders that the dispatcher's companies carry or could take, open and closed.

        With `q` or `customer` only those that they carry: of the others no contact is told.
        """
        caller = dispatcher_of(request)
        tells = any(name in request.query_params for name in BY_CONTACT)
        listing = Listing(None, orders=lambda: company_orders(caller, with_offered=not tells))
        return list_orders(request, listing, caller)


class CompanyDriversView(ApiView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        parameters=[
            OpenApiParameter("on_duty", str, enum=["true", "false"], description="Only those who are, or are not."),
            ordering_parameter(*DRIVER_ORDERINGS),
            *PAGE_PARAMETERS,
        ],
        responses=page_schema(FleetDriverOutput),
        operation_id="listCompanyDrivers",
    )
    def get(self, request: Request) -> Response:
        """The drivers of the dispatcher's companies: who is on duty, how much each carries, and where they are."""
        caller = dispatcher_of(request)
        drivers = Driver.objects.filter(company__in=caller.dispatched_ids)
        if (on_duty := request.query_params.get("on_duty")) is not None:
            if on_duty not in ("true", "false"):
                raise BadRequest("?on_duty", "invalid", "Send true or false.")
            drivers = drivers.filter(on_duty=on_duty == "true")
        now = timezone.now()
        return paginate(
            request,
            with_loads(drivers),
            lambda driver: render(FleetDriverOutput, FleetDriverView(driver, now)),
            orderings=DRIVER_ORDERINGS,
            default="name",
        )
