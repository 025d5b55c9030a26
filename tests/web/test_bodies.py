"""Bodies that would cost more than their share: counted and bounded before anything is validated."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from tests.cast import Cast

QUOTE = "/api/v1/orders/quote"
MOST_CPU = 0.5  # seconds
TOO_MANY = "The JSON has more than 5000 values, or is nested too deeply: send less at once."
ROWS = {
    "numbers": b'{"items":[' + b",".join([b"1"] * 350_000) + b"]}",
    "objects": b'{"items":[' + b",".join([b"{}"] * 300_000) + b"]}",
    "nested": b'{"items":[' + b",".join([b'{"options":[' + b",".join([b"1"] * 100) + b"]}"] * 1_000) + b"]}",
    "strings": b"[" + b",".join([b'""'] * 300_000) + b"]",
    "vendors": b'{"vendors":[' + b",".join([b'{"items":[{},{},{}]}'] * 10_000) + b"]}",
}
# Nested more deeply than any input of ours, but not beyond what is counted.
DEEP = b"[" * 2_000 + b"]" * 2_000


def send(body: bytes, path: str = QUOTE, client: APIClient | None = None, **headers: Any) -> Any:
    return (client or APIClient()).post(path, body, content_type="application/json", headers=headers)


@pytest.mark.parametrize("name", ROWS)
def test_rows_are_counted_before_they_are_read(cast: Cast, name: str) -> None:
    send(b"{}")  # the first call of a process loads its paths
    began = time.process_time()
    answer = send(ROWS[name])
    assert time.process_time() - began < MOST_CPU
    assert (answer.status_code, answer.json()["code"]) == (400, "parse_error")
    assert answer.json()["detail"] == TOO_MANY
    assert len(answer.content) < 1_000


@pytest.mark.parametrize(
    "path",
    ["/dialects/kesk/v1/order/summary", "/dialects/ordering/orders", "/dialects/shop/System/Orders"],
)
def test_rows_are_counted_in_dialects(cast: Cast, api: Callable[..., APIClient], path: str) -> None:
    began = time.process_time()
    answer = send(ROWS["objects"], path, api(cast.staff))
    assert time.process_time() - began < MOST_CPU
    assert answer.status_code == 400
    assert len(answer.content) < 2_000


def test_rows_are_counted_in_forms(cast: Cast) -> None:
    began = time.process_time()
    answer = APIClient().post("/api/v1/orders", {"order": ROWS["numbers"].decode()}, format="multipart")
    assert time.process_time() - began < MOST_CPU
    assert (answer.status_code, answer.json()["errors"]) == (
        400,
        [{"pointer": "/order", "code": "invalid", "detail": TOO_MANY}],
    )


# Texts of JSON, each of which alone is small enough.
ITEMS = json.dumps([{"product_id": 1, "options": [{"option_id": 1}] * 16}] * 95)
OPTIONS = json.dumps({f"id:{pk}": {"suboptions": {}} for pk in range(1, 100)})
PLACE, KESK = "/dialects/ordering/orders", "/dialects/kesk/v1/order/summary"
TEXTS: dict[str, tuple[str, Any, str]] = {
    "parts": (KESK, {"data": [{"vendor_id": 1, "items": ITEMS}] * 20}, "json"),
    "parts in a text": (KESK, {"data": json.dumps([{"vendor_id": 1, "items": ITEMS}] * 5)}, "json"),
    "parts of a form": ("/dialects/kesk/v1/orders", {"data": [json.dumps({"items": ITEMS})] * 20}, "multipart"),
    "lines": (PLACE, {"products": [{"id": 1, "options": OPTIONS, "extras": OPTIONS}] * 90}, "json"),
    "lines in a text": (PLACE, {"products": json.dumps([{"id": 1, "options": OPTIONS}] * 90)}, "json"),
    "lines of a form": (PLACE, "&".join(f"products[{at}][options]={OPTIONS}" for at in range(90)), "form"),
}


@pytest.mark.parametrize("name", TEXTS)
def test_values_in_texts_are_counted_together(cast: Cast, api: Callable[..., APIClient], name: str) -> None:
    path, body, kind = TEXTS[name]
    client = api(cast.customer)
    if kind == "form":
        answer = client.generic("POST", path, body, "application/x-www-form-urlencoded")
    else:
        answer = client.post(path, body, format=kind)
    # That it was counted: nothing is validated before.
    assert answer.status_code == 400
    assert TOO_MANY in answer.content.decode()


def test_texts_in_texts_are_bounded_in_depth(cast: Cast, api: Callable[..., APIClient]) -> None:
    text: Any = "[]"
    for _ in range(11):
        text = json.dumps([{"items": text}])
    answer = api(cast.customer).post(KESK, {"items": text}, format="json")
    assert (answer.status_code, answer.json()["error"]["message"]) == (400, TOO_MANY)


def test_conditions_in_texts_are_counted_together(cast: Cast, api: Callable[..., APIClient]) -> None:
    row = '{"attribute":"status","value":7}'
    began = time.process_time()
    answer = api(cast.staff).get(PLACE, {"mode": "dashboard", "where[]": [row] * 31})
    assert time.process_time() - began < MOST_CPU
    assert (answer.status_code, answer.json()["result"]) == (
        400,
        ["where: Send 30 conditions at most."],
    )


def test_at_most_fifty_faults_are_told(cast: Cast) -> None:
    items = [{"product": 1, "options": [{"option": 0, "colour": 1} for _ in range(20)]} for _ in range(40)]
    answer = send(json.dumps({"vendor": cast.vendor.pk, "items": items}).encode())
    errors = answer.json()["errors"]
    assert answer.status_code == 400
    assert len(errors) == 51
    assert errors[0]["pointer"] == "/items/0/options/0/colour"
    assert errors[50]["code"] == "more_errors"
    assert errors[50]["detail"] == "750 more errors are not listed: correct these first."


def test_a_fault_is_told_shortly(cast: Cast) -> None:
    """Sentences may quote what was sent."""
    answer = send(json.dumps({"vendor": 1, "type": "x" * 900_000, "y" * 50_000: 1}).encode())
    assert answer.status_code == 400
    assert len(answer.content) < 5_000


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (b"1e999999", "The number 1e999999 is too large: send a smaller one."),
        (b"-1e400", "The number -1e400 is too large: send a smaller one."),
        (b"9" * 10_000, "A number has 10000 digits: send 100 at most."),
        (b"0." + b"1" * 10_000, "A number has 10002 digits: send 100 at most."),
        (b"NaN", "NaN is not a JSON number: leave it out."),
        (b"Infinity", "Infinity is not a JSON number: leave it out."),
        (b"-Infinity", "-Infinity is not a JSON number: leave it out."),
        (DEEP, "The JSON is nested too deeply: at most 20 levels."),
        (b"[" * 21 + b"]" * 21, "The JSON is nested too deeply: at most 20 levels."),
    ],
)
def test_numbers_and_depth_are_bounded(cast: Cast, value: bytes, told: str) -> None:
    answer = send(b'{"vendor": ' + value + b"}")
    assert answer.status_code == 400
    assert answer.json()["detail"] == told


@pytest.mark.parametrize(
    ("body", "key"),
    [
        (b'{"vendor": 1, "vendor": 2}', "vendor"),
        (b'{"vendor": 1, "items": [{"product": 1, "quantity": 1, "quantity": 9}]}', "quantity"),
        (b'{"vendor": 1, "\\u0076endor": 2}', "vendor"),
    ],
)
def test_a_key_that_comes_twice_is_refused(cast: Cast, body: bytes, key: str) -> None:
    answer = send(body)
    assert answer.status_code == 400
    assert answer.json()["errors"] == [
        {
            "pointer": f"/{key}",
            "code": "repeated_key",
            "detail": f"The key {key} comes twice in one object: send it once.",
        }
    ]


def test_a_key_that_comes_twice_in_a_form_is_refused(cast: Cast) -> None:
    answer = APIClient().post("/api/v1/orders", {"order": '{"vendor": 1, "vendor": 2}'}, format="multipart")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == "repeated_key"


def test_a_dialect_takes_the_last_of_a_key(cast: Cast, api: Callable[..., APIClient]) -> None:
    product = cast.products["soda"].pk
    item = f'{{"productId": {product}, "quantity": 1, "quantity": 3}}'
    customer = '{"name": "Ann", "email": "ann@example.org"}'
    body = f'{{"currency": "XXX", "currency": "EUR", "customer": {customer}, "items": [{item}]}}'
    answer = send(body.encode(), "/dialects/shop/System/Orders", api(cast.owner))
    assert answer.status_code < 300, answer.content
    assert '"quantity":3' in answer.content.decode().replace(" ", "")


def test_a_query_is_bounded(cast: Cast) -> None:
    answer = APIClient().get("/api/v1/vendors", {"q": "x" * 9_000})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert answer.json()["detail"] == "The query string is longer than 8000 characters: send less."


@pytest.mark.slow
def test_control_without_the_count_it_costs(cast: Cast, settings: Any) -> None:
    """Less than a tenth of the attack: what the count saves."""
    settings.MAX_JSON_VALUES = 10**9
    body = b'{"vendor":1,"items":[' + b",".join([b'{"options":[' + b",".join([b"1"] * 90) + b"]}"] * 100) + b"]}"
    began = time.process_time()
    answer = send(body)
    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid"
    assert time.process_time() - began > 0.1
