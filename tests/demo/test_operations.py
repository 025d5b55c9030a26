"""The native OpenAPI document can be read and tried: every operation, field and example of it."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from jsonschema import Draft202012Validator

from ordersite.demo.operations import OPERATIONS, PASSWORD
from ordersite.demo.sites import LOGINS
from ordersite.demo.sites import PASSWORD as DEMO_PASSWORD
from ordersite.web.schema import LARGEST, TITLES, nodes
from ordersite.web.words import WORDS
from tests.demo.trying import Trying, fresh_demo, schema_of


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    body: dict[str, Any] = Client().get("/api/v1/schema?format=json").json()
    return body


def operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for path in document["paths"].values():
        yield from path.values()


def as_json_schema(part: Any) -> Any:
    """OpenAPI 3.0 says `nullable` where JSON Schema has a type."""
    if isinstance(part, dict):
        made = {key: as_json_schema(value) for key, value in part.items() if key not in ("nullable", "example")}
        return {"anyOf": [made, {"type": "null"}]} if part.get("nullable") is True else made
    return [as_json_schema(one) for one in part] if isinstance(part, list) else part


def faults(document: dict[str, Any], schema: Any, value: Any) -> list[str]:
    """What keeps a value from its schema."""
    whole = {**as_json_schema(schema), "components": as_json_schema(document["components"])}
    return [f"{error.json_path}: {error.message}"[:300] for error in Draft202012Validator(whole).iter_errors(value)]


def test_each_operation_has_a_summary_and_a_description_of_its_own(document: dict[str, Any]) -> None:
    found = list(operations(document))
    assert {one["operationId"] for one in found} == set(OPERATIONS)
    for name in ("operationId", "summary", "description"):
        told = Counter(one[name].split("\n\n*Works on")[0] for one in found)
        assert [text for text, count in told.items() if count > 1 or not text.strip()] == [], name


def test_each_request_example_is_of_its_schema(document: dict[str, Any]) -> None:
    for one in operations(document):
        content = one.get("requestBody", {}).get("content", {})
        examples = {media: body for media, body in content.items() if "example" in body}
        assert bool(examples) == bool(content), one["operationId"]
        for body in examples.values():
            assert faults(document, body["schema"], body["example"]) == [], one["operationId"]


def test_each_answer_example_is_of_its_schema(document: dict[str, Any]) -> None:
    for one in operations(document):
        for status, response in one["responses"].items():
            body = response.get("content", {}).get("application/json")
            if body and status == str(OPERATIONS[one["operationId"]].status):
                assert "example" in body, one["operationId"]
                assert faults(document, body["schema"], body["example"]) == [], one["operationId"]


def test_what_a_call_has_to_be_given_has_an_example(document: dict[str, Any]) -> None:
    for one in operations(document):
        given = OPERATIONS[one["operationId"]].given
        parameters = {parameter["name"]: parameter for parameter in one.get("parameters", ())}
        assert set(given) <= set(parameters), one["operationId"]
        for name, parameter in parameters.items():
            assert not parameter.get("required") or parameter["example"] == given[name], one["operationId"]
            if name in given:
                assert faults(document, parameter["schema"], given[name]) == [], one["operationId"]


def test_each_error_is_described_once(document: dict[str, Any]) -> None:
    shared = document["components"]["responses"]
    assert len(shared) == len(TITLES)
    for one in operations(document):
        for status, response in one["responses"].items():
            assert status.startswith("2") or response["$ref"].rpartition("/")[2] in shared, one["operationId"]


def test_each_field_and_parameter_is_described(document: dict[str, Any]) -> None:
    bare = {
        f"{name}.{field}"
        for name, schema in document["components"]["schemas"].items()
        for field, declared in schema.get("properties", {}).items()
        if not declared.get("description")
    }
    for one in operations(document):
        bare |= {parameter["name"] for parameter in one.get("parameters", ()) if not parameter.get("description")}
    assert bare == set()
    fields = {field for schema in document["components"]["schemas"].values() for field in schema.get("properties", {})}
    named = fields | {parameter["name"] for one in operations(document) for parameter in one.get("parameters", ())}
    assert {name.rpartition(".")[2] for name in WORDS} <= named


def test_each_whole_number_is_one_that_javascript_holds(document: dict[str, Any]) -> None:
    for schema in nodes(document):
        if schema.get("type") == "integer":
            assert max(schema.get("enum", [schema.get("maximum", LARGEST + 1)])) <= LARGEST == 2**53 - 1, schema


def test_the_examples_sign_in_as_the_demo_lets_in() -> None:
    assert PASSWORD == DEMO_PASSWORD
    logins = {str(fields["email"]).partition("@")[0] for fields, _ in LOGINS}
    assert {call.who for call in OPERATIONS.values()} - {""} <= logins


@pytest.mark.slow
def test_each_call_is_answered_by_the_demo_as_it_was_loaded() -> None:
    with fresh_demo() as client:
        trying = Trying(client)
        found = trying.try_all()
    declared = {one["operationId"]: one for one in operations(trying.document)}
    for name, call in OPERATIONS.items():
        assert call.after or found[name].status_code == call.status, (name, found[name].text)
        schema = schema_of(declared[name], found[name].status_code)
        if schema:
            assert faults(trying.document, schema, found[name].json()) == [], name
    assert (found["placeOrder"].status_code, found["quoteOrder"].status_code) == (201, 200)
