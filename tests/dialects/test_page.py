"""docs/dialects.md: the native calls that it names are there."""

import re

import pytest
from django.test import Client

from tests.dialects.page import ROWS, notes_of

CALL = re.compile(r"`((?:GET|POST|PUT|PATCH|DELETE) /api/v1/[^ `]+)")


def nameless(call: str) -> str:
    """The call, whatever its ids are called."""
    return re.sub(r"{\w+}", "{}", call)


@pytest.mark.parametrize(("dialect", "least"), [("kesk", 25), ("kalixo", 5), ("kaddy", 2), ("ordering", 15)])
def test_the_native_calls_that_are_named_exist(client: Client, dialect: str, least: int) -> None:
    paths = client.get("/api/v1/schema", headers={"Accept": "application/json"}).json()["paths"]
    known = {nameless(f"{method.upper()} {path}") for path, calls in paths.items() for method in calls}
    named = {nameless(call) for call in CALL.findall("\n".join(notes_of(dialect)))}
    assert len(named) >= least
    assert named - known == set()


def test_notes_are_of_dialects_that_there_are() -> None:
    assert {"kesk", "kalixo", "kaddy", "ordering"} <= {name for name in ROWS if notes_of(name)}
