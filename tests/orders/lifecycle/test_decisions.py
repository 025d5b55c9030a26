"""The one decision, by table: every change × actor × fulfilment, with every guard held and with every guard failed.

What becomes of it by facts and sequences: docs/promises.md, 5. What the service makes of it: test_transitions_rows.py.
"""

from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest

from orders.lifecycle import guards
from orders.lifecycle.decisions import Asker, Decision, Outcome, allowed_changes, decide, decide_preparing
from orders.lifecycle.guards import IMPLIED, NEVER_WAIVED, PAID_ANEW
from orders.lifecycle.table import CLOSED, FAILURE, RULES, Actor, Fulfilment, Rule, Status
from orders.models import AgreedTerms, Order
from vendors.models import Vendor

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
# The rules that the table is made of, by what it is asked for.
RULED: dict[tuple[Fulfilment, int, int], Rule] = {
    (Fulfilment[name.upper()], source, rule.target): rule
    for rule in RULES
    for name in rule.fulfilments.split()
    for source in rule.sources
}
ASKED = list(product(Fulfilment, Status, Status, Actor))
INPUTS = ("reason", "code", "proof")


def order_in(fulfilment: Fulfilment, status: Status, **fields: Any) -> Order:
    """An order that is not in a database, of a vendor that wants proofs."""
    return Order(
        vendor=Vendor(proof=Vendor.Proof.PHOTO), terms=AgreedTerms(), fulfilment=fulfilment, status=status, **fields
    )


def asker(*actors: Actor, **given: Any) -> Asker:
    return Asker(actors=frozenset(actors), now=NOW, **given)


def guards_of(rule: Rule, source: int, actor: Actor) -> list[str]:
    """The guards that bind this actor, in the order in which they are looked at."""
    names = [name for name, _, bound in (guard.partition("@") for guard in rule.guards.split()) if bound in ("", actor)]
    if rule.name in IMPLIED:
        names.append(IMPLIED[rule.name])
    if source in FAILURE and rule.target not in FAILURE and rule.name != PAID_ANEW:
        names.append("money")
    return names


def told(decision: Decision) -> tuple[str, str, bool, str, tuple[str, ...]]:
    """The outcome, as whom, whether it is forced, the guard that failed, and what is to be sent."""
    actor = decision.attempt.actor if decision.attempt else ""
    return decision.outcome, actor, decision.forced, decision.guard, decision.requires


def expected(
    fulfilment: Fulfilment, source: Status, target: Status, actor: Actor, *, holds: bool
) -> tuple[str, str, bool, str, tuple[str, ...]]:
    """The same by the rules alone, for who asks by the target and sends a reason."""
    if source == target:
        may = actor == Actor.STAFF or any(
            key[0] == fulfilment and key[2] == target and actor in rule.actors.split() for key, rule in RULED.items()
        )
        return Outcome.REPEAT if may else Outcome.REFUSE, "", False, "", ()
    rule = RULED.get((fulfilment, source, target))
    if rule is None or rule.by_name:
        return Outcome.REFUSE, "", False, "", ()
    failed = ""
    if actor in rule.actors.split():
        names = guards_of(rule, source, actor)
        if holds or not names:
            return Outcome.TAKE, actor, False, "", tuple(name for name in names if name in INPUTS)
        failed = names[0]
    if actor == Actor.STAFF and target != Status.PREORDER:
        if holds:
            return Outcome.TAKE, actor, True, "", ("reason",)
        failed = next((name for name in guards_of(rule, source, actor) if name in NEVER_WAIVED), "reason")
    return Outcome.REFUSE, "", False, failed, ()


@pytest.mark.parametrize("holds", [True, False])
def test_every_change_by_every_actor_in_every_fulfilment(monkeypatch: pytest.MonkeyPatch, holds: bool) -> None:
    for name, (_, text) in list(guards.GUARDS.items()):
        monkeypatch.setitem(guards.GUARDS, name, (lambda *_: holds, text))
    wrong = {}
    # To decide changes nothing in an order, and to make one takes longer than to decide.
    orders = {one: order_in(*one) for one in product(Fulfilment, Status)}
    for fulfilment, source, target, actor in ASKED:
        decision = decide(orders[fulfilment, source], asker(actor, reason_code="other", reason="So"), to=target)
        answer = told(decision), expected(fulfilment, source, target, actor, holds=holds)
        if answer[0] != answer[1]:
            wrong[fulfilment.slug, int(source), int(target), str(actor)] = answer
    assert wrong == {}


def test_what_may_be_done_is_what_is_decided(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the same inputs, and each by its name; staff who may not force are offered no force."""
    for name, (_, text) in list(guards.GUARDS.items()):
        monkeypatch.setitem(guards.GUARDS, name, (lambda *_: True, text))
    for fulfilment, source, actor, may_force in product(Fulfilment, Status, Actor, (True, False)):
        asks, order = asker(actor, is_offered=True, may_force=may_force), order_in(fulfilment, source)
        offered = {one.name: (one.to, one.requires, one.forced) for one in allowed_changes(order, asks)}
        decided = {}
        for (of, stands, target), rule in RULED.items():
            if (of, stands) != (fulfilment, source):
                continue
            decision = decide(order, asks, to=Status(target), name=rule.name)
            if decision.outcome == Outcome.TAKE:
                decided[rule.name] = (target, decision.requires, decision.forced)
        assert offered == decided
        assert may_force or not any(forced for _, _, forced in offered.values())


PREPARING = {
    "not accepted": ({}, Outcome.REFUSE),
    "accepted": ({"accepted_at": NOW}, Outcome.TAKE),
    "begun": ({"accepted_at": NOW, "preparation_started_at": NOW}, Outcome.REPEAT),
    "begun and prepared": ({"accepted_at": NOW, "preparation_started_at": NOW, "prepared_at": NOW}, Outcome.REPEAT),
    "prepared": ({"accepted_at": NOW, "prepared_at": NOW}, Outcome.REFUSE),
}


@pytest.mark.parametrize("case", PREPARING)
def test_preparing_begins_while_it_is_accepted_and_not_prepared(case: str) -> None:
    stood, outcome = PREPARING[case]
    for status, actor in product(Status, Actor):
        decided, role = decide_preparing(order_in(Fulfilment.PICKUP, status, **stood), frozenset({actor}))
        if actor not in (Actor.VENDOR, Actor.STAFF):
            assert (decided, role) == (Outcome.REFUSE, None)
        else:
            assert (decided, role) == (Outcome.REFUSE if status in CLOSED else outcome, actor)
