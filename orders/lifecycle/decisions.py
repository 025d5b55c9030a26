"""The one decision about a change of status: it is taken, it repeats what has happened, or it is refused.

What is offered (`allowed_changes`) and what is taken (`decide`) are the same question, asked by every door; the
milestone preparation_started, which is no change of status, has its own (`decide_preparing`). No database here: an
order at hand, and who asks.
"""

import copy
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from orders.lifecycle import table
from orders.lifecycle.guards import NEVER_WAIVED, ChangeAttempt, failing_guard, guards_of, input_needed
from orders.lifecycle.table import Actor, Change, Fulfilment, Status
from orders.models import Order

STOP = "stop_search"
# Who says that preparing has begun.
PREPARERS = (Actor.VENDOR, Actor.STAFF)
# The changes that stand until something takes them back.
REMEMBERED = (table.SETS.keys() - table.TAKES_BACK) | {STOP}
# Steps that bring an order on and take nobody off it, which one party makes one after the other.
FORWARD = table.SETS.keys() - table.TAKES_BACK - {"accept_by_driver", "accept_by_company"}
MOST_AHEAD = 3
NAMES_TO = {target: tuple(name for name, leads_to in table.NAMES.items() if leads_to == target) for target in Status}


class Outcome(StrEnum):
    TAKE = "take"
    REPEAT = "repeat"  # it answers as if it had just happened, and writes nothing
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who asks for a change, in which roles, and what was sent for it."""

    actors: frozenset[Actor]
    now: datetime
    driver_id: int | None = None
    company_ids: frozenset[int] = frozenset()
    # Of staff: whether it holds the right to go past actors and guards.
    may_force: bool = True
    reason_code: str = ""
    reason: str = ""
    code: str = ""
    proof: str = ""
    # Whether only is asked what may be done: what is to be sent for it counts as sent.
    is_offered: bool = False

    def attempt(self, actor: Actor) -> ChangeAttempt:
        return ChangeAttempt(
            actor=actor,
            now=self.now,
            driver_id=self.driver_id,
            company_ids=self.company_ids,
            reason_code=self.reason_code,
            reason=self.reason,
            code=self.code,
            proof=self.proof,
            is_offered=self.is_offered,
        )


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a wish. Refused: no change means that the table has none, no guard that it is not theirs."""

    outcome: Outcome
    change: Change | None = None
    attempt: ChangeAttempt | None = None
    forced: bool = False
    guard: str = ""
    requires: tuple[str, ...] = ()  # what is to be sent for a change that is taken


REPEATED = Decision(Outcome.REPEAT)
NOT_IN_THE_TABLE = Decision(Outcome.REFUSE)


def decide(order: Order, asker: Asker, *, to: Status, name: str = "") -> Decision:
    """Decides about a change to `to`, asked for by its name or, where that is empty, by its target."""
    fulfilment, status = Fulfilment(order.fulfilment), Status(order.status)
    if to == status:
        may = Actor.STAFF in asker.actors or bool(asker.actors & table.actors_to(fulfilment, status))
        return REPEATED if may else NOT_IN_THE_TABLE
    change = table.find(fulfilment, status, to)
    if change is not None and (change.name != name if name else is_by_name(change, order)):
        change = None
    names = (name,) if name else (change.name,) if change else NAMES_TO[to]
    if any(is_repeat(order, asker, one) for one in names):
        return REPEATED
    return NOT_IN_THE_TABLE if change is None else judge(order, asker, change)


def is_by_name(change: Change, order: Order) -> bool:
    """Whether the change is taken by its name only: it would undo what a late retry of another call has done."""
    takes_off = change.name == "look_for_driver" and order.driver_accepted_at is not None
    return change.by_name or takes_off


def is_repeat(order: Order, asker: Asker, name: str) -> bool:
    """Whether the asker's last change of this name stands, and to make it again would undo nothing.

    After a close without success nothing is repeated but by the status: an old milestone must not hide a refusal, or a
    way out. What takes back is meant anew each time.
    """
    milestone = table.SETS.get(name)
    if milestone is None or name in table.TAKES_BACK or order.status in table.FAILURE:
        return False
    if getattr(order, f"{milestone}_at") is None:
        return False
    if any(cleared != milestone and getattr(order, f"{cleared}_at") for cleared in table.CLEARS.get(name, ())):
        return False
    if name == "driver_arrive" and has_arrived(order, asker):
        return True
    standing = order.standing_changes.split()
    return any(mark_of(name, actor) in standing for actor in asker.actors)


def has_arrived(order: Order, asker: Asker) -> bool:
    """Who stands at the counter does not come again, whatever the kitchen has taken back since."""
    is_driver = Actor.DRIVER in asker.actors and order.driver_id == asker.driver_id
    return is_driver or Actor.GEOFENCE in asker.actors


def mark_of(name: str, role: Actor) -> str:
    """How a party's change stands in `standing_changes`."""
    return f"{name}@{role}"


def remember(order: Order, name: str, role: Actor) -> None:
    """Notes that this party's change stands, after it was made; one that takes back ends all that stood.

    That a search was stopped stands until somebody is found or begins another, or the order is reopened.
    """
    marks = order.standing_changes.split()
    if name in table.TAKES_BACK:
        marks = [mark for mark in marks if is_stop(mark)]
    if name in table.ENDS_LEAVING:
        marks = [mark for mark in marks if not is_stop(mark)]
    if name in REMEMBERED:
        marks.append(mark_of(name, role))
    order.standing_changes = " ".join(dict.fromkeys(marks))


def is_stop(mark: str) -> bool:
    return mark.startswith(f"{STOP}@")


def search_is_stopped(order: Order) -> bool:
    """Whether somebody has stopped the search, and nobody was found since: no timer begins another then."""
    return any(is_stop(mark) for mark in order.standing_changes.split())


def judge(order: Order, asker: Asker, change: Change) -> Decision:
    """As whom the asker makes a change of the table, or what stands in the way; staff may force it with a reason."""
    guard = ""
    for actor in Actor:
        if actor in asker.actors & change.actors:
            attempt = asker.attempt(actor)
            failed = failing_guard(change, order, attempt)
            if failed is None:
                return Decision(Outcome.TAKE, change, attempt, requires=inputs(guards_of(change, actor), order))
            guard = guard or failed
    has_reason = bool(asker.reason_code) or asker.is_offered
    may_force = asker.may_force and Actor.STAFF in asker.actors and change.may_be_forced()
    if may_force and (has_reason or not guard or guard in NEVER_WAIVED):
        attempt = asker.attempt(Actor.STAFF)
        failed = failing_guard(change, order, attempt, waive=True)
        if failed is None:
            return Decision(Outcome.TAKE, change, attempt, forced=True, requires=("reason",))
        guard = failed
    return Decision(Outcome.REFUSE, change, guard=guard)


def inputs(guards: Iterable[str], order: Order) -> tuple[str, ...]:
    return tuple(guard for guard in guards if input_needed(guard, order))


def decide_preparing(order: Order, actors: frozenset[Actor]) -> tuple[Outcome, Actor | None]:
    """Whether preparing may be said to have begun, and as whom: while the order is accepted and not prepared.

    Nobody means that it is not theirs to say.
    """
    role = next((actor for actor in PREPARERS if actor in actors), None)
    if role is None:
        return Outcome.REFUSE, None
    if order.preparation_started_at is not None and not order.is_closed:
        return Outcome.REPEAT, role
    waits = order.accepted_at is not None and order.prepared_at is None and not order.is_closed
    return Outcome.TAKE if waits else Outcome.REFUSE, role


@dataclass(frozen=True, slots=True)
class Allowed:
    """A change that somebody may make now, and what it must send for it."""

    name: str
    to: Status
    requires: tuple[str, ...]
    by_name: bool
    forced: bool
    actors: frozenset[Actor]


def allowed_changes(order: Order, asker: Asker) -> list[Allowed]:
    """What the asker may do now: the answer to a refusal, and the buttons of every board. No repeat is among it."""
    answers = []
    for change in table.changes_from(Fulfilment(order.fulfilment), Status(order.status)).values():
        if not asker.may_force and not asker.actors & change.actors:
            continue  # theirs it is not, whatever else stands in its way: half of what a customer's answer took
        decision = decide(order, asker, to=change.target, name=change.name)
        if decision.outcome != Outcome.TAKE:
            continue
        by_name = is_by_name(change, order)
        answers.append(Allowed(change.name, change.target, decision.requires, by_name, decision.forced, change.actors))
    return sorted(answers, key=lambda one: one.to)


@dataclass(frozen=True, slots=True)
class Ahead:
    """What may be done once these changes were made, one after the other."""

    after: tuple[str, ...]
    allowed: list[Allowed]


def changes_ahead(order: Order, asker: Asker, *, most: int = MOST_AHEAD) -> Iterator[Ahead]:
    """What the asker may do after each run of at most `most` steps of its own, the shortest runs first.

    For who loses its link: the order itself stays as it is, and nobody else is taken to do anything meanwhile.
    """
    ahead: list[tuple[tuple[str, ...], Order]] = [((), order)]
    for _ in range(most):
        ahead = [
            ((*after, change.name), reached)
            for after, standing in ahead
            for change, reached in steps_from(standing, asker)
        ]
        for after, reached in ahead:
            yield Ahead(after, allowed_changes(reached, asker))


def steps_from(order: Order, asker: Asker) -> Iterator[tuple[Change, Order]]:
    """The asker's next steps, each with the order as it would stand then; none is an answer to an offer."""
    for change in table.changes_from(Fulfilment(order.fulfilment), Status(order.status)).values():
        if change.name not in FORWARD or change.by_name:
            continue
        decision = decide(order, asker, to=change.target, name=change.name)
        if decision.outcome != Outcome.TAKE or decision.attempt is None or decision.forced:
            continue
        reached = copy.copy(order)
        getattr(reached, change.name)(now=asker.now)
        remember(reached, change.name, decision.attempt.actor)
        yield change, reached
