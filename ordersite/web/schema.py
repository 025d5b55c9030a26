"""The OpenAPI document: what every operation has in common is added here, once."""

import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import build_basic_type
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, inline_serializer
from rest_framework import serializers
from rest_framework.views import APIView

from ordersite.web.field_texts import WORDS
from ordersite.web.idempotency import ANONYMOUS_KEY
from ordersite.web.pagination import MOST, PER_PAGE

PROBLEM = {
    "type": "object",
    "description": "An error (RFC 9457): `code` never changes, `detail` says what to do, `errors` lists the fields.",
    "required": ["type", "title", "status", "detail", "code", "request_id", "errors"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "detail"],
                "properties": {
                    "pointer": {
                        "type": "string",
                        "description": "Where it is: `/items/0/product` in the body, `?page` in the query; empty for "
                        "the whole.",
                    },
                    "code": {"type": "string", "description": "The kind of fault; it never changes."},
                    "detail": {"type": "string", "description": "What is wrong, and what to do."},
                },
            },
        },
    },
}
# Names of openapi-python-client's own in the function that makes a call: a query parameter called so breaks it.
KEPT_NAMES = ("body", "cookies", "headers", "params", "quote")
LARGEST = 2**53 - 1  # what JavaScript can hold
EVERYWHERE = ("400", "401", "403", "404", "405", "429", "500", "503")
UNSAFE = ("409", "412", "413", "415", "422")
TITLES = {
    "400": "A field is wrong, or breaks a rule.",
    "401": "Not signed in.",
    "403": "Signed in, but not allowed.",
    "404": "Does not exist, or you may not see it.",
    "405": "This method is not supported here.",
    "409": "The current state does not allow it.",
    "412": "If-Match does not match: it has changed.",
    "413": "The body is too large.",
    "415": "This content type is not supported.",
    "422": "The Idempotency-Key was already used with another body.",
    "429": "Too many requests; see Retry-After.",
    "500": "An error on our side.",
    "503": "Busy; see Retry-After.",
}

PAGE_PARAMETERS = [
    OpenApiParameter("page", {"type": "integer", "minimum": 1, "maximum": 10**9, "default": 1}),
    OpenApiParameter("per_page", {"type": "integer", "minimum": 1, "maximum": MOST, "default": PER_PAGE}),
]


def ordering_parameter(*names: str) -> OpenApiParameter:
    """The parameter `ordering` of a list: one of the names, or one with a "-" before it."""
    return OpenApiParameter("ordering", {"type": "string", "enum": [*names, *(f"-{name}" for name in names)]})


def page_schema(row: type[serializers.Serializer]) -> serializers.Serializer:
    """The answer of a list whose rows are rendered by the serializer."""
    return inline_serializer(
        f"{row.__name__.removesuffix('Output')}Page",
        {
            "count": serializers.IntegerField(allow_null=True),
            "next": serializers.URLField(allow_null=True),
            "previous": serializers.URLField(allow_null=True),
            "results": row(many=True),
        },
    )


class Schema(AutoSchema):
    """Names operations after their view, and documents Idempotency-Key on every unsafe call that reads it."""

    def get_operation_id(self) -> str:
        action = {"get": "read", "post": "create", "put": "replace", "patch": "change", "delete": "delete"}
        name = type(self.view).__name__.removesuffix("View")
        return f"{action[self.method.lower()]}{name}"

    def get_tags(self) -> list[str]:
        return [self.path.removeprefix("/api/v1/").split("/")[0]]

    def get_override_parameters(self) -> list[Any]:
        parameters = list(super().get_override_parameters())
        if self.method in ("POST", "PUT", "PATCH", "DELETE") and getattr(self.view, "keeps_answers", True):
            parameters.append(
                OpenApiParameter(
                    "Idempotency-Key",
                    {**(build_basic_type(OpenApiTypes.STR) or {}), "pattern": r"^[\x21-\x7e]{1,128}$"},
                    OpenApiParameter.HEADER,
                    description="Repeats this call without harm for 24 hours. Without a login or an Order-Token it has "
                    f"at least {ANONYMOUS_KEY} characters.",
                )
            )
        return parameters


def query_parameters(view: APIView, method: str) -> frozenset[str]:
    """The names that an operation's document gives its query parameters: the handler knows no others."""
    declared = getattr(getattr(view, method.lower()), "kwargs", {}).get("schema")
    if declared is None:
        return frozenset()
    document = declared()
    document.view, document.method = view, method
    return frozenset(
        parameter.name
        for parameter in document.get_override_parameters()
        if isinstance(parameter, OpenApiParameter) and parameter.location == OpenApiParameter.QUERY
    )


def leave_dialects_out(endpoints: list[Any], **kwargs: Any) -> list[Any]:
    """drf-spectacular's hook: our document holds our own calls; a foreign API's, which has no other paths, its own."""
    return [one for one in endpoints if not one[0].startswith("/dialects/")] or endpoints


def add_problem_responses(result: dict[str, Any], generator: Any = None, **kwargs: Any) -> dict[str, Any]:
    """drf-spectacular's hook: every operation names every error that it can answer, in its own API's shape."""
    foreign = getattr(generator, "error_schema", None)
    name, media = (generator.error_name, "application/json") if foreign else ("Problem", "application/problem+json")
    result.setdefault("components", {}).setdefault("schemas", {})[name] = foreign or PROBLEM
    content = {media: {"schema": {"$ref": f"#/components/schemas/{name}"}}}
    shared = {code: HTTPStatus(int(code)).phrase.replace(" ", "") for code in TITLES}
    result["components"]["responses"] = {
        phrase: {"description": TITLES[code], "content": content} for code, phrase in shared.items()
    }
    for path in result["paths"].values():
        for method, operation in path.items():
            declared = operation["responses"]
            for code in {*EVERYWHERE, *(() if method == "get" else UNSAFE), *(declared.keys() & TITLES)}:
                declared[code] = {"$ref": f"#/components/responses/{shared[code]}"}
            operation["responses"] = dict(sorted(declared.items()))
    return result


def suit_generators(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """drf-spectacular's hook: what public generators of clients need so that what they write can be called.

    A body that is one of several, each with required fields, is required. A parameter whose name is one that
    openapi-python-client keeps for itself is described by its content: that generator leaves it out (its users send it
    by `httpx_args`, docs/clients.md), others read the name as before. A default is told in words: as a keyword it makes
    the field one that openapi-typescript requires and openapi-python-client always sends, to a PATCH too.
    """
    for schema in nodes(result["components"]["schemas"]):
        if "default" in schema and schema.keys() & {"type", "allOf", "oneOf"}:
            default = schema.pop("default")
            if default:
                words = schema.get("description", "")
                schema["description"] = f"{words} By default {str(default).lower()}.".lstrip()
    for path in result["paths"].values():
        for operation in path.values():
            body = operation.get("requestBody")
            if body and all(needs_fields(media["schema"], result) for media in body["content"].values()):
                body["required"] = True
            for parameter in operation.get("parameters", ()):
                if parameter["in"] == "query" and parameter["name"] in KEPT_NAMES:
                    parameter["content"] = {"text/plain": {"schema": parameter.pop("schema")}}
                    way_round = (
                        f"openapi-python-client leaves it out: `httpx_args={{'params': {{'{parameter['name']}': …}}}}`."
                    )
                    parameter["description"] = f"{parameter.get('description', '')} {way_round}".lstrip()
    return result


def needs_fields(schema: dict[str, Any], document: dict[str, Any]) -> bool:
    """Whether no value fits a schema of the document without a field."""
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    variants = schema.get("oneOf")
    return all(needs_fields(one, document) for one in variants) if variants else bool(schema.get("required"))


def bound_numbers(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """drf-spectacular's hook: no whole number is beyond what JavaScript holds exactly."""
    for schema in nodes(result):
        if schema.get("type") == "integer" and schema.get("maximum", LARGEST + 1) > LARGEST and "enum" not in schema:
            schema.update(format="int64", maximum=LARGEST)
    return result


def explain_fields(result: dict[str, Any], generator: Any = None, **kwargs: Any) -> dict[str, Any]:
    """drf-spectacular's hook: fields and parameters that do not explain themselves get their words.

    A dialect's fields are named by its system, and explained by its own table.
    """
    table: Mapping[str, str] = getattr(generator, "meanings", WORDS)
    for name, schema in result["components"]["schemas"].items():
        for field, declared in schema.get("properties", {}).items():
            words = table.get(f"{name}.{field}") or table.get(field)
            if words and "description" not in declared:
                # Beside a reference nothing else counts.
                schema["properties"][field] = ({"allOf": [declared]} if "$ref" in declared else declared) | {
                    "description": words
                }
    for path in result["paths"].values():
        for operation in path.values():
            for parameter in operation.get("parameters", ()):
                if parameter["name"] in table:
                    parameter.setdefault("description", table[parameter["name"]])
    return result


def name_operations(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """drf-spectacular's hook: an operation without a summary is called by its id, "Get order details"."""
    for path in result["paths"].values():
        for operation in path.values():
            operation.setdefault("summary", re.sub(r"(?<=[a-z])([A-Z])", r" \1", operation["operationId"]).capitalize())
    return result


def nodes(part: Any) -> Iterator[dict[str, Any]]:
    """Every object of a document, from the outside in."""
    if isinstance(part, dict):
        yield part
    if isinstance(part, dict | list):
        for one in part.values() if isinstance(part, dict) else part:
            yield from nodes(one)
