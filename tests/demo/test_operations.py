"""The OpenAPI documents, ours and each dialect's, can be read and tried: every operation, field and example of them."""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from ordersite.demo.examples import TABLES, answers_of
from ordersite.demo.operations import Operation
from ordersite.demo.sites import LOGINS, PASSWORD
from ordersite.demo.sites import PASSWORD as DEMO_PASSWORD
from ordersite.web.field_texts import WORDS
from ordersite.web.schema import LARGEST, TITLES, nodes
from tests.demo.trying import Trying, content_of, loaded_demo, served
from tests.dialects.generated import DOCUMENTS, read_document


@pytest.fixture(scope="module", params=DOCUMENTS)
def name(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture(scope="module")
def document(name: str) -> dict[str, Any]:
    return read_document(name)


@pytest.fixture(scope="module")
def table(name: str) -> Mapping[str, Operation]:
    return TABLES[name]


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


def test_each_operation_has_a_summary_and_a_description_of_its_own(
    document: dict[str, Any], table: Mapping[str, Operation]
) -> None:
    found = list(operations(document))
    assert {one["operationId"] for one in found} == set(table)
    for word in ("operationId", "summary", "description"):
        told = Counter(one[word].split("*Works on")[0].strip() for one in found)
        assert [text for text, count in told.items() if count > 1 or not text] == [], word


def test_each_request_example_is_of_its_schema(document: dict[str, Any]) -> None:
    for one in operations(document):
        content = one.get("requestBody", {}).get("content", {})
        examples = {media: body for media, body in content.items() if "example" in body}
        assert bool(examples) == bool(content), one["operationId"]
        for body in examples.values():
            assert faults(document, body["schema"], body["example"]) == [], one["operationId"]


def test_each_answer_example_is_of_its_schema(
    name: str, document: dict[str, Any], table: Mapping[str, Operation]
) -> None:
    """An operation whose answers have a body shows one of them, as the demo gave it."""
    for one in operations(document):
        called = one["operationId"]
        bodies = {status: content_of(one, int(status)) for status in one["responses"] if status.startswith("2")}
        shown = [media for content in bodies.values() for media in content.values() if "example" in media]
        assert len(shown) == any(bodies.values()), called
        for media in shown:
            assert media["example"] == answers_of(name)[called]
            assert media in content_of(one, table[called].status).values(), called
            assert faults(document, media["schema"], media["example"]) == [], called


def test_what_a_call_has_to_be_given_has_an_example(document: dict[str, Any], table: Mapping[str, Operation]) -> None:
    for one in operations(document):
        given = table[one["operationId"]].given
        parameters = {parameter["name"]: parameter for parameter in one.get("parameters", ())}
        assert set(given) <= set(parameters), one["operationId"]
        for called, parameter in parameters.items():
            assert not parameter.get("required") or parameter["example"] == given[called], one["operationId"]
            if called in given:
                assert faults(document, parameter["schema"], given[called]) == [], one["operationId"]


def test_each_error_is_described_once(document: dict[str, Any]) -> None:
    shared = document["components"]["responses"]
    assert len(shared) == len(TITLES)
    for one in operations(document):
        for status, response in one["responses"].items():
            assert status.startswith("2") or response["$ref"].rpartition("/")[2] in shared, one["operationId"]


def properties(schema: Any, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every field of a schema, those within it too, with its path."""
    for field, declared in schema.get("properties", {}).items():
        yield f"{path}.{field}", declared
        yield from properties(declared.get("items", declared), f"{path}.{field}")


def test_each_field_and_parameter_is_described(name: str, document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    fields = dict(row for title, schema in schemas.items() for row in properties(schema, title))
    parameters = [parameter for one in operations(document) for parameter in one.get("parameters", ())]
    assert [path for path, declared in fields.items() if not declared.get("description")] == []
    assert [one["name"] for one in parameters if not one.get("description")] == []
    if name == "native":
        named = {path.rpartition(".")[2] for path in fields} | {one["name"] for one in parameters}
        assert {word.rpartition(".")[2] for word in WORDS} <= named


def test_each_whole_number_is_one_that_javascript_holds(document: dict[str, Any]) -> None:
    for schema in nodes(document):
        if schema.get("type") == "integer":
            assert max(schema.get("enum", [schema.get("maximum", LARGEST + 1)])) <= LARGEST == 2**53 - 1, schema


def test_the_examples_sign_in_as_the_demo_lets_in(table: Mapping[str, Operation]) -> None:
    assert PASSWORD == DEMO_PASSWORD
    logins = {str(fields["email"]).partition("@")[0] for fields, _ in LOGINS}
    assert {call.who for call in table.values()} - {""} <= logins


@pytest.fixture(scope="module")
def loaded() -> Iterator[Path]:
    with loaded_demo() as found:
        yield found


@pytest.mark.slow
def test_each_call_is_answered_by_the_demo_as_it_was_loaded(
    name: str, table: Mapping[str, Operation], loaded: Path
) -> None:
    with served(loaded) as client:
        trying = Trying(client, name)
        found = trying.try_all()
    declared = {one["operationId"]: one for one in operations(trying.document)}
    for called, call in table.items():
        assert call.after or found[called].status_code == call.status, (called, found[called].text)
        media = content_of(declared[called], found[called].status_code).get("application/json")
        if media:
            assert faults(trying.document, media["schema"], found[called].json()) == [], called
    if name == "native":
        assert (found["placeOrder"].status_code, found["quoteOrder"].status_code) == (201, 200)
