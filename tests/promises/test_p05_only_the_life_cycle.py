"""Promise 5: only the life cycle's changes happen. Every row by the service:
tests/orders/moving/test_transitions_rows.py.
"""

from collections.abc import Callable
from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from orders.lifecycle import table
from orders.lifecycle.guards import guards_of
from orders.lifecycle.table import NAMES, RULES, SETS, Actor, Fulfilment, Status
from orders.models import Order
from orders.services.moving.transitions import Wish, transition
from ordersite.accounts.callers import SYSTEM, Caller, caller_of_user
from ordersite.core.faults import Refusal
from tests.cast import Cast
from tests.orders.rows import CODE, add_line, make_order, state_of

REFUSALS = (403, 404, 409)


def wrong_changes(changes: dict[Any, Any]) -> list[str]:
    """Every status × target × actor × fulfilment that the table answers otherwise than the rules that it is made of."""
    ruled = {
        (Fulfilment[name.upper()], source, rule.target, actor)
        for rule in RULES
        for name in rule.fulfilments.split()
        for source in rule.sources
        for actor in rule.actors.split()
    }
    wrong = []
    for fulfilment, source, target, actor in product(Fulfilment, Status, Status, Actor):
        change = changes.get((fulfilment, source), {}).get(target)
        if (change is not None and actor in change.actors) != ((fulfilment, source, target, actor) in ruled):
            wrong.append(f"{fulfilment.slug} {source} to {target} by {actor}")
    return wrong


def test_every_status_transition_actor_and_fulfilment(figure: Callable[[str], None]) -> None:
    assert wrong_changes(table.TABLE) == []
    figure(f"{len(Fulfilment) * len(Status) ** 2 * len(Actor):,} combinations of the pure table right")


def test_control_a_broken_table_is_caught() -> None:
    rows = dict(table.TABLE)
    pending = dict(rows[Fulfilment.PICKUP, Status(0)])
    pending[Status(15)] = replace(pending[Status(7)], target=Status(15))
    rows[Fulfilment.PICKUP, Status(0)] = pending
    assert wrong_changes(rows) == [f"pickup 0 to 15 by {actor}" for actor in ("vendor", "staff", "system")]


class Walk(RuleBasedStateMachine):
    """An order on the pure table: what is delivered was picked up, and nothing leaves its fulfilment's statuses."""

    def __init__(self) -> None:
        super().__init__()
        self.fulfilment = Fulfilment.DELIVERY
        self.status, self.stood = Status.PENDING, set[str]()

    @rule(fulfilment=st.sampled_from(Fulfilment), started=st.sampled_from([Status(0), Status(13)]))
    def start(self, fulfilment: Fulfilment, started: Status) -> None:
        self.fulfilment, self.stood = fulfilment, set()
        self.status = Status(0) if fulfilment == Fulfilment.DIGITAL else started

    @rule(asked=st.sampled_from(list(Status)), actor=st.sampled_from(Actor))
    def ask(self, asked: Status, actor: Actor) -> None:
        change = table.find(self.fulfilment, self.status, asked)
        if change is None or actor not in change.actors:
            return
        needed = {"prepared": "prepared", "driver": "driver_accepted", "present": "driver_at_business"}
        if any(needed[guard] not in self.stood for guard in guards_of(change, actor) if guard in needed):
            return
        self.stood -= set(table.CLEARS.get(change.name, ()))
        if change.name in SETS:
            self.stood.add(SETS[change.name])
        self.status = asked

    @invariant()
    def stays_within(self) -> None:
        assert (self.fulfilment, self.status) in table.TABLE
        if self.status in (Status(9), Status(11), Status(19), Status(23)):
            assert self.fulfilment == Fulfilment.DELIVERY
        if self.status == Status(9):
            assert "picked_up" in self.stood


def run(machine: type[RuleBasedStateMachine], runs: int, steps: int) -> None:
    checks = list(HealthCheck)
    chosen = settings(max_examples=runs, stateful_step_count=steps, deadline=None, database=None)
    run_state_machine_as_test(machine, settings=settings(chosen, suppress_health_check=checks))


def test_walks_on_the_pure_table(full: bool, figure: Callable[[str], None]) -> None:
    runs, steps = (500, 50) if full else (60, 30)
    run(Walk, runs, steps)
    figure(f"{runs} walks of {steps} steps on the pure table")


def service_walk(cast: Cast) -> type[RuleBasedStateMachine]:
    """A walk through the service: each answer is checked against the table, and the books against the status."""
    callers: list[Caller] = [
        SYSTEM,
        *(caller_of_user(user) for user in (cast.customer, cast.owner, cast.driver, cast.dispatcher, cast.staff)),
    ]

    class Served(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.start(Fulfilment.DELIVERY)

        @rule(fulfilment=st.sampled_from(Fulfilment))
        def start(self, fulfilment: Fulfilment) -> None:
            carriers: dict[str, Any] = {"driver": cast.driver_row, "company": cast.company}
            self.order = make_order(cast, 0, fulfilment, **carriers if fulfilment == Fulfilment.DELIVERY else {})
            add_line(self.order, cast.products["soda"], stock_taken=1)

        @rule(name=st.sampled_from(sorted(NAMES)), caller=st.sampled_from(callers), reason=st.booleans())
        def ask(self, name: str, caller: Caller, reason: bool) -> None:
            before = Order.objects.get(pk=self.order.pk)
            state = state_of(before)
            wish = Wish(name=name, reason_code="mistake" if reason else "", code=CODE, proof="seen")
            change = table.find(Fulfilment(before.fulfilment), Status(before.status), NAMES[name])
            status = 200
            try:
                with transaction.atomic():
                    transition(order_id=before.pk, caller=caller, wish=wish)
            except Refusal as problem:
                status = problem.status
            after = Order.objects.get(pk=before.pk)
            if status != 200 or after.version == before.version:
                assert status in (200, *REFUSALS)
                assert state_of(before) == state
                return
            assert change is not None
            assert change.name == name
            assert (after.status, after.version) == (change.target, before.version + 1)

        @invariant()
        def the_books_follow(self) -> None:
            order = Order.objects.get(pk=self.order.pk)
            settled = [posting.kind for posting in order.postings.all()]
            assert settled.count("settlement") - settled.count("reversal") == (order.status in table.SUCCESS)

    return Served


@pytest.mark.postgres
def test_walks_through_the_service(cast: Cast, full: bool, figure: Callable[[str], None]) -> None:
    runs, steps = (40, 40) if full else (8, 20)
    run(service_walk(cast), runs, steps)
    figure(f"{runs} walks of {steps} steps through the service")


@pytest.mark.parametrize("status", [-1, 26, 99])
def test_a_status_that_does_not_exist_is_refused_by_the_database(cast: Cast, status: int) -> None:
    order = make_order(cast)
    with pytest.raises(DatabaseError), transaction.atomic():
        Order.objects.filter(pk=order.pk).update(status=status)
    assert Order.objects.get(pk=order.pk).status == Status.PENDING
