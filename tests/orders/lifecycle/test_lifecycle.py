"""The life cycle as data: equal to its design, and whole in itself. No database."""

import csv
from pathlib import Path

import pytest
from django.conf import settings

from orders.lifecycle import guards, table
from orders.lifecycle.table import CLOSED, GROUPS, RULES, Actor, Fulfilment, Rule, Status, expand, index
from orders.models import Order

DESIGN = settings.BASE_DIR.parent / "shared" / "design" / "lifecycle.csv"
STARTS = ("place", "place_preorder")


def design_rows() -> list[dict[str, str]]:
    if not DESIGN.exists():
        pytest.skip(f"{Path(*DESIGN.parts[-3:])} does not lie beside the checkout")
    with DESIGN.open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_table_is_the_designs_row_by_row() -> None:
    designed = [row for row in design_rows() if row["transition"] not in STARTS]
    assert len(designed) == 191
    ours = {
        (rule.name, str(source), str(rule.target), sets(rule.actors), sets(rule.fulfilments), sets(rule.guards))
        for rule in RULES
        for source in rule.sources
    }
    assert ours == {
        (
            row["transition"],
            row["from"],
            row["to"],
            sets(row["actors"]),
            sets(row["fulfilment"]),
            sets(row["guards"]),
        )
        for row in designed
    }
    assert sum(len(rule.sources) for rule in RULES) == 191


def sets(words: str) -> frozenset[str]:
    return frozenset(words.split())


def test_an_order_starts_in_0_or_13() -> None:
    starts = {row["transition"]: row for row in design_rows() if row["transition"] in STARTS}
    assert {name: (row["from"], row["to"]) for name, row in starts.items()} == {
        "place": ("new", "0"),
        "place_preorder": ("new", "13"),
    }
    assert "digital" not in starts["place_preorder"]["fulfilment"]


def test_a_pair_occurs_once_and_has_one_name_and_a_name_has_one_target() -> None:
    changes = list(expand(RULES))
    pairs = [(change.fulfilment, change.source, change.target) for change in changes]
    assert len(pairs) == len(set(pairs))
    assert {change.name: change.target for change in changes} == table.NAMES
    for change in changes:
        assert table.find(change.fulfilment, change.source, change.target) == change


def test_a_pair_that_occurs_twice_is_found_at_the_start() -> None:
    twice = (
        Rule.of("accept", "pending", "accepted_by_business", "vendor", "pickup"),
        Rule.of("again", "pending", "accepted_by_business", "staff", "pickup"),
    )
    with pytest.raises(ValueError, match="occurs twice for pickup"):
        index(twice)


def test_every_guard_and_milestone_exists() -> None:
    named = {guard for change in expand(RULES) for guard, _ in change.guards}
    assert named | set(guards.IMPLIED.values()) | {"money"} == set(guards.GUARDS)
    milestones = set(table.MILESTONES)
    assert set(table.SETS.values()) <= milestones
    assert {name for cleared in table.CLEARS.values() for name in cleared} <= milestones
    assert set(table.CLEARS) <= set(table.NAMES)
    assert set(table.SETS) - {"start_preparing"} <= set(table.NAMES)
    for name in table.MILESTONES:
        assert Order._meta.get_field(f"{name}_at").null


def test_closed_and_groups_are_the_designs() -> None:
    assert {int(status) for status in CLOSED} == {1, 2, 5, 11, 12, 15, 16, 17}
    codes = {name: sorted(status.value for status in group) for name, group in GROUPS.items()}
    assert codes["pending"] == [0, 13]
    assert codes["in_progress"] == [3, 4, 7, 8, 9, 14, *range(18, 26)]
    assert codes["completed"] == [1, 11, 15]
    assert codes["cancelled"] == [2, 5, 6, 10, 12, 16, 17]
    assert sorted(codes["open"] + codes["closed"]) == list(range(26))


def test_only_13_is_never_forced_and_never_by_hand() -> None:
    for change in expand(RULES):
        assert change.may_be_forced() == (change.target != 13)
        if change.target == 13:
            assert change.actors == {Actor.SYSTEM}


def test_every_status_is_reached_and_left_where_it_belongs() -> None:
    for fulfilment in Fulfilment:
        reached = {Status(0), Status(13)} if fulfilment != Fulfilment.DIGITAL else {Status(0)}
        while True:
            more = {target for source in reached for target in table.changes_from(fulfilment, source)}
            if more <= reached:
                break
            reached |= more
        used = {source for of, source in table.TABLE if of == fulfilment}
        assert used == reached, fulfilment
    assert {target for row in table.TABLE.values() for target in row} | {Status(0), Status(13)} == set(Status)


def test_no_undo_writes_the_milestone_that_it_takes_back() -> None:
    for name, cleared in table.CLEARS.items():
        if table.SETS.get(name) in cleared:
            assert name == "look_for_driver"  # each search begins anew


def test_guards_bound_to_one_actor_bind_no_other() -> None:
    deliver = table.find(Fulfilment.DELIVERY, Status(9), Status(11))
    assert deliver
    assert deliver.guards_for(Actor.DRIVER) == ("proof",)
    assert deliver.guards_for(Actor.VENDOR) == ("proof", "own")
    collect = table.find(Fulfilment.PICKUP, Status(4), Status(15))
    assert collect
    assert collect.guards_for(Actor.CUSTOMER) == ("prepared", "code")
    assert collect.guards_for(Actor.VENDOR) == ("prepared",)
