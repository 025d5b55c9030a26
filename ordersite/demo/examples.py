"""The OpenAPI documents' examples: the calls of the tables, and what the demo answered to them.

`python -m tests.demo.trying` makes the calls on a fresh demo and writes the answers. What webhooks send is written by
`WRITE=1 pytest tests/orders/outgoing/test_webhook_document.py`.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from ordersite.demo.foreign import FOREIGN
from ordersite.demo.operations import OPERATIONS, Operation

ANSWERS = Path(__file__).with_name("answers")
# Each document's calls, by its name.
TABLES: Mapping[str, Mapping[str, Operation]] = {"native": OPERATIONS, **FOREIGN}


def path_of(document: str) -> Path:
    """Where the answers of a document's calls are kept."""
    return ANSWERS / f"{document}.json"


@cache
def answers_of(document: str) -> dict[str, Any]:
    """What the demo answered to each call of a document that is answered with a body."""
    found: dict[str, Any] = json.loads(path_of(document).read_text())
    return found


def add_examples(result: dict[str, Any], generator: Any = None, **kwargs: Any) -> dict[str, Any]:
    """drf-spectacular's hook: each operation has its summary, and its examples."""
    document = getattr(generator, "document", "native")
    table, answers = TABLES.get(document, {}), answers_of(document) if document in TABLES else {}
    for path in result["paths"].values():
        for operation in path.values():
            call = table.get(operation["operationId"])
            if call:
                show_example(operation, call, answers)
    for name, path in result.get("x-webhooks", {}).items():
        if name in answers_of("webhooks"):
            path["post"]["requestBody"]["content"]["application/json"]["example"] = answers_of("webhooks")[name]
    return result


def show_example(operation: dict[str, Any], call: Operation, answers: Mapping[str, Any]) -> None:
    """Writes the call and its answer into its operation."""
    operation["summary"] = call.summary
    who = f"as {call.who}@example.com" if call.who else "by anybody"
    after = f", once {call.after}" if call.after else ""
    operation["description"] += f"\n\n*Works on the demo {who}{after}.*"
    for parameter in operation.get("parameters", ()):
        if parameter["name"] in call.given:
            parameter["example"] = call.given[parameter["name"]]
    body = operation.get("requestBody", {}).get("content", {})
    if call.body is not None:
        plain = [media for media in ("application/json", "application/x-www-form-urlencoded") if media in body]
        for media in plain or body:
            body[media]["example"] = call.body
    content = operation["responses"].get(str(call.status), {}).get("content", {})
    if content and operation["operationId"] in answers:
        # Where an answer has several media types, the first is the one that it comes in.
        next(iter(content.values()))["example"] = answers[operation["operationId"]]
