"""The OpenAPI documents, ours and each dialect's: valid, of their own calls alone, and fit for public generators."""

import re
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

import pytest
from django.test import Client
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.validation import validate_schema

from orders.dialects.base import MissingWord, covers_every_status
from orders.dialects.registry import DIALECTS
from orders.lifecycle.table import Status
from ordersite.web.schema import KEPT_NAMES, nodes
from tests.dialects.clients import blocks_of_page
from tests.dialects.generated import DOCUMENTS, read_document

NAMES = [dialect.name for dialect in DIALECTS]


def operations_of(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [operation for path in document["paths"].values() for operation in path.values()]


def parameters_of(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each parameter, by the operation that it is of."""
    for operation in operations_of(document):
        for parameter in operation.get("parameters", ()):
            yield operation["operationId"], parameter


def snake_case(name: str) -> str:
    """As generators make a variable's name of a class's or a field's."""
    return "_".join(re.findall(r"[A-Z]*[a-z0-9]+|[A-Z]+", name)).lower()


@pytest.mark.parametrize("name", NAMES)
def test_it_is_valid_and_without_a_warning(name: str) -> None:
    GENERATOR_STATS.reset()
    body = read_document(name)
    assert not GENERATOR_STATS, GENERATOR_STATS.emit_summary()
    validate_schema(body)
    assert body["paths"]
    assert all(path.startswith(f"/dialects/{name}/") for path in body["paths"])


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_schema_is_named_so_that_languages_take_it(name: str) -> None:
    """No name that a language keeps, none made of a digest, and no field that is called as its schema is."""
    schemas = read_document(name)["components"]["schemas"]
    assert (
        schemas.keys() & {"Error", "Date", "Map", "Set", "Object", "Array", "Promise", "Response", "Request"} == set()
    )
    assert [one for one in schemas if re.search(r"[^A-Za-z]", one)] == []
    named = [
        f"{schema}.{field}"
        for schema, declared in schemas.items()
        for field in declared.get("properties", ())
        if snake_case(field) == snake_case(schema)
    ]
    assert named == []


def test_each_dialects_refusals_have_a_name_of_their_own() -> None:
    for name in NAMES:
        body = read_document(name)
        content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{name.capitalize()}Error"}}}
        assert [one["content"] for one in body["components"]["responses"].values() if one["content"] != content] == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_headers_and_paths_are_what_generated_clients_can_send(name: str) -> None:
    """A header is a text without a format, which generators make an object of; a part of a path is required."""
    for operation, parameter in parameters_of(read_document(name)):
        if parameter["in"] == "header":
            assert (parameter["schema"]["type"], parameter["schema"].get("format")) == ("string", None), operation
        if parameter["in"] == "path":
            assert parameter["required"] is True, operation


@pytest.mark.parametrize(
    ("name", "parameter"), [("kaddy", ("header", "X-Tenant")), ("kalixo", ("query", "id"))], ids=["kaddy", "kalixo"]
)
def test_what_a_call_cannot_do_without_is_required(name: str, parameter: tuple[str, str]) -> None:
    found = [one for _, one in parameters_of(read_document(name)) if (one["in"], one["name"]) == parameter]
    assert [one["required"] for one in found] == [True] * (3 if name == "kaddy" else 1)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_name_that_generators_keep_is_left_out_by_them(name: str) -> None:
    """openapi-python-client has variables of these names: it passes over what is described by its content."""
    kept = [(operation, one) for operation, one in parameters_of(read_document(name)) if one["name"] in KEPT_NAMES]
    expected = {"ordering": {"getOrders", "getOrder"}, "native": {"removeItem"}}.get(name, set())
    assert {operation for operation, _ in kept} == expected
    assert [one["name"] for _, one in kept if "schema" in one or one["in"] != "query"] == []
    assert all(one["description"].endswith(f"`httpx_args={{'params': {{'{one['name']}': …}}}}`.") for _, one in kept)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_body_has_one_type_for_each_of_its_media_types(name: str) -> None:
    """Where it may be one of several, it is required: what is written for one of several takes no absence."""
    body = read_document(name)
    for operation in operations_of(body):
        if "requestBody" in operation:
            schemas = [media["schema"] for media in operation["requestBody"]["content"].values()]
            assert all(schemas.count(one) == 1 for one in schemas), operation["operationId"]
            for ref in (one["$ref"].rpartition("/")[2] for one in schemas):
                if "oneOf" in body["components"]["schemas"][ref]:
                    assert operation["requestBody"]["required"] is True, operation["operationId"]
                assert not [one for one in nodes(body["components"]["schemas"][ref]) if one.get("readOnly") is True]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_no_field_has_a_default_that_a_generator_sends_or_requires(name: str) -> None:
    """It is told in words."""
    schemas = read_document(name)["components"]["schemas"]
    assert [one for one in nodes(schemas) if "default" in one and not isinstance(one["default"], dict)] == []
    if name == "native":
        quantity = schemas["ItemInputRequest"]["properties"]["quantity"]
        assert quantity["description"].endswith(" By default 1.")
        assert "quantity" not in schemas["ItemInputRequest"]["required"]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_an_answer_is_of_a_media_type_that_generators_read(name: str) -> None:
    for operation in operations_of(read_document(name)):
        for answer in operation["responses"].values():
            media = answer.get("content", {"application/json": {}})
            assert [one for one in media if re.fullmatch(r"application/(.*\+?json|octet-stream)|text/.*", one)], (
                operation["operationId"]
            )


def test_what_a_foreign_patch_requires_is_required() -> None:
    body = read_document("shop")
    named = {one["operationId"]: one for one in operations_of(body)}
    assert named["setStatus"]["requestBody"]["required"] is True
    assert body["components"]["schemas"]["StatusInputRequest"]["required"] == ["statusId"]
    assert "required" not in named["setPaid"]["requestBody"]


def test_the_shops_calls_are_named_as_its_pages_do() -> None:
    orders = "/dialects/shop/System/Orders"
    assert {
        f"{method.upper()} {path.removeprefix(orders)}": one["operationId"]
        for path, operations in read_document("shop")["paths"].items()
        for method, one in operations.items()
    } == {
        "GET ": "listOrders",
        "POST ": "createOrder",
        "GET /{id}": "getOrder",
        "POST /{id}/item": "addItem",
        "PUT /{id}/item": "editItem",
        "DELETE /{id}/item/{itemId}": "deleteItem",
        "GET /Statuses": "listStatuses",
        "PATCH /{id}/status": "setStatus",
        "POST /{id}/tracking": "addTrackingNumber",
        "POST /{id}/history": "addHistory",
        "PATCH /{id}/paid": "setPaid",
        "PATCH /{id}/done": "setDone",
        "PATCH /{id}/cancel": "cancelOrder",
        "PATCH /{id}/sent": "setSent",
        "PATCH /{id}/delivered": "setDelivered",
    }


def test_the_page_about_clients_names_the_generator_of_these_tests_and_pins_each() -> None:
    blocks = "".join(blocks_of_page())
    assert f"openapi-python-client=={version('openapi-python-client')}\n" in blocks
    packages = re.search(r"npm install --no-save (.*)", blocks)
    assert packages
    assert [one for one in packages[1].split() if not re.fullmatch(r".+@\d+(\.\d+\.\d+)?", one)] == []


def test_the_native_one_has_no_dialect(client: Client) -> None:
    body = client.get("/api/v1/schema", headers={"Accept": "application/json"}).json()
    assert not [path for path in body["paths"] if path.startswith("/dialects/")]


def test_a_table_that_misses_a_status_does_not_start() -> None:
    words: dict[Status, str] = {status: "word" for status in Status if status != Status.DRIVER_ON_WAY}
    with pytest.raises(MissingWord, match=r"x has no word for the statuses \[23\]"):
        covers_every_status("x", words)
