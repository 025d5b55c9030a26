"""docs/dialects.md: the native calls that it names are there."""

import re

import pytest
from django.test import Client

from tests.dialects.page import ROWS, notes_of

NAMED = {name: found for name in ROWS if (found := set(re.findall(r"`([A-Z]+ /[^`]*)`", "\n".join(notes_of(name)))))}


@pytest.mark.parametrize("dialect", NAMED)
def test_the_native_calls_that_are_named_exist(client: Client, dialect: str) -> None:
    paths = client.get("/api/v1/schema", headers={"Accept": "application/json"}).json()["paths"]
    known = {f"{method.upper()} {path.removeprefix('/api/v1')}" for path, calls in paths.items() for method in calls}
    assert NAMED[dialect] - known == set()


def test_kesks_clients_are_told_where_what_their_api_does_not_name_is() -> None:
    assert len(NAMED["kesk"]) > 20
