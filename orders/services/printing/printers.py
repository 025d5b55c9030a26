"""What a printer does that asks for its jobs by itself; how it speaks is another's matter (tracking/printing).

A printer says after each paper that it is there. One that asks for work instead, with a paper unconfirmed, has failed
or has lost its word on the way: that job ends as failed, and the paper in its place says that it may be a double.
Each act is a transaction of its own, and locks one order: a printer may hold papers of several, which it was given in
another order than that in which orders are locked.
"""

from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from orders.models import PrintJob
from orders.services.printing.jobs import (
    LEASE,
    MOST_TRIES,
    Draw,
    State,
    claim_job,
    confirm_printed,
    extend_lease,
    open_jobs,
    report_failed,
)
from ordersite.accounts.callers import Caller
from ordersite.core.faults import Conflict, NotFound

# How long after it was given a paper a printer may be busy with it without saying so.
QUIET = timedelta(seconds=15)
UNCONFIRMED = "The printer did not confirm it"


def jobs_for_printer(caller: Caller, vendor_id: int) -> list[PrintJob]:
    """What a printer holds, and what it may have next; at most 20, the oldest first. One statement."""
    waits = Q(state=State.WAITING, tries__lt=MOST_TRIES)
    holds = Q(state=State.CLAIMED, claimed_by=caller.key)
    return list(open_jobs(vendor_id).filter(waits | holds).order_by("pk")[:20])


def next_job(
    *, caller: Caller, vendor_id: int, is_ready: bool = True, is_printing: bool = False, why: str = ""
) -> PrintJob | None:
    """The job that the printer may ask for now; None while it is not ready, or busy with one.

    What it has not confirmed by now has failed; `why` says what the printer tells of itself.
    """
    jobs = jobs_for_printer(caller, vendor_id)
    held = [job for job in jobs if job.state == State.CLAIMED]
    if is_printing:
        return None
    for job in held:
        given_at = (job.lease_until or job.created_at) - LEASE
        if is_ready and timezone.now() < given_at + QUIET:
            return None
        why = UNCONFIRMED if is_ready else why
        end_job(caller=caller, vendor_id=vendor_id, job_id=job.pk, is_printed=False, why=why)
    if not is_ready:
        return None
    if held:
        jobs = jobs_for_printer(caller, vendor_id)
    return next((job for job in jobs if job.state == State.WAITING), None)


def take_job(*, caller: Caller, vendor_id: int, job_id: int | None, draw: Draw) -> PrintJob | None:
    """The job for this printer, with its paper; asked for again, the same paper. None where another device has it.

    Without an id, as older printers ask, what it holds, else what it may have next.
    """
    jobs = jobs_for_printer(caller, vendor_id)
    asked = [job for job in jobs if job_id is None or job.pk == job_id]
    for job in sorted(asked, key=lambda one: one.state != State.CLAIMED):
        if job.state == State.CLAIMED:
            extend_lease(job, timezone.now())
            return job
        try:
            with transaction.atomic():
                return claim_job(vendor_id=vendor_id, job_id=job.pk, caller=caller, name=caller.device_name, draw=draw)
        except (Conflict, NotFound):
            continue
    return None


def end_job(*, caller: Caller, vendor_id: int, job_id: int | None, is_printed: bool, why: str) -> None:
    """What the printer says of a job that it was given; of any other nothing is written. Twice is harmless."""
    given = PrintJob.objects.filter(vendor=vendor_id, claimed_by=caller.key).order_by("-claimed_at", "-pk")
    job = given.filter(state=State.CLAIMED).first() if job_id is None else given.filter(pk=job_id).first()
    if job is None:
        return
    try:
        with transaction.atomic():
            if is_printed:
                confirm_printed(vendor_id=vendor_id, job_id=job.pk, caller=caller)
            elif job.state == State.CLAIMED:
                report_failed(vendor_id=vendor_id, job_id=job.pk, caller=caller, why=why)
    except (Conflict, NotFound):
        return
