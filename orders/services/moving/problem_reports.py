"""What the customer says is wrong with an order: told to vendor and staff, and settled by staff.

report = report_problem(order_id=17, caller=caller, reason="missing_item", text="No soda", item_ids=[18])
settle_problem(order_id=17, number=report.number, caller=staff, note="Refunded the soda")

The events say that something was reported, and why; the customer's words stand in the report alone.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from orders.lifecycle.table import Actor
from orders.models import UNSETTLED, Line, Order, OrderEvent, ProblemReport
from orders.services.record.access import access_of, get_order, refuse_erased_buyer
from orders.services.record.order_update import update_order
from ordersite.accounts.callers import Caller
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Conflict, Forbidden, Invalid, NotFound, Step
from ordersite.core.fields import Field

MOST_UNSETTLED = 3  # of one order
REPORTED_WITHIN = timedelta(days=14)  # since the order was over
READERS = frozenset({Actor.CUSTOMER, Actor.VENDOR, Actor.STAFF})


def report_problem(
    *, order_id: int, caller: Caller, reason: str, text: str = "", item_ids: Sequence[int] = ()
) -> ProblemReport:
    """Keeps what the customer says is wrong; the same again, while it is not settled, answers the first.

    Must run in a transaction. Raises NotFound, Forbidden for who is not its customer, Conflict where it has
    MOST_UNSETTLED already or was over REPORTED_WITHIN ago, and Invalid for items of another order, or without a word
    where the reason says nothing.
    """
    with update_order(order_id, caller, roles=(Actor.CUSTOMER,), denied=FaultCode.FORBIDDEN_PROBLEM_REPORT) as update:
        order = update.order
        refuse_late(order, update.now)
        refuse_erased_buyer(order)
        if reason == ProblemReport.Reason.OTHER and not text:
            raise Invalid(FaultCode.REQUIRED_PROBLEM_TEXT, Field.TEXT)
        told = {"reason": reason, "text": text, "items": named_items(order, item_ids)}
        unsettled = list(order.problem_reports.filter(UNSETTLED))
        for report in unsettled:
            if told == {"reason": report.reason, "text": report.text, "items": report.items}:
                return report
        if len(unsettled) >= MOST_UNSETTLED:
            raise Conflict(FaultCode.TOO_MANY_PROBLEM_REPORTS, most=MOST_UNSETTLED)
        report = ProblemReport.objects.create(
            order=order, number=order.version + 1, actor=caller.key, created_at=update.now, **told
        )
        names = [item["name"] for item in report.items]
        update.tell(OrderEvent.Kind.NOTE, data={"problem": reason, **({"items": names} if names else {})})
    return report


def refuse_late(order: Order, now: datetime) -> None:
    """Raises Conflict for an order that was over too long ago."""
    if order.is_closed and now - order.status_changed_at > REPORTED_WITHIN:
        raise Conflict(FaultCode.TOO_LATE_PROBLEM_REPORT, days=REPORTED_WITHIN.days)


def named_items(order: Order, item_ids: Sequence[int]) -> list[dict[str, Any]]:
    """The lines of these ids as they are called now, in the order's own order; raises Invalid for another order's.

    Of several lines of one name each says which it is: its place in the order, and what was chosen.
    """
    lines = {line.pk: line for line in order.lines.prefetch_related("options")} if item_ids else {}
    for index, item_id in enumerate(item_ids):
        if item_id not in lines:
            raise Invalid(FaultCode.UNKNOWN_PROBLEM_ITEM, at=(Step(Field.ITEMS, index),))
    counts = Counter(line.name for line in lines.values())
    return [
        {"item": pk, "name": line.name if counts[line.name] == 1 else told_apart(line, place)}
        for place, (pk, line) in enumerate(lines.items(), 1)
        if pk in item_ids
    ]


def told_apart(line: Line, place: int) -> str:
    """A line that is not the only one of its name: "2. Burger (Large, No Onion)"."""
    chosen = ", ".join(map(str, line.options.all()))
    return f"{place}. {line.name}" + (f" ({chosen})" if chosen else "")


def settle_problem(*, order_id: int, number: int, caller: Caller, note: str, version: int | None = None) -> Order:
    """Staff has seen to a report; customer and vendor read when, and the note. One that is settled stays as it is.

    Must run in a transaction; raises NotFound, Stale and Forbidden.
    """
    with update_order(
        order_id, caller, version=version, roles=(Actor.STAFF,), denied=FaultCode.FORBIDDEN_SETTLE
    ) as update:
        report = update.order.problem_reports.filter(number=number).first()
        if report is None:
            raise NotFound()
        if report.settled_at is None:
            report.settled_at, report.settled_by, report.settled_note = update.now, caller.key, note
            report.save(update_fields=["settled_at", "settled_by", "settled_note"])
            update.tell(OrderEvent.Kind.NOTE, data={"settled": report.reason, "of_version": report.number})
    return update.order


def list_problems(*, order_id: int, caller: Caller) -> Sequence[ProblemReport]:
    """What was reported of an order, the oldest first; raises NotFound, and Forbidden for who merely carries it."""
    order = get_order(caller=caller, order_id=order_id)
    if not access_of(caller, order).readers & READERS:
        raise Forbidden(FaultCode.FORBIDDEN_PROBLEM_REPORTS)
    return list(order.problem_reports.all())
