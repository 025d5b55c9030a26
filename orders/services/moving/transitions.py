"""Changes of status: one service for every door."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, NoReturn

from django.db import transaction as database

from orders.kinds import rules_of
from orders.lifecycle import table
from orders.lifecycle.decisions import Decision, Outcome, decide, decide_preparing, remember
from orders.lifecycle.guards import GUARDS, ChangeAttempt
from orders.lifecycle.reasons import REASONS
from orders.lifecycle.table import Actor, Change, Fulfilment, Status
from orders.lifecycle.timers import is_made
from orders.models import Order, OrderEvent
from orders.models.parties import party_of_company, party_of_driver
from orders.services.moving.closing import follow_status
from orders.services.moving.delivery_proofs import asks_picture, check_done_at, valid_proof
from orders.services.moving.dispatch import check_load, take_offer
from orders.services.printing.jobs import follow_status_on_paper
from orders.services.record.access import OrderAccess, access_of, get_order
from orders.services.record.events import carriers_of
from orders.services.record.locks import hold_employed_driver
from orders.services.record.order_update import OrderUpdate, update_locked, update_order
from orders.services.record.servability import why_unserved_now
from orders.visibility import companies_offered
from ordersite.accounts.callers import Caller, related
from ordersite.core.attempts import count_attempt, forget_attempts, refuse_if_locked
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Conflict, Fault, Forbidden, Invalid, Refusal
from ordersite.core.fields import Field
from vendors.models import Vendor

# Five wrong collection codes lock an order's collecting for a quarter of an hour (docs/lifecycle.md, guard `code`).
CODE_TRIES = 5
CODE_LOCK = timedelta(minutes=15)
START_PREPARING = "start_preparing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a caller asks for: a target or a transition's name, and what it brings."""

    to: Status | None = None
    name: str = ""
    reason_code: str = ""
    reason: str = ""
    prepared_in: int | None = None
    delivered_in: int | None = None
    code: str = ""
    proof: str = ""
    done_at: datetime | None = None  # by the clock of the device that could not send it earlier
    version: int | None = None  # the one that the caller saw (If-Match)
    data: dict[str, Any] = field(default_factory=dict)


def transition(*, order_id: int, caller: Caller, wish: Wish) -> Order:
    """Moves an order on, in the transaction that the caller has opened.

    Lock the row, legal? permitted? guards? → FSM method → money → version, columns, event and feed entries.
    What was asked twice answers as if it had just happened and writes nothing. Raises NotFound, Stale for a stale
    version, Conflict transition_not_allowed or guard_failed, and Forbidden; each refusal lists what is allowed.
    """
    to = table.NAMES.get(wish.name, wish.to)
    with update_order(order_id, caller, version=wish.version, to=to) as update:
        change_status(update, wish)
    return update.order


def move_on(access: OrderAccess, wish: Wish) -> Order:
    """The same for an order at hand, which this transaction has locked."""
    with update_locked(access, version=wish.version) as update:
        change_status(update, wish)
    return update.order


def change_status(update: OrderUpdate, wish: Wish) -> None:
    """Decides about the wish, and makes the change; what repeats writes nothing."""
    order, access = update.order, update.access
    wish = with_reason(wish)
    check_done_at(order, wish.done_at, update.now)
    proof = valid_proof(order, wish.proof)
    given = {"reason_code": wish.reason_code, "reason": wish.reason, "code": wish.code, "proof": proof}
    decision = decide(order, access.asker(**given), to=target_of(wish), name=wish.name)
    if decision.outcome == Outcome.REPEAT:
        return
    change, attempt = decision.change, decision.attempt
    if change is None or attempt is None:
        refuse_transition(access, wish, decision)
    if not decision.forced:
        check_guesses(change, attempt, order)
    apply_change(update, change, attempt, wish, forced=decision.forced)


def with_reason(wish: Wish) -> Wish:
    """A text without a code is another reason; an unknown code is refused by name."""
    if wish.reason_code and wish.reason_code not in REASONS:
        raise Invalid(FaultCode.UNKNOWN_REASON, Field.REASON_CODE, known=list(REASONS))
    return replace(wish, reason_code="other") if wish.reason.strip() and not wish.reason_code else wish


def target_of(wish: Wish) -> Status:
    """Where the wish leads; raises Invalid for an unknown name, and where `to` and the name mean different changes."""
    if wish.name and wish.name not in table.NAMES:
        raise Invalid(FaultCode.UNKNOWN_TRANSITION, Field.TRANSITION)
    target = table.NAMES[wish.name] if wish.name else wish.to
    if target is None or (wish.to is not None and wish.to != target):
        raise Invalid(FaultCode.INVALID_TARGET, Field.TO)
    return target


def refuse_transition(access: OrderAccess, wish: Wish, decision: Decision) -> NoReturn:
    """Raises what the decision means: Conflict where the table has no such change or a guard fails, else Forbidden."""
    order, change, guard = access.order, decision.change, decision.guard
    if change is None:
        now, target = Status(order.status), target_of(wish)
        undoes = table.find(Fulfilment(order.fulfilment), now, target)
        if undoes is not None and not wish.name:
            raise Conflict(FaultCode.TRANSITION_NOT_ALLOWED_BY_NAME, name=undoes.name, extra=access.refusal_extra())
        raise Conflict(FaultCode.TRANSITION_NOT_ALLOWED, now=now, target=target, extra=access.refusal_extra())
    if not guard:
        raise Forbidden(
            FaultCode.TRANSITION_NOT_PERMITTED,
            name=change.name,
            actors=sorted(change.actors),
            roles=sorted(access.actors) or "none",
            extra=access.refusal_extra(),
        )
    if guard == "proof" and wish.proof and asks_picture(order):
        kind = order.vendor.proof
        raise Invalid(FaultCode.UNKNOWN_DELIVERY_PROOF, Field.PROOF, kind=kind, extra=access.refusal_extra())
    counts = False
    if asks_for_code((guard,), order):
        check_code_is_open(order)
        counts = bool(wish.code or wish.proof)
    if counts:
        count_wrong_code(order.pk)
    raise Conflict(
        GUARDS[guard][1],
        input_of(guard, wish),
        extra={"guard": guard, **access.refusal_extra()},
        # A wrong code stays counted, although the change itself is refused.
        keeps_writes=counts,
    )


def input_of(guard: str, wish: Wish) -> Field | None:
    """The field by which the caller can satisfy a guard; a reason's text where the code asks for one."""
    if guard == "reason" and wish.reason_code:
        return Field.REASON
    return {"reason": Field.REASON_CODE, "code": Field.CODE, "proof": Field.PROOF}.get(guard)


@contextmanager
def all_or_nothing(*, order_id: int, caller: Caller) -> Iterator[None]:
    """Several steps of one call: where one is refused none is made, and the refusal lists what may be done instead of
    all of them, from where the order then stands. Only a wrong code stays counted."""
    try:
        with database.atomic():
            yield
    except Refusal as problem:
        if "allowed_transitions" in problem.extra:
            reached = problem.extra["order_status"]
            problem.extra |= access_of(caller, get_order(caller=caller, order_id=order_id)).refusal_extra()
            stands = problem.extra["order_status"]
            if stands != reached:
                problem.also.append(Fault(FaultCode.STEPS_UNDONE, status=stands))
        if problem.code == "guard_failed" and problem.keeps_writes:
            count_wrong_code(order_id)
        raise


def count_wrong_code(order_id: int) -> None:
    """Counts a wrong collection code; raises Throttled beyond CODE_TRIES."""
    count_attempt("collect", str(order_id), limit=CODE_TRIES, window=CODE_LOCK)


def check_guesses(change: Change, attempt: ChangeAttempt, order: Order) -> None:
    """A right code is taken only while codes are not locked, and ends the count of wrong ones."""
    if asks_for_code(change.guards_for(attempt.actor), order):
        check_code_is_open(order)
        forget_attempts("collect", str(order.pk))


def asks_for_code(guards: Iterable[str], order: Order) -> bool:
    """Whether the collection code stands among the guards, asked for as such or as the proof."""
    return "code" in guards or ("proof" in guards and order.vendor.proof == Vendor.Proof.CODE)


def check_code_is_open(order: Order) -> None:
    """Raises Throttled while the collection code is locked, for right and wrong codes alike."""
    refuse_if_locked("collect", str(order.pk), limit=CODE_TRIES)


def apply_change(update: OrderUpdate, change: Change, attempt: ChangeAttempt, wish: Wish, *, forced: bool) -> None:
    """Makes the change, its money and its event. Everything was checked."""
    order, access, now = update.order, update.access, update.now
    update.role = attempt.actor
    left = assign_parties(access, change, attempt)
    had, was_made = order.milestones, is_made(order)
    source = Status(order.status)
    getattr(order, change.name)(now=now)
    if change.name == "accept" and rules_of(order).skips_preparing and order.prepared_at is None:
        order.prepared_at = now
    remember(order, change.name, attempt.actor)
    follow_status(
        order,
        change.name,
        source,
        change.target,
        role=attempt.actor,
        reason_code=attempt.reason_code,
        caller=update.caller,
        now=now,
    )
    follow_status_on_paper(update, change.name, source, change.target)
    if order.label_id and order.label and order.label.core_status != change.target:
        order.label = None
    if change.name == "accept":
        promise_times(order, wish, now)
    if was_made and not is_made(order):
        order.unserved = why_unserved_now(order, now)
    written = table.SETS.get(change.name, "")
    data = dict(wish.data)
    if change.name == "depart" and had["picked_up"] is None:
        data["inferred"] = "picked_up"
    for name in ("prepared_in", "delivered_in"):
        if getattr(wish, name) is not None:
            data[name] = getattr(wish, name)
    if wish.done_at is not None:
        data["done_at"] = wish.done_at.isoformat()
    if "proof" in change.guards_for(attempt.actor) and asks_picture(order) and attempt.proof:
        data["proof"] = attempt.proof
    update.tell(
        OrderEvent.Kind.STATUS,
        left=left,
        transition=change.name,
        from_status=source,
        to_status=change.target,
        milestone=written if written and had[written] != order.milestones[written] else "",
        reason_code=wish.reason_code,
        reason=wish.reason,
        forced=forced,
        data=data,
    )


def assign_parties(access: OrderAccess, change: Change, attempt: ChangeAttempt) -> Sequence[str]:
    """Sets who carries the order after the change; returns the streams of those whom it takes off."""
    order, now = access.order, access.now
    before = set(carriers_of(order))
    if change.name == "accept_by_driver":
        name_accepting_driver(access, attempt)
    elif change.name == "accept_by_company":
        order.company_id = accepting_company(access, attempt)
        take_offer(order, party_of_company(order.company_id), now)
    leave_parties(order, change.name)
    if change.name == "accept_by_driver" or order.driver_id is None:
        order.named_at = None
    return sorted(before - set(carriers_of(order)))


def leave_parties(order: Order, name: str) -> None:
    """Takes off the order whom the change takes off."""
    if name in ("look_for_driver", "self_deliver", "reopen"):
        order.driver = order.company = None
        order.self_delivery = name == "self_deliver"
    elif name == "cancel_by_driver":
        order.driver = None


def name_accepting_driver(access: OrderAccess, attempt: ChangeAttempt) -> None:
    """A driver accepts for itself; the others for the one that stands named on the order (guard `named`)."""
    order, driver_id = access.order, access.caller.driver_id
    if attempt.actor != Actor.DRIVER or driver_id is None:
        return
    if not hold_employed_driver(driver_id):
        raise Conflict(FaultCode.OFFER_WITHDRAWN)
    if order.driver_id != driver_id:
        check_load(order, driver_id)
    take_offer(order, party_of_driver(driver_id), access.now)
    order.driver = related(access.caller.user, "driver") if access.caller.user else None


def accepting_company(access: OrderAccess, attempt: ChangeAttempt) -> int:
    """The company that accepts: the dispatcher's that it is on offer to, or for staff one that serves this vendor."""
    order = access.order
    if order.company_id is not None:
        return order.company_id
    is_company = attempt.actor == Actor.COMPANY
    serving = companies_offered(access.caller, order) if is_company else sorted(order.serving_company_ids)
    if not serving:
        raise Conflict(FaultCode.GUARD_FAILED_SERVED, extra={"guard": "served", **access.refusal_extra()})
    return serving[0]


def promise_times(order: Order, wish: Wish, now: datetime) -> None:
    """Accepting tells in how many minutes it is ready and delivered; without them the vendor's usual time."""
    order.prepared_in = wish.prepared_in
    order.delivered_in = wish.delivered_in
    told = wish.delivered_in or wish.prepared_in
    takes = timedelta(minutes=told) if told else order.vendor.lead(now)
    order.estimated_at = max(now + takes, order.deliver_at or now)


def start_preparing(*, order_id: int, caller: Caller, version: int | None = None) -> Order:
    """Writes the milestone preparation_started and leaves the status: by vendor or staff, while accepted, not prepared.

    Twice is harmless. Must run in a transaction; raises NotFound, Stale, Forbidden and Conflict.
    """
    with update_order(order_id, caller, version=version) as update:
        order, access = update.order, update.access
        outcome, update.role = decide_preparing(order, access.actors)
        if update.role is None:
            raise Forbidden(FaultCode.TRANSITION_NOT_PERMITTED_PREPARING, extra=access.refusal_extra())
        if outcome == Outcome.REPEAT:
            return order
        if outcome == Outcome.REFUSE:
            raise Conflict(FaultCode.TRANSITION_NOT_ALLOWED_PREPARING, extra=access.refusal_extra())
        order.apply_milestones(START_PREPARING, None, update.now)
        update.tell(OrderEvent.Kind.MILESTONE, transition=START_PREPARING, milestone="preparation_started")
    return order
