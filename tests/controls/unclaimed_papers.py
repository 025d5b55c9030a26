"""Control of promise 25: what people write first, which looks whether a job waits, and then claims it."""

from typing import Any

from orders.models import PrintJob
from tests.controls.meeting import meet


def take_without_a_condition(vendor_id: int, job_id: int, **claim: Any) -> bool:
    """In the place of orders.services.printing.jobs.take_if_waiting."""
    if not PrintJob.objects.filter(pk=job_id, vendor=vendor_id, state="waiting").exists():
        return False
    meet()
    return bool(PrintJob.objects.filter(pk=job_id).update(state="claimed", **claim))
