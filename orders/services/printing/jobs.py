"""Print jobs: written with the change of the order that asks for a paper, claimed by one device, confirmed by it.

What was claimed is never handed out again. Where it is not known whether a paper came out, another paper is another
job, whose paper says so. Locks: the order first, then its jobs; a claim locks the job alone.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NoReturn

from django.db.models import QuerySet
from django.utils import timezone

from orders.lifecycle.table import CALLED_OFF, CLOSED, OPEN, Actor, Fulfilment, Status
from orders.models import Order, OrderEvent, PrintJob
from orders.services.record.access import OrderAccess, access_of, get_order
from orders.services.record.order_update import OrderUpdate, update_order
from ordersite.accounts.callers import Caller
from ordersite.accounts.rights import Right
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Conflict, Forbidden, NotFound
from vendors.permissions import works_at

State, Kind, Reason = PrintJob.State, PrintJob.Kind, PrintJob.Reason
# How long a device may take from asking for a paper to confirming it.
LEASE = timedelta(seconds=60)
# How many papers in a row a printer may fail; then a person has to look.
MOST_TRIES = 3
MOST_COPIES = 20  # of one order
PRINTERS = (Actor.VENDOR, Actor.STAFF)
# What stands on the paper, as the caller may see the order.
Draw = Callable[[OrderAccess, PrintJob], Any]


# --- by itself --------------------------------------------------------------------------------------------------


def follow_status_on_paper(update: OrderUpdate, name: str, source: Status, target: Status) -> None:
    """The papers that a change of status asks for, or makes needless; in its transaction."""
    order = update.order
    if order.fulfilment == Fulfilment.DIGITAL:
        return
    if target in CLOSED:
        if source in OPEN:
            withdraw_waiting(order, update.now, also_asked_for=target in CALLED_OFF)
            if target in CALLED_OFF and order.picked_up_at is None:
                call_off_on_paper(order, update.caller.key)
    elif order.vendor.prints_tickets and (name == "accept" or (source in CALLED_OFF and order.accepted_at)):
        print_by_itself(order, update.caller.key)


def print_by_itself(order: Order, actor: str) -> None:
    """A ticket, unless one stands that says the same."""
    last = order.print_jobs.exclude(state=State.WITHDRAWN).order_by("pk").last()
    if last is None:
        add_ticket(order, Reason.ACCEPTED, actor)
    elif last.kind == Kind.CANCELLATION and not withdraw(last):
        add_ticket(order, Reason.REOPENED, actor)


def call_off_on_paper(order: Order, actor: str) -> None:
    """A slip that says that the order is cancelled, where a ticket of it may lie somewhere."""
    papers = order.print_jobs.exclude(state=State.WITHDRAWN)
    if papers.filter(kind=Kind.TICKET).exists():
        number = order.print_jobs.filter(kind=Kind.CANCELLATION).count() + 1
        write_job(order, kind=Kind.CANCELLATION, number=number, reason=Reason.CANCELLED, actor=actor)


def withdraw_waiting(order: Order, now: datetime, *, also_asked_for: bool) -> None:
    """What nobody has claimed yet is not printed any more; what somebody has asked for only where it is called off."""
    waiting = order.print_jobs.filter(state=State.WAITING)
    if not also_asked_for:
        waiting = waiting.exclude(reason=Reason.ASKED)
    waiting.update(state=State.WITHDRAWN, settled_at=now)


def withdraw(job: PrintJob) -> bool:
    """Withdraws one job; False where a device has claimed it already."""
    waiting = PrintJob.objects.filter(pk=job.pk, state=State.WAITING)
    return bool(waiting.update(state=State.WITHDRAWN, settled_at=timezone.now()))


def add_ticket(order: Order, reason: PrintJob.Reason, actor: str, *, may_double: bool = False) -> PrintJob:
    """The next ticket of an order; raises Conflict beyond MOST_COPIES. One that nobody has claimed is used again."""
    last = order.print_jobs.filter(kind=Kind.TICKET).order_by("number").last()
    if last and last.state == State.WITHDRAWN:
        last.state, last.settled_at, last.reason, last.actor = State.WAITING, None, reason, actor
        last.save(update_fields=["state", "settled_at", "reason", "actor"])
        return last
    number = last.number + 1 if last else 1
    if number > MOST_COPIES:
        raise Conflict(FaultCode.TOO_MANY_COPIES, most=MOST_COPIES)
    return write_job(order, number=number, reason=reason, actor=actor, may_double=may_double)


def write_job(order: Order, **fields: Any) -> PrintJob:
    return PrintJob.objects.create(order=order, vendor_id=order.vendor_id, **fields)


# --- asked for --------------------------------------------------------------------------------------------------


def request_ticket(*, order_id: int, caller: Caller) -> tuple[PrintJob, bool]:
    """A ticket that somebody asks for, and whether it is new: one that waits is the same paper.

    From the second one on the paper is marked as a copy. Must run in a transaction; raises NotFound, Forbidden, and
    Conflict beyond MOST_COPIES.
    """
    with update_order(order_id, caller, roles=PRINTERS, denied=FaultCode.FORBIDDEN_PRINTING) as update:
        order = update.order
        tickets = order.print_jobs.filter(kind=Kind.TICKET).order_by("number")
        waiting = tickets.filter(state=State.WAITING).first()
        if waiting:
            return waiting, False
        last = tickets.last()
        is_open = last is not None and last.state == State.CLAIMED
        job = add_ticket(order, Reason.ASKED, caller.key, may_double=is_open)
        tell_job(update, job, "Ticket asked for")
    return job, True


def tell_job(update: OrderUpdate, job: PrintJob, text: str) -> None:
    """The event by which every board of the vendor learns of it."""
    update.tell(
        OrderEvent.Kind.NOTE,
        reason=text,
        data={"print_job": job.pk, "kind": job.kind, "copy": job.number, "state": job.state},
        visible_to=OrderEvent.VisibleTo.BUSINESS,
    )


# --- claimed and confirmed --------------------------------------------------------------------------------------


def jobs_of_vendor(vendor_id: int) -> QuerySet[PrintJob]:
    """The jobs of a vendor with their orders, but for orders that are deleted."""
    return PrintJob.objects.select_related("order").filter(vendor=vendor_id, order__deleted_at__isnull=True)


def open_jobs(vendor_id: int) -> QuerySet[PrintJob]:
    """Those that wait, or that a device has claimed; by the index of open ones."""
    return jobs_of_vendor(vendor_id).filter(state__in=(State.WAITING, State.CLAIMED))


def require_printing(caller: Caller, vendor_id: int, *rights: Right) -> None:
    """Raises Forbidden for who neither works at the vendor nor has all of these rights for all vendors."""
    if not (all(map(caller.may_everywhere, rights)) or works_at(caller, vendor_id)):
        raise Forbidden(FaultCode.FORBIDDEN_PRINTING)


def get_job(vendor_id: int, job_id: int) -> PrintJob:
    job = jobs_of_vendor(vendor_id).filter(pk=job_id).first()
    if job is None:
        raise NotFound(FaultCode.NOT_FOUND_PRINT_JOB)
    return job


def claim_job(*, vendor_id: int, job_id: int, caller: Caller, name: str, draw: Draw) -> PrintJob:
    """The job, for this caller alone, with what stands on the paper; `name` is how others are told of it.

    Must run in a transaction; raises NotFound, Forbidden, and Conflict for a job that somebody has claimed, also the
    caller itself: it cannot know whether its first claim came to a paper.
    """
    require_printing(caller, vendor_id, Right.VIEW_ORDERS, Right.MOVE_ORDERS)
    now = timezone.now()
    taken = take_if_waiting(
        vendor_id, job_id, claimed_by=caller.key, claimed_name=name[:120], claimed_at=now, lease_until=now + LEASE
    )
    job = get_job(vendor_id, job_id)
    if not taken:
        refuse_job(job)
    access = access_of(caller, get_order(caller=caller, order_id=job.order_id), now)
    job.content = draw(access, job)
    job.save(update_fields=["content"])
    return job


def take_if_waiting(vendor_id: int, job_id: int, **claim: Any) -> bool:
    """Writes a claim where nobody has the job: of two at once one finds it waiting. One statement."""
    waiting = PrintJob.objects.filter(pk=job_id, vendor=vendor_id, state=State.WAITING)
    return bool(waiting.update(state=State.CLAIMED, **claim))


def refuse_job(job: PrintJob) -> NoReturn:
    """Raises Conflict: what has become of the job."""
    extra = {"state": job.state, "claimed_by": job.claimed_name}
    if job.state == State.CLAIMED:
        raise Conflict(FaultCode.PRINT_JOB_TAKEN, who=job.claimed_name, extra=extra)
    if job.state == State.WAITING:
        raise Conflict(FaultCode.PRINT_JOB_NOT_CLAIMED, extra=extra)
    raise Conflict(FaultCode.PRINT_JOB_SETTLED, state=job.get_state_display(), extra=extra)


def extend_lease(job: PrintJob, now: datetime) -> None:
    """Its device has asked for the same paper again, so it is still at it."""
    PrintJob.objects.filter(pk=job.pk, state=State.CLAIMED).update(lease_until=now + LEASE)


def confirm_printed(*, vendor_id: int, job_id: int, caller: Caller) -> PrintJob:
    """The paper is there. Twice is harmless.

    Said by the device that claimed the job; once its time is over, by anybody at the vendor who has looked. A device
    whose word comes after somebody has said that there is no paper is believed: the paper that was asked for instead
    is withdrawn while nobody has claimed it. Must run in a transaction; raises NotFound, Forbidden and Conflict.
    """
    with update_order(
        get_job(vendor_id, job_id).order_id, caller, roles=PRINTERS, denied=FaultCode.FORBIDDEN_PRINTING
    ) as update:
        job = lock_job(job_id)
        if job.state == State.PRINTED:
            return job
        is_late = job.state == State.FAILED and job.claimed_by == caller.key
        if not is_late:
            refuse_others(job, caller, update.now)
        else:
            later = update.order.print_jobs.filter(kind=job.kind, number__gt=job.number, reason=Reason.NOT_PRINTED)
            later.filter(state=State.WAITING).update(state=State.WITHDRAWN, settled_at=update.now)
        settle_job(job, State.PRINTED, update.now)
        tell_job(update, job, "Ticket printed" if job.kind == Kind.TICKET else "Cancellation printed")
    return job


def report_failed(*, vendor_id: int, job_id: int, caller: Caller, why: str) -> PrintJob:
    """There is no paper, or nobody knows of one: another is asked for, which says that it may be the second.

    Said by whom `confirm_printed` lets say it; twice is harmless. Must run in a transaction; raises as that does.
    """
    with update_order(
        get_job(vendor_id, job_id).order_id, caller, roles=PRINTERS, denied=FaultCode.FORBIDDEN_PRINTING
    ) as update:
        job = lock_job(job_id)
        if job.state == State.FAILED:
            return job
        refuse_others(job, caller, update.now)
        settle_job(job, State.FAILED, update.now, failure=why)
        tell_job(update, job, f"Not printed: {why}" if why else "Not printed")
        replace_paper(update.order, job, caller.key)
    return job


def lock_job(job_id: int) -> PrintJob:
    """The job, locked; its order is locked already."""
    return PrintJob.objects.select_for_update().get(pk=job_id)


def refuse_others(job: PrintJob, caller: Caller, now: datetime) -> None:
    """Raises Conflict unless the caller has claimed the job, or the time of who has is over."""
    if job.state != State.CLAIMED or not (job.claimed_by == caller.key or job.is_unsure(now)):
        refuse_job(job)


def settle_job(job: PrintJob, state: PrintJob.State, now: datetime, *, failure: str = "") -> None:
    job.state, job.settled_at, job.failure, job.content = state, now, failure[:200], None
    job.save(update_fields=["state", "settled_at", "failure", "content"])


def replace_paper(order: Order, job: PrintJob, actor: str) -> None:
    """The paper after one that failed; none of an order that is closed by now, unless somebody had asked for it."""
    if job.number == MOST_COPIES or order.print_jobs.filter(kind=job.kind, state=State.WAITING).exists():
        return
    if job.kind == Kind.TICKET and order.is_closed and job.reason != Reason.ASKED:
        return
    write_job(
        order,
        kind=job.kind,
        number=order.print_jobs.filter(kind=job.kind).count() + 1,
        reason=Reason.NOT_PRINTED,
        actor=actor,
        may_double=True,
        tries=job.tries + 1,
    )
