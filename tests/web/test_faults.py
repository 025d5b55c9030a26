"""Refusals are data: each code has one sentence, whose places are filled where it is raised."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from string import Formatter

import pytest

from ordersite.core.catalogue import SENTENCES
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Conflict, Fault, Invalid, InvalidFields, Step
from ordersite.core.fields import Field
from ordersite.core.wording import NATIVE, Wording
from ordersite.web.problems import as_problem

ROOT = Path(__file__).parents[2]
PACKAGES = ("orders", "ordersite", "vendors", "tracking")
# What the wording fills in by itself.
GIVEN = {"field", "api"}


@cache
def sources(*folders: str, holding: str = "") -> list[tuple[str, ast.Module]]:
    """The modules that hold this text, each parsed once."""
    listed = subprocess.run(["git", "ls-files", *folders], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    named = [name for name in listed.split() if name.endswith(".py") and "/migrations/" not in name]
    texts = {name: (ROOT / name).read_text() for name in named if (ROOT / name).exists()}
    return [(name, ast.parse(text)) for name, text in texts.items() if holding in text]


def members(node: ast.AST, enum: str) -> list[str]:
    """The names of the enum's members in an expression."""
    return [
        one.attr
        for one in ast.walk(node)
        if isinstance(one, ast.Attribute) and isinstance(one.value, ast.Name) and one.value.id == enum
    ]


def calls(tree: ast.AST) -> Iterator[tuple[FaultCode, ast.Call]]:
    """Each call whose first argument is a code."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args and not isinstance(node.func, ast.Attribute):
            code = node.args[0]
            for name in members(code, "FaultCode") if isinstance(code, ast.Attribute | ast.IfExp) else ():
                yield FaultCode[name], node


def places_of(sentence: str) -> set[str]:
    return {name.partition(".")[0] for _, name, _, _ in Formatter().parse(sentence) if name} - GIVEN


def lacking(tree: ast.AST) -> list[tuple[FaultCode, int, set[str]]]:
    """The calls that do not fill all places of their sentence: code, line, places."""
    found = []
    for code, call in calls(tree):
        names = {one.arg for one in call.keywords}
        if "faults" in names:
            continue  # each is a call of its own
        told = next((one.value for one in call.keywords if one.arg == "told"), None)
        known = names | (
            {key.value for key in told.keys if isinstance(key, ast.Constant)} if isinstance(told, ast.Dict) else set()
        )
        is_open = None in names or (told is not None and not isinstance(told, ast.Dict))
        if not is_open and (missing := places_of(SENTENCES[code]) - known):
            found.append((code, call.lineno, missing))
    return found


def test_each_code_has_one_sentence_and_its_own_name() -> None:
    assert set(SENTENCES) == set(FaultCode)
    assert [code.name for code in FaultCode] == [code.value.upper().replace(".", "_") for code in FaultCode]


def test_each_code_is_raised() -> None:
    # A door's own sentence for a code does not raise it.
    saying = ("/catalogue/", "/refusals.py")
    refusing = sources(*PACKAGES, holding="FaultCode.")
    raising = [tree for source, tree in refusing if not any(part in source for part in saying)]
    raised = {name for tree in raising for name in members(tree, "FaultCode")}
    assert {code.name for code in FaultCode} - raised == set()


def test_sentences_name_fields_that_there_are() -> None:
    named = {spec for text in SENTENCES.values() for _, name, spec, _ in Formatter().parse(text) if name == "field"}
    assert {Field(spec) for spec in named if spec} == {Field(spec) for spec in named}


def test_each_place_of_a_sentence_is_filled() -> None:
    refusing = sources(*PACKAGES, holding="FaultCode.")
    assert {source: found for source, tree in refusing if (found := lacking(tree))} == {}


def test_a_place_that_is_left_empty_is_found() -> None:
    tree = ast.parse("raise Conflict(FaultCode.STEPS_UNDONE, Field.TO, other=1)")
    assert lacking(tree) == [(FaultCode.STEPS_UNDONE, 1, {"status"})]
    assert lacking(ast.parse("Fault(FaultCode.STEPS_UNDONE, status=1)")) == []


def test_a_door_tells_its_own_names() -> None:
    wording = Wording(
        names={
            Field.ITEMS: "products",
            Field.PRODUCT: "id",
            Field.ADDRESS: "location/address",
            (Field.PACKAGE, Field.PICKUP): "pickup",
            Field.REASON: "?reason",
            Field.GUEST: None,
        }
    )
    items = (Step(Field.ITEMS, 1),)
    assert wording.pointer(Fault(FaultCode.BUSY, Field.PRODUCT, at=items)) == "/products/1/id"
    assert wording.pointer(Fault(FaultCode.BUSY, Field.ADDRESS)) == "/location/address"
    assert wording.pointer(Fault(FaultCode.BUSY, Field.PICKUP, at=(Step(Field.PACKAGE),))) == "/pickup"
    assert wording.pointer(Fault(FaultCode.BUSY, Field.REASON)) == "?reason"
    assert wording.pointer(Fault(FaultCode.BUSY, Field.GUEST)) == ""
    assert NATIVE.pointer(Fault(FaultCode.BUSY, Field.PRODUCT, at=items)) == "/items/1/product"
    assert (wording.word(Field.ADDRESS), wording.word(Field.GUEST)) == ("location.address", "guest")


@pytest.mark.parametrize(
    ("refusal", "code", "rows"),
    [
        (Conflict(FaultCode.BUSY), "busy", []),
        (Conflict(FaultCode.BUSY, Field.TO), "busy", [("/to", "busy")]),
        (Invalid(FaultCode.BUSY), "invalid", [("", "busy")]),
        (Invalid(FaultCode.BUSY, Field.TO), "invalid", [("/to", "busy")]),
        (
            InvalidFields([Fault(FaultCode.BUSY, Field.TO), Fault(FaultCode.NOT_FOUND)]),
            "invalid",
            [("/to", "busy"), ("", "not_found")],
        ),
    ],
)
def test_a_refusal_has_a_row_for_each_field(refusal: Conflict, code: str, rows: list[tuple[str, str]]) -> None:
    problem = as_problem(refusal)
    assert (problem.code, [(row["pointer"], row["code"]) for row in problem.errors]) == (code, rows)


def test_what_one_fault_tells_stands_beside_the_sentence_what_several_tell_in_their_rows() -> None:
    told = {"minimum": {"amount": "10.00", "currency": "EUR"}}
    assert as_problem(Invalid(FaultCode.BUSY, Field.TO, told=told)).extra == told
    several = as_problem(InvalidFields([Fault(FaultCode.BUSY, Field.TO, told=told)]))
    assert (several.extra, several.errors[0]["minimum"]) == ({}, told["minimum"])
