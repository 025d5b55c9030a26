"""Tickets: asking for one, and the jobs that a device claims, prints and confirms (docs/printing.md)."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from orders.api.printing_outputs import ClaimedJobOutput, PrintJobOutput
from orders.models import PrintJob
from orders.reading.printing import PrintJobView, open_print_jobs
from orders.reading.tickets import draw_ticket
from orders.services.printing.jobs import claim_job, confirm_printed, report_failed, request_ticket
from ordersite.accounts.authentication import caller_of
from ordersite.web.pagination import paginate
from ordersite.web.schema import PAGE_PARAMETERS, ordering_parameter, page_schema
from ordersite.web.serializers import Input, LineField
from ordersite.web.views import ApiView, parse, render


class FailedPrintInput(Input):
    """Why there is no paper."""

    reason = LineField(max_length=200, allow_blank=True, default="")


def render_job(job: PrintJob, serializer: type[serializers.Serializer] = PrintJobOutput) -> Any:
    return render(serializer, PrintJobView(job, timezone.now()))


class PrintOrderView(ApiView):
    """Asks for a ticket of an order."""

    permission_classes = [AllowAny]
    devices = ("POST",)

    @extend_schema(request=None, responses={201: PrintJobOutput, 200: PrintJobOutput}, operation_id="printOrder")
    def post(self, request: Request, order_id: int) -> Response:
        """Ask for a ticket. From the second one on it is marked as a copy; one that still waits is answered."""
        job, is_new = request_ticket(order_id=order_id, caller=caller_of(request))
        return Response(render_job(job), status=201 if is_new else 200)


class PrintJobsView(ApiView):
    """The tickets that a vendor has to print, for its people, its devices and staff."""

    permission_classes = [IsAuthenticated]
    devices = ("GET",)

    @extend_schema(
        parameters=[*PAGE_PARAMETERS, ordering_parameter("id")],
        responses=page_schema(PrintJobOutput),
        operation_id="listPrintJobs",
    )
    def get(self, request: Request, vendor_id: int) -> Response:
        """What waits to be printed, or is claimed and not confirmed; the oldest first."""
        jobs = open_print_jobs(caller_of(request), vendor_id)
        return paginate(request, jobs, render_job, orderings={"id": ("id",)}, default="id")


class ClaimPrintJobView(ApiView):
    """Claims a print job: of several devices one has it."""

    permission_classes = [IsAuthenticated]
    devices = ("POST",)

    @extend_schema(request=None, responses=ClaimedJobOutput, operation_id="claimPrintJob")
    def post(self, request: Request, vendor_id: int, job_id: int) -> Response:
        caller = caller_of(request)
        job = claim_job(vendor_id=vendor_id, job_id=job_id, caller=caller, name=name_of(request), draw=draw_ticket)
        return Response(render_job(job, ClaimedJobOutput))


def name_of(request: Request) -> str:
    """How others are told of who prints."""
    user: Any = request.user
    return str(getattr(user, "name", "") or user.caller_key)


class PrintedView(ApiView):
    """Says that the paper is there."""

    permission_classes = [AllowAny]
    devices = ("POST",)

    @extend_schema(request=None, responses=PrintJobOutput, operation_id="confirmPrintJob")
    def post(self, request: Request, vendor_id: int, job_id: int) -> Response:
        return Response(render_job(confirm_printed(vendor_id=vendor_id, job_id=job_id, caller=caller_of(request))))


class PrintFailedView(ApiView):
    """Says that there is no paper: another is asked for, marked as a possible double."""

    permission_classes = [AllowAny]
    devices = ("POST",)

    @extend_schema(request=FailedPrintInput, responses=PrintJobOutput, operation_id="failPrintJob")
    def post(self, request: Request, vendor_id: int, job_id: int) -> Response:
        why = parse(FailedPrintInput, request.data)["reason"]
        job = report_failed(vendor_id=vendor_id, job_id=job_id, caller=caller_of(request), why=why)
        return Response(render_job(job))
