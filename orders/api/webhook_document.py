"""What webhooks send, in the OpenAPI document: a schema for each type, and the call that a receiver takes.

OpenAPI 3.0 has no place for calls that go out. They stand under `x-webhooks`, in the form of 3.1's `webhooks`, as
ReDoc and others read them from documents of 3.0.
"""

from collections.abc import Mapping
from typing import Any

from orders.services.record.outbox import TEST, TYPES

Schema = dict[str, Any]

ID: Schema = {"type": "integer"}
ORDER_FIELDS: Mapping[str, Schema] = {
    "order": ID | {"description": "The order's id."},
    "uuid": {"type": "string", "format": "uuid", "description": "The order's uuid."},
    "purchase": {"type": "string", "format": "uuid", "description": "The purchase that it was placed in."},
    "vendor": ID | {"description": "Its vendor."},
    "version": ID | {"description": "The order's version that this made: of two the higher one came later."},
    "kind": {"type": "string", "description": "As the live feed names what happened."},
    "milestone": {"type": "string", "nullable": True, "description": "The step that was reached with it, if any."},
    # Beside a reference nothing else counts.
    "from": {"allOf": [{"$ref": "#/components/schemas/WebhookStatus"}], "description": "The status before."},
    "to": {"allOf": [{"$ref": "#/components/schemas/WebhookStatus"}], "description": "The status since."},
}
PAYOUT_FIELDS: Mapping[str, Schema] = {
    "payout": ID | {"description": "The payout's posting."},
    "vendor": ID | {"nullable": True, "description": "The vendor that it is of; null for a driver's."},
    "driver": ID | {"nullable": True, "description": "The driver that it is of; null for a vendor's."},
    "currency": {"type": "string", "description": "Three letters."},
}
# What `data` holds, of the types that are not about an order alone.
FIELDS: Mapping[str, Mapping[str, Schema]] = {
    "order.problem": {
        **ORDER_FIELDS,
        "report": ID | {"description": "The report's number."},
        "reason": {"type": "string", "description": "What is wrong, as it was chosen when it was reported."},
        "settled": {"type": "boolean", "description": "Whether staff has seen to it."},
    },
    "purchase.placed": {
        "purchase": {"type": "string", "format": "uuid", "description": "The purchase."},
        "orders": {"type": "array", "items": ID, "description": "Its orders, one a vendor."},
    },
    "purchase.paid": {
        "purchase": {"type": "string", "format": "uuid", "description": "The purchase."},
        "orders": {"type": "array", "items": ID, "description": "Its orders, those too that were cancelled."},
    },
    "vendor.paused": {
        "vendor": ID | {"description": "The vendor."},
        "paused_until": {
            "type": "string",
            "format": "date-time",
            "nullable": True,
            "description": "Until when it takes no orders; null where it takes them again.",
        },
    },
    "payout.created": PAYOUT_FIELDS,
    "payout.reversed": PAYOUT_FIELDS,
    TEST: {},
}
STATUS: Schema = {
    "type": "object",
    "nullable": True,
    "description": "A status; null where it did not change.",
    "required": ["code", "name"],
    "properties": {
        "code": ID | {"description": "0 to 25."},
        "name": {"type": "string", "description": "Its name."},
    },
    "additionalProperties": False,
}
HEADERS = {
    "webhook-id": "The message's id: the same at every try, and for every endpoint.",
    "webhook-timestamp": "When this try was made, in seconds since 1970.",
    "webhook-signature": "`v1,` and base64 of the HMAC-SHA256 of `{id}.{timestamp}.{body}`; after a rotation two, "
    "with a space between.",
}
WORDS = {**TYPES, TEST: "Somebody asked for a test."}


def schema_name(type_name: str) -> str:
    """order.placed → WebhookOrderPlaced."""
    return "Webhook" + "".join(word.capitalize() for word in type_name.replace("_", ".").split("."))


def message_schema(type_name: str) -> Schema:
    """The body of a message of this type."""
    fields = FIELDS.get(type_name, ORDER_FIELDS)
    data: Schema = {"type": "object", "properties": dict(fields), "additionalProperties": False}
    if fields:
        data["required"] = list(fields)
    return {
        "type": "object",
        "description": WORDS[type_name],
        "required": ["type", "timestamp", "data"],
        "properties": {
            "type": {"type": "string", "enum": [type_name], "description": "What happened."},
            "timestamp": {"type": "string", "format": "date-time", "description": "When it happened."},
            "data": data | {"description": "Which it is about. The rest is read by the API."},
        },
        "additionalProperties": False,
    }


def call_of(type_name: str) -> Schema:
    """The call that a receiver takes."""
    headers = [
        {"name": name, "in": "header", "required": True, "schema": {"type": "string"}, "description": words}
        for name, words in HEADERS.items()
    ]
    content = {"schema": {"$ref": f"#/components/schemas/{schema_name(type_name)}"}}
    return {
        "summary": type_name,
        "description": WORDS[type_name],
        "tags": ["webhooks"],
        "parameters": headers,
        "requestBody": {"required": True, "content": {"application/json": content}},
        "responses": {
            "2XX": {"description": "Taken."},
            "410": {"description": "The endpoint is switched off."},
            "default": {"description": "Sent again later, with the same webhook-id."},
        },
    }


def add_webhooks(result: dict[str, Any], generator: Any = None, **kwargs: Any) -> dict[str, Any]:
    """drf-spectacular's hook: our own document tells what webhooks send."""
    if getattr(generator, "error_schema", None):  # a dialect's
        return result
    schemas = result["components"]["schemas"]
    schemas["WebhookStatus"] = STATUS
    result["x-webhooks"] = {}
    for name in WORDS:
        schemas[schema_name(name)] = message_schema(name)
        result["x-webhooks"][name] = {"post": call_of(name)}
    return result
