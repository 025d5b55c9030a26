"""What each dialect calls the fields that a refusal names: a name that its inputs have, or none, said for each."""

import ast
import importlib
import inspect
import pkgutil
from functools import cache
from pathlib import Path
from string import Formatter

import pytest
from rest_framework.serializers import Serializer

from orders.dialects.base import Dialect
from orders.dialects.registry import DIALECTS
from ordersite.core.catalogue import SENTENCES
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Fault, Step
from ordersite.core.fields import Field
from ordersite.core.wording import NATIVE, Names, Wording
from tests.web.test_faults import calls, members, places_of, sources

ROOT = Path(__file__).parents[2]
# A till sends nothing that could be wrong.
TALKING = [dialect for dialect in DIALECTS if dialect.name != "kaddy"]
# What no call of these leads to: a refund, a name of a change; a reason with a code; a service.
UNREACHED = {
    "kalixo": {FaultCode.BY_HAND_ONLY, FaultCode.TRANSITION_NOT_ALLOWED_BY_NAME},
    "kesk": {FaultCode.REQUIRED_REASON_TEXT},
    "ordering": {FaultCode.DELIVER_AT},
}
by_name = pytest.mark.parametrize("dialect", TALKING, ids=lambda dialect: dialect.name)


def inputs_of(dialect: Dialect) -> set[str]:
    """The fields of all that a client may send."""
    package = importlib.import_module(f"orders.dialects.{dialect.name}")
    inner = getattr(package, "__path__", [])
    modules = [
        package,
        *(importlib.import_module(f"{package.__name__}.{one.name}") for one in pkgutil.iter_modules(inner)),
    ]
    found: set[str] = set()
    for module in modules:
        for one in vars(module).values():
            if inspect.isclass(one) and issubclass(one, Serializer) and one.__module__.startswith("orders."):
                found |= set(one().get_fields())
    return found


def unnamed(wording: Wording) -> set[Field]:
    """The fields of which the table says nothing, not even that there is none."""
    return set(Field) - wording.names.keys()


@cache
def raised() -> set[tuple[FaultCode, Field | None]]:
    """Each code with the field beside it where that is written out."""
    found: set[tuple[FaultCode, Field | None]] = set()
    refusing = ("orders/services", "orders/pricing*", "orders/destinations*", "ordersite/places")
    for _, tree in sources(*refusing, holding="FaultCode."):
        for code, call in calls(tree):
            fields = members(call.args[1], "Field") if len(call.args) > 1 else []
            found |= {(code, Field[one]) for one in fields} or {(code, None)}
    return found


def silent(wording: Wording) -> set[tuple[FaultCode, str]]:
    """The sentences that would name a field which the door does not have, though they are about one that it has."""
    found = set()
    for code, field in raised():
        if field is not None and wording.names.get(field) is None:
            continue
        text = wording.sentences.get(code) or SENTENCES[code]
        named = {spec for _, name, spec, _ in Formatter().parse(text) if name == "field" and spec}
        found |= {(code, one) for one in named if wording.names.get(Field(one)) is None}
    return found


@by_name
def test_each_field_has_a_name_or_none(dialect: Dialect) -> None:
    assert unnamed(dialect.wording) == set()


def test_a_field_that_is_forgotten_is_found() -> None:
    names: Names = {one: one.value for one in Field if one is not Field.TOTAL}
    assert unnamed(Wording(names=names)) == {Field.TOTAL}
    assert unnamed(NATIVE) == set()


@by_name
def test_each_name_is_one_that_clients_send(dialect: Dialect) -> None:
    names = {part for name in dialect.wording.names.values() if name for part in name.split("/")}
    assert names - inputs_of(dialect) == set()


@by_name
def test_no_sentence_names_what_the_door_does_not_have(dialect: Dialect) -> None:
    assert {code for code, _ in silent(dialect.wording)} == UNREACHED.get(dialect.name, set())


@by_name
def test_own_sentences_say_what_is_known(dialect: Dialect) -> None:
    for code, text in dialect.wording.sentences.items():
        assert places_of(text) <= places_of(SENTENCES[code]), code


def test_a_way_into_a_package_is_one_field_at_kesk() -> None:
    kesk = next(dialect.wording for dialect in DIALECTS if dialect.name == "kesk")
    part = (Step(Field.VENDORS, 1), Step(Field.PACKAGE))
    told = {
        kesk.pointer(Fault(FaultCode.BUSY, Field.LOCATION, at=(*part, Step(Field.PICKUP)))),
        kesk.pointer(Fault(FaultCode.BUSY, Field.WEIGHT, at=part)),
        kesk.pointer(Fault(FaultCode.BUSY, Field.PACKAGE, at=part[:1])),
    }
    assert told == {"/data/1/pickup_address", "/data/1/weight", "/data/1/package_type_id"}


def rewriting(tree: ast.AST) -> list[int]:
    """The lines that change the text of a refusal, or look for something in it."""
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        if node.func.attr in ("sub", "replace", "partition", "fullmatch", "match", "search") and any(
            word in ast.unparse(node) for word in ("detail", "message", "sentence")
        ):
            found.append(node.lineno)
    return found


def test_no_door_rewrites_a_sentence() -> None:
    doors = sources("orders/dialects", "orders/api", "orders/pages")
    assert {name: found for name, tree in doors if (found := rewriting(tree))} == {}


@pytest.mark.parametrize(
    "text",
    ["text = row['detail'].replace('a', 'b')", "text = re.sub('a', 'b', problem.detail)", "OWN.fullmatch(message)"],
)
def test_a_sentence_that_is_rewritten_is_found(text: str) -> None:
    assert rewriting(ast.parse(text)) == [1]
