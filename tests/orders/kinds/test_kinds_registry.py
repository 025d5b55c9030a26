"""What differs by kind is asked of the registries: every kind has its rows, and no other module compares a kind."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest
from django.conf import settings

from orders.kinds import KINDS
from orders.models import Kind
from orders.services.kinds import HANDLERS

PACKAGES = ("orders", "ordersite", "tracking", "vendors")
# Who may name a kind: the registries themselves, and who means that kind.
NAMED = {
    "orders/kinds/": "the rules of each",
    "orders/services/kinds/": "what is done with each; an order without items is regular",
    "orders/models/orders.py": "the column and its default",
    "orders/dialects/kesk/words.py": "Kesk's words for kinds",
    "orders/dialects/kesk/carts.py": "the fields that Kesk's clients send for each",
    "orders/dialects/kalixo.py": "orders codes alone",
}
MEMBERS = {kind.name for kind in Kind}
VALUES = set(Kind.values)
LOOKUP = re.compile(r"(?:\w+__)?kind(?:__in|__exact)?")


def has_text(*nodes: ast.AST) -> bool:
    """Whether the name of a kind stands in one of the expressions as a text."""
    found = (part.value for node in nodes for part in ast.walk(node) if isinstance(part, ast.Constant))
    return any(isinstance(text, str) and text in VALUES for text in found)


def is_kind(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "kind"


def offends(node: ast.AST) -> bool:
    """Whether a node names a kind of order, or compares one with a text."""
    match node:
        case ast.Attribute(value=owner, attr=name):
            # Other tables have kinds too.
            return name in MEMBERS and re.fullmatch(r"(?:(?:models\.)?Order\.)?Kind", ast.unparse(owner)) is not None
        case ast.Compare(left=left, comparators=others):
            return any(map(is_kind, (left, *others))) and has_text(left, *others)
        case ast.keyword(arg=str(name), value=value):
            return LOOKUP.fullmatch(name) is not None and has_text(value)
        case ast.Match(subject=subject, cases=cases):
            return is_kind(subject) and has_text(*(case.pattern for case in cases))
    return False


def offences(source: str) -> list[int]:
    """The lines in which a source does. To name a kind or compare one it has to hold the word."""
    if "kind" not in source.lower():
        return []
    return [getattr(node, "lineno", 0) for node in ast.walk(ast.parse(source)) if offends(node)]


@cache
def all_offences() -> dict[str, list[int]]:
    """By the source that has any."""
    paths = (path for package in PACKAGES for path in (Path(settings.BASE_DIR) / package).rglob("*.py"))
    found = {path: offences(path.read_text()) for path in sorted(paths) if "migrations" not in path.parts}
    return {str(path.relative_to(settings.BASE_DIR)): rows for path, rows in found.items() if rows}


def is_named(name: str, allowed: str) -> bool:
    return name == allowed or (allowed.endswith("/") and name.startswith(allowed))


def test_every_kind_has_its_rules_and_its_handler() -> None:
    assert list(KINDS) == list(HANDLERS)
    assert set(KINDS) == set(Kind.values)
    assert all(KINDS[name].name == HANDLERS[name].name == name for name in KINDS)


def test_nobody_else_compares_a_kind() -> None:
    found = all_offences()
    assert {name: found[name] for name in found if not any(is_named(name, allowed) for allowed in NAMED)} == {}


def test_who_may_name_a_kind_does() -> None:
    """An entry that is no longer needed goes; and the walk finds what there is."""
    naming = all_offences()
    assert [allowed for allowed in NAMED if not any(is_named(name, allowed) for name in naming)] == []


def test_no_template_compares_a_kind() -> None:
    templates = Path(settings.BASE_DIR) / "templates"
    compared = re.compile(rf"\border\.kind\s*(?:==|!=|in)\s*[\"'](?:{'|'.join(VALUES)})")
    assert compared.search('{% if order.kind == "service" %}')
    assert [str(path) for path in templates.rglob("*.html") if compared.search(path.read_text())] == []


PLANTED = [
    "order.kind == Kind.PACKAGE",
    "if order.kind != Order.Kind.DIGITAL:\n    pass",
    "order.kind in (Kind.PACKAGE, Kind.SERVICE)",
    "draft.kind == 'service'",
    "part.draft.kind in ('package', 'service')",
    "'regular' == order.kind",
    "match order.kind:\n    case Kind.DIGITAL:\n        pass",
    "match order.kind:\n    case 'digital':\n        pass",
    "Q(kind=Kind.SERVICE)",
    "orders.filter(kind='service')",
    "orders.filter(order__kind__in=['package'])",
    "TABLE = {Kind.REGULAR: 1}",
    "from orders import models\nmodels.Order.Kind.REGULAR",
]
INNOCENT = [
    "offer.kind == Offer.Kind.AMOUNT",
    "option.kind == 'text'",
    "posting.kind in REVERSALS",
    "Account.objects.filter(kind=Account.Kind.WALLET)",
    "order.kind == other.kind",
    "rules_of(order).is_issued",
    "choices = Kind.values",
    "order.fulfilment == Fulfilment.DIGITAL",
]


@pytest.mark.parametrize("source", PLANTED)
def test_a_planted_comparison_is_found(source: str) -> None:
    assert offences(source)


@pytest.mark.parametrize("source", INNOCENT)
def test_what_compares_no_kind_is_left_alone(source: str) -> None:
    assert offences(source) == []
