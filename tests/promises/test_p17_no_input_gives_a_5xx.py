"""Promise 17: no input gives a 5xx. Fuzzed against the OpenAPI document, by every role, with real ids in half."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient
from schemathesis import GenerationMode, checks
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi import checks as openapi_checks

from orders.dialects.registry import DIALECTS
from tests.cast import Cast
from tests.orders.online import started
from tests.promises.everybody import ROLES, World, make_world

pytestmark = pytest.mark.slow

CASES = 300
CASES_FULL = 5_400
DIALECT_CASES = 60
DIALECT_CASES_FULL = 600
CHECKS = [
    checks.not_a_server_error,
    openapi_checks.status_code_conformance,
    openapi_checks.content_type_conformance,
    openapi_checks.response_schema_conformance,
]


@pytest.fixture
def world(cast: Cast, settings: Any) -> Iterator[World]:
    """The world, in one transaction that no request closes the connection of."""
    settings.THROTTLE_ANONYMOUS = settings.THROTTLE_CALLER = settings.THROTTLE_TILL = 0
    settings.FAKE_PAYMENTS_URL = started().url
    settings.ALLOWED_HOSTS = ["*"]
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield make_world(cast)
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def real_ids(world: World) -> dict[str, Any]:
    """What fills a body's ids by the field's name."""
    cast = world.cast
    return {
        "vendor": cast.vendor.pk,
        "product": cast.products["burger"].pk,
        "option": cast.options["Mayonnaise"].pk,
        "extra": cast.extras["Bacon"].pk,
        "without": [cast.ingredients["Onion"].pk],
        "customer": cast.customer_row.pk,
        "driver": cast.driver_row.pk,
        "merchant": cast.merchant.pk,
        "delivery_zone": cast.zone.pk,
        "service": world.paths["own"]["service_id"],
        "package_type": world.paths["own"]["package_type_id"],
        # As Kesk calls them.
        "vendor_id": cast.vendor.pk,
        "product_id": cast.products["burger"].pk,
        "option_id": cast.options["Mayonnaise"].pk,
        "extra_id": cast.extras["Bacon"].pk,
        "driver_id": cast.driver_row.pk,
        "service_id": world.paths["own"]["service_id"],
        "package_type_id": world.paths["own"]["package_type_id"],
        "delivery_address_id": world.paths["own"]["address_id"],
        # As the shop calls them.
        "vendorId": cast.vendor.pk,
        "productId": cast.products["burger"].pk,
        "optionId": cast.options["Regular"].pk,
        "statusId": world.paths["own"]["label_id"],
        "itemId": world.paths["own"]["item_id"],
    }


def with_ids(value: Any, ids: dict[str, Any]) -> Any:
    """The body with every id that it names replaced by a real one."""
    if isinstance(value, dict):
        named = {key for key, item in value.items() if key in ids and not isinstance(item, dict)}
        return {key: ids[key] if key in named else with_ids(item, ids) for key, item in value.items()}
    return [with_ids(item, ids) for item in value] if isinstance(value, list) else value


def fuzz(app: Any, world: World, cases: int, document: str = "/api/v1/schema") -> tuple[Counter[int], dict[str, str]]:
    """Calls every operation with so many cases in all; counts the statuses, and tells what a check found first."""
    schema = schemathesis.openapi.from_wsgi(f"{document}?format=json", app)
    operations = [one.ok() for one in schema.get_all_operations()]  # type: ignore[union-attr]
    answered: Counter[int] = Counter()
    found: dict[str, str] = {}
    ids = real_ids(world)
    headers = {role: headers_of(world, role) for role in ROLES}
    for operation in operations:
        case_of = st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in modes_of(operation)))

        @settings(
            max_examples=-(-cases // len(operations)),
            deadline=None,
            database=None,
            # The same cases each time at the small size; new ones at full size, where somebody reads what they find.
            derandomize=cases < CASES_FULL,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=case_of, role=st.sampled_from(ROLES), real=st.booleans(), side=st.sampled_from(["own", "other"]))
        def once(case: Any, role: str, real: bool, side: str) -> None:
            if real:
                known = world.paths[side]
                case.path_parameters = {
                    name: known.get(name, value) for name, value in (case.path_parameters or {}).items()
                }
                case.body = with_ids(case.body, ids)
                if "X-Tenant" in (case.headers or {}):
                    case.headers["X-Tenant"] = str(world.cast.merchant.uuid)
            with transaction.atomic():
                response = case.call(headers=headers[role])
                transaction.set_rollback(True)
            answered[response.status_code] += 1
            try:
                case.validate_response(response, checks=CHECKS)
            except FailureGroup as failures:
                told = "; ".join(f"{one.title} {one.message}" for one in failures.exceptions)
                where = f"{case.operation.label} {response.status_code} {told[:120]}"
                found.setdefault(where, f"by {role}: {case.as_curl_command()} {response.text[:500]}")

        once()
    return answered, found


def modes_of(operation: Any) -> list[GenerationMode]:
    """Valid cases, and invalid ones where there is something to be invalid."""
    takes_input = operation.body or list(operation.iter_parameters())
    return [GenerationMode.POSITIVE, GenerationMode.NEGATIVE] if takes_input else [GenerationMode.POSITIVE]


def headers_of(world: World, role: str) -> dict[str, str]:
    client = world.client(role)
    sent = client.defaults
    named = {"HTTP_AUTHORIZATION": "Authorization", "HTTP_ORDER_TOKEN": "Order-Token"}
    return {header: sent[key] for key, header in named.items() if key in sent}


def test_no_input_gives_a_5xx(world: World, full: bool, figure: Callable[[str], None]) -> None:
    answered, found = fuzz(WSGIHandler(), world, CASES_FULL if full else CASES)
    assert found == {}
    assert not [code for code in answered if code >= 500]
    assert sum(answered.values()) >= (5_000 if full else CASES)
    told = ", ".join(f"{count:,} × {code}" for code, count in sorted(answered.items()))
    figure(f"{sum(answered.values()):,} cases, no 5xx, none undocumented ({told})")


@pytest.mark.parametrize("name", [dialect.name for dialect in DIALECTS])
def test_no_input_of_a_dialect_gives_a_5xx(world: World, full: bool, figure: Callable[[str], None], name: str) -> None:
    cases = DIALECT_CASES_FULL if full else DIALECT_CASES
    answered, found = fuzz(WSGIHandler(), world, cases, f"/dialects/{name}/schema")
    assert found == {}
    assert not [code for code in answered if code >= 500]
    told = ", ".join(f"{count:,} × {code}" for code, count in sorted(answered.items()))
    figure(f"{name}: {sum(answered.values()):,} cases, no 5xx, none undocumented ({told})")


# What a field is set to: by bytes, since half of it cannot be written by a JSON library.
HOSTILE_VALUES = {
    "nested": b"[" * 15 + b"]" * 15,
    "nested too deeply": b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    "rows": b"[" + b",".join([b"{}"] * 400) + b"]",
    "many rows": b"[" + b",".join([b"{}"] * 20_000) + b"]",
    "a control character": b'"a\\u0007\\u001b[2J\\r\\n\\u2028"',
    "a raw control character": b'"a\x07"',
    "a NUL": b'"a\\u0000"',
    "half a surrogate pair": b'"\\ud83c"',
    "other halves": b'"\\udf55\\ud83c"',
    "what is not seen": b'"\\u200b\\u202e\\ufeff\\u0301"',
    "a long text": b'"' + b"x" * 100_000 + b'"',
    "a number of 100 digits": b"9" * 100,
    "a number of 5,000 digits": b"9" * 5_000,
    "a bigint": b"9223372036854775807",
    "beyond a bigint": b"-9223372036854775809",
    "a large float": b"1e308",
    "an infinite one": b"1e309",
    "a small one": b"5e-324",
    "minus zero": b"-0.0",
    "no number": b"NaN",
    "null": b"null",
    "true": b"true",
    "a list": b"[[]]",
    "an object": b'{"":{}}',
}
JSON = "application/json"
HOSTILE_BODIES = {
    "nothing": (b"", JSON),
    "null": (b"null", JSON),
    "a list": (b"[{}]", JSON),
    "a text": (b'"x"', JSON),
    "a mark of the order of bytes": (b"\xef\xbb\xbf{}", JSON),
    "Latin-1": (b'{"name": "\xe9"}', f"{JSON}; charset=latin-1"),
    "UTF-16": ('{"name": "é"}'.encode("utf-16"), f"{JSON}; charset=utf-16"),
    "no charset": (b'{"name": "x"}', f"{JSON}; charset=nonsense"),
    "a charset of bytes": (b'{"name": "x"}', f"{JSON}; charset=\xff\xfe"),
    "a form": (b"name=%ED%A0%80&name=%00&id=" + b"9" * 5_000, "application/x-www-form-urlencoded"),
    "parts": (
        b'--x\r\nContent-Disposition: form-data; name="order"\r\n\r\n\xff\r\n--x--',
        "multipart/form-data; boundary=x",
    ),
    "no boundary": (b"--x--", "multipart/form-data"),
}


def hostile_bodies(names: list[str]) -> Iterator[tuple[str, bytes, str]]:
    """(what, body, content type): each value in every field at once, each field twice, and bodies of no object."""
    for what, value in HOSTILE_VALUES.items():
        yield what, b"{" + b",".join(b'"%b":%b' % (name.encode(), value) for name in names) + b"}", JSON
    yield "keys that come twice", b"{" + b",".join(b'"%b":1' % name.encode() for name in names * 2) + b"}", JSON
    for what, (body, content_type) in HOSTILE_BODIES.items():
        yield what, body, content_type


def fields_of(operation: dict[str, Any], document: dict[str, Any]) -> list[str]:
    """The names of the fields of an operation's body, in any of the forms that it takes."""
    found: list[str] = []
    for media in operation.get("requestBody", {}).get("content", {}).values():
        schema = media["schema"]
        while "$ref" in schema:
            schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        found += schema.get("properties", {})
    return list(dict.fromkeys(found)) or ["x"]


@pytest.mark.parametrize("base", ["/api/v1", *(f"/dialects/{dialect.name}" for dialect in DIALECTS)])
def test_no_hostile_body_gives_a_5xx(world: World, full: bool, figure: Callable[[str], None], base: str) -> None:
    """Every operation that takes a body, by every role (at full size) or one each: refused, and in a documented way."""
    document = APIClient().get(f"{base}/schema?format=json").json()
    answered: Counter[int] = Counter()
    roles = iter(ROLES * 1_000)
    for path, operations in document["paths"].items():
        where = path.format_map(defaultdict(lambda: 1, world.paths["own"]))
        for method in operations.keys() & {"post", "put", "patch", "delete"}:
            operation = operations[method]
            for what, body, content_type in hostile_bodies(fields_of(operation, document)):
                for role in ROLES if full else [next(roles)]:
                    with transaction.atomic():
                        sent = {"X-Tenant": str(world.cast.merchant.uuid)}
                        client: Any = world.client(role)
                        answer = client.generic(method.upper(), where, body, content_type, headers=sent)
                        transaction.set_rollback(True)
                    told = f"{method} {where} by {role}, {what}: {answer.status_code} {answer.content[:300]!r}"
                    assert answer.status_code < 500, told
                    assert str(answer.status_code) in operation["responses"], told
                    answered[answer.status_code] += 1
    told = ", ".join(f"{count:,} × {code}" for code, count in sorted(answered.items()))
    figure(f"{base}: {sum(answered.values()):,} hostile bodies, no 5xx, none undocumented ({told})")


def test_control_a_5xx_is_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orders.api.labels.StatusLabel", None)
    answered, found = fuzz(WSGIHandler(), world, CASES)
    assert answered[500]
    assert any(where.startswith("GET /api/v1/orders/statuses 500") for where in found)
