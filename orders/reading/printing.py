"""Print jobs as those who print see them."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from orders.models import PrintJob
from orders.reading.row_view import View, shows
from orders.services.printing.jobs import open_jobs, require_printing
from ordersite.accounts.callers import Caller
from ordersite.accounts.rights import Right
from ordersite.core.codes import FaultCode
from ordersite.core.faults import NotFound
from vendors.models import Vendor

UNSURE = "unsure"


class PrintJobView(View):
    """A job, with what has become of it by a moment; `rows` are those of its paper, while it is claimed."""

    shown = shows("id order_id kind reason may_double tries created_at claimed_at lease_until settled_at failure")

    def __init__(self, job: PrintJob, now: datetime) -> None:
        super().__init__(job)
        self.order_number, self.order_called, self.copy = job.order.number, job.order.called, job.number
        self.state: str = UNSURE if job.is_unsure(now) else job.state
        self.claimed_by = job.claimed_name
        self.rows: list[Any] | None = job.content["rows"] if job.content else None


def open_print_jobs(caller: Caller, vendor_id: int) -> QuerySet[PrintJob]:
    """The jobs of a vendor that are not settled; raises NotFound and Forbidden."""
    if not Vendor.objects.filter(pk=vendor_id).exists():
        raise NotFound
    require_printing(caller, vendor_id, Right.VIEW_ORDERS)
    return open_jobs(vendor_id)


def claimed_paper(caller: Caller, job_id: int) -> dict[str, Any]:
    """The paper of a job that the caller has claimed, its rows and their language; raises NotFound for any other."""
    job = PrintJob.objects.filter(pk=job_id, claimed_by=caller.key, state=PrintJob.State.CLAIMED).first()
    if job is None or job.content is None:
        raise NotFound(FaultCode.NOT_FOUND_PRINT_JOB)
    require_printing(caller, job.vendor_id, Right.VIEW_ORDERS)
    content: dict[str, Any] = job.content
    return content
