"""Each dialect's OpenAPI document: valid, without a warning, and of its own calls alone."""

from typing import Any

import pytest
from django.test import Client
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.validation import validate_schema

from orders.dialects.base import MissingWord, covers_every_status
from orders.dialects.urls import DIALECTS
from orders.lifecycle import Status

NAMES = [dialect.name for dialect in DIALECTS]


def document(name: str, client: Client) -> dict[str, Any]:
    body: dict[str, Any] = client.get(f"/dialects/{name}/schema", headers={"Accept": "application/json"}).json()
    return body


@pytest.mark.parametrize("name", NAMES)
def test_it_is_valid_and_without_a_warning(name: str, client: Client) -> None:
    GENERATOR_STATS.reset()
    body = document(name, client)
    assert not GENERATOR_STATS, GENERATOR_STATS.emit_summary()
    validate_schema(body)
    assert body["paths"]
    assert all(path.startswith(f"/dialects/{name}/") for path in body["paths"])


@pytest.mark.parametrize("name", NAMES)
def test_each_operation_has_an_id_and_a_summary_of_its_own_and_is_described(name: str, client: Client) -> None:
    operations = [one for path in document(name, client)["paths"].values() for one in path.values()]
    for word in ("operationId", "summary"):
        assert len({one[word] for one in operations}) == len(operations)
    assert [one["operationId"] for one in operations if not one["description"].strip()] == []


def test_the_native_one_has_no_dialect(client: Client) -> None:
    body = client.get("/api/v1/schema", headers={"Accept": "application/json"}).json()
    assert not [path for path in body["paths"] if path.startswith("/dialects/")]


def test_a_table_that_misses_a_status_does_not_start() -> None:
    words = {status: "word" for status in Status if status != Status.DRIVER_ON_WAY}
    with pytest.raises(MissingWord, match=r"x has no word for the statuses \[23\]"):
        covers_every_status("x", words)
