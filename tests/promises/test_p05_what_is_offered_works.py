"""Promise 5, sequences: what is offered works, what is a repeat is not offered, and sent twice nothing changes again.

On the pure decision every sequence of up to four calls by anybody, for every fulfilment; drawn ones by the service.
"""

import copy
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction as database

from orders.lifecycle import decisions, table
from orders.lifecycle.decisions import Asker, Decision, Outcome, allowed_changes, decide, remember
from orders.lifecycle.searching import SEARCHING
from orders.lifecycle.table import NAMES, Actor, Fulfilment, Status
from orders.models import AgreedTerms, Order
from orders.services.moving.transitions import Wish, leave_parties, transition
from orders.services.record.access import access_of, get_order
from orders.visibility import NAMED_DRIVER, OFFERED_DRIVER
from ordersite.accounts.callers import Caller, DriverFacts, caller_of_user
from ordersite.core.faults import Refusal
from ordersite.web.problems import Problem, as_problem
from tests.cast import Cast
from tests.orders.rows import CODE, add_line, make_order, state_of
from vendors.models import Driver, Stock, Vendor

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
CALLS = [*((Status(target), "") for target in Status), *((target, name) for name, target in NAMES.items())]
# What may stand when an order is found in a status: each as it is left by some way there.
STOOD = ("", "accepted", "accepted prepared", "accepted prepared search_started driver_accepted driver_at_business")
IN_HAND: dict[str, Any] = {"reason_code": "mistake", "code": CODE, "proof": "seen"}
DRIVER = Driver(pk=7, on_duty=True)
CALLER = Caller(driver=DriverFacts(id=DRIVER.pk, company_id=None, vendor_id=None, on_duty=True))
COMPANY = 3


def found(fulfilment: Fulfilment, status: Status, stood: str = "") -> Order:
    """An order that is not in a database."""
    order = Order(
        vendor=Vendor(pk=1, undo_minutes=5),
        terms=AgreedTerms(cancel_until="prepared", collect_minutes=30),
        fulfilment=fulfilment,
        status=status,
        status_changed_at=NOW - timedelta(minutes=1),
        visible_at=NOW - timedelta(hours=1),
        payment_method="cash",
        collection_code=CODE,
        kind="digital" if fulfilment == Fulfilment.DIGITAL else "regular",
        **{f"{name}_at": NOW - timedelta(minutes=1) for name in stood.split()},
    )
    order.serving_company_ids = frozenset({COMPANY})
    if "driver_accepted" in stood:
        order.driver = DRIVER
    return order


def twin_of(order: Order) -> Order:
    twin = copy.copy(order)
    twin._state = copy.copy(order._state)
    twin._state.fields_cache = dict(order._state.fields_cache)
    return twin


def facts(order: Order) -> tuple[Any, ...]:
    """All that a decision reads, so that what is alike is looked at once."""
    stands = tuple(moment is not None for moment in order.milestones.values())
    parties = (order.driver_id, order.company_id, order.self_delivery)
    return order.fulfilment, order.status, stands, parties, frozenset(order.standing_changes.split())


def asker(actor: Actor, order: Order, **given: Any) -> Asker | None:
    """Somebody who stands to the order as this; None where nobody does."""
    if actor == Actor.DRIVER and not (NAMED_DRIVER | OFFERED_DRIVER).holds(CALLER, order):
        return None
    searched = order.company_id is None and SEARCHING.holds(CALLER, order)
    if actor == Actor.COMPANY and order.company_id != COMPANY and not searched:
        return None
    driver_id = DRIVER.pk if actor == Actor.DRIVER else None
    companies = frozenset({COMPANY} if actor == Actor.COMPANY else ())
    return Asker(actors=frozenset({actor}), now=NOW, driver_id=driver_id, company_ids=companies, **given)


def make(order: Order, decision: Decision) -> Order:
    """The order after the change, as the service leaves it."""
    change, attempt = decision.change, decision.attempt
    assert change
    assert attempt
    after = twin_of(order)
    if change.name == "accept_by_driver" and attempt.actor == Actor.DRIVER:
        after.driver = DRIVER
    elif change.name == "accept_by_company":
        after.company_id = COMPANY
    leave_parties(after, change.name)
    getattr(after, change.name)(now=NOW)
    remember(after, change.name, attempt.actor)
    return after


@dataclass
class Looked:
    """What an order was found to answer: every fault, and what may come next."""

    faults: list[str]
    next: list[Order]
    calls: int = 0


def look(order: Order) -> Looked:
    """Asks every call of everybody, and each that is taken once more."""
    looked = Looked([], [])
    for actor in Actor:
        offers_to = asker(actor, order, is_offered=True)
        asks = asker(actor, order, **IN_HAND)
        if offers_to is None or asks is None:
            continue
        offered = {one.name: one for one in allowed_changes(order, offers_to)}
        taken = set()
        for to, name in CALLS:
            decision = decide(order, asks, to=to, name=name)
            looked.calls += 1
            where = f"{name or int(to)} by {actor} of {facts(order)}"
            if decision.outcome != Outcome.TAKE:
                continue
            assert decision.change
            one = offered.get(decision.change.name)
            if one is None:
                looked.faults.append(f"taken, not offered: {where}")
                continue
            taken.add((decision.change.name, bool(name)))
            if one.by_name and not name:
                looked.faults.append(f"taken by its target: {where}")
            after = make(order, decision)
            again = asker(actor, after, **IN_HAND)
            if again and decide(after, again, to=to, name=name).outcome != Outcome.REPEAT:
                looked.faults.append(f"not repeated: {where}")
            if name:
                looked.next.append(after)
        looked.faults += late_retries(order, asks)
        for one in offered.values():
            if (one.name, True) not in taken or (not one.by_name and (one.name, False) not in taken):
                looked.faults.append(f"offered, not taken: {one.name} by {actor} of {facts(order)}")
    return looked


def late_retries(order: Order, asks: Asker) -> Iterator[str]:
    """A call that comes in again by its target, after others: it undoes nothing, and makes nothing again."""
    for mark in order.standing_changes.split():
        name, role = mark.split("@")
        stands = table.SETS.get(name)  # none: what is remembered for another reason, such as a search that was stopped
        if stands is None or role not in asks.actors or order.milestones[stands] is None:
            continue
        decision = decide(order, asks, to=NAMES[name])
        begins_anew = any(order.milestones[one] for one in table.CLEARS.get(name, ()) if one != stands)
        if decision.outcome == Outcome.TAKE and decision.change and not (begins_anew and decision.change.name == name):
            yield f"a late retry of {mark} makes {decision.change.name} of {facts(order)}"


def starts() -> Iterator[Order]:
    for fulfilment, status in table.TABLE:
        for stood in STOOD if fulfilment == Fulfilment.DELIVERY else STOOD[:3]:
            yield found(fulfilment, status, stood)


def walk(orders: list[Order], calls: int) -> tuple[list[str], int, int]:
    """Every sequence of so many calls: the faults, how many orders differ, how many calls were asked."""
    seen: set[Any] = set()
    asked, faults = 0, list[str]()
    for left in range(calls, 0, -1):
        coming = []
        for order in orders:
            if facts(order) not in seen:
                seen.add(facts(order))
                looked = look(order)
                asked += looked.calls * 2
                faults += looked.faults
                coming += looked.next if left > 1 else []
        orders = coming
    return faults, len(seen), asked


def test_every_sequence_of_calls_on_the_pure_decision(full: bool, figure: Callable[[str], None]) -> None:
    begun = [found(f, Status(s)) for f in Fulfilment for s in (0, 13) if (f, Status(s)) in table.TABLE]
    faults, orders, asked = walk([*begun, *(starts() if full else ())], 4)
    assert faults == []
    figure(f"{asked:,} calls of {orders:,} orders: every sequence of four")


@pytest.mark.parametrize(
    ("broken", "fault"),
    [
        ("is_by_name", "a late retry of accept@vendor makes undo_ready"),
        ("is_repeat", "a late retry of mark_ready@vendor makes mark_ready"),
    ],
)
def test_control_a_decision_without_this_rule_is_caught(
    monkeypatch: pytest.MonkeyPatch, broken: str, fault: str
) -> None:
    monkeypatch.setattr(decisions, broken, lambda *_: False)
    faults, _, _ = walk([found(Fulfilment.PICKUP, Status(0))], 4)
    assert any(one.startswith(fault) for one in faults)
    assert all(one.startswith("a late retry of") for one in faults)


def asked_for(dice: random.Random, offered: list[decisions.Allowed]) -> Wish:
    """One that is offered, mostly; else any."""
    if offered and dice.random() < 0.8:
        one = dice.choice(offered)
        if one.by_name or dice.random() < 0.5:
            return Wish(name=one.name, **IN_HAND)
        return Wish(to=one.to, **IN_HAND)
    to, name = dice.choice(CALLS)
    return Wish(to=to, name=name, **IN_HAND)


def sent(order: Order, caller: Any, wish: Wish) -> Problem | None:
    try:
        with database.atomic():
            transition(order_id=order.pk, caller=caller, wish=wish)
    except Refusal as refusal:
        return as_problem(refusal)
    return None


def live(cast: Cast, dice: random.Random) -> int:
    """Up to four calls of one order by anybody, each sent twice; how many were made."""
    fulfilment, status = dice.choice(sorted(table.TABLE))
    fields = {}
    if fulfilment == Fulfilment.DELIVERY:
        fields = {"driver": dice.choice((None, cast.driver_row)), "company": dice.choice((None, cast.company))}
    stood = dice.choice(STOOD if fields.get("driver") else STOOD[:3])
    order = make_order(cast, status, fulfilment, stood=stood, **fields)
    add_line(order, cast.products["soda"], stock_taken=1)
    users = (cast.customer, cast.owner, cast.driver, cast.dispatcher, cast.staff)
    made = 0
    for _ in range(4):
        caller = caller_of_user(dice.choice(users))
        try:
            offered = access_of(caller, get_order(caller=caller, order_id=order.pk)).allowed()
        except Refusal:
            continue  # nobody of this order
        wish = asked_for(dice, offered)
        before = state_of(order)
        problem = sent(order, caller, wish)
        after = state_of(order)
        is_offered = any(
            wish.name == one.name if wish.name else wish.to == one.to and not one.by_name for one in offered
        )
        where = f"{wish.name or wish.to} of {before['row']} by {caller.key}: {problem and problem.as_json()}"
        assert (problem is None) or not is_offered, where
        assert (after != before) == is_offered, where
        assert after["row"]["version"] == before["row"]["version"] + is_offered, where
        made += is_offered
        again = sent(order, caller, wish)
        assert again is None or problem is not None or again.status == 404, where
        assert state_of(order) == after, f"twice: {where}"
    return made


def test_drawn_sequences_through_the_service(cast: Cast, full: bool, figure: Callable[[str], None]) -> None:
    Stock.objects.update(quantity=10**6)
    dice, wanted = random.Random(9), 2000 if full else 60
    made = sum(live(cast, dice) for _ in range(wanted))
    figure(f"{wanted} drawn sequences through the service, {made} changes made, each sent twice")
    assert made > wanted
