"""What the customer says is wrong with an order: told to vendor and staff, and settled by staff.

report = report_problem(order_id=17, caller=caller, reason="missing_item", text="No soda", item_ids=[18])
settle_problem(order_id=17, number=report.number, caller=staff, note="Refunded the soda")

The events say that something was reported, and why; the customer's words stand in the report alone.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from orders.lifecycle.table import Actor
from orders.models import UNSETTLED, Order, OrderEvent, ProblemReport
from orders.services.record.access import access_of, get_order
from orders.services.record.order_update import update_order
from ordersite.accounts.callers import Caller
from ordersite.core.codes import Code
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
    with update_order(order_id, caller, roles=(Actor.CUSTOMER,), denied=Code.FORBIDDEN_PROBLEM_REPORT) as update:
        order = update.order
        refuse_late(order, update.now)
        if reason == ProblemReport.Reason.OTHER and not text:
            raise Invalid(Code.REQUIRED_PROBLEM_TEXT, Field.TEXT)
        told = {"reason": reason, "text": text, "items": named_items(order, item_ids)}
        unsettled = list(order.problem_reports.filter(UNSETTLED))
        for report in unsettled:
            if told == {"reason": report.reason, "text": report.text, "items": report.items}:
                return report
        if len(unsettled) >= MOST_UNSETTLED:
            raise Conflict(Code.TOO_MANY_PROBLEM_REPORTS, most=MOST_UNSETTLED)
        report = ProblemReport.objects.create(
            order=order, number=order.version + 1, actor=caller.key, created_at=update.now, **told
        )
        names = [item["name"] for item in report.items]
        update.tell(OrderEvent.Kind.NOTE, data={"problem": reason, **({"items": names} if names else {})})
    return report


def refuse_late(order: Order, now: datetime) -> None:
    """Raises Conflict for an order that was over too long ago."""
    if order.is_closed and now - order.status_changed_at > REPORTED_WITHIN:
        raise Conflict(Code.TOO_LATE_PROBLEM_REPORT, days=REPORTED_WITHIN.days)


def named_items(order: Order, item_ids: Sequence[int]) -> list[dict[str, Any]]:
    """The lines of these ids as they are called now, in the order's own order; raises Invalid for another order's."""
    lines = {line.pk: line for line in order.lines.all()} if item_ids else {}
    for index, item_id in enumerate(item_ids):
        if item_id not in lines:
            raise Invalid(Code.UNKNOWN_PROBLEM_ITEM, at=(Step(Field.ITEMS, index),))
    return [{"item": pk, "name": line.name} for pk, line in lines.items() if pk in item_ids]


def settle_problem(*, order_id: int, number: int, caller: Caller, note: str = "", version: int | None = None) -> Order:
    """Staff has seen to a report; its customer reads when, and the note. One that is settled stays as it is.

    Must run in a transaction; raises NotFound, Stale and Forbidden.
    """
    with update_order(order_id, caller, version=version, roles=(Actor.STAFF,), denied=Code.FORBIDDEN_SETTLE) as update:
        report = update.order.problem_reports.filter(number=number).first()
        if report is None:
            raise NotFound()
        if report.settled_at is None:
            report.settled_at, report.settled_by, report.settled_note = update.now, caller.key, note
            report.save(update_fields=["settled_at", "settled_by", "settled_note"])
            update.tell(OrderEvent.Kind.NOTE, data={"settled": report.reason})
    return update.order


def list_problems(*, order_id: int, caller: Caller) -> Sequence[ProblemReport]:
    """What was reported of an order, the oldest first; raises NotFound, and Forbidden for who merely carries it."""
    order = get_order(caller=caller, order_id=order_id)
    if not access_of(caller, order).readers & READERS:
        raise Forbidden(Code.FORBIDDEN_PROBLEM_REPORTS)
    return list(order.problem_reports.all())
