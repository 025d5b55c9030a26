"""The life cycle as data: what is expected of it, row by row, and whole in itself. No database."""

import csv
from pathlib import Path

import pytest

from orders.lifecycle import guards, table
from orders.lifecycle.table import CLOSED, GROUPS, RULES, Actor, Fulfilment, Rule, Status, expand, index
from orders.models import Order

# Kept beside the table and never made from it: whoever changes the life cycle changes both.
EXPECTED = Path(__file__).with_name("expected_changes.csv")
STARTS = ("place", "place_preorder")


def expected_rows() -> list[dict[str, str]]:
    with EXPECTED.open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_table_is_what_is_expected_row_by_row() -> None:
    expected = {
        (row["change"], source, row["to"], words(row["actors"]), words(row["fulfilments"]), words(row["guards"]))
        for row in expected_rows()
        for source in row["from"].split()
        if row["change"] not in STARTS
    }
    ours = {
        (
            rule.name,
            Status(source).slug,
            Status(rule.target).slug,
            words(rule.actors),
            words(rule.fulfilments),
            words(rule.guards),
        )
        for rule in RULES
        for source in rule.sources
    }
    assert ours == expected
    assert len(expected) == sum(len(rule.sources) for rule in RULES) == 191


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def test_an_order_starts_pending_or_as_a_preorder() -> None:
    starts = {row["change"]: row for row in expected_rows() if row["change"] in STARTS}
    assert {name: (row["from"], row["to"]) for name, row in starts.items()} == {
        "place": ("new", "pending"),
        "place_preorder": ("new", "preorder"),
    }
    assert "digital" not in starts["place_preorder"]["fulfilments"]


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
